// Giving money back: the formula, who may, repeats, reports of providers, chargebacks, calling orders off.
#include <random>

#include "base/currency.hpp"
#include "base/seed.hpp"
#include "refunds.hpp"

namespace eventcore::test {

using policy::Role;

namespace p = col::order_payments;
namespace t = col::tickets;

TEST_F(RefundsTest, OneOfThreeWithADiscountFromThreeOnGivesSevenBack) {
  const Json sale = sold_with_discount();
  const Json quote = accepted(call(as_user(Role::admin), "quote_refund", {{"ticket_ids", ids_of(sale, {0})}}));
  EXPECT_EQ(quote["amount"], "7.00");
  const Json back = refund(ids_of(sale, {0}));
  EXPECT_EQ(back["refund"]["amount"], "7.00");
  EXPECT_EQ(back["refund"]["status"], "due");
  EXPECT_EQ(back["tickets"][0]["status"], "cancelled");
  EXPECT_EQ(back["tickets"][0]["price_paid"], "9.00");
  EXPECT_EQ(order_state(sale), "active/paid");
  EXPECT_EQ(left(category_), 8);
}

TEST_F(RefundsTest, AfterAReturnTheFormulaWorksOnTheTicketsThatRemain) {
  const Json sale = sold_with_discount();
  refund(ids_of(sale, {0}));
  EXPECT_EQ(refund(ids_of(sale, {1}))["refund"]["amount"], "10.00");
  const Json last = refund(ids_of(sale, {2}));
  EXPECT_EQ(last["refund"]["amount"], "10.00");
  EXPECT_EQ(order_state(sale), "cancelled/paid");
  pay_out(sale, {{"reference", "re_1"}});
  EXPECT_EQ(order_state(sale), "refunded/refunded");
  EXPECT_EQ(left(category_), 10);
}

// Lines and tickets of an import need not agree: then nothing is known of how the price came about.
TEST_F(RefundsTest, WhereAnImportsLinesDoNotFitTheRemainingTicketsKeepWhatWasPaidForThem) {
  const Uuid stage = add_category(event_, 5);
  const Uuid order = add(tables::ticket_orders, {{"event_id", to_text(event_)},
                                                 {"order_number", make_order_number(*random_)},
                                                 {"customer_email", "old@example.org"},
                                                 {"customer_name", "Old"},
                                                 {"subtotal", "20.00"},
                                                 {"total_amount", "20.00"},
                                                 {"payment_status", "paid"}});
  add(tables::ticket_order_items, {{"order_id", to_text(order)},
                                   {"ticket_category_id", to_text(category_)},
                                   {"quantity", 1},
                                   {"unit_price", "20.00"},
                                   {"subtotal", "20.00"},
                                   {"total", "20.00"}});
  add(tables::order_payments, {{"order_id", to_text(order)},
                               {"kind", "payment"},
                               {"status", "succeeded"},
                               {"provider", "old shop"},
                               {"reference", "1"},
                               {"amount", "20.00"},
                               {"currency", "USD"}});
  const auto ticket = [&](const Uuid& category, const char* price) {
    return to_text(add(tables::tickets, {{"order_id", to_text(order)},
                                         {"ticket_category_id", to_text(category)},
                                         {"ticket_number", make_ticket_number(*random_)},
                                         {"attendee_name", "Ada"},
                                         {"attendee_email", "ada@example.org"},
                                         {"qr_code_data", "imported"},
                                         {"price_paid", price},
                                         {"status", "valid"}}));
  };
  const std::string hall = ticket(category_, "12.00");
  const std::string front = ticket(stage, "8.00");  // of a category that no line names
  EXPECT_EQ(refund(Json::array({front}))["refund"]["amount"], "8.00");
  EXPECT_EQ(refund(Json::array({hall}))["refund"]["amount"], "12.00");
  EXPECT_EQ(count(tables::order_payments, Expr::equals(p::kind.index, "refund")), 2);
}

TEST_F(RefundsTest, AReturnThatGivesNothingStillCountsAsReturned) {
  const Json placed = place(category_, 2);
  namespace o = col::ticket_orders;
  namespace i = col::ticket_order_items;
  const Json terms = {{"type", "percentage"}, {"value", "50"}, {"min_quantity", 2}, {"categories", Json::array()}};
  EC_EXPECT_OK(engine_change(tables::ticket_orders, id_of(placed["order"]),
                             {{o::discount_amount.index, std::int64_t{100'000}},
                              {o::total_amount.index, std::int64_t{100'000}},
                              {o::discount_terms.index, dump(terms)}}));
  EC_EXPECT_OK(
      engine_change(tables::ticket_order_items, id_of(placed["items"][0]),
                    {{i::discount_amount.index, std::int64_t{100'000}}, {i::total.index, std::int64_t{100'000}}}));
  const Json sale = confirm(placed, {{"amount", "10.00"}});
  const Json first = refund(ids_of(sale, {0}));
  EXPECT_EQ(first["refund"]["amount"], "0.00");
  EXPECT_EQ(first["refund"]["status"], "succeeded");
  EXPECT_EQ(refund(ids_of(sale, {1}))["refund"]["amount"], "10.00");
}

TEST_F(RefundsTest, AFreeOrderGivesNothingBackAndWritesNoRow) {
  const Uuid free = add_category(event_, 5, {{"base_price", "0"}});
  const Json sale = place(free, 2);
  const Json back = refund(ids_of(sale, {0}));
  EXPECT_TRUE(back["refund"].is_null());
  EXPECT_EQ(count(tables::order_payments), 0);
  EXPECT_EQ(left(free), 4);
}

TEST_F(RefundsTest, EveryTicketThatIsNotRefundedIsNamed) {
  const Uuid fixed = add_category(event_, 5, {{"is_refundable", false}});
  Json both = {{"items", Json::array({{{"ticket_category_id", to_text(category_)}, {"quantity", 2}},
                                      {{"ticket_category_id", to_text(fixed)}, {"quantity", 1}}})}};
  const Json sale = sold(2, both);
  ASSERT_EQ(sale["tickets"].size(), 3U);
  EXPECT_EQ(scan({{"code", sale["tickets"][0]["qr_code_data"]}}), "not_yet_valid");
  clock_.set(parse_rfc3339("2026-12-01T12:00:00Z").assume_value());
  const std::string outcome = scan({{"code", sale["tickets"][0]["qr_code_data"]}});
  ASSERT_EQ(outcome, "admitted");
  const auto refused = try_refund(as_user(Role::admin), ids_of(sale, {0, 1, 2}));
  EC_EXPECT_REFUSED("refund_refused", refused);
  const Json detail = parse_json(refused.error().to_json()).assume_value()["detail"];
  EXPECT_EQ(detail[sale["tickets"][0]["id"].get<std::string>()], "used");
  EXPECT_EQ(detail[sale["tickets"][2]["id"].get<std::string>()], "not_refundable");
  EXPECT_EQ(detail.size(), 2U);
  EC_EXPECT_REFUSED("refund_refused", try_cancel(as_user(Role::admin), sale));
  EXPECT_EQ(order_state(sale), "active/paid");
}

TEST_F(RefundsTest, RefusalsComeInTheirOrder) {
  const Json sale = sold(2);
  const Json other = sold(1);
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_REFUSED("invalid_argument", try_refund(admin, Json::array()));
  EC_EXPECT_REFUSED("invalid_argument", try_refund(admin, ids_of(sale, {0, 0})));
  EC_EXPECT_REFUSED("not_found", try_refund(admin, Json::array({"00000000-0000-7000-8000-000000000001"})));
  Json mixed = ids_of(sale, {0});
  mixed.push_back(other["tickets"][0]["id"]);
  EC_EXPECT_REFUSED("invalid_argument", try_refund(admin, mixed));
  EC_EXPECT_REFUSED("not_found", try_refund(as_customer("carl@example.org"), ids_of(sale, {0})));
  EC_EXPECT_REFUSED("command_denied", try_refund(as_customer("bea@example.org"), ids_of(sale, {0})));
  EC_EXPECT_REFUSED("command_denied", try_refund(box_office(), ids_of(sale, {0})));
  EC_EXPECT_REFUSED("wrong_state", try_pay_out(sale));
  refund(ids_of(sale, {0}));
  EC_EXPECT_REFUSED("refund_refused", try_refund(admin, ids_of(sale, {0})));
  EC_EXPECT_REFUSED("payment_mismatch", try_pay_out(sale, {{"amount", "10.01"}}));
  EC_EXPECT_REFUSED("invalid_argument", try_pay_out(sale, {{"amount", "0"}}));
  EC_EXPECT_REFUSED("invalid_argument", try_pay_out(sale, {{"amount", "1.001"}}));
  EC_EXPECT_REFUSED("invalid_argument", try_pay_out(sale, {{"payment_id", sale["order"]["id"]}}));
  EC_EXPECT_OK(try_cancel(admin, sale));
  EC_EXPECT_REFUSED("wrong_state", try_cancel(admin, sale));
}

TEST_F(RefundsTest, BuyersReturnTicketsThemselvesWhereTheEventSaysSo) {
  const Principal bea = as_customer("bea@example.org");
  const Json sale = sold_with_discount();
  EXPECT_EQ(accepted(call(bea, "quote_refund", {{"order_id", sale["order"]["id"]}}))["amount"], "27.00");
  EC_EXPECT_REFUSED("command_denied", try_cancel(bea, sale));
  sell_again(true);
  EC_EXPECT_REFUSED("not_found", try_refund(as_customer("carl@example.org"), ids_of(sale, {0})));
  EXPECT_EQ(accepted(try_refund(bea, ids_of(sale, {0})))["refund"]["amount"], "7.00");
  EXPECT_EQ(accepted(try_cancel(bea, sale))["refund"]["amount"], "20.00");
  EXPECT_EQ(order_state(sale), "cancelled/paid");
  const Json late = sold(1);
  clock_.set(parse_rfc3339("2026-12-01T23:00:00Z").assume_value());
  EC_EXPECT_REFUSED("command_denied", try_refund(bea, ids_of(late, {0})));
}

// The buyer has given the place away: he neither gets its money back nor ends the new holder's ticket, and is told
// nothing of it.
TEST_F(RefundsTest, WhatWasPassedOnIsNotTheBuyersToReturn) {
  sell_again(true);
  const Principal bea = as_customer("bea@example.org");
  const Json sale = sold(2);
  const Json arguments = {{"ticket_id", sale["tickets"][1]["id"]}, {"name", "Lou"}, {"email", "lou@example.org"}};
  const Json passed = accepted(call(as_service(), "transfer_ticket", arguments));
  const std::string bought = sale["tickets"][1]["id"];
  const std::string lous = passed["ticket"]["id"];
  const Json quote = accepted(call(bea, "quote_refund", {{"order_id", sale["order"]["id"]}}));
  EXPECT_EQ(quote["amount"], "10.00");
  EXPECT_EQ(quote["tickets"].size(), 2U) << dump(quote);
  EXPECT_EQ(dump(quote).find(lous), std::string::npos) << dump(quote);
  const auto expect_refused = [&] {
    const auto refused = try_cancel(bea, sale);
    EC_EXPECT_REFUSED("refund_refused", refused);
    const std::string told = refused.error().to_json();
    EXPECT_NE(told.find("\"" + bought + "\":\"transferred\""), std::string::npos) << told;
    EXPECT_EQ(told.find(lous), std::string::npos) << told;
  };
  expect_refused();
  EXPECT_EQ(row(tables::tickets, id_of(passed["ticket"]))[col::tickets::status].text(), "valid");
  clock_.set(parse_rfc3339("2026-12-01T17:00:00Z").assume_value());
  EXPECT_EQ(scan({{"code", passed["ticket"]["qr_code_data"]}}), "admitted");
  sell_again(true);
  expect_refused();  // in the same words now that somebody is inside
  EXPECT_EQ(payments("refund", "due"), 0);
  EXPECT_EQ(accepted(try_refund(bea, ids_of(sale, {0})))["refund"]["amount"], "10.00");
}

TEST_F(RefundsTest, WhatIsNotRefundableComesBackOnlyWhenTheOrganizerCallsTheOrderOff) {
  sell_again(true);
  const Uuid fixed = add_category(event_, 5, {{"is_refundable", false}});
  const Json both = {{"items", Json::array({{{"ticket_category_id", to_text(category_)}, {"quantity", 1}},
                                            {{"ticket_category_id", to_text(fixed)}, {"quantity", 1}}})}};
  const Json sale = sold(2, both);
  const Principal bea = as_customer("bea@example.org");
  EXPECT_EQ(accepted(call(bea, "quote_refund", {{"order_id", sale["order"]["id"]}}))["amount"], "10.00");
  EC_EXPECT_REFUSED("refund_refused", try_cancel(bea, sale));
  EXPECT_EQ(accepted(try_refund(bea, ids_of(sale, {0})))["refund"]["amount"], "10.00");
  EXPECT_EQ(order_state(sale), "active/paid");
  EXPECT_EQ(accepted(try_cancel(as_user(Role::admin), sale))["refund"]["amount"], "10.00");
  EXPECT_EQ(order_state(sale), "cancelled/paid");
}

TEST_F(RefundsTest, UnpaidOrdersAreDroppedByTheBuyerAndTheCounter) {
  const Json mine = place(category_, 2);
  const Json counter = place(category_, 3);
  const Json paid = sold(1);
  const Principal office = box_office();
  EC_EXPECT_REFUSED("not_found", try_cancel(as_customer("carl@example.org"), mine));
  const Json dropped = accepted(try_cancel(as_customer("bea@example.org"), mine));
  EXPECT_TRUE(dropped["refund"].is_null());
  EXPECT_EQ(dropped["order"]["cancel_reason"], "called off");
  EC_EXPECT_OK(try_cancel(office, counter));
  EC_EXPECT_REFUSED("command_denied", try_cancel(office, paid));
  EXPECT_EQ(order_state(mine), "cancelled/pending");
  EXPECT_EQ(left(category_), 9);
}

TEST_F(RefundsTest, MoneyForAnOrderSomebodyCancelledIsDueBack) {
  const Json placed = place(category_, 2);
  accepted(call(as_customer("bea@example.org"), "cancel_order",
                {{"order_id", placed["order"]["id"]}, {"reason", "expired"}}));
  confirm(placed, {{"provider", "stripe"}, {"reference", "pi_1"}});
  EXPECT_EQ(order_state(placed), "cancelled/paid");
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(left(category_), 10);
  pay_out(placed);
  EXPECT_EQ(order_state(placed), "refunded/refunded");
}

TEST_F(RefundsTest, TheOrganizerReturnsAllThatWasPaid) {
  const Json sale = sold_with_discount();
  refund(ids_of(sale, {0}));
  EXPECT_EQ(accepted(call(as_user(Role::admin), "quote_refund", {{"order_id", sale["order"]["id"]}}))["amount"],
            "20.00");
  const Json off = accepted(try_cancel(as_user(Role::admin), sale));
  EXPECT_EQ(off["refund"]["amount"], "20.00");
  EXPECT_EQ(off["tickets"].size(), 2U);
  EXPECT_EQ(tickets_that_are("cancelled"), 3);
  EXPECT_EQ(left(category_), 10);
}

TEST_F(RefundsTest, PaidOutIsToldOnceAndInParts) {
  const Json sale = sold(3);
  refund(ids_of(sale, {0}));
  refund(ids_of(sale, {1}));
  pay_out(sale, {{"amount", "4.00"}, {"reference", "re_1"}});
  EXPECT_EQ(order_state(sale), "active/partially_refunded");
  const std::int64_t entries = count(tables::audit_logs);
  pay_out(sale, {{"amount", "4.00"}, {"reference", "re_1"}});
  EXPECT_EQ(count(tables::audit_logs), entries);
  EXPECT_EQ(payments("refund", "due"), 2);
  pay_out(sale, {{"reference", "re_2"}});
  EXPECT_EQ(payments("refund", "due"), 0);
  std::int64_t out = 0;
  for (const Record& row : rows_of(sale, "refund")) out += row[p::amount].integer();
  EXPECT_EQ(out, 200'000);
  const Json other = sold(1);
  refund(ids_of(other, {0}));
  EC_EXPECT_REFUSED("payment_refused", try_pay_out(other, {{"reference", "re_1"}}));
}

TEST_F(RefundsTest, OneRefundOfSeveralIsPaidOutByItsRow) {
  const Json sale = sold(2);
  const Json first = refund(ids_of(sale, {0}));
  const Json second = refund(ids_of(sale, {1}));
  const Json done = accepted(call(as_service(organization_), "confirm_refund",
                                  {{"payment_id", second["refund"]["id"]}, {"reference", "re_9"}}));
  EXPECT_EQ(done["refunds"].size(), 2U);
  EXPECT_EQ(row(tables::order_payments, id_of(first["refund"]))[p::status].text(), "due");
  EXPECT_EQ(row(tables::order_payments, id_of(second["refund"]))[p::reference].text(), "re_9");
  EC_EXPECT_REFUSED("wrong_state",
                    call(as_service(organization_), "confirm_refund", {{"payment_id", second["refund"]["id"]}}));
}

TEST_F(RefundsTest, ACumulativeReportPaysTheOldestDueFirstAndItsRepeatsDoNothing) {
  const Json sale = sold(3);
  refund(ids_of(sale, {0}));
  refund(ids_of(sale, {1}));
  EXPECT_EQ(reported(sale, 100'000, "evt_1"), "refunded");
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(reported(sale, 100'000, "evt_1"), "none");
  EXPECT_EQ(reported(sale, 50'000, "evt_0"), "none");  // an older one that comes late
  EXPECT_EQ(reported(sale, 200'000, "evt_2"), "refunded");
  EXPECT_EQ(order_state(sale), "active/partially_refunded");
  EXPECT_EQ(payments("refund", "due"), 0);
}

TEST_F(RefundsTest, MoreThanWasDueCancelsTicketsOnlyWhenAllWentBack) {
  const Json sale = sold(3);
  EXPECT_EQ(reported(sale, 120'000, "evt_1"), "refunded");
  EXPECT_EQ(tickets_that_are("valid"), 3);
  EXPECT_EQ(order_state(sale), "active/partially_refunded");
  EXPECT_EQ(reported(sale, 300'000, "evt_2"), "refunded");
  EXPECT_EQ(tickets_that_are("valid"), 0);
  EXPECT_EQ(order_state(sale), "refunded/refunded");
  EXPECT_EQ(left(category_), 10);
}

TEST_F(RefundsTest, ARefundToldBeforeItsPaymentIssuesNothing) {
  const Json placed = place(category_, 2);
  EXPECT_EQ(reported(placed, 200'000, "evt_1"), "refunded");
  confirm(placed, {{"provider", "stripe"}, {"reference", "pi_1"}});
  EXPECT_EQ(count(tables::tickets), 0);
  EXPECT_EQ(payments("refund", "due"), 0);
  EXPECT_EQ(order_state(placed), "refunded/refunded");
  EXPECT_EQ(left(category_), 10);
}

TEST_F(RefundsTest, MoneyOfAnotherAmountIsKeptAndDueBackAndTheOrderWaitsOn) {
  const Json placed = place(category_, 2);
  EXPECT_EQ(mismatch(placed, 190'000, "USD"), "payment_mismatch");
  EXPECT_EQ(mismatch(placed, 190'000, "USD"), "none");
  EXPECT_EQ(order_state(placed), "active/pending");
  EXPECT_EQ(count(tables::tickets), 0);
  EXPECT_EQ(payments("refund", "due"), 1);
  confirm(placed, {{"provider", "stripe"}, {"reference", "pi_right"}});
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(count(tables::tickets), 2);
}

TEST_F(RefundsTest, MoneyOfAnotherCurrencyPaysNothing) {
  const Json placed = place(category_, 2);
  EXPECT_EQ(mismatch(placed, 200'000, "EUR"), "payment_mismatch");
  EXPECT_EQ(order_state(placed), "active/pending");
  const Record due = rows_of(placed, "refund").front();
  EXPECT_EQ(due[p::currency].text(), "EUR");
}

TEST_F(RefundsTest, AChargebackShrinksWhatIsStillDueAndIsToldOnce) {
  const Json sale = sold(3);
  refund(ids_of(sale, {0}));
  refund(ids_of(sale, {1}));
  EC_EXPECT_REFUSED("payment_mismatch", try_charge_back(sale, "30.01"));
  EC_EXPECT_OK(try_charge_back(sale, "15.00"));
  EC_EXPECT_OK(try_charge_back(sale, "15.00"));
  EXPECT_EQ(payments("chargeback", "succeeded"), 1);
  std::int64_t due = 0;
  for (const Record& one : rows_of(sale, "refund"))
    if (one[p::status].text() == "due") due += one[p::amount].integer();
  EXPECT_EQ(due, 150'000);
  EXPECT_EQ(order_state(sale), "active/partially_refunded");
  clock_.set(parse_rfc3339("2026-12-01T12:00:00Z").assume_value());
  EXPECT_EQ(scan({{"code", sale["tickets"][2]["qr_code_data"]}}), "unpaid");
  const Json unpaid = place(category_, 1);
  EC_EXPECT_REFUSED("payment_refused", try_charge_back(unpaid, "1.00", "dp_2"));
  EC_EXPECT_REFUSED("payment_refused", try_charge_back(unpaid, "1.00", "dp_1"));
}

TEST_F(RefundsTest, ACancelledTicketKeepsItsMoneyUntilItIsReturned) {
  const Json sale = sold(2);
  const Json args = {{"ticket_id", sale["tickets"][0]["id"]}, {"reason", "sold on a market"}};
  EC_EXPECT_REFUSED("command_denied", call(as_customer("bea@example.org"), "cancel_ticket", args));
  EC_EXPECT_OK(call(as_user(Role::admin), "cancel_ticket", args));
  EC_EXPECT_REFUSED("wrong_state", call(as_user(Role::admin), "cancel_ticket", args));
  EXPECT_EQ(left(category_), 9);
  EXPECT_EQ(count(tables::order_payments), 1);
  EXPECT_EQ(refund(ids_of(sale, {1}))["refund"]["amount"], "10.00");
  EXPECT_EQ(refund(ids_of(sale, {0}))["refund"]["amount"], "10.00");
}

// Whoever cancels the last ticket has not decided about the money: all of it can still be returned, fees included.
TEST_F(RefundsTest, AnOrderStandsWithoutTicketsWhileItHoldsMoney) {
  set(tables::events, event_,
      {{"settings", {{"fees", Json::array({{{"name", "booking"}, {"per", "order"}, {"fixed", "2.00"}}})}}}});
  const Json sale = sold(1);
  EC_EXPECT_OK(call(as_user(Role::admin), "cancel_ticket", {{"ticket_id", sale["tickets"][0]["id"]}}));
  EXPECT_EQ(order_state(sale), "active/paid");
  EXPECT_EQ(left(category_), 10);
  EXPECT_EQ(accepted(try_cancel(as_user(Role::admin), sale))["refund"]["amount"], "12.00");
  EXPECT_EQ(order_state(sale), "cancelled/paid");
}

TEST_F(RefundsTest, AnOrderThatHoldsNoMoneyIsOverWithItsLastTicket) {
  const Uuid free = add_category(event_, 5, {{"base_price", "0"}});
  const Json sale = place(free, 2);
  const auto cancel = [&](std::size_t which) {
    return call(as_user(Role::admin), "cancel_ticket",
                {{"ticket_id", sale["tickets"][which]["id"]}, {"reason", "double booking"}});
  };
  EC_EXPECT_OK(cancel(0));
  EXPECT_EQ(order_state(sale), "active/paid");
  EC_EXPECT_OK(cancel(1));
  EXPECT_EQ(order_state(sale), "cancelled/paid");
  EXPECT_EQ(row(tables::ticket_orders, id_of(sale["order"]))[col::ticket_orders::cancel_reason].text(),
            "double booking");
}

TEST_F(RefundsTest, FeesPerOrderStayAndFeesPerTicketGoWithIt) {
  set(tables::events, event_,
      {{"settings",
        {{"fees", Json::array({{{"name", "service"}, {"per", "ticket"}, {"fixed", "1.00"}},
                               {{"name", "booking"}, {"per", "order"}, {"fixed", "2.00"}}})}}}});
  const Json sale = sold(2);
  EXPECT_EQ(sale["order"]["total_amount"], "24.00");
  EXPECT_EQ(refund(ids_of(sale, {0}))["refund"]["amount"], "11.00");
  EXPECT_EQ(refund(ids_of(sale, {1}))["refund"]["amount"], "11.00");
}

TEST_F(RefundsTest, SalesFiguresPutARefundIntoTheHourInWhichItWentBack) {
  const Json sale = sold(2, {{"referral_source", "NewsLetter"}});
  clock_.advance(3 * hour_us);
  refund(ids_of(sale, {0}));
  namespace c = col::ticket_sales_analytics;
  EXPECT_EQ(count(tables::ticket_sales_analytics), 1);  // only promised
  clock_.advance(2 * hour_us);
  pay_out(sale, {{"amount", "4.00"}, {"reference", "re_1"}});
  pay_out(sale, {{"reference", "re_2"}});
  const LocalTime local = local_time(clock_.now_us(), "UTC").assume_value();
  EXPECT_EQ(
      count(tables::ticket_sales_analytics,
            Expr::all_of({Expr::equals(c::hour.index, local.hour), Expr::equals(c::tickets_sold.index, 0),
                          Expr::equals(c::revenue.index, 0), Expr::equals(c::orders_count.index, 0),
                          Expr::equals(c::traffic_source.index, "newsletter"), Expr::equals(c::refunds_count.index, 1),
                          Expr::equals(c::refunds_amount.index, 100'000)})),
      1);
  const Json report = accepted(call(as_user(Role::admin), "event_report", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(report["revenue"]["USD"], "10.00");
  EXPECT_EQ(report["refunds"]["USD"], "10.00");
  const Json curve = accepted(
      call(as_user(Role::admin), "sales_curve", {{"event_id", to_text(event_)}, {"step", "hour"}, {"svg", false}}));
  EXPECT_EQ(curve["points"]["USD"].size(), 1U);
}

TEST_F(RefundsTest, PaymentStatusFollowsImportedPayments) {
  const Json placed = place(category_, 2);
  const Json base = {{"order_id", placed["order"]["id"]}, {"kind", "payment"}, {"currency", "USD"}};
  Json paid = base;
  paid.update({{"amount", "20.00"}, {"status", "succeeded"}});
  add(tables::order_payments, paid);
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(left(category_), 10);  // nothing is held any more; an import brings its tickets along
  Json back = base;
  back.update({{"kind", "refund"}, {"amount", "5.00"}, {"status", "succeeded"}});
  add(tables::order_payments, back);
  EXPECT_EQ(order_state(placed), "active/partially_refunded");
}

TEST_F(RefundsTest, Inventory22ACancelledOrdersTicketsAreCancelledWithIt) {
  const Json sale = sold(2);
  EC_EXPECT_OK(try_cancel(as_user(Role::admin), sale));
  EXPECT_EQ(tickets_that_are("cancelled"), 2);
  EXPECT_EQ(left(category_), 10);
  // By every way of writing: the order's state alone, and a ticket that is imported under it.
  const Json other = sold(1);
  EC_EXPECT_OK(engine_change(tables::ticket_orders, id_of(other["order"]),
                             {{col::ticket_orders::order_status.index, Value("cancelled")}}));
  EXPECT_EQ(tickets_that_are("valid"), 0);
  const Uuid ticket = id_of(other["tickets"][0]);
  EXPECT_FALSE(engine_change(tables::tickets, ticket, {{t::status.index, Value("valid")}}).has_value());
}

TEST_F(RefundsTest, Inventory53RefundedOrdersAreNotPaidAgain) {
  const Json sale = sold(2);
  EC_EXPECT_OK(try_cancel(as_user(Role::admin), sale));
  pay_out(sale, {{"reference", "re_1"}});
  const Json again = confirm(sale, {{"provider", "stripe"}, {"reference", "pi_1"}});
  EXPECT_EQ(order_state(sale), "refunded/refunded");
  EXPECT_EQ(tickets_that_are("valid"), 0);
  confirm(sale, {{"provider", "stripe"}, {"reference", "pi_new"}});
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(tickets_that_are("valid"), 0);
}

// Orders of random size and prices, tickets returned one after the other and in heaps, paid out in random parts, and
// banks that take money back in between.
TEST_F(RefundsTest, RefundsNeverExceedPaymentsAndSharesAddUp) {
  std::mt19937_64 random(testing::seed());
  const auto draw = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
  };
  for (int round = 0; round < 12; ++round) {
    const Uuid category = add_category(event_, 20, {{"base_price", money_to_text(draw(9'999) * 100 + 10'000, "USD")}});
    const Json placed = place(category, 1 + draw(8));
    const Json sale = confirm(placed, {{"provider", "stripe"}, {"reference", "pr_" + std::to_string(round)}});
    std::vector<std::string> open;
    for (const Json& ticket : sale["tickets"]) open.push_back(ticket["id"]);
    const bool disputed = draw(4) == 0;
    while (!open.empty()) {
      Json ids = Json::array();
      for (std::int64_t n = 1 + draw(static_cast<std::int64_t>(open.size())); n > 0; --n) {
        ids.push_back(open.back());
        open.pop_back();
      }
      refund(ids);
      if (disputed && draw(3) == 0) {
        EC_EXPECT_OK(try_charge_back(sale, "0.50", "dp_" + std::to_string(round) + "_" + std::to_string(open.size())));
      }
      if (draw(2) == 0) {
        const auto due = rows_of(sale, "refund");
        if (std::any_of(due.begin(), due.end(), [](const Record& one) { return one[p::status].text() == "due"; }))
          pay_out(sale, {{"amount", "0.01"}});
      }
    }
    std::int64_t in = row(tables::ticket_orders, id_of(sale["order"]))[col::ticket_orders::total_amount].integer();
    for (const Record& one : rows_of(sale, "chargeback")) in -= one[p::amount].integer();
    std::int64_t back = 0;
    for (const Record& one : rows_of(sale, "refund")) {
      if (one[p::status].text() == "failed") continue;
      back += one[p::amount].integer();
      std::int64_t shares = 0;
      const auto parts = rules::ticketing::shares_of(one);
      ASSERT_TRUE(parts.has_value());
      for (const auto& share : parts.assume_value()) shares += share.amount;
      EXPECT_EQ(shares, one[p::amount].integer());
    }
    EXPECT_EQ(back, std::max<std::int64_t>(in, 0)) << "all that may go back does, and no more";
    EXPECT_EQ(left(category), 20);
  }
}

}  // namespace eventcore::test
