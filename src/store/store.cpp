#include "store/store.hpp"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "store/committer.hpp"
#include "store/copy.hpp"
#include "store/group_commit.hpp"
#include "store/opening.hpp"
#include "store/read_pool.hpp"
#include "store/reserve.hpp"
#include "store/sealing.hpp"

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

// Opening needs some space itself, for SQLite's shared memory. On a full disk that comes from the reserve.
Result<OpenedStore> open_or_make_room(const OpenOptions& options, const Environment& environment) {
  auto opened = open_store(options, environment);
  if (opened || opened.error().code() != Errc::disk_full || options.read_only) return opened;
  EC_TRY(path, resolved(options.path));
  Reserve reserve(environment.files, environment.clock, environment.log, paths_of(path).reserve, options.reserve_bytes);
  return reserve.release() ? open_store(options, environment) : std::move(opened);
}

}  // namespace

class Store::Impl {
 public:
  Impl(OpenOptions options, const Environment& environment, OpenedStore opened)
      : options_(std::move(options)),
        env_(environment),
        paths_(std::move(opened.paths)),
        presence_(std::move(opened.presence)),
        slots_(std::move(opened.slots)),
        id_(slots_->keys().store_id),
        lost_(opened.lost),
        as_it_is_(opened.as_it_is),
        pool_(env_.clock, [this] { return open_reader(); }) {
    options_.key = {};
    if (options_.read_only) {
      seen_.store(opened.connection->commits_seen());
      return;
    }
    reserve_.emplace(env_.files, env_.clock, env_.log, paths_.reserve, options_.reserve_bytes);
    reserve_->make();
    committer_ = std::make_unique<Committer>(
        Committer::Parts{env_.files, env_.clock, env_.log, *reserve_, paths_.lock, options_.busy_timeout_us,
                         [this] { return open_writer(); }, std::move(opened.connection), std::move(opened.anchor)});
    group_ = std::make_unique<GroupCommit>(*committer_, env_.clock, [this] { announce(); });
    seen_.store(committer_->commits());
  }

  ~Impl() { (void)close(); }

  Status read(const std::function<Status(Reader&)>& body) {
    EC_TRYV(usable());
    if (group_ != nullptr) group_->look_at_turn();
    Status done = pool_.read([&](Connection& connection) {
      Reader reader(connection);
      return body(reader);
    });
    EC_TRYV(unwritten());
    return done;
  }

  // On a medium that takes no side files SQLite neither locks nor looks again: what was read counts only if nobody has
  // written there after all.
  [[nodiscard]] Status unwritten() const {
    if (!as_it_is_) return ok();
    const auto now = env_.files.mark(paths_.database);
    if (now && now.assume_value() == *as_it_is_ && !has_wal(env_.files, paths_)) return ok();
    return fail_fact(Errc::store_stopped, "reason",
                     "others write the store, which was opened where nothing can lock it");
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
    EC_TRY(connection, pool_.lend_own());
    std::vector<PageProblem> found;
    EC_TRYV(find_page_problems(*connection, found));
    EC_TRYV(unwritten());
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
    if (group_ != nullptr) group_->look_at_turn();
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
    if (!pool_.in_use()) presence_.reset();
    const std::lock_guard<std::mutex> lock(commit_mutex_);
    committed_.notify_all();
    return done;
  }

  // ---- keys and copies ----

  Status change_keys(const KeyInput* added, std::optional<std::int32_t> removed, const KeyRecord& record,
                     std::int64_t deadline_us) {
    EC_TRYV(writable());
    EC_TRY(turn, group_->begin(deadline_us));
    const std::lock_guard<std::mutex> lock(slots_mutex_);
    std::optional<KeySlots::NewKey> new_key;
    if (added != nullptr) new_key.emplace(KeySlots::NewKey{*added, env_.random, {}});
    EC_TRY(change, slots_->plan(env_.files, new_key ? &*new_key : nullptr, removed));
    bool wanted = true;
    EC_TRYV(turn->run([&](Writer& writer) -> Status {
      if (!record) return ok();
      EC_TRY(answer, record(writer, change.added));
      wanted = answer;
      return ok();
    }));
    if (!wanted) return turn->commit();
    EC_TRYV(slots_->apply(env_.files, change));
    Status committed = turn->commit();
    if (!committed && committed.error().code() != Errc::outcome_unknown) (void)slots_->undo(env_.files, change);
    return committed;
  }

