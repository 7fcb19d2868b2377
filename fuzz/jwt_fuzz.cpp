// Tokens of any bytes: none is accepted that the key did not sign. Then the same bytes as header (first line) and
// claims of a token that is signed: what is read of it stays within what the access contract lets a token say.
#include <sodium.h>

#include <array>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "policy/jwt.hpp"
#include "support.hpp"

namespace {

using namespace eventcore;
using policy::Claims;

constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";
constexpr Micros now = Micros{1'790'000'000} * 1'000'000;

std::string base64url(ByteView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return text;
}

std::string signature_of(std::string_view text) {
  return base64url(ByteView(hmac_sha256(as_bytes(secret), as_bytes(text))));
}

policy::JwtConfig config(bool vouched_for) {
  policy::JwtConfig jwt;
  jwt.algorithm = policy::JwtAlgorithm::hs256;
  jwt.key = SecretBytes::copy_of(as_bytes(secret));
  jwt.emails_are_verified = vouched_for;
  return jwt;
}

bool known_role(const std::string& role) {
  constexpr std::array<std::string_view, 6> roles = {"", "guest", "member", "manager", "admin", "owner"};
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

void sound(const Claims& claims) {
  fuzz::need(policy::jwt_counts(claims.expires_at, claims.not_before, now));
  fuzz::need(known_role(claims.role));
  fuzz::need(claims.email.empty() || (valid_email(claims.email) && fold(claims.email) == claims.email));
  fuzz::need(claims.key_permissions.size() <= 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const policy::JwtConfig plain = config(false);
  static const policy::JwtConfig vouching = config(true);
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  if (policy::verify_jwt(plain, text, now)) {
    const std::size_t cut = text.rfind('.');
    fuzz::need(cut != std::string_view::npos && text.substr(cut + 1) == signature_of(text.substr(0, cut)));
  }

  const std::size_t line = std::min(text.find('\n'), text.size());
  std::string token = base64url(as_bytes(text.substr(0, line)));
  token += '.';
  token += base64url(as_bytes(text.substr(std::min(line + 1, text.size()))));
  token += '.' + signature_of(token);
  const auto claims = policy::verify_jwt(plain, token, now);
  const auto vouched = policy::verify_jwt(vouching, token, now);
  if (claims) sound(claims.assume_value());
  if (vouched) sound(vouched.assume_value());
  // An issuer that vouches for addresses adds some and never takes one away.
  if (claims && vouched && !claims.assume_value().email.empty())
    fuzz::need(claims.assume_value().email == vouched.assume_value().email);
  return 0;
}
