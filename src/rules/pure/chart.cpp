#include "rules/pure/chart.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"

namespace eventcore::rules::pure {

namespace {

// The canvas, in units of the view box.
constexpr std::int64_t width = 960;
constexpr std::int64_t height = 480;
constexpr std::int64_t left = 88;
constexpr std::int64_t right = 912;
constexpr std::int64_t top = 104;
constexpr std::int64_t bottom = 424;

constexpr Micros second_us = 1'000'000;
constexpr Micros hour_us = 3'600 * second_us;
constexpr Micros day_us = 24 * hour_us;
constexpr std::size_t most_ticks = 7;

constexpr std::string_view style =
    "<style>text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#475569;font-size:13px}"
    ".title{font-size:22px;font-weight:600;fill:#0f172a}.sub{font-size:14px}.name{font-size:12px;fill:#64748b}"
    ".grid{stroke:#e2e8f0;stroke-width:1}.axis{stroke:#94a3b8;stroke-width:1}"
    ".curve{fill:none;stroke:#2563eb;stroke-width:2.5;stroke-linejoin:round}.area{fill:url(#fade)}"
    ".dot{fill:#2563eb;stroke:#fff;stroke-width:2}.last{font-weight:600;fill:#1d4ed8;font-size:14px}</style>";
constexpr std::string_view fade =
    "<defs><linearGradient id=\"fade\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"><stop offset=\"0\" stop-color=\"#2563eb\" "
    "stop-opacity=\"0.28\"/><stop offset=\"1\" stop-color=\"#2563eb\" stop-opacity=\"0.03\"/></linearGradient></defs>";

std::string text_of(std::int64_t number) {
  return std::to_string(number);
}

// Tenths of a unit as "12" or "12.3".
std::string coordinate(std::int64_t tenths) {
  const std::string rest = tenths % 10 == 0 ? "" : "." + text_of(tenths % 10);
  return text_of(tenths / 10) + rest;
}

// Where `value` of [low, high] lies in [from, to], in tenths of a unit.
std::int64_t place(std::int64_t value, std::int64_t low, std::int64_t high, std::int64_t from, std::int64_t to) {
  const Exact share = Exact(Exact(value) - low) / (Exact(high) - low);
  const auto tenths = round_half_up((Exact(from) + share * (to - from)) * 10, 1);
  return tenths ? tenths.assume_value() : from * 10;
}

std::string with_groups(std::string number) {
  const std::size_t whole = std::min(number.find('.'), number.size());
  const std::size_t first = number.starts_with('-') ? 1 : 0;
  for (std::size_t at = whole; at > first + 3;) {
    at -= 3;
    number.insert(at, "\u202F");  // a narrow space that does not break
  }
  return number;
}

std::string value_text(std::int64_t value, int scale) {
  return with_groups(format_decimal_short(value, scale));
}

// The smallest of 1, 2, 5, 10, 20, 50, ... that covers `range` in at most five steps, not below one whole unit unless
// the range is.
std::int64_t value_step(const Exact& range) {
  std::int64_t power = 1;
  while (true) {
    for (const std::int64_t digit : {1, 2, 5}) {
      if (Exact(power) * digit * 5 >= range || power > 100'000'000'000'000'000) {
        return power * digit;
      }
    }
    power *= 10;
  }
}

struct Tick {
  Micros at_us = 0;
  std::string label;
};

std::string two_digits(int number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string tick_label(const LocalTime& local, Micros step_us) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string month(months.at(static_cast<std::size_t>(local.month - 1)));
  if (step_us < day_us && (local.hour != 0 || local.minute != 0)) {
    return two_digits(local.hour) + ":" + two_digits(local.minute);
  }
  const std::string day = std::to_string(local.day) + " " + month;
  return step_us >= 60 * day_us ? day + " " + std::to_string(local.year) : day;
}

Micros time_step(Micros range_us) {
  constexpr std::array<Micros, 16> steps = {60 * second_us, 300 * second_us, 900 * second_us, 1'800 * second_us,
                                            hour_us,        3 * hour_us,     6 * hour_us,     12 * hour_us,
                                            day_us,         2 * day_us,      7 * day_us,      14 * day_us,
                                            28 * day_us,    91 * day_us,     182 * day_us,    364 * day_us};
  for (const Micros step : steps) {
    if (range_us / step < static_cast<Micros>(most_ticks)) {
      return step;
    }
  }
  return (range_us / static_cast<Micros>(most_ticks) / day_us + 1) * day_us;
}

// Ticks stand at local midnights, or at whole steps from the first one.
Result<std::vector<Tick>> time_ticks(Micros first_us, Micros last_us, std::string_view zone) {
  const Micros step = time_step(last_us - first_us);
  EC_TRY(start, local_time(first_us, zone));
  LocalTime midnight = start;
  midnight.hour = midnight.minute = midnight.second = 0;
  EC_TRY(origin, from_local(midnight, zone));
  std::vector<Tick> ticks;
  for (Micros at = origin + (first_us - origin) / step * step; at <= last_us; at += step) {
    // The middle of the day names the date safely where the clocks change.
    EC_TRY(local, local_time(step < day_us ? at : at + day_us / 2, zone));
    Micros shown = at;
    if (step >= day_us) {
      local.hour = local.minute = local.second = 0;
      EC_TRY(day_start, from_local(local, zone));
      shown = day_start;
    }
    if (shown >= first_us && shown <= last_us) {
      ticks.push_back({shown, tick_label(local, step)});
    }
  }
  return ticks;
}

std::string line(std::string_view kind, const std::string& x1, const std::string& y1, const std::string& x2,
                 const std::string& y2) {
  return "<line class=\"" + std::string(kind) + "\" x1=\"" + x1 + "\" y1=\"" + y1 + "\" x2=\"" + x2 + "\" y2=\"" + y2 +
         "\"/>";
}

std::string words(std::string_view kind, const std::string& x, const std::string& y, std::string_view anchor,
                  std::string_view text) {
  std::string element = "<text";
  if (!kind.empty()) {
    element += " class=\"" + std::string(kind) + "\"";
  }
  element += " x=\"" + x + "\" y=\"" + y + "\" text-anchor=\"" + std::string(anchor) + "\">";
  return element + xml_escape(text) + "</text>";
}

// What the points span, widened to whole steps so that no division is by zero.
struct Frame {
  Micros first_us = 0;
  Micros last_us = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::int64_t step = 1;

