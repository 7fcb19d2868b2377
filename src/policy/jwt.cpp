#include "policy/jwt.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/decimal.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace eventcore::policy {

namespace {

constexpr int micros_digits = 6;
constexpr std::size_t permissions_max = 64;

// Strict base64url without padding: one text for one sequence of bytes.
std::optional<Bytes> decode_base64url(std::string_view text) {
  if (text.empty()) return Bytes();  // libsodium takes no null pointer, not even for nothing
  // libsodium 1.0.18 reads each byte above ASCII as '_'.
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) return std::nullopt;
  Bytes bytes(text.size());
  std::size_t length = 0;
  const char* end = nullptr;
  const int decoded = sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length, &end,
                                        sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  if (decoded != 0 || end != text.data() + text.size()) return std::nullopt;
  bytes.resize(length);
  return bytes;
}

std::optional<Json> decode_object(std::string_view part) {
  const auto bytes = decode_base64url(part);
  if (!bytes) return std::nullopt;
  auto json = parse_json(as_text(*bytes), JsonLimits{.bytes = jwt_bytes_max, .depth = 8});  // refuses duplicate keys
  if (!json || !json.assume_value().is_object()) return std::nullopt;
  return std::optional<Json>(std::move(json).assume_value());
}

bool header_fits(const Json& header, JwtAlgorithm algorithm) {
  const std::string_view expected = algorithm == JwtAlgorithm::hs256 ? "HS256" : "EdDSA";
  if (header.value("alg", Json()) != Json(expected)) return false;
  if (header.contains("crit")) return false;  // extensions that must be understood: none is
  const Json type = header.value("typ", Json("JWT"));
  return type.is_string() && fold(type.get<std::string>()) == "jwt";
}

bool signature_fits(const JwtConfig& config, std::string_view signed_part, ByteView signature) {
  const ByteView message = as_bytes(signed_part);
  if (config.algorithm == JwtAlgorithm::hs256) {
    const Digest expected = hmac_sha256(config.key.view(), message);
    return equal_constant_time(expected, signature);
  }
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(), config.key.view().data()) == 0;
}

// NumericDate: seconds since 1970, a fraction allowed.
std::optional<Micros> time_claim(const Json& value) {
  if (!is_number(value)) return std::nullopt;
  std::string text = number_text(value);
  const std::size_t point = text.find('.');
  if (point != std::string::npos) text.resize(std::min(text.size(), point + 1 + micros_digits));
  auto parsed = parse_decimal(text, micros_digits);
  if (!parsed || parsed.assume_value() < 0) return std::nullopt;
  return parsed.assume_value();
}

bool audience_fits(const Json& claims, const std::string& audience) {
  if (audience.empty()) return true;
  const Json found = claims.value("aud", Json());
  if (found.is_array()) return std::find(found.begin(), found.end(), Json(audience)) != found.end();
  return found == Json(audience);
}

// What is no uuid is no claim: it names nobody here.
std::optional<Uuid> uuid_claim(const Json& claims, const char* name) {
  const Json value = claims.value(name, Json());
  if (!value.is_string()) return std::nullopt;
  auto id = parse_uuid(value.get<std::string>());
  return id ? std::optional<Uuid>(id.assume_value()) : std::nullopt;
}

bool permissions_claim(const Json& claims, std::vector<std::string>& out) {
  const Json value = claims.value("api_key_permissions", Json::array());
  if (!value.is_array() || value.size() > permissions_max) return false;
  for (const Json& permission : value) {
    if (!permission.is_string()) return false;
    out.push_back(permission.get<std::string>());
  }
  return true;
}

