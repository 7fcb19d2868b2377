// Compile-time checks of declarations: a wrong table, enum or state machine is a compile error that says what is wrong.
// One function per rule; the compiler prints the sentence it throws. check.cpp puts them to every declaration,
// tests/compile_fail puts one wrong declaration to each.
// Invariants: nothing here runs at run time. Thread: nothing to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "schema/schema.hpp"

namespace eventcore::schema {

// Ids that were given once and must not come back.
struct RetiredColumn {
  std::uint16_t table;
  std::uint16_t column;
};
inline constexpr std::span<const std::uint16_t> retired_tables{};
inline constexpr std::span<const RetiredColumn> retired_columns{};

// Tables without organization_id: the tenant itself, and what all tenants share.
inline constexpr std::string_view tables_without_tenant_column[] = {"organizations", "social_media_platforms"};

// Where the audit chain of a deleted tenant stays, organization_id is a plain value.
inline constexpr std::string_view tables_that_outlive_their_tenant[] = {"audit_logs"};

using AllTables = std::span<const TableDef* const>;

namespace check {

constexpr bool one_of(std::span<const std::string_view> list, std::string_view name) {
  for (std::string_view s : list)
    if (s == name) return true;
  return false;
}

constexpr bool is_sentence(std::string_view doc) {
  return doc.size() > 1 && doc.back() == '.';
}

constexpr bool is_name(std::string_view s) {
  if (s.empty() || s.front() < 'a' || s.front() > 'z') return false;
  for (char c : s)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

constexpr bool is_number(std::string_view s, bool whole) {
  std::size_t i = !s.empty() && s.front() == '-' ? 1 : 0;
  std::size_t digits = 0, points = 0;
  for (; i < s.size(); ++i) {
    if (s[i] >= '0' && s[i] <= '9')
      ++digits;
    else if (s[i] == '.' && !whole)
      ++points;
    else
      return false;
  }
  return digits > 0 && points <= 1;
}

// --- one table by itself ---

constexpr void names(const TableDef& t) {
  if (!is_name(t.name)) throw "a table needs a name of small letters, digits and underscores";
  for (const ColumnDef& c : t.columns)
    if (!is_name(c.name)) throw "a column needs a name of small letters, digits and underscores";
}

constexpr void ids(const TableDef& t) {
  if (t.id == 0) throw "a table needs an id";
  for (const ColumnDef& c : t.columns)
    if (c.id == 0) throw "a column needs an id";
}

constexpr void distinct_columns(const TableDef& t) {
  for (std::size_t i = 0; i < t.columns.size(); ++i)
    for (std::size_t j = i + 1; j < t.columns.size(); ++j) {
      if (t.columns[i].name == t.columns[j].name) throw "two columns of one table have the same name";
      if (t.columns[i].id == t.columns[j].id) throw "two columns of one table have the same id";
    }
}

constexpr void first_column(const TableDef& t) {
  if (t.columns.empty() || t.columns[0].name != "id") throw "the first column of a table is id";
  if (t.columns[0].type != Type::uuid || !t.columns[0].is(not_null))
    throw "the id of a table is a uuid that is not null";
}

constexpr void tenant_column(const TableDef& t) {
  const bool without = one_of(tables_without_tenant_column, t.name);
  const bool has = t.columns.size() > 1 && t.columns[1].name == "organization_id";
  if (without) {
    if (t.find("organization_id") != nullptr) throw "a table in the list of those without a tenant column has one";
    return;
  }
  if (!has) throw "the second column of a table is organization_id, or the table is in the list of those without";
  const ColumnDef& c = t.columns[1];
  if (!c.is(not_null) || !c.is(immutable)) throw "organization_id is not null and never changes";
  const bool outlives = one_of(tables_that_outlive_their_tenant, t.name);
  if (outlives == (c.references == "organizations")) throw "organization_id refers to organizations";
}

constexpr void event_column(const TableDef& t) {
  const int at = t.index_of("event_id");
  if (at < 0) return;
  if (at != 2) throw "event_id is the third column of a table";
  if (!t.columns[2].is(immutable)) throw "event_id never changes";
  if (t.event_source.empty()) throw "a table with event_id says where the event comes from";
}

constexpr void standard_columns(const TableDef& t) {
  const std::size_t n = t.columns.size();
  if (n < 4 || t.columns[n - 3].name != "version" || t.columns[n - 2].name != "created_at" ||
      t.columns[n - 1].name != "updated_at")
    throw "the last columns of a table are version, created_at and updated_at";
}

constexpr void enum_values(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    if (c.type == Type::enumeration && (c.values == nullptr || c.values->values.empty()))
      throw "an enumeration column has values";
    if (c.type != Type::enumeration && c.values != nullptr) throw "only an enumeration column has values";
  }
}

constexpr void references_are_whole(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    if (c.is_reference() != (c.on_delete != OnDelete::not_a_reference))
      throw "a reference, and nothing else, says what happens when the row it refers to goes";
    if (c.is_reference() && c.type != Type::uuid) throw "a reference is a uuid";
    if (c.on_delete == OnDelete::set_null && c.is(not_null))
      throw "a reference that is set to null may not be not_null";
  }
}

constexpr void access_is_complete(const TableDef& t) {
  if (!t.access.complete()) throw "access says who may view, create, update and remove: all four, no default";
}

constexpr void chain(const TableDef& t) {
  if (!t.parent.empty()) {
    const ColumnDef* c = t.find(t.parent);
    if (c == nullptr || !c->is_reference()) throw "parent names a reference column of the table";
    if (!c->is(not_null) || !c->is(immutable)) throw "the parent column is not null and never changes";
  }
  if (!t.event_source.empty()) {
    const ColumnDef* c = t.find(t.event_source);
    if (c == nullptr || !c->is_reference()) throw "event_source names a reference column of the table";
  }
}

// A sealed column may be named only to say that nobody reads it.
constexpr void grant_columns(const TableDef& t, const Columns& columns, bool read_by_nobody = false) {
  for (std::string_view name : columns.view()) {
    const ColumnDef* c = t.find(name);
    if (c == nullptr) throw "access names a column that the table does not have";
    if ((c->type == Type::sealed && !read_by_nobody) || c->is(internal))
      throw "access names a sealed or internal column";
  }
}

constexpr void access_columns(const TableDef& t) {
  const Grants* sides[] = {&t.access.view, &t.access.create, &t.access.update, &t.access.remove};
  for (const Grants* side : sides)
    for (const Grant& g : side->view()) grant_columns(t, g.only);
  for (const ColumnRule& rule : t.access.column_rules) {
    grant_columns(t, rule.columns, rule.read.count == 1 && rule.read.has(Predicate::nobody));
    if (rule.columns.empty() && (!rule.read.empty() || !rule.write.empty())) throw "a column rule names its columns";
    if (!rule.columns.empty() && rule.read.empty() && rule.write.empty())
      throw "a column rule narrows reading or writing";
  }
}

constexpr bool has(const TableDef& t, std::string_view column) {
  return t.find(column) != nullptr;
}

// Whether the row holds what the predicate asks for.
constexpr bool answers(const TableDef& t, Predicate p) {
  switch (p) {
    case Predicate::event_reader:
    case Predicate::event_staff:
    case Predicate::event_editor:
    case Predicate::box_office:
    case Predicate::marketing_editor:
    case Predicate::sponsorship_editor:
    case Predicate::campaign_staff: return has(t, "event_id") || t.name == "events";
    case Predicate::public_event:
    case Predicate::own_ticket_event:
    case Predicate::own_sponsor_event:
    case Predicate::device: return has(t, "event_id") || t.name == "events" || t.name == "venues";
    case Predicate::self:
    case Predicate::member_self: return has(t, "user_id") || t.name == "users";
    case Predicate::assignee: return has(t, "assigned_to") || has(t, "responsible_person");
    case Predicate::creator: return has(t, "created_by");
    case Predicate::unapproved_creator: return has(t, "created_by") && has(t, "is_approved");
    case Predicate::recipient: return has(t, "recipient_id");
    case Predicate::own_transfer: return has(t, "from_email") && has(t, "to_email");
    case Predicate::own_waitlist: return has(t, "customer_email");
    case Predicate::conversation_self: return has(t, "conversation_id");
    default: return true;
  }
}

constexpr void predicates(const TableDef& t) {
  const Grants* sides[] = {&t.access.view, &t.access.create, &t.access.update, &t.access.remove};
  for (const Grants* side : sides)
    for (const Grant& g : side->view())
      if (!answers(t, g.predicate)) throw "access puts a predicate to a table without the column that it asks for";
  for (const ColumnRule& rule : t.access.column_rules)
    for (const Grants* side : {&rule.read, &rule.write})
      for (const Grant& g : side->view())
        if (!answers(t, g.predicate)) throw "access puts a predicate to a table without the column that it asks for";
}

constexpr void key_columns(const TableDef& t, const Columns& columns) {
  if (columns.empty()) throw "a unique key or index names its columns";
  for (std::string_view name : columns.view()) {
    const ColumnDef* c = t.find(name);
    if (c == nullptr) throw "a unique key or index names a column that the table does not have";
    if (c->is(long_column) || c->type == Type::sealed) throw "a unique key or index names a long column";
  }
}

constexpr void may_be_null(const TableDef& t, std::string_view unless_null) {
  if (unless_null.empty()) return;
  const ColumnDef* c = t.find(unless_null);
  if (c == nullptr || c->is(not_null)) throw "unless_null names a column of the table that may be null";
}

constexpr void keys(const TableDef& t) {
  for (const UniqueDef& u : t.uniques) {
    if (!is_name(u.name)) throw "a unique key or index needs a name";
    key_columns(t, u.columns);
    may_be_null(t, u.unless_null);
  }
  for (const IndexDef& i : t.indexes) {
    if (!is_name(i.name)) throw "a unique key or index needs a name";
    key_columns(t, i.columns);
    may_be_null(t, i.unless_null);
  }
  for (const CheckDef& c : t.checks)
    if (!is_name(c.name) || c.sql.empty() || !is_sentence(c.doc))
      throw "a check has a name, a condition and a sentence";
}

constexpr void personal(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    if (c.personal.kind == Personal::Kind::unset) throw "every column says whether it is about a person";
    if (c.personal.kind == Personal::Kind::yes && t.find(c.personal.subject) == nullptr)
      throw "the subject of a personal column is a column of the table";
  }
}