  [[nodiscard]] std::string x(Micros at_us) const { return coordinate(place(at_us, first_us, last_us, left, right)); }
  [[nodiscard]] std::string y(std::int64_t value) const { return coordinate(place(value, low, high, bottom, top)); }
};

Result<Frame> frame_of(std::span<const CurvePoint> points, int scale) {
  Frame frame{.first_us = points.front().at_us, .last_us = points.back().at_us};
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i > 0 && points[i].at_us < points[i - 1].at_us) {
      return fail(Errc::invalid_argument, "the points are not in the order of time");
    }
    frame.low = std::min(frame.low, points[i].value);
    frame.high = std::max(frame.high, points[i].value);
  }
  EC_TRYV(local_time(frame.first_us, "UTC"));  // years 1 to 9999: the differences below fit
  EC_TRYV(local_time(frame.last_us, "UTC"));
  frame.last_us = std::max(frame.last_us, frame.first_us + hour_us);
  constexpr std::int64_t most = 1'000'000'000'000'000'000;
  if (frame.low < -most || frame.high > most) {
    return fail(Errc::invalid_argument, "the values are too large to be drawn");
  }
  std::int64_t whole = 1;
  for (int i = 0; i < scale; ++i) {
    whole *= 10;
  }
  frame.step = value_step(Exact(frame.high) - frame.low);
  if (frame.high - frame.low >= whole || frame.high == frame.low) {
    frame.step = std::max(frame.step, whole);
  }
  frame.high = std::max((frame.high + frame.step - 1) / frame.step, std::int64_t{1}) * frame.step;
  frame.low = frame.low < 0 ? (frame.low - frame.step + 1) / frame.step * frame.step : 0;
  return frame;
}

