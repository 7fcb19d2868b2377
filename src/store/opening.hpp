// Opening: finds out what lies at a path, opens or makes the key slots, the first connection and the anchor, and
// refuses with an error of its own for each thing that can be wrong. A refused file is left as it was.
// Thread: free functions, any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/anchor.hpp"
#include "store/connection.hpp"
#include "store/key_slots.hpp"
#include "store/store.hpp"

namespace eventcore::store {

struct StorePaths {
  std::string database;  // NAME.ecdb
  std::string keys;      // NAME.keys
  std::string anchor;    // NAME.anchor
  std::string lock;      // NAME.lock
  std::string reserve;   // NAME.reserve
};

// The names under which a copy waits to become the store at `paths`: see copy.hpp.
StorePaths waiting_paths(const StorePaths& paths);

struct OpenedStore {
  StorePaths paths;
  std::unique_ptr<FileLock> presence;  // shared; null where a store that is only read has no lock file
  std::unique_ptr<KeySlots> slots;     // connections refer to its keys
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Anchor> anchor;
  std::optional<LostRange> lost;
  std::optional<FileMark> as_it_is;  // of the database, where a medium takes no side files: nothing locks it there
};

// Whether a WAL holds commits, or cannot be asked.
bool has_wal(Files& files, const StorePaths& paths);
StorePaths paths_of(const std::string& database);
ConnectionOptions connection_options(const OpenOptions& options, const StorePaths& paths, ConnectionOptions::Role role,
                                     const std::string& vfs);
// The path without links in its folder. store_not_found: there is no such folder; not_a_store: it is a link itself.
Result<std::string> resolved(const std::string& path);
Result<OpenedStore> open_store(const OpenOptions& options, const Environment& environment);

}  // namespace eventcore::store
