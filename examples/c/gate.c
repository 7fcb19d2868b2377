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
 * While the store is out of reach, say on a disk that somebody pulled out, the gate still tells a genuine code from any
 * other: with the event's public keys, which it keeps in TOKEN_FILE.keys each time it starts. Such a scan is answered
 * "genuine" (or "repeated", "forged", "wrong_event"), which says nothing of cancelled or used tickets, and is not kept:
 * read the codes again when the store is back. They count as not decided. Verifying is libsodium's Ed25519;
 * docs/ticket-format.md says what is signed.
 *
 * Scans that already wait are submitted together, so that one commit carries many, and an answer is given when its scan
 * is kept. Nobody waits for the next in the queue: when no further line is there, what was read is answered. */
#define _POSIX_C_SOURCE 200809L
#include <eventcore.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { in_flight_max = 64, line_max = 1024, outcomes_max = 32 };
enum { code_characters = 200, code_bytes = 125, signed_bytes = 61, event_at = 3, ticket_at = 19, id_bytes = 16 };
enum { keys_max = 64, key_digits = 2 * crypto_sign_PUBLICKEYBYTES };

static struct {
    ec_pending *pending;
    long line;
    char code[code_characters + 2]; /* of a longer one so much that it is seen to be too long */
} in_flight[in_flight_max];
static int in_flight_count;

static struct {
    char name[64];
    long count;
} outcomes[outcomes_max];

static struct {
    long id;
    unsigned char bytes[crypto_sign_PUBLICKEYBYTES];
} keys[keys_max]; /* of the event */
static int keys_count;
static unsigned char event_id[id_bytes];

static unsigned char (*genuine)[id_bytes]; /* tickets whose codes were found genuine, to notice a repeat */
static size_t genuine_count, genuine_room;

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

/* ---- without the store ------------------------------------------------------------------------------------------- */

static int is_out_of_reach(ec_status status) {
    return status == EC_E_IO_ERROR || status == EC_E_STORE_BUSY || status == EC_E_STORE_LOCKED ||
           status == EC_E_STORE_NOT_FOUND || status == EC_E_STORE_STOPPED;
}

