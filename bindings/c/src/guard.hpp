// The guard: every extern "C" body is one `return guard(...)` or `return quietly(...)`. Failures, exceptions and
// outputs are dealt with here and nowhere else: on success *error_out is NULL; on failure every *_out is NULL or 0.
// Thread: free functions without state.
#pragma once

#include <string_view>
#include <utility>

#include <eventcore/result.hpp>
#include "eventcore.h"

namespace eventcore::c {

// The exception being handled, as a Failure.
Failure caught() noexcept;

// Answers the code, and the details where they are wanted. Never fails: without memory the error is a bare one.
ec_status report(const Failure& failure, ec_error** error_out) noexcept;

template <class Body>
ec_status guard(ec_error** error_out, Body&& body) noexcept {
  Failure failure;
  try {
    const Status done = body();
    if (done) {
      if (error_out != nullptr) *error_out = nullptr;
      return EC_OK;
    }
    failure = done.assume_error();
  } catch (...) {
    failure = caught();
  }
  return report(failure, error_out);
}

// With one output, which `body` answers as a Result.
template <class Out, class Body>
ec_status guard(ec_error** error_out, Out* out, Body&& body) noexcept {
  if (out != nullptr) *out = Out{};
  return guard(error_out, [&]() -> Status {
    if (out == nullptr) return fail_fact(Errc::null_argument, "argument", "the place for the result");
    EC_TRY(made, body());
    *out = made;
    return ok();
  });
}

// For getters and frees, which cannot fail: what they answer when even looking fails.
template <class Answer, class Body>
Answer quietly(Answer otherwise, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return otherwise;
  }
}

}  // namespace eventcore::c
