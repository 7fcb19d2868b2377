// Two processes write one store: nothing is lost, nothing is counted twice, each hears of the other.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "schema/all.hpp"
#include "store/connection.hpp"
#include "support/test_store.hpp"

extern "C" sqlite3_mutex* ecsql_sqlcipher_mutex(int number);

namespace eventcore::store {
namespace {

constexpr int threads = 4;
constexpr int writes = 50;

// Adds one to a number kept as text, `writes` times in each of `threads` threads; 0 when every write was answered well.
int count_up(const std::string& path) {
  test::Surroundings around;
  auto opened = Store::open(test::options_for(path, false), around.environment());
  if (!opened) return 1;
  Store& store = *opened.assume_value();
  std::vector<std::thread> all;
  std::vector<int> failures(threads, 0);
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      for (int i = 0; i < writes; ++i) {
        const Status done = store.write([](Writer& writer) -> Status {
          EC_TRY(text, writer.meta("total"));
          return writer.set_meta("total", std::to_string(std::stoi(text.value_or("0")) + 1));
        });
        if (!done) ++failures[static_cast<std::size_t>(t)];
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  int failed = 0;
  for (const int each : failures) failed += each;
  return failed == 0 && store.close() ? 0 : 2;
}

TEST(ProcessesTest, TwoProcessesCountTogether) {
  const test::TestFolder folder;
  const std::string path = folder.path("shop.ecdb");
  std::vector<pid_t> children;
  {
    test::Surroundings around;
    ASSERT_TRUE(Store::open(test::options_for(path), around.environment()));
  }
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(count_up(path));
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  test::Surroundings around;
  auto opened = Store::open(test::options_for(path, false), around.environment());
  ASSERT_TRUE(opened) << opened.error().to_json();
  ASSERT_TRUE(opened.assume_value()->read([](Reader& reader) -> Status {
    EC_TRY(total, reader.meta("total"));
    EXPECT_EQ(total, std::to_string(2 * threads * writes));
    return ok();
  }));
}

TEST(ProcessesTest, TwoProcessesMakeOneStore) {
  const test::TestFolder folder;
  const std::string path = folder.path("shop.ecdb");
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      test::Surroundings around;
      auto opened = Store::open(test::options_for(path), around.environment());
      if (!opened) _exit(1);
      _exit(opened.assume_value()->write(
                [&](Writer& writer) { return writer.set_meta("child" + std::to_string(i), "here"); })
                ? 0
                : 2);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  test::Surroundings around;
  auto opened = Store::open(test::options_for(path, false), around.environment());
  ASSERT_TRUE(opened) << opened.error().to_json();
  EXPECT_EQ(opened.assume_value()->commit_count(), 4);
}

TEST(ProcessesTest, ACommitOfAnotherProcessIsHeardOf) {
  const test::TestFolder folder;
  const std::string path = folder.path("shop.ecdb");
  {
    test::Surroundings around;
    ASSERT_TRUE(Store::open(test::options_for(path), around.environment()));
  }
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    usleep(200'000);
    _exit(count_up(path));
  }
  test::Surroundings around;
  auto opened = Store::open(test::options_for(path, false), around.environment());
  ASSERT_TRUE(opened);
  opened.assume_value()->wait_for_commit(0, 10'000'000);
  EXPECT_GT(opened.assume_value()->commit_count(), 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Forks while another thread holds `mutex`, which does `then` before it lets go: how the child ended, 0 if `mutex` was
// free there.
int fork_while_held(sqlite3_mutex* mutex, const std::function<void()>& then) {
  std::promise<void> taken;
  std::promise<void> forked;
  std::thread holder([&] {
    sqlite3_mutex_enter(mutex);
    taken.set_value();
    forked.get_future().wait_for(std::chrono::milliseconds(50));  // the fork waits for `mutex` meanwhile
    then();
    sqlite3_mutex_leave(mutex);
  });
  taken.get_future().wait();
  const pid_t child = fork();
  if (child == 0) {
    // Ends without a look back: ThreadSanitizer would miss the holder, who did not come along.
    const char* const verdict = sqlite3_mutex_try(mutex) == SQLITE_OK ? "true" : "false";
    execlp(verdict, verdict, nullptr);
    _exit(2);
  }
  forked.set_value();
  holder.join();
  int status = -1;
  return waitpid(child, &status, 0) == child ? status : -1;
}

// What a thread holds at the moment of a fork, no thread of the child would ever give back.
TEST(ProcessesTest, AForkWaitsForWhoeverHoldsAMutexOfTheWholeProcess) {
  const test::TestFolder folder;
  test::Surroundings around;
  auto opened = Store::open(test::options_for(folder.path("shop.ecdb")), around.environment());  // starts SQLite
  ASSERT_TRUE(opened);
  std::vector<sqlite3_mutex*> shared;
  for (int i = 0; i < 8; ++i) shared.push_back(ecsql_sqlcipher_mutex(i));
  for (int i = SQLITE_MUTEX_STATIC_MAIN; i <= SQLITE_MUTEX_STATIC_PMEM; ++i) shared.push_back(sqlite3_mutex_alloc(i));
  shared.push_back(sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1));
  for (std::size_t i = 0; i < shared.size(); ++i) {
    if (i >= 3 && i <= 5) continue;  // SQLCipher reserves these and takes them nowhere
    EXPECT_EQ(fork_while_held(shared[i], [] {}), 0) << "mutex " << i << " is taken for ever";
  }
}

// Each pair as SQLite or SQLCipher takes it: a random number asks for the default file system the first time, a
// temporary file is named by a random number, SQLCipher starts under the main mutex. A fork that took the inner one
// first and then waited for the outer one would wait for ever, for who holds the outer one waits for the inner.
TEST(ProcessesTest, AForkTakesTheMutexesInTheOrderInWhichOthersTakeThem) {
  const test::TestFolder folder;
  test::Surroundings around;
  auto opened = Store::open(test::options_for(folder.path("shop.ecdb")), around.environment());  // starts SQLite
  ASSERT_TRUE(opened);
  constexpr int memory_of_sqlcipher = 6;
  sqlite3_mutex* const files = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);
  sqlite3_mutex* const random = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_PRNG);
  sqlite3_mutex* const main = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_MAIN);
  for (const auto& [outer, inner] : {std::pair(files, random), std::pair(random, main),
                                     std::pair(main, ecsql_sqlcipher_mutex(memory_of_sqlcipher))}) {
    bool free = false;
    const int ended = fork_while_held(outer, [&free, inner = inner] {
      free = sqlite3_mutex_try(inner) == SQLITE_OK;
      if (free) sqlite3_mutex_leave(inner);
    });
    EXPECT_EQ(ended, 0);
    EXPECT_TRUE(free);
  }
}

// A server that forks workers: what the children inherit is not theirs to end.
TEST(ProcessesTest, AForkedChildThatDropsItsCopyLeavesTheStoreToItsParent) {
  const test::TestFolder folder;
  const std::string path = folder.path("shop.ecdb");
  test::Surroundings around;
  auto opened = Store::open(test::options_for(path), around.environment());
  ASSERT_TRUE(opened);
  std::unique_ptr<Store> store = std::move(opened).assume_value();
  auto begun = store->begin();
  ASSERT_TRUE(begun);
  std::unique_ptr<WriteTurn> turn = std::move(begun).assume_value();
  ASSERT_TRUE(turn->run([](Writer& writer) { return writer.set_meta("sold", "one"); }));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    turn->rollback();
    turn.reset();
    store.reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_FALSE(system_files().lock(folder.path("shop.lock"), false, 0)) << "the turn to write is still the parent's";
  EXPECT_FALSE(system_files().presence(folder.path("shop.lock"), false, false, 0))
      << "and the parent still has it open";
  EXPECT_TRUE(turn->commit());
  turn.reset();
  EXPECT_TRUE(store->read([](Reader& reader) -> Status {
    EC_TRY(sold, reader.meta("sold"));
    EXPECT_EQ(sold, "one");
    return ok();
  }));
  EXPECT_TRUE(store->close());
}

// Waits for one byte, or says one.
struct Signal {
  Signal() { EXPECT_EQ(pipe(ends), 0); }
  ~Signal() {
    close(ends[0]);
    close(ends[1]);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void give() const { static_cast<void>(!write(ends[1], "x", 1)); }
  void wait() const {
    char byte = 0;
    static_cast<void>(!read(ends[0], &byte, 1));
  }
  int ends[2] = {-1, -1};
};

Status note(Store& store, const std::string& name) {
  return store.write([&](Writer& writer) { return writer.set_meta(name, "yes"); });
}

// A daemon: opened, forked, the parent gone, the store opened anew in the child. SQLite's locks stay with the parent; a
// child that took them for its own would be invisible, and whoever closes last takes the WAL away below it.
TEST(ProcessesTest, AForkedChildThatOpensTheStoreAnewCountsAsAProcessOfItsOwn) {
  const test::TestFolder folder;
  const std::string path = folder.path("shop.ecdb");
  const Signal child_is_open, others_are_gone, child_has_written;
  const pid_t parent = fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    test::Surroundings around;
    auto first = Store::open(test::options_for(path), around.environment());
    if (!first || !note(*first.assume_value(), "parent")) _exit(1);
    if (fork() != 0) _exit(0);
    auto again = Store::open(test::options_for(path, false), around.environment());
    const bool good = again && note(*again.assume_value(), "child");
    child_is_open.give();
    others_are_gone.wait();
    const bool still = good && note(*again.assume_value(), "child, later");
    child_has_written.give();
    _exit(still ? 0 : 2);
  }
  int status = -1;
  ASSERT_EQ(waitpid(parent, &status, 0), parent);
  ASSERT_EQ(status, 0);
  child_is_open.wait();
  test::Surroundings around;
  {
    auto other = Store::open(test::options_for(path, false), around.environment());
    ASSERT_TRUE(other) << other.error().to_json();
    EXPECT_TRUE(note(*other.assume_value(), "other"));
    EXPECT_TRUE(other.assume_value()->close());
  }
  others_are_gone.give();
  child_has_written.wait();
  auto opened = Store::open(test::options_for(path, false), around.environment());
  ASSERT_TRUE(opened) << opened.error().to_json();
  EXPECT_TRUE(opened.assume_value()->read([](Reader& reader) -> Status {
    for (const char* name : {"parent", "child", "other", "child, later"}) {
      EC_TRY(found, reader.meta(name));
      EXPECT_TRUE(found.has_value()) << name;
    }
    return ok();
  }));
}

// Emptying the WAL waits for readers, and whoever does it holds the turn to write: a tool that somebody runs beside the
// shop must not stop the sales.
TEST(ProcessesTest, WhoClosesDoesNotWaitForThoseWhoRead) {
  const test::TestFolder folder;
  const std::string path = folder.path("shop.ecdb");
  test::Surroundings around;
  auto shop = Store::open(test::options_for(path), around.environment());
  auto tool = Store::open(test::options_for(path, false), around.environment());
  ASSERT_TRUE(shop && tool);
  ASSERT_TRUE(note(*tool.assume_value(), "by the tool"));
  const SystemClock clock;
  EXPECT_TRUE(shop.assume_value()->read([&](Reader& reader) -> Status {
    EC_TRY(found, reader.meta("by the tool"));
    EXPECT_TRUE(found.has_value());
    const std::int64_t began = clock.steady_us();
    EXPECT_TRUE(note(*tool.assume_value(), "again"));
    EXPECT_TRUE(tool.assume_value()->close());
    EXPECT_LT(clock.steady_us() - began, 5'000'000) << "its patience is ten seconds";
    return ok();
  }));
  EXPECT_TRUE(note(*shop.assume_value(), "by the shop"));
}

}  // namespace
}  // namespace eventcore::store
