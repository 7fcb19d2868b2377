/* Handles across threads and across fork(): one call at a time on a session, and nothing of a parent in its child. */
#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static ec_engine* engine;
static ec_session* shared;
static char folder[4096];

static void* use_everything(void* number) {
  char name[256];
  ec_session* own = NULL;
  ec_bytes* reply = NULL;
  int round;
  snprintf(name, sizeof name,
           "{\"name\":\"Org %d\",\"slug\":\"org-%d\",\"owner\":{\"email\":\"o%d@example.org\","
           "\"full_name\":\"Olga\"}}",
           *(int*)number, *(int*)number, *(int*)number);
  if (ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"threads\"}"), &own, NULL) != EC_OK)
    return "open";
  for (round = 0; round < 50; ++round) {
    ec_error* error = NULL;
    ec_status status = ec_rows_list(own, EC_TEXT("organizations"), EC_TEXT("{}"), &reply, NULL);
    if (status != EC_OK || ec_bytes_size(reply) == 0) return "list";
    ec_bytes_free(reply);
    status = ec_rows_list(shared, EC_TEXT("organizations"), EC_TEXT("{}"), &reply, &error);
    if (status != ec_error_code(error) || (status != EC_OK && status != EC_E_CONCURRENT_USE)) return "shared";
    ec_error_free(error);
    ec_bytes_free(reply);
  }
  if (ec_call(own, EC_TEXT("create_organization"), name, strlen(name), &reply, NULL) != EC_OK) return "write";
  ec_bytes_free(reply);
  if (ec_session_close(own, NULL) != EC_OK || ec_session_close(own, NULL) != EC_E_CLOSED) return "close";
  return NULL;
}

static void threads(void) {
  enum { many = 8 };
  pthread_t running[many];
  int numbers[many], i;
  for (i = 0; i < many; ++i) {
    numbers[i] = i;
    if (pthread_create(&running[i], NULL, use_everything, &numbers[i]) != 0) exit(1);
  }
  for (i = 0; i < many; ++i) {
    void* wrong = NULL;
    pthread_join(running[i], &wrong);
    if (wrong) fprintf(stderr, "thread %d: %s\n", i, (const char*)wrong);
    EXPECT(wrong == NULL);
  }
}

/* In the child. */
static int child(ec_bytes* lent, ec_error* old) {
  char path[5000];
  ec_open_options options;
  ec_engine* own = NULL;
  ec_session* session = NULL;
  EXPECT(ec_handles_live() == 0);
  EXPECT_STATUS(EC_E_FORKED, ec_rows_count(shared, EC_TEXT("organizations"), EC_TEXT(""), &(int64_t){0}, error));
  EXPECT_STATUS(EC_E_FORKED, ec_session_close(shared, error));
  EXPECT_STATUS(EC_E_FORKED, ec_engine_close(engine, error));
  EXPECT(ec_bytes_data(lent) == NULL && ec_error_code(old) == EC_E_FORKED);
  ec_bytes_free(lent);
  ec_error_free(old);
  snprintf(path, sizeof path, "%s/child.ecdb", folder);
  options = test_store(path, EC_OPEN_CREATE_NEW);
  EXPECT_STATUS(EC_OK, ec_engine_open(&options, &own, error));
  EXPECT_STATUS(EC_OK, ec_session_open(own, EC_TEXT("{\"kind\":\"service\",\"reason\":\"child\"}"), &session, error));
  EXPECT(ec_handles_live() == 2);
  EXPECT_STATUS(EC_OK, ec_engine_close(own, error));
  EXPECT_STATUS(EC_OK, ec_session_close(session, error));
  return failures != 0;
}

int main(int argc, char** argv) {
  char path[5000];
  ec_open_options options;
  ec_bytes* lent = NULL;
  ec_error* old = NULL;
  int64_t count = 0;
  int status = -1;
  pid_t process;
  if (argc != 2) return 2;
  snprintf(folder, sizeof folder, "%s", argv[1]);
  snprintf(path, sizeof path, "%s/parent.ecdb", folder);
  options = test_store(path, EC_OPEN_CREATE_NEW);
  NEED(ec_engine_open(&options, &engine, error));
  NEED(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"parent\"}"), &shared, error));
  threads();
  NEED(ec_version(&lent, error));
  EXPECT(ec_call(shared, EC_TEXT("no_such_command"), EC_TEXT("{}"), &lent, &old) == EC_E_UNKNOWN_COMMAND);
  NEED(ec_version(&lent, error));

  process = fork();
  if (process == 0) _exit(child(lent, old));
  EXPECT(process > 0 && waitpid(process, &status, 0) == process);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);

  NEED(ec_rows_count(shared, EC_TEXT("organizations"), EC_TEXT("{}"), &count, error)); /* the parent goes on */
  EXPECT(count == 8);
  EXPECT(ec_bytes_size(lent) > 0 && ec_error_code(old) == EC_E_UNKNOWN_COMMAND);
  ec_bytes_free(lent);
  ec_error_free(old);
  NEED(ec_session_close(shared, error));
  NEED(ec_engine_close(engine, error));
  return failures != 0;
}
