#include "rules/pure/score.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/text.hpp"

namespace eventcore::rules::pure {

namespace {

constexpr std::int64_t highest_score = 100;
constexpr std::array<std::string_view, 3> sponsoring_industries = {"technology", "finance", "healthcare"};

std::int64_t size_points(std::string_view company_size) {
  if (company_size == "enterprise") {
    return 40;
  }
  if (company_size == "large") {
    return 30;
  }
  return company_size == "medium" ? 20 : 10;
}

}  // namespace

ProspectScore prospect_score(std::string_view industry, std::string_view company_size, const Json& engagement_history) {
  const bool sponsoring = std::find(sponsoring_industries.begin(), sponsoring_industries.end(), fold(industry)) !=
                          sponsoring_industries.end();
  const std::size_t entries = engagement_history.is_array() ? engagement_history.size() : 0;

  ProspectScore score;
  score.parts.push_back({"industry",
                         sponsoring ? "technology, finance or healthcare" : "an industry that sponsors less often",
                         sponsoring ? 30 : 0});
  score.parts.push_back(
      {"company_size", company_size.empty() ? "size unknown" : std::string(company_size), size_points(company_size)});
  score.parts.push_back(
      {"engagement", std::to_string(entries) + " engagement entries", static_cast<std::int64_t>(entries) * 10});
  for (const ScorePart& part : score.parts) {
    score.points += part.points;
  }
  if (score.points > highest_score) {
    score.parts.push_back({"cap", "a score is at most 1.00", highest_score - score.points});
    score.points = highest_score;
  }
  return score;
}

}  // namespace eventcore::rules::pure
