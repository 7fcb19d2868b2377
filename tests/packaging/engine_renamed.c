/* The engine's SQLCipher itself, under its renamed symbols. */
#include "engine.h"

#include <ecsql.h>
#include <stddef.h>
#include <string.h>

static const char raw_key[] = "x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'";

static sqlite3* open_with_key(const char* path) {
  sqlite3* db = NULL;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
      sqlite3_key(db, raw_key, (int)strlen(raw_key)) != SQLITE_OK) {
    sqlite3_close(db);
    return NULL;
  }
  return db;
}

int engine_write(const char* path, const char* marker) {
  sqlite3* db = open_with_key(path);
  char* sql;
  int result;
  if (!db) return 1;
  sql = sqlite3_mprintf("PRAGMA journal_mode=WAL; CREATE TABLE t(x TEXT) STRICT; INSERT INTO t VALUES(%Q)", marker);
  result = sqlite3_exec(db, sql, NULL, NULL, NULL);
  sqlite3_free(sql);
  if (sqlite3_close(db) != SQLITE_OK) return 1;
  return result;
}

int engine_holds(const char* path, const char* marker) {
  sqlite3* db = open_with_key(path);
  sqlite3_stmt* statement = NULL;
  int found = 0;
  if (!db) return 0;
  if (sqlite3_prepare_v2(db, "SELECT count(*) FROM t WHERE x = ?1", -1, &statement, NULL) == SQLITE_OK) {
    sqlite3_bind_text(statement, 1, marker, -1, SQLITE_STATIC);
    found = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == 1;
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return found;
}

const char* engine_sqlite_version(void) {
  return sqlite3_libversion();
}
