/* A gate in C: reads ticket codes from standard input, one a line, and decides each scan as the device it is. A line
 * that begins with '?' searches: "?qu" lists the visitors of whose name or ticket number a word begins with "qu".
 *
 *     gate STORE KEY_FILE TOKEN_FILE EVENT_ID [REHEARSAL_TIME_US] < codes.txt
 *
 * A scanner that types what it reads and ends it with a line feed, as most do, is all the hardware it takes; no network
 * is needed. KEY_FILE holds the store's key (32 bytes, or 64 hex digits), TOKEN_FILE what register_device answered.
 * With a time, the gate rehearses: it acts as if it were that moment.
 *
 * Prints one line a scan, and at the end how many came to what. On a terminal it beeps: once for "admitted", three
 * times for everything else. Exit: 0 every line was decided; 3 some were not (they are named); 1 the store could not be
 * used; 2 wrong arguments.
 *
 * Scans that already wait are submitted together, so that one commit carries many, and an answer is given when its scan
 * is kept. Nobody waits for the next in the queue: when no further line is there, what was read is answered. */
#define _POSIX_C_SOURCE 200809L
#include <eventcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { in_flight_max = 64, line_max = 1024, outcomes_max = 32 };

static struct {
    ec_pending *pending;
    long line;
} in_flight[in_flight_max];
static int in_flight_count;

static struct {
    char name[64];
    long count;
} outcomes[outcomes_max];

static long undecided;
static int beeps; /* to a terminal only */

static ec_error *error; /* why the last call failed */

static void check(ec_status status) {
    if (status == EC_OK) return;
    fprintf(stderr, "gate: %s (%s)\n", ec_error_message(error), ec_error_name(error));
    ec_error_free(error);
    exit(1);
}

static size_t read_file(const char *path, char *bytes, size_t size) {
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(bytes, 1, size, file) : 0;
    if (file == NULL || ferror(file)) perror(path), exit(1);
    fclose(file);
    return got;
}

