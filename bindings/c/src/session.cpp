// Sessions, transactions and changes.
#include "api/session.hpp"

#include "arguments.hpp"
#include "guard.hpp"
#include "reply.hpp"

namespace eventcore::c {

namespace {

Result<ec_session*> open(ec_engine* handle, const char* principal_json, std::size_t length) {
  EC_TRY(engine, use(handle));
  EC_TRYV(engine->store());
  EC_TRY(principal_text, text(principal_json, length, "principal_json"));
  EC_TRY(principal, api::read_principal(*engine, principal_text));
  return give<ec_session>(std::make_shared<api::SessionCore>(engine, std::move(principal)));
}

// A session that another thread is using stays open: that thread would otherwise find it gone in the middle.
Status close(ec_session* handle) {
  if (handle == nullptr) return ok();
  EC_TRY(session, use(handle));
  const Status closed = session->close();
  if (!closed && closed.assume_error().code() == Errc::concurrent_use) return closed;
  EC_TRYV(take(handle));
  return closed;
}

Result<std::string> changes(ec_session* handle, std::int64_t since, std::int64_t limit, std::int64_t timeout_us) {
  EC_TRY(session, use(handle));
  return session->changes(since, limit, timeout_us);
}

}  // namespace

}  // namespace eventcore::c

using namespace eventcore::c;
using eventcore::Status;

ec_status ec_session_open(ec_engine* engine, const char* principal_json, size_t length, ec_session** session_out,
                          ec_error** error_out) noexcept {
  return guard(error_out, session_out, [&] { return open(engine, principal_json, length); });
}

ec_status ec_session_close(ec_session* session, ec_error** error_out) noexcept {
  return guard(error_out, [&] { return close(session); });
}

ec_status ec_transaction_begin(ec_session* session, ec_error** error_out) noexcept {
  return guard(error_out, [&]() -> Status {
    EC_TRY(found, use(session));
    return found->begin();
  });
}

ec_status ec_transaction_commit(ec_session* session, ec_error** error_out) noexcept {
  return guard(error_out, [&]() -> Status {
    EC_TRY(found, use(session));
    return found->commit();
  });
}

ec_status ec_transaction_rollback(ec_session* session, ec_error** error_out) noexcept {
  return guard(error_out, [&]() -> Status {
    EC_TRY(found, use(session));
    return found->rollback();
  });
}

ec_status ec_changes_read(ec_session* session, int64_t since, int64_t limit, int64_t timeout_us, ec_bytes** changes_out,
                          ec_error** error_out) noexcept {
  return guard(error_out, changes_out,
               [&] { return reply([&] { return changes(session, since, limit, timeout_us); }); });
}
