#include "policy/probes.hpp"

#include <algorithm>
#include <cstdio>

namespace eventcore::test {

using schema::ColumnDef;
using schema::TableDef;
using schema::Type;
using statement::Act;
using statement::Grant;
using statement::Kind;
using statement::Who;

namespace {

constexpr const char* absent_id = "01900000-0000-7000-8000-00000000dead";
constexpr std::uint64_t probes_between_changes = 150;

// Principals alike as far as the matrix goes.
std::string class_of(const Player& player, const Who& who) {
  static const char* const names[] = {"service", "user", "sponsor", "customer", "api_key", "device", "anon"};
  std::string name = names[static_cast<int>(player.kind)];
  if (!who.valid) return name + " (not valid)";
  if (player.kind == Kind::user) {
    std::set<std::string> roles;
    for (const Json& one : who.assignments) roles.insert(statement::text_at(one, "role_type"));
    name = who.role;
    for (const std::string& role : roles) name += "+" + role;
  }
  if (player.kind == Kind::api_key) name = player.name.substr(2);
  return name;
}

}  // namespace

const char* word(Got got) {
  static const char* const words[] = {
      "done",      "denied",          "column_denied",         "engine_only",  "not_found",
      "reference", "unauthenticated", "organization_required", "ambiguous_id", "bad request",
      "other"};
  return words[static_cast<int>(got)];
}

Got got_of(const Failure& failure) {
  switch (failure.code()) {
    case Errc::policy_denied:
    case Errc::command_denied: return Got::denied;
    case Errc::column_denied: return Got::column;
    case Errc::engine_only: return Got::engine;
    case Errc::not_found: return Got::missing;
    case Errc::reference_not_found: return Got::reference;
    case Errc::unauthenticated: return Got::unauthenticated;
    case Errc::organization_required: return Got::tenant;
    case Errc::ambiguous_id: return Got::ambiguous;
    case Errc::signature_invalid: return Got::done;  // whoever may run the command is told that
    default: break;
  }
  const int number = static_cast<int>(failure.code());
  if (number / 1000 == 2) return Got::shape;
  return number / 1000 == 4 || number / 1000 == 5 ? Got::done : Got::other;
}

Answer answer_of(const Result<std::string>& result) {
  if (result) return {Got::done, false, result.assume_value()};
  const Got got = got_of(result.error());
  return {got, got == Got::done, result.error().to_json()};
}

// ---- drawing ------------------------------------------------------------------------------------------------------

const Player& Probes::any_player() {
  return dice_.of(world_.players());
}

std::string Probes::any_id(const Tenant& tenant, std::string_view table) {
  const TableDef& def = *schema::find_table(table);
  const auto& rows = world_.image().rows(table, def.global ? std::string() : tenant.organization);
  if (rows.empty()) return absent_id;
  return std::next(rows.begin(), static_cast<std::ptrdiff_t>(dice_.below(rows.size())))->first;
}

Probes::Picked Probes::pick() {
  return pick(*schema::all_tables[dice_.below(schema::table_count)]);
}

Probes::Picked Probes::pick(const TableDef& table) {
  Picked picked;
  picked.player = &any_player();
  picked.who = &world_.who(*picked.player);
  picked.table = &table;
  picked.tenant = dice_.of(world_.tenants());
  const std::string& home = picked.player->organization;
  if (!home.empty() && !dice_.one_in(4))
    picked.tenant = *std::find_if(world_.tenants().begin(), world_.tenants().end(),
                                  [&](const Tenant* tenant) { return tenant->organization == home; });
  picked.id = dice_.one_in(12) ? absent_id : any_id(*picked.tenant, table.name);
  if (table.global) return picked;
  if (home.empty() ? !dice_.one_in(6) : dice_.one_in(3)) picked.given = picked.tenant->organization;
  if (table.name == "organizations") picked.given.clear();
  return picked;
}

// ---- counting and disagreeing -------------------------------------------------------------------------------------

void Probes::count(const char* kind, const Picked& picked, const char* outcome) {
  ++kinds_[kind];
  ++outcomes_[outcome];
  if (outcome == std::string_view("bad request")) ++bad_[kind];
  cells_.insert(std::string(picked.table->name) + "|" + kind + "|" + class_of(*picked.player, *picked.who));
}

void Probes::disagree(const char* kind, const Picked& picked, const std::string& expected, const std::string& got,
                      const std::string& detail) {
  const std::string key = std::string(kind) + " " + std::string(picked.table->name) + " by " +
                          class_of(*picked.player, *picked.who) + ": expected " + expected + ", got " + got;
  Disagreement& one = disagreements_[key];
  if (one.count++ == 0)
    one.first = picked.player->name + " of " + picked.player->organization + " on " + picked.id + " in " +
                picked.tenant->organization + " given " + picked.given + ": " + detail;
}

void Probes::expect(const char* kind, const Picked& picked, std::initializer_list<Got> expected, const Answer& answer,
                    const std::string& detail) {
  count(kind, picked, word(answer.got));
  if (answer.text.find(planted_secret) != std::string::npos && std::string_view(kind) != "command reveal_secret")
    disagree(kind, picked, "no secret", "one", answer.text);
  if (std::find(expected.begin(), expected.end(), answer.got) != expected.end()) return;
  std::string words;
  for (Got one : expected) words += std::string(words.empty() ? "" : " or ") + word(one);
  disagree(kind, picked, words, word(answer.got), detail + " " + answer.text);
}

std::uint64_t Probes::probes() const {
  std::uint64_t all = 0;
  for (const auto& [kind, number] : kinds_) all += number;
  return all;
}

void Probes::print() const {
  std::printf("access probes: %llu\n", static_cast<unsigned long long>(probes()));
  for (const auto& [kind, number] : kinds_)
    std::printf("  %-16s %llu\n", kind.c_str(), static_cast<unsigned long long>(number));
  for (const auto& [outcome, number] : outcomes_)
    std::printf("  answered %-22s %llu\n", outcome.c_str(), static_cast<unsigned long long>(number));
  for (const auto& [kind, number] : bad_)
    std::printf("  bad requests of %-16s %llu\n", kind.c_str(), static_cast<unsigned long long>(number));
  std::printf("cells (table, kind of probe, kind of principal): %zu\n", cells_.size());
  std::printf("rows compared: %llu, columns compared: %llu, foreign and absent ids answered alike: %llu\n",
              static_cast<unsigned long long>(rows_), static_cast<unsigned long long>(columns_),
              static_cast<unsigned long long>(absent_alike_));
  std::printf("committed changes meanwhile: %lld\n", static_cast<long long>(world_.version()));
}

// ---- what the statement expects -----------------------------------------------------------------------------------

bool Probes::needs_tenant(const Picked& picked) const {
  return picked.player->organization.empty() && picked.given.empty() && !picked.table->global &&
         !statement::found_without_tenant(picked.table->name);
}

std::vector<const Json*> Probes::hits(const Picked& picked) const {
  std::vector<std::string> tenants;
  const std::string& home = picked.player->organization;
  if (picked.table->global) {
    tenants = {""};
  } else if (!home.empty() || !picked.given.empty()) {
    if (!home.empty() && !picked.given.empty() && home != picked.given) return {};
    tenants = {home.empty() ? picked.given : home};
  } else {
    tenants = world_.image().tenants(picked.table->name);
  }
  std::vector<const Json*> found;
  for (const std::string& tenant : tenants) {
    const Json* row = world_.image().find(picked.table->name, tenant, picked.id);
    if (row != nullptr && statement::may_view(world_.image(), *picked.who, picked.table->name, *row))
      found.push_back(row);
  }
  return found;
}

std::string Probes::readable_text(const TableDef& table, const Json& row, const Grant* grant) const {
  Json shown = Json::object();
  for (const ColumnDef& column : table.columns) {
    const std::string name(column.name);
    if (name == "last_used_at" || name == "last_seen_at") continue;  // moved by sessions themselves
    if (row.contains(name) && (grant == nullptr || grant->covers(name))) shown[name] = row[name];
  }
  return dump(shown);
}

const std::vector<Probes::Seen>& Probes::visible(const Player& player, const TableDef& table) {
  Visible& known = visible_[player.name + player.organization + "|" + std::string(table.name)];
  if (known.version == world_.version()) return known.rows;
  known.version = world_.version();
  known.rows.clear();
  const Who& who = world_.who(player);
  for (const std::string& tenant : world_.image().tenants(table.name)) {
    if (!table.global && !player.organization.empty() && player.organization != tenant) continue;
    for (const auto& [id, row] : world_.image().rows(table.name, tenant)) {
      Grant granted =
          statement::grant(Act::view, world_.image(), who, statement::subject(world_.image(), table.name, row));
      if (!granted.allowed) continue;
      std::string text = readable_text(table, row, &granted);
      known.rows.push_back({&row, std::move(granted), std::move(text)});
    }
  }
  return known.rows;
}

std::vector<const Probes::Seen*> Probes::expected_rows(const Picked& picked, const Condition* condition) {
  std::vector<const Seen*> expected;
  const std::string& home = picked.player->organization;
  if (!home.empty() && !picked.given.empty() && home != picked.given) return expected;
  for (const Seen& seen : visible(*picked.player, *picked.table)) {
    if (!picked.given.empty() && statement::tenant_of(picked.table->name, *seen.row) != picked.given) continue;
    if (condition != nullptr && (!seen.grant.covers(condition->column) ||
                                 !condition->holds(seen.row->at(condition->column), condition->operand)))
      continue;
    if (picked.table->name == "audit_logs" && !seen.grant.covers("seq")) continue;
    expected.push_back(&seen);
  }
  return expected;
}

// ---- the run ------------------------------------------------------------------------------------------------------

void Probes::run(std::uint64_t wanted) {
  struct Share {
    std::size_t weight;
    void (*body)(Probes&);
  };
  static const std::vector<Share> shares = {
      {16, [](Probes& p) { p.probe_get(); }},          {5, [](Probes& p) { p.probe_list(); }},
      {9, [](Probes& p) { p.probe_filter(); }},        {9, [](Probes& p) { p.probe_count(); }},
      {2, [](Probes& p) { p.probe_pages(); }},         {6, [](Probes& p) { p.probe_expand(); }},
      {4, [](Probes& p) { p.probe_feed(); }},          {10, [](Probes& p) { p.probe_insert(); }},
      {10, [](Probes& p) { p.probe_update(false); }},  {8, [](Probes& p) { p.probe_update(true); }},
      {8, [](Probes& p) { p.probe_delete(); }},        {8, [](Probes& p) { p.probe_command(); }},
      {5, [](Probes& p) { p.probe_explain(); }},       {1, [](Probes& p) { p.probe_who_can(); }},
      {1, [](Probes& p) { p.probe_store_command(); }},
  };
  std::vector<const Share*> wheel;
  for (const Share& share : shares) wheel.insert(wheel.end(), share.weight, &share);
  std::uint64_t turn = 0;
  while (probes() < wanted) {
    if (++turn % probes_between_changes == 0) world_.mutate();
    if (turn % 100 == 0) {
      probe_replay();
    } else if (turn % 1000 == 1) {
      probe_order_replay();
    } else {
      dice_.of(wheel)->body(*this);
    }
  }
}

}  // namespace eventcore::test
