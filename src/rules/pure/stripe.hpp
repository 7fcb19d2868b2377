// Stripe's webhooks without a store: is this delivery signed by one of our secrets, and what does its body say?
// Invariants: verification comes first and looks at bytes only; reading refuses what is not shaped as Stripe shapes it,
// naming every bad member, and never takes an amount it cannot hold exactly.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace eventcore::rules::pure {

inline constexpr std::int64_t stripe_tolerance_s = 300;

// One "t" (the last counts), any number of "v1"; other keys say nothing.
struct StripeSignature {
  std::int64_t time = 0;  // Unix seconds
  std::vector<std::string_view> candidates;
};
// Nothing when there is no usable "t" or no "v1". Refers to `header`.
std::optional<StripeSignature> read_stripe_signature(std::string_view header);

// Whether one of `secrets` signed `payload` at a time at most 300 whole seconds from now, in either direction. All
// secrets are tried, and each comparison takes the same time whether it holds or not.
bool stripe_signed(std::string_view header, std::string_view payload, std::span<const ByteView> secrets, Micros now_us);

// Lower-case hex of HMAC-SHA256 over "<time>.<payload>".
std::string stripe_signature(ByteView secret, std::int64_t time, std::string_view payload);

enum class StripeTopic : std::uint8_t {
  payment_succeeded,  // payment_intent.succeeded
  payment_failed,     // payment_intent.payment_failed
  charge_refunded,    // charge.refunded
  dispute_closed,     // charge.dispute.closed
  invoice_paid,       // invoice.payment_succeeded
  other,              // acknowledged, no more
};

struct StripeMoney {
  std::int64_t amount = 0;  // 1/10,000 of the currency
  std::string currency;     // upper case
};

struct StripeEvent {
  std::string id;
  std::string type;
  StripeTopic topic = StripeTopic::other;
  std::optional<Micros> created;
  std::optional<std::string> intent;            // of payments, refunds and disputes; a charge may have none
  StripeMoney money;                            // of the payment, the charge or the dispute
  std::int64_t refunded = 0;                    // charge_refunded: all that was returned so far, 1/10,000
  std::optional<std::int64_t> refunded_before;  // charge_refunded: what had been, when the event says so
  std::string dispute;                          // dispute_closed: its id
  bool lost = false;                            // dispute_closed
  std::optional<std::string> tier;              // invoice_paid: metadata.subscription_tier, as it stands there
  std::optional<std::string> tenant;            // invoice_paid: metadata.organization_id, as it stands there
};

// invalid_json, or invalid_argument naming members below "payload".
Result<StripeEvent> read_stripe_event(std::string_view payload);

// Stripe's integers: minor units of ISO 4217, except that ISK and UGX are told with two digits and MGA with none.
// Nothing when the currency is unknown or the amount is not positive, too large or no whole number of minor units.
std::optional<StripeMoney> stripe_money(std::int64_t amount, std::string_view currency);

}  // namespace eventcore::rules::pure
