// JSON Web Tokens (RFC 7519) as identity providers hand them out, checked by RFC 8725's rules: the algorithm is the one
// the host configured and never the token's choice, one key of one kind, everything bounded, times with 30 s leeway.
// What the claims mean is spec/ACCESS.md's; which of them count is said at `Claims`.
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/uuid.hpp"

namespace eventcore::policy {

enum class JwtAlgorithm : std::uint8_t { none, hs256, eddsa };

inline constexpr std::size_t jwt_bytes_max = 8 * 1024;
inline constexpr std::size_t jwt_hs256_key_bytes_min = 32;  // RFC 7518 section 3.2
inline constexpr std::size_t jwt_eddsa_key_bytes = 32;
inline constexpr Micros jwt_leeway_us = 30'000'000;

struct JwtConfig {
  JwtAlgorithm algorithm = JwtAlgorithm::none;  // none: tokens are not accepted
  SecretBytes key;                              // HS256: the shared secret; EdDSA: the Ed25519 public key
  std::string audience;                         // compared when not empty
  std::string issuer;                           // compared when not empty
  bool emails_are_verified = false;             // the issuer vouches for every e-mail it names
};

// The claims that count, of a token whose signature, times, audience and issuer are right. `user_metadata` and a
// database role (anon, authenticated) are not read.
struct Claims {
  Micros expires_at = 0;
  std::optional<Micros> not_before;
  std::optional<Uuid> subject;               // `sub` where it is a uuid
  std::optional<Uuid> sponsor;               // `sponsor_id`
  std::optional<Uuid> organization;          // `organization_id`
  std::string role;                          // `role` where it names a role of an organization
  std::string email;                         // folded; only where `email_verified` is true or the issuer vouches for it
  std::optional<Uuid> key_organization;      // `api_key_organization_id`
  std::vector<std::string> key_permissions;  // `api_key_permissions`
};

// invalid_argument unless the key fits the algorithm.
Status check_jwt_config(const JwtConfig& config);

// Any defect of the token is `unauthenticated`, without saying which: a forger learns nothing.
Result<Claims> verify_jwt(const JwtConfig& config, std::string_view token, Micros now);

// Whether a token that was verified once still counts.
bool jwt_counts(Micros expires_at, const std::optional<Micros>& not_before, Micros now);

}  // namespace eventcore::policy
