// apply_stripe_webhook: what each kind of event does, once, and what is refused without a trace.
#include <algorithm>
#include <array>

#include "policy/principal.hpp"
#include "webhook.hpp"

namespace eventcore::test {

using policy::Role;

TEST_F(WebhookTest, SuccessPaysIssuesAndQueuesTheConfirmationInOneStep) {
  const Json placed = begun("pi_1");
  const Json reply = accepted(try_deliver(succeeded("evt_1", "pi_1", 2'000)));
  EXPECT_EQ(reply["effect"], "paid");
  EXPECT_EQ(reply["order"]["payment_status"], "paid");
  EXPECT_EQ(reply["event"]["provider_event_id"], "evt_1");
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(tickets(placed, "valid"), 2);
  EXPECT_EQ(count(tables::communication_logs), 1);
}

TEST_F(WebhookTest, Inventory52EverySuccessFindsItsOneOrder) {
  const Json first = begun("pi_1");
  const Json second = begun("pi_2");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "paid");
  EXPECT_EQ(order_state(first), "active/paid");
  EXPECT_EQ(order_state(second), "active/processing");
  EXPECT_EQ(count(tables::tickets), 2);
}

TEST_F(WebhookTest, Inventory53ARepeatedDeliveryHasNoEffect) {
  const Json placed = begun("pi_1");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "paid");
  const std::int64_t entries = count(tables::audit_logs);
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "duplicate");
  EXPECT_EQ(count(tables::audit_logs), entries);
  EXPECT_EQ(deliver(succeeded("evt_2", "pi_1", 2'000)), "none");  // the same news under another id
  EXPECT_EQ(tickets(placed, "valid"), 2);
  EXPECT_EQ(payments("payment", "succeeded"), 1);
  EXPECT_EQ(count(tables::communication_logs), 1);
}

TEST_F(WebhookTest, Inventory53ARefundedOrderIsNotPaidAgain) {
  const Json placed = begun("pi_1");
  deliver(succeeded("evt_1", "pi_1", 2'000));
  EXPECT_EQ(deliver(refunded("evt_2", "pi_1", 2'000, 2'000)), "refunded");
  EXPECT_EQ(order_state(placed), "refunded/refunded");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "duplicate");
  EXPECT_EQ(deliver(succeeded("evt_3", "pi_1", 2'000)), "none");
  EXPECT_EQ(order_state(placed), "refunded/refunded");
  EXPECT_EQ(tickets(placed, "valid"), 0);
  EXPECT_EQ(left(category_), 10);
}

TEST_F(WebhookTest, AFailureAfterTheSuccessHasNoEffect) {
  const Json placed = begun("pi_1");
  EXPECT_EQ(deliver(failed("evt_1", "pi_1")), "failed");
  EXPECT_EQ(order_state(placed), "active/failed");
  EXPECT_EQ(left(category_), 8);
  EXPECT_EQ(deliver(succeeded("evt_2", "pi_1", 2'000)), "paid");
  EXPECT_EQ(deliver(failed("evt_3", "pi_1")), "none");
  EXPECT_EQ(order_state(placed), "active/paid");
}

TEST_F(WebhookTest, RefundsAreCumulativeAndOlderNewsIsNone) {
  const Json placed = begun("pi_1");
  deliver(succeeded("evt_1", "pi_1", 2'000));
  EXPECT_EQ(deliver(refunded("evt_3", "pi_1", 2'000, 700)), "refunded");
  EXPECT_EQ(deliver(refunded("evt_2", "pi_1", 2'000, 500)), "none");
  EXPECT_EQ(order_state(placed), "active/partially_refunded");
  EXPECT_EQ(tickets(placed, "valid"), 2);
  EXPECT_EQ(deliver(refunded("evt_4", "pi_1", 2'000, 2'000)), "refunded");
  EXPECT_EQ(order_state(placed), "refunded/refunded");
  EXPECT_EQ(tickets(placed, "cancelled"), 2);
}

TEST_F(WebhookTest, ARefundToldBeforeItsPaymentTellsOfBoth) {
  const Json placed = begun("pi_1");
  EXPECT_EQ(deliver(refunded("evt_2", "pi_1", 2'000, 500)), "refunded");
  EXPECT_EQ(order_state(placed), "active/partially_refunded");
  EXPECT_EQ(tickets(placed, "valid"), 2);
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "none");
  EXPECT_EQ(payments("payment", "succeeded"), 1);
}

TEST_F(WebhookTest, ARefundThatTheHostConfirmedIsNotTakenTwiceBesideAnotherPayment) {
  const Json placed = paid_twice();
  confirm_refund(placed, "re_1");
  EXPECT_EQ(order_state(placed), "active/partially_refunded");
  EXPECT_EQ(deliver(refunded_since("evt_4", "pi_1", 2'000, 0, 2'000)), "none");
  EXPECT_EQ(order_state(placed), "active/partially_refunded");
  EXPECT_EQ(tickets(placed, "valid"), 2);
  EXPECT_EQ(payments("refund", "succeeded"), 1);
  // What goes back of the other payment is news.
  EXPECT_EQ(deliver(refunded_since("evt_5", "pi_2", 2'000, 0, 500)), "refunded");
  EXPECT_EQ(tickets(placed, "valid"), 2);
  EXPECT_EQ(deliver(refunded_since("evt_6", "pi_2", 2'000, 500, 2'000)), "refunded");
  EXPECT_EQ(order_state(placed), "refunded/refunded");
  EXPECT_EQ(tickets(placed, "cancelled"), 2);
}

TEST_F(WebhookTest, ReportsOfSeveralPaymentsAddUpInWhateverOrderTheyAreHeard) {
  namespace p = col::order_payments;
  const auto refunded_in_all = [&](const Json& placed) {
    std::int64_t sum = 0;
    EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
      store::Query query;
      query.table = &tables::order_payments;
      query.organization = organization_;
      query.where = Expr::all_of({Expr::equals(p::order_id.index, id_of(placed["order"])),
                                  Expr::equals(p::kind.index, "refund"), Expr::equals(p::status.index, "succeeded")});
      EC_TRY(rows, reader.list(query));
      for (const Record& row : rows) sum += row[p::amount].integer();
      return ok();
    }));
    return sum;
  };
  std::array<int, 3> order{0, 1, 2};
  int round = 0;
  do {
    const std::string end = "_" + std::to_string(++round);
    const Json placed = paid_twice(1, end);
    confirm_refund(placed, "re" + end);
    const Json reports[] = {refunded_since("evt_4" + end, "pi_1" + end, 1'000, 0, 400),
                            refunded_since("evt_5" + end, "pi_1" + end, 1'000, 400, 1'000),
                            refunded_since("evt_6" + end, "pi_2" + end, 1'000, 0, 300)};
    for (const int which : order) deliver(reports[which]);
    EXPECT_EQ(refunded_in_all(placed), 130'000) << end;
    EXPECT_EQ(tickets(placed, "valid"), 1) << end;
    EXPECT_EQ(order_state(placed), "active/partially_refunded") << end;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(round, 6);
}

TEST_F(WebhookTest, ARefundOfAnotherCurrencyPaysNoPromiseOfTheOrders) {
  const Json placed = begun_again();
  const Json issued = accepted(try_deliver(succeeded("evt_2", "pi_2", 2'000)));
  EXPECT_EQ(issued["effect"], "paid");
  const Json ticket = accepted(call(as_service(organization_), "search_attendees",
                                    {{"event_id", to_text(event_)}, {"query", "bea"}}))["tickets"][0];
  accepted(call(as_service(organization_), "refund_tickets",
                {{"ticket_ids", Json::array({ticket["id"]})}, {"reason", "ill"}}));
  EXPECT_EQ(deliver(succeeded("evt_3", "pi_1", 2'000, "eur")), "payment_mismatch");
  EXPECT_EQ(payments("refund", "due"), 2);
  EXPECT_EQ(deliver(refunded("evt_4", "pi_1", 2'000, 2'000, "eur")), "refunded");
  EXPECT_EQ(payments("refund", "due"), 1) << "10.00 USD";
  EXPECT_EQ(payments("refund", "succeeded"), 1) << "20.00 EUR";
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(deliver(refunded("evt_5", "pi_1", 2'500, 2'500, "eur")), "refunded") << "more than was due";
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(tickets(placed, "valid"), 1);
}

// An import said paid, without saying how. What Stripe tells of that payment later is not a second one.
TEST_F(WebhookTest, ThePaymentOfAnImportedOrderIsTheOneItWasPaidBy) {
  const auto imported = [&](const std::string& intent) {
    const Uuid order = add(tables::ticket_orders, {{"event_id", to_text(event_)},
                                                   {"order_number", make_order_number(*random_)},
                                                   {"customer_email", "old@example.org"},
                                                   {"customer_name", "Old"},
                                                   {"subtotal", "20.00"},
                                                   {"total_amount", "20.00"},
                                                   {"payment_status", "paid"},
                                                   {"paid_at", "2026-09-01T00:00:00Z"},
                                                   {"stripe_payment_intent_id", intent}});
    add_line(order, category_, 2);
    add_ticket(order, category_);
    return Json{{"order", {{"id", to_text(order)}}}};
  };
  const Json again = imported("pi_1");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "none");
  EXPECT_EQ(order_state(again), "active/paid");
  EXPECT_EQ(payments("refund", "due"), 0);
  EXPECT_EQ(payments("payment", "succeeded"), 1);
  const Json goodwill = imported("pi_2");
  EXPECT_EQ(deliver(refunded("evt_2", "pi_2", 2'000, 500)), "refunded");
  EXPECT_EQ(order_state(goodwill), "active/partially_refunded");
  EXPECT_EQ(payments("refund", "due"), 0);
  EXPECT_EQ(tickets(goodwill, "valid"), 1);
  // One more is a second payment, as ever.
  accepted(
      call(as_service(), "confirm_payment",
           {{"order_id", again["order"]["id"]}, {"amount", "20.00"}, {"currency", "USD"}, {"reference", "cash_1"}}));
  EXPECT_EQ(payments("refund", "due"), 1);
}

TEST_F(WebhookTest, ALostDisputeIsAChargebackAndAWonOneNothing) {
  const Json placed = begun("pi_1");
  EXPECT_EQ(deliver(dispute("evt_2", "pi_1", 2'000)), "unknown_payment");
  deliver(succeeded("evt_1", "pi_1", 2'000));
  EXPECT_EQ(deliver(dispute("evt_9", "pi_1", 2'000, "won")), "ignored");
  EXPECT_EQ(deliver(dispute("evt_2", "pi_1", 2'000)), "charged_back");
  EXPECT_EQ(deliver(dispute("evt_3", "pi_1", 2'000)), "none");
  EXPECT_EQ(order_state(placed), "active/refunded");
  EXPECT_EQ(payments("chargeback", "succeeded"), 1);
}

TEST_F(WebhookTest, ADisputeOverMoreThanCameOrInAnotherCurrencyTakesNothing) {
  const Json placed = begun("pi_1");
  deliver(succeeded("evt_1", "pi_1", 2'000));
  EXPECT_EQ(deliver(dispute("evt_2", "pi_1", 2'000, "lost", "eur")), "payment_mismatch");
  EXPECT_EQ(deliver(dispute("evt_3", "pi_1", 2'001)), "payment_mismatch");
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(payments("chargeback", "succeeded"), 0);
  EXPECT_EQ(deliver(dispute("evt_4", "pi_1", 2'000)), "charged_back");
  EXPECT_EQ(order_state(placed), "active/refunded");
}

TEST_F(WebhookTest, AnotherAmountOrCurrencyIsStoredAndIssuesNothing) {
  const Json placed = begun("pi_1");
  const Json other = begun("pi_2");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 1'999)), "payment_mismatch");
  EXPECT_EQ(deliver(succeeded("evt_2", "pi_2", 2'000, "eur")), "payment_mismatch");
  EXPECT_EQ(payments("payment", "succeeded"), 2);
  EXPECT_EQ(payments("refund", "due"), 2);
  EXPECT_EQ(count(tables::tickets), 0);
  EXPECT_EQ(count(tables::communication_logs), 0);
  EXPECT_NE(order_state(other), "active/paid");
}

TEST_F(WebhookTest, AnUnknownIntentIsKeptAndTakenWhenItIsDeliveredAgain) {
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "unknown_order");
  EXPECT_EQ(count(tables::payment_events), 1);
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "unknown_order");
  const Json placed = begun("pi_1");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "paid");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "duplicate");
  EXPECT_EQ(count(tables::payment_events), 1);
  EXPECT_EQ(order_state(placed), "active/paid");
}

TEST_F(WebhookTest, AnEarlierAttemptMaySucceedAfterAll) {
  const Json placed = begun_again();
  EXPECT_EQ(deliver(succeeded("evt_2", "pi_1", 2'000)), "paid");
  EXPECT_EQ(deliver(succeeded("evt_3", "pi_2", 2'000)), "refund_due");
  EXPECT_EQ(count(tables::tickets), 2);
}

TEST_F(WebhookTest, LatePaymentForTakenPlacesIsDueBack) {
  begun("pi_1");
  clock_.advance(16 * minute_us);
  sell(category_, 9, "90.00", {{"customer", {{"email", "carl@example.org"}}}});
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000)), "refund_due");
  EXPECT_EQ(payments("refund", "due"), 1);
}

TEST_F(WebhookTest, OtherEventsAreKeptAsIgnored) {
  EXPECT_EQ(deliver({{"id", "evt_1"}, {"type", "customer.created"}}), "ignored");
  EXPECT_EQ(deliver({{"id", "evt_1"}, {"type", "customer.created"}}), "duplicate");
  EXPECT_EQ(count(tables::payment_events), 1);
}

TEST_F(WebhookTest, WhatIsNotSignedOrNotReadableLeavesNothing) {
  begun("pi_1");
  const std::int64_t entries = count(tables::audit_logs);
  const std::string body = dump(succeeded("evt_1", "pi_1", 2'000));
  EC_EXPECT_REFUSED("signature_invalid", try_deliver(succeeded("evt_1", "pi_1", 2'000), "whsec_other"));
  EC_EXPECT_REFUSED("signature_invalid", call(as_service(), "apply_stripe_webhook", delivery(body, secret, -301)));
  EC_EXPECT_REFUSED("signature_invalid", call(as_service(), "apply_stripe_webhook", delivery(body, secret, 301)));
  Json changed = delivery(body);
  changed["payload"] = body + " ";
  EC_EXPECT_REFUSED("signature_invalid", call(as_service(), "apply_stripe_webhook", changed));
  changed["payload"] = "";
  EC_EXPECT_REFUSED("signature_invalid", call(as_service(), "apply_stripe_webhook", changed));
  changed.erase("signature");
  EC_EXPECT_REFUSED("invalid_argument", call(as_service(), "apply_stripe_webhook", changed));
  EC_EXPECT_REFUSED("invalid_json", call(as_service(), "apply_stripe_webhook", delivery("{\"id\":")));
  EC_EXPECT_REFUSED("invalid_json", call(as_service(), "apply_stripe_webhook", delivery(std::string(70, '['))));
  EC_EXPECT_REFUSED("invalid_argument", call(as_service(), "apply_stripe_webhook", delivery("{}")));
  EC_EXPECT_REFUSED("invalid_argument", try_deliver(succeeded("evt_1", "pi_1", 0)));
  EC_EXPECT_REFUSED("invalid_argument",
                    call(as_service(), "apply_stripe_webhook", delivery(std::string(2'000'001, ' '))));
  EXPECT_EQ(count(tables::audit_logs), entries);
  EXPECT_EQ(count(tables::payment_events), 0);
}

TEST_F(WebhookTest, NumbersThatLookLikeCardsAreNoReasonToRefuseAPayment) {
  begun("pi_1");
  Json event = succeeded("evt_1", "pi_1", 2'000);
  event["data"]["object"]["description"] = "4242 4242 4242 4242";
  EXPECT_EQ(deliver(event), "paid");
}

TEST_F(WebhookTest, OnlyActiveSecretsOfTheOrganizationCount) {
  begun("pi_1");
  const Json paid = succeeded("evt_1", "pi_1", 2'000);
  accepted(set_secret("next", "whsec_next"));
  EXPECT_EQ(deliver(failed("evt_0", "pi_1"), "whsec_next"), "failed");
  EXPECT_EQ(deliver(paid), "paid");  // both count while one is rolled
  accepted(call(as_service(organization_), "set_integration_secret",
                {{"kind", "stripe_webhook"}, {"name", "live"}, {"is_active", false}}));
  EC_EXPECT_REFUSED("signature_invalid", try_deliver(paid));
  EXPECT_EQ(deliver(paid, "whsec_next"), "duplicate");
  const Uuid neighbour = add_organization("Neighbours");
  accepted(call(as_service(neighbour), "set_integration_secret",
                {{"kind", "stripe_webhook"}, {"name", "live"}, {"value", "whsec_neighbour"}}));
  EC_EXPECT_REFUSED("signature_invalid", try_deliver(paid, "whsec_neighbour"));
}

TEST_F(WebhookTest, TheTenantsOfTwoOrganizationsDoNotMeet) {
  begun("pi_1");
  const Uuid neighbour = add_organization("Neighbours");
  accepted(call(as_service(neighbour), "set_integration_secret",
                {{"kind", "stripe_webhook"}, {"name", "live"}, {"value", "whsec_neighbour"}}));
  Json arguments = delivery(dump(succeeded("evt_1", "pi_1", 2'000)), "whsec_neighbour");
  arguments["organization_id"] = to_text(neighbour);
  EXPECT_EQ(accepted(call(as_service(), "apply_stripe_webhook", arguments))["effect"], "unknown_order");
  EXPECT_EQ(count(tables::tickets), 0);
}

TEST_F(WebhookTest, NobodyButTheServiceAndKeysOfTicketingMayDeliver) {
  begun("pi_1");
  const Json arguments = delivery(dump(succeeded("evt_1", "pi_1", 2'000)));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::owner), "apply_stripe_webhook", arguments));
  EC_EXPECT_REFUSED("command_denied", call(as_customer("bea@example.org"), "apply_stripe_webhook", arguments));
  EC_EXPECT_REFUSED("command_denied", call(as_anon(), "apply_stripe_webhook", arguments));
  const Json made =
      accepted(call(as_user(Role::admin), "create_api_key", {{"name", "shop"}, {"permissions", {"ticketing"}}}));
  const Json weak = accepted(call(as_user(Role::admin), "create_api_key",
                                  {{"name", "reader"}, {"permissions", {"ticketing:read", "organization"}}}));
  const auto as_key = [&](const Json& key) {
    Principal principal;
    EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(found, policy::authenticate_api_key(reader, key["token"].get<std::string>(), clock_.now_us()));
      principal = found;
      return ok();
    }));
    return principal;
  };
  EC_EXPECT_REFUSED("command_denied", call(as_key(weak), "apply_stripe_webhook", arguments));
  Json elsewhere = arguments;
  elsewhere["organization_id"] = to_text(add_organization("Neighbours"));
  EC_EXPECT_REFUSED("not_found", call(as_key(made), "apply_stripe_webhook", elsewhere));
  Json nowhere = arguments;
  nowhere["organization_id"] = "00000000-0000-4000-8000-000000000001";
  EC_EXPECT_REFUSED("not_found", call(as_key(made), "apply_stripe_webhook", nowhere));
  EC_EXPECT_REFUSED("not_found", call(as_service(), "apply_stripe_webhook", nowhere));
  EXPECT_EQ(accepted(call(as_key(made), "apply_stripe_webhook", arguments))["effect"], "paid");
}

// ---- subscriptions ------------------------------------------------------------------------------------------------

class SubscriptionTest : public WebhookTest {
 protected:
  static constexpr const char* platform = "whsec_of_the_operator";
  void SetUp() override {
    WebhookTest::SetUp();
    accepted(set_secret("operator", platform, "stripe_billing"));
  }
  static Json invoice(const std::string& id, const std::string& tier, std::int64_t created = 1'789'999'000) {
    Json event = event_of(id, "invoice.payment_succeeded", {{"metadata", {{"subscription_tier", tier}}}});
    event["created"] = created;
    return event;
  }
  std::string tier() { return row(tables::organizations, organization_)[col::organizations::subscription_tier].text(); }
};

TEST_F(SubscriptionTest, APaidInvoiceSetsTheTierAndAnOlderOneDoesNotTakeItBack) {
  EXPECT_EQ(deliver(invoice("evt_2", "enterprise", 1'789'999'500), platform), "subscription_tier");
  EXPECT_EQ(tier(), "enterprise");
  EXPECT_EQ(deliver(invoice("evt_1", "pro", 1'789'999'000), platform), "none");
  EXPECT_EQ(tier(), "enterprise");
  EXPECT_EQ(deliver(invoice("evt_3", "pro", 1'789'999'900), platform), "subscription_tier");
  EXPECT_EQ(tier(), "pro");
  EXPECT_EQ(deliver(invoice("evt_4", "golden", 1'789'999'950), platform), "ignored");
}

TEST_F(SubscriptionTest, WhatTheOrganizationSignsItselfNeverChangesItsTier) {
  EXPECT_EQ(deliver(invoice("evt_1", "enterprise")), "ignored");
  EXPECT_EQ(tier(), "free");
  EXPECT_EQ(deliver(invoice("evt_1", "pro"), platform), "subscription_tier");  // another account, another event
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::owner), "set_integration_secret",
                                           {{"kind", "stripe_billing"}, {"name", "mine"}, {"value", "whsec_mine"}}));
}

TEST_F(SubscriptionTest, TheOperatorsAccountSaysNothingAboutSales) {
  const Json placed = begun("pi_1");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000), platform), "ignored");
  EXPECT_EQ(order_state(placed), "active/processing");
}

TEST_F(SubscriptionTest, OneSecretForBothAccountsServesBoth) {
  accepted(set_secret("live", platform));
  begun("pi_1");
  EXPECT_EQ(deliver(succeeded("evt_1", "pi_1", 2'000), platform), "paid");
  EXPECT_EQ(deliver(invoice("evt_2", "pro"), platform), "subscription_tier");
}

TEST_F(SubscriptionTest, AnInvoiceOfAnotherOrganizationIsIgnored) {
  Json event = invoice("evt_1", "pro");
  event["data"]["object"]["metadata"]["organization_id"] = "00000000-0000-4000-8000-000000000001";
  EXPECT_EQ(deliver(event, platform), "ignored");
  EXPECT_EQ(tier(), "free");
}

}  // namespace eventcore::test
