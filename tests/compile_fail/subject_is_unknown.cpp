// expect: the subject of a personal column is a column of the table
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("email", [](ColumnDef& c) { c.personal = about("mail"); });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
