// expect: two tables have the same id
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef twin = table_with([](TableDef& t) { t.name = "others"; });
constexpr const TableDef* all[] = {&right, &twin};
static_assert(consteval_check(AllTables{all}));

}  // namespace eventcore::schema
