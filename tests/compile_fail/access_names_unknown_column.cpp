// expect: access names a column that the table does not have
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.access.view = {{Predicate::event_reader, {"prise"}}}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
