#define _POSIX_C_SOURCE 200809L

#include "bare.h"

#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef BARE_CIPHER
#include "ecsql.h"
#define BARE_API bare_sqlcipher_api
#else
#include <sqlite3.h>
#define BARE_API bare_sqlite_api
#endif

typedef unsigned char uuid[16];
typedef unsigned char digest[32];

#define NOW 1903860000000000LL /* the morning of the event, as for the engine */
#define NOW_TEXT "2030-05-01T10:00:00Z"
#define PRICE 100000LL
#define HOLD (15 * 60 * 1000000LL) /* of places that are not paid yet */
enum { group_max = 128, code_bytes = 125, signed_bytes = 61, json_max = 256 * 1024 };

/* ---- statements -------------------------------------------------------------------------------------------------- */

enum {
  s_begin,
  s_commit,
  s_rollback,
  s_user,
  s_event,
  s_due,
  s_category,
  s_rules,
  s_order,
  s_item,
  s_price,
  s_payment,
  s_ticket,
  s_figures,
  s_add_figures,
  s_figures_up,
  s_places,
  s_audit,
  s_feed,
  s_head,
  s_sentinel,
  s_find_ticket,
  s_find_order,
  s_find_gates,
  s_use,
  s_scan,
  s_word,
  s_unpaid,
  s_find_item,
  s_start,
  s_find_payment,
  s_pay_payment,
  s_pay_order,
  s_message,
  s_venue,
  s_count
};

static const char* const sql_of[s_count] = {
    [s_begin] = "BEGIN IMMEDIATE",
    [s_commit] = "COMMIT",
    [s_rollback] = "ROLLBACK",
    [s_user] = "SELECT role, is_active FROM users WHERE organization_id = ? AND id = ?",
    [s_event] =
        "SELECT status, start_datetime, end_datetime, created_by, is_public FROM events "
        "WHERE organization_id = ? AND id = ?",
    [s_due] =
        "SELECT 1 FROM ticket_orders WHERE organization_id = ? AND order_status = 'active' "
        "AND payment_status = 'pending' AND expires_at <= ? LIMIT 1",
    [s_category] =
        "SELECT base_price, available_quantity, max_per_order, is_active, sale_start_date, sale_end_date, "
        "currency, version FROM ticket_categories WHERE organization_id = ? AND id = ?",
    [s_rules] =
        "SELECT 1 FROM dynamic_pricing_rules WHERE organization_id = ? AND ticket_category_id = ? "
        "AND is_active = 1 LIMIT 1",
    [s_order] =
        "INSERT INTO ticket_orders (id, organization_id, event_id, order_number, customer_email, "
        "customer_name, billing_address, subtotal, discount_amount, taxes, fees, total_amount, currency, "
        "payment_method, payment_status, order_status, paid_at, taxes_included, rates, customer_email_folded, "
        "version, created_at, updated_at, expires_at) VALUES (?, ?, ?, ?, ?, 'Walk-in', '{}', ?, 0, 0, 0, ?, "
        "'USD', ?, ?, 'active', ?, 0, '{\"fees\":[],\"taxes\":[]}', ?, 1, ?, ?, ?)",
    [s_item] =
        "INSERT INTO ticket_order_items (id, organization_id, event_id, order_id, ticket_category_id, quantity, "
        "unit_price, subtotal, discount_amount, taxes, taxes_included, fees, total, currency, attendees, "
        "version, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, 'USD', '[]', 1, ?, ?)",
    [s_price] =
        "INSERT INTO pricing_calculations (id, organization_id, event_id, ticket_category_id, order_id, "
        "base_price, final_price, currency, factors, applied_rules, calculated_at, version, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'USD', ?, '[]', ?, 1, ?, ?)",
    [s_payment] =
        "INSERT INTO order_payments (id, organization_id, event_id, order_id, kind, status, amount, "
        "currency, "
        "method, provider, reference, occurred_at, version, created_at, updated_at) VALUES "
        "(?, ?, ?, ?, 'payment', ?, ?, 'USD', ?, ?, ?, ?, 1, ?, ?)",
    [s_ticket] =
        "INSERT INTO tickets (id, organization_id, event_id, order_id, ticket_category_id, ticket_number, "
        "attendee_name, attendee_email, qr_code_data, price_paid, currency, status, order_item_id, "
        "code_serial, key_id, valid_from, valid_until, attendee_email_folded, version, created_at, "
        "updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'USD', 'valid', ?, 0, 1, ?, ?, ?, 1, ?, ?)",
    [s_figures] =
        "SELECT id, tickets_sold, revenue, orders_count, version FROM ticket_sales_analytics "
        "WHERE organization_id = ? AND event_id = ? AND date = '2030-05-01' AND ifnull(hour, '') = 10 "
        "AND ifnull(ticket_category_id, '') = ? AND ifnull(traffic_source, x'') = 'direct'",
    [s_add_figures] =
        "INSERT INTO ticket_sales_analytics (id, organization_id, event_id, date, hour, "
        "ticket_category_id, tickets_sold, revenue, currency, refunds_count, refunds_amount, "
        "average_order_value, traffic_source, orders_count, version, created_at, updated_at) VALUES "
        "(?, ?, ?, '2030-05-01', 10, ?, ?, ?, 'USD', 0, 0, ?, 'direct', 1, 1, ?, ?)",
    [s_figures_up] =
        "UPDATE ticket_sales_analytics SET tickets_sold = ?, revenue = ?, orders_count = ?, version = ? "
        "WHERE organization_id = ? AND id = ?",
    [s_places] =
        "UPDATE ticket_categories SET available_quantity = ?, version = ? "
        "WHERE organization_id = ? AND id = ?",
    [s_audit] =
        "INSERT INTO audit_logs (id, organization_id, table_name, operation, record_id, old_values, "
        "new_values, "
        "user_id, timestamp, seq, principal_kind, principal_id, command, entry_hash, c1, c2, c3, c4, salt1, "
        "salt2, salt3, salt4, new_personal, version, created_at, updated_at) VALUES "
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'user', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
    [s_feed] =
        "INSERT INTO ec_feed (store_seq, organization_id, seq, audit_seq, table_id, row_id, operation, time, "
        "version, old_facts, new_facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [s_head] =
        "INSERT INTO ec_chain_heads (organization_id, seq, hash, feed_seq, store_heads) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (organization_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, "
        "feed_seq = excluded.feed_seq, store_heads = excluded.store_heads",
    [s_sentinel] = "UPDATE ec_sentinel SET commits = commits + 1, store_seq = ?, heads = ? WHERE id = 1",
    [s_find_ticket] =
        "SELECT status, version, order_id, ticket_category_id, code_serial, valid_from, valid_until "
        "FROM tickets WHERE organization_id = ? AND id = ?",
    [s_find_order] = "SELECT payment_status, order_status FROM ticket_orders WHERE organization_id = ? AND id = ?",
    [s_find_gates] = "SELECT gates FROM ticket_categories WHERE organization_id = ? AND id = ?",
    [s_use] = "UPDATE tickets SET status = 'used', check_in_time = ?, version = ? WHERE organization_id = ? AND id = ?",
    [s_scan] =
        "INSERT INTO check_ins (id, organization_id, event_id, ticket_id, code_digest, outcome, direction, "
        "operator_id, scanned_at, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 'admitted', 'in', ?, "
        "?, 1, ?, ?)",
    [s_word] =
        "INSERT INTO ec_words_tickets (organization_id, event_id, column_id, word, row_id) "
        "VALUES (?, ?, ?, ?, ?)",
    [s_unpaid] =
        "SELECT payment_status, version, total_amount, event_id, order_number FROM ticket_orders "
        "WHERE organization_id = ? AND id = ? AND order_status = 'active'",
    [s_find_item] =
        "SELECT id, ticket_category_id, quantity, unit_price FROM ticket_order_items "
        "WHERE organization_id = ? AND order_id = ?",
    [s_start] =
        "UPDATE ticket_orders SET payment_status = 'processing', stripe_payment_intent_id = ?, version = ? "
        "WHERE organization_id = ? AND id = ?",
    [s_find_payment] =
        "SELECT id, version FROM order_payments WHERE organization_id = ? AND provider = 'bench' AND "
        "reference = ? AND kind = 'payment' AND status = 'pending'",
    [s_pay_payment] =
        "UPDATE order_payments SET status = 'succeeded', method = 'card', occurred_at = ?, version = ? "
        "WHERE organization_id = ? AND id = ?",
    [s_pay_order] =
        "UPDATE ticket_orders SET payment_status = 'paid', payment_method = 'card', paid_at = ?, "
        "expires_at = NULL, version = ? WHERE organization_id = ? AND id = ?",
    [s_message] =
        "INSERT INTO communication_logs (id, organization_id, communication_type, recipient, "
        "recipient_folded, subject, content, status, attempts, version, created_at, updated_at) VALUES "
        "(?, ?, 'email', ?, ?, 'Your tickets for Bench', ?, 'queued', 0, 1, ?, ?)",
    [s_venue] =
        "INSERT INTO venues (id, organization_id, name, address, max_capacity, pricing_structure, "
        "availability_calendar, contact_info, is_active, version, created_at, updated_at) VALUES "
        "(?, ?, ?, ?, ?, '{}', '{}', '{}', 1, 1, ?, ?)",
};

