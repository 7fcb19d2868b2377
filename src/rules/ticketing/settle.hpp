// What a provider, or the counter, reports about money, applied to an order: a success, a failure, money that went
// back, a chargeback. Commands and webhooks go through the same functions, after checks of their own.
// Invariants: a report told twice (the same provider, reference and kind) has no second effect; payment_status follows
// the rows; a cancelled order of which nothing is due any more, and something went back, is refunded.
// Thread: belongs to one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rules/ticketing/payment.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

namespace effects {
inline constexpr std::string_view none = "none";              // known already, or too late to matter
inline constexpr std::string_view paid = "paid";              // the order is paid and has its tickets
inline constexpr std::string_view refund_due = "refund_due";  // recorded; the order cannot take it, all of it goes back
inline constexpr std::string_view failed = "failed";
inline constexpr std::string_view refunded = "refunded";
inline constexpr std::string_view charged_back = "charged_back";
inline constexpr std::string_view payment_mismatch = "payment_mismatch";  // stored, nothing issued, all of it goes back
}  // namespace effects

struct Settlement {
  std::string effect;
  std::vector<Record> tickets;  // all of the order
};

// A payment over the order's total. payment_refused when the name belongs to another order's payment,
// payment_mismatch when amount or currency are not the order's: nothing is written then. `order` becomes the stored
// row, here and below.
Result<Settlement> payment_succeeded(work::UnitOfWork& uow, Record& order, const NewPayment& payment);

// Money of another amount or currency: kept on record with all of it due back. The order waits on.
Result<std::string> payment_mismatch_stored(work::UnitOfWork& uow, Record& order, const NewPayment& payment);

// The attempt of that name came to nothing; without a reference the last one still open is meant. A failure that
// arrives after the success has no effect, and places stay held.
Status payment_failed(work::UnitOfWork& uow, Record& order, const PaymentName& name);

// What a provider says it has given back of one payment, in the payment's currency.
struct RefundReport {
  std::int64_t so_far = 0;             // all times together
  std::optional<std::int64_t> before;  // the same before this time, where it is told
  std::string currency;
  std::int64_t told = 0;  // what earlier reports of the order's payments in this currency told, all added up
};

// `name` holds the id of this refund or of the message that told it, never the charge's. What no row says yet goes to
// the refunds due at this provider, oldest first; a row covered in part keeps the rest. More than was due is recorded
// too, and if all refunds together make up what was paid, the tickets that are still valid are cancelled. The rows of a
// payment's refunds may have been confirmed by the host already. Where the order has several payments of the provider,
// rows do not say which of them they gave back: then all that was told, `told` and this, is held against all rows.
Result<std::string> refunds_reported(work::UnitOfWork& uow, Record& order, const RefundReport& report,
                                     const PaymentName& name, Micros occurred_at);

// The bank took `amount` back. Refunds still due shrink to what is left of the money, the latest first: nobody is paid
// twice. Tickets stay valid and are refused at the gate. Heard of before or after a refund, the end is the same:
// decision 56.
Status charged_back(work::UnitOfWork& uow, Record& order, std::int64_t amount, const PaymentName& name,
                    Micros occurred_at);

// A refund that was due and is paid out now: rows of `due` (the order's, oldest first) are covered up to `amount`.
// Answers what no row was left for.
Result<std::int64_t> cover_due(work::UnitOfWork& uow, const Record& order, std::vector<Record> due, std::int64_t amount,
                               const std::optional<std::string>& reference, Micros occurred_at);

// payment_status and order_status as the rows of payments say, together with `more`, in one write.
Status follow_payments(work::UnitOfWork& uow, Record& order, Changes more = {});

// The same; an order of which no ticket is left to be used is cancelled with it.
Status close_if_empty(work::UnitOfWork& uow, Record& order, const std::string& reason);

Result<std::vector<Record>> tickets_of(work::Reading& reading, const Record& order);

}  // namespace eventcore::rules::ticketing
