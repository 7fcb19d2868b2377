// BLAKE2b-256 and HMAC-SHA256.
// Invariants: keys of up to 64 bytes are used as they are; a longer BLAKE2b key is hashed first, as HMAC does.
// Thread: a Blake2b belongs to one thread at a time; the free functions serve any thread.
#pragma once

#include <sodium/crypto_generichash.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace eventcore {

using Digest = std::array<std::uint8_t, 32>;

Digest blake2b(ByteView message, ByteView key = {});

class Blake2b {
 public:
  explicit Blake2b(ByteView key = {});
  Blake2b& add(ByteView bytes);
  Blake2b& add(std::string_view text);
  Digest finish();  // once; the object is spent afterwards

 private:
  crypto_generichash_state state_;
};

Digest hmac_sha256(ByteView key, ByteView message);

}  // namespace eventcore
