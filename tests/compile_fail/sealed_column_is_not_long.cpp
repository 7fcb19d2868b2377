// expect: a sealed column is a long column
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("secret", [](ColumnDef& c) { c.flags = none; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
