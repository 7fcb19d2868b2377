#include "store/copy.hpp"

#include <ecsql.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "schema/all.hpp"
#include "store/anchor.hpp"
#include "store/reader.hpp"
#include "store/sealing.hpp"

namespace eventcore::store {

namespace {

// What SQLite may leave beside a database that it was cut off from.
constexpr std::array<std::string_view, 3> companions = {"-wal", "-shm", "-journal"};

ConnectionOptions waiting_options(const CopyWork& work, const OpenOptions& options, const std::string& vfs) {
  const StorePaths waiting = waiting_paths(work.place);
  OpenOptions writing = {};
  writing.cache_bytes = options.cache_bytes;
  writing.busy_timeout_us = options.busy_timeout_us;
  return connection_options(writing, waiting, ConnectionOptions::Role::writer, vfs);
}

Result<std::int64_t> count_rows(Connection& connection) {
  Reader reader(connection);
  std::int64_t rows = 0;
  for (const schema::TableDef* table : schema::all_tables) {
    EC_TRY(found, reader.count(*table, std::nullopt, Expr::always()));
    rows += found;
  }
  return rows;
}

// Page by page, decrypted under one key and encrypted under the other, within the source's snapshot.
Status copy_pages(Connection& source, Connection& target) {
  sqlite3_backup* copy = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (copy == nullptr) return sqlite_failure(target.handle(), sqlite3_errcode(target.handle()));
  constexpr int pages_at_once = 1024;
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(copy, pages_at_once);
  const int finished = sqlite3_backup_finish(copy);
  if (code == SQLITE_DONE && finished == SQLITE_OK) return ok();
  return sqlite_failure(nullptr, code == SQLITE_DONE ? finished : code);
}

// One copy being written.
class Copying {
 public:
  Copying(const CopyWork& work, const OpenOptions& options, const Environment& environment)
      : work_(work), options_(options), env_(environment), path_(waiting_paths(work.place).database) {}

  Result<CopyReport> run() {
    Status done = copy();
    if (done) done = finish();
    if (done) done = env_.files.sync_file(path_);
    if (done) done = env_.files.sync_folder_of(path_);
    if (done) return report_;
    target_.reset();
    (void)clear_waiting(work_.place, env_.files);
    return done.error();
  }

 private:
  Status copy() {
    ConnectionOptions how = waiting_options(work_, options_, env_.vfs);
    how.create = true;
    how.mode_of = work_.mode_of;
    EC_TRY(target, Connection::open(how, work_.keys, env_.random));
    EC_TRYV(target->pragma("journal_mode=OFF"));  // a copy that is cut off is thrown away
    EC_TRYV(work_.source.run("BEGIN"));
    Status done = snapshot(*target);
    // A bad page comes out of SQLCipher as zeros and as a success: only the guard tells.
    const Status good = work_.source.guard();
    (void)work_.source.run("ROLLBACK");
    return good ? done : good;
  }

  Status snapshot(Connection& target) {
    EC_TRY(from, work_.source.sentinel());
    from_ = from;
    EC_TRY(rows, count_rows(work_.source));
    rows_ = rows;
    return copy_pages(work_.source, target);
  }

  Status finish() {
    EC_TRY(target, Connection::open(waiting_options(work_, options_, env_.vfs), work_.keys, env_.random));
    target_ = std::move(target);
    EC_TRYV(target_->harden());
    EC_TRYV(target_->run("BEGIN IMMEDIATE"));
    EC_TRYV(write());
    EC_TRYV(target_->guard());
    EC_TRYV(target_->run("COMMIT"));
    EC_TRYV(verify());
    EC_TRYV(target_->checkpoint(true));
    target_->checkpoint_on_close(true);
    target_.reset();
    EC_TRY(bytes, env_.files.size(path_));
    report_.bytes = bytes;
    return ok();
  }

