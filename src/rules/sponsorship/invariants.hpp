// What always holds of sponsorship: scores, package counts, returns.
// Thread: each function runs inside one unit of work.
#pragma once

#include "work/unit_of_work.hpp"

namespace eventcore::rules::sponsorship {

// Whether a sponsor fills a place of its package.
bool takes_package(const Record& sponsor);
bool package_available(const Record& package);
std::int64_t score_of(const Record& prospect);                      // hundredths
Result<Value> roi_of(const Record& metric, const Record& sponsor);  // null: there is none

Status check_prospect(work::UnitOfWork& uow, work::Write& write);
Status check_package(work::UnitOfWork& uow, work::Write& write);
Status check_sponsor(work::UnitOfWork& uow, work::Write& write);
Status settle_sponsor(work::UnitOfWork& uow, const work::Write& write);
Status check_roi_metric(work::UnitOfWork& uow, work::Write& write);
void present_roi_metric(Json& json, const Record& metric);

}  // namespace eventcore::rules::sponsorship
