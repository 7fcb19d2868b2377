// The classes that C++ programs use, as they use them: what the tests of the rooms below reach by other ways.
#include <gtest/gtest.h>

#include "api/signed_token.hpp"
#include "eventcore/engine.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {
namespace {

constexpr std::int64_t now_s = 1'790'000'000;
const std::string secret = "0123456789abcdef0123456789abcdef";

class PublicTest : public ::testing::Test {
 protected:
  Result<Engine> open(std::optional<Jwt> jwt) {
    OpenOptions options;
    options.path = folder_.path("public.ecdb");
    options.key = Key::raw(test_key);
    options.create = true;
    options.test_clock = true;
    options.jwt = std::move(jwt);
    EC_TRY(engine, Engine::open(std::move(options)));
    EC_TRYV(engine.set_clock(now_s * 1'000'000));
    return engine;
  }

  static Result<Session> as(Engine& engine, const std::string& token) {
    return engine.session(dump({{"kind", "jwt"}, {"token", token}}));
  }

  static Json claims() {
    return {{"exp", now_s + 60},
            {"aud", "door"},
            {"iss", "https://issuer.example"},
            {"email", "bea@example.org"},
            {"email_verified", true}};
  }

  static Errc refusal(const Result<Session>& session) { return session ? Errc::internal : session.error().code(); }

  TestFolder folder_;
};

TEST_F(PublicTest, TokensUnderASharedSecretOpenSessions) {
  Jwt jwt = Jwt::hs256(as_bytes(secret));
  jwt.audience = "door";
  jwt.issuer = "https://issuer.example";
  auto engine = open(std::move(jwt));
  ASSERT_TRUE(engine) << engine.error().to_json();
  auto bea = as(engine.assume_value(), hs256_token(claims(), secret));
  ASSERT_TRUE(bea) << bea.error().to_json();
  EXPECT_EQ(bea.assume_value().count("ticket_orders", "{}").assume_value(), 0);
  EXPECT_EQ(bea.assume_value().list("users", "{}").assume_value(), R"({"cursor":null,"rows":[]})");

  Json elsewhere = claims(), of_another = claims(), expired = claims();
  elsewhere["aud"] = "office";
  of_another["iss"] = "https://other.example";
  expired["exp"] = now_s - 31;
  for (const Json& wrong : {elsewhere, of_another, expired})
    EXPECT_EQ(refusal(as(engine.assume_value(), hs256_token(wrong, secret))), Errc::unauthenticated) << wrong;
  EXPECT_EQ(refusal(as(engine.assume_value(), hs256_token(claims(), secret + "x"))), Errc::unauthenticated);
}

TEST_F(PublicTest, TokensUnderAnIssuersSigningKeyOpenSessions) {
  Bytes public_key(crypto_sign_PUBLICKEYBYTES), private_key(crypto_sign_SECRETKEYBYTES), signature(crypto_sign_BYTES);
  ASSERT_GE(sodium_init(), 0);
  crypto_sign_keypair(public_key.data(), private_key.data());
  const std::string text =
      base64url_of(as_bytes(R"({"alg":"EdDSA","typ":"JWT"})")) + "." + base64url_of(as_bytes(dump(claims())));
  crypto_sign_detached(signature.data(), nullptr, as_bytes(text).data(), text.size(), private_key.data());
  auto engine = open(Jwt::eddsa(public_key));
  ASSERT_TRUE(engine) << engine.error().to_json();
  EXPECT_TRUE(as(engine.assume_value(), text + "." + base64url_of(signature)));
  signature[0] ^= 1;
  EXPECT_EQ(refusal(as(engine.assume_value(), text + "." + base64url_of(signature))), Errc::unauthenticated);
  EXPECT_EQ(refusal(as(engine.assume_value(), hs256_token(claims(), as_text(public_key)))), Errc::unauthenticated)
      << "the public key is no secret that signs";
}

TEST_F(PublicTest, WithoutAKeyForTokensNoneIsTaken) {
  auto engine = open(std::nullopt);
  ASSERT_TRUE(engine) << engine.error().to_json();
  EXPECT_EQ(refusal(as(engine.assume_value(), hs256_token(claims(), secret))), Errc::unauthenticated);
}

TEST_F(PublicTest, AnAddressCountsOnlyWhenSomebodyVouchesForIt) {
  Json unverified = claims();
  unverified.erase("email_verified");
  auto engine = open(Jwt::hs256(as_bytes(secret)));
  ASSERT_TRUE(engine) << engine.error().to_json();
  EXPECT_EQ(refusal(as(engine.assume_value(), hs256_token(unverified, secret))), Errc::unauthenticated);
  ASSERT_TRUE(engine.assume_value().close());
  Jwt trusted = Jwt::hs256(as_bytes(secret));
  trusted.emails_are_verified = true;
  auto again = open(std::move(trusted));
  ASSERT_TRUE(again) << again.error().to_json();
  EXPECT_TRUE(as(again.assume_value(), hs256_token(unverified, secret)));
}

TEST_F(PublicTest, AKeyThatDoesNotFitItsAlgorithmIsRefusedAtOpen) {
  for (auto make : {&Jwt::hs256, &Jwt::eddsa}) {
    const auto engine = open(make(as_bytes(secret).first(31)));
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().code(), Errc::invalid_argument);
  }
}

TEST(PublicTextsTest, TheSchemaAndTheVersionAreJson) {
  const auto schema = parse_json(schema_json());
  ASSERT_TRUE(schema);
  EXPECT_TRUE(schema.assume_value().contains("tables") && schema.assume_value().contains("commands"));
  const auto version = parse_json(version_json());
  ASSERT_TRUE(version);
  EXPECT_TRUE(version.assume_value().contains("eventcore")) << version.assume_value();
}

}  // namespace
}  // namespace eventcore::test
