// expect: a table that is searched by words has an event_id that is not null
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("event_id", [](ColumnDef& c) { c.flags = immutable; });
constexpr TableDef wrong = table_with([](TableDef& t) {
  t.columns = columns;
  t.parent = "";
  t.searched = {"email"};
});
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
