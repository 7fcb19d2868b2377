#include "rules/ticketing/settle.hpp"

#include <algorithm>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/issue_tickets.hpp"
#include "rules/ticketing/messages.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/sales_figures.hpp"
#include "rules/ticketing/terms.hpp"
#include "rules/ticketing/waiting.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;
namespace p = col::order_payments;

// ---- money in -----------------------------------------------------------------------------------------------------

// The row of that name, which must be this order's.
Result<std::optional<Record>> known_row(work::UnitOfWork& uow, const Record& order, const PaymentName& name,
                                        std::string_view kind) {
  EC_TRY(known, find_payment(uow, order.organization_id(), name, kind));
  if (known && (*known)[p::order_id].uuid() != order.id())
    return fail(Errc::payment_refused, "the reference belongs to another order's payment");
  return known;
}

Result<Record> record_success(work::UnitOfWork& uow, const Record& order, const NewPayment& payment,
                              std::optional<Record> known) {
  if (!known) return add_payment(uow, order, payment);
  Record row = std::move(*known);
  EC_TRYV(uow.change(row, {assign(p::status, "succeeded"), assign(p::amount, payment.amount),
                           assign(p::currency, payment.currency), assign(p::method, value_or_null(payment.method)),
                           assign(p::occurred_at, value_or_null(payment.occurred_at))}));
  return row;
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

// Whoever cancelled an order took its deadline away; only one that ran out still has it. It is "refunded" when money
// that did not fit it went back meanwhile.
bool ran_out(const Record& order) {
  const std::string& stands = order[o::order_status].text();
  return (stands == "cancelled" || stands == "refunded") && order[o::cancel_reason] == Value("expired") &&
         order[o::paid_at].is_null() && !order[o::expires_at].is_null();
}

Result<Settlement> make_paid(work::UnitOfWork& uow, Record& order, const NewPayment& payment, const Sale& sale) {
  EC_TRYV(follow_payments(uow, order,
                          {assign(o::order_status, "active"), assign(o::payment_method, value_or_null(payment.method)),
                           assign(o::paid_at, payment.occurred_at.value_or(uow.now())),
                           assign(o::cancel_reason, Value()), assign(o::expires_at, Value())}));
  EC_TRY(amounts, stored_amounts(order, sale.items));
  std::vector<const Record*> categories;
  for (const Record& category : sale.categories) categories.push_back(&category);
  EC_TRY(tickets, issue_tickets(uow, sale.event, order, sale.items, categories, amounts));
  EC_TRYV(count_sale(uow, sale.event, order, sale.items));
  EC_TRYV(queue_order_confirmation(uow, sale.event, order, tickets));
  return Settlement{std::string(effects::paid), std::move(tickets)};
}

// Money that the order cannot take: kept on record, all of it due back. An order that waits for money although its
// event is off, or the money went back before it was told of, waits no longer.
Result<Settlement> give_back(work::UnitOfWork& uow, Record& order, const Record& row, bool owed,
                             const std::string& cancel_reason) {
  if (owed) EC_TRYV(promise_refund(uow, order, row));
  Changes more;
  if (!cancel_reason.empty())
    more = {assign(o::order_status, "cancelled"), assign(o::cancel_reason, cancel_reason),
            assign(o::expires_at, Value())};
  EC_TRYV(follow_payments(uow, order, std::move(more)));
  EC_TRY(tickets, tickets_of(uow, order));
  return Settlement{std::string(effects::refund_due), std::move(tickets)};
}

// ---- money out ----------------------------------------------------------------------------------------------------

std::int64_t unit_of(const Record& order) {
  return minor_unit(currency_digits(order[o::currency].text()).value_or(2));
}

// `amount` as shares in proportion to `whole`.
std::vector<TicketShare> part_of(const std::vector<TicketShare>& whole, std::int64_t amount, std::int64_t unit) {
  std::vector<Exact> weights;
  for (const TicketShare& share : whole) weights.emplace_back(share.amount);
  const auto parts = spread(amount, weights, unit);
  std::vector<TicketShare> shares;
  for (std::size_t i = 0; i < whole.size(); ++i) shares.push_back({whole[i].ticket, parts[i]});
  return shares;
}

std::vector<TicketShare> without(std::vector<TicketShare> whole, const std::vector<TicketShare>& part) {
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i].amount -= part[i].amount;
  return whole;
}

// One message may pay several rows out, but a reference names one row: the others get it with a number.
std::optional<std::string> numbered(const std::optional<std::string>& reference, int number) {
  if (!reference || number == 1) return reference;
  std::string text = *reference + "#" + std::to_string(number);
  if (text.size() > schema::indexed_text_bytes_max) return std::nullopt;
  return text;
}

