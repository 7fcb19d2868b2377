#include "rules/pure/discount.hpp"

#include <gtest/gtest.h>

namespace eventcore::rules::pure {
namespace {

constexpr std::int64_t usd = 100;

Uuid id_of(std::uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

std::int64_t off(DiscountType type, std::int64_t value, std::int64_t min_quantity, std::vector<std::int64_t> prices,
                 std::int64_t unit = usd) {
  const DiscountTerms terms{.type = type, .value = value, .min_quantity = min_quantity, .categories = {}};
  return discount_amount(terms, prices, unit).value();
}

TEST(DiscountTest, TwoPlusOneTakesTheLastOfEachFullGroup) {
  const std::vector<std::int64_t> cart = {10'000, 100'000, 10'000, 100'000, 10'000, 100'000};
  EXPECT_EQ(off(DiscountType::buy_x_get_y, 10'000, 2, cart), 110'000);
}

TEST(DiscountTest, GroupsThatAreNotFullGiveNothing) {
  EXPECT_EQ(off(DiscountType::buy_x_get_y, 10'000, 2, {100, 100}), 0);
  EXPECT_EQ(off(DiscountType::buy_x_get_y, 10'000, 2, {100, 100, 100, 100, 100}), 100);
  EXPECT_EQ(off(DiscountType::buy_x_get_y, 20'000, 1, {300, 200, 100}), 300);
  EXPECT_EQ(off(DiscountType::buy_x_get_y, INT64_MAX, INT64_MAX, {300, 200, 100}), 0);
  EXPECT_EQ(off(DiscountType::buy_x_get_y, 10'000, 1, {}), 0);
}

TEST(DiscountTest, APercentageIsRoundedOnceOnTheSum) {
  EXPECT_EQ(off(DiscountType::percentage, 100'000, 1, {100'000, 100'000, 100'000}), 30'000);
  EXPECT_EQ(off(DiscountType::percentage, 100'000, 1, {500, 500, 500}), 200);      // 0.15 of 0.15: half up
  EXPECT_EQ(off(DiscountType::percentage, 500'000, 1, {10'000}, 10'000), 10'000);  // half a yen is a yen
  EXPECT_EQ(off(DiscountType::percentage, 1'000'000, 1, {700, 300}), 1'000);
  EXPECT_EQ(off(DiscountType::percentage, 2'000'000, 1, {700, 300}), 1'000);  // never more than there is
}

TEST(DiscountTest, AFixedAmountIsAtMostTheEligibleSubtotal) {
  EXPECT_EQ(off(DiscountType::fixed_amount, 50'000, 1, {100'000}), 50'000);
  EXPECT_EQ(off(DiscountType::fixed_amount, 500'000, 1, {100'000}), 100'000);
  EXPECT_EQ(off(DiscountType::fixed_amount, 500'000, 1, {}), 0);
}

TEST(DiscountTest, BadValuesAreRefusedWhenWritten) {
  EXPECT_FALSE(bad_discount(DiscountType::percentage, 1'000'000, 1, usd));
  EXPECT_TRUE(bad_discount(DiscountType::percentage, 1'000'001, 1, usd));
  EXPECT_TRUE(bad_discount(DiscountType::percentage, -1, 1, usd));
  EXPECT_FALSE(bad_discount(DiscountType::fixed_amount, 12'500, 1, usd));
  EXPECT_TRUE(bad_discount(DiscountType::fixed_amount, 12'550, 1, usd));
  EXPECT_TRUE(bad_discount(DiscountType::fixed_amount, 12'500, 1, 10'000));
  EXPECT_FALSE(bad_discount(DiscountType::buy_x_get_y, 10'000, 2, usd));
  EXPECT_TRUE(bad_discount(DiscountType::buy_x_get_y, 15'000, 2, usd));
  EXPECT_TRUE(bad_discount(DiscountType::buy_x_get_y, 0, 2, usd));
  EXPECT_TRUE(bad_discount(DiscountType::buy_x_get_y, 10'000, 0, usd));
}

TEST(DiscountTest, TermsOfAnotherFormAreRefused) {
  const Json good = {{"type", "percentage"}, {"value", "10"}, {"min_quantity", 1}, {"categories", Json::array()}};
  ASSERT_TRUE(parse_terms(good));
  const std::pair<const char*, Json> changes[] = {
      {"type", 1},           {"type", "gift"},      {"value", 10},       {"value", "ten"},
      {"min_quantity", "1"}, {"categories", "all"}, {"categories", {1}}, {"categories", {"all"}},
  };
  for (const auto& [name, value] : changes) {
    Json bad = good;
    bad[name] = value;
    EXPECT_FALSE(parse_terms(bad)) << bad;
  }
  for (const auto& [name, value] : good.items()) {
    Json bad = good;
    bad.erase(name);
    EXPECT_FALSE(parse_terms(bad)) << bad;
  }
  EXPECT_FALSE(parse_terms(Json::array()));
  EXPECT_TRUE(bad_discount(DiscountType::fixed_amount, -1, 1, usd));
}

TEST(DiscountTest, TermsReadBackAsWritten) {
  const DiscountTerms terms{
      .type = DiscountType::fixed_amount, .value = 72'500, .min_quantity = 3, .categories = {id_of(1), id_of(2)}};
  const DiscountTerms back = parse_terms(terms_json(terms)).value();
  EXPECT_EQ(back.type, terms.type);
  EXPECT_EQ(back.value, terms.value);
  EXPECT_EQ(back.min_quantity, terms.min_quantity);
  EXPECT_EQ(back.categories, terms.categories);
  EXPECT_FALSE(parse_terms(Json::object()));
  EXPECT_FALSE(parse_terms(Json(nullptr)));
}

CodeFacts good_code() {
  CodeFacts code;
  code.found = true;
  code.currency = "USD";
  return code;
}

CartFacts cart() {
  CartFacts facts;
  facts.now_us = 1'000;
  facts.event_id = id_of(9);
  facts.currency = "USD";
  facts.lines = {{id_of(1), 2}, {id_of(2), 1}};
  return facts;
}

struct Words {
  std::string own;
  std::string open;
  bool operator==(const Words&) const = default;
};

Words words_of(const CodeFacts& code) {
  const DiscountDecision decision = decide_discount(code, cart());
  EXPECT_EQ(decision.applies(), decision.public_refusal == DiscountRefusal::none);
  return {std::string(word(decision.refusal)), std::string(public_word(decision.public_refusal))};
}

TEST(DiscountDecisionTest, AGoodCodeApplies) {
  EXPECT_TRUE(decide_discount(good_code(), cart()).applies());
  EXPECT_EQ(words_of(good_code()), (Words{"", ""}));
}

TEST(DiscountDecisionTest, CustomersHearInvalidForWhatTheyMustNotTellApart) {
  CodeFacts code = good_code();
  code.found = false;
  EXPECT_EQ(words_of(code), (Words{"unknown", "invalid"}));
  code = good_code();
  code.valid_from = 1'001;
  EXPECT_EQ(words_of(code), (Words{"not_yet_valid", "invalid"}));
  code = good_code();
  code.valid_until = 1'000;
  EXPECT_EQ(words_of(code), (Words{"expired", "invalid"}));
  code = good_code();
  code.is_active = false;
  EXPECT_EQ(words_of(code), (Words{"inactive", "invalid"}));
  code = good_code();
  code.event_id = id_of(8);
  EXPECT_EQ(words_of(code), (Words{"other_event", "invalid"}));
  code = good_code();
  code.max_uses = 3;
  code.current_uses = 3;
  EXPECT_EQ(words_of(code), (Words{"exhausted", "invalid"}));
}

TEST(DiscountDecisionTest, CustomersHearWhatTheyCanChange) {
  CodeFacts code = good_code();
  code.terms.categories = {id_of(3)};
  EXPECT_EQ(words_of(code), (Words{"not_for_these_categories", "not_for_these_categories"}));
  code = good_code();
  code.terms.categories = {id_of(1)};
  code.terms.min_quantity = 3;  // only two of the three tickets are eligible
  EXPECT_EQ(words_of(code), (Words{"min_quantity", "min_quantity"}));
  code = good_code();
  code.max_uses_per_user = 1;
  code.uses_by_customer = 1;
  EXPECT_EQ(words_of(code), (Words{"limit_per_customer", "limit_per_customer"}));
}

TEST(DiscountDecisionTest, AnExhaustedCodeStaysHiddenWhateverElseIsWrong) {
  CodeFacts code = good_code();
  code.max_uses = 1;
  code.current_uses = 1;
  code.terms.min_quantity = 5;
  EXPECT_EQ(words_of(code), (Words{"min_quantity", "invalid"}));
}

TEST(DiscountDecisionTest, TheWindowIsHalfOpen) {
  CodeFacts code = good_code();
  code.valid_from = 1'000;
  code.valid_until = 1'001;
  EXPECT_TRUE(decide_discount(code, cart()).applies());
}

TEST(DiscountDecisionTest, OnlyAFixedAmountIsBoundToItsCurrency) {
  CodeFacts code = good_code();
  code.currency = "EUR";
  EXPECT_TRUE(decide_discount(code, cart()).applies());
  code.terms.type = DiscountType::fixed_amount;
  EXPECT_EQ(words_of(code), (Words{"other_currency", "invalid"}));
}

TEST(DiscountDecisionTest, TheFirstTestThatFailsIsNamed) {
  CodeFacts code = good_code();
  code.valid_until = 1;
  code.is_active = false;
  code.event_id = id_of(8);
  code.terms.categories = {id_of(3)};
  EXPECT_EQ(words_of(code).own, "expired");
  code.valid_until.reset();
  EXPECT_EQ(words_of(code).own, "inactive");
  code.is_active = true;
  EXPECT_EQ(words_of(code).own, "other_event");
  code.event_id.reset();
  EXPECT_EQ(words_of(code).own, "not_for_these_categories");
}

}  // namespace
}  // namespace eventcore::rules::pure
