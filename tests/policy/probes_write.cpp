// The probes that write, in transactions that are rolled back; and replays, which are not.
#include <algorithm>

#include "policy/probes.hpp"

namespace eventcore::test {

using schema::ColumnDef;
using schema::TableDef;
using schema::Type;
using statement::Act;
using statement::Grant;
using statement::Kind;
using statement::text_at;
using statement::Who;

namespace {

constexpr const char* absent_id = "01900000-0000-7000-8000-00000000dead";

std::string with_id_replaced(std::string text, const std::string& id) {
  for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id)) text.replace(at, id.size(), "ID");
  return text;
}

}  // namespace

Answer Probes::tried(const Player& player, const std::function<Result<std::string>()>& body) {
  if (const Status begun = player.session->begin(); !begun) return {Got::other, false, begun.error().to_json()};
  const Answer answer = answer_of(body());
  if (const Status back = player.session->rollback(); !back) return {Got::other, false, back.error().to_json()};
  return answer;
}

// What is refused for a row that is not his to see must be refused in the same words for a row that does not exist.
void Probes::like_absent(const char* kind, const Picked& picked, const std::string& id, const Answer& answer,
                         const std::function<Result<std::string>(const std::string&)>& again) {
  if (id == absent_id) return;
  const Answer other = tried(*picked.player, [&] { return again(absent_id); });
  ++absent_alike_;
  const std::string one = with_id_replaced(answer.text, id);
  const std::string two = with_id_replaced(other.text, absent_id);
  if (one != two) disagree(kind, picked, "the same answer as for an absent id", "another", one + " and " + two);
}

Json Probes::any_value(const Tenant& tenant, const ColumnDef& column, const Json& now) {
  if (column.name == "currency" || (!now.is_null() && dice_.one_in(3))) return now;
  if (column.is_reference()) {
    const Tenant& from = dice_.one_in(6) ? *dice_.of(world_.tenants()) : tenant;
    return dice_.one_in(20) ? absent_id : any_id(from, column.references);
  }
  switch (column.type) {
    case Type::text:
      if (column.name.ends_with("email")) return "touched@example.com";
      return "touched" + std::to_string(dice_.below(1000));
    case Type::boolean: return dice_.one_in(2);
    case Type::json: return Json::object();
    case Type::sealed: return Json::object();
    case Type::text_array:
    case Type::uuid_array: return Json::array();
    case Type::timestamptz: return "2027-01-02T00:00:00Z";
    case Type::date: return "2027-01-02";
    case Type::enumeration:
      return dice_.of(std::vector<std::string_view>(column.values->values.begin(), column.values->values.end()));
    case Type::integer: return 1;
    default: return now;
  }
}

// Whether every reference among the given columns leads to a row that the principal may view.
bool Probes::references_visible(const Picked& picked, const std::string& organization, const Json& given) const {
  for (const auto& [name, value] : given.items()) {
    const ColumnDef* column = picked.table->find(name);
    if (column == nullptr || !column->is_reference() || !value.is_string() || name == "organization_id") continue;
    const TableDef& target = *schema::find_table(column->references);
    const Json* row = world_.image().find(target.name, target.global ? "" : organization, value.get<std::string>());
    if (row == nullptr || !statement::may_view(world_.image(), *picked.who, target.name, *row)) return false;
  }
  return true;
}

// ---- insert -------------------------------------------------------------------------------------------------------

Got Probes::expected_insert(const Picked& picked, const Json& given) {
  Json row = given;
  const std::string parent = statement::parent_column(picked.table->name);
  if (!parent.empty()) {
    const TableDef& above = *schema::find_table(picked.table->find(parent)->references);
    const Json* found = world_.image().find(above.name, picked.tenant->organization, text_at(given, parent.c_str()));
    if (found != nullptr) row["event_id"] = found->value("event_id", Json());
  }
  if (picked.who->kind == Kind::user && picked.table->find("created_by") != nullptr) row["created_by"] = picked.who->id;
  const Grant granted = statement::grant(Act::create, world_.image(), *picked.who,
                                         statement::subject(world_.image(), picked.table->name, row));
  if (granted.by_rule) return Got::engine;
  if (!granted.allowed) return Got::denied;
  for (const auto& [name, value] : given.items())
    if (!granted.covers(name)) return Got::column;
  if (picked.table->name == "users" && statement::owner_rule_refuses(*picked.who, Json::object(), given))
    return Got::denied;
  return references_visible(picked, picked.tenant->organization, given) ? Got::done : Got::reference;
}

