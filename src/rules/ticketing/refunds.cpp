#include "rules/ticketing/refunds.hpp"

#include <algorithm>
#include <map>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "rules/pure/refund.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settings.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;
namespace p = col::order_payments;
namespace t = col::tickets;

std::int64_t unit_of(const Record& order) {
  return minor_unit(currency_digits(order[o::currency].text()).value_or(2));
}

bool contains(const std::vector<Uuid>& ids, const Uuid& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// What was passed on lives in its successor, which has taken over its place in the order.
bool counts(const Record& ticket) {
  return ticket[t::status].text() != "transferred";
}

std::vector<TicketShare> spread_shares(const OrderBooks& books, std::int64_t amount,
                                       const std::vector<const Record*>& tickets) {
  std::vector<std::int64_t> prices;
  for (const Record* ticket : tickets) prices.push_back((*ticket)[t::price_paid].integer());
  const auto parts = pure::refund_shares(amount, prices, unit_of(books.order));
  std::vector<TicketShare> shares;
  for (std::size_t i = 0; i < tickets.size(); ++i) shares.push_back({tickets[i]->id(), parts[i]});
  return shares;
}

// Where in the order, as it was computed, the tickets' places are: by line, then by what was paid for each. Which of
// several places with the same price a ticket has makes no difference.
class Places {
 public:
  Places(const OrderBooks& books, const pure::OrderAmounts& amounts) : books_(books), amounts_(amounts) {
    std::size_t count = 0;
    for (const pure::LineAmounts& line : amounts.lines) {
      first_.push_back(count);
      count += line.tickets.size();
    }
    kept.assign(count, true);
  }

  // False when the order has no such place (an import whose lines and tickets do not agree).
  bool take(const Record& ticket) {
    const auto line = line_of(ticket);
    if (!line) return false;
    const std::vector<pure::TicketAmounts>& places = amounts_.lines[*line].tickets;
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!kept[first_[*line] + i]) continue;
      if (places[i].price_paid == ticket[t::price_paid].integer()) {
        found = i;
        break;
      }
      if (!found) found = i;
    }
    if (!found) return false;
    kept[first_[*line] + *found] = false;
    return true;
  }

  std::vector<bool> kept;

 private:
  [[nodiscard]] std::optional<std::size_t> line_of(const Record& ticket) const {
    for (std::size_t i = 0; i < books_.items.size(); ++i) {
      const Record& item = books_.items[i];
      const bool own = ticket[t::order_item_id].is_null()
                           ? item[col::ticket_order_items::ticket_category_id] == ticket[t::ticket_category_id]
                           : item.id() == ticket[t::order_item_id].uuid();
      if (own) return i;
    }
    return std::nullopt;
  }

  const OrderBooks& books_;
  const pure::OrderAmounts& amounts_;
  std::vector<std::size_t> first_;
};

Result<std::int64_t> formula(const OrderBooks& books, const std::vector<const Record*>& gone) {
  EC_TRY(terms, stored_terms(books.order, books.items));
  EC_TRY(sold, pure::compute_order(terms.lines, terms.discount, terms.rates, unit_of(books.order)));
  Places places(books, sold);
  bool known = true;
  for (const Record* ticket : gone) known = places.take(*ticket) && known;
  if (known)
    return pure::total_after_return(terms.lines, places.kept, terms.discount, terms.rates, unit_of(books.order));
  // Nothing is known of how the price came about: what was paid for the tickets that remain stays.
  Exact kept = 0;
  for (const Record& ticket : books.tickets)
    if (counts(ticket) && std::find(gone.begin(), gone.end(), &ticket) == gone.end())
      kept += ticket[t::price_paid].integer();
  return round_half_up(kept, 1);
}

// The payment that bought the tickets, or the first there was.
const Record* main_payment(const OrderBooks& books) {
  const Record* first = nullptr;
  for (const Record& payment : books.payments) {
    if (!is_row(payment, "payment", "succeeded") || !(payment[p::currency] == books.order[o::currency])) continue;
    if (payment[p::amount] == books.order[o::total_amount]) return &payment;
    if (first == nullptr) first = &payment;
  }
  return first;
}

}  // namespace

