// expect: the id of a table is a uuid that is not null
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("id", [](ColumnDef& c) { c.type = Type::integer; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
