// expect: a state machine belongs to an enumeration column
#include "parts.hpp"

namespace eventcore::schema {

constexpr Transition moves[] = {{"red", "green"}};
constexpr StateMachine wrong{.table = "things", .column = "price", .initial = "red", .transitions = moves};
constexpr const TableDef* all[] = {&right};
static_assert(consteval_check(wrong, AllTables{all}));

}  // namespace eventcore::schema
