/* Every function of eventcore.h, misused in every way its parameters allow. What to call is generated from the header
 * (tools/gen_misuse.py), so that a new function is swept by existing. Each call is held to what the header says:
 * the code is a documented one, outputs are empty after a failure, the error reads and is freed, no handle stays. */
#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind { kind_handle, kind_struct, kind_text, kind_length, kind_number, kind_out, kind_error_out, kind_end };
enum what {
  what_nothing,
  what_engine,
  what_session,
  what_pending,
  what_bytes,
  what_error,
  what_number,
  what_open_options,
  what_call_options
};
enum shape { shape_fallible, shape_free, shape_text_getter, shape_number_getter };
enum member_kind { member_size, member_text, member_length, member_number, member_small, member_flags };

union value {
  void* handle;
  const void* pointer;
  size_t size;
  int64_t number;
};
struct parameter {
  const char* name;
  enum kind kind;
  enum what what;
  int optional;
  const char* good_text;
  int64_t good_number;
};
struct member {
  const char* name;
  enum member_kind kind;
  size_t offset;
};
struct span {
  ec_status low, high;
};
struct function {
  const char* name;
  ec_status (*call)(const union value*, ec_error**);
  enum shape shape;
  int closes;
  int one_thread;
  const struct parameter* parameters;
  const struct span* outcomes;
};

static __thread const char* answered_text;
static __thread int64_t answered_number;

#include "generated/misuse_calls.inc"

enum { function_count = sizeof functions / sizeof functions[0], parameters_max = 12, struct_room = 8192 };
enum { want_documented = -1, want_refused = -2, want_dead = -3 }; /* dead: closed or invalid_handle */
#define SOIL 0xbad8
#define TEXT_MAX ((size_t)4 * 1024 * 1024)

/* The handles that good calls use, by enum what. */
static void* living[what_error + 1];
static char organization[64], venue[64], folder[4096], other_path[5000];
static ec_open_options good_open_options;
static long calls_made;

/* ---- one call, held to the header ------------------------------------------------------------------------------- */

struct arguments {
  union value v[parameters_max];
  union {
    void* handle;
    int64_t number;
  } out;
  union {
    ec_open_options open_options;
    ec_call_options call_options;
    unsigned char bytes[struct_room];
  } options;
  char texts[parameters_max][512];
};

static void fill_text(char* to, size_t size, const char* pattern) {
  const char* at = strchr(pattern, '@');
  const char* name = at == NULL ? "" : strncmp(at, "@organization", 13) == 0 ? "@organization" : "@venue";
  if (at == NULL)
    snprintf(to, size, "%s", pattern);
  else
    snprintf(to, size, "%.*s%s%s", (int)(at - pattern), pattern, strcmp(name, "@venue") == 0 ? venue : organization,
             at + strlen(name));
}

static void fill_good(const struct function* f, struct arguments* a) {
  int i;
  memset(a, 0, sizeof *a);
  for (i = 0; f->parameters[i].kind != kind_end; ++i) {
    const struct parameter* p = &f->parameters[i];
    switch (p->kind) {
      case kind_handle: a->v[i].handle = living[p->what]; break;
      case kind_struct:
        if (p->what == what_open_options)
          a->options.open_options = good_open_options;
        else
          a->options.call_options.struct_size = sizeof(ec_call_options);
        a->v[i].pointer = &a->options;
        break;
      case kind_text:
        fill_text(a->texts[i], sizeof a->texts[i], p->good_text);
        a->v[i].pointer = a->texts[i];
        break;
      case kind_length: a->v[i].size = strlen(a->texts[i - 1]); break;
      case kind_number: a->v[i].number = p->good_number; break;
      case kind_out: a->v[i].pointer = &a->out; break;
      default: break;
    }
  }
}

static enum what given_by(const struct function* f, const struct arguments* a) {
  int i;
  for (i = 0; f->parameters[i].kind != kind_end; ++i)
    if (f->parameters[i].kind == kind_out && a->v[i].pointer != NULL) return f->parameters[i].what;
  return what_nothing;
}

static void give_back(enum what what, void* handle) {
  switch (what) {
    case what_engine: EXPECT(ec_engine_close(handle, NULL) == EC_OK); break;
    case what_session: EXPECT(ec_session_close(handle, NULL) == EC_OK); break;
    case what_pending: ec_pending_free(handle); break;
    case what_bytes: ec_bytes_free(handle); break;
    default: break;
  }
}

