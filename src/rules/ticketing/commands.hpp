// The commands that price, sell, take payment, check in and report, one function each, and what maintenance needs of
// them. Errors come in the order of the command's declaration.
// Thread: each runs inside one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>

#include "base/json.hpp"
#include "base/uuid.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

Result<Json> quote_price(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> quote_order(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> place_order(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

Result<Json> issue_complimentary(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> join_waitlist(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> leave_waitlist(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

Result<Json> start_payment(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> confirm_payment(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> fail_payment(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> expire_orders(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> apply_stripe_webhook(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

Result<Json> quote_refund(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> refund_tickets(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> confirm_refund(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> cancel_order(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> cancel_ticket(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> record_chargeback(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

Result<Json> ticket_qr(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> check_in(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

Result<Json> transfer_ticket(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> reissue_ticket(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> rotate_event_key(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> undo_check_in(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> search_attendees(work::Reading&, const schema::CommandDef&, const schema::Arguments&);

Result<Json> event_report(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> sales_curve(work::Reading&, const schema::CommandDef&, const schema::Arguments&);

struct ExpiredOrders {
  std::int64_t count = 0;
  bool more = false;  // some due orders were left
};

// What is due is work that has to be done anyway: those who need its places do all of it.
inline constexpr std::int64_t every_due_order = 1'000'000;

// Cancels the organization's (or the event's) unpaid orders whose time is up, the longest due first.
Result<ExpiredOrders> expire_due_orders(work::UnitOfWork& uow, const Uuid& organization,
                                        const std::optional<Uuid>& event, std::int64_t limit);

}  // namespace eventcore::rules::ticketing
