// expect: the second column of a table is organization_id
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("organization_id", [](ColumnDef& c) { c.name = "tenant"; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
