#include "store/store.hpp"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <utility>

#include "store/committer.hpp"
#include "store/group_commit.hpp"
#include "store/opening.hpp"
#include "store/read_pool.hpp"

namespace eventcore::store {

namespace {

constexpr std::int64_t wal_frame_bytes = 4096 + 24;
// How often a waiter looks for commits of other processes.
constexpr std::int64_t foreign_poll_us = 50'000;

Result<std::unique_ptr<Connection>> open_hardened(const ConnectionOptions& how, const StoreKeys& keys, Random& random) {
  EC_TRY(connection, Connection::open(how, keys, random));
  EC_TRYV(connection->harden());
  return std::move(connection);
}

Status collect(Connection& connection, std::string_view pragma, std::vector<PageProblem>& out) {
  EC_TRY(statement, connection.prepare(std::string("PRAGMA ") + std::string(pragma)));
  while (true) {
    EC_TRY(row, statement.step());
    if (!row) return ok();
    const std::string_view text = statement.text(0);
    if (text != "ok") out.push_back({std::string(pragma) + ": " + std::string(text)});
  }
}

}  // namespace

class Store::Impl {
 public:
  Impl(OpenOptions options, const Environment& environment, OpenedStore opened)
      : options_(std::move(options)),
        env_(environment),
        paths_(std::move(opened.paths)),
        slots_(std::move(opened.slots)),
        lost_(opened.lost),
        immutable_(opened.immutable),
        pool_(env_.clock, [this] { return open_reader(); }) {
    options_.key = {};
    if (options_.read_only) {
      seen_.store(opened.connection->commits_seen());
      return;
    }
    committer_ = std::make_unique<Committer>(
        Committer::Parts{env_.files, env_.clock, env_.log, paths_.lock, options_.busy_timeout_us,
                         [this] { return open_writer(); }, std::move(opened.connection), std::move(opened.anchor)});
    group_ = std::make_unique<GroupCommit>(*committer_, env_.clock, [this] { announce(); });
    seen_.store(committer_->commits());
  }

  ~Impl() { (void)close(); }

  Status read(const std::function<Status(Reader&)>& body) {
    EC_TRYV(usable());
    return pool_.read([&](Connection& connection) {
      Reader reader(connection);
      return body(reader);
    });
  }

  // Whether calls may run at all, and whether writes may.
  [[nodiscard]] Status usable() const {
    if (closed_.load()) return Errc::closed;
    return committer_ != nullptr && committer_->stopped() ? Status(Errc::store_stopped) : Status(ok());
  }
  [[nodiscard]] Status writable() const {
    EC_TRYV(usable());
    return group_ == nullptr ? Status(Errc::read_only) : Status(ok());
  }

  Result<std::vector<PageProblem>> check_pages() {
    EC_TRYV(usable());
    if (group_ != nullptr) {
      EC_TRYV(group_->alone([&] { return committer_->checkpoint(false); }));
    }
    // A connection of its own: one that has met a bad page must not be kept.
    EC_TRY(connection, open_reader());
    std::vector<PageProblem> found;
    for (std::string_view pragma : {"cipher_integrity_check", "integrity_check", "foreign_key_check"}) {
      const Status done = collect(*connection, pragma, found);
      if (!done && done.error().code() == Errc::out_of_memory) return done.error();
      if (!done) found.push_back({std::string(pragma) + ": " + done.error().message()});
    }
    if (!connection->guard() && found.empty()) found.push_back({"a page failed its check"});
    return found;
  }

  void wait_for_commit(std::int64_t seen_commit, std::int64_t timeout_us) {
    const std::int64_t until = env_.clock.steady_us() + timeout_us;
    std::unique_lock<std::mutex> lock(commit_mutex_);
    while (seen_.load() <= seen_commit && !closed_.load()) {
      const std::int64_t left = until - env_.clock.steady_us();
      if (left <= 0) return;
      const auto slice = std::chrono::microseconds(std::min(left, foreign_poll_us));
      if (committed_.wait_for(lock, slice) == std::cv_status::no_timeout) continue;
      lock.unlock();
      look_for_foreign_commits();
      lock.lock();
    }
  }

  // Reading the sentinel in a new snapshot sees what any process has committed.
  void look_for_foreign_commits() {
    std::int64_t commits = 0;
    const Status done = pool_.read([&](Connection& connection) -> Status {
      EC_TRY(found, connection.sentinel());
      commits = found.commits;
      return ok();
    });
    if (!done) return;
    if (committer_ != nullptr) committer_->see_commits(commits);
    raise_seen(commits);
  }

  void announce() {
    raise_seen(committer_->commits());
    const std::lock_guard<std::mutex> lock(commit_mutex_);
    committed_.notify_all();
  }

  Status close() {
    if (closed_.exchange(true)) return Errc::closed;
    pool_.close();
    Status done = group_ == nullptr ? Status(ok()) : group_->close([&] { return committer_->close(); });
    const std::lock_guard<std::mutex> lock(commit_mutex_);
    committed_.notify_all();
    return done;
  }

