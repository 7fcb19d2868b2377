// cancel_event: the event does not take place. What that means for its orders is in calling_off.hpp.
#include "rules/events/calling_off.hpp"
#include "rules/events/commands.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/reply.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::events {

namespace {

namespace e = col::events;

// Slices may be cut by other callers, later: the reason waits for them in the event's settings.
Result<Changes> cancelling(const Record& event, const std::optional<std::string>& reason) {
  Changes changes{{e::status.index, Value("cancelled")}};
  if (!reason || reason->empty()) return changes;
  EC_TRY(settings, stored_json(event[e::settings]));
  if (!settings.is_object()) settings = Json::object();
  settings["cancel_reason"] = *reason;
  changes.push_back({e::settings.index, Value(dump(settings))});
  return changes;
}

}  // namespace

Result<Json> cancel_event(work::UnitOfWork& uow, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRY(event, uow.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(uow, command, event));
  if (event[e::status].text() != "cancelled") {
    EC_TRY(changes, cancelling(event, arguments.optional_text("reason")));
    EC_TRYV(uow.change(event, changes));  // invalid_transition for one that is over
  }
  EC_TRY(done, call_off(uow, event, arguments.integer("limit")));
  EC_TRY(row, ticketing::written_row(uow, event));
  return Json{{"event", std::move(row)},
              {"cancelled", done.orders},
              {"withdrawn", done.entries},
              {"more", done.more}};
}

}  // namespace eventcore::rules::events
