/* The hand-written peer: what a C programmer writes who needs exactly these four things and nothing else. Sales and
 * check-ins leave the same rows in the same tables with the same indexes as the engine (docs/reference/schema.sql), the
 * same chained audit entries, the same feed rows, the same signed ticket codes, the same durable commits in groups.
 * There is one program, one tenant, one seller, no policy beyond a look at the user's role, and no second thought.
 *
 * bare.c is compiled twice: against the engine's SQLCipher, and against the system's SQLite, without cipher. */
#ifndef BARE_H
#define BARE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { BARE_CODE_LENGTH = 200 };

typedef char bare_code[BARE_CODE_LENGTH + 1];
typedef struct bare_store bare_store;
typedef struct bare_reader bare_reader;

typedef struct bare_api {
  const char *(*version)(void);
  /* NULL when the store cannot be made; standard error says why. */
  bare_store *(*make)(const char *path, const char *schema_sql, int categories, int places);
  void (*close)(bare_store *store);
  /* 1 when sold, 0 when refused, -1 when it failed. The codes of the tickets go to `codes`, if that is not NULL. */
  int (*sell)(bare_store *store, int category, int quantity, bare_code *codes);
  /* 1 when admitted, 0 when not, -1 when it failed. */
  int (*check_in)(bare_store *store, const char *code);
  bare_reader *(*reader)(bare_store *store);
  void (*close_reader)(bare_reader *reader);
  /* The rows as JSON text, which the reader keeps; how many there were, or -1. */
  int (*read_event)(bare_reader *reader, const char **json);
  int (*list_tickets)(bare_reader *reader, int category, int limit, const char **json);
  /* A number out of the store; `category` is bound to every parameter there is, -1: none. */
  long long (*number)(bare_store *store, const char *sql, int category);
  /* Recomputes the audit chain: the number of good entries, or -1. */
  long long (*verify)(bare_store *store);
} bare_api;

const bare_api *bare_sqlcipher_api(void);
const bare_api *bare_sqlite_api(void);

#ifdef __cplusplus
}
#endif

#endif
