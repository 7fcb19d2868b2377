#include "policy/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "api/request.hpp"
#include "base/codes.hpp"
#include "policy/principal.hpp"
#include "schema/codec.hpp"

namespace eventcore::test {

using schema::TableDef;

const std::vector<std::string> principal_names = {
    "sv", "ow", "ad", "mg", "me", "di", "pr", "mk", "sp", "op", "te", "cx", "ot", "ca", "pa", "fu", "gu", "gd",
    "se", "gs", "fo", "in", "s1", "s2", "s3", "sx", "c1", "c2", "d1", "d2", "an", "kw", "kr", "ke", "kn"};

namespace {

constexpr Micros world_time = 1'800'000'000'000'000;  // 2027-01-15T08:00:00Z
constexpr const char* event_start = "2027-06-01T09:00:00Z";
constexpr const char* event_end = "2027-06-03T18:00:00Z";

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string key_of(std::string_view table, const std::string& variant = "", const std::string& owner = "") {
  std::string key(table);
  if (!variant.empty()) key += " " + variant;
  if (!owner.empty()) key += "/" + owner;
  return key;
}

// The event that rows of a variant stand under: "events" (private), "events public", or none.
std::string event_key(const std::string& variant) {
  if (variant == "public" || variant == "inactive") return "events public";
  return "events";
}

void must(const Status& status, const std::string& what) {
  if (!status) throw std::runtime_error(what + ": " + status.error().to_json());
}

}  // namespace

Json parsed(const Result<std::string>& reply) {
  if (!reply) {
    ADD_FAILURE() << reply.error().to_json();
    return Json::object();
  }
  auto json = parse_json(reply.assume_value());
  return json ? json.assume_value() : Json();
}

std::vector<std::string> variants_of(const TableDef& table) {
  if (table.name == "events") return {"", "public", "planning"};
  if (table.name == "venues") return {"", "public"};
  if (table.name == "ai_generated_content") return {"", "approved"};
  if (table.name == "ticket_categories") return {"", "public", "inactive"};
  const schema::ColumnDef* event = table.find("event_id");
  if (event == nullptr) return {""};
  if (event->is(schema::not_null)) return {"", "public"};
  return {"", "public", "no_event"};
}

bool has_own_rows(const TableDef& table) {
  if (table.name == "users" || table.name == "proposals") return true;
  if (table.name == "events") return false;
  for (std::string_view who : {"user_id", "assigned_to", "responsible_person", "created_by", "recipient_id"})
    if (table.name != "audit_logs" && table.find(who) != nullptr) return true;
  return false;
}

World::World(bool with_third_tenant, Random* random) {
  api::Injected injected;
  injected.random = random;
  injected.start_us = world_time;
  auto opened = api::EngineCore::open(options_for(folder_.path("world.ecdb")), true, injected);
  if (!opened) throw std::runtime_error(opened.error().to_json());
  engine_ = opened.assume_value();
  a_.name = "a";
  b_.name = "b";
  c_.name = "c";
  c_.twin = &a_;
  put(a_, "social_media_platforms", {{"platform_name", "instagram"}});
  const Json platform = parsed(service().list("social_media_platforms", "{}"));
  a_.rows["social_media_platforms"] = b_.rows["social_media_platforms"] = c_.rows["social_media_platforms"] =
      platform["rows"][0]["id"];
  fill(a_);
  fill(b_);
  fill_keys(a_);
  if (with_third_tenant) fill(c_);
  for (const std::string& name : principal_names) session(name);
}

void World::fill_keys(Tenant& tenant) {
  const std::vector<std::string> groups = {"organization", "events",    "ai",        "marketing",
                                           "sponsorship",  "ticketing", "analytics", "communication"};
  Json every_read = Json::array();
  for (const std::string& group : groups) every_read.push_back(group + ":read");
  const std::pair<const char*, Json> keys[] = {
      {"kw", groups}, {"kr", every_read}, {"ke", {"events", "ticketing"}}, {"kn", {"communication:read"}}};
  for (const auto& [name, permissions] : keys) {
    const Json made = parsed(service().call(
        "create_api_key",
        dump({{"organization_id", tenant.organization}, {"name", name}, {"permissions", permissions}}), {}));
    tenant.keys[name] = made["token"];
  }
}

Status World::run(const std::function<Status(work::UnitOfWork&)>& body) {
  policy::Principal principal;
  principal.kind = policy::PrincipalKind::service;
  principal.reason = "access tests";
  auto request = std::make_shared<api::Request>(engine_, principal, "import", engine_->clock().now_us());
  request->body = [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(body(unit));
    return Json(nullptr);
  };
  EC_TRY(store, engine_->store());
  return store->write([request](store::Writer& writer) { return request->run(writer); });
}

std::string World::put(const Tenant& tenant, std::string_view table_name, const Json& row, const Json& more) {
  const TableDef& table = *schema::find_table(table_name);
  Json whole = row;
  whole.update(more);
  if (table.find("organization_id") != nullptr) whole["organization_id"] = tenant.organization;
  auto decoded = schema::decode_row(table, whole, schema::WriteKind::insert, {true});
  if (!decoded) throw std::runtime_error(std::string(table_name) + ": " + decoded.error().to_json() + dump(whole));
  Changes given = decoded.assume_value();
  const bool secret = table.find("key_hash") != nullptr;
  Uuid id{};
  const Status done = run([&](work::UnitOfWork& unit) -> Status {
    Changes all = given;
    if (secret) {
      const Uuid organization = parse_uuid(tenant.organization).assume_value();
      EC_TRY(digest, policy::key_digest(unit.reader(), organization, whole["public_id"].get<std::string>()));
      all.push_back(
          {static_cast<std::uint16_t>(table.index_of("key_hash")), Value(Bytes(digest.begin(), digest.end()))});
    }
    const bool direct = !secret && policy::may_write_kind(policy::Operation::create, table, unit.facts());
    EC_TRY(inserted, unit.insert(table, all, direct ? work::As::caller : work::As::engine));
    id = inserted.id();
    return ok();
  });
  must(done, std::string(table_name) + " " + dump(whole));
  return to_text(id);
}

// ---- the rows -----------------------------------------------------------------------------------------------------

namespace {

// What a row of each table needs. References are resolved by the caller-visible key of the row they name.
struct Draft {
  const Tenant& tenant;
  const std::string& variant;
  std::string who;  // user id
  std::string unique;
  Random& random;