enum { column_name = 13, column_number = 12, column_email = 14 }; /* of tickets, among their words */

enum {
  table_venues = 5,
  table_categories = 27,
  table_orders = 30,
  table_tickets = 31,
  table_figures = 32,
  table_messages = 38,
  table_items = 43,
  table_prices = 44,
  table_payments = 45,
  table_scans = 47
};

enum kind { job_sell, job_check_in, job_place, job_start, job_pay, job_import };

/* An event and what the feed says of it with each of its rows. */
typedef struct occasion {
  uuid id;
  char text[37], facts[256];
} occasion;

struct job {
  enum kind kind;
  int category;
  int quantity;
  bare_code* codes;
  const char* code;
  const char* const* names; /* of the visitors, NULL: they have none; of the venues */
  uuid order;               /* that is paid in the end */
  int result;
  int done;
  struct job* next;
  pthread_cond_t woken;
};

struct bare_store {
  char path[512];
  sqlite3* database;
  sqlite3_stmt* statements[s_count];
  uuid organization, owner, member;
  occasion event, crowd;
  uuid* categories;
  int category_count;
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
  unsigned char digest_key[32];
  long long seq; /* the last audit entry and change; one tenant, so both counters are the same */
  digest head;
  char owner_text[37];
  pthread_mutex_t mutex;
  int busy;
  struct job *first, *last;
};

struct bare_reader {
  bare_store* store;
  sqlite3* database;
  sqlite3_stmt *begin, *commit, *user, *assigned, *event, *list, *page, *words, *ticket, *sums, *feed;
  char json[json_max];
};

/* ---- small things ------------------------------------------------------------------------------------------------ */

static int complain(sqlite3* database, const char* what) {
  fprintf(stderr, "bare: %s: %s\n", what, database ? sqlite3_errmsg(database) : "no store");
  return -1;
}

/* b: uuid, d: digest, s: salt (16 bytes), k: 32 bytes of key, t: text, i: integer, z: integer, 0 is null,
 * x: text or null */
static void bind(sqlite3_stmt* statement, const char* kinds, ...) {
  va_list values;
  va_start(values, kinds);
  for (int i = 1; *kinds; ++kinds, ++i) {
    const char* text;
    switch (*kinds) {
      case 'b':
      case 's': sqlite3_bind_blob(statement, i, va_arg(values, const void*), 16, SQLITE_STATIC); break;
      case 'd': sqlite3_bind_blob(statement, i, va_arg(values, const void*), 32, SQLITE_STATIC); break;
      case 't': sqlite3_bind_text(statement, i, va_arg(values, const char*), -1, SQLITE_STATIC); break;
      case 'x':
        text = va_arg(values, const char*);
        if (text)
          sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
        else
          sqlite3_bind_null(statement, i);
        break;
      default: {
        const long long number = va_arg(values, long long);
        if (number == 0 && *kinds == 'z')
          sqlite3_bind_null(statement, i);
        else
          sqlite3_bind_int64(statement, i, number);
      }
    }
  }
  va_end(values);
}

static int run(bare_store* store, int which) {
  sqlite3_stmt* statement = store->statements[which];
  const int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code == SQLITE_DONE ? 1 : complain(store->database, sql_of[which]);
}

static void make_id(uuid id) {
  randombytes_buf(id, 16);
  const uint64_t milliseconds = (uint64_t)(NOW / 1000);
  static uint64_t counter; /* only the leader of a group draws */
  for (int i = 0; i < 6; ++i) id[i] = (unsigned char)(milliseconds >> (40 - 8 * i));
  ++counter;
  id[6] = (unsigned char)(0x70 | (counter >> 24 & 15));
  for (int i = 0; i < 3; ++i) id[7 + i] = (unsigned char)(counter >> (16 - 8 * i));
  id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
}

static void id_text(char out[37], const uuid id) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = digits[id[i] >> 4];
    *out++ = digits[id[i] & 15];
  }
  *out = 0;
}

static void hex(char* out, const unsigned char* bytes, size_t count) {
  sodium_bin2hex(out, count * 2 + 1, bytes, count);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void base32(char* out, const unsigned char* bytes, size_t count) {
  unsigned value = 0, bits = 0;
  for (size_t i = 0; i < count; ++i) {
    value = value << 8 | bytes[i];
    for (bits += 8; bits >= 5; bits -= 5) *out++ = alphabet[value >> (bits - 5) & 31];
  }
  *out = 0;
}

static int from_base32(unsigned char* out, const char* text) {
  unsigned value = 0, bits = 0;
  for (; *text; ++text) {
    unsigned digit;
    if (*text >= 'A' && *text <= 'Z')
      digit = (unsigned)(*text - 'A');
    else if (*text >= '2' && *text <= '7')
      digit = (unsigned)(*text - '2' + 26);
    else
      return 0;
    value = value << 5 | digit;
    bits += 5;
    if (bits >= 8) *out++ = (unsigned char)(value >> (bits -= 8));
  }
  return 1;
}

static void put(unsigned char** at, const void* bytes, size_t count) {
  memcpy(*at, bytes, count);
  *at += count;
}

static void put_number(unsigned char** at, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) *(*at)++ = (unsigned char)(value >> shift);
}

/* ---- audit and feed ---------------------------------------------------------------------------------------------- */

typedef struct act {
  const char *table, *operation, *command;
  int table_id;
  char letter;
  long long version;
  const unsigned char* row;
  const char *before, *after, *personal; /* images, NULL: none */
  const char *facts_before, *facts_after;
} act;

static void hash_field(crypto_generichash_state* hash, const void* bytes, size_t count) {
  unsigned char length[4], *at = length;
  put_number(&at, count, 4);
  crypto_generichash_update(hash, length, 4);
  crypto_generichash_update(hash, bytes, count);
}

static void commit_to(digest out, const char* image, const unsigned char* salt) {
  crypto_generichash(out, 32, (const unsigned char*)image, image ? strlen(image) : 0, salt, 16);
}

static void entry_hash(bare_store* store, digest out, const digest previous, const act* what, long long seq,
                       digest commitments[4]) {
  crypto_generichash_state hash;
  unsigned char number[8], *at = number;
  crypto_generichash_init(&hash, NULL, 0, 32);
  crypto_generichash_update(&hash, (const unsigned char*)"ec-audit-v1", 11);
  crypto_generichash_update(&hash, previous, 32);
  hash_field(&hash, store->organization, 16);
  put_number(&at, (uint64_t)seq, 8);
  hash_field(&hash, number, 8);
  at = number;
  put_number(&at, (uint64_t)NOW, 8);
  hash_field(&hash, number, 8);
  hash_field(&hash, "user", 4);
  hash_field(&hash, store->owner, 16);
  hash_field(&hash, what->table, strlen(what->table));
  hash_field(&hash, what->row, 16);
  hash_field(&hash, what->operation, strlen(what->operation));
  hash_field(&hash, what->command, strlen(what->command));
  for (int i = 0; i < 4; ++i) crypto_generichash_update(&hash, commitments[i], 32);
  crypto_generichash_final(&hash, out, 32);
}

/* One audit entry and one change. */
static int record(bare_store* store, const act* what) {
  uuid id;
  unsigned char salts[4][16];
  digest commitments[4], hash;
  const char* const images[4] = {NULL, what->before, what->personal, what->after};
  make_id(id);
  randombytes_buf(salts, sizeof salts);
  for (int i = 0; i < 4; ++i) commit_to(commitments[i], images[i], salts[i]);
  const long long seq = store->seq + 1;
  entry_hash(store, hash, store->head, what, seq, commitments);
  bind(store->statements[s_audit], "bbttbxxbiibtdddddssssxii", id, store->organization, what->table, what->operation,
       what->row, what->before, what->after, store->owner, NOW, seq, store->owner, what->command, hash, commitments[0],
       commitments[1], commitments[2], commitments[3], salts[0], salts[1], salts[2], salts[3], what->personal, NOW,
       NOW);
  if (run(store, s_audit) < 0) return -1;
  const char letter[2] = {what->letter, 0};
  bind(store->statements[s_feed], "ibiiibtiitt", seq, store->organization, seq, seq, (long long)what->table_id,
       what->row, letter, NOW, what->version, what->facts_before, what->facts_after);
  if (run(store, s_feed) < 0) return -1;
  store->seq = seq;
  memcpy(store->head, hash, 32);
  return 1;
}

