// expect: a unique key or index names a long column
#include "parts.hpp"

namespace eventcore::schema {

constexpr IndexDef indexes[] = {{.name = "things_by_notes", .columns = {"notes"}}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.indexes = indexes; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
