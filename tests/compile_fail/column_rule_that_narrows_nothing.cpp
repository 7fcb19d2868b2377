// expect: a column rule narrows reading or writing
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.access.column_rules[0].columns = {"price"}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
