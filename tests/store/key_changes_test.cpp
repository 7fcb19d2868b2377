// Keys added, removed and exchanged, and the whole store under a new data key: who can open it then, whatever fails.
#include <atomic>
#include <future>
#include <thread>

#include "store/copies.hpp"
#include "support/fault_vfs.hpp"

namespace eventcore::store {
namespace {

class KeyChangesTest : public CopiesFixture {
 protected:
  KeyChangesTest() {
    store_ = opened(path_, 1, true);
    EXPECT_TRUE(test::put_organization(*store_, tenant_, "first"));
    EXPECT_TRUE(set_total(*store_, 7));
  }
  static Status change_data_key(Store& store, std::uint8_t key) {
    const auto changed =
        store.change_data_key(raw(key), "{}", [](Writer& writer) { return writer.set_meta("changed", "yes"); }, {});
    return changed ? Status(ok()) : Status(changed.error());
  }
  // Closes, and expects that exactly one of the two keys opens the store, with all that was committed; answers which.
  std::uint8_t the_one_that_opens(std::uint8_t one, std::uint8_t other, int expected_total) {
    std::uint8_t found = 0;
    for (const std::uint8_t key : {one, other}) {
      auto store = open(path_, key);
      if (!store) {
        EXPECT_EQ(store.error().code(), Errc::wrong_key) << int{key} << store.error().message();
        continue;
      }
      EXPECT_EQ(found, 0) << "both keys open it";
      found = key;
      EXPECT_EQ(total(*store.assume_value()), expected_total);
      const auto pages = store.assume_value()->check_pages();
      EXPECT_TRUE(pages && pages.assume_value().empty());
      EXPECT_TRUE(set_total(*store.assume_value(), expected_total));
    }
    EXPECT_NE(found, 0) << "no key opens it";
    return found;
  }

  std::unique_ptr<Store> store_;
};

TEST_F(KeyChangesTest, AnyOfSeveralKeysOpensTheStoreAndTheLastOneStays) {
  ASSERT_TRUE(store_->add_key(raw(2)));
  ASSERT_TRUE(store_->add_key(KeyInput::passphrase(as_bytes("words of the office"))));
  ASSERT_EQ(store_->key_slots().assume_value().size(), 3U);
  EXPECT_EQ(store_->opened_slot(), 1);
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(opened(path_, 2)->opened_slot(), 2);
  OpenOptions words = with(path_, 0);
  words.key = KeyInput::passphrase(as_bytes("words of the office"));
  auto store = Store::open(std::move(words), around_.environment());
  ASSERT_TRUE(store);
  store_ = std::move(store).assume_value();
  ASSERT_TRUE(store_->remove_key(1));
  EXPECT_EQ(code(store_->remove_key(1)), Errc::not_found);
  ASSERT_TRUE(store_->remove_key(2));
  EXPECT_EQ(code(store_->remove_key(3)), Errc::invalid_argument);
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(code(open(path_, 1)), Errc::wrong_key);
  EXPECT_EQ(code(open(path_, 2)), Errc::wrong_key);
  EXPECT_EQ(code(open(path_, 9)), Errc::wrong_key) << "a key that never was is told in the same words";
}

TEST_F(KeyChangesTest, AKeyTakesTheOthersPlaceInOneStepAndOpenStoresGoOn) {
  const auto neighbour = opened(path_, 1);
  const KeyInput renewed = raw(2);
  ASSERT_TRUE(store_->change_keys(&renewed, 1, {}));
  EXPECT_EQ(store_->opened_slot(), 2);
  ASSERT_TRUE(set_total(*neighbour, 8)) << "who has it open has the data key";
  EXPECT_EQ(neighbour->key_slots().assume_value().at(0).slot, 2) << "and sees the slots as they are now";
  ASSERT_TRUE(neighbour->close());
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, 8), 2);
}

TEST_F(KeyChangesTest, WhatTheRecordRefusesChangesNoKey) {
  const KeyInput key = raw(2);
  EXPECT_EQ(code(store_->change_keys(&key, 1, [](Writer&, std::int32_t) -> Result<bool> { return Errc::internal; })),
            Errc::internal);
  ASSERT_TRUE(store_->change_keys(&key, 1, [](Writer&, std::int32_t) -> Result<bool> { return false; }));
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, 7), 1);
}

TEST_F(KeyChangesTest, ADiskThatIsFullAtTheCommitTakesTheKeyChangeBack) {
  test::FaultVfs vfs("key_faults");
  ASSERT_TRUE(store_->close());
  auto faulty = Store::open(with(path_, 1), around_.environment(vfs.name()));
  ASSERT_TRUE(faulty);
  store_ = std::move(faulty).assume_value();
  ASSERT_EQ(total(*store_), 7);
  const KeyInput key = raw(2);
  vfs.arm(test::FaultAt::write, 1, SQLITE_FULL, 1'000'000);
  EXPECT_EQ(code(store_->change_keys(&key, 1,
                                     [](Writer& writer, std::int32_t) -> Result<bool> {
                                       EC_TRYV(writer.set_meta("total", "8"));
                                       return true;
                                     })),
            Errc::disk_full);
  vfs.disarm();
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, 7), 1);
}

