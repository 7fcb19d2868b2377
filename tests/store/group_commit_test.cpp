// Group commit: everybody is answered rightly, whatever happens to a neighbour or to the disk.
#include "store/group_commit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "schema/all.hpp"
#include "support/fault_vfs.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

using test::FaultAt;

class GroupCommitTest : public testing::Test {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(test::put_organization(*store_, organization_, "first"));
  }
  void open() {
    auto opened = Store::open(test::options_for(path_), around_.environment(vfs_.name()));
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(opened.assume_value());
  }
  Job insert(const std::string& name) {
    const Record row = test::venue_row(organization_, around_.ids.next(), name);
    return [row](Writer& writer) { return test::put(writer, row); };
  }
  std::int64_t venues() {
    std::int64_t count = -1;
    const Status read = store_->read([&](Reader& reader) -> Status {
      EC_TRY(found, reader.count(schema::tables::venues, organization_, Expr::always()));
      count = found;
      return ok();
    });
    EXPECT_TRUE(read) << read.error().message();
    return count;
  }

  test::TestFolder folder_;
  test::Surroundings around_;
  test::FaultVfs vfs_{"ec-fault-group"};
  std::string path_ = folder_.path("shop.ecdb");
  Uuid organization_ = around_.ids.next();
  std::unique_ptr<Store> store_;
};

TEST_F(GroupCommitTest, SixteenThreadsCommitEverythingTheyWereToldIsCommitted) {
  std::atomic<int> good = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        Job job = insert(std::to_string(t));
        if (i % 10 == 9) {  // writes, then fails: what it wrote must go, its neighbours' rows must stay
          job = [inner = std::move(job)](Writer& writer) -> Status {
            EC_TRYV(inner(writer));
            return Errc::sold_out;
          };
        }
        const Status done = store_->write(std::move(job));
        if (done) ++good;
        if (!done && done.error().code() == Errc::sold_out) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 16 * 180);
  EXPECT_EQ(refused.load(), 16 * 20);
  EXPECT_EQ(venues(), 16 * 180);
  EXPECT_LT(store_->stats().groups, 16 * 200) << "nothing was grouped";
}

TEST_F(GroupCommitTest, SubmittedJobsCommitInOneGroupInTheirOrder) {
  std::vector<std::shared_ptr<Pending>> pending;
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) {
    pending.push_back(store_->submit([&order, i](Writer& writer) {
      order.push_back(i);
      return writer.set_meta("last", std::to_string(i));
    }));
  }
  const std::int64_t groups = store_->stats().groups;
  EXPECT_TRUE(*store_->wait(pending.back(), -1));
  for (const auto& each : pending) EXPECT_TRUE(*store_->wait(each, 0));
  EXPECT_EQ(store_->stats().groups, groups + 1);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(GroupCommitTest, AJobWhoseDeadlinePassedIsNotRun) {
  bool ran = false;
  const auto late = store_->submit(
      [&](Writer&) {
        ran = true;
        return Status(ok());
      },
      1);
  EXPECT_EQ(store_->wait(late, -1)->error().code(), Errc::deadline_exceeded);
  EXPECT_FALSE(ran);
}

TEST_F(GroupCommitTest, OnlyTheCallsOutOfTimeAreLeftOutOfAGroup) {
  const std::int64_t far_off = around_.clock.steady_us() + 1'000'000;
  const auto late = store_->submit(insert("late"), 1);
  const auto early = store_->submit(insert("early"), far_off);
  EXPECT_TRUE(store_->write(insert("without")));
  EXPECT_EQ(store_->wait(late, 0)->error().code(), Errc::deadline_exceeded);
  EXPECT_TRUE(*store_->wait(early, 0));
  EXPECT_EQ(venues(), 2);
}

TEST_F(GroupCommitTest, WhatNobodyWaitedForIsRefusedByTheCloseAndNotDone) {
  std::vector<std::shared_ptr<Pending>> pending;
  for (const char* name : {"one", "two"}) pending.push_back(store_->submit(insert(name)));
  ASSERT_TRUE(store_->close());
  for (const auto& each : pending) EXPECT_EQ(store_->wait(each, -1)->error().code(), Errc::closed);
  EXPECT_EQ(store_->wait(store_->submit(insert("three")), -1)->error().code(), Errc::closed);
  open();
  EXPECT_EQ(venues(), 0);
}

