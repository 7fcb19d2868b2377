// Filters of tickets: any JSON gives a condition or a refusal, and the guard is asked for every column named.
#include <cstdint>
#include <string_view>

#include "schema/all.hpp"
#include "schema/filter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace eventcore;
  const auto json = parse_json({reinterpret_cast<const char*>(bytes), size});
  if (!json) return 0;
  const auto guard = [](std::uint16_t, Expr leaf) -> Result<Expr> { return leaf; };
  static_cast<void>(schema::decode_filter(schema::tables::tickets, json.assume_value(), guard));
  static_cast<void>(schema::decode_order(schema::tables::tickets, json.assume_value()));
  return 0;
}
