// Payments: intents, success early, late and twice, mismatches, failures, expiry.
#include "rules/ticketing/settle.hpp"
#include "sale.hpp"

namespace eventcore::test {

using policy::Role;

class PaymentTest : public SaleTest {
 protected:
  Result<Json> try_start(const Json& placed, const std::string& reference) {
    return call(as_service(), "start_payment",
                {{"order_id", placed["order"]["id"]}, {"provider", "stripe"}, {"reference", reference}});
  }
  Json fail_of(const Json& placed, const Json& more = Json::object()) {
    Json arguments = {{"order_id", placed["order"]["id"]}};
    arguments.update(more);
    return accepted(call(as_service(), "fail_payment", arguments));
  }
};

const Json intent_one = {{"provider", "stripe"}, {"reference", "pi_1"}};

TEST_F(PaymentTest, SuccessIssuesTheTicketsInTheSameStep) {
  const Json placed = place(category_, 2);
  accepted(try_start(placed, "pi_1"));
  EXPECT_EQ(order_state(placed), "active/processing");
  const Json paid = confirm(placed, intent_one);
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(paid["tickets"].size(), 2U);
  EXPECT_EQ(payments("payment", "succeeded"), 1);
  EXPECT_EQ(left(category_), 8);
}

TEST_F(PaymentTest, ARepeatedReferenceChangesNothing) {
  const Json placed = place(category_, 2);
  const Json first = confirm(placed, intent_one);
  const std::int64_t entries = count(tables::audit_logs);
  const Json again = confirm(placed, intent_one);
  EXPECT_EQ(first["tickets"], again["tickets"]);
  EXPECT_EQ(count(tables::audit_logs), entries);
  EXPECT_EQ(payments("payment", "succeeded"), 1);
}

TEST_F(PaymentTest, EveryBadNameOfAPaymentIsToldAndNothingIsWritten) {
  const Json placed = place(category_, 1);
  const std::string order = placed["order"]["id"];
  const std::int64_t entries = count(tables::audit_logs);
  const std::string too_long(schema::indexed_text_bytes_max + 1, 'x');
  for (const std::string& bad : {std::string(), too_long})
    for (const char* command : {"confirm_payment", "fail_payment", "start_payment", "record_chargeback"}) {
      Json arguments = {{"order_id", order}, {"provider", bad}, {"reference", bad}};
      const std::string_view name(command);
      if (name == "confirm_payment" || name == "record_chargeback") arguments["amount"] = "10.00";
      if (name == "confirm_payment") arguments["currency"] = "USD";
      const auto refused = call(as_service(), command, arguments);
      ASSERT_FALSE(refused.has_value()) << command;
      EXPECT_EQ(refused.error().name(), "invalid_argument") << refused.error().to_json();
      std::set<std::string> fields;
      for (const FieldError& field : refused.error().detail().fields) fields.insert(field.field);
      EXPECT_EQ(fields, (std::set<std::string>{"provider", "reference"})) << command << " " << bad.size();
    }
  EC_EXPECT_REFUSED("invalid_argument",
                    call(as_service(), "record_chargeback", {{"order_id", order}, {"amount", "0"}}));
  EXPECT_EQ(count(tables::audit_logs), entries);
  EXPECT_EQ(order_state(placed), "active/pending");
}

TEST_F(PaymentTest, AnotherAmountOrCurrencyWritesNothing) {
  const Json placed = place(category_, 2);
  const std::int64_t entries = count(tables::audit_logs);
  EC_EXPECT_REFUSED("payment_mismatch", try_confirm(placed, {{"amount", "19.99"}}));
  EC_EXPECT_REFUSED("payment_mismatch", try_confirm(placed, {{"currency", "EUR"}}));
  EXPECT_EQ(count(tables::audit_logs), entries);
  EXPECT_EQ(order_state(placed), "active/pending");
}

TEST_F(PaymentTest, ASecondPaymentIsRecordedAndDueBack) {
  const Json placed = place(category_, 2);
  confirm(placed, intent_one);
  const Json second = confirm(placed, {{"provider", "stripe"}, {"reference", "pi_2"}});
  EXPECT_EQ(second["tickets"].size(), 2U);
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(payments("payment", "succeeded"), 2);
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(count(tables::tickets), 2);
}

TEST_F(PaymentTest, ALatePaymentRevivesTheOrderWhileItsPlacesAreLeft) {
  const Json placed = place(category_, 2);
  clock_.advance(16 * minute_us);
  const Json expired = accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(expired, (Json{{"expired", 1}, {"more", false}}));
  EXPECT_EQ(left(category_), 10);
  const Json paid = confirm(placed, intent_one);
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(paid["tickets"].size(), 2U);
  EXPECT_TRUE(row(tables::ticket_orders, id_of(placed["order"]))[col::ticket_orders::cancel_reason].is_null());
  EXPECT_EQ(left(category_), 8);
}

TEST_F(PaymentTest, ALatePaymentRevivesTheOrderAlsoAfterMoneyThatDidNotFitWentBack) {
  const Json placed = place(category_, 2);
  EC_EXPECT_OK(run(as_service(), "report", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(order, unit.must_find(tables::ticket_orders, organization_, id_of(placed["order"])));
    rules::ticketing::NewPayment odd;
    odd.name = {"stripe", "pi_odd"};
    odd.amount = 100'000;
    odd.currency = "USD";
    odd.occurred_at = unit.now();
    EC_TRYV(rules::ticketing::payment_mismatch_stored(unit, order, odd));
    return Json();
  }));
  clock_.advance(16 * minute_us);
  accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}));
  accepted(call(as_service(organization_), "confirm_refund", {{"order_id", placed["order"]["id"]}}));
  EXPECT_TRUE(order_state(placed).starts_with("refunded/"));
  EXPECT_EQ(confirm(placed, intent_one)["tickets"].size(), 2U);
  EXPECT_TRUE(order_state(placed).starts_with("active/"));
  EXPECT_EQ(payments("refund", "due"), 0);
  EXPECT_EQ(left(category_), 8);
}

