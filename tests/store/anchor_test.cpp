#include "store/anchor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.hpp"
#include "store/side_files.hpp"

namespace eventcore::store {
namespace {

constexpr std::size_t block = 4096;
constexpr std::size_t record = 96;

AnchorState state(std::int64_t commit) {
  AnchorState out;
  out.commit = commit;
  out.store_seq = commit * 10;
  out.heads.fill(static_cast<std::uint8_t>(commit));
  return out;
}

class AnchorTest : public testing::Test {
 protected:
  AnchorTest() { store_id_.bytes[3] = 9; }

  Result<std::unique_ptr<Anchor>> open(bool create = false) {
    return Anchor::open(files_, path_, key_, store_id_, create);
  }
  std::unique_ptr<Anchor> make() { return open(true).assume_value(); }
  Errc refused() {
    const Bytes before = whole(path_);
    const Errc answer = code(open());
    EXPECT_EQ(whole(path_), before);
    return answer;
  }
  void flip(std::size_t at) {
    Bytes bytes = whole(path_);
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 0x10U);
    put(path_, bytes);
  }

  Folder folder_;
  std::string path_ = folder_ / "fest.anchor";
  Files& files_ = system_files();
  SecretBytes key_ = SecretBytes::copy_of(Bytes(32, 5));
  Uuid store_id_;
};

TEST_F(AnchorTest, AFreshOneKnowsNoCommit) {
  const auto anchor = make();
  EXPECT_FALSE(anchor->last());
  EXPECT_FALSE(anchor->slot_damaged());
  EXPECT_EQ(whole(path_).size(), 2 * block);
  EXPECT_FALSE(open().assume_value()->last());
}

TEST_F(AnchorTest, TheLastStateIsReadBack) {
  const auto anchor = make();
  for (std::int64_t commit = 1; commit <= 5; ++commit) {
    ASSERT_TRUE(anchor->write(state(commit)));
    EXPECT_EQ(anchor->last(), state(commit));
    EXPECT_EQ(open().assume_value()->last(), state(commit));
  }
  EXPECT_EQ(whole(path_).size(), 2 * block);
}

// The bytes are a format; the MAC was computed by another program from docs/store-format.md.
TEST_F(AnchorTest, ARecordKeepsItsBytes) {
  ASSERT_TRUE(make()->write(state(1)));
  EXPECT_EQ(hex(ByteView(whole(path_)).first(record)),
            hex(as_bytes("ecanchor")) +
                "0001"
                "0000"
                "00000000"
                "0000000000000001"
                "000000000000000a" +
                hex(Bytes(32, 1)) + "9643585b395d259419673d0219bc438eefa0ff06e63dec631e2441d5f9b11cf0");
}

TEST_F(AnchorTest, ItNeverMovesBack) {
  const auto anchor = make();
  ASSERT_TRUE(anchor->write(state(7)));
  const Bytes before = whole(path_);
  for (const std::int64_t commit : {0, 1, 6, 7}) EXPECT_TRUE(anchor->write(state(commit)));
  EXPECT_EQ(whole(path_), before);
  EXPECT_EQ(anchor->last(), state(7));
}

// A power cut may spoil both records when both were written since the last sync.
TEST_F(AnchorTest, EveryWriteIsOneWriteOfOneRecordWhileTheOtherIsOnTheDisk) {
  FaultyCalls calls;
  const auto faulty = faulty_files(calls);
  const auto anchor = Anchor::open(*faulty, path_, key_, store_id_, true).assume_value();
  Bytes on_disk = whole(path_);
  for (std::int64_t commit = 1; commit <= 12; ++commit) {
    const Bytes before = whole(path_);
    calls.calls.clear();
    ASSERT_TRUE(anchor->write(state(commit)));
    EXPECT_EQ(std::count(calls.calls.begin(), calls.calls.end(), "pwrite"), 1);
    EXPECT_EQ(std::count(calls.calls.begin(), calls.calls.end(), "fdatasync"), 0);
    const Bytes after = whole(path_);
    const bool first_written = !std::equal(after.begin(), after.begin() + record, before.begin());
    const std::size_t written = first_written ? 0 : block;
    for (std::size_t at = 0; at < after.size(); ++at) {
      if (at >= written && at < written + record) continue;
      ASSERT_EQ(after[at], on_disk[at]) << "commit " << commit << ", byte " << at;
    }
    if (commit % 3 != 0) continue;
    ASSERT_TRUE(anchor->sync());
    on_disk = whole(path_);
  }
}

TEST_F(AnchorTest, AfterWritesOfAnotherItSyncsBeforeItWrites) {
  FaultyCalls calls;
  const auto faulty = faulty_files(calls);
  const auto anchor = Anchor::open(*faulty, path_, key_, store_id_, true).assume_value();
  const auto other = open().assume_value();
  ASSERT_TRUE(other->write(state(1)));
  ASSERT_TRUE(other->sync());
  ASSERT_TRUE(other->write(state(2)));  // now neither record is known here to be on the disk
  calls.calls.clear();
  ASSERT_TRUE(anchor->write(state(3)));
  const auto synced = std::find(calls.calls.begin(), calls.calls.end(), "fdatasync");
  EXPECT_LT(synced, std::find(calls.calls.begin(), calls.calls.end(), "pwrite"));
  EXPECT_EQ(open().assume_value()->last(), state(3));
}

TEST_F(AnchorTest, ATornWriteLeavesTheStateBefore) {
  for (std::size_t torn = 1; torn < record; ++torn) {
    ASSERT_TRUE(files_.remove(path_));
    const auto anchor = make();
    ASSERT_TRUE(anchor->write(state(1)));
    ASSERT_TRUE(anchor->write(state(2)));
    ASSERT_TRUE(anchor->sync());
    const Bytes before = whole(path_);
    ASSERT_TRUE(anchor->write(state(3)));
    Bytes after = whole(path_);
    ASSERT_NE(before, after);
    std::copy(before.begin() + static_cast<std::ptrdiff_t>(block + torn), before.begin() + block + record,
              after.begin() + static_cast<std::ptrdiff_t>(block + torn));  // only the first bytes came through
    put(path_, after);
    const auto opened = open();
    ASSERT_TRUE(opened) << torn;
    const auto last = opened.assume_value()->last();
    EXPECT_TRUE(last == state(2) || last == state(3)) << torn;
    EXPECT_EQ(opened.assume_value()->slot_damaged(), after != before && last == state(2)) << torn;
  }
}

TEST_F(AnchorTest, OneDamagedSlotIsReportedAndMendedByTheNextWrite) {
  {
    const auto anchor = make();
    ASSERT_TRUE(anchor->write(state(1)));
    ASSERT_TRUE(anchor->sync());
    ASSERT_TRUE(anchor->write(state(2)));
  }
  for (std::size_t at = 0; at < record; ++at) {
    const Bytes good = whole(path_);
    flip(at);  // commit 1 lies in the first slot
    const auto opened = open();
    ASSERT_TRUE(opened) << at;
    EXPECT_TRUE(opened.assume_value()->slot_damaged()) << at;
    EXPECT_EQ(opened.assume_value()->last(), state(2)) << at;
    put(path_, good);
  }
  flip(0);
  const auto anchor = open().assume_value();
  ASSERT_TRUE(anchor->write(state(3)));
  EXPECT_FALSE(anchor->slot_damaged());
  const auto again = open().assume_value();
  EXPECT_EQ(again->last(), state(3));
  EXPECT_FALSE(again->slot_damaged());
}

TEST_F(AnchorTest, TwoDamagedSlotsAreTampering) {
  const auto anchor = make();
  ASSERT_TRUE(anchor->write(state(1)));
  flip(70);
  flip(block + 40);
  EXPECT_EQ(refused(), Errc::anchor_tampered);
  EXPECT_EQ(code(anchor->write(state(2))), Errc::anchor_tampered);
  EXPECT_EQ(code(anchor->refresh()), Errc::anchor_tampered);
}

TEST_F(AnchorTest, AMissingOrEmptyOrShortFileIsTampering) {
  EXPECT_EQ(code(open()), Errc::anchor_tampered);
  EXPECT_TRUE(folder_.names().empty()) << "looking must not make one";
  put(path_, {});
  EXPECT_EQ(refused(), Errc::anchor_tampered);
  put(path_, Bytes(50));
  EXPECT_EQ(refused(), Errc::anchor_tampered);
  put(path_, Bytes(2 * block));
  EXPECT_EQ(refused(), Errc::anchor_tampered);
}

TEST_F(AnchorTest, AnAnchorOfAnotherStoreOrUnderAnotherKeyIsTampering) {
  make();
  key_.writable()[0] = 1;
  EXPECT_EQ(refused(), Errc::anchor_tampered);
  key_.writable()[0] = 5;
  store_id_.bytes[3] = 8;
  EXPECT_EQ(refused(), Errc::anchor_tampered);
}

TEST_F(AnchorTest, ARecordCopiedIntoTheOtherSlotDoesNotVerify) {
  const auto anchor = make();
  ASSERT_TRUE(anchor->write(state(1)));  // into the first slot
  Bytes bytes = whole(path_);
  std::copy(bytes.begin(), bytes.begin() + record, bytes.begin() + block);
  put(path_, bytes);
  EXPECT_TRUE(open().assume_value()->slot_damaged());
  std::fill(bytes.begin(), bytes.begin() + record, std::uint8_t{0});
  put(path_, bytes);
  EXPECT_EQ(refused(), Errc::anchor_tampered);
}

// docs/store-format.md: every version keeps the places of magic, version, slot and MAC.
TEST_F(AnchorTest, ARecordOfANewerReleaseIsStoreNewerAndAForeignMagicIsNone) {
  const auto signed_anew = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = whole(path_);
    for (const std::size_t slot : {std::size_t{0}, block}) {
      bytes[slot + at] = value;
      const ByteView text = ByteView(bytes).subspan(slot, record - 32);
      const Digest mac = Blake2b(key_.view()).add("ec-anchor-record").add(store_id_.bytes).add(text).finish();
      std::ranges::copy(mac, bytes.begin() + static_cast<std::ptrdiff_t>(slot + record - 32));
    }
    put(path_, bytes);
  };
  ASSERT_TRUE(make()->write(state(3)));
  signed_anew(9, 1);  // the version as it is: the rest of this test signs as the engine does
  EXPECT_EQ(open().assume_value()->last(), state(3));
  signed_anew(9, 2);
  EXPECT_EQ(refused(), Errc::store_newer);
  signed_anew(9, 1);
  signed_anew(0, 'E');
  EXPECT_EQ(refused(), Errc::anchor_tampered);
}