  Result<std::vector<KeySlotInfo>> key_slots() {
    EC_TRYV(usable());
    const std::lock_guard<std::mutex> lock(slots_mutex_);
    EC_TRYV(slots_->refresh(env_.files));
    return slots_->list();
  }

  Result<CopyReport> copy_to(const CopyOrder& order) {
    EC_TRYV(usable());
    EC_TRY(path, resolved(order.path));
    const StorePaths place = paths_of(path);
    if (place.database == paths_.database || place.keys == paths_.keys)
      return fail_field(Errc::invalid_argument, "path", "is the store itself");
    EC_TRY(had_lock, env_.files.exists(place.lock));
    auto presence = env_.files.presence(place.lock, false, true, 0);
    if (!presence) return presence.error().code() == Errc::store_busy ? Errc::store_locked : presence.error();
    for (const std::string& file : {place.database, place.database + "-wal", place.keys, place.anchor}) {
      EC_TRY(there, env_.files.exists(file));
      if (there && !order.replace) return fail_fact(Errc::store_exists, "file", file);
      if (!there && order.replace && file != place.database + "-wal")
        return fail_fact(Errc::store_not_found, "file", file);
    }
    EC_TRY(source, pool_.lend_own());  // before the keys are looked at: a new data key waits for it
    if (order.replace) {
      EC_TRYV(finish_replacement(place, with_key(order.key), env_));
      return replace_with_copy(*source, order, place);
    }
    EC_TRYV(clear_waiting(place, env_.files));
    auto report = new_copy(*source, order, place);
    if (!report && !had_lock) (void)env_.files.remove(place.lock);
    return report;
  }

  Result<CopyReport> new_copy(Connection& source, const CopyOrder& order, const StorePaths& place) {
    const std::string keys_path = waiting_paths(place).keys;
    EC_TRY(slots, KeySlots::create_for_copy(env_.files, keys_path, order.key, slots_->keys(), env_.random));
    auto report = write_new_copy(source, order, place, slots.keys());
    if (!report) take_away(place);
    return report;
  }

  // A copy for a new place that failed leaves nothing there; what has no keys beside it could never be opened.
  void take_away(const StorePaths& place) {
    for (const std::string& file : {place.database, place.anchor, place.keys}) (void)env_.files.remove(file);
    (void)clear_waiting(place, env_.files);
  }

  Result<CopyReport> write_new_copy(Connection& source, const CopyOrder& order, const StorePaths& place,
                                    const StoreKeys& keys) {
    CopyWork work{source, keys, place, waiting_paths(place).keys, first_note(order.key_note), 0, {}, order.check};
    if (order.record) work.last_write = [&](Writer& writer) { return order.record(writer, std::nullopt); };
    EC_TRY(report, write_copy(work, options_, env_));
    EC_TRYV(unwritten());
    EC_TRYV(write_waiting_anchor(place, keys, report, env_.files));
    EC_TRYV(put_in_place(place, env_.files));
    return report;
  }

  // The place keeps its key slots and its data key; what it had come to stands in the copy's chain.
  Result<CopyReport> replace_with_copy(Connection& source, const CopyOrder& order, const StorePaths& place) {
    EC_TRY(slots, KeySlots::open(env_.files, place.keys, order.key));
    if (slots.keys().store_id != slots_->keys().store_id)
      return fail_field(Errc::invalid_argument, "path", "holds another store than this one");
    const SecretBytes anchor_key = derive(slots.keys().root_key, derivation::anchor);
    EC_TRY(anchor, Anchor::open(env_.files, place.anchor, anchor_key, slots.keys().store_id, false));
    Replaced there;
    EC_TRYV(look_at_replaced(place, slots.keys(), there));
    EC_TRY(wal, env_.files.exists(place.database + "-wal"));
    if (wal) return Errc::store_locked;
    const std::optional<AnchorState> last = anchor->last();
    if (last && last->commit > there.lost.commits) there.lost.commits = last->commit, there.lost.heads = last->heads;
    CopyWork work{source, slots.keys(), place, place.keys, there.notes, there.lost.commits + 1, {}, order.check};
    work.last_write = [&](Writer& writer) { return order.record ? order.record(writer, there.lost) : Status(ok()); };
    EC_TRYV(clear_waiting(place, env_.files));
    EC_TRY(report, write_copy(work, options_, env_));
    EC_TRYV(unwritten());
    EC_TRYV(put_in_place(place, env_.files));
    // Had it stayed behind, that would be normal: the copy's commits are more than any that were there.
    EC_TRYV(anchor->write({report.commits, report.store_seq, report.heads}));
    EC_TRYV(anchor->sync());
    report.lost = there.lost;
    return report;
  }

