// API keys and device keys: issued once, kept hashed, narrowed to their groups, lost at once when taken back.
#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class AccessKeysTest : public EngineTest {
 protected:
  Json new_key(const Json& arguments) { return accepted(owner().call("create_api_key", arguments)); }
  std::string token_for(const Json& permissions) {
    return new_key({{"name", "Shop"}, {"permissions", permissions}}).value("token", "");
  }
  Result<Session> open_key(const std::string& token) {
    return engine_->session(dump({{"kind", "api_key"}, {"token", token}}));
  }
  Caller key(const std::string& token) { return as({{"kind", "api_key"}, {"token", token}}); }
  Json new_sponsor(const std::string& event) {
    const Json package = accepted(owner().insert(
        "sponsor_packages",
        {{"event_id", event}, {"package_name", "Gold"}, {"price", "100"}, {"benefits", Json::object()}}));
    return accepted(owner().insert(
        "sponsors",
        {{"event_id", event}, {"package_id", id(package)}, {"company_name", "Acme"}, {"contract_value", "100"}}));
  }
};

TEST_F(AccessKeysTest, AKeyReadsAndWritesItsGroupsAndNothingElse) {
  const std::string event = new_event();
  const std::string category = new_category(event, 10);
  EC_EXPECT_OK(owner().call("place_order", order_of(event, category, 1)));
  Caller caller = key(token_for({"ticketing:read", "events"}));
  EXPECT_EQ(caller.count("ticket_orders").assume_value(), 1);
  EXPECT_EQ(caller.count("ticket_categories").assume_value(), 1);
  EC_EXPECT_REFUSED("policy_denied", caller.update("ticket_categories", category, {{"name", "Cheaper"}}));
  const Json hall = accepted(caller.insert("venues", venue("Hall")));
  EC_EXPECT_OK(caller.update("venues", id(hall), {{"name", "Big hall"}}));
  EC_EXPECT_OK(caller.remove("venues", id(hall)));
  EXPECT_EQ(caller.count("users").assume_value(), 0) << "no organization permission";
  EXPECT_EQ(caller.count("marketing_campaigns").assume_value(), 0);
}

TEST_F(AccessKeysTest, Inventory13WhatAKeyDoesIsAuditedAsTheKeys) {
  const Json made = new_key({{"name", "Shop"}, {"permissions", {"events"}}});
  const Json hall = accepted(key(made["token"]).insert("venues", venue("Hall")));
  const Json page = accepted(owner().list("audit_logs", {{"where", {{"record_id", id(hall)}}}}));
  ASSERT_EQ(page["rows"].size(), 1U);
  EXPECT_EQ(page["rows"][0]["principal_kind"], "api_key");
  EXPECT_EQ(page["rows"][0]["principal_id"], made["api_key"]["id"]);
}

TEST_F(AccessKeysTest, PeopleAndOrganizationsAreOnlyRead) {
  Caller caller = key(token_for({"organization"}));
  EXPECT_EQ(caller.count("users").assume_value(), 1);
  EC_EXPECT_REFUSED("policy_denied", caller.update("users", owner_, {{"full_name", "Mallory"}}));
  EC_EXPECT_REFUSED("policy_denied", caller.update("organizations", organization_, {{"name", "Mine"}}));
  for (const char* closed : {"api_keys", "devices", "audit_logs", "integration_secrets", "data_subject_requests"})
    EXPECT_EQ(caller.count(closed).assume_value(), 0) << closed;
}

TEST_F(AccessKeysTest, EveryKeySeesThePublicColumnsOfItsEvents) {
  const std::string event = new_event({{"is_public", false}});
  Caller caller = key(token_for({"communication:read"}));
  const Json row = accepted(caller.get("events", event));
  EXPECT_EQ(row["id"], event);
  EXPECT_FALSE(row.contains("settings"));
  EC_EXPECT_REFUSED("policy_denied", caller.update("events", event, {{"name", "Mine"}}));
}

