/* A host's first hour: one store from its creation to the first visitor at the gate, all through eventcore.h. */
#include "expect.h"

static ec_session* session;
static char organization[64], event[64], category[64], venue[64];

static ec_bytes* call(const char* command, const char* arguments) {
  ec_bytes* reply = NULL;
  NEED(ec_call(session, command, strlen(command), arguments, strlen(arguments), &reply, error));
  return reply;
}

static ec_bytes* insert(const char* table, const char* row) {
  ec_bytes* reply = NULL;
  NEED(ec_row_insert(session, NULL, table, strlen(table), row, strlen(row), &reply, error));
  return reply;
}

static void lay_the_ground(void) {
  char text[1024];
  ec_bytes* reply = call("create_organization",
                         "{\"name\":\"Aurora\",\"slug\":\"aurora\",\"settings\":{\"currency\":\"EUR\"},"
                         "\"owner\":{\"email\":\"olga@example.org\",\"full_name\":\"Olga Owner\"}}");
  pick(reply, "\"organization\":", "id", organization, sizeof organization);
  drop(&reply);
  snprintf(text, sizeof text,
           "{\"organization_id\":\"%s\",\"name\":\"Aurora Night\",\"status\":\"confirmed\","
           "\"timezone\":\"Europe/Oslo\",\"start_datetime\":\"2030-06-21T18:00:00Z\","
           "\"end_datetime\":\"2030-06-22T04:00:00Z\",\"max_capacity\":100}",
           organization);
  reply = insert("events", text);
  pick(reply, "{", "id", event, sizeof event);
  EXPECT(holds(reply, "\"slug\":\"aurora-night\""));
  drop(&reply);
  snprintf(text, sizeof text,
           "{\"event_id\":\"%s\",\"name\":\"Standing\",\"base_price\":\"25.00\",\"total_quantity\":50}", event);
  reply = insert("ticket_categories", text);
  pick(reply, "{", "id", category, sizeof category);
  EXPECT(holds(reply, "\"currency\":\"EUR\""));
  drop(&reply);
}

static void sell_and_admit(void) {
  char text[1024], number[64];
  ec_bytes* reply;
  ec_error* error = NULL;
  ec_status status;
  snprintf(text, sizeof text,
           "{\"event_id\":\"%s\",\"items\":[{\"ticket_category_id\":\"%s\",\"quantity\":2}],"
           "\"payment\":{\"method\":\"cash\",\"amount\":\"50.00\"}}",
           event, category);
  reply = call("place_order", text);
  pick(reply, "\"tickets\":", "ticket_number", number, sizeof number);
  EXPECT(holds(reply, "\"payment_status\":\"paid\""));
  drop(&reply);

  snprintf(text, sizeof text, "{\"event_id\":\"%s\",\"ticket_number\":\"%s\"}", event, number);
  reply = call("check_in", text);
  EXPECT(holds(reply, "\"outcome\":\"admitted\""));
  drop(&reply);
  reply = call("check_in", text);
  EXPECT(holds(reply, "\"outcome\":\"already_used\""));
  drop(&reply);

  snprintf(text, sizeof text,
           "{\"event_id\":\"%s\",\"items\":[{\"ticket_category_id\":\"%s\",\"quantity\":49}],"
           "\"payment\":{\"method\":\"cash\",\"amount\":\"1225.00\"}}",
           event, category);
  status = ec_call(session, EC_TEXT("place_order"), text, strlen(text), &reply, &error);
  EXPECT(status / 1000 == 5 && reply == NULL);
  EXPECT(ec_error_code(error) == status && strlen(ec_error_message(error)) > 0);
  EXPECT(strstr(ec_error_json(error), ec_error_name(error)) != NULL && !ec_error_is_transient(error));
  ec_error_free(error);
}

