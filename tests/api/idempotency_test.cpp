// A mutating call under an idempotency key happens once; the same request again gets the reply it got.
#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

const std::string key = "import-2026-09-21-0001";  // 22 characters

class IdempotencyTest : public EngineTest {
 protected:
  static RecordOptions under(std::string_view k) {
    RecordOptions options;
    options.idempotency_key = k;
    return options;
  }
  static CallOptions command_under(std::string_view k) { return {.idempotency_key = k, .timeout_us = 0}; }
};

TEST_F(IdempotencyTest, AReplayReturnsTheStoredReplyByteForByte) {
  Caller caller = owner();
  const auto first = caller.session().insert("venues", dump(venue("Hall")), under(key));
  ASSERT_TRUE(succeeded(first));
  const std::string id_text = id(parse_json(first.assume_value()).assume_value());
  EC_EXPECT_OK(caller.update("venues", id_text, {{"name", "Renamed since"}}));
  const Written before = written();
  const auto again = caller.session().insert("venues", dump(venue("Hall")), under(key));
  ASSERT_TRUE(succeeded(again));
  EXPECT_EQ(first.assume_value(), again.assume_value());
  EXPECT_EQ(written(), before);
}

TEST_F(IdempotencyTest, ACommandReplaysByteForByteToo) {
  const std::string event = new_event({{"is_public", true}});
  const std::string order = dump(order_of(event, new_category(event, 10), 2));
  Caller caller = anon();
  const auto first = caller.session().call("place_order", order, command_under(key));
  const auto again = caller.session().call("place_order", order, command_under(key));
  ASSERT_TRUE(succeeded(first));
  ASSERT_TRUE(succeeded(again));
  EXPECT_EQ(first.assume_value(), again.assume_value());
  EXPECT_EQ(service().count("ticket_orders", {{"organization_id", organization_}}).assume_value(), 1);
}

TEST_F(IdempotencyTest, DefaultsSpelledOutAreTheSameRequest) {
  Caller caller = owner();
  const auto first =
      caller.session().call("invite_user", R"({"email":"a@example.org","full_name":"A"})", command_under(key));
  const auto again = caller.session().call(
      "invite_user", R"({"full_name":"A","email":"a@example.org","role":"member"})", command_under(key));
  ASSERT_TRUE(succeeded(first));
  ASSERT_TRUE(succeeded(again));
  EXPECT_EQ(first.assume_value(), again.assume_value());
}

TEST_F(IdempotencyTest, AnotherRequestUnderTheKeyIsRefused) {
  Caller caller = owner();
  const Json hall = accepted(caller.insert("venues", venue("Hall"), under(key)));
  EC_EXPECT_REFUSED("idempotency_mismatch", caller.insert("venues", venue("Other"), under(key)));
  EC_EXPECT_REFUSED("idempotency_mismatch", caller.update("venues", id(hall), {{"name", "New"}}, under(key)));
  EC_EXPECT_REFUSED("idempotency_mismatch",
                    caller.call("invite_user", {{"email", "b@example.org"}, {"full_name", "B"}}, command_under(key)));
}

TEST_F(IdempotencyTest, KeysOfDifferentPrincipalsAndTenantsDoNotMeet) {
  const std::string admin = new_user("admin");
  const Json mine = accepted(owner().insert("venues", venue("Hall"), under(key)));
  const Json his = accepted(user(admin).insert("venues", venue("Hall"), under(key)));
  EXPECT_NE(id(mine), id(his));
  const std::string other = new_organization("Second", "second");
  const Json elsewhere = accepted(user(last_owner_).insert("venues", venue("Hall"), under(key)));
  EXPECT_EQ(elsewhere["organization_id"], other);
}

TEST_F(IdempotencyTest, FailuresAreNotStored) {
  Caller caller = owner();
  const std::string event = new_event();
  const std::string category = new_category(event, 1);
  EC_EXPECT_REFUSED("sold_out", caller.call("place_order", order_of(event, category, 2), command_under(key)));
  EC_EXPECT_OK(caller.update("ticket_categories", category, {{"total_quantity", 5}}));
  EC_EXPECT_OK(caller.call("place_order", order_of(event, category, 2), command_under(key)));
}

TEST_F(IdempotencyTest, KeysHaveSixteenToTwoHundredFiftyFiveVisibleCharacters) {
  Caller caller = owner();
  const std::string bad[] = {std::string(15, 'k'), std::string(256, 'k'),     "has a blank in it",
                             "has\ta tab in it..", "has an \xc3\xa4 in it..", std::string(20, '\x7f')};
  for (const std::string& k : bad) {
    EC_EXPECT_REFUSED("invalid_idempotency_key", caller.insert("venues", venue("Hall"), under(k)));
  }
  EC_EXPECT_OK(caller.insert("venues", venue("Hall"), under(std::string(16, 'k'))));
  EC_EXPECT_OK(caller.insert("venues", venue("Hall"), under(std::string(255, 'k'))));
}

