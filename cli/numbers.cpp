#include "numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace cli {

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  const auto check = [least, most](std::string& text) -> std::string {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number < least || number > most)
      return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    text = std::to_string(number);
    return {};
  };
  return {check, ""};
}

CLI::Validator seconds() {
  const auto check = [](std::string& text) -> std::string {
    // Digits alone keep out what strtod knows beside them: signs, infinities, hexadecimals.
    const bool plain = text.find_first_not_of("0123456789.eE+-") == std::string::npos;
    char* end = nullptr;
    const double given = plain ? std::strtod(text.c_str(), &end) : 0;
    if (end == nullptr || end == text.c_str() || *end != '\0' || text[0] == '-' || text[0] == '+')
      return "must be a number of seconds, not negative";
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const double microseconds = given * 1e6;
    if (microseconds >= static_cast<double>(most))
      text = std::to_string(most);
    else
      text = std::to_string(std::max<std::int64_t>(1, static_cast<std::int64_t>(microseconds)));
    return {};
  };
  return {check, ""};
}

CLI::Validator not_empty() {
  return {[](std::string& text) -> std::string { return text.empty() ? "must not be empty" : ""; }, ""};
}

}  // namespace cli