void Probes::probe_insert() {
  const Picked picked = pick();
  const TableDef& table = *picked.table;
  if (table.name == "audit_logs") return;
  const bool his = picked.who->kind == Kind::user && picked.tenant->organization == picked.who->organization;
  const std::string who = his && dice_.one_in(2) ? picked.who->id : any_id(*picked.tenant, "users");
  Json row;
  {
    const auto variants = variants_of(table);
    row = world_.world().draft(*picked.tenant, table, dice_.of(variants), who);
  }
  if (table.event_source == "event_id" && row.contains("event_id") && table.find("ticket_category_id") == nullptr &&
      dice_.one_in(2))
    row["event_id"] = any_id(*picked.tenant, "events");
  for (const ColumnDef& column : table.columns) {
    if (column.type == Type::blob && picked.who->kind != Kind::service) row.erase(std::string(column.name));
    if (column.caller_writable() && !column.is(schema::not_null) && !row.contains(std::string(column.name)) &&
        !column.is(schema::immutable) && column.type != Type::uuid_array && dice_.one_in(30))
      row[std::string(column.name)] = any_value(*picked.tenant, column, nullptr);
  }
  if (table.name == "users" && dice_.one_in(3)) row["role"] = dice_.one_in(2) ? "owner" : "admin";
  for (auto it = row.begin(); it != row.end();) it = it->is_null() ? row.erase(it) : std::next(it);
  const auto insert = [&](const Json& given) {
    return picked.player->session->insert(table.name, dump(given), {{}, {}, 0, 0});
  };
  const Answer answer = tried(*picked.player, [&] { return insert(row); });
  if (answer.got == Got::shape) return expect("insert", picked, {Got::shape}, answer);
  if (!picked.who->valid) return expect("insert", picked, {Got::unauthenticated}, answer);
  const Got expected = expected_insert(picked, row);
  const std::string detail = dump(row);
  const bool names_tenant = row.contains("organization_id");
  if (picked.who->kind == Kind::service && expected == Got::done)
    return expect("insert", picked, {Got::done, Got::shape, Got::engine}, answer, detail);
  if (expected == Got::engine) return expect("insert", picked, {Got::engine}, answer, detail);
  if (expected == Got::done) return expect("insert", picked, {Got::done}, answer, detail);
  if (expected == Got::reference) return expect("insert", picked, {Got::reference}, answer, detail);
  if (expected == Got::column) return expect("insert", picked, {Got::column, Got::reference}, answer, detail);
  // Refused: whoever could not see the tenant or the parent is told no more than of an absent one.
  expect("insert", picked, {Got::denied, Got::column, Got::reference, Got::missing}, answer, detail);
  const bool foreign =
      !picked.player->organization.empty() && picked.player->organization != picked.tenant->organization;
  if (!foreign || !names_tenant || table.find("event_id") == nullptr || !row.contains("event_id")) return;
  Json absent = row;
  absent["event_id"] = absent_id;
  like_absent("insert", picked, row["event_id"], answer, [&](const std::string&) { return insert(absent); });
}

// ---- update and delete --------------------------------------------------------------------------------------------

Got Probes::expected_update(const Picked& picked, const Json& row, const Json& change) {
  const auto grant_of = [&](const Json& one, Act act) {
    return statement::grant(act, world_.image(), *picked.who,
                            statement::subject(world_.image(), picked.table->name, one));
  };
  const Grant before = grant_of(row, Act::update);
  if (before.by_rule) return Got::engine;
  if (!before.allowed) return Got::denied;
  for (const auto& [name, value] : change.items())
    if (!before.covers(name)) return Got::column;
  Json after = row;
  after.update(change);
  if (!grant_of(after, Act::update).allowed || !grant_of(after, Act::view).allowed) return Got::denied;
  Json moved = Json::object();
  for (const auto& [name, value] : change.items())
    if (value != row.value(name, Json())) moved[name] = value;
  if (picked.table->name == "users" && !moved.empty() && statement::owner_rule_refuses(*picked.who, row, moved))
    return Got::denied;
  const std::string tenant = picked.table->global ? "" : statement::tenant_of(picked.table->name, row);
  return references_visible(picked, tenant, moved) ? Got::done : Got::reference;
}