  [[nodiscard]] std::string at(const std::string& key) const {
    const auto found = tenant.rows.find(key);
    return found == tenant.rows.end() ? std::string() : found->second;
  }
  // The row of another table in the same situation.
  [[nodiscard]] std::string near(std::string_view table) const {
    const std::string side = variant == "inactive" ? "public" : variant;
    const std::string exact = at(key_of(table, side));
    return exact.empty() ? at(key_of(table)) : exact;
  }
  [[nodiscard]] std::string customer() const { return variant == "public" ? "z@example.com" : "c1@example.com"; }
  [[nodiscard]] std::string sponsor() const { return tenant.sponsors.at(variant == "public" ? "s3" : "s1"); }

  [[nodiscard]] Json people(std::string_view table) const;
  [[nodiscard]] Json events(std::string_view table) const;
  [[nodiscard]] Json ai(std::string_view table) const;
  [[nodiscard]] Json marketing(std::string_view table) const;
  [[nodiscard]] Json sponsorship(std::string_view table) const;
  [[nodiscard]] Json ticketing(std::string_view table) const;
  [[nodiscard]] Json sales(std::string_view table) const;
  [[nodiscard]] Json rest(std::string_view table) const;
};

Json Draft::people(std::string_view table) const {
  if (table == "organizations") return {{"name", "Organization"}, {"slug", "organization-" + unique}};
  if (table == "users")
    return {{"email", "user" + unique + "@example.com"}, {"full_name", "A Person"}, {"role", "member"}};
  if (table == "team_assignments") return {{"user_id", who}, {"role_type", "producer"}, {"hourly_rate", "12.50"}};
  if (table == "user_skill_assignments")
    return {{"user_id", who}, {"skill_name", "skill" + unique}, {"proficiency_level", "expert"}};
  if (table == "api_keys") return {{"public_id", "key" + unique}, {"name", "Key"}, {"permissions", Json::array()}};
  if (table == "devices") return {{"public_id", "dev" + unique}, {"name", "Scanner"}, {"gate", "north"}};
  if (table == "integration_secrets") return {{"kind", "ai_provider"}, {"name", "n" + unique}, {"value", "hush"}};
  if (table == "data_subject_requests")
    return {{"kind", "export"}, {"subject_digest", std::string(64, 'a')}, {"requested_by", who}};
  return nullptr;
}

Json Draft::events(std::string_view table) const {
  if (table == "events")
    return {{"name", "Event"},           {"slug", "event-" + unique},  {"start_datetime", event_start},
            {"end_datetime", event_end}, {"is_public", variant != ""}, {"settings", {{"self_refund", true}}}};
  if (table == "venues")
    return {{"name", "Hall"},
            {"address", "1 Street"},
            {"city", "Town"},
            {"max_capacity", 1000},
            {"coordinates", {{"x", "1.5"}, {"y", "2.5"}}},
            {"country", "CH"}};
  if (table == "event_budgets") return {{"category", "venue"}, {"planned_amount", "100.00"}};
  if (table == "vendors") return {{"name", "Vendor"}};
  if (table == "event_vendor_contracts") return {{"vendor_id", at("vendors")}, {"contract_type", "catering"}};
  if (table == "event_milestones")
    return {{"title", "Milestone"}, {"due_date", "2027-05-01T00:00:00Z"}, {"assigned_to", who}};
  if (table == "event_risks")
    return {{"risk_description", "Rain"}, {"responsible_person", who}, {"probability", "low"}, {"impact", "high"}};
  if (table == "event_keys")
    return {{"key_id", std::stoll(unique)}, {"public_key", std::string(64, 'b')}, {"private_key", "hush"}};
  if (table == "event_categories") return {{"category_name", "category" + unique}};
  if (table == "event_tags") return {{"tag_name", "tag" + unique}};
  return nullptr;
}

Json Draft::ai(std::string_view table) const {
  if (table == "ai_agents") return {{"name", "Agent"}};
  if (table == "ai_conversations")
    return {{"agent_id", at("ai_agents")}, {"user_id", who}, {"session_id", "s" + unique}};
  if (table == "ai_generated_content") return {{"prompt", "Write"}, {"generated_content", "Text"}};
  if (table == "automation_workflows")
    return {{"name", "Workflow"}, {"trigger_conditions", Json::object()}, {"actions", Json::array()}};
  if (table == "workflow_executions") return {{"workflow_id", at("automation_workflows")}};
  if (table == "proposals") {
    std::string owner;
    for (const char* name : {"se", "gs"})
      if (tenant.users.at(name) == who) owner = name;
    return {{"agent_id", at("ai_agents")},
            {"conversation_id", at(key_of("ai_conversations", "", owner))},
            {"command", "place_order"}};
  }
  if (table == "outside_calls") return {{"command", "generate_content"}, {"request", Json::object()}};
  return nullptr;
}

Json Draft::marketing(std::string_view table) const {
  if (table == "marketing_campaigns") return {{"name", "Campaign"}};
  if (table == "social_media_platforms") return {{"platform_name", "reddit"}};
  if (table == "social_media_accounts")
    return {{"platform_id", at("social_media_platforms")},
            {"account_handle", "handle" + unique},
            {"api_credentials", {{"token", "hush"}}}};
  if (table == "social_media_content") return {{"campaign_id", near("marketing_campaigns")}, {"content_text", "Hello"}};
  if (table == "influencers") return {{"name", "Influencer"}};
  if (table == "influencer_campaigns")
    return {{"campaign_id", near("marketing_campaigns")}, {"influencer_id", at("influencers")}};
  return nullptr;
}

Json Draft::sponsorship(std::string_view table) const {
  if (table == "sponsor_prospects") return {{"company_name", "Prospect"}, {"assigned_to", who}};
  if (table == "sponsor_packages")
    return {{"package_name", "Gold"}, {"price", "10.00"}, {"benefits", Json::object()}, {"max_sponsors", 5}};
  if (table == "sponsors")
    return {{"company_name", "Sponsor"}, {"contract_value", "100.00"}, {"satisfaction_rating", 4}};
  if (table == "sponsor_activations") return {{"sponsor_id", sponsor()}, {"responsible_person", who}};
  if (table == "sponsor_roi_metrics") return {{"sponsor_id", sponsor()}, {"metric_value", "5"}};
  return nullptr;
}

Json Draft::ticketing(std::string_view table) const {
  if (table == "ticket_categories")
    return {
        {"name", "Standard"}, {"base_price", "20.00"}, {"total_quantity", 100}, {"is_active", variant != "inactive"}};
  if (table == "dynamic_pricing_rules")
    return {{"ticket_category_id", near("ticket_categories")},
            {"rule_name", "Early"},
            {"conditions", Json::object()},
            {"adjustment_value", "1"},
            {"price_adjustment_type", "percentage"}};
  if (table == "pricing_calculations")
    return {{"ticket_category_id", near("ticket_categories")}, {"base_price", "20.00"}, {"final_price", "20.00"}};
  if (table == "discount_codes")
    return {{"code", "CODE" + unique}, {"discount_type", "percentage"}, {"discount_value", "10"}};
  if (table == "ticket_sales_analytics")
    return {
        {"date", "2027-01-01"}, {"ticket_category_id", near("ticket_categories")}, {"traffic_source", "t" + unique}};
  if (table == "waitlist_entries")
    return {{"ticket_category_id", near("ticket_categories")}, {"customer_email", customer()}};
  return nullptr;
}

Json Draft::sales(std::string_view table) const {
  if (table == "ticket_orders")
    return {{"order_number", make_order_number(random)},
            {"customer_email", customer()},
            {"customer_name", "C"},
            {"subtotal", "20.00"},
            {"total_amount", "20.00"},
            {"ip_address", "192.0.2.1"},
            {"user_agent", "browser"}};
  if (table == "ticket_order_items")
    return {{"order_id", near("ticket_orders")},
            {"ticket_category_id", near("ticket_categories")},
            {"quantity", 1},
            {"unit_price", "20.00"},
            {"subtotal", "20.00"},
            {"total", "20.00"}};
  if (table == "order_payments") return {{"order_id", near("ticket_orders")}, {"kind", "payment"}, {"amount", "20.00"}};
  if (table == "payment_events")
    return {{"provider", "stripe"}, {"provider_event_id", "evt" + unique}, {"type", "payment"}};
  if (table == "tickets")
    return {{"order_id", near("ticket_orders")},
            {"ticket_category_id", near("ticket_categories")},
            {"ticket_number", make_ticket_number(random)},
            {"attendee_name", "C"},
            {"attendee_email", customer()},
            {"qr_code_data", "EC1." + unique},
            {"price_paid", "20.00"},
            {"order_item_id", near("ticket_order_items")}};
  if (table == "check_ins") return {{"ticket_id", near("tickets")}, {"outcome", "admitted"}};
  if (table == "ticket_transfers")
    return {{"ticket_id", near("tickets")},
            {"new_ticket_id", near("tickets")},
            {"from_email", "old@example.com"},
            {"to_email", customer()},
            {"transferred_by", who}};
  return nullptr;
}

Json Draft::rest(std::string_view table) const {
  if (table == "event_analytics") return {{"metric_name", "attendance"}};
  if (table == "user_behavior_events") return {{"event_name", "view"}, {"user_id", who}};
  if (table == "dashboard_widgets") return {{"dashboard_name", "Main"}, {"widget_config", Json::object()}};
  if (table == "message_templates") return {{"name", "Template"}, {"content", "Dear"}};
  if (table == "notifications") return {{"recipient_id", who}, {"title", "Title"}, {"message", "Text"}};
  if (table == "communication_logs") return {{"recipient", "c1@example.com"}};
  return Json::object();
}

}  // namespace

Json World::draft(const Tenant& tenant, const TableDef& table, const std::string& variant, const std::string& who) {
  const Draft draft{tenant, variant, who, std::to_string(++next_), engine_->random()};
  Json row;
  for (const auto part : {&Draft::people, &Draft::events, &Draft::ai, &Draft::marketing, &Draft::sponsorship,
                          &Draft::ticketing, &Draft::sales, &Draft::rest})
    if (row.is_null()) row = (draft.*part)(table.name);
  if (table.event_source == "event_id" && variant != "no_event") row["event_id"] = tenant.rows.at(event_key(variant));
  if (table.find("organization_id") != nullptr && table.name != "audit_logs")
    row["organization_id"] = tenant.organization;
  return row;
}

// What a service import adds to a draft: states beyond the first and who made it.
Json World::imported(const Tenant& tenant, const TableDef& table, const std::string& variant,
                     const std::string& who) const {
  Json more = Json::object();
  if (table.find("created_by") != nullptr) more["created_by"] = who;
  if (variant == "approved") more["is_approved"] = true;
  if (table.name == "team_assignments") more["assignment_status"] = "completed";
  if (table.name == "events")
    more["status"] = variant.empty() ? "active" : variant == "public" ? "confirmed" : "planning";
  if (table.name == "events" && variant != "planning") more["venue_id"] = tenant.rows.at(key_of("venues", variant));
  if (table.name == "ticket_orders") more["payment_status"] = "paid";
  if (table.name == "waitlist_entries") more["status"] = "withdrawn";  // one waits once for a category
  if (table.name == "sponsors") more["account_manager"] = tenant.users.at("x");
  return more;
}

void World::fill_people(Tenant& tenant) {
  tenant.organization = put(tenant, "organizations", {{"name", "Aurora"}, {"slug", "aurora-" + tenant.name}});
  tenant.rows["organizations"] = tenant.organization;
  const std::map<std::string, std::string> roles = {{"ow", "owner"},   {"in", "owner"}, {"ad", "admin"},
                                                    {"mg", "manager"}, {"gu", "guest"}, {"gd", "guest"},
                                                    {"gs", "guest"}};
  for (const std::string& name : principal_names) {
    if (is_one_of(name, {"sv", "fo", "s1", "s2", "s3", "sx", "c1", "c2", "d1", "d2", "an", "kw", "kr", "ke", "kn"}))
      continue;
    const auto role = roles.find(name);
    tenant.users[name] = put(tenant, "users",
                             {{"email", name + "@example.com"},
                              {"full_name", "Person " + name},
                              {"role", role == roles.end() ? "member" : role->second},
                              {"is_active", name != "in"}});
  }
  tenant.users["x"] = put(tenant, "users", {{"email", "x@example.com"}, {"full_name", "Person x"}});
  tenant.rows["users"] = tenant.users["x"];
  for (const char* own : {"se", "gs"}) tenant.rows[key_of("users", "", own)] = tenant.users[own];
}

void World::fill_events(Tenant& tenant) {
  fill_table(tenant, "venues");
  fill_table(tenant, "events");
  const std::map<std::string, std::string> roles = {{"di", "event_director"},
                                                    {"pr", "producer"},
                                                    {"mk", "marketing_manager"},
                                                    {"sp", "sponsorship_manager"},
                                                    {"op", "operations_manager"},
                                                    {"te", "technical_director"},
                                                    {"cx", "customer_experience_manager"},
                                                    {"gd", "event_director"},
                                                    {"ot", "event_director"},
                                                    {"ca", "event_director"},
                                                    {"pa", "event_director"},
                                                    {"fu", "event_director"}};
  for (const auto& [name, role] : roles) {
    Json row = {{"user_id", tenant.users[name]}, {"role_type", role}};
    row["event_id"] = tenant.rows[name == "ot" ? "events public" : "events"];
    if (name == "ca") row["assignment_status"] = "cancelled";
    if (name == "pa") row["end_date"] = "2027-01-14";
    if (name == "fu") row["start_date"] = "2027-01-16";
    if (name == "di") row.update({{"start_date", "2027-01-15"}, {"end_date", "2027-01-15"}});
    put(tenant, "team_assignments", row);
  }
}

void World::fill_sponsors(Tenant& tenant) {
  fill_table(tenant, "sponsor_prospects");
  fill_table(tenant, "sponsor_packages");
  const TableDef& sponsors = schema::tables::sponsors;
  for (const char* name : {"s1", "s2", "s3", "sx"}) {
    const std::string variant = std::string_view(name) == "s3" ? "public" : "";
    Json row = draft(tenant, sponsors, variant, tenant.users["x"]);
    row.update(imported(tenant, sponsors, variant, tenant.users["x"]));
    if (std::string_view(name) == "s1") row["package_id"] = tenant.rows["sponsor_packages"];
    if (std::string_view(name) == "sx") row["contract_status"] = "cancelled";
    tenant.sponsors[name] = put(tenant, "sponsors", row);
  }
  tenant.rows["sponsors"] = tenant.sponsors["s1"];
  tenant.rows["sponsors public"] = tenant.sponsors["s3"];
}

void World::fill_sales(Tenant& tenant) {
  for (const char* table : {"ticket_categories", "ticket_orders", "ticket_order_items", "order_payments", "tickets"})
    fill_table(tenant, table);
  for (const char* name : {"d1", "d2"}) {
    const std::string variant = std::string_view(name) == "d2" ? "public" : "";
    const Json row = draft(tenant, schema::tables::devices, variant, "");
    tenant.rows[key_of("devices", variant)] = put(tenant, "devices", row);
    const auto public_id = row["public_id"].get<std::string>();
    tenant.devices[name] = "ec_device_" + public_id + "_" + public_id;
  }
}

void World::fill_table(Tenant& tenant, std::string_view name) {
  const TableDef& table = *schema::find_table(name);
  for (const std::string& variant : variants_of(table)) {
    for (const char* owner : {"", "se", "gs"}) {
      const bool own = *owner != '\0';
      if (own && (!has_own_rows(table) || !is_one_of(variant, {"", "approved"}))) continue;
      const std::string key = key_of(name, variant, owner);
      if (tenant.rows.contains(key)) continue;
      const std::string who = tenant.users[own ? owner : "x"];
      const Json row = draft(tenant, table, variant, who);
      Json more = imported(tenant, table, variant, who);
      if (tenant.twin != nullptr && !is_one_of(name, {"organizations", "users", "sponsors", "api_keys", "devices"}))
        more["id"] = tenant.twin->rows.at(key);
      tenant.rows[key] = put(tenant, name, row, more);
    }
  }
}

void World::fill(Tenant& tenant) {
  fill_people(tenant);
  fill_events(tenant);
  fill_sponsors(tenant);
  fill_sales(tenant);
  for (const char* first :
       {"ai_agents", "ai_conversations", "automation_workflows", "marketing_campaigns", "influencers", "vendors"})
    fill_table(tenant, first);
  for (const TableDef* table : schema::all_tables)
    if (!table->global && table->name != "audit_logs") fill_table(tenant, table->name);
  const Json log = parsed(service().list("audit_logs", dump({{"organization_id", tenant.organization}, {"limit", 1}})));
  tenant.rows["audit_logs"] = log["rows"][0]["id"];
}

// ---- the principals -----------------------------------------------------------------------------------------------

std::string World::principal_json(const std::string& name) const {
  if (name == "sv") return R"({"kind":"service","reason":"access tests"})";
  if (name == "an") return R"({"kind":"anon"})";
  if (name == "fo") return R"({"kind":"user","id":")" + b_.users.at("ow") + "\"}";
  if (name == "c1" || name == "c2") return R"({"kind":"customer","email":")" + name + "@example.com\"}";
  if (const auto found = a_.devices.find(name); found != a_.devices.end())
    return R"({"kind":"device","token":")" + found->second + "\"}";
  if (const auto found = a_.keys.find(name); found != a_.keys.end())
    return R"({"kind":"api_key","token":")" + found->second + "\"}";
  if (const auto found = a_.sponsors.find(name); found != a_.sponsors.end())
    return R"({"kind":"sponsor","id":")" + found->second + "\"}";
  return R"({"kind":"user","id":")" + a_.users.at(name) + "\"}";
}

std::shared_ptr<api::SessionCore> World::open(const std::string& json) {
  auto principal = api::read_principal(*engine_, json);
  if (!principal) throw std::runtime_error(json + ": " + principal.error().to_json());
  return std::make_shared<api::SessionCore>(engine_, principal.assume_value());
}

api::SessionCore& World::session(const std::string& name) {
  auto& session = sessions_[name];
  if (!session) {
    session = open(principal_json(name));
    // The first use of a key or device is written into its row, which is not what the tests are about.
    static_cast<void>(session->count("social_media_platforms", "{}"));
  }
  return *session;
}

std::string World::row_of(const TableDef& table, const std::string& variant, const std::string& principal) const {
  const auto own = a_.rows.find(key_of(table.name, variant, principal));
  if (own != a_.rows.end()) return own->second;
  return a_.rows.at(key_of(table.name, variant));
}

World& shared_world() {
  static World world;
  return world;
}

}  // namespace eventcore::test
