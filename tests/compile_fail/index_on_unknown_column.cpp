// expect: a unique key or index names a column that the table does not have
#include "parts.hpp"

namespace eventcore::schema {

constexpr IndexDef indexes[] = {{.name = "things_by_prise", .columns = {"prise"}}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.indexes = indexes; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
