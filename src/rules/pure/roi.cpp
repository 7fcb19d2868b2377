#include "rules/pure/roi.hpp"

#include "base/decimal.hpp"

namespace eventcore::rules::pure {

namespace {

constexpr std::int64_t highest = 99'999;

}  // namespace

std::optional<Roi> calculated_roi(std::int64_t value, std::int64_t baseline, std::int64_t contract_value,
                                  std::string_view metric_unit, std::string_view contract_currency) {
  if (contract_value == 0 || metric_unit != contract_currency) {
    return std::nullopt;
  }
  Exact hundredths = exact(value, 0);
  hundredths -= exact(baseline, 0);
  hundredths -= exact(contract_value, 0);
  hundredths *= 10'000;
  hundredths /= exact(contract_value, 0);
  const auto rounded = round_half_up(hundredths, 1);
  if (!rounded || rounded.assume_value() > highest || rounded.assume_value() < -highest) {
    return Roi{.percent_hundredths = hundredths < 0 ? -highest : highest, .saturated = true};
  }
  return Roi{.percent_hundredths = rounded.assume_value(), .saturated = false};
}

}  // namespace eventcore::rules::pure
