/* 3. Commands, and doing a thing once.
 *
 * A command is a whole piece of business under its rules: create_organization makes an organization, its keys and its
 * first owner, or nothing of it. docs/reference/commands.md lists them all. A host that does not know whether its call
 * arrived (the power went, the process was killed) repeats it under the same idempotency key: what was done is answered
 * again and not done again. */
#include <eventcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ec_error *error; /* why the last call failed */

static void check(ec_status status) {
    if (status == EC_OK) return;
    fprintf(stderr, "%s\n", ec_error_json(error));
    exit(1);
}

/* The text of the first member `name` in a reply. A host with a JSON library uses that. */
static void take(ec_bytes *reply, const char *name, char *text, size_t size) {
    char member[64];
    const char *at;
    snprintf(member, sizeof member, "\"%s\":\"", name);
    at = strstr(ec_bytes_data(reply), member);
    if (at == NULL) exit(1);
    at += strlen(member);
    snprintf(text, size, "%.*s", (int)strcspn(at, "\""), at);
    ec_bytes_free(reply);
}

int main(void) {
    static const unsigned char key[32] = {1, 2, 3};
    static const char request[] =
        "{\"name\":\"Aurora\",\"owner\":{\"email\":\"ada@aurora.example\",\"full_name\":\"Ada\"}}";
    char first[64], second[64], principal[256];
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    ec_call_options once = EC_CALL_OPTIONS_INIT;
    ec_engine *engine = NULL;
    ec_session *session = NULL, *owner = NULL;
    ec_bytes *reply = NULL;
    int64_t count = 0;

    options.path = "tutorial.ecdb";
    options.path_length = strlen(options.path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = EC_OPEN_CREATE;
    check(ec_engine_open(&options, &engine, &error));
    check(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"tutorial\"}"), &session, &error));

    once.idempotency_key = "set-up-of-the-first-day"; /* 16 to 255 visible characters, one for each thing to do */
    once.idempotency_key_length = strlen(once.idempotency_key);
    check(ec_call_with(session, &once, EC_TEXT("create_organization"), request, strlen(request), &reply, &error));
    take(reply, "organization_id", first, sizeof first);
    check(ec_call_with(session, &once, EC_TEXT("create_organization"), request, strlen(request), &reply, &error));
    take(reply, "organization_id", second, sizeof second);
    printf("the same organization: %s\n", strcmp(first, second) == 0 ? "yes" : "no");
    check(ec_rows_count(session, EC_TEXT("organizations"), EC_TEXT("{}"), &count, &error));
    printf("organizations: %d\n", (int)count);

    /* The owner acts for himself: his session sees his organization, and only what his role may see and do. */
    check(ec_rows_list(session, EC_TEXT("users"), EC_TEXT("{\"columns\":[\"id\"]}"), &reply, &error));
    take(reply, "id", second, sizeof second);
    snprintf(principal, sizeof principal, "{\"kind\":\"user\",\"id\":\"%s\"}", second);
    check(ec_session_open(engine, principal, strlen(principal), &owner, &error));
    check(ec_row_insert(owner, NULL, EC_TEXT("venues"),
                        EC_TEXT("{\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":500}"), &reply, &error));
    ec_bytes_free(reply);
    if (ec_call(owner, EC_TEXT("run_maintenance"), EC_TEXT("{}"), &reply, &error) == EC_E_COMMAND_DENIED)
        printf("maintenance is not for owners\n");
    ec_error_free(error);

    check(ec_session_close(owner, &error));
    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    return 0;
}
