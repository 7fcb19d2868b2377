// Stripe's webhooks as bytes: headers, signatures, event bodies, amounts.
#include "rules/pure/stripe.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace eventcore::rules::pure {

namespace {

constexpr std::string_view secret = "whsec_test_secret";
constexpr std::int64_t signed_at = 1'700'000'000;
constexpr std::string_view body =
    R"({"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}})";
constexpr std::string_view published = "fefc9f342c93756902ead65ee7eabe2a78fcb81640dbc0b9b696542391939af2";

std::string v1(std::string_view with = secret, std::int64_t time = signed_at, std::string_view text = body) {
  return "v1=" + stripe_signature(as_bytes(with), time, text);
}
std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
  return text;
}

bool accepted(std::string_view header, double age_s = 0, std::string_view text = body,
              std::vector<std::string_view> secrets = {secret}) {
  std::vector<ByteView> views;
  for (const std::string_view each : secrets) views.push_back(as_bytes(each));
  const Micros now = signed_at * 1'000'000 + static_cast<Micros>(age_s * 1e6);
  return stripe_signed(header, text, views, now);
}

const std::string t = "t=1700000000";

}  // namespace

TEST(StripeSignatureTest, ThePublishedVectorHolds) {
  EXPECT_EQ(stripe_signature(as_bytes(secret), signed_at, body), published);
}