constexpr bool folded(const TableDef& t, std::string_view column) {
  for (const ColumnDef& c : t.columns)
    if (c.folds == column) return true;
  return false;
}

// How the rows of a person are found: a user id, an e-mail with a folded twin, or a long column searched for the
// address (the column is then its own subject).
constexpr void subjects(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    if (c.personal.kind != Personal::Kind::yes) continue;
    const ColumnDef* s = t.find(c.personal.subject);
    if (s == nullptr) continue;
    const bool found = s->type == Type::uuid || (s->type == Type::text && folded(t, s->name)) ||
                       (s->is(long_column) && s->name == c.name);
    if (!found)
      throw "the subject of a personal column is a user id, an e-mail with a folded twin, or the long column itself";
  }
}

constexpr void docs(const TableDef& t) {
  if (!is_sentence(t.doc)) throw "the doc of a table is a sentence that ends with a full stop";
  for (const ColumnDef& c : t.columns)
    if (!is_sentence(c.doc)) throw "the doc of a column is a sentence that ends with a full stop";
}

constexpr void folds(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    if (c.folds.empty()) continue;
    const ColumnDef* source = t.find(c.folds);
    if (source == nullptr || source->type != Type::text || c.type != Type::text)
      throw "folds names a text column of the table";
    if (!c.is(internal) || !c.is(engine_column)) throw "a folded twin is an internal engine column";
    if (c.is(not_null) != source->is(not_null)) throw "a folded twin is null exactly when its source may be";
  }
}

