// Who stands behind the counter: users with box_office for the event, keys with the ticketing group, the service.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>

#include "base/json.hpp"
#include "work/reading.hpp"

namespace eventcore::rules::ticketing {

// `subject` is an event or a row below one.
Result<bool> behind_counter(work::Reading& reading, const Record& subject);

// Factors of the host's own may move a price, so only those behind the counter may bring some.
Status check_host_factors(work::Reading& reading, const Record& subject, const Json& factors);

}  // namespace eventcore::rules::ticketing
