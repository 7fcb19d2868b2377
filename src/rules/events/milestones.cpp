// Milestones: what waits for what, and when one is done. 100 percent, completed and completed_at always go together.
#include <algorithm>
#include <set>

#include "rules/events/invariants.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "schema/states.hpp"

namespace eventcore::rules::events {

using work::UnitOfWork;
using work::Write;

namespace m = col::event_milestones;

namespace {

constexpr std::int64_t done_percent = 100;
constexpr std::size_t reachable_max = 10'000;  // milestones of one event that a walk may meet

bool is_completed(const Record& milestone) {
  return milestone[m::status].text() == "completed";
}

// Status and percentage follow whichever of them was named; both named must agree.
Status agree(UnitOfWork& uow, Write& write) {
  Record& after = *write.after;
  const bool full = after[m::completion_percentage].integer() == done_percent;
  if (is_completed(after) != full) {
    const bool status_named = write.names(m::status);
    if (status_named == write.names(m::completion_percentage))
      return broken(m::completion_percentage, after.table(), "is 100 exactly when the milestone is completed");
    if (status_named) {
      after.set(m::completion_percentage, full ? 0 : done_percent);
    } else {
      const std::string_view to = full ? "completed" : "in_progress";
      const std::string& from = after[m::status].text();
      if (!schema::allows(*schema::state_machine_of("event_milestones", "status"), from, to))
        return broken(m::completion_percentage, after.table(), "is 100 exactly when the milestone is completed");
      after.set(m::status, to);
    }
  }
  if (!is_completed(after))
    after.set(m::completed_at, Value());
  else if (after[m::completed_at].is_null())
    after.set(m::completed_at, uow.now());
  return ok();
}

Result<Record> dependency(UnitOfWork& uow, const Record& of, const Uuid& id) {
  EC_TRY(found, uow.find(schema::tables::event_milestones, of.organization_id(), id));
  if (found && (*found)[m::event_id] == of[m::event_id]) return std::move(*found);
  EC_TRY(visible, found ? uow.visible(*found) : Result<bool>(false));
  if (!visible) return fail_field(Errc::reference_not_found, "dependencies", "there is no such row");
  return broken(m::dependencies, of.table(), "names a milestone of another event");
}

// Walks what the milestone waits for, and what that waits for; meeting itself is a cycle.
Status check_cycles(UnitOfWork& uow, const Record& milestone) {
  std::vector<Uuid> open = stored_ids(milestone[m::dependencies]);
  std::set<Uuid> met;
  while (!open.empty()) {
    const Uuid id = open.back();
    open.pop_back();
    if (id == milestone.id()) return Errc::dependency_cycle;
    if (!met.insert(id).second) continue;
    if (met.size() > reachable_max) return broken(m::dependencies, milestone.table(), "reaches too many milestones");
    EC_TRY(next, dependency(uow, milestone, id));
    for (const Uuid& further : stored_ids(next[m::dependencies])) open.push_back(further);
  }
  return ok();
}

Status check_completing(UnitOfWork& uow, const Write& write) {
  const Record& after = *write.after;
  if (!is_completed(after) || (!write.changes(m::status) && !write.changes(m::dependencies))) return ok();
  for (const Uuid& id : stored_ids(after[m::dependencies])) {
    EC_TRY(waited_for, dependency(uow, after, id));
    if (!is_completed(waited_for)) return fail_fact(Errc::dependencies_open, "milestone", to_text(id));
  }
  return ok();
}

}  // namespace

Expr past_due(Micros now) {
  return Expr::all_of({Expr::in_list(m::status.index, {Value("pending"), Value("in_progress")}),
                       Expr::compare(m::due_date.index, Expr::Op::lt, now)});
}

store::Shown shown_milestone(Micros now) {
  return {m::status.index, past_due(now), Value("overdue")};
}

Status check_milestone(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  EC_TRYV(agree(uow, write));
  if (write.changes(m::dependencies)) EC_TRYV(check_cycles(uow, *write.after));
  return check_completing(uow, write);
}

Status settle_milestone(UnitOfWork& uow, const Write& write) {
  if (write.after != nullptr) return ok();
  const Record& gone = *write.before;
  store::Query query;
  query.table = &schema::tables::event_milestones;
  query.organization = gone.organization_id();
  query.where = Expr::all_of(
      {Expr::equals(m::event_id.index, gone[m::event_id]), Expr::contains(m::dependencies.index, to_text(gone.id()))});
  EC_TRY(waiting, uow.scan(query));
  for (Record& milestone : waiting) {
    Json left = Json::array();
    for (const Uuid& id : stored_ids(milestone[m::dependencies]))
      if (id != gone.id()) left.push_back(to_text(id));
    EC_TRYV(uow.change(milestone, {{m::dependencies.index, Value(dump(left))}}));
  }
  return ok();
}

}  // namespace eventcore::rules::events
