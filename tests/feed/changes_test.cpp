// The change feed as its subscribers meet it.
#include <map>
#include <set>

#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class FeedTest : public EngineTest {
 protected:
  // What a subscriber gets after `since`, read in pages of `limit`.
  std::vector<Json> follow(Caller& caller, std::int64_t& since, std::int64_t limit = 1'000) {
    std::vector<Json> all;
    for (;;) {
      const Json page = accepted(caller.changes(since, limit));
      if (!page.contains("next")) return all;
      const std::int64_t next = page["next"].get<std::int64_t>();
      EXPECT_GE(next, since);
      for (const Json& change : page["changes"]) {
        EXPECT_GT(change["seq"].get<std::int64_t>(), since);
        EXPECT_LE(change["seq"].get<std::int64_t>(), next);
        all.push_back(change);
      }
      since = next;
      if (page["changes"].empty()) return all;
    }
  }
  std::vector<Json> everything(Caller caller) {
    std::int64_t since = 0;
    return follow(caller, since);
  }
  std::int64_t end_of(Caller caller) {
    std::int64_t since = 0;
    follow(caller, since);
    return since;
  }
  static bool mentions(const std::vector<Json>& changes, const std::string& id, const std::string& operation = "") {
    for (const Json& change : changes)
      if (change["id"] == id && (operation.empty() || change["operation"] == operation)) return true;
    return false;
  }
};

TEST_F(FeedTest, AProposalReachesTheUserOfItsConversation) {
  const std::string member = new_user("member");
  const std::string other = new_user("member");
  const auto imported = [&](const char* table, Json row) {
    row["organization_id"] = organization_;
    return id(accepted(service().insert(table, row)));
  };
  const std::string agent = imported("ai_agents", {{"name", "Helper"}});
  const std::string talk =
      imported("ai_conversations", {{"agent_id", agent}, {"user_id", member}, {"session_id", "s-1"}});
  const std::string proposal =
      imported("proposals", {{"agent_id", agent}, {"conversation_id", talk}, {"command", "assign_team"}});
  EXPECT_TRUE(mentions(everything(user(member)), proposal, "insert"));
  EXPECT_FALSE(mentions(everything(user(other)), proposal));
}

TEST_F(FeedTest, NumbersHaveNoGapsPerTenantAndPerStore) {
  const std::string other = new_organization("Second", "second");
  for (int i = 0; i < 3; ++i) {
    new_venue("Hall " + std::to_string(i));
    EC_EXPECT_OK(user(last_owner_).insert("venues", venue("There " + std::to_string(i))));
    EC_EXPECT_REFUSED("invalid_argument", owner().insert("venues", Json::object()));
    EC_EXPECT_REFUSED("reference_not_found",
                      owner().insert("event_tags", {{"event_id", other}, {"tag_name", "refused"}}));
  }
  for (const std::string& tenant : {organization_, other}) {
    std::int64_t seq = 0;
    for (const Json& change : everything(service_of(tenant))) EXPECT_EQ(change["seq"].get<std::int64_t>(), ++seq);
    EXPECT_GE(seq, 5);
  }
  std::int64_t seq = 0;
  std::map<std::string, int> tenants;
  for (const Json& change : everything(service())) {
    EXPECT_EQ(change["seq"].get<std::int64_t>(), ++seq);
    ++tenants[change["organization_id"].get<std::string>()];
  }
  EXPECT_EQ(tenants.size(), 2U);
}

TEST_F(FeedTest, AChangeSaysWhatHappenedAndNothingOfTheRow) {
  const std::int64_t since = end_of(owner());
  const std::string hall = new_venue("A very secret name");
  ASSERT_TRUE(core_->set_clock(start_us + 1'000'000).has_value());
  EC_EXPECT_OK(owner().update("venues", hall, {{"name", "B"}}));
  EC_EXPECT_OK(owner().remove("venues", hall));
  const Json page = accepted(owner().changes(since));
  ASSERT_EQ(page["changes"].size(), 3U);
  const char* operations[] = {"insert", "update", "delete"};
  const std::int64_t versions[] = {1, 2, 2};
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& change = page["changes"][i];
    std::set<std::string> names;
    for (const auto& [name, value] : change.items()) names.insert(name);
    EXPECT_EQ(names, (std::set<std::string>{"seq", "table", "id", "operation", "time", "version"}));
    EXPECT_EQ(change["table"], "venues");
    EXPECT_EQ(change["id"], hall);
    EXPECT_EQ(change["operation"], operations[i]);
    EXPECT_EQ(change["version"], versions[i]);
  }
  EXPECT_EQ(page["changes"][0]["time"], "2026-09-21T14:13:20Z");
  EXPECT_EQ(page["changes"][1]["time"], "2026-09-21T14:13:21Z");
  EXPECT_EQ(page["next"].get<std::int64_t>(), since + 3);
}

