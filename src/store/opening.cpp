#include "store/opening.hpp"

#include <ecsql.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/uuid.hpp"
#include "store/copy.hpp"
#include "store/migrate.hpp"
#include "store/read_pool.hpp"
#include "store/sealing.hpp"

namespace eventcore::store {

namespace {

constexpr std::int64_t page_size = 4096;
constexpr std::string_view plain_header{"SQLite format 3\0", 16};

// What lies at the path, found out through SQLite's own file layer: closing any other descriptor of a live database
// would drop the locks this process holds on it.
struct FileLook {
  bool exists = false;
  std::int64_t size = 0;
  bool plain_sqlite = false;
};

Result<FileLook> look_at(const std::string& path, const Environment& env) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(env.vfs.empty() ? nullptr : env.vfs.c_str());
  if (vfs == nullptr) return fail(Errc::io_error, "no such file layer");
  FileLook look;
  int there = 0;
  if (vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there) != SQLITE_OK) return Errc::io_error;
  // SQLite counts an empty file as absent.
  EC_TRY(entry, env.files.exists(path));
  look.exists = there != 0 || entry;
  if (there == 0) return look;
  const char* name = sqlite3_create_filename(path.c_str(), "", "", 0, nullptr);
  if (name == nullptr) return Errc::out_of_memory;
  const std::unique_ptr<std::uint64_t[]> memory(new std::uint64_t[static_cast<std::size_t>(vfs->szOsFile) / 8 + 1]());
  auto* file = reinterpret_cast<sqlite3_file*>(memory.get());
  int code = vfs->xOpen(vfs, name, file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_int64 size = 0;
    code = file->pMethods->xFileSize(file, &size);
    look.size = size;
    std::array<char, 16> head{};
    if (code == SQLITE_OK && size >= 16) code = file->pMethods->xRead(file, head.data(), 16, 0);
    look.plain_sqlite = std::string_view(head.data(), head.size()) == plain_header;
  }
  if (file->pMethods != nullptr) file->pMethods->xClose(file);
  sqlite3_free_filename(name);
  if (code == SQLITE_CANTOPEN_SYMLINK) return fail(Errc::not_a_store, "the path is a symbolic link");
  return code == SQLITE_OK ? Result<FileLook>(look) : Result<FileLook>(sqlite_failure(nullptr, code));
}

// One attempt to open, with what it has found so far.
class Opening {
 public:
  Opening(const OpenOptions& options, const Environment& environment) : options_(options), env_(environment) {}

  Result<OpenedStore> run() {
    EC_TRYV(check_sqlcipher());
    crypto_init();
    EC_TRY(path, resolved(options_.path));
    opened_.paths = paths_of(path);
    EC_TRY(look, look_at(path, env_));
    look_ = look;
    const bool may_create = (options_.create || options_.create_new) && !options_.read_only;
    if (look_.exists && options_.create_new) return Errc::store_exists;
    if (!look_.exists && !may_create) return Errc::store_not_found;
    if (look_.size == 0 && !may_create) return Errc::not_a_store;
    if (!look_.plain_sqlite) {
      EC_TRYV(be_present());
    }
    EC_TRYV(look_.size == 0 ? create() : open_existing(may_create));
    EC_TRYV(compare_anchor());
    return std::move(opened_);
  }

 private:
  // Nobody replaces the files while they are open. A replacement that was cut off is finished first.
  Status be_present() {
    const std::string waiting = waiting_paths(opened_.paths).keys;
    EC_TRY(cut_off, env_.files.exists(waiting));
    if (!cut_off) {
      EC_TRYV(take_presence(true));
      EC_TRY(meanwhile, env_.files.exists(waiting));
      if (!meanwhile) return ok();
      opened_.presence.reset();
    }
    if (options_.read_only) return fail(Errc::read_only, "the store must be opened for writing once: a copy waits");
    EC_TRYV(take_presence(false));
    EC_TRYV(finish_replacement(opened_.paths, options_, env_));
    EC_TRY(look, look_at(opened_.paths.database, env_));
    look_ = look;
    return opened_.presence->share();
  }

  Status take_presence(bool shared) {
    auto lock = env_.files.presence(opened_.paths.lock, shared, !options_.read_only, options_.busy_timeout_us);
    if (lock) {
      opened_.presence = std::move(lock).assume_value();
      return ok();
    }
    const Errc code = lock.error().code();
    if (code == Errc::store_busy) return Errc::store_locked;
    // A store on a medium that takes no lock file, or one that nobody has ever written to there.
    if (options_.read_only && (code == Errc::store_not_found || code == Errc::read_only)) return ok();
    return lock.error();
  }

