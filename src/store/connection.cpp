#include "store/connection.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "base/secret.hpp"
#include "store/among.hpp"
#include "store/sealing.hpp"

// Of third_party/sqlcipher/sqlite3_in_engine.c, under the prefix that all of SQLCipher's names have.
extern "C" int ecsql_settle_in_process(void);

namespace eventcore::store {

namespace {

constexpr std::size_t statement_cache_max = 256;
constexpr std::size_t opened_keys_max = 16;
constexpr int page_size = 4096;

struct Limit {
  int id;
  int value;
};

// Tighter than SQLite's own: a request that needs more is not one the engine makes.
constexpr Limit limits[] = {
    {SQLITE_LIMIT_LENGTH, 8 * 1024 * 1024},
    {SQLITE_LIMIT_SQL_LENGTH, 1'000'000},
    {SQLITE_LIMIT_COLUMN, 200},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 3},
    {SQLITE_LIMIT_VDBE_OP, 250'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 32'000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

constexpr std::string_view pragmas_allowed[] = {
    "cipher_status", "data_version", "integrity_check", "cipher_integrity_check", "foreign_key_check",
};
constexpr std::string_view functions_denied[] = {
    "load_extension", "sqlcipher_export", "fts3_tokenizer", "readfile", "writefile", "edit",
};

template <class Range>
bool contains(const Range& range, std::string_view name) {
  return std::find(std::begin(range), std::end(range), name) != std::end(range);
}

std::string uri_escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const std::uint8_t byte = static_cast<std::uint8_t>(c);
    const bool plain = std::string_view("%?#&=+ ").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : "%" + hex(ByteView(&byte, 1));
  }
  return out;
}

std::string_view view(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

Connection::Connection(ConnectionOptions options, const StoreKeys& keys, Random& random)
    : options_(std::move(options)), keys_(keys), random_(random) {}

Connection::~Connection() {
  for (CacheEntry& entry : cache_) sqlite3_finalize(entry.statement.handle);
  sqlite3_close(database_);
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options, const StoreKeys& keys,
                                                     Random& random) {
  // The salt of the key first: it does not depend on the file's first bytes, which a power cut may have spoiled.
  auto connection = open_with(Salt::of_key, options, keys, random);
  if (connection || connection.error().code() != Errc::store_corrupt || options.create) return connection;
  return open_with(Salt::of_file, options, keys, random);
}

Result<std::unique_ptr<Connection>> Connection::open_with(Salt salt, const ConnectionOptions& options,
                                                          const StoreKeys& keys, Random& random) {
  std::unique_ptr<Connection> connection(new Connection(options, keys, random));
  EC_TRYV(connection->open_file());
  EC_TRYV(connection->set_key(salt));
  EC_TRYV(connection->read_first_page());
  return connection;
}

Status Connection::open_file() {
  int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX;
  flags |= options_.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options_.create) flags |= SQLITE_OPEN_CREATE;
  std::string name = options_.path;
  if (options_.immutable || !options_.mode_of.empty()) {
    flags |= SQLITE_OPEN_URI;
    name = "file:" + uri_escaped(options_.path);
    name += options_.immutable ? "?immutable=1" : "?modeof=" + uri_escaped(options_.mode_of);
  }
  const char* vfs = options_.vfs.empty() ? nullptr : options_.vfs.c_str();
  const int code = sqlite3_open_v2(name.c_str(), &database_, flags, vfs);
  if (code == SQLITE_CANTOPEN_SYMLINK) return fail(Errc::not_a_store, "the path is a symbolic link");
  if (code != SQLITE_OK) return sqlite_failure(nullptr, code);
  set_patience(options_.busy_timeout_us);
  checkpoint_on_close(false);
  return ok();
}

Status Connection::set_key(Salt salt) {
  // SQLCipher takes a raw key as the text x'hex', with a salt of 16 bytes or without; it never derives anything from it
  // but the MAC key.
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t salt_size = 16;
  SecretBytes text((keys_.data_key.view().size() + (salt == Salt::of_key ? salt_size : 0)) * 2 + 3);
  std::span<std::uint8_t> out = text.writable();
  std::size_t at = 0;
  const auto put = [&](ByteView bytes) {
    for (const std::uint8_t byte : bytes) {
      out[at++] = static_cast<std::uint8_t>(digits[byte >> 4]);
      out[at++] = static_cast<std::uint8_t>(digits[byte & 15]);
    }
  };
  out[at++] = 'x';
  out[at++] = '\'';
  put(keys_.data_key.view());
  if (salt == Salt::of_key) put(derive(keys_.data_key, derivation::page_salt).view().first(salt_size));
  out[at] = '\'';
  const int code = sqlite3_key_v2(database_, "main", out.data(), static_cast<int>(out.size()));
  return code == SQLITE_OK ? Status(ok()) : Status(sqlite_failure(database_, code));
}

Status Connection::read_first_page() {
  auto statement = prepare("SELECT count(*) FROM sqlite_schema");
  if (!statement) {
    if (statement.error().code() == Errc::store_busy) return Errc::store_locked;
    if (statement.error().code() == Errc::internal) return Errc::store_corrupt;
    return statement.error();
  }
  const auto row = statement.assume_value().step();
  if (row) return ok();
  if (row.error().code() == Errc::store_busy) return Errc::store_locked;
  return row.error();
}

Status Connection::make_wal() {
  EC_TRYV(require("auto_vacuum", "0"));
  EC_TRY(mode, pragma("journal_mode=WAL"));
  return mode == "wal" ? Status(ok()) : Status(fail(Errc::io_error, "the file system does not carry WAL mode"));
}

Status Connection::require(std::string_view name, std::string_view expected) {
  EC_TRY(actual, setting(name));
  if (actual == expected) return ok();
  return fail(Errc::unsafe_sqlcipher, std::string(name) + " is '" + actual + "'");
}

Status Connection::harden() {
  EC_TRYV(configure());
  EC_TRYV(set_pragmas());
  EC_TRYV(set_limits());
  EC_TRYV(add_among(database_));
  const auto authorizer = [](void* self, int action, const char* first, const char* second, const char* database,
                             const char*) {
    return static_cast<Connection*>(self)->authorize(action, first, second, database);
  };
  if (sqlite3_set_authorizer(database_, authorizer, this) != SQLITE_OK) return Errc::unsafe_sqlcipher;
  // Also takes the place of SQLite's automatic checkpoint: only the leader of a group checkpoints.
  const auto count_pages = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Connection*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database_, count_pages, this);
  return ok();
}

