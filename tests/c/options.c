/* Options of calls: what does not apply is refused, never ignored. And errors end when they are freed. What is misuse
 * of parameters as such is swept in misuse.c. */
#include "expect.h"

static ec_session* session;
static ec_bytes* bytes;

static ec_status call_with(const ec_call_options* options, ec_error** error) {
  return ec_call_with(session, options, EC_TEXT("check_in"), EC_TEXT(""), &bytes, error);
}

static ec_status insert_with(const ec_call_options* options, ec_error** error) {
  return ec_row_insert(session, options, EC_TEXT("venues"),
                       EC_TEXT("{\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":5}"), &bytes, error);
}

static ec_status get_with(const ec_call_options* options, ec_error** error) {
  return ec_row_get(session, options, EC_TEXT("venues"), EC_TEXT("00000000-0000-7000-8000-000000000001"), &bytes,
                    error);
}

static void all_other_members_at_zero_are_the_defaults(void) {
  ec_open_options open_options = EC_OPEN_OPTIONS_INIT;
  ec_call_options call_options = EC_CALL_OPTIONS_INIT;
  ec_open_options open_zeros;
  ec_call_options call_zeros;
  memset(&open_zeros, 0, sizeof open_zeros);
  memset(&call_zeros, 0, sizeof call_zeros);
  open_zeros.struct_size = sizeof open_zeros;
  call_zeros.struct_size = sizeof call_zeros;
  EXPECT(memcmp(&open_options, &open_zeros, sizeof open_zeros) == 0);
  EXPECT(memcmp(&call_options, &call_zeros, sizeof call_zeros) == 0);
}

static ec_status add_key_with(const ec_call_options* options, ec_error** error) {
  return ec_call_with(session, options, EC_TEXT("add_key"), EC_TEXT(""), &bytes, error);
}

static void a_key_goes_with_the_commands_that_take_one(void) {
  static const unsigned char key[32] = {7};
  ec_call_options options = EC_CALL_OPTIONS_INIT;
  EXPECT_STATUS(EC_E_KEY_REQUIRED, add_key_with(&options, error));
  options.key = key;
  options.key_length = sizeof key;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, add_key_with(&options, error)); /* of which kind? */
  options.key_kind = 9;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, add_key_with(&options, error));
  options.key_kind = EC_OPEN_KEY_RAW;
  options.key_length = 31;
  EXPECT_STATUS(EC_E_INVALID_KEY, add_key_with(&options, error));
  options.key_length = sizeof key;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, insert_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, get_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_call_many(session, &options, EC_TEXT("[]"), &bytes, error));
}

static void options_that_do_not_apply_are_refused(void) {
  ec_call_options options = EC_CALL_OPTIONS_INIT;
  options.if_version = 1;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, insert_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, get_with(&options, error));
  options.if_version = 0;
  options.organization_id = "00000000-0000-7000-8000-000000000001";
  options.organization_id_length = strlen(options.organization_id);
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, insert_with(&options, error));
  EXPECT_STATUS(EC_E_NOT_FOUND, get_with(&options, error));
  options.timeout_us = 1;
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, get_with(&options, error));
  options.timeout_us = 0;
  options.idempotency_key = "a-key-that-is-long-enough";
  options.idempotency_key_length = strlen(options.idempotency_key);
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, get_with(&options, error));
  options.organization_id = NULL;
  options.organization_id_length = 0;
  options.idempotency_key_length = 5;
  EXPECT_STATUS(EC_E_INVALID_IDEMPOTENCY_KEY, insert_with(&options, error));
}

/* A host whose key or tenant got lost on the way passes an empty text; that is no wish to go without. */
static void an_empty_text_is_not_the_absence_of_one(void) {
  ec_pending* pending = NULL;
  ec_call_options options = EC_CALL_OPTIONS_INIT;
  options.idempotency_key = "";
  EXPECT_STATUS(EC_E_INVALID_IDEMPOTENCY_KEY, insert_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_IDEMPOTENCY_KEY, call_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_IDEMPOTENCY_KEY, ec_call_many(session, &options, EC_TEXT("[]"), &bytes, error));
  EXPECT_STATUS(EC_E_INVALID_IDEMPOTENCY_KEY,
                ec_submit(session, &options, EC_TEXT("check_in"), EC_TEXT("{}"), &pending, error));
  options.idempotency_key = NULL;
  options.organization_id = "";
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, get_with(&options, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, call_with(&options, error));
}