  [[nodiscard]] StoreStats stats() const {
    StoreStats stats;
    stats.commits = seen_.load();
    stats.readers_open = pool_.lent();
    stats.oldest_reader_us = pool_.oldest_us();
    std::error_code error;
    const auto size = std::filesystem::file_size(paths_.database, error);
    stats.file_bytes = error ? 0 : static_cast<std::int64_t>(size);
    if (group_ == nullptr) return stats;
    stats.queue_length = group_->queue_length();
    stats.groups = committer_->groups();
    stats.reruns = committer_->reruns();
    stats.wal_bytes = committer_->wal_pages() * wal_frame_bytes;
    stats.anchor_lag_commits = committer_->anchor_lag();
    return stats;
  }

  Result<std::unique_ptr<Connection>> open_reader() {
    ConnectionOptions how = connection_options(options_, paths_, ConnectionOptions::Role::reader, env_.vfs);
    how.immutable = immutable_;
    return open_hardened(how, slots_->keys(), env_.random);
  }

  Result<std::unique_ptr<Connection>> open_writer() {
    const auto how = connection_options(options_, paths_, ConnectionOptions::Role::writer, env_.vfs);
    return open_hardened(how, slots_->keys(), env_.random);
  }

  void raise_seen(std::int64_t commits) {
    std::int64_t known = seen_.load();
    while (known < commits && !seen_.compare_exchange_weak(known, commits)) {
    }
  }

  OpenOptions options_;
  Environment env_;
  StorePaths paths_;
  std::unique_ptr<KeySlots> slots_;
  std::mutex slots_mutex_;
  std::optional<LostRange> lost_;
  bool immutable_;
  ReadPool pool_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<GroupCommit> group_;
  std::atomic<bool> closed_ = false;
  std::atomic<std::int64_t> seen_ = 0;
  std::mutex commit_mutex_;
  std::condition_variable committed_;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(OpenOptions options, const Environment& environment) {
  EC_TRY(opened, open_store(options, environment));
  auto impl = std::make_unique<Impl>(std::move(options), environment, std::move(opened));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Status Store::read(const std::function<Status(Reader&)>& body) {
  return impl_->read(body);
}

Status Store::write(Job job, std::int64_t deadline_us) {
  EC_TRYV(impl_->writable());
  const auto pending = impl_->group_->submit(std::move(job), deadline_us);
  return *impl_->group_->wait(pending, -1);
}

std::shared_ptr<Pending> Store::submit(Job job, std::int64_t deadline_us) {
  const Status may = impl_->writable();
  if (!may) return GroupCommit::refused(may);
  return impl_->group_->submit(std::move(job), deadline_us);
}

std::optional<Status> Store::wait(const std::shared_ptr<Pending>& pending, std::int64_t timeout_us) {
  if (impl_->group_ == nullptr) return Status(Errc::read_only);
  return impl_->group_->wait(pending, timeout_us);
}

Result<std::unique_ptr<WriteTurn>> Store::begin(std::int64_t deadline_us) {
  EC_TRYV(impl_->writable());
  return impl_->group_->begin(deadline_us);
}

const Uuid& Store::id() const {
  return impl_->slots_->keys().store_id;
}
const std::optional<LostRange>& Store::lost() const {
  return impl_->lost_;
}
StoreStats Store::stats() const {
  return impl_->stats();
}
bool Store::read_only() const {
  return impl_->options_.read_only;
}
Result<std::vector<PageProblem>> Store::check_pages() {
  return impl_->check_pages();
}

Status Store::checkpoint() {
  EC_TRYV(impl_->writable());
  return impl_->group_->alone([&] { return impl_->committer_->checkpoint(true); });
}

Result<Bytes> Store::sign(ByteView message) {
  return impl_->slots_->sign(message);
}
Bytes Store::signing_public_key() const {
  return impl_->slots_->keys().signing_public_key;
}

Result<std::string> Store::add_recovery_code() {
  EC_TRYV(impl_->writable());
  const std::lock_guard<std::mutex> lock(impl_->slots_mutex_);
  return impl_->slots_->add_recovery_code(impl_->env_.files, impl_->env_.random);
}

Status Store::add_key(const KeyInput& key) {
  EC_TRYV(impl_->writable());
  const std::lock_guard<std::mutex> lock(impl_->slots_mutex_);
  return impl_->slots_->add(impl_->env_.files, key, impl_->env_.random);
}

Status Store::remove_key(std::int32_t slot) {
  EC_TRYV(impl_->writable());
  const std::lock_guard<std::mutex> lock(impl_->slots_mutex_);
  return impl_->slots_->remove(impl_->env_.files, slot);
}

std::vector<KeySlotInfo> Store::key_slots() const {
  const std::lock_guard<std::mutex> lock(impl_->slots_mutex_);
  return impl_->slots_->list();
}

void Store::wait_for_commit(std::int64_t seen_commit, std::int64_t timeout_us) {
  impl_->wait_for_commit(seen_commit, timeout_us);
}

std::int64_t Store::commit_count() const {
  return impl_->seen_.load();
}
Status Store::close() {
  return impl_->close();
}

}  // namespace eventcore::store
