/* Engines while the process ends: a handler of atexit() that was there before the first engine closes one, and threads
 * are still in calls. Nothing crashes, and what was answered is on the disk. */
#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { sellers = 4 };

static char path[5000];
static ec_engine* engine;
static ec_session* session;
static int answered_pipe[2];

static ec_status add_organization(ec_session* by, int number) {
  char text[256];
  ec_bytes* reply = NULL;
  ec_status status;
  snprintf(text, sizeof text,
           "{\"name\":\"Org %d\",\"slug\":\"org-%d\",\"owner\":{\"email\":\"o%d@example.org\","
           "\"full_name\":\"Olga\"}}",
           number, number, number);
  status = ec_call(by, EC_TEXT("create_organization"), text, strlen(text), &reply, NULL);
  ec_bytes_free(reply);
  return status;
}

static ec_session* opened_session(ec_engine* of) {
  ec_session* own = NULL;
  NEED(ec_session_open(of, EC_TEXT("{\"kind\":\"service\",\"reason\":\"the end\"}"), &own, error));
  return own;
}

static int64_t organizations(void) {
  int64_t count = -1;
  NEED(ec_rows_count(session, EC_TEXT("organizations"), EC_TEXT("{}"), &count, error));
  return count;
}

static void open_store(uint32_t flags) {
  const ec_open_options options = test_store(path, flags);
  NEED(ec_engine_open(&options, &engine, error));
  session = opened_session(engine);
}

static void at_the_end(void) {
  NEED(ec_engine_close(engine, error));
  if (failures != 0) _exit(1);
}

static void* sell(void* number) {
  ec_session* own = opened_session(engine);
  int next;
  for (next = *(int*)number;; next += sellers) {
    if (add_organization(own, next) != EC_OK) return NULL;
    if (write(answered_pipe[1], "x", 1) != 1) return NULL;
  }
}

/* Returns from main while its threads sell. */
static int busy_end(void) {
  static pthread_t running[sellers];
  static int numbers[sellers];
  char answered[8];
  int i;
  open_store(EC_OPEN_CREATE);
  for (i = 0; i < sellers; ++i) {
    numbers[i] = 100 + i;
    if (pthread_create(&running[i], NULL, sell, &numbers[i]) != 0) return 1;
  }
  return read(answered_pipe[0], answered, sizeof answered) < 1;
}

static void in_a_child(int (*body)(void)) {
  int status = -1;
  const pid_t process = fork();
  if (process == 0) exit(body());
  EXPECT(process > 0 && waitpid(process, &status, 0) == process);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  if (status != 0) fprintf(stderr, "status %x\n", (unsigned)status);
}

static int handled_end(void) {
  if (atexit(at_the_end) != 0) return 1;
  open_store(EC_OPEN_CREATE_NEW);
  return add_organization(session, 1) != EC_OK;
}

static int check_first(void) {
  open_store(0);
  return organizations() != 1;
}

static int check_busy(void) {
  ec_bytes* reply = NULL;
  open_store(0);
  NEED(ec_call(session, EC_TEXT("verify_store"), EC_TEXT("{}"), &reply, error));
  EXPECT(holds(reply, "\"ok\":true"));
  return failures;
}

int main(int argc, char** argv) {
  int round;
  if (argc != 2 || pipe(answered_pipe) != 0) return 2;
  snprintf(path, sizeof path, "%s/first.ecdb", argv[1]);
  in_a_child(handled_end);
  in_a_child(check_first);
  for (round = 0; round < 5; ++round) {
    snprintf(path, sizeof path, "%s/busy-%d.ecdb", argv[1], round);
    in_a_child(busy_end);
    in_a_child(check_busy);
  }
  return failures != 0;
}
