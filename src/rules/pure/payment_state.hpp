// The payment state of an order, from its order_payments rows.
// Invariants: derived from the rows alone; only succeeded rows are money.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace eventcore::rules::pure {

enum class PaymentKind : std::uint8_t { payment, refund, chargeback };
enum class PaymentRowStatus : std::uint8_t { pending, due, succeeded, failed };
enum class PaymentStatus : std::uint8_t { pending, processing, paid, failed, refunded, partially_refunded };

std::string_view word(PaymentKind kind);
std::string_view word(PaymentRowStatus status);
std::string_view word(PaymentStatus status);
std::optional<PaymentKind> payment_kind(std::string_view text);
std::optional<PaymentRowStatus> payment_row_status(std::string_view text);

struct PaymentRow {
  PaymentKind kind = PaymentKind::payment;
  PaymentRowStatus status = PaymentRowStatus::pending;
  std::int64_t amount = 0;
};

struct PaymentSums {
  std::int64_t in = 0;          // succeeded payments
  std::int64_t out = 0;         // succeeded refunds and chargebacks
  std::int64_t refund_due = 0;  // refunds promised and not yet paid out
};
PaymentSums payment_sums(std::span<const PaymentRow> rows);

// `rows` in the order in which they were recorded. Money that never made up the total pays nothing: it counts from a
// payment of the whole total on, or once all payments together reach it with no refund among the rows, or when the
// order was paid before. Nothing paid in: an order over 0 is paid; else the last payment row decides (pending = the
// provider is at it = processing), and none is pending.
PaymentStatus payment_status(std::span<const PaymentRow> rows, std::int64_t order_total, bool was_paid = false);

}  // namespace eventcore::rules::pure