TEST_F(AnchorTest, CreatingKeepsAGoodOneAndReplacesADamagedOne) {
  ASSERT_TRUE(make()->write(state(4)));
  EXPECT_EQ(make()->last(), state(4));
  flip(0);
  flip(block);
  EXPECT_FALSE(make()->last());
  EXPECT_TRUE(open());
}

TEST_F(AnchorTest, ResetGoesBackAndLeavesNothingOfTheLostCommits) {
  const auto anchor = make();
  ASSERT_TRUE(anchor->write(state(8)));
  ASSERT_TRUE(anchor->write(state(9)));
  ASSERT_TRUE(anchor->reset(state(5)));
  EXPECT_EQ(open().assume_value()->last(), state(5));
  ASSERT_TRUE(anchor->write(state(6)));
  flip(0);
  EXPECT_LE(open().assume_value()->last()->commit, 6);
}

TEST_F(AnchorTest, AResetThatFailsInBetweenForgetsNothing) {
  for (int step = 0; step < 40; ++step) {
    ASSERT_TRUE(files_.remove(path_));
    FaultyCalls calls;
    const auto faulty = faulty_files(calls);
    const auto anchor = Anchor::open(*faulty, path_, key_, store_id_, true).assume_value();
    ASSERT_TRUE(anchor->write(state(8)));
    ASSERT_TRUE(anchor->write(state(9)));
    calls.count = 0;
    calls.fail_at = step;
    const Status reset = anchor->reset(state(5));
    const auto last = open().assume_value()->last();
    ASSERT_TRUE(last == state(5) || last == state(8) || last == state(9)) << step;
    if (reset) {
      EXPECT_EQ(last, state(5)) << step;
    }
  }
}

