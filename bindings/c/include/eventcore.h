/* eventcore: an embedded engine for event management on one encrypted store. This header is its whole C surface.
 *
 * A host opens a store, opens a session on it for a principal (who acts), and makes calls:
 *
 *     ec_open_options options = EC_OPEN_OPTIONS_INIT;
 *     options.path = "festival.ecdb";
 *     options.path_length = strlen(options.path);
 *     options.key_kind = EC_OPEN_KEY_RAW;
 *     options.key = key, options.key_length = 32;
 *     options.flags = EC_OPEN_CREATE;
 *     ec_engine_open(&options, &engine, &error);
 *     ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"set-up\"}"), &session, &error);
 *     ec_call(session, EC_TEXT("create_organization"), arguments, strlen(arguments), &reply, &error);
 *
 * Commands, tables and columns are data: JSON goes in, JSON comes out. New ones add constants to eventcore_codes.h
 * and pages to docs/reference, never functions here.
 *
 * Conventions, said once:
 *
 * 1. Text is a pointer and a length in bytes, UTF-8; no terminating NUL is needed on the way in, and what comes out
 *    has one behind its last byte that no length counts. A text that is needed may be empty, but not NULL. Texts above
 *    4 MiB are refused (EC_E_REQUEST_TOO_LARGE).
 * 2. Fallible functions return ec_status: EC_OK or one of EC_E_*, whose thousands say who must act. Their last
 *    parameter is error_out. It may be NULL; otherwise it is NULL after success, and after a failure it is an ec_error
 *    that the caller frees with ec_error_free. Nothing is remembered between calls.
 * 3. Results come through *_out parameters, which must not be NULL. After a failure they hold NULL or 0, always.
 * 4. What an *_out gives belongs to the caller: close engines and sessions, free the rest. Freeing NULL does nothing;
 *    freeing or closing twice is harmless.
 * 5. A handle is no address. Nothing is read through it, so a closed one answers EC_E_CLOSED, one of another kind or
 *    made up EC_E_INVALID_HANDLE, and in a child process one from before fork() EC_E_FORKED: the child opens its own.
 *    Fork while no other thread is inside a call: what such a thread holds of the C library or OpenSSL stays held.
 * 6. Children hold their parent. Engines, sessions and the rest may be closed in any order; after the engine is closed
 *    its sessions answer EC_E_CLOSED until they are closed too.
 * 7. Options structs begin with their size, which EC_..._INIT sets; all other members at zero are the defaults. Members
 *    are only ever added at the end. A library refuses a longer struct whose unknown tail is not zero
 *    (EC_E_BAD_STRUCT_SIZE), so it never ignores a wish. A struct pointer may be NULL where the function says so.
 * 8. Times are microseconds: points in time since 1970-01-01T00:00:00Z, durations as they are. Ids are text, as
 *    "018f3a5e-....".
 * 9. The engine starts no thread and calls nothing back: changes and log lines are pulled.
 *
 * Any fallible function may also answer EC_E_NULL_ARGUMENT, EC_E_CLOSED, EC_E_INVALID_HANDLE, EC_E_FORKED,
 * EC_E_OUT_OF_MEMORY and EC_E_INTERNAL; one that takes a text also EC_E_REQUEST_TOO_LARGE; one whose text is JSON also
 * EC_E_INVALID_JSON; one that takes an options struct also EC_E_BAD_STRUCT_SIZE, EC_E_INVALID_ARGUMENT and
 * EC_E_REQUEST_TOO_LARGE; one that takes ec_call_options also EC_E_INVALID_IDEMPOTENCY_KEY, EC_E_IDEMPOTENCY_MISMATCH
 * and EC_E_DEADLINE_EXCEEDED; one of a session also EC_E_CONCURRENT_USE (a second thread is inside),
 * EC_E_UNAUTHENTICATED (the principal is not valid now), EC_E_TRANSACTION_TENANT and EC_E_TRANSACTION_EXPIRED (in a
 * transaction) and the store's errors (6xxx). What is said below names what is special to the function;
 * docs/reference/errors.md explains each code.
 *
 * Nothing here is frozen before release 1.0; what changes is listed in CHANGELOG.md and raises EC_ABI_VERSION. */
