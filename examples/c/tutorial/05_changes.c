/* 5. Following what changes.
 *
 * Every committed write leaves a change with a number: which row of which table, and what was done. A reader remembers
 * the last number and asks for what came after it: for a cache, a screen, a sync. It is told only of rows that it may
 * see; the rows themselves it reads as ever. */
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

/* Prints the operations after number `since` and answers the number to go on from. */
static int64_t follow(int64_t since) {
    ec_bytes *changes = NULL;
    const char *at;
    int64_t next;
    /* At most 100, and no waiting (0): with a timeout the call waits for the first change. */
    check(ec_changes_read(session, since, 100, 0, &changes, &error));
    for (at = ec_bytes_data(changes); (at = strstr(at, "\"operation\":\"")) != NULL;) {
        at += strlen("\"operation\":\"");
        printf("  %.*s\n", (int)strcspn(at, "\""), at);
    }
    next = strtoll(strstr(ec_bytes_data(changes), "\"next\":") + strlen("\"next\":"), NULL, 10);
    ec_bytes_free(changes);
    return next;
}

int main(void) {
    static const unsigned char key[32] = {1, 2, 3};
    char id[64];
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    ec_engine *engine = NULL;
    ec_bytes *reply = NULL;
    const char *at;
    int64_t since;

    options.path = "tutorial.ecdb";
    options.path_length = strlen(options.path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = EC_OPEN_CREATE;
    check(ec_engine_open(&options, &engine, &error));
    check(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"tutorial\"}"), &session, &error));

    printf("at first\n");
    since = follow(0);
    check(ec_row_insert(session, NULL, EC_TEXT("social_media_platforms"), EC_TEXT("{\"platform_name\":\"youtube\"}"),
                        &reply, &error));
    at = strstr(ec_bytes_data(reply), "\"id\":\"") + strlen("\"id\":\"");
    snprintf(id, sizeof id, "%.*s", (int)strcspn(at, "\""), at);
    ec_bytes_free(reply);
    printf("after an insert\n");
    since = follow(since);

    check(ec_row_update(session, NULL, EC_TEXT("social_media_platforms"), id, strlen(id),
                        EC_TEXT("{\"is_active\":false}"), &reply, &error));
    ec_bytes_free(reply);
    check(ec_row_remove(session, NULL, EC_TEXT("social_media_platforms"), id, strlen(id), &error));
    printf("after an update and a removal\n");
    since = follow(since);
    printf("and then nothing\n");
    follow(since);

    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    return 0;
}
