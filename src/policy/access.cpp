#include "policy/access.hpp"

#include <algorithm>

#include "policy/readability.hpp"
#include "schema/all.hpp"

namespace eventcore::policy {

using schema::Grant;
using schema::Grants;
using schema::KeyAccess;
using schema::Predicate;
using schema::TableDef;

namespace {

bool key_has(const Facts& facts, schema::Group group, bool write) {
  const std::string name(schema::group_name(group));
  for (const std::string& permission : facts.permissions)
    if (permission == name || (!write && permission == name + ":read")) return true;
  return false;
}

// key(group): what an org_admin of the key's organization has on the tables of that section.
Facts admin_in_place_of(const Facts& key) {
  Facts admin;
  admin.kind = PrincipalKind::user;
  admin.valid = key.valid;
  admin.organization = key.organization;
  admin.role = Role::admin;
  return admin;
}

bool bound_elsewhere(const Record& row, const Facts& facts) {
  if (row.table().global || !facts.organization) return false;
  return row.organization_id() != *facts.organization;
}

// Every key views its organization's events whatever its groups, with the columns that public_event opens, and what is
// seen as its event.
bool every_key_views(const TableDef& table) {
  namespace tables = schema::tables;
  return table.id == tables::events.id || table.id == tables::event_categories.id || table.id == tables::event_tags.id;
}

const schema::Columns* public_columns(const TableDef& table) {
  for (const Grant& grant : table.access.view.view())
    if (grant.predicate == Predicate::public_event) return &grant.only;
  return nullptr;
}

void add_columns(std::vector<bool>& columns, const TableDef& table, const schema::Columns& only) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (only.empty() || only.contains(table.columns[i].name)) columns[i] = true;
}

bool never_leaves(const schema::ColumnDef& column) {
  return column.is(schema::internal) || column.type == schema::Type::sealed;
}

// Takes from `columns` what the table's column rules narrow and no grant of the rule gives back.
Status narrow(std::vector<bool>& columns, bool reading, const Record& row, const Facts& facts, Related& related) {
  const TableDef& table = row.table();
  for (const schema::ColumnRule& rule : table.access.column_rules) {
    const Grants& grants = reading ? rule.read : rule.write;
    if (grants.empty()) continue;
    bool given = false;
    for (const Grant& grant : grants.view()) {
      EC_TRY(holds, predicate_holds(grant.predicate, row, facts, related));
      given = given || holds;
    }
    if (given) continue;
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (rule.columns.contains(table.columns[i].name)) columns[i] = false;
  }
  return ok();
}

void hide_what_never_leaves(std::vector<bool>& columns, const TableDef& table) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (never_leaves(table.columns[i])) columns[i] = false;
}

// A closed organization is gone for everybody; the service still reads its audit chain.
bool is_gone(const Record& row, const Facts& facts) {
  const TableDef& table = row.table();
  if (facts.closed.empty() || table.global) return false;
  if (facts.is_service() && table.id == schema::tables::audit_logs.id) return false;
  return facts.is_closed(row.organization_id());
}

Expr still_open(const TableDef& table, const Facts& facts) {
  if (facts.closed.empty() || table.global) return Expr::always();
  if (facts.is_service() && table.id == schema::tables::audit_logs.id) return Expr::always();
  const int column = table.index_of("organization_id");
  return Expr::negate(Expr::in_list(static_cast<std::uint16_t>(std::max(column, 0)),  // organizations: their own id
                                    std::vector<Value>(facts.closed.begin(), facts.closed.end())));
}

std::string grant_names(const Grants& grants) {
  std::string names;
  for (const Grant& grant : grants.view()) {
    if (!names.empty()) names += ", ";
    names += schema::predicate_name(grant.predicate);
  }
  return names;
}

Result<Verdict> decide_as(Operation operation, const Record& row, const Facts& facts, Related& related) {
  const TableDef& table = row.table();
  const Grants& grants = grants_of(table.access, operation);
  Verdict verdict;
  verdict.columns.assign(table.columns.size(), false);
  for (const Grant& grant : grants.view()) {
    EC_TRY(holds, predicate_holds(grant.predicate, row, facts, related));
    if (!holds) continue;
    if (!verdict.allowed) verdict.policy = schema::predicate_name(grant.predicate);
    verdict.allowed = true;
    add_columns(verdict.columns, table, grant.only);
    if (grant.only.empty()) break;
  }
  if (!verdict.allowed) {
    verdict.policy = grant_names(grants);
    return verdict;
  }
  if (operation == Operation::view) hide_what_never_leaves(verdict.columns, table);
  EC_TRYV(narrow(verdict.columns, operation == Operation::view, row, facts, related));
  return verdict;
}

