#include "base/random.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/secret.hpp"

namespace eventcore {

std::uint32_t Random::uniform(std::uint32_t bound) {
  if (bound < 2) return 0;
  const std::uint32_t refused = (0U - bound) % bound;  // 2^32 mod bound: the draws that would favour small results
  for (;;) {
    std::array<std::uint8_t, 4> bytes{};
    fill(bytes);
    std::uint32_t draw = 0;
    for (const std::uint8_t byte : bytes) draw = (draw << 8) | byte;
    if (draw >= refused) return draw % bound;
  }
}

SystemRandom::SystemRandom() {
  crypto_init();
}

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  if (!bytes.empty()) randombytes_buf(bytes.data(), bytes.size());
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  crypto_init();
  for (std::size_t i = 0; i < 8; ++i) seed_[i] = static_cast<std::uint8_t>(seed >> (8 * i));
}

void SeededRandom::fill(std::span<std::uint8_t> bytes) {
  static_assert(randombytes_SEEDBYTES == 32);
  const std::lock_guard lock(mutex_);
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (used_ == block_.size()) {
      for (std::size_t i = 0; i < 8; ++i) seed_[8 + i] = static_cast<std::uint8_t>(next_block_ >> (8 * i));
      ++next_block_;
      randombytes_buf_deterministic(block_.data(), block_.size(), seed_.data());
      used_ = 0;
    }
    const std::size_t count = std::min(bytes.size() - done, block_.size() - used_);
    std::memcpy(bytes.data() + done, block_.data() + used_, count);
    used_ += count;
    done += count;
  }
}

}  // namespace eventcore
