// confirm_payment: money has come in. An order that waits for it becomes paid and gets its tickets in the same step;
// one that expired comes back if its places are still there; whatever else is recorded, with all of it due back.
#include <algorithm>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/issue_tickets.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/sales_figures.hpp"
#include "rules/ticketing/terms.hpp"
#include "rules/ticketing/waiting.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;
namespace p = col::order_payments;

struct Confirmation {
  Record order;
  PaymentName name;
  std::string method;
  Micros occurred_at = 0;
  std::optional<Record> known;  // the payment of that name, when it was noted before
};

// The box office takes cash and cards; other ways of paying are confirmed by those who hear from the provider.
Status check_method(const work::UnitOfWork& uow, const Confirmation& given) {
  if (uow.facts().kind != policy::PrincipalKind::user || given.method == "cash" || given.method == "card") return ok();
  return fail_fact(Errc::payment_refused, "method", given.method);
}

Status check_refused(const work::UnitOfWork& uow, const Confirmation& given) {
  EC_TRYV(check_method(uow, given));
  if (given.known && (*given.known)[p::order_id].uuid() != given.order.id())
    return fail(Errc::payment_refused, "the reference belongs to another order's payment");
  if (given.order[o::total_amount].integer() == 0) return fail(Errc::payment_refused, "the order is free");
  return ok();
}

Status check_amount(const Confirmation& given, const schema::Arguments& arguments) {
  const auto amount = parse_decimal(arguments.text("amount"), money_scale);
  FailureDetail detail;
  if (arguments.text("currency") != given.order[o::currency].text())
    detail.fields.push_back({"currency", "is not the order's"});
  if (!amount || amount.assume_value() != given.order[o::total_amount].integer())
    detail.fields.push_back({"amount", "is not the order's total"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::payment_mismatch, std::move(detail));
}

Result<Record> record_success(work::UnitOfWork& uow, const Confirmation& given) {
  if (given.known) {
    Record payment = *given.known;
    EC_TRYV(uow.change(payment, {assign(p::status, "succeeded"), assign(p::method, given.method),
                                 assign(p::occurred_at, given.occurred_at)}));
    return payment;
  }
  NewPayment payment;
  payment.name = given.name;
  payment.amount = given.order[o::total_amount].integer();
  payment.currency = given.order[o::currency].text();
  payment.method = given.method;
  payment.occurred_at = given.occurred_at;
  return add_payment(uow, given.order, payment);
}

// What tickets are made from: the order's event, lines and their categories, one by one.
struct Sale {
  Record event;
  std::vector<Record> items;
  std::vector<Record> categories;
};

Result<Sale> read_sale(work::UnitOfWork& uow, const Record& order) {
  EC_TRY(event, uow.must_find(schema::tables::events, order.organization_id(), order[o::event_id].uuid()));
  EC_TRY(items, items_of(uow, order));
  Sale sale{std::move(event), std::move(items), {}};
  for (const Record& item : sale.items) {
    EC_TRY(category, uow.must_find(schema::tables::ticket_categories, order.organization_id(),
                                   item[col::ticket_order_items::ticket_category_id].uuid()));
    sale.categories.push_back(std::move(category));
  }
  return sale;
}

// May an order that expired come back: does the event still sell, and are all its places left, those apart that others
// wait for?
Result<bool> still_to_be_had(work::UnitOfWork& uow, const Sale& sale) {
  if (!check_event_on_sale(sale.event, uow.now())) return false;
  for (std::size_t i = 0; i < sale.items.size(); ++i) {
    const Record& category = sale.categories[i];
    if (!category_on_sale(category, uow.now())) return false;
    EC_TRY(left, left_unwaited(uow, category));
    if (sale.items[i][col::ticket_order_items::quantity].integer() > left) return false;
  }
  return true;
}

Result<std::vector<Record>> make_paid(work::UnitOfWork& uow, Confirmation& given, const Sale& sale) {
  EC_TRY(payments, payments_of(uow, given.order));
  EC_TRYV(uow.change(given.order, {assign(o::order_status, "active"),
                                   assign(o::payment_status, payment_status_after(given.order, payments)),
                                   assign(o::payment_method, given.method), assign(o::paid_at, given.occurred_at),
                                   assign(o::cancel_reason, Value()), assign(o::expires_at, Value())}));
  EC_TRY(amounts, stored_amounts(given.order, sale.items));
  std::vector<const Record*> categories;
  for (const Record& category : sale.categories) categories.push_back(&category);
  EC_TRY(tickets, issue_tickets(uow, sale.event, given.order, sale.items, categories, amounts));
  EC_TRYV(count_sale(uow, sale.event, given.order, sale.items));
  return tickets;
}

// Money for an order that cannot take it: kept on record, all of it due back.
Status give_back(work::UnitOfWork& uow, Confirmation& given, const Record& payment) {
  EC_TRYV(promise_refund(uow, given.order, payment));
  EC_TRY(payments, payments_of(uow, given.order));
  return uow.change(given.order, {assign(o::payment_status, payment_status_after(given.order, payments))});
}

Result<std::vector<Record>> tickets_of(work::UnitOfWork& uow, const Record& order) {
  store::Query query;
  query.table = &schema::tables::tickets;
  query.organization = order.organization_id();
  query.where = is(col::tickets::order_id, order.id());
  return uow.scan(query);
}

Result<Json> answer(work::UnitOfWork& uow, const Record& order, const std::vector<Record>& tickets) {
  EC_TRY(order_json, written_row(uow, order));
  EC_TRY(tickets_json, written_rows(uow, tickets));
  return Json{{"order", std::move(order_json)}, {"tickets", std::move(tickets_json)}};
}

Result<Confirmation> read_confirmation(work::UnitOfWork& uow, const schema::CommandDef& command,
                                       const schema::Arguments& arguments) {
  EC_TRY(name, payment_name(arguments.optional_text("provider"), arguments.optional_text("reference")));
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  EC_TRY(known, find_payment(uow, order.organization_id(), name));
  const Micros occurred_at = std::min(arguments.optional_time("occurred_at").value_or(uow.now()), uow.now());
  return Confirmation{std::move(order), std::move(name), arguments.text("method"), occurred_at, std::move(known)};
}

}  // namespace

Result<Json> confirm_payment(work::UnitOfWork& uow, const schema::CommandDef& command,
                             const schema::Arguments& arguments) {
  EC_TRY(given, read_confirmation(uow, command, arguments));
  EC_TRYV(check_refused(uow, given));
  EC_TRYV(check_amount(given, arguments));
  if (given.known && (*given.known)[p::status].text() == "succeeded") {
    EC_TRY(tickets, tickets_of(uow, given.order));
    return answer(uow, given.order, tickets);
  }
  EC_TRY(payment, record_success(uow, given));
  const bool expired = given.order[o::order_status].text() == "cancelled" &&
                       given.order[o::cancel_reason].text() == "expired" && given.order[o::paid_at].is_null();
  if (waits_for_payment(given.order) || expired) {
    EC_TRY(sale, read_sale(uow, given.order));
    EC_TRY(to_be_had, expired ? still_to_be_had(uow, sale) : Result<bool>(true));
    if (to_be_had) {
      EC_TRY(tickets, make_paid(uow, given, sale));
      return answer(uow, given.order, tickets);
    }
  }
  EC_TRYV(give_back(uow, given, payment));
  EC_TRY(tickets, tickets_of(uow, given.order));
  return answer(uow, given.order, tickets);
}

}  // namespace eventcore::rules::ticketing
