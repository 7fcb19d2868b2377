// The two implementations of every predicate must agree: the condition that the store evaluates, and the decision on a
// row in memory. Random rows of every table, random principals; each pair is asked about every predicate.
// EC_POLICY_PAIRS raises the number of pairs, EC_TEST_SEED repeats a run.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/seed.hpp"
#include "policy/agreement.hpp"

namespace eventcore::test {
namespace {

constexpr std::size_t pairs_at_least = 120'000;

std::size_t wanted_pairs() {
  const char* given = std::getenv("EC_POLICY_PAIRS");
  return given == nullptr ? pairs_at_least : std::strtoull(given, nullptr, 10);
}

TEST(PolicyAgreementTest, TheStoreAndTheMemoryDecideAlike) {
  EC_TRACE_SEED();
  std::printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  Agreement agreement(testing::seed());
  std::size_t pairs = 0;
  std::size_t principals = 0;
  for (; pairs < wanted_pairs() && !::testing::Test::HasFailure(); principals += 4) pairs += agreement.compare(4);
  EXPECT_GE(pairs, wanted_pairs());
  std::printf("policy agreement: %zu pairs of row and principal (%zu principals)\n", pairs, principals);
}

}  // namespace
}  // namespace eventcore::test
