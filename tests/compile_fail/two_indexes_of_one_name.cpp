// expect: two keys or indexes have the same name
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
constexpr IndexDef indexes[] = {{.name = "things_by_price", .columns = {"price"}},
                                {.name = "things_by_price", .columns = {"price", "colour"}}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.indexes = indexes; });
constexpr const TableDef* all[] = {&wrong, &users, &organizations, &events};
static_assert(consteval_check(AllTables{all}));

}  // namespace eventcore::schema
