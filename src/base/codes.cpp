#include "base/codes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace eventcore {
namespace {

constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t order_symbols = 8;
constexpr std::size_t order_dash = 4;
constexpr std::size_t ticket_symbols = 13;

int symbol_value(char c) {
  const std::size_t at = symbols.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Luhn's doubling with the digit sum taken in base 32, which maps the 32 values one to one.
int doubled(int value) {
  return 2 * value / 32 + 2 * value % 32;
}

// Sum over `text`, the last symbol counted once or, when the check symbol is yet to come, twice.
int luhn_sum(std::string_view text, bool double_last) {
  int sum = 0;
  bool twice = double_last;
  for (std::size_t i = text.size(); i-- > 0;) {
    const int value = symbol_value(text[i]);
    if (value < 0) return -1;
    sum += twice ? doubled(value) : value;
    twice = !twice;
  }
  return sum % 32;
}

std::string with_check(Random& random, std::size_t length) {
  std::string text(length - 1, '0');
  for (char& c : text) {
    std::array<std::uint8_t, 1> byte{};
    random.fill(byte);
    c = symbols[byte[0] & 31];
  }
  const int sum = luhn_sum(text, true);
  text.push_back(symbols[static_cast<std::size_t>((32 - sum) % 32)]);
  return text;
}

bool checks(std::string_view text) {
  return luhn_sum(text, false) == 0;
}

}  // namespace

std::string make_order_number(Random& random) {
  std::string text = with_check(random, order_symbols);
  text.insert(order_dash, 1, '-');
  return text;
}

std::string make_ticket_number(Random& random) {
  return with_check(random, ticket_symbols);
}

bool valid_order_number(std::string_view text) {
  if (text.size() != order_symbols + 1 || text[order_dash] != '-') return false;
  std::string plain(text);
  plain.erase(order_dash, 1);
  return checks(plain);
}

bool valid_ticket_number(std::string_view text) {
  return text.size() == ticket_symbols && checks(text);
}

std::string normalise_ticket_number(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (char c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    plain.push_back(c);
  }
  return plain;
}

}  // namespace eventcore
