/* A box office in C: make a store, put an event on sale, sell three places at the counter, write their codes.
 *
 *     box_office FOLDER        leaves festival.ecdb, festival.key, device.token, event.txt and codes.txt in FOLDER
 *     gate FOLDER/festival.ecdb FOLDER/festival.key FOLDER/device.token EVENT_ID < FOLDER/codes.txt
 */
#include <eventcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *folder;

/* Every failure says what it is; a program with more to lose would look at ec_error_code. */
static ec_error *error; /* why the last call failed */

static void check(ec_status status) {
    if (status == EC_OK) return;
    fprintf(stderr, "box_office: %s (%s)\n", ec_error_message(error), ec_error_name(error));
    ec_error_free(error);
    exit(1);
}

static ec_bytes *call(ec_session *session, const char *command, const char *arguments) {
    ec_bytes *reply = NULL;
    check(ec_call(session, command, strlen(command), arguments, strlen(arguments), &reply, &error));
    return reply;
}

/* Copies the text of the next member `name` behind *at and moves *at there. A host with a JSON library uses that. */
static int next_text(const char **at, const char *name, char *text, size_t size) {
    char member[64];
    size_t length;
    snprintf(member, sizeof member, "\"%s\":\"", name);
    if ((*at = strstr(*at, member)) == NULL) return 0;
    *at += strlen(member);
    length = strcspn(*at, "\"");
    if (length >= size) exit(1);
    memcpy(text, *at, length);
    text[length] = '\0';
    return 1;
}

/* The first `name` behind `where` in a reply, which is freed. */
static void pick(ec_bytes *reply, const char *where, const char *name, char *text, size_t size) {
    const char *at = strstr(ec_bytes_data(reply), where);
    if (at == NULL || !next_text(&at, name, text, size)) exit(1);
    ec_bytes_free(reply);
}

static FILE *file_in_folder(const char *name, const char *mode) {
    char path[4096];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, mode);
    if (file == NULL) perror(path), exit(1);
    return file;
}

static void save(const char *name, const void *bytes, size_t size) {
    FILE *file = file_in_folder(name, "wb");
    if (fwrite(bytes, 1, size, file) != size || fclose(file) != 0) perror(name), exit(1);
}

/* A fresh 32-byte key. A real host keeps it in its key store, not beside the data. */
static void make_key(unsigned char key[32]) {
    FILE *random = fopen("/dev/urandom", "rb");
    if (random == NULL || fread(key, 1, 32, random) != 32) perror("/dev/urandom"), exit(1);
    fclose(random);
    save("festival.key", key, 32);
}

static ec_engine *open_store(void) {
    char path[4096];
    unsigned char key[32];
    ec_engine *engine = NULL;
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    make_key(key);
    snprintf(path, sizeof path, "%s/festival.ecdb", folder);
    options.path = path;
    options.path_length = strlen(path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = EC_OPEN_CREATE_NEW;
    check(ec_engine_open(&options, &engine, &error));
    memset(key, 0, sizeof key);
    return engine;
}

/* An event that begins in two hours and one kind of ticket, inserted as rows: everything is a table. */
static void put_on_sale(ec_session *session, const char *organization, char *event, char *category) {
    char row[1024], start[32], end[32];
    time_t begin = time(NULL) + 2 * 3600, finish = begin + 6 * 3600;
    ec_bytes *reply = NULL;
    strftime(start, sizeof start, "%Y-%m-%dT%H:%M:%SZ", gmtime(&begin));
    strftime(end, sizeof end, "%Y-%m-%dT%H:%M:%SZ", gmtime(&finish));
    snprintf(row, sizeof row,
             "{\"organization_id\":\"%s\",\"name\":\"Aurora Night\",\"status\":\"confirmed\","
             "\"start_datetime\":\"%s\",\"end_datetime\":\"%s\"}", organization, start, end);
    check(ec_row_insert(session, NULL, EC_TEXT("events"), row, strlen(row), &reply, &error));
    pick(reply, "{", "id", event, 64);
    snprintf(row, sizeof row,
             "{\"event_id\":\"%s\",\"name\":\"Standing\",\"base_price\":\"25.00\",\"total_quantity\":200}", event);
    check(ec_row_insert(session, NULL, EC_TEXT("ticket_categories"), row, strlen(row), &reply, &error));
    pick(reply, "{", "id", category, 64);
}

/* Sells at the counter: with a payment, place_order places, pays and issues in one step. */
static void sell(ec_session *session, const char *event, const char *category) {
    char text[1024], code[512], ticket[64];
    const char *at;
    FILE *codes = file_in_folder("codes.txt", "w");
    ec_bytes *reply;
    snprintf(text, sizeof text,
             "{\"event_id\":\"%s\",\"items\":[{\"ticket_category_id\":\"%s\",\"quantity\":3}],"
             "\"customer\":{\"name\":\"Gus Guest\"},"
             "\"payment\":{\"method\":\"cash\",\"amount\":\"75.00\"}}", event, category);
    reply = call(session, "place_order", text);
    at = strstr(ec_bytes_data(reply), "\"tickets\":");
    while (at != NULL && next_text(&at, "id", ticket, sizeof ticket)) {
        snprintf(text, sizeof text, "{\"ticket_id\":\"%s\"}", ticket);
        pick(call(session, "ticket_qr", text), "{", "code", code, sizeof code);
        fprintf(codes, "%s\n", code);
        printf("sold ticket %s\n", ticket);
    }
    if (fclose(codes) != 0) exit(1);
    ec_bytes_free(reply);
}

int main(int argc, char **argv) {
    char organization[64], event[64], category[64], token[256], text[256];
    ec_engine *engine;
    ec_session *session = NULL;
    ec_bytes *reply;
    if (argc != 2) return fprintf(stderr, "usage: box_office FOLDER\n"), 2;
    folder = argv[1];
    engine = open_store();
    check(ec_session_open(engine, EC_TEXT("{\"kind\":\"service\",\"reason\":\"counter\"}"), &session, &error));

    reply = call(session, "create_organization",
                 "{\"name\":\"Aurora\",\"slug\":\"aurora\","
                 "\"owner\":{\"email\":\"olga@example.org\",\"full_name\":\"Olga Owner\"}}");
    pick(reply, "\"organization\":", "id", organization, sizeof organization);
    put_on_sale(session, organization, event, category);
    sell(session, event, category);

    snprintf(text, sizeof text, "{\"event_id\":\"%s\",\"name\":\"Scanner 1\"}", event);
    pick(call(session, "register_device", text), "{", "token", token, sizeof token);
    save("device.token", token, strlen(token));
    save("event.txt", event, strlen(event));

    snprintf(text, sizeof text, "{\"event_id\":\"%s\"}", event);
    reply = call(session, "event_report", text);
    printf("report: %s\n", ec_bytes_data(reply));
    ec_bytes_free(reply);
    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    return ec_handles_live() == 0 ? 0 : 1;
}
