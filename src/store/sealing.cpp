#include "store/sealing.hpp"

#include <sodium.h>

#include <array>

namespace eventcore::store {
namespace {

constexpr std::uint8_t format = 1;  // the first byte of everything sealed here
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t key_size = 32;
static_assert(sealed_overhead == 1 + nonce_size + tag_size);
static_assert(key_size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

void append(Bytes& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}
void append(Bytes& out, const Uuid& id) {
  out.insert(out.end(), id.bytes.begin(), id.bytes.end());
}

Bytes tenant_key_place(const Uuid& organization) {
  Bytes out;
  append(out, "ec-tenant-key-v1");
  append(out, organization);
  return out;
}

}  // namespace

SecretBytes derive(const SecretBytes& key, std::string_view context) {
  SecretBytes out(key_size);
  const ByteView message = as_bytes(context);
  crypto_generichash(out.writable().data(), out.size(), message.data(), message.size(), key.view().data(), key.size());
  return out;
}

Bytes encrypt(ByteView key, ByteView plaintext, ByteView associated, Random& random) {
  Bytes out(sealed_overhead + plaintext.size());
  out[0] = format;
  random.fill(std::span(out).subspan(1, nonce_size));
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + 1 + nonce_size, nullptr, plaintext.data(), plaintext.size(),
                                             associated.data(), associated.size(), nullptr, out.data() + 1, key.data());
  return out;
}

Result<SecretBytes> decrypt(ByteView key, ByteView sealed, ByteView associated) {
  if (sealed.size() < sealed_overhead || sealed[0] != format) return Errc::store_corrupt;
  SecretBytes plain(sealed.size() - sealed_overhead);
  // An empty text still needs a place that is no null pointer.
  std::array<std::uint8_t, 1> nothing{};
  std::uint8_t* const out = plain.empty() ? nothing.data() : plain.writable().data();
  const ByteView body = sealed.subspan(1 + nonce_size);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, nullptr, nullptr, body.data(), body.size(), associated.data(),
                                                 associated.size(), sealed.data() + 1, key.data()) != 0) {
    return Errc::store_corrupt;
  }
  return plain;
}

namespace {

// A derived key for the length of one use: on the stack, wiped, without the system calls of guarded memory.
class BriefKey {
 public:
  BriefKey(const SecretBytes& key, std::string_view context) {
    const ByteView message = as_bytes(context);
    crypto_generichash(bytes_.data(), bytes_.size(), message.data(), message.size(), key.view().data(), key.size());
  }
  ~BriefKey() { wipe(bytes_); }
  BriefKey(const BriefKey&) = delete;
  BriefKey& operator=(const BriefKey&) = delete;
  [[nodiscard]] ByteView view() const { return bytes_; }

 private:
  std::array<std::uint8_t, key_size> bytes_{};
};

}  // namespace

SecretBytes make_tenant_key(Random& random) {
  SecretBytes key(key_size);
  random.fill(key.writable());
  return key;
}

Result<Bytes> wrap_tenant_key(const SecretBytes& root_key, const Uuid& organization, const SecretBytes& tenant_key,
                              Random& random) {
  if (root_key.size() != key_size || tenant_key.size() != key_size) return Errc::internal;
  const BriefKey wrap(root_key, derivation::tenant_wrap);
  return encrypt(wrap.view(), tenant_key.view(), tenant_key_place(organization), random);
}

Result<SecretBytes> unwrap_tenant_key(const SecretBytes& root_key, const Uuid& organization, ByteView wrapped) {
  if (root_key.size() != key_size) return Errc::internal;
  if (wrapped.size() != sealed_overhead + key_size) return Errc::store_corrupt;
  const BriefKey wrap(root_key, derivation::tenant_wrap);
  return decrypt(wrap.view(), wrapped, tenant_key_place(organization));
}

Bytes sealed_place(std::uint16_t table, std::uint16_t column, const Uuid& organization, const Uuid& row) {
  Bytes out;
  append(out, "ec-sealed-v1");
  put_u16(out, table);
  put_u16(out, column);
  append(out, organization);
  append(out, row);
  return out;
}

Bytes seal(const SecretBytes& tenant_key, ByteView plaintext, ByteView associated, Random& random) {
  const BriefKey key(tenant_key, derivation::seal);
  return encrypt(key.view(), plaintext, associated, random);
}

Result<SecretBytes> unseal(const SecretBytes& tenant_key, ByteView sealed, ByteView associated) {
  const BriefKey key(tenant_key, derivation::seal);
  return decrypt(key.view(), sealed, associated);
}

Digest keyed_digest(const SecretBytes& tenant_key, std::string_view purpose, std::string_view text) {
  const BriefKey key(tenant_key, derivation::digest);
  Bytes message;
  // Both with their lengths: ("ab", "c") is not ("a", "bc").
  for (const std::string_view part : {purpose, text}) {
    put_u32(message, static_cast<std::uint32_t>(part.size()));
    append(message, part);
  }
  const Digest digest = blake2b(message, key.view());
  wipe(message);
  return digest;
}

}  // namespace eventcore::store