  Status open_existing(bool may_create) {
    if (look_.plain_sqlite) return Errc::not_a_store;
    EC_TRY(has_keys, env_.files.exists(opened_.paths.keys));
    if (!has_keys) return look_.size % page_size == 0 ? Errc::key_slots_tampered : Errc::not_a_store;
    EC_TRYV(open_slots());
    open_anchor(false);
    EC_TRYV(open_connection());
    EC_TRY(found, opened_.connection->find_sentinel());
    if (!found) return may_create ? finish_creation() : Status(Errc::not_a_store);
    if (found->store_id != opened_.slots->keys().store_id) return Errc::key_slots_tampered;
    EC_TRYV(check_version(*opened_.connection));
    EC_TRYV(opened_.connection->harden());
    EC_TRYV(bring_up_to_date());
    return opened_.connection->guard();
  }

  Status open_slots() {
    EC_TRY(slots, KeySlots::open(env_.files, opened_.paths.keys, options_.key));
    opened_.slots = std::make_unique<KeySlots>(std::move(slots));
    return ok();
  }

  Status open_connection() {
    const auto role = options_.read_only ? ConnectionOptions::Role::reader : ConnectionOptions::Role::writer;
    ConnectionOptions how = connection_options(options_, opened_.paths, role, env_.vfs);
    auto connection = Connection::open(how, opened_.slots->keys(), env_.random);
    // A medium that takes no side files is read as it is, if no commits wait in a WAL.
    if (!connection && takes_no_files(connection.error()) && !has_wal(env_.files, opened_.paths)) {
      EC_TRY(mark, env_.files.mark(opened_.paths.database));
      opened_.as_it_is = mark;
      how.immutable = true;
      connection = Connection::open(how, opened_.slots->keys(), env_.random);
    }
    if (!connection && connection.error().code() == Errc::store_corrupt) return name_unreadable();
    EC_TRY(opened, std::move(connection));
    opened_.connection = std::move(opened);
    return ok();
  }

  [[nodiscard]] bool takes_no_files(const Failure& failure) const {
    return options_.read_only && (failure.code() == Errc::read_only || failure.code() == Errc::io_error);
  }

  // The key slots opened, the first page does not. An anchor under the same key says that the file was ours once.
  [[nodiscard]] Failure name_unreadable() const {
    if (opened_.anchor != nullptr) return Errc::store_corrupt;
    return look_.size % page_size == 0 ? Errc::wrong_key : Errc::not_a_store;
  }

  Status bring_up_to_date() {
    EC_TRY(needed, needs_migration(*opened_.connection));
    if (!needed) return ok();
    if (options_.read_only) return fail(Errc::read_only, "the store must be opened for writing once to be upgraded");
    EC_TRYV(take_lock());
    env_.log.write(LogLevel::info, "upgrading the store's tables");
    EC_TRYV(migrate(*opened_.connection));
    lock_.reset();
    return ok();
  }

  Status take_lock() {
    EC_TRY(lock, env_.files.lock(opened_.paths.lock, false, options_.busy_timeout_us));
    lock_ = std::move(lock);
    return ok();
  }

  // Key slots first: a database whose key is not on the disk yet could never be opened again.
  Status create() {
    EC_TRYV(take_lock());
    EC_TRY(look, look_at(opened_.paths.database, env_));
    if (look.size > 0) {
      lock_.reset();
      if (options_.create_new) return Errc::store_exists;
      look_ = look;
      return open_existing(true);
    }
    EC_TRY(has_keys, env_.files.exists(opened_.paths.keys));
    if (has_keys) {
      EC_TRYV(open_slots());
    } else {
      UuidSource ids(env_.clock, env_.random);
      EC_TRY(slots, KeySlots::create(env_.files, opened_.paths.keys, options_.key, ids.next(), env_.random));
      opened_.slots = std::make_unique<KeySlots>(std::move(slots));
    }
    ConnectionOptions how = connection_options(options_, opened_.paths, ConnectionOptions::Role::writer, env_.vfs);
    how.create = true;
    how.mode_of = opened_.paths.keys;
    EC_TRY(connection, Connection::open(how, opened_.slots->keys(), env_.random));
    opened_.connection = std::move(connection);
    EC_TRYV(fill());
    lock_.reset();
    return ok();
  }

  // A creation that was cut off, or is under way in another process, left a database without tables.
  Status finish_creation() {
    EC_TRYV(take_lock());
    EC_TRY(found, opened_.connection->find_sentinel());
    if (found) {
      EC_TRYV(opened_.connection->harden());
    } else {
      EC_TRYV(fill());
    }
    lock_.reset();
    return ok();
  }

  Status fill() {
    EC_TRYV(opened_.connection->make_wal());
    EC_TRYV(opened_.connection->harden());
    EC_TRYV(create_schema(*opened_.connection, opened_.slots->keys().store_id));
    EC_TRYV(env_.files.sync_folder_of(opened_.paths.database));
    open_anchor(false);
    return ok();
  }

