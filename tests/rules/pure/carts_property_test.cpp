// What holds for every cart, whatever is in it. EC_RANDOM_CARTS=<count> tries more, EC_TEST_SEED=<number> others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/seed.hpp"
#include "rules/pure/random_cart.hpp"
#include "rules/pure/refund.hpp"

namespace eventcore::rules::pure {
namespace {

using eventcore::testing::RandomCart;

std::uint64_t carts_to_try() {
  const char* given = std::getenv("EC_RANDOM_CARTS");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 50'000;
}

struct Sold {
  RandomCart cart;
  std::vector<OrderLine> lines;
  Rates rates;
  OrderAmounts order;
};

Sold sell(RandomCart cart) {
  Sold sold;
  for (const auto& [category, quantity] : cart.items) {
    const auto& of = cart.categories[category];
    const Price price = quote_price(of.base_price, cart.unit, of.rules, of.factors).value();
    EXPECT_GE(price.unit_price, 0);
    EXPECT_EQ(price.unit_price % cart.unit, 0);
    sold.lines.push_back({eventcore::testing::category_id(category), quantity, price.unit_price});
  }
  sold.rates = parse_rates(cart.settings).value();
  sold.order = compute_order(sold.lines, cart.terms, sold.rates, cart.unit).value();
  sold.cart = std::move(cart);
  return sold;
}

// Adds `of` to `sum`, both with the six amounts that lines and orders share.
template <typename Sum, typename Of>
void add(Sum& sum, const Of& of) {
  sum.subtotal += of.subtotal;
  sum.discount_amount += of.discount_amount;
  sum.fees += of.fees;
  sum.taxes += of.taxes;
  sum.taxes_included += of.taxes_included;
  sum.total += of.total;
}

template <typename A, typename B>
void expect_same(const A& a, const B& b) {
  ASSERT_EQ(a.subtotal, b.subtotal);
  ASSERT_EQ(a.discount_amount, b.discount_amount);
  ASSERT_EQ(a.fees, b.fees);
  ASSERT_EQ(a.taxes, b.taxes);
  ASSERT_EQ(a.taxes_included, b.taxes_included);
  ASSERT_EQ(a.total, b.total);
}

void expect_tickets_make_the_line(const LineAmounts& line, std::int64_t unit) {
  LineAmounts sum;
  for (const TicketAmounts& ticket : line.tickets) {
    for (const std::int64_t amount :
         {ticket.discount, ticket.net, ticket.fees, ticket.taxes, ticket.taxes_included, ticket.price_paid}) {
      ASSERT_GE(amount, 0);
      ASSERT_EQ(amount % unit, 0);
    }
    ASSERT_EQ(ticket.net, line.unit_price - ticket.discount);
    ASSERT_EQ(ticket.price_paid, ticket.net + ticket.fees + ticket.taxes - ticket.taxes_included);
    sum.subtotal += line.unit_price;
    sum.discount_amount += ticket.discount;
    sum.fees += ticket.fees;
    sum.taxes += ticket.taxes;
    sum.taxes_included += ticket.taxes_included;
    sum.total += ticket.price_paid;
  }
  ASSERT_EQ(static_cast<std::int64_t>(line.tickets.size()), line.quantity);
  ASSERT_NO_FATAL_FAILURE(expect_same(sum, line));
}

std::int64_t sum_of(const std::vector<std::int64_t>& amounts) {
  std::int64_t sum = 0;
  for (const std::int64_t amount : amounts) {
    sum += amount;
  }
  return sum;
}

void expect_sums(const Sold& sold) {
  const OrderAmounts& order = sold.order;
  LineAmounts sum;
  for (const LineAmounts& line : order.lines) {
    ASSERT_NO_FATAL_FAILURE(expect_tickets_make_the_line(line, sold.cart.unit));
    add(sum, line);
  }
  ASSERT_NO_FATAL_FAILURE(expect_same(sum, order));
  ASSERT_EQ(order.total, order.subtotal - order.discount_amount + order.fees + order.taxes - order.taxes_included);
  ASSERT_LE(order.discount_amount, order.subtotal);
  ASSERT_LE(order.taxes_included, order.taxes);
  ASSERT_EQ(sum_of(order.fee_amounts), order.fees);
  ASSERT_EQ(sum_of(order.tax_amounts), order.taxes);
}

// What stays with the seller when every ticket went back: fees that are not refundable, fixed parts of fees per order,
// and the taxes on them if fees are taxed.
std::int64_t never_returned(const Sold& sold) {
  if (sold.order.subtotal == sold.order.discount_amount) {
    return 0;
  }
  std::int64_t fees = 0;
  for (std::size_t i = 0; i < sold.rates.fees.size(); ++i) {
    const FeeRate& fee = sold.rates.fees[i];
    if (!fee.refundable) {
      fees += sold.order.fee_amounts[i];
    } else if (!fee.per_ticket) {
      fees += round_half_up(Exact(fee.fixed), sold.cart.unit).value();
    }
  }
  if (!sold.rates.taxes_on_fees()) {
    return fees;
  }
  const TaxesOn taxes = taxes_on(sold.rates.taxes, fees, sold.cart.unit).value();
  return fees + sum_of(taxes.each) - taxes.included;
}

// Returns the tickets step by step and answers what came back in all.
std::int64_t give_back(const Sold& sold, const std::vector<std::vector<std::size_t>>& steps) {
  std::vector<std::int64_t> paid;
  for (const LineAmounts& line : sold.order.lines) {
    for (const TicketAmounts& ticket : line.tickets) {
      paid.push_back(ticket.price_paid);
    }
  }
  std::vector<bool> kept(paid.size(), true);
  std::int64_t back = 0;
  for (const std::vector<std::size_t>& step : steps) {
    std::vector<std::int64_t> prices;
    for (const std::size_t ticket : step) {
      kept[ticket] = false;
      prices.push_back(paid[ticket]);
    }
    const std::int64_t after =
        total_after_return(sold.lines, kept, sold.cart.terms, sold.rates, sold.cart.unit).value();
    EXPECT_GE(after, never_returned(sold));
    const std::int64_t refund = refund_amount(sold.order.total, back / 2, back - back / 2, after).value();
    EXPECT_GE(refund, 0);
    EXPECT_EQ(refund % sold.cart.unit, 0);
    EXPECT_EQ(sum_of(refund_shares(refund, prices, sold.cart.unit)), refund);
    back += refund;
    EXPECT_LE(back, sold.order.total);
  }
  return back;
}

void expect_refunds(const Sold& sold) {
  std::size_t returned = 0;
  std::size_t tickets = 0;
  std::vector<std::size_t> at_once;
  for (const auto& [category, quantity] : sold.cart.items) {
    tickets += static_cast<std::size_t>(quantity);
  }
  for (std::size_t i = 0; i < tickets; ++i) {
    at_once.push_back(i);
  }
  for (const auto& step : sold.cart.returns) {
    returned += step.size();
  }
  const std::int64_t everything = sold.order.total - never_returned(sold);
  ASSERT_EQ(give_back(sold, {at_once}), everything);
  const std::int64_t in_steps = give_back(sold, sold.cart.returns);
  if (returned == tickets) {
    ASSERT_EQ(in_steps, everything);
  } else {
    ASSERT_LE(in_steps, everything);
  }
}

TEST(CartsPropertyTest, TicketsMakeLinesLinesMakeOrdersAndRefundsStayWithinWhatWasPaid) {
  const std::uint64_t seed = eventcore::testing::seed();
  std::cout << "EC_TEST_SEED=" << seed << "\n";
  for (std::uint64_t number = 0; number < carts_to_try(); ++number) {
    SCOPED_TRACE("random_carts " + std::to_string(seed) + " 1 " + std::to_string(number));
    const Sold sold = sell(eventcore::testing::RandomCarts(seed, number).cart());
    ASSERT_NO_FATAL_FAILURE(expect_sums(sold));
    ASSERT_NO_FATAL_FAILURE(expect_refunds(sold));
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace eventcore::rules::pure