TEST_F(AccessKeysTest, AKeyNeverLeavesItsOrganization) {
  const std::string token = token_for({"events", "organization", "ticketing"});
  new_organization("Second", "second");
  owner_ = last_owner_;
  const std::string foreign = new_venue("Foreign hall");
  Caller caller = key(token);
  EC_EXPECT_REFUSED("not_found", caller.get("venues", foreign));
  EXPECT_EQ(caller.count("venues").assume_value(), 0);
  EXPECT_EQ(caller.count("organizations").assume_value(), 1);
}

TEST_F(AccessKeysTest, TheTokenIsShownOnceAndItsSecretKeptNowhere) {
  const std::string again = "create-key-2026-09-21-01";
  Caller caller = owner();
  const Json arguments = {{"name", "Shop"}, {"permissions", {"ticketing"}}};
  const Json first = accepted(caller.call("create_api_key", arguments, {.idempotency_key = again, .timeout_us = 0}));
  const std::string token = first["token"];
  EXPECT_TRUE(token.starts_with("ec_live_"));
  const Json replay = accepted(caller.call("create_api_key", arguments, {.idempotency_key = again, .timeout_us = 0}));
  EXPECT_EQ(replay["token"], nullptr) << "shown once";
  EXPECT_EQ(replay["api_key"], first["api_key"]);
  EXPECT_EQ(caller.count("api_keys").assume_value(), 1);
  const Json rows = accepted(caller.list("api_keys", {{"columns", {"*"}}}));
  EXPECT_EQ(dump(rows).find("key_hash"), std::string::npos);
  const std::string secret = token.substr(token.rfind('_') + 1);
  EXPECT_EQ(dump(rows).find(secret), std::string::npos);
  const Json entries = accepted(caller.list("audit_logs", {{"limit", 1000}, {"columns", {"*"}}}));
  EXPECT_EQ(dump(entries).find(secret), std::string::npos);
}

TEST_F(AccessKeysTest, ManyCallsShowTheirSecretsOnceToo) {
  const std::string again = "create-keys-2026-09-21-1";
  const Json call = Json::array({"create_api_key", {{"name", "Shop"}, {"permissions", {"ticketing"}}}});
  Caller caller = owner();
  const Json calls = Json::array({call, call});
  const Json first = accepted(caller.call_many(calls, {.idempotency_key = again, .timeout_us = 0}));
  EXPECT_TRUE(first[1]["token"].is_string());
  const Json replay = accepted(caller.call_many(calls, {.idempotency_key = again, .timeout_us = 0}));
  EXPECT_EQ(replay[0]["token"], nullptr);
  EXPECT_EQ(replay[1]["token"], nullptr);
}

TEST_F(AccessKeysTest, ARevokedKeyIsLostAtOnceAlsoForOpenSessions) {
  const Json made = new_key({{"name", "Shop"}, {"permissions", {"events"}}});
  Caller caller = key(made["token"]);
  EC_EXPECT_OK(caller.insert("venues", venue("Hall")));
  const Json revoked = accepted(owner().call("revoke_api_key", {{"api_key_id", made["api_key"]["id"]}}));
  EXPECT_TRUE(revoked["api_key"]["revoked_at"].is_string());
  EC_EXPECT_REFUSED("unauthenticated", caller.insert("venues", venue("Another")));
  EC_EXPECT_REFUSED("unauthenticated", caller.list("venues"));
  EC_EXPECT_REFUSED("unauthenticated", caller.changes(0));
  EC_EXPECT_REFUSED("unauthenticated", open_key(made["token"]));
  ASSERT_TRUE(core_->set_clock(start_us + day_us).has_value());
  EXPECT_EQ(accepted(owner().call("revoke_api_key", {{"api_key_id", made["api_key"]["id"]}})), revoked)
      << "once revoked it stays so";
}