// What makes up the row's money for a sale: its tickets' shares. Rows without any gave back what was never counted.
Status count_row(work::UnitOfWork& uow, const Record& order, std::vector<TicketShare> shares, bool whole,
                 Micros occurred_at) {
  if (shares.empty()) return ok();
  return count_refund(uow, order, {0, std::move(shares), whole, occurred_at});
}

Status pay_out_part(work::UnitOfWork& uow, const Record& order, Record& row, std::int64_t amount,
                    const std::optional<std::string>& reference, Micros occurred_at) {
  EC_TRY(shares, shares_of(row));
  NewPayment part;
  part.name = {row[p::provider].is_null() ? std::string(counter_provider) : row[p::provider].text(), reference};
  part.kind = "refund";
  part.amount = amount;
  part.currency = row[p::currency].text();
  if (!row[p::method].is_null()) part.method = row[p::method].text();
  part.occurred_at = occurred_at;
  part.shares = part_of(shares, amount, unit_of(order));
  EC_TRYV(uow.change(row, {assign(p::amount, row[p::amount].integer() - amount),
                           assign(p::ticket_shares, shares_value(without(shares, part.shares), part.currency))}));
  EC_TRYV(add_payment(uow, order, part));
  return count_row(uow, order, part.shares, false, occurred_at);
}

Status pay_out(work::UnitOfWork& uow, const Record& order, Record& row, const std::optional<std::string>& reference,
               Micros occurred_at) {
  EC_TRY(shares, shares_of(row));
  EC_TRYV(uow.change(row, {assign(p::status, "succeeded"), assign(p::reference, value_or_null(reference)),
                           assign(p::occurred_at, occurred_at)}));
  return count_row(uow, order, std::move(shares), true, occurred_at);
}

// What a provider gave back of its own accord, up to all that was paid: the order and what is still valid of it end.
Status end_order(work::UnitOfWork& uow, Record& order, const std::vector<Record>& tickets) {
  const bool used = std::any_of(tickets.begin(), tickets.end(),
                                [](const Record& ticket) { return ticket[col::tickets::status].text() == "used"; });
  if (!used && order[o::order_status].text() == "active")
    return follow_payments(
        uow, order,
        {assign(o::order_status, "cancelled"), assign(o::cancel_reason, "refunded"), assign(o::expires_at, Value())});
  for (Record ticket : tickets)
    if (ticket[col::tickets::status].text() == "valid")
      EC_TRYV(uow.change(ticket, {assign(col::tickets::status, "cancelled")}));
  return follow_payments(uow, order);
}

// What an order's rows say of one provider and one currency.
struct AtProvider {
  int payments = 0;
  std::int64_t refunded = 0;
  std::vector<Record> due;  // oldest first
};

AtProvider at_provider(std::vector<Record> rows, const std::string& provider, const std::string& currency) {
  AtProvider found;
  for (Record& row : rows) {
    if (row[p::provider].is_null() || row[p::provider].text() != provider) continue;
    if (row[p::currency].text() != currency) continue;
    if (is_row(row, "payment", "succeeded")) ++found.payments;
    if (is_row(row, "refund", "succeeded")) found.refunded += row[p::amount].integer();
    if (is_row(row, "refund", "due")) found.due.push_back(std::move(row));
  }
  return found;
}

// Refunds that the money left cannot pay any more are not owed, the latest first. One of which nothing is left still
// says which tickets came back: they are not returned a second time.
Status shrink_due(work::UnitOfWork& uow, const Record& order) {
  EC_TRY(rows, payments_of(uow, order));
  std::int64_t too_much = std::max<std::int64_t>(0, -money_of(order, rows).left());
  for (auto row = rows.rbegin(); row != rows.rend() && too_much > 0; ++row) {
    if (!is_row(*row, "refund", "due") || !((*row)[p::currency] == order[o::currency])) continue;
    const std::int64_t amount = (*row)[p::amount].integer();
    const std::int64_t kept = amount - std::min(amount, too_much);
    too_much -= amount - kept;
    EC_TRY(shares, shares_of(*row));
    Changes changes{
        assign(p::amount, kept),
        assign(p::ticket_shares, shares_value(part_of(shares, kept, unit_of(order)), order[o::currency].text()))};
    if (kept == 0) {
      changes.push_back(assign(p::status, "succeeded"));
      changes.push_back(assign(p::occurred_at, uow.now()));
    }
    EC_TRYV(uow.change(*row, changes));
  }
  return ok();
}