static int added(bare_store* store, const char* table, int table_id, const uuid id, const char* command,
                 const char* after, const char* personal, const char* facts) {
  const act what = {table, "insert", command, table_id, 'I', 1, id, NULL, after, personal, "", facts};
  return record(store, &what);
}

static int changed(bare_store* store, const char* table, int table_id, const uuid id, const char* command,
                   long long version, const char* before, const char* after, const char* facts[2]) {
  const act what = {table, "update", command, table_id, 'U', version, id, before, after, NULL, facts[0], facts[1]};
  return record(store, &what);
}

/* The facts of a row of the event: those of the event, then the row's own. */
static const char* facts(const occasion* event, char out[512], const char* own) {
  snprintf(out, 512, "{%s%s}", event->facts, own);
  return out;
}

/* ---- a sale ------------------------------------------------------------------------------------------------------ */

typedef struct sale {
  bare_store* store;
  const occasion* event;
  const unsigned char* category;
  const char *command, *email; /* email, NULL: sold at the counter */
  const char* const* names;
  int quantity;
  long long price, total, available, category_version;
  uuid order, item;
  char order_text[37], item_text[37], category_text[37], facts[512];
} sale;

static int step_row(sqlite3_stmt* statement) {
  return sqlite3_step(statement) == SQLITE_ROW;
}

static int is(sqlite3_stmt* statement, int column, const char* text) {
  const char* found = (const char*)sqlite3_column_text(statement, column);
  return found && strcmp(found, text) == 0;
}

/* May this user sell and scan at this event? */
static int on_duty(bare_store* store, const occasion* at) {
  sqlite3_stmt *user = store->statements[s_user], *event = store->statements[s_event];
  bind(user, "bb", store->organization, store->owner);
  const int allowed = step_row(user) && (is(user, 0, "owner") || is(user, 0, "admin")) && sqlite3_column_int(user, 1);
  sqlite3_reset(user);
  bind(event, "bb", store->organization, at->id);
  const int open =
      step_row(event) && (is(event, 0, "confirmed") || is(event, 0, "active")) && NOW <= sqlite3_column_int64(event, 2);
  sqlite3_reset(event);
  return allowed && open;
}

static int check_sale(sale* s) {
  bare_store* store = s->store;
  if (!on_duty(store, s->event)) return 0;
  sqlite3_stmt *due = store->statements[s_due], *category = store->statements[s_category];
  bind(due, "bi", store->organization, NOW);
  const int expired = step_row(due);
  sqlite3_reset(due);
  if (expired) return 0; /* this program has no orders that wait */
  bind(category, "bb", store->organization, s->category);
  int good = step_row(category) && sqlite3_column_int(category, 3) && s->quantity <= sqlite3_column_int(category, 2);
  s->price = sqlite3_column_int64(category, 0);
  s->available = sqlite3_column_int64(category, 1);
  s->category_version = sqlite3_column_int64(category, 7);
  sqlite3_reset(category);
  sqlite3_stmt* rules = store->statements[s_rules];
  bind(rules, "bb", store->organization, s->category);
  good = !step_row(rules) && good;
  sqlite3_reset(rules);
  s->total = s->price * s->quantity;
  return good && s->available >= s->quantity;
}

static void money(char out[32], long long units) {
  snprintf(out, 32, "%lld.%04lld", units / 10000, units % 10000);
}

static int write_order(sale* s) {
  bare_store* store = s->store;
  static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  unsigned char random[8];
  char number[10], total[32], image[1200], personal[400];
  make_id(s->order);
  id_text(s->order_text, s->order);
  randombytes_buf(random, sizeof random);
  for (int i = 0; i < 8; ++i) number[i + (i > 3)] = letters[random[i] & 31];
  number[4] = '-', number[9] = 0;
  money(total, s->total);
  const int paid = s->email == NULL;
  const char* email = paid ? "" : s->email;
  bind(store->statements[s_order], "bbbttiixtztiiz", s->order, store->organization, s->event->id, number, email,
       s->total, s->total, paid ? "cash" : NULL, paid ? "paid" : "pending", paid ? NOW : 0LL, email, NOW, NOW,
       paid ? 0LL : NOW + HOLD);
  if (run(store, s_order) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"cancel_reason\":null,\"created_at\":\"" NOW_TEXT
           "\",\"currency\":\"USD\",\"discount_amount\":\"0.0000\",\"discount_code_id\":null,"
           "\"discount_code_used\":null,\"discount_terms\":null,\"event_id\":\"%s\",\"expires_at\":%s,"
           "\"fees\":\"0.0000\",\"order_number\":\"%s\",\"order_status\":\"active\",\"paid_at\":%s,"
           "\"payment_method\":%s,\"payment_status\":\"%s\",\"rates\":{\"fees\":[],\"taxes\":[]},"
           "\"referral_source\":null,\"stripe_payment_intent_id\":null,\"subtotal\":\"%s\","
           "\"taxes\":\"0.0000\",\"taxes_included\":\"0.0000\",\"total_amount\":\"%s\",\"updated_at\":\"" NOW_TEXT
           "\",\"version\":1}",
           s->event->text, paid ? "null" : "\"2030-05-01T10:15:00Z\"", number, paid ? "\"" NOW_TEXT "\"" : "null",
           paid ? "\"cash\"" : "null", paid ? "paid" : "pending", total, total);
  snprintf(personal, sizeof personal,
           "{\"billing_address\":{},\"customer_email\":\"%s\",\"customer_name\":\"Walk-in\",\"customer_phone\":null,"
           "\"ip_address\":null,\"special_requirements\":null,\"user_agent\":null}",
           email);
  return added(store, "ticket_orders", table_orders, s->order, s->command, image, personal, s->facts);
}

static int write_item(sale* s) {
  bare_store* store = s->store;
  char price[32], total[32], image[1000];
  make_id(s->item);
  id_text(s->item_text, s->item);
  money(price, s->price);
  money(total, s->total);
  bind(store->statements[s_item], "bbbbbiiiiii", s->item, store->organization, s->event->id, s->order, s->category,
       (long long)s->quantity, s->price, s->total, s->total, NOW, NOW);
  if (run(store, s_item) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"created_at\":\"" NOW_TEXT
           "\",\"currency\":\"USD\",\"discount_amount\":\"0.0000\",\"event_id\":\"%s\",\"fees\":\"0.0000\","
           "\"order_id\":\"%s\",\"quantity\":%d,\"subtotal\":\"%s\",\"taxes\":\"0.0000\","
           "\"taxes_included\":\"0.0000\",\"ticket_category_id\":\"%s\",\"total\":\"%s\","
           "\"unit_price\":\"%s\",\"updated_at\":\"" NOW_TEXT "\",\"version\":1}",
           s->event->text, s->order_text, s->quantity, total, s->category_text, total, price);
  return added(store, "ticket_order_items", table_items, s->item, s->command, image, "{\"attendees\":[]}", s->facts);
}

static int write_price(sale* s) {
  bare_store* store = s->store;
  uuid id;
  char price[32], factors[160], image[1000];
  make_id(id);
  money(price, s->price);
  snprintf(factors, sizeof factors,
           "{\"days_until_event\":0,\"hour\":10,\"hours_until_event\":0,\"remaining\":%lld,\"sold_share\":0.0000002,"
           "\"weekday\":3}",
           s->available);
  bind(store->statements[s_price], "bbbbbiitiii", id, store->organization, s->event->id, s->category, s->order,
       s->price, s->price, factors, NOW, NOW, NOW);
  if (run(store, s_price) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"applied_rules\":[],\"base_price\":\"%s\",\"calculated_at\":\"" NOW_TEXT "\",\"created_at\":\"" NOW_TEXT
           "\",\"currency\":\"USD\",\"event_id\":\"%s\",\"factors\":%s,\"final_price\":\"%s\","
           "\"order_id\":\"%s\",\"ticket_category_id\":\"%s\",\"updated_at\":\"" NOW_TEXT "\",\"version\":1}",
           price, s->event->text, factors, price, s->order_text, s->category_text);
  return added(store, "pricing_calculations", table_prices, id, s->command, image, NULL, s->facts);
}

