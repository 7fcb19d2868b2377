// What an event has sold: the report and the curve agree with the rows.
#include "sale.hpp"

namespace eventcore::test {

using policy::Role;

class ReportTest : public SaleTest {};

TEST_F(ReportTest, TheReportCountsWhatWasSoldTakenAndLetIn) {
  const Uuid vip = add_category(event_, 5, {{"base_price", "50.00"}, {"name", "VIP"}});
  sell(category_, 3, "30.00");
  const Json sold = sell(vip, 1, "50.00");
  const Json waiting = place(category_, 1, {{"customer", {{"email", "carl@example.org"}}}});
  confirm(waiting, {{"reference", "a"}});
  confirm(waiting, {{"reference", "b"}});
  place(category_, 2, {{"customer", {{"email", "dora@example.org"}}}});
  clock_.set(parse_rfc3339("2026-12-01T17:00:00Z").assume_value());
  scan({{"code", sold["tickets"][0]["qr_code_data"]}});
  const Json report = accepted(call(as_user(Role::manager), "event_report", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(report["orders"], 3);
  EXPECT_EQ(report["orders_by_state"], (Json{{"paid", 3}, {"pending", 1}}));
  EXPECT_EQ(report["tickets"], 5);
  EXPECT_EQ(report["checked_in"], 1);
  EXPECT_EQ(report["revenue"], (Json{{"USD", "100.00"}}));  // the second payment is money, its refund only due
  EXPECT_EQ(report["refunds_due"], (Json{{"USD", "10.00"}}));
  EXPECT_EQ(report["refunds"], Json::object());
  EXPECT_EQ(report["discounts"], (Json{{"USD", "0.00"}}));
  ASSERT_EQ(report["by_category"].size(), 2U);
  EXPECT_EQ(report["by_category"][1]["name"], "VIP");
  EXPECT_EQ(report["by_category"][1]["checked_in"], 1);
  EXPECT_EQ(report["by_category"][1]["revenue"], "50.00");
  EXPECT_EQ(report["by_category"][0]["available"], 4);
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::member), "event_report", {{"event_id", to_text(event_)}}));
  EC_EXPECT_REFUSED("command_denied", call(as_anon(), "event_report", {{"event_id", to_text(event_)}}));
}

TEST_F(ReportTest, AnEventWithoutSalesReportsNothing) {
  const Json report = accepted(call(as_service(), "event_report", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(report["orders"], 0);
  EXPECT_EQ(report["revenue"], Json::object());
  const Json curve = accepted(call(as_service(), "sales_curve", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(curve["points"], Json::object());
  EXPECT_NE(curve["svg"].get<std::string>().find("<svg"), std::string::npos);
}

TEST_F(ReportTest, TheCurveHasAPointPerLocalHourOrDay) {
  set(tables::events, event_, {{"timezone", "Europe/Berlin"}});
  clock_.set(parse_rfc3339("2026-10-01T21:30:00Z").assume_value());  // 23:30 in Berlin
  sell(category_, 2, "20.00");
  clock_.advance(hour_us);  // the next day there
  sell(category_, 1, "10.00");
  const Json days = accepted(call(as_service(), "sales_curve", {{"event_id", to_text(event_)}, {"svg", false}}));
  EXPECT_FALSE(days.contains("svg"));
  EXPECT_EQ(days["points"]["USD"],
            (Json::array({{{"time", "2026-09-30T22:00:00Z"}, {"tickets", 2}, {"revenue", "20.00"}},
                          {{"time", "2026-10-01T22:00:00Z"}, {"tickets", 1}, {"revenue", "10.00"}}})));
  const Json hours = accepted(call(as_service(), "sales_curve", {{"event_id", to_text(event_)}, {"step", "hour"}}));
  EXPECT_EQ(hours["points"]["USD"][0]["time"], "2026-10-01T21:00:00Z");
}

}  // namespace eventcore::test
