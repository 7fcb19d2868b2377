// UUIDs: the 16 bytes, their text, and a source of version 7 ids.
// Invariants: to_text writes lower case, parse_uuid reads either case; ids of one source strictly increase as bytes and
// as text, whatever the clock does.
// Thread: a UuidSource may be used from any thread.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <eventcore/result.hpp>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace eventcore {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
  [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
};

std::string to_text(const Uuid& id);
Result<Uuid> parse_uuid(std::string_view text);  // exactly 8-4-4-4-12 hexadecimal digits, any version

struct UuidHash {
  std::size_t operator()(const Uuid& id) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    std::memcpy(&low, id.bytes.data() + 8, 8);
    return static_cast<std::size_t>(low ^ (high * 0x9E3779B97F4A7C15ULL));
  }
};

class UuidSource {
 public:
  UuidSource(Clock& clock, Random& random) : clock_(clock), random_(random) {}
  UuidSource(const UuidSource&) = delete;
  UuidSource& operator=(const UuidSource&) = delete;
  Uuid next();

 private:
  void draw(std::uint8_t* out, std::size_t count);
  void restart_counter();

  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::uint64_t last_ms_ = 0;
  std::uint32_t counter_ = 0x1000;        // past the 12 bits: the first id starts a count
  std::array<std::uint8_t, 512> pool_{};  // randomness is fetched in bulk: one system call per 64 ids
  std::size_t pool_used_ = 512;
};

}  // namespace eventcore
