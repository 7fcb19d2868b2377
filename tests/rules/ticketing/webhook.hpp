// Deliveries as Stripe makes them: signed bodies about the payment intents of orders.
// Thread: one test.
#pragma once

#include <string>

#include "sale.hpp"
#include "support/stripe_news.hpp"

namespace eventcore::test {

using stripe::dispute;
using stripe::event_of;
using stripe::failed;
using stripe::refunded;
using stripe::refunded_since;
using stripe::succeeded;

class WebhookTest : public SaleTest {
 protected:
  static constexpr const char* secret = "whsec_one_that_nobody_else_has";

  void SetUp() override {
    SaleTest::SetUp();
    accepted(set_secret("live", secret));
  }

  Result<Json> set_secret(const std::string& name, const std::string& value, const std::string& kind = "stripe_webhook",
                          bool is_active = true) {
    return call(as_service(organization_), "set_integration_secret",
                {{"kind", kind}, {"name", name}, {"value", value}, {"is_active", is_active}});
  }

  Json delivery(const std::string& body, const std::string& with = secret, std::int64_t ahead_s = 0) {
    return stripe::delivery(to_text(organization_), body, with, clock_.now_us() / 1'000'000 + ahead_s);
  }
  Result<Json> try_deliver(const Json& event, const std::string& with = secret) {
    return call(as_service(), "apply_stripe_webhook", delivery(dump(event), with));
  }
  std::string deliver(const Json& event, const std::string& with = secret) {
    return accepted(try_deliver(event, with)).value("effect", "");
  }

  void begin_payment(const Json& placed, const std::string& intent) {
    accepted(call(as_service(), "start_payment",
                  {{"order_id", placed["order"]["id"]}, {"provider", "stripe"}, {"reference", intent}}));
  }
  // An order whose payment under that intent has begun.
  Json begun(const std::string& intent, std::int64_t quantity = 2) {
    Json placed = place(category_, quantity);
    begin_payment(placed, intent);
    return placed;
  }
  // An order whose first attempt, pi_1, failed and whose second, pi_2, has begun. `end` sets it apart from others.
  Json begun_again(std::int64_t quantity = 2, const std::string& end = "") {
    Json placed = begun("pi_1" + end, quantity);
    deliver(failed("evt_1" + end, "pi_1" + end));
    begin_payment(placed, "pi_2" + end);
    return placed;
  }
  // Both succeeded, so one of the two payments must go back.
  Json paid_twice(std::int64_t quantity = 2, const std::string& end = "") {
    Json placed = begun_again(quantity, end);
    EXPECT_EQ(deliver(succeeded("evt_2" + end, "pi_2" + end, quantity * 1'000)), "paid");
    EXPECT_EQ(deliver(succeeded("evt_3" + end, "pi_1" + end, quantity * 1'000)), "refund_due");
    return placed;
  }
  void confirm_refund(const Json& placed, const std::string& reference) {
    accepted(call(as_service(organization_), "confirm_refund",
                  {{"order_id", placed["order"]["id"]}, {"reference", reference}}));
  }
  std::int64_t tickets(const Json& placed, const std::string& status) {
    namespace c = col::tickets;
    return count(tables::tickets, Expr::all_of({Expr::equals(c::order_id.index, id_of(placed["order"])),
                                                Expr::equals(c::status.index, status)}));
  }
};

}  // namespace eventcore::test