static void a_submitted_call_is_refused_at_once_for_what_needs_no_store(void) {
  ec_pending* pending = NULL;
  EXPECT_STATUS(EC_E_UNKNOWN_COMMAND, ec_submit(session, NULL, EC_TEXT("no_such"), EC_TEXT("{}"), &pending, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_submit(session, NULL, EC_TEXT("check_in"), EC_TEXT("{}"), &pending, error));
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_submit(session, NULL, EC_TEXT("ticket_qr"), EC_TEXT("{}"), &pending, error));
}

static void errors_end_when_freed(void) {
  ec_error* error = NULL;
  EXPECT(ec_call(session, EC_TEXT("no_such_command"), EC_TEXT("{}"), &bytes, &error) == EC_E_UNKNOWN_COMMAND);
  EXPECT(strcmp(ec_error_name(error), "unknown_command") == 0);
  EXPECT(strstr(ec_error_json(error), "\"number\":2003") != NULL);
  ec_error_free(error);
  EXPECT(ec_error_code(error) == EC_E_CLOSED); /* the error itself is gone */
  ec_error_free(error);
  EXPECT(ec_error_code(NULL) == EC_OK && ec_error_is_transient(NULL) == 0);
  EXPECT(strcmp(ec_error_message(NULL), "") == 0 && strcmp(ec_error_json(NULL), "{}") == 0);
}

static void texts_end_with_a_nul_that_is_not_counted(void) {
  ec_bytes* text = NULL;
  EXPECT(ec_version(&text, NULL) == EC_OK && ec_bytes_data(text)[ec_bytes_size(text)] == '\0');
  EXPECT(strlen(ec_bytes_data(text)) == ec_bytes_size(text));
  ec_bytes_free(text);
  EXPECT(ec_abi_version() == EC_ABI_VERSION);
}

/* A host that forgot to set an audience passes an empty one; it must not let everybody's tokens in. */
static void an_audience_or_issuer_is_named_or_left_out(const char* path) {
  static const unsigned char secret[32] = {1, 2, 3};
  ec_engine* other = NULL;
  ec_open_options options = test_store(path, EC_OPEN_CREATE);
  options.jwt_algorithm = EC_JWT_HS256;
  options.jwt_key = secret;
  options.jwt_key_length = sizeof secret;
  options.jwt_audience = "";
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_engine_open(&options, &other, error));
  options.jwt_audience = NULL;
  options.jwt_issuer = "";
  EXPECT_STATUS(EC_E_INVALID_ARGUMENT, ec_engine_open(&options, &other, error));
  EXPECT(other == NULL);
  options.jwt_issuer = NULL;
  EXPECT_STATUS(EC_OK, ec_engine_open(&options, &other, error));
  EXPECT_STATUS(EC_OK, ec_engine_close(other, error));
}

int main(int argc, char** argv) {
  char path[4096];
  ec_engine* engine = NULL;
  ec_open_options open_options;
  if (argc != 2) return 2;
  snprintf(path, sizeof path, "%s/options.ecdb", argv[1]);
  open_options = test_store(path, EC_OPEN_CREATE_NEW);
  NEED(ec_engine_open(&open_options, &engine, error));
  NEED(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"options\"}"), &session, error));
  all_other_members_at_zero_are_the_defaults();
  a_key_goes_with_the_commands_that_take_one();
  options_that_do_not_apply_are_refused();
  an_empty_text_is_not_the_absence_of_one();
  a_submitted_call_is_refused_at_once_for_what_needs_no_store();
  errors_end_when_freed();
  texts_end_with_a_nul_that_is_not_counted();
  an_audience_or_issuer_is_named_or_left_out(path);
  NEED(ec_session_close(session, error));
  NEED(ec_engine_close(engine, error));
  EXPECT(ec_handles_live() == 0);
  return failures != 0;
}