TEST_F(PaymentTest, ALatePaymentForTakenPlacesIsDueBackInFull) {
  const Json placed = place(category_, 2);
  clock_.advance(16 * minute_us);
  sell(category_, 9, "90.00", {{"customer", {{"email", "carl@example.org"}}}});
  const Json late = confirm(placed, intent_one);
  EXPECT_EQ(order_state(placed), "cancelled/paid");
  EXPECT_TRUE(late["tickets"].empty());
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(left(category_), 1);
  confirm(placed, intent_one);  // the repeat of a late one has no effect either
  EXPECT_EQ(payments("refund", "due"), 1);
}

TEST_F(PaymentTest, ALatePaymentForAnEventThatNoLongerSellsIsDueBack) {
  const Json placed = place(category_, 2);
  clock_.advance(16 * minute_us);
  accepted(call(as_service(), "expire_orders", {{"organization_id", to_text(organization_)}}));
  clock_.set(parse_rfc3339("2026-12-02T12:00:00Z").assume_value());
  confirm(placed);
  EXPECT_EQ(order_state(placed), "cancelled/paid");
  EXPECT_EQ(payments("refund", "due"), 1);
}

TEST_F(PaymentTest, AFailureUnderAnotherOrdersReferenceIsNotFoundAndChangesNothing) {
  confirm(place(category_, 1), intent_one);
  const Json second = place(category_, 1);
  const std::int64_t entries = count(tables::audit_logs);
  Json arguments = intent_one;
  arguments["order_id"] = second["order"]["id"];
  EC_EXPECT_REFUSED("not_found", call(as_service(), "fail_payment", arguments));
  EXPECT_EQ(order_state(second), "active/pending");
  EXPECT_EQ(payments("payment", "failed"), 0);
  EXPECT_EQ(count(tables::audit_logs), entries);
  arguments["reference"] = "pi_2";
  EC_EXPECT_OK(call(as_service(), "fail_payment", arguments));
  EXPECT_EQ(payments("payment", "failed"), 1);
}