/* At the counter it has succeeded; online it is awaited, and the provider's reference tells it. */
static int write_payment(sale* s, const char* reference) {
  bare_store* store = s->store;
  uuid id;
  char text[37], total[32], image[1000], own[512], quoted_reference[60] = "null";
  const int paid = reference == NULL;
  make_id(id);
  id_text(text, id);
  money(total, s->total);
  bind(store->statements[s_payment], "bbbbtixtxzii", id, store->organization, s->event->id, s->order,
       paid ? "succeeded" : "pending", s->total, paid ? "cash" : NULL, paid ? "counter" : "bench", reference,
       paid ? NOW : 0LL, NOW, NOW);
  if (run(store, s_payment) < 0) return -1;
  if (reference) snprintf(quoted_reference, sizeof quoted_reference, "\"%s\"", reference);
  snprintf(image, sizeof image,
           "{\"amount\":\"%s\",\"created_at\":\"" NOW_TEXT
           "\",\"currency\":\"USD\",\"event_id\":\"%s\",\"kind\":\"payment\",\"method\":%s,"
           "\"occurred_at\":%s,\"order_id\":\"%s\",\"provider\":\"%s\",\"reference\":%s,\"status\":\"%s\","
           "\"ticket_shares\":null,\"updated_at\":\"" NOW_TEXT "\",\"version\":1}",
           total, s->event->text, paid ? "\"cash\"" : "null", paid ? "\"" NOW_TEXT "\"" : "null", s->order_text,
           paid ? "counter" : "bench", quoted_reference, paid ? "succeeded" : "pending");
  return added(store, "order_payments", table_payments, id, s->command, image, NULL,
               facts(s->event, own, paid ? ",\"status\":\"succeeded\"" : ",\"status\":\"pending\""));
}

/* The words of a text, by which the ticket is found: letters and digits, in small letters. */
static int write_words(sale* s, const uuid ticket, int column, const char* text) {
  bare_store* store = s->store;
  char word[64];
  for (size_t size = 0;; ++text) {
    const char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 'a' - 'A') : *text;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      if (size + 1 < sizeof word) word[size++] = c;
      continue;
    }
    word[size] = 0;
    if (size > 0) {
      bind(store->statements[s_word], "bbitb", store->organization, s->event->id, (long long)column, word, ticket);
      if (run(store, s_word) < 0) return -1;
    }
    size = 0;
    if (!c) return 1;
  }
}

static void sign(const sale* s, char* code, const uuid ticket) {
  static const char domain[20] = "eventcore-ticket-v1";
  unsigned char bytes[code_bytes], message[sizeof domain + signed_bytes], *at = bytes;
  put_number(&at, 1, 1);
  put_number(&at, 1, 2);
  put(&at, s->event->id, 16);
  put(&at, ticket, 16);
  put(&at, s->category, 16);
  put_number(&at, 0, 2);
  put_number(&at, 1903773600, 4);
  put_number(&at, 1903917600, 4);
  memcpy(message, domain, sizeof domain);
  memcpy(message + sizeof domain, bytes, signed_bytes);
  crypto_sign_detached(at, NULL, message, sizeof message, s->store->secret_key);
  base32(code, bytes, code_bytes);
}

static int write_ticket(sale* s, char* code, const char* name) {
  bare_store* store = s->store;
  static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  uuid id;
  unsigned char random[13];
  char number[14], price[32], image[1400], own[512], personal[400];
  const char* email = s->email ? s->email : "";
  make_id(id);
  randombytes_buf(random, sizeof random);
  for (int i = 0; i < 13; ++i) number[i] = letters[random[i] & 31];
  number[13] = 0;
  money(price, s->price);
  sign(s, code, id);
  bind(store->statements[s_ticket], "bbbbbttttibiitii", id, store->organization, s->event->id, s->order, s->category,
       number, name, email, code, s->price, s->item, 1903773600000000LL, 1903917600000000LL, email, NOW, NOW);
  if (run(store, s_ticket) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"check_in_time\":null,\"code_serial\":0,\"created_at\":\"" NOW_TEXT
           "\",\"currency\":\"USD\",\"event_id\":\"%s\",\"key_id\":1,\"order_id\":\"%s\","
           "\"order_item_id\":\"%s\",\"price_paid\":\"%s\",\"qr_code_data\":\"%s\",\"status\":\"valid\","
           "\"ticket_category_id\":\"%s\",\"ticket_number\":\"%s\",\"transferred_at\":null,"
           "\"transferred_from\":null,\"updated_at\":\"" NOW_TEXT
           "\",\"valid_from\":\"2030-04-30T10:00:00Z\",\"valid_until\":\"2030-05-02T02:00:00Z\","
           "\"version\":1}",
           s->event->text, s->order_text, s->item_text, price, code, s->category_text, number);
  if (write_words(s, id, column_name, name) < 0 || write_words(s, id, column_number, number) < 0 ||
      write_words(s, id, column_email, email) < 0)
    return -1;
  snprintf(personal, sizeof personal,
           "{\"attendee_email\":\"%s\",\"attendee_name\":\"%s\",\"attendee_phone\":null,"
           "\"special_requirements\":null,\"transferred_to_email\":null}",
           email, name);
  return added(store, "tickets", table_tickets, id, s->command, image, personal,
               facts(s->event, own, ",\"status\":\"valid\""));
}

static int add_figures(sale* s) {
  bare_store* store = s->store;
  uuid id;
  char total[32], image[1000];
  make_id(id);
  money(total, s->total);
  bind(store->statements[s_add_figures], "bbbbiiiii", id, store->organization, s->event->id, s->category,
       (long long)s->quantity, s->total, s->total, NOW, NOW);
  if (run(store, s_add_figures) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"date\":\"2030-05-01\",\"event_id\":\"%s\",\"hour\":10,\"orders_count\":1,\"revenue\":\"%s\","
           "\"tickets_sold\":%d,\"version\":1}",
           s->event->text, total, s->quantity);
  return added(store, "ticket_sales_analytics", table_figures, id, s->command, image, NULL, s->facts);
}

static int count_sale(sale* s) {
  bare_store* store = s->store;
  sqlite3_stmt* figures = store->statements[s_figures];
  bind(figures, "bbb", store->organization, s->event->id, s->category);
  if (!step_row(figures)) {
    sqlite3_reset(figures);
    return add_figures(s);
  }
  uuid id;
  char before[200], after[200], was[32], is_now[32];
  memcpy(id, sqlite3_column_blob(figures, 0), 16);
  const long long sold = sqlite3_column_int64(figures, 1), revenue = sqlite3_column_int64(figures, 2);
  const long long orders = sqlite3_column_int64(figures, 3), version = sqlite3_column_int64(figures, 4);
  sqlite3_reset(figures);
  bind(store->statements[s_figures_up], "iiiibb", sold + s->quantity, revenue + s->total, orders + 1, version + 1,
       store->organization, id);
  if (run(store, s_figures_up) < 0) return -1;
  money(was, revenue);
  money(is_now, revenue + s->total);
  static const char form[] = "{\"orders_count\":%lld,\"revenue\":\"%s\",\"tickets_sold\":%lld,\"version\":%lld}";
  snprintf(before, sizeof before, form, orders, was, sold, version);
  snprintf(after, sizeof after, form, orders + 1, is_now, sold + s->quantity, version + 1);
  const char* same[2] = {s->facts, s->facts};
  return changed(store, "ticket_sales_analytics", table_figures, id, s->command, version + 1, before, after, same);
}

static int take_places(sale* s) {
  bare_store* store = s->store;
  char before[100], after[100], own[512];
  const long long left = s->available - s->quantity;
  bind(store->statements[s_places], "iibb", left, s->category_version + 1, store->organization, s->category);
  if (run(store, s_places) < 0) return -1;
  static const char form[] = "{\"available_quantity\":%lld,\"version\":%lld}";
  snprintf(before, sizeof before, form, s->available, s->category_version);
  snprintf(after, sizeof after, form, left, s->category_version + 1);
  facts(s->event, own, ",\"is_active\":1");
  const char* same[2] = {own, own};
  return changed(store, "ticket_categories", table_categories, s->category, s->command, s->category_version + 1, before,
                 after, same);
}

static int write_head(bare_store* store) {
  bind(store->statements[s_head], "bidid", store->organization, store->seq, store->head, store->seq, store->head);
  return run(store, s_head);
}

static sale sale_of(bare_store* store, const struct job* job, const char* command) {
  const int of_crowd = job->category == store->category_count - 1;
  sale s = {.store = store,
            .event = of_crowd ? &store->crowd : &store->event,
            .category = store->categories[job->category],
            .command = command,
            .names = job->names,
            .quantity = job->quantity};
  id_text(s.category_text, s.category);
  facts(s.event, s.facts, "");
  return s;
}