TEST_F(KeyChangesTest, KilledAtAnyCallOfAKeyChangeOneKeyOpens) {
  ASSERT_TRUE(store_->close());
  std::uint8_t now = 1;
  int killed = 0;
  for (int nth = 0; killed_at(
           nth,
           [&](KillingCalls&calls, Files&files) {
             auto store = Store::open(with(path_, now), {around_.clock, around_.random, files, around_.log, ""});
             if (!store) ::_exit(2);
             const KeyInput renewed = raw(static_cast<std::uint8_t>(3 - now));
             calls.begin();
             ::_exit(store.assume_value()->change_keys(&renewed, store.assume_value()->opened_slot(), {}) ? 0 : 3);
           });
       nth += fault_step()) {
    ++killed;
    now = the_one_that_opens(1, 2, 7);
    ASSERT_NE(now, 0) << nth;
  }
  EXPECT_GT(killed * fault_step(), 5);
}

TEST_F(KeyChangesTest, ANewDataKeyKeepsEverythingAndOnlyTheNewKeyOpens) {
  ASSERT_TRUE(store_->add_key(raw(3)));
  const Digest before = digest(*store_);
  const Bytes public_key = store_->signing_public_key();
  const std::int64_t commits = store_->commit_count();
  const Bytes old_keys = whole(folder_.path("shop.keys"));
  ASSERT_TRUE(change_data_key(*store_, 2));
  EXPECT_EQ(store_->commit_count(), commits + 1) << "it is a commit like any other";
  EXPECT_EQ(total(*store_), 7);
  EXPECT_EQ(digest(*store_), before);
  EXPECT_EQ(store_->signing_public_key(), public_key);
  EXPECT_EQ(store_->key_slots().assume_value().size(), 1U);
  ASSERT_TRUE(set_total(*store_, 8));
  EXPECT_EQ(store_->commit_count(), commits + 2);
  ASSERT_TRUE(store_->close());
  EXPECT_FALSE(anything_waits());
  EXPECT_EQ(code(open(path_, 3)), Errc::wrong_key);
  EXPECT_EQ(the_one_that_opens(1, 2, 8), 2);
  // The old slots with the old key give the old data key, which decrypts nothing any more.
  put(folder_.path("shop.keys"), old_keys);
  EXPECT_FALSE(open(path_, 1));
}

TEST_F(KeyChangesTest, ANewDataKeyWaitsForReadersOnlySoLong) {
  std::promise<void> reading;
  std::promise<void> enough;
  std::thread reader([&] {
    const Status read = store_->read([&](Reader& rows) -> Status {
      EC_TRY(before, rows.meta("total"));
      reading.set_value();
      enough.get_future().wait();
      EC_TRY(after, rows.meta("total"));
      return before == after ? Status(ok()) : Status(Errc::internal);
    });
    EXPECT_TRUE(read) << read.error().message();
  });
  reading.get_future().wait();
  std::atomic<bool> answered = false;
  std::thread time([&] {  // passes, as long as somebody waits
    while (!answered.load()) {
      around_.clock.advance(1'000);
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(code(change_data_key(*store_, 2)), Errc::store_busy);
  answered = true;
  time.join();
  EXPECT_EQ(total(*store_), 7) << "others read on beside the one who takes so long";
  enough.set_value();
  reader.join();
  EXPECT_TRUE(change_data_key(*store_, 2));
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, 7), 2);
}

TEST_F(KeyChangesTest, ANewDataKeyWaitsForNobodyElseToHaveTheStoreOpen) {
  const auto neighbour = opened(path_, 1);
  EXPECT_EQ(code(change_data_key(*store_, 2)), Errc::store_busy);
  ASSERT_TRUE(set_total(*neighbour, 8));
  ASSERT_TRUE(set_total(*store_, 9));
  ASSERT_TRUE(neighbour->close());
  ASSERT_TRUE(change_data_key(*store_, 2));
  EXPECT_EQ(total(*store_), 9);
}

TEST_F(KeyChangesTest, CallsOfOtherThreadsWaitAndLoseNothing) {
  std::atomic<bool> stop = false;
  std::atomic<int> written = 7;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    while (!stop) {
      ASSERT_TRUE(set_total(*store_, written + 1));
      ++written;
    }
  });
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        const int least = written;
        ASSERT_GE(total(*store_), least);
      }
    });
  std::uint8_t key = 1;
  for (int round = 0; round < 4; ++round) {
    key = static_cast<std::uint8_t>(3 - key);
    const int before = written;
    ASSERT_TRUE(change_data_key(*store_, key)) << round;
    while (written < before + 5) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const int last = written;
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, last), key);
}