TEST_F(AccessKeysTest, AnExpiredKeyIsRefusedFromThatMomentOn) {
  const Json made = new_key({{"name", "Shop"}, {"permissions", {"events"}}, {"expires_at", "2026-09-22T00:00:00Z"}});
  Caller caller = key(made["token"]);
  EC_EXPECT_OK(caller.list("venues"));
  constexpr Micros expires_at = 1'790'035'200'000'000;
  ASSERT_TRUE(core_->set_clock(expires_at - 1).has_value());
  EC_EXPECT_OK(caller.list("venues"));
  ASSERT_TRUE(core_->set_clock(expires_at).has_value());
  EC_EXPECT_REFUSED("unauthenticated", caller.list("venues"));
  EC_EXPECT_REFUSED("unauthenticated", open_key(made["token"]));
}

TEST_F(AccessKeysTest, LastUseIsNotedToTheHour) {
  const Json made = new_key({{"name", "Shop"}, {"permissions", {"events"}}});
  const std::string row = made["api_key"]["id"];
  const auto last_used = [&] { return accepted(owner().get("api_keys", row))["last_used_at"]; };
  EXPECT_EQ(last_used(), nullptr);
  Caller caller = key(made["token"]);
  EC_EXPECT_OK(caller.list("venues"));
  EXPECT_EQ(last_used(), "2026-09-21T14:13:20Z");
  ASSERT_TRUE(core_->set_clock(start_us + Micros{59} * 60 * 1'000'000).has_value());
  EC_EXPECT_OK(caller.list("venues"));
  EC_EXPECT_OK(key(made["token"]).list("venues"));
  EXPECT_EQ(last_used(), "2026-09-21T14:13:20Z");
  ASSERT_TRUE(core_->set_clock(start_us + Micros{60} * 60 * 1'000'000).has_value());
  EC_EXPECT_OK(caller.list("venues"));
  EXPECT_EQ(last_used(), "2026-09-21T15:13:20Z");
}

