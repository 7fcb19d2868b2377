// expect: the columns of a tally are short and never null
#include "parts.hpp"
#include "schema/tallies.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("event_id", [](ColumnDef& c) { c.flags = immutable; });
constexpr TableDef of_no_event = table_with([](TableDef& t) { t.columns = columns; });
constexpr TallyDef wrong = tally(of_no_event, {"email"}, "version");

}  // namespace eventcore::schema
