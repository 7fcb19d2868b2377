// Sessions: who may open one, one call at a time, closing, transactions, many calls at once, calls in flight.
#include <thread>

#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class SessionTest : public EngineTest {
 protected:
  Result<Session> session(const std::string& principal) { return engine_->session(principal); }
};

// ---- principals ---------------------------------------------------------------------------------------------------

TEST_F(SessionTest, MalformedPrincipalsAreRefused) {
  const struct {
    const char* principal;
    const char* error;
  } table[] = {
      {"", "invalid_json"},
      {"{", "invalid_json"},
      {"[]", "invalid_principal"},
      {"\"service\"", "invalid_principal"},
      {"null", "invalid_principal"},
      {"{}", "invalid_principal"},
      {R"({"kind":1})", "invalid_principal"},
      {R"({"kind":"root"})", "invalid_principal"},
      {R"({"kind":"Service","reason":"x"})", "invalid_principal"},
      {R"({"kind":"service"})", "invalid_principal"},
      {R"({"kind":"service","reason":""})", "invalid_principal"},
      {R"({"kind":"service","reason":7})", "invalid_principal"},
      {R"({"kind":"service","reason":"x","organization_id":"house"})", "invalid_principal"},
      {R"({"kind":"service","reason":"x","id":"00000000-0000-7000-8000-000000000000"})", "invalid_principal"},
      {R"({"kind":"user"})", "invalid_principal"},
      {R"({"kind":"user","id":"somebody"})", "invalid_principal"},
      {R"({"kind":"user","id":5})", "invalid_principal"},
      {R"({"kind":"user","id":"00000000-0000-7000-8000-000000000000","role":"owner"})", "invalid_principal"},
      {R"({"kind":"customer"})", "invalid_principal"},
      {R"({"kind":"customer","email":""})", "invalid_principal"},
      {R"({"kind":"customer","email":"nobody"})", "invalid_principal"},
      {R"({"kind":"customer","email":["a@example.org"]})", "invalid_principal"},
      {R"({"kind":"sponsor"})", "invalid_principal"},
      {R"({"kind":"anon","id":"00000000-0000-7000-8000-000000000000"})", "invalid_principal"},
      {R"({"kind":"anon","organization_id":7})", "invalid_principal"},
      {R"({"kind":"device"})", "invalid_principal"},
      {R"({"kind":"device","token":"ec_device_made_up"})", "unauthenticated"},
      {R"({"kind":"anon","kind":"service"})", "invalid_json"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.principal);
    EC_EXPECT_REFUSED(row.error, session(row.principal));
  }
}

TEST_F(SessionTest, EveryWellFormedPrincipalOpensASession) {
  for (const std::string& principal :
       {std::string(R"({"kind":"anon"})"), std::string(R"({"kind":"customer","email":"a@example.org"})"),
        std::string(R"({"kind":"service","reason":"x"})"), R"({"kind":"user","id":")" + owner_ + "\"}"}) {
    EC_EXPECT_OK(session(principal));
  }
}

TEST_F(SessionTest, AnUnknownUserIsUnauthenticatedInEveryCall) {
  Caller nobody = user("01890a5d-ac96-774b-bcce-b302099a8057");
  const std::string event = new_event({{"is_public", true}});
  EC_EXPECT_REFUSED("unauthenticated", nobody.get("events", event));  // public rows included
  EC_EXPECT_REFUSED("unauthenticated", nobody.list("events"));
  EC_EXPECT_REFUSED("unauthenticated", nobody.count("events"));
  EC_EXPECT_REFUSED("unauthenticated", nobody.insert("venues", venue("Hall")));
  EC_EXPECT_REFUSED("unauthenticated", nobody.update("events", event, {{"name", "X"}}));
  EC_EXPECT_REFUSED("unauthenticated", nobody.remove("events", event));
  EC_EXPECT_REFUSED("unauthenticated", nobody.changes(0));
}

