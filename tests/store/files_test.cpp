#include "store/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "store/side_files.hpp"

namespace eventcore::store {
namespace {

Files& files() {
  return system_files();
}

TEST(FilesTest, AFileIsReplacedAsAWholeAndOnlyTheOwnerMayReadIt) {
  const Folder folder;
  const std::string path = folder / "x.keys";
  EXPECT_FALSE(files().exists(path).assume_value());
  EXPECT_FALSE(files().read(path, 100).assume_value().has_value());
  ASSERT_TRUE(files().replace(path, as_bytes("first and longer")));
  ASSERT_TRUE(files().replace(path, as_bytes("second")));
  EXPECT_EQ(whole(path), text_bytes("second"));
  EXPECT_EQ(files().read(path, 100).assume_value(), text_bytes("second"));
  EXPECT_EQ(files().read(path, 3).assume_value(), text_bytes("sec"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.keys"});
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(FilesTest, RemovingWhatIsNotThereIsFine) {
  const Folder folder;
  put(folder / "x", as_bytes("1"));
  EXPECT_TRUE(files().remove(folder / "x"));
  EXPECT_FALSE(files().exists(folder / "x").assume_value());
  EXPECT_TRUE(files().remove(folder / "x"));
}

TEST(FilesTest, SymbolicLinksAreNotFollowed) {
  const Folder folder;
  put(folder / "target", as_bytes("secret"));
  std::filesystem::create_symlink(folder / "target", folder / "link");
  EXPECT_TRUE(files().exists(folder / "link").assume_value());
  EXPECT_EQ(code(files().read(folder / "link", 10)), Errc::io_error);
  EXPECT_EQ(code(files().open(folder / "link", false)), Errc::io_error);
  EXPECT_EQ(code(files().open(folder / "link", true)), Errc::io_error);
  EXPECT_EQ(code(files().lock(folder / "link", false, 0)), Errc::io_error);
  ASSERT_TRUE(files().replace(folder / "link", as_bytes("new")));  // replaces the link and not what it points to
  EXPECT_EQ(whole(folder / "target"), text_bytes("secret"));
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "link"));
}

TEST(FilesTest, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  const Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(code(files().read(folder / "pipe", 10)), Errc::io_error);
  EXPECT_EQ(code(files().open(folder / "pipe", false)), Errc::io_error);
  EXPECT_EQ(code(files().read(folder.path(), 10)), Errc::io_error);
}

TEST(FilesTest, AnOpenFileIsReadAndWrittenInPlace) {
  const Folder folder;
  const std::string path = folder / "x.anchor";
  EXPECT_EQ(code(files().open(path, false)), Errc::store_not_found);
  auto file = files().open(path, true).assume_value();
  ASSERT_TRUE(file->write_at(4, as_bytes("data")));
  ASSERT_TRUE(file->write_at(0, as_bytes("head")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->read_at(2, 4).assume_value(), text_bytes("adda"));
  EXPECT_EQ(file->read_at(6, 100).assume_value(), text_bytes("ta"));
  EXPECT_TRUE(file->read_at(100, 10).assume_value().empty());
}

TEST(FilesTest, InterruptedAndShortCallsAreCarriedOn) {
  const Folder folder;
  FaultyCalls calls;
  calls.interrupt = true;
  calls.cut_short = true;
  const auto slow = faulty_files(calls);
  const Bytes content(200'000, 7);
  ASSERT_TRUE(slow->replace(folder / "x", content));
  EXPECT_EQ(whole(folder / "x"), content);
  EXPECT_EQ(slow->read(folder / "x", 1'000'000).assume_value(), content);
  auto file = slow->open(folder / "x", false).assume_value();
  ASSERT_TRUE(file->write_at(1, as_bytes("abcdef")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->read_at(1, 6).assume_value(), text_bytes("abcdef"));
}

TEST(FilesTest, WhicheverStepOfReplaceFailsTheOldOrTheNewContentIsThere) {
  const Bytes old_content(5000, 1);
  const Bytes new_content(7000, 2);
  int failures = 0;
  for (const int error : {EIO, ENOSPC, EROFS}) {
    for (int step = 0;; ++step) {
      const Folder folder;
      put(folder / "x", old_content);
      FaultyCalls calls;
      calls.fail_at = step;
      calls.error = error;
      const Status replaced = faulty_files(calls)->replace(folder / "x", new_content);
      const Bytes found = whole(folder / "x");
      ASSERT_TRUE(found == old_content || found == new_content) << step;
      EXPECT_EQ(folder.names(), std::vector<std::string>{"x"}) << "a temporary file was left, step " << step;
      if (calls.count <= step) {  // no call left to fail
        ASSERT_TRUE(replaced);
        ASSERT_EQ(found, new_content);
        break;
      }
      if (replaced) {
        EXPECT_EQ(calls.calls[static_cast<std::size_t>(step)], "close") << "only closing the folder may fail unseen";
        EXPECT_EQ(found, new_content);
        continue;
      }
      ++failures;
      EXPECT_EQ(code(replaced), error == EIO ? Errc::io_error : error == ENOSPC ? Errc::disk_full : Errc::read_only);
    }
  }
  EXPECT_GE(failures, 3 * 7);  // open, pwrite, fsync, close, rename, open folder, fsync folder
}

TEST(FilesTest, ReplaceIsDurableInTheRightOrder) {
  const Folder folder;
  FaultyCalls calls;
  ASSERT_TRUE(faulty_files(calls)->replace(folder / "x", as_bytes("1")));
  EXPECT_EQ(calls.calls,
            (std::vector<std::string>{"open", "pwrite", "fsync", "close", "rename", "open", "fsync", "close"}));
}

TEST(FilesTest, ErrorsNameTheFileAndTheReason) {
  const Folder folder;
  FaultyCalls calls;
  calls.fail_at = 0;
  calls.error = EACCES;
  const auto denied = faulty_files(calls)->read(folder / "x", 1);
  EXPECT_EQ(code(denied), Errc::io_error);
  EXPECT_EQ(denied.error().detail().facts[0].second, folder / "x");
  const std::pair<int, Errc> reasons[] = {
      {EACCES, Errc::read_only}, {EPERM, Errc::read_only}, {EROFS, Errc::read_only},      {ENOSPC, Errc::disk_full},
      {EDQUOT, Errc::disk_full}, {EFBIG, Errc::disk_full}, {ENOMEM, Errc::out_of_memory}, {EMFILE, Errc::io_error}};
  for (const auto& [reason, expected] : reasons) {
    calls.count = 0;
    calls.error = reason;
    EXPECT_EQ(code(faulty_files(calls)->replace(folder / "x", {})), expected) << std::strerror(reason);
    EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  }
}

TEST(FilesTest, AMarkChangesWithWhatIsWritten) {
  const Folder folder;
  EXPECT_EQ(code(files().mark(folder / "x")), Errc::store_not_found);
  put(folder / "x", as_bytes("abc"));
  const FileMark first = files().mark(folder / "x").assume_value();
  EXPECT_EQ(files().mark(folder / "x").assume_value(), first);
  const auto later = std::filesystem::last_write_time(folder / "x") + std::chrono::microseconds(1);
  std::filesystem::last_write_time(folder / "x", later);
  EXPECT_NE(files().mark(folder / "x").assume_value(), first) << "written again in the same length";
  ASSERT_TRUE(files().replace(folder / "x", as_bytes("abc")));
  std::filesystem::last_write_time(folder / "x", later - std::chrono::microseconds(1));
  EXPECT_NE(files().mark(folder / "x").assume_value(), first) << "another file of the same length and time";
}

TEST(FilesTest, WhereNothingMayBeWrittenAFileIsOpenedForReading) {
  const Folder folder;
  put(folder / "x", as_bytes("abc"));
  FaultyCalls calls;
  calls.fail_at = 0;
  calls.error = EROFS;
  auto file = faulty_files(calls)->open(folder / "x", false).assume_value();
  EXPECT_EQ(file->read_at(0, 3).assume_value(), text_bytes("abc"));
  EXPECT_EQ(code(file->write_at(0, as_bytes("z"))), Errc::read_only);
  calls.count = 0;
  EXPECT_TRUE(faulty_files(calls)->lock(folder / "x", true, 0));
  calls.count = 0;
  EXPECT_EQ(code(faulty_files(calls)->lock(folder / "x", false, 0)), Errc::read_only);
  EXPECT_EQ(whole(folder / "x"), text_bytes("abc"));
}

TEST(FileLockTest, OneHolderExcludesOthersInTheSameProcessUntilItEnds) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  auto first = files().lock(path, false, 0);
  ASSERT_TRUE(first);
  EXPECT_EQ(code(files().lock(path, false, 0)), Errc::store_busy);
  EXPECT_EQ(code(files().lock(path, true, 1'000)), Errc::store_busy);
  first.assume_value().reset();
  EXPECT_TRUE(files().lock(path, false, 0));
}

TEST(FileLockTest, SharedHoldersStandTogetherAndKeepWritersOut) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  const auto first = files().lock(path, true, 0);
  const auto second = files().lock(path, true, 0);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(code(files().lock(path, false, 2'000)), Errc::store_busy);
}

TEST(FileLockTest, WaitingEndsAtItsBound) {
  const Folder folder;
  const auto held = files().lock(folder / "x", false, 0);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(code(files().lock(folder / "x", false, 30'000)), Errc::store_busy);
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_GE(taken, std::chrono::milliseconds(30));
  EXPECT_LT(taken, std::chrono::seconds(5));
}

TEST(FileLockTest, AnotherProcessIsExcludedAndItsDeathReleases) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = files().lock(path, false, 0);
    const char told = held ? 'y' : 'n';
    if (::write(ready[1], &told, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  EXPECT_EQ(told, 'y');
  EXPECT_EQ(code(files().lock(path, false, 5'000)), Errc::store_busy);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(files().lock(path, false, 1'000'000));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FileLockTest, AForkedChildDoesNotReleaseItsParentsLock) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  auto held = files().lock(path, false, 0).assume_value();
  const pid_t child = ::fork();
  if (child == 0) {
    held.reset();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(code(files().lock(path, false, 0)), Errc::store_busy);
}

TEST(FileLockTest, ACountedValueNeverLosesAnUpdate) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  std::atomic<std::int64_t> value{0};  // read and written apart, so that only the lock keeps it right
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        const auto turn = files().lock(path, false, 60'000'000);
        if (!turn) {
          ++refused;
          continue;
        }
        const std::int64_t seen = value;
        std::this_thread::yield();
        value = seen + 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(value, 800);
}

// Whoever releases and asks again at once must not overtake one who sleeps between its tries.
TEST(FileLockTest, AHolderWhoComesBackStandsBehindTheWaiter) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  for (const bool shared : {false, true}) {
    auto greedy = files().lock(path, shared, 0).assume_value();
    SystemCalls calls;
    const SystemClock clock;
    SystemRandom random;
    int sleeps = 0;
    const auto patient = make_files({calls, clock, random, [&](std::int64_t) {
                                       ++sleeps;
                                       greedy.reset();
                                       EXPECT_EQ(code(files().lock(path, shared, 0)), Errc::store_busy);
                                     }});
    EXPECT_TRUE(patient->lock(path, false, 10'000'000));
    EXPECT_EQ(sleeps, 1);
  }
}

TEST(FileLockTest, AWaiterThatIsKilledLeavesItsPlaceInTheQueue) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  auto held = files().lock(path, false, 0).assume_value();
  const pid_t child = ::fork();
  if (child == 0) {
    SystemCalls calls;
    const SystemClock clock;
    SystemRandom random;
    const auto mine = make_files({calls, clock, random, [&](std::int64_t) {
                                    const char waits = 'w';
                                    if (::write(ready[1], &waits, 1) != 1) ::_exit(1);
                                    ::pause();
                                  }});
    static_cast<void>(mine->lock(path, false, 60'000'000));
    ::_exit(0);
  }
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  held.reset();
  EXPECT_EQ(code(files().lock(path, false, 0)), Errc::store_busy) << "it stands before us";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(files().lock(path, false, 0));
  ::close(ready[0]);
  ::close(ready[1]);
}

// A program forks for reasons of its own; its child must not stand in the queue of writers for ever.
TEST(FileLockTest, AChildForkedWhileItsParentWaitsKeepsNoPlace) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  auto held = files().lock(path, false, 0).assume_value();
  pid_t child = -1;
  SystemCalls calls;
  const SystemClock clock;
  SystemRandom random;
  const auto mine = make_files({calls, clock, random, [&](std::int64_t) {
                                  if (child >= 0) return;
                                  child = ::fork();
                                  while (child == 0) ::pause();
                                }});
  EXPECT_EQ(code(mine->lock(path, false, 20'000)), Errc::store_busy);
  ASSERT_GT(child, 0);
  held.reset();
  EXPECT_TRUE(files().lock(path, false, 0));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(FileLockTest, WaitersAreServedInTheOrderTheyCame) {
  const Folder folder;
  const std::string path = folder / "x.lock";
  auto held = files().lock(path, false, 0).assume_value();
  std::vector<int> served;
  std::mutex guard;  // the lock would do, but ThreadSanitizer does not see a file's
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    std::atomic<bool> waits = false;
    threads.emplace_back([&served, &guard, &path, &waits, i, said = false]() mutable {
      SystemCalls calls;
      const SystemClock clock;
      SystemRandom random;
      const auto mine = make_files({calls, clock, random, [&](std::int64_t) {
                                      if (!std::exchange(said, true)) waits = true;
                                      std::this_thread::yield();
                                    }});
      const auto turn = mine->lock(path, false, 60'000'000);
      EXPECT_TRUE(turn);
      const std::lock_guard lock(guard);
      served.push_back(i);
    });
    while (!waits) std::this_thread::yield();
  }
  held.reset();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, (std::vector{0, 1, 2, 3}));
}

}  // namespace
}  // namespace eventcore::store
