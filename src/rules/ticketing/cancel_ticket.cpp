// cancel_ticket: one ticket admits nobody any more and its place is free. Money is another matter: refund_tickets.
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/refunds.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<Json> cancel_ticket(work::UnitOfWork& uow, const schema::CommandDef& command,
                           const schema::Arguments& arguments) {
  namespace t = col::tickets;
  EC_TRY(ticket, uow.get(schema::tables::tickets, arguments.uuid("ticket_id")));
  EC_TRYV(require(uow, command, ticket));
  const std::string& status = ticket[t::status].text();
  if (status != "valid") return fail_fact(Errc::wrong_state, "state", status);
  EC_TRYV(uow.change(ticket, {assign(t::status, "cancelled")}));
  EC_TRYV(note_reason(uow, command, ticket, {ticket.id()}, arguments.optional_text("reason")));
  EC_TRY(row, written_row(uow, ticket));
  return Json{{"ticket", std::move(row)}};
}

}  // namespace eventcore::rules::ticketing
