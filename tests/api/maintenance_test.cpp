// run_maintenance from outside: each piece does as many rows as it was asked to, says that more is left, and is done
// when it was called often enough; a second run finds nothing.
#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class MaintenanceTest : public EngineTest {
 protected:
  Json run(std::int64_t limit) {
    return accepted(service().call("run_maintenance", {{"organization_id", organization_}, {"limit", limit}}));
  }
  std::int64_t stored(const std::string& table, const std::string& status) {
    return owner().count(table, {{"where", {{"status", status}}}}).assume_value();
  }
};

TEST_F(MaintenanceTest, MilestonesBecomeOverdueAsManyAsAskedAtATime) {
  const std::string event = new_event();
  for (const char* title : {"Book the hall", "Print the posters", "Hire the band"})
    EC_EXPECT_OK(owner().insert("event_milestones",
                                {{"event_id", event}, {"title", title}, {"due_date", "2026-10-01T12:00:00Z"}}));
  EC_EXPECT_OK(owner().insert(
      "event_milestones", {{"event_id", event}, {"title", "Open the doors"}, {"due_date", "2026-12-01T17:00:00Z"}}));
  EXPECT_EQ(run(2)["overdue_milestones"], 0);
  ASSERT_TRUE(core_->set_clock(start_us + 30 * day_us));
  const Json first = run(2);
  EXPECT_EQ(first["overdue_milestones"], 2);
  EXPECT_EQ(first["more"], true);
  EXPECT_EQ(stored("event_milestones", "overdue"), 3) << "one that is not marked yet is shown as overdue all the same";
  const Json second = run(2);
  EXPECT_EQ(second["overdue_milestones"], 1);
  EXPECT_EQ(second["more"], false);
  EXPECT_EQ(run(2)["overdue_milestones"], 0);
  EXPECT_EQ(stored("event_milestones", "pending"), 1);
}

TEST_F(MaintenanceTest, WhoWaitsForACancelledEventIsSentAwaySliceBySlice) {
  std::vector<std::string> events;
  for (int i = 0; i < 2; ++i) {
    const std::string event = new_event({{"is_public", true}});
    const std::string category = new_category(event, 2);
    for (int sold = 0; sold < 2; ++sold) EC_EXPECT_OK(owner().call("place_order", order_of(event, category, 1)));
    for (const char* email : {"a@example.org", "b@example.org", "c@example.org"})
      EC_EXPECT_OK(owner().call("join_waitlist", {{"ticket_category_id", category}, {"customer", {{"email", email}}}}));
    events.push_back(event);
  }
  for (const std::string& event : events) {
    const Json cancelled = accepted(owner().call("cancel_event", {{"event_id", event}, {"limit", 1}}));
    EXPECT_EQ(cancelled["more"], true);
  }
  EXPECT_EQ(owner().count("ticket_orders", {{"where", {{"order_status", "active"}}}}).assume_value(), 2);
  std::int64_t orders = 0;
  int runs = 0;
  for (bool more = true; more && runs < 20; ++runs) {
    const Json done = run(1);
    orders += done["called_off_orders"].get<std::int64_t>();
    more = done["more"].get<bool>();
  }
  EXPECT_EQ(orders, 2);
  EXPECT_EQ(stored("waitlist_entries", "withdrawn"), 6) << runs;
  EXPECT_EQ(owner().count("ticket_orders", {{"where", {{"order_status", "active"}}}}).assume_value(), 0);
  EXPECT_GT(runs, 3);
  EXPECT_LT(runs, 20);
}

TEST_F(MaintenanceTest, OneTenantsRunLeavesTheOthersAlone) {
  const std::string other = new_organization("Other House", "other");
  const std::string others_owner = last_owner_;
  for (const auto& [who, organization] : {std::pair(owner_, organization_), std::pair(others_owner, other)}) {
    const std::string event = new_event({{"organization_id", organization}});
    EC_EXPECT_OK(user(who).insert("event_milestones",
                                  {{"event_id", event}, {"title", "Late"}, {"due_date", "2026-09-22T12:00:00Z"}}));
  }
  ASSERT_TRUE(core_->set_clock(start_us + 2 * day_us));
  EXPECT_EQ(run(10)["overdue_milestones"], 1);
  EXPECT_EQ(accepted(service_of(other).call("run_maintenance", Json::object()))["overdue_milestones"], 1);
  EC_EXPECT_REFUSED("not_found", service_of(other).call("run_maintenance", {{"organization_id", organization_}}));
  EC_EXPECT_REFUSED("command_denied", owner().call("run_maintenance", Json::object()));
}

}  // namespace
}  // namespace eventcore::test
