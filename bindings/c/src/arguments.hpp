// Arguments as they come through the C door: checked for NULL and size, then lent to the engine as views.
// Thread: free functions without state.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include <eventcore/result.hpp>
#include "api/session.hpp"
#include "eventcore.h"

namespace eventcore::c {

inline constexpr std::size_t text_bytes_max = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t options_bytes_max = 4096;  // more is no options struct but a stray pointer

// null_argument with the argument's name, or request_too_large.
inline Result<std::string_view> text(const char* data, std::size_t length, const char* name) {
  if (data == nullptr) return fail_fact(Errc::null_argument, "argument", name);
  if (length > text_bytes_max) return fail_fact(Errc::request_too_large, "argument", name);
  return std::string_view(data, length);
}

// The same where NULL means that there is none.
inline Result<std::string_view> optional_text(const char* data, std::size_t length, const char* name) {
  if (data == nullptr && length == 0) return std::string_view{};
  return text(data, length, name);
}

// Reads an options struct of any release: one of an earlier release is completed with zeros, one of a later release is
// taken if all that we do not know is zero. `first_size` is the size in the first release.
template <class Options>
Result<Options> options(const Options* given, std::size_t first_size) {
  Options known{};
  if (given == nullptr) return known;
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  std::size_t size = 0;
  std::memcpy(&size, bytes, sizeof size);
  if (size < first_size || size > options_bytes_max) return Errc::bad_struct_size;
  for (std::size_t i = sizeof known; i < size; ++i)
    if (bytes[i] != 0) return Errc::bad_struct_size;
  std::memcpy(&known, bytes, size < sizeof known ? size : sizeof known);
  return known;
}

// Of the options structs that carry a key. A kind of 0 says that there is none.
Result<store::KeyInput> key_input(const void* data, std::size_t length, std::int64_t kind);

Result<api::CallContext> call_context(const ec_call_options* given);
Result<api::SessionCore::RecordContext> record_context(const ec_call_options* given);

}  // namespace eventcore::c
