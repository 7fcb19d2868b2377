// Deliveries as Stripe makes them: signed bodies about the payment intents of orders.
// Thread: one test.
#pragma once

#include <string>

#include "rules/pure/stripe.hpp"
#include "sale.hpp"

namespace eventcore::test {

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

  static Json event_of(const std::string& id, const std::string& type, const Json& object) {
    return {{"id", id}, {"type", type}, {"created", 1'789'999'000}, {"data", {{"object", object}}}};
  }
  static Json succeeded(const std::string& id, const std::string& intent, std::int64_t amount,
                        const std::string& currency = "usd") {
    return event_of(id, "payment_intent.succeeded", {{"id", intent}, {"amount", amount}, {"currency", currency}});
  }
  static Json failed(const std::string& id, const std::string& intent) {
    return event_of(id, "payment_intent.payment_failed", {{"id", intent}});
  }
  static Json refunded(const std::string& id, const std::string& intent, std::int64_t amount, std::int64_t so_far) {
    return event_of(id, "charge.refunded",
                    {{"id", "ch_" + intent},
                     {"payment_intent", intent},
                     {"amount", amount},
                     {"amount_refunded", so_far},
                     {"currency", "usd"}});
  }
  static Json dispute(const std::string& id, const std::string& intent, std::int64_t amount,
                      const std::string& status = "lost") {
    return event_of(id, "charge.dispute.closed",
                    {{"id", "dp_" + intent},
                     {"payment_intent", intent},
                     {"amount", amount},
                     {"currency", "usd"},
                     {"status", status}});
  }

  Json delivery(const std::string& body, const std::string& with = secret, std::int64_t ahead_s = 0) {
    const std::int64_t time = clock_.now_us() / 1'000'000 + ahead_s;
    return {{"organization_id", to_text(organization_)},
            {"payload", body},
            {"signature",
             "t=" + std::to_string(time) + ",v1=" + rules::pure::stripe_signature(as_bytes(with), time, body)}};
  }
  Result<Json> try_deliver(const Json& event, const std::string& with = secret) {
    return call(as_service(), "apply_stripe_webhook", delivery(dump(event), with));
  }
  std::string deliver(const Json& event, const std::string& with = secret) {
    return accepted(try_deliver(event, with)).value("effect", "");
  }

  // An order whose payment under that intent has begun.
  Json begun(const std::string& intent, std::int64_t quantity = 2) {
    Json placed = place(category_, quantity);
    accepted(call(as_service(), "start_payment",
                  {{"order_id", placed["order"]["id"]}, {"provider", "stripe"}, {"reference", intent}}));
    return placed;
  }
  std::int64_t tickets(const Json& placed, const std::string& status) {
    namespace c = col::tickets;
    return count(tables::tickets, Expr::all_of({Expr::equals(c::order_id.index, id_of(placed["order"])),
                                                Expr::equals(c::status.index, status)}));
  }
};

}  // namespace eventcore::test
