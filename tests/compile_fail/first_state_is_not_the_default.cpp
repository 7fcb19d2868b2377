// expect: the first state of a state machine is the default of its column
#include "parts.hpp"

namespace eventcore::schema {

constexpr Transition moves[] = {{"red", "green"}};
constexpr StateMachine wrong{.table = "things", .column = "colour", .initial = "green", .transitions = moves};
constexpr const TableDef* all[] = {&right};
static_assert(consteval_check(wrong, AllTables{all}));

}  // namespace eventcore::schema
