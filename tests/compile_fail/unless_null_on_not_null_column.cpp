// expect: unless_null names a column of the table that may be null
#include "parts.hpp"

namespace eventcore::schema {

constexpr UniqueDef uniques[] = {{.name = "things_key", .columns = {"price"}, .unless_null = "email"}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.uniques = uniques; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
