// expect: access names a sealed or internal column
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.access.view = {{Predicate::event_reader, {"secret"}}}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
