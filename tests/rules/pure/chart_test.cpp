#include "rules/pure/chart.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/time.hpp"

namespace eventcore::rules::pure {
namespace {

Micros at(std::string_view text) {
  return parse_rfc3339(text).value();
}

std::vector<CurvePoint> a_month() {
  std::vector<CurvePoint> points;
  std::int64_t sold = 0;
  for (int day = 0; day < 31; ++day) {
    sold += (day * 7) % 11 + (day > 24 ? 20 : 1);
    points.push_back({at("2026-03-05T10:30:00Z") + Micros{day} * 86'400 * 1'000'000, sold});
  }
  return points;
}

CurveLabels labels() {
  return {.title = "Sales & <more>",
          .subtitle = "5 March to 4 April",
          .value_name = "Tickets sold",
          .zone = "Europe/Berlin",
          .value_scale = 0};
}

// Every tag is closed in order, every attribute quoted, nothing outside the one root.
bool well_formed(const std::string& xml) {
  std::vector<std::string> open;
  bool root_seen = false;
  for (std::size_t i = 0; i < xml.size();) {
    if (xml[i] != '<') {
      if (open.empty() && xml[i] != '\n') {
        return false;
      }
      if (xml[i] == '&' && xml.find(';', i) > i + 6) {
        return false;
      }
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    bool quoted = false;
    while (end < xml.size() && (quoted || xml[end] != '>')) {
      quoted = xml[end] == '"' ? !quoted : quoted;
      if (xml[end] == '<') {
        return false;
      }
      ++end;
    }
    if (end == xml.size()) {
      return false;
    }
    const std::string tag = xml.substr(i + 1, end - i - 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) {
        return false;
      }
      open.pop_back();
    } else {
      if (open.empty() && root_seen) {
        return false;
      }
      root_seen = true;
      if (!tag.ends_with('/')) {
        open.push_back(tag.substr(0, tag.find(' ')));
      }
    }
    i = end + 1;
  }
  return open.empty() && root_seen;
}

std::vector<double> heights(const std::string& svg) {
  std::vector<double> ys;
  std::size_t from = svg.find("class=\"curve\" d=\"");
  const std::size_t end = svg.find("\"/>", from);
  while ((from = svg.find('V', from)) < end) {
    ys.push_back(std::stod(svg.substr(++from)));
  }
  return ys;
}

TEST(ChartTest, TheCurveIsWellFormedAndRises) {
  const std::string svg = sales_curve_svg(a_month(), labels()).value();
  EXPECT_TRUE(well_formed(svg));
  const std::vector<double> ys = heights(svg);
  ASSERT_EQ(ys.size(), 31U);
  for (std::size_t i = 1; i < ys.size(); ++i) {
    EXPECT_LE(ys[i], ys[i - 1]);
  }
  EXPECT_NE(svg.find("Sales &amp; &lt;more&gt;"), std::string::npos);
  EXPECT_NE(svg.find(">12 Mar<"), std::string::npos);
}

TEST(ChartTest, TheSameFiguresGiveTheSameBytes) {
  EXPECT_EQ(sales_curve_svg(a_month(), labels()).value(), sales_curve_svg(a_month(), labels()).value());
}

TEST(ChartTest, NothingSoldIsSaid) {
  const std::string svg = sales_curve_svg({}, labels()).value();
  EXPECT_TRUE(well_formed(svg));
  EXPECT_NE(svg.find("Nothing sold yet"), std::string::npos);
}

TEST(ChartTest, OnePointAndFlatCurvesAreDrawn) {
  const std::vector<CurvePoint> one = {{at("2026-05-01T10:00:00Z"), 3}};
  EXPECT_TRUE(well_formed(sales_curve_svg(one, labels()).value()));
  const std::vector<CurvePoint> flat = {{at("2026-05-01T10:00:00Z"), 0}, {at("2026-05-02T10:00:00Z"), 0}};
  EXPECT_TRUE(well_formed(sales_curve_svg(flat, labels()).value()));
}

TEST(ChartTest, MoneyIsLabelledInWholeUnits) {
  CurveLabels money = labels();
  money.value_scale = 4;
  const std::vector<CurvePoint> points = {{at("2026-05-01T10:00:00Z"), 125'000},
                                          {at("2026-05-01T18:00:00Z"), 49'125'000}};
  const std::string svg = sales_curve_svg(points, money).value();
  EXPECT_NE(svg.find(">5\u202F000<"), std::string::npos);
  EXPECT_NE(svg.find(">4\u202F912.5<"), std::string::npos);
  EXPECT_NE(svg.find(">18:00<"), std::string::npos);
}

TEST(ChartTest, HugeFiguresAndSpansStayInThePicture) {
  const std::vector<CurvePoint> points = {{at("0002-01-01T00:00:00Z"), 1},
                                          {at("9998-01-01T00:00:00Z"), 999'999'999'999'999'999}};
  const std::string svg = sales_curve_svg(points, labels()).value();
  EXPECT_TRUE(well_formed(svg));
  for (const double y : heights(svg)) {
    EXPECT_GE(y, 100);
    EXPECT_LE(y, 424);
  }
  EXPECT_LT(svg.size(), 20'000U);
}

// Refunds of more than came in, as an import may hold them.
TEST(ChartTest, FiguresBelowNothingStayInThePicture) {
  const std::vector<CurvePoint> points = {{at("2026-05-01T10:00:00Z"), 12}, {at("2026-05-02T10:00:00Z"), -33}};
  const std::string svg = sales_curve_svg(points, labels()).value();
  EXPECT_TRUE(well_formed(svg));
  EXPECT_NE(svg.find(">-40<"), std::string::npos) << svg;
  for (const double y : heights(svg)) {
    EXPECT_GE(y, 100);
    EXPECT_LE(y, 424);
  }
}

TEST(ChartTest, NothingInATextEndsIt) {
  EXPECT_EQ(xml_escape("<a href=\"x\">'&'</a>\x01\t\n\x1f"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\t\n");
  CurveLabels hostile = labels();
  hostile.title = "\"/><script>alert('x')</script>";
  const std::string svg = sales_curve_svg(a_month(), hostile).value();
  EXPECT_TRUE(well_formed(svg));
  EXPECT_EQ(svg.find("<script"), std::string::npos);
}

TEST(ChartTest, BadInputIsRefused) {
  const std::vector<CurvePoint> backwards = {{10, 1}, {5, 2}};
  EXPECT_FALSE(sales_curve_svg(backwards, labels()));
  CurveLabels nowhere = labels();
  nowhere.zone = "Nowhere/City";
  EXPECT_FALSE(sales_curve_svg(a_month(), nowhere));
  const std::vector<CurvePoint> beyond = {{INT64_MIN, 1}, {INT64_MAX, 2}};
  EXPECT_FALSE(sales_curve_svg(beyond, labels()));
  CurveLabels scale = labels();
  for (const int digits : {19, 5, -1}) {
    scale.value_scale = digits;
    EXPECT_FALSE(sales_curve_svg(a_month(), scale));
  }
  for (const std::int64_t value : {INT64_MIN, INT64_MAX}) {
    const std::vector<CurvePoint> too_large = {{at("2026-05-01T10:00:00Z"), value}};
    EXPECT_FALSE(sales_curve_svg(too_large, labels()));
  }
}

}  // namespace
}  // namespace eventcore::rules::pure
