// Clocks that go back, jump ahead, change to summer time and back, and pass 2038 and 2106: nothing that was answered is
// lost, nobody gets in twice, numbers and ids keep their order, and what depends on time follows the clock of the call.
#include <algorithm>
#include <random>
#include <set>

#include "api/engine_fixture.hpp"
#include "api/signed_token.hpp"
#include "base/time.hpp"

namespace eventcore::test {
namespace {

constexpr Micros second_us = 1'000'000;
constexpr Micros minute_us = 60 * second_us;
constexpr Micros hour_us = 60 * minute_us;
const std::string secret = "0123456789abcdef0123456789abcdef";

Micros at(std::string_view rfc3339) {
  return parse_rfc3339(rfc3339).assume_value();
}
Micros in_berlin(std::string_view local) {
  return parse_time_in_zone(local, "Europe/Berlin").assume_value();
}

class ClocksTest : public EngineTest {
 protected:
  policy::JwtConfig jwt() const override {
    policy::JwtConfig jwt;
    jwt.algorithm = policy::JwtAlgorithm::hs256;
    jwt.key = SecretBytes::copy_of(as_bytes(secret));
    return jwt;
  }

  void set_clock(Micros now) { ASSERT_TRUE(core_->set_clock(now)); }
  void reopen(Micros now) {
    engine_.reset();
    core_.reset();
    open();
    set_clock(now);
  }

  // An event that is on sale and admits at any time a test may choose, unless it says otherwise.
  std::string long_event(const Json& more = Json::object()) {
    Json row = {{"is_public", true},
                {"start_datetime", "1971-01-01T00:00:00Z"},
                {"end_datetime", "2300-01-01T00:00:00Z"},
                {"settings", {{"check_in", {{"reentry", true}}}}}};
    row.update(more);
    return new_event(row);
  }
  std::string long_category(const std::string& event, std::int64_t places, const Json& more = Json::object()) {
    const std::string category = new_category(event, places);
    Json row = {{"valid_from", "1971-01-01T00:00:00Z"}, {"valid_until", "2300-01-01T00:00:00Z"}};
    row.update(more);
    accepted(owner().update("ticket_categories", category, row));
    return category;
  }

