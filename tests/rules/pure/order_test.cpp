#include "rules/pure/order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>

#include "base/seed.hpp"
#include "rules/pure/refund.hpp"

namespace eventcore::rules::pure {
namespace {

constexpr std::int64_t usd = 100;

Json json(std::string_view text) {
  return parse_json(text).value();
}

Uuid id_of(std::uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

Rates rates_of(std::string_view settings) {
  return parse_rates(json(settings)).value();
}

constexpr std::string_view vector_rates = R"({"taxes": [{"name": "VAT", "rate": "0.19", "inclusive": true}],
  "fees": [{"name": "Booking", "fixed": "1.00", "per": "ticket"},
           {"name": "Service", "percent": "2.5", "per": "order"}]})";
constexpr std::string_view vector_rates_on_fees =
    R"({"taxes": [{"name": "VAT", "rate": "0.19", "inclusive": true, "on_fees": true}],
  "fees": [{"name": "Booking", "fixed": "1.00", "per": "ticket"},
           {"name": "Service", "percent": "2.5", "per": "order"}]})";

DiscountTerms ten_percent(std::int64_t min_quantity = 1) {
  return {.type = DiscountType::percentage, .value = 100'000, .min_quantity = min_quantity, .categories = {}};
}

const std::vector<OrderLine> three_tens = {{id_of(1), 3, 100'000}};

TEST(OrderTest, TheVectorOfTheRules) {
  const OrderAmounts order = compute_order(three_tens, ten_percent(), rates_of(vector_rates), usd).value();
  EXPECT_EQ(order.subtotal, 300'000);
  EXPECT_EQ(order.discount_amount, 30'000);
  EXPECT_EQ(order.fees, 36'800);
  EXPECT_EQ(order.taxes, 43'100);
  EXPECT_EQ(order.taxes_included, 43'100);
  EXPECT_EQ(order.total, 306'800);
  const auto& tickets = order.lines.at(0).tickets;
  ASSERT_EQ(tickets.size(), 3U);
  EXPECT_EQ(tickets[0].price_paid, 102'300);
  EXPECT_EQ(tickets[1].price_paid, 102'300);
  EXPECT_EQ(tickets[2].price_paid, 102'200);
  EXPECT_EQ(order.fee_amounts, (std::vector<std::int64_t>{30'000, 6'800}));
}

TEST(OrderTest, TheVectorWithTaxedFees) {
  const OrderAmounts order = compute_order(three_tens, ten_percent(), rates_of(vector_rates_on_fees), usd).value();
  EXPECT_EQ(order.taxes, 49'000);
  EXPECT_EQ(order.taxes_included, 49'000);
  EXPECT_EQ(order.total, 306'800);
}

TEST(OrderTest, ExclusiveTaxComesOnTopOfWhatInclusiveTaxLeaves) {
  const Rates rates =
      rates_of(R"({"taxes": [{"name": "A", "rate": "0.25", "inclusive": true}, {"name": "B", "rate": "0.1"}]})");
  const OrderAmounts order = compute_order(std::vector<OrderLine>{{id_of(1), 1, 1'000'000}}, {}, rates, usd).value();
  EXPECT_EQ(order.taxes_included, 200'000);
  EXPECT_EQ(order.taxes, 280'000);
  EXPECT_EQ(order.total, 1'080'000);
  EXPECT_EQ(order.tax_amounts, (std::vector<std::int64_t>{200'000, 80'000}));
}

TEST(OrderTest, InclusiveTaxesAreRoundedTogetherAndSplitByRate) {
  const Rates rates = rates_of(
      R"({"taxes": [{"name": "A", "rate": "0.05", "inclusive": true},
                    {"name": "B", "rate": "0.05", "inclusive": true}]})");
  const OrderAmounts order = compute_order(std::vector<OrderLine>{{id_of(1), 1, 1'000}}, {}, rates, usd).value();
  EXPECT_EQ(order.taxes_included, 100);                               // 0.10 x 0.1 / 1.1 = 0.009
  EXPECT_EQ(order.tax_amounts, (std::vector<std::int64_t>{100, 0}));  // the tie goes to the first
}

TEST(OrderTest, FreeTicketsBearNoFees) {
  const DiscountTerms all{.type = DiscountType::percentage, .value = 1'000'000, .min_quantity = 1, .categories = {}};
  const OrderAmounts order = compute_order(three_tens, all, rates_of(vector_rates), usd).value();
  EXPECT_EQ(order.total, 0);
  EXPECT_EQ(order.fees, 0);
  EXPECT_EQ(order.discount_amount, 300'000);
}

TEST(OrderTest, ADiscountTouchesOnlyEligibleTickets) {
  DiscountTerms terms = ten_percent();
  terms.categories = {id_of(2)};
  const std::vector<OrderLine> lines = {{id_of(1), 1, 500'000}, {id_of(2), 2, 100'000}};
  const OrderAmounts order = compute_order(lines, terms, {}, usd).value();
  EXPECT_EQ(order.discount_amount, 20'000);
  EXPECT_EQ(order.lines[0].discount_amount, 0);
  EXPECT_EQ(order.lines[1].discount_amount, 20'000);
}

TEST(OrderTest, TwoPlusOneOnTheCartOfTheRules) {
  const DiscountTerms terms{.type = DiscountType::buy_x_get_y, .value = 10'000, .min_quantity = 2, .categories = {}};
  const std::vector<OrderLine> lines = {{id_of(1), 3, 100'000}, {id_of(2), 3, 10'000}};
  EXPECT_EQ(compute_order(lines, terms, {}, usd).value().discount_amount, 110'000);
}

TEST(OrderTest, AFixedFeeWithMoreDigitsThanTheCurrencyIsRoundedWithItsPercentage) {
  const Rates rates = rates_of(R"({"fees": [{"name": "F", "fixed": "0.5", "percent": "1", "per": "order"}]})");
  EXPECT_EQ(compute_order(std::vector<OrderLine>{{id_of(1), 1, 990'000}}, {}, rates, 10'000).value().fees, 10'000);
}

TEST(OrderTest, OrdersThatCannotBeComputedAreRefused) {
  const auto code = [](const std::vector<OrderLine>& lines) {
    const auto order = compute_order(lines, {}, {}, usd);
    return order ? Errc::internal : order.error().code();
  };
  EXPECT_EQ(code({{id_of(1), 0, 100}}), Errc::invalid_quantity);
  EXPECT_EQ(code({{id_of(1), -1, 100}}), Errc::invalid_quantity);
  EXPECT_EQ(code({{id_of(1), max_tickets_per_order, 100}, {id_of(2), 1, 100}}), Errc::invalid_quantity);
  EXPECT_EQ(code({{id_of(1), INT64_MAX, 100}}), Errc::invalid_quantity);
  EXPECT_EQ(code({{id_of(1), 1, 150}}), Errc::invalid_argument);
  EXPECT_EQ(code({{id_of(1), 1, -100}}), Errc::invalid_argument);
  EXPECT_EQ(code({{id_of(1), 2, 9'000'000'000'000'000'000}}), Errc::invalid_argument);
}

TEST(OrderTest, FeesAndTaxesBeyondSixtyFourBitsAreRefused) {
  const Rates rates =
      rates_of(R"({"taxes": [{"name": "T", "rate": "1"}], "fees": [{"name": "F", "percent": "100", "per": "order"}]})");
  EXPECT_FALSE(compute_order(std::vector<OrderLine>{{id_of(1), 1, 5'000'000'000'000'000'000}}, {}, rates, usd));
  EXPECT_FALSE(compute_order(std::vector<OrderLine>{{id_of(1), 1, 4'700'000'000'000'000'000}}, {},
                             rates_of(R"({"taxes": [{"name": "T", "rate": "1"}]})"), usd));
}

TEST(RatesTest, BadShapesAreAllNamed) {
  const auto rates = parse_rates(json(R"({"taxes": [{"name": "A", "rate": "1.1"}, {"rate": "0.1", "on_fees": true}, 5],
    "fees": [{"name": "F", "fixed": -1, "per": "day"}, {"name": "G", "percent": 101, "per": "order", "x": 1}]})"));
  ASSERT_FALSE(rates);
  std::vector<std::string> fields;
  for (const FieldError& error : rates.error().detail().fields) {
    fields.push_back(error.field);
  }
  EXPECT_EQ(fields, (std::vector<std::string>{"taxes[0].rate", "taxes[1].name", "taxes[2]", "fees[0].fixed",
                                              "fees[0].per", "fees[1].x", "fees[1].percent", "taxes[1].on_fees"}));
}

TEST(RatesTest, ValuesAreRefusedOutsideTheirRange) {
  for (const std::string_view bad :
       {R"({"taxes": {}})", R"({"taxes": [{"name": "A", "rate": "-0.1"}]})", R"({"taxes": [{"name": "A"}]})",
        R"({"taxes": [{"name": "A", "rate": "0,1"}]})", R"({"taxes": [{"name": "A", "rate": true}]})",
        R"({"taxes": [{"name": "A", "rate": "0.1", "inclusive": 1}]})", R"({"taxes": [{"name": "", "rate": "0.1"}]})",
        R"({"fees": [{"name": "A", "fixed": 0.5, "per": "order"}]})", R"({"fees": [{"name": "A", "fixed": "1"}]})",
        R"({"fees": [{"name": "A", "fixed": "0.00001", "per": "order"}]})",
        R"({"taxes": [{"name": "A", "rate": "0.1", "on_fees": true}, {"name": "B", "rate": "0.1"}]})"}) {
    EXPECT_FALSE(parse_rates(json(bad))) << bad;
  }
}

TEST(RatesTest, RatesReadBackAsWritten) {
  const Rates rates = rates_of(vector_rates_on_fees);
  const Json written = rates_json(rates);
  EXPECT_EQ(dump(rates_json(parse_rates(written).value())), dump(written));
  EXPECT_EQ(written["taxes"][0]["rate"], "0.19");
  EXPECT_EQ(written["fees"][0]["fixed"], "1");
}

TEST(RatesTest, SettingsWithoutRatesHaveNone) {
  EXPECT_TRUE(parse_rates(Json(nullptr)).value().taxes.empty());
  EXPECT_TRUE(parse_rates(json(R"({"currency": "EUR", "taxes": null})")).value().taxes.empty());
}

TEST(RatesTest, TheEventsRatesReplaceTheOrganizations) {
  const Json organization = json(vector_rates);
  EXPECT_EQ(effective_rates(Json::object(), organization).value().taxes.size(), 1U);
  EXPECT_EQ(effective_rates(json(R"({"taxes": []})"), organization).value().taxes.size(), 0U);
  EXPECT_EQ(effective_rates(json(R"({"taxes": []})"), organization).value().fees.size(), 2U);
  EXPECT_EQ(effective_rates(Json(nullptr), Json(nullptr)).value().fees.size(), 0U);
}

// --- refunds

std::int64_t after(const std::vector<OrderLine>& lines, const std::vector<bool>& kept,
                   const std::optional<DiscountTerms>& terms, const Rates& rates) {
  return total_after_return(lines, kept, terms, rates, usd).value();
}

TEST(RefundTest, TheVectorOfTheRules) {
  const std::int64_t left = after(three_tens, {true, true, false}, ten_percent(3), {});
  EXPECT_EQ(left, 200'000);  // the code needs three
  EXPECT_EQ(refund_amount(270'000, 0, 0, left).value(), 70'000);
}

TEST(RefundTest, NothingReturnedLeavesTheTotal) {
  const Rates rates = rates_of(vector_rates);
  EXPECT_EQ(after(three_tens, {true, true, true}, ten_percent(), rates), 306'800);
}

TEST(RefundTest, FixedFeesPerOrderStayAndFeesPerTicketGoBack) {
  const Rates rates = rates_of(
      R"({"fees": [{"name": "O", "fixed": 3, "percent": "10", "per": "order"},
                   {"name": "T", "fixed": 1, "per": "ticket"}]})");
  EXPECT_EQ(after(three_tens, {true, true, false}, {}, rates), 200'000 + 50'000 + 20'000);
  EXPECT_EQ(after(three_tens, {false, false, false}, {}, rates), 30'000);
}

TEST(RefundTest, FeesThatAreNotRefundableStay) {
  const Rates rates = rates_of(
      R"({"fees": [{"name": "O", "percent": "10", "per": "order", "refundable": false},
                   {"name": "T", "fixed": 1, "percent": "5", "per": "ticket", "refundable": false}]})");
  EXPECT_EQ(after(three_tens, {true, false, false}, {}, rates), 100'000 + 30'000 + 45'000);
}

TEST(RefundTest, NoPartOfAFeeThatIsNotRefundableComesBackWithAnotherTicket) {
  const Rates rates = rates_of(R"({"fees": [{"name": "T", "percent": "10", "per": "ticket", "refundable": false}]})");
  const DiscountTerms fifty_off{
      .type = DiscountType::fixed_amount, .value = 500'000, .min_quantity = 1, .categories = {}};
  const std::vector<OrderLine> two = {{id_of(1), 2, 1'000'000}};
  EXPECT_EQ(compute_order(two, fifty_off, rates, usd).value().fees, 150'000);
  EXPECT_EQ(after(two, {true, false}, fifty_off, rates), 500'000 + 150'000);  // the fee on 50.00 alone would be 5.00
}

TEST(RefundTest, FeesThatStayAreTaxedIfFeesAre) {
  const Rates rates = rates_of(R"({"taxes": [{"name": "T", "rate": "0.1", "on_fees": true}],
    "fees": [{"name": "O", "fixed": 10, "per": "order"}]})");
  EXPECT_EQ(after(three_tens, {false, false, false}, {}, rates), 110'000);
}

TEST(RefundTest, ACodeThatNoLongerAppliesLeavesFeesOnWhatIsPaidThen) {
  const Rates rates = rates_of(R"({"fees": [{"name": "O", "fixed": 2, "percent": "10", "per": "order"}]})");
  DiscountTerms all = ten_percent(3);
  all.value = 1'000'000;  // free from three tickets on, so no fee was charged
  EXPECT_EQ(after(three_tens, {true, true, false}, all, rates), 200'000 + 20'000 + 20'000);
}

TEST(RefundTest, ARefundIsNeverNegativeAndCountsWhatIsAlreadyPromised) {
  EXPECT_EQ(refund_amount(100, 0, 0, 120).value(), 0);
  EXPECT_EQ(refund_amount(300, 50, 100, 100).value(), 50);
}

TEST(RefundTest, SharesFollowWhatWasPaid) {
  EXPECT_EQ(refund_shares(10'000, std::vector<std::int64_t>{20'000, 10'000}, usd),
            (std::vector<std::int64_t>{6'700, 3'300}));
}

TEST(RefundTest, OneMarkPerTicketIsNeeded) {
  EXPECT_FALSE(total_after_return(three_tens, {true}, {}, {}, usd));
}

// --- random carts against a second computation, written from the rules and not from the engine

// Fractions as a pair of whole numbers, with nothing but what is needed.
using Whole = boost::multiprecision::cpp_int;
struct Fraction {
  Whole top = 0;
  Whole below = 1;
};
Fraction whole(std::int64_t number) {
  return {number, 1};
}
Fraction plus(const Fraction& a, const Fraction& b) {
  return {a.top * b.below + b.top * a.below, a.below * b.below};
}
Fraction times(const Fraction& a, const Fraction& b) {
  return {a.top * b.top, a.below * b.below};
}
Fraction over(const Fraction& a, const Fraction& b) {
  return {a.top * b.below, a.below * b.top};
}

// In minor units; nothing here is negative.
std::int64_t half_up(const Fraction& value) {
  return static_cast<std::int64_t>((value.top * 2 + value.below) / (value.below * 2));
}

// Gives units away one by one, each to whoever lacks most of its exact share, the earliest among equals.
std::vector<std::int64_t> hand_out(std::int64_t amount, const std::vector<std::int64_t>& weights) {
  std::vector<std::int64_t> shares(weights.size(), 0);
  Whole sum = 0;
  for (const std::int64_t weight : weights) {
    sum += weight;
  }
  if (amount == 0 || sum == 0) {
    return shares;
  }
  std::int64_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    shares[i] = static_cast<std::int64_t>(Whole(amount) * weights[i] / sum);
    given += shares[i];
  }
  for (; given < amount; ++given) {
    std::size_t best = 0;
    Whole lack_of_best = -1;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Whole lack = Whole(amount) * weights[i] - Whole(shares[i]) * sum;
      if (lack > lack_of_best) {
        best = i;
        lack_of_best = lack;
      }
    }
    ++shares[best];
  }
  return shares;
}

struct TestTax {
  std::int64_t rate_thousandths;
  bool inclusive;
};
struct TestFee {
  std::int64_t fixed_units;
  std::int64_t percent_hundredths;
  bool per_ticket;
};
struct Cart {
  std::int64_t unit = 100;
  std::vector<OrderLine> lines;
  std::optional<DiscountTerms> terms;
  std::vector<TestTax> taxes;
  std::vector<TestFee> fees;
  bool on_fees = false;
};

struct Slow {
  std::int64_t discount = 0;
  std::int64_t fees = 0;
  std::int64_t taxes = 0;
  std::int64_t included = 0;
  std::int64_t total = 0;
  std::vector<std::int64_t> paid;
};

std::int64_t slow_discount(const Cart& cart, const std::vector<std::int64_t>& eligible) {
  std::int64_t sum = 0;
  for (const std::int64_t price : eligible) {
    sum += price;
  }
  const DiscountTerms& terms = *cart.terms;
  if (terms.type == DiscountType::percentage) {
    return half_up({Whole(sum) * terms.value, 1'000'000});
  }
  if (terms.type == DiscountType::fixed_amount) {
    return std::min(sum, terms.value / cart.unit);
  }
  std::vector<std::int64_t> sorted = eligible;
  std::sort(sorted.rbegin(), sorted.rend());
  std::int64_t off = 0;
  while (static_cast<std::int64_t>(sorted.size()) >= terms.min_quantity + terms.value / 10'000) {
    sorted.erase(sorted.begin(), sorted.begin() + terms.min_quantity);
    for (std::int64_t i = 0; i < terms.value / 10'000; ++i) {
      off += sorted.front();
      sorted.erase(sorted.begin());
    }
  }
  return off;
}

// All in minor units.
Slow slow_order(const Cart& cart) {
  std::vector<std::int64_t> net;
  std::vector<std::int64_t> eligible;
  std::vector<std::int64_t> eligible_weights;
  for (const OrderLine& line : cart.lines) {
    for (std::int64_t i = 0; i < line.quantity; ++i) {
      net.push_back(line.unit_price / cart.unit);
      const bool takes_part = cart.terms.has_value() && cart.terms->covers(line.category_id);
      eligible_weights.push_back(takes_part ? net.back() : 0);
      if (takes_part) {
        eligible.push_back(net.back());
      }
    }
  }
  Slow slow;
  if (cart.terms.has_value()) {
    slow.discount = slow_discount(cart, eligible);
    const auto shares = hand_out(slow.discount, eligible_weights);
    for (std::size_t i = 0; i < net.size(); ++i) {
      net[i] -= shares[i];
    }
  }
  std::int64_t nets = 0;
  for (const std::int64_t one : net) {
    nets += one;
  }
  std::vector<std::int64_t> fees(net.size(), 0);
  for (const TestFee& fee : cart.fees) {
    const auto on = [&](std::int64_t amount) {
      return amount == 0
                 ? 0
                 : half_up(plus({fee.fixed_units, cart.unit}, {Whole(amount) * fee.percent_hundredths, 10'000}));
    };
    if (fee.per_ticket) {
      for (std::size_t i = 0; i < net.size(); ++i) {
        fees[i] += on(net[i]);
      }
    } else {
      const auto shares = hand_out(on(nets), net);
      for (std::size_t i = 0; i < net.size(); ++i) {
        fees[i] += shares[i];
      }
    }
  }
  std::vector<std::int64_t> base;
  std::int64_t bases = 0;
  for (std::size_t i = 0; i < net.size(); ++i) {
    slow.fees += fees[i];
    base.push_back(net[i] + (cart.on_fees && !cart.taxes.empty() ? fees[i] : 0));
    bases += base.back();
  }
  std::int64_t together = 0;
  for (const TestTax& tax : cart.taxes) {
    together += tax.inclusive ? tax.rate_thousandths : 0;
  }
  const Fraction rate{together, 1'000};
  slow.included = half_up(over(times(whole(bases), rate), plus(whole(1), rate)));
  slow.taxes = slow.included;
  slow.paid = net;
  slow.total = nets + slow.fees;
  for (std::size_t i = 0; i < net.size(); ++i) {
    slow.paid[i] += fees[i];
  }
  for (const TestTax& tax : cart.taxes) {
    if (tax.inclusive) {
      continue;
    }
    const std::int64_t amount = half_up({Whole(bases - slow.included) * tax.rate_thousandths, 1'000});
    slow.taxes += amount;
    slow.total += amount;
    const auto shares = hand_out(amount, base);
    for (std::size_t i = 0; i < net.size(); ++i) {
      slow.paid[i] += shares[i];
    }
  }
  return slow;
}

Rates rates_for(const Cart& cart) {
  Rates rates;
  for (const TestTax& tax : cart.taxes) {
    rates.taxes.push_back(
        {.name = "T", .rate = Exact(tax.rate_thousandths, 1'000), .inclusive = tax.inclusive, .on_fees = cart.on_fees});
  }
  for (const TestFee& fee : cart.fees) {
    rates.fees.push_back({.name = "F",
                          .fixed = fee.fixed_units,
                          .percent = Exact(fee.percent_hundredths, 100),
                          .per_ticket = fee.per_ticket,
                          .refundable = true});
  }
  return rates;
}

class RandomCarts {
 public:
  explicit RandomCarts(std::uint64_t seed) : engine_(seed) {}

  std::int64_t up_to(std::int64_t most) {  // 0 .. most
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most + 1));
  }

  Cart next() {
    static constexpr std::int64_t units[] = {10'000, 100, 10};  // JPY, USD, KWD
    Cart cart;
    cart.unit = units[up_to(2)];
    const std::int64_t most = up_to(3) == 0 ? 5 : 20'000;  // small prices make the ties and the zeros
    const std::int64_t count = 1 + up_to(3);
    for (std::int64_t i = 0; i < count; ++i) {
      cart.lines.push_back({id_of(static_cast<std::uint8_t>(i)), 1 + up_to(5), up_to(most) * cart.unit});
    }
    if (up_to(2) != 0) {
      cart.terms = terms(cart.unit);
    }
    for (std::int64_t i = up_to(3); i > 0; --i) {
      cart.taxes.push_back({up_to(3) == 0 ? up_to(1'000) : up_to(250), up_to(1) == 0});
    }
    for (std::int64_t i = up_to(3); i > 0; --i) {
      cart.fees.push_back({up_to(30'000), up_to(1) == 0 ? 0 : up_to(1'500), up_to(1) == 0});
    }
    cart.on_fees = up_to(1) == 0;
    return cart;
  }

 private:
  DiscountTerms terms(std::int64_t unit) {
    DiscountTerms terms;
    switch (up_to(2)) {
      case 0:
        terms.type = DiscountType::percentage;
        terms.value = up_to(4) == 0 ? 1'000'000 : up_to(1'000'000);
        break;
      case 1:
        terms.type = DiscountType::fixed_amount;
        terms.value = up_to(30'000) * unit;
        break;
      default:
        terms.type = DiscountType::buy_x_get_y;
        terms.value = (1 + up_to(2)) * 10'000;
        terms.min_quantity = 1 + up_to(3);
    }
    if (up_to(1) == 0) {
      terms.categories = {id_of(0), id_of(2)};
    }
    return terms;
  }

  std::mt19937_64 engine_;
};

std::uint64_t seed_of_this_run() {
  std::cout << "EC_TEST_SEED=" << eventcore::testing::seed() << "\n";
  return eventcore::testing::seed();
}

void expect_invariants(const OrderAmounts& order, const Cart& cart) {
  OrderAmounts sum;
  std::int64_t eligible = 0;
  for (const LineAmounts& line : order.lines) {
    LineAmounts of_tickets;
    for (const TicketAmounts& ticket : line.tickets) {
      for (const std::int64_t amount :
           {ticket.discount, ticket.net, ticket.fees, ticket.taxes, ticket.taxes_included, ticket.price_paid}) {
        ASSERT_GE(amount, 0);
        ASSERT_EQ(amount % cart.unit, 0);
      }
      of_tickets.discount_amount += ticket.discount;
      of_tickets.fees += ticket.fees;
      of_tickets.taxes += ticket.taxes;
      of_tickets.taxes_included += ticket.taxes_included;
      of_tickets.total += ticket.price_paid;
    }
    ASSERT_EQ(static_cast<std::int64_t>(line.tickets.size()), line.quantity);
    ASSERT_EQ(line.subtotal, line.unit_price * line.quantity);
    ASSERT_EQ(line.discount_amount, of_tickets.discount_amount);
    ASSERT_EQ(line.fees, of_tickets.fees);
    ASSERT_EQ(line.taxes, of_tickets.taxes);
    ASSERT_EQ(line.taxes_included, of_tickets.taxes_included);
    ASSERT_EQ(line.total, of_tickets.total);
    ASSERT_EQ(line.total, line.subtotal - line.discount_amount + line.fees + line.taxes - line.taxes_included);
    sum.subtotal += line.subtotal;
    sum.discount_amount += line.discount_amount;
    sum.fees += line.fees;
    sum.taxes += line.taxes;
    sum.taxes_included += line.taxes_included;
    sum.total += line.total;
    eligible += cart.terms.has_value() && cart.terms->covers(line.category_id) ? line.subtotal : 0;
  }
  ASSERT_EQ(order.subtotal, sum.subtotal);
  ASSERT_EQ(order.discount_amount, sum.discount_amount);
  ASSERT_EQ(order.fees, sum.fees);
  ASSERT_EQ(order.taxes, sum.taxes);
  ASSERT_EQ(order.taxes_included, sum.taxes_included);
  ASSERT_EQ(order.total, sum.total);
  ASSERT_EQ(order.total, order.subtotal - order.discount_amount + order.fees + order.taxes - order.taxes_included);
  ASSERT_LE(order.discount_amount, eligible);
  ASSERT_LE(order.taxes_included, order.taxes);
  std::int64_t taxes = 0;
  for (const std::int64_t amount : order.tax_amounts) {
    taxes += amount;
  }
  ASSERT_EQ(taxes, order.taxes);
}

TEST(OrderPropertyTest, RandomCartsAddUpAndMatchTheSlowComputation) {
  RandomCarts carts(seed_of_this_run());
  for (int i = 0; i < 20'000; ++i) {
    const Cart cart = carts.next();
    const OrderAmounts order = compute_order(cart.lines, cart.terms, rates_for(cart), cart.unit).value();
    expect_invariants(order, cart);
    const Slow slow = slow_order(cart);
    ASSERT_EQ(order.discount_amount, slow.discount * cart.unit) << "cart " << i;
    ASSERT_EQ(order.fees, slow.fees * cart.unit) << "cart " << i;
    ASSERT_EQ(order.taxes, slow.taxes * cart.unit) << "cart " << i;
    ASSERT_EQ(order.taxes_included, slow.included * cart.unit) << "cart " << i;
    ASSERT_EQ(order.total, slow.total * cart.unit) << "cart " << i;
    std::size_t ticket = 0;
    for (const LineAmounts& line : order.lines) {
      for (const TicketAmounts& amounts : line.tickets) {
        ASSERT_EQ(amounts.price_paid, slow.paid[ticket++] * cart.unit) << "cart " << i << " ticket " << ticket;
      }
    }
    if (HasFatalFailure()) {
      FAIL() << "cart " << i;
    }
  }
}

// Without fees that stay, and with a code that still applies, the rest of an order costs what it would cost alone.
TEST(OrderPropertyTest, WhatRemainsCostsWhatItWouldCostAlone) {
  RandomCarts carts(seed_of_this_run());
  for (int i = 0; i < 2'000; ++i) {
    Cart cart = carts.next();
    for (TestFee& fee : cart.fees) {
      fee.fixed_units = fee.per_ticket ? fee.fixed_units : 0;
    }
    if (cart.terms.has_value()) {
      cart.terms->min_quantity = 1;
      cart.terms->categories.clear();
    }
    std::vector<bool> kept;
    std::vector<OrderLine> rest;
    for (const OrderLine& line : cart.lines) {
      OrderLine left{line.category_id, 0, line.unit_price};
      for (std::int64_t t = 0; t < line.quantity; ++t) {
        kept.push_back(carts.up_to(1) == 0);
        left.quantity += kept.back() ? 1 : 0;
      }
      if (left.quantity > 0) {
        rest.push_back(left);
      }
    }
    const Rates rates = rates_for(cart);
    const std::int64_t left = total_after_return(cart.lines, kept, cart.terms, rates, cart.unit).value();
    ASSERT_EQ(left, compute_order(rest, cart.terms, rates, cart.unit).value().total) << "cart " << i;
  }
}

}  // namespace
}  // namespace eventcore::rules::pure
