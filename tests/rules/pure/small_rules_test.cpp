// Risk level, prospect score, return on investment, stock and payment state.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/pure/payment_state.hpp"
#include "rules/pure/risk.hpp"
#include "rules/pure/roi.hpp"
#include "rules/pure/score.hpp"
#include "rules/pure/stock.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::pure {
namespace {

TEST(RiskTest, TheLevelFollowsTheTable) {
  EXPECT_EQ(risk_level("high", "high"), "critical");
  EXPECT_EQ(risk_level("high", "medium"), "high");
  EXPECT_EQ(risk_level("medium", "high"), "high");
  EXPECT_EQ(risk_level("medium", "medium"), "medium");
  EXPECT_EQ(risk_level("high", "low"), "low");
  EXPECT_EQ(risk_level("low", "high"), "low");
  EXPECT_EQ(risk_level("low", "medium"), "low");
  EXPECT_EQ(risk_level("medium", "low"), "low");
  EXPECT_EQ(risk_level("low", "low"), "low");
}

Json history(std::size_t entries) {
  Json list = Json::array();
  for (std::size_t i = 0; i < entries; ++i) {
    list.push_back(Json::object());
  }
  return list;
}

TEST(ScoreTest, IndustrySizeAndEngagementAddUp) {
  EXPECT_EQ(prospect_score("technology", "enterprise", history(2)).points, 90);
  EXPECT_EQ(prospect_score("catering", "large", history(0)).points, 30);
  EXPECT_EQ(prospect_score("finance", "medium", Json(nullptr)).points, 50);
  EXPECT_EQ(prospect_score("", "", Json(nullptr)).points, 10);
  EXPECT_EQ(prospect_score("healthcare", "startup", history(1)).points, 50);
}

TEST(ScoreTest, TheIndustryIsComparedFolded) {
  EXPECT_EQ(prospect_score("  Technology ", "small", history(0)).points, 40);
  EXPECT_EQ(prospect_score("TECHNOLOGY2", "small", history(0)).points, 10);
}

TEST(ScoreTest, TheScoreIsCappedBeforeAnythingElse) {
  EXPECT_EQ(prospect_score("technology", "enterprise", history(500)).points, 100);
  EXPECT_EQ(prospect_score("technology", "enterprise", history(3)).points, 100);
}

TEST(ScoreTest, AHistoryThatIsNoListCountsNothing) {
  EXPECT_EQ(prospect_score("x", "y", Json::object({{"a", 1}})).points, 10);
  EXPECT_EQ(prospect_score("x", "y", Json("text")).points, 10);
}

TEST(ScoreTest, ThePartsSumToTheScore) {
  for (const std::size_t entries : {0U, 1U, 3U, 4U, 99U}) {
    const ProspectScore score = prospect_score("finance", "enterprise", history(entries));
    std::int64_t sum = 0;
    for (const ScorePart& part : score.parts) {
      sum += part.points;
      EXPECT_FALSE(part.name.empty());
    }
    EXPECT_EQ(sum, score.points);
  }
}

std::int64_t roi_of(std::int64_t value, std::int64_t baseline, std::int64_t contract) {
  return calculated_roi(value, baseline, contract, "EUR", "EUR").value().percent_hundredths;
}

TEST(RoiTest, TheReturnIsOnTheContract) {
  EXPECT_EQ(roi_of(1'500'000, 0, 1'000'000), 5'000);
  EXPECT_EQ(roi_of(1'500'000, 500'000, 1'000'000), 0);
  EXPECT_EQ(roi_of(0, 0, 1'000'000), -10'000);
  EXPECT_EQ(roi_of(4, 0, 3), 3'333);
  EXPECT_EQ(roi_of(5, 0, 3), 6'667);
  EXPECT_EQ(roi_of(200'001, 0, 160'000), 2'500);  // 25.000625
  EXPECT_EQ(roi_of(200'008, 0, 160'000), 2'501);  // 25.005: half up
}

TEST(RoiTest, ThereIsNoneWithoutContractOrInAnotherUnit) {
  EXPECT_FALSE(calculated_roi(1, 0, 0, "EUR", "EUR"));
  EXPECT_FALSE(calculated_roi(1, 0, 5, "visitors", "EUR"));
}

TEST(RoiTest, ItSaturatesAndSaysSo) {
  const auto high = calculated_roi(INT64_MAX, INT64_MIN, 1, "EUR", "EUR").value();
  EXPECT_EQ(high.percent_hundredths, 99'999);
  EXPECT_TRUE(high.saturated);
  const auto low = calculated_roi(-500'000, 500'000, 10'000, "EUR", "EUR").value();
  EXPECT_EQ(low.percent_hundredths, -99'999);
  EXPECT_TRUE(low.saturated);
  const auto edge = calculated_roi(109'999, 0, 10'000, "EUR", "EUR").value();
  EXPECT_EQ(edge.percent_hundredths, 99'999);
  EXPECT_FALSE(edge.saturated);
}

TEST(StockTest, AvailableIsWhatIsNeitherWithheldNorTaken) {
  EXPECT_EQ(available({.total = 100, .withheld = 10, .taken = 30}), 60);
}

TEST(StockTest, AGivenAvailableBecomesWithheld) {
  EXPECT_EQ(new_stock(100, 80).value(), (Stock{.total = 100, .withheld = 20, .taken = 0}));
  EXPECT_EQ(new_stock(100, std::nullopt).value(), (Stock{.total = 100, .withheld = 0, .taken = 0}));
  EXPECT_FALSE(new_stock(100, 101));
  EXPECT_FALSE(new_stock(100, -1));
  EXPECT_FALSE(new_stock(-1, std::nullopt));
}

TEST(StockTest, ProblemsAreNamed) {
  EXPECT_FALSE(stock_problem({.total = 3, .withheld = 1, .taken = 2}));
  EXPECT_TRUE(stock_problem({.total = 3, .withheld = 2, .taken = 2}));
  EXPECT_TRUE(stock_problem({.total = -1, .withheld = 0, .taken = 0}));
  EXPECT_TRUE(stock_problem({.total = 3, .withheld = -1, .taken = 0}));
  EXPECT_TRUE(stock_problem({.total = 3, .withheld = 0, .taken = -1}));
  EXPECT_TRUE(stock_problem({.total = INT64_MAX, .withheld = INT64_MAX, .taken = INT64_MAX}));
}

TEST(StockTest, WhoWaitsGoesFirst) {
  EXPECT_EQ(left_for_others(5, 3), 2);
  EXPECT_EQ(left_for_others(2, 3), 0);
  EXPECT_EQ(left_for_others(2, -3), 2);
}

TEST(StockTest, TakenAreValidAndUsedTicketsAndUnpaidActiveOrders) {
  EXPECT_TRUE(ticket_takes_place("valid"));
  EXPECT_TRUE(ticket_takes_place("used"));
  EXPECT_FALSE(ticket_takes_place("cancelled"));
  EXPECT_FALSE(ticket_takes_place("transferred"));
  EXPECT_TRUE(order_takes_places("active", "pending"));
  EXPECT_TRUE(order_takes_places("active", "processing"));
  EXPECT_TRUE(order_takes_places("active", "failed"));
  EXPECT_FALSE(order_takes_places("active", "paid"));
  EXPECT_FALSE(order_takes_places("cancelled", "pending"));
}

using K = PaymentKind;
using R = PaymentRowStatus;

PaymentStatus state(std::vector<PaymentRow> rows, std::int64_t total = 30) {
  return payment_status(rows, total);
}

TEST(PaymentStateTest, WithoutRowsAnOrderIsPendingUnlessItCostsNothing) {
  EXPECT_EQ(state({}), PaymentStatus::pending);
  EXPECT_EQ(state({}, 0), PaymentStatus::paid);
}

TEST(PaymentStateTest, TheLastAttemptDecidesWhileNothingWasPaid) {
  EXPECT_EQ(state({{K::payment, R::pending, 30}}), PaymentStatus::processing);
  EXPECT_EQ(state({{K::payment, R::failed, 30}}), PaymentStatus::failed);
  EXPECT_EQ(state({{K::payment, R::failed, 30}, {K::payment, R::pending, 30}}), PaymentStatus::processing);
  EXPECT_EQ(state({{K::payment, R::pending, 30}, {K::payment, R::failed, 30}}), PaymentStatus::failed);
}

TEST(PaymentStateTest, MoneyInIsPaidAndAFailureAfterwardsChangesNothing) {
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}}), PaymentStatus::paid);
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}, {K::payment, R::failed, 30}}), PaymentStatus::paid);
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}, {K::refund, R::due, 30}}), PaymentStatus::paid);
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}, {K::refund, R::failed, 30}}), PaymentStatus::paid);
}

