// Scanned codes: only the canonical text of a code parses, so what parses has 200 characters; and nothing unsigned
// verifies.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ticket/code.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  const auto code = eventcore::ticket::parse(text);
  if (code && size != 200) std::abort();
  return 0;
}