Verdict for_service(Operation operation, const TableDef& table) {
  Verdict verdict{true, "service", std::vector<bool>(table.columns.size(), true)};
  if (operation == Operation::view) hide_what_never_leaves(verdict.columns, table);
  return verdict;
}

}  // namespace

bool key_may(Operation operation, const TableDef& table, const Facts& facts) {
  if (table.access.keys == KeyAccess::closed) return false;
  const bool write = operation != Operation::view;
  if (write && table.access.keys == KeyAccess::read_only) return false;
  return key_has(facts, table.access.group, write);
}

bool key_views_anyway(const Record& row, const Facts& facts) {
  return facts.kind == PrincipalKind::api_key && every_key_views(row.table()) && facts.organization &&
         row.organization_id() == *facts.organization;
}

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::view: return "view";
    case Operation::create: return "insert";
    case Operation::update: return "update";
    case Operation::remove: return "delete";
  }
  return "view";
}

const Grants& grants_of(const schema::Access& access, Operation operation) {
  switch (operation) {
    case Operation::view: return access.view;
    case Operation::create: return access.create;
    case Operation::update: return access.update;
    case Operation::remove: return access.remove;
  }
  return access.view;
}

Expr view_condition(const TableDef& table, const Facts& facts) {
  if (!facts.valid) return Expr::never();
  if (facts.is_service()) return still_open(table, facts);
  std::vector<Expr> any;
  if (facts.kind == PrincipalKind::api_key) {
    if (key_may(Operation::view, table, facts)) {
      const Facts admin = admin_in_place_of(facts);
      for (const Grant& grant : table.access.view.view()) any.push_back(predicate_expr(grant.predicate, table, admin));
    }
    if (every_key_views(table) && facts.organization)
      any.push_back(Expr::equals(static_cast<std::uint16_t>(policy_columns(table).organization), *facts.organization));
  }
  for (const Grant& grant : table.access.view.view()) any.push_back(predicate_expr(grant.predicate, table, facts));
  return Expr::all_of({still_open(table, facts), Expr::any_of(std::move(any))});
}

Readability::Readability(const TableDef& table, const Facts& facts)
    : table_(table),
      facts_(facts),
      as_admin_(facts.kind == PrincipalKind::api_key && key_may(Operation::view, table, facts)),
      reader_(as_admin_ ? admin_in_place_of(facts) : facts),
      view_(view_condition(table, facts)) {
  if (!facts.valid || facts.is_service()) return;
  for (const Grant& grant : table.access.view.view())
    grants_.push_back(predicate_expr(grant.predicate, table, reader_));
  for (const schema::ColumnRule& rule : table.access.column_rules) {
    std::vector<Expr> allowed;
    for (const Grant& grant : rule.read.view()) allowed.push_back(predicate_expr(grant.predicate, table_, reader_));
    rules_.push_back(Expr::any_of(std::move(allowed)));
  }
}

Expr Readability::of(std::uint16_t column) const {
  const schema::ColumnDef& def = table_.columns[column];
  if (!facts_.valid || never_leaves(def)) return Expr::never();
  if (facts_.is_service()) return Expr::always();
  const bool key_anyway = facts_.kind == PrincipalKind::api_key && every_key_views(table_);
  const schema::Columns* open = key_anyway ? public_columns(table_) : nullptr;
  const bool open_to_key = open != nullptr && (open->empty() || open->contains(def.name));
  bool opened = open_to_key;
  bool everywhere = !key_anyway || open_to_key || as_admin_;  // whoever sees a row reads it there
  for (std::size_t i = 0; i < grants_.size(); ++i) {
    const schema::Columns& only = table_.access.view.list[i].only;
    const bool covers = only.empty() || only.contains(def.name);
    opened = opened || covers;
    everywhere = everywhere && (covers || grants_[i].is_never());
  }
  if (everywhere && view_.is_never()) return Expr::never();
  return narrowed(def.name, everywhere && opened ? Expr::always() : where_granted(def.name, open_to_key));
}