static int documented(const struct function* f, ec_status status) {
  const struct span* span;
  for (span = f->outcomes; span->low >= 0; ++span)
    if (span->low <= status && status <= span->high) return 1;
  return 0;
}

static int fits(ec_status status, int wanted) {
  if (wanted == want_documented) return 1;
  if (wanted == want_refused) return status != EC_OK;
  if (wanted == want_dead) return status == EC_E_CLOSED || status == EC_E_INVALID_HANDLE;
  return status == wanted;
}

static int is_utf8(const char* text) {
  const unsigned char* at = (const unsigned char*)text;
  while (*at != 0) {
    int more = *at < 0x80 ? 0 : *at >= 0xc2 && *at < 0xe0 ? 1 : *at >= 0xe0 && *at < 0xf0 ? 2 : *at < 0xf5 ? 3 : -1;
    if (more < 0 || (more > 0 && *at < 0xc2)) return 0;
    for (++at; more > 0; --more, ++at)
      if ((*at & 0xc0) != 0x80) return 0;
  }
  return 1;
}

static int error_reads(ec_error* error, ec_status status) {
  if (status == EC_OK) return error == NULL;
  return ec_error_code(error) == status && strlen(ec_error_name(error)) > 0 && strlen(ec_error_message(error)) > 0 &&
         strstr(ec_error_json(error), ec_error_name(error)) != NULL && is_utf8(ec_error_json(error)) &&
         is_utf8(ec_error_message(error));
}

/* The output after the call: what it gave is given back; after a failure it must be empty. */
static int output_is_right(enum what given, ec_status status, struct arguments* a) {
  if (given == what_nothing) return 1;
  if (given == what_number) return status == EC_OK || a->out.number == 0;
  if (status != EC_OK) return a->out.handle == NULL;
  if (a->out.handle == (void*)(uintptr_t)SOIL) return 0;
  give_back(given, a->out.handle);
  return 1;
}

static void soil(struct arguments* a) {
  a->out.number = SOIL;
}

static ec_status run(const struct function* f, struct arguments* a, int wanted, const char* with) {
  const enum what given = given_by(f, a);
  const int64_t live = ec_handles_live();
  ec_error* error = (ec_error*)(uintptr_t)SOIL;
  ec_status status;
  int right;
  __atomic_add_fetch(&calls_made, 1, __ATOMIC_RELAXED);
  if (f->shape != shape_fallible) return f->call(a->v, NULL);
  soil(a);
  status = f->call(a->v, &error);
  right = fits(status, wanted) && documented(f, status) && error_reads(error, status);
  right = output_is_right(given, status, a) && right;
  if (!right) {
    fprintf(stderr, "%s with %s: answered %d (wanted %d, documented: %d) %s\n", f->name, with, (int)status, wanted,
            documented(f, status), ec_error_json(error));
    ++failures;
  }
  ec_error_free(error);
  if (status != EC_OK) { /* error_out may be NULL */
    soil(a);
    EXPECT(f->call(a->v, NULL) == status);
    EXPECT(output_is_right(given, status, a));
  }
  if (f->parameters[1].kind == kind_error_out && living[what_session] != NULL)
    ec_transaction_rollback(living[what_session], NULL); /* what a good ec_transaction_begin left */
  if (ec_handles_live() != live) {
    fprintf(stderr, "%s with %s: %d handles more\n", f->name, with, (int)(ec_handles_live() - live));
    ++failures;
  }
  return status;
}

/* ---- the ground -------------------------------------------------------------------------------------------------- */