constexpr bool fits(const ColumnDef& c) {
  const std::string_view s = c.initial;
  switch (c.type) {
    case Type::text: return true;
    case Type::boolean: return s == "true" || s == "false";
    case Type::integer: return is_number(s, true);
    case Type::money:
    case Type::decimal: return is_number(s, false);
    case Type::timestamptz: return s == "now";
    case Type::enumeration: return c.values != nullptr && one_of(c.values->values, s);
    case Type::json:
    case Type::sealed: return s == "{}" || s == "[]";
    case Type::text_array:
    case Type::uuid_array: return s == "[]";
    default: return false;
  }
}

constexpr void initials(const TableDef& t) {
  for (const ColumnDef& c : t.columns)
    if (c.has_initial() && !fits(c)) throw "a default has to fit the type of its column";
}

constexpr void digits(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    if (c.type == Type::decimal && (c.precision == 0 || c.precision > 18 || c.scale > c.precision))
      throw "a decimal has 1 to 18 digits, of which no more than all are behind the point";
    if (c.type == Type::money && (c.precision == 0 || c.precision > 15 || c.scale != 0))
      throw "money has 1 to 15 digits and its scale from the currency";
    if (c.type != Type::decimal && c.type != Type::money && (c.precision != 0 || c.scale != 0))
      throw "only decimals and money have a precision";
  }
}

constexpr void bounds(const TableDef& t) {
  for (const ColumnDef& c : t.columns) {
    const bool bounded = c.min != no_min || c.max != no_max;
    if (bounded && c.type != Type::integer && c.type != Type::money && c.type != Type::decimal)
      throw "only numbers have bounds";
    if (c.min > c.max) throw "a lower bound is above its upper bound";
  }
}

constexpr void sealed_columns(const TableDef& t) {
  for (const ColumnDef& c : t.columns)
    if (c.type == Type::sealed && !c.is(long_column)) throw "a sealed column is a long column";
}

// The words of a row are kept by tenant and event, so it has both from its first write to its last.
constexpr void searched(const TableDef& t) {
  if (t.searched.empty()) return;
  const ColumnDef* event = t.find("event_id");
  if (event == nullptr || !event->is(not_null))
    throw "a table that is searched by words has an event_id that is not null";
  for (std::string_view name : t.searched.view()) {
    const ColumnDef* c = t.find(name);
    if (c == nullptr || c->type != Type::text || c->is(long_column) || c->is(internal))
      throw "words are those of short text columns of the table";
  }
}

