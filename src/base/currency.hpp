// Currencies of ISO 4217 and money text.
// Invariants: money is an int64 in units of 1/10,000 and a whole number of its currency's minor units.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace eventcore {

inline constexpr int money_scale = 4;

// Fractional digits of a currency; none for an unknown code and for codes without a minor unit (gold, test codes).
std::optional<int> currency_digits(std::string_view code);

// In 1/10,000: 10,000 for 0 digits, 100 for 2, 1 for 4.
std::int64_t minor_unit(int digits);

Result<std::int64_t> money_from_text(std::string_view text, std::string_view currency);
// With exactly the currency's digits: "12.50", "1250", "1.234". An unknown currency prints like one with two digits.
std::string money_to_text(std::int64_t units, std::string_view currency);

}  // namespace eventcore
