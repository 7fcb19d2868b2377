// expect: parent names a reference column of the table
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.parent = "price"; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
