// What always holds of organizations, their users and skills.
// Thread: each function runs inside one unit of work.
#pragma once

#include "work/unit_of_work.hpp"

namespace eventcore::rules::organization {

Status check_organization(work::UnitOfWork& uow, work::Write& write);
Status check_user(work::UnitOfWork& uow, work::Write& write);
Status check_skill(work::UnitOfWork& uow, work::Write& write);

}  // namespace eventcore::rules::organization
