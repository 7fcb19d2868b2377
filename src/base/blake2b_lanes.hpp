// Four BLAKE2b hashes side by side. Thread: a free function without state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/hash.hpp"

namespace eventcore {

inline constexpr std::size_t blake2b_lanes = 4;
inline constexpr std::size_t blake2b_block = 128;

// A message as it is compressed: whole blocks, the key's first, filled up with zeros.
struct Blake2bLane {
  const std::uint8_t* data = nullptr;
  std::size_t length = 0;  // without the filling
  std::size_t blocks = 1;
  std::size_t key_size = 0;
  Digest* digest = nullptr;
};

// Whether this processor can.
bool has_blake2b_lanes();
// Only where it can.
void hash_lanes(const std::array<Blake2bLane, blake2b_lanes>& lanes);

}  // namespace eventcore
