// Sales over time as a picture: one self-contained SVG, no script, no font but the reader's own.
// Invariants: the same points and labels give the same bytes; every label is escaped; coordinates are integers computed
// exactly, whatever the size of the figures.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace eventcore::rules::pure {

struct CurvePoint {
  Micros at_us = 0;
  std::int64_t value = 0;  // sold so far: the curve steps to it at that instant
};

struct CurveLabels {
  std::string title;
  std::string subtitle;    // left out when empty
  std::string value_name;  // above the value axis: "Tickets sold", "Revenue (EUR)"
  std::string zone = "UTC";
  int value_scale = 0;  // 0 for tickets, 4 for money
};

// Points in the order of time; none gives a picture that says so. Times and zone outside what can be shown are refused.
Result<std::string> sales_curve_svg(std::span<const CurvePoint> points, const CurveLabels& labels);

// & < > " ' as entities; control characters that XML does not know are dropped.
std::string xml_escape(std::string_view text);

}  // namespace eventcore::rules::pure
