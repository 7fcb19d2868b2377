#include "rules/pure/payment_state.hpp"

#include <initializer_list>

namespace eventcore::rules::pure {

namespace {

template <class Enum>
std::optional<Enum> find_word(std::initializer_list<Enum> all, std::string_view text) {
  for (const Enum one : all) {
    if (word(one) == text) {
      return one;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view word(PaymentKind kind) {
  switch (kind) {
    case PaymentKind::payment: return "payment";
    case PaymentKind::refund: return "refund";
    case PaymentKind::chargeback: return "chargeback";
  }
  return "";
}

std::string_view word(PaymentRowStatus status) {
  switch (status) {
    case PaymentRowStatus::pending: return "pending";
    case PaymentRowStatus::due: return "due";
    case PaymentRowStatus::succeeded: return "succeeded";
    case PaymentRowStatus::failed: return "failed";
  }
  return "";
}

std::string_view word(PaymentStatus status) {
  switch (status) {
    case PaymentStatus::pending: return "pending";
    case PaymentStatus::processing: return "processing";
    case PaymentStatus::paid: return "paid";
    case PaymentStatus::failed: return "failed";
    case PaymentStatus::refunded: return "refunded";
    case PaymentStatus::partially_refunded: return "partially_refunded";
  }
  return "";
}

std::optional<PaymentKind> payment_kind(std::string_view text) {
  return find_word({PaymentKind::payment, PaymentKind::refund, PaymentKind::chargeback}, text);
}

std::optional<PaymentRowStatus> payment_row_status(std::string_view text) {
  using S = PaymentRowStatus;
  return find_word({S::pending, S::due, S::succeeded, S::failed}, text);
}

PaymentSums payment_sums(std::span<const PaymentRow> rows) {
  PaymentSums sums;
  for (const PaymentRow& row : rows) {
    if (row.status == PaymentRowStatus::succeeded) {
      (row.kind == PaymentKind::payment ? sums.in : sums.out) += row.amount;
    } else if (row.kind == PaymentKind::refund &&
               (row.status == PaymentRowStatus::due || row.status == PaymentRowStatus::pending)) {
      sums.refund_due += row.amount;
    }
  }
  return sums;
}

namespace {

// A payment of another amount is kept and goes back; it must not make the order look paid.
bool makes_up(std::span<const PaymentRow> rows, const PaymentSums& sums, std::int64_t order_total) {
  bool refunds = false;
  for (const PaymentRow& row : rows) {
    if (row.kind == PaymentKind::payment && row.status == PaymentRowStatus::succeeded && row.amount == order_total) {
      return true;
    }
    refunds = refunds || (row.kind == PaymentKind::refund && row.status != PaymentRowStatus::failed);
  }
  return !refunds && sums.in >= order_total;
}

}  // namespace

PaymentStatus payment_status(std::span<const PaymentRow> rows, std::int64_t order_total, bool was_paid) {
  const PaymentSums sums = payment_sums(rows);
  if (sums.in > 0 && (was_paid || makes_up(rows, sums, order_total))) {
    if (sums.out == 0) {
      return PaymentStatus::paid;
    }
    return sums.out < sums.in ? PaymentStatus::partially_refunded : PaymentStatus::refunded;
  }
  if (order_total == 0) {
    return PaymentStatus::paid;
  }
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (row->kind != PaymentKind::payment) {
      continue;
    }
    switch (row->status) {
      case PaymentRowStatus::failed: return PaymentStatus::failed;
      case PaymentRowStatus::pending: return PaymentStatus::processing;
      case PaymentRowStatus::due:        // owed, nobody is paying yet
      case PaymentRowStatus::succeeded:  // over nothing
        return PaymentStatus::pending;
    }
  }
  return PaymentStatus::pending;
}

}  // namespace eventcore::rules::pure