// More than was due. Whether all went back is asked of refunds alone: what a bank took bars the tickets at the gate and
// cancels none, whichever of the two is heard of first.
Status record_excess(work::UnitOfWork& uow, Record& order, const NewPayment& report) {
  if (report.currency != order[o::currency].text()) {  // it never counted towards the order, coming or going
    EC_TRYV(add_payment(uow, order, report));
    return ok();
  }
  EC_TRY(payments, payments_of(uow, order));
  EC_TRY(tickets, tickets_of(uow, order));
  const Money money = money_of(order, payments);
  const bool all = money.in > 0 && money.refunded + report.amount >= money.in;
  NewPayment refund = report;
  if (all) {
    std::vector<TicketShare> prices;
    for (const Record& ticket : tickets)
      if (ticket[col::tickets::status].text() == "valid")
        prices.push_back({ticket.id(), ticket[col::tickets::price_paid].integer()});
    refund.shares = part_of(prices, refund.amount, unit_of(order));
    if (prices.empty()) refund.shares.clear();
  }
  EC_TRYV(add_payment(uow, order, refund));
  EC_TRYV(shrink_due(uow, order));
  if (money.in > 0) EC_TRYV(count_refund(uow, order, {refund.amount, refund.shares, true, *refund.occurred_at}));
  return all ? end_order(uow, order, tickets) : ok();
}

}  // namespace

Result<std::vector<Record>> tickets_of(work::Reading& reading, const Record& order) {
  store::Query query;
  query.table = &schema::tables::tickets;
  query.organization = order.organization_id();
  query.where = is(col::tickets::order_id, order.id());
  return reading.scan(query);
}

Status follow_payments(work::UnitOfWork& uow, Record& order, Changes more) {
  EC_TRY(payments, payments_of(uow, order));
  Record after = order;
  for (const Assignment& a : more) after.at(a.index) = a.value;
  more.push_back(assign(o::payment_status, payment_status_after(after, payments)));
  const Money money = money_of(order, payments);
  const bool owed =
      std::any_of(payments.begin(), payments.end(), [](const Record& row) { return is_row(row, "refund", "due"); });
  // An order that was refunded is so no more when another payment of it is due back.
  const std::string& stands = after[o::order_status].text();
  const bool refunded = stands == "cancelled" && money.out > 0 && !owed;
  if (refunded || (stands == "refunded" && owed)) {
    std::erase_if(more, [](const Assignment& a) { return a.index == o::order_status.index; });
    more.push_back(assign(o::order_status, refunded ? "refunded" : "cancelled"));
  }
  return uow.change(order, more);
}

Status close_if_empty(work::UnitOfWork& uow, Record& order, const std::string& reason) {
  EC_TRY(tickets, tickets_of(uow, order));
  const bool left = std::any_of(tickets.begin(), tickets.end(), [](const Record& ticket) {
    const std::string& status = ticket[col::tickets::status].text();
    return status == "valid" || status == "used";
  });
  if (left || order[o::order_status].text() != "active") return follow_payments(uow, order);
  return follow_payments(uow, order, {assign(o::order_status, "cancelled"), assign(o::cancel_reason, reason)});
}

Result<Settlement> payment_succeeded(work::UnitOfWork& uow, Record& order, const NewPayment& payment) {
  EC_TRY(known, known_row(uow, order, payment.name, "payment"));
  if (payment.amount != order[o::total_amount].integer() || payment.currency != order[o::currency].text())
    return fail(Errc::payment_mismatch, "amount and currency are not the order's");
  if (known && (*known)[p::status].text() == "succeeded") {
    EC_TRY(tickets, tickets_of(uow, order));
    return Settlement{std::string(effects::none), std::move(tickets)};
  }
  EC_TRY(before, payments_of(uow, order));
  EC_TRY(row, record_success(uow, order, payment, std::move(known)));
  const bool late = ran_out(order);
  const bool waits = waits_for_payment(order);
  // An import said that the order was paid, and this is the payment it spoke of.
  const bool imported = order[o::order_status].text() == "active" && !waits && money_of(order, before).in == 0;
  if (imported && payment.amount > 0) {
    EC_TRYV(follow_payments(uow, order));
    EC_TRY(tickets, tickets_of(uow, order));
    return Settlement{std::string(effects::none), std::move(tickets)};
  }
  if (!waits && !late) return give_back(uow, order, row, true, "");
  EC_TRY(payments, payments_of(uow, order));
  const Money money = money_of(order, payments);
  // Told of the refund before the payment: nothing is left of the money, and nothing is owed.
  if (money.out >= money.in) return give_back(uow, order, row, false, waits ? "refunded" : "");
  EC_TRY(sale, read_sale(uow, order));
  if (waits && sale.event[col::events::status].text() == "cancelled")
    return give_back(uow, order, row, true, "event_cancelled");
  EC_TRY(to_be_had, late ? still_to_be_had(uow, sale) : Result<bool>(true));
  if (!to_be_had) return give_back(uow, order, row, true, "");
  return make_paid(uow, order, payment, sale);
}

