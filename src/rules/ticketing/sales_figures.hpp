// ticket_sales_analytics: one row per event, local date and hour of payment, category and source.
// Invariant: revenue is the sum of price_paid of the tickets counted; the average follows revenue and orders.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>

#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// Counts an order that has just been paid.
Status count_sale(work::UnitOfWork& uow, const Record& event, const Record& order, std::span<const Record> items);

}  // namespace eventcore::rules::ticketing
