// Copies of a store: a backup, a restored store, and the store itself under a new data key. Each is written beside its
// place under a waiting name (NAME.ecdb.next, NAME.keys.next, NAME.anchor.next), verified and synced; the rename of the
// database is the moment it takes its place, and who opens the store later finishes the renames after it.
// Invariants: the source is read in one snapshot and never changed; nothing that failed its page checks is put in
// place; a copy never has the data key of its source; killed at any point, the place holds the old store or the new
// one. Thread: free functions, any thread; the caller holds the place's presence lock exclusively.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "store/connection.hpp"
#include "store/key_slots.hpp"
#include "store/opening.hpp"
#include "store/store.hpp"

namespace eventcore::store {

struct CopyWork {
  Connection& source;     // without a transaction; on a snapshot of its own while it is copied
  const StoreKeys& keys;  // of the copy
  StorePaths place;
  std::string mode_of;                           // the file whose permissions the copy gets
  std::map<std::string, std::string> key_notes;  // take the place of the source's
  std::int64_t commits_least = 0;                // the copy's number of commits is not below this
  std::function<Status(Writer&)> last_write;     // what only the copy shall say; empty: nothing
  CopyCheck check;                               // of the copy, after pages and references; empty: none
};

// Page MACs, SQLite's structures and references; a connection that met a bad page is not used again.
Status find_page_problems(Connection& connection, std::vector<PageProblem>& found);

// Writes and verifies waiting_paths(place).database, durable when this returns; after a failure it is gone again.
// store_corrupt when a page of either side is bad.
Result<CopyReport> write_copy(const CopyWork& work, const OpenOptions& options, const Environment& environment);

// Makes the waiting anchor of a copy, durable.
Status write_waiting_anchor(const StorePaths& place, const StoreKeys& keys, const CopyReport& report, Files& files);

// Puts the waiting files in place: the database, then anchor and keys where they wait. The place has no WAL.
Status put_in_place(const StorePaths& place, Files& files);

// After a crash: finishes put_in_place when the database had been renamed, takes the waiting files away when not. Which
// of both it was, the key tells: it must open the key slots that belong to the database.
Status finish_replacement(const StorePaths& place, const OpenOptions& options, const Environment& environment);

// Takes waiting files away.
Status clear_waiting(const StorePaths& place, Files& files);

}  // namespace eventcore::store