static int write_tickets(sale* s, bare_code* codes) {
  bare_code unwanted;
  for (int i = 0; i < s->quantity; ++i)
    if (write_ticket(s, codes ? codes[i] : unwanted, s->names ? s->names[i] : "Walk-in") < 0) return -1;
  return count_sale(s);
}

static int do_sell(bare_store* store, const struct job* job) {
  sale s = sale_of(store, job, "place_order");
  if (!check_sale(&s)) return 0;
  if (write_order(&s) < 0 || write_item(&s) < 0 || write_price(&s) < 0 || write_payment(&s, NULL) < 0) return -1;
  return write_tickets(&s, job->codes) < 0 || take_places(&s) < 0 ? -1 : write_head(store);
}

/* ---- a sale online ----------------------------------------------------------------------------------------------- */

static const char online_email[] = "walk-in@mail.example";

static int do_place(bare_store* store, struct job* job) {
  sale s = sale_of(store, job, "place_order");
  s.email = online_email;
  if (!check_sale(&s)) return 0;
  if (write_order(&s) < 0 || write_item(&s) < 0 || write_price(&s) < 0 || take_places(&s) < 0) return -1;
  memcpy(job->order, s.order, 16);
  return write_head(store);
}

/* Reads the order that is to be paid; 0 when it is not in the state that is asked for. */
static int find_unpaid(sale* s, const struct job* job, const char* status, long long* version, char number[16]) {
  sqlite3_stmt* order = s->store->statements[s_unpaid];
  memcpy(s->order, job->order, 16);
  id_text(s->order_text, s->order);
  bind(order, "bb", s->store->organization, s->order);
  const int good = step_row(order) && is(order, 0, status);
  if (good) {
    *version = sqlite3_column_int64(order, 1);
    s->total = sqlite3_column_int64(order, 2);
    snprintf(number, 16, "%s", (const char*)sqlite3_column_text(order, 4));
  }
  sqlite3_reset(order);
  return good;
}

static int do_start(bare_store* store, const struct job* job) {
  sale s = sale_of(store, job, "start_payment");
  long long version = 0;
  char number[16], before[160], after[160];
  if (!find_unpaid(&s, job, "pending", &version, number)) return 0;
  if (write_payment(&s, s.order_text) < 0) return -1;
  bind(store->statements[s_start], "tibb", s.order_text, version + 1, store->organization, s.order);
  if (run(store, s_start) < 0) return -1;
  snprintf(before, sizeof before, "{\"payment_status\":\"pending\",\"stripe_payment_intent_id\":null,\"version\":%lld}",
           version);
  snprintf(after, sizeof after,
           "{\"payment_status\":\"processing\",\"stripe_payment_intent_id\":\"%s\",\"version\":%lld}", s.order_text,
           version + 1);
  const char* same[2] = {s.facts, s.facts};
  if (changed(store, "ticket_orders", table_orders, s.order, s.command, version + 1, before, after, same) < 0)
    return -1;
  return write_head(store);
}

static int pay_payment(sale* s) {
  bare_store* store = s->store;
  sqlite3_stmt* found = store->statements[s_find_payment];
  uuid id;
  char before[160], after[160], was[512], is_now[512];
  bind(found, "bt", store->organization, s->order_text);
  if (!step_row(found)) return sqlite3_reset(found), -1;
  memcpy(id, sqlite3_column_blob(found, 0), 16);
  const long long version = sqlite3_column_int64(found, 1);
  sqlite3_reset(found);
  bind(store->statements[s_pay_payment], "iibb", NOW, version + 1, store->organization, id);
  if (run(store, s_pay_payment) < 0) return -1;
  snprintf(before, sizeof before, "{\"method\":null,\"occurred_at\":null,\"status\":\"pending\",\"version\":%lld}",
           version);
  snprintf(after, sizeof after,
           "{\"method\":\"card\",\"occurred_at\":\"" NOW_TEXT "\",\"status\":\"succeeded\",\"version\":%lld}",
           version + 1);
  const char* both[2] = {facts(s->event, was, ",\"status\":\"pending\""),
                         facts(s->event, is_now, ",\"status\":\"succeeded\"")};
  return changed(store, "order_payments", table_payments, id, s->command, version + 1, before, after, both);
}

static int pay_order(sale* s, long long version) {
  bare_store* store = s->store;
  char before[200], after[200];
  bind(store->statements[s_pay_order], "iibb", NOW, version + 1, store->organization, s->order);
  if (run(store, s_pay_order) < 0) return -1;
  snprintf(before, sizeof before,
           "{\"expires_at\":\"2030-05-01T10:15:00Z\",\"paid_at\":null,\"payment_method\":null,\"payment_status\":"
           "\"processing\",\"version\":%lld}",
           version);
  snprintf(after, sizeof after,
           "{\"expires_at\":null,\"paid_at\":\"" NOW_TEXT
           "\",\"payment_method\":\"card\",\"payment_status\":\"paid\",\"version\":%lld}",
           version + 1);
  const char* same[2] = {s->facts, s->facts};
  return changed(store, "ticket_orders", table_orders, s->order, s->command, version + 1, before, after, same);
}

static int find_item(sale* s) {
  sqlite3_stmt* item = s->store->statements[s_find_item];
  bind(item, "bb", s->store->organization, s->order);
  const int good = step_row(item) && memcmp(sqlite3_column_blob(item, 1), s->category, 16) == 0;
  if (good) {
    memcpy(s->item, sqlite3_column_blob(item, 0), 16);
    id_text(s->item_text, s->item);
    s->quantity = sqlite3_column_int(item, 2);
    s->price = sqlite3_column_int64(item, 3);
  }
  sqlite3_reset(item);
  return good;
}

/* The mail that goes out waits in the store. */
static int write_message(sale* s, const char* number) {
  bare_store* store = s->store;
  uuid id;
  char content[300], image[800], personal[700];
  make_id(id);
  snprintf(content, sizeof content, "Order %s for Bench is paid: 10.00 USD.\n\nTickets:\nWalk-in\n", number);
  bind(store->statements[s_message], "bbtttii", id, store->organization, s->email, s->email, content, NOW, NOW);
  if (run(store, s_message) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"attempts\":0,\"communication_type\":\"email\",\"cost\":null,\"created_at\":\"" NOW_TEXT
           "\",\"delivered_at\":null,\"external_id\":null,\"lease_until\":null,\"sender\":null,"
           "\"sent_at\":null,\"status\":\"queued\",\"updated_at\":\"" NOW_TEXT "\",\"version\":1}");
  snprintf(personal, sizeof personal,
           "{\"content\":\"Order %s for Bench is paid\",\"error_message\":null,\"recipient\":\"%s\",\"subject\":\"Your "
           "tickets for Bench\"}",
           number, s->email);
  return added(store, "communication_logs", table_messages, id, s->command, image, personal, "{}");
}

static int do_pay(bare_store* store, const struct job* job) {
  sale s = sale_of(store, job, "confirm_payment");
  s.email = online_email;
  long long version = 0;
  char number[16];
  if (!find_unpaid(&s, job, "processing", &version, number) || !find_item(&s)) return 0;
  if (pay_payment(&s) < 0 || pay_order(&s, version) < 0 || write_tickets(&s, NULL) < 0) return -1;
  return write_message(&s, number) < 0 ? -1 : write_head(store);
}

/* ---- an import --------------------------------------------------------------------------------------------------- */

static int write_venue(bare_store* store, const char* name) {
  static const char address[] = "1 Long Street, Longtown";
  uuid id;
  char image[900];
  make_id(id);
  bind(store->statements[s_venue], "bbttiii", id, store->organization, name, address, 500LL, NOW, NOW);
  if (run(store, s_venue) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"accessibility_features\":null,\"address\":\"%s\",\"amenities\":null,"
           "\"availability_calendar\":{},\"city\":null,\"contact_info\":{},\"coordinates\":null,"
           "\"country\":null,\"created_at\":\"" NOW_TEXT
           "\",\"equipment_available\":null,\"floor_plans\":null,\"images\":null,\"is_active\":true,"
           "\"max_capacity\":500,\"name\":\"%s\",\"policies\":null,\"postal_code\":null,"
           "\"pricing_structure\":{},\"state\":null,\"updated_at\":\"" NOW_TEXT "\",\"venue_type\":null,\"version\":1}",
           address, name);
  return added(store, "venues", table_venues, id, "insert", image, NULL, "{}");
}

static int do_import(bare_store* store, const struct job* job) {
  if (!on_duty(store, &store->event)) return 0;
  for (int i = 0; i < job->quantity; ++i)
    if (write_venue(store, job->names[i]) < 0) return -1;
  return write_head(store);
}

/* ---- a check-in -------------------------------------------------------------------------------------------------- */