Status Connection::configure() {
  const std::pair<int, int> switches[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
      // Plans do not depend on bound values: without it, many statements are compiled anew for each binding.
      {SQLITE_DBCONFIG_ENABLE_QPSG, 1},
  };
  for (const auto& [option, wanted] : switches) {
    int actual = -1;
    if (sqlite3_db_config(database_, option, wanted, &actual) != SQLITE_OK || actual != wanted)
      return fail(Errc::unsafe_sqlcipher, "a connection setting did not take");
  }
  return ok();
}

Status Connection::check_cipher() {
  EC_TRY(version, setting("cipher_version"));
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2 || major < 4 || (major == 4 && minor < 14))
    return fail(Errc::unsafe_sqlcipher, "SQLCipher " + version);
  EC_TRYV(require("cipher_provider", "openssl"));
  EC_TRYV(require("cipher_use_hmac", "1"));
  return require("cipher_page_size", std::to_string(page_size));
}

Status Connection::set_pragmas() {
  EC_TRYV(check_cipher());
  EC_TRYV(pragma("cell_size_check=1"));
  EC_TRYV(require("cell_size_check", "1"));
  EC_TRYV(pragma("mmap_size=0"));
  EC_TRY(mapped, pragma("mmap_size"));
  if (!mapped.empty() && mapped != "0") return fail(Errc::unsafe_sqlcipher, "mmap_size is not 0");
  EC_TRYV(pragma("secure_delete=1"));
  EC_TRYV(require("secure_delete", "1"));
  EC_TRYV(require("foreign_keys", "1"));
  EC_TRYV(pragma("temp_store=MEMORY"));
  EC_TRYV(require("temp_store", "2"));
  EC_TRYV(require("auto_vacuum", "0"));
  if (!options_.immutable) {
    EC_TRYV(require("journal_mode", "wal"));
  }
  EC_TRYV(pragma("synchronous=FULL"));
  EC_TRYV(require("synchronous", "2"));
  EC_TRYV(require("trusted_schema", "0"));
  EC_TRYV(pragma("cache_size=-" + std::to_string(std::max<std::int64_t>(options_.cache_bytes / 1024, 256))));
  if (!can_write()) {
    EC_TRYV(pragma("query_only=1"));
    EC_TRYV(require("query_only", "1"));
  }
  return ok();
}

