/* What the C tests share: claims that are counted, a store with a fixed key, and a look into replies. */
#ifndef EVENTCORE_TESTS_C_EXPECT_H
#define EVENTCORE_TESTS_C_EXPECT_H

#include <eventcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define EXPECT(claim)                                                            \
    do {                                                                         \
        if (!(claim)) {                                                          \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #claim); \
            ++failures;                                                          \
        }                                                                        \
    } while (0)

/* The status is the wanted one; where it is not, the error says why. Frees the error. */
#define EXPECT_STATUS(wanted, call)                                                                            \
    do {                                                                                                       \
        ec_error *error_ = NULL;                                                                               \
        ec_error **error = &error_;                                                                            \
        ec_status status_ = (call);                                                                            \
        if (status_ != (wanted) || ec_error_code(error_) != status_ || (status_ == EC_OK) != (error_ == NULL)) { \
            fprintf(stderr, "%s:%d: %s\n    answered %d: %s\n", __FILE__, __LINE__, #call, (int)status_,      \
                    ec_error_json(error_));                                                                    \
            ++failures;                                                                                        \
        }                                                                                                      \
        ec_error_free(error_);                                                                                 \
    } while (0)

/* A call whose failure leaves nothing to go on with. */
#define NEED(call)                                         \
    do {                                                   \
        int before_ = failures;                            \
        EXPECT_STATUS(EC_OK, call);                        \
        if (failures != before_) exit(1);                  \
    } while (0)

static const unsigned char test_key[32] = {9, 8, 7, 6, 5, 4, 3, 2, 1};

static inline ec_open_options test_store(const char *path, uint32_t flags) {
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    options.path = path;
    options.path_length = strlen(path);
    options.key = test_key;
    options.key_length = sizeof test_key;
    options.key_kind = EC_OPEN_KEY_RAW;
    options.flags = flags;
    return options;
}

/* The text member `name` behind `after`, copied; replies are minified with sorted members. Ends the test without it. */
static inline char *pick(ec_bytes *reply, const char *after, const char *name, char *text, size_t size) {
    char quoted[64];
    size_t length;
    const char *at = ec_bytes_data(reply) ? strstr(ec_bytes_data(reply), after) : NULL;
    snprintf(quoted, sizeof quoted, "\"%s\":\"", name);
    at = at ? strstr(at, quoted) : NULL;
    if (!at) {
        fprintf(stderr, "no %s behind %s in %s\n", name, after, ec_bytes_data(reply) ? ec_bytes_data(reply) : "NULL");
        exit(1);
    }
    at += strlen(quoted);
    length = strcspn(at, "\"");
    if (length >= size) exit(1);
    memcpy(text, at, length);
    text[length] = '\0';
    return text;
}

static inline int holds(ec_bytes *reply, const char *part) {
    int found = ec_bytes_data(reply) != NULL && strstr(ec_bytes_data(reply), part) != NULL;
    if (!found) fprintf(stderr, "no %s in %s\n", part, ec_bytes_data(reply) ? ec_bytes_data(reply) : "NULL");
    return found;
}

static inline void drop(ec_bytes **bytes) {
    ec_bytes_free(*bytes);
    *bytes = NULL;
}

#endif
