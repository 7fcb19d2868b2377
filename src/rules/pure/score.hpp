// The score of a sponsor prospect and what it is made of.
// Invariants: points are hundredths; the parts sum to the score; the score is at most 1.00 (a part `cap` says what was
// cut off).
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace eventcore::rules::pure {

struct ScorePart {
  std::string name;         // industry, company_size, engagement, cap
  std::string reason;       // in words
  std::int64_t points = 0;  // hundredths
};

struct ProspectScore {
  std::int64_t points = 0;  // hundredths
  std::vector<ScorePart> parts;
};

// Absent texts are empty, an absent history is null.
ProspectScore prospect_score(std::string_view industry, std::string_view company_size, const Json& engagement_history);

}  // namespace eventcore::rules::pure
