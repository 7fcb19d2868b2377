// among: whether a uuid is one of very many. SQLite makes an index anew for each execution of `IN (?, ?, ...)`; a
// sorted set bound as one value costs a binary search for each row that is looked at. No index serves it, so it is for
// pages, whose order leads to the rows.
// Thread: free functions without state, any thread.
#pragma once

#include <ecsql.h>

#include <vector>

#include <eventcore/result.hpp>
#include "schema/value.hpp"

namespace eventcore::store {

// Up to so many values stand in the statement one by one in any case.
inline constexpr std::size_t listed_values_max = 32;

// The set of these uuids as ec_among(uuid, set) takes it.
Bytes among_set(std::vector<Uuid> ids);

// Makes ec_among known to a connection.
Status add_among(sqlite3* database);

}  // namespace eventcore::store
