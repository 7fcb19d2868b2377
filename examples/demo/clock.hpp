// The demo's time: microseconds since 1970 UTC, as the engine counts it.
#pragma once

#include <cstdint>
#include <string>

namespace demo {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t minute_us = 60 * second_us;
inline constexpr std::int64_t hour_us = 60 * minute_us;
inline constexpr std::int64_t day_us = 24 * hour_us;

std::string to_rfc3339(std::int64_t time_us);

// "2018-03-22T09:00:00+08:00", with or without offset (then UTC): close enough to set a clock by.
std::int64_t from_text(const std::string& text);

}  // namespace demo