std::string value_axis(const Frame& frame, int scale) {
  std::string svg;
  for (std::int64_t value = frame.low; value <= frame.high; value += frame.step) {
    const std::string y = frame.y(value);
    svg += line(value == 0 ? "axis" : "grid", text_of(left), y, text_of(right), y);
    const std::int64_t baseline = place(value, frame.low, frame.high, bottom, top) + 45;
    svg += words("", text_of(left - 10), coordinate(baseline), "end", value_text(value, scale));
  }
  return svg;
}

Result<std::string> time_axis(const Frame& frame, std::string_view zone) {
  EC_TRY(ticks, time_ticks(frame.first_us, frame.last_us, zone));
  std::string svg;
  for (const Tick& tick : ticks) {
    const std::string x = frame.x(tick.at_us);
    svg += line("axis", x, text_of(bottom), x, text_of(bottom + 6));
    svg += words("", x, text_of(bottom + 24), "middle", tick.label);
  }
  return svg;
}

std::string curve(std::span<const CurvePoint> points, const Frame& frame, int scale) {
  const std::string ground = frame.y(0);
  std::string path = "M" + frame.x(points.front().at_us) + " " + ground;
  for (const CurvePoint& point : points) {
    path += "H" + frame.x(point.at_us) + "V" + frame.y(point.value);
  }
  const CurvePoint& last = points.back();
  const std::string x = frame.x(last.at_us);
  const std::int64_t label_y = place(last.value, frame.low, frame.high, bottom, top) - 120;
  return "<path class=\"area\" d=\"" + path + "V" + ground + "Z\"/><path class=\"curve\" d=\"" + path +
         "\"/><circle class=\"dot\" cx=\"" + x + "\" cy=\"" + frame.y(last.value) + "\" r=\"5\"/>" +
         words("last", x, coordinate(label_y), points.size() > 1 ? "end" : "start", value_text(last.value, scale));
}

std::string head(const CurveLabels& labels) {
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + text_of(width) + "\" height=\"" +
                    text_of(height) + "\" viewBox=\"0 0 " + text_of(width) + " " + text_of(height) +
                    "\" role=\"img\"><title>" + xml_escape(labels.title) + "</title>" + std::string(style) +
                    std::string(fade) + "<rect width=\"" + text_of(width) + "\" height=\"" + text_of(height) +
                    "\" fill=\"#fff\"/>";
  svg += words("title", "28", "40", "start", labels.title);
  if (!labels.subtitle.empty()) {
    svg += words("sub", "28", "63", "start", labels.subtitle);
  }
  return svg + words("name", "28", "88", "start", labels.value_name);
}

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n') {
          escaped += c;
        }
    }
  }
  return escaped;
}

Result<std::string> sales_curve_svg(std::span<const CurvePoint> points, const CurveLabels& labels) {
  if (labels.value_scale < 0 || labels.value_scale > 4) {
    return fail_field(Errc::invalid_argument, "value_scale", "must be from 0 to 4");
  }
  std::string svg = head(labels);
  if (points.empty()) {
    svg += line("axis", text_of(left), text_of(bottom), text_of(right), text_of(bottom));
    svg += words("sub", text_of((left + right) / 2), text_of((top + bottom) / 2), "middle", "Nothing sold yet");
    return svg + "</svg>\n";
  }
  EC_TRY(frame, frame_of(points, labels.value_scale));
  EC_TRY(times, time_axis(frame, labels.zone));
  svg += value_axis(frame, labels.value_scale);
  svg += times;
  svg += curve(points, frame, labels.value_scale);
  return svg + "</svg>\n";
}

}  // namespace eventcore::rules::pure
