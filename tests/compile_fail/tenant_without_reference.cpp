// expect: organization_id refers to organizations
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("organization_id", [](ColumnDef& c) { c.references = "users"; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
