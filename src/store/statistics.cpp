#include "store/statistics.hpp"

#include <algorithm>

#include "schema/all.hpp"
#include "store/ddl.hpp"

namespace eventcore::store {

namespace {

// A large store: what is planned well there is fast enough in a small one.
constexpr std::int64_t rows_of_table = 1'000'000;
constexpr std::int64_t rows_of_event = 10'000;
constexpr std::int64_t rows_of_parent = 50;
constexpr std::int64_t rows_of_value = 10;  // a name, a number, a moment
constexpr std::int64_t states = 4;

// How many of `rows` share one value of the column.
std::int64_t sharing(const schema::TableDef& table, std::string_view name, std::int64_t rows) {
  if (name == "organization_id" || name.empty()) return rows;
  const schema::ColumnDef& column = *table.find(name);
  if (name == "id") return 1;
  if (column.type == schema::Type::boolean) return std::max<std::int64_t>(rows / 2, 1);
  if (column.type == schema::Type::enumeration) return std::max<std::int64_t>(rows / states, 1);
  if (name == "event_id") return std::min(rows, rows_of_event);
  return std::min(rows, column.is_reference() ? rows_of_parent : rows_of_value);
}

IndexStatistics statistics(const schema::TableDef& table, std::string index, const std::vector<IndexTerm>& terms,
                           bool unique) {
  IndexStatistics out{std::move(index), std::to_string(rows_of_table)};
  std::int64_t rows = rows_of_table;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    rows = unique && i + 1 == terms.size() ? 1 : sharing(table, terms[i].column, rows);
    out.rows += " " + std::to_string(rows);
  }
  return out;
}

}  // namespace

std::vector<IndexStatistics> statistics_of(const schema::TableDef& table) {
  const std::string primary_key = "sqlite_autoindex_" + std::string(table.name) + "_1";
  std::vector<IndexTerm> key;
  if (tenancy(table) == Tenancy::column) key.push_back({"", "organization_id"});
  key.push_back({"", "id"});
  std::vector<IndexStatistics> out{statistics(table, primary_key, key, true)};
  for (const TableIndex& index : table_indexes(table))
    out.push_back(statistics(table, index.name, index.terms, index.unique));
  return out;
}

Status write_statistics(Connection& connection) {
  EC_TRYV(connection.execute("ANALYZE sqlite_schema"));  // makes the table and counts nothing
  EC_TRYV(connection.execute("DELETE FROM sqlite_stat1"));
  for (const schema::TableDef* table : schema::all_tables) {
    for (const IndexStatistics& each : statistics_of(*table)) {
      EC_TRY(insert, connection.prepare("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)"));
      EC_TRYV(insert.bind(table->name).bind(std::string_view(each.index)).bind(std::string_view(each.rows)).run());
    }
  }
  return connection.execute("ANALYZE sqlite_schema");  // reads them
}

}  // namespace eventcore::store
