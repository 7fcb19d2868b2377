// Rows: get, insert, update, remove, list, count.
#include "api/session.hpp"
#include "arguments.hpp"
#include "guard.hpp"
#include "reply.hpp"

namespace eventcore::c {

namespace {

using RecordContext = api::SessionCore::RecordContext;

// What every row call has beside its own: the session, the options and the table.
struct Target {
  ec_session* session;
  const ec_call_options* options;
  const char* table;
  std::size_t table_length;
};

struct Found {
  std::shared_ptr<api::SessionCore> session;
  RecordContext context;
  std::string_view table;
};

Result<Found> find(const Target& target) {
  EC_TRY(session, use(target.session));
  EC_TRY(context, record_context(target.options));
  EC_TRY(table, text(target.table, target.table_length, "table"));
  return Found{std::move(session), context, table};
}

// What does not apply is a mistake of the caller's, never ignored.
Status without_version(const RecordContext& context) {
  if (context.if_version != 0)
    return fail_field(Errc::invalid_argument, "if_version", "is only for updating and removing");
  return ok();
}

Status for_reading(const RecordContext& context) {
  if (!context.idempotency_key.empty())
    return fail_field(Errc::invalid_argument, "idempotency_key", "is only for writes");
  if (context.timeout_us != 0) return fail_field(Errc::invalid_argument, "timeout_us", "is only for writes");
  return without_version(context);
}

Status for_new_rows(const RecordContext& context) {
  if (!context.organization.empty())
    return fail_field(Errc::invalid_argument, "organization_id", "is a column of a new row, not an option");
  return without_version(context);
}

Result<std::string> get(const Target& target, const char* id, std::size_t id_length) {
  EC_TRY(found, find(target));
  EC_TRY(id_text, text(id, id_length, "id"));
  EC_TRYV(for_reading(found.context));
  return found.session->get(found.table, id_text, found.context);
}

Result<std::string> insert(const Target& target, const char* row, std::size_t row_length) {
  EC_TRY(found, find(target));
  EC_TRY(row_text, text(row, row_length, "row_json"));
  EC_TRYV(for_new_rows(found.context));
  return found.session->insert(found.table, row_text, found.context);
}

Result<std::string> insert_many(const Target& target, const char* rows, std::size_t rows_length) {
  EC_TRY(found, find(target));
  EC_TRY(rows_text, text(rows, rows_length, "rows_json"));
  EC_TRYV(for_new_rows(found.context));
  return found.session->insert_many(found.table, rows_text, found.context);
}

Result<std::string> update(const Target& target, const char* id, std::size_t id_length, const char* changes,
                           std::size_t changes_length) {
  EC_TRY(found, find(target));
  EC_TRY(id_text, text(id, id_length, "id"));
  EC_TRY(changes_text, text(changes, changes_length, "changes_json"));
  return found.session->update(found.table, id_text, changes_text, found.context);
}

Status remove(const Target& target, const char* id, std::size_t id_length) {
  EC_TRY(found, find(target));
  EC_TRY(id_text, text(id, id_length, "id"));
  return found.session->remove(found.table, id_text, found.context);
}

Result<std::string> list(const Target& target, const char* request, std::size_t request_length) {
  EC_TRY(found, find(target));
  EC_TRY(request_text, text(request, request_length, "request_json"));
  return found.session->list(found.table, request_text);
}

Result<std::int64_t> count(const Target& target, const char* request, std::size_t request_length) {
  EC_TRY(found, find(target));
  EC_TRY(request_text, text(request, request_length, "request_json"));
  return found.session->count(found.table, request_text);
}

}  // namespace

}  // namespace eventcore::c

using namespace eventcore::c;

ec_status ec_row_get(ec_session* session, const ec_call_options* options, const char* table, size_t table_length,
                     const char* id, size_t id_length, ec_bytes** row_out, ec_error** error_out) noexcept {
  return guard(error_out, row_out, [&] {
    return reply([&] { return get({session, options, table, table_length}, id, id_length); });
  });
}

ec_status ec_row_insert(ec_session* session, const ec_call_options* options, const char* table, size_t table_length,
                        const char* row_json, size_t row_length, ec_bytes** row_out, ec_error** error_out) noexcept {
  return guard(error_out, row_out, [&] {
    return reply([&] { return insert({session, options, table, table_length}, row_json, row_length); });
  });
}

ec_status ec_row_insert_many(ec_session* session, const ec_call_options* options, const char* table,
                             size_t table_length, const char* rows_json, size_t rows_length, ec_bytes** rows_out,
                             ec_error** error_out) noexcept {
  return guard(error_out, rows_out, [&] {
    return reply([&] { return insert_many({session, options, table, table_length}, rows_json, rows_length); });
  });
}

ec_status ec_row_update(ec_session* session, const ec_call_options* options, const char* table, size_t table_length,
                        const char* id, size_t id_length, const char* changes_json, size_t changes_length,
                        ec_bytes** row_out, ec_error** error_out) noexcept {
  return guard(error_out, row_out, [&] {
    return reply([&] {
      return update({session, options, table, table_length}, id, id_length, changes_json, changes_length);
    });
  });
}

ec_status ec_row_remove(ec_session* session, const ec_call_options* options, const char* table, size_t table_length,
                        const char* id, size_t id_length, ec_error** error_out) noexcept {
  return guard(error_out, [&] { return remove({session, options, table, table_length}, id, id_length); });
}

ec_status ec_rows_list(ec_session* session, const char* table, size_t table_length, const char* request_json,
                       size_t request_length, ec_bytes** page_out, ec_error** error_out) noexcept {
  return guard(error_out, page_out, [&] {
    return reply([&] { return list({session, nullptr, table, table_length}, request_json, request_length); });
  });
}

ec_status ec_rows_count(ec_session* session, const char* table, size_t table_length, const char* request_json,
                        size_t request_length, int64_t* count_out, ec_error** error_out) noexcept {
  return guard(error_out, count_out, [&] {
    return count({session, nullptr, table, table_length}, request_json, request_length);
  });
}
