#include "rules/pure/discount.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "base/currency.hpp"
#include "base/decimal.hpp"

namespace eventcore::rules::pure {

namespace {

constexpr std::int64_t one = 10'000;  // 1 at scale 4

std::int64_t sum_of(std::span<const std::int64_t> prices) {
  std::int64_t sum = 0;
  for (const std::int64_t price : prices) {
    sum += price;
  }
  return sum;
}

// Groups of X + Y from the dearest down; the last Y of each full group are free.
std::int64_t free_tickets(const DiscountTerms& terms, std::span<const std::int64_t> prices) {
  const auto count = static_cast<std::int64_t>(prices.size());
  const std::int64_t paid = std::max<std::int64_t>(terms.min_quantity, 1);
  const std::int64_t free = terms.value / one;
  if (free < 1 || paid >= count || free > count - paid) {
    return 0;
  }
  std::vector<std::int64_t> dearest_first(prices.begin(), prices.end());
  std::sort(dearest_first.begin(), dearest_first.end(), std::greater<>());
  const std::int64_t group = paid + free;
  const std::int64_t in_full_groups = count - count % group;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < in_full_groups; ++i) {
    if (i % group >= paid) {
      sum += dearest_first[static_cast<std::size_t>(i)];
    }
  }
  return sum;
}

std::int64_t eligible_quantity(const DiscountTerms& terms, const CartFacts& cart) {
  std::int64_t quantity = 0;
  for (const CartLine& line : cart.lines) {
    if (terms.covers(line.category_id)) {
      quantity += line.quantity;
    }
  }
  return quantity;
}

bool covers_any(const DiscountTerms& terms, const CartFacts& cart) {
  return std::any_of(cart.lines.begin(), cart.lines.end(),
                     [&](const CartLine& line) { return terms.covers(line.category_id); });
}

bool tells_nothing(DiscountRefusal refusal) {
  return public_word(refusal) == "invalid";
}

// Every refusal and whether it holds, in the order they are tested.
struct Test {
  DiscountRefusal refusal;
  bool holds;
};

std::array<Test, 10> tests_of(const CodeFacts& code, const CartFacts& cart) {
  const bool money = code.terms.type == DiscountType::fixed_amount;
  using R = DiscountRefusal;
  return {{
      {R::unknown, !code.found},
      {R::not_yet_valid, code.valid_from.has_value() && cart.now_us < *code.valid_from},
      {R::expired, code.valid_until.has_value() && cart.now_us >= *code.valid_until},
      {R::inactive, !code.is_active},
      {R::other_event, code.event_id.has_value() && *code.event_id != cart.event_id},
      {R::other_currency, money && code.currency != cart.currency},
      {R::not_for_these_categories, !covers_any(code.terms, cart)},
      {R::min_quantity, eligible_quantity(code.terms, cart) < code.terms.min_quantity},
      {R::exhausted, code.max_uses.has_value() && code.current_uses >= *code.max_uses},
      {R::limit_per_customer, code.max_uses_per_user.has_value() && code.uses_by_customer >= *code.max_uses_per_user},
  }};
}

}  // namespace

std::string_view word(DiscountType type) {
  switch (type) {
    case DiscountType::percentage: return "percentage";
    case DiscountType::fixed_amount: return "fixed_amount";
    case DiscountType::buy_x_get_y: return "buy_x_get_y";
  }
  return "";
}

std::optional<DiscountType> discount_type(std::string_view text) {
  for (const auto type : {DiscountType::percentage, DiscountType::fixed_amount, DiscountType::buy_x_get_y}) {
    if (word(type) == text) {
      return type;
    }
  }
  return std::nullopt;
}

bool DiscountTerms::covers(const Uuid& category) const {
  return categories.empty() || std::find(categories.begin(), categories.end(), category) != categories.end();
}

Json terms_json(const DiscountTerms& terms) {
  Json categories = Json::array();
  for (const Uuid& category : terms.categories) {
    categories.push_back(to_text(category));
  }
  return {{"type", word(terms.type)},
          {"value", format_decimal_short(terms.value, money_scale)},
          {"min_quantity", terms.min_quantity},
          {"categories", std::move(categories)}};
}

