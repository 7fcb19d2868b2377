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
constexpr std::int64_t exceptions = 1'000;

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

IndexStatistics statistics(const schema::TableDef& table, const TableIndex& index) {
  std::int64_t rows = index.exceptions ? exceptions : rows_of_table;
  IndexStatistics out{index.name, std::to_string(rows)};
  for (std::size_t i = 0; i < index.terms.size(); ++i) {
    rows = index.unique && i + 1 == index.terms.size() ? 1 : sharing(table, index.terms[i].column, rows);
    out.rows += " " + std::to_string(rows);
  }
  return out;
}

}  // namespace

std::vector<IndexStatistics> statistics_of(const schema::TableDef& table) {
  TableIndex key{"sqlite_autoindex_" + std::string(table.name) + "_1", true, {}, ""};
  if (tenancy(table) == Tenancy::column) key.terms.push_back({"", "organization_id"});
  key.terms.push_back({"", "id"});
  std::vector<IndexStatistics> out{statistics(table, key)};
  for (const TableIndex& index : table_indexes(table)) out.push_back(statistics(table, index));
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
