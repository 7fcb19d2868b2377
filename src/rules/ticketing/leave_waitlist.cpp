// leave_waitlist: an entry that waits is withdrawn; an offer goes with its order, whose places are free again.
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<Json> leave_waitlist(work::UnitOfWork& uow, const schema::CommandDef& command,
                            const schema::Arguments& arguments) {
  namespace o = col::ticket_orders;
  namespace w = col::waitlist_entries;
  const schema::TableDef& entries = schema::tables::waitlist_entries;
  EC_TRY(entry, uow.get(entries, arguments.uuid("entry_id")));
  EC_TRYV(require(uow, command, entry));
  const std::string state = entry[w::status].text();
  if (state == "waiting") {
    EC_TRYV(uow.change(entry, {assign(w::status, "withdrawn")}));
  } else if (state == "offered") {
    EC_TRY(order, uow.must_find(schema::tables::ticket_orders, entry.organization_id(), entry[w::order_id].uuid()));
    // The entry's state follows the order's.
    EC_TRYV(uow.change(order, {assign(o::order_status, "cancelled"), assign(o::cancel_reason, "withdrawn")}));
    EC_TRY(left, uow.must_find(entries, entry.organization_id(), entry.id()));
    entry = std::move(left);
  } else {
    return fail_fact(Errc::wrong_state, "status", state);
  }
  EC_TRY(shown, written_row(uow, entry));
  return Json{{"entry", std::move(shown)}};
}

}  // namespace eventcore::rules::ticketing
