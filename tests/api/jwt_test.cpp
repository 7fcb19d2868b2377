// JSON Web Tokens as principals: what spec/ACCESS.md accepts, and everything a forger or a sloppy issuer may send.
#include <sodium.h>

#include "api/engine_fixture.hpp"
#include "base/hash.hpp"
#include "base/secret.hpp"
#include "policy/jwt.hpp"

namespace eventcore::test {
namespace {

std::string base64url(ByteView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return text;
}
std::string base64url(std::string_view text) {
  return base64url(as_bytes(text));
}

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t now_s = 1'790'000'000;

std::string signed_with(std::string_view key, const std::string& head_and_body) {
  return head_and_body + "." + base64url(ByteView(hmac_sha256(as_bytes(key), as_bytes(head_and_body))));
}
std::string hs256(const std::string& header, const std::string& body, std::string_view key = secret) {
  return signed_with(key, base64url(header) + "." + base64url(body));
}
const std::string hs256_header = R"({"alg":"HS256","typ":"JWT"})";
std::string hs256(const Json& claims) {
  return hs256(hs256_header, dump(claims));
}

policy::JwtConfig config() {
  policy::JwtConfig jwt;
  jwt.algorithm = policy::JwtAlgorithm::hs256;
  jwt.key = SecretBytes::copy_of(as_bytes(secret));
  jwt.audience = "eventcore";
  jwt.issuer = "https://issuer.example";
  return jwt;
}

Json claims(const Json& more = Json::object()) {
  Json all = {{"exp", now_s + 3'600}, {"aud", "eventcore"}, {"iss", "https://issuer.example"}};
  all.update(more);
  return all;
}

TEST(JwtTest, TheExampleOfRfc7515IsVerifiedAndItsKeyIsNeeded) {
  // RFC 7515 appendix A.1: its header says "typ":"JWT" first, its payload has exp 1300819380 and no audience.
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const std::string key_text = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
  Bytes key(key_text.size());
  std::size_t length = 0;
  ASSERT_EQ(sodium_base642bin(key.data(), key.size(), key_text.data(), key_text.size(), nullptr, &length, nullptr,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING),
            0);
  key.resize(length);
  policy::JwtConfig jwt;
  jwt.algorithm = policy::JwtAlgorithm::hs256;
  jwt.key = SecretBytes::copy_of(key);
  EXPECT_TRUE(policy::verify_jwt(jwt, token, Micros{1'300'819'379} * 1'000'000).has_value());
  EXPECT_FALSE(policy::verify_jwt(jwt, token, Micros{1'300'819'411} * 1'000'000).has_value());
  key[0] ^= 1;
  jwt.key = SecretBytes::copy_of(key);
  EXPECT_FALSE(policy::verify_jwt(jwt, token, Micros{1'300'819'379} * 1'000'000).has_value());
}

TEST(JwtTest, TheExampleOfRfc8037IsVerified) {
  // RFC 8037 appendix A.4 signs the text "Example of Ed25519 signing", which is no claims object: its signature is
  // checked against the same key here by way of a token of our own made with A.1's private key.
  crypto_init();
  const std::string seed_text = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
  const std::string public_text = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const auto bytes_of = [](const std::string& text) {
    Bytes bytes(text.size());
    std::size_t length = 0;
    EXPECT_EQ(sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length, nullptr,
                                sodium_base64_VARIANT_URLSAFE_NO_PADDING),
              0);
    bytes.resize(length);
    return bytes;
  };
  const Bytes seed = bytes_of(seed_text);
  Bytes public_key(crypto_sign_PUBLICKEYBYTES);
  Bytes private_key(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(public_key.data(), private_key.data(), seed.data());
  EXPECT_EQ(public_key, bytes_of(public_text));
  const std::string head_and_body =
      base64url(std::string_view(R"({"alg":"EdDSA"})")) + "." + base64url(std::string_view(R"({"exp":1790000100})"));
  Bytes signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, as_bytes(head_and_body).data(), head_and_body.size(),
                       private_key.data());
  policy::JwtConfig jwt;
  jwt.algorithm = policy::JwtAlgorithm::eddsa;
  jwt.key = SecretBytes::copy_of(public_key);
  EXPECT_TRUE(
      policy::verify_jwt(jwt, head_and_body + "." + base64url(ByteView(signature)), now_s * 1'000'000).has_value());
  signature[3] ^= 4;
  EXPECT_FALSE(
      policy::verify_jwt(jwt, head_and_body + "." + base64url(ByteView(signature)), now_s * 1'000'000).has_value());
  // The public key used as an HS256 secret: the classic switch of algorithms.
  const std::string switched = hs256(R"({"alg":"HS256"})", R"({"exp":1790000100})", as_text(public_key));
  EXPECT_FALSE(policy::verify_jwt(jwt, switched, now_s * 1'000'000).has_value());
}

TEST(JwtTest, KeysMustFitTheirAlgorithm) {
  policy::JwtConfig jwt;
  EXPECT_TRUE(policy::check_jwt_config(jwt).has_value());
  jwt.key = SecretBytes::copy_of(as_bytes(secret));
  EXPECT_FALSE(policy::check_jwt_config(jwt).has_value());
  jwt.algorithm = policy::JwtAlgorithm::hs256;
  EXPECT_TRUE(policy::check_jwt_config(jwt).has_value());
  jwt.key = SecretBytes::copy_of(as_bytes(secret).subspan(1));
  EXPECT_FALSE(policy::check_jwt_config(jwt).has_value());
  jwt.algorithm = policy::JwtAlgorithm::eddsa;
  EXPECT_FALSE(policy::check_jwt_config(jwt).has_value());
}

TEST(JwtTest, TokensThatAreRefused) {
  const std::string body = dump(claims({{"sub", "x"}}));
  const std::string good = hs256(hs256_header, body);
  ASSERT_TRUE(policy::verify_jwt(config(), good, now_s * 1'000'000).has_value());
  const std::string none = base64url(std::string_view(R"({"alg":"none"})")) + "." + base64url(body) + ".";
  std::string padded = good;
  padded += "=";
  std::string other_signature = good;
  other_signature[good.size() - 5] = other_signature[good.size() - 5] == 'A' ? 'B' : 'A';
  const std::pair<const char*, std::string> refused[] = {
      {"empty", ""},
      {"no dots", "abc"},
      {"one dot", "a.b"},
      {"three dots", good + ".x"},
      {"alg none without signature", none},
      {"alg none with signature", hs256(R"({"alg":"none"})", body)},
      {"alg None", hs256(R"({"alg":"None"})", body)},
      {"another alg", hs256(R"({"alg":"HS384"})", body)},
      {"alg EdDSA", hs256(R"({"alg":"EdDSA"})", body)},
      {"alg a list", hs256(R"({"alg":["HS256"]})", body)},
      {"no alg", hs256(R"({"typ":"JWT"})", body)},
      {"crit", hs256(R"({"alg":"HS256","crit":["b64"],"b64":false})", body)},
      {"another typ", hs256(R"({"alg":"HS256","typ":"JWE"})", body)},
      {"header with duplicate alg", hs256(R"({"alg":"none","alg":"HS256"})", body)},
      {"header no object", hs256(R"("HS256")", body)},
      {"another key", hs256(hs256_header, body, std::string(32, 'k'))},
      {"changed signature", other_signature},
      {"empty signature", good.substr(0, good.rfind('.') + 1)},
      {"short signature", good.substr(0, good.size() - 6)},
      {"padding", padded},
      {"blank", " " + good},
      {"newline", good + "\n"},
      {"standard alphabet", hs256(hs256_header, body + "   ").replace(0, 1, "+")},
      {"duplicate claims",
       hs256(hs256_header, R"({"exp":1790003600,"aud":"eventcore","iss":"https://issuer.example","exp":1990003600})")},
      {"claims no object", hs256(hs256_header, "[]")},
      {"claims no JSON", hs256(hs256_header, "{")},
      {"expired", hs256(claims({{"exp", now_s - 30}}))},
      {"exp absent", hs256(Json{{"aud", "eventcore"}, {"iss", "https://issuer.example"}})},
      {"exp null", hs256(claims({{"exp", nullptr}}))},
      {"exp text", hs256(claims({{"exp", "1990000000"}}))},
      {"exp negative", hs256(claims({{"exp", -5}}))},
      {"exp beyond all numbers",
       hs256(hs256_header, R"({"exp":99999999999999999999999,"aud":"eventcore","iss":"https://issuer.example"})")},
      {"not yet valid", hs256(claims({{"nbf", now_s + 31}}))},
      {"nbf text", hs256(claims({{"nbf", "0"}}))},
      {"foreign audience", hs256(claims({{"aud", "elsewhere"}}))},
      {"no audience", hs256(claims({{"aud", nullptr}}))},
      {"audience list without us", hs256(claims({{"aud", {"a", "b"}}}))},
      {"foreign issuer", hs256(claims({{"iss", "https://evil.example"}}))},
      {"service_role", hs256(claims({{"role", "service_role"}}))},
      {"unknown role", hs256(claims({{"role", "superuser"}}))},
      {"permissions no list", hs256(claims({{"api_key_permissions", "events"}}))},
      {"too many permissions", hs256(claims({{"api_key_permissions", Json(std::vector<std::string>(65, "events"))}}))},
      {"role no text", hs256(claims({{"role", 1}}))},
      {"permissions no texts", hs256(claims({{"api_key_permissions", {1}}}))},
      {"email no text", hs256(claims({{"email", 1}}))},
      {"verified email that is none", hs256(claims({{"email", "nobody"}, {"email_verified", true}}))},
      {"oversize", hs256(claims({{"pad", std::string(policy::jwt_bytes_max, 'x')}}))},
  };
  for (const auto& [what, token] : refused) {
    const auto verified = policy::verify_jwt(config(), token, now_s * 1'000'000);
    ASSERT_FALSE(verified.has_value()) << what;
    EXPECT_EQ(verified.error().code(), Errc::unauthenticated) << what;
  }
  EXPECT_FALSE(policy::verify_jwt({}, good, now_s * 1'000'000).has_value()) << "no algorithm configured";
}

// Identity providers name their database's role there; it says nothing here.
TEST(JwtTest, RolesOfAnonymousAndAuthenticatedCallersAreNoRolesOfUsers) {
  for (const char* role : {"anon", "authenticated"}) {
    const auto verified = policy::verify_jwt(config(), hs256(claims({{"role", role}})), now_s * 1'000'000);
    ASSERT_TRUE(verified.has_value()) << role;
    EXPECT_EQ(verified.assume_value().role, "") << role;
  }
}

TEST(JwtTest, ThirtySecondsOfLeewayAndFractionsOfSeconds) {
  const auto counts = [](const Json& more) {
    return policy::verify_jwt(config(), hs256(claims(more)), now_s * 1'000'000).has_value();
  };
  EXPECT_TRUE(counts({{"exp", now_s - 29}}));
  EXPECT_FALSE(counts({{"exp", now_s - 30}}));
  EXPECT_TRUE(counts({{"nbf", now_s + 30}}));
  EXPECT_FALSE(counts({{"nbf", now_s + 31}}));
  EXPECT_TRUE(
      policy::verify_jwt(
          config(),
          hs256(hs256_header, R"({"exp":1790003600.123456789,"aud":["x","eventcore"],"iss":"https://issuer.example"})"),
          now_s * 1'000'000)
          .has_value());
}

TEST(JwtTest, EverySingleCharacterCounts) {
  const std::string good = hs256(claims({{"email", "bea@example.org"}, {"email_verified", true}}));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    if (bad == good) continue;
    EXPECT_FALSE(policy::verify_jwt(config(), bad, now_s * 1'000'000).has_value()) << i;
  }
}

// A signature's '_' has one spelling: who keeps a list of tokens that were taken back must not miss one.
TEST(JwtTest, NoByteAboveAsciiStandsForALetterOfASignature) {
  std::string good;
  std::size_t at = std::string::npos;
  for (int n = 0; at == std::string::npos || at < good.rfind('.'); ++n) {
    good = hs256(claims({{"n", n}}));
    at = good.rfind('_');
  }
  ASSERT_TRUE(policy::verify_jwt(config(), good, now_s * 1'000'000).has_value());
  for (int byte = 0; byte < 256; ++byte) {
    std::string bad = good;
    bad[at] = static_cast<char>(byte);
    EXPECT_EQ(policy::verify_jwt(config(), bad, now_s * 1'000'000).has_value(), byte == '_') << byte;
  }
}

class JwtSessionTest : public EngineTest {
 protected:
  policy::JwtConfig jwt() const override { return config(); }
  Result<Session> open_jwt(const Json& more) {
    return engine_->session(dump({{"kind", "jwt"}, {"token", hs256(claims(more))}}));
  }
  Caller jwt_caller(const Json& more) { return as({{"kind", "jwt"}, {"token", hs256(claims(more))}}); }
};

TEST_F(JwtSessionTest, ASubjectThatIsAUserGetsTheRoleOfHisRow) {
  const std::string member = new_user("member");
  Caller caller = jwt_caller({{"sub", member}, {"role", "authenticated"}});
  EXPECT_EQ(caller.count("users").assume_value(), 2);
  EC_EXPECT_REFUSED("policy_denied", caller.insert("venues", venue("Hall")));
  EC_EXPECT_OK(owner().update("users", member, {{"role", "manager"}}));
  EC_EXPECT_OK(caller.insert("venues", venue("Hall")));
  EC_EXPECT_OK(owner().update("users", member, {{"is_active", false}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.list("venues"));
}

TEST_F(JwtSessionTest, ClaimsThatDisagreeWithTheUsersRowAreRefused) {
  const std::string member = new_user("member");
  EC_EXPECT_OK(open_jwt({{"sub", member}, {"role", "member"}, {"organization_id", organization_}}));
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"sub", member}, {"role", "owner"}}));
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"sub", member}, {"organization_id", owner_}}));
  Caller caller = jwt_caller({{"sub", member}, {"role", "member"}});
  EC_EXPECT_OK(owner().update("users", member, {{"role", "manager"}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.list("venues")) << "the token says member, the row manager";
}

TEST_F(JwtSessionTest, TheFirstMatchDecides) {
  const std::string member = new_user("member");
  const Json email = {{"email", "Bea@Example.org"}, {"email_verified", true}};
  Json user_and_email = email;
  user_and_email["sub"] = member;
  EXPECT_EQ(jwt_caller(user_and_email).count("users").assume_value(), 2) << "a user before a customer";
  Json stranger = email;
  stranger["sub"] = organization_;  // a uuid that is no user
  EXPECT_EQ(jwt_caller(stranger).count("users").assume_value(), 0) << "a customer";
  Json with_key = user_and_email;
  with_key["api_key_organization_id"] = organization_;
  with_key["api_key_permissions"] = {"ticketing"};
  EXPECT_EQ(jwt_caller(with_key).count("users").assume_value(), 0) << "a key without the group organization";
  Json with_bad_sponsor = user_and_email;
  with_bad_sponsor["sponsor_id"] = organization_;
  EC_EXPECT_REFUSED("unauthenticated", open_jwt(with_bad_sponsor)) << "the next one is not tried";
}

// INVENTORY 16
TEST_F(JwtSessionTest, ASubjectWhoIsInactiveIsTheCustomerOfHisAddress) {
  const std::string member = new_user("member");
  EC_EXPECT_OK(owner().update("users", member, {{"is_active", false}}));
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"sub", member}}));
  const std::string event = new_event({{"is_public", true}});
  EC_EXPECT_OK(owner().call("place_order", order_of(event, new_category(event, 10), 1)));
  Caller bea = jwt_caller({{"sub", member}, {"email", "bea@example.org"}, {"email_verified", true}});
  EXPECT_EQ(bea.count("ticket_orders").assume_value(), 1);
  EXPECT_EQ(bea.count("users").assume_value(), 0);
}

TEST_F(JwtSessionTest, ASponsorsOrganizationIsTheOneOfItsRow) {
  const std::string event = new_event();
  const std::string sponsor = id(accepted(
      owner().insert("sponsors", {{"event_id", event}, {"company_name", "Sponsor"}, {"contract_value", "1.00"}})));
  EC_EXPECT_OK(open_jwt({{"sponsor_id", sponsor}, {"organization_id", organization_}}));
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"sponsor_id", sponsor}, {"organization_id", owner_}}));
}

TEST_F(JwtSessionTest, Inventory16AClaimThatIsNoUuidIsNoClaim) {
  const std::string member = new_user("member");
  for (const char* name : {"organization_id", "sponsor_id", "api_key_organization_id"})
    for (const Json& value : {Json("house"), Json(7), Json(nullptr), Json(Json::array({organization_}))})
      EXPECT_EQ(jwt_caller({{"sub", member}, {name, value}}).count("users").assume_value(), 2) << name << value;
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"sub", "auth0|5f7c8ec7c33c6c004bbafe82"}}));
}

