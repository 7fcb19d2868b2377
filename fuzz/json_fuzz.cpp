// Requests: whatever parses prints, and what it prints parses to the same value.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto parsed = eventcore::parse_json({reinterpret_cast<const char*>(bytes), size});
  if (!parsed) return 0;
  const std::string text = eventcore::dump(parsed.assume_value());
  const auto again = eventcore::parse_json(text);
  if (!again || eventcore::dump(again.assume_value()) != text) std::abort();
  return 0;
}
