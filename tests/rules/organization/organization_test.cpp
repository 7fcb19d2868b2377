// Organizations, their people and devices; and who may delete what.
#include <gtest/gtest.h>

#include "policy/principal.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;
using policy::Role;

class OrganizationTest : public Fixture {};

TEST_F(OrganizationTest, SlugsComeFromTheNameAndAreFreeInTheStore) {
  const Uuid second = add_organization("House of Events");
  EXPECT_EQ(row(tables::organizations, organization_)[col::organizations::slug].text(), "house-of-events");
  const auto slug = run(as_service(), "test", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(found, unit.get(tables::organizations, second));
    return Json(found[col::organizations::slug].text());
  });
  ASSERT_TRUE(slug.has_value());
  EXPECT_EQ(slug.assume_value(), "house-of-events-2");
  EC_EXPECT_REFUSED(
      "already_exists",
      call(as_service(), "create_organization",
           {{"name", "X"}, {"slug", "house-of-events"}, {"owner", {{"email", "x@example.org"}, {"full_name", "X"}}}}));
}

TEST_F(OrganizationTest, SettingsThatRulesRelyOnAreChecked) {
  const Principal admin = as_user(Role::admin);
  const Json bad = {
      {"settings",
       {{"currency", "XYZ"}, {"taxes", {{{"name", "VAT"}, {"rate", "2"}}}}, {"check_in", {{"reentry", "yes"}}}}}};
  const auto refused = update(admin, tables::organizations, organization_, bad);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().detail().fields.size(), 3U) << refused.error().to_json();
  EC_EXPECT_OK(update(admin, tables::organizations, organization_, {{"settings", {{"currency", "EUR"}, {"mine", 1}}}}));
}

TEST_F(OrganizationTest, MoneyWithoutACurrencyTakesTheEventsThenTheOrganizations) {
  set(tables::organizations, organization_, {{"settings", {{"currency", "EUR"}}}});
  namespace c = col::ticket_categories;
  EXPECT_EQ(row(tables::ticket_categories, add_category(add_event(), 5))[c::currency].text(), "EUR");
  const Uuid japanese = add_event({{"settings", {{"currency", "JPY"}}}});
  const Uuid category = add_category(japanese, 5, {{"base_price", "1200"}});
  EXPECT_EQ(row(tables::ticket_categories, category)[c::currency].text(), "JPY");
  EC_EXPECT_REFUSED("invalid_argument",
                    update(as_user(Role::admin), tables::ticket_categories, category, {{"base_price", "12.50"}}));
}

TEST_F(OrganizationTest, OnlyOwnersGrantOrTouchTheRoleOwner) {
  const Principal admin = as_user(Role::admin);
  const Uuid member = as_user(Role::member).id;
  EC_EXPECT_REFUSED("policy_denied", update(admin, tables::users, member, {{"role", "owner"}}));
  EC_EXPECT_REFUSED("policy_denied", update(admin, tables::users, owner_, {{"full_name", "Somebody"}}));
  EC_EXPECT_REFUSED("policy_denied", remove(admin, tables::users, owner_));
  EC_EXPECT_REFUSED("policy_denied",
                    call(admin, "invite_user", {{"email", "n@example.org"}, {"full_name", "N"}, {"role", "owner"}}));
  EC_EXPECT_OK(update(as_user(Role::owner), tables::users, member, {{"role", "owner"}}));
}

TEST_F(OrganizationTest, TheLastActiveOwnerStays) {
  const Principal owner = as_user(Role::owner);
  EC_EXPECT_REFUSED("last_owner", update(owner, tables::users, owner_, {{"role", "admin"}}));
  EC_EXPECT_REFUSED("last_owner", update(owner, tables::users, owner_, {{"is_active", false}}));
  EC_EXPECT_REFUSED("last_owner", remove(as_service(), tables::users, owner_));
  const Uuid second = add(tables::users, {{"email", "two@example.org"}, {"full_name", "Two"}, {"role", "owner"}});
  EC_EXPECT_OK(remove(as_user_row(second), tables::users, owner_));
}

