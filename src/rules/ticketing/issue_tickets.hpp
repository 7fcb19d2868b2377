// Turns the places of a paid order into tickets with signed codes.
// Invariant: one ticket per place, their price_paid sum to the order's total.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>
#include <string>
#include <vector>

#include "rules/pure/order.hpp"
#include "rules/ticketing/event_key.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// From when until when a place of the category admits: its own window, else 24 hours before the event starts until
// 6 hours after it ends.
struct AdmissionWindow {
  Micros from = 0;
  Micros until = 0;  // the last moment
};
AdmissionWindow admission_window(const Record& event, const Record& category);

// From when until when a ticket admits: what it says itself, else its category, else its event.
AdmissionWindow ticket_window(const Record& event, const Record& category, const Record& ticket);
Result<AdmissionWindow> window_of(work::Reading& reading, const Record& event, const Record& ticket);

// A further code of a ticket.
Result<std::string> signed_code(const SigningKey& key, const Record& ticket, const AdmissionWindow& window,
                                std::int64_t serial);

// Who holds a ticket from now on.
struct Holder {
  std::string name;
  std::string email;
  Value phone;
};
// The ticket that takes the place of `old` after a transfer: its order, line, category, price and window, a number and
// a code of its own.
Result<Record> issue_in_place_of(work::UnitOfWork& uow, const Record& event, const Record& old, Holder holder);

// `items`, `categories` and the lines of `amounts` belong together one by one.
Result<std::vector<Record>> issue_tickets(work::UnitOfWork& uow, const Record& event, const Record& order,
                                          std::span<const Record> items, std::span<const Record* const> categories,
                                          const pure::OrderAmounts& amounts);

}  // namespace eventcore::rules::ticketing
