// The files of a store are damaged in every way that can happen to a file, and in those that somebody with an older
// copy could think of: whatever is answered after that equals the answer of the sound store, or is an error that says
// what is wrong; where neither holds, that is counted and stands in docs/reliability.md. EC_FLIPS=<number> asks for
// more accidents than usual, EC_FAULT_SECONDS=<number> for as many as fit in that time.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>

#include "base/seed.hpp"
#include "faults/damage_examiner.hpp"

namespace eventcore::faults {
namespace {

constexpr std::int64_t usual_accidents = 20'000;
constexpr std::int64_t usual_sample = 100;
constexpr std::size_t questions_each = 6;  // of an accident; of the other damages all
constexpr std::size_t shards = 4;          // each with dice of its own, so that a seed gives the same on any machine

using How = Examiner::How;
using Verify = Examiner::Verify;

class DamageTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const auto& [kind, tally] : tallies_) std::printf("%s: %s\n", kind.c_str(), tally.text().c_str());
    if (HasFailure()) std::printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  }

  void count(const Examiner& examiner) {
    for (const auto& [kind, tally] : examiner.tallies()) tallies_[kind].add(tally);
  }

  // Damages of a list, with every question and verify_store after each wrong answer: a sample, or all of them where
  // more accidents than usual are asked for.
  void examine_all(std::vector<Damage> damages) {
    const Budget budget("EC_FLIPS", usual_sample);
    Examiner examiner(store_, testing::seed());
    examiner.expect_exact_loss = false;
    std::shuffle(damages.begin(), damages.end(), examiner.dice());
    for (std::size_t i = 0; i < damages.size() && budget.allows(static_cast<std::int64_t>(i)); ++i)
      examiner.examine(damages[i], How::writing, examiner.everything(), Verify::when_wrong);
    count(examiner);
    for (const auto& [kind, tally] : tallies_) EXPECT_EQ(tally.wrong_unverified, 0) << kind << " " << tally.text();
  }

  FaultFolder folder_;
  DamageStore store_{folder_.folder()};
  Tallies tallies_;
};

void cause_accidents(const DamageStore& store, Examiner& examiner, const Budget& budget) {
  for (std::int64_t done = 0; budget.allows(done * static_cast<std::int64_t>(shards)); ++done) {
    const bool thoroughly = done % 16 == 0;
    examiner.examine(accident(store, examiner.dice()), done % 8 == 0 ? How::writing : How::reading,
                     thoroughly ? examiner.everything() : questions_each, done % 128 == 0 ? Verify::yes : Verify::no);
    if (done % 1'000 == 999) examiner.expect_files_as_they_were();
  }
}

TEST_F(DamageTest, AnAccidentIsAnErrorOrHarmlessAndALossIsNamed) {
  const Budget budget("EC_FLIPS", usual_accidents);
  std::vector<std::unique_ptr<Examiner>> examiners;
  for (std::size_t i = 0; i < shards; ++i) examiners.push_back(std::make_unique<Examiner>(store_, testing::seed() + i));
  std::vector<std::thread> threads;
  for (const auto& examiner : examiners) threads.emplace_back([&] { cause_accidents(store_, *examiner, budget); });
  for (std::thread& thread : threads) thread.join();
  std::int64_t done = 0;
  for (const auto& examiner : examiners) count(*examiner);
  for (const auto& [kind, tally] : tallies_) {
    done += tally.all;
    EXPECT_EQ(tally.wrong, 0) << kind;
  }
  const Tally& flips = tallies_["bit flipped"];
  EXPECT_TRUE(flips.refused.contains("commits_lost") && flips.refused.contains("store_corrupt"));
  EXPECT_TRUE(flips.errors > 0 && flips.harmless > 0);
  std::printf("%lld accidents, %lld of them bit flips, in %.1f s: %.0f a second\n", static_cast<long long>(done),
              static_cast<long long>(flips.all), budget.seconds(), static_cast<double>(done) / budget.seconds());
}

// Without the anchor's word the same files give answers of an earlier time: were it not checked, this test would be the
// one above.
TEST_F(DamageTest, WhoAcceptsEveryLossIsAnsweredFromAnEarlierTime) {
  Examiner examiner(store_, testing::seed());
  for (int i = 0; i < 100; ++i) {
    Damage damage = accident(store_, examiner.dice());
    while (damage.file != wal) damage = accident(store_, examiner.dice());
    examiner.examine(damage, How::accepting_loss, examiner.everything(), Verify::no);
  }
  count(examiner);
  std::int64_t wrong = 0;
  for (const auto& [kind, tally] : tallies_) wrong += tally.wrong;
  EXPECT_GT(wrong, 50);
}

TEST_F(DamageTest, AReplayedPageIsNoticedByVerifyStore) {
  examine_all(replayed_pages(store_));
}

TEST_F(DamageTest, AForgedWalIsNoticedByVerifyStore) {
  examine_all(forged_wals(store_));
}

TEST_F(DamageTest, AFileOfAnotherTimeIsNoticedByVerifyStore) {
  examine_all(mixed_times(store_));
}

}  // namespace
}  // namespace eventcore::faults