TEST_F(GroupCommitTest, AThrowingJobIsUndoneAndAnswered) {
  const Job inner = insert("thrown");
  const Status done = store_->write([&](Writer& writer) -> Status {
    EC_TRYV(inner(writer));
    throw std::bad_alloc();
  });
  EXPECT_EQ(done.error().code(), Errc::out_of_memory);
  EXPECT_EQ(venues(), 0);
}

TEST_F(GroupCommitTest, AnUnarmedWriteIsRefused) {
  const Record row = test::venue_row(organization_, around_.ids.next(), "unarmed");
  const Status done = store_->write([&](Writer& writer) { return writer.insert(row); });
  EXPECT_EQ(done.error().code(), Errc::internal);
  EXPECT_EQ(venues(), 0);
}

// A job that spills its pages meets the full disk before COMMIT; SQLite then ends the whole transaction.
TEST_F(GroupCommitTest, AFullDiskInOneJobRunsTheOthersAgain) {
  std::atomic<int> runs = 0;
  const Job first = insert("first");
  const Job last = insert("last");
  const auto counted = [&](const Job& job) {
    return [&runs, job](Writer& writer) {
      ++runs;
      return job(writer);
    };
  };
  const auto a = store_->submit(counted(first));
  const auto b = store_->submit([&](Writer& writer) -> Status {
    vfs_.arm(FaultAt::write, 1, SQLITE_FULL);
    const std::string long_text(200'000, 'x');
    for (int i = 0; i < 2'000; ++i) {
      const Status done = writer.set_meta("big" + std::to_string(i), long_text);
      if (!done) return done;
    }
    return ok();
  });
  const auto c = store_->submit(counted(last));
  EXPECT_TRUE(*store_->wait(c, -1));
  vfs_.disarm();
  EXPECT_TRUE(*store_->wait(a, 0));
  EXPECT_EQ(store_->wait(b, 0)->error().code(), Errc::disk_full);
  EXPECT_EQ(runs.load(), 3);  // the first twice, the last once
  EXPECT_EQ(store_->stats().reruns, 2);
  EXPECT_EQ(venues(), 2);
}

TEST_F(GroupCommitTest, AFullDiskAtCommitChangesNothingAndTheStoreGoesOn) {
  vfs_.arm(FaultAt::write, 1, SQLITE_FULL);
  EXPECT_EQ(store_->write(insert("lost")).error().code(), Errc::disk_full);
  vfs_.disarm();
  EXPECT_EQ(venues(), 0);
  EXPECT_TRUE(store_->write(insert("kept")));
  EXPECT_EQ(venues(), 1);
}

TEST_F(GroupCommitTest, AnIoErrorAtCommitIsUnknownAndStopsTheStore) {
  const auto a = store_->submit(insert("a"));
  const auto b = store_->submit(insert("b"));
  vfs_.arm(FaultAt::sync, 1, SQLITE_IOERR_FSYNC);
  EXPECT_EQ(store_->wait(a, -1)->error().code(), Errc::outcome_unknown);
  EXPECT_EQ(store_->wait(b, 0)->error().code(), Errc::outcome_unknown);
  vfs_.disarm();
  EXPECT_EQ(store_->write(insert("c")).error().code(), Errc::store_stopped);
  EXPECT_EQ(store_->read([](Reader&) { return Status(ok()); }).error().code(), Errc::store_stopped);
  store_.reset();
  open();
  const std::int64_t found = venues();
  EXPECT_TRUE(found == 0 || found == 2) << found;  // all or nothing, and now it is known
  EXPECT_TRUE(store_->write(insert("d")));
}

TEST_F(GroupCommitTest, ATransactionSeesItsOwnWritesAndKeepsWhatAFailedCallLeft) {
  auto turn = store_->begin();
  ASSERT_TRUE(turn);
  ASSERT_TRUE(turn.assume_value()->run(insert("kept")));
  const Job inner = insert("undone");
  EXPECT_FALSE(turn.assume_value()->run([&](Writer& writer) -> Status {
    EC_TRYV(inner(writer));
    return Errc::sold_out;
  }));
  std::int64_t seen = 0;
  ASSERT_TRUE(turn.assume_value()->run([&](Writer& writer) -> Status {
    EC_TRY(count, writer.count(schema::tables::venues, organization_, Expr::always()));
    seen = count;
    return ok();
  }));
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(venues(), 0) << "a reader saw what is not committed";
  ASSERT_TRUE(turn.assume_value()->commit());
  EXPECT_EQ(turn.assume_value()->commit().error().code(), Errc::no_transaction);
  EXPECT_EQ(venues(), 1);
}

TEST_F(GroupCommitTest, AnAbandonedTransactionRollsBack) {
  {
    auto turn = store_->begin();
    ASSERT_TRUE(turn);
    ASSERT_TRUE(turn.assume_value()->run(insert("gone")));
  }
  EXPECT_EQ(venues(), 0);
  EXPECT_TRUE(store_->write(insert("kept")));
}

TEST_F(GroupCommitTest, ATransactionThatKeepsTheTurnTooLongIsEndedByWhoWaits) {
  auto turn = store_->begin();
  ASSERT_TRUE(turn);
  ASSERT_TRUE(turn.assume_value()->run(insert("too slow")));
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(store_->write(insert("waited")));
  const auto waited = std::chrono::steady_clock::now() - started;
  EXPECT_GT(waited, std::chrono::seconds(4));
  EXPECT_LT(waited, std::chrono::seconds(7));
  EXPECT_EQ(turn.assume_value()->run(insert("late")).error().code(), Errc::transaction_expired);
  EXPECT_EQ(turn.assume_value()->commit().error().code(), Errc::transaction_expired);
  EXPECT_EQ(venues(), 1);
}

// Who waits while another holds the turn looks at the clock again and again: so a test sees that he waits.
class WatchedClock final : public Clock {
 public:
  [[nodiscard]] Micros now_us() const override { return system_.now_us(); }
  [[nodiscard]] std::int64_t steady_us() const override {
    ++looks_;
    return system_.steady_us();
  }
  [[nodiscard]] int looks() const { return looks_; }

 private:
  SystemClock system_;
  mutable std::atomic<int> looks_ = 0;
};

TEST_F(GroupCommitTest, WhoWaitsToBeAloneWhileTheStoreClosesIsToldSoAndDoesNothing) {
  WatchedClock clock;
  const Environment around{clock, around_.random, system_files(), around_.log, vfs_.name()};
  auto opened = Store::open(test::options_for(folder_.path("closing.ecdb")), around);
  ASSERT_TRUE(opened) << opened.error().message();
  Store& store = *opened.assume_value();
  auto turn = store.begin();
  ASSERT_TRUE(turn);
  const int before = clock.looks();
  Status rotated = ok();
  std::thread waiter([&] {
    const auto renewed = store.change_data_key(KeyInput::raw(Bytes(32, 7)), "{}", {}, {});
    rotated = renewed ? ok() : Status(renewed.error());
  });
  while (clock.looks() < before + 2) std::this_thread::yield();
  EXPECT_TRUE(store.close());
  waiter.join();
  ASSERT_FALSE(rotated);
  EXPECT_EQ(rotated.error().code(), Errc::closed);
}

TEST_F(GroupCommitTest, WhoWaitsForAnotherProcessWhileTheStoreClosesGetsNoTurn) {
  WatchedClock clock;
  const Environment around{clock, around_.random, system_files(), around_.log, vfs_.name()};
  auto opened = Store::open(test::options_for(folder_.path("leaving.ecdb")), around);
  ASSERT_TRUE(opened) << opened.error().message();
  Store& store = *opened.assume_value();
  auto other_process = system_files().lock(folder_.path("leaving.lock"), false, 0);
  ASSERT_TRUE(other_process);
  const int before = clock.looks();
  Errc answer = Errc::internal;
  std::thread waiter([&] {
    auto turn = store.begin();
    answer = turn ? Errc::internal : turn.error().code();
  });
  while (clock.looks() < before + 1) std::this_thread::yield();
  // Who is behind him in the queue is told that his time is up, until the store closes.
  const auto told_behind_him = [&] { return store.begin(1).error().code(); };
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(told_behind_him(), Errc::deadline_exceeded);
  Status closed = Errc::internal;
  std::thread closer([&] { closed = store.close(); });
  while (told_behind_him() != Errc::closed) std::this_thread::yield();
  other_process.assume_value().reset();
  closer.join();
  waiter.join();
  EXPECT_TRUE(closed);
  EXPECT_EQ(answer, Errc::closed);
}

TEST_F(GroupCommitTest, NobodyWaitsForAnotherProcessLongerThanHeAsked) {
  SystemClock clock;
  const Environment around{clock, around_.random, system_files(), around_.log, vfs_.name()};
  auto opened = Store::open(test::options_for(folder_.path("door.ecdb")), around);
  ASSERT_TRUE(opened) << opened.error().message();
  Store& store = *opened.assume_value();
  const auto note = [](Writer& writer) { return writer.set_meta("noted", "yes"); };
  auto other_process = system_files().lock(folder_.path("door.lock"), false, 0);
  ASSERT_TRUE(other_process);
  const std::int64_t began = clock.steady_us();
  const auto soon = [&] { return clock.steady_us() + 50'000; };
  EXPECT_EQ(store.write(note, soon()).error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(store.begin(soon()).error().code(), Errc::deadline_exceeded);
  // Who leads gives up alone: the one behind him has all his time left.
  const auto patient = store.submit(note);
  EXPECT_EQ(store.write(note, soon()).error().code(), Errc::deadline_exceeded);
  // Who asks whether a call is done hears so in time, and the call goes on waiting; so does who only looks.
  for (const std::int64_t asked_us : {0, 50'000}) EXPECT_FALSE(store.wait(patient, asked_us));
  const auto limited = store.submit(note, soon());
  EXPECT_FALSE(store.wait(limited, 0));
  EXPECT_EQ(store.wait(limited, -1)->error().code(), Errc::deadline_exceeded);
  EXPECT_LT(clock.steady_us() - began, 3'000'000) << "the store's own patience is longer";
  other_process.assume_value().reset();
  const std::optional<Status> answered = store.wait(patient, -1);
  ASSERT_TRUE(answered);
  EXPECT_TRUE(*answered) << answered->error().message();
}

// The steady clock as the system has it, and what a test adds.
class HurriedClock final : public Clock {
 public:
  [[nodiscard]] Micros now_us() const override { return system_.now_us(); }
  [[nodiscard]] std::int64_t steady_us() const override { return system_.steady_us() + ahead_us_; }
  void advance(std::int64_t by_us) { ahead_us_ += by_us; }

 private:
  SystemClock system_;
  std::atomic<std::int64_t> ahead_us_ = 0;
};

// Nobody waits here for the turn; another process may, and nobody tells of it.
TEST_F(GroupCommitTest, ATransactionOutOfTimeEndsWhenItsProcessOnlyReads) {
  HurriedClock clock;
  const Environment around{clock, around_.random, system_files(), around_.log, vfs_.name()};
  auto opened = Store::open(test::options_for(folder_.path("idle.ecdb")), around);
  ASSERT_TRUE(opened) << opened.error().message();
  Store& store = *opened.assume_value();
  const auto free_for_others = [&] { return system_files().lock(folder_.path("idle.lock"), false, 0).has_value(); };
  const auto read = [&] { EXPECT_TRUE(store.read([](Reader&) { return ok(); })); };
  const std::vector<std::function<void()>> calls = {
      read,
      [&] { static_cast<void>(store.stats()); },
      [&] { store.wait_for_commit(store.commit_count(), 100'000); },
  };
  for (const auto& call : calls) {
    auto turn = store.begin();
    ASSERT_TRUE(turn);
    ASSERT_TRUE(turn.assume_value()->run([](Writer& writer) { return writer.set_meta("sold", "one"); }));
    clock.advance(3'000'000);
    read();
    EXPECT_FALSE(free_for_others()) << "it has five seconds";
    clock.advance(2'000'000);
    call();
    EXPECT_TRUE(free_for_others());
    EXPECT_EQ(turn.assume_value()->commit().error().code(), Errc::transaction_expired);
  }
}

TEST_F(GroupCommitTest, AWaiterHearsOfACommit) {
  const std::int64_t seen = store_->commit_count();
  std::thread writer([&] { EXPECT_TRUE(store_->write(insert("news"))); });
  while (store_->commit_count() == seen) store_->wait_for_commit(seen, 5'000'000);
  writer.join();
  EXPECT_EQ(store_->commit_count(), seen + 1);
}

}  // namespace
}  // namespace eventcore::store
