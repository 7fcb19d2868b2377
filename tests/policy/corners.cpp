#include "policy/corners.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace eventcore::test {

using schema::TableDef;

namespace {

// The sections of the access contract. What is closed to keys or seen by its recipient alone is under "".
const std::map<std::string, std::vector<std::string_view>> sections = {
    {"",
     {"api_keys", "devices", "integration_secrets", "data_subject_requests", "event_keys", "audit_logs",
      "notifications", "social_media_platforms"}},
    {"organization", {"organizations", "users", "team_assignments", "user_skill_assignments"}},
    {"events",
     {"events", "event_categories", "event_tags", "venues", "event_budgets", "vendors", "event_vendor_contracts",
      "event_milestones", "event_risks"}},
    {"ai",
     {"ai_agents", "ai_conversations", "ai_generated_content", "automation_workflows", "workflow_executions",
      "proposals", "outside_calls"}},
    {"marketing",
     {"marketing_campaigns", "social_media_accounts", "social_media_content", "influencers", "influencer_campaigns"}},
    {"sponsorship",
     {"sponsor_prospects", "sponsor_packages", "sponsors", "sponsor_activations", "sponsor_roi_metrics"}},
    {"ticketing",
     {"ticket_categories", "dynamic_pricing_rules", "pricing_calculations", "discount_codes", "ticket_orders",
      "ticket_order_items", "order_payments", "ticket_transfers", "tickets", "check_ins", "waitlist_entries",
      "payment_events", "ticket_sales_analytics"}},
    {"analytics", {"event_analytics", "user_behavior_events", "dashboard_widgets"}},
    {"communication", {"message_templates", "communication_logs"}}};

std::string section_of(const TableDef& table) {
  for (const auto& [section, tables] : sections)
    if (std::find(tables.begin(), tables.end(), table.name) != tables.end()) return section;
  ADD_FAILURE() << table.name << " is in no section";
  return "";
}

// Sessions that the corners need, opened once.
api::SessionCore& opened(World& world, const std::string& name, const std::function<std::string()>& principal) {
  static std::map<std::pair<World*, std::string>, std::shared_ptr<api::SessionCore>> sessions;
  auto& session = sessions[{&world, name}];
  if (!session) session = world.open(principal());
  return *session;
}

api::SessionCore& key_of(World& world, const std::string& permission) {
  return opened(world, permission, [&] {
    const Json made = parsed(world.service().call(
        "create_api_key",
        dump({{"organization_id", world.a().organization}, {"name", permission}, {"permissions", {permission}}}), {}));
    return dump({{"kind", "api_key"}, {"token", made["token"]}});
  });
}

std::string user_json(const std::string& id) {
  return dump({{"kind", "user"}, {"id", id}});
}

// A manager who is also an operations manager of the plain event.
api::SessionCore& manager_at_the_box_office(World& world) {
  return opened(world, "manager at the box office", [&] {
    const std::string id =
        world.put(world.a(), "users", {{"email", "both@example.com"}, {"full_name", "Both"}, {"role", "manager"}});
    world.put(world.a(), "team_assignments",
              {{"user_id", id}, {"event_id", world.a().rows.at("events")}, {"role_type", "operations_manager"}});
    return user_json(id);
  });
}

void expect_denied(const Status& status, const std::string& what) {
  EXPECT_FALSE(status) << what;
  if (!status) {
    EXPECT_EQ(status.error().code(), Errc::policy_denied) << what << status.error().to_json();
  }
}

// Tries it and takes it back.
template <class Body>
Status tried(api::SessionCore& session, const Body& body) {
  EC_TRYV(session.begin());
  const auto done = body();
  EC_TRYV(session.rollback());
  return done ? ok() : Status(done.error());
}

// A row of his own that he may see and nobody but the engine, an admin or the service may delete.
void expect_own_row_stays(World& world, const TableDef& table, const std::string& principal) {
  const std::string& who = world.a().users.at(principal);
  const std::string id = world.put(world.a(), table.name, world.draft(world.a(), table, "", who));
  api::SessionCore& session = world.session(principal);
  EXPECT_TRUE(session.get(table.name, id, {}));
  expect_denied(tried(session, [&] { return session.remove(table.name, id, {}); }), "delete of his own " + principal);
  EXPECT_TRUE(world.service().remove(table.name, id, {.organization = world.a().organization}));
}

// A ticket of c1's order that was transferred: the buyer has lost it, its holder sees it with its code.
void check_transferred_ticket(World& world, const TableDef& table) {
  Json row = world.draft(world.a(), table, "", "");
  row["attendee_email"] = "holder@example.com";
  row["transferred_from"] = world.a().rows.at("tickets");
  const std::string id = world.put(world.a(), "tickets", row);
  EXPECT_FALSE(world.session("c1").get("tickets", id, {}));
  api::SessionCore& holder =
      opened(world, "holder", [] { return std::string(R"({"kind":"customer","email":"holder@example.com"})"); });
  const auto seen = holder.get("tickets", id, {});
  EXPECT_TRUE(seen);
  if (seen) {
    EXPECT_TRUE(parsed(seen).contains("qr_code_data"));
  }
}

// Where columns alone would refuse, the right itself is refused already.
void check_right_before_columns(World& world, const TableDef& table) {
  if (table.name == "organizations") {
    const Json founding = {
        {"table", "organizations"}, {"operation", "create"}, {"values", {{"name", "Another"}, {"slug", "another"}}}};
    EXPECT_EQ(parsed(world.session("an").call("explain_access", dump(founding), {}))["allowed"], false);
  }
  if (table.name == "user_skill_assignments") {
    api::SessionCore& member = world.session("me");
    const std::string id = world.put(world.a(), table.name, world.draft(world.a(), table, "", world.a().users.at("x")));
    EXPECT_TRUE(member.get(table.name, id, {}));
    const std::string verified = dump({{"verified_at", "2026-09-21T00:00:00Z"}});
    expect_denied(tried(member, [&] { return member.update(table.name, id, verified, {}); }), "verified by a member");
    EXPECT_TRUE(world.service().remove(table.name, id, {.organization = world.a().organization}));
  }
}

}  // namespace

