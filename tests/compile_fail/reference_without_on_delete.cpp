// expect: says what happens when the row it refers to goes
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("owner_id", [](ColumnDef& c) { c.on_delete = OnDelete::not_a_reference; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
