// Times and dates as text, and the local time of IANA zones.
// Invariants: years 0001 to 9999; an instant is Micros since 1970; zones come from the system's time zone database.
// Thread: any thread; the database is loaded once, at first use.
#pragma once

#include <eventcore/result.hpp>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace eventcore {

// RFC 3339 with offset or Z; up to six fractional digits, more are refused, as are leap seconds.
Result<Micros> parse_rfc3339(std::string_view text);
// "2026-05-01T10:00:00" without offset, read in a zone; seconds may be left out. Gap and overlap as in from_local.
Result<Micros> parse_time_in_zone(std::string_view text, std::string_view zone);
std::string format_rfc3339(Micros time_us);  // "2026-05-01T10:00:00Z", six digits of fraction unless zero

Result<std::string> parse_date(std::string_view text);  // "YYYY-MM-DD", checked against the calendar

bool zone_exists(std::string_view zone);  // "Europe/Berlin", links such as "US/Pacific"; case matters

struct LocalTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int weekday = 4;  // 1 Monday .. 7 Sunday; from_local does not look at it
  int hour = 0;
  int minute = 0;
  int second = 0;
  [[nodiscard]] std::string date() const;
};

Result<LocalTime> local_time(Micros time_us, std::string_view zone);
// A time the clocks skip becomes the first instant after the gap; one they show twice, the earlier.
Result<Micros> from_local(const LocalTime& local, std::string_view zone);
Result<std::string> date_in_zone(Micros time_us, std::string_view zone);

}  // namespace eventcore
