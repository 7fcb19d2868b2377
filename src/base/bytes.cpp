#include "base/bytes.hpp"

#include <array>

namespace eventcore {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base32_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// Two characters per byte value: one copy of two bytes per byte encoded.
constexpr std::array<char, 512> make_hex_pairs() {
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = hex_digits[i >> 4];
    pairs[2 * i + 1] = hex_digits[i & 15];
  }
  return pairs;
}

constexpr std::array<std::int16_t, 256> make_hex_values() {
  std::array<std::int16_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 16; ++i) {
    const char lower = hex_digits[static_cast<std::size_t>(i)];
    values[static_cast<unsigned char>(lower)] = static_cast<std::int16_t>(i);
    if (i > 9) values[static_cast<unsigned char>(lower - 'a' + 'A')] = static_cast<std::int16_t>(i);
  }
  return values;
}

constexpr std::array<std::int16_t, 256> make_base32_values() {
  std::array<std::int16_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 32; ++i) {
    values[static_cast<unsigned char>(base32_digits[static_cast<std::size_t>(i)])] = static_cast<std::int16_t>(i);
  }
  return values;
}

constexpr auto hex_pairs = make_hex_pairs();
constexpr auto hex_values = make_hex_values();
constexpr auto base32_values = make_base32_values();

template <class T>
void put_big_endian(Bytes& out, T value) {
  std::array<std::uint8_t, sizeof(T)> bytes{};
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - i)));
  }
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <class T>
T get_big_endian(ByteView bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = (value << 8) | bytes[offset + i];
  return static_cast<T>(value);
}

}  // namespace

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex(ByteView bytes) {
  std::string text(bytes.size() * 2, '\0');
  char* out = text.data();
  for (const std::uint8_t byte : bytes) {
    const std::size_t at = std::size_t{byte} * 2;
    *out++ = hex_pairs[at];
    *out++ = hex_pairs[at + 1];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Errc::invalid_argument, "hexadecimal text has an even number of digits");
  Bytes bytes(text.size() / 2);
  int seen = 0;  // goes negative once any digit is wrong
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_values[static_cast<std::uint8_t>(text[2 * i])];
    const int low = hex_values[static_cast<std::uint8_t>(text[2 * i + 1])];
    seen |= high | low;
    bytes[i] = static_cast<std::uint8_t>(((high & 15) << 4) | (low & 15));
  }
  if (seen < 0) return fail(Errc::invalid_argument, "not a hexadecimal digit");
  return bytes;
}

std::string base32(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text.push_back(base32_digits[(buffer >> held) & 31]);
    }
    buffer &= (1U << held) - 1;
  }
  if (held > 0) text.push_back(base32_digits[(buffer << (5 - held)) & 31]);
  return text;
}

Result<Bytes> from_base32(std::string_view text) {
  const std::size_t tail = text.size() % 8;
  if (tail == 1 || tail == 3 || tail == 6) return fail(Errc::invalid_argument, "no base32 text has this length");
  Bytes bytes;
  bytes.reserve(text.size() * 5 / 8);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int value = base32_values[static_cast<std::uint8_t>(c)];
    if (value < 0) return fail(Errc::invalid_argument, "not a base32 character");
    buffer = (buffer << 5) | static_cast<std::uint32_t>(value);
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::uint8_t>(buffer >> held));
      buffer &= (1U << held) - 1;
    }
  }
  if (buffer != 0) return fail(Errc::invalid_argument, "the last base32 character has stray bits");
  return bytes;
}

void put_u16(Bytes& out, std::uint16_t value) {
  put_big_endian(out, value);
}
void put_u32(Bytes& out, std::uint32_t value) {
  put_big_endian(out, value);
}
void put_u64(Bytes& out, std::uint64_t value) {
  put_big_endian(out, value);
}

std::uint16_t get_u16(ByteView bytes, std::size_t offset) {
  return get_big_endian<std::uint16_t>(bytes, offset);
}
std::uint32_t get_u32(ByteView bytes, std::size_t offset) {
  return get_big_endian<std::uint32_t>(bytes, offset);
}
std::uint64_t get_u64(ByteView bytes, std::size_t offset) {
  return get_big_endian<std::uint64_t>(bytes, offset);
}

}  // namespace eventcore
