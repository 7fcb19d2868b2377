// What verify_store checks inside a tenant beyond pages and foreign keys, which the store checks itself: derived
// columns against what they are derived from, the words by which rows are found, tallies against the rows they count,
// invariants row by row, the audit chain, and rows against their last audit entry.
// Thread: runs on one reader's snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "store/reader.hpp"

namespace eventcore::rules::operations {

struct Problem {
  std::string kind;  // derived, words, tally, invariant, audit_chain, audit_row, feed, page, reference
  std::string table;
  std::string id;  // of the row; empty where there is none
  std::string expected;
  std::string found;
};

struct VerifyReport {
  std::size_t problems_max = 100;               // further ones are counted, not listed
  std::map<std::string, std::int64_t> checked;  // by kind: how many rows or entries were looked at
  std::vector<Problem> problems;
  std::int64_t problems_found = 0;

  void add(Problem problem);
  [[nodiscard]] Json json() const;  // {"ok", "checked", "problems", "problems_found"}
};

Status verify_organization(store::Reader& reader, const Uuid& organization, VerifyReport& report);
// Global tables and the store's own chain.
Status verify_shared(store::Reader& reader, VerifyReport& report);

}  // namespace eventcore::rules::operations
