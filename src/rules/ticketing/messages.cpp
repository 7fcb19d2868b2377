#include "rules/ticketing/messages.hpp"

#include "base/currency.hpp"
#include "rules/communication/outbox.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace o = col::ticket_orders;

communication::OutgoingMessage message_about(const Record& event, const Record& order, std::string kind) {
  communication::OutgoingMessage message;
  message.kind = std::move(kind);
  message.recipient = order[o::customer_email].text();
  message.facts = Json{{"event_id", to_text(event.id())},
                       {"order_id", to_text(order.id())},
                       {"order_number", order[o::order_number].text()}};
  return message;
}

}  // namespace

Status queue_order_confirmation(work::UnitOfWork& uow, const Record& event, const Record& order,
                                std::span<const Record> tickets) {
  communication::OutgoingMessage message = message_about(event, order, "order_confirmation");
  const std::string& name = event[col::events::name].text();
  const std::string& number = order[o::order_number].text();
  const std::string& currency = order[o::currency].text();
  message.subject = "Your tickets for " + name;
  message.content = "Order " + number + " for " + name + " is paid: " +
                    money_to_text(order[o::total_amount].integer(), currency) + " " + currency + ".\n\nTickets:\n";
  for (const Record& ticket : tickets)
    message.content += ticket[col::tickets::ticket_number].text() + "  " + ticket[col::tickets::attendee_name].text() + "\n";
  return communication::queue_email(uow, order.organization_id(), message);
}

Status queue_event_cancelled(work::UnitOfWork& uow, const Record& event, const Record& order, const std::string& reason,
                             const std::string& refund) {
  communication::OutgoingMessage message = message_about(event, order, "event_cancelled");
  const std::string& name = event[col::events::name].text();
  message.subject = "Cancelled: " + name;
  message.content = name + " does not take place. Your order " + order[o::order_number].text() + " is cancelled.\n";
  if (!reason.empty()) message.content += "\nReason: " + reason + "\n";
  if (!refund.empty()) message.content += "\nYou get back " + refund + ".\n";
  message.facts["refund"] = refund;
  return communication::queue_email(uow, order.organization_id(), message);
}

}  // namespace eventcore::rules::ticketing
