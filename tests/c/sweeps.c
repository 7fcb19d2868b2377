/* Every function of eventcore.h against NULL, closed, foreign and made-up handles and odd options structs. The table
 * below is checked against bindings/c/abi/symbols.txt: a new function without a line here fails. */
#include "expect.h"

static ec_engine* engine;
static ec_session* session;
static ec_pending* pending;
static ec_bytes* bytes;
static int64_t number;
static ec_engine* engine_made;
static ec_session* session_made;
static ec_pending* pending_made;
static ec_open_options open_options;

/* The required pointer that is left out in this round; -1: none. */
static int left_out = -1;

#define P(position, value) (left_out == (position) ? NULL : (value))
#define SERVICE "{\"kind\":\"service\",\"reason\":\"sweep\"}"

static ec_status do_version(ec_error** e) {
  return ec_version(P(0, &bytes), e);
}
static ec_status do_schema(ec_error** e) {
  return ec_schema(P(0, &bytes), e);
}
static ec_status do_engine_open(ec_error** e) {
  ec_open_options options = open_options;
  options.path = P(1, options.path);
  options.key = P(2, options.key);
  return ec_engine_open(P(0, &options), P(3, &engine_made), e);
}
static ec_status do_engine_close(ec_error** e) {
  return ec_engine_close(engine, e);
}
static ec_status do_engine_stats(ec_error** e) {
  return ec_engine_stats(P(0, engine), P(1, &bytes), e);
}
static ec_status do_engine_logs(ec_error** e) {
  return ec_engine_logs(P(0, engine), 9, P(1, &bytes), e);
}
static ec_status do_clock_set(ec_error** e) {
  return ec_engine_clock_set(P(0, engine), 1, e);
}
static ec_status do_clock_now(ec_error** e) {
  return ec_engine_clock_now(P(0, engine), P(1, &number), e);
}
static ec_status do_recovery(ec_error** e) {
  return ec_engine_add_recovery_code(P(0, engine), P(1, &bytes), e);
}
static ec_status do_session_open(ec_error** e) {
  return ec_session_open(P(0, engine), P(1, SERVICE), strlen(SERVICE), P(2, &session_made), e);
}
static ec_status do_session_close(ec_error** e) {
  return ec_session_close(session, e);
}
static ec_status do_call(ec_error** e) {
  return ec_call(P(0, session), P(1, "check_in"), 8, P(2, "{}"), 2, P(3, &bytes), e);
}
static ec_status do_call_with(ec_error** e) {
  return ec_call_with(P(0, session), NULL, P(1, "check_in"), 8, P(2, "{}"), 2, P(3, &bytes), e);
}
static ec_status do_call_many(ec_error** e) {
  return ec_call_many(P(0, session), NULL, P(1, "[[]]"), 4, P(2, &bytes), e);
}
static ec_status do_submit(ec_error** e) {
  return ec_submit(P(0, session), NULL, P(1, "check_in"), 8, P(2, "{}"), 2, P(3, &pending_made), e);
}
static ec_status do_wait(ec_error** e) {
  return ec_wait(P(0, pending), 0, P(1, &bytes), e);
}
static ec_status do_get(ec_error** e) {
  return ec_row_get(P(0, session), NULL, P(1, "events"), 6, P(2, "x"), 1, P(3, &bytes), e);
}
static ec_status do_insert(ec_error** e) {
  return ec_row_insert(P(0, session), NULL, P(1, "events"), 6, P(2, "{}"), 2, P(3, &bytes), e);
}
static ec_status do_insert_many(ec_error** e) {
  return ec_row_insert_many(P(0, session), NULL, P(1, "events"), 6, P(2, "[{}]"), 4, P(3, &bytes), e);
}
static ec_status do_update(ec_error** e) {
  return ec_row_update(P(0, session), NULL, P(1, "events"), 6, P(2, "x"), 1, P(3, "{}"), 2, P(4, &bytes), e);
}
static ec_status do_remove(ec_error** e) {
  return ec_row_remove(P(0, session), NULL, P(1, "events"), 6, P(2, "x"), 1, e);
}
static ec_status do_list(ec_error** e) {
  return ec_rows_list(P(0, session), P(1, "events"), 6, P(2, "{"), 1, P(3, &bytes), e);
}
static ec_status do_count(ec_error** e) {
  return ec_rows_count(P(0, session), P(1, "events"), 6, P(2, "{"), 1, P(3, &number), e);
}
static ec_status do_begin(ec_error** e) {
  return ec_transaction_begin(P(0, session), e);
}
static ec_status do_commit(ec_error** e) {
  return ec_transaction_commit(P(0, session), e);
}
static ec_status do_rollback(ec_error** e) {
  return ec_transaction_rollback(P(0, session), e);
}
static ec_status do_changes(ec_error** e) {
  return ec_changes_read(P(0, session), -1, -1, 0, P(1, &bytes), e);
}

