#include "store/ddl.hpp"

#include <algorithm>

#include "schema/all.hpp"

namespace eventcore::store {

namespace {

using schema::ColumnDef;
using schema::TableDef;
using schema::Type;

constexpr std::string_view tenant_column = "organization_id";

std::string text_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

std::int64_t power_of_ten(int exponent) {
  std::int64_t value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

// What a single column may hold; empty: anything of its storage type.
std::string column_check(const ColumnDef& column) {
  const std::string name = quoted(column.name);
  std::vector<std::string> parts;
  switch (column.type) {
    case Type::uuid: parts.push_back("length(" + name + ") = 16"); break;
    case Type::boolean: parts.push_back(name + " IN (0, 1)"); break;
    case Type::date: parts.push_back("length(" + name + ") = 10"); break;
    case Type::enumeration: {
      // Not IN: for more than two values SQLite would fill a table of them at every write.
      std::vector<std::string> values;
      for (std::string_view value : column.values->values) values.push_back(name + " = " + text_literal(value));
      parts.push_back("(" + joined(values, " OR ") + ")");
      break;
    }
    case Type::decimal:
      if (column.precision > 0 && column.precision < 18) {
        const std::string most = std::to_string(power_of_ten(column.precision) - 1);
        parts.push_back(name + " BETWEEN -" + most + " AND " + most);
      }
      break;
    default: break;
  }
  if (column.min != schema::no_min) parts.push_back(name + " >= " + std::to_string(column.min));
  if (column.max != schema::no_max) parts.push_back(name + " <= " + std::to_string(column.max));
  return joined(parts, " AND ");
}

std::string column_sql(const ColumnDef& column) {
  std::string sql = quoted(column.name) + " " + std::string(storage_type(column.type));
  if (column.is(schema::not_null)) sql += " NOT NULL";
  const std::string check = column_check(column);
  if (!check.empty()) sql += " CONSTRAINT " + quoted(column.name) + " CHECK (" + check + ")";
  return sql;
}

std::string foreign_key(const TableDef& table, const ColumnDef& column) {
  const TableDef* target = schema::find_table(column.references);
  const bool composite = tenancy(table) == Tenancy::column && tenancy(*target) == Tenancy::column;
  const std::string from = composite ? quoted(tenant_column) + ", " + quoted(column.name) : quoted(column.name);
  const std::string to = composite ? quoted(tenant_column) + ", " + quoted("id") : quoted("id");
  return "FOREIGN KEY (" + from + ") REFERENCES " + quoted(target->name) + " (" + to + ") ON DELETE NO ACTION";
}

// The columns of a key as written, the tenant in front unless the key spans tenants.
std::vector<std::string_view> key_columns(const TableDef& table, const schema::Columns& columns, bool store_wide) {
  std::vector<std::string_view> out;
  const bool by_tenant = !store_wide && tenancy(table) == Tenancy::column;
  if (by_tenant && !columns.contains(tenant_column)) out.push_back(tenant_column);
  for (std::string_view name : columns.view()) out.push_back(name);
  return out;
}

// A column, or an expression over some.
IndexTerm term(std::string_view column) {
  return {quoted(column), column};
}

// SQL lets null differ from null; here it is a value like any other. One nullable column: a second index over the rows
// where it is null. More: an expression that turns null into something the column cannot hold.
void add_unique(std::vector<TableIndex>& out, const TableDef& table, const schema::UniqueDef& unique) {
  std::vector<IndexTerm> plain;
  std::vector<IndexTerm> coalesced;
  std::vector<std::string_view> nullable;
  for (std::string_view name : key_columns(table, unique.columns, unique.store_wide)) {
    const ColumnDef* column = table.find(name);
    plain.push_back(term(name));
    coalesced.push_back(term(name));
    if (column->is(schema::not_null) || name == unique.unless_null) continue;
    nullable.push_back(name);
    const bool text = storage_type(column->type) == "TEXT";
    coalesced.back().sql = "ifnull(" + quoted(name) + (text ? ", x'')" : ", '')");
  }
  std::string bound = unique.unless_null.empty() ? "" : quoted(unique.unless_null) + " IS NOT NULL";
  if (nullable.size() != 1) {
    out.push_back({std::string(unique.name), true, nullable.empty() ? plain : coalesced, bound});
    return;
  }
  const std::string name = quoted(nullable.front());
  const std::string also = bound.empty() ? "" : bound + " AND ";
  out.push_back({std::string(unique.name), true, plain, also + name + " IS NOT NULL"});
  std::erase_if(plain, [&](const IndexTerm& each) { return each.column == nullable.front(); });
  if (plain.empty()) plain.push_back({"(1)", {}});
  out.push_back({std::string(unique.name) + "_null", true, plain, also + name + " IS NULL"});
}

// An index leads to rows by its first column; where that is null nobody looks for it, and the row writes one page less.
std::string_view left_out_when_null(const TableDef& table, const schema::IndexDef& index) {
  if (!index.unless_null.empty()) return index.unless_null;
  for (std::string_view name : index.columns.view())
    if (name != tenant_column) return table.find(name)->is(schema::not_null) ? std::string_view() : name;
  return {};
}

// Rows of a parent are read in the order of their ids, page by page. With the id at its end an index gives them so.
bool leads_by_one(const schema::IndexDef& index) {
  const auto columns = index.columns.view();
  return !index.store_wide && columns.size() == 1 && columns.front() != "id";
}

// Whether a declared key already leads to the rows that name a given row through `column`.
bool leads_with(const TableDef& table, std::string_view column) {
  const auto first_is = [&](const schema::Columns& columns) {
    const auto list = columns.view();
    if (list.empty()) return false;
    const bool tenant_first = list.front() == tenant_column && list.size() > 1;
    return list[tenant_first ? 1 : 0] == column;
  };
  for (const schema::IndexDef& index : table.indexes)
    if (!index.store_wide && first_is(index.columns)) return true;
  for (const schema::UniqueDef& unique : table.uniques) {
    const bool partial = !unique.unless_null.empty() && unique.unless_null != column;
    const bool all_set = std::all_of(unique.columns.view().begin(), unique.columns.view().end(),
                                     [&](std::string_view name) { return table.find(name)->is(schema::not_null); });
    if (!unique.store_wide && !partial && all_set && first_is(unique.columns)) return true;
  }
  return false;
}

// Deleting a row looks for rows that name it. "Who" columns go without: people are deleted rarely, and a walk over the
// tenant's rows then costs less than an index on every table.
void add_reference_indexes(std::vector<TableIndex>& out, const TableDef& table) {
  for (const ColumnDef& column : table.columns) {
    if (!column.is_reference() || column.name == tenant_column) continue;
    if (column.on_delete == schema::OnDelete::set_null || leads_with(table, column.name)) continue;
    std::vector<IndexTerm> terms;
    if (tenancy(table) == Tenancy::column) terms.push_back(term(tenant_column));
    terms.push_back(term(column.name));
    terms.push_back(term("id"));
    const bool nullable = !column.is(schema::not_null);
    out.push_back({std::string(table.name) + "_ref_" + std::string(column.name), false, std::move(terms),
                   nullable ? quoted(column.name) + " IS NOT NULL" : ""});
  }
}

std::string index_sql(const TableDef& table, const TableIndex& index) {
  std::vector<std::string> terms;
  for (const IndexTerm& each : index.terms) terms.push_back(each.sql);
  const std::string sql = std::string(index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ") + quoted(index.name) +
                          " ON " + quoted(table.name) + " (" + joined(terms, ", ") + ")";
  return index.condition.empty() ? sql : sql + " WHERE " + index.condition;
}

std::string create_table(const TableDef& table) {
  std::vector<std::string> parts;
  for (const ColumnDef& column : table.columns) parts.push_back(column_sql(column));
  const bool by_tenant = tenancy(table) == Tenancy::column;
  parts.push_back(by_tenant ? "PRIMARY KEY (\"organization_id\", \"id\")" : "PRIMARY KEY (\"id\")");
  for (const ColumnDef& column : table.columns)
    if (column.is_reference()) parts.push_back(foreign_key(table, column));
  for (const schema::CheckDef& check : table.checks)
    parts.push_back("CONSTRAINT " + quoted(check.name) + " CHECK (" + std::string(check.sql) + ")");
  return "CREATE TABLE " + quoted(table.name) + " (\n  " + joined(parts, ",\n  ") + "\n) STRICT";
}

}  // namespace

std::string quoted(std::string_view identifier) {
  return '"' + std::string(identifier) + '"';
}

Tenancy tenancy(const schema::TableDef& table) {
  if (table.global) return Tenancy::none;
  return table.find(tenant_column) == nullptr ? Tenancy::self : Tenancy::column;
}

std::string_view storage_type(schema::Type type) {
  switch (type) {
    case Type::uuid:
    case Type::sealed:
    case Type::blob: return "BLOB";
    case Type::boolean:
    case Type::integer:
    case Type::money:
    case Type::decimal:
    case Type::timestamptz: return "INTEGER";
    default: return "TEXT";
  }
}

std::vector<TableIndex> table_indexes(const schema::TableDef& table) {
  std::vector<TableIndex> out;
  for (const schema::UniqueDef& unique : table.uniques) add_unique(out, table, unique);
  for (const schema::IndexDef& index : table.indexes) {
    std::vector<IndexTerm> terms;
    for (std::string_view name : key_columns(table, index.columns, index.store_wide)) terms.push_back(term(name));
    if (leads_by_one(index)) terms.push_back(term("id"));
    const std::string_view left_out = left_out_when_null(table, index);
    out.push_back({std::string(index.name), false, std::move(terms),
                   left_out.empty() ? "" : quoted(left_out) + " IS NOT NULL", !index.unless_null.empty()});
  }
  add_reference_indexes(out, table);
  const bool id_declared = std::any_of(table.indexes.begin(), table.indexes.end(), [](const schema::IndexDef& index) {
    return index.store_wide && index.columns.view().front() == "id";
  });
  const bool by_id = table.unique_id_store_wide || (table.found_without_tenant && !id_declared);
  if (tenancy(table) == Tenancy::column && by_id)
    out.push_back({std::string(table.name) + "_store_wide_id", table.unique_id_store_wide, {term("id")}, ""});
  return out;
}

std::vector<std::string> table_sql(const schema::TableDef& table) {
  std::vector<std::string> out{create_table(table)};
  for (const TableIndex& index : table_indexes(table)) out.push_back(index_sql(table, index));
  return out;
}

std::vector<std::string> engine_sql() {
  return {
      "CREATE TABLE ec_sentinel (\n  id INTEGER PRIMARY KEY CHECK (id = 1),\n"
      "  store_id BLOB NOT NULL CHECK (length(store_id) = 16),\n  commits INTEGER NOT NULL,\n"
      "  store_seq INTEGER NOT NULL,\n"
      "  heads BLOB NOT NULL CHECK (length(heads) = 32)\n) STRICT",
      "CREATE TABLE ec_meta (\n  name TEXT PRIMARY KEY NOT NULL,\n  value TEXT NOT NULL\n) STRICT",
      "CREATE TABLE ec_id_map (\n  table_id INTEGER NOT NULL,\n  column_id INTEGER NOT NULL,\n  name TEXT NOT NULL,\n"
      "  PRIMARY KEY (table_id, column_id)\n) STRICT",
      "CREATE TABLE ec_tenant_keys (\n"
      "  organization_id BLOB PRIMARY KEY NOT NULL CHECK (length(organization_id) = 16),\n"
      "  wrapped BLOB NOT NULL\n) STRICT",
      "CREATE TABLE ec_idempotency (\n  scope BLOB PRIMARY KEY NOT NULL CHECK (length(scope) = 32),\n"
      "  request BLOB NOT NULL CHECK (length(request) = 32),\n  reply TEXT NOT NULL,\n"
      "  created_at INTEGER NOT NULL\n) STRICT",
      "CREATE INDEX ec_idempotency_by_created_at ON ec_idempotency (created_at)",
      "CREATE TABLE ec_chain_heads (\n"
      "  organization_id BLOB PRIMARY KEY NOT NULL CHECK (length(organization_id) = 16),\n  seq INTEGER NOT NULL,\n"
      "  hash BLOB NOT NULL CHECK (length(hash) = 32),\n  feed_seq INTEGER NOT NULL,\n"
      "  store_heads BLOB NOT NULL CHECK (length(store_heads) = 32),\n"
      "  checkpoint_seq INTEGER NOT NULL DEFAULT 0,\n  checkpoint_time INTEGER NOT NULL DEFAULT 0,\n"
      "  checkpoint_hash BLOB,\n  checkpoint_signature BLOB\n) STRICT",
      "CREATE TABLE ec_feed (\n  store_seq INTEGER PRIMARY KEY,\n"
      "  organization_id BLOB NOT NULL CHECK (length(organization_id) = 16),\n  seq INTEGER NOT NULL,\n"
      "  audit_seq INTEGER NOT NULL,\n  table_id INTEGER NOT NULL,\n"
      "  row_id BLOB NOT NULL CHECK (length(row_id) = 16),\n"
      "  operation TEXT NOT NULL CHECK (operation = 'I' OR operation = 'U' OR operation = 'D'),\n  time INTEGER NOT "
      "NULL,\n"
      "  version INTEGER NOT NULL,\n  old_facts TEXT NOT NULL,\n  new_facts TEXT NOT NULL\n) STRICT",
      "CREATE UNIQUE INDEX ec_feed_by_organization ON ec_feed (organization_id, seq)",
      "CREATE TABLE ec_tallies (\n  organization_id BLOB NOT NULL CHECK (length(organization_id) = 16),\n"
      "  event_id BLOB NOT NULL CHECK (length(event_id) = 16),\n  table_id INTEGER NOT NULL,\n"
      "  by_1 ANY NOT NULL,\n  by_2 ANY NOT NULL,\n  by_3 ANY NOT NULL,\n  row_count INTEGER NOT NULL,\n"
      "  total INTEGER NOT NULL,\n  PRIMARY KEY (organization_id, event_id, table_id, by_1, by_2, by_3)\n"
      ") STRICT, WITHOUT ROWID",
  };
}

std::string word_table(const TableDef& table) {
  return "ec_words_" + std::string(table.name);
}

std::vector<std::string> word_sql(const TableDef& table) {
  if (table.searched.empty()) return {};
  return {"CREATE TABLE " + word_table(table) +
          " (\n  organization_id BLOB NOT NULL CHECK (length(organization_id) = 16),\n"
          "  event_id BLOB NOT NULL CHECK (length(event_id) = 16),\n  column_id INTEGER NOT NULL,\n"
          "  word TEXT NOT NULL,\n  row_id BLOB NOT NULL CHECK (length(row_id) = 16),\n"
          "  PRIMARY KEY (organization_id, event_id, column_id, word, row_id)\n) STRICT, WITHOUT ROWID"};
}

std::vector<std::string> all_sql() {
  std::vector<std::string> out = engine_sql();
  for (const schema::TableDef* table : schema::all_tables) {
    std::vector<std::string> sql = table_sql(*table);
    out.insert(out.end(), std::make_move_iterator(sql.begin()), std::make_move_iterator(sql.end()));
    for (std::string& words : word_sql(*table)) out.push_back(std::move(words));
  }
  return out;
}

std::string schema_sql() {
  std::string out;
  for (const std::string& sql : all_sql()) out += sql + ";\n\n";
  return out;
}

const schema::UniqueDef* unique_of_index(const schema::TableDef& table, std::string_view index) {
  for (const schema::UniqueDef& unique : table.uniques)
    if (unique.name == index || (index.ends_with("_null") && index.substr(0, index.size() - 5) == unique.name))
      return &unique;
  return nullptr;
}

}  // namespace eventcore::store
