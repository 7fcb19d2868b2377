// expect: only numbers have bounds
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("notes", [](ColumnDef& c) { c.min = 1; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
