// How long a backup and a new data key take, and what a writer waits meanwhile. EC_BACKUP_MB=<number> for other sizes.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "store/copies.hpp"

namespace eventcore::store {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class BackupSpeedTest : public CopiesFixture {
 protected:
  void fill(Store& store, std::int64_t bytes) {
    ASSERT_TRUE(test::put_organization(store, tenant_, "first"));
    constexpr int rows_at_once = 2'000;
    const std::string filler(400, 'x');
    for (std::int64_t number = 0; store.stats().file_bytes < bytes;) {
      ASSERT_TRUE(store.write([&](Writer& writer) -> Status {
        for (int i = 0; i < rows_at_once; ++i) {
          Record row = test::venue_row(tenant_, around_.ids.next(), "Hall " + std::to_string(number++));
          row.set("address", std::to_string(number) + filler);
          EC_TRYV(test::put(writer, row));
        }
        return ok();
      }));
      ASSERT_TRUE(store.checkpoint());
    }
  }
};

TEST_F(BackupSpeedTest, SalesGoOnDuringABackupAndWaitForANewDataKey) {
  const char* const asked = std::getenv("EC_BACKUP_MB");
  const std::int64_t megabytes = asked != nullptr ? std::atoll(asked) : 24;
  const auto store = opened(path_, 1, true);
  fill(*store, megabytes * 1'000'000);
  const double size = static_cast<double>(store->stats().file_bytes) / 1e6;
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::atomic<double> longest = 0;
  std::thread writer([&] {
    while (!stop) {
      const auto start = std::chrono::steady_clock::now();
      ASSERT_TRUE(set_total(*store, ++written));
      longest = std::max(longest.load(), seconds_since(start));
    }
  });
  const auto measure = [&](const char* what, const std::function<Status()>& act) {
    const int before = written;
    longest = 0;
    const auto start = std::chrono::steady_clock::now();
    const Status done = act();
    const double took = seconds_since(start);
    ASSERT_TRUE(done) << what << done.error().message();
    const int commits = written - before;
    for (const int now = written; written < now + 2;) std::this_thread::yield();  // whoever waited is through
    std::printf("%s: %.0f MB in %.2f s, %.0f MB/s; %d commits meanwhile, the longest %.0f ms\n", what, size, took,
                size / took, commits, longest * 1e3);
  };
  while (written < 2) std::this_thread::yield();  // one of them is in the store
  int during_backup = written;
  measure("backup", [&]() -> Status {
    EC_TRYV(store->copy_to(order(copy_, raw(2))));
    return ok();
  });
  during_backup = written - during_backup;
  measure("new data key", [&]() -> Status {
    EC_TRYV(store->change_data_key(raw(3), "{}", [](Writer& to) { return to.set_meta("changed", "yes"); }, {}));
    return ok();
  });
  stop = true;
  writer.join();
  EXPECT_GT(during_backup, 1);
  EXPECT_EQ(total(*store), written);
  EXPECT_GT(total(*opened(copy_, 2)), 0);
}

}  // namespace
}  // namespace eventcore::store