Result<DiscountTerms> parse_terms(const Json& terms) {
  const auto bad = [] { return fail(Errc::invalid_argument, "these are no discount terms"); };
  if (!terms.is_object() || !terms.contains("type") || !terms["type"].is_string() || !terms.contains("value") ||
      !terms["value"].is_string() || !terms.contains("min_quantity") || !terms["min_quantity"].is_number_integer() ||
      !terms.contains("categories") || !terms["categories"].is_array()) {
    return bad();
  }
  const auto type = discount_type(terms["type"].get_ref<const std::string&>());
  if (!type.has_value()) {
    return bad();
  }
  DiscountTerms parsed;
  parsed.type = *type;
  EC_TRY(value, parse_decimal(terms["value"].get_ref<const std::string&>(), money_scale));
  parsed.value = value;
  parsed.min_quantity = terms["min_quantity"].get<std::int64_t>();
  for (const Json& category : terms["categories"]) {
    if (!category.is_string()) {
      return bad();
    }
    EC_TRY(id, parse_uuid(category.get_ref<const std::string&>()));
    parsed.categories.push_back(id);
  }
  return parsed;
}

std::optional<std::string> bad_discount(DiscountType type, std::int64_t value, std::int64_t min_quantity,
                                        std::int64_t unit) {
  if (min_quantity < 1) {
    return "min_quantity is at least 1";
  }
  switch (type) {
    case DiscountType::percentage:
      return value >= 0 && value <= 100 * one ? std::nullopt : std::optional<std::string>("a percentage is 0 to 100");
    case DiscountType::fixed_amount:
      if (value < 0) {
        return "an amount is not negative";
      }
      return value % unit == 0 ? std::nullopt : std::optional<std::string>("more digits than the currency has");
    case DiscountType::buy_x_get_y:
      return value >= one && value % one == 0
                 ? std::nullopt
                 : std::optional<std::string>("buy_x_get_y gives a whole number of tickets, at least 1");
  }
  return "unknown discount type";
}

Result<std::int64_t> discount_amount(const DiscountTerms& terms, std::span<const std::int64_t> prices,
                                     std::int64_t unit) {
  const std::int64_t eligible = sum_of(prices);
  Exact wanted = 0;
  switch (terms.type) {
    case DiscountType::percentage: wanted = Exact(eligible) * exact(terms.value, money_scale) / 100; break;
    case DiscountType::fixed_amount: wanted = terms.value; break;
    case DiscountType::buy_x_get_y: wanted = free_tickets(terms, prices); break;
  }
  return round_half_up(std::clamp(wanted, Exact(0), Exact(eligible)), unit);
}

std::string_view word(DiscountRefusal refusal) {
  switch (refusal) {
    case DiscountRefusal::none: return "";
    case DiscountRefusal::unknown: return "unknown";
    case DiscountRefusal::not_yet_valid: return "not_yet_valid";
    case DiscountRefusal::expired: return "expired";
    case DiscountRefusal::inactive: return "inactive";
    case DiscountRefusal::other_event: return "other_event";
    case DiscountRefusal::other_currency: return "other_currency";
    case DiscountRefusal::not_for_these_categories: return "not_for_these_categories";
    case DiscountRefusal::min_quantity: return "min_quantity";
    case DiscountRefusal::exhausted: return "exhausted";
    case DiscountRefusal::limit_per_customer: return "limit_per_customer";
  }
  return "";
}

std::string_view public_word(DiscountRefusal refusal) {
  switch (refusal) {
    case DiscountRefusal::none:
    case DiscountRefusal::not_for_these_categories:
    case DiscountRefusal::min_quantity:
    case DiscountRefusal::limit_per_customer: return word(refusal);
    case DiscountRefusal::unknown:
    case DiscountRefusal::not_yet_valid:
    case DiscountRefusal::expired:
    case DiscountRefusal::inactive:
    case DiscountRefusal::other_event:
    case DiscountRefusal::other_currency:
    case DiscountRefusal::exhausted: return "invalid";
  }
  return "invalid";
}

DiscountDecision decide_discount(const CodeFacts& code, const CartFacts& cart) {
  DiscountDecision decision;
  for (const Test& test : tests_of(code, cart)) {
    if (!test.holds) {
      continue;
    }
    if (decision.refusal == DiscountRefusal::none) {
      decision.refusal = test.refusal;
    }
    // An exhausted code must not be told apart from an unknown one by what else is wrong with the cart.
    if (decision.public_refusal == DiscountRefusal::none ||
        (tells_nothing(test.refusal) && !tells_nothing(decision.public_refusal))) {
      decision.public_refusal = test.refusal;
    }
  }
  return decision;
}

}  // namespace eventcore::rules::pure
