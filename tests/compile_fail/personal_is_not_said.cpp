// expect: every column says whether it is about a person
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("price", [](ColumnDef& c) { c.personal = {}; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