TEST_F(FeedTest, ThereIsNoFeedForCustomersAndAnonymousCallers) {
  new_event({{"is_public", true}});
  EC_EXPECT_REFUSED("command_denied", customer("bea@example.org").changes(0));
  EC_EXPECT_REFUSED("command_denied", anon().changes(0));
}

TEST_F(FeedTest, ARequestHasBounds) {
  EC_EXPECT_REFUSED("invalid_argument", owner().changes(-1));
  EC_EXPECT_REFUSED("invalid_argument", owner().changes(0, 0));
  EC_EXPECT_REFUSED("invalid_argument", owner().changes(0, 1'001));
}

TEST_F(FeedTest, ASubscriberWaitsForTheNextChangeOrTheTimeout) {
  const std::int64_t since = end_of(owner());
  const Json none = accepted(owner().changes(since, 10, 20'000));
  EXPECT_EQ(none["changes"].size(), 0U);
  EXPECT_EQ(none["next"].get<std::int64_t>(), since);
}

TEST_F(FeedTest, ForeignTenantsChangesAreNeverDelivered) {
  const std::string other = new_organization("Second", "second");
  const std::string hall = new_venue("Hall");
  const std::string event = new_event({{"is_public", true}});
  const std::vector<Json> theirs = everything(user(last_owner_));
  EXPECT_FALSE(theirs.empty());
  for (const std::string& id : {hall, event, owner_, organization_}) EXPECT_FALSE(mentions(theirs, id));
  EXPECT_FALSE(mentions(everything(owner()), other));
}

TEST_F(FeedTest, ARowThatLeavesTheViewIsToldAsLeft) {
  const std::string event = new_event();
  const std::string member = new_user("member");
  const Json milestone = accepted(owner().insert(
      "event_milestones",
      {{"event_id", event}, {"title", "Stage"}, {"due_date", "2026-11-01T00:00:00Z"}, {"assigned_to", member}}));
  const std::int64_t since = end_of(user(member));
  EC_EXPECT_OK(owner().update("event_milestones", id(milestone), {{"title", "Big stage"}}));
  EC_EXPECT_OK(owner().update("event_milestones", id(milestone), {{"assigned_to", nullptr}}));
  EC_EXPECT_OK(owner().update("event_milestones", id(milestone), {{"title", "Not his business"}}));
  EC_EXPECT_OK(owner().remove("event_milestones", id(milestone)));
  const Json seen = accepted(user(member).changes(since))["changes"];
  ASSERT_EQ(seen.size(), 2U) << dump(seen);
  EXPECT_EQ(seen[0]["operation"], "update");
  EXPECT_EQ(seen[1]["operation"], "left");
  EXPECT_EQ(seen[1]["id"], id(milestone));
}

TEST_F(FeedTest, ADeleteIsDeliveredToWhoSawTheRow) {
  const std::string event = new_event({{"is_public", false}, {"status", "planning"}});
  const std::string seeing = new_user("member");
  const std::string blind = new_user("member");
  const Json milestone = accepted(owner().insert(
      "event_milestones",
      {{"event_id", event}, {"title", "Stage"}, {"due_date", "2026-11-01T00:00:00Z"}, {"assigned_to", seeing}}));
  EC_EXPECT_OK(owner().remove("event_milestones", id(milestone)));
  EXPECT_TRUE(mentions(everything(user(seeing)), id(milestone), "insert"));
  EXPECT_TRUE(mentions(everything(user(seeing)), id(milestone), "delete"));
  EXPECT_FALSE(mentions(everything(user(blind)), id(milestone)));
}

TEST_F(FeedTest, RightsAreThoseOfNowAndFactsThoseOfThen) {
  const std::string event = new_event({{"is_public", false}, {"status", "planning"}});
  const Json tag = accepted(owner().insert("event_tags", {{"event_id", event}, {"tag_name", "early"}}));
  const std::string member = new_user("member");
  EXPECT_FALSE(mentions(everything(user(member)), id(tag)));
  assign(event, member, "technical_director");
  EXPECT_TRUE(mentions(everything(user(member)), id(tag)));
  // Public later does not make public what was written before; private later does not hide what was public then.
  const std::string other = new_user("member");
  EC_EXPECT_OK(owner().update("events", event, {{"is_public", true}, {"status", "confirmed"}}));
  EXPECT_FALSE(mentions(everything(user(other)), id(tag)));
  const Json later = accepted(owner().insert("event_tags", {{"event_id", event}, {"tag_name", "late"}}));
  EXPECT_TRUE(mentions(everything(user(other)), id(later)));
  EC_EXPECT_OK(owner().update("events", event, {{"is_public", false}}));
  EXPECT_TRUE(mentions(everything(user(other)), event, "left"));
}

TEST_F(FeedTest, ADemotedUserGetsNothingMoreOfWhatHeLost) {
  const std::string manager = new_user("manager");
  Caller caller = user(manager);
  std::int64_t since = end_of(user(manager));
  EC_EXPECT_OK(owner().insert("vendors", {{"name", "Caterer"}, {"vendor_type", "catering"}}));
  EXPECT_EQ(follow(caller, since).size(), 1U);
  EC_EXPECT_OK(owner().update("users", manager, {{"role", "guest"}}));
  const Json vendor = accepted(owner().insert("vendors", {{"name", "Secret"}, {"vendor_type", "security"}}));
  EXPECT_FALSE(mentions(follow(caller, since), id(vendor)));
  EC_EXPECT_OK(owner().update("users", manager, {{"is_active", false}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.changes(since));
}

TEST_F(FeedTest, VenuesAreToldToMembersOnly) {
  const std::string hall = new_venue("Hall");
  new_event({{"is_public", true}, {"venue_id", hall}});
  EC_EXPECT_OK(owner().update("venues", hall, {{"name", "New name"}}));
  const std::string guest = new_user("guest");
  EC_EXPECT_OK(user(guest).get("venues", hall));  // he sees it through the event, the feed does not tell
  EXPECT_FALSE(mentions(everything(user(guest)), hall));
  EXPECT_TRUE(mentions(everything(user(new_user("member"))), hall));
}

TEST_F(FeedTest, ResumingNeitherLosesNorRepeats) {
  SeededRandom random(testing::seed());
  std::vector<std::string> halls;
  Caller slow = owner();
  Caller fast = owner();
  std::int64_t slow_at = 0;
  std::int64_t fast_at = 0;
  std::vector<Json> by_slow;
  std::vector<Json> by_fast;
  const auto append = [](std::vector<Json>& all, std::vector<Json> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  for (int i = 0; i < 60; ++i) {
    const std::uint32_t what = random.uniform(4);
    if (what == 0 || halls.empty()) {
      halls.push_back(new_venue("Hall " + std::to_string(i)));
    } else if (what == 1) {
      EC_EXPECT_OK(owner().update("venues", halls[random.uniform(static_cast<std::uint32_t>(halls.size()))],
                                  {{"name", "Renamed " + std::to_string(i)}}));
    } else if (what == 2) {
      EC_EXPECT_OK(owner().remove("venues", halls.back()));
      halls.pop_back();
    } else {
      EC_EXPECT_REFUSED("invalid_argument", owner().insert("venues", Json::object()));
    }
    append(by_fast, follow(fast, fast_at));
    if (random.uniform(5) == 0) append(by_slow, follow(slow, slow_at, 1 + random.uniform(3)));
    if (random.uniform(20) == 0) {
      ASSERT_TRUE(engine_->close().has_value());  // another process, another day
      open();
      slow = owner();
      fast = owner();
    }
  }
  append(by_slow, follow(slow, slow_at, 2));
  EXPECT_EQ(by_slow, by_fast);
  EXPECT_EQ(everything(owner()), by_fast);
  std::int64_t last = 0;
  for (const Json& change : by_fast) {
    EXPECT_EQ(change["seq"].get<std::int64_t>(), last + 1);  // an owner may learn of every row
    last = change["seq"].get<std::int64_t>();
  }
}

TEST_F(FeedTest, WhatIsNoLongerKeptIsSaidToBeGone) {
  const std::int64_t old = end_of(owner());
  ASSERT_TRUE(core_->set_clock(start_us + 20 * day_us).has_value());
  new_venue("Still kept");
  ASSERT_TRUE(core_->set_clock(start_us + 31 * day_us).has_value());
  EC_EXPECT_OK(service().call("run_maintenance", Json::object()));
  const auto gone = owner().changes(0);
  EC_EXPECT_REFUSED("feed_gone", gone);
  const auto& facts = gone.error().detail().facts;
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].second, std::to_string(old + 1));
  EC_EXPECT_REFUSED("feed_gone", owner().changes(old - 1));
  EXPECT_EQ(accepted(owner().changes(old))["changes"].size(), 1U);
  EC_EXPECT_REFUSED("feed_gone", service().changes(0));
}

TEST_F(FeedTest, AnEmptiedFeedIsGoneTooAndGoesOn) {
  new_venue("Hall");
  const std::int64_t end = end_of(owner());
  ASSERT_TRUE(core_->set_clock(start_us + 31 * day_us).has_value());
  EC_EXPECT_OK(service().call("run_maintenance", Json::object()));
  EC_EXPECT_REFUSED("feed_gone", owner().changes(end - 1));
  EC_EXPECT_REFUSED("feed_gone", owner().changes(0));
  EXPECT_EQ(accepted(owner().changes(end))["changes"].size(), 0U);
  new_venue("Next");
  const Json page = accepted(owner().changes(end));
  ASSERT_EQ(page["changes"].size(), 1U);
  EXPECT_EQ(page["changes"][0]["seq"].get<std::int64_t>(), end + 1);
}

}  // namespace
}  // namespace eventcore::test
