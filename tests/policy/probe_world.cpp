#include "policy/probe_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace eventcore::test {

using schema::TableDef;
using statement::Image;
using statement::Kind;
using statement::Who;

namespace {

constexpr const char* today = "2027-01-15";  // of the world's clock
constexpr const char* now = "2027-01-15T08:00:00Z";
constexpr int first_audit_rows = 30;  // the log grows with every commit; its first rows stand for it

const std::vector<std::string> addresses = {"c1@example.com", "c2@example.com", "z@example.com", "old@example.com"};
const std::vector<std::string> event_states = {"planning", "confirmed", "active", "completed", "cancelled"};
const std::vector<std::string> team_roles = {
    "event_director",     "producer",           "marketing_manager",          "sponsorship_manager",
    "operations_manager", "technical_director", "customer_experience_manager"};

Json read_page(api::SessionCore& session, const TableDef& table, const Json& request) {
  auto page = session.list(table.name, dump(request));
  if (!page) throw std::runtime_error(std::string(table.name) + ": " + page.error().to_json());
  return parse_json(page.assume_value()).assume_value();
}

void read_table(api::SessionCore& session, const TableDef& table, const std::string& organization, Image& image) {
  Json request = {{"columns", {"*"}}, {"limit", 1000}};
  if (!organization.empty()) request["organization_id"] = organization;
  if (table.name == "audit_logs") request["where"] = {{"seq", {{"lte", first_audit_rows}}}};
  for (;;) {
    const Json page = read_page(session, table, request);
    for (const Json& row : page["rows"]) image.put(std::string(table.name), row);
    if (!page.contains("cursor") || page["cursor"].is_null() || page["cursor"] == "") return;
    request["after"] = page["cursor"];
  }
}

}  // namespace

ProbeWorld::ProbeWorld(Dice& dice) : dice_(dice), world_(true) {
  tenants_ = {&world_.a(), &world_.b(), &world_.c()};
  for (const Tenant* tenant : tenants_) {
    for (int i = 0; i < 4; ++i) put_random_event(*tenant);
    image_ = read_all();
    more_rows(*tenant, 150);
  }
  open_players();
  image_ = read_all();
  for (const Tenant* tenant : tenants_) {
    std::int64_t& seen = seen_[tenant->organization];
    auto session =
        world_.open(dump({{"kind", "service"}, {"reason", "feed"}, {"organization_id", tenant->organization}}));
    for (;;) {
      const Json page = parsed(session->changes(seen, 1000, 0));
      seen = page["next"].get<std::int64_t>();
      if (page["changes"].empty()) break;
    }
  }
}

Image ProbeWorld::read_all() {
  Image image;
  for (const TableDef* table : schema::all_tables) {
    if (table->global || table->name == "organizations" || table->name == "audit_logs") {
      read_table(world_.service(), *table, "", image);
      continue;
    }
    for (const Tenant* tenant : tenants_) read_table(world_.service(), *table, tenant->organization, image);
  }
  return image;
}

// ---- principals ---------------------------------------------------------------------------------------------------

void ProbeWorld::open_players() {
  const auto add = [&](std::string name, Kind kind, std::string organization, std::string id, std::string email,
                       const Json& principal) {
    players_.push_back({std::move(name), kind, std::move(organization), std::move(id), std::move(email), "",
                        world_.open(dump(principal))});
  };
  std::vector<std::string> reaches = {""};
  for (const Tenant* tenant : tenants_) reaches.push_back(tenant->organization);
  for (const std::string& reach : reaches) {
    const Json within = reach.empty() ? Json::object() : Json{{"organization_id", reach}};
    Json principal = {{"kind", "service"}, {"reason", "probes"}};
    principal.update(within);
    add("service", Kind::service, reach, "", "", principal);
    principal = {{"kind", "anon"}};
    principal.update(within);
    for (int i = 0; i < 2; ++i) add("anon", Kind::anon, reach, "", "", principal);
    for (const std::string& email :
         {addresses[0], addresses[1], addresses[2], addresses[3], std::string(" C1@Example.com")}) {
      principal = {{"kind", "customer"}, {"email", email}};
      principal.update(within);
      add("customer " + email, Kind::customer, reach, "", email, principal);
    }
  }
  for (const Tenant* tenant : tenants_) {
    const std::string& organization = tenant->organization;
    for (const auto& [name, id] : tenant->users)
      add(tenant->name + "." + name, Kind::user, organization, id, "", {{"kind", "user"}, {"id", id}});
    for (const auto& [name, id] : tenant->sponsors)
      add(tenant->name + "." + name, Kind::sponsor, organization, id, "", {{"kind", "sponsor"}, {"id", id}});
    for (const auto& [name, token] : tenant->devices) {
      add(tenant->name + "." + name, Kind::device, organization,
          tenant->rows.at(name == "d2" ? "devices public" : "devices"), "", {{"kind", "device"}, {"token", token}});
      (void)players_.back().session->count("events", "{}");  // notes its first use, which is a write
    }
    open_keys(*tenant);
  }
}

