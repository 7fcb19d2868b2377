// What SQLite answers is told in the engine's words, and no other.
#include "store/statement.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace eventcore::store {
namespace {

TEST(StatementTest, EveryKindOfFailureHasItsWord) {
  const std::pair<int, Errc> told[] = {
      {SQLITE_NOMEM, Errc::out_of_memory},
      {SQLITE_IOERR_NOMEM, Errc::out_of_memory},
      {SQLITE_FULL, Errc::disk_full},
      {SQLITE_IOERR_SHMSIZE, Errc::disk_full},
      {SQLITE_BUSY, Errc::store_busy},
      {SQLITE_BUSY_SNAPSHOT, Errc::store_busy},
      {SQLITE_LOCKED, Errc::store_busy},
      {SQLITE_IOERR_WRITE, Errc::io_error},
      {SQLITE_CANTOPEN, Errc::io_error},
      {SQLITE_PROTOCOL, Errc::io_error},
      {SQLITE_CORRUPT, Errc::store_corrupt},
      {SQLITE_NOTADB, Errc::store_corrupt},
      {SQLITE_IOERR_CORRUPTFS, Errc::store_corrupt},
      {SQLITE_IOERR_DATA, Errc::store_corrupt},
      {SQLITE_READONLY_DBMOVED, Errc::read_only},
      {SQLITE_TOOBIG, Errc::request_too_large},
      {SQLITE_MISUSE, Errc::internal},
  };
  for (const auto& [code, expected] : told)
    EXPECT_EQ(sqlite_failure(nullptr, code).code(), expected) << sqlite3_errstr(code);
}

}  // namespace
}  // namespace eventcore::store
