// eventcore._native: the C header for Python, and nothing more. Text goes in and comes out as bytes. Handles are
// numbers: the engine checks every one, so a closed or made-up number is an error and never a crash. Everything typed,
// and who closes what, is the Python code beside it; handles are given back by that code, never here.
// Invariants: the interpreter is released around every call that may wait for the engine; nothing of Python is kept
// in static memory; failures become the exceptions of eventcore._errors.
// Thread: any; a session serves one call at a time, which the engine itself checks.
#include <eventcore.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "native.hpp"

namespace py = pybind11;

namespace eventcore::python {

namespace {

using Handle = std::uintptr_t;

template <class T>
T* as(Handle handle) {
  return reinterpret_cast<T*>(handle);  // NOLINT(performance-no-int-to-ptr): handles are numbers, see eventcore.h
}

template <class T>
Handle number(T* handle) {
  return reinterpret_cast<Handle>(handle);
}

// Calls the engine without holding the interpreter. No guard object: a thread that comes back while the interpreter is
// being torn down is ended inside PyEval_RestoreThread, which must not happen in a destructor.
template <class Function>
ec_status released(Function&& function) {
  PyThreadState* const state = PyEval_SaveThread();
  const ec_status status = function();
  PyEval_RestoreThread(state);
  return status;
}

[[noreturn]] void raise(ec_error* error) {
  const std::string json = ec_error_json(error);
  const std::string name = ec_error_name(error);
  const std::string message = ec_error_message(error);
  const ec_status code = ec_error_code(error);
  const bool transient = ec_error_is_transient(error) != 0;
  ec_error_free(error);
  const py::object exception =
      py::module_::import("eventcore._errors").attr("from_native")(code, name, message, transient, json);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw py::error_already_set();
}

// Runs `function` (given where to put its error) without the interpreter; a failure is raised.
template <class Function>
void run(Function&& function) {
  ec_error* error = nullptr;
  if (released([&] { return function(&error); }) != EC_OK) raise(error);
}

py::bytes take(ec_bytes* bytes) {
  PyObject* const copy =
      PyBytes_FromStringAndSize(ec_bytes_data(bytes), static_cast<py::ssize_t>(ec_bytes_size(bytes)));
  ec_bytes_free(bytes);
  if (copy == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(copy);
}

template <class Function>
py::bytes answer(Function&& function) {
  ec_bytes* bytes = nullptr;
  run([&](ec_error** error) { return function(&bytes, error); });
  return take(bytes);
}

void look_for_signals() {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

// ---- engine --------------------------------------------------------------------------------------------------------

// None is NULL for the engine; an empty text is one, which it refuses by itself.
using MaybeText = std::optional<std::string_view>;

// How JWTs are checked: (algorithm, key, audience, issuer, e-mails are verified).
using JwtOptions = std::tuple<std::int32_t, std::string_view, MaybeText, MaybeText, bool>;

Handle open(std::string_view path, std::string_view key, std::int32_t key_kind, std::uint32_t flags,
            std::int64_t cache_bytes, std::int64_t busy_timeout_us, const std::optional<JwtOptions>& jwt) {
  ec_open_options options = EC_OPEN_OPTIONS_INIT;
  options.path = path.data();
  options.path_length = path.size();
  options.key = key_kind == 0 ? nullptr : key.data();
  options.key_length = key.size();
  options.key_kind = key_kind;
  options.flags = flags;
  options.cache_bytes = cache_bytes;
  options.busy_timeout_us = busy_timeout_us;
  if (jwt) {
    const auto& [algorithm, jwt_key, audience, issuer, emails_are_verified] = *jwt;
    options.jwt_algorithm = algorithm;
    options.jwt_key = jwt_key.data();
    options.jwt_key_length = jwt_key.size();
    if (audience) options.jwt_audience = audience->data(), options.jwt_audience_length = audience->size();
    if (issuer) options.jwt_issuer = issuer->data(), options.jwt_issuer_length = issuer->size();
    options.jwt_emails_are_verified = emails_are_verified ? 1 : 0;
  }
  ec_engine* engine = nullptr;
  run([&](ec_error** error) { return ec_engine_open(&options, &engine, error); });
  return number(engine);
}

void engine_close(Handle engine) {
  run([&](ec_error** error) { return ec_engine_close(as<ec_engine>(engine), error); });
}

py::bytes engine_stats(Handle engine) {
  return answer([&](ec_bytes** out, ec_error** error) { return ec_engine_stats(as<ec_engine>(engine), out, error); });
}

py::bytes engine_logs(Handle engine, std::int64_t lines_max) {
  return answer(
      [&](ec_bytes** out, ec_error** error) { return ec_engine_logs(as<ec_engine>(engine), lines_max, out, error); });
}

void clock_set(Handle engine, std::int64_t now_us) {
  run([&](ec_error** error) { return ec_engine_clock_set(as<ec_engine>(engine), now_us, error); });
}

std::int64_t clock_now(Handle engine) {
  std::int64_t now_us = 0;
  run([&](ec_error** error) { return ec_engine_clock_now(as<ec_engine>(engine), &now_us, error); });
  return now_us;
}

py::bytes add_recovery_code(Handle engine) {
  return answer(
      [&](ec_bytes** out, ec_error** error) { return ec_engine_add_recovery_code(as<ec_engine>(engine), out, error); });
}

// ---- session -------------------------------------------------------------------------------------------------------

Handle session_open(Handle engine, std::string_view principal) {
  ec_session* session = nullptr;
  run([&](ec_error** error) {
    return ec_session_open(as<ec_engine>(engine), principal.data(), principal.size(), &session, error);
  });
  return number(session);
}

void session_close(Handle session) {
  run([&](ec_error** error) { return ec_session_close(as<ec_session>(session), error); });
}

struct Options {
  std::string_view key;
  std::int64_t timeout_us;
  std::string_view organization;
  std::int64_t if_version;

  [[nodiscard]] ec_call_options filled() const {
    ec_call_options options = EC_CALL_OPTIONS_INIT;
    if (key.data() != nullptr) options.idempotency_key = key.data(), options.idempotency_key_length = key.size();
    options.timeout_us = timeout_us;
    if (organization.data() != nullptr)
      options.organization_id = organization.data(), options.organization_id_length = organization.size();
    options.if_version = if_version;
    return options;
  }
};

// A key with a call, for the commands that take one: (kind, bytes).
using CallKey = std::tuple<std::int32_t, std::string_view>;

void add_key(ec_call_options& options, std::int32_t kind, std::string_view bytes) {
  options.key = bytes.data();
  options.key_length = bytes.size();
  options.key_kind = kind;
}

// The same for a call that outlives its arguments; wiped in the end.
struct KeptKey {
  std::int32_t kind = 0;
  std::string bytes;

  explicit KeptKey(const CallKey& key) : kind(std::get<0>(key)), bytes(std::get<1>(key)) {}
  ~KeptKey() { ::explicit_bzero(bytes.data(), bytes.size()); }
  KeptKey(const KeptKey&) = delete;
  KeptKey& operator=(const KeptKey&) = delete;
};

Options options_of(const MaybeText& key, std::int64_t timeout_us, const MaybeText& organization = std::nullopt,
                   std::int64_t if_version = 0) {
  return {key.value_or(std::string_view{}), timeout_us, organization.value_or(std::string_view{}), if_version};
}

// Waits in slices, so that a Ctrl-C is noticed within one. nullopt: not done by then.
std::optional<py::bytes> wait(Handle pending, std::int64_t timeout_us) {
  constexpr std::int64_t slice_us = 50'000;
  for (std::int64_t left = timeout_us;;) {
    const std::int64_t now = left < 0 ? slice_us : std::min(left, slice_us);
    ec_bytes* bytes = nullptr;
    run([&](ec_error** error) { return ec_wait(as<ec_pending>(pending), now, &bytes, error); });
    if (bytes != nullptr) return take(bytes);
    look_for_signals();
    if (left >= 0 && (left -= now) <= 0) return std::nullopt;
  }
}

Handle submit(Handle session, std::string_view command, std::string_view arguments, const MaybeText& key,
              std::int64_t timeout_us) {
  const ec_call_options options = options_of(key, timeout_us).filled();
  ec_pending* pending = nullptr;
  run([&](ec_error** error) {
    return ec_submit(as<ec_session>(session), &options, command.data(), command.size(), arguments.data(),
                     arguments.size(), &pending, error);
  });
  return number(pending);
}

void pending_free(Handle pending) {
  ec_pending_free(as<ec_pending>(pending));
}

// A call on a thread of its own, with copies of all that it was given.
struct Aside {
  std::function<ec_status(ec_bytes**, ec_error**)> call;

  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool abandoned = false;  // nobody waits any more
  ec_status status = EC_OK;
  ec_bytes* bytes = nullptr;
  ec_error* error = nullptr;

  void run() {
    ec_bytes* given = nullptr;
    ec_error* failed = nullptr;
    const ec_status answered = call(&given, &failed);
    const std::lock_guard<std::mutex> lock(mutex);
    done = true;
    status = answered;
    bytes = given;
    error = failed;
    if (abandoned) drop();
    changed.notify_all();
  }

  void drop() {
    ec_bytes_free(std::exchange(bytes, nullptr));
    ec_error_free(std::exchange(error, nullptr));
  }
};

// Looks for a Ctrl-C while the call runs. After one the call goes on to its end, its answer is dropped, and until then
// the session answers concurrent_use. What it wrote is written: who needs to know repeats it under the same
// idempotency key.
py::bytes answer_aside(std::function<ec_status(ec_bytes**, ec_error**)> call) {
  const auto aside = std::make_shared<Aside>();
  aside->call = std::move(call);
  std::thread([aside] { aside->run(); }).detach();
  for (;;) {
    bool done = false;
    released([&] {
      std::unique_lock<std::mutex> lock(aside->mutex);
      done = aside->changed.wait_for(lock, std::chrono::milliseconds(50), [&] { return aside->done; });
      return EC_OK;
    });
    if (done) break;
    if (PyErr_CheckSignals() == 0) continue;
    const std::lock_guard<std::mutex> lock(aside->mutex);
    aside->abandoned = true;
    if (aside->done) aside->drop();
    throw py::error_already_set();
  }
  if (aside->status != EC_OK) raise(aside->error);
  return take(aside->bytes);
}

// Text that outlives the call it came with.
using KeptText = std::optional<std::string>;
KeptText kept(const MaybeText& text) {
  return text ? KeptText(*text) : KeptText();
}
MaybeText lent(const KeptText& text) {
  return text ? MaybeText(*text) : MaybeText();
}

// These are answered inside ec_submit and may take minutes.
bool takes_long(std::string_view command) {
  return command == "run_maintenance" || command == "verify_store" || command == "verify_audit" ||
         command == "rotate_key" || command == "backup" || command == "restore";
}

// Submits and waits, so that a Ctrl-C ends the waiting. It does not take a write back: one that was under way is
// committed, or will be with the next group that anybody commits, if there is one; who needs to know repeats the call
// under the same idempotency key and gets the first reply, or the first run. Inside a transaction, and for reads that
// are short, the call is made straight through and a Ctrl-C is noticed behind it.
py::bytes call(Handle session, std::string_view command, std::string_view arguments, const MaybeText& key,
               std::int64_t timeout_us, const std::optional<CallKey>& secret) {
  if (takes_long(command)) {
    const auto kept_key = secret ? std::make_shared<KeptKey>(*secret) : nullptr;
    return answer_aside([session, command = std::string(command), arguments = std::string(arguments), key = kept(key),
                         timeout_us, kept_key](ec_bytes** out, ec_error** error) {
      ec_call_options options = options_of(lent(key), timeout_us).filled();
      if (kept_key) add_key(options, kept_key->kind, kept_key->bytes);
      return ec_call_with(as<ec_session>(session), &options, command.data(), command.size(), arguments.data(),
                          arguments.size(), out, error);
    });
  }
  ec_call_options options = options_of(key, timeout_us).filled();
  if (secret) add_key(options, std::get<0>(*secret), std::get<1>(*secret));
  ec_pending* pending = nullptr;
  ec_error* error = nullptr;
  const ec_status status = released([&] {
    return ec_submit(as<ec_session>(session), &options, command.data(), command.size(), arguments.data(),
                     arguments.size(), &pending, &error);
  });
  if (status == EC_E_TRANSACTION_OPEN) {
    ec_error_free(error);
    return answer([&](ec_bytes** out, ec_error** error_out) {
      return ec_call_with(as<ec_session>(session), &options, command.data(), command.size(), arguments.data(),
                          arguments.size(), out, error_out);
    });
  }
  if (status != EC_OK) raise(error);
  struct Freed {
    Handle pending;
    ~Freed() { pending_free(pending); }
  } const freed{number(pending)};
  return *wait(freed.pending, -1);
}

py::bytes call_many(Handle session, std::string_view calls, const MaybeText& key, std::int64_t timeout_us) {
  return answer_aside(
      [session, calls = std::string(calls), key = kept(key), timeout_us](ec_bytes** out, ec_error** error) {
        const ec_call_options options = options_of(lent(key), timeout_us).filled();
        return ec_call_many(as<ec_session>(session), &options, calls.data(), calls.size(), out, error);
      });
}

// Reads run straight through: a Ctrl-C is noticed when the page is there. Writes may wait for their turn.

// ---- rows ----------------------------------------------------------------------------------------------------------

py::bytes row_get(Handle session, std::string_view table, std::string_view id, const MaybeText& organization) {
  const ec_call_options options = options_of(std::nullopt, 0, organization).filled();
  return answer([&](ec_bytes** out, ec_error** error) {
    return ec_row_get(as<ec_session>(session), &options, table.data(), table.size(), id.data(), id.size(), out, error);
  });
}

// One row (a JSON object), or many (a JSON array).
py::bytes row_insert(Handle session, std::string_view table, std::string_view rows, bool many, const MaybeText& key,
                     std::int64_t timeout_us) {
  return answer_aside([session, table = std::string(table), rows = std::string(rows), many, key = kept(key),
                       timeout_us](ec_bytes** out, ec_error** error) {
    const ec_call_options options = options_of(lent(key), timeout_us).filled();
    const auto insert = many ? ec_row_insert_many : ec_row_insert;
    return insert(as<ec_session>(session), &options, table.data(), table.size(), rows.data(), rows.size(), out, error);
  });
}

py::bytes row_update(Handle session, std::string_view table, std::string_view id, std::string_view changes,
                     const MaybeText& key, std::int64_t timeout_us, const MaybeText& organization,
                     std::int64_t if_version) {
  return answer_aside([session, table = std::string(table), id = std::string(id), changes = std::string(changes),
                       key = kept(key), timeout_us, organization = kept(organization),
                       if_version](ec_bytes** out, ec_error** error) {
    const ec_call_options options = options_of(lent(key), timeout_us, lent(organization), if_version).filled();
    return ec_row_update(as<ec_session>(session), &options, table.data(), table.size(), id.data(), id.size(),
                         changes.data(), changes.size(), out, error);
  });
}

void row_remove(Handle session, std::string_view table, std::string_view id, const MaybeText& key,
                std::int64_t timeout_us, const MaybeText& organization, std::int64_t if_version) {
  answer_aside([session, table = std::string(table), id = std::string(id), key = kept(key), timeout_us,
                organization = kept(organization), if_version](ec_bytes**, ec_error** error) {
    const ec_call_options options = options_of(lent(key), timeout_us, lent(organization), if_version).filled();
    return ec_row_remove(as<ec_session>(session), &options, table.data(), table.size(), id.data(), id.size(), error);
  });
}

py::bytes rows_list(Handle session, std::string_view table, std::string_view request) {
  return answer([&](ec_bytes** out, ec_error** error) {
    return ec_rows_list(as<ec_session>(session), table.data(), table.size(), request.data(), request.size(), out,
                        error);
  });
}

std::int64_t rows_count(Handle session, std::string_view table, std::string_view request) {
  std::int64_t count = 0;
  run([&](ec_error** error) {
    return ec_rows_count(as<ec_session>(session), table.data(), table.size(), request.data(), request.size(), &count,
                         error);
  });
  return count;
}

// ---- transactions and changes --------------------------------------------------------------------------------------

void transaction_begin(Handle session) {
  run([&](ec_error** error) { return ec_transaction_begin(as<ec_session>(session), error); });
}

void transaction_commit(Handle session) {
  run([&](ec_error** error) { return ec_transaction_commit(as<ec_session>(session), error); });
}

void transaction_rollback(Handle session) {
  run([&](ec_error** error) { return ec_transaction_rollback(as<ec_session>(session), error); });
}

// One look of at most timeout_us; who waits longer looks again, and a Ctrl-C is noticed in between.
py::bytes changes_read(Handle session, std::int64_t since, std::int64_t limit, std::int64_t timeout_us) {
  const py::bytes changes = answer([&](ec_bytes** out, ec_error** error) {
    return ec_changes_read(as<ec_session>(session), since, limit, timeout_us, out, error);
  });
  look_for_signals();
  return changes;
}

py::bytes version() {
  return answer([](ec_bytes** out, ec_error** error) { return ec_version(out, error); });
}

py::bytes schema() {
  return answer([](ec_bytes** out, ec_error** error) { return ec_schema(out, error); });
}

}  // namespace

}  // namespace eventcore::python

PYBIND11_MODULE(_native, module) {
  using namespace eventcore::python;
  module.doc() = "The C surface of eventcore; use the package eventcore instead.";
  module.attr("ABI_VERSION") = EC_ABI_VERSION;
  module.def("abi_version", [] { return ec_abi_version(); });
  module.def("version", &version);
  module.def("schema", &schema);
  module.def("handles_live", [] { return ec_handles_live(); });
  module.def("open", &open, py::arg("path"), py::arg("key"), py::arg("key_kind"), py::arg("flags"),
             py::arg("cache_bytes"), py::arg("busy_timeout_us"), py::arg("jwt"));
  module.def("engine_close", &engine_close, py::arg("engine"));
  module.def("engine_stats", &engine_stats, py::arg("engine"));
  module.def("engine_logs", &engine_logs, py::arg("engine"), py::arg("lines_max"));
  module.def("clock_set", &clock_set, py::arg("engine"), py::arg("now_us"));
  module.def("clock_now", &clock_now, py::arg("engine"));
  module.def("add_recovery_code", &add_recovery_code, py::arg("engine"));
  module.def("session_open", &session_open, py::arg("engine"), py::arg("principal"));
  module.def("session_close", &session_close, py::arg("session"));
  module.def("call", &call, py::arg("session"), py::arg("command"), py::arg("arguments"), py::arg("key"),
             py::arg("timeout_us"), py::arg("secret"));
  module.def("call_many", &call_many, py::arg("session"), py::arg("calls"), py::arg("key"), py::arg("timeout_us"));
  module.def("submit", &submit, py::arg("session"), py::arg("command"), py::arg("arguments"), py::arg("key"),
             py::arg("timeout_us"));
  module.def("wait", &wait, py::arg("pending"), py::arg("timeout_us"));
  module.def("pending_free", &pending_free, py::arg("pending"));
  module.def("row_get", &row_get, py::arg("session"), py::arg("table"), py::arg("id"), py::arg("organization"));
  module.def("row_insert", &row_insert, py::arg("session"), py::arg("table"), py::arg("rows"), py::arg("many"),
             py::arg("key"), py::arg("timeout_us"));
  module.def("row_update", &row_update, py::arg("session"), py::arg("table"), py::arg("id"), py::arg("changes"),
             py::arg("key"), py::arg("timeout_us"), py::arg("organization"), py::arg("if_version"));
  module.def("row_remove", &row_remove, py::arg("session"), py::arg("table"), py::arg("id"), py::arg("key"),
             py::arg("timeout_us"), py::arg("organization"), py::arg("if_version"));
  module.def("rows_list", &rows_list, py::arg("session"), py::arg("table"), py::arg("request"));
  module.def("rows_count", &rows_count, py::arg("session"), py::arg("table"), py::arg("request"));
  module.def("transaction_begin", &transaction_begin, py::arg("session"));
  module.def("transaction_commit", &transaction_commit, py::arg("session"));
  module.def("transaction_rollback", &transaction_rollback, py::arg("session"));
  module.def("changes_read", &changes_read, py::arg("session"), py::arg("since"), py::arg("limit"),
             py::arg("timeout_us"));
  module.def("arrow_stream", &arrow_stream, py::arg("fields"), py::arg("next_batch"));
}
