// Payments of an order as rows, and the order's payment state, which follows them and nothing else.
// Invariants: one row per (provider, reference, kind); a row that succeeded stays so; a refund is written as due and
// becomes money only when the provider says so.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <vector>

#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

inline constexpr std::string_view counter_provider = "counter";  // paid at the box office

// How a payment is told apart from others. Without a reference it cannot be recognised again.
struct PaymentName {
  std::string provider{counter_provider};
  std::optional<std::string> reference;
};

// What of a refund is for which ticket.
struct TicketShare {
  Uuid ticket;
  std::int64_t amount = 0;
};

struct NewPayment {
  PaymentName name;
  std::string kind = "payment";
  std::string status = "succeeded";
  std::int64_t amount = 0;
  std::string currency;
  std::optional<std::string> method;
  std::optional<Micros> occurred_at;
  std::vector<TicketShare> shares;  // of a refund of tickets; none for money that never bought one
};

// What has come in, gone out and is promised, in the order's currency.
struct Money {
  std::int64_t in = 0;
  std::int64_t out = 0;  // refunds and chargebacks
  std::int64_t refunded = 0;
  std::int64_t due = 0;
  [[nodiscard]] std::int64_t left() const { return in - out - due; }
};

// An order's rows in the order in which they were recorded, whichever process recorded them.
Result<std::vector<Record>> payments_of(store::Reader& reader, const Record& order);
Result<std::vector<Record>> payments_of(work::Reading& reading, const Record& order);

// The payment (refund, chargeback) of that name, whichever order it belongs to.
Result<std::optional<Record>> find_payment(work::Reading& reading, const Uuid& organization, const PaymentName& name,
                                           std::string_view kind = "payment");

Result<Record> add_payment(work::UnitOfWork& uow, const Record& order, const NewPayment& payment);

Money money_of(const Record& order, const std::vector<Record>& payments);
bool is_row(const Record& payment, std::string_view kind, std::string_view status);

// ticket_shares of a row: [{ticket_id, amount}, ...] in the order of the tickets.
Result<std::vector<TicketShare>> shares_of(const Record& payment);
Value shares_value(const std::vector<TicketShare>& shares, const std::string& currency);

// What payment_status has to be with these rows.
std::string payment_status_after(const Record& order, const std::vector<Record>& payments);

// A refund of all that `payment` brought, promised and not yet paid out.
Status promise_refund(work::UnitOfWork& uow, const Record& order, const Record& payment);

// The order to be paid: viewable to the caller, who may run the command.
Result<Record> open_order(work::Reading& reading, const schema::CommandDef& command, const Uuid& id);

// Names are kept in indexed columns: invalid_argument when one is too long for that.
Result<PaymentName> payment_name(const std::optional<std::string>& provider,
                                 const std::optional<std::string>& reference);

}  // namespace eventcore::rules::ticketing
