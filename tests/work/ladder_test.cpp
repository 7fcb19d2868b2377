// The order of checks in a write: each refusal wins over every later one. Requests below are wrong in as many ways as
// they can be; each step takes the foremost fault away.
#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

constexpr const char* nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";

class LadderTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    taken_ = new_event({{"slug", "taken"}, {"is_public", false}, {"status", "planning"}});
    event_ = new_event({{"slug", "mine"}, {"is_public", false}, {"status", "planning"}});
    director_ = new_user("member");
    assign(event_, director_, "technical_director");
  }
  // Runs a write that must be refused and leave nothing behind.
  template <class Write>
  void refused(const char* error, const Write& write) {
    SCOPED_TRACE(error);
    const Written before = written();
    EC_EXPECT_REFUSED(error, write());
    EXPECT_EQ(written(), before);
  }
  std::string taken_;
  std::string event_;
  std::string director_;
};

TEST_F(LadderTest, AnInsertIsCheckedInOrder) {
  Json row = {{"name", "New"},
              {"venue_id", nowhere},
              {"status", "active"},
              {"slug", "taken"},
              {"start_datetime", "2026-12-01T18:00:00Z"},
              {"end_datetime", "2026-12-01T18:00:00Z"},
              {"timezone", "Mars/Olympus"},
              {"castle", 1}};
  refused("invalid_argument", [&] { return anon().insert("events", row); });
  row.erase("castle");
  refused("unauthenticated", [&] { return user(nowhere).insert("events", row); });
  const std::string manager = new_user("manager");
  refused("policy_denied", [&] { return user(manager).insert("events", row); });
  Caller caller = user(new_user("admin"));
  refused("reference_not_found", [&] { return caller.insert("events", row); });
  row.erase("venue_id");
  refused("invalid_transition", [&] { return caller.insert("events", row); });
  row.erase("status");
  refused("invariant_violated", [&] { return caller.insert("events", row); });
  row.erase("timezone");
  row["slug"] = "free";
  refused("invariant_violated", [&] { return caller.insert("events", row); });  // the CHECK of the times
  row["end_datetime"] = "2026-12-01T23:00:00Z";
  row["slug"] = "taken";
  refused("already_exists", [&] { return caller.insert("events", row); });
  row["slug"] = "free";
  EC_EXPECT_OK(caller.insert("events", row));
}

TEST_F(LadderTest, AnUpdateIsCheckedInOrder) {
  Json changes = {
      {"venue_id", nowhere}, {"status", "completed"}, {"slug", "taken"}, {"timezone", "Mars/Olympus"}, {"version", 7}};
  RecordOptions stale;
  stale.if_version = 9;
  refused("invalid_argument", [&] { return anon().update("events", event_, changes, stale); });
  changes.erase("version");
  refused("unauthenticated", [&] { return user(nowhere).update("events", event_, changes, stale); });
  refused("not_found", [&] { return anon().update("events", event_, changes, stale); });
  const std::string guest = new_user("guest");
  refused("not_found", [&] { return user(guest).update("events", event_, changes, stale); });
  refused("policy_denied", [&] { return user(director_).update("events", event_, changes, stale); });
  Caller caller = user(new_user("admin"));
  refused("version_conflict", [&] { return caller.update("events", event_, changes, stale); });
  refused("reference_not_found", [&] { return caller.update("events", event_, changes); });
  changes.erase("venue_id");
  refused("invalid_transition", [&] { return caller.update("events", event_, changes); });
  changes.erase("status");
  refused("invariant_violated", [&] { return caller.update("events", event_, changes); });
  changes.erase("timezone");
  refused("already_exists", [&] { return caller.update("events", event_, changes); });
  changes["slug"] = "free";
  EXPECT_EQ(accepted(caller.update("events", event_, changes))["version"], 2);
}

TEST_F(LadderTest, ADeleteIsCheckedInOrder) {
  const std::string category = new_category(event_, 10);
  EC_EXPECT_OK(owner().update("events", event_, {{"status", "confirmed"}}));
  Json order = order_of(event_, category, 1);
  order["payment"] = {{"method", "cash"}, {"amount", "10.00"}};
  EC_EXPECT_OK(owner().call("place_order", order));
  RecordOptions stale;
  stale.if_version = 9;
  refused("unauthenticated", [&] { return user(nowhere).remove("events", event_, stale); });
  refused("not_found", [&] { return anon().remove("events", event_, stale); });
  refused("policy_denied", [&] { return user(director_).remove("events", event_, stale); });
  refused("version_conflict", [&] { return owner().remove("events", event_, stale); });
  refused("has_sales", [&] { return owner().remove("events", event_); });
  refused("has_sales", [&] { return owner().remove("ticket_categories", category); });
}

