// Errors as handles, and how failures and exceptions become them.
#include <exception>
#include <new>

#include "guard.hpp"
#include "objects.hpp"

namespace eventcore::c {

namespace {

struct BareError {
  std::int32_t number;
  const char* name;
  const char* group;
  bool transient;
  const char* message;
};

constexpr BareError bare_errors[] = {
#include "base/errc_table.inc"
};
constexpr BareError no_error{EC_OK, "ok", "", false, ""};

// A number that is none was made up, and so was its handle.
const BareError& bare(std::int32_t number) {
  for (const BareError& error : bare_errors)
    if (error.number == number) return error;
  return bare(EC_E_INVALID_HANDLE);
}

// Calls `full` with a living error, or `spare` with the fixed text that stands for what `handle` is instead.
template <class Answer, class Full, class Spare>
Answer read_error(const ec_error* handle, Full&& full, Spare&& spare) noexcept {
  if (handle == nullptr) return spare(no_error);
  if (const std::int32_t number = HandleTable::bare_error_number(reinterpret_cast<std::uintptr_t>(handle)); number != 0)
    return spare(bare(number));
  return quietly<Answer>(spare(bare(EC_E_OUT_OF_MEMORY)), [&] {
    const auto error = use(handle);
    return error ? full(*error.assume_value()) : spare(bare(static_cast<std::int32_t>(error.assume_error().code())));
  });
}

}  // namespace

Failure caught() noexcept {
  try {
    try {
      // cppcheck-suppress rethrowNoCurrentException  // called from handlers only
      throw;
    } catch (const std::bad_alloc&) {
      return Errc::out_of_memory;
    } catch (const std::exception& exception) {
      return fail(Errc::internal, exception.what());
    } catch (...) {
      return Errc::internal;
    }
  } catch (...) {  // no memory for the text
    return Errc::internal;
  }
}

ec_status report(const Failure& failure, ec_error** error_out) noexcept {
  const Errc code = failure.code();
  if (error_out != nullptr) {
    *error_out = quietly(reinterpret_cast<ec_error*>(HandleTable::bare_error(code)), [&] {
      auto error = std::make_shared<Error>();
      error->code = code;
      error->transient = failure.transient();
      error->name = failure.name();
      error->message = failure.message();
      error->json = failure.to_json();
      return give<ec_error>(std::move(error));
    });
  }
  return static_cast<ec_status>(code);
}

}  // namespace eventcore::c

using namespace eventcore::c;

ec_status ec_error_code(const ec_error* error) noexcept {
  return read_error<ec_status>(
      error, [](const Error& full) { return static_cast<ec_status>(full.code); },
      [](const BareError& spare) { return spare.number; });
}

const char* ec_error_name(const ec_error* error) noexcept {
  return read_error<const char*>(
      error, [](const Error& full) { return full.name.c_str(); }, [](const BareError& spare) { return spare.name; });
}

const char* ec_error_message(const ec_error* error) noexcept {
  return read_error<const char*>(
      error, [](const Error& full) { return full.message.c_str(); },
      [](const BareError& spare) { return spare.message; });
}

const char* ec_error_json(const ec_error* error) noexcept {
  return read_error<const char*>(
      error, [](const Error& full) { return full.json.c_str(); }, [](const BareError&) { return "{}"; });
}

int32_t ec_error_is_transient(const ec_error* error) noexcept {
  return read_error<int32_t>(
      error, [](const Error& full) { return full.transient ? 1 : 0; },
      [](const BareError& spare) { return spare.transient ? 1 : 0; });
}

void ec_error_free(ec_error* error) noexcept {
  return static_cast<void>(quietly(false, [&] { return take(error).has_value(); }));
}