void Probes::probe_update(bool many) {
  const char* const kind = many ? "update, many" : "update, one";
  const Picked picked = pick();
  std::vector<const ColumnDef*> columns;
  for (const ColumnDef& column : picked.table->columns)
    if (column.caller_writable() && !column.is(schema::immutable) && column.type != Type::blob)
      columns.push_back(&column);
  if (columns.empty()) return;
  const Json* drawn =
      world_.image().find(picked.table->name, picked.table->global ? "" : picked.tenant->organization, picked.id);
  Json change = Json::object();
  for (std::size_t n = many ? 2 + dice_.below(5) : 1; n > 0; --n) {
    const ColumnDef& column = *dice_.of(columns);
    const std::string name(column.name);
    change[name] = any_value(*picked.tenant, column, drawn == nullptr ? Json() : drawn->value(name, Json()));
  }
  const auto update = [&](const std::string& id) {
    return picked.player->session->update(picked.table->name, id, dump(change), {picked.given, {}, 0, 0});
  };
  const Answer answer = tried(*picked.player, [&] { return update(picked.id); });
  const std::string detail = dump(change);
  if (answer.got == Got::shape) return expect(kind, picked, {Got::shape}, answer);
  if (!picked.who->valid) return expect(kind, picked, {Got::unauthenticated}, answer);
  const auto found = hits(picked);
  if (needs_tenant(picked)) return expect(kind, picked, {Got::tenant, Got::denied, Got::engine}, answer);
  if (found.size() > 1) return expect(kind, picked, {Got::ambiguous, Got::denied, Got::engine}, answer);
  if (found.empty()) {
    expect(kind, picked, {Got::missing, Got::denied, Got::engine}, answer, detail);
    return like_absent(kind, picked, picked.id, answer, update);
  }
  const Got expected = expected_update(picked, *found.front(), change);
  if (picked.who->kind == Kind::service && expected == Got::column)  // a change that changes nothing is none
    return expect(kind, picked, {Got::column, Got::engine, Got::done, Got::reference}, answer, detail);
  const bool own_skill = picked.table->name == "user_skill_assignments" && expected == Got::column;
  if (own_skill && (answer.rule || answer.got == Got::reference))  // "never for oneself" is refused as an invariant
    return expect(kind, picked, {Got::column, Got::done, Got::reference}, answer, detail);
  expect(kind, picked, {expected}, answer, detail);
}

void Probes::probe_delete() {
  const Picked picked = pick();
  const auto remove = [&](const std::string& id) -> Result<std::string> {
    EC_TRYV(picked.player->session->remove(picked.table->name, id, {picked.given, {}, 0, 0}));
    return std::string();
  };
  const Answer answer = tried(*picked.player, [&] { return remove(picked.id); });
  if (!picked.who->valid) return expect("delete", picked, {Got::unauthenticated}, answer);
  const auto found = hits(picked);
  if (needs_tenant(picked)) return expect("delete", picked, {Got::tenant, Got::denied, Got::engine}, answer);
  if (found.size() > 1) return expect("delete", picked, {Got::ambiguous, Got::denied, Got::engine}, answer);
  if (found.empty()) {
    expect("delete", picked, {Got::missing, Got::denied, Got::engine}, answer);
    return like_absent("delete", picked, picked.id, answer, remove);
  }
  const Grant granted = statement::grant(Act::remove, world_.image(), *picked.who,
                                         statement::subject(world_.image(), picked.table->name, *found.front()));
  Got expected = granted.by_rule ? Got::engine : granted.allowed ? Got::done : Got::denied;
  if (expected == Got::done && picked.table->name == "users" &&
      statement::owner_rule_refuses(*picked.who, *found.front(), Json::object()))
    expected = Got::denied;
  expect("delete", picked, {expected}, answer);
}

// ---- idempotent replay --------------------------------------------------------------------------------------------

