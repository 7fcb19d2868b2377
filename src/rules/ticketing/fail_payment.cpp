// fail_payment: an attempt to pay came to nothing. The places stay held until the order expires, a paid order stays
// paid, and a failure that arrives after the same payment's success changes nothing.
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;
namespace p = col::order_payments;

// The attempt meant: the one of that reference, else the last one still open.
Record* attempt_of(std::vector<Record>& payments, const schema::Arguments& arguments) {
  const std::optional<std::string> provider = arguments.optional_text("provider");
  const std::optional<std::string> reference = arguments.optional_text("reference");
  Record* found = nullptr;
  for (Record& payment : payments) {
    if (payment[p::kind].text() != "payment") continue;
    if (provider && payment[p::provider].text() != *provider) continue;
    if (reference ? payment[p::reference].text() == *reference : payment[p::status].text() == "pending")
      found = &payment;
  }
  return found;
}

Status note_failure(work::UnitOfWork& uow, Record& order, const PaymentName& name) {
  NewPayment payment;
  payment.name = name;
  payment.status = "failed";
  payment.amount = order[o::total_amount].integer();
  payment.currency = order[o::currency].text();
  payment.occurred_at = uow.now();
  EC_TRYV(add_payment(uow, order, payment));
  return ok();
}

}  // namespace

Result<Json> fail_payment(work::UnitOfWork& uow, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRY(name, payment_name(arguments.optional_text("provider"), arguments.optional_text("reference")));
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  EC_TRY(payments, payments_of(uow, order));
  if (Record* attempt = attempt_of(payments, arguments); attempt != nullptr) {
    if ((*attempt)[p::status].text() == "pending")
      EC_TRYV(uow.change(*attempt, {assign(p::status, "failed"), assign(p::occurred_at, uow.now())}));
  } else if (waits_for_payment(order)) {
    EC_TRY(elsewhere, find_payment(uow, order.organization_id(), name));
    if (elsewhere) return fail_field(Errc::not_found, "reference", "there is no such payment of this order");
    EC_TRYV(note_failure(uow, order, name));
  }
  if (waits_for_payment(order)) {
    EC_TRY(recorded, payments_of(uow, order));
    EC_TRYV(uow.change(order, {assign(o::payment_status, payment_status_after(order, recorded))}));
  }
  EC_TRY(row, written_row(uow, order));
  return Json{{"order", std::move(row)}};
}

}  // namespace eventcore::rules::ticketing
