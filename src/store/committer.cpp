#include "store/committer.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "store/no_throw.hpp"

namespace eventcore::store {

namespace {

constexpr std::int64_t checkpoint_pages = 1000;
constexpr Errc damaged = Errc::store_corrupt;

bool met_full_disk(const Status& result) {
  return !result && result.error().code() == Errc::disk_full;
}

}  // namespace

Committer::Committer(Parts parts) : parts_(std::move(parts)) {
  see_commits(parts_.connection->commits_seen());
}

void Committer::see_commits(std::int64_t commits) {
  std::int64_t known = commits_.load();
  while (known < commits && !commits_.compare_exchange_weak(known, commits)) {
  }
}

Status Committer::lock(std::int64_t wait_us) {
  if (stopped()) return Errc::store_stopped;
  EC_TRY(lock, parts_.files.lock(parts_.lock_path, false, std::min(wait_us, parts_.lock_wait_us)));
  lock_ = std::move(lock);
  return ok();
}

Status Committer::begin_transaction() {
  if (stopped()) return Errc::store_stopped;
  if (parts_.connection == nullptr) {
    EC_TRYV(recover_connection());
  }
  EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));
  const auto found = parts_.connection->sentinel();
  if (!found) {
    rollback_transaction();
    return found.error();
  }
  parts_.connection->turn() = found.assume_value();
  parts_.connection->rows_of_turn().begin();
  changes_at_begin_ = sqlite3_total_changes64(parts_.connection->handle());
  return ok();
}

void Committer::rollback_transaction() {
  (void)guarded([&]() -> Status {
    if (parts_.connection == nullptr) return ok();
    parts_.connection->turn().reset();
    parts_.connection->rows_of_turn().end();
    return parts_.connection->in_transaction() ? parts_.connection->run("ROLLBACK") : Status(ok());
  });
  // One that is still open would hold what comes next.
  if (in_transaction()) parts_.connection.reset();
}

// A job may throw or fail half way: its savepoint takes back what it did. When SQLite has ended the whole transaction
// (full disk, I/O, memory), there is no savepoint left and the caller sees that by in_transaction(). A savepoint that
// cannot be closed takes the whole transaction along: what it held must not be committed as somebody else's.
Status Committer::run_job(const Job& job) {
  Connection& connection = *parts_.connection;
  EC_TRYV(connection.run("SAVEPOINT job"));
  const std::optional<Sentinel> before = connection.turn();
  Status result = Errc::internal;
  try {
    Writer writer(connection);
    connection.arm(false);
    result = job(writer);
  } catch (const std::bad_alloc&) {
    result = Errc::out_of_memory;
  } catch (const std::exception& thrown) {
    result = fail(Errc::internal, thrown.what());
  }
  connection.arm(false);
  if (!connection.in_transaction()) return result ? Status(Errc::io_error) : result;
  if (!result) {
    connection.turn() = before;
    connection.rows_of_turn().clear();
  }
  const Status undone = result ? Status(ok()) : connection.run("ROLLBACK TO job");
  const Status released = undone ? connection.run("RELEASE job") : undone;
  if (released) return result;
  rollback_transaction();
  return result ? released : result;
}

bool Committer::in_transaction() const {
  return parts_.connection != nullptr && parts_.connection->in_transaction();
}

template <class Body>
Status Committer::guarded(Body&& body) {
  bool thrown = true;
  Status done = no_throw([&]() -> Status {
    Status answer = body();
    thrown = false;
    return answer;
  });
  if (thrown) parts_.connection.reset();
  return done;
}

Status Committer::take_lock(std::int64_t wait_us) {
  return guarded([&] { return lock(wait_us); });
}

void Committer::run_group(std::span<CommitTask> tasks) {
  groups_.fetch_add(1);
  Tasks waiting;
  Tasks one;
  bool in_need = false;
  const Status ready = guarded([&]() -> Status {
    one.resize(1);
    for (CommitTask& task : tasks) waiting.push_back(&task);
    in_need = parts_.reserve.in_need();
    return ok();
  });
  if (!ready) {
    for (CommitTask& task : tasks) task.result = ready;
    lock_.reset();
    return;
  }
  const auto must_wait = [](const CommitTask* task) { return task->spend != Spend::reserve; };
  if (in_need) {
    for (CommitTask* task : waiting) task->result = Errc::disk_full;
    std::erase_if(waiting, must_wait);
  }
  run_tasks(waiting, one);
  std::erase_if(waiting, [](const CommitTask* task) { return !met_full_disk(task->result); });
  if (!waiting.empty() && make_room()) {
    std::erase_if(waiting, must_wait);
    run_tasks(waiting, one);
  }
  lock_.reset();
}

