// The same statement with ten thousand writes of the neighbour, and the time that a refusal takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "policy/neighbour.hpp"

namespace eventcore::test {
namespace {

TEST(IsolationTest, TenThousandWritesOfBChangeNothingOfWhatAGets) {
  expect_a_untouched_by(10'000);
}

constexpr const char* absent = "019a0000-0000-7000-8000-00000000aaaa";
constexpr int alternations = 2'000;
constexpr int tries = 5;
constexpr double gross = 1.3;

std::int64_t median(std::vector<std::int64_t> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

// How much longer the slower of the two takes, by the medians of alternating calls.
template <class Ask>
double slower_by(const std::string& foreign, const Ask& ask) {
  std::vector<std::int64_t> times[2];
  for (int i = 0; i < 2 * alternations; ++i) {
    const int which = (i + i / 2) % 2;  // foreign first as often as absent first
    const std::string& id = which == 0 ? foreign : absent;
    const auto begun = std::chrono::steady_clock::now();
    ask(id);
    times[which].push_back((std::chrono::steady_clock::now() - begun).count());
  }
  const auto a = static_cast<double>(std::max<std::int64_t>(1, median(times[0])));
  const auto b = static_cast<double>(std::max<std::int64_t>(1, median(times[1])));
  return std::max(a, b) / std::min(a, b);
}

// A busy machine may disturb one try, not all of them.
template <class Ask>
void expect_alike(const char* what, const std::string& foreign, const Ask& ask) {
  double least = 1'000;
  for (int i = 0; i < tries; ++i) {
    const double ratio = slower_by(foreign, ask);
    std::printf("isolation: %s, foreign to absent id: ratio of the medians %.3f\n", what, ratio);
    least = std::min(least, ratio);
    if (least < gross) return;
  }
  ADD_FAILURE() << what << ": " << least << " in the best of " << tries << " tries";
}

TEST(IsolationTest, ARefusalTakesAsLongForAForeignIdAsForAnAbsentOne) {
  World& world = shared_world();
  const std::string foreign = world.b().rows.at("events public");
  const std::string ticket = world.b().rows.at("tickets");
  api::SessionCore& owner = world.session("ow");
  expect_alike("get", foreign, [&](const std::string& id) { EXPECT_FALSE(owner.get("events", id, {})); });
  expect_alike("get of a ticket", ticket, [&](const std::string& id) { EXPECT_FALSE(owner.get("tickets", id, {})); });
  expect_alike("update", foreign, [&](const std::string& id) { EXPECT_FALSE(owner.update("events", id, "{}", {})); });
  expect_alike("event_report", foreign, [&](const std::string& id) {
    EXPECT_FALSE(owner.call("event_report", dump({{"event_id", id}}), {}));
  });
  expect_alike("list", foreign, [&](const std::string& id) {
    EXPECT_TRUE(owner.list("event_tags", dump({{"where", {{"event_id", id}}}})));
  });
}

}  // namespace
}  // namespace eventcore::test
