// Store: one encrypted file and its side files. Knows rows, keys and commits; knows no business word.
//
// Reads run on their own connections, each on a snapshot, and never wait for writers. Writes queue: the first waiting
// caller leads and commits for all, every job under its own SAVEPOINT, and each caller is answered after COMMIT and
// the anchor. A full disk, an I/O error or lack of memory inside one job ends SQLite's whole transaction; the leader
// then runs the others again one by one. Hence a job is a function that may run more than once: it draws ids and reads
// the clock before, and leaves nothing outside behind.
//
// The engine starts no thread. Any thread may call any function; Reader and Writer stay with the call that lent them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "store/files.hpp"
#include "store/key_slots.hpp"
#include "store/reader.hpp"

namespace eventcore::store {

struct Environment {
  Clock& clock;
  Random& random;
  Files& files;  // side files; SQLite's own go through `vfs`
  Log& log;
  std::string vfs;  // name of a registered SQLite VFS; empty: the default
};

// Room for 5,000 check-ins and a WAL before it is checkpointed, twice over: docs/reliability.md, "A full disk".
inline constexpr std::int64_t reserve_bytes_usual = 64LL * 1024 * 1024;

struct OpenOptions {
  std::string path;         // NAME.ecdb; the side files lie beside it
  KeyInput key;             // key_slots.hpp: raw 32 bytes, passphrase, or recovery code
  bool create = false;      // make it when absent
  bool create_new = false;  // refuse when present
  bool read_only = false;
  bool accept_loss = false;  // open although the anchor knows of lost commits; recorded in the store chain
  std::int64_t cache_bytes = 64LL * 1024 * 1024;
  std::int64_t busy_timeout_us = 10'000'000;         // how long to wait for other processes' write turns
  std::int64_t reserve_bytes = reserve_bytes_usual;  // 0: none is kept
};

// What a job may use when the disk is full (reserve.hpp).
enum class Spend : std::uint8_t { free_space, reserve };

struct LostRange {  // commits the anchor knows and the store does not
  std::int64_t store_commit = 0;
  std::int64_t anchor_commit = 0;
};

struct StoreStats {
  std::int64_t queue_length = 0;
  std::int64_t commits = 0;
  std::int64_t groups = 0;
  std::int64_t wal_bytes = 0;
  std::int64_t file_bytes = 0;
  std::int64_t readers_open = 0;
  std::int64_t oldest_reader_us = 0;
  std::int64_t anchor_lag_commits = 0;
  std::int64_t reruns = 0;
  std::int64_t reserve_bytes = 0;
  bool disk_full = false;  // as of the last write: only the door writes
};

using Job = std::function<Status(Writer&)>;

// A write that was queued and not waited for yet.
class Pending;

// The write turn held over several calls: a transaction(). At most five seconds; see DESIGN.md section 5.
class WriteTurn {
 public:
  virtual ~WriteTurn() = default;          // rolls back unless committed
  virtual Status run(const Job& job) = 0;  // under a savepoint: a failed job leaves what came before in place
  virtual Status commit() = 0;
  virtual void rollback() = 0;
};

struct PageProblem {
  std::string text;
};

// What a store that is replaced by a copy had come to.
struct LostHead {
  std::int64_t commits = 0;
  Digest heads{};
  std::int64_t chain_seq = 0;  // of the store's own audit chain
  Digest chain_hash{};
};

struct CopyReport {
  std::int64_t bytes = 0;
  std::int64_t rows = 0;  // of all declared tables
  std::int64_t commits = 0;
  std::int64_t store_seq = 0;
  Digest heads{};
  std::int64_t chain_seq = 0;
  Digest chain_hash{};
  std::optional<LostHead> lost;
};

using CopyCheck = std::function<Status(Reader&)>;

inline constexpr std::string_view key_note_prefix = "key_slot_";  // of names in ec_meta: what a key slot is called

struct CopyOrder {
  std::string path;      // NAME.ecdb
  const KeyInput& key;   // opens the copy; with `replace`, the store that is there
  std::string key_note;  // JSON, kept under key_note_prefix and the number of the slot
  bool replace = false;  // a copy of the same store may lie there; else store_exists
  // What the copy alone says, in one more commit; empty: nothing.
  std::function<Status(Writer&, const std::optional<LostHead>&)> record;
  CopyCheck check;  // after pages and references
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(OpenOptions options, const Environment& environment);
  ~Store();  // closes it; in a forked child of the process that opened it: leaves everything as it is
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Runs `body` on a snapshot. What it read may be used only when this answers success: the page guard comes last.
  Status read(const std::function<Status(Reader&)>& body);

  // Queues `job` and waits until it is committed (with others) or refused. deadline_us by Clock::steady_us, 0: none.
  Status write(Job job, std::int64_t deadline_us = 0, Spend spend = Spend::free_space);
  std::shared_ptr<Pending> submit(Job job, std::int64_t deadline_us = 0, Spend spend = Spend::free_space);
  // The job's result; nullopt when timeout_us passed first. Whoever waits leads when nobody does.
  std::optional<Status> wait(const std::shared_ptr<Pending>& pending, std::int64_t timeout_us);

  Result<std::unique_ptr<WriteTurn>> begin(std::int64_t deadline_us = 0);

  [[nodiscard]] const Uuid& id() const;                        // of the store itself
  [[nodiscard]] const std::optional<LostRange>& lost() const;  // set when opened with accept_loss
  [[nodiscard]] StoreStats stats() const;
  [[nodiscard]] bool read_only() const;

  // Page MACs (cipher_integrity_check), integrity_check, foreign_key_check; also what verify_store shows of pages.
  Result<std::vector<PageProblem>> check_pages();
  Status checkpoint();

  // Verifies the signatures of audit checkpoints; kept in the key-slot file and not in the database.
  [[nodiscard]] Bytes signing_public_key() const;

  Status add_key(const KeyInput& key);
  Status remove_key(std::int32_t slot);
  Result<std::vector<KeySlotInfo>> key_slots();
  [[nodiscard]] std::int32_t opened_slot() const;  // whose key opened this store
  // Adds `added` and removes `removed`, either or both in one step, and commits what `record` writes (it hears the
  // number of the new slot) with it. When record answers false, nothing is done.
  using KeyRecord = std::function<Result<bool>(Writer&, std::int32_t added)>;
  Status change_keys(const KeyInput* added, std::optional<std::int32_t> removed, const KeyRecord& record,
                     std::int64_t deadline_us = 0);

  // A verified copy under a data key of its own, while others write. store_exists, store_locked (in use).
  Result<CopyReport> copy_to(const CopyOrder& order);
  // Writes the store anew under another data key, which only `key` opens then. `record` writes into the new file only.
  // store_busy when another process, or another engine of this one, has the store open; calls wait meanwhile.
  Result<CopyReport> change_data_key(const KeyInput& key, const std::string& key_note, const Job& record,
                                     const CopyCheck& check);

  // Wakes when somebody in this process commits, or after timeout_us; another process is noticed by data_version.
  void wait_for_commit(std::int64_t seen_commit, std::int64_t timeout_us);
  [[nodiscard]] std::int64_t commit_count() const;

  Status close();  // checkpoint, anchor sync; further calls answer `closed`

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  const std::int64_t process_;
};

}  // namespace eventcore::store
