// Sealing: keys derived from keys, tenant keys wrapped for the database, and values sealed under a tenant's key.
// docs/store-format.md gives the bytes. Destroying a wrapped tenant key makes all that was sealed under it unreadable.
// Invariants: nothing that fails its authentication is ever returned; a sealed value opens only in the very place
// (table, column, organization, row) it was sealed for.
// Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <eventcore/result.hpp>
#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/uuid.hpp"

namespace eventcore::store {

// Every derived key of a store. A context is used for one purpose and never again for another.
namespace derivation {
// from the data key
inline constexpr std::string_view root = "ec-root-v1";                       // StoreKeys::root_key
inline constexpr std::string_view page_salt = "ec-page-salt-v1";             // the first 16 bytes of the database
inline constexpr std::string_view key_slots_mac = "ec-keys-mac-v1";          // MAC over the key-slot file
inline constexpr std::string_view key_slots_signing = "ec-keys-signing-v1";  // seals the signing key
// from the root key
inline constexpr std::string_view anchor = "ec-anchor-v1";            // Anchor::open wants this one
inline constexpr std::string_view tenant_wrap = "ec-tenant-wrap-v1";  // wraps tenant keys
// from a tenant key
inline constexpr std::string_view seal = "ec-seal-v1";      // seals values
inline constexpr std::string_view digest = "ec-digest-v1";  // keyed digests
}  // namespace derivation

// 32 bytes: BLAKE2b-256 of the context, keyed.
SecretBytes derive(const SecretBytes& key, std::string_view context);

// XChaCha20-Poly1305 under a 32-byte key: a version byte, a random nonce, the ciphertext with its tag.
constexpr std::size_t sealed_overhead = 41;  // so many bytes longer than the plain text
Bytes encrypt(ByteView key, ByteView plaintext, ByteView associated, Random& random);
// store_corrupt when anything differs from what encrypt() was given and gave.
Result<SecretBytes> decrypt(ByteView key, ByteView sealed, ByteView associated);

SecretBytes make_tenant_key(Random& random);  // 32 random bytes
Result<Bytes> wrap_tenant_key(const SecretBytes& root_key, const Uuid& organization, const SecretBytes& tenant_key,
                              Random& random);
// store_corrupt when altered, of another organization or of another store.
Result<SecretBytes> unwrap_tenant_key(const SecretBytes& root_key, const Uuid& organization, ByteView wrapped);

// The place a value is sealed for.
Bytes sealed_place(std::uint16_t table, std::uint16_t column, const Uuid& organization, const Uuid& row);
Bytes seal(const SecretBytes& tenant_key, ByteView plaintext, ByteView associated, Random& random);
// store_corrupt when altered, of another place or under another tenant's key.
Result<SecretBytes> unseal(const SecretBytes& tenant_key, ByteView sealed, ByteView associated);

// Stable for one tenant, purpose and text; useless without the key.
Digest keyed_digest(const SecretBytes& tenant_key, std::string_view purpose, std::string_view text);

}  // namespace eventcore::store
