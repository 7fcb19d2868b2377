// expect: a table needs a name
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.name = ""; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