TEST_F(LadderTest, TablesOfTheEngineAreClosedToEverybody) {
  refused("engine_only", [&] { return owner().remove("audit_logs", nowhere); });
  refused("engine_only", [&] { return owner().remove("tickets", nowhere); });
  refused("engine_only", [&] { return service().remove("tickets", nowhere); });
  refused("engine_only", [&] { return service().remove("api_keys", nowhere); });
  refused("engine_only", [&] { return owner().update("ticket_orders", nowhere, {{"customer_name", "X"}}); });
  refused("engine_only", [&] { return service().update("ticket_orders", nowhere, {{"customer_name", "X"}}); });
}

TEST_F(LadderTest, ColumnsOutOfReachAreNamedTogether) {
  const Json changes = {{"phone", "1"}, {"role", "admin"}, {"is_active", true}, {"email", "new@example.org"}};
  const auto denied = user(director_).update("users", director_, changes);
  EC_EXPECT_REFUSED("column_denied", denied);
  EXPECT_EQ(denied.error().detail().fields.size(), 3U) << denied.error().to_json();
  EC_EXPECT_OK(user(director_).update("users", director_, {{"phone", "1"}}));
}

TEST_F(LadderTest, ARowMayNotLeaveTheWritersOwnSight) {
  const std::string seller = new_user("member");
  const Json prospect =
      accepted(owner().insert("sponsor_prospects", {{"company_name", "Lighthouse"}, {"assigned_to", seller}}));
  refused("policy_denied", [&] {
    return user(seller).update("sponsor_prospects", id(prospect), {{"assigned_to", owner_}});
  });
  refused("policy_denied",  // before the reference is looked at
          [&] {
            return user(seller).update("sponsor_prospects", id(prospect), {{"assigned_to", nowhere}});
          });
  EC_EXPECT_OK(user(seller).update("sponsor_prospects", id(prospect), {{"company_name", "Lighthouse Ltd"}}));
}

TEST_F(LadderTest, AReferenceThatCannotBeSeenAnswersLikeAnAbsentOne) {
  const std::string other = new_organization("Second", "second");
  const Json there = accepted(user(last_owner_).insert("venues", venue("There")));
  const auto foreign = owner().update("events", event_, {{"venue_id", id(there)}});
  const auto absent = owner().update("events", event_, {{"venue_id", nowhere}});
  EC_EXPECT_REFUSED("reference_not_found", foreign);
  EXPECT_EQ(foreign.error().to_json(), absent.error().to_json());
}

TEST_F(LadderTest, AnUpdateThatChangesNothingWritesNothing) {
  const std::string hall = new_venue("Hall");
  const Written before = written();
  ASSERT_TRUE(core_->set_clock(start_us + day_us).has_value());
  const Json same = accepted(owner().update("venues", hall, {{"name", "Hall"}, {"max_capacity", 100}}));
  EXPECT_EQ(same["version"], 1);
  EXPECT_EQ(same["updated_at"], same["created_at"]);
  EXPECT_EQ(accepted(owner().update("venues", hall, Json::object()))["version"], 1);
  EXPECT_EQ(written(), before);
}

TEST_F(LadderTest, VersionsAndTimesCountWrites) {
  const std::string hall = new_venue("Hall");
  for (int version = 2; version < 6; ++version) {
    ASSERT_TRUE(core_->set_clock(start_us + version * 1'000'000).has_value());
    const Json row = accepted(owner().update("venues", hall, {{"max_capacity", 100 + version}}));
    EXPECT_EQ(row["version"], version);
    EXPECT_EQ(row["created_at"], "2026-09-21T14:13:20Z");
    EXPECT_EQ(row["updated_at"], "2026-09-21T14:13:2" + std::to_string(version) + "Z");
  }
}

TEST_F(LadderTest, TheCreatorIsTheCallersUser) {
  EXPECT_EQ(
      accepted(owner().get(
          "events", id(accepted(owner().insert("events", {{"name", "Own"},
                                                          {"start_datetime", "2026-12-01T18:00:00Z"},
                                                          {"end_datetime", "2026-12-01T23:00:00Z"}})))))["created_by"],
      owner_);
  EXPECT_TRUE(accepted(owner().get("events", event_))["created_by"].is_null());
  refused("invalid_argument", [&] {
    return owner().insert("events", {{"name", "Other"},
                                     {"start_datetime", "2026-12-01T18:00:00Z"},
                                     {"end_datetime", "2026-12-01T23:00:00Z"},
                                     {"created_by", director_}});
  });
  EXPECT_EQ(accepted(owner().get("events", new_event({{"created_by", director_}})))["created_by"], director_);
}

}  // namespace
}  // namespace eventcore::test
