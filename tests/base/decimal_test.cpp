#include "base/decimal.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <random>

#include "base/currency.hpp"
#include "seed.hpp"

namespace eventcore {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

std::int64_t rounded(const char* text, std::int64_t unit) {
  return round_half_up(parse_exact(text).value(), unit).value();
}

std::vector<std::int64_t> spread_over(std::int64_t total, std::initializer_list<int> weights, std::int64_t unit) {
  const std::vector<Exact> exact_weights(weights.begin(), weights.end());
  return spread(total, exact_weights, unit);
}

TEST(DecimalTest, ReadsExactly) {
  EXPECT_EQ(parse_decimal("12.5", 4).value(), 125'000);
  EXPECT_EQ(parse_decimal("-3", 4).value(), -30'000);
  EXPECT_EQ(parse_decimal("0.0001", 4).value(), 1);
  EXPECT_EQ(parse_decimal("1.500000", 1).value(), 15);
  EXPECT_EQ(parse_decimal("-0", 4).value(), 0);
  EXPECT_EQ(parse_decimal("7", 0).value(), 7);
  EXPECT_EQ(parse_decimal("922337203685477.5807", 4).value(), largest);
  EXPECT_EQ(parse_decimal("-922337203685477.5808", 4).value(), smallest);
}

TEST(DecimalTest, RefusesWhatIsNoPlainDecimalOrDoesNotFit) {
  for (const char* bad : {"", "-", "+1", ".5", "5.", "1e3", " 1", "1 ", "1,5", "0x1", "--1", "1.2.3", "NaN", "1.00001",
                          "922337203685477.5808", "-922337203685477.5809", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_decimal(bad, 4).has_value()) << bad;
  }
}

TEST(DecimalTest, PrintsTheAskedDigitsAndNeverLosesOne) {
  EXPECT_EQ(format_decimal(125'000, 4, 2), "12.50");
  EXPECT_EQ(format_decimal(12'500'000, 4, 0), "1250");
  EXPECT_EQ(format_decimal(12'340, 4, 3), "1.234");
  EXPECT_EQ(format_decimal(12'345, 4, 2), "1.2345");
  EXPECT_EQ(format_decimal(-50, 4, 2), "-0.005");
  EXPECT_EQ(format_decimal(0, 4, 2), "0.00");
  EXPECT_EQ(format_decimal(smallest, 4, 4), "-922337203685477.5808");
  EXPECT_EQ(format_decimal_short(72'500, 4), "7.25");
  EXPECT_EQ(format_decimal_short(100'000, 4), "10");
  EXPECT_EQ(format_decimal_short(-1, 4), "-0.0001");
}

TEST(DecimalTest, ReadingUndoesPrinting) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 5000; ++i) {
    const auto value = static_cast<std::int64_t>(engine() >> (engine() % 60)) * (engine() % 2 == 0 ? 1 : -1);
    const int scale = static_cast<int>(engine() % 19);
    ASSERT_EQ(parse_decimal(format_decimal_short(value, scale), scale).value(), value) << scale;
    ASSERT_EQ(parse_decimal(format_decimal(value, scale, scale), scale).value(), value) << scale;
    ASSERT_EQ(parse_exact(format_decimal_short(value, scale)).value(), exact(value, scale));
  }
}

TEST(DecimalTest, ExactReadsExponents) {
  EXPECT_EQ(parse_exact("1e3").value(), Exact(1000));
  EXPECT_EQ(parse_exact("12.50E-1").value(), Exact(5, 4));
  EXPECT_EQ(parse_exact("-1.5e+1").value(), Exact(-15));
  EXPECT_EQ(parse_exact("1e400").value() * parse_exact("1e-400").value(), Exact(1));
  for (const char* bad : {"1e401", "1e-401", "1e", "1e+", "e1", "1e1.5", "1e99999999999", "", "Infinity"}) {
    EXPECT_FALSE(parse_exact(bad).has_value()) << bad;
  }
  EXPECT_FALSE(parse_exact(std::string(1001, '1')).has_value());
}

TEST(DecimalTest, HalvesRoundUp) {
  EXPECT_EQ(rounded("2.5", 1), 3);
  EXPECT_EQ(rounded("2.4999", 1), 2);
  EXPECT_EQ(rounded("-2.5", 1), -2);
  EXPECT_EQ(rounded("-2.51", 1), -3);
  EXPECT_EQ(rounded("150", 100), 200);
  EXPECT_EQ(rounded("149.999", 100), 100);
  EXPECT_EQ(rounded("-50", 100), 0);
  EXPECT_EQ(rounded("0", 100), 0);
  EXPECT_FALSE(round_half_up(parse_exact("1e30").value(), 1).has_value());
  EXPECT_FALSE(round_half_up(Exact(largest), 10'000).has_value());
}

TEST(DecimalTest, PriceVectorOfTwoCompoundedRules) {
  const Exact price = parse_exact("19.99").value() * parse_exact("1.0725").value() * parse_exact("0.969").value();
  EXPECT_EQ(round_half_up(price * 10'000, minor_unit(2)).value(), 207'700);
}

TEST(DecimalTest, SpreadGivesLeftoversByLargestRemainderThenOrder) {
  EXPECT_EQ(spread_over(1000, {1, 1, 1}, 100), (std::vector<std::int64_t>{400, 300, 300}));
  EXPECT_EQ(spread_over(10, {1, 2, 4}, 1), (std::vector<std::int64_t>{1, 3, 6}));
  EXPECT_EQ(spread_over(5, {0, 0}, 1), (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(spread_over(7, {0, 3}, 1), (std::vector<std::int64_t>{0, 7}));
  EXPECT_EQ(spread_over(-1000, {1, 1, 1}, 100), (std::vector<std::int64_t>{-400, -300, -300}));
  EXPECT_EQ(spread_over(5, {-4, 1}, 1), (std::vector<std::int64_t>{0, 5}));
  EXPECT_TRUE(spread_over(5, {}, 1).empty());
  EXPECT_EQ(spread_over(largest, {1, 0}, 1), (std::vector<std::int64_t>{largest, 0}));
}

TEST(DecimalTest, SpreadAlwaysAddsUpAndStaysWithinOneUnit) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int round = 0; round < 400; ++round) {
    std::vector<Exact> weights(engine() % 20 + 1);
    for (auto& weight : weights) weight = Exact(engine() % 5000, engine() % 7 + 1);
    const std::int64_t unit = std::array<std::int64_t, 3>{1, 100, 10'000}[engine() % 3];
    const std::int64_t total = static_cast<std::int64_t>(engine() % 1'000'000) * unit;
    const auto shares = spread(total, weights, unit);
    ASSERT_EQ(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}), total);
    const Exact sum = std::accumulate(weights.begin(), weights.end(), Exact(0));
    if (sum == 0) continue;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      ASSERT_EQ(shares[i] % unit, 0);
      const Exact ideal = weights[i] * total / sum;
      ASSERT_LT(abs(Exact(shares[i]) - ideal), Exact(unit));
    }
  }
}

TEST(CurrencyTest, DigitsFollowTheStandard) {
  EXPECT_EQ(currency_digits("USD"), 2);
  EXPECT_EQ(currency_digits("EUR"), 2);
  EXPECT_EQ(currency_digits("JPY"), 0);
  EXPECT_EQ(currency_digits("KWD"), 3);
  EXPECT_EQ(currency_digits("CLF"), 4);
  EXPECT_EQ(currency_digits("AED"), 2);
  EXPECT_EQ(currency_digits("ZWL"), 2);
  for (const char* unknown : {"", "US", "usd", "USDT", "XXX", "XAU", "ABC", "ZZZ", "AAA"}) {
    EXPECT_FALSE(currency_digits(unknown).has_value()) << unknown;
  }
}

TEST(MoneyTest, UnitFollowsDigits) {
  EXPECT_EQ(minor_unit(0), 10'000);
  EXPECT_EQ(minor_unit(2), 100);
  EXPECT_EQ(minor_unit(3), 10);
  EXPECT_EQ(minor_unit(4), 1);
}

TEST(MoneyTest, JpyHasNoFraction) {
  EXPECT_EQ(money_from_text("1250", "JPY").value(), 12'500'000);
  EXPECT_EQ(money_from_text("1250.00", "JPY").value(), 12'500'000);
  EXPECT_FALSE(money_from_text("1250.5", "JPY").has_value());
  EXPECT_EQ(money_to_text(12'500'000, "JPY"), "1250");
}

TEST(MoneyTest, KwdHasThreeDigits) {
  EXPECT_EQ(money_to_text(money_from_text("1.234", "KWD").value(), "KWD"), "1.234");
  EXPECT_FALSE(money_from_text("1.2345", "KWD").has_value());
  EXPECT_EQ(money_to_text(10'000, "KWD"), "1.000");
}

TEST(MoneyTest, TwoDigitCurrenciesRefuseThirds) {
  EXPECT_EQ(money_to_text(money_from_text("12.5", "USD").value(), "USD"), "12.50");
  EXPECT_EQ(money_from_text("12", "USD").value(), 120'000);
  EXPECT_FALSE(money_from_text("12.345", "USD").has_value());
  EXPECT_FALSE(money_from_text("12", "QQQ").has_value());
}

}  // namespace
}  // namespace eventcore