// Identity providers use `role` for the database's role as well; service_role would be a way around every policy.
bool role_claim(const Json& claims, std::string& out) {
  const Json value = claims.value("role", Json());
  if (value.is_null()) return true;
  if (!value.is_string()) return false;
  const std::string role = value.get<std::string>();
  if (role == "anon" || role == "authenticated") return true;
  constexpr std::array<std::string_view, 5> roles = {"guest", "member", "manager", "admin", "owner"};
  if (std::find(roles.begin(), roles.end(), role) == roles.end()) return false;
  out = role;
  return true;
}

bool email_claim(const Json& claims, bool vouched_for, std::string& out) {
  const Json value = claims.value("email", Json());
  if (value.is_null()) return true;
  if (!value.is_string()) return false;
  const Json verified = claims.value("email_verified", Json());
  if (!vouched_for && verified != Json(true)) return true;
  const std::string email = trim(value.get<std::string>());
  if (!valid_email(email)) return false;
  out = fold(email);
  return true;
}

std::optional<Claims> read_claims(const JwtConfig& config, const Json& json, Micros now) {
  Claims claims;
  const auto expires_at = time_claim(json.value("exp", Json()));
  if (!expires_at) return std::nullopt;
  claims.expires_at = *expires_at;
  if (json.contains("nbf")) {
    claims.not_before = time_claim(json["nbf"]);
    if (!claims.not_before) return std::nullopt;
  }
  if (!jwt_counts(claims.expires_at, claims.not_before, now)) return std::nullopt;
  if (!audience_fits(json, config.audience)) return std::nullopt;
  if (!config.issuer.empty() && json.value("iss", Json()) != Json(config.issuer)) return std::nullopt;
  claims.subject = uuid_claim(json, "sub");
  claims.sponsor = uuid_claim(json, "sponsor_id");
  claims.organization = uuid_claim(json, "organization_id");
  claims.key_organization = uuid_claim(json, "api_key_organization_id");
  const bool sound = permissions_claim(json, claims.key_permissions) && role_claim(json, claims.role) &&
                     email_claim(json, config.emails_are_verified, claims.email);
  if (!sound) return std::nullopt;
  return claims;
}

}  // namespace

Status check_jwt_config(const JwtConfig& config) {
  const std::size_t size = config.key.size();
  switch (config.algorithm) {
    case JwtAlgorithm::none:
      return size == 0 ? Status(ok()) : fail(Errc::invalid_argument, "a JWT key needs an algorithm");
    case JwtAlgorithm::hs256:
      if (size >= jwt_hs256_key_bytes_min) return ok();
      return fail(Errc::invalid_argument, "an HS256 key has at least 32 bytes");
    case JwtAlgorithm::eddsa:
      if (size == jwt_eddsa_key_bytes) return ok();
      return fail(Errc::invalid_argument, "an EdDSA key is an Ed25519 public key of 32 bytes");
  }
  return fail(Errc::invalid_argument, "there is no such JWT algorithm");
}

bool jwt_counts(Micros expires_at, const std::optional<Micros>& not_before, Micros now) {
  if (now - jwt_leeway_us >= expires_at) return false;
  return !not_before || *not_before <= now + jwt_leeway_us;
}

Result<Claims> verify_jwt(const JwtConfig& config, std::string_view token, Micros now) {
  if (config.algorithm == JwtAlgorithm::none)
    return fail(Errc::unauthenticated, "this engine was opened without a JWT key");
  if (token.size() > jwt_bytes_max) return Errc::unauthenticated;
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return Errc::unauthenticated;
  const auto header = decode_object(token.substr(0, first));
  if (!header || !header_fits(*header, config.algorithm)) return Errc::unauthenticated;
  const auto signature = decode_base64url(token.substr(second + 1));
  if (!signature || !signature_fits(config, token.substr(0, second), *signature)) return Errc::unauthenticated;
  const auto json = decode_object(token.substr(first + 1, second - first - 1));
  if (!json) return Errc::unauthenticated;
  auto claims = read_claims(config, *json, now);
  if (!claims) return Errc::unauthenticated;
  return std::move(*claims);
}

}  // namespace eventcore::policy
