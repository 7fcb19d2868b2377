// expect: a column needs an id
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("price", [](ColumnDef& c) { c.id = 0; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
