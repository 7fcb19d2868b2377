// What a cancelled event takes along: its orders are cancelled with all that was paid due back, their buyers are written
// to, and nobody waits for its places any more. Thousands of orders do not fit one unit of work, so it goes by slices:
// the event is cancelled at once (it sells and admits no further order), and whoever comes next (cancel_event again,
// run_maintenance) goes on until nothing is left.
// Thread: each runs inside one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>

#include "work/unit_of_work.hpp"

namespace eventcore::rules::events {

inline constexpr std::int64_t calling_off_slice = 500;  // orders

struct CalledOff {
  std::int64_t orders = 0;
  std::int64_t entries = 0;  // of the waiting list
  bool more = false;
};

// A slice of one cancelled event.
Result<CalledOff> call_off(work::UnitOfWork& uow, const Record& event, std::int64_t limit);

// The organization's cancelled events that still have orders standing, up to `limit` orders and never
// more than a slice.
Result<CalledOff> finish_calling_off(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit);

}  // namespace eventcore::rules::events
