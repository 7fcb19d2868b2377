// Turns the places of a paid order into tickets with signed codes.
// Invariant: one ticket per place, their price_paid sum to the order's total.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>
#include <vector>

#include "rules/pure/order.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// From when until when a place of the category admits: its own window, else 24 hours before the event starts until
// 6 hours after it ends.
struct AdmissionWindow {
  Micros from = 0;
  Micros until = 0;  // the last moment
};
AdmissionWindow admission_window(const Record& event, const Record& category);

// `items`, `categories` and the lines of `amounts` belong together one by one.
Result<std::vector<Record>> issue_tickets(work::UnitOfWork& uow, const Record& event, const Record& order,
                                          std::span<const Record> items, std::span<const Record* const> categories,
                                          const pure::OrderAmounts& amounts);

}  // namespace eventcore::rules::ticketing
