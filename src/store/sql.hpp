// SQL out of queries: the only place where conditions, orders and pages become text.
// Invariants: every value is a bound parameter; every leaf of a condition is true or false and never null where a
// negation could see it; text compares by bytes.
// Thread: free functions without state, any thread.
#pragma once

#include <string>
#include <vector>

#include <eventcore/result.hpp>
#include "schema/value.hpp"
#include "store/query.hpp"

namespace eventcore::store {

struct SqlText {
  std::string sql;
  std::vector<Value> values;  // for its parameters, left to right
};

Result<SqlText> select_sql(const Query& query);
Result<SqlText> count_sql(const Query& query);  // of its condition alone: no order, page or limit
Result<SqlText> aggregate_sql(const Aggregate& aggregate);

}  // namespace eventcore::store