Result<std::string> payment_mismatch_stored(work::UnitOfWork& uow, Record& order, const NewPayment& payment) {
  EC_TRY(known, known_row(uow, order, payment.name, "payment"));
  if (known && (*known)[p::status].text() == "succeeded") return std::string(effects::none);
  EC_TRY(row, record_success(uow, order, payment, std::move(known)));
  if (payment.amount > 0) EC_TRYV(promise_refund(uow, order, row));
  EC_TRYV(follow_payments(uow, order));
  return std::string(effects::payment_mismatch);
}

Status payment_failed(work::UnitOfWork& uow, Record& order, const PaymentName& name) {
  EC_TRY(payments, payments_of(uow, order));
  Record* attempt = nullptr;
  for (Record& payment : payments) {
    if (payment[p::kind].text() != "payment" || !(payment[p::provider] == Value(name.provider))) continue;
    if (name.reference ? payment[p::reference] == Value(*name.reference) : payment[p::status].text() == "pending")
      attempt = &payment;
  }
  if (attempt != nullptr) {
    if ((*attempt)[p::status].text() == "pending")
      EC_TRYV(uow.change(*attempt, {assign(p::status, "failed"), assign(p::occurred_at, uow.now())}));
  } else if (waits_for_payment(order)) {
    EC_TRY(elsewhere, find_payment(uow, order.organization_id(), name));
    if (elsewhere) return fail_field(Errc::not_found, "reference", "there is no such payment of this order");
    NewPayment payment;
    payment.name = name;
    payment.status = "failed";
    payment.amount = order[o::total_amount].integer();
    payment.currency = order[o::currency].text();
    payment.occurred_at = uow.now();
    EC_TRYV(add_payment(uow, order, payment));
  }
  return follow_payments(uow, order);
}

Result<std::int64_t> cover_due(work::UnitOfWork& uow, const Record& order, std::vector<Record> due, std::int64_t amount,
                               const std::optional<std::string>& reference, Micros occurred_at) {
  int number = 0;
  for (Record& row : due) {
    if (amount == 0) break;
    const std::int64_t take = std::min(amount, row[p::amount].integer());
    amount -= take;
    const auto name = numbered(reference, ++number);
    if (take == row[p::amount].integer()) {
      EC_TRYV(pay_out(uow, order, row, name, occurred_at));
    } else {
      EC_TRYV(pay_out_part(uow, order, row, take, name, occurred_at));
    }
  }
  return amount;
}

Result<std::string> refunds_reported(work::UnitOfWork& uow, Record& order, const RefundReport& report,
                                     const PaymentName& name, Micros occurred_at) {
  EC_TRY(known, known_row(uow, order, name, "refund"));
  if (known) return std::string(effects::none);
  EC_TRY(payments, payments_of(uow, order));
  AtProvider there = at_provider(std::move(payments), name.provider, report.currency);
  // Rows do not say which of several payments they gave back, so the reports of all are added up.
  const bool several = report.before && there.payments > 1;
  const std::int64_t reported = several ? report.told + (report.so_far - *report.before) : report.so_far;
  const std::int64_t news = reported - there.refunded;
  if (news <= 0) return std::string(effects::none);
  const auto rows = static_cast<int>(there.due.size());
  EC_TRY(excess, cover_due(uow, order, std::move(there.due), news, name.reference, occurred_at));
  if (excess > 0) {
    NewPayment refund;
    refund.name = {name.provider, numbered(name.reference, rows + 1)};
    refund.kind = "refund";
    refund.amount = excess;
    refund.currency = report.currency;
    refund.occurred_at = occurred_at;
    EC_TRYV(record_excess(uow, order, refund));
  }
  EC_TRYV(follow_payments(uow, order));
  return std::string(effects::refunded);
}

Status charged_back(work::UnitOfWork& uow, Record& order, std::int64_t amount, const PaymentName& name,
                    Micros occurred_at) {
  EC_TRY(known, known_row(uow, order, name, "chargeback"));
  if (known) return ok();
  EC_TRY(payments, payments_of(uow, order));
  const Money money = money_of(order, payments);
  if (money.in == 0) return fail(Errc::payment_refused, "nothing was paid that could be taken back");
  const std::int64_t charged_back_before = money.out - money.refunded;
  if (amount > money.in - charged_back_before)
    return fail_fact(Errc::payment_mismatch, "paid", money_to_text(money.in, order[o::currency].text()));
  NewPayment chargeback;
  chargeback.name = name;
  chargeback.kind = "chargeback";
  chargeback.amount = amount;
  chargeback.currency = order[o::currency].text();
  chargeback.occurred_at = occurred_at;
  EC_TRYV(add_payment(uow, order, chargeback));
  EC_TRYV(shrink_due(uow, order));
  return follow_payments(uow, order);
}

}  // namespace eventcore::rules::ticketing