static void rows(void) {
  char text[512];
  ec_call_options options = EC_CALL_OPTIONS_INIT;
  ec_bytes* reply = NULL;
  int64_t count = -1;
  NEED(ec_rows_count(session, EC_TEXT("tickets"), EC_TEXT("{\"where\":{\"status\":\"used\"}}"), &count, error));
  EXPECT(count == 1);
  NEED(ec_rows_list(session, EC_TEXT("tickets"), EC_TEXT("{\"limit\":1,\"columns\":[\"id\",\"status\"]}"), &reply,
                    error));
  EXPECT(holds(reply, "\"cursor\":\""));
  drop(&reply);

  options.idempotency_key = "first-hour-venue-1";
  options.idempotency_key_length = strlen(options.idempotency_key);
  snprintf(text, sizeof text,
           "{\"organization_id\":\"%s\",\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":500}", organization);
  NEED(ec_row_insert(session, &options, EC_TEXT("venues"), text, strlen(text), &reply, error));
  pick(reply, "{", "id", venue, sizeof venue);
  drop(&reply);
  NEED(ec_row_insert(session, &options, EC_TEXT("venues"), text, strlen(text), &reply, error));
  EXPECT(holds(reply, venue)); /* the same call again: the first reply */
  drop(&reply);
  options.organization_id = organization;
  options.organization_id_length = strlen(organization);
  options.idempotency_key = NULL;
  options.idempotency_key_length = 0;
  options.if_version = 7;
  EXPECT_STATUS(EC_E_VERSION_CONFLICT, ec_row_update(session, &options, EC_TEXT("venues"), venue, strlen(venue),
                                                     EC_TEXT("{\"city\":\"Oslo\"}"), &reply, error));
  options.if_version = 1;
  NEED(ec_row_update(session, &options, EC_TEXT("venues"), venue, strlen(venue), EC_TEXT("{\"city\":\"Oslo\"}"), &reply,
                     error));
  EXPECT(holds(reply, "\"version\":2"));
  drop(&reply);
  NEED(ec_row_get(session, NULL, EC_TEXT("venues"), venue, strlen(venue), &reply, error));
  EXPECT(holds(reply, "\"city\":\"Oslo\""));
  drop(&reply);
  NEED(ec_row_remove(session, NULL, EC_TEXT("venues"), venue, strlen(venue), error));
  EXPECT_STATUS(EC_E_NOT_FOUND, ec_row_get(session, NULL, EC_TEXT("venues"), venue, strlen(venue), &reply, error));
  EXPECT(reply == NULL);
  snprintf(text, sizeof text,
           "[{\"organization_id\":\"%s\",\"name\":\"East\",\"address\":\"E\",\"max_capacity\":5},"
           "{\"organization_id\":\"%s\",\"name\":\"West\",\"address\":\"W\",\"max_capacity\":5}]",
           organization, organization);
  NEED(ec_row_insert_many(session, NULL, EC_TEXT("venues"), text, strlen(text), &reply, error));
  EXPECT(holds(reply, "\"West\""));
  drop(&reply);
}

static void many_in_flight(void) {
  enum { many = 8 };
  ec_pending* pending[many] = {NULL};
  ec_bytes* reply = NULL;
  char text[512];
  int i;
  snprintf(text, sizeof text,
           "{\"event_id\":\"%s\",\"items\":[{\"ticket_category_id\":\"%s\",\"quantity\":1}],"
           "\"payment\":{\"method\":\"card\",\"amount\":\"25.00\"}}",
           event, category);
  for (i = 0; i < many; ++i)
    NEED(ec_submit(session, NULL, EC_TEXT("place_order"), text, strlen(text), &pending[i], error));
  for (i = 0; i < many; ++i) {
    NEED(ec_wait(pending[i], -1, &reply, error));
    EXPECT(holds(reply, "\"tickets\":[{"));
    drop(&reply);
    NEED(ec_wait(pending[i], 0, &reply, error));
    EXPECT(reply != NULL);
    drop(&reply);
    ec_pending_free(pending[i]);
  }
  snprintf(text, sizeof text,
           "[[\"check_in\",{\"event_id\":\"%s\",\"ticket_number\":\"none\"}],[\"no_such_command\",{}]]", event);
  EXPECT_STATUS(EC_E_UNKNOWN_COMMAND, ec_call_many(session, NULL, text, strlen(text), &reply, error));
}

