// The error table: every number, name and text an engine call can answer, declared once.
// Derived from it: include/eventcore/errc.hpp, the C constants, the Python classes, docs/reference/errors.md.
// Numbers are given once and never reused. Thousands say who must act (DESIGN.md section 8).
#pragma once

#include <cstdint>
#include <string_view>

namespace eventcore::schema {

enum class ErrorClass : std::uint8_t { misuse, invalid_input, access, state, rule, store, internal };

enum class Transient : std::uint8_t { no, yes };

struct ErrorDef {
  std::int32_t number;
  std::string_view name;
  Transient transient;       // yes: the same call may succeed later without anybody changing anything
  std::string_view message;  // one line, no names of rows or people
  std::string_view doc;      // a sentence for the reference page
};

inline constexpr ErrorDef error_table[] = {
    // 1xxx misuse: the calling program holds the library wrong
    {1001, "null_argument", Transient::no, "a required argument is NULL", "A pointer that must not be NULL is NULL."},
    {1002, "closed", Transient::no, "the handle is closed",
     "The handle, or the engine it belongs to, has been closed."},
    {1003, "invalid_handle", Transient::no, "this is no live handle of that kind",
     "The handle was made up, belongs to another kind of object, or has been freed."},
    {1004, "concurrent_use", Transient::no, "the session already serves a call on another thread",
     "A session serves one call at a time; open one session per thread."},
    {1005, "forked", Transient::no, "the handle was made before fork()",
     "Handles do not survive fork; open the store again in the child."},
    {1006, "bad_struct_size", Transient::no, "the options struct has an unknown size or tail",
     "struct_size is smaller than the first release's or the unknown tail is not zero."},
    {1007, "no_transaction", Transient::no, "no transaction is open", "Commit or rollback without a begin."},
    {1008, "transaction_open", Transient::no, "a transaction is already open on this session",
     "Transactions do not nest, and a session holds at most one."},
    {1009, "clock_not_settable", Transient::no, "the engine was not opened with a test clock",
     "Only an engine opened with test_clock lets its clock be set."},
    {1010, "transaction_tenant", Transient::no, "the transaction already writes for another organization",
     "No unit of work spans two tenants."},
    // 2xxx invalid_input: this request can never work as written
    {2001, "invalid_json", Transient::no, "the text is not valid JSON",
     "Malformed JSON, a duplicate key, depth over 64, invalid UTF-8 or a NUL."},
    {2002, "invalid_argument", Transient::no, "one or more fields are not acceptable",
     "Every bad field is listed with its reason."},
    {2003, "unknown_command", Transient::no, "there is no such command", "The command name is not known."},
    {2004, "unknown_table", Transient::no, "there is no such table", "The table name is not known."},
    {2005, "unknown_column", Transient::no, "there is no such column",
     "A filter, order or column list names a column that does not exist or that the caller can read on no row."},
    {2006, "invalid_filter", Transient::no, "the filter is not well formed",
     "Unknown operator, or an operand that does not fit the column."},
    {2007, "request_too_large", Transient::no, "the request is larger than 4 MiB", "Requests are limited to 4 MiB."},
    {2008, "invalid_cursor", Transient::no, "the cursor does not belong to this query",
     "A page cursor works only with the table, filter and order that made it."},
    {2009, "organization_required", Transient::no, "the argument organization_id is needed here",
     "A session without an organization must name one for this table or command."},
    {2010, "invalid_principal", Transient::no, "the principal is not well formed", "The principal JSON was refused."},
    {2011, "invalid_key", Transient::no, "the key is not well formed",
     "A raw key has 32 bytes; a passphrase is not empty; a recovery code has 52 characters and checks."},
    {2012, "invalid_idempotency_key", Transient::no, "an idempotency key has 16 to 255 visible ASCII characters",
     "For anonymous callers at least 22 characters."},
    {2013, "unsupported", Transient::no, "this release does not do that yet",
     "The request is understood, and a later release will serve it; nothing was changed."},
    // 3xxx access
    {3001, "unauthenticated", Transient::no, "the principal is not valid now",
     "Unknown or inactive user, revoked or expired key, removed sponsor."},
    {3002, "policy_denied", Transient::no, "the policy does not allow this",
     "The row is visible to the caller, the operation is not granted; the policy is named."},
    {3003, "command_denied", Transient::no, "this principal may not run the command",
     "No right to run the command here."},
    {3004, "column_denied", Transient::no, "a named column may not be written by this principal",
     "The row may be written, these columns of it not."},
    {3005, "engine_only", Transient::no, "only the engine writes these rows",
     "The table is written by commands and derived data only."},
    {3006, "signature_invalid", Transient::no, "the signature is not of a secret in use",
     "No active secret signed these bytes, or they were signed too long ago or too far ahead; nothing was kept."},
    // 4xxx state
    {4001, "not_found", Transient::no, "there is no such row", "Absent, or not visible to the caller: alike."},
    {4002, "already_exists", Transient::no, "a row with these values exists", "A unique key is taken."},
    {4003, "version_conflict", Transient::no, "the row has changed since",
     "if_version does not match the row's version."},
    {4004, "idempotency_mismatch", Transient::no, "the idempotency key was used for another request",
     "The key is bound to the request it was first used with."},
    {4005, "still_referenced", Transient::no, "other rows refer to this one", "Delete or move those first."},
    {4006, "has_sales", Transient::no, "paid orders stand under this row",
     "Only deleting the organization removes sales."},
    {4007, "ambiguous_id", Transient::no, "the id exists in more than one organization",
     "Name the organization to say which row is meant."},
    {4008, "invalid_transition", Transient::no, "the state does not lead there",
     "Both states are named; docs/reference/states.md lists the transitions."},
    {4009, "feed_gone", Transient::no, "changes that old are no longer kept",
     "The first number still kept is named; read the rows again and go on from there."},
    {4010, "reference_not_found", Transient::no, "a referenced row does not exist",
     "Absent, of another organization, or not visible to the caller: alike."},
    // 5xxx rule: a business rule said no
    {5001, "event_not_on_sale", Transient::no, "the event is not on sale",
     "Tickets are sold while an event is confirmed or active and has not ended."},
    {5002, "category_inactive", Transient::no, "the ticket category is not active", "The category is switched off."},
    {5003, "category_not_on_sale", Transient::yes, "the ticket category is outside its sale window",
     "Before sale_start_date or at or after sale_end_date."},
    {5004, "invalid_quantity", Transient::no, "the quantity is not acceptable",
     "Whole, at least 1, at most max_per_order."},
    {5005, "mixed_currencies", Transient::no, "the order would mix currencies", "One order has one currency."},
    {5006, "discount_not_applicable", Transient::no, "the discount code does not apply", "The reason is named."},
    {5007, "price_changed", Transient::no, "the total is no longer what the caller expected",
     "expected_total was given and differs; the current total is named."},
    {5008, "sold_out", Transient::yes, "not enough places are left", "The category and what is left are named."},
    {5009, "payment_mismatch", Transient::no, "amount or currency differ from the order's",
     "Nothing was written."},
    {5010, "payment_refused", Transient::no, "the order does not take this payment",
     "The order's state, the method or the amount does not allow it."},
    {5011, "venue_overlap", Transient::no, "another live event occupies the venue then",
     "Two confirmed or active events may not overlap at one venue."},
    {5012, "capacity_exceeded", Transient::no, "the capacity does not allow this",
     "Categories exceed the event's capacity, or the event the venue's."},
    {5013, "package_full", Transient::no, "the sponsor package has no place left", "max_sponsors is reached."},
    {5014, "last_owner", Transient::no, "the organization would lose its last active owner",
     "Give somebody else the role first."},
    {5015, "unknown_order", Transient::no, "no order belongs to this payment", "The payment is kept."},
    {5016, "dependency_cycle", Transient::no, "the milestones would wait for each other",
     "Dependencies form a cycle."},
    {5017, "dependencies_open", Transient::no, "a milestone it depends on is not completed",
     "Complete its dependencies first."},
    {5018, "invariant_violated", Transient::no, "the row would break a rule of its table",
     "The rule is named in the fields."},
    {5019, "hold_limit", Transient::yes, "too many unpaid places are held",
     "The cap for anonymous or per-address holds is reached."},
    {5020, "total_too_small", Transient::no, "fewer places than are sold, held or withheld",
     "total_quantity may not fall below what is taken."},
    {5021, "wrong_state", Transient::no, "the row's state does not allow this command", "The state is named."},
    {5022, "refund_refused", Transient::no, "these tickets are not refunded",
     "A ticket is used or already given back, or its category is not refundable; each is named."},
    {5023, "not_transferable", Transient::no, "the ticket may not be passed on",
     "The tickets of its category stay with their holders."},
    {5024, "places_left", Transient::no, "there is no need to wait, places are left",
     "Order them; only a category with too few places has a waiting list."},
    // 6xxx store
    {6001, "io_error", Transient::yes, "reading or writing the store failed", "The file system answered an error."},
    {6002, "store_busy", Transient::yes, "another process holds the store too long",
     "The write turn could not be had before the deadline."},
    {6003, "disk_full", Transient::yes, "the disk is full", "Nothing was changed; free space and repeat."},
    {6004, "wrong_key", Transient::no, "this key does not open the store", "No key slot opens with it."},
    {6005, "key_required", Transient::no, "the store is encrypted and no key was given", "Give a key."},
    {6006, "key_slots_tampered", Transient::no, "the key-slot file is damaged or was altered",
     "Restore the .keys file from its backup."},
    {6007, "not_a_store", Transient::no, "the file is not an eventcore store", "The file was left untouched."},
    {6008, "store_newer", Transient::no, "the store was written by a newer release",
     "Use that release; the file was left untouched."},
    {6009, "store_locked", Transient::yes, "another program uses the store exclusively",
     "Another process has it open in a way that excludes this one."},
    {6010, "read_only", Transient::no, "the store is open for reading only", "Nothing was changed."},
    {6011, "store_corrupt", Transient::no, "a page of the store is damaged",
     "No data was handed out; restore from a backup or run verify_store."},
    {6012, "outcome_unknown", Transient::no, "the commit failed in a way that leaves its outcome open",
     "The store has stopped; open it again and repeat the call with its idempotency key."},
    {6013, "store_not_found", Transient::no, "there is no such store", "No file has that name; create was not asked."},
    {6014, "store_exists", Transient::no, "a file of that name exists", "create_new was asked."},
    {6015, "out_of_memory", Transient::yes, "memory ran out", "Nothing was changed."},
    {6016, "deadline_exceeded", Transient::yes, "the deadline passed before the call could run",
     "Nothing was changed."},
    {6017, "store_stopped", Transient::no, "the store stopped after an I/O error",
     "Close the engine and open it again."},
    {6018, "commits_lost", Transient::no, "the anchor knows of commits that the store does not hold",
     "The lost range is named; open with accept_loss to go on, which is recorded."},
    {6019, "unsafe_sqlcipher", Transient::no, "the SQLCipher in this build is too old or not in force",
     "The build is unsafe and refuses to open stores."},
    {6020, "transaction_expired", Transient::yes, "the transaction kept the write turn longer than 5 seconds",
     "It was rolled back."},
    {6021, "anchor_tampered", Transient::no, "the anchor file is damaged, altered or of another store",
     "Restore it, or open with accept_loss, which is recorded."},
    // 9xxx internal
    {9001, "internal", Transient::no, "the engine broke one of its own rules", "A defect; please report it."},
};

constexpr ErrorClass class_of(std::int32_t number) {
  switch (number / 1000) {
    case 1: return ErrorClass::misuse;
    case 2: return ErrorClass::invalid_input;
    case 3: return ErrorClass::access;
    case 4: return ErrorClass::state;
    case 5: return ErrorClass::rule;
    case 6: return ErrorClass::store;
    default: return ErrorClass::internal;
  }
}

constexpr std::string_view class_name(ErrorClass c) {
  switch (c) {
    case ErrorClass::misuse: return "misuse";
    case ErrorClass::invalid_input: return "invalid_input";
    case ErrorClass::access: return "access";
    case ErrorClass::state: return "state";
    case ErrorClass::rule: return "rule";
    case ErrorClass::store: return "store";
    case ErrorClass::internal: return "internal";
  }
  return "internal";
}

constexpr const ErrorDef* find_error(std::int32_t number) {
  for (const ErrorDef& e : error_table)
    if (e.number == number) return &e;
  return nullptr;
}

}  // namespace eventcore::schema
