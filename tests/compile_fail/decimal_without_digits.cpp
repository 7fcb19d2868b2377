// expect: a decimal has 1 to 18 digits
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("price", [](ColumnDef& c) {
  c.type = Type::decimal;
  c.precision = 0;
});
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
