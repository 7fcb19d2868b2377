// expect: organization_id is not null and never changes
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("organization_id", [](ColumnDef& c) { c.flags = not_null; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
