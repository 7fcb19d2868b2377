// Banks that take money back, before and after it went back on its own: the end is the same in whatever order one hears
// of it, and nothing is returned twice.
#include <algorithm>
#include <random>

#include "base/currency.hpp"
#include "base/seed.hpp"
#include "refunds.hpp"

namespace eventcore::test {

using policy::Role;

namespace p = col::order_payments;

namespace {

// What a provider or a bank tells of money that left: all refunds so far, or one chargeback.
struct Report {
  bool chargeback = false;
  std::int64_t amount = 0;
  std::string reference;
};

}  // namespace

class ChargebackTest : public RefundsTest {
 protected:
  void hear(const Json& sale, const Report& report) {
    const std::string name = report.reference + sale["order"]["id"].get<std::string>();
    if (report.chargeback) {
      EC_EXPECT_OK(try_charge_back(sale, money_to_text(report.amount, "USD"), name));
    } else {
      reported(sale, report.amount, name);
    }
  }
  // Everything the organizer and the buyer see of an order: states, tickets, and what came, went and is owed.
  std::string end_of(const Json& sale) {
    std::string end = order_state(sale);
    for (const Json& ticket : sale["tickets"])
      end += " " + row(tables::tickets, id_of(ticket))[col::tickets::status].text();
    for (const char* kind : {"refund", "chargeback"})
      for (const char* status : {"due", "succeeded"}) {
        std::int64_t sum = 0;
        for (const Record& one : rows_of(sale, kind))
          if (one[p::status].text() == status) sum += one[p::amount].integer();
        end += " " + std::string(kind) + "/" + status + "=" + std::to_string(sum);
      }
    return end;
  }
  std::int64_t draw(std::int64_t most) {
    return static_cast<std::int64_t>(random_numbers_() % static_cast<std::uint64_t>(most));
  }