TEST_F(OrganizationTest, EmailsAreUniqueFoldedPerOrganization) {
  EC_EXPECT_OK(call(as_user(Role::admin), "invite_user", {{"email", "New@Example.org"}, {"full_name", "N"}}));
  EC_EXPECT_REFUSED("already_exists",
                    call(as_user(Role::admin), "invite_user", {{"email", "new@example.ORG"}, {"full_name", "N"}}));
  EC_EXPECT_REFUSED("command_denied",
                    call(as_user(Role::member), "invite_user", {{"email", "b@example.org"}, {"full_name", "B"}}));
}

TEST_F(OrganizationTest, NobodyVerifiesHisOwnSkill) {
  const Principal manager = as_user(Role::manager);
  const Uuid skill = add(tables::user_skill_assignments, {{"user_id", to_text(manager.id)}, {"skill_name", "Light"}});
  EC_EXPECT_REFUSED("column_denied",
                    update(manager, tables::user_skill_assignments, skill, {{"verified_at", "2026-09-01T00:00:00Z"}}));
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_OK(update(admin, tables::user_skill_assignments, skill,
                      {{"verified_by", to_text(admin.id)}, {"verified_at", "2026-09-01T00:00:00Z"}}));
  EC_EXPECT_REFUSED("invariant_violated",
                    update(admin, tables::user_skill_assignments, skill, {{"verified_by", to_text(manager.id)}}));
}

TEST_F(OrganizationTest, ASkillThatBecomesAnotherIsVerifiedNoLonger) {
  namespace s = col::user_skill_assignments;
  const Principal member = as_user(Role::member);
  const Principal admin = as_user(Role::admin);
  const Uuid skill =
      add(tables::user_skill_assignments,
          {{"user_id", to_text(member.id)}, {"skill_name", "Barista"}, {"proficiency_level", "beginner"}});
  const Json verified = {{"verified_by", to_text(admin.id)}, {"verified_at", "2026-09-01T00:00:00Z"}};
  for (const Json& change : {Json{{"skill_name", "Pyrotechnician"}}, Json{{"proficiency_level", "expert"}}}) {
    EC_EXPECT_OK(update(admin, tables::user_skill_assignments, skill, verified));
    EC_EXPECT_OK(update(member, tables::user_skill_assignments, skill, {{"skill_name", "Barista"}}));
    ASSERT_FALSE(row(tables::user_skill_assignments, skill)[s::verified_by].is_null()) << "the name stayed";
    EC_EXPECT_OK(update(member, tables::user_skill_assignments, skill, change));
    EXPECT_TRUE(row(tables::user_skill_assignments, skill)[s::verified_by].is_null());
    EXPECT_TRUE(row(tables::user_skill_assignments, skill)[s::verified_at].is_null());
    EC_EXPECT_OK(update(member, tables::user_skill_assignments, skill, {{"skill_name", "Barista"}}));
  }
  Json renamed = verified;
  renamed["skill_name"] = "Rigger";
  EC_EXPECT_OK(update(admin, tables::user_skill_assignments, skill, renamed));
  EXPECT_FALSE(row(tables::user_skill_assignments, skill)[s::verified_by].is_null()) << "he names both";
}

TEST_F(OrganizationTest, TeamsAreAssignedOnceByWhoMayEditTheEvent) {
  const Uuid event = add_event();
  const Json arguments = {
      {"event_id", to_text(event)}, {"user_id", to_text(as_user(Role::member).id)}, {"role_type", "producer"}};
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "assign_team", arguments));
  EC_EXPECT_OK(call(as_user(Role::admin), "assign_team", arguments));
  EC_EXPECT_REFUSED("already_exists", call(as_user(Role::admin), "assign_team", arguments));
  Json stranger = arguments;
  stranger["user_id"] = to_text(add_organization("Another House"));
  EC_EXPECT_REFUSED("reference_not_found", call(as_user(Role::admin), "assign_team", stranger));
}

