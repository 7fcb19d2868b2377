// expect: a table with event_id says where the event comes from
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.event_source = ""; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