  std::mt19937_64 random_numbers_{testing::seed()};
};

TEST_F(ChargebackTest, TicketsStayValidWhetherARefundIsHeardOfBeforeOrAfterIt) {
  const Report refund{false, 100'000, "re"};
  const Report chargeback{true, 200'000, "dp"};
  const Json one = sold(3);
  hear(one, refund);
  hear(one, chargeback);
  const Json other = sold(3);
  hear(other, chargeback);
  hear(other, refund);
  EXPECT_EQ(end_of(one), end_of(other));
  EXPECT_EQ(tickets_that_are("valid"), 6);
  EXPECT_EQ(order_state(one), "active/refunded");
  clock_.set(parse_rfc3339("2026-12-01T12:00:00Z").assume_value());
  EXPECT_EQ(scan({{"code", one["tickets"][0]["qr_code_data"]}}), "unpaid");
  EXPECT_EQ(scan({{"code", other["tickets"][0]["qr_code_data"]}}), "unpaid");
}

TEST_F(ChargebackTest, ARefundOfEverythingCancelsTicketsBeforeAndAfterIt) {
  const Report refund{false, 300'000, "re"};
  const Report chargeback{true, 300'000, "dp"};
  const Json one = sold(3);
  hear(one, refund);
  hear(one, chargeback);
  const Json other = sold(3);
  hear(other, chargeback);
  EXPECT_EQ(tickets_that_are("valid"), 3);
  hear(other, refund);
  EXPECT_EQ(end_of(one), end_of(other));
  EXPECT_EQ(order_state(other), "refunded/refunded");
  EXPECT_EQ(left(category_), 10);
}

TEST_F(ChargebackTest, TogetherTheyAreAtMostWhatWasPaidIn) {
  const Json sale = sold(2);
  refund(ids_of(sale, {0}));
  pay_out(sale);
  EC_EXPECT_OK(try_charge_back(sale, "15.00", "dp_1"));
  EC_EXPECT_REFUSED("payment_mismatch", try_charge_back(sale, "5.01", "dp_2"));
  EC_EXPECT_OK(try_charge_back(sale, "5.00", "dp_2")) << "what went back before does not bind the bank";
  EC_EXPECT_REFUSED("payment_mismatch", try_charge_back(sale, "0.01", "dp_3"));
  EXPECT_EQ(payments("chargeback", "succeeded"), 2);
}

TEST_F(ChargebackTest, WhatItTookFromAPromiseIsNotReturnedOnceMore) {
  const Json sale = sold(3);
  refund(ids_of(sale, {0}));
  EC_EXPECT_OK(try_charge_back(sale, "30.00"));
  EXPECT_EQ(payments("refund", "due"), 0);
  const Record promise = rows_of(sale, "refund").front();
  EXPECT_EQ(promise[p::amount].integer(), 0);
  const auto again = try_refund(as_user(Role::admin), ids_of(sale, {0}));
  EC_EXPECT_REFUSED("refund_refused", again);
  const Json detail = parse_json(again.error().to_json()).assume_value()["detail"];
  EXPECT_EQ(detail[sale["tickets"][0]["id"].get<std::string>()], "given_back");
  EXPECT_EQ(rows_of(sale, "refund").size(), 1U);
  const Json quote = accepted(call(as_user(Role::admin), "quote_refund", {{"ticket_ids", ids_of(sale, {0})}}));
  EXPECT_EQ(quote["tickets"][0]["reason"], "given_back");
}

TEST_F(ChargebackTest, RefundsOwedElsewhereShrinkToWhatTheMoneyLeaves) {
  const Json sale = sold(3);
  confirm(sale, {{"reference", "twice"}});  // at the counter as well: due back there
  EC_EXPECT_OK(try_charge_back(sale, "30.00"));
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(reported(sale, 200'000, "evt_1"), "refunded");
  std::int64_t owed = 0;
  for (const Record& one : rows_of(sale, "refund"))
    if (one[p::status].text() == "due") owed += one[p::amount].integer();
  EXPECT_EQ(owed, 100'000);
}

// Orders alike, with the same promises and the same reports, told in as many orders as there is patience for.
TEST_F(ChargebackTest, ReportsEndAlikeInWhateverOrderTheyAreHeard) {
  for (int round = 0; round < 25; ++round) {
    const Uuid category = add_category(event_, 20, {{"base_price", "10.00"}});
    const std::int64_t places = 1 + draw(4);
    const std::int64_t paid_back = draw(3) == 0 ? 0 : draw(places + 1);
    const bool twice = draw(3) == 0;
    const bool promised_last = draw(2) == 0;
    std::vector<Report> reports;
    for (std::int64_t n = 1 + draw(2), so_far = 0; n > 0 && so_far < places * 10; --n) {
      so_far += 1 + draw(places * 10 - so_far);
      reports.push_back({false, (draw(3) == 0 ? places * 10 : so_far) * 10'000, "re" + std::to_string(n)});
    }
    for (std::int64_t n = 1 + draw(2), left = places * 10; n > 0 && left > 0; --n) {
      const std::int64_t taken = 1 + draw(left);
      left -= taken;
      reports.push_back({true, taken * 10'000, "dp" + std::to_string(n)});
    }
    const auto sale_to_tell = [&] {
      const Json sale =
          confirm(place(category, places), {{"provider", "stripe"}, {"reference", "pi_" + std::to_string(++sales_)}});
      const auto pay_twice = [&] {
        if (twice) confirm(sale, {{"reference", "counter_" + std::to_string(sales_)}});
      };
      if (promised_last) pay_twice();
      for (std::int64_t i = 0; i < paid_back; ++i) refund(ids_of(sale, {static_cast<std::size_t>(i)}));
      if (!promised_last) pay_twice();
      return sale;
    };
    std::string wanted;
    for (int shuffle = 0; shuffle < 5; ++shuffle) {
      const Json sale = sale_to_tell();
      for (const Report& report : reports) hear(sale, report);
      if (shuffle == 0) wanted = end_of(sale);
      ASSERT_EQ(end_of(sale), wanted) << "round " << round << ", places " << places << ", returned " << paid_back;
      std::shuffle(reports.begin(), reports.end(), random_numbers_);
    }
  }
}

}  // namespace eventcore::test
