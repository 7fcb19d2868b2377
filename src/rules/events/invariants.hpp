// What always holds of events, venues and planning.
// Thread: each function runs inside one unit of work.
#pragma once

#include "work/unit_of_work.hpp"

namespace eventcore::rules::events {

Status check_event(work::UnitOfWork& uow, work::Write& write);
Status settle_event(work::UnitOfWork& uow, const work::Write& write);  // what is cancelled takes its orders along
Status check_venue(work::UnitOfWork& uow, work::Write& write);
Status check_budget(work::UnitOfWork& uow, work::Write& write);
Status check_vendor_contract(work::UnitOfWork& uow, work::Write& write);
Status check_risk(work::UnitOfWork& uow, work::Write& write);

Status check_milestone(work::UnitOfWork& uow, work::Write& write);
Status settle_milestone(work::UnitOfWork& uow, const work::Write& write);  // others stop waiting for one that is gone
Expr past_due(Micros now);  // milestones that are open while their time is up
store::Shown shown_milestone(Micros now);

}  // namespace eventcore::rules::events
