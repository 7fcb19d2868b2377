// How many places may be held without paying: per address and category no more than one order could have, and for
// anonymous callers no more than the event allows in all.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>

#include "rules/ticketing/cart.hpp"

namespace eventcore::rules::ticketing {

Status check_holds(work::Reading& reading, const Cart& cart);

}  // namespace eventcore::rules::ticketing