TEST_F(SessionTest, ADeactivatedUserLosesAnOpenSession) {
  const std::string member = new_user("member");
  Caller caller = user(member);
  EC_EXPECT_OK(caller.list("events"));
  EC_EXPECT_OK(owner().update("users", member, {{"is_active", false}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.list("events"));
}

// ---- one call at a time -------------------------------------------------------------------------------------------

TEST_F(SessionTest, ASecondThreadIsToldOfConcurrentUse) {
  Caller caller = owner();
  const std::int64_t since = accepted(caller.changes(0))["next"].get<std::int64_t>();
  std::thread waiting([&] {
    Result<Json> found = caller.changes(since, 10, 60'000'000);
    while (!found && found.error().name() == "concurrent_use") found = caller.changes(since, 10, 60'000'000);
    ASSERT_TRUE(succeeded(found));
    EXPECT_EQ(found.assume_value()["changes"].size(), 1U);
  });
  // The first thread is inside its call as soon as the second is refused.
  Result<Json> second = caller.list("venues");
  while (second) {
    std::this_thread::yield();
    second = caller.list("venues");
  }
  EC_EXPECT_REFUSED("concurrent_use", second);
  EC_EXPECT_REFUSED("concurrent_use", caller.insert("venues", venue("Hall")));
  EC_EXPECT_REFUSED("concurrent_use", caller.session().begin());
  EC_EXPECT_REFUSED("concurrent_use", caller.changes(0));
  new_venue("Wakes the subscriber");  // another session
  waiting.join();
  EC_EXPECT_OK(caller.list("venues"));
}

// ---- closing ------------------------------------------------------------------------------------------------------

TEST_F(SessionTest, AClosedSessionAnswersClosed) {
  Caller caller = owner();
  caller.session().close();
  caller.session().close();
  EC_EXPECT_REFUSED("closed", caller.list("venues"));
  EC_EXPECT_REFUSED("closed", caller.get("venues", owner_));
  EC_EXPECT_REFUSED("closed", caller.insert("venues", venue("Hall")));
  EC_EXPECT_REFUSED("closed", caller.remove("venues", owner_));
  EC_EXPECT_REFUSED("closed", caller.call("verify_audit", Json::object()));
  EC_EXPECT_REFUSED("closed", caller.session().submit("invite_user", "{}"));
  EC_EXPECT_REFUSED("closed", caller.session().begin());
  EC_EXPECT_REFUSED("closed", caller.changes(0));
}

TEST_F(SessionTest, AClosedEngineAnswersClosedThroughItsSessions) {
  Caller caller = owner();
  Session& open_transaction = caller.session();
  ASSERT_TRUE(open_transaction.begin().has_value());
  EC_EXPECT_OK(caller.insert("venues", venue("Never kept")));
  EC_EXPECT_OK(engine_->close());
  EC_EXPECT_OK(engine_->close());
  EC_EXPECT_REFUSED("closed", caller.list("venues"));
  EC_EXPECT_REFUSED("closed", caller.insert("venues", venue("Hall")));
  EC_EXPECT_REFUSED("closed", caller.session().commit());
  EC_EXPECT_REFUSED("closed", engine_->session(R"({"kind":"device","token":"ec_device_a_b"})"));
  EC_EXPECT_REFUSED("closed", engine_->add_recovery_code());
  EXPECT_EQ(engine_->stats(), "{}");
  open();
  EXPECT_EQ(owner().count("venues").assume_value(), 0);
}

TEST_F(SessionTest, ClosingASessionRollsItsTransactionBack) {
  Caller caller = owner();
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_OK(caller.insert("venues", venue("Never kept")));
  caller.session().close();
  EXPECT_EQ(owner().count("venues").assume_value(), 0);
  EC_EXPECT_OK(owner().insert("venues", venue("The turn is free again")));
}

// ---- transactions -------------------------------------------------------------------------------------------------

TEST_F(SessionTest, ATransactionSeesItsOwnWritesAndOthersDoNotUntilItCommits) {
  Caller caller = owner();
  Caller other = owner();
  ASSERT_TRUE(caller.session().begin().has_value());
  const Json hall = accepted(caller.insert("venues", venue("Hall")));
  EXPECT_EQ(caller.count("venues").assume_value(), 1);
  EC_EXPECT_OK(caller.get("venues", id(hall)));
  EXPECT_EQ(other.count("venues").assume_value(), 0);
  EC_EXPECT_OK(caller.session().commit());
  EXPECT_EQ(other.count("venues").assume_value(), 1);
}

TEST_F(SessionTest, AFailedCallInsideLeavesTheOthersInPlace) {
  Caller caller = owner();
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_OK(caller.insert("venues", venue("One")));
  EC_EXPECT_REFUSED("invalid_argument", caller.insert("venues", {{"name", "Incomplete"}}));
  EC_EXPECT_REFUSED("reference_not_found", caller.insert("event_tags", {{"event_id", owner_}, {"tag_name", "x"}}));
  EC_EXPECT_REFUSED("already_exists", caller.insert("users", {{"email", "OWNER@example.org"}, {"full_name", "Twin"}}));
  EC_EXPECT_OK(caller.insert("venues", venue("Two")));
  EC_EXPECT_OK(caller.session().commit());
  EXPECT_EQ(owner().count("venues").assume_value(), 2);
}

TEST_F(SessionTest, ARollbackTakesEverythingBack) {
  const Written before = written();
  Caller caller = owner();
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_OK(caller.insert("venues", venue("One")));
  EC_EXPECT_OK(caller.session().rollback());
  EXPECT_EQ(written(), before);
  EXPECT_EQ(caller.count("venues").assume_value(), 0);
}

TEST_F(SessionTest, TransactionsDoNotNestAndEndOnlyOnce) {
  Caller caller = owner();
  EC_EXPECT_REFUSED("no_transaction", caller.session().commit());
  EC_EXPECT_REFUSED("no_transaction", caller.session().rollback());
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_REFUSED("transaction_open", caller.session().begin());
  EC_EXPECT_REFUSED("transaction_open",
                    caller.session().submit("invite_user", R"({"email":"x@example.org","full_name":"X"})"));
  EC_EXPECT_OK(caller.session().commit());
  EC_EXPECT_REFUSED("no_transaction", caller.session().commit());
}

TEST_F(SessionTest, ATransactionWritesForOneTenant) {
  const std::string other = new_organization("Second", "second");
  Caller caller = service();
  ASSERT_TRUE(caller.session().begin().has_value());
  Json here = venue("Here");
  here["organization_id"] = organization_;
  Json there = venue("There");
  there["organization_id"] = other;
  EC_EXPECT_OK(caller.insert("venues", here));
  EC_EXPECT_REFUSED("transaction_tenant", caller.insert("venues", there));
  EC_EXPECT_OK(caller.insert("venues", here));
  EC_EXPECT_OK(caller.session().commit());
  EXPECT_EQ(service().count("venues", {{"organization_id", organization_}}).assume_value(), 2);
  EXPECT_EQ(service().count("venues", {{"organization_id", other}}).assume_value(), 0);
}

TEST_F(SessionTest, SweepsDoNotRunInsideATransaction) {
  Caller caller = service();
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_REFUSED("transaction_open", caller.call("run_maintenance", Json::object()));
  EC_EXPECT_OK(caller.session().rollback());
}

// ---- many in one unit of work -------------------------------------------------------------------------------------

std::string position_of(const Failure& failure) {
  for (const auto& [name, value] : failure.detail().facts)
    if (name == "position") return value;
  return "none";
}

TEST_F(SessionTest, AnEntryOfManyRowsThatFailsNamesItsPositionAndNothingIsWritten) {
  Caller caller = owner();
  const Written before = written();
  Json incomplete = venue("Two");
  incomplete.erase("address");
  const auto shape = caller.insert_many("venues", Json::array({venue("One"), incomplete, venue("Three")}));
  EC_EXPECT_REFUSED("invalid_argument", shape);
  EXPECT_EQ(position_of(shape.error()), "1");
  ASSERT_FALSE(shape.error().detail().fields.empty());
  EXPECT_EQ(shape.error().detail().fields[0].field, "[1].address");
  const Json person = {{"email", "p@example.org"}, {"full_name", "P"}};
  const auto twin = caller.insert_many("users", Json::array({person, person}));
  EC_EXPECT_REFUSED("already_exists", twin);
  EXPECT_EQ(position_of(twin.error()), "1");
  EXPECT_EQ(written(), before);
}

TEST_F(SessionTest, ACommandOfManyThatFailsNamesItsPositionAndNothingIsWritten) {
  Caller caller = owner();
  const Written before = written();
  const Json person = {{"email", "p@example.org"}, {"full_name", "P"}};
  const auto twin =
      caller.call_many(Json::array({Json::array({"invite_user", person}), Json::array({"invite_user", person})}));
  EC_EXPECT_REFUSED("already_exists", twin);
  EXPECT_EQ(position_of(twin.error()), "1");
  const auto unknown = caller.call_many(
      Json::array({Json::array({"invite_user", person}), Json::array({"raise_the_dead", Json::object()})}));
  EC_EXPECT_REFUSED("unknown_command", unknown);
  EXPECT_EQ(position_of(unknown.error()), "1");
  const auto denied =
      caller.call_many(Json::array({Json::array({"invite_user", person}),
                                    Json::array({"create_organization", {{"name", "X"}, {"owner", person}}})}));
  EC_EXPECT_REFUSED("command_denied", denied);
  EXPECT_EQ(position_of(denied.error()), "1");
  EXPECT_EQ(written(), before);
}

TEST_F(SessionTest, ManyThatSucceedAnswerInOrder) {
  Caller caller = owner();
  const Json rows = accepted(caller.insert_many("venues", Json::array({venue("One"), venue("Two"), venue("Three")})));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["name"], "One");
  EXPECT_EQ(rows[2]["name"], "Three");
  const Json replies = accepted(
      caller.call_many(Json::array({Json::array({"invite_user", {{"email", "p@example.org"}, {"full_name", "P"}}}),
                                    Json::array({"invite_user", {{"email", "q@example.org"}, {"full_name", "Q"}}})})));
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[1]["user"]["full_name"], "Q");
  EXPECT_EQ(accepted(caller.insert_many("venues", Json::array())).size(), 0U);
}