// INVENTORY 13: {"events": false} has the key "events" and grants nothing.
TEST_F(JwtSessionTest, Inventory13PermissionsAreAListAndNothingElse) {
  for (const Json& permissions : {Json{{"events", false}}, Json{{"events", true}}, Json("events"), Json(true)})
    EC_EXPECT_REFUSED("unauthenticated",
                      open_jwt({{"api_key_organization_id", organization_}, {"api_key_permissions", permissions}}));
  Caller nothing =
      jwt_caller({{"api_key_organization_id", organization_}, {"api_key_permissions", {"Events", "event"}}});
  new_venue("Hall");
  EXPECT_EQ(nothing.count("venues").assume_value(), 0);
}

// Most commands name no group of keys: that is no group without a name.
TEST_F(JwtSessionTest, APermissionWithoutANameRunsNoCommand) {
  const std::string event = new_event();
  Caller key = jwt_caller({{"api_key_organization_id", organization_}, {"api_key_permissions", {""}}});
  EC_EXPECT_OK(key.get("events", event));
  EC_EXPECT_REFUSED("command_denied", key.call("cancel_event", {{"event_id", event}, {"reason", "snow"}}));
  EC_EXPECT_REFUSED("command_denied", key.call("create_api_key", {{"name", "More"}, {"permissions", {"events"}}}));
}

