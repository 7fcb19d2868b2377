// Signed ticket codes: 125 bytes, 200 characters, verified with the event's public key alone (docs/ticket-format.md).
// Invariants: one ticket has one text: parse() accepts only what sign() would have written; no personal data; a code
// whose signature was not checked is nothing but a claim.
// Thread: free functions without state, any thread; crypto_init() has run (make_key_pair and sign see to it).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/uuid.hpp"

namespace eventcore::ticket {

inline constexpr std::uint8_t code_version = 1;
inline constexpr std::size_t signed_bytes = 61;
inline constexpr std::size_t signature_bytes = 64;
inline constexpr std::size_t code_bytes = signed_bytes + signature_bytes;
inline constexpr std::size_t code_characters = 200;
inline constexpr std::size_t seed_bytes = 32;
inline constexpr std::size_t public_key_bytes = 32;
inline constexpr std::size_t secret_key_bytes = 64;  // seed and public key, as libsodium keeps it

using PublicKey = std::array<std::uint8_t, public_key_bytes>;

struct KeyPair {
  PublicKey public_key{};
  SecretBytes secret_key;
};

KeyPair make_key_pair(Random& random);
Result<KeyPair> key_pair_from_seed(ByteView seed);

struct TicketCode {
  std::uint8_t version = code_version;
  std::uint16_t key_id = 0;  // which of the event's keys signed it
  Uuid event_id;
  Uuid ticket_id;
  Uuid category_id;
  std::uint16_t serial = 0;       // raised when a ticket is reissued
  std::uint32_t valid_from = 0;   // Unix seconds, first
  std::uint32_t valid_until = 0;  // Unix seconds, last
  bool operator==(const TicketCode&) const = default;
};

struct SignedCode {
  TicketCode code;
  std::array<std::uint8_t, signature_bytes> signature{};
};

// The instants of a code are whole seconds within 32 bits; what lies outside is brought to the nearest end.
std::uint32_t code_seconds(Micros time_us);

Result<std::string> sign(const TicketCode& code, ByteView secret_key);

// Nothing for any text but a canonical one of this version. Says nothing about who signed it.
std::optional<SignedCode> parse(std::string_view text);

bool verify(const SignedCode& code, ByteView public_key);
bool verify(std::string_view text, ByteView public_key);

}  // namespace eventcore::ticket
