#include "base/zone.hpp"

// As the distributions build the library; a mismatch would misread its objects.
#ifndef USE_OS_TZDB
#define USE_OS_TZDB 1
#endif
#include <date/tz.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

namespace eventcore {
namespace {

using std::chrono::seconds;

constexpr std::int64_t day_s = 86'400;

std::int64_t days_of(int year, unsigned month, unsigned day) {
  return date::sys_days(date::year{year} / static_cast<int>(month) / static_cast<int>(day)).time_since_epoch().count();
}

// One of the two yearly changes of a POSIX rule, by its local clock.
struct YearlyChange {
  enum class Form : std::uint8_t { weekday_of_month, day_without_leap, day_of_year } form = Form::day_of_year;
  int month = 0;  // weekday_of_month
  int week = 0;   // 1..5, 5 the last
  int day = 0;    // weekday from Sunday 0, or the number of the day
  std::int64_t time_s = 2 * 3600;

  [[nodiscard]] std::int64_t in(int year) const {
    if (form == Form::weekday_of_month) {
      const date::weekday wanted(static_cast<unsigned>(day));
      const auto ym = date::year{year} / month;
      const auto at = week == 5 ? date::sys_days(ym / wanted[date::last])
                                : date::sys_days(ym / wanted[static_cast<unsigned>(week)]);
      return std::int64_t{at.time_since_epoch().count()} * day_s + time_s;
    }
    std::int64_t days = days_of(year, 1, 1) + day;
    if (form == Form::day_without_leap) {  // counted from 1, February 29 never counted
      days += date::year{year}.is_leap() && day >= 60 ? 0 : -1;
    }
    return days * day_s + time_s;
  }
};

// The closing rule of a zone file, such as "EST5EDT,M3.2.0,M11.1.0".
class ClosingRule {
 public:
  static std::optional<ClosingRule> parse(std::string_view text) {
    ClosingRule rule;
    rule.rest_ = text;
    const bool good = rule.name() && rule.offset(rule.standard_) && rule.name() && rule.daylight() &&
                      rule.change(rule.start_) && rule.change(rule.end_) && rule.rest_.empty();
    rule.rest_ = {};
    return good ? std::optional(rule) : std::nullopt;
  }

  [[nodiscard]] std::int64_t offset_at(std::int64_t utc) const {
    const date::sys_seconds local{seconds(utc + standard_)};
    const int year = static_cast<int>(date::year_month_day(date::floor<date::days>(local)).year());
    const std::int64_t start = start_.in(year)-standard_;
    const std::int64_t end = end_.in(year)-daylight_;
    const bool saving = start < end ? utc >= start && utc < end : utc >= start || utc < end;
    return saving ? daylight_ : standard_;
  }

  [[nodiscard]] std::int64_t to_utc(std::int64_t local) const {
    const std::int64_t earlier = local - std::max(standard_, daylight_);
    const std::int64_t later = local - std::min(standard_, daylight_);
    if (earlier + offset_at(earlier) == local) return earlier;
    if (later + offset_at(later) == local) return later;
    std::int64_t before = earlier;  // a skipped time: the change lies between the two readings
    std::int64_t after = later;
    while (after - before > 1) {
      const std::int64_t middle = before + (after - before) / 2;
      (offset_at(middle) == offset_at(earlier) ? before : after) = middle;
    }
    return after;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool number(int& out) {
    std::size_t count = 0;
    out = 0;
    while (count < rest_.size() && count < 4 && rest_[count] >= '0' && rest_[count] <= '9') {
      out = out * 10 + (rest_[count++] - '0');
    }
    rest_.remove_prefix(count);
    return count > 0;
  }

  bool name() {
    const bool quoted = take('<');
    const std::size_t end = quoted ? rest_.find('>') : rest_.find_first_of("+-0123456789,");
    if (end == std::string_view::npos || end == 0) return false;
    rest_.remove_prefix(quoted ? end + 1 : end);
    return true;
  }

  bool clock(std::int64_t& out) {  // [+-]hh[:mm[:ss]]
    const bool negative = take('-');
    if (!negative) take('+');
    int part = 0;
    if (!number(part)) return false;
    out = std::int64_t{part} * 3600;
    for (const int unit : {60, 1}) {
      if (!take(':')) break;
      if (!number(part)) return false;
      out += std::int64_t{part} * unit;
    }
    if (negative) out = -out;
    return true;
  }

  bool offset(std::int64_t& out) {  // POSIX counts westward
    if (!clock(out)) return false;
    out = -out;
    return true;
  }

  bool daylight() {
    daylight_ = standard_ + 3600;
    return (!rest_.empty() && rest_.front() == ',') || offset(daylight_);
  }

  bool change(YearlyChange& out) {
    if (!take(',')) return false;
    if (take('M')) {
      out.form = YearlyChange::Form::weekday_of_month;
      const bool good = number(out.month) && take('.') && number(out.week) && take('.') && number(out.day);
      if (!good || out.month < 1 || out.month > 12 || out.week < 1 || out.week > 5 || out.day > 6) return false;
    } else {
      out.form = take('J') ? YearlyChange::Form::day_without_leap : YearlyChange::Form::day_of_year;
      if (!number(out.day) || out.day > 365) return false;
    }
    return !take('/') || clock(out.time_s);
  }

  std::string_view rest_;
  std::int64_t standard_ = 0;  // seconds east of UTC
  std::int64_t daylight_ = 0;
  YearlyChange start_;
  YearlyChange end_;
};

// The rule in the last line of a zone file, when it changes clocks at all.
std::optional<ClosingRule> closing_rule(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < 2 || bytes.substr(0, 4) != "TZif" || bytes.back() != '\n') return std::nullopt;
  const std::size_t start = bytes.rfind('\n', bytes.size() - 2);
  if (start == std::string::npos) return std::nullopt;
  return ClosingRule::parse(std::string_view(bytes).substr(start + 1, bytes.size() - start - 2));
}

class SystemZone final : public Zone {
 public:
  explicit SystemZone(const date::time_zone* zone) : zone_(zone), rule_(closing_rule(zone->name())) {}

