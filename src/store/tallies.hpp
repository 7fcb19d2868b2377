// Tallies (schema/tallies.hpp): one row of ec_tallies per organization, event, table and group, with how many rows of
// the table are in the group and what they add up to. The writer moves them in the same statement sequence as the row
// itself, as it does with words, so whatever writes a row, be it a command, an import or an erasure, moves its tally
// too, and what is taken back takes it along.
// Invariants: a group without rows has no row here; sums never leave int64, a write that would is refused.
// Thread: free functions without state, any thread; a connection is used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <eventcore/result.hpp>
#include "schema/tallies.hpp"
#include "schema/value.hpp"

namespace eventcore::store {

class Connection;

struct TallyRow {
  Uuid event;
  std::vector<Value> by;  // a value per group column
  std::int64_t rows = 0;
  std::int64_t sum = 0;
};

// Of one event, or of all events of an organization.
Result<std::vector<TallyRow>> read_tallies(Connection& connection, const schema::TallyDef& tally,
                                           const Uuid& organization, const std::optional<Uuid>& event);

// Whether a write of these columns moves the row's tally.
bool moves_tally(const schema::TallyDef& tally, const Changes& changes);

// What follows on the tally of a table's row that was inserted or is erased, ...
Status add_to_tally(Connection& connection, const schema::TallyDef& tally, const Record& row);
Status take_from_tally(Connection& connection, const schema::TallyDef& tally, const Record& row);
// ... or was changed: `before` holds the tally's columns as they were.
Status move_tally(Connection& connection, const schema::TallyDef& tally, const Record& before, const Changes& changes);

}  // namespace eventcore::store
