// refund_tickets: tickets are given back. They admit nobody from now on, their places are free, and the money that the
// formula gives is promised; confirm_refund or the provider says when it has been paid out.
#include <algorithm>

#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/refunds.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;
namespace t = col::tickets;

// An order of which no ticket is left to be used is over.
Status close_if_empty(work::UnitOfWork& uow, OrderBooks& books, const std::vector<Uuid>& returned,
                      const std::string& reason) {
  const bool left = std::any_of(books.tickets.begin(), books.tickets.end(), [&](const Record& ticket) {
    const std::string& status = ticket[t::status].text();
    if (std::find(returned.begin(), returned.end(), ticket.id()) != returned.end()) return false;
    return status == "valid" || status == "used";
  });
  if (left || books.order[o::order_status].text() != "active") return follow_payments(uow, books.order);
  return follow_payments(uow, books.order,
                         {assign(o::order_status, "cancelled"), assign(o::cancel_reason, reason)});
}

}  // namespace

Result<Json> refund_tickets(work::UnitOfWork& uow, const schema::CommandDef& command,
                            const schema::Arguments& arguments) {
  EC_TRY(named, named_tickets(uow, command, arguments));
  EC_TRY(organizer, is_organizer(uow, named.order));
  EC_TRY(books, open_books(uow, std::move(named.order)));
  if (!organizer) EC_TRYV(check_self_refund(uow, books, command.name));
  EC_TRYV(check_refundable(uow, books, named.ids, organizer));

  EC_TRY(refund, refund_of_tickets(books, named.ids));
  EC_TRY(row, write_refund(uow, books, refund));
  for (Record& ticket : named.rows) EC_TRYV(uow.change(ticket, {assign(t::status, "cancelled")}));
  const std::string reason = arguments.optional_text("reason").value_or("refunded");
  EC_TRYV(close_if_empty(uow, books, named.ids, reason));
  EC_TRYV(note_reason(uow, command, books.order, named.ids, arguments.optional_text("reason")));
  return refund_reply(uow, books.order, named.ids, row);
}

}  // namespace eventcore::rules::ticketing
