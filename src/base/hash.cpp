#include "base/hash.hpp"

#include <sodium.h>

#include "base/secret.hpp"

namespace eventcore {
namespace {

Digest short_key(ByteView key) {
  Digest digest;
  crypto_generichash(digest.data(), digest.size(), key.data(), key.size(), nullptr, 0);
  return digest;
}

}  // namespace

Digest blake2b(ByteView message, ByteView key) {
  crypto_init();  // also chooses the fastest implementation for this processor
  if (key.size() > crypto_generichash_KEYBYTES_MAX) {
    const Digest shorter = short_key(key);
    return blake2b(message, shorter);
  }
  Digest digest;
  crypto_generichash(digest.data(), digest.size(), message.data(), message.size(), key.data(), key.size());
  return digest;
}

Blake2b::Blake2b(ByteView key) {
  crypto_init();
  if (key.size() > crypto_generichash_KEYBYTES_MAX) {
    const Digest shorter = short_key(key);
    crypto_generichash_init(&state_, shorter.data(), shorter.size(), sizeof(Digest));
    return;
  }
  crypto_generichash_init(&state_, key.data(), key.size(), sizeof(Digest));
}

Blake2b& Blake2b::add(ByteView bytes) {
  crypto_generichash_update(&state_, bytes.data(), bytes.size());
  return *this;
}

Blake2b& Blake2b::add(std::string_view text) {
  return add(as_bytes(text));
}

Digest Blake2b::finish() {
  Digest digest;
  crypto_generichash_final(&state_, digest.data(), digest.size());
  return digest;
}

Digest hmac_sha256(ByteView key, ByteView message) {
  crypto_init();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  Digest digest;
  crypto_auth_hmacsha256_final(&state, digest.data());
  sodium_memzero(&state, sizeof state);
  return digest;
}

}  // namespace eventcore
