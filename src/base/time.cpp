#include "base/time.hpp"

#include <date/date.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/zone.hpp"

namespace eventcore {
namespace {

constexpr Micros us_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

bool in_range(std::int64_t seconds) {
  return seconds >= first_second && seconds <= last_second;
}

std::int64_t days_of(int year, int month, int day) {
  const date::year_month_day ymd(date::year{year}, date::month{static_cast<unsigned>(month)},
                                 date::day{static_cast<unsigned>(day)});
  return date::sys_days(ymd).time_since_epoch().count();
}

bool valid_date(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  return date::year_month_day(date::year{year}, date::month{static_cast<unsigned>(month)},
                              date::day{static_cast<unsigned>(day)})
      .ok();
}

void append_digits(std::string& out, std::int64_t value, std::size_t count) {
  out.append(count, '0');
  for (std::size_t i = 0; i < count; ++i, value /= 10) out[out.size() - 1 - i] = static_cast<char>('0' + value % 10);
}

LocalTime split_seconds(std::int64_t seconds) {
  const std::int64_t days = floor_divide(seconds, seconds_per_day);
  const std::int64_t of_day = seconds - days * seconds_per_day;
  const date::sys_days midnight{date::days(static_cast<int>(days))};
  const date::year_month_day ymd(midnight);
  LocalTime time;
  time.year = static_cast<int>(ymd.year());
  time.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  time.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  time.weekday = static_cast<int>(date::weekday(midnight).iso_encoding());
  time.hour = static_cast<int>(of_day / 3600);
  time.minute = static_cast<int>(of_day / 60 % 60);
  time.second = static_cast<int>(of_day % 60);
  return time;
}

// Reads fixed-width fields from the front; the first miss makes everything after it fail, too.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    if (rest_.size() < digits) return miss();
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return miss();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  bool next_is(std::string_view any_of) const {
    return !rest_.empty() && any_of.find(rest_.front()) != std::string_view::npos;
  }