enum { no_handle, takes_engine, takes_session, takes_pending };

/* `required` counts the pointers that must not be NULL; `handle` says what the first argument is. */
static const struct {
  const char* name;
  ec_status (*call)(ec_error**);
  int required;
  int handle;
} functions[] = {
    {"ec_abi_version", NULL, 0, no_handle},
    {"ec_bytes_data", NULL, 0, no_handle},
    {"ec_bytes_free", NULL, 0, no_handle},
    {"ec_bytes_size", NULL, 0, no_handle},
    {"ec_call", do_call, 4, takes_session},
    {"ec_call_many", do_call_many, 3, takes_session},
    {"ec_call_with", do_call_with, 4, takes_session},
    {"ec_changes_read", do_changes, 2, takes_session},
    {"ec_engine_add_recovery_code", do_recovery, 2, takes_engine},
    {"ec_engine_clock_now", do_clock_now, 2, takes_engine},
    {"ec_engine_clock_set", do_clock_set, 1, takes_engine},
    {"ec_engine_close", do_engine_close, 0, takes_engine},
    {"ec_engine_logs", do_engine_logs, 2, takes_engine},
    {"ec_engine_open", do_engine_open, 4, no_handle},
    {"ec_engine_stats", do_engine_stats, 2, takes_engine},
    {"ec_error_code", NULL, 0, no_handle},
    {"ec_error_free", NULL, 0, no_handle},
    {"ec_error_is_transient", NULL, 0, no_handle},
    {"ec_error_json", NULL, 0, no_handle},
    {"ec_error_message", NULL, 0, no_handle},
    {"ec_error_name", NULL, 0, no_handle},
    {"ec_handles_live", NULL, 0, no_handle},
    {"ec_pending_free", NULL, 0, no_handle},
    {"ec_row_get", do_get, 4, takes_session},
    {"ec_row_insert", do_insert, 4, takes_session},
    {"ec_row_insert_many", do_insert_many, 4, takes_session},
    {"ec_row_remove", do_remove, 3, takes_session},
    {"ec_row_update", do_update, 5, takes_session},
    {"ec_rows_count", do_count, 4, takes_session},
    {"ec_rows_list", do_list, 4, takes_session},
    {"ec_schema", do_schema, 1, no_handle},
    {"ec_session_close", do_session_close, 0, takes_session},
    {"ec_session_open", do_session_open, 3, takes_engine},
    {"ec_submit", do_submit, 4, takes_session},
    {"ec_transaction_begin", do_begin, 1, takes_session},
    {"ec_transaction_commit", do_commit, 1, takes_session},
    {"ec_transaction_rollback", do_rollback, 1, takes_session},
    {"ec_version", do_version, 1, no_handle},
    {"ec_wait", do_wait, 2, takes_pending},
};
enum { count = sizeof functions / sizeof functions[0] };

static void table_is_complete(void) {
  char line[128];
  int i = 0;
  FILE* file = fopen(EC_SOURCE_DIR "/bindings/c/abi/symbols.txt", "r");
  EXPECT(file != NULL);
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    if (i >= count || strcmp(line, functions[i].name) != 0) {
      fprintf(stderr, "%s has no line in this test (or the order differs)\n", line);
      ++failures;
      break;
    }
    ++i;
  }
  EXPECT(i == count);
  if (file) fclose(file);
}

/* Whatever lay in the outputs, a failure leaves nothing there. */
static void soil_outputs(void) {
  bytes = (ec_bytes*)(uintptr_t)0xbad8;
  engine_made = (ec_engine*)(uintptr_t)0xbad8;
  session_made = (ec_session*)(uintptr_t)0xbad8;
  pending_made = (ec_pending*)(uintptr_t)0xbad8;
  number = 0xbad8;
}

static int outputs_are_clean(void) {
  int soiled = (bytes == (ec_bytes*)(uintptr_t)0xbad8) + (engine_made == (ec_engine*)(uintptr_t)0xbad8) +
               (session_made == (ec_session*)(uintptr_t)0xbad8) + (pending_made == (ec_pending*)(uintptr_t)0xbad8) +
               (number == 0xbad8);
  int empty = (bytes == NULL) + (engine_made == NULL) + (session_made == NULL) + (pending_made == NULL) + (number == 0);
  return soiled + empty == 5; /* the one output of the function is empty, the others untouched */
}