static int code_is_good(bare_store* store, const char* code, unsigned char bytes[code_bytes]) {
  static const char domain[20] = "eventcore-ticket-v1";
  unsigned char message[sizeof domain + signed_bytes];
  if (strlen(code) != BARE_CODE_LENGTH || !from_base32(bytes, code) || bytes[0] != 1) return 0;
  memcpy(message, domain, sizeof domain);
  memcpy(message + sizeof domain, bytes, signed_bytes);
  return crypto_sign_verify_detached(bytes + signed_bytes, message, sizeof message, store->public_key) == 0 &&
         memcmp(bytes + 3, store->event.id, 16) == 0;
}

static int admissible(bare_store* store, const unsigned char* id, long long* version) {
  sqlite3_stmt *ticket = store->statements[s_find_ticket], *order = store->statements[s_find_order];
  sqlite3_stmt* gates = store->statements[s_find_gates];
  bind(ticket, "bb", store->organization, id);
  int good = step_row(ticket) && is(ticket, 0, "valid") && sqlite3_column_int64(ticket, 5) <= NOW &&
             NOW < sqlite3_column_int64(ticket, 6);
  if (good) {
    *version = sqlite3_column_int64(ticket, 1);
    bind(order, "bb", store->organization, sqlite3_column_blob(ticket, 2));
    good = step_row(order) && is(order, 0, "paid") && is(order, 1, "active");
    sqlite3_reset(order);
    bind(gates, "bb", store->organization, sqlite3_column_blob(ticket, 3));
    good = step_row(gates) && good;
    sqlite3_reset(gates);
  }
  sqlite3_reset(ticket);
  return good;
}

static int write_use(bare_store* store, const unsigned char* ticket, long long version) {
  char before[120], after[120], was[512], is_now[512];
  bind(store->statements[s_use], "iibb", NOW, version + 1, store->organization, ticket);
  if (run(store, s_use) < 0) return -1;
  snprintf(before, sizeof before, "{\"check_in_time\":null,\"status\":\"valid\",\"version\":%lld}", version);
  snprintf(after, sizeof after, "{\"check_in_time\":\"" NOW_TEXT "\",\"status\":\"used\",\"version\":%lld}",
           version + 1);
  const char* both[2] = {facts(&store->event, was, ",\"status\":\"valid\""),
                         facts(&store->event, is_now, ",\"status\":\"used\"")};
  return changed(store, "tickets", table_tickets, ticket, "check_in", version + 1, before, after, both);
}

static int write_scan(bare_store* store, const unsigned char* ticket, const char* code) {
  uuid id;
  digest told;
  char ticket_text[37], told_text[65], image[1000], own[512];
  make_id(id);
  id_text(ticket_text, ticket);
  crypto_generichash(told, 32, (const unsigned char*)code, strlen(code), store->digest_key, 32);
  hex(told_text, told, 32);
  bind(store->statements[s_scan], "bbbbdbiii", id, store->organization, store->event.id, ticket, told, store->owner,
       NOW, NOW, NOW);
  if (run(store, s_scan) < 0) return -1;
  snprintf(image, sizeof image,
           "{\"code_digest\":\"%s\",\"created_at\":\"" NOW_TEXT
           "\",\"device_id\":null,\"direction\":\"in\",\"event_id\":\"%s\",\"gate\":null,\"nonce\":null,"
           "\"operator_id\":\"%s\",\"outcome\":\"admitted\",\"reason\":null,\"scanned_at\":\"" NOW_TEXT
           "\",\"ticket_id\":\"%s\",\"undone_at\":null,\"updated_at\":\"" NOW_TEXT "\",\"version\":1}",
           told_text, store->event.text, store->owner_text, ticket_text);
  return added(store, "check_ins", table_scans, id, "check_in", image, NULL, facts(&store->event, own, ""));
}

static int do_check_in(bare_store* store, const struct job* job) {
  unsigned char bytes[code_bytes];
  long long version = 0;
  if (!on_duty(store, &store->event) || !code_is_good(store, job->code, bytes) ||
      !admissible(store, bytes + 19, &version))
    return 0;
  if (write_use(store, bytes + 19, version) < 0 || write_scan(store, bytes + 19, job->code) < 0) return -1;
  return write_head(store);
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static int do_job(bare_store* store, struct job* job) {
  switch (job->kind) {
    case job_sell: return do_sell(store, job);
    case job_check_in: return do_check_in(store, job);
    case job_place: return do_place(store, job);
    case job_start: return do_start(store, job);
    case job_pay: return do_pay(store, job);
    default: return do_import(store, job);
  }
}

/* Every check of a job comes before its first write, so a refused one leaves nothing to take back. */
static void run_group(bare_store* store, struct job** jobs, int count) {
  const long long seq = store->seq;
  digest head;
  memcpy(head, store->head, 32);
  int good = run(store, s_begin) > 0;
  for (int i = 0; i < count && good; ++i) {
    jobs[i]->result = do_job(store, jobs[i]);
    good = jobs[i]->result >= 0;
  }
  if (good && store->seq != seq) {
    bind(store->statements[s_sentinel], "id", store->seq, store->head);
    good = run(store, s_sentinel) > 0;
  }
  if (good && run(store, s_commit) > 0) return;
  run(store, s_rollback);
  store->seq = seq;
  memcpy(store->head, head, 32);
  for (int i = 0; i < count; ++i) jobs[i]->result = -1;
}

/* Whoever comes first leads: commits for all who wait, answers them, and hands the lead to the next in the queue. */
static int submit(bare_store* store, struct job* job) {
  struct job* group[group_max];
  pthread_cond_init(&job->woken, NULL);
  pthread_mutex_lock(&store->mutex);
  if (store->last)
    store->last->next = job;
  else
    store->first = job;
  store->last = job;
  while (!job->done) {
    if (store->busy) {
      pthread_cond_wait(&job->woken, &store->mutex);
      continue;
    }
    int count = 0;
    store->busy = 1;
    while (store->first && count < group_max) {
      group[count++] = store->first;
      store->first = store->first->next;
    }
    if (!store->first) store->last = NULL;
    pthread_mutex_unlock(&store->mutex);
    run_group(store, group, count);
    pthread_mutex_lock(&store->mutex);
    for (int i = 0; i < count; ++i) {
      group[i]->done = 1;
      pthread_cond_signal(&group[i]->woken);
    }
    store->busy = 0;
    if (store->first) pthread_cond_signal(&store->first->woken);
  }
  pthread_mutex_unlock(&store->mutex);
  pthread_cond_destroy(&job->woken);
  return job->result;
}

static int sell(bare_store* store, int category, int quantity, const char* const* names, bare_code* codes) {
  struct job job = {.kind = job_sell, .category = category, .quantity = quantity, .names = names, .codes = codes};
  return submit(store, &job);
}

/* Three commits, as the host that hears of the payment between them makes them. */
static int order_online(bare_store* store, int category) {
  struct job job = {.category = category, .quantity = 1};
  static const enum kind steps[] = {job_place, job_start, job_pay};
  int result = 1;
  for (int i = 0; i < 3 && result == 1; ++i) {
    job.kind = steps[i];
    job.done = 0;
    job.next = NULL;
    result = submit(store, &job);
  }
  return result;
}

static int import_rows(bare_store* store, const char* const* names, int count) {
  struct job job = {.kind = job_import, .quantity = count, .names = names};
  return submit(store, &job);
}

static int check_in(bare_store* store, const char* code) {
  struct job job = {.kind = job_check_in, .code = code};
  return submit(store, &job);
}

/* ---- making and closing ------------------------------------------------------------------------------------------ */

static sqlite3* open_database(const char* path) {
  sqlite3* database = NULL;
  if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
      SQLITE_OK)
    return NULL;
#ifdef BARE_CIPHER
  static const char key[] = "x'0707070707070707070707070707070707070707070707070707070707070707'";
  if (sqlite3_key_v2(database, "main", key, sizeof key - 1) != SQLITE_OK) return NULL;
#endif
  static const char settings[] =
      "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
      "PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA secure_delete = ON; "
      "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;";
  if (sqlite3_exec(database, settings, NULL, NULL, NULL) != SQLITE_OK) return NULL;
  sqlite3_busy_timeout(database, 10000);
  return database;
}

static sqlite3_stmt* prepared(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = NULL;
  if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    complain(database, sql);
  return statement;
}

static int insert(bare_store* store, const char* sql, const uuid id, const uuid other, const char* text) {
  sqlite3_stmt* statement = prepared(store->database, sql);
  if (!statement) return -1;
  bind(statement, "bbbt", id, store->organization, other, text);
  const int done = sqlite3_step(statement) == SQLITE_DONE;
  sqlite3_finalize(statement);
  return done ? 1 : complain(store->database, sql);
}

