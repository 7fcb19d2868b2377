// The source of randomness everything above is given.
// Invariants: uniform() is unbiased; a SeededRandom repeats itself exactly and is for tests only.
// Thread: every source may be used from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace eventcore {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
  std::uint32_t uniform(std::uint32_t bound);  // 0 <= result < bound; 0 for bound 0

 protected:
  Random() = default;
  Random(const Random&) = default;
  Random& operator=(const Random&) = default;
};

class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(std::span<std::uint8_t> bytes) override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  SeededRandom(const SeededRandom&) = delete;
  SeededRandom& operator=(const SeededRandom&) = delete;
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::mutex mutex_;
  std::array<std::uint8_t, 32> seed_{};
  std::uint64_t next_block_ = 0;
  std::array<std::uint8_t, 1024> block_{};
  std::size_t used_ = 1024;
};

}  // namespace eventcore