  struct Replaced {
    LostHead lost;
    std::map<std::string, std::string> notes;
  };

  // Its WAL goes into the database, so that none lies beside the copy.
  Status look_at_replaced(const StorePaths& place, const StoreKeys& keys, Replaced& found) {
    OpenOptions writing;
    writing.busy_timeout_us = options_.busy_timeout_us;
    const auto how = connection_options(writing, place, ConnectionOptions::Role::writer, env_.vfs);
    EC_TRY(connection, open_hardened(how, keys, env_.random));
    EC_TRY(sentinel, connection->sentinel());
    Reader reader(*connection);
    EC_TRY(chain, reader.chain_head(Uuid{}));
    found.lost = {sentinel.commits, sentinel.heads, chain.seq, chain.hash};
    EC_TRY(notes, reader.metas(key_note_prefix));
    found.notes = std::move(notes);
    EC_TRYV(connection->guard());
    EC_TRYV(connection->checkpoint(true));
    connection->checkpoint_on_close(true);
    return ok();
  }

  Result<CopyReport> change_data_key(const KeyInput& key, const std::string& note, const Job& record,
                                     const CopyCheck& check) {
    EC_TRYV(writable());
    CopyReport report;
    EC_TRYV(group_->alone([&]() -> Status {
      EC_TRYV(presence_->make_exclusive());
      Status done = pool_.pause(options_.busy_timeout_us);
      if (done) {
        done = renew(key, note, record, check, report);
        pool_.resume();
      }
      const Status shared = presence_->share();
      return done ? shared : done;
    }));
    committer_->see_commits(report.commits);
    announce();
    return report;
  }

  // Nobody else reads, writes or opens. The old connections hold the old keys, so all of them go before the keys do.
  Status renew(const KeyInput& key, const std::string& note, const Job& record, const CopyCheck& check,
               CopyReport& report) {
    EC_TRYV(clear_waiting(paths_, env_.files));
    auto slots = KeySlots::create_for_copy(env_.files, waiting_paths(paths_).keys, key, slots_->keys(), env_.random);
    if (!slots) return slots.error();
    // Whether the database may have been renamed: then the waiting keys are the only ones that open it.
    bool placed = false;
    Status done = write_renewed(slots.assume_value().keys(), note, record, check, report);
    if (done) {
      done = committer_->exchange(
          [&]() -> Status {
            EC_TRY(wal, env_.files.exists(paths_.database + "-wal"));
            if (wal) return Errc::store_busy;
            placed = true;
            Status renamed = put_in_place(paths_, env_.files);
            EC_TRY(waits, env_.files.exists(waiting_paths(paths_).database));
            placed = !waits;
            if (placed) {
              const std::lock_guard<std::mutex> lock(slots_mutex_);
              slots_->adopt(std::move(slots).assume_value());
            }
            return renamed;
          },
          [&] { return open_anchor(); });
    }
    if (!placed) (void)clear_waiting(paths_, env_.files);
    return done;
  }

  Status write_renewed(const StoreKeys& keys, const std::string& note, const Job& record, const CopyCheck& check,
                       CopyReport& report) {
    EC_TRY(source, open_reader());
    const CopyWork work{*source, keys, paths_, paths_.keys, first_note(note), 0, record, check};
    EC_TRY(written, write_copy(work, options_, env_));
    report = written;
    return write_waiting_anchor(paths_, keys, report, env_.files);
  }

  Result<std::unique_ptr<Anchor>> open_anchor() {
    const SecretBytes key = derive(slots_->keys().root_key, derivation::anchor);
    return Anchor::open(env_.files, paths_.anchor, key, slots_->keys().store_id, false);
  }

  static std::map<std::string, std::string> first_note(const std::string& note) {
    if (note.empty()) return {};
    return {{std::string(key_note_prefix) + "1", note}};
  }