  Json sale(const std::string& event, const std::string& category, const CallOptions& options = {}) {
    Json order = order_of(event, category, 1);
    order["payment"] = {{"method", "cash"}, {"amount", "10.00"}};
    return accepted(service().call("place_order", order, options));
  }
  std::string scan(const std::string& event, const Json& ticket, const std::string& direction = "in") {
    const Json arguments = {{"event_id", event}, {"code", ticket["qr_code_data"]}, {"direction", direction}};
    return accepted(service().call("check_in", arguments))["outcome"];
  }
  std::string join(const std::string& category, const std::string& email) {
    return id(
        accepted(service().call("join_waitlist", {{"ticket_category_id", category},
                                                  {"quantity", 1},
                                                  {"customer", {{"email", email}, {"name", "Waits"}}}}))["entry"]);
  }
  std::int64_t expired() {
    return accepted(service().call("expire_orders", {{"organization_id", organization_}}))["expired"];
  }
};

// Where clocks are wrong, or right and surprising.
constexpr std::string_view instants[] = {
    "1971-01-02T00:00:00Z",  // a clock that lost its battery
    "2026-09-21T14:13:20Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z",
    "2026-03-29T01:00:00Z", "2038-01-19T03:14:07Z", "2038-01-19T03:14:08Z",
    "2106-02-07T06:28:15Z", "2106-02-07T06:28:16Z", "2200-01-01T00:00:00Z",
};

TEST_F(ClocksTest, WhereverTheClockJumpsNothingAnsweredIsLostAndOrderStays) {
  EC_TRACE_SEED();
  std::mt19937_64 chance(eventcore::testing::seed());
  const std::string event = long_event();
  const std::string category = long_category(event, 10'000);
  std::set<std::string> orders;
  std::string last_id;
  for (int step = 0; step < 150; ++step) {
    const Micros now = at(instants[chance() % std::size(instants)]);
    if (step % 30 == 29) {
      reopen(now);
      last_id.clear();  // a new process knows the clock alone
    }
    set_clock(now);
    const Json sold = sale(event, category);
    const std::string order = id(sold["order"]);
    EXPECT_TRUE(orders.insert(order).second) << "an id came twice";
    EXPECT_LT(last_id, order) << "ids of one process grow, step " << step;
    last_id = order;
    EXPECT_EQ(sold["order"]["created_at"], format_rfc3339(now));
    set_clock(at(instants[chance() % std::size(instants)]));
    EXPECT_EQ(scan(event, sold["tickets"][0]), "admitted");
    set_clock(at(instants[chance() % std::size(instants)]));
    EXPECT_EQ(scan(event, sold["tickets"][0]), "already_used");
  }
  for (const std::string& order : orders) EC_EXPECT_OK(service().get("ticket_orders", order));
  const Json report = accepted(service().call("verify_audit", {{"organization_id", organization_}}));
  EXPECT_TRUE(report["ok"].get<bool>()) << dump(report);
  std::int64_t seq = 0;
  for (Json page = accepted(owner().changes(0)); !page["changes"].empty(); page = accepted(owner().changes(seq)))
    for (const Json& change : page["changes"]) EXPECT_EQ(change["seq"].get<std::int64_t>(), ++seq);
  EXPECT_GT(seq, 450);
}

TEST_F(ClocksTest, WhoWentOutComesBackOnceThoughTheClockWasSetBack) {
  const std::string event = long_event();
  const Json ticket = sale(event, long_category(event, 10))["tickets"][0];
  const Micros now = at("2026-12-01T20:00:00Z");
  set_clock(now);
  EXPECT_EQ(scan(event, ticket), "admitted");
  set_clock(now - hour_us);
  EXPECT_EQ(scan(event, ticket, "out"), "admitted");
  EXPECT_EQ(scan(event, ticket), "admitted") << "he is outside";
  set_clock(now - 2 * hour_us);
  EXPECT_EQ(scan(event, ticket), "already_used") << "a second person with his ticket";
  reopen(now - 3 * hour_us);
  EXPECT_EQ(scan(event, ticket), "already_used");
  const Json undone = accepted(service().call(
      "undo_check_in", {{"organization_id", organization_}, {"ticket_id", ticket["id"]}, {"reason", "wrong person"}}));
  EXPECT_EQ(undone["check_in"]["direction"], "in")
      << "the last movement is taken back, not the one with the latest time";
  EXPECT_EQ(scan(event, ticket), "admitted");
}

TEST_F(ClocksTest, NobodyOvertakesInTheQueueThoughTheClockWasSetBack) {
  const std::string event = new_event({{"is_public", true}});
  const std::string category = new_category(event, 1);
  const Json sold = sale(event, category);
  const std::string first = join(category, "first@example.org");
  reopen(start_us - hour_us);
  const std::string second = join(category, "second@example.org");
  accepted(service().call("cancel_order", {{"order_id", sold["order"]["id"]}, {"reason", "free again"}}));
  accepted(service().call("run_maintenance", Json::object()));
  EXPECT_EQ(accepted(service().get("waitlist_entries", first))["status"], "offered");
  EXPECT_EQ(accepted(service().get("waitlist_entries", second))["status"], "waiting");
}

TEST_F(ClocksTest, AnUnpaidOrderHoldsItsPlacesByTheClockAlone) {
  const std::string event = new_event({{"is_public", true}});
  const std::string category = new_category(event, 1);
  const Json held = accepted(service().call("place_order", order_of(event, category, 1)))["order"];
  const Micros until = at(held["expires_at"].get<std::string>());
  for (const Micros now : {start_us - day_us, start_us, until - 1}) {
    set_clock(now);
    EXPECT_EQ(expired(), 0) << format_rfc3339(now);
    EC_EXPECT_REFUSED("sold_out", service().call("place_order", order_of(event, category, 1)));
  }
  set_clock(until);
  EXPECT_EQ(expired(), 1);
  set_clock(start_us);
  EC_EXPECT_OK(service().call("place_order", order_of(event, category, 1)));
}

TEST_F(ClocksTest, AdmissionWindowsAreInstantsWhenTheNightHasAnHourTwice) {
  const std::string event = long_event({{"timezone", "Europe/Berlin"}});
  // From 02:30 summer time to 02:15 winter time: three quarters of an hour.
  const std::string category =
      long_category(event, 10, {{"valid_from", "2026-10-25T00:30:00Z"}, {"valid_until", "2026-10-25T01:15:00Z"}});
  EXPECT_EQ(in_berlin("2026-10-25T02:30:00"), at("2026-10-25T00:30:00Z")) << "of two the earlier";
  const auto outcome_at = [&](const char* instant) {
    const Json ticket = sale(event, category)["tickets"][0];
    set_clock(at(instant));
    return scan(event, ticket);
  };
  EXPECT_EQ(outcome_at("2026-10-25T00:29:59Z"), "not_yet_valid");
  EXPECT_EQ(outcome_at("2026-10-25T00:45:00Z"), "admitted") << "02:45 on the wall, the first time";
  EXPECT_EQ(outcome_at("2026-10-25T01:15:00Z"), "admitted") << "02:15 on the wall, the second time";
  EXPECT_EQ(outcome_at("2026-10-25T01:15:01Z"), "expired");
}

TEST_F(ClocksTest, ATimeTheClocksSkipIsTheFirstAfterTheGap) {
  const Micros skipped = in_berlin("2026-03-29T02:30:00");
  EXPECT_EQ(skipped, at("2026-03-29T01:00:00Z"));
  const std::string event = long_event({{"timezone", "Europe/Berlin"}});
  const std::string category = long_category(event, 10, {{"valid_from", format_rfc3339(skipped)}});
  const Json ticket = sale(event, category)["tickets"][0];
  set_clock(skipped - 1);
  EXPECT_EQ(scan(event, ticket), "not_yet_valid");
  set_clock(skipped);
  EXPECT_EQ(scan(event, ticket), "admitted");
}

TEST_F(ClocksTest, EverySaleOfALongAndOfAShortDayIsInTheCurve) {
  struct Day {
    const char* midnight;
    int hours;
  };
  for (const Day day : {Day{"2026-10-24T22:00:00Z", 25}, Day{"2027-03-27T23:00:00Z", 23}}) {
    const std::string event = long_event({{"timezone", "Europe/Berlin"}});
    const std::string category = long_category(event, 100);
    const Micros midnight = at(day.midnight);
    for (int hour = 0; hour < day.hours; ++hour) {
      set_clock(midnight + hour * hour_us + 30 * minute_us);
      sale(event, category);
    }
    set_clock(midnight + 40 * hour_us);
    accepted(service().call("run_maintenance", Json::object()));
    const auto curve = [&](const char* step) {
      const Json arguments = {{"event_id", event}, {"step", step}, {"svg", false}};
      return accepted(service().call("sales_curve", arguments))["points"]["USD"];
    };
    const Json days = curve("day");
    ASSERT_EQ(days.size(), 1U) << dump(days);
    EXPECT_EQ(days[0]["tickets"], day.hours);
    EXPECT_EQ(days[0]["time"], format_rfc3339(midnight));
    int sold = 0;
    for (const Json& point : curve("hour")) sold += point["tickets"].get<int>();
    EXPECT_EQ(sold, day.hours);
  }
}

TEST_F(ClocksTest, ATokenIsGoodByTheClockOfEachCall) {
  const std::int64_t expires_s = start_us / second_us + 3'600;
  Caller session = as({{"kind", "jwt"}, {"token", hs256_token({{"sub", owner_}, {"exp", expires_s}}, secret)}});
  const auto may = [&] { return session.count("venues"); };
  EC_EXPECT_OK(may());
  set_clock(expires_s * second_us + 10 * minute_us);
  EC_EXPECT_REFUSED("unauthenticated", may());
  EC_EXPECT_REFUSED("unauthenticated", session.insert("venues", venue("Hall")));
  set_clock(start_us);
  EC_EXPECT_OK(may());
  set_clock(at("2038-01-19T03:14:08Z"));
  EC_EXPECT_REFUSED("unauthenticated", may());
}

TEST_F(ClocksTest, ARepeatedCallGetsItsReplyUntilMaintenanceForgetsItAfterThirtyDays) {
  const std::string event = long_event();
  const std::string category = long_category(event, 10);
  const CallOptions under_key{.idempotency_key = "a-cart-of-the-clocks-1"};
  const Json first = sale(event, category, under_key);
  for (const Micros now : {start_us - 365 * day_us, start_us + 29 * day_us, at("2038-01-19T03:14:08Z")}) {
    set_clock(now);
    EXPECT_EQ(sale(event, category, under_key), first) << format_rfc3339(now);
  }
  set_clock(start_us + 29 * day_us);
  accepted(service().call("run_maintenance", Json::object()));
  EXPECT_EQ(sale(event, category, under_key), first);
  set_clock(start_us + 31 * day_us);
  accepted(service().call("run_maintenance", Json::object()));
  EXPECT_NE(sale(event, category, under_key), first);
}

TEST_F(ClocksTest, SalesAndScansGoOnThrough2038And2106) {
  for (const char* edge : {"2038-01-19T03:14:08Z", "2106-02-07T06:28:16Z"}) {
    const Micros then = at(edge);
    const std::string event = new_event({{"is_public", true},
                                         {"timezone", "Europe/Berlin"},
                                         {"start_datetime", format_rfc3339(then)},
                                         {"end_datetime", format_rfc3339(then + 5 * hour_us)}});
    const std::string category = new_category(event, 10);
    set_clock(then - second_us);
    const Json ticket = sale(event, category)["tickets"][0];
    const Json held = accepted(service().call("place_order", order_of(event, category, 1)))["order"];
    EXPECT_EQ(held["expires_at"], format_rfc3339(then - second_us + 15 * minute_us));
    EXPECT_EQ(scan(event, ticket), "admitted");
    set_clock(then + second_us);
    EXPECT_EQ(scan(event, ticket), "already_used");
    EXPECT_EQ(accepted(service().get("tickets", id(ticket)))["check_in_time"], format_rfc3339(then - second_us));
    set_clock(then + 20 * minute_us);
    EXPECT_EQ(expired(), 1);
  }
  EXPECT_EQ(in_berlin("2106-07-01T12:00:00"), at("2106-07-01T10:00:00Z")) << "summer time goes on";
}

}  // namespace
}  // namespace eventcore::test
