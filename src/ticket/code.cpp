#include "ticket/code.hpp"

#include <sodium.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace eventcore::ticket {

namespace {

static_assert(seed_bytes == crypto_sign_SEEDBYTES && public_key_bytes == crypto_sign_PUBLICKEYBYTES &&
              secret_key_bytes == crypto_sign_SECRETKEYBYTES && signature_bytes == crypto_sign_BYTES);
static_assert(code_bytes * 8 == code_characters * 5);

// Keeps signatures of tickets apart from those an event's key might ever make on something else. With its NUL.
constexpr std::string_view domain{"eventcore-ticket-v1", 20};

constexpr std::size_t key_id_at = 1;
constexpr std::size_t event_at = 3;
constexpr std::size_t ticket_at = 19;
constexpr std::size_t category_at = 35;
constexpr std::size_t serial_at = 51;
constexpr std::size_t from_at = 53;
constexpr std::size_t until_at = 57;

void put_uuid(Bytes& out, const Uuid& id) {
  out.insert(out.end(), id.bytes.begin(), id.bytes.end());
}

Uuid get_uuid(ByteView bytes, std::size_t offset) {
  Uuid id;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), id.bytes.size(), id.bytes.begin());
  return id;
}

Bytes body_of(const TicketCode& code) {
  Bytes out;
  out.reserve(code_bytes);
  out.push_back(code.version);
  put_u16(out, code.key_id);
  put_uuid(out, code.event_id);
  put_uuid(out, code.ticket_id);
  put_uuid(out, code.category_id);
  put_u16(out, code.serial);
  put_u32(out, code.valid_from);
  put_u32(out, code.valid_until);
  return out;
}

Bytes message_of(const Bytes& body) {
  const ByteView prefix = as_bytes(domain);
  Bytes message(prefix.begin(), prefix.end());
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

}  // namespace

Result<KeyPair> key_pair_from_seed(ByteView seed) {
  if (seed.size() != seed_bytes) {
    return fail(Errc::invalid_key, "a seed has 32 bytes");
  }
  crypto_init();
  KeyPair pair;
  pair.secret_key = SecretBytes(secret_key_bytes);
  crypto_sign_seed_keypair(pair.public_key.data(), pair.secret_key.writable().data(), seed.data());
  return pair;
}

KeyPair make_key_pair(Random& random) {
  crypto_init();
  SecretBytes seed(seed_bytes);
  random.fill(seed.writable());
  KeyPair pair;
  pair.secret_key = SecretBytes(secret_key_bytes);
  crypto_sign_seed_keypair(pair.public_key.data(), pair.secret_key.writable().data(), seed.view().data());
  return pair;
}

std::uint32_t code_seconds(Micros time_us) {
  constexpr Micros last = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<Micros>(time_us / 1'000'000, 0, last));
}

Result<std::string> sign(const TicketCode& code, ByteView secret_key) {
  if (secret_key.size() != secret_key_bytes) {
    return fail(Errc::invalid_key, "a signing key has 64 bytes");
  }
  if (code.version != code_version) {
    return fail(Errc::invalid_argument, "ticket codes are of version 1");
  }
  crypto_init();
  Bytes bytes = body_of(code);
  const Bytes message = message_of(bytes);
  bytes.resize(code_bytes);
  crypto_sign_detached(bytes.data() + signed_bytes, nullptr, message.data(), message.size(), secret_key.data());
  return base32(bytes);
}

std::optional<SignedCode> parse(std::string_view text) {
  if (text.size() != code_characters) {
    return std::nullopt;
  }
  const auto decoded = from_base32(text);
  if (!decoded || decoded.assume_value().size() != code_bytes || decoded.assume_value()[0] != code_version) {
    return std::nullopt;
  }
  const ByteView bytes = decoded.assume_value();
  SignedCode found;
  found.code.version = bytes[0];
  found.code.key_id = get_u16(bytes, key_id_at);
  found.code.event_id = get_uuid(bytes, event_at);
  found.code.ticket_id = get_uuid(bytes, ticket_at);
  found.code.category_id = get_uuid(bytes, category_at);
  found.code.serial = get_u16(bytes, serial_at);
  found.code.valid_from = get_u32(bytes, from_at);
  found.code.valid_until = get_u32(bytes, until_at);
  std::copy_n(bytes.begin() + signed_bytes, signature_bytes, found.signature.begin());
  return found;
}

bool verify(const SignedCode& code, ByteView public_key) {
  if (public_key.size() != public_key_bytes || code.code.version != code_version) {
    return false;
  }
  const Bytes message = message_of(body_of(code.code));
  return crypto_sign_verify_detached(code.signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

bool verify(std::string_view text, ByteView public_key) {
  const auto code = parse(text);
  return code.has_value() && verify(*code, public_key);
}

}  // namespace eventcore::ticket
