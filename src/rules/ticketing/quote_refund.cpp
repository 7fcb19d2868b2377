// quote_refund: what returning tickets would give back, or cancelling the order as this caller may.
#include "base/currency.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/refunds.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;

struct Asked {
  Record order;
  std::vector<Uuid> tickets;  // none: the whole order
};

Result<Asked> asked_for(work::Reading& reading, const schema::CommandDef& command, const schema::Arguments& arguments) {
  if (arguments.has("order_id") == arguments.has("ticket_ids"))
    return fail_field(Errc::invalid_argument, "order_id", "exactly one of order_id and ticket_ids is given");
  if (const auto order_id = arguments.optional_uuid("order_id")) {
    EC_TRY(order, open_order(reading, command, *order_id));
    return Asked{std::move(order), {}};
  }
  EC_TRY(named, named_tickets(reading, command, arguments));
  return Asked{std::move(named.order), std::move(named.ids)};
}

Json ticket_json(const OrderBooks& books, const Uuid& id, const std::string& reason, const Refund& refund) {
  const std::string& currency = books.order[o::currency].text();
  std::int64_t amount = 0;
  for (const TicketShare& share : refund.shares)
    if (share.ticket == id) amount = share.amount;
  return Json{{"ticket_id", to_text(id)},
              {"refundable", reason.empty()},
              {"reason", reason.empty() ? Json() : Json(reason)},
              {"amount", money_to_text(amount, currency)}};
}

}  // namespace

Result<Json> quote_refund(work::Reading& reading, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRY(asked, asked_for(reading, command, arguments));
  const bool whole = asked.tickets.empty();
  EC_TRY(organizer, is_organizer(reading, asked.order));
  EC_TRY(books, open_books(reading, std::move(asked.order)));
  if (whole) {
    for (const Record& ticket : books.tickets) {
      EC_TRY(visible, reading.visible(ticket));  // a buyer sees no ticket that he passed on
      if (visible) asked.tickets.push_back(ticket.id());
    }
  }
  std::vector<Uuid> refundable;
  std::vector<std::string> reasons;
  for (const Uuid& id : asked.tickets) {
    EC_TRY(reason, refusal_of(reading, books, *books.ticket(id), organizer));
    if (whole && organizer && reason == "not_refundable") reason.clear();  // who calls an order off returns all of it
    if (reason.empty()) refundable.push_back(id);
    reasons.push_back(std::move(reason));
  }
  EC_TRY(by_formula, refund_of_tickets(books, refundable));
  Refund refund = whole && organizer ? refund_of_all(books) : std::move(by_formula);
  if (refundable.empty()) refund.amount = 0;
  Json reply{{"order_id", to_text(books.order.id())},
             {"amount", money_to_text(refund.amount, books.order[o::currency].text())},
             {"currency", books.order[o::currency].text()},
             {"tickets", Json::array()}};
  for (std::size_t i = 0; i < asked.tickets.size(); ++i)
    reply["tickets"].push_back(ticket_json(books, asked.tickets[i], reasons[i], refund));
  return reply;
}

}  // namespace eventcore::rules::ticketing