TEST_F(JwtSessionTest, AnUnverifiedAddressIsNobody) {
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"email", "bea@example.org"}}));
  EC_EXPECT_REFUSED("unauthenticated", open_jwt({{"email", "bea@example.org"}, {"email_verified", "true"}}));
  EC_EXPECT_REFUSED("unauthenticated",
                    open_jwt({{"email", "bea@example.org"}, {"user_metadata", {{"email_verified", true}}}}));
  EC_EXPECT_REFUSED("unauthenticated", open_jwt(Json::object()));
}

TEST_F(JwtSessionTest, ACustomerSeesHisOrders) {
  const std::string event = new_event({{"is_public", true}});
  EC_EXPECT_OK(owner().call("place_order", order_of(event, new_category(event, 10), 1)));
  Caller bea = jwt_caller({{"email", " BEA@example.org "}, {"email_verified", true}});
  EXPECT_EQ(bea.count("ticket_orders").assume_value(), 1);
  EXPECT_EQ(jwt_caller({{"email", "eve@example.org"}, {"email_verified", true}}).count("ticket_orders").assume_value(),
            0);
}

TEST_F(JwtSessionTest, AKeyClaimIsBoundToItsOrganizationAndPermissions) {
  const Json key = {{"api_key_organization_id", organization_}, {"api_key_permissions", {"events:read"}}};
  Caller caller = jwt_caller(key);
  const std::string hall = new_venue("Hall");
  EC_EXPECT_OK(caller.get("venues", hall));
  EC_EXPECT_REFUSED("policy_denied", caller.update("venues", hall, {{"name", "Mine"}}));
  Json elsewhere = key;
  elsewhere["api_key_organization_id"] = owner_;
  EC_EXPECT_REFUSED("unauthenticated", open_jwt(elsewhere));
  Json agreeing = key;
  agreeing["organization_id"] = organization_;
  EC_EXPECT_OK(open_jwt(agreeing));
  Json disagreeing = key;
  disagreeing["organization_id"] = owner_;
  EC_EXPECT_REFUSED("unauthenticated", open_jwt(disagreeing));
}

TEST_F(JwtSessionTest, ATokenThatExpiresIsLostAlsoForOpenSessions) {
  const std::string member = new_user("member");
  Caller caller = jwt_caller({{"sub", member}, {"exp", now_s + 60}});
  ASSERT_TRUE(core_->set_clock(start_us + Micros{89} * 1'000'000).has_value());
  EC_EXPECT_OK(caller.list("venues"));
  ASSERT_TRUE(core_->set_clock(start_us + Micros{90} * 1'000'000).has_value());
  EC_EXPECT_REFUSED("unauthenticated", caller.list("venues"));
  EC_EXPECT_REFUSED("unauthenticated", caller.changes(0));
}

TEST_F(EngineTest, WithoutAConfiguredKeyNoTokenIsAccepted) {
  EC_EXPECT_REFUSED("unauthenticated", engine_->session(dump({{"kind", "jwt"}, {"token", hs256(claims())}})));
}

}  // namespace
}  // namespace eventcore::test