static void add_venue(void) {
  ec_bytes* reply = NULL;
  NEED(ec_row_insert(living[what_session], NULL, EC_TEXT("venues"),
                     EC_TEXT("{\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":5}"), &reply, error));
  pick(reply, "{", "id", venue, sizeof venue);
  drop(&reply);
}

static void set_up(void) {
  char path[5000], principal[256];
  ec_open_options options;
  ec_engine* engine = NULL;
  ec_session* session = NULL;
  ec_pending* pending = NULL;
  ec_bytes* bytes = NULL;
  ec_error* error_made = NULL;
  snprintf(path, sizeof path, "%s/misuse.ecdb", folder);
  snprintf(other_path, sizeof other_path, "%s/other.ecdb", folder);
  options = test_store(path, EC_OPEN_CREATE_NEW | EC_OPEN_TEST_CLOCK);
  good_open_options = test_store(other_path, EC_OPEN_CREATE);
  NEED(ec_engine_open(&options, &engine, error));
  NEED(ec_engine_clock_set(engine, INT64_C(1908295200000000), error)); /* 2030-06-21T18:00:00Z */
  NEED(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"set-up\"}"), &session, error));
  NEED(ec_call(session, EC_TEXT("create_organization"),
               EC_TEXT("{\"name\":\"Aurora\",\"slug\":\"aurora\",\"owner\":{\"email\":\"olga@example.org\","
                       "\"full_name\":\"Olga\"}}"),
               &bytes, error));
  pick(bytes, "\"organization\":", "id", organization, sizeof organization);
  drop(&bytes);
  NEED(ec_session_close(session, error));
  snprintf(principal, sizeof principal, "{\"kind\":\"service\",\"reason\":\"sweep\",\"organization_id\":\"%s\"}",
           organization);
  NEED(ec_session_open(engine, principal, strlen(principal), &session, error));
  NEED(ec_submit(session, NULL, EC_TEXT("expire_orders"), EC_TEXT("{}"), &pending, error));
  NEED(ec_wait(pending, -1, &bytes, error));
  drop(&bytes);
  EXPECT(ec_call(session, EC_TEXT("no_such_command"), EC_TEXT("{}"), &bytes, &error_made) == EC_E_UNKNOWN_COMMAND);
  NEED(ec_version(&bytes, error));
  living[what_engine] = engine;
  living[what_session] = session;
  living[what_pending] = pending;
  living[what_bytes] = bytes;
  living[what_error] = error_made;
  add_venue();
}

/* ---- handles ----------------------------------------------------------------------------------------------------- */

/* What a getter or a free answers for what is no live handle. */
static void quiet_answer(const struct function* f, const void* handle, const char* with) {
  int right = 1;
  if (f->shape == shape_text_getter)
    right = strncmp(f->name, "ec_error", 8) == 0 ? answered_text != NULL && is_utf8(answered_text) : !answered_text;
  if (f->shape == shape_number_getter) {
    right = answered_number == 0;
    if (strcmp(f->name, "ec_error_code") == 0 && handle != NULL)
      right =
          answered_number == EC_E_CLOSED || answered_number == EC_E_INVALID_HANDLE || answered_number == EC_E_FORKED;
  }
  if (right) return;
  fprintf(stderr, "%s with %s: answered %s, %d\n", f->name, with, answered_text ? answered_text : "NULL",
          (int)answered_number);
  ++failures;
}

static void with_handle(const struct function* f, int at, const void* handle, int wanted, const char* with) {
  struct arguments a;
  const int64_t live = ec_handles_live();
  fill_good(f, &a);
  a.v[at].pointer = handle;
  answered_text = NULL;
  answered_number = 0;
  run(f, &a, wanted, with);
  if (f->shape != shape_fallible) quiet_answer(f, handle, with);
  EXPECT(ec_handles_live() == live);
}

static void sweep_handle(const struct function* f, int at) {
  const struct parameter* p = &f->parameters[at];
  const uintptr_t living_handle = (uintptr_t)living[p->what];
  const void* const made_up[] = {(void*)1,
                                 (void*)8,
                                 (void*)UINTPTR_MAX,
                                 (void*)(UINTPTR_MAX >> 1),
                                 (void*)stdout,
                                 (void*)&folder,
                                 (void*)(uintptr_t)SOIL,
                                 (void*)0xdeadbeefdeadbeef,
                                 (void*)5,
                                 (void*)~(uintptr_t)7};
  size_t i;
  int bit, kind;
  with_handle(f, at, NULL, p->optional ? EC_OK : EC_E_NULL_ARGUMENT, "NULL");
  for (kind = what_engine; kind <= what_error; ++kind)
    if (kind != (int)p->what) with_handle(f, at, living[kind], EC_E_INVALID_HANDLE, "a handle of another kind");
  for (i = 0; i < sizeof made_up / sizeof made_up[0]; ++i)
    with_handle(f, at, made_up[i], want_dead, "a made-up handle");
  for (bit = 0; bit < 64; ++bit)
    with_handle(f, at, (void*)(living_handle ^ (uintptr_t)1 << bit), want_dead, "one bit off");
}

/* ---- texts, numbers, outputs ------------------------------------------------------------------------------------- */

static char* huge; /* 4 MiB and a byte */

