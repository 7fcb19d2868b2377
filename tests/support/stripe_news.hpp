// What Stripe sends: events about payment intents, and their deliveries signed with a secret.
// Thread: any; pure functions.
#pragma once

#include <string>

#include "base/json.hpp"
#include "rules/pure/stripe.hpp"

namespace eventcore::test::stripe {

inline Json event_of(const std::string& id, const std::string& type, const Json& object) {
  return {{"id", id}, {"type", type}, {"created", 1'789'999'000}, {"data", {{"object", object}}}};
}
inline Json succeeded(const std::string& id, const std::string& intent, std::int64_t amount,
                      const std::string& currency = "usd") {
  return event_of(id, "payment_intent.succeeded", {{"id", intent}, {"amount", amount}, {"currency", currency}});
}
inline Json failed(const std::string& id, const std::string& intent) {
  return event_of(id, "payment_intent.payment_failed", {{"id", intent}});
}
inline Json refunded(const std::string& id, const std::string& intent, std::int64_t amount, std::int64_t so_far,
                     const std::string& currency = "usd") {
  return event_of(id, "charge.refunded",
                  {{"id", "ch_" + intent},
                   {"payment_intent", intent},
                   {"amount", amount},
                   {"amount_refunded", so_far},
                   {"currency", currency}});
}
// The same, with what had been given back of that payment before.
inline Json refunded_since(const std::string& id, const std::string& intent, std::int64_t amount, std::int64_t before,
                           std::int64_t so_far, const std::string& currency = "usd") {
  Json event = refunded(id, intent, amount, so_far, currency);
  event["data"]["previous_attributes"] = {{"amount_refunded", before}};
  return event;
}
inline Json dispute(const std::string& id, const std::string& intent, std::int64_t amount,
                    const std::string& status = "lost", const std::string& currency = "usd") {
  return event_of(id, "charge.dispute.closed",
                  {{"id", "dp_" + intent},
                   {"payment_intent", intent},
                   {"amount", amount},
                   {"currency", currency},
                   {"status", status}});
}

// The arguments of apply_stripe_webhook for a delivery signed at `time`, in Unix seconds.
inline Json delivery(const std::string& organization, const std::string& body, const std::string& secret,
                     std::int64_t time) {
  return {
      {"organization_id", organization},
      {"payload", body},
      {"signature", "t=" + std::to_string(time) + ",v1=" + rules::pure::stripe_signature(as_bytes(secret), time, body)},
  };
}

}  // namespace eventcore::test::stripe
