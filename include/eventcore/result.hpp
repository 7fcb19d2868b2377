// Result: a value, or a Failure that says what went wrong.
// Failures are values everywhere in the engine; exceptions stay inside the function that meets them.
// Thread: a Failure may be copied to and read from any thread.
#pragma once

#include <boost/outcome/std_result.hpp>
#include <boost/outcome/try.hpp>
#include <eventcore/errc.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace eventcore {

// One bad field of a request, as the caller spelled its path ("items[0].quantity").
struct FieldError {
  std::string field;
  std::string reason;
};

// What a failure carries beside its code. Absent on the cheap path.
struct FailureDetail {
  std::string message;                                     // empty: the code's own message says it all
  std::vector<FieldError> fields;                          // every bad field, not just the first
  std::vector<std::pair<std::string, std::string>> facts;  // e.g. {"policy", "org_admin"}, {"left", "3"}
};

class Failure {
 public:
  Failure() = default;                 // Outcome wants a default; it reads as `internal`
  Failure(Errc code) : code_(code) {}  // NOLINT(google-explicit-constructor): `return Errc::x;` is the common path
  Failure(Errc code, FailureDetail detail)
      : code_(code), detail_(std::make_shared<const FailureDetail>(std::move(detail))) {}

  [[nodiscard]] Errc code() const { return code_; }
  [[nodiscard]] const FailureDetail& detail() const;  // an empty one when there is none
  [[nodiscard]] std::string_view name() const;        // "sold_out"
  [[nodiscard]] std::string message() const;          // the detail's message, else the code's
  [[nodiscard]] bool transient() const;
  [[nodiscard]] std::string to_json() const;  // {"code","number","class","transient","message","fields","detail"}

 private:
  Errc code_ = Errc::internal;
  std::shared_ptr<const FailureDetail> detail_;
};

Failure fail(Errc code, std::string message);
Failure fail_field(Errc code, std::string field, std::string reason);
Failure fail_fact(Errc code, std::string name, std::string value);

std::error_code make_error_code(Errc code);
std::error_code make_error_code(const Failure& failure);
[[noreturn]] void outcome_throw_as_system_error_with_payload(const Failure& failure);

template <class T>
using Result =
    BOOST_OUTCOME_V2_NAMESPACE::std_result<T, Failure,
                                           BOOST_OUTCOME_V2_NAMESPACE::policy::default_policy<T, Failure, void>>;

using Status = Result<void>;

inline auto ok() {
  return BOOST_OUTCOME_V2_NAMESPACE::success();
}

}  // namespace eventcore

template <>
struct std::is_error_code_enum<eventcore::Errc> : std::true_type {};

// EC_TRY(name, expression): name becomes the value, or the function returns the failure.
// EC_TRYV(expression): the same without a value; one statement, so that it may follow an `if`.
#define EC_TRY(name, ...) BOOST_OUTCOME_TRY(name, __VA_ARGS__)
#define EC_TRYV(...)                 \
  do {                               \
    BOOST_OUTCOME_TRYV(__VA_ARGS__); \
  } while (false)