TEST(PaymentStateTest, MoneyOutIsPartOrAll) {
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}, {K::refund, R::succeeded, 29}}), PaymentStatus::partially_refunded);
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}, {K::refund, R::succeeded, 30}}), PaymentStatus::refunded);
  EXPECT_EQ(state({{K::payment, R::succeeded, 30}, {K::refund, R::succeeded, 9}, {K::chargeback, R::succeeded, 30}}),
            PaymentStatus::refunded);
}

TEST(PaymentStateTest, RefundsStillDueAreCounted) {
  const std::vector<PaymentRow> rows = {{K::payment, R::succeeded, 30},
                                        {K::refund, R::due, 7},
                                        {K::refund, R::succeeded, 5},
                                        {K::refund, R::failed, 3},
                                        {K::chargeback, R::succeeded, 2}};
  const PaymentSums sums = payment_sums(rows);
  EXPECT_EQ(sums.in, 30);
  EXPECT_EQ(sums.out, 7);
  EXPECT_EQ(sums.refund_due, 7);
}

TEST(PaymentStateTest, WordsAreThoseOfTheSchema) {
  const auto& known = schema::enums::order_payment_status.values;
  for (const auto status : {PaymentStatus::pending, PaymentStatus::processing, PaymentStatus::paid,
                            PaymentStatus::failed, PaymentStatus::refunded, PaymentStatus::partially_refunded}) {
    EXPECT_NE(std::find(known.begin(), known.end(), word(status)), known.end()) << word(status);
  }
  EXPECT_EQ(payment_kind("chargeback"), K::chargeback);
  EXPECT_EQ(payment_row_status("due"), R::due);
  EXPECT_FALSE(payment_kind("gift"));
}

}  // namespace
}  // namespace eventcore::rules::pure
