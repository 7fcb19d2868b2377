// expect: the last columns of a table are version, created_at and updated_at
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("version", [](ColumnDef& c) { c.name = "edition"; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
