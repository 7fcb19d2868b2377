/* 2. When something fails.
 *
 * A function that can fail answers a code and, where one is wanted, an error that says more. Codes are grouped by who
 * must act: 1xxx the program is wrong, 2xxx the input is wrong, 3xxx it is not allowed, 4xxx the rows are not so, 5xxx
 * a rule says no, 6xxx the store has trouble. After a failure nothing has happened. */
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

static const char *who_must_act(ec_status status) {
    switch (status / 1000) {
        case 1: return "the programmer";
        case 2: return "whoever gave the input";
        case 3: return "whoever grants rights";
        case 4: return "the caller, with what is there";
        case 5: return "the caller, by the rules";
        case 6: return "whoever runs the machine";
        default: return "we";
    }
}

/* Shows a failure and ends it. */
static void show(const char *what, ec_status status) {
    printf("%s: %d %s, %s\n", what, (int)status, ec_error_name(error), who_must_act(status));
    if (ec_error_is_transient(error)) printf("  the same call may succeed later\n");
    ec_error_free(error);
}

int main(void) {
    static const unsigned char key[32] = {1, 2, 3};
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    ec_engine *engine = NULL;
    ec_session *session = NULL;
    ec_bytes *reply = NULL;
    ec_status status;

    options.path = "tutorial.ecdb";
    options.path_length = strlen(options.path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    status = ec_engine_open(&options, &engine, &error); /* nobody said EC_OPEN_CREATE */
    show("open", status);

    options.flags = EC_OPEN_CREATE;
    check(ec_engine_open(&options, &engine, &error));
    check(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"tutorial\"}"), &session, &error));

    /* All that is wrong with a request is named at once: the error's JSON has a list of fields with reasons. */
    status = ec_call(session, EC_TEXT("create_organization"), EC_TEXT("{\"name\":7,\"colour\":\"red\"}"), &reply,
                     &error);
    printf("owner: %s\n",
           strstr(ec_error_json(error), "{\"field\":\"owner\",\"reason\":\"is required\"}") ? "missing" : "?");
    show("call", status);
    printf("reply: %s\n", reply == NULL ? "none" : "some"); /* outputs are empty after a failure, always */

    /* error_out may be NULL for those whom the code tells enough. */
    status = ec_row_get(session, NULL, EC_TEXT("events"), EC_TEXT("00000000-0000-7000-8000-000000000001"), &reply,
                        NULL);
    printf("get: %s\n", status == EC_E_NOT_FOUND ? "no such row" : "?");

    check(ec_session_close(session, &error));
    status = ec_call(session, EC_TEXT("verify_store"), EC_TEXT("{}"), &reply, &error);
    show("call again", status);
    check(ec_engine_close(engine, &error));
    return 0;
}