  // What has to differ in a copy.
  Status write() {
    EC_TRYV(wrap_tenant_keys());
    EC_TRYV(target_->run("DELETE FROM ec_meta WHERE name >= 'key_slot_' AND name < 'key_slot`'"));
    Writer writer(*target_);
    for (const auto& [name, value] : work_.key_notes) EC_TRYV(writer.set_meta(name, value));
    if (work_.last_write) {
      EC_TRY(begun, target_->sentinel());
      target_->turn() = begun;
      writer.arm(false);
      EC_TRYV(work_.last_write(writer));
      writer.arm(false);
      Sentinel turn = *std::exchange(target_->turn(), std::nullopt);
      turn.commits = std::max(from_.commits + 1, work_.commits_least);
      EC_TRYV(target_->write_sentinel(turn));
    }
    return ok();
  }

  // They are wrapped under a key that follows from the data key.
  Status wrap_tenant_keys() {
    struct Wrapped {
      Uuid organization;
      Bytes bytes;
    };
    std::vector<Wrapped> all;
    {
      EC_TRY(statement, target_->prepare("SELECT organization_id, wrapped FROM ec_tenant_keys"));
      while (true) {
        EC_TRY(row, statement.step());
        if (!row) break;
        Wrapped one;
        const ByteView id = statement.blob(0);
        if (id.size() != one.organization.bytes.size()) return Errc::store_corrupt;
        std::copy(id.begin(), id.end(), one.organization.bytes.begin());
        const ByteView bytes = statement.blob(1);
        one.bytes.assign(bytes.begin(), bytes.end());
        all.push_back(std::move(one));
      }
    }
    for (const Wrapped& one : all) {
      EC_TRY(key, unwrap_tenant_key(work_.source.keys().root_key, one.organization, one.bytes));
      EC_TRY(wrapped, wrap_tenant_key(work_.keys.root_key, one.organization, key, env_.random));
      EC_TRY(update, target_->prepare("UPDATE ec_tenant_keys SET wrapped = ? WHERE organization_id = ?"));
      EC_TRYV(update.bind(ByteView(wrapped)).bind(one.organization).run());
    }
    return ok();
  }

  // Read again from the file, by a connection that holds no page yet.
  Status verify() {
    EC_TRYV(target_->checkpoint(true));
    ConnectionOptions how = waiting_options(work_, options_, env_.vfs);
    how.role = ConnectionOptions::Role::reader;
    EC_TRY(reopened, Connection::open(how, work_.keys, env_.random));
    EC_TRYV(reopened->harden());
    std::vector<PageProblem> problems;
    EC_TRYV(find_page_problems(*reopened, problems));
    if (!problems.empty()) return fail_fact(Errc::store_corrupt, "copy", problems.front().text);
    EC_TRYV(reopened->run("BEGIN"));
    EC_TRY(now, reopened->sentinel());
    EC_TRY(rows, count_rows(*reopened));
    const bool same = work_.last_write ? rows >= rows_ : rows == rows_ && now.heads == from_.heads;
    if (!same || now.store_id != from_.store_id) return fail_fact(Errc::store_corrupt, "copy", "another content");
    Reader reader(*reopened);
    EC_TRY(chain, reader.chain_head(Uuid{}));
    if (work_.check) EC_TRYV(work_.check(reader));
    EC_TRYV(reopened->guard());
    EC_TRYV(reopened->run("ROLLBACK"));
    report_.rows = rows;
    report_.commits = now.commits;
    report_.store_seq = now.store_seq;
    report_.heads = now.heads;
    report_.chain_seq = chain.seq;
    report_.chain_hash = chain.hash;
    return ok();
  }

