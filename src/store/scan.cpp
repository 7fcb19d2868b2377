#include "store/scan.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"
#include "store/statement.hpp"

namespace eventcore::store {

bool RowView::holds(Column column, int storage_class) const {
  const int stored = statement_.storage_class(column.index);
  if (stored == storage_class && column.table == table_.id) return true;
  if (stored != SQLITE_NULL) corrupt_ = true;
  return false;
}

bool RowView::is_null(Column column) const {
  return statement_.is_null(column.index);
}

std::int64_t RowView::integer(Column column) const {
  return holds(column, SQLITE_INTEGER) ? statement_.integer(column.index) : 0;
}

std::string_view RowView::text(Column column) const {
  return holds(column, SQLITE_TEXT) ? statement_.text(column.index) : std::string_view();
}

ByteView RowView::bytes(Column column) const {
  return holds(column, SQLITE_BLOB) ? statement_.blob(column.index) : ByteView();
}

Status Scan::each(const Query& query, const std::function<bool(const RowView&)>& visit) {
  EC_TRY(text, select_sql(query));
  EC_TRY(statement, connection_.prepare(text.sql));
  for (const Value& value : text.values) statement.bind_lent(value);
  const RowView row(statement, *query.table);
  for (;;) {
    EC_TRY(found, statement.step());
    if (!found) return ok();
    const bool more = visit(row);
    if (row.is_corrupt()) return Errc::store_corrupt;
    if (!more) return ok();
  }
}

}  // namespace eventcore::store