TEST_F(AnchorTest, TwoWritersNeverMoveItBackAndSeeEachOther) {
  const auto first = make();
  const auto second = open().assume_value();
  ASSERT_TRUE(first->write(state(1)));
  ASSERT_TRUE(second->write(state(3)));
  ASSERT_TRUE(first->write(state(2)));  // late: left out
  EXPECT_EQ(first->last(), state(3));
  ASSERT_TRUE(first->write(state(4)));
  EXPECT_EQ(second->last(), state(3));
  EXPECT_EQ(second->refresh().assume_value(), state(4));
  const auto third = open().assume_value();
  EXPECT_EQ(third->last(), state(4));
  EXPECT_FALSE(third->slot_damaged());
}

TEST_F(AnchorTest, ManyWritersAtOnceEndAtTheHighestCommit) {
  make();
  std::atomic<std::int64_t> next{0};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto anchor = open().assume_value();
      std::int64_t seen = 0;
      for (int n = 0; n < 100; ++n) {
        const std::int64_t commit = ++next;
        if (!anchor->write(state(commit))) ++failures;
        const std::int64_t last = anchor->last()->commit;
        if (last < commit || last < seen) ++failures;
        seen = last;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(open().assume_value()->last(), state(400));
}

TEST_F(AnchorTest, SyncIsDueASecondAfterTheFirstUnsyncedWrite) {
  FaultyCalls calls;
  const auto faulty = faulty_files(calls);
  const auto anchor = Anchor::open(*faulty, path_, key_, store_id_, true).assume_value();
  EXPECT_FALSE(anchor->needs_sync(10));
  ASSERT_TRUE(anchor->write(state(1)));
  EXPECT_FALSE(anchor->needs_sync(5'000'000));
  ASSERT_TRUE(anchor->write(state(2)));
  EXPECT_FALSE(anchor->needs_sync(5'999'999));
  EXPECT_TRUE(anchor->needs_sync(6'000'000));
  calls.calls.clear();
  ASSERT_TRUE(anchor->sync());
  ASSERT_TRUE(anchor->sync());  // nothing left to sync
  EXPECT_EQ(calls.calls, std::vector<std::string>{"fdatasync"});
  EXPECT_FALSE(anchor->needs_sync(99'000'000));
  ASSERT_TRUE(anchor->write(state(3)));
  EXPECT_FALSE(anchor->needs_sync(99'000'000));
  EXPECT_TRUE(anchor->needs_sync(100'000'000));
}

TEST_F(AnchorTest, AFailedSyncStaysDue) {
  FaultyCalls calls;
  const auto faulty = faulty_files(calls);
  const auto anchor = Anchor::open(*faulty, path_, key_, store_id_, true).assume_value();
  ASSERT_TRUE(anchor->write(state(1)));
  calls.count = 0;
  calls.fail_at = 0;
  EXPECT_EQ(code(anchor->sync()), Errc::io_error);
  EXPECT_FALSE(anchor->needs_sync(0));
  EXPECT_TRUE(anchor->needs_sync(1'000'000));
  EXPECT_TRUE(anchor->sync());
}

TEST_F(AnchorTest, AFailedWriteLosesNothingAndTheNextOneMends) {
  for (int step = 0; step < 12; ++step) {
    ASSERT_TRUE(files_.remove(path_));
    FaultyCalls calls;
    const auto faulty = faulty_files(calls);
    const auto anchor = Anchor::open(*faulty, path_, key_, store_id_, true).assume_value();
    ASSERT_TRUE(anchor->write(state(1)));
    ASSERT_TRUE(anchor->write(state(2)));
    ASSERT_TRUE(anchor->sync());
    calls.count = 0;
    calls.fail_at = step;
    const Status written = anchor->write(state(3));
    EXPECT_EQ(open().assume_value()->last(), written ? state(3) : state(2)) << step;
    calls.fail_at = -1;
    ASSERT_TRUE(anchor->write(state(4))) << step;
    EXPECT_EQ(open().assume_value()->last(), state(4)) << step;
  }
}

}  // namespace
}  // namespace eventcore::store