  [[nodiscard]] std::int64_t offset_at(std::int64_t utc_seconds) const override {
    const date::sys_info info = zone_->get_info(date::sys_seconds{seconds(utc_seconds)});
    return rule_ && never_ends(info) ? rule_->offset_at(utc_seconds) : std::int64_t{info.offset.count()};
  }

  [[nodiscard]] std::int64_t to_utc(std::int64_t local_seconds) const override {
    const date::local_info info = zone_->get_info(date::local_seconds{seconds(local_seconds)});
    if (info.result == date::local_info::nonexistent) return info.first.end.time_since_epoch().count();
    const bool unlisted = info.result == date::local_info::unique && never_ends(info.first);
    return rule_ && unlisted ? rule_->to_utc(local_seconds) : local_seconds - info.first.offset.count();
  }

 private:
  static bool never_ends(const date::sys_info& info) { return info.end > date::sys_days(date::year{20'000} / 1 / 1); }

  const date::time_zone* zone_;
  std::optional<ClosingRule> rule_;
};

// Zones that were asked for, the last one first; never removed. Without a lock, for a process may be forked while
// another of its threads looks for a zone.
struct Known {
  explicit Known(std::string_view called) : name(called), zone(date::locate_zone(called)) {}
  const std::string name;
  const SystemZone zone;
  const Known* next = nullptr;
};

std::atomic<const Known*> known{nullptr};

const Known* find_known(const Known* first, std::string_view name) {
  while (first != nullptr && first->name != name) first = first->next;
  return first;
}

bool plausible(std::string_view name) {
  constexpr std::string_view others[] = {"posixrules", "localtime", "Factory", "leapseconds", "tzdata.zi"};
  if (name.empty() || name.size() > 64 || name.substr(0, 6) == "posix/" || name.substr(0, 6) == "right/") return false;
  if (std::find(std::begin(others), std::end(others), name) != std::end(others)) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '/' ||
           c == '+' || c == '-';
  });
}

}  // namespace

const Zone* find_zone(std::string_view name) {
  const Known* first = known.load(std::memory_order_acquire);
  if (const Known* at = find_known(first, name)) return &at->zone;
  if (!plausible(name)) return nullptr;
  try {
    auto fresh = std::make_unique<Known>(name);
    static_cast<void>(fresh->zone.offset_at(0));  // the library reads the file here, and throws if it is no zone
    fresh->next = first;
    while (!known.compare_exchange_weak(fresh->next, fresh.get(), std::memory_order_acq_rel))
      if (const Known* at = find_known(fresh->next, name)) return &at->zone;
    return &fresh.release()->zone;
  } catch (const std::exception&) {
    return nullptr;  // not in the database, or there is none
  }
}

}  // namespace eventcore