  const CopyWork& work_;
  const OpenOptions& options_;
  const Environment& env_;
  const std::string path_;
  std::unique_ptr<Connection> target_;
  Sentinel from_;
  std::int64_t rows_ = 0;
  CopyReport report_;
};

// Whether the database at the place opens under these keys.
Result<bool> opens(const StorePaths& place, const StoreKeys& keys, const OpenOptions& options, const Environment& env) {
  const auto how = connection_options(options, place, ConnectionOptions::Role::reader, env.vfs);
  const auto connection = Connection::open(how, keys, env.random);
  if (connection) return true;
  if (connection.error().code() == Errc::store_corrupt) return false;
  return connection.error();
}

}  // namespace

Status find_page_problems(Connection& connection, std::vector<PageProblem>& found) {
  for (std::string_view pragma : {"cipher_integrity_check", "integrity_check", "foreign_key_check"}) {
    const auto collect = [&]() -> Status {
      EC_TRY(statement, connection.prepare(std::string("PRAGMA ") + std::string(pragma)));
      while (true) {
        EC_TRY(row, statement.step());
        if (!row) return ok();
        const std::string_view text = statement.text(0);
        if (text != "ok") found.push_back({std::string(pragma) + ": " + std::string(text)});
      }
    };
    const Status done = collect();
    if (!done && done.error().code() == Errc::out_of_memory) return done.error();
    if (!done) found.push_back({std::string(pragma) + ": " + done.error().message()});
  }
  if (!connection.guard() && found.empty()) found.push_back({"a page failed its check"});
  return ok();
}

Result<CopyReport> write_copy(const CopyWork& work, const OpenOptions& options, const Environment& environment) {
  return Copying(work, options, environment).run();
}

Status write_waiting_anchor(const StorePaths& place, const StoreKeys& keys, const CopyReport& report, Files& files) {
  const SecretBytes key = derive(keys.root_key, derivation::anchor);
  const std::string path = waiting_paths(place).anchor;
  EC_TRYV(files.remove(path));
  EC_TRY(anchor, Anchor::open(files, path, key, keys.store_id, true));
  EC_TRYV(anchor->reset({report.commits, report.store_seq, report.heads}));
  return files.sync_folder_of(path);
}

Status put_in_place(const StorePaths& place, Files& files) {
  const StorePaths waiting = waiting_paths(place);
  // The old database's WAL was removed: were it there again after a power cut, SQLite would read its pages into the new
  // database, which then no key opens.
  EC_TRYV(files.sync_folder_of(place.database));
  EC_TRYV(files.move(waiting.database, place.database));
  for (const auto& [from, to] : {std::pair(waiting.anchor, place.anchor), std::pair(waiting.keys, place.keys)}) {
    EC_TRY(waits, files.exists(from));
    if (waits) EC_TRYV(files.move(from, to));
  }
  return ok();
}

Status clear_waiting(const StorePaths& place, Files& files) {
  const StorePaths waiting = waiting_paths(place);
  for (const std::string_view companion : companions) EC_TRYV(files.remove(waiting.database + std::string(companion)));
  EC_TRYV(files.remove(waiting.database));
  EC_TRYV(files.remove(waiting.anchor));
  return files.remove(waiting.keys);
}

Status finish_replacement(const StorePaths& place, const OpenOptions& options, const Environment& env) {
  const StorePaths waiting = waiting_paths(place);
  EC_TRY(waits, env.files.exists(waiting.keys));
  if (!waits) return ok();  // somebody else has finished it
  EC_TRY(database, env.files.exists(place.database));
  if (!database) return clear_waiting(place, env.files);  // a copy for a new place, cut off before it was there
  EC_TRY(keys, env.files.exists(place.keys));
  const auto before = KeySlots::open(env.files, place.keys, options.key);
  if (before) {
    EC_TRY(still, opens(place, before.assume_value().keys(), options, env));
    if (still) return clear_waiting(place, env.files);
  }
  const auto after = KeySlots::open(env.files, waiting.keys, options.key);
  const bool renewed = after.has_value();
  if (renewed) {
    EC_TRY(in_place, opens(place, after.assume_value().keys(), options, env));
    if (in_place) {
      env.log.write(LogLevel::info, "finishing a change of the store's files");
      EC_TRY(anchor, env.files.exists(waiting.anchor));
      if (anchor) EC_TRYV(env.files.move(waiting.anchor, place.anchor));
      return env.files.move(waiting.keys, place.keys);
    }
  }
  if (before || renewed) return Errc::wrong_key;
  return keys ? before.error() : after.error();
}

}  // namespace eventcore::store
