// expect: a unique key or index names its columns
#include "parts.hpp"

namespace eventcore::schema {

constexpr UniqueDef uniques[] = {{.name = "things_key"}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.uniques = uniques; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
