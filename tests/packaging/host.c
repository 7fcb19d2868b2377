/* A host with an SQLite of its own. It works with both, then looks at the engine's files byte by byte. */
#include "engine.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKER "MARKER-b6f1-the-host-must-never-read-this"

static int failures = 0;

static void expect(int holds, const char* claim) {
  if (!holds) {
    fprintf(stderr, "host: this does not hold: %s\n", claim);
    ++failures;
  }
}

static int count_rows(void* count, int columns, char** values, char** names) {
  (void)columns, (void)values, (void)names;
  ++*(int*)count;
  return 0;
}

/* The host's own SQLite: the version its header promised, and no cipher in it. */
static void use_own_sqlite(const char* folder) {
  char path[4096];
  sqlite3* db = NULL;
  int ciphers = 0, rows = 0;
  snprintf(path, sizeof path, "%s/host.db", folder);
  expect(strcmp(sqlite3_libversion(), SQLITE_VERSION) == 0, "the host's calls reach the host's SQLite");
  expect(strcmp(sqlite3_sourceid(), SQLITE_SOURCE_ID) == 0, "and the very build of its header");
  expect(sqlite3_open(path, &db) == SQLITE_OK, "the host opens its own file");
  expect(sqlite3_exec(db, "PRAGMA cipher_version", count_rows, &ciphers, NULL) == SQLITE_OK && ciphers == 0,
         "the host's SQLite knows no cipher");
  expect(sqlite3_exec(db, "CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES('" MARKER "')", NULL, NULL, NULL) ==
             SQLITE_OK,
         "the host writes its own file");
  expect(sqlite3_exec(db, "SELECT x FROM t", count_rows, &rows, NULL) == SQLITE_OK && rows > 0, "and reads it");
  sqlite3_close(db);
}

/* Does the file hold the marker? Files here are small enough to be read whole. */
static int file_holds_marker(const char* path) {
  FILE* file = fopen(path, "rb");
  char* bytes = NULL;
  size_t size = 0, got, i;
  int found = 0;
  if (!file) return 0;
  bytes = malloc((size_t)1 << 26);
  if (!bytes) abort();
  while ((got = fread(bytes + size, 1, ((size_t)1 << 26) - size, file)) > 0) size += got;
  for (i = 0; i + strlen(MARKER) <= size && !found; ++i) found = memcmp(bytes + i, MARKER, strlen(MARKER)) == 0;
  free(bytes);
  fclose(file);
  return found;
}

static int files_named(const char* folder, const char* prefix, int with_marker) {
  DIR* dir = opendir(folder);
  struct dirent* entry;
  int count = 0;
  if (!dir) return -1;
  while ((entry = readdir(dir)) != NULL) {
    char path[4096];
    if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= sizeof path) return -1;
    if (!with_marker || file_holds_marker(path)) ++count;
  }
  closedir(dir);
  return count;
}

int main(int argc, char** argv) {
  char path[4096];
  if (argc != 2) return 2;
  snprintf(path, sizeof path, "%s/engine.ecdb", argv[1]);

  use_own_sqlite(argv[1]);
  expect(engine_write(path, MARKER) == 0, "the engine stores the marker");
  use_own_sqlite(argv[1]);
  expect(engine_holds(path, MARKER) == 1, "the engine finds the marker again");
  if (engine_sqlite_version())
    expect(strcmp(engine_sqlite_version(), sqlite3_libversion()) != 0, "engine and host run different SQLites");

  expect(files_named(argv[1], "engine.ecdb", 0) >= 1, "the engine's files exist");
  expect(files_named(argv[1], "engine.ecdb", 1) == 0, "no file of the engine shows the marker");
  expect(files_named(argv[1], "host.db", 1) == 1, "the host's own file does show it, so the search works");
  if (failures == 0)
    printf("host SQLite %s, engine SQLite %s: each its own\n", sqlite3_libversion(),
           engine_sqlite_version() ? engine_sqlite_version() : "hidden");
  return failures == 0 ? 0 : 1;
}