TEST_F(PaymentTest, AFailureKeepsThePlacesAndMayBeFollowedBySuccess) {
  const Json placed = place(category_, 2);
  accepted(try_start(placed, "pi_1"));
  fail_of(placed, intent_one);
  EXPECT_EQ(order_state(placed), "active/failed");
  EXPECT_EQ(left(category_), 8);
  accepted(try_start(placed, "pi_2"));
  EXPECT_EQ(order_state(placed), "active/processing");
  confirm(placed, {{"provider", "stripe"}, {"reference", "pi_2"}});
  fail_of(placed, {{"provider", "stripe"}, {"reference", "pi_2"}});
  fail_of(placed);
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(payments("payment", "failed"), 1);
}

// Ids of another process may be smaller, and its clock may show the same moment.
TEST_F(PaymentTest, TheLastAttemptIsTheOneRecordedLastWhateverItsIdAndTime) {
  const Json placed = place(category_, 2);
  accepted(try_start(placed, "pi_1"));
  fail_of(placed, intent_one);
  TestClock behind(clock_.now_us() - hour_us);
  ids_ = std::make_unique<UuidSource>(behind, *random_);
  accepted(try_start(placed, "pi_2"));
  EXPECT_EQ(order_state(placed), "active/processing");
  fail_of(placed);
  EXPECT_EQ(payments("payment", "failed"), 2);
  accepted(try_start(placed, "pi_3"));
  EXPECT_EQ(order_state(placed), "active/processing");
}

TEST_F(PaymentTest, AnIntentBelongsToOneOrderAndStartsOnlyWhatWaits) {
  const Json first = place(category_, 1);
  const Json second = place(category_, 1);
  accepted(try_start(first, "pi_1"));
  accepted(try_start(first, "pi_1"));
  EXPECT_EQ(payments("payment", "pending"), 1);
  EC_EXPECT_REFUSED("already_exists", try_start(second, "pi_1"));
  EC_EXPECT_REFUSED("wrong_state", try_start(first, "pi_9"));
  EC_EXPECT_REFUSED("payment_refused", try_confirm(second, intent_one));
  confirm(second);
  EC_EXPECT_REFUSED("wrong_state", try_start(second, "pi_3"));
}

TEST_F(PaymentTest, TheBoxOfficeConfirmsCashAndCardOnly) {
  const Json placed = place(category_, 1);
  Json arguments = {{"order_id", placed["order"]["id"]}, {"amount", "10.00"}, {"currency", "USD"}};
  arguments["method"] = "transfer";
  EC_EXPECT_REFUSED("payment_refused", call(as_user(Role::admin), "confirm_payment", arguments));
  EC_EXPECT_REFUSED("command_denied", call(as_customer("bea@example.org"), "confirm_payment", arguments));
  EC_EXPECT_REFUSED("not_found", call(as_customer("carl@example.org"), "confirm_payment", arguments));
  arguments["method"] = "cash";
  EC_EXPECT_OK(call(as_user(Role::admin), "confirm_payment", arguments));
}

TEST_F(PaymentTest, AFreeOrderTakesNoMoney) {
  const Uuid free = add_category(event_, 5, {{"base_price", "0"}});
  const Json placed = place(free, 1);
  EC_EXPECT_REFUSED("payment_refused", try_confirm(placed));
}

