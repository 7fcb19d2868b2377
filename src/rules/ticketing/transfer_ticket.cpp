// transfer_ticket: a ticket gets another holder. The old ticket becomes transferred and admits nobody any more, a new
// one takes its place in the order and in the stock. Its code is for the new holder: the reply shows it to those who
// may see the new ticket, not to whoever gave it away.
#include "base/text.hpp"
#include "rules/communication/outbox.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/admission.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/issue_tickets.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace t = col::tickets;

Result<Holder> new_holder(const schema::Arguments& arguments) {
  Holder holder{trim(arguments.text("name")), trim(arguments.text("email")),
                value_or_null(arguments.optional_text("phone"))};
  FailureDetail detail;
  if (holder.name.empty()) detail.fields.push_back({"name", "must not be empty"});
  if (!valid_email(holder.email)) detail.fields.push_back({"email", "is no e-mail address"});
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  return holder;
}

Status check_transferable(work::UnitOfWork& uow, const Record& ticket, const Holder& holder) {
  EC_TRY(category, uow.must_find(schema::tables::ticket_categories, ticket.organization_id(),
                                 ticket[t::ticket_category_id].uuid()));
  const Value& transferable = category[col::ticket_categories::is_transferable];
  if (transferable.is_null() || !transferable.boolean())
    return fail_fact(Errc::not_transferable, "ticket_category_id", to_text(category.id()));
  if (ticket[t::status].text() != "valid") return fail_fact(Errc::wrong_state, "state", ticket[t::status].text());
  EC_TRY(is_unpaid, unpaid(uow, ticket));
  if (is_unpaid) return fail_fact(Errc::wrong_state, "state", "unpaid");
  // Another name under the same address is a correction; nothing new at all is a mistake.
  if (fold(holder.email) == ticket[t::attendee_email_folded].text() && holder.name == ticket[t::attendee_name].text() &&
      (holder.phone.is_null() || holder.phone == ticket[t::attendee_phone]))
    return fail_field(Errc::invalid_argument, "email", "is the holder's already");
  return ok();
}

Result<Record> keep_transfer(work::UnitOfWork& uow, const Record& old, const Record& made) {
  namespace c = col::ticket_transfers;
  Changes row{assign(c::organization_id, old.organization_id()),
              assign(c::ticket_id, old.id()),
              assign(c::new_ticket_id, made.id()),
              assign(c::from_name, old[t::attendee_name]),
              assign(c::from_email, old[t::attendee_email]),
              assign(c::to_name, made[t::attendee_name]),
              assign(c::to_email, made[t::attendee_email]),
              assign(c::transferred_at, uow.now())};
  if (uow.facts().kind == policy::PrincipalKind::user) row.push_back(assign(c::transferred_by, uow.facts().id));
  return uow.insert(schema::tables::ticket_transfers, row, work::As::engine);
}

// Neither message holds a code: messages are read by more people than tickets are.
Status tell_both(work::UnitOfWork& uow, const Record& event, const Record& old, const Record& made) {
  const std::string& name = event[col::events::name].text();
  const Uuid& organization = old.organization_id();
  communication::OutgoingMessage given;
  given.kind = "ticket_given";
  given.recipient = old[t::attendee_email].text();
  given.subject = "Your ticket for " + name + " was passed on";
  given.content = "Ticket " + old[t::ticket_number].text() + " for " + name + " was passed on to " +
                  made[t::attendee_name].text() + " and admits you no longer.";
  given.facts = {{"ticket_id", to_text(old.id())}, {"event_id", to_text(event.id())}};
  EC_TRYV(communication::queue_email(uow, organization, given));
  communication::OutgoingMessage received;
  received.kind = "ticket_received";
  received.recipient = made[t::attendee_email].text();
  received.subject = "You have a ticket for " + name;
  received.content = old[t::attendee_name].text() + " passed a ticket for " + name + " on to you. Its number is " +
                     made[t::ticket_number].text() + ".";
  received.facts = {{"ticket_id", to_text(made.id())}, {"event_id", to_text(event.id())}};
  return communication::queue_email(uow, organization, received);
}

}  // namespace

Result<Json> transfer_ticket(work::UnitOfWork& uow, const schema::CommandDef& command,
                             const schema::Arguments& arguments) {
  EC_TRY(holder, new_holder(arguments));
  EC_TRY(old, uow.get(schema::tables::tickets, arguments.uuid("ticket_id")));
  EC_TRYV(require(uow, command, old));
  EC_TRYV(check_transferable(uow, old, holder));
  EC_TRY(event, uow.must_find(schema::tables::events, old.organization_id(), old[t::event_id].uuid()));
  EC_TRYV(uow.change(old, {assign(t::status, "transferred"), assign(t::transferred_to_email, holder.email),
                           assign(t::transferred_at, uow.now())}));
  EC_TRY(made, issue_in_place_of(uow, event, old, std::move(holder)));
  EC_TRY(transfer, keep_transfer(uow, old, made));
  EC_TRYV(tell_both(uow, event, old, made));
  EC_TRY(seen, uow.visible(made));
  Json ticket;
  if (seen) {
    EC_TRY(shown, uow.show(made));
    ticket = std::move(shown);
  }
  EC_TRY(old_shown, written_row(uow, old));
  EC_TRY(transfer_shown, written_row(uow, transfer));
  return Json{
      {"ticket", std::move(ticket)}, {"old_ticket", std::move(old_shown)}, {"transfer", std::move(transfer_shown)}};
}

}  // namespace eventcore::rules::ticketing