#ifndef EVENTCORE_H
#define EVENTCORE_H

#include <stddef.h>
#include <stdint.h>

#include "eventcore_codes.h"

#if defined(EC_BUILDING) && defined(__GNUC__)
#define EC_API __attribute__((visibility("default")))
#else
#define EC_API
#endif

#ifdef __cplusplus
#define EC_NOEXCEPT noexcept
extern "C" {
#else
#define EC_NOEXCEPT
#endif

/* The surface this header describes; compare with ec_abi_version(). */
#define EC_ABI_VERSION 1

/* The two arguments of a text parameter for a string literal: ec_call(session, EC_TEXT("check_in"), ...). */
#define EC_TEXT(literal) ("" literal), (sizeof(literal) - 1)

/* EC_OK or EC_E_* (eventcore_codes.h). */
typedef int32_t ec_status;

typedef struct ec_engine ec_engine;   /* an open store */
typedef struct ec_session ec_session; /* a principal on an engine */
typedef struct ec_pending ec_pending; /* a submitted call */
typedef struct ec_bytes ec_bytes;     /* a result: immutable text */
typedef struct ec_error ec_error;     /* why something failed: immutable */

/* ---- versions ---------------------------------------------------------------------------------------------------- */

/* The surface this library has, to be compared with EC_ABI_VERSION. Any thread. Since 0.1. */
EC_API int32_t ec_abi_version(void) EC_NOEXCEPT;

/* Release, store format and the libraries inside, as a JSON object.
 * Outcomes: EC_OK. Owner: the caller frees *version_out. Any thread. Since 0.1. */
EC_API ec_status ec_version(ec_bytes **version_out, ec_error **error_out) EC_NOEXCEPT;

/* All tables, columns, enumerations, commands and errors as a JSON object; what bindings generate their types from.
 * Outcomes: EC_OK. Owner: the caller frees *schema_out. Any thread. Since 0.1. */
EC_API ec_status ec_schema(ec_bytes **schema_out, ec_error **error_out) EC_NOEXCEPT;

/* How many handles of this process are neither closed nor freed; zero says that a host leaks none.
 * Any thread. Since 0.1. */
EC_API int64_t ec_handles_live(void) EC_NOEXCEPT;

/* ---- engine ------------------------------------------------------------------------------------------------------ */

/* Values of ec_open_options.key_kind. */
#define EC_OPEN_KEY_RAW 1           /* 32 bytes */
#define EC_OPEN_KEY_PASSPHRASE 2    /* text, stretched with Argon2id: takes a moment and 64 MiB */
#define EC_OPEN_KEY_RECOVERY_CODE 3 /* text that ec_engine_add_recovery_code gave; opens, does not create */

/* Bits of ec_open_options.flags. */
#define EC_OPEN_CREATE 1      /* make the store when it is absent */
#define EC_OPEN_CREATE_NEW 2  /* make the store; EC_E_STORE_EXISTS when it is present */
#define EC_OPEN_READ_ONLY 4   /* writes answer EC_E_READ_ONLY; works on a medium that takes no files */
#define EC_OPEN_ACCEPT_LOSS 8 /* open although commits are known to be lost; this is recorded */
#define EC_OPEN_TEST_CLOCK 16 /* time stands still until ec_engine_clock_set moves it */

/* Values of ec_open_options.jwt_algorithm; a token never chooses its own. */
#define EC_JWT_HS256 1 /* jwt_key: the secret shared with the issuer, at least 32 bytes */
#define EC_JWT_EDDSA 2 /* jwt_key: the issuer's Ed25519 public key, 32 bytes */

typedef struct ec_open_options {
  size_t struct_size;      /* EC_OPEN_OPTIONS_INIT sets it */
  const char *path;        /* NAME.ecdb; its side files lie beside it */
  size_t path_length;
  const void *key;         /* copied into guarded memory; the caller wipes its own */
  size_t key_length;
  int32_t key_kind;        /* EC_OPEN_KEY_* */
  uint32_t flags;          /* EC_OPEN_*, or-ed */
  int64_t cache_bytes;     /* page cache for writing; as much again is shared by readers; 0: 64 MiB */
  int64_t busy_timeout_us; /* longest wait for the write turn of another process; 0: 10 s */
  int32_t jwt_algorithm;   /* EC_JWT_*; 0: sessions of kind "jwt" are refused */
  int32_t jwt_emails_are_verified; /* 1: the issuer vouches for every e-mail address it names; 0: email_verified says */
  const void *jwt_key;     /* copied into guarded memory */
  size_t jwt_key_length;
  const char *jwt_audience; /* compared with `aud`; NULL: not compared */
  size_t jwt_audience_length;
  const char *jwt_issuer;   /* compared with `iss`; NULL: not compared */
  size_t jwt_issuer_length;
} ec_open_options;

#define EC_OPEN_OPTIONS_INIT \
  { sizeof(ec_open_options), NULL, 0, NULL, 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL, 0, NULL, 0 }

/* Opens the store at options->path, or creates it where the flags say so. A refused file is left untouched.
 * Outcomes: EC_OK; EC_E_INVALID_ARGUMENT (path, flags, key_kind or a number), EC_E_BAD_STRUCT_SIZE, EC_E_INVALID_KEY,
 * EC_E_KEY_REQUIRED, EC_E_WRONG_KEY, EC_E_STORE_NOT_FOUND, EC_E_STORE_EXISTS, EC_E_NOT_A_STORE, EC_E_STORE_NEWER,
 * EC_E_STORE_LOCKED, EC_E_STORE_CORRUPT, EC_E_KEY_SLOTS_TAMPERED, EC_E_ANCHOR_TAMPERED, EC_E_COMMITS_LOST,
 * EC_E_IO_ERROR and the like.
 * Owner: the caller closes *engine_out. Any thread. Since 0.1. */
EC_API ec_status ec_engine_open(const ec_open_options *options, ec_engine **engine_out,
                                ec_error **error_out) EC_NOEXCEPT;

/* Writes the log into the store, closes the store and gives the handle back; sessions answer EC_E_CLOSED from here on.
 * NULL is fine. Outcomes: EC_OK; with EC_E_IO_ERROR and the like the handle is closed all the same, and everything that
 * was answered as committed stays so. Any thread. Since 0.1. */
EC_API ec_status ec_engine_close(ec_engine *engine, ec_error **error_out) EC_NOEXCEPT;

/* Queue, commits, sizes, oldest reader, how far the anchor lags, the reserve for a full disk and whether the disk was
 * full at the last write (disk_full, 0 or 1): a JSON object of integers.
 * Outcomes: EC_OK. Owner: the caller frees *stats_out. Any thread. Since 0.1. */
EC_API ec_status ec_engine_stats(ec_engine *engine, ec_bytes **stats_out, ec_error **error_out) EC_NOEXCEPT;

/* Takes at most lines_max log lines from the engine, oldest first: a JSON array. Lines wait until they are taken; of
 * more than 1,024 the oldest go. They hold no secrets and no personal data.
 * Outcomes: EC_OK; EC_E_INVALID_ARGUMENT (lines_max below 0). Owner: the caller frees *lines_out. Any thread.
 * Since 0.1. */
EC_API ec_status ec_engine_logs(ec_engine *engine, int64_t lines_max, ec_bytes **lines_out,
                                ec_error **error_out) EC_NOEXCEPT;

/* Sets the time of an engine opened with EC_OPEN_TEST_CLOCK.
 * Outcomes: EC_OK; EC_E_CLOCK_NOT_SETTABLE. Any thread. Since 0.1. */
EC_API ec_status ec_engine_clock_set(ec_engine *engine, int64_t now_us, ec_error **error_out) EC_NOEXCEPT;

/* The engine's time: the system's, or what ec_engine_clock_set said last.
 * Outcomes: EC_OK. Any thread. Since 0.1. */
EC_API ec_status ec_engine_clock_now(ec_engine *engine, int64_t *now_us_out, ec_error **error_out) EC_NOEXCEPT;

/* Adds a further way to open the store: a code to print and lock away. It is shown this once.
 * Outcomes: EC_OK; EC_E_INVALID_ARGUMENT (a store has room for 16 keys), EC_E_READ_ONLY, EC_E_IO_ERROR,
 * EC_E_DISK_FULL. Owner: the caller frees *code_out, which wipes it. Any thread. Since 0.1. */
EC_API ec_status ec_engine_add_recovery_code(ec_engine *engine, ec_bytes **code_out, ec_error **error_out) EC_NOEXCEPT;

/* ---- session ----------------------------------------------------------------------------------------------------- */

/* Opens a session for a principal, a JSON object: {"kind":"service","reason":...,"organization_id"?},
 * {"kind":"user","id":...}, {"kind":"customer","email":...,"organization_id"?}, {"kind":"device","token":...},
 * {"kind":"sponsor","id":...}, {"kind":"api_key","token":...}, {"kind":"jwt","token":...} (the engine was opened with
 * jwt_algorithm and jwt_key) or {"kind":"anon","organization_id"?}. Whether it is valid and what it may do is asked
 * anew by every call, so a right that is lost is lost at once.
 * Outcomes: EC_OK; EC_E_INVALID_JSON, EC_E_INVALID_PRINCIPAL, EC_E_UNAUTHENTICATED.
 * Owner: the caller closes *session_out. Any thread. A session may move between threads and serves one call at a time;
 * a second one at the same time answers EC_E_CONCURRENT_USE. Since 0.1. */
EC_API ec_status ec_session_open(ec_engine *engine, const char *principal_json, size_t length, ec_session **session_out,
                                 ec_error **error_out) EC_NOEXCEPT;

/* Rolls back a transaction that is open and gives the handle back. Submitted calls are not cancelled. NULL is fine.
 * Outcomes: EC_OK; after EC_E_CONCURRENT_USE the session is still open. One thread at a time. Since 0.1. */
EC_API ec_status ec_session_close(ec_session *session, ec_error **error_out) EC_NOEXCEPT;

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* How a single call is to be made. Where a function takes one, NULL means all defaults. */
typedef struct ec_call_options {
  size_t struct_size;            /* EC_CALL_OPTIONS_INIT sets it */
  const char *idempotency_key;   /* of a write: a repeat under it gets the first reply; NULL: none; "" is refused */
  size_t idempotency_key_length;
  int64_t timeout_us;            /* EC_E_DEADLINE_EXCEEDED if it could not begin by then; 0: no deadline */
  const char *organization_id;   /* ec_row_get, _update, _remove in sessions without one; NULL: none; "" is refused */
  size_t organization_id_length;
  int64_t if_version;            /* update and remove: EC_E_VERSION_CONFLICT unless the row has it; 0: do not ask */
  const void *key;               /* add_key, rotate_key, backup, restore: copied into guarded memory; NULL: none */
  size_t key_length;
  int64_t key_kind;              /* EC_OPEN_KEY_*; 0: no key */
} ec_call_options;

#define EC_CALL_OPTIONS_INIT \
  { sizeof(ec_call_options), NULL, 0, 0, NULL, 0, 0, NULL, 0, 0 }

/* Runs a command, such as "place_order", and answers when it is committed. docs/reference/commands.md lists every
 * command with its arguments, its reply and its errors in the order in which they are looked for. Empty
 * arguments_json means {}.
 * Outcomes: EC_OK; EC_E_UNKNOWN_COMMAND, EC_E_INVALID_JSON, EC_E_INVALID_ARGUMENT (every bad field is named),
 * EC_E_ORGANIZATION_REQUIRED, EC_E_COMMAND_DENIED, EC_E_POLICY_DENIED and the command's own. After any failure but
 * EC_E_OUTCOME_UNKNOWN nothing has happened.
 * Owner: the caller frees *reply_out, a JSON object. One thread at a time. Since 0.1. */
EC_API ec_status ec_call(ec_session *session, const char *command, size_t command_length, const char *arguments_json,
                         size_t arguments_length, ec_bytes **reply_out, ec_error **error_out) EC_NOEXCEPT;

/* ec_call with options: deadline, an idempotency key of 16 to 255 visible ASCII characters (anon: at least 22), and the
 * key that a command about keys and copies asks for.
 * Outcomes: those of ec_call; EC_E_INVALID_IDEMPOTENCY_KEY, EC_E_IDEMPOTENCY_MISMATCH, EC_E_DEADLINE_EXCEEDED,
 * EC_E_INVALID_ARGUMENT (an option that is not for commands, or a key that is not for this one), EC_E_KEY_REQUIRED,
 * EC_E_INVALID_KEY.
 * Owner: the caller frees *reply_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_call_with(ec_session *session, const ec_call_options *options, const char *command,
                              size_t command_length, const char *arguments_json, size_t arguments_length,
                              ec_bytes **reply_out, ec_error **error_out) EC_NOEXCEPT;

/* Runs [["command", {...}], ...] as one unit of work: all of them happen or none. The reply is the array of replies.
 * Outcomes: those of ec_call_with; a refused entry's position is in the error's detail.
 * Owner: the caller frees *replies_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_call_many(ec_session *session, const ec_call_options *options, const char *calls_json,
                              size_t calls_length, ec_bytes **replies_out, ec_error **error_out) EC_NOEXCEPT;

/* Queues a command; it runs with the next group that anybody commits, at the latest when it is waited for. Keeps many
 * calls in flight from one thread.
 * Outcomes: EC_OK: queued, *pending_out is to be asked with ec_wait; what can be seen without the store (arguments,
 * names) is refused here as by ec_call_with; EC_E_TRANSACTION_OPEN.
 * Owner: the caller frees *pending_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_submit(ec_session *session, const ec_call_options *options, const char *command,
                           size_t command_length, const char *arguments_json, size_t arguments_length,
                           ec_pending **pending_out, ec_error **error_out) EC_NOEXCEPT;

/* Waits at most timeout_us for a submitted call (-1: for ever). Who waits runs what is queued, if nobody else does: 0
 * is enough to make it happen while no other process is writing. A busy store is not waited for beyond timeout_us.
 * Outcomes: EC_OK with a reply: committed; EC_OK with *reply_out NULL: not done by then; EC_E_INVALID_ARGUMENT
 * (timeout_us below -1), EC_E_CONCURRENT_USE (another thread waits for it), EC_E_DEADLINE_EXCEEDED; else the command's
 * error, as ec_call would answer it. Asked again, it answers the same again.
 * Owner: the caller frees *reply_out, and still the pending call. One thread at a time for each call, any thread, also
 * while the session serves another; EC_E_CONCURRENT_USE otherwise. Since 0.1. */
EC_API ec_status ec_wait(ec_pending *pending, int64_t timeout_us, ec_bytes **reply_out,
                         ec_error **error_out) EC_NOEXCEPT;

/* Gives a submitted call's handle back. The call itself is not cancelled. NULL and a freed one do nothing.
 * Any thread. Since 0.1. */
EC_API void ec_pending_free(ec_pending *pending) EC_NOEXCEPT;

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Tables and columns are listed in docs/reference/tables.md; who may do what in docs/reference/access.md. Rows are JSON
 * objects of the columns that the principal may see. */

/* The row with this id.
 * Outcomes: EC_OK; EC_E_UNKNOWN_TABLE, EC_E_INVALID_ARGUMENT (id), EC_E_NOT_FOUND (also: not to be seen),
 * EC_E_AMBIGUOUS_ID, EC_E_ORGANIZATION_REQUIRED. Options that apply: organization_id; others are refused.
 * Owner: the caller frees *row_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_row_get(ec_session *session, const ec_call_options *options, const char *table, size_t table_length,
                            const char *id, size_t id_length, ec_bytes **row_out, ec_error **error_out) EC_NOEXCEPT;

/* Adds a row and answers it as it was stored, with its id.
 * Outcomes: EC_OK; EC_E_UNKNOWN_TABLE, EC_E_UNKNOWN_COLUMN, EC_E_INVALID_ARGUMENT (every bad column is named),
 * EC_E_POLICY_DENIED, EC_E_COLUMN_DENIED, EC_E_ENGINE_ONLY, EC_E_REFERENCE_NOT_FOUND, EC_E_ALREADY_EXISTS,
 * EC_E_INVARIANT_VIOLATED and other rules of the table (5xxx). Options that apply: idempotency_key and timeout_us;
 * the organization is a column of the row.
 * Owner: the caller frees *row_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_row_insert(ec_session *session, const ec_call_options *options, const char *table,
                               size_t table_length, const char *row_json, size_t row_length, ec_bytes **row_out,
                               ec_error **error_out) EC_NOEXCEPT;

/* Adds at most 10,000 rows, a JSON array, as one unit of work: all of them or none. The reply is the array of rows.
 * Outcomes: those of ec_row_insert; a refused row's position is in the error's detail.
 * Owner: the caller frees *rows_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_row_insert_many(ec_session *session, const ec_call_options *options, const char *table,
                                    size_t table_length, const char *rows_json, size_t rows_length,
                                    ec_bytes **rows_out, ec_error **error_out) EC_NOEXCEPT;

/* Changes the named columns of a row and answers the row as it is then.
 * Outcomes: those of ec_row_get and ec_row_insert; EC_E_VERSION_CONFLICT, EC_E_INVALID_TRANSITION. All options but the
 * key apply.
 * Owner: the caller frees *row_out. options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_row_update(ec_session *session, const ec_call_options *options, const char *table,
                               size_t table_length, const char *id, size_t id_length, const char *changes_json,
                               size_t changes_length, ec_bytes **row_out, ec_error **error_out) EC_NOEXCEPT;

/* Removes a row and what goes with it.
 * Outcomes: those of ec_row_get; EC_E_POLICY_DENIED, EC_E_ENGINE_ONLY, EC_E_VERSION_CONFLICT, EC_E_STILL_REFERENCED,
 * EC_E_HAS_SALES and other rules of the table (5xxx). All options but the key apply.
 * options may be NULL. One thread at a time. Since 0.1. */
EC_API ec_status ec_row_remove(ec_session *session, const ec_call_options *options, const char *table,
                               size_t table_length, const char *id, size_t id_length, ec_error **error_out) EC_NOEXCEPT;

/* One page of rows: {"where"?, "order_by"?, "limit"?, "after"?, "columns"?, "expand"?, "organization_id"?} answers
 * {"rows": [...], "cursor": text or null}; the cursor, given as "after", leads to the next page. Empty request_json
 * means {}. Rows that the principal may not see are not there.
 * Outcomes: EC_OK; EC_E_UNKNOWN_TABLE, EC_E_UNKNOWN_COLUMN, EC_E_INVALID_ARGUMENT, EC_E_INVALID_FILTER,
 * EC_E_INVALID_CURSOR, EC_E_ORGANIZATION_REQUIRED.
 * Owner: the caller frees *page_out. One thread at a time. Since 0.1. */
EC_API ec_status ec_rows_list(ec_session *session, const char *table, size_t table_length, const char *request_json,
                              size_t request_length, ec_bytes **page_out, ec_error **error_out) EC_NOEXCEPT;

/* How many rows {"where"?, "organization_id"?} finds. Outcomes: those of ec_rows_list. One thread at a time.
 * Since 0.1. */
EC_API ec_status ec_rows_count(ec_session *session, const char *table, size_t table_length, const char *request_json,
                               size_t request_length, int64_t *count_out, ec_error **error_out) EC_NOEXCEPT;

/* ---- transactions ------------------------------------------------------------------------------------------------ */

/* Begins a transaction on the session: its calls are committed together and see their own writes. It takes the write
 * turn at its first write and keeps it for 5 seconds at most: then whichever call of the process comes next ends it, a
 * read or ec_engine_stats too, so that other processes need not wait. A failed call leaves the others in place. It
 * writes for one organization.
 * Outcomes: EC_OK; EC_E_TRANSACTION_OPEN. Calls in it: EC_E_TRANSACTION_EXPIRED, EC_E_TRANSACTION_TENANT.
 * One thread at a time. Since 0.1. */
EC_API ec_status ec_transaction_begin(ec_session *session, ec_error **error_out) EC_NOEXCEPT;

/* Commits what was done since ec_transaction_begin.
 * Outcomes: EC_OK: it is on the disk; EC_E_NO_TRANSACTION, EC_E_TRANSACTION_EXPIRED, EC_E_OUTCOME_UNKNOWN and other
 * errors of the store. The transaction is over after any of them. One thread at a time. Since 0.1. */
EC_API ec_status ec_transaction_commit(ec_session *session, ec_error **error_out) EC_NOEXCEPT;

/* Undoes what was done since ec_transaction_begin. Outcomes: EC_OK; EC_E_NO_TRANSACTION. One thread at a time.
 * Since 0.1. */
EC_API ec_status ec_transaction_rollback(ec_session *session, ec_error **error_out) EC_NOEXCEPT;

/* ---- changes ----------------------------------------------------------------------------------------------------- */

/* At most `limit` changes after number `since` that the principal may learn of, oldest first:
 * {"changes": [...], "next": number to go on from}. Waits up to timeout_us for the first one; 0 just looks.
 * Outcomes: EC_OK, also when there is none; EC_E_FEED_GONE (that old ones are no longer kept), EC_E_INVALID_ARGUMENT
 * (since or timeout_us below 0, limit not from 1 to 1,000), EC_E_COMMAND_DENIED (customers and anonymous callers have
 * no feed). Owner: the caller frees *changes_out. One thread at a time. Since 0.1. */
EC_API ec_status ec_changes_read(ec_session *session, int64_t since, int64_t limit, int64_t timeout_us,
                                 ec_bytes **changes_out, ec_error **error_out) EC_NOEXCEPT;

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

/* The text, lent until ec_bytes_free; a NUL follows it. NULL for what is no live handle. Any thread. Since 0.1. */
EC_API const char *ec_bytes_data(const ec_bytes *bytes) EC_NOEXCEPT;

/* Its length in bytes. 0 for what is no live handle. Any thread. Since 0.1. */
EC_API size_t ec_bytes_size(const ec_bytes *bytes) EC_NOEXCEPT;

/* Gives the text back. NULL and a freed one do nothing. Any thread. Since 0.1. */
EC_API void ec_bytes_free(ec_bytes *bytes) EC_NOEXCEPT;

/* ---- error ------------------------------------------------------------------------------------------------------- */

/* Texts of an error are lent until ec_error_free and end with a NUL. NULL reads as EC_OK with empty texts; what is no
 * live error reads as EC_E_INVALID_HANDLE. When memory runs out there is an error all the same. */

/* The code that the function returned. Any thread. Since 0.1. */
EC_API ec_status ec_error_code(const ec_error *error) EC_NOEXCEPT;

/* The code's name, such as "sold_out". Any thread. Since 0.1. */
EC_API const char *ec_error_name(const ec_error *error) EC_NOEXCEPT;

/* One line for people. Any thread. Since 0.1. */
EC_API const char *ec_error_message(const ec_error *error) EC_NOEXCEPT;

/* {"code", "number", "class", "transient", "message", "fields", "detail"}; {} where memory had run out.
 * Any thread. Since 0.1. */
EC_API const char *ec_error_json(const ec_error *error) EC_NOEXCEPT;

/* 1 when the same call may succeed later without anything being changed, else 0. Any thread. Since 0.1. */
EC_API int32_t ec_error_is_transient(const ec_error *error) EC_NOEXCEPT;

/* Gives the error back. NULL and a freed one do nothing. Any thread. Since 0.1. */
EC_API void ec_error_free(ec_error *error) EC_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
