// Power cuts: whatever was acknowledged is there exactly once, whatever was not is there whole or not at all, and the
// store opens without help; and the harness that says so notices a disk or a build that does less than it should.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faults/power_judge.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {
namespace {

using Names = std::vector<std::string_view>;

class PowerTest : public ::testing::Test {
 protected:
  void SetUp() override { begin_ = beginning(folder_.folder(), 1, &creation_); }

  Story story(const Names& names, std::uint64_t seed = 1) { return tell(folder_.folder(), begin_, names, seed); }
  Tally cuts(const Story& story, const CutPlan& plan, const Sabotage& sabotage = {}) {
    const Tally tally = cut_story(folder_.folder(), story, plan, sabotage);
    cuts_ += tally.cuts;
    return tally;
  }
  static void expect_none(const Tally& tally) {
    EXPECT_GT(tally.cuts, 0);
    for (const std::string& failure : tally.failures) ADD_FAILURE() << failure;
  }
  bool notices(const Sabotage& sabotage, const Names& names) {
    const Tally tally = cuts(story(names), {.seed = 3, .between = 2, .lies = true, .stop_at_failure = true}, sabotage);
    return !tally.failures.empty();
  }

  // What is on the disk when the first event that `wanted` accepts has been done and nothing unsynced was kept.
  static Image image_after(const Story& story, const std::function<bool(const DiskEvent&)>& wanted, Loss loss) {
    Platter platter(story.start);
    std::mt19937_64 unused;
    for (const DiskEvent& event : story.history) {
      platter.apply(event);
      if (wanted(event)) return platter.cut(loss, unused);
    }
    ADD_FAILURE() << "the story has no such event";
    return {};
  }