// `one` has room for one, so that nothing can fail between two attempts.
void Committer::run_tasks(const Tasks& tasks, Tasks& one) {
  if (tasks.empty()) return;
  for (CommitTask* task : attempt(tasks)) {
    reruns_.fetch_add(1);
    one[0] = task;
    attempt(one);
  }
}

// Answers every task, or gives back those that must run again, each in a transaction of its own.
Committer::Tasks Committer::attempt(const Tasks& tasks) {
  Tasks again;
  const Status done = guarded([&] { return attempt_all(tasks, again); });
  if (done) return again;
  for (CommitTask* task : tasks) task->result = done;
  return {};
}

// A failure answers all tasks; otherwise each has its own answer or is to run again.
Status Committer::attempt_all(const Tasks& tasks, Tasks& again) {
  EC_TRYV(begin_transaction());
  for (CommitTask* task : tasks) {
    task->result = run_job(*task->job);
    if (in_transaction()) continue;
    for (CommitTask* other : tasks)
      if (other != task) again.push_back(other);
    const Status good = parts_.connection != nullptr ? parts_.connection->guard() : Status(ok());
    if (!good) {
      task->result = good;
      parts_.connection.reset();
    }
    return ok();
  }
  Status done = finish();
  if (done || done.error().code() != damaged || tasks.size() == 1) return done;
  again = tasks;  // only who met the page shall hear of it
  return ok();
}

Status Committer::finish() {
  Connection& connection = *parts_.connection;
  const bool changed = sqlite3_total_changes64(connection.handle()) != changes_at_begin_;
  Status ready = ok();
  if (changed) ready = write_sentinel();
  const Status good = connection.guard();
  if (!good) {
    parts_.connection.reset();
    return good;
  }
  if (!ready || !changed) {
    rollback_transaction();
    return ready;
  }
  EC_TRY(code, commit_code());
  if (code != SQLITE_OK) return commit_failed(code);
  const Sentinel state = *std::exchange(connection.turn(), std::nullopt);
  connection.rows_of_turn().end();
  see_commits(state.commits);
  wal_pages_.store(connection.wal_pages());
  write_anchor(state);
  return ok();
}

// What SQLite says to COMMIT. A function of its own, since after a failure the connection may have to go, and its
// statements before it.
Result<int> Committer::commit_code() {
  auto commit = parts_.connection->prepare("COMMIT");
  if (!commit) {
    const Failure why = commit.error();
    rollback_transaction();
    return why;
  }
  return commit.assume_value().run() ? SQLITE_OK : commit.assume_value().code();
}

Status Committer::write_sentinel() {
  Sentinel& turn = *parts_.connection->turn();
  ++turn.commits;
  return parts_.connection->write_sentinel(turn);
}

// A full disk refused a frame before the one that commits; of anything else nobody can say what reached the disk.
Status Committer::commit_failed(int code) {
  const bool full = (code & 0xff) == SQLITE_FULL;
  if (!full) (void)stop("a commit failed with an I/O error");
  rollback_transaction();
  return full ? Errc::disk_full : Errc::outcome_unknown;
}

Status Committer::stop(const char* why) {
  stopped_.store(true);
  (void)no_throw([&]() -> Status {
    parts_.log.write(LogLevel::error, std::string("the store stopped: ") + why);
    return ok();
  });
  return Errc::store_stopped;
}

// The commit is durable whether or not the anchor could be told; the next write brings it up to date.
void Committer::write_anchor(const Sentinel& sentinel) {
  if (parts_.anchor == nullptr) return;
  const Status written = no_throw([&] {
    return parts_.anchor->write({sentinel.commits, sentinel.store_seq, sentinel.heads});
  });
  if (written) {
    anchor_lag_.store(0);
    return;
  }
  if (anchor_lag_.fetch_add(1) != 0) return;
  (void)no_throw([&]() -> Status {
    parts_.log.write(LogLevel::error, "the anchor could not be written");
    return ok();
  });
}

