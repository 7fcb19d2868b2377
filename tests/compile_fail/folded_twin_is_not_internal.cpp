// expect: a folded twin is an internal engine column
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("email_folded", [](ColumnDef& c) { c.flags = not_null; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
