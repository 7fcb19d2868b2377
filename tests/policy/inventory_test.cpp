// The gaps 1 to 17 of the source's access rules, a test named after each number, and what must hold of access always.
// (13, API keys, comes with the keys themselves.)
#include <gtest/gtest.h>

#include <set>

#include "policy/world.hpp"
#include "schema/codec.hpp"

namespace eventcore::test {
namespace {

using schema::TableDef;
using RecordContext = api::SessionCore::RecordContext;

constexpr const char* absent_id = "01900000-0000-7000-8000-00000000dead";

// The one for tests that leave something behind.
World& written_world() {
  static World world;
  return world;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : std::string(result.error().name());
}

template <class T>
std::string text_of(const Result<T>& result) {
  return result ? "ok" : result.error().to_json();
}

std::string code_of_update(World& world, const std::string& who, std::string_view table, const std::string& id,
                           const Json& change) {
  api::SessionCore& session = world.session(who);
  EXPECT_TRUE(session.begin());
  RecordContext context;
  context.organization = world.a().organization;
  const std::string code = code_of(session.update(table, id, dump(change), context));
  EXPECT_TRUE(session.rollback());
  return code;
}

std::string code_of_remove(World& world, const std::string& who, std::string_view table, const std::string& id) {
  api::SessionCore& session = world.session(who);
  EXPECT_TRUE(session.begin());
  const std::string code = code_of(session.remove(table, id, {}));
  EXPECT_TRUE(session.rollback());
  return code;
}

std::string code_of_insert(World& world, const std::string& who, std::string_view table, const Json& row) {
  api::SessionCore& session = world.session(who);
  EXPECT_TRUE(session.begin());
  const std::string code = code_of(session.insert(table, dump(row), {}));
  EXPECT_TRUE(session.rollback());
  return code;
}

std::string code_of_get(World& world, const std::string& who, std::string_view table, const std::string& id) {
  RecordContext context;
  if (who != "fo") context.organization = world.a().organization;
  return code_of(world.session(who).get(table, id, context));
}

// ---- INVENTORY section 8, access ----------------------------------------------------------------------------------

TEST(InventoryTest, Gap1RolesRestrictWhatMembersMayDoToEvents) {
  World& world = shared_world();
  const std::string& event = world.a().rows.at("events public");
  for (const char* who : {"me", "mg", "gu"}) {
    EXPECT_EQ(code_of_update(world, who, "events", event, {{"description", "mine"}}), "policy_denied") << who;
    EXPECT_EQ(code_of_remove(world, who, "events", event), "policy_denied") << who;
  }
  EXPECT_EQ(code_of_update(world, "ad", "events", event, {{"description", "mine"}}), "ok");
}

TEST(InventoryTest, Gap2EveryPolicyCanBeEvaluatedForEveryPrincipal) {
  World& world = shared_world();
  for (const TableDef* table : schema::all_tables) {
    EXPECT_TRUE(table->access.complete()) << table->name;
    for (const std::string& who : principal_names) {
      const auto listed = world.session(who).list(table->name, R"({"limit":5})");
      EXPECT_EQ(code_of(listed), who == "in" ? "unauthenticated" : "ok") << table->name << " " << who;
    }
  }
}

TEST(InventoryTest, Gap3PoliciesThatLookIntoUsersAndAssignmentsApply) {
  World& world = shared_world();
  const std::string& event = world.a().rows.at("events");
  EXPECT_EQ(code_of_get(world, "me", "events", event), "not_found");
  EXPECT_EQ(code_of_get(world, "te", "events", event), "ok");
  EXPECT_EQ(code_of_get(world, "gu", "users", world.a().users.at("gu")), "ok");
}

TEST(InventoryTest, Gap4EveryTableIsReadableBySomebodyButTheService) {
  World& world = shared_world();
  for (const TableDef* table : schema::all_tables) {
    std::int64_t seen = 0;
    for (const std::string& who : principal_names)
      if (who != "sv" && who != "in") seen += world.session(who).count(table->name, "{}").value();
    EXPECT_GT(seen, 0) << table->name;
  }
  EXPECT_EQ(code_of_get(world, "an", "ticket_categories", world.a().rows.at("ticket_categories public")), "ok");
  EXPECT_EQ(code_of_get(world, "an", "ticket_categories", world.a().rows.at("ticket_categories inactive")),
            "not_found");
  EXPECT_EQ(code_of_get(world, "an", "venues", world.a().rows.at("venues public")), "ok");
}

TEST(InventoryTest, Gap5OrdersAndTicketsAreWrittenByCommandsAlone) {
  World& world = shared_world();
  for (const char* table : {"ticket_orders", "ticket_order_items", "order_payments", "tickets", "check_ins"}) {
    const TableDef& def = *schema::find_table(table);
    const std::string& row = world.a().rows.at(table);
    for (const char* who : {"ow", "di", "c1"}) {
      EXPECT_EQ(code_of_insert(world, who, table, world.draft(world.a(), def, "", world.a().users.at("x"))),
                "engine_only");
      EXPECT_EQ(code_of_remove(world, who, table, row), "engine_only") << table << who;
    }
    EXPECT_EQ(code_of_remove(world, "sv", table, row), "engine_only") << table;
  }
}

TEST(InventoryTest, Gap6AGuestReadsHisAssignedEventAndNoMore) {
  World& world = shared_world();
  EXPECT_EQ(code_of_get(world, "gd", "events", world.a().rows.at("events")), "ok");
  EXPECT_EQ(code_of_get(world, "gu", "events", world.a().rows.at("events")), "not_found");
  for (const char* table : {"venues", "sponsors", "ticket_orders", "tickets", "vendors", "event_budgets"})
    EXPECT_EQ(code_of_get(world, "gd", table, world.a().rows.at(table)), "not_found") << table;
}

TEST(InventoryTest, Gap7OnlyAnAssignmentThatCountsTodayGivesARight) {
  World& world = shared_world();
  const std::string& event = world.a().rows.at("events");
  const Json change = {{"description", "mine"}};
  for (const char* who : {"ca", "pa", "fu", "ot", "me"})
    EXPECT_EQ(code_of_update(world, who, "events", event, change), "not_found") << who;
  for (const char* who : {"gd", "op", "mk"})
    EXPECT_EQ(code_of_update(world, who, "events", event, change), "policy_denied") << who;
  for (const char* who : {"di", "pr"}) EXPECT_EQ(code_of_update(world, who, "events", event, change), "ok") << who;
}

TEST(InventoryTest, Gap8VenuesAndSponsorsHaveRoles) {
  World& world = shared_world();
  const std::string& venue = world.a().rows.at("venues public");
  for (const char* who : {"gu", "me", "mg"})
    EXPECT_EQ(code_of_remove(world, who, "venues", venue), "policy_denied") << who;
  EXPECT_EQ(code_of_update(world, "mg", "venues", venue, {{"city", "Elsewhere"}}), "ok");
  EXPECT_EQ(code_of_remove(world, "me", "sponsors", world.a().sponsors.at("s1")), "policy_denied");
  EXPECT_EQ(code_of_remove(world, "gu", "sponsors", world.a().sponsors.at("s1")), "not_found");
}

TEST(InventoryTest, Gap9ASponsorChangesNothingButItsAddresses) {
  World& world = shared_world();
  const std::string& own = world.a().sponsors.at("s1");
  for (const Json& change : {Json{{"payment_status", "paid"}}, Json{{"contract_value", "1.00"}},
                             Json{{"logo_url", "https://example.com/l"}, {"contract_status", "active"}}})
    EXPECT_EQ(code_of_update(world, "s1", "sponsors", own, change), "column_denied") << dump(change);
  EXPECT_EQ(code_of_update(world, "s1", "sponsors", own, {{"website_url", "https://example.com"}}), "ok");
  EXPECT_EQ(code_of_remove(world, "s1", "sponsors", own), "policy_denied");
  EXPECT_EQ(code_of_get(world, "s1", "sponsors", world.a().sponsors.at("s2")), "not_found");
}

TEST(InventoryTest, Gap10MembershipIsLookedUpAndNeverClaimed) {
  World& world = shared_world();
  const std::string owner_of_b = world.b().users.at("ow");
  const std::string claims =
      R"({"kind":"user","id":")" + owner_of_b + R"(","organization_id":")" + world.a().organization + "\"}";
  EXPECT_EQ(code_of(api::read_principal(*world.engine(), claims)), "invalid_principal");
  EXPECT_EQ(code_of_get(world, "fo", "ticket_orders", world.a().rows.at("ticket_orders")), "not_found");
  EXPECT_EQ(code_of_get(world, "in", "events", world.a().rows.at("events public")), "unauthenticated");
}

TEST(InventoryTest, Gap11PublicEventsAreForCustomersToo) {
  World& world = shared_world();
  for (const char* who : {"c1", "c2", "an"}) {
    for (const Tenant* tenant : {&world.a(), &world.b()})
      EXPECT_EQ(code_of(world.session(who).get("events", tenant->rows.at("events public"), {})), "ok") << who;
    EXPECT_EQ(code_of_get(world, who, "events", world.a().rows.at("events planning")), "not_found") << who;
  }
  EXPECT_EQ(code_of_get(world, "fo", "events", world.a().rows.at("events public")), "not_found");
}

TEST(InventoryTest, Gap12CustomersAreTheirFoldedAddress) {
  World& world = written_world();
  const auto shouting = world.open(R"({"kind":"customer","email":"C1@Example.COM"})");
  EXPECT_EQ(code_of(shouting->get("ticket_orders", world.a().rows.at("ticket_orders"), {})), "ok");
  EXPECT_EQ(code_of(api::read_principal(*world.engine(), R"({"kind":"customer","email":""})")), "invalid_principal");

  // A transferred ticket: the new holder sees it, the buyer of its order no more.
  Json ticket = world.draft(world.a(), schema::tables::tickets, "", "");
  ticket.update({{"attendee_email", "New@Example.com"}, {"transferred_from", world.a().rows.at("tickets")}});
  const std::string id = world.put(world.a(), "tickets", ticket);
  const auto holder = world.open(R"({"kind":"customer","email":"new@example.com"})");
  EXPECT_EQ(code_of(holder->get("tickets", id, {})), "ok");
  EXPECT_EQ(code_of(holder->get("ticket_orders", world.a().rows.at("ticket_orders"), {})), "not_found");
  EXPECT_EQ(code_of(world.session("c1").get("tickets", id, {})), "not_found");
}

TEST(InventoryTest, Gap14NoClaimMakesAService) {
  World& world = shared_world();
  for (const char* json : {R"({"kind":"service"})", R"({"kind":"service","reason":""})", R"({"kind":"service_role"})",
                           R"({"role":"service_role"})", R"({"kind":"anon","role":"service_role"})"})
    EXPECT_EQ(code_of(api::read_principal(*world.engine(), json)), "invalid_principal") << json;
}

TEST(InventoryTest, Gap15ReferencesToAnotherTenantAreReferencesToNothing) {
  World& world = shared_world();
  api::SessionCore& session = world.session("ow");
  std::size_t references = 0;
  for (const TableDef* table : schema::all_tables) {
    for (const schema::ColumnDef& column : table->columns) {
      if (!column.is_reference() || !column.caller_writable() || column.name == "organization_id") continue;
      if (schema::find_table(column.references)->global) continue;
      const Json row = world.draft(world.a(), *table, "", world.a().users.at("x"));
      std::set<std::string> answers;
      for (const std::string& id : {world.b().rows.at(std::string(column.references)), std::string(absent_id)}) {
        Json changed = row;
        changed[std::string(column.name)] = id;
        EXPECT_TRUE(session.begin());
        const auto inserted = session.insert(table->name, dump(changed), {});
        EXPECT_FALSE(inserted) << table->name << "." << column.name;
        answers.insert(text_of(inserted));
        EXPECT_TRUE(session.rollback());
      }
      EXPECT_EQ(answers.size(), 1U) << table->name << "." << column.name << " " << *answers.begin()
                                    << *answers.rbegin();
      ++references;
    }
  }
  EXPECT_GT(references, 40U);
}

TEST(InventoryTest, Gap16AClaimThatIsNoIdIsRefusedAtOnce) {
  World& world = shared_world();
  for (const char* json : {R"({"kind":"user","id":"abc"})", R"({"kind":"sponsor","id":""})",
                           R"({"kind":"anon","organization_id":"1"})", R"({"kind":"user"})"})
    EXPECT_EQ(code_of(api::read_principal(*world.engine(), json)), "invalid_principal") << json;
  const auto stranger = world.open(std::string(R"({"kind":"user","id":")") + absent_id + "\"}");
  for (const TableDef* table : schema::all_tables)
    EXPECT_EQ(code_of(stranger->list(table->name, "{}")), "unauthenticated") << table->name;
}

TEST(InventoryTest, Gap17NoUniqueKeyTellsOfAnotherTenant) {
  World& world = shared_world();
  // Both tenants hold the same addresses and slugs already; whatever the other one uses is free here.
  const Json of_b = parsed(world.service().get("users", world.b().users.at("x"), {}));
  const Json order_of_b = parsed(world.service().get("ticket_orders", world.b().rows.at("ticket_orders"), {}));
  EXPECT_EQ(of_b["email"], "x@example.com");
  Json order = world.draft(world.a(), schema::tables::ticket_orders, "", "");
  order["order_number"] = order_of_b["order_number"];
  EXPECT_EQ(code_of_insert(world, "sv", "ticket_orders", order), "ok");
  const Json event_of_b = parsed(world.service().get("events", world.b().rows.at("events"), {}));
  Json event = world.draft(world.a(), schema::tables::events, "", "");
  event["slug"] = event_of_b["slug"];
  EXPECT_EQ(code_of_insert(world, "ow", "events", event), "ok");
  EXPECT_EQ(code_of_update(world, "ow", "organizations", world.a().organization, {{"slug", "aurora-b"}}),
            "column_denied");
}

// ---- always true --------------------------------------------------------------------------------------------------

// Every way of naming a row: the answer to a foreign id is, word for word, that to an id that nobody has.
TEST(AccessTest, AForeignRowAndAnAbsentRowAnswerAlike) {
  World& world = shared_world();
  for (const TableDef* table : schema::all_tables) {
    if (table->global) continue;
    const std::string foreign = world.b().rows.at(std::string(table->name));
    for (const char* who : {"ow", "me", "gu", "s1", "d1"}) {
      api::SessionCore& session = world.session(who);
      for (const std::string& organization : {std::string(), world.a().organization, world.b().organization}) {
        RecordContext context;
        context.organization = organization;
        EXPECT_EQ(code_of(session.get(table->name, foreign, context)), "not_found") << table->name << who;
        EXPECT_EQ(text_of(session.get(table->name, foreign, context)),
                  text_of(session.get(table->name, absent_id, context)));
        EXPECT_EQ(text_of(session.update(table->name, foreign, "{}", context)),
                  text_of(session.update(table->name, absent_id, "{}", context)));
        EXPECT_EQ(text_of(session.remove(table->name, foreign, context)),
                  text_of(session.remove(table->name, absent_id, context)));
      }
      const std::string filter = dump({{"where", {{"id", foreign}}}});
      const auto count = session.count(table->name, filter);
      EXPECT_EQ(count ? count.assume_value() : 0, 0) << table->name << who;
    }
  }
}

// Callers without a tenant: what they may not see answers as what is not there.
TEST(AccessTest, APrivateRowAndAnAbsentRowAnswerAlikeToStrangers) {
  World& world = shared_world();
  for (const TableDef* table : schema::all_tables) {
    if (!table->found_without_tenant) continue;
    const std::string& hidden = world.a().rows.at(std::string(table->name));
    for (const char* who : {"an", "c2"}) {
      api::SessionCore& session = world.session(who);
      EXPECT_EQ(code_of(session.get(table->name, hidden, {})), "not_found") << table->name << who;
      EXPECT_EQ(text_of(session.get(table->name, hidden, {})), text_of(session.get(table->name, absent_id, {})));
      EXPECT_EQ(text_of(session.remove(table->name, hidden, {})), text_of(session.remove(table->name, absent_id, {})));
    }
  }
}

TEST(AccessTest, ARightLostIsLostFromTheNextCallOn) {
  World& world = written_world();
  const std::string& event = world.a().rows.at("events");
  const std::string& admin = world.a().users.at("ad");
  const Json change = {{"description", "touched"}};
  EXPECT_EQ(code_of_update(world, "ad", "events", event, change), "ok");
  ASSERT_TRUE(world.service().update("users", admin, R"({"role":"member"})", {}));
  EXPECT_EQ(code_of_update(world, "ad", "events", event, change), "not_found");
  EXPECT_EQ(code_of_update(world, "ad", "events", world.a().rows.at("events public"), change), "policy_denied");
  ASSERT_TRUE(world.service().update("users", admin, R"({"is_active":false})", {}));
  EXPECT_EQ(code_of_get(world, "ad", "events", world.a().rows.at("events public")), "unauthenticated");
  EXPECT_EQ(code_of_update(world, "ad", "events", event, change), "unauthenticated");
  EXPECT_EQ(code_of(world.session("ad").changes(0, 10, 0)), "unauthenticated");
  EXPECT_EQ(code_of(world.session("ad").count("venues", "{}")), "unauthenticated");
}

TEST(AccessTest, ALostRightEndsAnOpenTransactionToo) {
  World& world = written_world();
  api::SessionCore& session = world.session("pr");
  EXPECT_EQ(code_of(session.get("events", world.a().rows.at("events"), {})), "ok");
  ASSERT_TRUE(session.begin());  // takes no write turn yet
  ASSERT_TRUE(world.service().update("users", world.a().users.at("pr"), R"({"is_active":false})", {}));
  EXPECT_EQ(code_of(session.update("events", world.a().rows.at("events"), R"({"description":"late"})", {})),
            "unauthenticated");
  EXPECT_TRUE(session.rollback());
}

TEST(AccessTest, ACancelledAssignmentEndsARightAtOnce) {
  World& world = written_world();
  const std::string& event = world.a().rows.at("events");
  EXPECT_EQ(code_of_get(world, "te", "events", event), "ok");
  const Json mine =
      parsed(world.service().list("team_assignments", dump({{"where", {{"user_id", world.a().users.at("te")}}}})));
  RecordContext context;
  context.organization = world.a().organization;
  ASSERT_TRUE(world.service().update("team_assignments", mine["rows"][0]["id"].get<std::string>(),
                                     R"({"assignment_status":"cancelled"})", context));
  EXPECT_EQ(code_of_get(world, "te", "events", event), "not_found");
}

TEST(AccessTest, ARemovedSponsorAndARevokedDeviceAreNobody) {
  World& world = written_world();
  EXPECT_EQ(code_of(world.session("d2").list("tickets", "{}")), "ok");
  const Status revoked = world.run([&](work::UnitOfWork& unit) -> Status {
    const TableDef& devices = schema::tables::devices;
    EC_TRY(organization, parse_uuid(world.a().organization));
    EC_TRY(id, parse_uuid(world.a().rows.at("devices public")));
    EC_TRY(device, unit.must_find(devices, organization, id));
    return unit.change(device, {{static_cast<std::uint16_t>(devices.index_of("revoked_at")), Value(unit.now())}});
  });
  ASSERT_TRUE(revoked) << revoked.error().to_json();
  EXPECT_EQ(code_of(world.session("d2").list("tickets", "{}")), "unauthenticated");

  EXPECT_EQ(code_of(world.session("s2").list("sponsors", "{}")), "ok");
  ASSERT_TRUE(world.service().remove("sponsors", world.a().sponsors.at("s2"), {}));
  EXPECT_EQ(code_of(world.session("s2").list("events", "{}")), "unauthenticated");
}

TEST(AccessTest, TheServiceIsBoundByRulesThoughNotByPolicies) {
  World& world = shared_world();
  for (const TableDef* table : schema::all_tables) {
    if (table->global) continue;
    RecordContext context;
    context.organization = world.a().organization;
    const std::string& id = world.a().rows.at(std::string(table->name));
    for (const auto& [grants, operation] :
         {std::pair{&table->access.update, "update"}, {&table->access.remove, "delete"}}) {
      const bool rule = grants->has(schema::Predicate::engine) || grants->has(schema::Predicate::command) ||
                        grants->has(schema::Predicate::nobody);
      if (!rule) continue;
      const std::string code = std::string_view(operation) == "update"
                                   ? code_of(world.service().update(table->name, id, "{}", context))
                                   : code_of(world.service().remove(table->name, id, context));
      EXPECT_EQ(code, "engine_only") << table->name << " " << operation;
    }
  }
  const std::string& budget = world.a().rows.at("event_budgets");
  EXPECT_EQ(code_of_update(world, "sv", "event_budgets", budget, {{"approved_at", "2027-01-01T00:00:00Z"}}),
            "column_denied");
  const std::string& contract = world.a().rows.at("event_vendor_contracts");
  EXPECT_EQ(code_of_update(world, "sv", "event_vendor_contracts", contract, {{"signed_at", "2027-01-01T00:00:00Z"}}),
            "column_denied");
}

TEST(AccessTest, NobodyWritesInAnothersName) {
  World& world = shared_world();
  Json budget = world.draft(world.a(), schema::tables::event_budgets, "", "");
  EXPECT_EQ(code_of_insert(world, "ow", "event_budgets", budget), "ok");
  budget["created_by"] = world.a().users.at("x");
  EXPECT_NE(code_of_insert(world, "ow", "event_budgets", budget), "ok");
  EXPECT_EQ(code_of_insert(world, "sv", "event_budgets", budget), "ok");

  // AI conversations are one's own, the owner's too.
  Json talk = world.draft(world.a(), schema::tables::ai_conversations, "", world.a().users.at("ow"));
  EXPECT_EQ(code_of_insert(world, "ow", "ai_conversations", talk), "ok");
  talk["user_id"] = world.a().users.at("x");
  EXPECT_EQ(code_of_insert(world, "ow", "ai_conversations", talk), "policy_denied");
}

TEST(AccessTest, ANewRowMayNameNoColumnThatItsWriterMayNot) {
  World& world = shared_world();
  Json budget = world.draft(world.a(), schema::tables::event_budgets, "", "");
  budget["approved_by"] = world.a().users.at("x");
  EXPECT_EQ(code_of_insert(world, "di", "event_budgets", budget), "column_denied");
  const std::string& self = world.a().users.at("se");
  Json skill = world.draft(world.a(), schema::tables::user_skill_assignments, "", self);
  EXPECT_EQ(code_of_insert(world, "se", "user_skill_assignments", skill), "ok");
  skill["verified_at"] = "2027-01-01T00:00:00Z";
  EXPECT_EQ(code_of_insert(world, "se", "user_skill_assignments", skill), "column_denied");
}

TEST(AccessTest, NobodyVerifiesHisOwnSkill) {
  World& world = shared_world();
  const Json verified = {{"verified_at", "2027-01-01T00:00:00Z"}};
  EXPECT_EQ(
      code_of_update(world, "mg", "user_skill_assignments", world.a().rows.at("user_skill_assignments"), verified),
      "ok");
  for (const char* who : {"ow", "ad"}) {
    Json skill = world.draft(world.a(), schema::tables::user_skill_assignments, "", world.a().users.at(who));
    EXPECT_EQ(code_of_insert(world, who, "user_skill_assignments", skill), "ok");
    skill.update(verified);
    EXPECT_EQ(code_of_insert(world, who, "user_skill_assignments", skill), "column_denied") << who;
  }
}

TEST(AccessTest, OnlyAnOwnerGrantsOrTouchesOwner) {
  World& world = shared_world();
  const std::string& member = world.a().users.at("x");
  const std::string& owner = world.a().users.at("ow");
  EXPECT_EQ(code_of_update(world, "ad", "users", member, {{"role", "manager"}}), "ok");
  EXPECT_EQ(code_of_update(world, "ad", "users", member, {{"role", "owner"}}), "policy_denied");
  EXPECT_EQ(code_of_update(world, "ow", "users", member, {{"role", "owner"}}), "ok");
  for (const Json& change : {Json{{"role", "member"}}, Json{{"is_active", false}}, Json{{"full_name", "Other"}}})
    EXPECT_EQ(code_of_update(world, "ad", "users", owner, change), "policy_denied") << dump(change);
  EXPECT_EQ(code_of_remove(world, "ad", "users", owner), "policy_denied");
  for (const Json& change : {Json{{"role", "member"}}, Json{{"is_active", false}}})
    for (const char* who : {"ow", "sv"})
      EXPECT_EQ(code_of_update(world, who, "users", owner, change), "last_owner") << who << dump(change);
  EXPECT_EQ(code_of_remove(world, "ow", "users", owner), "last_owner");
  Json fresh = world.draft(world.a(), schema::tables::users, "", "");
  fresh["role"] = "owner";
  EXPECT_EQ(code_of_insert(world, "ad", "users", fresh), "policy_denied");
}

TEST(AccessTest, ARowMayNotBeChangedOutOfOnesOwnSight) {
  World& world = shared_world();
  const std::string& mine = world.a().rows.at("sponsor_prospects/se");
  EXPECT_EQ(code_of_update(world, "se", "sponsor_prospects", mine, {{"notes", "touched"}}), "ok");
  EXPECT_EQ(code_of_update(world, "se", "sponsor_prospects", mine, {{"assigned_to", world.a().users.at("x")}}),
            "policy_denied");
}

// Ids of rows are unique per tenant only: whoever opens a row in one tenant opens nothing in the other.
TEST(AccessTest, EqualIdsInTwoTenantsDoNotOpenEachOther) {
  World& world = written_world();
  const char* event_id = "01900000-0000-7000-8000-0000000000e1";
  const char* category_id = "01900000-0000-7000-8000-0000000000c1";
  for (const Tenant* tenant : {&world.a(), &world.b()}) {
    const bool open = tenant == &world.a();
    Json event = world.draft(*tenant, schema::tables::events, open ? "public" : "", "");
    event.update({{"id", event_id}, {"status", "confirmed"}});
    world.put(*tenant, "events", event);
    Json category = world.draft(*tenant, schema::tables::ticket_categories, "", "");
    category.update({{"id", category_id}, {"event_id", event_id}});
    world.put(*tenant, "ticket_categories", category);
  }
  const auto customer = world.open(R"({"kind":"customer","email":"twice@example.com"})");
  Json order = world.draft(world.a(), schema::tables::ticket_orders, "", "");
  order.update({{"event_id", event_id}, {"customer_email", "twice@example.com"}, {"payment_status", "paid"}});
  const std::string order_id = world.put(world.a(), "ticket_orders", order);
  Json ticket = world.draft(world.a(), schema::tables::tickets, "", "");
  ticket.erase("order_item_id");
  ticket.update({{"order_id", order_id}, {"ticket_category_id", category_id}, {"attendee_email", "twice@example.com"}});
  world.put(world.a(), "tickets", ticket);

  for (api::SessionCore* session : {&world.session("an"), customer.get()}) {
    for (const auto& [table, id] : {std::pair{"events", event_id}, {"ticket_categories", category_id}}) {
      RecordContext in_b;
      in_b.organization = world.b().organization;
      EXPECT_EQ(code_of(session->get(table, id, in_b)), "not_found") << table;
      const auto found = session->get(table, id, {});
      EXPECT_EQ(code_of(found), "ok") << table;
      EXPECT_EQ(session->count(table, dump({{"where", {{"id", id}}}})).value(), 1) << table;
      EXPECT_EQ(parsed(found)["organization_id"], world.a().organization) << table;
    }
  }
}

TEST(AccessTest, ExpandingAReferenceObeysTheViewOfItsTable) {
  World& world = shared_world();
  const std::string& order = world.a().rows.at("ticket_orders");
  const auto expanded = [&](const char* who) {
    return parsed(
        world.session(who).list("ticket_orders", dump({{"where", {{"id", order}}},
                                                       {"expand", {"event_id", "organization_id"}},
                                                       {"organization_id", world.a().organization}})))["rows"][0];
  };
  const Json customers = expanded("c1");
  EXPECT_FALSE(customers["event"].is_null());
  EXPECT_FALSE(customers["event"].contains("settings"));
  EXPECT_TRUE(customers["organization"].is_null());
  EXPECT_FALSE(customers.contains("ip_address"));
  EXPECT_TRUE(expanded("op")["organization"].contains("name"));
}

}  // namespace
}  // namespace eventcore::test
