#include "rules/ticketing/payment.hpp"

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "rules/pure/payment_state.hpp"
#include "rules/recorded.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<std::vector<Record>> payments_of(store::Reader& reader, const Record& order) {
  store::Query query;
  query.table = &schema::tables::order_payments;
  query.organization = order.organization_id();
  query.where = is(col::order_payments::order_id, order.id());
  EC_TRY(rows, reader.list(query));
  EC_TRYV(sort_as_recorded(reader, rows));
  return rows;
}

Result<std::vector<Record>> payments_of(work::Reading& reading, const Record& order) {
  return payments_of(reading.reader(), order);
}

Result<std::optional<Record>> find_payment(work::Reading& reading, const Uuid& organization, const PaymentName& name,
                                           std::string_view kind) {
  namespace c = col::order_payments;
  if (!name.reference) return std::optional<Record>{};
  store::Query query;
  query.table = &schema::tables::order_payments;
  query.organization = organization;
  query.where =
      Expr::all_of({is(c::provider, name.provider), is(c::reference, *name.reference), is(c::kind, std::string(kind))});
  query.limit = 1;
  EC_TRY(rows, reading.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

Result<Record> add_payment(work::UnitOfWork& uow, const Record& order, const NewPayment& payment) {
  namespace c = col::order_payments;
  const Changes row{
      assign(c::organization_id, order.organization_id()),
      assign(c::event_id, order[col::ticket_orders::event_id]),
      assign(c::order_id, order.id()),
      assign(c::kind, payment.kind),
      assign(c::status, payment.status),
      assign(c::amount, payment.amount),
      assign(c::currency, payment.currency),
      assign(c::method, value_or_null(payment.method)),
      assign(c::provider, payment.name.provider),
      assign(c::reference, value_or_null(payment.name.reference)),
      assign(c::occurred_at, value_or_null(payment.occurred_at)),
      assign(c::ticket_shares, shares_value(payment.shares, payment.currency)),
  };
  return uow.insert(schema::tables::order_payments, row, work::As::engine);
}

bool is_row(const Record& payment, std::string_view kind, std::string_view status) {
  namespace c = col::order_payments;
  return payment[c::kind].text() == kind && payment[c::status].text() == status;
}

Money money_of(const Record& order, const std::vector<Record>& payments) {
  namespace c = col::order_payments;
  Money money;
  for (const Record& payment : payments) {
    if (!(payment[c::currency] == order[col::ticket_orders::currency])) continue;
    const std::int64_t amount = payment[c::amount].integer();
    if (is_row(payment, "payment", "succeeded")) money.in += amount;
    if (is_row(payment, "refund", "succeeded") || is_row(payment, "chargeback", "succeeded")) money.out += amount;
    if (is_row(payment, "refund", "succeeded")) money.refunded += amount;
    if (is_row(payment, "refund", "due") || is_row(payment, "refund", "pending")) money.due += amount;
  }
  return money;
}

Result<std::vector<TicketShare>> shares_of(const Record& payment) {
  std::vector<TicketShare> shares;
  EC_TRY(list, stored_json(payment[col::order_payments::ticket_shares]));
  if (!list.is_array()) return shares;
  for (const Json& share : list) {
    // An import may have written anything; what is no share is none.
    if (!share.is_object() || !share.contains("ticket_id") || !share["ticket_id"].is_string()) continue;
    const auto ticket = parse_uuid(share["ticket_id"].get<std::string>());
    const auto amount = parse_decimal(share.value("amount", std::string()), money_scale);
    if (ticket && amount) shares.push_back({ticket.assume_value(), amount.assume_value()});
  }
  return shares;
}

Value shares_value(const std::vector<TicketShare>& shares, const std::string& currency) {
  if (shares.empty()) return {};
  Json list = Json::array();
  for (const TicketShare& share : shares)
    list.push_back({{"ticket_id", to_text(share.ticket)}, {"amount", money_to_text(share.amount, currency)}});
  return {dump(list)};
}

std::string payment_status_after(const Record& order, const std::vector<Record>& payments) {
  namespace c = col::order_payments;
  std::vector<pure::PaymentRow> rows;
  for (const Record& payment : payments) {
    const auto kind = pure::payment_kind(payment[c::kind].text());
    const auto status = pure::payment_row_status(payment[c::status].text());
    // Money of another currency is on record, but pays nothing here.
    if (!(payment[c::currency] == order[col::ticket_orders::currency])) continue;
    if (kind && status) rows.push_back({*kind, *status, payment[c::amount].integer()});
  }
  // An import may say that an order was paid without saying how; no failed attempt and no refund of nothing changes
  // that.
  const std::string_view known = order[col::ticket_orders::payment_status].text();
  const bool past_payment = known == "paid" || known == "partially_refunded" || known == "refunded";
  if (past_payment && pure::payment_sums(rows).in == 0) return std::string(known);
  return std::string(pure::word(pure::payment_status(rows, order[col::ticket_orders::total_amount].integer(),
                                                     !order[col::ticket_orders::paid_at].is_null())));
}

Status promise_refund(work::UnitOfWork& uow, const Record& order, const Record& payment) {
  namespace c = col::order_payments;
  NewPayment refund;
  refund.name = {payment[c::provider].text(), std::nullopt};  // its reference is the provider's, once it is paid out
  refund.kind = "refund";
  refund.status = "due";
  refund.amount = payment[c::amount].integer();
  refund.currency = payment[c::currency].text();
  if (!payment[c::method].is_null()) refund.method = payment[c::method].text();
  EC_TRYV(add_payment(uow, order, refund));
  return ok();
}

Result<Record> open_order(work::Reading& reading, const schema::CommandDef& command, const Uuid& id) {
  EC_TRY(order, reading.get(schema::tables::ticket_orders, id));
  EC_TRYV(require(reading, command, order));
  return order;
}

Result<PaymentName> payment_name(const std::optional<std::string>& provider,
                                 const std::optional<std::string>& reference) {
  FailureDetail detail;
  const std::string too_long = "is longer than " + std::to_string(schema::indexed_text_bytes_max) + " bytes";
  if (provider && provider->empty()) detail.fields.push_back({"provider", "must not be empty"});
  if (provider && provider->size() > schema::indexed_text_bytes_max) detail.fields.push_back({"provider", too_long});
  if (reference && reference->empty()) detail.fields.push_back({"reference", "must not be empty"});
  if (reference && reference->size() > schema::indexed_text_bytes_max) detail.fields.push_back({"reference", too_long});
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  return PaymentName{provider.value_or(std::string(counter_provider)), reference};
}

}  // namespace eventcore::rules::ticketing
