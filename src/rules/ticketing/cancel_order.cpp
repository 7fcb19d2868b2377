// cancel_order: an order that waits for its money is dropped; a paid one is called off, its tickets with it, and what
// was paid is due back: all of it from the organizer, what the formula gives to a buyer who changes his mind.
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

std::vector<Uuid> tickets_in(const OrderBooks& books, std::string_view status) {
  std::vector<Uuid> ids;
  for (const Record& ticket : books.tickets)
    if (ticket[t::status].text() == status) ids.push_back(ticket.id());
  return ids;
}

// The counter, keys and buyers drop what is not paid; what is paid belongs to the organizer, or to a buyer who may
// return it himself.
Status check_paid_order(work::UnitOfWork& uow, const OrderBooks& books, const schema::CommandDef& command,
                        bool organizer) {
  if (organizer) return ok();
  if (uow.facts().kind == policy::PrincipalKind::customer) return check_self_refund(uow, books, command.name);
  return fail_fact(Errc::command_denied, "command", std::string(command.name));
}

}  // namespace

Result<Json> cancel_order(work::UnitOfWork& uow, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  EC_TRY(organizer, is_organizer(uow, order));
  const bool unpaid = waits_for_payment(order);
  EC_TRY(books, open_books(uow, std::move(order)));
  const std::string& state = books.order[o::order_status].text();
  if (!unpaid && state == "active") EC_TRYV(check_paid_order(uow, books, command, organizer));
  if (state != "active")
    return fail_fact(Errc::wrong_state, "state", state + "/" + books.order[o::payment_status].text());
  const std::vector<Uuid> valid = tickets_in(books, "valid");
  std::vector<Uuid> asked = organizer ? std::vector<Uuid>{} : valid;
  for (const Uuid& id : tickets_in(books, "used")) asked.push_back(id);
  EC_TRYV(check_refundable(uow, books, asked, organizer));

  Refund refund;
  if (!unpaid && organizer) refund = refund_of_all(books);
  if (!unpaid && !organizer) {
    EC_TRY(by_formula, refund_of_tickets(books, valid));
    refund = std::move(by_formula);
  }
  EC_TRYV(uow.change(books.order,
                     {assign(o::order_status, "cancelled"), assign(o::expires_at, Value()),
                      assign(o::cancel_reason, arguments.optional_text("reason").value_or("cancelled"))}));
  EC_TRY(row, write_refund(uow, books, refund));
  EC_TRYV(follow_payments(uow, books.order));
  return refund_reply(uow, books.order, valid, row);
}

}  // namespace eventcore::rules::ticketing