// The rows on which some grant opens the column.
Expr Readability::where_granted(std::string_view name, bool open_to_key) const {
  std::vector<Expr> any;
  for (std::size_t i = 0; i < grants_.size(); ++i) {
    const schema::Columns& only = table_.access.view.list[i].only;
    if (only.empty() || only.contains(name)) any.push_back(grants_[i]);
  }
  if (open_to_key)
    any.push_back(Expr::equals(static_cast<std::uint16_t>(policy_columns(table_).organization), *facts_.organization));
  return Expr::any_of(std::move(any));
}

Expr Readability::narrowed(std::string_view name, Expr readable) const {
  for (std::size_t i = 0; i < table_.access.column_rules.size(); ++i) {
    const schema::ColumnRule& rule = table_.access.column_rules[i];
    if (rule.read.empty() || !rule.columns.contains(name)) continue;
    readable = readable.is_always() ? rules_[i] : Expr::all_of({std::move(readable), rules_[i]});
  }
  return readable;
}

Expr readable_condition(const TableDef& table, std::uint16_t column, const Facts& facts) {
  return Readability(table, facts).of(column);
}

Result<Verdict> decide(Operation operation, const Record& row, const Facts& facts, Related& related) {
  const TableDef& table = row.table();
  if (!facts.valid || bound_elsewhere(row, facts) || is_gone(row, facts))
    return Verdict{false, grant_names(grants_of(table.access, operation)), std::vector<bool>(table.columns.size())};
  if (facts.is_service()) return for_service(operation, table);
  if (facts.kind != PrincipalKind::api_key) return decide_as(operation, row, facts, related);
  if (key_may(operation, table, facts)) return decide_as(operation, row, admin_in_place_of(facts), related);
  EC_TRY(verdict, decide_as(operation, row, facts, related));
  if (operation == Operation::view && key_views_anyway(row, facts)) {
    verdict.allowed = true;
    verdict.policy = "key";
    if (const schema::Columns* open = public_columns(table)) add_columns(verdict.columns, table, *open);
    hide_what_never_leaves(verdict.columns, table);
    EC_TRYV(narrow(verdict.columns, true, row, facts, related));
  }
  return verdict;
}

Status may_write_kind(Operation operation, const TableDef& table, const Facts& facts) {
  const Grants& grants = grants_of(table.access, operation);
  const bool importing = facts.is_service() && operation == Operation::create;
  if (grants.has(Predicate::nobody) && grants.count == 1)
    return Failure(Errc::engine_only, {std::string(table.name) + ": nobody writes this directly", {}, {}});
  if (grants.has(Predicate::command))
    return Failure(Errc::engine_only, {std::string(table.name) + ": only commands write this", {}, {}});
  if (grants.has(Predicate::engine) && !importing)
    return Failure(Errc::engine_only, {std::string(table.name) + ": only the engine writes this", {}, {}});
  return ok();
}

Result<bool> may_run(const schema::CommandDef& command, const Record& subject, const Facts& facts, Related& related) {
  if (!facts.valid || bound_elsewhere(subject, facts) || is_gone(subject, facts)) return false;
  if (facts.is_service() || command.runs == schema::Runs::anyone) return true;
  if (command.runs == schema::Runs::service_only) return false;
  if (facts.kind == PrincipalKind::api_key) {
    if (command.group.empty() || !facts.organization || subject.organization_id() != *facts.organization) return false;
    return std::find(facts.permissions.begin(), facts.permissions.end(), command.group) != facts.permissions.end();
  }
  // Of commands a public event opens what buyers do. Users and sponsors, who see such an event too, need another grant.
  const bool buyer = facts.kind == PrincipalKind::anon || facts.kind == PrincipalKind::customer;
  for (const Grant& grant : command.allow.view()) {
    if (grant.predicate == Predicate::public_event && !buyer) continue;
    EC_TRY(holds, predicate_holds(grant.predicate, subject, facts, related));
    if (holds) return true;
  }
  return false;
}

}  // namespace eventcore::policy
