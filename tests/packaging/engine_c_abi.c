/* The engine through its C header: the marker is the name of an organization. */
#include "engine.h"

#include <eventcore.h>
#include <stdio.h>
#include <string.h>

static const unsigned char key[32] = {1, 2, 3, 4, 5, 6, 7, 8};

/* Answers the session, or NULL. */
static ec_session* open_store(const char* path, uint32_t flags, ec_engine** engine) {
  ec_open_options options = EC_OPEN_OPTIONS_INIT;
  ec_session* session = NULL;
  options.path = path;
  options.path_length = strlen(path);
  options.key = key;
  options.key_length = sizeof key;
  options.key_kind = EC_OPEN_KEY_RAW;
  options.flags = flags;
  if (ec_engine_open(&options, engine, NULL) != EC_OK) return NULL;
  ec_session_open(*engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"packaging test\"}"), &session, NULL);
  return session;
}

static int close_store(ec_session* session, ec_engine* engine) {
  int wrong = ec_session_close(session, NULL) != EC_OK;
  return (ec_engine_close(engine, NULL) != EC_OK) | wrong;
}

int engine_write(const char* path, const char* marker) {
  char arguments[512];
  ec_engine* engine = NULL;
  ec_bytes* reply = NULL;
  ec_error* error = NULL;
  int wrong = 0;
  ec_session* session = open_store(path, EC_OPEN_CREATE, &engine);
  snprintf(arguments, sizeof arguments,
           "{\"name\":\"%s\",\"slug\":\"packaging\","
           "\"owner\":{\"email\":\"owner@example.org\",\"full_name\":\"Olga\"}}",
           marker);
  if (ec_call(session, EC_TEXT("create_organization"), arguments, strlen(arguments), &reply, &error) != EC_OK) {
    fprintf(stderr, "create_organization: %s\n", ec_error_message(error));
    wrong = 1;
  }
  ec_error_free(error);
  ec_bytes_free(reply);
  return close_store(session, engine) | wrong;
}

int engine_holds(const char* path, const char* marker) {
  char request[512];
  ec_engine* engine = NULL;
  int64_t count = 0;
  ec_session* session = open_store(path, 0, &engine);
  snprintf(request, sizeof request, "{\"where\":{\"name\":\"%s\"}}", marker);
  ec_rows_count(session, EC_TEXT("organizations"), request, strlen(request), &count, NULL);
  return close_store(session, engine) == 0 && count == 1;
}

const char* engine_sqlite_version(void) {
  return NULL;
}