  // Read before the sentinel: whatever commits in between can then only put the store ahead.
  void open_anchor(bool create) {
    const SecretBytes key = derive(opened_.slots->keys().root_key, derivation::anchor);
    auto anchor = Anchor::open(env_.files, opened_.paths.anchor, key, opened_.slots->keys().store_id, create);
    anchor_failure_ = anchor ? std::optional<Failure>() : anchor.error();
    if (anchor) opened_.anchor = std::move(anchor.assume_value());
  }

  Status compare_anchor() {
    // Another process may have made the store, and its anchor, since we looked.
    if (opened_.anchor == nullptr) open_anchor(false);
    EC_TRY(here, opened_.connection->sentinel());
    if (opened_.anchor == nullptr) return missing_anchor(here);
    const std::optional<AnchorState> last = opened_.anchor->last();
    if (!last || last->commit < here.commits) return ok();
    const AnchorState state{here.commits, here.store_seq, here.heads};
    if (*last == state) return ok();
    const LostRange range{here.commits, last->commit};
    if (!options_.accept_loss) {
      FailureDetail detail;
      detail.facts = {{"store_commit", std::to_string(range.store_commit)},
                      {"anchor_commit", std::to_string(range.anchor_commit)}};
      return Failure(Errc::commits_lost, std::move(detail));
    }
    opened_.lost = range;
    env_.log.write(LogLevel::warning, "opened although commits are lost");
    return options_.read_only ? Status(ok()) : opened_.anchor->reset(state);
  }

  Status missing_anchor(const Sentinel& here) {
    const bool tampered = !anchor_failure_ || anchor_failure_->code() == Errc::anchor_tampered;
    const bool newborn = here.commits == 0;
    if (options_.read_only && !tampered) {
      env_.log.write(LogLevel::warning, "the anchor could not be read; lost commits would not be noticed");
      return ok();
    }
    if (!tampered || !(newborn || options_.accept_loss)) return *anchor_failure_;
    if (!newborn) opened_.lost = LostRange{here.commits, here.commits};
    if (options_.read_only) return ok();
    open_anchor(true);
    return opened_.anchor != nullptr ? Status(ok()) : Status(*anchor_failure_);
  }

  const OpenOptions& options_;
  const Environment& env_;
  OpenedStore opened_;
  FileLook look_;
  std::unique_ptr<FileLock> lock_;
  std::optional<Failure> anchor_failure_;
};

}  // namespace

// Links in the folder's path are the host's business; the file itself must not be one.
Result<std::string> resolved(const std::string& path) {
  std::error_code error;
  const std::filesystem::path given(path);
  const std::filesystem::path folder = given.has_parent_path() ? given.parent_path() : ".";
  const std::filesystem::path real = std::filesystem::canonical(folder, error);
  if (error || !given.has_filename()) return Errc::store_not_found;
  const std::filesystem::path full = real / given.filename();
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(full, error)))
    return fail(Errc::not_a_store, "the path is a symbolic link");
  return full.string();
}

bool has_wal(Files& files, const StorePaths& paths) {
  const auto size = files.size(paths.database + "-wal");
  return size ? size.assume_value() > 0 : size.error().code() != Errc::store_not_found;
}

StorePaths paths_of(const std::string& database) {
  constexpr std::string_view ending = ".ecdb";
  std::string base = database;
  if (base.ends_with(ending)) base.resize(base.size() - ending.size());
  return {database, base + ".keys", base + ".anchor", base + ".lock", base + ".reserve"};
}

StorePaths waiting_paths(const StorePaths& paths) {
  constexpr std::string_view ending = ".next";
  return {paths.database + std::string(ending), paths.keys + std::string(ending), paths.anchor + std::string(ending),
          paths.lock, paths.reserve};
}

ConnectionOptions connection_options(const OpenOptions& options, const StorePaths& paths, ConnectionOptions::Role role,
                                     const std::string& vfs) {
  ConnectionOptions how;
  how.path = paths.database;
  how.vfs = vfs;
  how.role = role;
  how.read_only = options.read_only;
  constexpr auto readers = static_cast<std::int64_t>(ReadPool::kept_max);
  // Readers come and go and share the system's page cache: all that are kept have as much together as the writer.
  how.cache_bytes = options.cache_bytes / (role == ConnectionOptions::Role::reader ? readers : 1);
  how.busy_timeout_us = options.busy_timeout_us;
  return how;
}

Result<OpenedStore> open_store(const OpenOptions& options, const Environment& environment) {
  return Opening(options, environment).run();
}

}  // namespace eventcore::store
