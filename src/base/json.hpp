// JSON as the engine keeps it: keys sorted, numbers never rounded, hostile input refused.
// Invariants: an integer within int64 is a JSON integer; any other number is held as its own text (a binary value with
// number_subtype), never as a double, so 1.0 prints as 1.0. No two members of an object share a key.
// Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <eventcore/result.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace eventcore {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t bytes = std::size_t{4} * 1024 * 1024;
  int depth = 64;
};

// Marks a binary value as the text of a number.
inline constexpr std::uint8_t number_subtype = 0x4E;

// Errc::invalid_json with the byte position; Errc::request_too_large above limits.bytes.
// Refused beside plain syntax errors: duplicate keys, NUL (also as \u0000), invalid UTF-8, lone surrogates, a byte
// order mark, too much depth, trailing text.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

// Minified, keys sorted by bytes, UTF-8 as it is, numbers as they were written.
std::string dump(const Json& value);
// The same for a single text or integer, at the end of `out`: for answers that are written without Json values.
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, std::int64_t integer);

[[nodiscard]] bool is_number(const Json& value);
[[nodiscard]] std::string number_text(const Json& value);  // "" if it is no number
// From the text of a JSON number; a text that is none becomes a string, so that nothing invalid is ever printed.
[[nodiscard]] Json exact_number(std::string text);
// Numbers compare as decimals (1, 1.0 and 10e-1 are equal), everything else as usual; types never convert.
[[nodiscard]] bool json_equal(const Json& a, const Json& b);

}  // namespace eventcore