Status Committer::recover_connection() {
  EC_TRY(connection, parts_.open_connection());
  parts_.connection = std::move(connection);
  return ok();
}

void Committer::maintain() {
  if (stopped() || parts_.connection == nullptr) return;
  (void)guarded([&]() -> Status {
    if (parts_.connection->wal_pages() > checkpoint_pages) return checkpoint(false);
    const bool due = parts_.anchor != nullptr && parts_.anchor->needs_sync(parts_.clock.steady_us());
    return due ? parts_.anchor->sync() : Status(ok());
  });
}

Status Committer::checkpoint(bool truncate) {
  if (stopped()) return Errc::store_stopped;
  if (parts_.connection == nullptr) return ok();
  if (parts_.anchor != nullptr) {
    EC_TRYV(parts_.anchor->sync());
  }
  const auto lock = parts_.files.lock(parts_.lock_path, false, truncate ? parts_.lock_wait_us : 0);
  if (!lock) return lock.error();
  const auto done = parts_.connection->checkpoint(truncate);
  wal_pages_.store(parts_.connection->wal_pages());
  if (done) return ok();
  // The WAL still holds everything; but a page whose sync failed may look clean to the next checkpoint.
  if (done.error().code() == Errc::io_error) return stop("a checkpoint failed with an I/O error");
  return done.error();
}

Status Committer::exchange(const std::function<Status()>& body,
                           const std::function<Result<std::unique_ptr<Anchor>>()>& open_anchor) {
  if (stopped()) return Errc::store_stopped;
  if (parts_.connection == nullptr) EC_TRYV(recover_connection());
  EC_TRYV(checkpoint(true));
  // The last connection takes the emptied WAL with it.
  parts_.connection->checkpoint_on_close(true);
  parts_.connection.reset();
  parts_.anchor.reset();
  Status done = body();
  auto anchor = open_anchor();
  if (anchor) parts_.anchor = std::move(anchor).assume_value();
  const Status opened = anchor ? recover_connection() : Status(anchor.error());
  if (opened) return done;
  (void)stop("its files did not open again");
  return done ? opened : done;
}

// In need nobody knows yet what will be done in it.
Status Committer::begin(std::int64_t wait_us) {
  groups_.fetch_add(1);
  Status begun = guarded([&]() -> Status {
    EC_TRYV(lock(wait_us));
    return parts_.reserve.in_need() ? Status(Errc::disk_full) : begin_transaction();
  });
  if (!begun) lock_.reset();
  return begun;
}

bool Committer::make_room() {
  return guarded([&] { return parts_.reserve.release() ? Status(ok()) : Status(Errc::disk_full); }).has_value();
}

// What one call of a transaction read is answered before the commit, so the guard comes after every call.
Status Committer::run(const Job& job) {
  Status result = guarded([&]() -> Status {
    Status done = run_job(job);
    const Status good = parts_.connection != nullptr ? parts_.connection->guard() : Status(ok());
    if (!good) {
      parts_.connection.reset();
      return good;
    }
    return done;
  });
  if (met_full_disk(result)) make_room();
  if (!in_transaction()) lock_.reset();
  return result;
}

Status Committer::commit() {
  if (!in_transaction()) return Errc::no_transaction;
  Status done = guarded([&] { return finish(); });
  if (met_full_disk(done)) make_room();
  lock_.reset();
  return done;
}

void Committer::rollback() {
  rollback_transaction();
  lock_.reset();
}

Status Committer::close() {
  Status done = guarded([&]() -> Status {
    if (parts_.connection == nullptr || stopped()) return ok();
    Status emptied = checkpoint(true);
    // Other processes or readers may be busy with the file; they checkpoint when they close.
    if (!emptied && emptied.error().code() == Errc::store_busy) emptied = ok();
    if (emptied && !stopped()) parts_.connection->checkpoint_on_close(true);
    return emptied;
  });
  parts_.connection.reset();
  parts_.anchor.reset();
  return done;
}

}  // namespace eventcore::store
