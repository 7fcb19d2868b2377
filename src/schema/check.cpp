// Puts every declaration to the checks. Nothing here is left at run time.
#include "schema/check.hpp"

#include "schema/all.hpp"
#include "schema/states.hpp"

namespace eventcore::schema {
namespace {

consteval bool ids_are_places() {
  for (std::size_t i = 0; i < table_count; ++i)
    if (all_tables[i]->id != i + 1) throw "all_tables is in the order of the ids, from 1 on without gaps";
  return true;
}
static_assert(ids_are_places());

// In slices, because clang limits the steps of one evaluation.
consteval bool tables_are_right(std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i)
    if (!consteval_check(*all_tables[i])) return false;
  return true;
}
static_assert(tables_are_right(0, 10));
static_assert(tables_are_right(10, 20));
static_assert(tables_are_right(20, 30));
static_assert(tables_are_right(30, 40));
static_assert(tables_are_right(40, 50));
static_assert(tables_are_right(50, table_count));
static_assert(consteval_check(AllTables{all_tables}));

consteval bool states_are_right() {
  for (const StateMachine& m : all_state_machines)
    if (!consteval_check(m, AllTables{all_tables})) return false;
  return true;
}
static_assert(states_are_right());

}  // namespace
}  // namespace eventcore::schema
