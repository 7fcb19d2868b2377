#include "base/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <optional>

namespace eventcore {
namespace {

using boost::multiprecision::cpp_int;

constexpr int max_exponent = 400;
constexpr std::size_t max_exact_characters = 1'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::uint64_t power_of_ten(int exponent) {
  std::uint64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// The pieces of [-]digits[.digits][e[+-]digits].
struct NumberParts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::optional<std::string_view> exponent;  // with its sign
};

std::string_view take_digits(std::string_view& rest) {
  std::size_t count = 0;
  while (count < rest.size() && is_digit(rest[count])) ++count;
  const std::string_view digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

std::optional<NumberParts> split_number(std::string_view text) {
  NumberParts parts;
  if (!text.empty() && text.front() == '-') {
    parts.negative = true;
    text.remove_prefix(1);
  }
  parts.whole = take_digits(text);
  if (parts.whole.empty()) return std::nullopt;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts.fraction = take_digits(text);
    if (parts.fraction.empty()) return std::nullopt;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    std::string_view digits = text;
    if (!digits.empty() && (digits.front() == '+' || digits.front() == '-')) digits.remove_prefix(1);
    if (take_digits(digits).empty() || !digits.empty()) return std::nullopt;
    if (text.front() == '+') text.remove_prefix(1);
    parts.exponent = text;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  return parts;
}

Failure not_decimal() {
  return fail(Errc::invalid_argument, "not a decimal number");
}
Failure too_large() {
  return fail(Errc::invalid_argument, "the number is too large");
}

cpp_int floor_divide(const cpp_int& numerator, const cpp_int& denominator) {  // denominator > 0
  cpp_int quotient;
  cpp_int remainder;
  boost::multiprecision::divide_qr(numerator, denominator, quotient, remainder);
  if (remainder < 0) --quotient;
  return quotient;
}

// The weights brought to one denominator, as whole numbers: comparing remainders then needs no fractions.
std::vector<cpp_int> whole_weights(std::span<const Exact> weights) {
  cpp_int common = 1;
  for (const Exact& weight : weights) {
    if (weight > 0) common = boost::multiprecision::lcm(common, cpp_int(denominator(weight)));
  }
  std::vector<cpp_int> whole;
  whole.reserve(weights.size());
  for (const Exact& weight : weights) {
    whole.push_back(weight > 0 ? cpp_int(numerator(weight) * (common / denominator(weight))) : cpp_int(0));
  }
  return whole;
}

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text, int scale) {
  const std::optional<NumberParts> parts = split_number(text);
  if (!parts || parts->exponent) return not_decimal();
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::uint64_t bound = parts->negative ? limit + 1 : limit;
  std::uint64_t value = 0;
  const auto append = [&](std::uint64_t digit) {
    if (value > (bound - digit) / 10) return false;
    value = value * 10 + digit;
    return true;
  };
  for (const char c : parts->whole) {
    if (!append(static_cast<std::uint64_t>(c - '0'))) return too_large();
  }
  for (std::size_t i = 0; i < std::max(parts->fraction.size(), static_cast<std::size_t>(scale)); ++i) {
    const char c = i < parts->fraction.size() ? parts->fraction[i] : '0';
    if (i < static_cast<std::size_t>(scale)) {
      if (!append(static_cast<std::uint64_t>(c - '0'))) return too_large();
    } else if (c != '0') {
      return fail(Errc::invalid_argument, "more than " + std::to_string(scale) + " fractional digits");
    }
  }
  return static_cast<std::int64_t>(parts->negative ? 0 - value : value);
}

std::string format_decimal(std::int64_t value, int scale, int digits) {
  const bool negative = value < 0;
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const std::uint64_t power = power_of_ten(scale);
  std::uint64_t fraction = magnitude % power;
  int shown = scale;
  while (shown > digits && fraction % 10 == 0) {
    fraction /= 10;
    --shown;
  }
  std::string text = negative ? "-" : "";
  text.append(std::to_string(magnitude / power));
  if (shown > 0) {
    const std::string tail = std::to_string(fraction);
    text.push_back('.');
    text.append(static_cast<std::size_t>(shown) - tail.size(), '0');
    text.append(tail);
  }
  return text;
}

std::string format_decimal_short(std::int64_t value, int scale) {
  return format_decimal(value, scale, 0);
}

Result<Exact> parse_exact(std::string_view text) {
  if (text.size() > max_exact_characters) return fail(Errc::invalid_argument, "the number has too many digits");
  const std::optional<NumberParts> parts = split_number(text);
  if (!parts) return not_decimal();
  int exponent = 0;
  if (parts->exponent) {
    const char* end = parts->exponent->data() + parts->exponent->size();
    const auto [at, error] = std::from_chars(parts->exponent->data(), end, exponent);
    if (error != std::errc{} || at != end || exponent > max_exponent || exponent < -max_exponent) {
      return fail(Errc::invalid_argument, "the exponent is out of range");
    }
  }
  cpp_int digits = 0;
  for (const std::string_view piece : {parts->whole, parts->fraction}) {
    for (const char c : piece) digits = digits * 10 + (c - '0');
  }
  if (parts->negative) digits = -digits;
  exponent -= static_cast<int>(parts->fraction.size());
  const cpp_int power = boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(std::abs(exponent)));
  return exponent < 0 ? Exact(digits, power) : Exact(cpp_int(digits * power));
}

Exact exact(std::int64_t value, int scale) {
  return {cpp_int(value), cpp_int(power_of_ten(scale))};
}

Result<std::int64_t> round_half_up(const Exact& value, std::int64_t unit) {
  if (unit <= 0) return fail(Errc::internal, "rounding needs a positive unit");
  const cpp_int step = cpp_int(denominator(value)) * unit;
  const cpp_int rounded = floor_divide(cpp_int(numerator(value)) * 2 + step, step * 2) * unit;
  if (rounded > std::numeric_limits<std::int64_t>::max() || rounded < std::numeric_limits<std::int64_t>::min()) {
    return too_large();
  }
  return rounded.convert_to<std::int64_t>();
}

std::vector<std::int64_t> spread(std::int64_t total, std::span<const Exact> weights, std::int64_t unit) {
  std::vector<std::int64_t> shares(weights.size(), 0);
  if (weights.empty()) return shares;
  if (unit <= 0) unit = 1;
  const std::int64_t sign = total < 0 ? -1 : 1;
  const std::int64_t steps = total / unit * sign;  // how many units there are to hand out
  std::vector<cpp_int> whole = whole_weights(weights);
  cpp_int sum = std::accumulate(whole.begin(), whole.end(), cpp_int(0));
  if (sum == 0) {
    std::fill(whole.begin(), whole.end(), cpp_int(1));
    sum = whole.size();
  }
  std::vector<cpp_int> remainders(whole.size());
  std::int64_t left = steps;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    cpp_int quotient;
    boost::multiprecision::divide_qr(cpp_int(whole[i] * steps), sum, quotient, remainders[i]);
    const auto given = quotient.convert_to<std::int64_t>();
    shares[i] = given * unit * sign;
    left -= given;
  }
  std::vector<std::size_t> order(whole.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; left > 0; ++i, --left) shares[order[i]] += unit * sign;
  shares[order.front()] += total % unit;  // nothing when the caller kept the rule; never lost when not
  return shares;
}

}  // namespace eventcore
