#include "rules/pure/price.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/currency.hpp"
#include "base/time.hpp"

namespace eventcore::rules::pure {

namespace {

using boost::multiprecision::cpp_int;

constexpr Micros hour_us = Micros{3'600} * 1'000'000;
constexpr Micros day_us = 24 * hour_us;
constexpr int most_digits = 40;

std::optional<Exact> number_of(const Json& value) {
  if (!is_number(value)) {
    return std::nullopt;
  }
  auto number = parse_exact(number_text(value));
  if (!number) {
    return std::nullopt;  // beyond any sensible size: compares with nothing
  }
  return std::move(number).assume_value();
}

// One factor as conditions see it: the engine's rational, or the host's JSON.
class Factor {
 public:
  static std::optional<Factor> find(std::string_view name, const Factors& factors) {
    if (const auto own = factors.engine.find(name); own != factors.engine.end()) {
      return Factor(nullptr, own->second);
    }
    if (!factors.given.is_object()) {
      return std::nullopt;
    }
    const auto given = factors.given.find(std::string(name));
    if (given == factors.given.end()) {
      return std::nullopt;
    }
    return Factor(&*given, number_of(*given));
  }

  [[nodiscard]] bool equals(const Json& operand) const {
    if (json_ != nullptr) {
      return json_equal(*json_, operand);
    }
    const auto other = number_of(operand);
    return other.has_value() && *number_ == *other;
  }

  [[nodiscard]] bool at_least(const Json& operand) const {
    const auto bound = number_of(operand);
    return number_.has_value() && bound.has_value() && *number_ >= *bound;
  }

  [[nodiscard]] bool at_most(const Json& operand) const {
    const auto bound = number_of(operand);
    return number_.has_value() && bound.has_value() && *number_ <= *bound;
  }

 private:
  Factor(const Json* json, std::optional<Exact> number) : json_(json), number_(std::move(number)) {}

  const Json* json_;
  std::optional<Exact> number_;
};

bool operator_holds(const std::string& name, const Json& operand, const Factor& factor) {
  if (name == "min") {
    return factor.at_least(operand);
  }
  if (name == "max") {
    return factor.at_most(operand);
  }
  if (name == "equals") {
    return factor.equals(operand);
  }
  if (name == "in" && operand.is_array()) {
    return std::any_of(operand.begin(), operand.end(), [&](const Json& one) { return factor.equals(one); });
  }
  return false;  // refused when written; should one be here all the same, it must not open a price
}

bool is_scalar(const Json& value) {
  return !value.is_object() && !value.is_array();
}

std::optional<std::string> bad_operator(const std::string& name, const Json& operand) {
  if (name == "min" || name == "max") {
    if (!is_number(operand)) {
      return name + " takes a number";
    }
    return number_of(operand).has_value() ? std::nullopt : std::optional<std::string>(name + " is out of range");
  }
  if (name == "equals") {
    return is_scalar(operand) ? std::nullopt : std::optional<std::string>("equals takes a single value");
  }
  if (name == "in") {
    const bool fine = operand.is_array() && std::all_of(operand.begin(), operand.end(), is_scalar);
    return fine ? std::nullopt : std::optional<std::string>("in takes a list of single values");
  }
  return "unknown operator " + name;
}

std::optional<std::string> bad_condition(const Json& condition) {
  if (condition.is_array()) {
    return "a list is no condition; use {\"in\": [...]}";
  }
  if (!condition.is_object()) {
    return std::nullopt;
  }
  for (const auto& [name, operand] : condition.items()) {
    if (auto reason = bad_operator(name, operand)) {
      return reason;
    }
  }
  if (condition.contains("min") && condition.contains("max") &&
      *number_of(condition["min"]) > *number_of(condition["max"])) {
    return "min is above max";
  }
  return std::nullopt;
}

bool goes_before(const PriceRule* a, const PriceRule* b) {
  if (a->priority != b->priority) {
    return a->priority > b->priority;  // an absent priority is less than any
  }
  return std::tie(a->created_at, a->id) < std::tie(b->created_at, b->id);
}

Exact apply_rule(const PriceRule& rule, const Exact& price) {
  const Exact adjustment = exact(rule.adjustment, money_scale);
  Exact after = rule.percentage ? Exact(price + price * adjustment / 100) : Exact(price + adjustment);
  if (rule.max_price.has_value()) {
    after = std::min(after, exact(*rule.max_price, money_scale));
  }
  if (rule.min_price.has_value()) {
    after = std::max(after, exact(*rule.min_price, money_scale));
  }
  return std::max(after, Exact(0));
}

Micros floor_div(Micros a, Micros b) {
  return a / b - ((a % b != 0 && a < 0) ? 1 : 0);
}

// The number of fractional digits, or none if the expansion never ends.
std::optional<int> fractional_digits(cpp_int denominator) {
  const auto twos = static_cast<int>(lsb(denominator));
  denominator >>= twos;
  int fives = 0;
  while (denominator % 5 == 0) {
    denominator /= 5;
    ++fives;
  }
  return denominator == 1 ? std::optional<int>(std::max(twos, fives)) : std::nullopt;
}

}  // namespace

Result<Price> quote_price(std::int64_t base_price, std::int64_t unit, std::span<const PriceRule> rules,
                          const Factors& factors) {
  std::vector<const PriceRule*> ordered;
  ordered.reserve(rules.size());
  for (const PriceRule& rule : rules) {
    ordered.push_back(&rule);
  }
  std::sort(ordered.begin(), ordered.end(), goes_before);

  Price price;
  Exact running = exact(base_price, money_scale);
  for (const PriceRule* rule : ordered) {
    if (!conditions_hold(rule->conditions, factors)) {
      continue;
    }
    Exact after = apply_rule(*rule, running);
    price.applied_rules.push_back({rule->id, rule->name, running, after});
    running = std::move(after);
  }
  EC_TRY(rounded, round_half_up(running * 10'000, unit));
  price.unit_price = rounded;
  return price;
}

Result<Price> quote_price(std::int64_t base_price, std::int64_t unit, std::span<const PriceRule> rules,
                          const Json& factors) {
  return quote_price(base_price, unit, rules, Factors{.given = factors, .engine = {}});
}

bool conditions_hold(const Json& conditions, const Factors& factors) {
  if (!conditions.is_object()) {
    return false;
  }
  for (const auto& [name, condition] : conditions.items()) {
    const auto factor = Factor::find(name, factors);
    if (!factor.has_value()) {
      return false;
    }
    if (!condition.is_object()) {
      if (!factor->equals(condition)) {
        return false;
      }
      continue;
    }
    for (const auto& [op, operand] : condition.items()) {
      if (!operator_holds(op, operand, *factor)) {
        return false;
      }
    }
  }
  return true;
}

bool conditions_hold(const Json& conditions, const Json& factors) {
  return conditions_hold(conditions, Factors{.given = factors, .engine = {}});
}

std::optional<std::string> bad_conditions(const Json& conditions) {
  if (!conditions.is_object()) {
    return "must be an object of factor names and what they must be";
  }
  for (const auto& [name, condition] : conditions.items()) {
    if (name.empty()) {
      return "a factor has no name";
    }
    if (const auto reason = bad_condition(condition)) {
      return name + ": " + *reason;
    }
  }
  return std::nullopt;
}

std::optional<std::string> bad_price_bounds(std::optional<std::int64_t> min_price,
                                            std::optional<std::int64_t> max_price) {
  if (min_price.has_value() && max_price.has_value() && *min_price > *max_price) {
    return "min_price is above max_price";
  }
  return std::nullopt;
}

std::set<std::string, std::less<>> factor_names(std::span<const PriceRule> rules) {
  std::set<std::string, std::less<>> names;
  for (const PriceRule& rule : rules) {
    if (!rule.conditions.is_object()) {
      continue;
    }
    for (const auto& [name, condition] : rule.conditions.items()) {
      names.insert(name);
    }
  }
  return names;
}

Result<ExactFactors> engine_factors(const FactorInputs& inputs) {
  EC_TRY(local, local_time(inputs.now_us, inputs.zone));
  const Micros left_us = inputs.event_starts_at_us - inputs.now_us;
  const std::int64_t for_sale = inputs.total - inputs.withheld;
  ExactFactors factors;
  factors["days_until_event"] = Exact(floor_div(left_us, day_us));
  factors["hours_until_event"] = Exact(floor_div(left_us, hour_us));
  factors["remaining"] = Exact(inputs.available);
  factors["sold_share"] = for_sale > 0 ? Exact(for_sale - inputs.available, for_sale) : Exact(0);
  factors["weekday"] = Exact(local.weekday);
  factors["hour"] = Exact(local.hour);
  if (inputs.sold_last_hour.has_value()) {
    factors["sold_last_hour"] = Exact(*inputs.sold_last_hour);
  }
  if (inputs.sold_last_day.has_value()) {
    factors["sold_last_day"] = Exact(*inputs.sold_last_day);
  }
  return factors;
}

std::string exact_text(const Exact& value, int min_digits) {
  const int digits = std::max(min_digits, fractional_digits(denominator(value)).value_or(most_digits));
  const cpp_int power = pow(cpp_int(10), static_cast<unsigned>(digits));
  const cpp_int scaled = abs(numerator(value)) * power / denominator(value);
  std::string text = scaled.str();
  const auto places = static_cast<std::size_t>(digits);
  if (text.size() <= places) {
    text.insert(0, places + 1 - text.size(), '0');
  }
  if (places > 0) {
    text.insert(text.size() - places, ".");
  }
  return (value < 0 && scaled != 0 ? "-" : "") + text;
}

Json applied_rules_json(const Price& price, int currency_digits) {
  Json rules = Json::array();
  for (const PriceStep& step : price.applied_rules) {
    rules.push_back({{"rule_id", to_text(step.rule_id)},
                     {"rule_name", step.rule_name},
                     {"price_before", exact_text(step.price_before, currency_digits)},
                     {"price_after", exact_text(step.price_after, currency_digits)}});
  }
  return rules;
}

Json factors_json(const Factors& factors) {
  Json all = factors.given.is_object() ? factors.given : Json::object();
  for (const auto& [name, value] : factors.engine) {
    all[name] = exact_number(exact_text(value, 0));
  }
  return all;
}

}  // namespace eventcore::rules::pure
