// Statement: one run of one prepared SQL text on one connection; given back to the connection's cache when it ends.
// Invariants: values are always bound, never spliced into SQL; a bind that failed surfaces at the next step.
// Thread: the thread that holds the connection.
#pragma once

#include <ecsql.h>

#include <cstdint>
#include <string_view>

#include <eventcore/result.hpp>
#include "base/bytes.hpp"
#include "base/uuid.hpp"
#include "schema/value.hpp"

namespace eventcore::store {

// What an SQLite result code means to a caller. Constraint codes are translated by the writer, which knows the table.
Failure sqlite_failure(sqlite3* database, int code);

// A cached statement; `in_use` keeps a nested run of the same text from sharing the cursor.
struct PreparedStatement {
  sqlite3_stmt* handle = nullptr;
  bool in_use = false;
  bool cached = true;
};

class Statement {
 public:
  Statement(sqlite3* database, PreparedStatement* prepared) : database_(database), prepared_(prepared) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Binds the next parameter, left to right.
  Statement& bind(std::int64_t number);
  Statement& bind(const Uuid& id);
  Statement& bind(std::string_view text);
  Statement& bind(ByteView bytes);
  Statement& bind_null();
  Statement& bind_lent(const Value& value);  // no copy: the value outlives the statement

  void reset();  // to run again with other values

  Result<bool> step();                              // whether there is a row
  Status run();                                     // to the end, rows thrown away
  [[nodiscard]] int code() const { return code_; }  // extended result code of the last bind or step

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] int storage_class(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  // until the next step
  [[nodiscard]] ByteView blob(int column) const;          // until the next step
  [[nodiscard]] Uuid uuid(int column) const;              // nil unless it is 16 bytes

 private:
  void note(int code);

  sqlite3* database_;
  PreparedStatement* prepared_;
  int next_parameter_ = 1;
  int code_ = SQLITE_OK;
};

}  // namespace eventcore::store