TEST_F(IdempotencyTest, AnAnonymousKeyHasTwentyTwoCharacters) {
  const std::string event = new_event({{"is_public", true}});
  const Json order = order_of(event, new_category(event, 10), 1);
  EC_EXPECT_REFUSED("invalid_idempotency_key", anon().call("place_order", order, command_under(std::string(21, 'k'))));
  EC_EXPECT_OK(anon().call("place_order", order, command_under(std::string(22, 'k'))));
}

TEST_F(IdempotencyTest, AReplayAfterLosingTheRightIsRefused) {
  const std::string manager = new_user("manager");
  Caller caller = user(manager);
  EC_EXPECT_OK(caller.insert("venues", venue("Hall"), under(key)));
  EC_EXPECT_OK(owner().update("users", manager, {{"role", "member"}}));  // still sees venues, may not make any
  EC_EXPECT_REFUSED("policy_denied", caller.insert("venues", venue("Hall"), under(key)));
  EC_EXPECT_OK(owner().update("users", manager, {{"is_active", false}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.insert("venues", venue("Hall"), under(key)));
}

TEST_F(IdempotencyTest, ACommandReplayAfterLosingTheRightIsRefused) {
  const std::string event = new_event({{"is_public", false}});
  const std::string category = new_category(event, 10);
  const std::string member = new_user("member");
  assign(event, member, "operations_manager");
  Caller caller = user(member);
  EC_EXPECT_OK(caller.call("place_order", order_of(event, category, 1), command_under(key)));
  const Json assignment = accepted(owner().list("team_assignments", {{"where", {{"user_id", member}}}}))["rows"][0];
  EC_EXPECT_OK(owner().update("team_assignments", id(assignment), {{"assignment_status", "cancelled"}}));
  EC_EXPECT_REFUSED("command_denied", caller.call("place_order", order_of(event, category, 1), command_under(key)));
  const std::string admin = new_user("admin");
  Caller inviting = user(admin);
  const Json invitation = {{"email", "c@example.org"}, {"full_name", "C"}};
  EC_EXPECT_OK(inviting.call("invite_user", invitation, command_under(key)));
  EC_EXPECT_OK(owner().update("users", admin, {{"role", "manager"}}));
  EC_EXPECT_REFUSED("command_denied", inviting.call("invite_user", invitation, command_under(key)));
}

// A public event is open to buyers; who sold for its organizer needs the counter, for the replay too.
TEST_F(IdempotencyTest, WhoLeftTheCounterGetsNoOrderOfAPublicEventAgain) {
  const std::string event = new_event({{"is_public", true}});
  const std::string category = new_category(event, 10);
  const std::string full = new_category(event, 1);
  EC_EXPECT_OK(owner().call("place_order", order_of(event, full, 1)));
  const std::string member = new_user("member");
  assign(event, member, "operations_manager");
  Caller caller = user(member);
  const Json wish = {
      {"ticket_category_id", full}, {"quantity", 1}, {"customer", {{"email", "w@example.org"}, {"name", "W"}}}};
  EC_EXPECT_OK(caller.call("place_order", order_of(event, category, 1), command_under(key)));
  EC_EXPECT_OK(caller.call("join_waitlist", wish, command_under("w" + key)));
  EC_EXPECT_OK(caller.call("place_order", order_of(event, category, 1), command_under(key)));
  const Json assignment = accepted(owner().list("team_assignments", {{"where", {{"user_id", member}}}}))["rows"][0];
  EC_EXPECT_OK(owner().update("team_assignments", id(assignment), {{"assignment_status", "cancelled"}}));
  EC_EXPECT_REFUSED("command_denied", caller.call("place_order", order_of(event, category, 1), command_under(key)));
  EC_EXPECT_REFUSED("command_denied", caller.call("place_order", order_of(event, category, 1)));
  EC_EXPECT_REFUSED("command_denied", caller.call("join_waitlist", wish, command_under("w" + key)));
}

TEST_F(IdempotencyTest, ADeleteReplaysAsItWent) {
  const std::string hall = new_venue("Hall");
  Caller caller = owner();
  EC_EXPECT_OK(caller.remove("venues", hall, under(key)));
  EC_EXPECT_OK(caller.remove("venues", hall, under(key)));
  EC_EXPECT_REFUSED("not_found", caller.remove("venues", hall));
}

TEST_F(IdempotencyTest, AnUpdateUnderAKeyHappensOnce) {
  const std::string hall = new_venue("Hall");
  Caller caller = owner();
  const Json first = accepted(caller.update("venues", hall, {{"name", "Big hall"}}, under(key)));
  EC_EXPECT_OK(caller.update("venues", hall, {{"name", "Small hall"}}));
  EXPECT_EQ(accepted(caller.update("venues", hall, {{"name", "Big hall"}}, under(key))), first);
  EXPECT_EQ(accepted(caller.get("venues", hall))["name"], "Small hall");
}

TEST_F(IdempotencyTest, ManyAtOnceReplayAsOne) {
  Caller caller = owner();
  const Json rows = Json::array({venue("One"), venue("Two")});
  const Json first = accepted(caller.insert_many("venues", rows, under(key)));
  EXPECT_EQ(accepted(caller.insert_many("venues", rows, under(key))), first);
  EXPECT_EQ(caller.count("venues").assume_value(), 2);
}

TEST_F(IdempotencyTest, AReplayOfManyAsksForTheRightToEachOfThem) {
  const std::string mine = new_event({{"is_public", false}});
  const std::string later = new_event(
      {{"is_public", false}, {"start_datetime", "2027-03-01T09:00:00Z"}, {"end_datetime", "2027-03-02T18:00:00Z"}});
  const std::string member = new_user("member");
  assign(mine, member, "operations_manager");
  assign(later, member, "operations_manager");
  Caller caller = user(member);
  const Json orders = Json::array({Json::array({"place_order", order_of(mine, new_category(mine, 10), 1)}),
                                   Json::array({"place_order", order_of(later, new_category(later, 10), 1)})});
  const Json first = accepted(caller.call_many(orders, command_under(key)));
  EXPECT_EQ(accepted(caller.call_many(orders, command_under(key))), first);
  const Json assignments =
      accepted(owner().list("team_assignments", {{"where", {{"user_id", member}, {"event_id", mine}}}}))["rows"];
  EC_EXPECT_OK(owner().update("team_assignments", id(assignments[0]), {{"assignment_status", "cancelled"}}));
  EC_EXPECT_REFUSED("command_denied", caller.call_many(orders, command_under(key)));
}

TEST_F(IdempotencyTest, AReplayOfManyRowsAsksForTheRightToEachOfThem) {
  const std::string manager = new_user("manager");
  Caller caller = user(manager);
  const Json rows = Json::array({venue("One"), venue("Two")});
  const Json first = accepted(caller.insert_many("venues", rows, under(key)));
  EC_EXPECT_OK(owner().remove("venues", id(first[0])));
  EC_EXPECT_REFUSED("not_found", caller.insert_many("venues", rows, under(key)));
}

TEST_F(IdempotencyTest, MaintenanceUnderAKeySweepsOnce) {
  const std::string event = new_event({{"is_public", true}});
  const std::string category = new_category(event, 10);
  EC_EXPECT_OK(anon().call("place_order", order_of(event, category, 1)));
  ASSERT_TRUE(core_->set_clock(start_us + day_us).has_value());
  Caller caller = service();
  const Json first = accepted(caller.call("run_maintenance", Json::object(), command_under(key)));
  EXPECT_EQ(first["expired_orders"], 1);
  const Written before = written();
  EXPECT_EQ(accepted(caller.call("run_maintenance", Json::object(), command_under(key))), first);
  EXPECT_EQ(written(), before);
  EC_EXPECT_REFUSED("idempotency_mismatch", caller.call("run_maintenance", {{"limit", 7}}, command_under(key)));
  EXPECT_EQ(accepted(caller.call("run_maintenance", Json::object()))["expired_orders"], 0);
}

TEST_F(IdempotencyTest, ReadsAndSweepsRefuseABadKeyToo) {
  Caller caller = service();
  for (const char* command : {"run_maintenance", "verify_store"}) {
    EC_EXPECT_REFUSED("invalid_idempotency_key", caller.call(command, Json::object(), command_under("short")));
  }
  EC_EXPECT_REFUSED("invalid_idempotency_key", owner().call("verify_audit", Json::object(), command_under("short")));
}

TEST_F(IdempotencyTest, RepliesAreForgottenAfterThirtyDays) {
  Caller caller = owner();
  const Json first = accepted(caller.insert("venues", venue("Hall"), under(key)));
  ASSERT_TRUE(core_->set_clock(start_us + 29 * day_us).has_value());
  EC_EXPECT_OK(service().call("run_maintenance", Json::object()));
  EXPECT_EQ(accepted(caller.insert("venues", venue("Hall"), under(key))), first);
  ASSERT_TRUE(core_->set_clock(start_us + 31 * day_us).has_value());
  EC_EXPECT_OK(service().call("run_maintenance", Json::object()));
  EXPECT_NE(id(accepted(caller.insert("venues", venue("Hall"), under(key)))), id(first));
}

TEST_F(IdempotencyTest, TheKeySurvivesReopening) {
  const Json first = accepted(owner().insert("venues", venue("Hall"), under(key)));
  ASSERT_TRUE(engine_->close().has_value());
  open();
  EXPECT_EQ(accepted(owner().insert("venues", venue("Hall"), under(key))), first);
}

}  // namespace
}  // namespace eventcore::test
