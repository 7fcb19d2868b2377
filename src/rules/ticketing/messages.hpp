// What the rules of ticketing owe the buyer in writing. Who left no e-mail address is not written to.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>
#include <string>

#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// metadata.kind "order_confirmation": the order is paid, and these are its tickets.
Status queue_order_confirmation(work::UnitOfWork& uow, const Record& event, const Record& order,
                                std::span<const Record> tickets);

// metadata.kind "event_cancelled": the event does not take place; `refund` says what comes back, empty for nothing.
Status queue_event_cancelled(work::UnitOfWork& uow, const Record& event, const Record& order, const std::string& reason,
                             const std::string& refund);

}  // namespace eventcore::rules::ticketing
