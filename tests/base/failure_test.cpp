#include <gtest/gtest.h>

#include <eventcore/result.hpp>
#include <system_error>

#include "base/json.hpp"
#include "base/log.hpp"

namespace eventcore {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail_fact(Errc::sold_out, "left", "0");
  return value / 2;
}

Result<int> quarter(int value) {
  EC_TRY(once, half(value));
  return half(once);
}

Status check(int value) {
  EC_TRYV(quarter(value));
  return ok();
}

TEST(FailureTest, CodesKnowTheirNameTextAndHope) {
  EXPECT_EQ(Failure(Errc::sold_out).name(), "sold_out");
  EXPECT_EQ(Failure(Errc::null_argument).message(), "a required argument is NULL");
  EXPECT_FALSE(Failure(Errc::not_found).transient());
  EXPECT_EQ(Failure().code(), Errc::internal);
  EXPECT_EQ(Failure(static_cast<Errc>(4711)).name(), "internal");
  EXPECT_EQ(fail(Errc::invalid_json, "here").message(), "here");
}

TEST(FailureTest, TryHandsFailuresUp) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().code(), Errc::sold_out);
  EXPECT_EQ(quarter(6).error().detail().facts.front().first, "left");
  EXPECT_TRUE(check(4).has_value());
  EXPECT_FALSE(check(2).has_value());
}

TEST(FailureTest, ValueOfAFailureThrowsASystemError) {
  try {
    static_cast<void>(half(1).value());
    FAIL() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), make_error_code(Errc::sold_out));
    EXPECT_STREQ(error.code().category().name(), "eventcore");
  }
}

TEST(FailureTest, JsonCarriesEverything) {
  FailureDetail detail;
  detail.message = "say \"no\"\n";
  detail.fields = {{"items[0].quantity", "must be whole"}, {"name", "missing"}};
  detail.facts = {{"left", "3"}, {"policy", "a\\b"}, {"left", "2"}};
  const Json json = parse_json(Failure(Errc::invalid_argument, detail).to_json()).value();
  EXPECT_EQ(dump(json),
            R"({"class":"invalid_input","code":"invalid_argument","detail":{"left":"2","policy":"a\\b"},)"
            R"("fields":[{"field":"items[0].quantity","reason":"must be whole"},{"field":"name","reason":"missing"}],)"
            R"("message":"say \"no\"\n","number":2002,"transient":false})");
  EXPECT_EQ(dump(parse_json(Failure(Errc::sold_out).to_json()).value()["fields"]), "[]");
}

TEST(LogTest, LinesComeOldestFirstAndOnce) {
  TestClock clock(5);
  Log log(clock);
  log.write(LogLevel::info, "one");
  clock.advance(2);
  log.write(LogLevel::error, "two");
  const auto first = log.pull(1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].text, "one");
  EXPECT_EQ(first[0].time_us, 5);
  const auto rest = log.pull(100);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].level, LogLevel::error);
  EXPECT_EQ(rest[0].time_us, 7);
  EXPECT_TRUE(log.pull(100).empty());
}

TEST(LogTest, OldestGoWhenFull) {
  TestClock clock(0);
  Log log(clock);
  for (int i = 0; i < 1030; ++i) log.write(LogLevel::debug, std::to_string(i));
  EXPECT_EQ(log.dropped(), 6U);
  const auto lines = log.pull(5000);
  ASSERT_EQ(lines.size(), 1024U);
  EXPECT_EQ(lines.front().text, "6");
  EXPECT_EQ(lines.back().text, "1029");
}

TEST(ClockTest, TestClockStandsStillWhileSteadyTimeRuns) {
  TestClock clock(10);
  const auto before = clock.steady_us();
  clock.set(3);
  EXPECT_EQ(clock.now_us(), 3);
  EXPECT_GE(clock.steady_us(), before);
  EXPECT_GT(SystemClock().now_us(), 1'700'000'000'000'000);
}

}  // namespace
}  // namespace eventcore
