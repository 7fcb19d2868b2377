#include "rules/pure/price.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace eventcore::rules::pure {
namespace {

constexpr std::int64_t usd = 100;
constexpr std::int64_t jpy = 10'000;

Json json(std::string_view text) {
  return parse_json(text).value();
}

Uuid id_of(std::uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

struct Make {
  PriceRule rule;
  explicit Make(std::string name) { rule.name = std::move(name); }
  Make& percent(std::int64_t scale4) {
    rule.percentage = true;
    rule.adjustment = scale4;
    return *this;
  }
  Make& fixed(std::int64_t scale4) {
    rule.percentage = false;
    rule.adjustment = scale4;
    return *this;
  }
  Make& p(std::int64_t priority) {
    rule.priority = priority;
    return *this;
  }
  Make& min(std::int64_t bound) {
    rule.min_price = bound;
    return *this;
  }
  Make& max(std::int64_t bound) {
    rule.max_price = bound;
    return *this;
  }
  Make& when(std::string_view conditions) {
    rule.conditions = json(conditions);
    return *this;
  }
  Make& made(Micros at, std::uint8_t id) {
    rule.created_at = at;
    rule.id = id_of(id);
    return *this;
  }
  operator PriceRule() const { return rule; }  // NOLINT(google-explicit-constructor)
};

std::int64_t price_of(std::int64_t base, const std::vector<PriceRule>& rules, std::string_view factors = "{}",
                      std::int64_t unit = usd) {
  return quote_price(base, unit, rules, json(factors)).value().unit_price;
}

constexpr std::int64_t hundred = 1'000'000;
constexpr std::int64_t ten = 100'000;

TEST(PriceTest, NoRuleLeavesTheBasePrice) {
  EXPECT_EQ(price_of(hundred, {}), hundred);
}

TEST(PriceTest, TenPercentOnAHundredIsAHundredAndTen) {
  EXPECT_EQ(price_of(hundred, {Make("early").percent(ten)}), 1'100'000);
}

TEST(PriceTest, TheHigherPriorityGoesFirstAndPercentagesCompound) {
  EXPECT_EQ(price_of(hundred, {Make("second").percent(ten).p(1), Make("first").fixed(200'000).p(5)}), 1'320'000);
  EXPECT_EQ(price_of(hundred, {Make("first").percent(ten).p(5), Make("second").fixed(200'000).p(1)}), 1'300'000);
}

TEST(PriceTest, ARuleIsClampedToItsMaximum) {
  EXPECT_EQ(price_of(hundred, {Make("surge").percent(500'000).max(1'200'000)}), 1'200'000);
}

TEST(PriceTest, ARuleIsClampedToItsMinimum) {
  EXPECT_EQ(price_of(hundred, {Make("sale").percent(-500'000).min(800'000)}), 800'000);
}

TEST(PriceTest, APriceIsNeverBelowZero) {
  EXPECT_EQ(price_of(hundred, {Make("off").fixed(-1'300'000)}), 0);
  EXPECT_EQ(price_of(hundred, {Make("off").fixed(-1'300'000).min(-200'000)}), 0);
  EXPECT_EQ(price_of(hundred, {Make("off").percent(-1'300'000), Make("on").fixed(50'000).made(1, 1)}), 50'000);
}

TEST(PriceTest, ALaterRuleMayLiftAboveTheCapOfAnEarlierOne) {
  EXPECT_EQ(price_of(hundred, {Make("cap").percent(500'000).max(1'100'000).p(2), Make("more").fixed(300'000).p(1)}),
            1'400'000);
}

TEST(PriceTest, ThePriceIsRoundedOnceAtTheEnd) {
  EXPECT_EQ(price_of(199'900, {Make("a").percent(72'500).p(2), Make("b").percent(-31'000).p(1)}), 207'700);
  EXPECT_EQ(price_of(ten, {Make("a").percent(5'000)}), 100'500);                    // 10.05 exactly
  EXPECT_EQ(price_of(1'000, {Make("a").percent(50'000)}), 1'100);                   // 0.105: half goes up
  EXPECT_EQ(price_of(990'000, {Make("a").percent(50'000)}, "{}", jpy), 1'040'000);  // 103.95 yen
}

TEST(PriceTest, AZeroBoundIsABound) {
  EXPECT_EQ(price_of(hundred, {Make("free").percent(ten).max(0)}), 0);
  EXPECT_EQ(price_of(hundred, {Make("low").fixed(-1'300'000).min(0)}), 0);
}

TEST(PriceTest, APriorityThatIsMissingComesLast) {
  EXPECT_EQ(price_of(hundred, {Make("null").percent(ten), Make("ten").fixed(ten).p(10)}), 1'210'000);
  EXPECT_EQ(price_of(hundred, {Make("null").percent(ten), Make("minus").fixed(ten).p(-1)}), 1'210'000);
}

TEST(PriceTest, TiesGoByTimeOfCreationThenById) {
  const PriceRule percent = Make("percent").percent(ten).p(1).made(10, 1);
  const PriceRule older = Make("older").fixed(ten).p(1).made(9, 9);
  EXPECT_EQ(price_of(hundred, {percent, older}), 1'210'000);
  EXPECT_EQ(price_of(hundred, {older, percent}), 1'210'000);
  const PriceRule later_id = Make("later id").fixed(ten).p(1).made(10, 2);
  EXPECT_EQ(price_of(hundred, {later_id, percent}), 1'200'000);
  const PriceRule earlier_id = Make("earlier id").fixed(ten).p(1).made(10, 0);
  EXPECT_EQ(price_of(hundred, {percent, earlier_id}), 1'210'000);
}

TEST(PriceTest, EachAppliedRuleIsReportedWithThePricesAroundIt) {
  const std::vector<PriceRule> rules = {Make("b").percent(-31'000).p(1).made(0, 2),
                                        Make("a").percent(72'500).p(2).made(0, 1),
                                        Make("not now").percent(ten).when(R"({"demand": 1})")};
  const Price price = quote_price(199'900, usd, rules, Json::object()).value();
  ASSERT_EQ(price.applied_rules.size(), 2U);
  EXPECT_EQ(dump(applied_rules_json(price, 2)),
            R"([{"price_after":"21.439275","price_before":"19.99","rule_id":"00000000-0000-0000-0000-000000000001",)"
            R"("rule_name":"a"},{"price_after":"20.774657475","price_before":"21.439275",)"
            R"("rule_id":"00000000-0000-0000-0000-000000000002","rule_name":"b"}])");
}

TEST(PriceTest, ThirtyTwoRulesStayExact) {
  const std::vector<PriceRule> rules(max_price_rules, Make("step").percent(12'345));
  const Price price = quote_price(hundred, usd, rules, Json::object()).value();
  EXPECT_EQ(price.applied_rules.size(), max_price_rules);
  EXPECT_EQ(price.unit_price, 1'480'900);  // 100 x 1.012345^32 = 148.0894...
}

TEST(PriceTest, APriceBeyondSixtyFourBitsIsRefused) {
  EXPECT_FALSE(
      quote_price(9'000'000'000'000'000'000, usd, std::vector<PriceRule>{Make("x").percent(hundred)}, Json::object()));
}

TEST(PriceTest, RulesApplyOnlyIfAllConditionsHold) {
  const PriceRule rush =
      Make("rush").percent(250'000).when(R"({"demand": {"min": 0.8}, "days_until_event": {"max": 7}})");
  EXPECT_EQ(price_of(hundred, {rush}, R"({"demand": 0.9, "days_until_event": 3})"), 1'250'000);
  EXPECT_EQ(price_of(hundred, {rush}, R"({"demand": 0.5, "days_until_event": 3})"), hundred);
  EXPECT_EQ(price_of(hundred, {rush}, R"({"days_until_event": 3})"), hundred);  // missing: not met
}

bool holds(std::string_view condition, std::string_view value) {
  return conditions_hold(Json{{"f", json(condition)}}, Json{{"f", json(value)}});
}

TEST(ConditionsTest, BoundsAreInclusive) {
  EXPECT_TRUE(holds(R"({"min": 10})", "10"));
  EXPECT_FALSE(holds(R"({"min": 10})", "9"));
  EXPECT_TRUE(holds(R"({"max": 10})", "10"));
  EXPECT_FALSE(holds(R"({"max": 10})", "10.5"));
  EXPECT_TRUE(holds(R"({"min": 5, "max": 10})", "7"));
  EXPECT_FALSE(holds(R"({"min": 10, "max": 5})", "7"));
}

TEST(ConditionsTest, ZeroFalseEmptyAndNullAreLookedAt) {
  EXPECT_FALSE(holds(R"({"min": 0})", "-5"));
  EXPECT_FALSE(holds(R"({"max": 0})", "5"));
  EXPECT_FALSE(holds(R"({"equals": 0})", "7"));
  EXPECT_FALSE(holds(R"({"equals": false})", "true"));
  EXPECT_FALSE(holds(R"({"equals": ""})", "\"x\""));
  EXPECT_FALSE(holds(R"({"equals": null})", "1"));
  EXPECT_TRUE(holds(R"({"equals": null})", "null"));
  EXPECT_TRUE(holds("null", "null"));
  EXPECT_FALSE(holds("0", "false"));
}

TEST(ConditionsTest, NumbersCompareAsDecimals) {
  EXPECT_TRUE(holds("1", "1.0"));
  EXPECT_TRUE(holds("0.1", "1e-1"));
  EXPECT_TRUE(holds(R"({"equals": 0.3})", "0.30"));
  EXPECT_TRUE(holds(R"({"in": [1, 2.50]})", "2.5"));
  EXPECT_FALSE(holds(R"({"max": 9007199254740992})", "9007199254740993"));
  EXPECT_FALSE(holds(R"({"max": 0.1})", "0.10000000000000000000000000001"));
  EXPECT_TRUE(holds(R"({"min": 18446744073709551616})", "18446744073709551616"));
}

TEST(ConditionsTest, TypesNeverConvert) {
  EXPECT_FALSE(holds("5", "\"5\""));
  EXPECT_FALSE(holds("\"5\"", "5"));
  EXPECT_FALSE(holds("true", "1"));
  EXPECT_FALSE(holds("1", "true"));
  EXPECT_FALSE(holds(R"({"min": 10})", "\"12\""));
  EXPECT_FALSE(holds(R"({"min": 0})", "true"));
  EXPECT_FALSE(holds(R"({"max": 10})", "null"));
  EXPECT_FALSE(holds(R"({"max": 10})", "[1]"));
  EXPECT_FALSE(holds(R"({"max": 10})", "{}"));
  EXPECT_FALSE(holds(R"({"in": [1]})", "\"1\""));
  EXPECT_FALSE(holds(R"({"equals": "vip"})", "\"VIP\""));
  EXPECT_TRUE(holds(R"({"equals": "vip"})", "\"vip\""));
}

TEST(ConditionsTest, AMissingFactorIsNeverMet) {
  for (const std::string_view condition :
       {"null", "false", R"({"min": 0})", R"({"max": 0})", R"({"equals": null})", R"({"in": [null]})", "{}"}) {
    EXPECT_FALSE(conditions_hold(Json{{"f", json(condition)}}, Json::object())) << condition;
  }
  EXPECT_FALSE(conditions_hold(json(R"({"f": 1})"), Json(nullptr)));
}

TEST(ConditionsTest, NoConditionsAlwaysHold) {
  EXPECT_TRUE(conditions_hold(Json::object(), Json::object()));
  EXPECT_TRUE(conditions_hold(Json::object(), Json(nullptr)));
}

TEST(ConditionsTest, WhatShouldHaveBeenRefusedNeverHolds) {
  EXPECT_FALSE(conditions_hold(Json(nullptr), Json::object()));
  EXPECT_FALSE(conditions_hold(json("7"), Json::object()));
  EXPECT_FALSE(holds(R"({"above": 1})", "5"));
  EXPECT_FALSE(holds(R"({"in": 5})", "5"));
}

TEST(ConditionsTest, BadOnesAreRefusedWhenWritten) {
  for (const std::string_view bad :
       {"null", "7", "[]", "\"x\"", R"({"f": {"above": 1}})", R"({"f": {"min": 2, "max": 1}})", R"({"f": [1]})",
        R"({"f": {"min": "1"}})", R"({"f": {"max": true}})", R"({"f": {"min": null}})", R"({"f": {"in": 1}})",
        R"({"f": {"in": [[1]]}})", R"({"f": {"equals": {}}})", R"({"": 1})", R"({"f": {"min": 1e500}})"}) {
    EXPECT_TRUE(bad_conditions(json(bad)).has_value()) << bad;
  }
  for (const std::string_view good : {"{}", R"({"f": 1})", R"({"f": null})", R"({"f": {"min": 1, "max": 1.0}})",
                                      R"({"f": {"in": [1, "a", null]}})", R"({"f": {"equals": false}, "g": "x"})"}) {
    EXPECT_FALSE(bad_conditions(json(good)).has_value()) << good;
  }
}

TEST(ConditionsTest, AMinimumPriceAboveTheMaximumIsRefused) {
  EXPECT_TRUE(bad_price_bounds(2, 1).has_value());
  EXPECT_FALSE(bad_price_bounds(1, 1).has_value());
  EXPECT_FALSE(bad_price_bounds(5, std::nullopt).has_value());
}

TEST(ConditionsTest, TheNamesARuleLooksAtAreKnown) {
  const std::vector<PriceRule> rules = {Make("a").when(R"({"demand": 1, "hour": 2})"),
                                        Make("b").when(R"({"hour": 3})")};
  EXPECT_EQ(factor_names(rules), (std::set<std::string, std::less<>>{"demand", "hour"}));
}

FactorInputs inputs_at(std::string_view now, std::string_view start) {
  FactorInputs inputs;
  inputs.now_us = parse_rfc3339(now).value();
  inputs.event_starts_at_us = parse_rfc3339(start).value();
  inputs.zone = "Europe/Berlin";
  inputs.total = 100;
  inputs.withheld = 10;
  inputs.available = 60;
  return inputs;
}

TEST(FactorsTest, TheEngineComputesItsOwn) {
  const auto factors = engine_factors(inputs_at("2026-05-01T22:30:00Z", "2026-05-03T22:29:59Z")).value();
  EXPECT_EQ(factors.at("days_until_event"), 1);
  EXPECT_EQ(factors.at("hours_until_event"), 47);
  EXPECT_EQ(factors.at("remaining"), 60);
  EXPECT_EQ(factors.at("sold_share"), Exact(1, 3));
  EXPECT_EQ(factors.at("weekday"), 6);  // half past midnight on Saturday in Berlin
  EXPECT_EQ(factors.at("hour"), 0);
  EXPECT_EQ(factors.count("sold_last_hour"), 0U);
}

TEST(FactorsTest, AfterTheStartTheCountGoesBelowZero) {
  const auto factors = engine_factors(inputs_at("2026-05-01T12:00:01Z", "2026-05-01T12:00:00Z")).value();
  EXPECT_EQ(factors.at("days_until_event"), -1);
  EXPECT_EQ(factors.at("hours_until_event"), -1);
}

TEST(FactorsTest, NothingForSaleIsAShareOfZero) {
  FactorInputs inputs = inputs_at("2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z");
  inputs.withheld = 100;
  inputs.available = 0;
  EXPECT_EQ(engine_factors(inputs).value().at("sold_share"), 0);
}

TEST(FactorsTest, AThirdSoldIsExactlyAThirdAndTheHostCannotOverrideIt) {
  Factors factors;
  factors.given = json(R"({"sold_share": 1, "demand": 0.5})");
  factors.engine = engine_factors(inputs_at("2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z")).value();
  EXPECT_FALSE(conditions_hold(json(R"({"sold_share": {"min": 0.33333333333333333333333333333333334}})"), factors));
  EXPECT_TRUE(conditions_hold(json(R"({"sold_share": {"min": 0.33333333333333333333333333333333333}})"), factors));
  EXPECT_FALSE(conditions_hold(json(R"({"sold_share": 1})"), factors));
  EXPECT_TRUE(conditions_hold(json(R"({"demand": 0.50, "hour": 14, "weekday": {"in": [5]}})"), factors));
  const Json kept = factors_json(factors);
  EXPECT_EQ(number_text(kept["sold_share"]), "0.3333333333333333333333333333333333333333");
  EXPECT_EQ(number_text(kept["remaining"]), "60");
  EXPECT_EQ(number_text(kept["demand"]), "0.5");
}

TEST(FactorsTest, AnUnknownZoneIsAnError) {
  FactorInputs inputs = inputs_at("2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z");
  inputs.zone = "Nowhere/City";
  EXPECT_FALSE(engine_factors(inputs));
}

TEST(ExactTextTest, DecimalsArePrintedWhole) {
  EXPECT_EQ(exact_text(Exact(1, 8), 2), "0.125");
  EXPECT_EQ(exact_text(Exact(-1, 8), 2), "-0.125");
  EXPECT_EQ(exact_text(Exact(12), 0), "12");
  EXPECT_EQ(exact_text(Exact(12), 2), "12.00");
  EXPECT_EQ(exact_text(Exact(0), 2), "0.00");
  EXPECT_EQ(exact_text(Exact(1, 1'000), 0), "0.001");
  EXPECT_EQ(exact_text(Exact(-5, 2), 3), "-2.500");
}

}  // namespace
}  // namespace eventcore::rules::pure
