// undo_check_in: takes back the last movement of a ticket's holder, into the event or out of it, as a hand that slipped
// at the gate needs it. Movements are undone one by one, the last first; a ticket with no admission left is valid
// again.
#include "rules/rules.hpp"
#include "rules/ticketing/admission.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace s = col::check_ins;
namespace t = col::tickets;

Status check_shape(const schema::Arguments& arguments) {
  FailureDetail detail;
  if (arguments.has("ticket_id") == arguments.has("check_in_id"))
    for (const char* name : {"ticket_id", "check_in_id"})
      detail.fields.push_back({name, "exactly one of ticket_id and check_in_id is needed"});
  if (arguments.text("reason").empty()) detail.fields.push_back({"reason", "must not be empty"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_argument, std::move(detail));
}

// The movement to take back: the last one, and the one that was named if one was.
Result<std::optional<Record>> movement(work::UnitOfWork& uow, const Record& ticket, const std::optional<Record>& scan) {
  if (scan && (*scan)[s::outcome].text() != "admitted")
    return fail_fact(Errc::wrong_state, "state", (*scan)[s::outcome].text());
  if (scan && !(*scan)[s::undone_at].is_null()) return fail_fact(Errc::wrong_state, "state", "undone");
  EC_TRY(last, last_movement(uow, ticket));
  if (scan && (!last || last->id() != scan->id())) return fail_fact(Errc::wrong_state, "state", "followed");
  // A ticket that came in used, by an import, has no scan to undo.
  if (!last && ticket[t::status].text() != "used")
    return fail_fact(Errc::wrong_state, "state", ticket[t::status].text());
  return last;
}

}  // namespace

Result<Json> undo_check_in(work::UnitOfWork& uow, const schema::CommandDef& command,
                           const schema::Arguments& arguments) {
  EC_TRYV(check_shape(arguments));
  std::optional<Record> scan;
  if (arguments.has("check_in_id")) {
    EC_TRY(named, uow.get(schema::tables::check_ins, arguments.uuid("check_in_id"),
                          arguments.optional_uuid("organization_id")));
    scan = std::move(named);
    EC_TRYV(require(uow, command, *scan));
    if ((*scan)[s::ticket_id].is_null()) return fail_fact(Errc::wrong_state, "state", (*scan)[s::outcome].text());
  }
  EC_TRY(ticket, scan ? uow.must_find(schema::tables::tickets, scan->organization_id(), (*scan)[s::ticket_id].uuid())
                      : uow.get(schema::tables::tickets, arguments.uuid("ticket_id"),
                                arguments.optional_uuid("organization_id")));
  if (!scan) EC_TRYV(require(uow, command, ticket));
  EC_TRY(last, movement(uow, ticket, scan));
  Json undone;
  if (last) {
    EC_TRY(time, undo_time(uow, ticket));
    EC_TRYV(uow.change(*last, {assign(s::undone_at, time), assign(s::reason, arguments.text("reason"))}));
    EC_TRY(row, written_row(uow, *last));
    undone = std::move(row);
  }
  EC_TRY(left, last_admission(uow, ticket));
  if (!left && ticket[t::status].text() == "used")
    EC_TRYV(uow.change(ticket, {assign(t::status, "valid"), assign(t::check_in_time, Value())}));
  EC_TRY(shown, written_row(uow, ticket));
  return Json{{"ticket", std::move(shown)}, {"check_in", std::move(undone)}};
}

}  // namespace eventcore::rules::ticketing
