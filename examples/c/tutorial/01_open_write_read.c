/* 1. Open a store, write a row, read it back.
 *
 * A store is one encrypted file. Everything in it is rows of tables: JSON goes in, JSON comes out. What may go wrong is
 * the next program's subject; this one stops at the first failure. */
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

int main(void) {
    /* A real host takes 32 random bytes and keeps them in its key store. */
    static const unsigned char key[32] = {1, 2, 3};
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    ec_engine *engine = NULL;
    ec_session *session = NULL;
    ec_bytes *reply = NULL;
    int64_t count = 0;

    options.path = "tutorial.ecdb";
    options.path_length = strlen(options.path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = EC_OPEN_CREATE; /* make it when it is absent */
    check(ec_engine_open(&options, &engine, &error));

    /* Every call is made by somebody. A service is the host itself: it may do everything, and says why it does. */
    check(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"tutorial\"}"), &session, &error));

    /* Platforms of social media belong to no organization, so a first row needs nothing else. The reply is the row as
     * it was stored: with its id, its version, and all defaults. EC_TEXT gives a literal and its length. */
    check(ec_row_insert(session, NULL, EC_TEXT("social_media_platforms"), EC_TEXT("{\"platform_name\":\"youtube\"}"),
                        &reply, &error));
    printf("inserted: %s\n", strstr(ec_bytes_data(reply), "\"version\":1") ? "version 1" : "?");
    ec_bytes_free(reply); /* what an *_out gave belongs to us */

    check(ec_rows_count(session, EC_TEXT("social_media_platforms"), EC_TEXT("{}"), &count, &error));
    printf("rows: %d\n", (int)count);

    /* A page of rows: a filter, the columns wanted, how many. */
    check(ec_rows_list(session, EC_TEXT("social_media_platforms"),
                       EC_TEXT("{\"where\":{\"platform_name\":\"youtube\"},\"columns\":[\"platform_name\"]}"), &reply,
                       &error));
    printf("found: %s\n", strstr(ec_bytes_data(reply), "\"platform_name\":\"youtube\"") ? "youtube" : "nothing");
    ec_bytes_free(reply);

    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    printf("handles left: %d\n", (int)ec_handles_live()); /* a host that leaks none has 0 */
    return 0;
}