/* Calls functions[i]; on a wrong status or an unclean output says where. `also` is a second status that is fine. */
static void expect_refused(int i, ec_status wanted, ec_status also, const char* with) {
  ec_error* error = (ec_error*)(uintptr_t)0xbad8;
  ec_status status;
  soil_outputs();
  status = functions[i].call(&error);
  if ((status != wanted && status != also) || ec_error_code(error) != status || !outputs_are_clean()) {
    fprintf(stderr, "%s with %s (left out: %d): answered %d %s\n", functions[i].name, with, left_out, (int)status,
            ec_error_json(error));
    ++failures;
  }
  EXPECT(strlen(ec_error_message(error)) > 0 && strlen(ec_error_name(error)) > 0);
  ec_error_free(error);
  soil_outputs();
  EXPECT(functions[i].call(NULL) == status); /* error_out may be NULL */
}

static void null_sweep(void) {
  int i;
  for (i = 0; i < count; ++i)
    for (left_out = 0; left_out < functions[i].required; ++left_out)
      expect_refused(i, EC_E_NULL_ARGUMENT, EC_E_NULL_ARGUMENT, "NULL");
  left_out = -1;
  EXPECT_STATUS(EC_OK, ec_engine_close(NULL, error));
  EXPECT_STATUS(EC_OK, ec_session_close(NULL, error));
  ec_pending_free(NULL);
  ec_bytes_free(NULL);
  ec_error_free(NULL);
  EXPECT(ec_bytes_data(NULL) == NULL && ec_bytes_size(NULL) == 0);
  EXPECT(ec_error_code(NULL) == EC_OK && ec_error_is_transient(NULL) == 0);
  EXPECT(strcmp(ec_error_message(NULL), "") == 0 && strcmp(ec_error_json(NULL), "{}") == 0);
}

/* All functions that take a handle, with engine, session and pending as they are set now. */
static void handle_sweep(ec_status wanted, ec_status also, const char* with) {
  int i;
  for (i = 0; i < count; ++i)
    if (functions[i].handle != no_handle) expect_refused(i, wanted, also, with);
}

static void texts_of_dead_handles(const void* handle) {
  EXPECT(ec_bytes_data((const ec_bytes*)handle) == NULL && ec_bytes_size((const ec_bytes*)handle) == 0);
  EXPECT(ec_error_code((const ec_error*)handle) / 1000 == 1);
  EXPECT(strlen(ec_error_name((const ec_error*)handle)) > 0);
  ec_bytes_free((ec_bytes*)handle);
  ec_error_free((ec_error*)handle);
  ec_pending_free((ec_pending*)handle);
}

static void odd_handles(void) {
  ec_engine* const living = engine;
  ec_session* const serving = session;
  ec_pending* const submitted = pending;
  const int64_t live = ec_handles_live();
  uintptr_t made_up[8];
  int i, bit;
  /* of another kind */
  engine = (ec_engine*)serving, session = (ec_session*)submitted, pending = (ec_pending*)living;
  handle_sweep(EC_E_INVALID_HANDLE, EC_E_INVALID_HANDLE, "a handle of another kind");
  /* no handles at all, addresses among them */
  made_up[0] = 1, made_up[1] = 8, made_up[2] = UINTPTR_MAX, made_up[3] = (uintptr_t)0xdeadbeefdeadbeef;
  made_up[4] = (uintptr_t)made_up, made_up[5] = (uintptr_t)&table_is_complete, made_up[6] = (uintptr_t)stdout;
  made_up[7] = UINTPTR_MAX >> 1;
  for (i = 0; i < 8; ++i) {
    engine = (ec_engine*)made_up[i], session = (ec_session*)made_up[i], pending = (ec_pending*)made_up[i];
    handle_sweep(EC_E_INVALID_HANDLE, EC_E_CLOSED, "a made-up handle");
    texts_of_dead_handles((const void*)made_up[i]);
  }
  /* one bit off */
  for (bit = 0; bit < 64; ++bit) {
    engine = (ec_engine*)((uintptr_t)living ^ (uintptr_t)1 << bit);
    session = (ec_session*)((uintptr_t)serving ^ (uintptr_t)1 << bit);
    pending = (ec_pending*)((uintptr_t)submitted ^ (uintptr_t)1 << bit);
    handle_sweep(EC_E_INVALID_HANDLE, EC_E_CLOSED, "one bit off");
    texts_of_dead_handles(engine);
  }
  engine = living, session = serving, pending = submitted;
  EXPECT(ec_handles_live() == live);
}

static ec_status open_sized(size_t size, int tail) {
  union {
    ec_open_options options;
    unsigned char bytes[8192];
  } given;
  memset(&given, 0, sizeof given);
  given.options = open_options;
  given.options.struct_size = size;
  if (tail) given.bytes[sizeof(ec_open_options) + 3] = 1;
  return ec_engine_open(&given.options, &engine_made, NULL);
}

static ec_status call_with(const ec_call_options* options, ec_error** error) {
  return ec_call_with(session, options, EC_TEXT("check_in"), EC_TEXT(""), &bytes, error);
}

