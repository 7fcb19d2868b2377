// The waiting list. Who waits for a category comes before everybody else who would order its places: free places are
// offered in order of entry, as unpaid orders that hold them, and others see only what nobody waits for.
// Invariants: an entry's state follows its order's, however the order moves; an entry that needs more than is left
// waits and nobody overtakes it; a withdrawn or expired entry waits no more.
// Thread: belongs to one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <vector>

#include "rules/ticketing/cart.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

inline constexpr Micros offer_time_us = Micros{30} * 60 * 1'000'000;

// Places that waiting entries ask for, where the condition holds of the entry.
Result<std::int64_t> places_waited_for(work::Reading& reading, const Uuid& organization, Expr condition);

// What may be ordered of each line's category while others wait. A category's available_quantity is taken as it stands
// in the cart.
Result<std::vector<std::int64_t>> places_left(work::Reading& reading, const Cart& cart);

// The same of one category as it was read, with what the unit has given back since.
Result<std::int64_t> left_unwaited(work::UnitOfWork& uow, const Record& category);

// Since when an entry made now waits: after all that wait already, however the clock was set since.
Result<Micros> end_of_queue(work::UnitOfWork& uow, const Record& category);

struct OfferedPlaces {
  std::int64_t count = 0;  // entries that got an offer
  bool more = false;       // the limit was reached
};

// Offers the organization's free places to those who wait for them, at the price of this moment.
Result<OfferedPlaces> offer_places(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit);

// Invariants of waitlist_entries, and what an order's new state makes of the entry it was offered to.
Status check_waitlist_entry(work::UnitOfWork& uow, work::Write& write);
Status settle_offer(work::UnitOfWork& uow, const Record& before, const Record& after);

}  // namespace eventcore::rules::ticketing
