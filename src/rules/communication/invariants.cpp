#include "rules/communication/invariants.hpp"

#include "schema/generated/columns.hpp"

namespace eventcore::rules::communication {

Status check_notification(work::UnitOfWork& uow, work::Write& write) {
  namespace n = col::notifications;
  if (write.after == nullptr || !write.changes(n::is_read)) return ok();
  Record& after = *write.after;
  if (!after[n::is_read].boolean())
    after.set(n::read_at, Value());
  else if (after[n::read_at].is_null())
    after.set(n::read_at, uow.now());
  return ok();
}

}  // namespace eventcore::rules::communication