#define STAMP ", 1, 1903860000000000, 1903860000000000"

static int fill(bare_store* store, int places) {
  char sql[900], description[401];
  uuid id;
  memset(description, 'x', 400);
  description[400] = 0;
  if (insert(store,
             "INSERT INTO organizations (id, name, slug, subscription_tier, settings, version, created_at, "
             "updated_at) SELECT ?1, 'Bench', 'bench', 'free', '{}'" STAMP " WHERE ?2 IS NOT NULL AND ?3 IS NOT NULL "
             "AND ?4 IS NOT NULL",
             store->organization, store->organization, "") < 0)
    return -1;
  static const char user[] =
      "INSERT INTO users (id, organization_id, email, email_folded, full_name, role, is_active, "
      "version, created_at, updated_at) SELECT ?1, ?2, ?4, ?4, ?4, ?4, 1" STAMP " WHERE ?3 IS NOT NULL";
  if (insert(store, user, store->owner, store->owner, "owner") < 0 ||
      insert(store, user, store->member, store->member, "member") < 0 ||
      insert(store,
             "INSERT INTO events (id, organization_id, name, slug, description, status, is_public, is_virtual, "
             "is_hybrid, start_datetime, end_datetime, timezone, created_by, ai_generated_content, seo_metadata, "
             "social_media_settings, settings, version, created_at, updated_at) VALUES (?1, ?2, 'Bench', 'bench', ?4, "
             "'confirmed', 1, 0, 0, 1903860000000000, 1903896000000000, 'UTC', ?3, '{}', '{}', '{}', '{}'" STAMP ")",
             store->event.id, store->owner, description) < 0 ||
      insert(store,
             "INSERT INTO events (id, organization_id, name, slug, status, is_public, is_virtual, is_hybrid, "
             "start_datetime, end_datetime, timezone, created_by, ai_generated_content, seo_metadata, "
             "social_media_settings, settings, version, created_at, updated_at) VALUES (?1, ?2, 'Crowd', ?4, "
             "'confirmed', 1, 0, 0, 1903860000000000, 1903896000000000, 'UTC', ?3, '{}', '{}', '{}', '{}'" STAMP ")",
             store->crowd.id, store->owner, "crowd") < 0)
    return -1;
  make_id(id);
  snprintf(
      sql, sizeof sql,
      "INSERT INTO team_assignments (id, organization_id, event_id, user_id, role_type, assignment_status, "
      "workload_percentage, version, created_at, updated_at) SELECT ?1, ?2, id, ?3, 'technical_director', ?4, 100" STAMP
      " FROM events WHERE slug = 'bench'");
  if (insert(store, sql, id, store->member, "assigned") < 0) return -1;
  snprintf(sql, sizeof sql,
           "INSERT INTO ticket_categories (id, organization_id, event_id, name, base_price, currency, total_quantity, "
           "available_quantity, max_per_order, benefits, pricing_rules, is_transferable, is_refundable, is_active, "
           "withheld_quantity, version, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, %lld, 'USD', %d, %d, 50, '{}', "
           "'{}', 1, 1, 1, 0" STAMP ")",
           PRICE, places, places);
  for (int i = 0; i < store->category_count; ++i)
    if (insert(store, sql, store->categories[i], i + 1 < store->category_count ? store->event.id : store->crowd.id,
               "Category") < 0)
      return -1;
  return sqlite3_exec(store->database, "INSERT INTO ec_sentinel VALUES (1, zeroblob(16), 0, 0, zeroblob(32)); COMMIT;",
                      NULL, NULL, NULL) == SQLITE_OK
             ? 1
             : complain(store->database, "fill");
}

static void close_store(bare_store* store) {
  for (int i = 0; i < s_count; ++i) sqlite3_finalize(store->statements[i]);
  sqlite3_close(store->database);
  pthread_mutex_destroy(&store->mutex);
  free(store->categories);
  free(store);
}

static void make_occasion(bare_store* store, occasion* made) {
  make_id(made->id);
  id_text(made->text, made->id);
  snprintf(made->facts, sizeof made->facts,
           "\"$event\":{\"created_by\":\"%s\",\"is_public\":1,\"status\":\"confirmed\"},\"event_id\":\"%s\"",
           store->owner_text, made->text);
}

static bare_store* make(const char* path, const char* schema_sql, int categories, int places) {
  if (sodium_init() < 0) return NULL;
  bare_store* store = calloc(1, sizeof *store);
  if (!store) return NULL;
  snprintf(store->path, sizeof store->path, "%s", path);
  pthread_mutex_init(&store->mutex, NULL);
  store->categories = calloc((size_t)categories, sizeof *store->categories);
  if (!store->categories) {
    free(store);
    return NULL;
  }
  store->category_count = categories;
  make_id(store->organization);
  make_id(store->owner);
  make_id(store->member);
  for (int i = 0; i < categories; ++i) make_id(store->categories[i]);
  crypto_sign_keypair(store->public_key, store->secret_key);
  randombytes_buf(store->digest_key, sizeof store->digest_key);
  id_text(store->owner_text, store->owner);
  make_occasion(store, &store->event);
  make_occasion(store, &store->crowd);
  store->database = open_database(path);
  if (!store->database || sqlite3_exec(store->database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_exec(store->database, schema_sql, NULL, NULL, NULL) != SQLITE_OK || fill(store, places) < 0) {
    complain(store->database, path);
    close_store(store);
    return NULL;
  }
  for (int i = 0; i < s_count; ++i) store->statements[i] = prepared(store->database, sql_of[i]);
  return store;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bare_reader* open_reader(bare_store* store) {
  bare_reader* reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->store = store;
  reader->database = open_database(store->path);
  if (!reader->database) {
    free(reader);
    return NULL;
  }
  reader->begin = prepared(reader->database, "BEGIN");
  reader->commit = prepared(reader->database, "COMMIT");
  reader->user = prepared(reader->database, sql_of[s_user]);
  reader->assigned = prepared(reader->database,
                              "SELECT 1 FROM team_assignments WHERE organization_id = ? AND "
                              "event_id = ? AND user_id = ? AND assignment_status IN ('assigned', 'active')");
  reader->event = prepared(reader->database, "SELECT * FROM events WHERE organization_id = ? AND id = ?");
  reader->list = prepared(reader->database,
                          "SELECT * FROM tickets WHERE organization_id = ? AND "
                          "ticket_category_id = ? ORDER BY id LIMIT ?");
  reader->page = prepared(reader->database,
                          "SELECT * FROM tickets WHERE organization_id = ? AND "
                          "ticket_category_id = ? AND id > ? ORDER BY id LIMIT ?");
  reader->words = prepared(reader->database,
                           "SELECT row_id FROM ec_words_tickets WHERE organization_id = ? AND "
                           "event_id = ? AND column_id = ? AND word >= ? AND word < ? ORDER BY word, row_id LIMIT ?");
  reader->ticket = prepared(reader->database, "SELECT * FROM tickets WHERE organization_id = ? AND id = ?");
  reader->sums = prepared(reader->database,
                          "SELECT ticket_category_id, status, count(*), sum(price_paid) FROM tickets "
                          "WHERE organization_id = ? AND event_id = ? GROUP BY 1, 2");
  reader->feed = prepared(reader->database,
                          "SELECT seq, table_id, row_id, operation, time, version FROM ec_feed "
                          "WHERE organization_id = ? AND seq > ? ORDER BY seq LIMIT ?");
  return reader;
}

static void close_reader(bare_reader* reader) {
  sqlite3_finalize(reader->begin);
  sqlite3_finalize(reader->commit);
  sqlite3_finalize(reader->user);
  sqlite3_finalize(reader->assigned);
  sqlite3_finalize(reader->event);
  sqlite3_finalize(reader->list);
  sqlite3_finalize(reader->page);
  sqlite3_finalize(reader->words);
  sqlite3_finalize(reader->ticket);
  sqlite3_finalize(reader->sums);
  sqlite3_finalize(reader->feed);
  sqlite3_close(reader->database);
  free(reader);
}

static char* quoted(char* out, const char* text) {
  *out++ = '"';
  for (; *text; ++text) {
    if (*text == '"' || *text == '\\') *out++ = '\\';
    *out++ = *text;
  }
  *out++ = '"';
  return out;
}

static char* row_json(char* out, sqlite3_stmt* statement) {
  char separator = '{';
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    *out++ = separator;
    separator = ',';
    out = quoted(out, sqlite3_column_name(statement, i));
    *out++ = ':';
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER: out += sprintf(out, "%lld", (long long)sqlite3_column_int64(statement, i)); break;
      case SQLITE_TEXT: out = quoted(out, (const char*)sqlite3_column_text(statement, i)); break;
      case SQLITE_BLOB:
        *out++ = '"';
        id_text(out, sqlite3_column_blob(statement, i));
        out += 36;
        *out++ = '"';
        break;
      default: memcpy(out, "null", 4), out += 4; break;
    }
  }
  *out++ = '}';
  return out;
}

