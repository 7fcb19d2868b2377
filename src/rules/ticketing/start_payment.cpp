// start_payment: a provider has begun to collect the money. The order is processing until it hears of the outcome.
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;

// One reference stands for one payment of one order, whoever the provider is.
Status check_intent(work::UnitOfWork& uow, const Record& order, const std::string& reference) {
  EC_TRY(taken, uow.reader().count(schema::tables::ticket_orders, order.organization_id(),
                                   Expr::all_of({is(o::stripe_payment_intent_id, reference),
                                                 Expr::compare(o::id.index, Expr::Op::ne, order.id())})));
  if (taken == 0) return ok();
  return fail_field(Errc::already_exists, "reference", "belongs to another order");
}

Result<Json> answer(work::UnitOfWork& uow, const Record& order) {
  EC_TRY(row, written_row(uow, order));
  return Json{{"order", std::move(row)}};
}

}  // namespace

Result<Json> start_payment(work::UnitOfWork& uow, const schema::CommandDef& command,
                           const schema::Arguments& arguments) {
  EC_TRY(name, payment_name(arguments.text("provider"), arguments.text("reference")));
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  EC_TRY(known, find_payment(uow, order.organization_id(), name));
  if (known) {
    if ((*known)[col::order_payments::order_id].uuid() != order.id())
      return fail_field(Errc::already_exists, "reference", "belongs to another order");
    return answer(uow, order);  // noted before
  }
  EC_TRYV(check_intent(uow, order, *name.reference));
  const std::string& state = order[o::payment_status].text();
  if (!waits_for_payment(order) || state == "processing")
    return fail_fact(Errc::wrong_state, "state", order[o::order_status].text() + "/" + state);

  NewPayment payment;
  payment.name = name;
  payment.status = "pending";
  payment.amount = order[o::total_amount].integer();
  payment.currency = order[o::currency].text();
  EC_TRYV(add_payment(uow, order, payment));
  EC_TRY(payments, payments_of(uow, order));
  EC_TRYV(uow.change(order, {assign(o::stripe_payment_intent_id, *name.reference),
                             assign(o::payment_status, payment_status_after(order, payments))}));
  return answer(uow, order);
}

}  // namespace eventcore::rules::ticketing