  char take(std::string_view any_of) {
    if (!next_is(any_of)) return static_cast<char>(miss());
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // ".5" is 500,000; nothing is 0. Seven digits and more miss.
  Micros fraction() {
    if (!next_is(".")) return 0;
    rest_.remove_prefix(1);
    Micros value = 0;
    Micros unit = us_per_second;
    while (next_is("0123456789")) {
      if (unit == 1) return miss();
      unit /= 10;
      value += unit * (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return unit == us_per_second ? miss() : value;
  }

  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  int miss() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

struct Stamp {
  LocalTime local;
  Micros fraction_us = 0;
};

Stamp read_stamp(FieldReader& reader, bool seconds_optional) {
  Stamp stamp;
  stamp.local.year = reader.number(4);
  reader.take("-");
  stamp.local.month = reader.number(2);
  reader.take("-");
  stamp.local.day = reader.number(2);
  reader.take("Tt ");
  stamp.local.hour = reader.number(2);
  reader.take(":");
  stamp.local.minute = reader.number(2);
  if (seconds_optional && !reader.next_is(":")) return stamp;
  reader.take(":");
  stamp.local.second = reader.number(2);
  stamp.fraction_us = reader.fraction();
  return stamp;
}

bool valid_local(const LocalTime& t) {
  return valid_date(t.year, t.month, t.day) && t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 &&
         t.second >= 0 && t.second < 60;
}

std::int64_t join_seconds(const LocalTime& t) {
  return days_of(t.year, t.month, t.day) * seconds_per_day + t.hour * 3600 + t.minute * 60 + t.second;
}

Failure bad_time() {
  return fail(Errc::invalid_argument, "not a time as in 2026-05-01T10:00:00Z");
}
Failure bad_local_time() {
  return fail(Errc::invalid_argument, "not a time as in 2026-05-01T10:00:00");
}
Failure bad_date() {
  return fail(Errc::invalid_argument, "not a date as in 2026-05-01");
}
Failure bad_zone() {
  return fail(Errc::invalid_argument, "unknown time zone");
}
Failure out_of_range() {
  return fail(Errc::invalid_argument, "the time is outside the years 0001 to 9999");
}

}  // namespace

Result<Micros> parse_rfc3339(std::string_view text) {
  FieldReader reader(text);
  const Stamp stamp = read_stamp(reader, false);
  std::int64_t offset = 0;
  if (reader.next_is("+-")) {
    const bool west = reader.take("+-") == '-';
    const int hours = reader.number(2);
    reader.take(":");
    const int minutes = reader.number(2);
    if (hours > 23 || minutes > 59) return bad_time();
    offset = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
  } else {
    reader.take("Zz");
  }
  if (!reader.complete() || !valid_local(stamp.local)) return bad_time();
  const std::int64_t seconds = join_seconds(stamp.local) - offset;
  if (!in_range(seconds)) return out_of_range();
  return seconds * us_per_second + stamp.fraction_us;
}

Result<Micros> parse_time_in_zone(std::string_view text, std::string_view zone) {
  FieldReader reader(text);
  const Stamp stamp = read_stamp(reader, true);
  if (!reader.complete() || !valid_local(stamp.local)) return bad_local_time();
  EC_TRY(start_us, from_local(stamp.local, zone));
  EC_TRY(shown, local_time(start_us, zone));
  // In a gap the instant after it stands for the whole gap, so its fraction means nothing.
  const bool skipped = join_seconds(shown) != join_seconds(stamp.local);
  return start_us + (skipped ? 0 : stamp.fraction_us);
}

std::string format_rfc3339(Micros time_us) {
  const std::int64_t seconds = floor_divide(time_us, us_per_second);
  const Micros fraction = (time_us % us_per_second + us_per_second) % us_per_second;
  const LocalTime t = split_seconds(std::clamp(seconds, first_second, last_second));
  std::string text;
  text.reserve(27);
  append_digits(text, t.year, 4);
  text.push_back('-');
  append_digits(text, t.month, 2);
  text.push_back('-');
  append_digits(text, t.day, 2);
  text.push_back('T');
  append_digits(text, t.hour, 2);
  text.push_back(':');
  append_digits(text, t.minute, 2);
  text.push_back(':');
  append_digits(text, t.second, 2);
  if (fraction != 0) {
    text.push_back('.');
    append_digits(text, fraction, 6);
  }
  text.push_back('Z');
  return text;
}

Result<std::string> parse_date(std::string_view text) {
  FieldReader reader(text);
  const int year = reader.number(4);
  reader.take("-");
  const int month = reader.number(2);
  reader.take("-");
  const int day = reader.number(2);
  if (!reader.complete() || !valid_date(year, month, day)) return bad_date();
  return std::string(text);
}

bool zone_exists(std::string_view zone) {
  return find_zone(zone) != nullptr;
}

std::string LocalTime::date() const {
  std::string text;
  append_digits(text, year, 4);
  text.push_back('-');
  append_digits(text, month, 2);
  text.push_back('-');
  append_digits(text, day, 2);
  return text;
}

Result<LocalTime> local_time(Micros time_us, std::string_view zone) {
  const Zone* found = find_zone(zone);
  if (found == nullptr) return bad_zone();
  const std::int64_t seconds = floor_divide(time_us, us_per_second);
  if (!in_range(seconds)) return out_of_range();
  const std::int64_t local = seconds + found->offset_at(seconds);
  if (!in_range(local)) return out_of_range();
  return split_seconds(local);
}

Result<Micros> from_local(const LocalTime& local, std::string_view zone) {
  const Zone* found = find_zone(zone);
  if (found == nullptr) return bad_zone();
  if (!valid_local(local)) return bad_local_time();
  const std::int64_t seconds = found->to_utc(join_seconds(local));
  if (!in_range(seconds)) return out_of_range();
  return seconds * us_per_second;
}

Result<std::string> date_in_zone(Micros time_us, std::string_view zone) {
  EC_TRY(local, local_time(time_us, zone));
  return local.date();
}

}  // namespace eventcore
