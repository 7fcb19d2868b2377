// expect: folds names a text column of the table
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("notes", [](ColumnDef& c) { c.folds = "mail"; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
