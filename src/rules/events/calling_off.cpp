#include "rules/events/calling_off.hpp"

#include <algorithm>

#include "rules/support.hpp"
#include "rules/ticketing/messages.hpp"
#include "rules/ticketing/refunds.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::events {

using ticketing::assign;
using ticketing::is;

namespace {

namespace e = col::events;
namespace o = col::ticket_orders;
namespace w = col::waitlist_entries;

// Orders may have many tickets, each of which is a write; a slice ends after so many, however few orders it had.
// Decision 40 has the figures.
constexpr std::int64_t tickets_in_slice = 1'000;

Result<std::string> reason_of(const Record& event) {
  EC_TRY(settings, stored_json(event[e::settings]));
  const auto found = settings.is_object() ? settings.find("cancel_reason") : settings.end();
  if (!settings.is_object() || found == settings.end() || !found->is_string()) return std::string();
  return found->get<std::string>();
}

// Answers the number of tickets the order had.
Result<std::int64_t> call_off_order(work::UnitOfWork& uow, const Record& event, Record order,
                                    const std::string& reason) {
  EC_TRY(books, ticketing::open_books(uow, std::move(order)));
  const bool paid = !ticketing::waits_for_payment(books.order);
  const ticketing::Refund refund = paid ? ticketing::refund_of_all(books) : ticketing::Refund{};
  EC_TRYV(uow.change(books.order, {assign(o::order_status, "cancelled"), assign(o::cancel_reason, "event_cancelled"),
                                   assign(o::expires_at, Value())}));
  EC_TRYV(ticketing::write_refund(uow, books, refund));
  EC_TRYV(ticketing::follow_payments(uow, books.order));
  EC_TRYV(
      ticketing::queue_event_cancelled(uow, event, books.order, reason, ticketing::refund_text(books, refund.amount)));
  return static_cast<std::int64_t>(books.tickets.size());
}

Result<std::vector<Record>> some_of(work::UnitOfWork& uow, const schema::TableDef& table, const Uuid& organization,
                                    Expr where, std::int64_t limit) {
  store::Query query;
  query.table = &table;
  query.organization = organization;
  query.where = std::move(where);
  query.limit = limit;
  return uow.scan(query);
}

Status withdraw_entries(work::UnitOfWork& uow, const Record& event, std::int64_t limit, CalledOff& done) {
  EC_TRY(waiting, some_of(uow, schema::tables::waitlist_entries, event.organization_id(),
                          Expr::all_of({is(w::event_id, event.id()),
                                        Expr::in_list(w::status.index, {Value("waiting"), Value("offered")})}),
                          limit + 1));
  for (Record& entry : waiting) {
    if (done.entries == limit) {
      done.more = true;
      return ok();
    }
    EC_TRYV(uow.change(entry, {assign(w::status, "withdrawn")}));
    ++done.entries;
  }
  return ok();
}

}  // namespace

Result<CalledOff> call_off(work::UnitOfWork& uow, const Record& event, std::int64_t limit) {
  EC_TRY(reason, reason_of(event));
  EC_TRY(orders, some_of(uow, schema::tables::ticket_orders, event.organization_id(),
                         Expr::all_of({is(o::event_id, event.id()), is(o::order_status, "active")}), limit + 1));
  CalledOff done;
  std::int64_t tickets = 0;
  for (Record& order : orders) {
    if (done.orders == limit || tickets >= tickets_in_slice) {
      done.more = true;
      return done;
    }
    EC_TRY(had, call_off_order(uow, event, std::move(order), reason));
    tickets += had;
    ++done.orders;
  }
  EC_TRYV(withdraw_entries(uow, event, limit, done));
  return done;
}

Result<CalledOff> finish_calling_off(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit) {
  CalledOff all;
  if (uow.facts().is_closed(organization)) return all;
  limit = std::min(limit, calling_off_slice);  // one unit of work, whatever its caller would like
  EC_TRY(events, some_of(uow, schema::tables::events, organization, is(e::status, "cancelled"), -1));
  for (const Record& event : events) {
    if (all.orders >= limit) {
      all.more = true;
      return all;
    }
    EC_TRY(done, call_off(uow, event, limit - all.orders));
    all.orders += done.orders;
    all.entries += done.entries;
    all.more = all.more || done.more;
    if (done.more) return all;
  }
  return all;
}

}  // namespace eventcore::rules::events
