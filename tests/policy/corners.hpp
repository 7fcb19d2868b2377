// What the access contract says beyond the matrix's principals: people who are two things at once, keys of one group.
// Each function fails the running test where the engine differs.
// Thread: plain functions on a World.
#pragma once

#include "policy/world.hpp"

namespace eventcore::test {

// Keys with one permission alone, on the table's private row.
void check_key_groups(World& world, const schema::TableDef& table);
// The corners of one table, if it has any.
void check_corners(World& world, const schema::TableDef& table);

}  // namespace eventcore::test
