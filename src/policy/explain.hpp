// Why a decision came out as it did: each grant of the operation, whether it holds, and the reason in words that an
// administrator understands. Says nothing about a row that its reader could not see in the row itself.
// Thread: free functions without state.
#pragma once

#include <string>
#include <vector>

#include "policy/access.hpp"

namespace eventcore::policy {

struct Explained {
  std::string condition;  // a predicate of spec/ACCESS.md, or key(group)
  bool holds = false;
  std::string because;
};

Result<std::vector<Explained>> explain(Operation operation, const Record& row, const Facts& facts, Related& related);

// Why the caller may not read (view) or write a column of a row on which he may do the operation.
Result<Explained> explain_column(Operation operation, const Record& row, std::uint16_t column, const Facts& facts,
                                 Related& related);

}  // namespace eventcore::policy
