// expect: a lower bound is above its upper bound
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("price", [](ColumnDef& c) { c.max = -1; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
