// expect: a column rule names its columns
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.access.column_rules[0].read = {Predicate::nobody}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
