// The return on a sponsor's contract, in percent.
// Invariants: computed exactly, rounded once (half up) to hundredths of a percent; what does not fit decimal(5,2) is
// held at +-999.99 and marked.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace eventcore::rules::pure {

struct Roi {
  std::int64_t percent_hundredths = 0;  // 999.99 % is 99,999
  bool saturated = false;
};

// (value - baseline - contract value) / contract value x 100, all at scale 4. Nothing unless the metric's unit is the
// contract's currency and the contract is worth something.
std::optional<Roi> calculated_roi(std::int64_t value, std::int64_t baseline, std::int64_t contract_value,
                                  std::string_view metric_unit, std::string_view contract_currency);

}  // namespace eventcore::rules::pure
