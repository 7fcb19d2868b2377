#include "store/statement.hpp"

#include <algorithm>
#include <string>

namespace eventcore::store {

Failure sqlite_failure(sqlite3* database, int code) {
  if (code == SQLITE_IOERR_NOMEM) return Errc::out_of_memory;
  if (code == SQLITE_IOERR_SHMSIZE) return Errc::disk_full;  // no room for the shared memory
  if (code == SQLITE_IOERR_CORRUPTFS || code == SQLITE_IOERR_DATA) return Errc::store_corrupt;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::store_busy;
    case SQLITE_NOMEM: return Errc::out_of_memory;
    case SQLITE_FULL: return Errc::disk_full;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL: return Errc::io_error;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::store_corrupt;
    case SQLITE_READONLY: return Errc::read_only;
    case SQLITE_TOOBIG: return Errc::request_too_large;
    default: break;
  }
  // The text names tables and constraints, never values: every value is bound.
  return fail(Errc::internal, database == nullptr ? std::string(sqlite3_errstr(code)) : sqlite3_errmsg(database));
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      prepared_(other.prepared_),
      next_parameter_(other.next_parameter_),
      code_(other.code_) {
  other.prepared_ = nullptr;
}

Statement::~Statement() {
  if (prepared_ == nullptr) return;
  if (!prepared_->cached) {
    sqlite3_finalize(prepared_->handle);
    delete prepared_;
    return;
  }
  sqlite3_reset(prepared_->handle);
  sqlite3_clear_bindings(prepared_->handle);
  prepared_->in_use = false;
}

void Statement::note(int code) {
  if (code_ == SQLITE_OK) code_ = code;
}

Statement& Statement::bind(std::int64_t number) {
  note(sqlite3_bind_int64(prepared_->handle, next_parameter_++, number));
  return *this;
}

Statement& Statement::bind(const Uuid& id) {
  return bind(ByteView(id.bytes));
}

// Copies: a statement outlives the expressions it is bound from. Empty views may have no address; SQLite would read
// that as NULL.
Statement& Statement::bind(std::string_view text) {
  note(sqlite3_bind_text64(prepared_->handle, next_parameter_++, text.empty() ? "" : text.data(), text.size(),
                           SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(ByteView bytes) {
  note(sqlite3_bind_blob64(prepared_->handle, next_parameter_++,
                           bytes.empty() ? static_cast<const void*>("") : bytes.data(), bytes.size(),
                           SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null() {
  note(sqlite3_bind_null(prepared_->handle, next_parameter_++));
  return *this;
}

Statement& Statement::bind_lent(const Value& value) {
  const auto lend = [&](ByteView bytes) {
    note(sqlite3_bind_blob64(prepared_->handle, next_parameter_++,
                             bytes.empty() ? static_cast<const void*>("") : bytes.data(), bytes.size(), SQLITE_STATIC));
  };
  if (value.is_uuid()) {
    lend(ByteView(value.uuid().bytes));
  } else if (value.is_bytes()) {
    lend(ByteView(value.bytes()));
  } else if (value.is_text()) {
    const std::string& text = value.text();
    note(sqlite3_bind_text64(prepared_->handle, next_parameter_++, text.data(), text.size(), SQLITE_STATIC,
                             SQLITE_UTF8));
  } else if (value.is_integer()) {
    bind(value.integer());
  } else {
    if (value.is_unread()) note(SQLITE_MISUSE);
    bind_null();
  }
  return *this;
}

void Statement::reset() {
  sqlite3_reset(prepared_->handle);
  next_parameter_ = 1;
  code_ = SQLITE_OK;
}

Result<bool> Statement::step() {
  if (code_ != SQLITE_OK && code_ != SQLITE_ROW) return sqlite_failure(database_, code_);
  code_ = sqlite3_step(prepared_->handle);
  if (code_ == SQLITE_ROW) return true;
  if (code_ == SQLITE_DONE) return false;
  return sqlite_failure(database_, code_);
}

Status Statement::run() {
  while (true) {
    EC_TRY(row, step());
    if (!row) return ok();
  }
}

bool Statement::is_null(int column) const {
  return storage_class(column) == SQLITE_NULL;
}
int Statement::storage_class(int column) const {
  return sqlite3_column_type(prepared_->handle, column);
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(prepared_->handle, column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(prepared_->handle, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(prepared_->handle, column))};
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(prepared_->handle, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(prepared_->handle, column))};
}

Uuid Statement::uuid(int column) const {
  Uuid id;
  const ByteView bytes = blob(column);
  if (bytes.size() == id.bytes.size()) std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

}  // namespace eventcore::store
