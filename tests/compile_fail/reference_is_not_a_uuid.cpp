// expect: a reference is a uuid
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("owner_id", [](ColumnDef& c) { c.type = Type::integer; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