  TestFolder folder_;
  Story creation_;
  Beginning begin_;
  std::int64_t cuts_ = 0;
};

TEST_F(PowerTest, AStoreThatIsBeingMadeIsFinishedByTheNextOpen) {
  expect_none(cuts(creation_, {.seed = 1, .between = 16, .cuts_max = 300}));
}

TEST_F(PowerTest, WhatWasAcknowledgedIsThereExactlyOnce) {
  const Names day = {"sell", "check_in", "group",    "refund", "refuse", "sell",   "checkpoint",
                     "sell", "group",    "check_in", "reopen", "sell",   "refund", "check_in"};
  expect_none(cuts(story(day), {.seed = 1, .between = 3}));
}

TEST_F(PowerTest, AKeyChangeOrABackupCutShortIsDoneOrNot) {
  expect_none(
      cuts(story({"sell", "rotate", "sell", "backup", "new_data_key", "sell", "rotate"}), {.seed = 2, .between = 16}));
}

TEST_F(PowerTest, ARestoreCutShortIsDoneOrNot) {
  const Story told = story({"backup", "sell", "restore", "sell"});
  ASSERT_EQ(told.trouble, "");
  ASSERT_EQ(told.deeds[2].restored_from, told.deeds[0].copy);
  ASSERT_NE(told.deeds[2].rows, told.deeds[1].rows) << "it took nothing back";
  expect_none(cuts(told, {.seed = 3, .first_event = told.deeds[1].ended, .between = 12}));
}

// The cuts lie in the last call of each; those before were cut in a shorter sequence. power_cuts --sequences 3 cuts
// every sequence of three at every event.
TEST_F(PowerTest, AnyTwoCallsInARowSurvive) {
  for (const std::string_view first : deed_names)
    for (const std::string_view second : deed_names) {
      const Story told = story({first, second});
      ASSERT_EQ(told.deeds.size(), 2U) << told.trouble;
      SCOPED_TRACE(std::string(first) + ", " + std::string(second));
      const Tally tally = cuts(told, {.seed = 1, .first_event = told.deeds.back().begun, .between = 64, .cuts_max = 6});
      for (const std::string& failure : tally.failures) ADD_FAILURE() << failure;  // a call may write nothing
    }
}

TEST_F(PowerTest, AfterSyncsThatLiedLossIsToldAndNoAnswerIsWrong) {
  const Tally tally =
      cuts(story({"sell", "group", "check_in", "sell", "refund", "checkpoint", "sell", "check_in", "group"}),
           {.seed = 5, .between = 4, .lies = true});
  expect_none(tally);
  EXPECT_GT(tally.lies.count("loss reported, an earlier state"), 0U);
}

// SQLCipher reads its salt from the file's first bytes, which every checkpoint may write.
TEST_F(PowerTest, AFirstPageSpoiledInACheckpointIsFoundInTheWal) {
  const Story told = story({"sell", "checkpoint"});
  Image image = image_after(
      told,
      [](const DiskEvent& e) { return e.kind == DiskEvent::Kind::write && e.name == store_name && e.offset == 0; },
      Loss::all);
  Bytes& database = image[std::string(store_name)];
  std::fill_n(database.begin(), Platter::sector, std::uint8_t{0xee});
  Disk disk(folder_.folder(), image, 2);
  auto desk = Desk::open(disk, store_name, 1, false, 2);
  ASSERT_TRUE(desk) << desk.error().to_json();
  const auto found = desk.assume_value()->state();
  ASSERT_TRUE(found);
  EXPECT_EQ(found.assume_value(), told.deeds.front().after);
  EXPECT_EQ(desk.assume_value()->verify().assume_value(), "");
}

// The sentinel's page is the first that a checkpoint writes: with the WAL lost, it is one commit ahead of all others,
// and the anchor agrees with it.
TEST_F(PowerTest, ASentinelAheadOfTheChainsHeadsIsNamedByVerifyStore) {
  const Story told = story({"rotate", "checkpoint"});
  constexpr std::int64_t sentinel_page = 4096;
  Image image = image_after(
      told,
      [](const DiskEvent& e) {
        return e.kind == DiskEvent::Kind::write && e.name == store_name && e.offset == sentinel_page;
      },
      Loss::nothing);
  image.erase(std::string(store_name) + "-wal");
  Disk disk(folder_.folder(), image, 2);
  const auto desk = Desk::open(disk, store_name, told.deeds.back().key_after, false, 2);
  ASSERT_TRUE(desk) << desk.error().to_json();
  EXPECT_NE(desk.assume_value()->verify().assume_value(), "");
}

// The rename may reach the disk and the unlink before it not: SQLite would read the old WAL into the new database.
TEST_F(PowerTest, ADatabaseUnderANewKeyNeverMeetsTheWalOfTheOldOne) {
  const Story told = story({"sell", "new_data_key"});
  ASSERT_EQ(told.deeds.size(), 2U) << told.trouble;
  const auto renamed = [](const DiskEvent& e) { return e.kind == DiskEvent::Kind::rename && e.to == store_name; };
  Image image = image_after(told, renamed, Loss::nothing);
  const Image durable = image_after(told, renamed, Loss::all);
  const std::string wal = std::string(store_name) + "-wal";
  if (const auto old = durable.find(wal); old != durable.end()) image[wal] = old->second;
  Disk disk(folder_.folder(), image, 2);
  const auto desk = Desk::open(disk, store_name, told.deeds.back().key_after, false, 2);
  EXPECT_TRUE(desk) << desk.error().to_json();
}

// Two commits without a sync of the anchor between them, and the power goes while both records are being written.
TEST_F(PowerTest, SpoilingEveryUnsyncedRecordOfTheAnchorLeavesOneThatOpens) {
  const Story told = story({"sell", "sell", "sell", "sell"});
  Image image = image_after(
      told, [&](const DiskEvent& e) { return &e == &told.history.back(); }, Loss::nothing);
  const Image durable = image_after(
      told, [&](const DiskEvent& e) { return &e == &told.history.back(); }, Loss::all);
  const std::string name = "store.anchor";
  for (std::size_t at = 0; at < image[name].size(); ++at)
    if (image[name][at] != durable.at(name)[at]) image[name][at] = 0xee;
  Disk disk(folder_.folder(), image, 2);
  const auto desk = Desk::open(disk, store_name, 1, false, 2);
  EXPECT_TRUE(desk) << desk.error().to_json();
}

// ---- the harness is not blind -------------------------------------------------------------------------------------

const Names busy = {"sell", "group", "rotate", "check_in", "checkpoint", "sell", "new_data_key", "sell", "reopen"};

TEST_F(PowerTest, ItNoticesThatNothingIsSynced) {
  EXPECT_TRUE(notices(sabotage::no_syncs, busy));
}
TEST_F(PowerTest, ItNoticesAWalThatIsSyncedLate) {
  EXPECT_TRUE(notices(sabotage::wal_syncs_late, busy));
}
TEST_F(PowerTest, ItNoticesThatTheFolderIsNotSynced) {
  EXPECT_TRUE(notices(sabotage::no_folder_syncs, busy));
}
TEST_F(PowerTest, ItNoticesThatKeySlotsAreNotSynced) {
  EXPECT_TRUE(notices(sabotage::no_key_syncs, busy));
}
TEST_F(PowerTest, ItNoticesThatTheAnchorIsNotWritten) {
  EXPECT_TRUE(notices(sabotage::no_anchor, busy));
}
TEST_F(PowerTest, WithoutSabotageItFindsNothingInTheSameStory) {
  EXPECT_FALSE(notices({}, busy));
}

}  // namespace
}  // namespace eventcore::test
