// expect: the doc of a column is a sentence that ends with a full stop
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("price", [](ColumnDef& c) { c.doc = ""; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
