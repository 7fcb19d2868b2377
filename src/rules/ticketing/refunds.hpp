// What goes back of an order when tickets are returned or the order is called off, and how that is written.
// Invariants: a refund is at most what was paid in and neither went back nor is promised; its shares per ticket add up
// to it; price_paid of a ticket never changes. A ticket is returned once a refund row of the order names it.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "rules/ticketing/payment.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// An order with all that decides about its refunds.
struct OrderBooks {
  Record order;
  Record event;
  std::vector<Record> items;
  std::vector<Record> tickets;
  std::vector<Record> payments;
  Money money;
  std::set<Uuid> returned;  // tickets that a refund names already

  [[nodiscard]] const Record* ticket(const Uuid& id) const;
  // The ticket that was bought, from which this one came by transfers; itself when it never changed hands.
  [[nodiscard]] const Record& as_bought(const Record& ticket) const;
};
Result<OrderBooks> open_books(work::Reading& reading, Record order);

struct Refund {
  std::int64_t amount = 0;
  std::vector<TicketShare> shares;
};

// The formula: what was paid and is left, less what the order would cost with the tickets that remain.
Result<Refund> refund_of_tickets(const OrderBooks& books, const std::vector<Uuid>& tickets);
// All that is left of what was paid.
Refund refund_of_all(const OrderBooks& books);

// Why a ticket is not refunded: "used", "cancelled", "transferred", "given_back", "not_refundable"; empty when it is.
// Who calls events off may return a ticket that was cancelled without its money. To all others a ticket that came by a
// transfer is "transferred", whatever became of it: it is not theirs.
Result<std::string> refusal_of(work::Reading& reading, const OrderBooks& books, const Record& ticket, bool organizer);

// refund_refused naming every ticket that is not refunded, with its reason; one that was passed on as it was bought.
Status check_refundable(work::Reading& reading, const OrderBooks& books, const std::vector<Uuid>& tickets,
                        bool organizer);

// Writes the refund as due. Nothing to give back: a row over 0 that only says which tickets were returned, and for an
// order that cost nothing none at all.
Result<std::optional<Record>> write_refund(work::UnitOfWork& uow, const OrderBooks& books, const Refund& refund);

// The order of the tickets named, all of them viewable to the caller and of one order.
struct NamedTickets {
  std::vector<Uuid> ids;
  std::vector<Record> rows;
  Record order;
};
Result<NamedTickets> named_tickets(work::Reading& reading, const schema::CommandDef& command,
                                   const schema::Arguments& arguments);

// {order, tickets, refund}: what the command wrote.
Result<Json> refund_reply(work::UnitOfWork& uow, const Record& order, const std::vector<Uuid>& tickets,
                          const std::optional<Record>& refund);

// Why somebody called tickets off is an entry of the audit log: tickets have no column for it.
Status note_reason(work::UnitOfWork& uow, const schema::CommandDef& command, const Record& row,
                   const std::vector<Uuid>& tickets, const std::optional<std::string>& reason);

// Who may call off what was paid: editors of the event and the service, not the counter and no key.
Result<bool> is_organizer(work::Reading& reading, const Record& order);

// A customer returns what he paid for himself only where settings.self_refund says so, until the event starts.
Status check_self_refund(work::Reading& reading, const OrderBooks& books, std::string_view command);

// The money as text with its currency, "" for none; for messages.
std::string refund_text(const OrderBooks& books, std::int64_t amount);

}  // namespace eventcore::rules::ticketing