TEST_F(SessionTest, WhatIsNotAListOfEntriesIsRefused) {
  Caller caller = owner();
  EC_EXPECT_REFUSED("invalid_argument", caller.insert_many("venues", Json::object()));
  EC_EXPECT_REFUSED("invalid_argument", caller.insert_many("venues", Json::array({1})));
  EC_EXPECT_REFUSED("invalid_argument", caller.call_many(Json::object()));
  EC_EXPECT_REFUSED("invalid_argument", caller.call_many(Json::array({"invite_user"})));
  EC_EXPECT_REFUSED("invalid_json", caller.session().call_many("["));
  EC_EXPECT_REFUSED("unknown_table", caller.insert_many("castles", Json::array()));
}

// ---- in flight ----------------------------------------------------------------------------------------------------

TEST_F(SessionTest, ManyCallsAreInFlightFromOneThread) {
  const std::string event = new_event({{"is_public", true}});
  const std::string category = new_category(event, 40);
  Caller caller = owner();
  std::vector<Pending> pending;
  for (int i = 0; i < 50; ++i) {
    Json order = order_of(event, category, 1);
    order["customer"]["email"] = "buyer" + std::to_string(i) + "@example.org";
    auto one = caller.session().submit("place_order", dump(order));
    ASSERT_TRUE(succeeded(one));
    pending.push_back(std::move(one).assume_value());
  }
  int sold = 0;
  int refused = 0;
  for (Pending& one : pending) {
    const auto reply = one.wait(-1);
    ASSERT_TRUE(reply.has_value());
    sold += reply->has_value() ? 1 : 0;
    refused += refused_as("sold_out", *reply) ? 1 : 0;
  }
  EXPECT_EQ(sold, 40);
  EXPECT_EQ(refused, 10);
  const auto again = pending[0].wait(0);
  ASSERT_TRUE(again.has_value());
  EC_EXPECT_OK(*again);
}