const Record* OrderBooks::ticket(const Uuid& id) const {
  for (const Record& one : tickets)
    if (one.id() == id) return &one;
  return nullptr;
}

const Record& OrderBooks::as_bought(const Record& of) const {
  const Record* bought = &of;
  while (!(*bought)[t::transferred_from].is_null()) {
    const Record* before = ticket((*bought)[t::transferred_from].uuid());
    if (before == nullptr) break;
    bought = before;
  }
  return *bought;
}

Result<OrderBooks> open_books(work::Reading& reading, Record order) {
  EC_TRY(event, reading.must_find(schema::tables::events, order.organization_id(), order[o::event_id].uuid()));
  EC_TRY(items, items_of(reading, order));
  EC_TRY(tickets, tickets_of(reading, order));
  EC_TRY(payments, payments_of(reading, order));
  const Money money = money_of(order, payments);
  OrderBooks books{
      std::move(order), std::move(event), std::move(items), std::move(tickets), std::move(payments), money, {}};
  for (const Record& payment : books.payments) {
    if (payment[p::kind].text() != "refund" || payment[p::status].text() == "failed") continue;
    EC_TRY(shares, shares_of(payment));
    for (const TicketShare& share : shares) books.returned.insert(share.ticket);
  }
  return books;
}

Result<Refund> refund_of_tickets(const OrderBooks& books, const std::vector<Uuid>& tickets) {
  std::vector<const Record*> gone;
  std::vector<const Record*> now;
  for (const Record& ticket : books.tickets) {
    if (!counts(ticket)) continue;
    const bool returning = contains(tickets, ticket.id());
    if (returning) now.push_back(&ticket);
    if (returning || books.returned.contains(ticket.id())) gone.push_back(&ticket);
  }
  EC_TRY(remaining, formula(books, gone));
  EC_TRY(amount, pure::refund_amount(books.money.in, books.money.out, books.money.due, remaining));
  return Refund{amount, spread_shares(books, amount, now)};
}

Refund refund_of_all(const OrderBooks& books) {
  const std::int64_t amount = std::max<std::int64_t>(0, books.money.left());
  std::vector<const Record*> gone;
  for (const Record& ticket : books.tickets)
    if (counts(ticket) && !books.returned.contains(ticket.id())) gone.push_back(&ticket);
  return {amount, spread_shares(books, amount, gone)};
}

Result<std::string> refusal_of(work::Reading& reading, const OrderBooks& books, const Record& ticket, bool organizer) {
  const std::string& status = ticket[t::status].text();
  if (!organizer && !ticket[t::transferred_from].is_null()) return std::string("transferred");
  if (books.returned.contains(ticket.id())) return std::string("given_back");
  const bool open = status == "valid" || (organizer && status == "cancelled" && books.money.in > 0);
  if (!open) return status;
  EC_TRY(category, reading.must_find(schema::tables::ticket_categories, ticket.organization_id(),
                                     ticket[t::ticket_category_id].uuid()));
  const Value& refundable = category[col::ticket_categories::is_refundable];
  if (!refundable.is_null() && !refundable.boolean()) return std::string("not_refundable");
  return std::string();
}

Status check_refundable(work::Reading& reading, const OrderBooks& books, const std::vector<Uuid>& tickets,
                        bool organizer) {
  FailureDetail detail;
  for (const Uuid& id : tickets) {
    const Record* ticket = books.ticket(id);
    if (ticket == nullptr) continue;
    EC_TRY(reason, refusal_of(reading, books, *ticket, organizer));
    const Record& named = organizer ? *ticket : books.as_bought(*ticket);
    if (!reason.empty()) detail.facts.push_back({to_text(named.id()), reason});
  }
  if (detail.facts.empty()) return ok();
  return Failure(Errc::refund_refused, std::move(detail));
}