static void with_text(const struct function* f, int at, const char* text, size_t length, int wanted, const char* with) {
  struct arguments a;
  fill_good(f, &a);
  a.v[at].pointer = text;
  a.v[at + 1].size = length;
  run(f, &a, wanted, with);
}

static void sweep_text(const struct function* f, int at) {
  static char deep[200];
  const char* name = f->parameters[at].name;
  const size_t length = strlen(name);
  with_text(f, at, NULL, 0, EC_E_NULL_ARGUMENT, "NULL");
  with_text(f, at, NULL, 5, EC_E_NULL_ARGUMENT, "NULL and a length");
  with_text(f, at, "x", 0, want_documented, "no length");
  with_text(f, at, "x", SIZE_MAX, EC_E_REQUEST_TOO_LARGE, "the longest length");
  with_text(f, at, huge, TEXT_MAX + 1, EC_E_REQUEST_TOO_LARGE, "a byte over 4 MiB");
  with_text(f, at, huge, TEXT_MAX, want_refused, "4 MiB of nothing useful");
  with_text(f, at, "\xff\xfe", 2, want_refused, "invalid UTF-8");
  with_text(f, at, "\xc0\xaf", 2, want_refused, "an overlong form");
  with_text(f, at, "\xed\xa0\x80", 3, want_refused, "a surrogate");
  with_text(f, at, "\0", 1, want_refused, "a NUL");
  with_text(f, at, "venues\0", 7, want_refused, "a NUL at the end");
  if (length < 5 || strcmp(name + length - 5, "_json") != 0) return;
  memset(deep, '[', sizeof deep);
  with_text(f, at, deep, sizeof deep, EC_E_INVALID_JSON, "200 brackets");
  with_text(f, at, "{", 1, EC_E_INVALID_JSON, "half an object");
  with_text(f, at, "{\"name\":\"\xff\"}", 12, EC_E_INVALID_JSON, "invalid UTF-8 in a string");
  with_text(f, at, "{\"name\":\"\0\"}", 12, EC_E_INVALID_JSON, "a NUL in a string");
  with_text(f, at, "{\"name\":1,\"name\":1}", 19, EC_E_INVALID_JSON, "a member twice");
  with_text(f, at, "7", 1, want_refused, "a number");
}

static void sweep_number(const struct function* f, int at) {
  static const int64_t numbers[] = {INT64_MIN, INT64_MIN + 1, -1000000, -2, -1, 0, 1, INT32_MAX, INT64_MAX};
  size_t i;
  for (i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
    struct arguments a;
    fill_good(f, &a);
    a.v[at].number = numbers[i];
    run(f, &a, want_documented, "an odd number");
    EXPECT_STATUS(EC_OK, ec_engine_clock_set(living[what_engine], INT64_C(1908295200000000), error));
  }
}

static void sweep_out(const struct function* f, int at) {
  struct arguments a;
  fill_good(f, &a);
  a.v[at].pointer = NULL;
  run(f, &a, EC_E_NULL_ARGUMENT, "no place for the result");
}

/* ---- options structs --------------------------------------------------------------------------------------------- */

static void with_bytes(const struct function* f, size_t offset, const void* bytes, size_t size, int wanted,
                       const char* with) {
  struct arguments a;
  fill_good(f, &a);
  memcpy(a.options.bytes + offset, bytes, size);
  run(f, &a, wanted, with);
}

static void with_size(const struct function* f, size_t size, size_t soiled, int wanted, const char* with) {
  struct arguments a;
  fill_good(f, &a);
  memcpy(a.options.bytes, &size, sizeof size);
  if (soiled != 0) a.options.bytes[soiled] = 1;
  run(f, &a, wanted, with);
}

static void with_member_text(const struct function* f, size_t offset, const char* text, size_t length, int wanted,
                             const char* with) {
  unsigned char both[sizeof text + sizeof length];
  memcpy(both, &text, sizeof text);
  memcpy(both + sizeof text, &length, sizeof length);
  with_bytes(f, offset, both, sizeof both, wanted, with);
}