static void transactions(void) {
  char text[256];
  ec_bytes* reply = NULL;
  int64_t before = 0, after = 0;
  snprintf(text, sizeof text, "{\"organization_id\":\"%s\",\"name\":\"North\",\"address\":\"N\",\"max_capacity\":5}",
           organization);
  NEED(ec_rows_count(session, EC_TEXT("venues"), EC_TEXT(""), &before, error));
  NEED(ec_transaction_begin(session, error));
  EXPECT_STATUS(EC_E_TRANSACTION_OPEN, ec_transaction_begin(session, error));
  reply = insert("venues", text);
  drop(&reply);
  NEED(ec_rows_count(session, EC_TEXT("venues"), EC_TEXT("{}"), &after, error));
  EXPECT(after == before + 1);
  NEED(ec_transaction_rollback(session, error));
  NEED(ec_rows_count(session, EC_TEXT("venues"), EC_TEXT("{}"), &after, error));
  EXPECT(after == before);
  NEED(ec_transaction_begin(session, error));
  reply = insert("venues", text);
  drop(&reply);
  NEED(ec_transaction_commit(session, error));
  EXPECT_STATUS(EC_E_NO_TRANSACTION, ec_transaction_commit(session, error));
  NEED(ec_rows_count(session, EC_TEXT("venues"), EC_TEXT("{}"), &after, error));
  EXPECT(after == before + 1);
}

static void the_rest(ec_engine* engine) {
  ec_bytes* reply = NULL;
  int64_t now = 0;
  char principal[256];
  ec_session* bound = NULL;
  snprintf(principal, sizeof principal, "{\"kind\":\"service\",\"reason\":\"feed\",\"organization_id\":\"%s\"}",
           organization);
  NEED(ec_session_open(engine, principal, strlen(principal), &bound, error));
  NEED(ec_changes_read(bound, 0, 1000, 0, &reply, error));
  EXPECT(holds(reply, "\"changes\":[{") && holds(reply, "\"next\":"));
  drop(&reply);
  NEED(ec_session_close(bound, error));
  NEED(ec_engine_clock_now(engine, &now, error));
  EXPECT(now == INT64_C(1908295200000000));
  NEED(ec_engine_stats(engine, &reply, error));
  EXPECT(holds(reply, "\"commits\":"));
  drop(&reply);
  NEED(ec_engine_logs(engine, 100, &reply, error));
  EXPECT(ec_bytes_data(reply)[0] == '[');
  drop(&reply);
  NEED(ec_engine_add_recovery_code(engine, &reply, error));
  EXPECT(ec_bytes_size(reply) > 50);
  drop(&reply);
  reply = call("verify_store", "{}");
  EXPECT(holds(reply, "\"ok\":true"));
  drop(&reply);
}

int main(int argc, char** argv) {
  char path[4096];
  ec_engine* engine = NULL;
  ec_open_options options;
  if (argc != 2) return 2;
  snprintf(path, sizeof path, "%s/festival.ecdb", argv[1]);
  options = test_store(path, EC_OPEN_CREATE | EC_OPEN_TEST_CLOCK);
  NEED(ec_engine_open(&options, &engine, error));
  NEED(ec_engine_clock_set(engine, INT64_C(1908295200000000), error)); /* 2030-06-21T18:00:00Z */
  NEED(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"first hour\"}"), &session, error));
  lay_the_ground();
  sell_and_admit();
  rows();
  many_in_flight();
  transactions();
  the_rest(engine);
  NEED(ec_session_close(session, error));
  NEED(ec_engine_close(engine, error));
  EXPECT(ec_handles_live() == 0);

  options.flags = EC_OPEN_READ_ONLY;
  NEED(ec_engine_open(&options, &engine, error));
  NEED(ec_engine_close(engine, error));
  options.key_length = 31;
  EXPECT_STATUS(EC_E_INVALID_KEY, ec_engine_open(&options, &engine, error));
  return failures != 0;
}
