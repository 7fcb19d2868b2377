// What always holds of notifications.
// Thread: each function runs inside one unit of work.
#pragma once

#include "work/unit_of_work.hpp"

namespace eventcore::rules::communication {

// is_read and read_at go together.
Status check_notification(work::UnitOfWork& uow, work::Write& write);

}  // namespace eventcore::rules::communication
