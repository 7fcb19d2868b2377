// refund_tickets: tickets are given back. They admit nobody from now on, their places are free, and the money that the
// formula gives is promised; confirm_refund or the provider says when it has been paid out.
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/refunds.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<Json> refund_tickets(work::UnitOfWork& uow, const schema::CommandDef& command,
                            const schema::Arguments& arguments) {
  EC_TRY(named, named_tickets(uow, command, arguments));
  EC_TRY(organizer, is_organizer(uow, named.order));
  EC_TRY(books, open_books(uow, std::move(named.order)));
  if (!organizer) EC_TRYV(check_self_refund(uow, books, command.name));
  EC_TRYV(check_refundable(uow, books, named.ids, organizer));

  EC_TRY(refund, refund_of_tickets(books, named.ids));
  EC_TRY(row, write_refund(uow, books, refund));
  for (Record& ticket : named.rows) EC_TRYV(uow.change(ticket, {assign(col::tickets::status, "cancelled")}));
  EC_TRYV(close_if_empty(uow, books.order, arguments.optional_text("reason").value_or("refunded")));
  EC_TRYV(note_reason(uow, command, books.order, named.ids, arguments.optional_text("reason")));
  return refund_reply(uow, books.order, named.ids, row);
}

}  // namespace eventcore::rules::ticketing
