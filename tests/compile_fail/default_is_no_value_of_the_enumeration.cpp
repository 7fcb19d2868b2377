// expect: a default has to fit the type of its column
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("colour", [](ColumnDef& c) { c.initial = "blue"; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