TEST(StripeSignatureTest, Inventory51EveryCaseOfTheTable) {
  struct Case {
    std::string_view note;
    double age_s;
    bool accepted;
    std::string header;
    std::string_view payload = body;
  };
  const std::string utf8 = R"({"name":"Zoë 🎪"})";
  const Case cases[] = {
      {"good", 0, true, t + "," + v1()},
      {"300 s old", 300, true, t + "," + v1()},
      {"301 s old", 301, false, t + "," + v1()},
      {"300.9 s old, seconds are cut", 300.9, true, t + "," + v1()},
      {"300 s ahead", -300, true, t + "," + v1()},
      {"301 s ahead", -301, false, t + "," + v1()},
      {"an hour ahead", -3'600, false, t + "," + v1()},
      {"other secret", 0, false, t + "," + v1("whsec_other")},
      {"two signatures, one good", 0, true, t + "," + v1("whsec_other") + "," + v1()},
      {"with a v0 besides", 0, true, t + "," + v1() + ",v0=" + std::string(published)},
      {"only v0", 0, false, t + ",v0=" + std::string(published)},
      {"space after the comma", 0, false, t + ", " + v1()},
      {"upper case hex", 0, false, t + ",v1=" + upper(std::string(published))},
      {"no timestamp", 0, false, v1()},
      {"two timestamps, the last counts", 0, true, "t=1," + t + "," + v1()},
      {"two timestamps, the last is wrong", 0, false, t + ",t=1," + v1()},
      {"one byte of the body changed", 0, false, t + "," + v1(), std::string_view(utf8)},
      {"header empty", 0, false, ""},
      {"body empty", 0, false, t + "," + v1(secret, signed_at, ""), ""},
      {"body is signed as UTF-8", 0, true, t + "," + v1(secret, signed_at, utf8), std::string_view(utf8)},
      {"order of the keys is free", 0, true, v1() + "," + t},
  };
  for (const Case& each : cases) EXPECT_EQ(accepted(each.header, each.age_s, each.payload), each.accepted) << each.note;
}

TEST(StripeSignatureTest, OnlyPlainNumbersAreTimes) {
  for (const char* time : {"", "+1700000000", "-1700000000", " 1700000000", "1700000000 ", "1_700_000_000",
                           "0x6553F100", "1700000000.0", "99999999999", "99999999999999999999999"})
    EXPECT_FALSE(accepted("t=" + std::string(time) + "," + v1())) << time;
  EXPECT_FALSE(accepted("t," + v1()));
  EXPECT_FALSE(accepted("T=1700000000," + v1()));
}

TEST(StripeSignatureTest, OnlyWholeSignaturesCount) {
  const std::string hexed(published);
  for (const std::string& candidate :
       {hexed.substr(0, 63), hexed + "0", hexed + "=", "\"" + hexed + "\"", std::string()})
    EXPECT_FALSE(accepted(t + ",v1=" + candidate)) << candidate;
  EXPECT_FALSE(accepted(t + ",V1=" + hexed));
  EXPECT_FALSE(accepted(t + ";v1=" + hexed));
}

TEST(StripeSignatureTest, WhileASecretIsRolledBothSign) {
  EXPECT_TRUE(accepted(t + "," + v1("new"), 0, body, {"old", "new"}));
  EXPECT_TRUE(accepted(t + "," + v1("old"), 0, body, {"old", "new"}));
  EXPECT_FALSE(accepted(t + "," + v1("older"), 0, body, {"old", "new"}));
}

TEST(StripeSignatureTest, WithoutASecretNothingIsSigned) {
  EXPECT_FALSE(accepted(t + "," + v1(), 0, body, {}));
  EXPECT_FALSE(accepted(t + "," + v1(""), 0, body, {""}));
}

TEST(StripeEventTest, APaymentTellsIntentAndMoney) {
  const auto event =
      read_stripe_event(R"({"id":"evt_1","type":"payment_intent.succeeded","created":1700000000,)"
                        R"("data":{"object":{"id":"pi_1","amount":2500,"amount_received":2000,"currency":"usd"}}})");
  ASSERT_TRUE(event.has_value()) << event.error().to_json();
  const StripeEvent& read = event.assume_value();
  EXPECT_EQ(read.topic, StripeTopic::payment_succeeded);
  EXPECT_EQ(read.intent, "pi_1");
  EXPECT_EQ(read.money.amount, 200'000);
  EXPECT_EQ(read.money.currency, "USD");
  EXPECT_EQ(read.created, 1'700'000'000'000'000);
}

TEST(StripeEventTest, ARefundTellsAllThatWentBackAndWhatHadBefore) {
  const auto event = read_stripe_event(
      R"({"id":"evt_1","type":"charge.refunded","data":{"previous_attributes":{"amount_refunded":500},)"
      R"("object":{"id":"ch_1","payment_intent":{"id":"pi_1"},"amount":2500,)"
      R"("amount_refunded":700,"currency":"eur"}}})");
  ASSERT_TRUE(event.has_value()) << event.error().to_json();
  EXPECT_EQ(event.assume_value().intent, "pi_1");
  EXPECT_EQ(event.assume_value().money.amount, 250'000);
  EXPECT_EQ(event.assume_value().refunded, 70'000);
  EXPECT_EQ(event.assume_value().refunded_before, 50'000);
}

TEST(StripeEventTest, ADisputeIsLostOrNot) {
  for (const char* status : {"lost", "won", "warning_closed"}) {
    const auto event = read_stripe_event(
        R"({"id":"evt_1","type":"charge.dispute.closed","data":{"object":{"id":"dp_1","payment_intent":"pi_1",)"
        R"("amount":2500,"currency":"usd","status":")" +
        std::string(status) + "\"}}}");
    ASSERT_TRUE(event.has_value()) << event.error().to_json();
    EXPECT_EQ(event.assume_value().lost, std::string_view(status) == "lost");
  }
}

TEST(StripeEventTest, TheTierStandsInAnyMetadataOfTheInvoice) {
  const std::string tier = R"("metadata":{"subscription_tier":"pro"})";
  for (const std::string& invoice : {"{" + tier + "}", R"({"metadata":{},"subscription_details":{)" + tier + "}}",
                                     R"({"parent":{"subscription_details":{)" + tier + "}}}",
                                     R"({"lines":{"data":[{"metadata":{}},{)" + tier + "}]}}"}) {
    const auto event = read_stripe_event(
        R"({"id":"evt_1","type":"invoice.payment_succeeded","created":1,"data":{"object":)" + invoice + "}}");
    ASSERT_TRUE(event.has_value()) << event.error().to_json();
    EXPECT_EQ(event.assume_value().tier, "pro") << invoice;
  }
}

TEST(StripeEventTest, OtherKindsNeedAnIdAndATypeOnly) {
  const auto event = read_stripe_event(R"({"id":"evt_1","type":"customer.created"})");
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event.assume_value().topic, StripeTopic::other);
}

TEST(StripeEventTest, WhatIsNotJsonIsInvalidJson) {
  for (const std::string& text : {std::string("{"), std::string("payment=1"), std::string(70, '['), std::string("\xff"),
                                  std::string(R"({"id":"a","id":"b"})"), std::string("{} {}")}) {
    const auto event = read_stripe_event(text);
    ASSERT_FALSE(event.has_value()) << text;
    EXPECT_EQ(event.error().name(), "invalid_json") << text;
  }
}

TEST(StripeEventTest, EveryBadMemberIsNamed) {
  const auto fields = [](const std::string& text) {
    const auto event = read_stripe_event(text);
    EXPECT_FALSE(event.has_value()) << text;
    std::string names;
    if (event) return names;
    EXPECT_EQ(event.error().name(), "invalid_argument") << text;
    for (const FieldError& field : event.error().detail().fields) names += field.field + " ";
    return names;
  };
  EXPECT_EQ(fields("[]"), "payload ");
  EXPECT_EQ(fields("{}"), "payload.id payload.type ");
  EXPECT_EQ(fields(R"({"id":7,"type":""})"), "payload.id payload.type ");
  EXPECT_EQ(fields(R"({"id":"e","type":")" + std::string(201, 'x') + "\"}"), "payload.type ");
  const std::string paid = R"({"id":"e","type":"payment_intent.succeeded")";
  EXPECT_EQ(fields(paid + "}"), "payload.data.object ");
  EXPECT_EQ(fields(paid + R"(,"data":{"object":[]}})"), "payload.data.object ");
  EXPECT_EQ(fields(paid + R"(,"created":-1,"data":{"object":{}}})"),
            "payload.created payload.data.object.id payload.data.object.amount payload.data.object.currency ");
  for (const char* amount : {"0", "-1", "1.0", "\"100\"", "1e3", "9223372036854775807", "18446744073709551615"})
    EXPECT_EQ(fields(paid + R"(,"data":{"object":{"id":"pi","currency":"usd","amount":)" + amount + "}}}"),
              "payload.data.object.amount ")
        << amount;
  for (const char* currency : {"USD", "xxx", "zzz", "us"})
    EXPECT_EQ(fields(paid + R"(,"data":{"object":{"id":"pi","amount":1,"currency":")" + currency + "\"}}}"),
              "payload.data.object.amount ")
        << currency;
  EXPECT_EQ(fields(R"({"id":"e","type":"invoice.payment_succeeded","data":{"object":{}}})"), "payload.created ");
}

TEST(StripeMoneyTest, AmountsFollowStripesListOfCurrencies) {
  struct Case {
    std::int64_t amount;
    std::string_view currency;
    std::optional<std::int64_t> units;
  };
  const Case cases[] = {
      {1'050, "usd", 105'000},
      {1'050, "jpy", 10'500'000},
      {1'050, "krw", 10'500'000},
      {5'120, "kwd", 51'200},
      {500, "isk", 50'000},        // 5 krónur, told in hundredths they no longer have
      {550, "isk", std::nullopt},  // half a króna
      {500, "ugx", 50'000},
      {5, "mga", 50'000},       // ISO has two digits, Stripe none
      {1'045, "huf", 104'500},  // payouts are whole, charges are not
      {1'045, "twd", 104'500},
      {1, "usd", 100},
      {999'999'999'999, "usd", 99'999'999'999'900},
      {1'000'000'000'000, "usd", std::nullopt},
      {100, "xyz", std::nullopt},
      {100, "USD", std::nullopt},
      {0, "usd", std::nullopt},
  };
  for (const Case& each : cases) {
    const auto money = stripe_money(each.amount, each.currency);
    EXPECT_EQ(money ? std::optional(money->amount) : std::nullopt, each.units) << each.amount << each.currency;
  }
}

}  // namespace eventcore::rules::pure