  static OpenOptions with_key(const KeyInput& key) {
    OpenOptions options;
    options.key = {key.kind, key.bytes.clone()};
    return options;
  }

  [[nodiscard]] StoreStats stats() const {
    StoreStats stats;
    stats.commits = seen_.load();
    stats.readers_open = pool_.lent();
    stats.oldest_reader_us = pool_.oldest_us();
    const auto size = env_.files.size(paths_.database);
    stats.file_bytes = size ? size.assume_value() : 0;
    if (group_ == nullptr) return stats;
    group_->look_at_turn();
    stats.queue_length = group_->queue_length();
    stats.groups = committer_->groups();
    stats.reruns = committer_->reruns();
    stats.wal_bytes = committer_->wal_pages() * wal_frame_bytes;
    stats.anchor_lag_commits = committer_->anchor_lag();
    stats.reserve_bytes = reserve_->held_bytes();
    stats.disk_full = reserve_->needed();
    return stats;
  }

  Result<std::unique_ptr<Connection>> open_reader() {
    ConnectionOptions how = connection_options(options_, paths_, ConnectionOptions::Role::reader, env_.vfs);
    how.immutable = as_it_is_.has_value();
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
  std::unique_ptr<FileLock> presence_;  // outlives every connection
  std::unique_ptr<KeySlots> slots_;
  mutable std::mutex slots_mutex_;  // a new data key exchanges them; other readers of keys() keep it waiting
  const Uuid id_;
  std::optional<LostRange> lost_;
  const std::optional<FileMark> as_it_is_;
  ReadPool pool_;
  std::optional<Reserve> reserve_;  // of a store that is written
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<GroupCommit> group_;
  std::atomic<bool> closed_ = false;
  std::atomic<std::int64_t> seen_ = 0;
  std::mutex commit_mutex_;
  std::condition_variable committed_;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)), process_(::getpid()) {}

// A forked child's copy of its parent's store is left as it is: closing it would empty the WAL, spend the reserve and
// let go of locks that its parent relies on.
Store::~Store() {
  if (process_ != ::getpid()) static_cast<void>(impl_.release());
}

Result<std::unique_ptr<Store>> Store::open(OpenOptions options, const Environment& environment) {
  EC_TRY(opened, open_or_make_room(options, environment));
  auto impl = std::make_unique<Impl>(std::move(options), environment, std::move(opened));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Status Store::read(const std::function<Status(Reader&)>& body) {
  return impl_->read(body);
}

Status Store::write(Job job, std::int64_t deadline_us, Spend spend) {
  EC_TRYV(impl_->writable());
  const auto pending = impl_->group_->submit(std::move(job), deadline_us, spend);
  return *impl_->group_->wait(pending, -1);
}

std::shared_ptr<Pending> Store::submit(Job job, std::int64_t deadline_us, Spend spend) {
  const Status may = impl_->writable();
  if (!may) return GroupCommit::refused(may);
  return impl_->group_->submit(std::move(job), deadline_us, spend);
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
  return impl_->id_;
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

Bytes Store::signing_public_key() const {
  const std::lock_guard<std::mutex> lock(impl_->slots_mutex_);
  return impl_->slots_->keys().signing_public_key;
}

Status Store::add_key(const KeyInput& key) {
  return impl_->change_keys(&key, std::nullopt, {}, 0);
}

Status Store::remove_key(std::int32_t slot) {
  return impl_->change_keys(nullptr, slot, {}, 0);
}

Status Store::change_keys(const KeyInput* added, std::optional<std::int32_t> removed, const KeyRecord& record,
                          std::int64_t deadline_us) {
  return impl_->change_keys(added, removed, record, deadline_us);
}

Result<std::vector<KeySlotInfo>> Store::key_slots() {
  return impl_->key_slots();
}

std::int32_t Store::opened_slot() const {
  const std::lock_guard<std::mutex> lock(impl_->slots_mutex_);
  return impl_->slots_->opened_slot();
}

Result<CopyReport> Store::copy_to(const CopyOrder& order) {
  return impl_->copy_to(order);
}

Result<CopyReport> Store::change_data_key(const KeyInput& key, const std::string& key_note, const Job& record,
                                          const CopyCheck& check) {
  return impl_->change_data_key(key, key_note, record, check);
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
