// explain_access and list_principals_who_can: why somebody may or may not, and who may.
#include <algorithm>

#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class ExplainTest : public EngineTest {
 protected:
  Json explained(Caller caller, const std::string& operation, const std::string& table, const std::string& row) {
    return accepted(caller.call("explain_access", {{"table", table}, {"operation", operation}, {"id", row}}));
  }
  // "holds: because" of a condition, or nothing.
  static std::string line(const Json& reply, const std::string& condition) {
    for (const Json& one : reply["conditions"])
      if (one["name"] == condition)
        return std::string(one["holds"].get<bool>() ? "yes: " : "no: ") + one["because"].get<std::string>();
    return {};
  }
  Json who_can(const std::string& operation, const std::string& table, const std::string& row) {
    return accepted(owner().call("list_principals_who_can", {{"table", table}, {"operation", operation}, {"id", row}}));
  }
  static bool names(const Json& reply, const std::string& row) {
    const Json& all = reply["principals"];
    return std::any_of(all.begin(), all.end(), [&](const Json& one) { return one["id"] == row; });
  }
};

TEST_F(ExplainTest, ARefusalSaysWhatEachConditionNeedsAndWhoTheCallerIs) {
  const std::string event = new_event({{"is_public", true}});
  const std::string member = new_user("member");
  const Json reply = explained(user(member), "update", "events", event);
  EXPECT_EQ(reply["allowed"], false);
  EXPECT_EQ(reply["policy"], "event_editor");
  EXPECT_EQ(
      line(reply, "event_editor"),
      "no: an admin or more, or an assignment as event_director or producer, is needed; the caller is a member of "
      "the row's organization, not assigned to its event today");
}

TEST_F(ExplainTest, AnAssignmentIsNamed) {
  const std::string event = new_event();
  const std::string member = new_user("member");
  assign(event, member, "producer");
  const Json reply = explained(user(member), "update", "events", event);
  EXPECT_EQ(reply["allowed"], true);
  EXPECT_EQ(reply["policy"], "event_editor");
  EXPECT_NE(line(reply, "event_editor").find("yes: "), std::string::npos);
  EXPECT_NE(line(reply, "event_editor").find("assigned to its event as producer"), std::string::npos);
}

TEST_F(ExplainTest, AKeyLearnsWhichPermissionItLacks) {
  const std::string event = new_event();
  const std::string category = new_category(event, 10);
  const Json made =
      accepted(owner().call("create_api_key", {{"name", "Shop"}, {"permissions", {"ticketing:read", "events"}}}));
  Caller key = as({{"kind", "api_key"}, {"token", made["token"]}});
  const Json refused = explained(key, "update", "ticket_categories", category);
  EXPECT_EQ(refused["allowed"], false);
  EXPECT_EQ(line(refused, "key(ticketing)"), "no: the key has ticketing:read, events; ticketing is needed");
  const Json allowed = explained(key, "view", "ticket_categories", category);
  EXPECT_EQ(allowed["allowed"], true);
  EXPECT_EQ(line(allowed, "key(ticketing)"), "yes: the key has ticketing:read, events; ticketing:read is needed");
}

TEST_F(ExplainTest, EveryAssignmentIsNamed) {
  const std::string event = new_event();
  const std::string member = new_user("member");
  assign(event, member, "producer");
  assign(event, member, "technical_director");
  const std::string told = line(explained(user(member), "update", "events", event), "event_editor");
  EXPECT_NE(told.find("assigned to its event as producer, technical_director"), std::string::npos) << told;
}

TEST_F(ExplainTest, ARefusedColumnSaysWhatItNeeds) {
  const std::string member = new_user("member");
  const auto asked = [&](Caller caller, const std::string& table, const std::string& row, const Json& values) {
    return accepted(
        caller.call("explain_access", {{"table", table}, {"operation", "update"}, {"id", row}, {"values", values}}));
  };
  const Json self = asked(user(member), "users", member, {{"role", "owner"}, {"phone", "1"}});
  EXPECT_EQ(self["allowed"], false);
  EXPECT_EQ(self["columns_refused"], Json({"role"}));
  EXPECT_EQ(line(self, "column role").substr(0, 36), "no: self covers only full_name avata");
  EXPECT_EQ(line(self, "column phone"), "") << "that one is his";
  const Json house = asked(owner(), "organizations", organization_, {{"slug", "other"}});
  EXPECT_EQ(house["allowed"], false);
  EXPECT_EQ(line(house, "column slug"),
            "no: only the service may do this; the caller is an owner of the row's organization");
}

TEST_F(ExplainTest, EveryKeyLearnsThatItViewsEvents) {
  const std::string event = new_event({{"is_public", false}});
  const Json made = accepted(owner().call("create_api_key", {{"name", "Mail"}, {"permissions", {"communication"}}}));
  Caller key = as({{"kind", "api_key"}, {"token", made["token"]}});
  const std::string tag = id(accepted(owner().insert("event_tags", {{"event_id", event}, {"tag_name", "winter"}})));
  for (const auto& [table, row] : {std::pair{"events", event}, std::pair{"event_tags", tag}}) {
    const Json reply = explained(key, "view", table, row);
    EXPECT_EQ(reply["allowed"], true) << table;
    EXPECT_EQ(reply["policy"], "key") << table;
    EXPECT_EQ(line(reply, "key"),
              "yes: every key of the organization views its events, in the columns that are public");
    EXPECT_EQ(explained(key, "update", table, row)["allowed"], false) << table;
    EXPECT_EQ(line(explained(owner(), "view", table, row), "key"), "") << "a person is told nothing of keys";
  }
}

