// expect: a transition leads to another state
#include "parts.hpp"

namespace eventcore::schema {

constexpr Transition moves[] = {{"red", "red"}};
constexpr StateMachine wrong{.table = "things", .column = "colour", .initial = "red", .transitions = moves};
constexpr const TableDef* all[] = {&right};
static_assert(consteval_check(wrong, AllTables{all}));

}  // namespace eventcore::schema
