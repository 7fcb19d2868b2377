#include "store/row_io.hpp"

#include <vector>

#include "schema/all.hpp"
#include "store/ddl.hpp"

namespace eventcore::store {

namespace {

bool wanted(const ColumnSet& columns, std::size_t index) {
  return columns.wanted.empty() || (index < columns.wanted.size() && columns.wanted[index]);
}

}  // namespace

ColumnSet ColumnSet::short_only(const schema::TableDef& table) {
  ColumnSet set;
  for (const schema::ColumnDef& column : table.columns) set.wanted.push_back(!column.is(schema::long_column));
  return set;
}

bool fits(const Value& value, schema::Type type) {
  if (value.is_null()) return true;
  if (type == schema::Type::uuid) return value.is_uuid();
  const std::string_view storage = storage_type(type);
  if (storage == "INTEGER") return value.is_integer();
  return storage == "BLOB" ? value.is_bytes() : value.is_text();
}

Result<Value> read_value(const Statement& statement, int position, schema::Type type) {
  const int stored = statement.storage_class(position);
  if (stored == SQLITE_NULL) return Value();
  if (type == schema::Type::uuid) {
    if (stored != SQLITE_BLOB || statement.blob(position).size() != 16) return Errc::store_corrupt;
    return Value(statement.uuid(position));
  }
  const std::string_view storage = storage_type(type);
  if (storage == "INTEGER" && stored == SQLITE_INTEGER) return Value(statement.integer(position));
  if (storage == "TEXT" && stored == SQLITE_TEXT) return Value(statement.text(position));
  if (storage == "BLOB" && stored == SQLITE_BLOB) {
    const ByteView bytes = statement.blob(position);
    return Value(Bytes(bytes.begin(), bytes.end()));
  }
  return Errc::store_corrupt;
}

namespace {

std::string make_column_list(const schema::TableDef& table, const ColumnSet& columns) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!wanted(columns, i)) continue;
    if (!out.empty()) out += ", ";
    out += "t0." + quoted(table.columns[i].name);
  }
  return out.empty() ? "1" : out;
}

}  // namespace

// All columns and the short ones are what nearly every statement asks for: made once for each table.
std::string column_list(const schema::TableDef& table, const ColumnSet& columns) {
  struct Kept {
    std::string whole;
    std::string brief;
    ColumnSet brief_columns;
  };
  static const std::vector<Kept> by_id = [] {
    std::vector<Kept> all(schema::table_count + 1);
    for (const schema::TableDef* each : schema::all_tables) {
      ColumnSet brief = ColumnSet::short_only(*each);
      all[each->id] = {make_column_list(*each, ColumnSet::all()), make_column_list(*each, brief), std::move(brief)};
    }
    return all;
  }();
  const Kept& kept = by_id[table.id];
  if (columns.wanted.empty()) return kept.whole;
  return columns.wanted == kept.brief_columns.wanted ? kept.brief : make_column_list(table, columns);
}

Record with_only(const Record& row, const ColumnSet& columns) {
  Record narrowed(row.table());
  for (std::size_t i = 0; i < row.table().columns.size(); ++i)
    narrowed.at(i) = wanted(columns, i) ? row.at(i) : Value::unread();
  return narrowed;
}

Result<Record> read_record(const Statement& statement, const schema::TableDef& table, const ColumnSet& columns) {
  Record record(table);
  int position = 0;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!wanted(columns, i)) {
      record.at(i) = Value::unread();
      continue;
    }
    EC_TRY(value, read_value(statement, position++, table.columns[i].type));
    record.at(i) = std::move(value);
  }
  return record;
}

}  // namespace eventcore::store
