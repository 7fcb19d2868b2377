#include "clock.hpp"

#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace demo {

std::string to_rfc3339(std::int64_t time_us) {
  const std::time_t seconds = static_cast<std::time_t>(time_us / second_us);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::int64_t from_text(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) throw std::runtime_error("not a time: " + text);
  std::int64_t time_us = static_cast<std::int64_t>(timegm(&parts)) * second_us;
  char sign = 0;
  int hours = 0;
  int minutes = 0;
  if (std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) == 3 && (sign == '+' || sign == '-')) {
    const std::int64_t offset_us = hours * hour_us + minutes * minute_us;
    time_us += sign == '+' ? -offset_us : offset_us;
  }
  return time_us;
}

}  // namespace demo
