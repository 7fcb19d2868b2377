// Committer: the one writing connection of a store, and what makes a group of jobs durable: file lock, transaction,
// savepoints, page guard, COMMIT, anchor. group_commit.hpp decides who calls it.
// Invariants: nothing is answered before COMMIT and the anchor's write; nothing read from a damaged page reaches a
// COMMIT or an answer; after an I/O error at COMMIT nothing runs any more.
// Thread: whoever holds the write turn; stopped(), commits() and the counters are atomic.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "base/log.hpp"
#include "store/anchor.hpp"
#include "store/connection.hpp"
#include "store/files.hpp"
#include "store/reader.hpp"
#include "store/reserve.hpp"
#include "store/store.hpp"

namespace eventcore::store {

struct CommitTask {
  const Job* job = nullptr;
  Spend spend = Spend::free_space;
  Status result = Errc::internal;
};

class Committer {
 public:
  struct Parts {
    Files& files;
    Clock& clock;
    Log& log;
    Reserve& reserve;
    std::string lock_path;
    std::int64_t lock_wait_us = 0;
    std::function<Result<std::unique_ptr<Connection>>()> open_connection;
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Anchor> anchor;
  };
  explicit Committer(Parts parts);

  // Waits for the other processes, but no longer than `wait_us` nor than the store's busy timeout (store_busy after
  // it); then a group, which gives the lock back.
  Status take_lock(std::int64_t wait_us);
  void run_group(std::span<CommitTask> tasks);
  // Checkpoint and anchor sync when due; after the answers.
  void maintain();

  // The turn of a transaction(): begin, then run any number of times, then commit or rollback.
  Status begin(std::int64_t wait_us);
  Status run(const Job& job);
  Status commit();
  void rollback();
  [[nodiscard]] bool turn_open() const { return lock_ != nullptr; }
  [[nodiscard]] std::int64_t lock_wait_us() const { return parts_.lock_wait_us; }

  Status checkpoint(bool truncate);
  // Empties the WAL, gives connection and anchor back, and runs `body`, which may replace the files below them; then
  // opens both again, whatever `body` said. Only while nobody else has the store open. store_busy when the WAL could
  // not be emptied; the store stops when the files do not open again.
  Status exchange(const std::function<Status()>& body,
                  const std::function<Result<std::unique_ptr<Anchor>>()>& open_anchor);
  Status close();  // checkpoint, anchor, connection

  [[nodiscard]] bool stopped() const { return stopped_.load(); }
  [[nodiscard]] std::int64_t commits() const { return commits_.load(); }
  void see_commits(std::int64_t commits);  // of other processes, seen by a reader
  [[nodiscard]] std::int64_t groups() const { return groups_.load(); }
  [[nodiscard]] std::int64_t reruns() const { return reruns_.load(); }
  [[nodiscard]] std::int64_t anchor_lag() const { return anchor_lag_.load(); }
  [[nodiscard]] std::int64_t wal_pages() const { return wal_pages_.load(); }

 private:
  Status lock(std::int64_t wait_us);
  Status begin_transaction();
  Status run_job(const Job& job);
  [[nodiscard]] bool in_transaction() const;
  // Memory may run out anywhere. Then the connection goes, and its transaction with it: the next turn opens another.
  template <class Body>
  Status guarded(Body&& body);
  using Tasks = std::vector<CommitTask*>;
  void run_tasks(const Tasks& tasks, Tasks& one);
  Tasks attempt(const Tasks& tasks);
  Status attempt_all(const Tasks& tasks, Tasks& again);
  bool make_room();  // after a full disk
  Status finish();   // counter, guard, COMMIT, anchor; rolls back when nothing changed
  Result<int> commit_code();
  Status commit_failed(int code);
  void rollback_transaction();
  Status recover_connection();  // after a damaged page: that connection never reads again
  Status stop(const char* why);
  Status write_sentinel();
  void write_anchor(const Sentinel& sentinel);

  Parts parts_;
  std::unique_ptr<FileLock> lock_;
  std::int64_t changes_at_begin_ = 0;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::int64_t> commits_ = 0;
  std::atomic<std::int64_t> groups_ = 0;
  std::atomic<std::int64_t> reruns_ = 0;
  std::atomic<std::int64_t> anchor_lag_ = 0;
  std::atomic<std::int64_t> wal_pages_ = 0;
};

}  // namespace eventcore::store