/* Base32 in upper case, exactly 200 characters: a ticket has one text. */
static int read_code(const char *text, unsigned char *code) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned bits = 0;
    int have = 0, i, n = 0;
    if (strlen(text) != code_characters) return 0;
    for (i = 0; i < code_characters; ++i) {
        const char *digit = strchr(alphabet, text[i]);
        if (digit == NULL) return 0;
        bits = (bits << 5 | (unsigned)(digit - alphabet)) & 0xfff;
        if ((have += 5) >= 8) code[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return code[0] == 1; /* the version */
}

static int is_signed(const unsigned char *code) {
    static const char prefix[] = "eventcore-ticket-v1"; /* signed with its NUL */
    unsigned char message[sizeof prefix + signed_bytes];
    const long id = code[1] << 8 | code[2];
    int i;
    memcpy(message, prefix, sizeof prefix);
    memcpy(message + sizeof prefix, code, signed_bytes);
    for (i = 0; i < keys_count; ++i)
        if (keys[i].id == id)
            return crypto_sign_verify_detached(code + signed_bytes, message, sizeof message, keys[i].bytes) == 0;
    return 0;
}

/* Whether the ticket was here before, as far as this gate remembers; it remembers it from now on. */
static int is_repeated(const unsigned char *ticket) {
    size_t i;
    for (i = 0; i < genuine_count; ++i)
        if (memcmp(genuine[i], ticket, id_bytes) == 0) return 1;
    if (genuine_count == genuine_room) {
        void *more = realloc(genuine, (genuine_room + 1024) * sizeof *genuine);
        if (more == NULL) return 0;
        genuine = more;
        genuine_room += 1024;
    }
    memcpy(genuine[genuine_count++], ticket, id_bytes);
    return 0;
}

/* What a code says by itself. Nothing of it is kept in the store. */
static void judge(long line, const char *text) {
    unsigned char code[code_bytes];
    ++undecided;
    if (!read_code(text, code))
        tell(line, "forged");
    else if (memcmp(code + event_at, event_id, id_bytes) != 0)
        tell(line, "wrong_event");
    else if (!is_signed(code))
        tell(line, "forged");
    else
        tell(line, is_repeated(code + ticket_at) ? "repeated" : "genuine");
}

/* ---- scans ------------------------------------------------------------------------------------------------------- */

static void refuse(long line, const char *code, ec_status status, ec_error *error) {
    if (is_out_of_reach(status) && keys_count > 0) {
        judge(line, code);
    } else {
        printf("%ld undecided: %s%s\n", line, ec_error_message(error), beeps ? "\a\a\a" : "");
        ++undecided;
    }
    ec_error_free(error);
}

/* Answers all scans in flight, in their order. */
static void settle(void) {
    int i;
    for (i = 0; i < in_flight_count; ++i) {
        char outcome[64];
        ec_bytes *reply = NULL;
        ec_error *error = NULL;
        const ec_status status = ec_wait(in_flight[i].pending, -1, &reply, &error);
        if (status == EC_OK) {
            read_outcome(reply, outcome, sizeof outcome);
            tell(in_flight[i].line, outcome);
        } else {
            refuse(in_flight[i].line, in_flight[i].code, status, error);
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
    ec_status status;
    size_t kept;
    if (session == NULL) {
        judge(line, code);
        return;
    }
    end += sprintf(end, "{\"event_id\":");
    end = append_json(end, event);
    end += sprintf(end, ",\"code\":");
    end = append_json(end, code);
    end += sprintf(end, "}");
    status = ec_submit(session, NULL, EC_TEXT("check_in"), arguments, (size_t)(end - arguments), &pending, &error);
    if (pending == NULL) {
        settle(); /* keep the order of the lines */
        refuse(line, code, status, error);
        return;
    }
    kept = strlen(code) < sizeof in_flight[0].code ? strlen(code) : sizeof in_flight[0].code - 1;
    memcpy(in_flight[in_flight_count].code, code, kept);
    in_flight[in_flight_count].code[kept] = '\0';
    in_flight[in_flight_count].pending = pending;
    in_flight[in_flight_count].line = line;
    if (++in_flight_count == in_flight_max) settle();
}

static int read_hex(const char *digits, unsigned char *bytes, size_t count) {
    unsigned byte = 0;
    size_t i;
    for (i = 0; i < count && sscanf(digits + 2 * i, "%2x", &byte) == 1; ++i) bytes[i] = (unsigned char)byte;
    return i == count;
}

/* An id as text, with its four dashes. */
static void read_id(const char *text, unsigned char *id) {
    char digits[2 * id_bytes + 1] = "";
    size_t n = 0;
    for (; *text && n < sizeof digits - 1; ++text)
        if (*text != '-') digits[n++] = *text;
    if (!read_hex(digits, id, id_bytes)) memset(id, 0, id_bytes);
}

static void add_key(long id, const char *digits) {
    if (keys_count < keys_max && read_hex(digits, keys[keys_count].bytes, sizeof keys[0].bytes))
        keys[keys_count++].id = id;
}

static FILE *open_keys(const char *token_file, const char *mode) {
    char path[4096];
    snprintf(path, sizeof path, "%s.keys", token_file);
    return fopen(path, mode);
}

/* What is needed without the store: one line for each key of the event, its number and its hex digits. */
static void keep_keys(ec_session *session, const char *token_file) {
    static const char id_member[] = "\"key_id\":", key_member[] = "\"public_key\":\"";
    ec_bytes *page = NULL;
    const char *at;
    FILE *file;
    check(ec_rows_list(session, EC_TEXT("event_keys"), EC_TEXT("{}"), &page, &error));
    file = open_keys(token_file, "w");
    for (at = ec_bytes_data(page); (at = strstr(at, id_member)) != NULL;) {
        const long id = strtol(at + sizeof id_member - 1, NULL, 10);
        if ((at = strstr(at, key_member)) == NULL) break;
        at += sizeof key_member - 1;
        if (strcspn(at, "\"") != key_digits) continue;
        add_key(id, at);
        if (file) fprintf(file, "%ld %.*s\n", id, (int)key_digits, at);
    }
    if (file == NULL || fclose(file) != 0) perror("gate: the event's keys cannot be kept");
    ec_bytes_free(page);
}

static int take_keys(const char *token_file) {
    char digits[key_digits + 1];
    long id;
    FILE *file = open_keys(token_file, "r");
    while (file && fscanf(file, "%ld %64s", &id, digits) == 2)
        if (strlen(digits) == key_digits) add_key(id, digits);
    if (file) fclose(file);
    return keys_count > 0;
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

/* NULL: the store is out of reach, and the keys are at hand. */
static ec_engine *open_store(const char *path, const char *key_file, const char *token_file,
                             const char *rehearsal_us) {
    char key[33];
    ec_engine *engine = NULL;
    ec_status status;
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    options.path = path;
    options.path_length = strlen(path);
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = read_key(key_file, key);
    options.flags = rehearsal_us ? EC_OPEN_TEST_CLOCK : 0;
    status = ec_engine_open(&options, &engine, &error);
    memset(key, 0, sizeof key);
    if (is_out_of_reach(status) && take_keys(token_file)) {
        fprintf(stderr, "gate: %s (%s): signatures only\n", ec_error_message(error), ec_error_name(error));
        ec_error_free(error);
        error = NULL;
        return NULL;
    }
    check(status);
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
    if (session == NULL) {
        printf("%ld not searched: the store is out of reach\n", line);
        return;
    }
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
    ec_session *session = NULL;
    if (argc < 5 || argc > 6 || strlen(argv[4]) > 64)
        return fprintf(stderr, "usage: gate STORE KEY_FILE TOKEN_FILE EVENT_ID [REHEARSAL_TIME_US] < codes\n"), 2;
    if (sodium_init() < 0) return fprintf(stderr, "gate: libsodium cannot be used\n"), 1;
    read_id(argv[4], event_id);
    engine = open_store(argv[1], argv[2], argv[3], argc == 6 ? argv[5] : NULL);
    if (engine) {
        session = open_session(engine, argv[3]);
        keep_keys(session, argv[3]);
    }
    beeps = isatty(STDOUT_FILENO);
    serve(session, argv[4]);
    for (i = 0; i < outcomes_max && outcomes[i].count > 0; ++i)
        printf("%s: %ld\n", outcomes[i].name, outcomes[i].count);
    if (undecided > 0) printf("undecided: %ld\n", undecided);
    check(ec_session_close(session, &error));
    check(ec_engine_close(engine, &error));
    free(genuine);
    return undecided == 0 ? 0 : 3;
}