static void sweep_member(const struct function* f, const struct member* m) {
  static const int64_t bad[] = {-1, INT64_MIN};
  static const int64_t large = INT64_MAX;
  static const int32_t small[] = {-1, INT32_MIN, INT32_MAX, 99};
  uint32_t flags;
  int i;
  switch (m->kind) {
    case member_text:
      with_member_text(f, m->offset, NULL, 5, EC_E_NULL_ARGUMENT, "a member that is NULL with a length");
      with_member_text(f, m->offset, "x", SIZE_MAX, EC_E_REQUEST_TOO_LARGE, "a member of the longest length");
      with_member_text(f, m->offset, huge, TEXT_MAX + 1, EC_E_REQUEST_TOO_LARGE, "a member a byte over 4 MiB");
      with_member_text(f, m->offset, huge, TEXT_MAX, want_refused, "a member of 4 MiB");
      with_member_text(f, m->offset, "\xff\xfe", 2, want_refused, "a member that is no UTF-8");
      with_member_text(f, m->offset, "a\0b", 3, want_refused, "a member with a NUL");
      break;
    case member_number:
      for (i = 0; i < 2; ++i) with_bytes(f, m->offset, &bad[i], sizeof bad[i], EC_E_INVALID_ARGUMENT, m->name);
      with_bytes(f, m->offset, &large, sizeof large, want_documented, m->name);
      break;
    case member_small:
      for (i = 0; i < 4; ++i) with_bytes(f, m->offset, &small[i], sizeof small[i], EC_E_INVALID_ARGUMENT, m->name);
      break;
    case member_flags:
      for (i = 5; i < 32; ++i) {
        flags = EC_OPEN_CREATE | (uint32_t)1 << i;
        with_bytes(f, m->offset, &flags, sizeof flags, EC_E_INVALID_ARGUMENT, "an unknown flag");
      }
      break;
    default: break;
  }
}

static void sweep_struct(const struct function* f, int at) {
  const struct parameter* p = &f->parameters[at];
  const int opens = p->what == what_open_options;
  const size_t size = opens ? sizeof(ec_open_options) : sizeof(ec_call_options);
  const struct member* members = opens ? members_open_options : members_call_options;
  const size_t count =
      opens ? sizeof members_open_options / sizeof *members : sizeof members_call_options / sizeof *members;
  struct arguments a;
  ec_status good;
  size_t i;
  fill_good(f, &a);
  good = run(f, &a, want_documented, "good options");
  fill_good(f, &a);
  a.v[at].pointer = NULL;
  run(f, &a, p->optional ? want_documented : EC_E_NULL_ARGUMENT, "no options");
  for (i = 0; i < size; ++i) with_size(f, i, 0, EC_E_BAD_STRUCT_SIZE, "a small struct_size");
  with_size(f, size + 8, size + 3, EC_E_BAD_STRUCT_SIZE, "an unknown member that is set");
  with_size(f, 4096, 4095, EC_E_BAD_STRUCT_SIZE, "an unknown last byte that is set");
  with_size(f, 4097, 0, EC_E_BAD_STRUCT_SIZE, "a struct_size beyond reason");
  with_size(f, SIZE_MAX, 0, EC_E_BAD_STRUCT_SIZE, "the largest struct_size");
  if (strcmp(f->name, "ec_row_remove") == 0) good = EC_E_NOT_FOUND; /* the good call removed it */
  with_size(f, size + 8, 0, good, "an unknown member at zero");
  with_size(f, 4096, 0, good, "many unknown members at zero");
  for (i = 0; i < count; ++i) sweep_member(f, &members[i]);
}

static void sweep(const struct function* f) {
  int i;
  for (i = 0; f->parameters[i].kind != kind_end; ++i) {
    if (strcmp(f->parameters[i].name, "id") == 0) add_venue();
    switch (f->parameters[i].kind) {
      case kind_handle: sweep_handle(f, i); break;
      case kind_struct: sweep_struct(f, i); break;
      case kind_text: sweep_text(f, i); break;
      case kind_number: sweep_number(f, i); break;
      case kind_out: sweep_out(f, i); break;
      default: break;
    }
  }
}

/* ---- a second thread --------------------------------------------------------------------------------------------- */

struct waiting {
  ec_session* session;
  ec_pending* pending;
  int64_t since;
  ec_status status;
};

static void* read_changes(void* given) {
  struct waiting* waiting = given;
  ec_bytes* changes = NULL;
  waiting->status = ec_changes_read(waiting->session, waiting->since, 10, INT64_C(60000000), &changes, NULL);
  ec_bytes_free(changes);
  return NULL;
}

