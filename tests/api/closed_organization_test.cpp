// An organization that was deleted is gone for everybody from the next call on, before maintenance has removed a row of
// it: its people, keys, devices and sponsors are nobody, and others find nothing of it. Its audit chain stays for the
// service. The neighbour notices nothing.
#include "api/engine_fixture.hpp"
#include "api/signed_token.hpp"
#include "base/secret.hpp"

namespace eventcore::test {
namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t in_an_hour_s = 1'790'003'600;

class ClosedOrganizationTest : public EngineTest {
 protected:
  policy::JwtConfig jwt() const override {
    policy::JwtConfig jwt;
    jwt.algorithm = policy::JwtAlgorithm::hs256;
    jwt.key = SecretBytes::copy_of(as_bytes(secret));
    return jwt;
  }
  Json token(Json claims) {
    claims["exp"] = in_an_hour_s;
    return {{"kind", "jwt"}, {"token", hs256_token(claims, secret)}};
  }
  static Json user_principal(const std::string& who) { return {{"kind", "user"}, {"id", who}}; }
};

TEST_F(ClosedOrganizationTest, ItsPeopleKeysDevicesAndSponsorsAreNobodyAtOnce) {
  const std::string event = new_event({{"is_public", true}});
  const Json key = accepted(owner().call("create_api_key", {{"name", "Key"}, {"permissions", {"events"}}}));
  const Json device = accepted(owner().call("register_device", {{"event_id", event}, {"name", "Gate"}}));
  const std::string sponsor = id(accepted(
      owner().insert("sponsors", {{"event_id", event}, {"company_name", "Sponsor"}, {"contract_value", "1.00"}})));
  const std::string member = new_user("member");
  const std::vector<Json> principals = {
      user_principal(owner_),
      user_principal(member),
      {{"kind", "api_key"}, {"token", key["token"]}},
      {{"kind", "device"}, {"token", device["token"]}},
      {{"kind", "sponsor"}, {"id", sponsor}},
      token({{"sub", member}}),
      token({{"sponsor_id", sponsor}}),
      token({{"api_key_organization_id", organization_}, {"api_key_permissions", {"events"}}})};
  std::vector<Caller> callers;
  for (const Json& principal : principals) {
    callers.push_back(as(principal));
    EC_EXPECT_OK(callers.back().get("events", event));
  }
  EC_EXPECT_OK(owner().remove("organizations", organization_));
  for (std::size_t i = 0; i < callers.size(); ++i) {
    SCOPED_TRACE(dump(principals[i]));
    EC_EXPECT_REFUSED("unauthenticated", callers[i].get("events", event));
    EC_EXPECT_REFUSED("unauthenticated", callers[i].list("events"));
    EC_EXPECT_REFUSED("unauthenticated", callers[i].changes(0));
    const auto again = engine_->session(dump(principals[i]));
    if (principals[i]["kind"] == "user" || principals[i]["kind"] == "sponsor") continue;  // vouched for by the host
    EC_EXPECT_REFUSED("unauthenticated", again);
  }
  // And when maintenance has removed their rows, of which nothing is left to be read.
  for (bool more = true; more;) more = accepted(service().call("run_maintenance", {{"limit", 100}}))["more"];
  for (std::size_t i = 0; i < callers.size(); ++i) {
    SCOPED_TRACE(dump(principals[i]));
    EC_EXPECT_REFUSED("unauthenticated", callers[i].list("events"));
  }
}

TEST_F(ClosedOrganizationTest, OthersFindNothingOfItButTheServiceItsAuditChain) {
  const std::string event = new_event({{"is_public", true}});
  const std::string category = new_category(event, 10);
  Caller customers = customer("bea@example.org");
  const std::string order = id(accepted(customers.call("place_order", order_of(event, category, 1)))["order"]);
  const std::string closed = organization_;
  organization_ = new_organization("Second", "second");
  const std::string elsewhere = new_event({{"is_public", true}});
  EC_EXPECT_OK(owner().remove("organizations", closed));
  for (Caller caller : {service(), anon(), customer("bea@example.org")}) {
    EC_EXPECT_REFUSED("not_found", caller.get("events", event));
    EC_EXPECT_OK(caller.get("events", elsewhere));
    EXPECT_EQ(caller.count("events").assume_value(), 1);
    EC_EXPECT_REFUSED("not_found", caller.call("quote_order", order_of(event, category, 1)));
    EC_EXPECT_REFUSED("not_found", caller.call("place_order", order_of(event, category, 1)));
  }
  EC_EXPECT_REFUSED("not_found", customers.get("ticket_orders", order));
  EXPECT_EQ(customers.count("ticket_orders").assume_value(), 0);
  EC_EXPECT_REFUSED("not_found", service().get("organizations", closed));
  EXPECT_EQ(service().count("organizations").assume_value(), 1);
  EXPECT_EQ(service_of(closed).count("events").assume_value(), 0);
  EXPECT_GT(service_of(closed).count("audit_logs").assume_value(), 0);
  const Json entries = accepted(service_of(closed).list("audit_logs", {{"limit", 1}}));
  EC_EXPECT_OK(service_of(closed).get("audit_logs", id(entries["rows"][0])));
  EXPECT_GT(user(last_owner_).count("users").assume_value(), 0);
}

// Whoever sold it: a reply holds rows of it.
TEST_F(ClosedOrganizationTest, AReplyOfItsDaysIsNotRepeated) {
  const std::string event = new_event({{"is_public", true}});
  const Json order = order_of(event, new_category(event, 10), 1);
  const CallOptions under_key{.idempotency_key = "closing-2026-09-21-001", .timeout_us = 0};
  std::vector<Caller> callers = {anon(), customer("bea@example.org")};
  for (Caller& caller : callers) EC_EXPECT_OK(caller.call("place_order", order, under_key));
  EC_EXPECT_OK(owner().remove("organizations", organization_));
  for (Caller& caller : callers) EC_EXPECT_REFUSED("command_denied", caller.call("place_order", order, under_key));
}

// Ids are unique within a table only.
TEST_F(ClosedOrganizationTest, WhatAllTenantsShareStaysThoughItBearsTheSameId) {
  EC_EXPECT_OK(service().insert("social_media_platforms", {{"id", organization_}, {"platform_name", "reddit"}}));
  const std::string closed = organization_;
  organization_ = new_organization("Second", "second");
  EC_EXPECT_OK(owner().remove("organizations", closed));
  Caller neighbour = user(last_owner_);
  EC_EXPECT_OK(neighbour.get("social_media_platforms", closed));
  EXPECT_EQ(neighbour.count("social_media_platforms").assume_value(), 1);
  EXPECT_EQ(accepted(neighbour.list("social_media_platforms"))["rows"].size(), 1U);
}

}  // namespace
}  // namespace eventcore::test
