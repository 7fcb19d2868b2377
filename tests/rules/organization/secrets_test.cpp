// Secrets shared with outside services: who sets them, that nobody reads them, and what reveal_secret shows.
#include <gtest/gtest.h>

#include "policy/principal.hpp"
#include "rules/organization/secrets.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;
using policy::Role;

class SecretsTest : public Fixture {
 protected:
  static constexpr const char* canary = "whsec_canary_7fG2kQ9";

  Result<Json> set(const Principal& principal, Json more = Json::object()) {
    Json arguments = {{"kind", "stripe_webhook"}, {"name", "live"}, {"value", canary}};
    arguments.update(more);
    for (auto at = arguments.begin(); at != arguments.end();) at = at->is_null() ? arguments.erase(at) : std::next(at);
    return call(principal, "set_integration_secret", arguments);
  }
  std::vector<std::string> opened(const std::string& kind = "stripe_webhook") {
    std::vector<std::string> values;
    const auto read = run(as_service(), "test", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRY(secrets, rules::organization::active_secrets(unit, organization_, kind));
      for (const SecretBytes& secret : secrets) values.emplace_back(as_text(secret.view()));
      return Json();
    });
    EXPECT_TRUE(read.has_value());
    return values;
  }
  Json account(const Json& credentials) {
    const Uuid platform = add(tables::social_media_platforms, {{"platform_name", "instagram"}});
    const Uuid id = add(tables::social_media_accounts, {{"organization_id", to_text(organization_)},
                                                        {"platform_id", to_text(platform)},
                                                        {"account_handle", "@events"},
                                                        {"api_credentials", credentials}});
    return {{"table", "social_media_accounts"}, {"id", to_text(id)}};
  }
  // Every value of every audit entry and change that holds the text.
  int traces_of(const std::string& text) {
    int found = 0;
    const Status read = store_->read([&](store::Reader& reader) -> Status {
      store::Query query;
      query.table = &tables::audit_logs;
      query.organization = organization_;
      EC_TRY(entries, reader.list(query));
      for (const Record& entry : entries)
        for (std::size_t i = 0; i < tables::audit_logs.columns.size(); ++i)
          if (entry.at(i).is_text() && entry.at(i).text().find(text) != std::string::npos) ++found;
      EC_TRY(changes, reader.changes(organization_, 0, 1'000'000));
      for (const store::FeedRow& change : changes)
        for (const std::string& facts : {change.old_facts, change.new_facts})
          if (facts.find(text) != std::string::npos) ++found;
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return found;
  }
};

TEST_F(SecretsTest, ASecretIsMadeReplacedSwitchedOffAndOn) {
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_OK(set(admin));
  EXPECT_EQ(opened(), std::vector<std::string>{canary});
  EC_EXPECT_OK(set(admin, {{"value", "whsec_second"}}));
  EXPECT_EQ(opened(), std::vector<std::string>{"whsec_second"});
  EC_EXPECT_OK(set(admin, {{"value", nullptr}, {"is_active", false}}));
  EXPECT_TRUE(opened().empty());
  EC_EXPECT_OK(set(admin, {{"value", nullptr}}));
  EXPECT_EQ(opened(), std::vector<std::string>{"whsec_second"});
  EXPECT_EQ(count(tables::integration_secrets), 1);
  EC_EXPECT_OK(set(admin, {{"name", "next"}}));
  EXPECT_EQ(opened().size(), 2U);
}

TEST_F(SecretsTest, WhatCannotBeASecretIsRefused) {
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_REFUSED("invalid_argument", set(admin, {{"value", nullptr}}));
  EC_EXPECT_REFUSED("invalid_argument", set(admin, {{"value", ""}}));
  EC_EXPECT_REFUSED("invalid_argument", set(admin, {{"value", "whsec_pasted\n"}}));
  EC_EXPECT_REFUSED("invalid_argument", set(admin, {{"kind", "Stripe Webhook"}}));
  EC_EXPECT_REFUSED("invalid_argument", set(admin, {{"name", ""}}));
  EXPECT_EQ(count(tables::integration_secrets), 0);
}

TEST_F(SecretsTest, OnlyAdminsOfTheOrganizationSetThem) {
  EC_EXPECT_REFUSED("command_denied", set(as_user(Role::manager)));
  EC_EXPECT_REFUSED("not_found", set(as_anon(), {{"organization_id", to_text(organization_)}}));
  EC_EXPECT_REFUSED("not_found", set(as_user(Role::owner), {{"organization_id", to_text(add_organization("Other"))}}));
  EC_EXPECT_OK(set(as_user(Role::owner)));
  EC_EXPECT_OK(set(as_service(), {{"organization_id", to_text(organization_)}}));
}

TEST_F(SecretsTest, TheValueIsInNoReplyNoErrorNoAuditEntryAndNoChange) {
  const Principal admin = as_user(Role::admin);
  const auto made = set(admin);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(dump(made.assume_value()).find(canary), std::string::npos);
  EXPECT_FALSE(made.assume_value()["integration_secret"].contains("value"));
  const auto shown = get(as_service(), tables::integration_secrets, id_of(made.assume_value()["integration_secret"]));
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(dump(shown.assume_value()).find(canary), std::string::npos);
  const auto refused = set(admin, {{"value", std::string(canary) + " "}, {"kind", "NO"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().to_json().find(canary), std::string::npos);
  EXPECT_EQ(traces_of(canary), 0);
  EXPECT_GT(traces_of("stripe_webhook"), 0);  // the search does find what is there
}

TEST_F(SecretsTest, CredentialsAreRevealedToAdminsAndTheLogSaysWhoLooked) {
  const Json wanted = account({{"token", canary}});
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "reveal_secret", wanted));
  const auto shown = call(as_user(Role::admin), "reveal_secret", wanted);
  ASSERT_TRUE(shown.has_value()) << shown.error().to_json();
  EXPECT_EQ(shown.assume_value()["value"], std::string(R"({"token":")") + canary + "\"}");
  EXPECT_EQ(traces_of(canary), 0);
  namespace a = col::audit_logs;
  EXPECT_EQ(count(tables::audit_logs, Expr::all_of({Expr::equals(a::operation.index, "reveal"),
                                                    Expr::equals(a::principal_kind.index, "user"),
                                                    Expr::equals(a::command.index, "reveal_secret")})),
            1);
  EXPECT_GT(traces_of(wanted["id"].get<std::string>()), 0);
}

TEST_F(SecretsTest, OtherSealedColumnsAreNeverRevealed) {
  const auto made = set(as_user(Role::owner));
  ASSERT_TRUE(made.has_value());
  for (const char* table : {"integration_secrets", "event_keys", "users"})
    EC_EXPECT_REFUSED("invalid_argument",
                      call(as_user(Role::owner), "reveal_secret",
                           {{"table", table}, {"id", made.assume_value()["integration_secret"]["id"]}}));
  EC_EXPECT_REFUSED("not_found", call(as_user(Role::owner), "reveal_secret",
                                      {{"table", "social_media_accounts"}, {"id", to_text(owner_)}}));
}

}  // namespace eventcore::test
