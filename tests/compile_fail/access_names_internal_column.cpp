// expect: access names a sealed or internal column
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with(
    [](TableDef& t) { t.access.column_rules[0] = {.columns = {"email_folded"}, .read = {Predicate::nobody}}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
