/* 4. Several writes as one.
 *
 * Between begin and commit the calls of a session belong together: they see their own writes, nobody else does, and
 * after a crash either all of them are there or none. A call that fails leaves the others in place. For a fixed list of
 * commands ec_call_many is shorter, for many rows of one table ec_row_insert_many. */
#include <eventcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ec_session *session;
static ec_error *error;

static void check(ec_status status) {
    if (status == EC_OK) return;
    fprintf(stderr, "%s\n", ec_error_json(error));
    exit(1);
}

static void add_platform(const char *row) {
    ec_bytes *reply = NULL;
    check(ec_row_insert(session, NULL, EC_TEXT("social_media_platforms"), row, strlen(row), &reply, &error));
    ec_bytes_free(reply);
}

static int platforms(void) {
    int64_t count = 0;
    check(ec_rows_count(session, EC_TEXT("social_media_platforms"), EC_TEXT("{}"), &count, &error));
    return (int)count;
}

int main(void) {
    static const unsigned char key[32] = {1, 2, 3};
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    ec_engine *engine = NULL;
    ec_bytes *reply = NULL;

    options.path = "tutorial.ecdb";
    options.path_length = strlen(options.path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = EC_OPEN_CREATE;
    check(ec_engine_open(&options, &engine, &error));
    check(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"tutorial\"}"), &session, &error));

    check(ec_transaction_begin(session, &error));
    add_platform("{\"platform_name\":\"youtube\"}");
    add_platform("{\"platform_name\":\"instagram\"}");
    printf("inside: %d\n", platforms());
    check(ec_transaction_rollback(session, &error));
    printf("rolled back: %d\n", platforms());

    check(ec_transaction_begin(session, &error));
    add_platform("{\"platform_name\":\"youtube\"}");
    if (ec_row_insert(session, NULL, EC_TEXT("social_media_platforms"), EC_TEXT("{\"platform_name\":\"no such\"}"),
                      &reply, NULL) == EC_E_INVALID_ARGUMENT)
        printf("one was refused\n");
    add_platform("{\"platform_name\":\"instagram\"}");
    check(ec_transaction_commit(session, &error)); /* from here on it is on the disk */
    printf("committed: %d\n", platforms());

    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    return 0;
}