static ec_status insert_with(const ec_call_options* options, ec_error** error) {
  return ec_row_insert(session, options, EC_TEXT("venues"),
                       EC_TEXT("{\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":5}"), &bytes, error);
}

static void struct_sizes(void) {
  ec_call_options options = EC_CALL_OPTIONS_INIT;
  ec_open_options all_zero = EC_OPEN_OPTIONS_INIT;
  ec_open_options compared;
  memset(&compared, 0, sizeof compared);
  compared.struct_size = sizeof compared;
  EXPECT(memcmp(&all_zero, &compared, sizeof compared) == 0);
  EXPECT(open_sized(0, 0) == EC_E_BAD_STRUCT_SIZE);
  EXPECT(open_sized(sizeof(ec_open_options) - 1, 0) == EC_E_BAD_STRUCT_SIZE);
  EXPECT(open_sized(sizeof(ec_open_options) + 8, 1) == EC_E_BAD_STRUCT_SIZE);
  EXPECT(open_sized(8000, 0) == EC_E_BAD_STRUCT_SIZE);
  EXPECT(open_sized(SIZE_MAX, 0) == EC_E_BAD_STRUCT_SIZE);
  EXPECT(open_sized(sizeof(ec_open_options) + 8, 0) == EC_E_STORE_EXISTS); /* a later, unused member */
  EXPECT(engine_made == NULL);
  options.struct_size = 8;
  EXPECT_STATUS(EC_E_BAD_STRUCT_SIZE, call_with(&options, error));
  options.struct_size = sizeof options;
  options.if_version = 1;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, insert_with(&options, error));
  options.if_version = 0;
  options.organization_id = "x";
  options.organization_id_length = 1;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, insert_with(&options, error));
  options.organization_id = NULL;
  EXPECT_STATUS(EC_E_NULL_ARGUMENT, call_with(&options, error)); /* a length without a text */
  options.organization_id_length = 0;
  options.timeout_us = -1;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
  options.timeout_us = 0;
  options.idempotency_key = "short";
  options.idempotency_key_length = 5;
  EXPECT_STATUS(EC_E_INVALID_IDEMPOTENCY_KEY, insert_with(&options, error));
  open_options.flags |= 1U << 30;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_engine_open(&open_options, &engine_made, error));
  open_options.flags = EC_OPEN_CREATE_NEW;
  open_options.key_kind = 99;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_engine_open(&open_options, &engine_made, error));
  open_options.key_kind = EC_OPEN_KEY_RAW;
  EXPECT_STATUS(EC_E_REQUEST_TOO_LARGE, ec_call(session, "check_in", SIZE_MAX, EC_TEXT(""), &bytes, error));
}

static void errors_end_when_freed(void) {
  ec_error* error = NULL;
  ec_bytes* text = NULL;
  EXPECT(ec_call(session, EC_TEXT("no_such_command"), EC_TEXT("{}"), &bytes, &error) == EC_E_UNKNOWN_COMMAND);
  EXPECT(strcmp(ec_error_name(error), "unknown_command") == 0);
  EXPECT(strstr(ec_error_json(error), "\"number\":2003") != NULL);
  ec_error_free(error);
  EXPECT(ec_error_code(error) == EC_E_CLOSED); /* the error itself is gone */
  ec_error_free(error);
  EXPECT(ec_version(&text, NULL) == EC_OK && ec_bytes_data(text)[ec_bytes_size(text)] == '\0');
  ec_bytes_free(text);
  texts_of_dead_handles(text);
  EXPECT(ec_abi_version() == EC_ABI_VERSION);
}

int main(int argc, char** argv) {
  char path[4096];
  if (argc != 2) return 2;
  snprintf(path, sizeof path, "%s/sweeps.ecdb", argv[1]);
  open_options = test_store(path, EC_OPEN_CREATE_NEW);
  table_is_complete();
  NEED(ec_engine_open(&open_options, &engine, error));
  NEED(ec_session_open(engine, EC_TEXT(SERVICE), &session, error));
  NEED(ec_submit(session, NULL, EC_TEXT("run_maintenance"), EC_TEXT("{}"), &pending, error));
  null_sweep();
  odd_handles();
  struct_sizes();
  errors_end_when_freed();

  ec_pending_free(pending);
  NEED(ec_engine_close(engine, error)); /* the parent first: what is left answers closed */
  pending_made = NULL;
  EXPECT_STATUS(EC_E_CLOSED, ec_call(session, EC_TEXT("check_in"), EC_TEXT("{}"), &bytes, error));
  EXPECT_STATUS(EC_E_CLOSED, ec_transaction_begin(session, error));
  EXPECT_STATUS(EC_OK, ec_session_close(session, error));
  handle_sweep(EC_E_CLOSED, EC_E_CLOSED, "a closed handle");
  EXPECT(ec_handles_live() == 0);
  return failures != 0;
}
