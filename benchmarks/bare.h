/* The hand-written peer: what a C programmer writes who needs exactly these things and nothing else. Sales and
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
typedef char bare_id[37];
typedef struct bare_store bare_store;
typedef struct bare_reader bare_reader;

typedef struct bare_api {
  const char *(*version)(void);
  /* NULL when the store cannot be made; standard error says why. The last category is at an event of its own. */
  bare_store *(*make)(const char *path, const char *schema_sql, int categories, int places);
  void (*close)(bare_store *store);
  /* 1 when sold, 0 when refused, -1 when it failed. `names` of the visitors and where to put the codes of their
   * tickets: each may be NULL. */
  int (*sell)(bare_store *store, int category, int quantity, const char *const *names, bare_code *codes);
  int (*order_online)(bare_store *store, int category); /* and pay */
  int (*import_rows)(bare_store *store, const char *const *names, int count);
  /* 1 when admitted, 0 when not, -1 when it failed. */
  int (*check_in)(bare_store *store, const char *code);
  bare_reader *(*reader)(bare_store *store);
  void (*close_reader)(bare_reader *reader);
  /* The rows as JSON text, which the reader keeps; how many there were, or -1. */
  int (*read_event)(bare_reader *reader, const char **json);
  int (*list_tickets)(bare_reader *reader, int category, int limit, const char **json);
  /* The tickets after the id in `after`, "": from the first; the id of the last goes there. */
  int (*page)(bare_reader *reader, int category, bare_id after, int limit, const char **json);
  /* Visitors of the last category's event by the beginning of a word of their names, in small letters. */
  int (*search)(bare_reader *reader, const char *prefix, int limit, const char **json);
  long long (*report)(bare_reader *reader); /* of that event: how many tickets it has sold */
  /* How many changes there are after `since`, which goes to the last of them. */
  int (*changes)(bare_reader *reader, long long *since, int limit);
  /* A number out of the store; `category` is bound to every parameter there is, -1: none. */
  long long (*number)(bare_store *store, const char *sql, int category);
  /* Recomputes the audit chain: the number of good entries, or -1. */
  long long (*verify)(bare_store *store);
  /* The number of bytes of the copy, or -1. */
  long long (*back_up)(bare_store *store, const char *path);
} bare_api;

const bare_api *bare_sqlcipher_api(void);
const bare_api *bare_sqlite_api(void);

#ifdef __cplusplus
}
#endif

#endif