constexpr void not_retired(const TableDef& t, std::span<const std::uint16_t> tables,
                           std::span<const RetiredColumn> columns) {
  for (std::uint16_t id : tables)
    if (t.id == id) throw "the id of a table was retired and must not come back";
  for (const RetiredColumn& retired : columns)
    for (const ColumnDef& c : t.columns)
      if (t.id == retired.table && c.id == retired.column)
        throw "the id of a column was retired and must not come back";
}

// --- all tables together ---

constexpr void distinct_tables(AllTables all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (all[i]->name == all[j]->name) throw "two tables have the same name";
      if (all[i]->id == all[j]->id) throw "two tables have the same id";
    }
}

constexpr void references_exist(AllTables all) {
  for (const TableDef* t : all)
    for (const ColumnDef& c : t->columns) {
      if (!c.is_reference()) continue;
      bool found = false;
      for (const TableDef* other : all) found = found || other->name == c.references;
      if (!found) throw "a reference names a table that does not exist";
    }
}

// SQL knows one space of names for all keys and indexes of a store.
constexpr void distinct_keys(AllTables all) {
  for (const TableDef* t : all) {
    const auto starts_with_table = [&](std::string_view name) { return name.starts_with(t->name); };
    for (const UniqueDef& u : t->uniques)
      if (!starts_with_table(u.name)) throw "the name of a key or index begins with its table's name";
    for (const IndexDef& i : t->indexes)
      if (!starts_with_table(i.name)) throw "the name of a key or index begins with its table's name";
    for (std::size_t i = 0; i < t->indexes.size(); ++i) {
      for (std::size_t j = i + 1; j < t->indexes.size(); ++j)
        if (t->indexes[i].name == t->indexes[j].name) throw "two keys or indexes have the same name";
      for (const UniqueDef& u : t->uniques)
        if (t->indexes[i].name == u.name) throw "two keys or indexes have the same name";
    }
  }
}

// Two enums of one name with different values would give one constant two meanings.
constexpr void distinct_enums(AllTables all) {
  const EnumDef* seen[256] = {};
  std::size_t count = 0;
  for (const TableDef* t : all)
    for (const ColumnDef& c : t->columns) {
      if (c.values == nullptr) continue;
      bool known = false;
      for (std::size_t i = 0; i < count && !known; ++i) {
        known = seen[i] == c.values;
        if (!known && seen[i]->name == c.values->name) throw "two enumerations have the same name";
      }
      if (!known) seen[count++] = c.values;
    }
}

// --- state machines ---

constexpr void state_machine(const StateMachine& m, AllTables all) {
  const TableDef* table = nullptr;
  for (const TableDef* t : all)
    if (t->name == m.table) table = t;
  const ColumnDef* column = table == nullptr ? nullptr : table->find(m.column);
  if (column == nullptr || column->type != Type::enumeration)
    throw "a state machine belongs to an enumeration column of a table";
  if (!one_of(column->values->values, m.initial)) throw "the first state of a state machine is a value of its column";
  if (column->has_initial() && column->initial != m.initial)
    throw "the first state of a state machine is the default of its column";
  for (const Transition& t : m.transitions) {
    if (!one_of(column->values->values, t.from) || !one_of(column->values->values, t.to))
      throw "a transition leads from a value of its column to another";
    if (t.from == t.to) throw "a transition leads to another state";
  }
}

}  // namespace check

// For static_assert: true, or no constant at all and the sentence in the compiler's message.
consteval bool consteval_check(const TableDef& t) {
  check::names(t);
  check::ids(t);
  check::distinct_columns(t);
  check::first_column(t);
  check::tenant_column(t);
  check::event_column(t);
  check::standard_columns(t);
  check::enum_values(t);
  check::references_are_whole(t);
  check::access_is_complete(t);
  check::chain(t);
  check::access_columns(t);
  check::predicates(t);
  check::keys(t);
  check::personal(t);
  check::subjects(t);
  check::docs(t);
  check::folds(t);
  check::initials(t);
  check::digits(t);
  check::bounds(t);
  check::sealed_columns(t);
  check::searched(t);
  check::not_retired(t, retired_tables, retired_columns);
  return true;
}

consteval bool consteval_check(AllTables all) {
  check::distinct_tables(all);
  check::references_exist(all);
  check::distinct_keys(all);
  check::distinct_enums(all);
  return true;
}

consteval bool consteval_check(const StateMachine& m, AllTables all) {
  check::state_machine(m, all);
  return true;
}

}  // namespace eventcore::schema
