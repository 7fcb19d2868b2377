// Connection: one SQLCipher connection, opened and hardened step by step (docs/store-format.md, "Opening"), with its
// statement cache, its authorizer and the page guard.
// Invariants: nothing is written before the store has been recognised as ours and of our version; ATTACH, unknown
// pragmas, schema changes and unarmed writes to domain tables do not even prepare; a connection whose guard has failed
// is never used again.
// Thread: one thread at a time.
#pragma once

#include <ecsql.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <eventcore/result.hpp>
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/uuid.hpp"
#include "store/key_slots.hpp"
#include "store/row_cache.hpp"
#include "store/statement.hpp"

namespace eventcore::store {

struct ConnectionOptions {
  enum class Role : std::uint8_t { reader, writer };

  std::string path;
  std::string vfs;
  Role role = Role::reader;
  bool read_only = false;
  bool create = false;
  bool immutable = false;  // read_only, nobody else writes, and no side files can be made
  std::string mode_of;     // with create: the file whose permissions the new one gets (private to its owner)
  std::int64_t cache_bytes = 64LL * 1024 * 1024;
  std::int64_t busy_timeout_us = 10'000'000;
};

// The one row every guard reads: whose file this is, and how far it has come.
struct Sentinel {
  Uuid store_id;
  std::int64_t commits = 0;
  std::int64_t store_seq = 0;
  Digest heads{};  // over every audit head ever set, in order
};

class Connection {
 public:
  // Opens, sets the key and reads the first page; changes nothing. store_corrupt when that page does not decrypt.
  static Result<std::unique_ptr<Connection>> open(const ConnectionOptions& options, const StoreKeys& keys,
                                                  Random& random);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Everything else of the open sequence, each setting read back. Only after the store has been recognised.
  Status harden();
  // Writer of a fresh file, before harden(): switches to WAL.
  Status make_wal();

  Result<Statement> prepare(std::string_view sql);
  Status run(std::string_view sql);                    // one statement without parameters, cached
  Status execute(std::string_view sql);                // the same, not cached
  Result<std::string> pragma(std::string_view text);   // "name" or "name=value"; the first column of the first row
  Result<std::string> setting(std::string_view name);  // of a pragma that always has one

  // nullopt: an empty database. not_a_store: tables, but not ours.
  Result<std::optional<Sentinel>> find_sentinel();
  Result<Sentinel> sentinel();
  // The sentinel as the write transaction that is under way will leave it: its jobs change it here, and the committer
  // writes it once, before COMMIT. Empty outside of one.
  std::optional<Sentinel>& turn() { return turn_; }
  Status write_sentinel(const Sentinel& sentinel);  // all of it but whose store it is
  RowCache& rows_of_turn() { return rows_of_turn_; }
  // Whether every page read so far on this connection was good. store_corrupt otherwise.
  Status guard();

  [[nodiscard]] sqlite3* handle() const { return database_; }
  [[nodiscard]] const StoreKeys& keys() const { return keys_; }
  [[nodiscard]] Random& random() const { return random_; }
  // A tenant's key out of its wrapped form. The last few stay open: taking one out costs guarded memory each time. What
  // is kept answers only for the very bytes it came from, so a key that another process destroyed is not used.
  Result<const SecretBytes*> tenant_key(const Uuid& organization, ByteView wrapped);
  // The same for keys in sealed columns: null when none is kept for these bytes.
  [[nodiscard]] std::shared_ptr<const SecretBytes> opened_key(ByteView sealed) const;
  void keep_opened_key(ByteView sealed, std::shared_ptr<const SecretBytes> key);
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
  [[nodiscard]] std::int64_t commits_seen() const { return commits_seen_; }
  [[nodiscard]] std::int64_t wal_pages() const { return wal_pages_; }
  [[nodiscard]] bool can_write() const { return options_.role == ConnectionOptions::Role::writer; }

  void arm(bool armed) { armed_ = armed; }
  [[nodiscard]] bool armed() const { return armed_; }
  // While set, CREATE, ALTER and DROP prepare (migrations only).
  void allow_schema_changes(bool allowed) { schema_changes_ = allowed; }
  // SQLite's own checkpoint at the last close; off until the store has closed in good order.
  void checkpoint_on_close(bool on);
  // Frames in the WAL and frames already in the database file.
  struct Checkpoint {
    int log_frames = 0;
    int done_frames = 0;
  };
  Result<Checkpoint> checkpoint(bool truncate);

 private:
  Connection(ConnectionOptions options, const StoreKeys& keys, Random& random);
  Status open_file();
  // Where SQLCipher takes its salt from: a file of an earlier release has one of its own.
  enum class Salt : std::uint8_t { of_key, of_file };
  static Result<std::unique_ptr<Connection>> open_with(Salt salt, const ConnectionOptions& options,
                                                       const StoreKeys& keys, Random& random);
  Status set_key(Salt salt);
  Status read_first_page();
  Status configure();
  Status check_cipher();
  Status set_pragmas();
  Status set_limits();
  Status require(std::string_view pragma_name, std::string_view expected);
  void set_patience(std::int64_t wait_us);
  int authorize(int action, const char* first, const char* second, const char* database) const;
  Result<PreparedStatement*> compile(std::string_view sql, bool cached);
  void trim_cache();

  ConnectionOptions options_;
  const StoreKeys& keys_;
  Random& random_;
  sqlite3* database_ = nullptr;
  bool armed_ = false;
  bool schema_changes_ = false;
  std::int64_t commits_seen_ = 0;
  std::int64_t wal_pages_ = 0;
  std::optional<Sentinel> turn_;

  struct OpenedTenantKey {
    Uuid organization;
    Bytes wrapped;
    SecretBytes key;
  };
  std::list<OpenedTenantKey> tenant_keys_;  // most recently opened first
  struct OpenedKey {
    Bytes sealed;
    std::shared_ptr<const SecretBytes> key;
  };
  std::list<OpenedKey> opened_keys_;  // most recently opened first
  RowCache rows_of_turn_;

  struct CacheEntry {
    std::string sql;
    PreparedStatement statement;
  };
  std::list<CacheEntry> cache_;  // most recently used first
  std::unordered_map<std::string_view, std::list<CacheEntry>::iterator> cache_index_;
};

// Refuses to run on an SQLite or SQLCipher that loses commits or does not encrypt. Once per open.
Status check_sqlcipher();

}  // namespace eventcore::store