static int has_role(bare_reader* reader, const uuid id, const char* role) {
  bind(reader->user, "bb", reader->store->organization, id);
  const int good = step_row(reader->user) && is(reader->user, 0, role) && sqlite3_column_int(reader->user, 1);
  sqlite3_reset(reader->user);
  return good;
}

static int rows_json(bare_reader* reader, sqlite3_stmt* statement, const char** json) {
  char* out = reader->json;
  int rows = 0;
  *out++ = '[';
  for (; step_row(statement); ++rows) {
    if (rows) *out++ = ',';
    out = row_json(out, statement);
  }
  sqlite3_reset(statement);
  *out++ = ']', *out = 0;
  *json = reader->json;
  return rows;
}

static void ended(bare_reader* reader, sqlite3_stmt* statement) {
  (void)reader;
  sqlite3_step(statement);
  sqlite3_reset(statement);
}

static int read_event(bare_reader* reader, const char** json) {
  bare_store* store = reader->store;
  int rows = -1;
  ended(reader, reader->begin);
  bind(reader->assigned, "bbb", store->organization, store->event.id, store->member);
  const int assigned = step_row(reader->assigned);
  sqlite3_reset(reader->assigned);
  if (has_role(reader, store->member, "member") && assigned) {
    bind(reader->event, "bb", store->organization, store->event.id);
    rows = rows_json(reader, reader->event, json);
  }
  ended(reader, reader->commit);
  return rows;
}

static int list_tickets(bare_reader* reader, int category, int limit, const char** json) {
  bare_store* store = reader->store;
  int rows = -1;
  ended(reader, reader->begin);
  if (has_role(reader, store->owner, "owner")) {
    bind(reader->list, "bbi", store->organization, store->categories[category], (long long)limit);
    rows = rows_json(reader, reader->list, json);
  }
  ended(reader, reader->commit);
  return rows;
}

/* The reader's JSON tells where the next page begins: the last row's id stands first in it. */
static int page(bare_reader* reader, int category, bare_id after, int limit, const char** json) {
  bare_store* store = reader->store;
  uuid last = {0};
  size_t size;
  if (*after && sodium_hex2bin(last, 16, after, strlen(after), "-", &size, NULL) != 0) return -1;
  int rows = -1;
  ended(reader, reader->begin);
  if (has_role(reader, store->owner, "owner")) {
    bind(reader->page, "bbbi", store->organization, store->categories[category], last, (long long)limit);
    rows = rows_json(reader, reader->page, json);
  }
  ended(reader, reader->commit);
  const char *at = reader->json, *found = NULL;
  while (rows > 0 && (at = strstr(at, "{\"id\":\"")) != NULL) found = at += 7;
  if (found) snprintf(after, sizeof(bare_id), "%.36s", found);
  return rows;
}

static int search(bare_reader* reader, const char* prefix, int limit, const char** json) {
  bare_store* store = reader->store;
  char end[64], *out = reader->json;
  int rows = 0;
  snprintf(end, sizeof end, "%s\xff", prefix);
  ended(reader, reader->begin);
  if (!has_role(reader, store->owner, "owner")) return ended(reader, reader->commit), -1;
  *out++ = '[';
  bind(reader->words, "bbitti", store->organization, store->crowd.id, (long long)column_name, prefix, end,
       (long long)limit);
  for (; step_row(reader->words); ++rows) {
    bind(reader->ticket, "bb", store->organization, sqlite3_column_blob(reader->words, 0));
    if (rows) *out++ = ',';
    if (step_row(reader->ticket)) out = row_json(out, reader->ticket);
    sqlite3_reset(reader->ticket);
  }
  sqlite3_reset(reader->words);
  *out++ = ']', *out = 0;
  ended(reader, reader->commit);
  *json = reader->json;
  return rows;
}

static long long report(bare_reader* reader) {
  bare_store* store = reader->store;
  long long tickets = 0, admitted = 0, revenue = 0;
  ended(reader, reader->begin);
  const int allowed = has_role(reader, store->owner, "owner");
  bind(reader->sums, "bb", store->organization, store->crowd.id);
  while (allowed && step_row(reader->sums)) {
    const int used = is(reader->sums, 1, "used");
    if (!used && !is(reader->sums, 1, "valid")) continue;
    tickets += sqlite3_column_int64(reader->sums, 2);
    revenue += sqlite3_column_int64(reader->sums, 3);
    if (used) admitted += sqlite3_column_int64(reader->sums, 2);
  }
  sqlite3_reset(reader->sums);
  ended(reader, reader->commit);
  snprintf(reader->json, sizeof reader->json, "{\"tickets\":%lld,\"checked_in\":%lld,\"revenue\":%lld}", tickets,
           admitted, revenue);
  return tickets;
}

static int changes(bare_reader* reader, long long* since, int limit) {
  const char* json;
  bind(reader->feed, "bii", reader->store->organization, *since, (long long)limit);
  const int rows = rows_json(reader, reader->feed, &json);
  const char *at = json, *last = NULL;
  while ((at = strstr(at, "{\"seq\":")) != NULL) last = at += 7;
  if (last) *since = atoll(last);
  return rows;
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

static long long number(bare_store* store, const char* sql, int category) {
  sqlite3_stmt* statement = prepared(store->database, sql);
  if (!statement) return -1;
  if (category >= 0)
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i)
      sqlite3_bind_blob(statement, i, store->categories[category], 16, SQLITE_STATIC);
  const long long found = step_row(statement) ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return found;
}

static int entry_is_good(bare_store* store, sqlite3_stmt* entry, digest previous, long long seq) {
  digest commitments[4], hash;
  const char* const images[4] = {NULL, (const char*)sqlite3_column_text(entry, 4),
                                 (const char*)sqlite3_column_text(entry, 5),
                                 (const char*)sqlite3_column_text(entry, 6)};
  act what = {.table = (const char*)sqlite3_column_text(entry, 0),
              .operation = (const char*)sqlite3_column_text(entry, 1),
              .command = (const char*)sqlite3_column_text(entry, 2),
              .row = sqlite3_column_blob(entry, 3)};
  for (int i = 0; i < 4; ++i) commit_to(commitments[i], images[i], sqlite3_column_blob(entry, 7 + i));
  entry_hash(store, hash, previous, &what, seq, commitments);
  if (sqlite3_column_int64(entry, 12) != seq || memcmp(hash, sqlite3_column_blob(entry, 11), 32) != 0) return 0;
  memcpy(previous, hash, 32);
  return 1;
}

static long long verify(bare_store* store) {
  sqlite3_stmt* entry = prepared(store->database,
                                 "SELECT table_name, operation, command, record_id, old_values, new_personal, "
                                 "new_values, salt1, salt2, salt3, salt4, entry_hash, seq FROM audit_logs "
                                 "ORDER BY organization_id, seq");
  digest previous = {0};
  long long seq = 0;
  int good = entry != NULL;
  while (good && step_row(entry)) good = entry_is_good(store, entry, previous, ++seq);
  sqlite3_finalize(entry);
  return good && seq == store->seq && memcmp(previous, store->head, 32) == 0 ? seq : -1;
}

/* The copy holds as many tickets as the store; the number of its bytes, or -1. */
static long long back_up(bare_store* store, const char* path) {
  sqlite3* copy = open_database(path);
  if (!copy) return -1;
  sqlite3_backup* backup = sqlite3_backup_init(copy, "main", store->database, "main");
  const int done = backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
  if (sqlite3_backup_finish(backup) != SQLITE_OK || !done) return complain(copy, "backup"), sqlite3_close(copy), -1;
  sqlite3_stmt* size = prepared(copy,
                                "SELECT page_count * page_size, (SELECT count(*) FROM tickets) "
                                "FROM pragma_page_count, pragma_page_size");
  long long bytes = -1;
  if (step_row(size) && sqlite3_column_int64(size, 1) == number(store, "SELECT count(*) FROM tickets", -1))
    bytes = sqlite3_column_int64(size, 0);
  sqlite3_finalize(size);
  sqlite3_close(copy);
  return bytes;
}

static const char* version(void) {
  return sqlite3_libversion();
}

const bare_api* BARE_API(void) {
  static const bare_api api = {version,  make,        close_store,  sell,       order_online, import_rows,
                               check_in, open_reader, close_reader, read_event, list_tickets, page,
                               search,   report,      changes,      number,     verify,       back_up};
  return &api;
}