TEST_F(OrganizationTest, ADeviceKeyIsShownOnceAndKeptAsADigest) {
  const auto made = call(as_user(Role::admin), "register_device",
                         {{"event_id", to_text(add_event())}, {"name", "North"}, {"gate", "N1"}});
  ASSERT_TRUE(made.has_value()) << made.error().to_json();
  const auto token = made.assume_value()["token"].get<std::string>();
  EXPECT_TRUE(token.starts_with("ec_device_"));
  EXPECT_FALSE(made.assume_value()["device"].contains("key_hash"));
  const Status checked = store_->read([&](store::Reader& reader) -> Status {
    EC_TRY(principal, policy::authenticate_device(reader, token));
    EXPECT_EQ(principal.id, id_of(made.assume_value()["device"]));
    EXPECT_FALSE(policy::authenticate_device(reader, token + "0").has_value());
    return ok();
  });
  EXPECT_TRUE(checked.has_value());
}

TEST_F(OrganizationTest, SalesAndOtherReferencesStandInTheWayOfDeletes) {
  const Principal admin = as_user(Role::admin);
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 100}});
  const Uuid event = add_event({{"venue_id", to_text(venue)}});
  const Uuid category = add_category(event, 5);
  EC_EXPECT_REFUSED("still_referenced", remove(admin, tables::venues, venue));
  const Uuid order = add_order(event);
  add_ticket(order, category);
  EC_EXPECT_REFUSED("has_sales", remove(admin, tables::events, event));
  EC_EXPECT_REFUSED("has_sales", remove(admin, tables::ticket_categories, category));
}

TEST_F(OrganizationTest, AnUnsoldEventGoesWithAllThatHangsOnIt) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 5);
  const Uuid order = add_order(event, "pending");
  add_line(order, category, 2);
  const Uuid first = add(tables::event_milestones,
                         {{"event_id", to_text(event)}, {"title", "A"}, {"due_date", "2026-10-01T00:00:00Z"}});
  add(tables::event_milestones, {{"event_id", to_text(event)},
                                 {"title", "B"},
                                 {"due_date", "2026-10-02T00:00:00Z"},
                                 {"dependencies", {to_text(first)}}});
  add(tables::event_tags, {{"event_id", to_text(event)}, {"tag_name", "winter"}});
  EC_EXPECT_REFUSED("policy_denied", remove(as_user(Role::manager), tables::events, event));
  EC_EXPECT_OK(remove(as_user(Role::admin), tables::events, event));
  EXPECT_EQ(count(tables::ticket_orders), 0);
  EXPECT_EQ(count(tables::event_milestones), 0);
  EXPECT_EQ(count(tables::event_tags), 0);
}

TEST_F(OrganizationTest, ExplainAccessNamesThePolicy) {
  const Uuid event = add_event();
  const auto refused = call(as_user(Role::member), "explain_access",
                            {{"table", "events"}, {"operation", "update"}, {"id", to_text(event)}});
  ASSERT_TRUE(refused.has_value()) << refused.error().to_json();
  EXPECT_EQ(refused.assume_value()["allowed"], false);
  const auto allowed = call(as_user(Role::admin), "explain_access",
                            {{"table", "venues"},
                             {"operation", "create"},
                             {"values", {{"name", "H"}, {"address", "A"}, {"max_capacity", 1}}}});
  ASSERT_TRUE(allowed.has_value()) << allowed.error().to_json();
  EXPECT_EQ(allowed.assume_value()["allowed"], true);
}

TEST_F(OrganizationTest, AdminsVerifyTheirOwnChain) {
  const auto report = call(as_user(Role::admin), "verify_audit", Json::object());
  ASSERT_TRUE(report.has_value()) << report.error().to_json();
  EXPECT_EQ(report.assume_value()["ok"], true);
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "verify_audit", Json::object()));
}

}  // namespace eventcore::test
