// expect: a transition leads from a value of its column to another
#include "parts.hpp"

namespace eventcore::schema {

constexpr Transition moves[] = {{"red", "blue"}};
constexpr StateMachine wrong{.table = "things", .column = "colour", .initial = "red", .transitions = moves};
constexpr const TableDef* all[] = {&right};
static_assert(consteval_check(wrong, AllTables{all}));

}  // namespace eventcore::schema
