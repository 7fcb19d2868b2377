// What one scan comes to: the first outcome of the documented list that holds. Reads, decides, writes nothing.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "work/reading.hpp"

namespace eventcore::rules::ticketing {

struct Scan {
  std::optional<std::string> code;  // the text of a scanned code, or
  std::string ticket_number;        // the number typed in, normalised
  std::optional<std::string> gate;
  bool out = false;

  // What the scan is remembered by; two texts that mean different things never look alike.
  [[nodiscard]] std::string text() const { return code ? "code:" + *code : "number:" + ticket_number; }
};

struct Admission {
  std::string outcome;           // a value of check_in_outcome
  std::optional<Record> ticket;  // of this event
  bool enters = false;           // the ticket becomes used
};

Result<Admission> decide_admission(work::Reading& reading, const Record& event, const Scan& scan);

// Whether the ticket's order is not paid, or its money was called back.
Result<bool> unpaid(work::Reading& reading, const Record& ticket);

// When a scan of the ticket that is made now counts as made, and an admission as taken back: after all that was done
// with the ticket, however the clock was set since. The order of a ticket's movements says whether its holder is
// inside.
Result<Micros> scan_time(work::Reading& reading, const Record& ticket);
Result<Micros> undo_time(work::Reading& reading, const Record& ticket);

// The ticket's last admitted scan that was not undone, into the event or out of it.
Result<std::optional<Record>> last_movement(work::Reading& reading, const Record& ticket);
// The last into the event, and the last that counted when `scan` was made.
Result<std::optional<Record>> last_admission(work::Reading& reading, const Record& ticket);
Result<std::optional<Record>> last_admission_before(work::Reading& reading, const Record& ticket, const Record& scan);

std::string_view outcome_message(std::string_view outcome);

}  // namespace eventcore::rules::ticketing
