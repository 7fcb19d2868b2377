// cancel_ticket: one ticket admits nobody any more and its place is free. Money is another matter: refund_tickets, or
// cancel_order, which returns all of it. An order that holds none is over with its last ticket.
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/refunds.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

Status close_without_money(work::UnitOfWork& uow, const Record& ticket, const std::string& reason) {
  EC_TRY(order,
         uow.must_find(schema::tables::ticket_orders, ticket.organization_id(), ticket[col::tickets::order_id].uuid()));
  EC_TRY(payments, payments_of(uow, order));
  return money_of(order, payments).in == 0 ? close_if_empty(uow, order, reason) : ok();
}

}  // namespace

Result<Json> cancel_ticket(work::UnitOfWork& uow, const schema::CommandDef& command,
                           const schema::Arguments& arguments) {
  namespace t = col::tickets;
  EC_TRY(ticket, uow.get(schema::tables::tickets, arguments.uuid("ticket_id")));
  EC_TRYV(require(uow, command, ticket));
  const std::string& status = ticket[t::status].text();
  if (status != "valid") return fail_fact(Errc::wrong_state, "state", status);
  EC_TRYV(uow.change(ticket, {assign(t::status, "cancelled")}));
  EC_TRYV(close_without_money(uow, ticket, arguments.optional_text("reason").value_or("cancelled")));
  EC_TRYV(note_reason(uow, command, ticket, {ticket.id()}, arguments.optional_text("reason")));
  EC_TRY(row, written_row(uow, ticket));
  return Json{{"ticket", std::move(row)}};
}

}  // namespace eventcore::rules::ticketing
