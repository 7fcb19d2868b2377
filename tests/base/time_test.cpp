#include "base/time.hpp"

#include <gtest/gtest.h>

#include <random>

#include "seed.hpp"

namespace eventcore {
namespace {

constexpr Micros second = 1'000'000;

std::string in_zone(std::string_view text, std::string_view zone) {
  const auto time = parse_time_in_zone(text, zone);
  return time ? format_rfc3339(time.value()) : time.error().message();
}

TEST(TimeTest, Rfc3339RoundTrips) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z").value(), 0);
  EXPECT_EQ(parse_rfc3339("2026-05-01T12:00:00+02:00").value(), parse_rfc3339("2026-05-01T10:00:00Z").value());
  EXPECT_EQ(parse_rfc3339("2026-05-01t10:00:00.5z").value(), 1'777'629'600 * second + 500'000);
  EXPECT_EQ(format_rfc3339(1'777'629'600 * second), "2026-05-01T10:00:00Z");
  EXPECT_EQ(format_rfc3339(1'777'629'600 * second + 5), "2026-05-01T10:00:00.000005Z");
  EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(parse_rfc3339("0001-01-01T00:00:00Z").value()), "0001-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(parse_rfc3339("9999-12-31T23:59:59.999999Z").value()), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(INT64_MIN).size(), 27U);
}

TEST(TimeTest, Rfc3339RefusesTheRest) {
  for (const char* bad : {"",
                          "2026-05-01",
                          "2026-05-01T10:00:00",
                          "2026-05-01T10:00Z",
                          "2026-5-1T10:00:00Z",
                          "2026-02-29T10:00:00Z",
                          "2026-13-01T10:00:00Z",
                          "2026-00-01T10:00:00Z",
                          "2026-04-31T10:00:00Z",
                          "2026-05-01T24:00:00Z",
                          "2026-05-01T10:60:00Z",
                          "2016-12-31T23:59:60Z",
                          "2026-05-01T10:00:00.Z",
                          "2026-05-01T10:00:00.1234567Z",
                          "2026-05-01T10:00:00+2:00",
                          "2026-05-01T10:00:00+0200",
                          "2026-05-01T10:00:00+24:00",
                          "2026-05-01T10:00:00+02:60",
                          "2026-05-01T10:00:00ZZ",
                          " 2026-05-01T10:00:00Z",
                          "+026-05-01T10:00:00Z",
                          "0000-05-01T10:00:00Z",
                          "10000-05-01T10:00:00Z",
                          "0001-01-01T00:00:00+01:00",
                          "9999-12-31T23:59:59-01:00"}) {
    EXPECT_FALSE(parse_rfc3339(bad).has_value()) << bad;
  }
}

TEST(TimeTest, FormattingAndReadingAreInverse) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  const Micros first = parse_rfc3339("0001-01-01T00:00:00Z").value();
  const Micros last = parse_rfc3339("9999-12-31T23:59:59.999999Z").value();
  std::uniform_int_distribution<Micros> any(first, last);
  for (int i = 0; i < 20'000; ++i) {
    const Micros time = any(engine);
    ASSERT_EQ(parse_rfc3339(format_rfc3339(time)).value(), time);
  }
}

TEST(TimeTest, DatesFollowTheCalendar) {
  EXPECT_EQ(parse_date("2024-02-29").value(), "2024-02-29");
  for (const char* bad :
       {"2026-02-29", "1900-02-29", "2026-2-1", "2026-02-30", "20260201", "2026-02-01T", "0000-01-01", ""}) {
    EXPECT_FALSE(parse_date(bad).has_value()) << bad;
  }
}

TEST(ZoneTest, NamesAndLinksExistAndOtherFilesDoNot) {
  for (const char* good : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kathmandu"}) {
    EXPECT_TRUE(zone_exists(good)) << good;
  }
  EXPECT_TRUE(zone_exists("US/Pacific"));
  for (const char* bad :
       {"", "europe/berlin", "Europe", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "posixrules", "localtime",
        "right/UTC", "posix/UTC", "zone.tab", "leapseconds", "Europe/Berlin ", "UTC/"}) {
    EXPECT_FALSE(zone_exists(bad)) << bad;
  }
}

TEST(ZoneTest, LocalTimeKnowsWeekdayAndDate) {
  const Micros time = parse_rfc3339("2026-05-03T22:30:15Z").value();
  const LocalTime berlin = local_time(time, "Europe/Berlin").value();
  EXPECT_EQ(berlin.date(), "2026-05-04");
  EXPECT_EQ(berlin.weekday, 1);
  EXPECT_EQ(berlin.hour, 0);
  EXPECT_EQ(berlin.minute, 30);
  EXPECT_EQ(berlin.second, 15);
  EXPECT_EQ(local_time(time, "UTC").value().weekday, 7);
  EXPECT_EQ(date_in_zone(time, "America/New_York").value(), "2026-05-03");
  EXPECT_EQ(local_time(-1, "UTC").value().date(), "1969-12-31");
  EXPECT_FALSE(local_time(time, "Nowhere").has_value());
}

TEST(ZoneTest, GapGivesTheFirstInstantAfter) {
  EXPECT_EQ(in_zone("2026-03-29T02:30:00", "Europe/Berlin"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(in_zone("2026-03-29T02:00:00.5", "Europe/Berlin"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(in_zone("2026-03-29T03:00:00", "Europe/Berlin"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(in_zone("2026-03-29T01:59:59", "Europe/Berlin"), "2026-03-29T00:59:59Z");
  EXPECT_EQ(in_zone("2011-12-30T12:00:00", "Pacific/Apia"), "2011-12-30T10:00:00Z");
}

TEST(ZoneTest, OverlapGivesTheEarlier) {
  EXPECT_EQ(in_zone("2026-10-25T02:30:00", "Europe/Berlin"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(in_zone("2026-10-25T03:00:00", "Europe/Berlin"), "2026-10-25T02:00:00Z");
  EXPECT_EQ(in_zone("2026-11-01T01:30", "US/Eastern"), "2026-11-01T05:30:00Z");
}

TEST(ZoneTest, DaylightSavingGoesOnAfter2037) {
  EXPECT_EQ(in_zone("2040-07-01T12:00:00", "America/New_York"), "2040-07-01T16:00:00Z");
  EXPECT_EQ(in_zone("2040-01-01T12:00:00", "America/New_York"), "2040-01-01T17:00:00Z");
  EXPECT_EQ(in_zone("2040-01-01T12:00:00", "Australia/Sydney"), "2040-01-01T01:00:00Z");
  EXPECT_EQ(in_zone("2040-03-25T02:30:00", "Europe/Berlin"), "2040-03-25T01:00:00Z");
  EXPECT_EQ(in_zone("2040-10-28T02:30:00", "Europe/Berlin"), "2040-10-28T00:30:00Z");
  EXPECT_EQ(in_zone("2045-07-01T12:00:00", "Europe/Dublin"), "2045-07-01T11:00:00Z");
  EXPECT_EQ(in_zone("2045-07-01T12:00:00", "Asia/Tokyo"), "2045-07-01T03:00:00Z");
}

TEST(ZoneTest, InvalidLocalTimesAreRefused) {
  for (const char* bad :
       {"2026-05-01T10:00:00Z", "2026-05-01T10:00:00+02:00", "2026-05-01", "2026-02-29T10:00:00", "2026-05-01T10"}) {
    EXPECT_FALSE(parse_time_in_zone(bad, "UTC").has_value()) << bad;
  }
  EXPECT_FALSE(from_local({2026, 4, 31, 1, 0, 0, 0}, "UTC").has_value());
  EXPECT_FALSE(from_local({2026, 4, 30, 1, 24, 0, 0}, "UTC").has_value());
  EXPECT_FALSE(from_local({2026, 4, 30, 1, -1, 0, 0}, "UTC").has_value());
  EXPECT_FALSE(from_local({2026, 4, 30, 1, 0, 0, 0}, "Nowhere").has_value());
}

TEST(ZoneTest, LocalAndBackIsTheSameInstantOrTheEarlierTwin) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  const Micros first = parse_rfc3339("1900-01-01T00:00:00Z").value() / second;
  const Micros last = parse_rfc3339("2100-01-01T00:00:00Z").value() / second;
  std::uniform_int_distribution<Micros> any(first, last);
  for (const char* zone : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
                           "Africa/Casablanca", "America/Sao_Paulo", "Europe/Dublin", "America/Nuuk"}) {
    for (int i = 0; i < 3000; ++i) {
      const Micros time = any(engine) * second;
      const Micros back = from_local(local_time(time, zone).value(), zone).value();
      ASSERT_LE(back, time) << zone;
      ASSERT_LE(time - back, 4 * 3600 * second) << zone << " " << format_rfc3339(time);
      if (back != time) {
        ASSERT_EQ(local_time(back, zone).value().date(), local_time(time, zone).value().date());
        ASSERT_EQ(local_time(back, zone).value().minute, local_time(time, zone).value().minute);
      }
    }
  }
}

}  // namespace
}  // namespace eventcore
