// expect: a folded twin is null exactly when its source may be
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("email_folded", [](ColumnDef& c) { c.flags = engine_column | internal; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
