// random_carts SEED COUNT [FIRST]: computes random carts with the engine and prints each with its inputs and results,
// one JSON object a line, for a reader that computes them once more (tests/python/test_money.py).
#include <cstdlib>
#include <iostream>

#include "rules/pure/random_cart.hpp"
#include "rules/pure/refund.hpp"

namespace eventcore {
namespace {

using namespace rules::pure;
using testing::RandomCart;

Json optional(const std::optional<std::int64_t>& value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

Json quote_of(const testing::RandomCategory& category, const Price& price) {
  Json rules = Json::array();
  for (const PriceRule& rule : category.rules) {
    rules.push_back({{"order", std::stoi(rule.name)},
                     {"percentage", rule.percentage},
                     {"adjustment", rule.adjustment},
                     {"priority", optional(rule.priority)},
                     {"min_price", optional(rule.min_price)},
                     {"max_price", optional(rule.max_price)},
                     {"conditions", rule.conditions}});
  }
  Json steps = Json::array();
  for (const PriceStep& step : price.applied_rules) {
    steps.push_back(
        Json::array({std::stoi(step.rule_name), exact_text(step.price_before, 0), exact_text(step.price_after, 0)}));
  }
  return {{"base", category.base_price},
          {"rules", std::move(rules)},
          {"factors", category.factors},
          {"price", price.unit_price},
          {"steps", std::move(steps)}};
}

Json terms_of(const std::optional<DiscountTerms>& terms) {
  if (!terms.has_value()) {
    return nullptr;
  }
  Json categories = Json::array();
  for (const Uuid& id : terms->categories) {
    categories.push_back(id.bytes[15]);
  }
  return Json::array({std::string(word(terms->type)), terms->value, terms->min_quantity, categories});
}

template <typename Amounts>
Json amounts_of(const Amounts& of) {
  return Json::array({of.subtotal, of.discount_amount, of.fees, of.taxes, of.taxes_included, of.total});
}

Json order_of(const OrderAmounts& order) {
  Json lines = Json::array();
  Json tickets = Json::array();
  for (const LineAmounts& line : order.lines) {
    lines.push_back(amounts_of(line));
    for (const TicketAmounts& ticket : line.tickets) {
      tickets.push_back(Json::array(
          {ticket.discount, ticket.net, ticket.fees, ticket.taxes, ticket.taxes_included, ticket.price_paid}));
    }
  }
  return {{"sums", amounts_of(order)},
          {"lines", std::move(lines)},
          {"tickets", std::move(tickets)},
          {"fees", order.fee_amounts},
          {"taxes", order.tax_amounts}};
}

Json returns_of(const RandomCart& cart, const std::vector<OrderLine>& lines, const Rates& rates,
                const OrderAmounts& order) {
  std::vector<std::int64_t> paid;
  for (const LineAmounts& line : order.lines) {
    for (const TicketAmounts& ticket : line.tickets) {
      paid.push_back(ticket.price_paid);
    }
  }
  std::vector<bool> kept(paid.size(), true);
  std::int64_t out = 0;
  std::int64_t due = 0;
  Json steps = Json::array();
  for (const std::vector<std::size_t>& step : cart.returns) {
    std::vector<std::int64_t> prices;
    for (const std::size_t ticket : step) {
      kept[ticket] = false;
      prices.push_back(paid[ticket]);
    }
    const std::int64_t after = total_after_return(lines, kept, cart.terms, rates, cart.unit).value();
    const std::int64_t refund = refund_amount(order.total, out, due, after).value();
    const std::vector<std::int64_t> shares = refund_shares(refund, prices, cart.unit);
    steps.push_back({{"tickets", step}, {"after", after}, {"refund", refund}, {"shares", shares}});
    (steps.size() % 2 == 0 ? out : due) += refund;  // some are paid out at once, some later
  }
  return steps;
}

Json computed(const RandomCart& cart) {
  std::vector<std::int64_t> prices;
  Json quotes = Json::array();
  for (const testing::RandomCategory& category : cart.categories) {
    const Price price = quote_price(category.base_price, cart.unit, category.rules, category.factors).value();
    prices.push_back(price.unit_price);
    quotes.push_back(quote_of(category, price));
  }
  std::vector<OrderLine> lines;
  Json items = Json::array();
  for (const auto& [category, quantity] : cart.items) {
    lines.push_back({testing::category_id(category), quantity, prices[category]});
    items.push_back(Json::array({category, quantity}));
  }
  const Rates rates = parse_rates(cart.settings).value();
  const OrderAmounts order = compute_order(lines, cart.terms, rates, cart.unit).value();
  return {{"currency", cart.currency},     {"unit", cart.unit},
          {"quotes", std::move(quotes)},   {"items", std::move(items)},
          {"terms", terms_of(cart.terms)}, {"settings", cart.settings},
          {"order", order_of(order)},      {"returns", returns_of(cart, lines, rates, order)}};
}

}  // namespace
}  // namespace eventcore

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: random_carts SEED COUNT [FIRST]\n";
    return 2;
  }
  const std::uint64_t seed = std::strtoull(arguments[1], nullptr, 10);
  const std::uint64_t carts = std::strtoull(arguments[2], nullptr, 10);
  const std::uint64_t first = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 0;
  for (std::uint64_t number = first; number < first + carts; ++number) {
    std::cout << eventcore::dump(eventcore::computed(eventcore::testing::RandomCarts(seed, number).cart())) << "\n";
  }
  return std::cout.flush() ? 0 : 1;
}