static void* wait_for_reply(void* given) {
  struct waiting* waiting = given;
  ec_bytes* reply = NULL;
  do waiting->status = ec_wait(waiting->pending, -1, &reply, NULL);
  while (waiting->status == EC_E_CONCURRENT_USE); /* the main thread was looking just then */
  ec_bytes_free(reply);
  return NULL;
}

static int64_t last_change(ec_session* session) {
  int64_t since = 0;
  for (;;) {
    ec_bytes* changes = NULL;
    const char* at;
    int none;
    NEED(ec_changes_read(session, since, 1000, 0, &changes, error));
    at = strstr(ec_bytes_data(changes), "\"next\":");
    since = at ? strtoll(at + 7, NULL, 10) : 0;
    none = strstr(ec_bytes_data(changes), "\"changes\":[]") != NULL;
    drop(&changes);
    if (none) return since;
  }
}

/* While a thread waits for changes inside the session, every function of sessions refuses every other thread. */
static void second_thread_in_a_session(void) {
  struct waiting waiting = {living[what_session], NULL, 0, -1};
  ec_session* other = NULL;
  ec_bytes* reply = NULL;
  pthread_t thread;
  char principal[256];
  int i;
  snprintf(principal, sizeof principal, "{\"kind\":\"service\",\"reason\":\"wake\",\"organization_id\":\"%s\"}",
           organization);
  NEED(ec_session_open(living[what_engine], principal, strlen(principal), &other, error));
  waiting.since = last_change(other);
  if (pthread_create(&thread, NULL, read_changes, &waiting) != 0) exit(1);
  while (ec_transaction_rollback(living[what_session], NULL) != EC_E_CONCURRENT_USE) sched_yield();
  for (i = 0; i < function_count; ++i) {
    struct arguments a;
    if (functions[i].parameters[0].kind != kind_handle || functions[i].parameters[0].what != what_session) continue;
    EXPECT(functions[i].one_thread);
    fill_good(&functions[i], &a);
    run(&functions[i], &a, EC_E_CONCURRENT_USE, "a second thread inside");
  }
  NEED(ec_row_insert(other, NULL, EC_TEXT("venues"),
                     EC_TEXT("{\"name\":\"Wake\",\"address\":\"Pier 2\",\"max_capacity\":5}"), &reply, error));
  drop(&reply);
  pthread_join(thread, NULL);
  EXPECT(waiting.status == EC_OK);
  NEED(ec_session_close(other, error));
}

/* While a thread waits for a submitted call, which cannot run before the write turn is free, others are refused. */
static void second_thread_at_a_pending_call(void) {
  struct waiting waiting = {NULL, NULL, 0, -1};
  ec_session* holder = NULL;
  ec_bytes* reply = NULL;
  pthread_t thread;
  char principal[256];
  snprintf(principal, sizeof principal, "{\"kind\":\"service\",\"reason\":\"hold\",\"organization_id\":\"%s\"}",
           organization);
  NEED(ec_session_open(living[what_engine], principal, strlen(principal), &holder, error));
  NEED(ec_transaction_begin(holder, error));
  NEED(ec_row_insert(holder, NULL, EC_TEXT("venues"),
                     EC_TEXT("{\"name\":\"Hold\",\"address\":\"Pier 3\",\"max_capacity\":5}"), &reply, error));
  drop(&reply);
  NEED(ec_submit(living[what_session], NULL, EC_TEXT("expire_orders"), EC_TEXT("{}"), &waiting.pending, error));
  if (pthread_create(&thread, NULL, wait_for_reply, &waiting) != 0) exit(1);
  for (;;) {
    const ec_status status = ec_wait(waiting.pending, 0, &reply, NULL);
    EXPECT(reply == NULL);
    if (status == EC_E_CONCURRENT_USE) break;
    EXPECT(status == EC_OK);
    sched_yield();
  }
  NEED(ec_transaction_rollback(holder, error));
  pthread_join(thread, NULL);
  EXPECT(waiting.status == EC_OK);
  ec_pending_free(waiting.pending);
  NEED(ec_session_close(holder, error));
}

