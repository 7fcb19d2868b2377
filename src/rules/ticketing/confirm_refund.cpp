// confirm_refund: promised money has been paid out.
#include <algorithm>

#include "base/currency.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace p = col::order_payments;

struct Promise {
  Record order;
  std::optional<Record> row;  // the one meant, when it was named
};

Result<Promise> promise_named(work::UnitOfWork& uow, const schema::CommandDef& command,
                              const schema::Arguments& arguments) {
  if (arguments.has("order_id") == arguments.has("payment_id"))
    return fail_field(Errc::invalid_argument, "order_id", "exactly one of order_id and payment_id is given");
  if (const auto order_id = arguments.optional_uuid("order_id")) {
    EC_TRY(order, open_order(uow, command, *order_id));
    return Promise{std::move(order), std::nullopt};
  }
  // A payment's id alone names no tenant; the session's is meant.
  EC_TRY(row, uow.get(schema::tables::order_payments, arguments.uuid("payment_id"),
                      arguments.optional_uuid("organization_id")));
  EC_TRY(order, uow.must_find(schema::tables::ticket_orders, row.organization_id(), row[p::order_id].uuid()));
  EC_TRYV(require(uow, command, order));
  return Promise{std::move(order), std::move(row)};
}

// Whether a refund of that reference is on record: of this order, then nothing is to be done, or of another.
Result<bool> told_before(work::UnitOfWork& uow, const Promise& promise, const std::optional<std::string>& reference) {
  if (!reference) return false;
  store::Query query;
  query.table = &schema::tables::order_payments;
  query.organization = promise.order.organization_id();
  query.where = Expr::all_of({is(p::order_id, promise.order.id()), is(p::reference, *reference), is(p::kind, "refund")});
  EC_TRY(rows, uow.scan(query));
  return !rows.empty();
}

Result<std::vector<Record>> due_rows(work::UnitOfWork& uow, const Promise& promise) {
  std::vector<Record> due;
  if (promise.row) {
    if (!is_row(*promise.row, "refund", "due"))
      return fail_fact(Errc::wrong_state, "state",
                       (*promise.row)[p::kind].text() + "/" + (*promise.row)[p::status].text());
    due.push_back(*promise.row);
    return due;
  }
  EC_TRY(payments, payments_of(uow, promise.order));
  for (Record& payment : payments)
    if (is_row(payment, "refund", "due") && payment[p::currency] == promise.order[col::ticket_orders::currency])
      due.push_back(std::move(payment));
  if (due.empty()) return fail_fact(Errc::wrong_state, "state", "nothing is due");
  return due;
}

// A reference names one refund of one provider, whichever order it belongs to.
Status check_reference(work::UnitOfWork& uow, const std::vector<Record>& due,
                       const std::optional<std::string>& reference) {
  for (const Record& row : due) {
    if (!reference || row[p::provider].is_null()) continue;
    EC_TRY(taken, find_payment(uow, row.organization_id(), {row[p::provider].text(), reference}, "refund"));
    if (taken) return fail(Errc::payment_refused, "the reference belongs to another order's refund");
  }
  return ok();
}

Result<std::int64_t> amount_paid_out(const std::vector<Record>& due, const schema::Arguments& arguments) {
  const std::string& currency = due.front()[p::currency].text();
  std::int64_t all = 0;
  for (const Record& row : due) all += row[p::amount].integer();
  if (!arguments.has("amount")) return all;
  EC_TRY(amount, arguments.money_units("amount", currency));
  if (amount == 0) return fail_field(Errc::invalid_argument, "amount", "must be more than 0");
  if (amount > all) return fail_fact(Errc::payment_mismatch, "due", money_to_text(all, currency));
  return amount;
}

Result<Json> answer(work::UnitOfWork& uow, const Record& order) {
  EC_TRY(row, written_row(uow, order));
  EC_TRY(payments, payments_of(uow, order));
  std::vector<Record> refunds;
  for (Record& payment : payments)
    if (payment[p::kind].text() == "refund" && payment[p::status].text() != "failed")
      refunds.push_back(std::move(payment));
  EC_TRY(rows, written_rows(uow, refunds));
  return Json{{"order", std::move(row)}, {"refunds", std::move(rows)}};
}

}  // namespace

Result<Json> confirm_refund(work::UnitOfWork& uow, const schema::CommandDef& command,
                            const schema::Arguments& arguments) {
  EC_TRY(name, payment_name(std::nullopt, arguments.optional_text("reference")));
  EC_TRY(promise, promise_named(uow, command, arguments));
  EC_TRY(repeat, told_before(uow, promise, name.reference));
  if (repeat) return answer(uow, promise.order);
  EC_TRY(due, due_rows(uow, promise));
  EC_TRYV(check_reference(uow, due, name.reference));
  EC_TRY(amount, amount_paid_out(due, arguments));
  const Micros occurred_at = std::min(arguments.optional_time("occurred_at").value_or(uow.now()), uow.now());
  EC_TRYV(cover_due(uow, promise.order, std::move(due), amount, name.reference, occurred_at));
  EC_TRYV(follow_payments(uow, promise.order));
  return answer(uow, promise.order);
}

}  // namespace eventcore::rules::ticketing