void ProbeWorld::open_keys(const Tenant& tenant) {
  const std::vector<std::string> groups = {"organization", "events",    "ai",        "marketing",
                                           "sponsorship",  "ticketing", "analytics", "communication"};
  std::vector<Json> all = {groups, Json::array({"events", "ticketing"})};
  for (const std::string& group : groups) {
    all.push_back(Json::array({group}));
    all.push_back(Json::array({group + ":read"}));
  }
  all.push_back(nullptr);  // a sponsor's key
  for (const Json& permissions : all) {
    Json arguments = {{"organization_id", tenant.organization}, {"name", "probe"}};
    if (permissions.is_null()) {
      arguments["sponsor_id"] = tenant.sponsors.at("s1");
    } else {
      arguments["permissions"] = permissions;
    }
    const Json made = parsed(world_.service().call("create_api_key", dump(arguments), {}));
    Player player{tenant.name + ".key " + dump(permissions),
                  Kind::api_key,
                  tenant.organization,
                  made["api_key"]["id"],
                  "",
                  "",
                  world_.open(dump({{"kind", "api_key"}, {"token", made["token"]}}))};
    if (permissions.is_null()) {
      player.kind = Kind::sponsor;
      player.key = player.id;
      player.id = tenant.sponsors.at("s1");
    }
    (void)player.session->count("events", "{}");  // notes the key's first use, which is a write
    players_.push_back(std::move(player));
  }
}