TEST_F(KeyChangesTest, ABackupOrACheckBesideANewDataKeyComesBeforeOrAfterIt) {
  std::atomic<bool> stop = false;
  std::atomic<int> copies = 0;
  std::atomic<int> checks = 0;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    while (!stop) {
      const std::string path = folder_.path("copy" + std::to_string(copies) + ".ecdb");
      const auto report = store_->copy_to(order(path, raw(5)));
      ASSERT_TRUE(report) << report.error().to_json();
      ++copies;
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      const auto problems = store_->check_pages();
      ASSERT_TRUE(problems) << problems.error().to_json();
      ASSERT_TRUE(problems.assume_value().empty());
      ++checks;
    }
  });
  threads.emplace_back([&] {
    const Bytes key = store_->signing_public_key();
    while (!stop) ASSERT_EQ(store_->signing_public_key(), key);
  });
  std::uint8_t key = 1;
  for (int round = 0; round < 12; ++round) {
    const int copied = copies;
    const int checked = checks;
    const Status changed = change_data_key(*store_, static_cast<std::uint8_t>(3 - key));
    ASSERT_TRUE(changed) << changed.error().to_json();
    key = static_cast<std::uint8_t>(3 - key);
    while (copies == copied || checks == checked) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, 7), key);
  EXPECT_EQ(total(*opened(folder_.path("copy0.ecdb"), 5)), 7);
}

TEST_F(KeyChangesTest, KilledAtAnyCallOfANewDataKeyExactlyOneKeyOpens) {
  ASSERT_TRUE(store_->close());
  std::uint8_t now = 1;
  int killed = 0;
  int renewed = 0;
  for (int nth = 0;
       killed_at(nth,
                 [&](KillingCalls&calls, Files&files) {
                   auto store = Store::open(with(path_, now), {around_.clock, around_.random, files, around_.log, ""});
                   if (!store) ::_exit(2);
                   calls.begin();
                   ::_exit(change_data_key(*store.assume_value(), static_cast<std::uint8_t>(3 - now)) ? 0 : 3);
                 });
       nth += fault_step()) {
    ++killed;
    const std::uint8_t then = the_one_that_opens(1, 2, 7);
    ASSERT_NE(then, 0) << nth;
    if (then != now) ++renewed;
    now = then;
    EXPECT_FALSE(anything_waits()) << nth;
  }
  EXPECT_GT(killed * fault_step(), 20);
  EXPECT_GT(renewed, 0);
}

TEST_F(KeyChangesTest, AnyCallThatFailsLeavesExactlyOneKeyAndNoWriteLost) {
  ASSERT_TRUE(store_->close());
  std::uint8_t now = 1;
  int failed = 0;
  int written = 7;
  for (int nth = 0;; nth += fault_step()) {
    FaultyCalls calls;
    const auto files = faulty_files(calls);
    auto store = Store::open(with(path_, now), {around_.clock, around_.random, *files, around_.log, ""});
    ASSERT_TRUE(store) << nth << store.error().message();
    calls.count = 0;
    calls.fail_at = nth;
    calls.error = nth % 2 == 0 ? EIO : ENOSPC;
    const Status changed = change_data_key(*store.assume_value(), static_cast<std::uint8_t>(3 - now));
    const bool reached = calls.count > nth;
    calls.fail_at = -1;
    if (!changed) ++failed;
    // It goes on, or it has stopped: never does it take a write that is lost later.
    if (set_total(*store.assume_value(), written + 1)) ++written;
    (void)store.assume_value()->close();
    store.assume_value().reset();
    const std::uint8_t then = the_one_that_opens(1, 2, written);
    ASSERT_NE(then, 0) << nth;
    if (changed) {
      EXPECT_NE(then, now) << nth;
    }
    now = then;
    if (!reached) break;
  }
  EXPECT_GT(failed * fault_step(), 15);
}

TEST_F(KeyChangesTest, AFullDiskAtAnyWriteLeavesTheStoreAsItWas) {
  test::FaultVfs vfs("data_key_faults");
  ASSERT_TRUE(store_->close());
  auto faulty = Store::open(with(path_, 1), around_.environment(vfs.name()));
  ASSERT_TRUE(faulty);
  store_ = std::move(faulty).assume_value();
  EXPECT_EQ(total(*store_), 7);
  int failed = 0;
  for (int nth = 1;; nth += 1 + nth / 3) {
    vfs.arm(test::FaultAt::write, nth, SQLITE_FULL, 1'000'000);
    const Status changed = change_data_key(*store_, 2);
    vfs.disarm();
    if (changed) break;
    ++failed;
    ASSERT_EQ(changed.error().code(), Errc::disk_full) << nth;
    EXPECT_FALSE(anything_waits()) << nth;
    ASSERT_EQ(total(*store_), 7);
  }
  EXPECT_GT(failed, 5);
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(the_one_that_opens(1, 2, 7), 2);
}

}  // namespace
}  // namespace eventcore::store
