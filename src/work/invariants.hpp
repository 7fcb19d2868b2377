// What must always hold of a table, for every way of writing it: the work of the source's triggers, done by functions
// that the rules provide. Every table has an entry; one without demands says so with two null pointers.
#pragma once

#include <array>
#include <cstdint>

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "policy/access.hpp"
#include "schema/value.hpp"
#include "store/query.hpp"

namespace eventcore::work {

class UnitOfWork;

// Whose right a write runs under: the caller's, or the command's (rows and columns beyond the caller's arguments).
enum class As : std::uint8_t { caller, engine };

struct Write {
  policy::Operation operation = policy::Operation::create;
  const Record* before = nullptr;  // null at create
  Record* after = nullptr;         // null at remove
  As as = As::caller;
  bool importing = false;          // a service's direct insert: may begin beyond the first state
  const Changes* given = nullptr;  // what was named at create, what changes at update

  [[nodiscard]] bool names(Column column) const;    // the writer named it
  [[nodiscard]] bool changes(Column column) const;  // a new row, or another value than before
};

struct TableInvariants {
  // Before the row is written: fills derived columns of `after`, or refuses.
  Status (*check)(UnitOfWork&, Write&) = nullptr;
  // After it is written: what follows on other rows.
  Status (*settle)(UnitOfWork&, const Write&) = nullptr;
  // A state that time alone changes: answers, filters, orders and counts see it at once (an open milestone past its due
  // date is overdue), the stored row when maintenance has run.
  store::Shown (*shown)(Micros now) = nullptr;
  // What an answer says beyond the columns.
  void (*present)(Json&, const Record&) = nullptr;
};

// By TableDef::id.
inline constexpr std::size_t table_ids_max = 64;
using InvariantTable = std::array<TableInvariants, table_ids_max>;

}  // namespace eventcore::work
