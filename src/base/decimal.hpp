// Decimals without rounding surprises: fixed-point integers for what is stored, rationals for what is computed.
// Invariants: nothing here goes through a double; a value that does not fit is refused, never wrapped.
// Thread: free functions without state, any thread.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <eventcore/result.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventcore {

// Scale s means units of 1/10^s, 0 <= s <= 18. Accepts "12", "12.5", "-3"; no '+', exponent, blanks or bare dot.
// Digits beyond the scale must be zeros.
Result<std::int64_t> parse_decimal(std::string_view text, int scale);

// Always `digits` fractional digits, more when the value has more: (125000, 4, 2) -> "12.50".
std::string format_decimal(std::int64_t value, int scale, int digits);
// As few fractional digits as say everything: (72500, 4) -> "7.25", (100000, 4) -> "10".
std::string format_decimal_short(std::int64_t value, int scale);

using Exact = boost::multiprecision::cpp_rational;

// Decimal text or the text of a JSON number; exponents up to 400 either way, at most 1,000 characters.
Result<Exact> parse_exact(std::string_view text);
// value / 10^scale
Exact exact(std::int64_t value, int scale);

// The multiple of `unit` nearest to `value`, both in the same units; a half goes up, toward +infinity: -2.5 -> -2.
Result<std::int64_t> round_half_up(const Exact& value, std::int64_t unit);

// Shares of `total` (a multiple of `unit`) in proportion to the weights, each a multiple of `unit`, adding up exactly.
// What proportion leaves over goes by largest remainder, ties to the earlier. Weights that are all zero count as equal,
// negative ones as zero. A negative total is spread like its positive twin.
std::vector<std::int64_t> spread(std::int64_t total, std::span<const Exact> weights, std::int64_t unit);

}  // namespace eventcore