// A call under a key, its replay, its replay without the right, and its replay with the right given back.
void Probes::probe_replay() {
  static const std::vector<std::string_view> tables = {"dashboard_widgets", "ai_agents", "vendors", "influencers",
                                                       "message_templates"};
  Picked picked = pick(*schema::find_table(dice_.of(tables)));
  const Player& player = *picked.player;
  if (player.kind != Kind::user || !picked.who->valid || picked.who->role == "owner") return;
  picked.tenant = *std::find_if(world_.tenants().begin(), world_.tenants().end(),
                                [&](const Tenant* tenant) { return tenant->organization == player.organization; });
  picked.given.clear();
  const Json row = world_.world().draft(*picked.tenant, *picked.table, "", player.id);
  const std::string key = "probe-key-" + std::to_string(1'000'000 + ++keys_);
  const auto call = [&] { return answer_of(player.session->insert(picked.table->name, dump(row), {{}, key, 0, 0})); };
  const Got expected = expected_insert(picked, row);
  const Answer first = call();
  expect("replay", picked, {expected}, first);
  if (first.got != Got::done || first.rule) return;
  world_.sync();
  const Answer second = call();
  expect("replay", picked, {Got::done}, second);
  if (second.text != first.text) disagree("replay", picked, "the stored reply", "another", second.text);
  const std::string role = picked.who->role;
  const bool off = dice_.one_in(3);
  const Json lost = off ? Json{{"is_active", false}} : Json{{"role", dice_.one_in(2) ? "guest" : "member"}};
  const Json back = off ? Json{{"is_active", true}} : Json{{"role", role}};
  if (!world_.update(player.organization, "users", player.id, lost)) return;
  world_.sync();
  picked.who = &world_.who(player);
  const Answer third = call();
  const Json stored = parse_json(first.text).assume_value();
  const Json* now = world_.image().find(picked.table->name, player.organization, stored["id"].get<std::string>());
  const bool still = now != nullptr && expected_insert(picked, row) == Got::done &&
                     statement::may_view(world_.image(), *picked.who, picked.table->name, *now);
  if (!picked.who->valid) {
    expect("replay", picked, {Got::unauthenticated}, third);
  } else if (still) {
    expect("replay", picked, {Got::done}, third);
  } else {
    expect("replay", picked, {Got::denied, Got::missing}, third);
  }
  (void)world_.update(player.organization, "users", player.id, back);
  world_.sync();
  picked.who = &world_.who(player);
  const Answer fourth = call();
  expect("replay", picked, {Got::done}, fourth);
  if (fourth.text != first.text) disagree("replay", picked, "the stored reply again", "another", fourth.text);
  (void)world_.world().service().remove(picked.table->name, stored["id"].get<std::string>(),
                                        {player.organization, {}, 0, 0});
  world_.sync();
}

// The same for an order that anybody may place while the event is public.
void Probes::probe_order_replay() {
  Picked picked = pick(schema::tables::ticket_categories);
  const Json* category = world_.image().find("ticket_categories", picked.tenant->organization, picked.id);
  const Player& player = *picked.player;
  if (category == nullptr || (player.kind != Kind::anon && player.kind != Kind::customer)) return;
  if (player.organization != picked.tenant->organization) return;  // one id may mean events of two tenants
  picked.given = picked.tenant->organization;
  const std::string event = text_at(*category, "event_id");
  const Json order = {{"event_id", event},
                      {"items", Json::array({{{"ticket_category_id", picked.id}, {"quantity", 1}}})},
                      {"customer", {{"email", "c1@example.com"}, {"name", "C"}}}};
  const std::string key = "probe-order-key-" + std::to_string(1'000'000 + ++keys_);
  const auto call = [&] { return answer_of(player.session->call("place_order", dump(order), {key, 0})); };
  const Answer first = call();
  world_.sync();
  picked.who = &world_.who(player);
  if (first.got != Got::done || first.rule) return;
  const auto may = [&] {
    const Json* row = world_.image().find("events", picked.tenant->organization, event);
    picked.who = &world_.who(player);
    const bool another = player.kind == Kind::customer && picked.who->email != "c1@example.com";
    return statement::may_run("place_order", another ? "another" : "", world_.image(), *picked.who,
                              statement::subject(world_.image(), "events", *row));
  };
  expect("replay, order", picked, {may() ? Got::done : Got::denied}, first);
  const auto again = [&](bool is_public) {
    (void)world_.update(picked.tenant->organization, "events", event, {{"is_public", is_public}});
    world_.sync();
    const bool allowed = may();
    const Answer answer = call();
    if (allowed) {
      expect("replay, order", picked, {Got::done}, answer);
      if (answer.text != first.text) disagree("replay, order", picked, "the stored reply", "another", answer.text);
    } else {
      expect("replay, order", picked, {Got::denied, Got::missing}, answer);
    }
  };
  again(true);
  again(false);
  again(true);
}

}  // namespace eventcore::test
