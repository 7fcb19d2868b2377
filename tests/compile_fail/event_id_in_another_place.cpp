// expect: event_id is the third column of a table
#include "parts.hpp"

namespace eventcore::schema {

consteval auto swapped() {
  auto columns = right_columns;
  const ColumnDef event = columns[2];
  columns[2] = columns[3];
  columns[3] = event;
  return columns;
}
constexpr auto columns = swapped();
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
