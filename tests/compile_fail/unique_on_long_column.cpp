// expect: a unique key or index names a long column
#include "parts.hpp"

namespace eventcore::schema {

constexpr UniqueDef uniques[] = {{.name = "things_notes_key", .columns = {"notes"}}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.uniques = uniques; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