TEST_F(PaymentTest, ExpiryTakesTheLongestDueFirstAndSaysWhenSomeAreLeft) {
  std::vector<Json> placed;
  for (int i = 0; i < 3; ++i) {
    placed.push_back(place(category_, 1));
    clock_.advance(minute_us);
  }
  clock_.advance(20 * minute_us);
  const Json some = accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}, {"limit", 2}}));
  EXPECT_EQ(some, (Json{{"expired", 2}, {"more", true}}));
  EXPECT_EQ(order_state(placed[0]), "cancelled/pending");
  EXPECT_EQ(order_state(placed[2]), "active/pending");
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::admin), "expire_orders", Json::object()));
  EC_EXPECT_REFUSED("organization_required", call(as_service(), "expire_orders", Json::object()));
  EC_EXPECT_OK(call(as_user(Role::admin), "expire_orders", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(left(category_), 10);
}

TEST_F(PaymentTest, UnpaidOrdersRunOutInEveryStateAndPaidOnesInNone) {
  const Json pending = place(category_, 1);
  const Json processing = place(category_, 1);
  const Json failed = place(category_, 1);
  const Json paid = place(category_, 1);
  accepted(try_start(processing, "pi_1"));
  fail_of(failed, {{"provider", "stripe"}, {"reference", "pi_2"}});  // an attempt that nobody had announced
  EXPECT_EQ(order_state(failed), "active/failed");
  confirm(paid);
  clock_.advance(hour_us);
  EXPECT_EQ(accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}))["expired"], 3);
  EXPECT_EQ(order_state(pending), "cancelled/pending");
  EXPECT_EQ(order_state(processing), "cancelled/processing");
  EXPECT_EQ(order_state(failed), "cancelled/failed");
  EXPECT_EQ(order_state(paid), "active/paid");
  EXPECT_EQ(left(category_), 9);
  confirm(processing, intent_one);
  EXPECT_EQ(order_state(processing), "active/paid") << "its places were left";
}

TEST_F(PaymentTest, AnOrderIsDueFromItsLastMomentOn) {
  const Json placed = place(category_, 1);
  clock_.advance(15 * minute_us - 1);
  EXPECT_EQ(accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}))["expired"], 0);
  clock_.advance(1);
  EXPECT_EQ(accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}))["expired"], 1);
}

TEST_F(PaymentTest, SalesFiguresCountByLocalHourCategoryAndSource) {
  set(tables::events, event_, {{"timezone", "Asia/Tokyo"}});
  sell(category_, 2, "20.00", {{"referral_source", "NewsLetter"}});
  sell(category_, 1, "10.00", {{"referral_source", "newsletter"}});
  sell(category_, 1, "10.00");
  namespace c = col::ticket_sales_analytics;
  const auto of_source = [&](const char* source) { return Expr::equals(c::traffic_source.index, source); };
  EXPECT_EQ(count(tables::ticket_sales_analytics), 2);
  EXPECT_EQ(count(tables::ticket_sales_analytics,
                  Expr::all_of({of_source("newsletter"), Expr::equals(c::tickets_sold.index, 3),
                                Expr::equals(c::revenue.index, 300'000), Expr::equals(c::orders_count.index, 2),
                                Expr::equals(c::average_order_value.index, 150'000)})),
            1);
  const LocalTime local = local_time(clock_.now_us(), "Asia/Tokyo").assume_value();
  EXPECT_EQ(count(tables::ticket_sales_analytics,
                  Expr::all_of({of_source("direct"), Expr::equals(c::date.index, local.date()),
                                Expr::equals(c::hour.index, local.hour)})),
            1);
}

TEST_F(PaymentTest, Inventory26AnIntentPaysOneOrderOnly) {
  const Json first = place(category_, 1);
  const Json second = place(category_, 1);
  accepted(try_start(first, "pi_1"));
  confirm(first, intent_one);
  EC_EXPECT_REFUSED("payment_refused", try_confirm(second, intent_one));
  EXPECT_EQ(order_state(second), "active/pending");
}

TEST_F(PaymentTest, Inventory52PaymentIssuesTicketsFromTheLines) {
  const Json placed = place(category_, 3);
  EXPECT_EQ(confirm(placed)["tickets"].size(), 3U);
  EXPECT_EQ(order_state(placed), "active/paid");
}

TEST_F(PaymentTest, Inventory53RepeatedDeliveriesMakeNoSecondTickets) {
  const Json placed = place(category_, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(confirm(placed, intent_one)["tickets"].size(), 3U);
  EXPECT_EQ(count(tables::tickets), 3);
}

}  // namespace eventcore::test