Result<std::optional<Record>> write_refund(work::UnitOfWork& uow, const OrderBooks& books, const Refund& refund) {
  const Record* payment = main_payment(books);
  if (payment == nullptr) return std::optional<Record>{};
  if (refund.amount == 0 && refund.shares.empty()) return std::optional<Record>{};
  NewPayment row;
  if (!(*payment)[p::provider].is_null()) row.name.provider = (*payment)[p::provider].text();
  row.kind = "refund";
  row.amount = refund.amount;
  row.currency = books.order[o::currency].text();
  if (!(*payment)[p::method].is_null()) row.method = (*payment)[p::method].text();
  row.shares = refund.shares;
  if (refund.amount > 0) {
    row.status = "due";
  } else {
    row.occurred_at = uow.now();
  }
  EC_TRY(written, add_payment(uow, books.order, row));
  return std::optional<Record>(std::move(written));
}

Result<NamedTickets> named_tickets(work::Reading& reading, const schema::CommandDef& command,
                                   const schema::Arguments& arguments) {
  std::vector<Uuid> ids;
  for (const Json& one : arguments.json("ticket_ids")) {
    EC_TRY(id, parse_uuid(one.get<std::string>()));
    if (contains(ids, id)) return fail_field(Errc::invalid_argument, "ticket_ids", "names a ticket twice");
    ids.push_back(id);
  }
  if (ids.empty()) return fail_field(Errc::invalid_argument, "ticket_ids", "must name at least one ticket");
  std::vector<Record> rows;
  for (const Uuid& id : ids) {
    const auto tenant = rows.empty() ? std::optional<Uuid>{} : std::optional<Uuid>(rows.front().organization_id());
    EC_TRY(row, reading.get(schema::tables::tickets, id, tenant));
    rows.push_back(std::move(row));
  }
  EC_TRY(order, reading.must_find(schema::tables::ticket_orders, rows.front().organization_id(),
                                  rows.front()[t::order_id].uuid()));
  EC_TRYV(require(reading, command, order));
  for (const Record& row : rows)
    if (!(row[t::order_id] == rows.front()[t::order_id]))
      return fail_field(Errc::invalid_argument, "ticket_ids", "names tickets of several orders");
  return NamedTickets{std::move(ids), std::move(rows), std::move(order)};
}

Result<Json> refund_reply(work::UnitOfWork& uow, const Record& order, const std::vector<Uuid>& tickets,
                          const std::optional<Record>& refund) {
  Json reply = Json::object();
  EC_TRY(order_json, written_row(uow, order));
  reply["order"] = std::move(order_json);
  reply["tickets"] = Json::array();
  for (const Uuid& id : tickets) {
    EC_TRY(ticket, uow.must_find(schema::tables::tickets, order.organization_id(), id));
    EC_TRY(json, written_row(uow, ticket));
    reply["tickets"].push_back(std::move(json));
  }
  reply["refund"] = Json();
  if (refund) {
    EC_TRY(json, written_row(uow, *refund));
    reply["refund"] = std::move(json);
  }
  return reply;
}

Status note_reason(work::UnitOfWork& uow, const schema::CommandDef& command, const Record& row,
                   const std::vector<Uuid>& tickets, const std::optional<std::string>& reason) {
  if (!reason || reason->empty()) return ok();
  Json act{{"reason", *reason}, {"tickets", Json::array()}};
  for (const Uuid& id : tickets) act["tickets"].push_back(to_text(id));
  return uow.record_act(row.organization_id(), command.name, dump(act));
}

Result<bool> is_organizer(work::Reading& reading, const Record& order) {
  if (reading.facts().is_service()) return true;
  if (reading.facts().kind != policy::PrincipalKind::user) return false;
  return policy::predicate_holds(schema::Predicate::event_editor, order, reading.facts(), reading.related());
}

Status check_self_refund(work::Reading& reading, const OrderBooks& books, std::string_view command) {
  EC_TRY(settings, SaleSettings::of(reading, books.event));
  EC_TRY(allowed, settings.self_refund());
  if (allowed && reading.now() < books.event[col::events::start_datetime].integer()) return ok();
  return fail_fact(Errc::command_denied, "command", std::string(command));
}

std::string refund_text(const OrderBooks& books, std::int64_t amount) {
  if (amount == 0) return {};
  const std::string& currency = books.order[o::currency].text();
  return money_to_text(amount, currency) + " " + currency;
}

}  // namespace eventcore::rules::ticketing
