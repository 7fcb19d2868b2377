// Two processes write one store: nothing is lost, nothing is counted twice, each hears of the other.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "schema/all.hpp"
#include "support/test_store.hpp"

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

}  // namespace
}  // namespace eventcore::store