const Who& ProbeWorld::who(const Player& player) {
  auto& [version, who] = known_[player.name + player.organization];
  if (version == version_ + 1) return who;
  version = version_ + 1;
  switch (player.kind) {
    case Kind::user: who = statement::user_of(image_, player.organization, player.id, today); break;
    case Kind::sponsor: who = statement::sponsor_of(image_, player.organization, player.id, player.key); break;
    case Kind::device: who = statement::device_of(image_, player.organization, player.id); break;
    case Kind::api_key: who = statement::key_of(image_, player.organization, player.id, now); break;
    case Kind::customer: who = statement::customer_of(image_, player.email, player.organization); break;
    default:
      who = Who();
      who.kind = player.kind;
      who.organization = player.organization;
  }
  return who;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

std::string ProbeWorld::any_id(const Tenant& tenant, std::string_view table) {
  const auto& rows = image_.rows(table, tenant.organization);
  if (rows.empty()) return "";
  return std::next(rows.begin(), static_cast<std::ptrdiff_t>(dice_.below(rows.size())))->first;
}

std::string ProbeWorld::any_user(const Tenant& tenant) {
  return std::next(tenant.users.begin(), static_cast<std::ptrdiff_t>(dice_.below(tenant.users.size())))->second;
}

void ProbeWorld::put_random_event(const Tenant& tenant) {
  Json row = world_.draft(tenant, schema::tables::events, dice_.one_in(2) ? "public" : "", "");
  row["status"] = dice_.of(event_states);
  row["is_public"] = !dice_.one_in(3);
  row["created_by"] = any_user(tenant);
  world_.put(tenant, "events", row);
}

// Different facts in the columns that predicates look at.
Json ProbeWorld::with_random_facts(const Tenant& tenant, const TableDef& table, Json row) {
  const auto has = [&](const char* column) { return table.find(column) != nullptr; };
  if (has("created_by")) row["created_by"] = any_user(tenant);
  if (table.event_source == "event_id" && row.contains("event_id") && !has("ticket_category_id") && !has("order_id") &&
      !has("ticket_id"))
    row["event_id"] = any_id(tenant, "events");
  for (const char* column : {"customer_email", "attendee_email", "to_email", "from_email"})
    if (row.contains(column)) row[column] = dice_.of(addresses);
  if (table.name == "team_assignments") row["role_type"] = dice_.of(team_roles);
  if (table.name == "ai_generated_content") row["is_approved"] = dice_.one_in(2);
  if (table.name == "sponsors") {
    row["contract_status"] = dice_.one_in(3) ? "cancelled" : "pending";
    if (dice_.one_in(2)) row["package_id"] = any_id(tenant, "sponsor_packages");
  }
  if (table.name == "tickets") {
    row["status"] = dice_.of(std::vector<std::string>{"valid", "used", "cancelled", "transferred"});
    if (dice_.one_in(3)) row["transferred_from"] = any_id(tenant, "tickets");
    if (dice_.one_in(2)) {
      const Json* category = image_.find("ticket_categories", tenant.organization, any_id(tenant, "ticket_categories"));
      row["ticket_category_id"] = category->at("id");
    }
  }
  if (table.name == "sponsor_activations" || table.name == "sponsor_roi_metrics")
    row["sponsor_id"] = any_id(tenant, "sponsors");
  if (table.name == "social_media_content" || table.name == "influencer_campaigns")
    row["campaign_id"] = any_id(tenant, "marketing_campaigns");
  return row;
}

void ProbeWorld::put_random(const Tenant& tenant) {
  const TableDef& table = *schema::all_tables[dice_.below(schema::table_count)];
  if (table.global || table.name == "organizations" || table.name == "users" || table.name == "audit_logs" ||
      table.name == "events" || table.name == "api_keys" || table.name == "devices" || table.name == "event_keys")
    return;
  const std::string variant = dice_.of(variants_of(table));
  try {
    const Json row = world_.draft(tenant, table, variant, any_user(tenant));
    world_.put(tenant, table.name, with_random_facts(tenant, table, row));
  } catch (const std::runtime_error&) {
    // an invariant says no to this mixture; there are others
  }
}

void ProbeWorld::more_rows(const Tenant& tenant, int count) {
  for (int i = 0; i < count; ++i) put_random(tenant);
}

// ---- changes ------------------------------------------------------------------------------------------------------

Result<std::string> ProbeWorld::update(const std::string& organization, const std::string& table, const std::string& id,
                                       const Json& change) {
  api::SessionCore::RecordContext context;
  context.organization = organization;
  return world_.service().update(table, id, dump(change), context);
}

void ProbeWorld::change_one_value(const Tenant& tenant) {
  const std::vector<Json> days = {nullptr, "2027-01-14", "2027-01-15", "2027-01-16"};
  const std::vector<Json> flags = {true, true, true, false};
  const std::vector<Json> roles = {"guest", "member", "member", "manager", "admin"};
  const std::vector<Json> contracts = {"signed", "active", "cancelled"};
  std::vector<Json> team(team_roles.begin(), team_roles.end());
  std::vector<Json> states(event_states.begin(), event_states.end());
  const std::vector<Json> users = {any_user(tenant)};
  struct Knob {
    const char* table;
    const char* column;
    const std::vector<Json>* values;
  };
  const std::vector<Knob> knobs = {{"users", "role", &roles},
                                   {"users", "is_active", &flags},
                                   {"team_assignments", "role_type", &team},
                                   {"team_assignments", "start_date", &days},
                                   {"team_assignments", "end_date", &days},
                                   {"team_assignments", "user_id", &users},
                                   {"events", "is_public", &flags},
                                   {"ticket_categories", "is_active", &flags},
                                   {"sponsors", "contract_status", &contracts},
                                   {"event_milestones", "assigned_to", &users},
                                   {"event_risks", "responsible_person", &users},
                                   {"sponsor_prospects", "assigned_to", &users},
                                   {"sponsor_activations", "responsible_person", &users},
                                   {"notifications", "recipient_id", &users}};
  Knob knob = dice_.of(knobs);
  if (std::string_view(knob.table) == "events" && dice_.one_in(15)) knob = {"events", "status", &states};
  const std::string id = any_id(tenant, knob.table);
  if (id.empty() || id == tenant.users.at("ow")) return;
  (void)update(tenant.organization, knob.table, id, {{knob.column, dice_.of(*knob.values)}});
}

void ProbeWorld::mutate() {
  const Tenant& tenant = *dice_.of(tenants_);
  if (dice_.one_in(8)) {
    Json row = {
        {"event_id", any_id(tenant, "events")}, {"user_id", any_user(tenant)}, {"role_type", dice_.of(team_roles)}};
    (void)world_.service().insert("team_assignments", dump(row), {tenant.organization, {}, 0, 0});
  } else if (dice_.one_in(8)) {
    (void)world_.service().remove("team_assignments", any_id(tenant, "team_assignments"),
                                  {tenant.organization, {}, 0, 0});
  } else if (dice_.one_in(600)) {
    (void)world_.service().call(
        "revoke_api_key", dump({{"organization_id", tenant.organization}, {"api_key_id", any_id(tenant, "api_keys")}}),
        {});
  } else {
    change_one_value(tenant);
  }
  sync();
}

void ProbeWorld::sync() {
  for (const Tenant* tenant : tenants_) {
    const std::string& organization = tenant->organization;
    std::int64_t& seen = seen_[organization];
    api::SessionCore& service = *players_[static_cast<std::size_t>(std::find_if(players_.begin(), players_.end(),
                                                                                [&](const Player& p) {
                                                                                  return p.kind == Kind::service &&
                                                                                         p.organization == organization;
                                                                                }) -
                                                                   players_.begin())]
                                     .session;
    const Json page = parsed(service.changes(seen, 1000, 0));
    seen = page["next"].get<std::int64_t>();
    for (const Json& change : page["changes"]) {
      Happened one{change["seq"], change["table"], change["id"], change["operation"], {}, {}, {}, {}};
      const auto event_of = [&](const Json& row) -> std::optional<Json> {
        const Json* event = statement::subject(image_, one.table, row).event;
        return event == nullptr ? std::nullopt : std::optional<Json>(*event);
      };
      if (const Json* before = image_.find(one.table, organization, one.id)) {
        one.before = *before;
        one.before_event = event_of(*before);
      }
      const auto after = service.get(one.table, one.id, {organization, {}, 0, 0});
      if (after) {
        one.after = parsed(after);
        image_.put(one.table, *one.after);
        one.after_event = event_of(*one.after);
      } else {
        image_.drop(one.table, organization, one.id);
      }
      changes_[organization].push_back(std::move(one));
      ++version_;
    }
  }
}

}  // namespace eventcore::test
