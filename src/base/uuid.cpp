#include "base/uuid.hpp"

#include "base/bytes.hpp"

namespace eventcore {
namespace {

constexpr std::array<std::size_t, 16> text_positions = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::uint32_t counter_end = 0x1000;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

}  // namespace

std::string to_text(const Uuid& id) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(36, '-');
  char* out = text.data();
  for (std::size_t i = 0; i < 16; ++i) {
    out[text_positions[i]] = digits[id.bytes[i] >> 4];
    out[text_positions[i] + 1] = digits[id.bytes[i] & 15];
  }
  return text;
}

Result<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') {
    return fail(Errc::invalid_argument, "a UUID has 8-4-4-4-12 hexadecimal digits");
  }
  Uuid id;
  int seen = 0;  // goes negative once any digit is wrong
  for (std::size_t i = 0; i < 16; ++i) {
    const int high = hex_value(text[text_positions[i]]);
    const int low = hex_value(text[text_positions[i] + 1]);
    seen |= high | low;
    id.bytes[i] = static_cast<std::uint8_t>(((high & 15) << 4) | (low & 15));
  }
  if (seen < 0) return fail(Errc::invalid_argument, "a UUID has 8-4-4-4-12 hexadecimal digits");
  return id;
}

void UuidSource::draw(std::uint8_t* out, std::size_t count) {
  if (pool_.size() - pool_used_ < count) {
    random_.fill(pool_);
    pool_used_ = 0;
  }
  std::memcpy(out, pool_.data() + pool_used_, count);
  std::memset(pool_.data() + pool_used_, 0, count);
  pool_used_ += count;
}

// The upper half of the counter's range stays free, so that a millisecond has room for 2,048 ids at least.
void UuidSource::restart_counter() {
  std::array<std::uint8_t, 2> bytes{};
  draw(bytes.data(), bytes.size());
  counter_ = ((static_cast<std::uint32_t>(bytes[0]) << 8) | bytes[1]) & 0x7FF;
}

Uuid UuidSource::next() {
  const Micros now_us = clock_.now_us();
  const std::uint64_t now_ms = now_us > 0 ? static_cast<std::uint64_t>(now_us) / 1000 : 0;
  const std::lock_guard lock(mutex_);
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    restart_counter();
  } else if (++counter_ >= counter_end) {
    ++last_ms_;  // borrow the next millisecond rather than repeat or wait
    restart_counter();
  }
  Uuid id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (counter_ >> 8));
  id.bytes[7] = static_cast<std::uint8_t>(counter_);
  draw(id.bytes.data() + 8, 8);
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
  return id;
}

}  // namespace eventcore