/* All functions on the same handles from several threads at once: each answer is a documented one. */
static void* storm(void* given) {
  int round, i;
  long wrong = 0;
  for (round = 0; round < 10; ++round) {
    for (i = 0; i < function_count; ++i) {
      const struct function* f = &functions[i];
      struct arguments a;
      ec_error* error = NULL;
      ec_status status;
      if (f->closes) continue;
      fill_good(f, &a);
      status = f->call(a.v, &error);
      if (f->shape != shape_fallible) continue;
      if (!documented(f, status) || !error_reads(error, status)) {
        fprintf(stderr, "%s from many threads: answered %d %s\n", f->name, (int)status, ec_error_json(error));
        ++wrong;
      }
      ec_error_free(error);
      if (status == EC_OK && a.out.handle != NULL) give_back(given_by(f, &a), a.out.handle);
    }
  }
  *(long*)given = wrong;
  return NULL;
}

static void* close_all(void* given) {
  ec_status* status = given;
  *status = ec_session_close(living[what_session], NULL);
  ec_bytes_free(living[what_bytes]);
  ec_error_free(living[what_error]);
  ec_pending_free(living[what_pending]);
  return NULL;
}

enum { threads_max = 4 };

static void many_threads(void) {
  pthread_t threads[threads_max];
  long wrong[threads_max];
  const int64_t live = ec_handles_live();
  int i;
  for (i = 0; i < threads_max; ++i)
    if (pthread_create(&threads[i], NULL, storm, &wrong[i]) != 0) exit(1);
  for (i = 0; i < threads_max; ++i) {
    pthread_join(threads[i], NULL);
    EXPECT(wrong[i] == 0);
  }
  ec_transaction_rollback(living[what_session], NULL);
  EXPECT(ec_handles_live() == live);
}

/* Closing and freeing the same handles from several threads: one closes the session, nobody frees twice. */
static void closing_threads(void) {
  pthread_t threads[threads_max];
  ec_status statuses[threads_max];
  int i, closed = 0;
  for (i = 0; i < threads_max; ++i)
    if (pthread_create(&threads[i], NULL, close_all, &statuses[i]) != 0) exit(1);
  for (i = 0; i < threads_max; ++i) {
    pthread_join(threads[i], NULL);
    EXPECT(statuses[i] == EC_OK || statuses[i] == EC_E_CLOSED || statuses[i] == EC_E_CONCURRENT_USE);
    closed += statuses[i] == EC_OK;
  }
  EXPECT(closed == 1);
}

/* ---- after fork, after closing ----------------------------------------------------------------------------------- */

static void dead_handles(int wanted, const char* with) {
  int i, at;
  for (i = 0; i < function_count; ++i)
    for (at = 0; functions[i].parameters[at].kind != kind_end; ++at)
      if (functions[i].parameters[at].kind == kind_handle)
        with_handle(&functions[i], at, living[functions[i].parameters[at].what], wanted, with);
}

static void after_fork(void) {
  int status = -1;
  const pid_t process = fork();
  if (process == 0) {
    failures = 0;
    EXPECT(ec_handles_live() == 0);
    dead_handles(EC_E_FORKED, "a handle from before fork()");
    EXPECT(ec_handles_live() == 0);
    _exit(failures != 0);
  }
  EXPECT(process > 0 && waitpid(process, &status, 0) == process);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void after_closing(void) {
  void* const engine = living[what_engine];
  void* session = NULL;
  EXPECT_STATUS(EC_OK, ec_session_open(engine, EC_TEXT("{\"kind\":\"anon\"}"), (ec_session**)&session, error));
  NEED(ec_engine_close(engine, error)); /* the parent first: what is left answers closed, and closes */
  dead_handles(EC_E_CLOSED, "a closed handle");
  living[what_session] = session;
  {
    int i;
    for (i = 0; i < function_count; ++i)
      if (functions[i].parameters[0].kind == kind_handle && functions[i].parameters[0].what == what_session &&
          !functions[i].closes)
        with_handle(&functions[i], 0, session, EC_E_CLOSED, "a session of a closed engine");
  }
  NEED(ec_session_close(session, error));
}

int main(int argc, char** argv) {
  int i;
  if (argc != 2) return 2;
  snprintf(folder, sizeof folder, "%s", argv[1]);
  huge = malloc(TEXT_MAX + 1);
  if (huge == NULL) return 2;
  memset(huge, 'a', TEXT_MAX + 1);
  set_up();
  for (i = 0; i < function_count; ++i) sweep(&functions[i]);
  second_thread_in_a_session();
  second_thread_at_a_pending_call();
  many_threads();
  after_fork();
  closing_threads();
  after_closing();
  EXPECT(ec_handles_live() == 0);
  free(huge);
  printf("%d functions, %ld calls held to the header\n", (int)function_count, calls_made);
  return failures != 0;
}
