// How serious a risk is, from how likely it is and how much it would hurt.
// Invariants: high and high is critical, high and medium high, medium and medium medium, everything else low.
// Thread: free functions without state, any thread.
#pragma once

#include <string_view>

namespace eventcore::rules::pure {

constexpr std::string_view risk_level(std::string_view probability, std::string_view impact) {
  const bool likely = probability == "high";
  const bool grave = impact == "high";
  const bool medium_likely = probability == "medium";
  const bool medium_grave = impact == "medium";
  if (likely && grave) {
    return "critical";
  }
  if ((likely && medium_grave) || (medium_likely && grave)) {
    return "high";
  }
  return medium_likely && medium_grave ? "medium" : "low";
}

}  // namespace eventcore::rules::pure
