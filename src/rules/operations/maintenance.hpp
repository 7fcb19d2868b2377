// What has to be done from time to time, a piece per unit of work and organization: the API room goes over the
// organizations and calls these until nothing is left. (Due orders: ticketing/commands.hpp.)
// Thread: each runs inside one unit of work of a service.
#pragma once

#include <cstdint>
#include <vector>

#include <eventcore/result.hpp>
#include "work/unit_of_work.hpp"

namespace eventcore::rules::operations {

inline constexpr std::int64_t removal_slice = 500;

struct Swept {
  std::int64_t rows = 0;
  bool more = false;  // some were left for the next call
};

// Every organization that has rows, closed ones included.
Result<std::vector<Uuid>> all_organizations(store::Reader& reader);

// Open milestones whose time is up become overdue.
Result<Swept> mark_overdue_milestones(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit);

// A slice of a closed organization: its rows, referring ones first; then the images of its audit entries; at the end it
// is forgotten and only the commitments of its chain remain. `rows` counts rows, not images.
Result<Swept> remove_closed(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit = removal_slice);

// Changes and idempotent replies older than 30 days, at most `limit` of each.
Status forget_old(work::UnitOfWork& uow, std::int64_t limit);

}  // namespace eventcore::rules::operations
