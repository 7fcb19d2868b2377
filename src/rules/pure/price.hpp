// The price of one ticket: base price, then every active rule whose conditions hold, exactly, rounded once at the end.
// Invariants: percentages compound on the running price; each rule clamps its own result; a price is never negative; a
// condition on a factor that is missing or of another type does not hold.
// Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <eventcore/result.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/decimal.hpp"
#include "base/json.hpp"
#include "base/uuid.hpp"

namespace eventcore::rules::pure {

// Active rules per category; whoever writes a rule refuses the next one.
inline constexpr std::size_t max_price_rules = 32;

struct PriceRule {
  Uuid id;
  std::string name;
  Json conditions = Json::object();
  bool percentage = true;
  std::int64_t adjustment = 0;            // scale 4: 7.25 % or 7.25 in the category's currency is 72,500
  std::optional<std::int64_t> min_price;  // money; absent only when empty, 0 is a bound
  std::optional<std::int64_t> max_price;
  std::optional<std::int64_t> priority;  // highest first, none last
  Micros created_at = 0;
};

using ExactFactors = std::map<std::string, Exact, std::less<>>;

// What conditions look at. The engine's own factors are rationals (a sold share of 1/3 is no decimal) and win over a
// host's factor of the same name.
struct Factors {
  Json given = Json::object();
  ExactFactors engine;
};

struct PriceStep {
  Uuid rule_id;
  std::string rule_name;
  Exact price_before;  // in whole units of the currency
  Exact price_after;
};

struct Price {
  std::int64_t unit_price = 0;           // money, a multiple of the minor unit
  std::vector<PriceStep> applied_rules;  // in the order they were applied
};

// `rules` are the category's active ones in any order; `unit` is the currency's minor unit.
Result<Price> quote_price(std::int64_t base_price, std::int64_t unit, std::span<const PriceRule> rules,
                          const Factors& factors);
Result<Price> quote_price(std::int64_t base_price, std::int64_t unit, std::span<const PriceRule> rules,
                          const Json& factors);

bool conditions_hold(const Json& conditions, const Factors& factors);
bool conditions_hold(const Json& conditions, const Json& factors);

// Why these conditions are refused when a rule is written; nothing if they are fine.
std::optional<std::string> bad_conditions(const Json& conditions);
std::optional<std::string> bad_price_bounds(std::optional<std::int64_t> min_price,
                                            std::optional<std::int64_t> max_price);

// The factor names these rules look at: what need not be computed is not read.
std::set<std::string, std::less<>> factor_names(std::span<const PriceRule> rules);

struct FactorInputs {
  Micros now_us = 0;
  Micros event_starts_at_us = 0;
  std::string zone;  // the event's
  std::int64_t total = 0;
  std::int64_t withheld = 0;
  std::int64_t available = 0;
  std::optional<std::int64_t> sold_last_hour;  // absent: no rule names it, it was not read
  std::optional<std::int64_t> sold_last_day;
};
Result<ExactFactors> engine_factors(const FactorInputs& inputs);

// Decimal text with at least `min_digits` and as many more fractional digits as the value has. Every price is a
// terminating decimal; a value that is not (a sold share of 1/3) is cut after 40 digits.
std::string exact_text(const Exact& value, int min_digits);

// [{"price_after", "price_before", "rule_id", "rule_name"}], prices as exact decimal text.
Json applied_rules_json(const Price& price, int currency_digits);
// What pricing_calculations.factors keeps: the host's factors and the engine's over them.
Json factors_json(const Factors& factors);

}  // namespace eventcore::rules::pure
