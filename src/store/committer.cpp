#include "store/committer.hpp"

#include <new>
#include <utility>

namespace eventcore::store {

namespace {

constexpr std::int64_t checkpoint_pages = 1000;
constexpr Errc damaged = Errc::store_corrupt;

}  // namespace

Committer::Committer(Parts parts) : parts_(std::move(parts)) {
  see_commits(parts_.connection->commits_seen());
}

void Committer::see_commits(std::int64_t commits) {
  std::int64_t known = commits_.load();
  while (known < commits && !commits_.compare_exchange_weak(known, commits)) {
  }
}

Status Committer::lock() {
  if (stopped()) return Errc::store_stopped;
  EC_TRY(lock, parts_.files.lock(parts_.lock_path, false, parts_.lock_wait_us));
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
    roll_back();
    return found.error();
  }
  parts_.connection->turn() = found.assume_value();
  parts_.connection->rows_of_turn().begin();
  changes_at_begin_ = sqlite3_total_changes64(parts_.connection->handle());
  return ok();
}

void Committer::roll_back() {
  if (parts_.connection == nullptr) return;
  parts_.connection->turn().reset();
  parts_.connection->rows_of_turn().end();
  if (parts_.connection->in_transaction()) (void)parts_.connection->run("ROLLBACK");
}

// A job may throw or fail half way: its savepoint takes back what it did. When SQLite has ended the whole transaction
// (full disk, I/O, memory), there is no savepoint left and the caller sees that by in_transaction().
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
  return result && !released ? released : result;
}

void Committer::run_group(std::span<CommitTask> tasks) {
  groups_.fetch_add(1);
  std::vector<CommitTask*> waiting;
  for (CommitTask& task : tasks) waiting.push_back(&task);
  const Status locked = lock();
  if (!locked) {
    for (CommitTask* task : waiting) task->result = locked;
    return;
  }
  for (CommitTask* task : attempt(waiting)) {
    reruns_.fetch_add(1);
    attempt({task});
  }
  lock_.reset();
}

// Answers every task, or gives back those that must run again, each in a transaction of its own.
std::vector<CommitTask*> Committer::attempt(const std::vector<CommitTask*>& tasks) {
  const auto answer_all = [&](const Status& result) {
    for (CommitTask* task : tasks) task->result = result;
  };
  const Status begun = begin_transaction();
  if (!begun) {
    answer_all(begun);
    return {};
  }
  for (CommitTask* task : tasks) {
    task->result = run_job(*task->job);
    if (parts_.connection->in_transaction()) continue;
    std::vector<CommitTask*> others;
    for (CommitTask* other : tasks)
      if (other != task) others.push_back(other);
    const Status good = parts_.connection->guard();
    if (!good) {
      task->result = good;
      parts_.connection.reset();
    }
    return others;
  }
  const Status done = finish();
  if (done) return {};
  if (done.error().code() == damaged && tasks.size() > 1) return tasks;  // only who met the page shall hear of it
  answer_all(done);
  return {};
}

Status Committer::finish() {
  Connection& connection = *parts_.connection;
  const bool changed = sqlite3_total_changes64(connection.handle()) != changes_at_begin_;
  Status ready = ok();
  if (changed) ready = write_sentinel();
  const Status good = connection.guard();
  if (!good) {
    roll_back();
    parts_.connection.reset();
    return damaged;
  }
  if (!ready || !changed) {
    roll_back();
    return ready;
  }
  auto commit = connection.prepare("COMMIT");
  if (!commit) {
    roll_back();
    return commit.error();
  }
  const Status committed = commit.assume_value().run();
  if (!committed) return commit_failed(commit.assume_value().code());
  const Sentinel state = *std::exchange(connection.turn(), std::nullopt);
  connection.rows_of_turn().end();
  see_commits(state.commits);
  wal_pages_.store(connection.wal_pages());
  write_anchor(state);
  return ok();
}

Status Committer::write_sentinel() {
  Sentinel& turn = *parts_.connection->turn();
  ++turn.commits;
  return parts_.connection->write_sentinel(turn);
}

// A full disk refused a frame before the one that commits; of anything else nobody can say what reached the disk.
Status Committer::commit_failed(int code) {
  roll_back();
  if ((code & 0xff) == SQLITE_FULL) return Errc::disk_full;
  (void)stop("a commit failed with an I/O error");
  return Errc::outcome_unknown;
}

Status Committer::stop(const char* why) {
  stopped_.store(true);
  parts_.log.write(LogLevel::error, std::string("the store stopped: ") + why);
  return Errc::store_stopped;
}

// The commit is durable whether or not the anchor could be told; the next write brings it up to date.
void Committer::write_anchor(const Sentinel& sentinel) {
  if (parts_.anchor == nullptr) return;
  if (parts_.anchor->write({sentinel.commits, sentinel.store_seq, sentinel.heads})) {
    anchor_lag_.store(0);
    return;
  }
  if (anchor_lag_.fetch_add(1) == 0) parts_.log.write(LogLevel::error, "the anchor could not be written");
}

Status Committer::recover_connection() {
  EC_TRY(connection, parts_.open_connection());
  parts_.connection = std::move(connection);
  return ok();
}

void Committer::maintain() {
  if (stopped() || parts_.connection == nullptr) return;
  if (parts_.connection->wal_pages() > checkpoint_pages) {
    (void)checkpoint(false);
  } else if (parts_.anchor != nullptr && parts_.anchor->needs_sync(parts_.clock.steady_us())) {
    (void)parts_.anchor->sync();
  }
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

Status Committer::begin() {
  EC_TRYV(lock());
  groups_.fetch_add(1);
  Status begun = begin_transaction();
  if (!begun) lock_.reset();
  return begun;
}

// What one call of a transaction read is answered before the commit, so the guard comes after every call.
Status Committer::run(const Job& job) {
  Status result = run_job(job);
  const Status good = parts_.connection->guard();
  if (!good) {
    roll_back();
    parts_.connection.reset();
    lock_.reset();
    return damaged;
  }
  if (!parts_.connection->in_transaction()) lock_.reset();
  return result;
}

Status Committer::commit() {
  if (parts_.connection == nullptr || !parts_.connection->in_transaction()) return Errc::no_transaction;
  Status done = finish();
  lock_.reset();
  return done;
}

void Committer::rollback() {
  roll_back();
  lock_.reset();
}

Status Committer::close() {
  if (parts_.connection == nullptr) return ok();
  Status done = ok();
  if (!stopped()) {
    done = checkpoint(true);
    // Other processes or readers may be busy with the file; they checkpoint when they close.
    if (!done && done.error().code() == Errc::store_busy) done = ok();
    if (done && !stopped()) parts_.connection->checkpoint_on_close(true);
  }
  parts_.connection.reset();
  parts_.anchor.reset();
  return done;
}

}  // namespace eventcore::store
