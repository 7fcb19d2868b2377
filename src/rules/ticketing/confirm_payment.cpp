// confirm_payment: money has come in, says whoever may confirm it. What follows is in settle.hpp.
#include <algorithm>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;
namespace p = col::order_payments;

// The box office takes cash and cards; other ways of paying are confirmed by those who hear from the provider.
Status check_method(const work::UnitOfWork& uow, const std::string& method) {
  if (uow.facts().kind != policy::PrincipalKind::user || method == "cash" || method == "card") return ok();
  return fail_fact(Errc::payment_refused, "method", method);
}

Status check_refused(work::UnitOfWork& uow, const Record& order, const NewPayment& payment) {
  EC_TRYV(check_method(uow, *payment.method));
  EC_TRY(known, find_payment(uow, order.organization_id(), payment.name));
  if (known && (*known)[p::order_id].uuid() != order.id())
    return fail(Errc::payment_refused, "the reference belongs to another order's payment");
  if (order[o::total_amount].integer() == 0) return fail(Errc::payment_refused, "the order is free");
  return ok();
}

Status check_amount(const Record& order, const NewPayment& payment) {
  FailureDetail detail;
  if (payment.currency != order[o::currency].text()) detail.fields.push_back({"currency", "is not the order's"});
  if (payment.amount != order[o::total_amount].integer())
    detail.fields.push_back({"amount", "is not the order's total"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::payment_mismatch, std::move(detail));
}

}  // namespace

Result<Json> confirm_payment(work::UnitOfWork& uow, const schema::CommandDef& command,
                             const schema::Arguments& arguments) {
  NewPayment payment;
  EC_TRY(name, payment_name(arguments.optional_text("provider"), arguments.optional_text("reference")));
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  const auto amount = parse_decimal(arguments.text("amount"), money_scale);
  payment.name = std::move(name);
  payment.amount = amount ? amount.assume_value() : -1;  // -1, which no total is
  payment.currency = arguments.text("currency");
  payment.method = arguments.text("method");
  payment.occurred_at = std::min(arguments.optional_time("occurred_at").value_or(uow.now()), uow.now());
  EC_TRYV(check_refused(uow, order, payment));
  EC_TRYV(check_amount(order, payment));
  EC_TRY(settled, payment_succeeded(uow, order, payment));
  EC_TRY(order_json, written_row(uow, order));
  EC_TRY(tickets_json, written_rows(uow, settled.tickets));
  return Json{{"order", std::move(order_json)}, {"tickets", std::move(tickets_json)}};
}

}  // namespace eventcore::rules::ticketing