TEST_F(ExplainTest, AColumnThatLeavesNeverIsNotAmongThoseToView) {
  EC_EXPECT_OK(owner().call("rotate_event_key", {{"event_id", new_event()}}));
  const Json key = accepted(owner().list("event_keys", {{"limit", 1}}))["rows"][0];
  for (Caller caller : {owner(), service_of(organization_)}) {
    const Json columns = explained(caller, "view", "event_keys", id(key))["columns"];
    EXPECT_EQ(std::count(columns.begin(), columns.end(), Json("public_key")), 1);
    EXPECT_EQ(std::count(columns.begin(), columns.end(), Json("private_key")), 0);
  }
}

TEST_F(ExplainTest, OfSeveralConditionsThatHoldTheFirstIsNamed) {
  const std::string hall = new_venue("Hall");
  const std::string event = new_event({{"is_public", true}, {"venue_id", hall}});
  const std::string sponsor = id(accepted(
      owner().insert("sponsors", {{"event_id", event}, {"company_name", "Sponsor"}, {"contract_value", "1.00"}})));
  const Json reply = explained(as({{"kind", "sponsor"}, {"id", sponsor}}), "view", "venues", hall);
  EXPECT_EQ(line(reply, "public_event").substr(0, 3), "yes");
  EXPECT_EQ(line(reply, "own_sponsor_event").substr(0, 3), "yes");
  EXPECT_EQ(reply["policy"], "public_event");
}

TEST_F(ExplainTest, AForeignRowIsExplainedLikeAnAbsentOne) {
  const std::string hall = new_venue("Hall");
  new_organization("Second", "second");
  const auto foreign =
      user(last_owner_).call("explain_access", {{"table", "venues"}, {"operation", "update"}, {"id", hall}});
  const auto absent =
      user(last_owner_).call("explain_access", {{"table", "venues"}, {"operation", "update"}, {"id", last_owner_}});
  ASSERT_TRUE(refused_as("not_found", foreign));
  EXPECT_EQ(foreign.error().to_json(), absent.error().to_json());
}

TEST_F(ExplainTest, WhoMayMakeARowIsToldBeforeThereIsOne) {
  const std::string manager = new_user("manager");
  const std::string member = new_user("member");
  const Json made = accepted(owner().call("create_api_key", {{"name", "Shop"}, {"permissions", {"events"}}}));
  const Json reply = accepted(owner().call("list_principals_who_can",
                                           {{"table", "venues"}, {"operation", "create"}, {"values", venue("Hall")}}));
  EXPECT_TRUE(names(reply, owner_));
  EXPECT_TRUE(names(reply, manager));
  EXPECT_FALSE(names(reply, member));
  EXPECT_EQ(names(reply, made["api_key"]["id"]),
            as({{"kind", "api_key"}, {"token", made["token"]}}).insert("venues", venue("Hall")).has_value());
  EC_EXPECT_OK(user(manager).insert("venues", venue("Hall")));
  EC_EXPECT_REFUSED("policy_denied", user(member).insert("venues", venue("Hall")));
}

TEST_F(ExplainTest, WhoMayChangeAnEvent) {
  const std::string event = new_event({{"is_public", true}});
  const std::string admin = new_user("admin");
  const std::string manager = new_user("manager");
  const std::string director = new_user("member");
  assign(event, director, "event_director");
  const std::string gone = new_user("admin");
  EC_EXPECT_OK(owner().update("users", gone, {{"is_active", false}}));
  const Json key = accepted(owner().call("create_api_key", {{"name", "Shop"}, {"permissions", {"events"}}}));
  const Json reader = accepted(owner().call("create_api_key", {{"name", "Site"}, {"permissions", {"events:read"}}}));
  const Json device = accepted(owner().call("register_device", {{"event_id", event}, {"name", "Gate"}}));
  const Json change = who_can("update", "events", event);
  EXPECT_TRUE(names(change, owner_));
  EXPECT_TRUE(names(change, admin));
  EXPECT_TRUE(names(change, director));
  EXPECT_TRUE(names(change, key["api_key"]["id"]));
  EXPECT_FALSE(names(change, manager));
  EXPECT_FALSE(names(change, gone));
  EXPECT_FALSE(names(change, reader["api_key"]["id"]));
  EXPECT_FALSE(names(change, device["device"]["id"]));
  EXPECT_EQ(change["anon"], false);
  const Json view = who_can("view", "events", event);
  EXPECT_TRUE(names(view, manager));
  EXPECT_TRUE(names(view, reader["api_key"]["id"]));
  EXPECT_TRUE(names(view, device["device"]["id"]));
  EXPECT_FALSE(names(view, gone)) << "an inactive user views nothing, what is public included";
  EXPECT_EQ(view["anon"], true);
  EXPECT_TRUE(who_can("update", "ticket_orders",
                      [&] {
                        return id(
                            accepted(owner().call("place_order", order_of(event, new_category(event, 5), 1)))["order"]);
                      }())["principals"]
                  .empty())
      << "only commands write orders";
}

TEST_F(ExplainTest, OnlyAdminsAskWhoMay) {
  const std::string event = new_event();
  const Json question = {{"table", "events"}, {"operation", "view"}, {"id", event}};
  EC_EXPECT_REFUSED("command_denied", user(new_user("manager")).call("list_principals_who_can", question));
  new_organization("Second", "second");
  EC_EXPECT_REFUSED("not_found", user(last_owner_).call("list_principals_who_can", question));
  EC_EXPECT_REFUSED("unknown_table", owner().call("list_principals_who_can",
                                                  {{"table", "castles"}, {"operation", "view"}, {"id", event}}));
}

}  // namespace
}  // namespace eventcore::test