/* Appends `text` as a JSON string; answers the new end. It takes at most six bytes for each of the text's. */
static char *append_json(char *end, const char *text) {
    *end++ = '"';
    for (; *text; ++text) {
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            end += sprintf(end, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            *end++ = *text;
    }
    *end++ = '"';
    *end = '\0';
    return end;
}

/* Prints, beeps and counts the outcome of one scan. */
static void tell(long line, const char *name) {
    int i = 0;
    printf("%ld %s%s\n", line, name, !beeps ? "" : strcmp(name, "admitted") == 0 ? "\a" : "\a\a\a");
    while (i < outcomes_max - 1 && outcomes[i].count > 0 && strcmp(outcomes[i].name, name) != 0) ++i;
    snprintf(outcomes[i].name, sizeof outcomes[i].name, "%s", name);
    ++outcomes[i].count;
}

/* The member `outcome` of a reply. */
static void read_outcome(ec_bytes *reply, char *outcome, size_t size) {
    static const char member[] = "\"outcome\":\"";
    const char *at = strstr(ec_bytes_data(reply), member);
    size_t length;
    snprintf(outcome, size, "unreadable");
    if (at == NULL) return;
    at += sizeof member - 1;
    length = strcspn(at, "\"");
    if (length < size) snprintf(outcome, size, "%.*s", (int)length, at);
}

static void refuse(long line, ec_error *error) {
    printf("%ld undecided: %s%s\n", line, ec_error_message(error), beeps ? "\a\a\a" : "");
    ec_error_free(error);
    ++undecided;
}

/* Answers all scans in flight, in their order. */
static void settle(void) {
    int i;
    for (i = 0; i < in_flight_count; ++i) {
        char outcome[64];
        ec_bytes *reply = NULL;
        ec_error *error = NULL;
        if (ec_wait(in_flight[i].pending, -1, &reply, &error) == EC_OK) {
            read_outcome(reply, outcome, sizeof outcome);
            tell(in_flight[i].line, outcome);
        } else {
            refuse(in_flight[i].line, error);
        }
        ec_bytes_free(reply);
        ec_pending_free(in_flight[i].pending);
    }
    in_flight_count = 0;
    fflush(stdout);
}

static void scan(ec_session *session, const char *event, const char *code, long line) {
    static char arguments[12 * line_max + 256];
    char *end = arguments;
    ec_error *error = NULL;
    ec_pending *pending = NULL;
    end += sprintf(end, "{\"event_id\":");
    end = append_json(end, event);
    end += sprintf(end, ",\"code\":");
    end = append_json(end, code);
    end += sprintf(end, "}");
    ec_submit(session, NULL, EC_TEXT("check_in"), arguments, (size_t)(end - arguments), &pending, &error);
    if (pending == NULL) {
        settle(); /* keep the order of the lines */
        refuse(line, error);
        return;
    }
    in_flight[in_flight_count].pending = pending;
    in_flight[in_flight_count].line = line;
    if (++in_flight_count == in_flight_max) settle();
}

/* The store's key: a file of 32 bytes, or of 64 hex digits. */
static size_t read_key(const char *path, char *key) {
    char text[66];
    unsigned byte = 0;
    size_t length = read_file(path, text, sizeof text);
    size_t i;
    if (length < 64) {
        memcpy(key, text, length < 33 ? length : 33);
        return length < 33 ? length : 33;
    }
    for (i = 0; i < 32 && sscanf(text + 2 * i, "%2x", &byte) == 1; ++i) key[i] = (char)byte;
    memset(text, 0, sizeof text);
    return i;
}

static ec_engine *open_store(const char *path, const char *key_file, const char *rehearsal_us) {
    char key[33];
    ec_engine *engine = NULL;
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    options.path = path;
    options.path_length = strlen(path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = read_key(key_file, key);
    options.flags = rehearsal_us ? EC_OPEN_TEST_CLOCK : 0;
    check(ec_engine_open(&options, &engine, &error));
    memset(key, 0, sizeof key);
    if (rehearsal_us) check(ec_engine_clock_set(engine, strtoll(rehearsal_us, NULL, 10), &error));
    return engine;
}

static ec_session *open_session(ec_engine *engine, const char *token_file) {
    char token[256], principal[12 * sizeof token + 64];
    char *end = principal + sprintf(principal, "{\"kind\":\"device\",\"token\":");
    ec_session *session = NULL;
    token[read_file(token_file, token, sizeof token - 1)] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    end = append_json(end, token);
    end += sprintf(end, "}");
    check(ec_session_open(engine, principal, (size_t)(end - principal), &session, &error));
    return session;
}

/* A code is visible ASCII; what is not was no code, and nobody has to be asked. */
static int is_readable(const char *line, size_t length) {
    size_t i;
    for (i = 0; i < length; ++i)
        if (line[i] < 0x21 || line[i] > 0x7e) return 0;
    return length < line_max;
}

/* Prints number and name of each ticket in a reply; members come in the order of the alphabet. Answers how many. */
static long tell_found(const char *reply, long line) {
    static const char name_member[] = "\"attendee_name\":", number_member[] = "\"ticket_number\":\"";
    long found = 0;
    while ((reply = strstr(reply, name_member)) != NULL) {
        const char *name = reply + sizeof name_member - 1; /* a string, or null for who bought at the counter */
        const char *number = strstr(name, number_member);
        if (number == NULL) break;
        reply = number + sizeof number_member - 1;
        printf("%ld found %.*s", line, (int)strcspn(reply, "\""), reply);
        if (*name == '"') printf(" %.*s", (int)strcspn(name + 1, "\""), name + 1);
        printf("\n");
        ++found;
    }
    return found;
}

/* A visitor without a ticket says how he is called. Whom the device may not see is not found. */
static void search(ec_session *session, const char *event, const char *beginning, long line) {
    static char arguments[12 * line_max + 256];
    char *end = arguments;
    ec_bytes *reply = NULL;
    end += sprintf(end, "{\"event_id\":");
    end = append_json(end, event);
    end += sprintf(end, ",\"query\":");
    end = append_json(end, beginning);
    end += sprintf(end, "}");
    if (ec_call(session, EC_TEXT("search_attendees"), arguments, (size_t)(end - arguments), &reply, &error) != EC_OK) {
        printf("%ld not searched: %s\n", line, ec_error_message(error));
        ec_error_free(error);
        error = NULL;
    } else if (tell_found(ec_bytes_data(reply), line) == 0) {
        printf("%ld nobody found\n", line);
    }
    ec_bytes_free(reply);
    fflush(stdout);
}

static void take_line(ec_session *session, const char *event, char *line, size_t length, long number) {
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' ')) --length;
    line[length] = '\0';
    if (length == 0) return; /* an empty line is nobody's */
    if (line[0] == '?' && length < line_max) {
        settle(); /* keep the order of the lines */
        search(session, event, line + 1, number);
    } else if (is_readable(line, length)) {
        scan(session, event, line, number);
    } else {
        settle(); /* keep the order of the lines */
        tell(number, "unreadable");
    }
}

/* Reads lines until there are no more. Of a line that is too long only the beginning is kept: it is unreadable. */
static void serve(ec_session *session, const char *event) {
    static char bytes[65536], line[line_max + 1];
    size_t length = 0;
    long number = 0;
    ssize_t got, i;
    while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
        for (i = 0; i < got; ++i) {
            if (bytes[i] == '\n') {
                take_line(session, event, line, length, ++number);
                length = 0;
            } else if (length < line_max) {
                line[length++] = bytes[i];
            }
        }
        settle(); /* nobody else is waiting just now */
    }
    if (length > 0) take_line(session, event, line, length, ++number); /* the last line may lack its end */
    settle();
}

int main(int argc, char **argv) {
    int i;
    ec_engine *engine;
    ec_session *session;
    if (argc < 5 || argc > 6 || strlen(argv[4]) > 64)
        return fprintf(stderr, "usage: gate STORE KEY_FILE TOKEN_FILE EVENT_ID [REHEARSAL_TIME_US] < codes\n"), 2;
    engine = open_store(argv[1], argv[2], argc == 6 ? argv[5] : NULL);
    session = open_session(engine, argv[3]);
    beeps = isatty(STDOUT_FILENO);
    serve(session, argv[4]);
    for (i = 0; i < outcomes_max && outcomes[i].count > 0; ++i)
        printf("%s: %ld\n", outcomes[i].name, outcomes[i].count);
    if (undecided > 0) printf("undecided: %ld\n", undecided);
    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    return undecided == 0 ? 0 : 3;
}
