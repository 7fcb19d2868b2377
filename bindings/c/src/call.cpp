// Commands: called at once, many as one, or submitted and waited for.
#include "api/session.hpp"
#include "arguments.hpp"
#include "guard.hpp"
#include "reply.hpp"

namespace eventcore::c {

namespace {

struct Call {
  const char* command;
  std::size_t command_length;
  const char* arguments;
  std::size_t arguments_length;
};

struct CallViews {
  std::string_view command;
  std::string_view arguments;
};

Result<CallViews> views(const Call& asked) {
  EC_TRY(command, text(asked.command, asked.command_length, "command"));
  EC_TRY(arguments, text(asked.arguments, asked.arguments_length, "arguments_json"));
  return CallViews{command, arguments};
}

Result<std::string> call(ec_session* handle, const ec_call_options* options, const Call& asked) {
  EC_TRY(session, use(handle));
  EC_TRY(context, call_context(options));
  EC_TRY(given, views(asked));
  return session->call(given.command, given.arguments, context);
}

Result<std::string> call_many(ec_session* handle, const ec_call_options* options, const char* calls,
                              std::size_t length) {
  EC_TRY(session, use(handle));
  EC_TRY(context, call_context(options));
  EC_TRY(given, text(calls, length, "calls_json"));
  return session->call_many(given, context);
}

Result<ec_pending*> submit(ec_session* handle, const ec_call_options* options, const Call& asked) {
  EC_TRY(session, use(handle));
  EC_TRY(context, call_context(options));
  EC_TRY(given, views(asked));
  Reserved<ec_pending> pending;
  EC_TRY(core, session->submit(given.command, given.arguments, context));
  pending->core = std::move(core);
  return pending.keep();
}

// One waiter at a time.
class Waiting {
 public:
  explicit Waiting(Submitted& submitted) : submitted_(submitted), mine_(!submitted.busy.exchange(true)) {}
  ~Waiting() {
    if (mine_) submitted_.busy = false;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  [[nodiscard]] bool mine() const { return mine_; }

 private:
  Submitted& submitted_;
  bool mine_;
};

Result<ec_bytes*> wait(ec_pending* handle, std::int64_t timeout_us) {
  EC_TRY(submitted, use(handle));
  if (timeout_us < -1) return fail_field(Errc::invalid_argument, "timeout_us", "must be -1 or more");
  const Waiting waiting(*submitted);
  if (!waiting.mine()) return Errc::concurrent_use;
  if (!submitted->core) return Errc::invalid_handle;  // guessed before its maker had it
  Reserved<ec_bytes> bytes;
  auto done = submitted->core->wait(timeout_us);
  if (!done) return nullptr;
  EC_TRY(text, std::move(*done));
  bytes->text = std::move(text);
  return bytes.keep();
}

}  // namespace

}  // namespace eventcore::c

using namespace eventcore::c;

ec_status ec_call(ec_session* session, const char* command, size_t command_length, const char* arguments_json,
                  size_t arguments_length, ec_bytes** reply_out, ec_error** error_out) noexcept {
  return guard(error_out, reply_out, [&] {
    return reply([&] { return call(session, nullptr, {command, command_length, arguments_json, arguments_length}); });
  });
}

ec_status ec_call_with(ec_session* session, const ec_call_options* options, const char* command, size_t command_length,
                       const char* arguments_json, size_t arguments_length, ec_bytes** reply_out,
                       ec_error** error_out) noexcept {
  return guard(error_out, reply_out, [&] {
    return reply([&] { return call(session, options, {command, command_length, arguments_json, arguments_length}); });
  });
}

ec_status ec_call_many(ec_session* session, const ec_call_options* options, const char* calls_json, size_t calls_length,
                       ec_bytes** replies_out, ec_error** error_out) noexcept {
  return guard(error_out, replies_out,
               [&] { return reply([&] { return call_many(session, options, calls_json, calls_length); }); });
}

ec_status ec_submit(ec_session* session, const ec_call_options* options, const char* command, size_t command_length,
                    const char* arguments_json, size_t arguments_length, ec_pending** pending_out,
                    ec_error** error_out) noexcept {
  return guard(error_out, pending_out, [&] {
    return submit(session, options, {command, command_length, arguments_json, arguments_length});
  });
}

ec_status ec_wait(ec_pending* pending, int64_t timeout_us, ec_bytes** reply_out, ec_error** error_out) noexcept {
  return guard(error_out, reply_out, [&] { return wait(pending, timeout_us); });
}

void ec_pending_free(ec_pending* pending) noexcept {
  return static_cast<void>(quietly(false, [&] { return take(pending).has_value(); }));
}
