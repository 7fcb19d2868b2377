// What SQLite's planner is told of the tables: how many rows an index leads to. It would otherwise take a tenant for
// ten rows and rather walk all of them in the order of their ids than use an index and sort. The figures follow from
// the declarations and never from the data, so a statement has the same plan in every store, at every size.
// Thread: free functions without state.
#pragma once

#include <string>
#include <vector>

#include <eventcore/result.hpp>
#include "schema/schema.hpp"
#include "store/connection.hpp"

namespace eventcore::store {

// One row of sqlite_stat1.
struct IndexStatistics {
  std::string index;
  std::string rows;  // of the table, then those that share the first term, the first two, ...
};
std::vector<IndexStatistics> statistics_of(const schema::TableDef& table);

// Inside a transaction that may change the schema. The connection and all that are opened later plan by them.
Status write_statistics(Connection& connection);

}  // namespace eventcore::store
