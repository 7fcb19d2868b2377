// expect: two enumerations have the same name
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef users = table_with([](TableDef& t) {
  t.id = 101;
  t.name = "users";
});
constexpr TableDef organizations = table_with([](TableDef& t) {
  t.id = 102;
  t.name = "organizations";
});
constexpr TableDef events = table_with([](TableDef& t) {
  t.id = 103;
  t.name = "events";
});
constexpr EnumDef other_colours{"colours", colours_values};
constexpr auto columns = columns_with("colour", [](ColumnDef& c) { c.values = &other_colours; });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
constexpr const TableDef* all[] = {&wrong, &users, &organizations, &events};
static_assert(consteval_check(AllTables{all}));

}  // namespace eventcore::schema
