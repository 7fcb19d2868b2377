// Taxes and fees as settings write them:
// {"taxes": [{"name", "rate", "inclusive", "on_fees"}], "fees": [{"name", "fixed", "percent", "per", "refundable"}]}.
// Invariants: rates lie in 0..1, percents in 0..100, `on_fees` is the same for all taxes; parse_rates reads back
// exactly what rates_json wrote, which is how an order keeps the rates it was sold under. Thread: free functions
// without state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <eventcore/result.hpp>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/json.hpp"

namespace eventcore::rules::pure {

inline constexpr std::size_t max_rates = 32;                          // of each kind
inline constexpr std::int64_t max_fixed_fee = 1'000'000'000'000'000;  // 100 billion whole units

struct TaxRate {
  std::string name;
  Exact rate;
  bool inclusive = false;  // contained in the price
  bool on_fees = false;    // fees are taxed too
};

struct FeeRate {
  std::string name;
  std::int64_t fixed = 0;  // scale 4; settings serve every currency, so it is rounded with its percentage
  Exact percent;
  bool per_ticket = false;  // else once per order
  bool refundable = true;
};

struct Rates {
  std::vector<TaxRate> taxes;
  std::vector<FeeRate> fees;

  [[nodiscard]] bool taxes_on_fees() const { return !taxes.empty() && taxes.front().on_fees; }
};

// Reads the members `taxes` and `fees` of an event's or an organization's settings; absent ones and null are empty,
// other members of the settings are not looked at. All bad fields are reported together ("taxes[0].rate").
// rate and percent are decimal strings or JSON numbers (which the engine never rounds); fixed is a decimal string or an
// integer of whole units.
Result<Rates> parse_rates(const Json& settings);

// The event's taxes if its settings have the member, else the organization's; the fees likewise. An event without
// taxes in a taxed organization says so with an empty list.
Result<Rates> effective_rates(const Json& event_settings, const Json& organization_settings);

Json rates_json(const Rates& rates);

}  // namespace eventcore::rules::pure
