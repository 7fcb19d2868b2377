// expect: a table needs an id
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.id = 0; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