void check_key_groups(World& world, const TableDef& table) {
  const std::string section = section_of(table);
  const std::string id = world.a().rows.at(std::string(table.name));
  for (const auto& [group, unused] : sections) {
    if (group.empty()) continue;
    for (const std::string& permission : {group, group + ":read"}) {
      const bool sees = key_of(world, permission).get(table.name, id, {}).has_value();
      const bool expected = group == section || table.name == "events" || table.name == "event_categories" ||
                            table.name == "event_tags" || table.name == "social_media_platforms";
      EXPECT_EQ(sees, expected) << table.name << " seen by a key of " << permission;
    }
    if (table.name != "notifications") continue;
    api::SessionCore& session = key_of(world, group);
    const Json row = world.draft(world.a(), table, "", world.a().users.at("x"));
    const Status made = tried(session, [&] { return session.insert(table.name, dump(row), {}); });
    const bool denied = !made && made.error().code() == Errc::policy_denied;
    EXPECT_EQ(!denied, group == "communication")
        << table.name << " created by a key of " << group << (made ? "" : made.error().to_json());
  }
}

void check_corners(World& world, const TableDef& table) {
  const std::string name(table.name);
  if (name == "event_budgets" || name == "event_vendor_contracts" || name == "dynamic_pricing_rules") {
    api::SessionCore& both = manager_at_the_box_office(world);
    const std::string id = world.a().rows.at(name);
    EXPECT_TRUE(both.get(name, id, {})) << name;
    expect_denied(tried(both, [&] { return both.remove(name, id, {}); }), name);
    const schema::ColumnDef* text = nullptr;
    for (const schema::ColumnDef& column : table.columns)
      if (text == nullptr && column.caller_writable() && column.type == schema::Type::text) text = &column;
    ASSERT_NE(text, nullptr);
    const std::string change = dump({{std::string(text->name), "x"}});
    expect_denied(tried(both, [&] { return both.update(name, id, change, {}); }), name);
  }
  if (name == "ai_conversations") expect_own_row_stays(world, table, "mg");
  if (name == "notifications") expect_own_row_stays(world, table, "ow");
  if (name == "tickets") check_transferred_ticket(world, table);
  check_right_before_columns(world, table);
}

}  // namespace eventcore::test
