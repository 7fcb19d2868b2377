#include "base/uuid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "seed.hpp"

namespace eventcore {
namespace {

constexpr Micros start_us = 1'777'629'600'000'000;

TEST(UuidTest, TextRoundTripsInLowerCase) {
  const std::string text = "01890a5d-ac96-774b-bcce-b302099a8057";
  EXPECT_EQ(to_text(parse_uuid(text).value()), text);
  EXPECT_EQ(to_text(parse_uuid("01890A5D-AC96-774B-BCCE-B302099A8057").value()), text);
  EXPECT_TRUE(parse_uuid("00000000-0000-0000-0000-000000000000").value().is_nil());
  EXPECT_FALSE(parse_uuid(text).value().is_nil());
}

TEST(UuidTest, OtherSpellingsAreRefused) {
  for (const char* bad : {"", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}",
                          "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a805g",
                          "01890a5d-ac96-774b-bcce-b302099a80570", "01890a5d0ac96-774b-bcce-b302099a8057",
                          "01890a5d-ac96-774b-bcce-b302099a-057", "@1890a5d-ac96-774b-bcce-b302099a8057"}) {
    EXPECT_FALSE(parse_uuid(bad).has_value()) << bad;
  }
}

TEST(UuidTest, OrderOfBytesIsOrderOfText) {
  SeededRandom random(testing::seed());
  EC_TRACE_SEED();
  for (int i = 0; i < 2000; ++i) {
    Uuid a;
    Uuid b;
    random.fill(a.bytes);
    random.fill(b.bytes);
    ASSERT_EQ(a < b, to_text(a) < to_text(b));
    ASSERT_EQ(parse_uuid(to_text(a)).value(), a);
  }
}

TEST(UuidTest, IdsCarryVersionVariantAndTime) {
  TestClock clock(start_us);
  SeededRandom random(1);
  UuidSource source(clock, random);
  const Uuid id = source.next();
  EXPECT_EQ(id.bytes[6] >> 4, 7);
  EXPECT_EQ(id.bytes[8] >> 6, 2);
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8) | id.bytes[i];
  EXPECT_EQ(ms, static_cast<std::uint64_t>(start_us / 1000));
}

TEST(UuidTest, MillionIdsStrictlyIncreaseUnderAnUnrulyClock) {
  TestClock clock(start_us);
  SystemRandom random;
  UuidSource source(clock, random);
  Uuid last = source.next();
  for (int i = 0; i < 1'000'000; ++i) {
    if (i % 1000 == 0) clock.advance(i % 3000 == 0 ? -7'000 : 2'000);
    if (i == 500'000) clock.set(-5);
    const Uuid next = source.next();
    ASSERT_LT(last, next) << "at " << i;
    last = next;
  }
}

TEST(UuidTest, ThreadsNeverShareAnId) {
  SystemClock clock;
  SystemRandom random;
  UuidSource source(clock, random);
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&source, &ids] {
      for (int i = 0; i < 20'000; ++i) ids.push_back(source.next());
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<Uuid> all;
  for (const auto& ids : made) {
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    all.insert(all.end(), ids.begin(), ids.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

}  // namespace
}  // namespace eventcore
