// expect: an enumeration column has values
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("colour", [](ColumnDef& c) { c.values = nullptr; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
