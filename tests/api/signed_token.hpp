// JSON Web Tokens as an issuer makes them, for tests of what is done with them. tests/api/jwt_test.cpp has its own, for
// it makes wrong ones too. Thread: plain functions.
#pragma once

#include <sodium.h>

#include <string>
#include <string_view>

#include "base/hash.hpp"
#include "base/json.hpp"

namespace eventcore::test {

inline std::string base64url_of(ByteView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return text;
}

inline std::string hs256_token(const Json& claims, std::string_view key) {
  const std::string header = R"({"alg":"HS256","typ":"JWT"})";
  const std::string text = base64url_of(as_bytes(header)) + "." + base64url_of(as_bytes(dump(claims)));
  return text + "." + base64url_of(ByteView(hmac_sha256(as_bytes(key), as_bytes(text))));
}

}  // namespace eventcore::test
