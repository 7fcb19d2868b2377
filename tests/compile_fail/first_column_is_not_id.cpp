// expect: the first column of a table is id
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("id", [](ColumnDef& c) { c.name = "key"; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