Status Connection::set_limits() {
  for (const Limit& limit : limits) {
    sqlite3_limit(database_, limit.id, limit.value);
    if (sqlite3_limit(database_, limit.id, -1) > limit.value)
      return fail(Errc::unsafe_sqlcipher, "a limit did not take");
  }
  return ok();
}

int Connection::authorize(int action, const char* first, const char* second, const char* database) const {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT: return SQLITE_OK;
    case SQLITE_FUNCTION: return contains(functions_denied, view(second)) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA: return contains(pragmas_allowed, view(first)) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: {
      const std::string_view table = view(first);
      if (!can_write() || view(database) == "temp") return SQLITE_DENY;
      if (schema_changes_) return SQLITE_OK;
      if (table.starts_with("sqlite_")) return SQLITE_DENY;
      return table.starts_with("ec_") || armed_ ? SQLITE_OK : SQLITE_DENY;
    }
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_ALTER_TABLE:
    case SQLITE_ANALYZE:
    case SQLITE_REINDEX: return schema_changes_ && can_write() ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;  // ATTACH, DETACH, temporary objects, views, triggers, virtual tables
  }
}

Result<PreparedStatement*> Connection::compile(std::string_view sql, bool cached) {
  sqlite3_stmt* handle = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                      cached ? SQLITE_PREPARE_PERSISTENT : 0, &handle, &tail);
  if (code != SQLITE_OK) return sqlite_failure(database_, code);
  if (handle == nullptr || tail != sql.data() + sql.size()) {
    sqlite3_finalize(handle);
    return fail(Errc::internal, "exactly one SQL statement is expected");
  }
  if (!cached) return new PreparedStatement{handle, true, false};
  cache_.push_front({std::string(sql), {handle, true, true}});
  cache_index_.emplace(cache_.front().sql, cache_.begin());
  return &cache_.front().statement;
}

void Connection::trim_cache() {
  while (cache_.size() > statement_cache_max) {
    CacheEntry& oldest = cache_.back();
    if (oldest.statement.in_use) return;
    sqlite3_finalize(oldest.statement.handle);
    cache_index_.erase(oldest.sql);
    cache_.pop_back();
  }
}

Result<const SecretBytes*> Connection::tenant_key(const Uuid& organization, ByteView wrapped) {
  for (const OpenedTenantKey& opened : tenant_keys_)
    if (opened.organization == organization &&
        std::equal(opened.wrapped.begin(), opened.wrapped.end(), wrapped.begin(), wrapped.end()))
      return &opened.key;
  EC_TRY(key, unwrap_tenant_key(keys_.root_key, organization, wrapped));
  tenant_keys_.push_front({organization, Bytes(wrapped.begin(), wrapped.end()), std::move(key)});
  if (tenant_keys_.size() > opened_keys_max) tenant_keys_.pop_back();
  return &tenant_keys_.front().key;
}

std::shared_ptr<const SecretBytes> Connection::opened_key(ByteView sealed) const {
  for (const OpenedKey& opened : opened_keys_)
    if (std::equal(opened.sealed.begin(), opened.sealed.end(), sealed.begin(), sealed.end())) return opened.key;
  return nullptr;
}

void Connection::keep_opened_key(ByteView sealed, std::shared_ptr<const SecretBytes> key) {
  opened_keys_.push_front({Bytes(sealed.begin(), sealed.end()), std::move(key)});
  if (opened_keys_.size() > opened_keys_max) opened_keys_.pop_back();
}

Result<Statement> Connection::prepare(std::string_view sql) {
  const auto found = cache_index_.find(sql);
  if (found == cache_index_.end()) {
    EC_TRY(prepared, compile(sql, true));
    trim_cache();
    return Statement(database_, prepared);
  }
  PreparedStatement& cached = found->second->statement;
  if (cached.in_use) {
    EC_TRY(prepared, compile(sql, false));
    return Statement(database_, prepared);
  }
  cache_.splice(cache_.begin(), cache_, found->second);
  cached.in_use = true;
  return Statement(database_, &cached);
}

Status Connection::run(std::string_view sql) {
  EC_TRY(statement, prepare(sql));
  return statement.run();
}

Status Connection::execute(std::string_view sql) {
  EC_TRY(prepared, compile(sql, false));
  return Statement(database_, prepared).run();
}

Result<std::string> Connection::pragma(std::string_view text) {
  EC_TRY(prepared, compile("PRAGMA " + std::string(text), false));
  Statement statement(database_, prepared);
  EC_TRY(row, statement.step());
  return row ? std::string(statement.text(0)) : std::string();
}

