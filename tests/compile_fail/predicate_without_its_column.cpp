// expect: access puts a predicate to a table without the column that it asks for
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.access.view = {Predicate::assignee}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
