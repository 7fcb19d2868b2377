/* What host.c asks of the engine's side. It lies in a source file of its own because that side may see ecsql.h. */
#ifndef EVENTCORE_TESTS_PACKAGING_ENGINE_H
#define EVENTCORE_TESTS_PACKAGING_ENGINE_H

/* 0: stored in a new encrypted file at path. */
int engine_write(const char *path, const char *marker);

/* 1: found again after opening the file anew. */
int engine_holds(const char *path, const char *marker);

/* Version of the SQLite inside the engine, or NULL where the library hides it. */
const char *engine_sqlite_version(void);

#endif