TEST_F(AccessKeysTest, ASponsorsKeyActsAsTheSponsor) {
  const std::string event = new_event({{"is_public", false}});
  const Json sponsor = new_sponsor(event);
  const Json made = new_key({{"name", "Acme portal"}, {"sponsor_id", id(sponsor)}});
  Caller caller = key(made["token"]);
  EXPECT_EQ(caller.count("sponsors").assume_value(), 1);
  EC_EXPECT_OK(caller.update("sponsors", id(sponsor), {{"website_url", "https://acme.example"}}));
  EC_EXPECT_REFUSED("column_denied", caller.update("sponsors", id(sponsor), {{"company_name", "Bcme"}}));
  EC_EXPECT_OK(caller.get("events", event));
  const Json entry = accepted(owner().list("audit_logs", {{"where", {{"principal_kind", "sponsor"}}}}));
  EXPECT_GE(entry["rows"].size(), 1U);
  EC_EXPECT_OK(owner().call("revoke_api_key", {{"api_key_id", made["api_key"]["id"]}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.list("sponsors"));
  EC_EXPECT_OK(as({{"kind", "sponsor"}, {"id", id(sponsor)}}).list("sponsors"));
}

TEST_F(AccessKeysTest, BadPermissionsAreNamedTogether) {
  Caller caller = owner();
  const auto bad =
      caller.call("create_api_key", {{"name", "x"}, {"permissions", {"events", "everything", "ticketing:write", ""}}});
  ASSERT_TRUE(refused_as("invalid_argument", bad));
  EXPECT_EQ(bad.error().detail().fields.size(), 3U);
  EC_EXPECT_REFUSED("invalid_argument", caller.call("create_api_key", {{"name", "x"}}));
  EC_EXPECT_REFUSED("invalid_argument", caller.call("create_api_key", {{"name", "x"}, {"permissions", Json::array()}}));
  const std::string sponsor = id(new_sponsor(new_event()));
  EC_EXPECT_REFUSED(
      "invalid_argument",
      caller.call("create_api_key", {{"name", "x"}, {"permissions", {"events"}}, {"sponsor_id", sponsor}}));
  EC_EXPECT_REFUSED("reference_not_found",
                    caller.call("create_api_key", {{"name", "x"}, {"sponsor_id", organization_}}));
  EXPECT_EQ(caller.count("api_keys").assume_value(), 0);
}

TEST_F(AccessKeysTest, OnlyAdminsIssueAndTakeBack) {
  const Json made = new_key({{"name", "Shop"}, {"permissions", {"events"}}});
  Caller manager = user(new_user("manager"));
  EC_EXPECT_REFUSED("command_denied", manager.call("create_api_key", {{"name", "x"}, {"permissions", {"events"}}}));
  EC_EXPECT_REFUSED("not_found", manager.call("revoke_api_key", {{"api_key_id", made["api_key"]["id"]}}));
  EC_EXPECT_REFUSED("command_denied",
                    key(made["token"]).call("create_api_key", {{"name", "x"}, {"permissions", {"events"}}}));
  new_organization("Second", "second");
  EC_EXPECT_REFUSED("not_found", user(last_owner_).call("revoke_api_key", {{"api_key_id", made["api_key"]["id"]}}));
  EC_EXPECT_OK(key(made["token"]).list("venues"));
}

TEST_F(AccessKeysTest, WhatIsNoKeyIsUnauthenticatedAndSaysNoMore) {
  const std::string good = token_for({"events"});
  const std::size_t cut = good.rfind('_');
  std::string flipped = good;
  flipped.back() = flipped.back() == '0' ? '1' : '0';
  const std::string bad[] = {"",
                             "ec_live_",
                             "ec_live__",
                             good.substr(0, cut),
                             good.substr(0, cut + 1),
                             flipped,
                             good + "0",
                             "ec_device_" + good.substr(8),
                             "ec_live_ffffffffffffffffffff" + good.substr(cut),
                             good.substr(8),
                             std::string(100'000, 'a')};
  for (const std::string& token : bad) {
    const auto session = open_key(token);
    ASSERT_TRUE(refused_as("unauthenticated", session)) << token.substr(0, 40);
    EXPECT_TRUE(session.error().detail().fields.empty());
  }
  EC_EXPECT_REFUSED("invalid_principal", engine_->session(R"({"kind":"api_key"})"));
  EC_EXPECT_REFUSED("invalid_principal", engine_->session(R"({"kind":"api_key","token":1})"));
  EC_EXPECT_REFUSED("invalid_principal",
                    engine_->session(dump({{"kind", "api_key"}, {"token", good}, {"role", "owner"}})));
}

TEST_F(AccessKeysTest, ARevokedDeviceIsLostAtOnce) {
  const std::string event = new_event();
  const Json made = accepted(owner().call("register_device", {{"event_id", event}, {"name", "Gate A"}}));
  Caller device = as({{"kind", "device"}, {"token", made["token"]}});
  EC_EXPECT_OK(device.list("tickets"));
  std::string wrong = made["token"];
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EC_EXPECT_REFUSED("unauthenticated", engine_->session(dump({{"kind", "device"}, {"token", wrong}})));
  EXPECT_EQ(accepted(owner().get("devices", id(made["device"])))["last_seen_at"], "2026-09-21T14:13:20Z");
  EC_EXPECT_REFUSED("not_found",
                    user(new_user("manager")).call("revoke_device", {{"device_id", made["device"]["id"]}}));
  EC_EXPECT_OK(owner().call("revoke_device", {{"device_id", made["device"]["id"]}}));
  EC_EXPECT_REFUSED("unauthenticated", device.list("tickets"));
  EC_EXPECT_REFUSED("unauthenticated", engine_->session(dump({{"kind", "device"}, {"token", made["token"]}})));
}

}  // namespace
}  // namespace eventcore::test