// SQLCipher makes its answers of memory; where there is none it answers nothing and says no error.
Result<std::string> Connection::setting(std::string_view name) {
  EC_TRY(answer, pragma(name));
  if (answer.empty() && sqlite3_compileoption_used("HAS_CODEC") == 1) return Errc::out_of_memory;
  return answer;
}

Result<std::optional<Sentinel>> Connection::find_sentinel() {
  {
    EC_TRY(tables, prepare("SELECT count(*), sum(name = 'ec_sentinel') FROM sqlite_schema"));
    EC_TRYV(tables.step());
    if (tables.integer(0) == 0) return std::optional<Sentinel>();
    if (tables.integer(1) != 1) return Errc::not_a_store;
  }
  EC_TRY(found, sentinel());
  return std::optional<Sentinel>(found);
}

Result<Sentinel> Connection::sentinel() {
  EC_TRY(statement, prepare("SELECT store_id, commits, store_seq, heads FROM ec_sentinel WHERE id = 1"));
  EC_TRY(row, statement.step());
  if (!row) return Errc::store_corrupt;
  Sentinel found{statement.uuid(0), statement.integer(1), statement.integer(2), {}};
  const ByteView heads = statement.blob(3);
  if (heads.size() != found.heads.size()) return Errc::store_corrupt;
  std::copy(heads.begin(), heads.end(), found.heads.begin());
  commits_seen_ = std::max(commits_seen_, found.commits);
  return found;
}

Status Connection::write_sentinel(const Sentinel& sentinel) {
  EC_TRY(statement, prepare("UPDATE ec_sentinel SET commits = ?, store_seq = ?, heads = ? WHERE id = 1"));
  return statement.bind(sentinel.commits).bind(sentinel.store_seq).bind(ByteView(sentinel.heads)).run();
}

// SQLCipher hands out a zeroed page as good and remembers the error: only these three together see it at once. The
// sentinel read fails when its page has to be fetched again, a connection turns read-only when the bad page came in
// outside a write transaction, and cipher_status tells the remembered error itself (it is evaluated while preparing,
// so it cannot be cached).
Status Connection::guard() {
  const auto found = sentinel();
  if (!found) {
    const Errc code = found.error().code();
    return code == Errc::out_of_memory || code == Errc::io_error ? Status(found.error()) : Status(Errc::store_corrupt);
  }
  if (found.assume_value().store_id != keys_.store_id) return Errc::store_corrupt;
  if (!options_.read_only && sqlite3_db_readonly(database_, "main") != 0) return Errc::store_corrupt;
  const auto status = setting("cipher_status");
  if (!status) return status.error().code() == Errc::out_of_memory ? Errc::out_of_memory : Errc::store_corrupt;
  return status.assume_value() == "1" ? Status(ok()) : Status(Errc::store_corrupt);
}

void Connection::checkpoint_on_close(bool on) {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

void Connection::set_patience(std::int64_t wait_us) {
  const std::int64_t most = std::numeric_limits<int>::max();
  sqlite3_busy_timeout(database_, static_cast<int>(std::min(wait_us / 1000, most)));
}

// Whoever waited here for readers of other processes would keep all writers waiting meanwhile.
Result<Connection::Checkpoint> Connection::checkpoint(bool truncate) {
  Checkpoint result;
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  set_patience(0);
  const int code = sqlite3_wal_checkpoint_v2(database_, "main", mode, &result.log_frames, &result.done_frames);
  set_patience(options_.busy_timeout_us);
  if (code != SQLITE_OK) return sqlite_failure(database_, code);
  if (truncate || result.log_frames <= result.done_frames) wal_pages_ = 0;
  return result;
}

Status check_sqlcipher() {
  static const int settled = ecsql_settle_in_process();
  if (settled != SQLITE_OK) return fail(Errc::unsafe_sqlcipher, "SQLCipher does not start");
  if (sqlite3_libversion_number() < 3051003 || sqlite3_libversion_number() != SQLITE_VERSION_NUMBER)
    return fail(Errc::unsafe_sqlcipher, std::string("SQLite ") + sqlite3_libversion());
  for (const char* option : {"HAS_CODEC", "TEMP_STORE=3", "OMIT_LOAD_EXTENSION", "OMIT_SHARED_CACHE", "DQS=0"})
    if (sqlite3_compileoption_used(option) == 0)
      return fail(Errc::unsafe_sqlcipher, std::string("built without ") + option);
  if (sqlite3_threadsafe() == 0) return fail(Errc::unsafe_sqlcipher, "built without mutexes");
  return ok();
}

}  // namespace eventcore::store