TEST_F(SessionTest, AReadIsAnsweredWhenItIsSubmitted) {
  auto pending = owner().session().submit("verify_audit", "{}");
  ASSERT_TRUE(succeeded(pending));
  const auto reply = pending.assume_value().wait(0);
  ASSERT_TRUE(reply.has_value());
  EC_EXPECT_OK(*reply);
}

TEST_F(SessionTest, ASubmittedCallIsCheckedAtOnce) {
  Caller caller = owner();
  EC_EXPECT_REFUSED("invalid_argument", caller.session().submit("invite_user", "{}"));
  EC_EXPECT_REFUSED("command_denied",
                    caller.session().submit("create_organization",
                                            R"({"name":"X","owner":{"email":"x@example.org","full_name":"X"}})"));
}

TEST_F(SessionTest, ACallWhoseDeadlinePassedIsNotRun) {
  Caller holder = owner();
  ASSERT_TRUE(holder.session().begin().has_value());
  EC_EXPECT_OK(holder.insert("venues", venue("Holds the turn")));
  RecordOptions options;
  options.timeout_us = 20'000;
  EC_EXPECT_REFUSED("deadline_exceeded", user(owner_).insert("venues", venue("Too late"), options));
  EC_EXPECT_OK(holder.session().commit());
  EXPECT_EQ(owner().count("venues").assume_value(), 1);
}

// ---- the engine ---------------------------------------------------------------------------------------------------

TEST_F(SessionTest, TheClockIsSetOnlyWhereItWasAskedFor) {
  EC_EXPECT_OK(engine_->set_clock(start_us + 5));
  EXPECT_EQ(engine_->now_us(), start_us + 5);
  TestFolder other;
  auto core = api::EngineCore::open(options_for(other.path("plain.ecdb")), false);
  ASSERT_TRUE(core.has_value());
  Engine plain(core.assume_value());
  EC_EXPECT_REFUSED("clock_not_settable", plain.set_clock(5));
}

TEST_F(SessionTest, StatsCountWhatHappens) {
  const Json before = parse_json(engine_->stats()).assume_value();
  new_venue("Hall");
  const Json after = parse_json(engine_->stats()).assume_value();
  EXPECT_EQ(after["commits"].get<std::int64_t>(), before["commits"].get<std::int64_t>() + 1);
  for (const char* name :
       {"queue_length", "wal_bytes", "file_bytes", "readers_open", "oldest_reader_us", "anchor_lag_commits"})
    EXPECT_TRUE(after.contains(name)) << name;
}

}  // namespace
}  // namespace eventcore::test
