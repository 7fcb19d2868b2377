// Backups and restored stores: what is in them, what opens them, and what is left when one is cut off.
#include "store/copies.hpp"

#include <atomic>
#include <thread>

#include "support/fault_vfs.hpp"

namespace eventcore::store {
namespace {

class BackupTest : public CopiesFixture {
 protected:
  BackupTest() {
    store_ = opened(path_, 1, true);
    EXPECT_TRUE(test::put_organization(*store_, tenant_, "first"));
    EXPECT_TRUE(set_total(*store_, 7));
  }
  Result<CopyReport> back_up(std::uint8_t key = 2) { return store_->copy_to(order(copy_, raw(key))); }

  std::unique_ptr<Store> store_;
};

TEST_F(BackupTest, ItOpensWithItsOwnKeyOnlyAndHoldsWhatWasCommitted) {
  const auto report = back_up();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report.assume_value().commits, store_->commit_count());
  EXPECT_EQ(report.assume_value().bytes, static_cast<std::int64_t>(std::filesystem::file_size(copy_)));
  EXPECT_EQ(report.assume_value().rows, 1);
  EXPECT_EQ(code(open(copy_, 1)), Errc::wrong_key);
  const auto copy = opened(copy_, 2);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(total(*copy), 7);
  EXPECT_EQ(digest(*copy), digest(*store_));
  EXPECT_EQ(copy->id(), store_->id());
  EXPECT_EQ(copy->signing_public_key(), store_->signing_public_key());
  const auto pages = copy->check_pages();
  ASSERT_TRUE(pages);
  EXPECT_TRUE(pages.assume_value().empty());
  EXPECT_FALSE(anything_waits());
}

TEST_F(BackupTest, ItsFilesArePrivateAndShareNoPageWithTheStore) {
  ASSERT_TRUE(back_up());
  for (const std::string& name : {std::string("copy.ecdb"), std::string("copy.keys"), std::string("copy.anchor")}) {
    const auto mode = std::filesystem::status(folder_.path(name)).permissions();
    EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
              std::filesystem::perms::none)
        << name;
  }
  ASSERT_TRUE(store_->checkpoint());
  EXPECT_NE(whole(copy_), whole(path_));
}

TEST_F(BackupTest, ItIsOneMomentWhileOthersWrite) {
  std::atomic<bool> stop = false;
  std::atomic<int> written = 7;
  std::thread writer([&] {
    while (!stop) {
      const int next = written + 1;
      ASSERT_TRUE(store_->write([next](Writer& to) -> Status {
        EC_TRYV(to.set_meta("total", std::to_string(next)));
        return to.set_meta("same", std::to_string(next));
      }));
      written = next;
    }
  });
  while (written < 20) std::this_thread::yield();
  const int before = written;
  const auto report = back_up();
  const int after = written;
  while (written == after) std::this_thread::yield();
  stop = true;
  writer.join();
  ASSERT_TRUE(report) << report.error().message();
  const auto copy = opened(copy_, 2);
  ASSERT_NE(copy, nullptr);
  EXPECT_GE(total(*copy), before);
  EXPECT_LE(total(*copy), after + 1);
  ASSERT_TRUE(copy->read([&](Reader& reader) -> Status {
    EC_TRY(same, reader.meta("same"));
    EXPECT_EQ(same, std::to_string(total(*copy)));
    return ok();
  }));
}

TEST_F(BackupTest, ItNeverOverwrites) {
  ASSERT_TRUE(back_up());
  const Bytes before = whole(copy_);
  EXPECT_EQ(code(back_up(3)), Errc::store_exists);
  EXPECT_EQ(whole(copy_), before);
  for (const char* name : {"copy.ecdb", "copy.anchor"}) std::filesystem::remove(folder_.path(name));
  EXPECT_EQ(code(back_up(3)), Errc::store_exists) << "keys that may open something elsewhere";
  EXPECT_EQ(code(store_->copy_to(order(path_, raw(2)))), Errc::invalid_argument);
  const CopyOrder nowhere = order(folder_.path("no/such.ecdb"), raw(2));
  EXPECT_EQ(code(store_->copy_to(nowhere)), Errc::store_not_found);
  const KeyInput bad = KeyInput::raw(Bytes(5, 1));
  EXPECT_EQ(code(store_->copy_to(order(folder_.path("other.ecdb"), bad))), Errc::invalid_key);
}

TEST_F(BackupTest, AReadOnlyStoreCanBeBackedUp) {
  ASSERT_TRUE(store_->close());
  OpenOptions options = with(path_, 1);
  options.read_only = true;
  auto reading = Store::open(std::move(options), around_.environment());
  ASSERT_TRUE(reading);
  store_ = std::move(reading).assume_value();
  ASSERT_TRUE(back_up());
  EXPECT_EQ(total(*opened(copy_, 2)), 7);
}

TEST_F(BackupTest, AFullDiskAtAnyWriteLeavesNothingBehind) {
  test::FaultVfs vfs("backup_faults");
  ASSERT_TRUE(store_->close());
  auto faulty = Store::open(with(path_, 1), around_.environment(vfs.name()));
  ASSERT_TRUE(faulty);
  store_ = std::move(faulty).assume_value();
  EXPECT_EQ(total(*store_), 7);
  const auto before = names();
  int failed = 0;
  int step = 1;
  for (int nth = 1; failed < 400; nth += step) {
    vfs.arm(test::FaultAt::write, nth, SQLITE_FULL, 1'000'000);
    const auto report = back_up();
    vfs.disarm();
    if (report) break;
    ++failed;
    EXPECT_EQ(report.error().code(), Errc::disk_full) << nth << report.error().message();
    ASSERT_EQ(names(), before) << nth;
    step = 1 + nth / 4;
  }
  EXPECT_GT(failed, 5);
  EXPECT_TRUE(set_total(*store_, 8));
  EXPECT_EQ(total(*opened(copy_, 2)), 7);
  store_.reset();  // before the file layer it uses
}

TEST_F(BackupTest, AnyCallThatFailsLeavesNoHalfOfIt) {
  int failed = 0;
  for (int nth = 0;; nth += fault_step()) {
    FaultyCalls calls;
    const auto files = faulty_files(calls);
    auto store = Store::open(with(path_, 1), {around_.clock, around_.random, *files, around_.log, ""});
    ASSERT_TRUE(store);
    calls.count = 0;
    calls.fail_at = nth;
    calls.error = nth % 2 == 0 ? EIO : ENOSPC;
    const auto report = store.assume_value()->copy_to(order(copy_, raw(2)));
    const bool reached = calls.count > nth;
    calls.fail_at = -1;
    if (report) {
      EXPECT_EQ(total(*opened(copy_, 2)), 7) << nth;
      for (const char* name : {"copy.ecdb", "copy.keys", "copy.anchor", "copy.lock"})
        std::filesystem::remove(folder_.path(name));
    } else {
      ++failed;
      EXPECT_FALSE(std::filesystem::exists(copy_)) << nth << report.error().message();
      EXPECT_FALSE(std::filesystem::exists(folder_.path("copy.keys"))) << nth;
    }
    if (!reached) break;
  }
  EXPECT_GT(failed * fault_step(), 10);
  EXPECT_EQ(total(*store_), 7);
}

TEST_F(BackupTest, KilledAtAnyCallTheNextOneSucceeds) {
  ASSERT_TRUE(store_->close());
  int killed = 0;
  for (int nth = 0;
       killed_at(nth,
                 [&](KillingCalls&calls, Files&files) {
                   auto store = Store::open(with(path_, 1), {around_.clock, around_.random, files, around_.log, ""});
                   if (!store) ::_exit(2);
                   calls.begin();
                   ::_exit(store.assume_value()->copy_to(order(copy_, raw(2))) ? 0 : 3);
                 });
       nth += fault_step()) {
    ++killed;
    if (std::filesystem::exists(copy_)) {
      EXPECT_EQ(total(*opened(copy_, 2)), 7) << "what is there is whole, " << nth;
    } else {
      const auto again = opened(path_, 1);
      ASSERT_TRUE(again->copy_to(order(copy_, raw(2)))) << nth;
    }
    for (const char* name : {"copy.ecdb", "copy.keys", "copy.anchor", "copy.lock"})
      std::filesystem::remove(folder_.path(name));
    EXPECT_FALSE(anything_waits()) << nth;
  }
  EXPECT_GT(killed * fault_step(), 10);
}

TEST_F(BackupTest, ADamagedPageIsNotCopied) {
  ASSERT_TRUE(store_->close());
  Bytes file = whole(path_);
  const std::size_t pages = file.size() / 4096;
  int refused = 0;
  for (std::size_t page = 1; page < pages; page += 7) {
    Bytes bad = file;
    bad[page * 4096 + 100] ^= 0x40U;
    put(path_, bad);
    auto store = open(path_, 1);
    if (!store) continue;
    const auto report = store.assume_value()->copy_to(order(copy_, raw(2)));
    EXPECT_EQ(code(report), Errc::store_corrupt) << page;
    EXPECT_FALSE(std::filesystem::exists(copy_)) << page;
    ++refused;
  }
  EXPECT_GT(refused, 5);
}

class RestoreTest : public BackupTest {
 protected:
  RestoreTest() {
    EXPECT_TRUE(back_up());
    EXPECT_TRUE(set_total(*store_, 8));
    EXPECT_TRUE(set_total(*store_, 9));
  }
  Result<CopyReport> restore(std::uint8_t key = 1, bool replace = true) {
    const auto backup = opened(copy_, 2);
    const KeyInput given = raw(key);
    CopyOrder how = order(path_, given);
    how.replace = replace;
    how.record = [](Writer& writer, const std::optional<LostHead>& lost) {
      return writer.set_meta("lost", lost ? std::to_string(lost->commits) : "none");
    };
    return backup->copy_to(how);
  }
};

TEST_F(RestoreTest, ItReplacesTheStoreAndNamesWhatIsLost) {
  const std::int64_t lost = store_->commit_count();
  EXPECT_EQ(code(restore()), Errc::store_locked) << "somebody has it open";
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(code(restore(1, false)), Errc::store_exists);
  EXPECT_EQ(code(restore(5)), Errc::wrong_key);
  const Bytes newer = whole(path_);
  const auto report = restore();
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_TRUE(report.assume_value().lost.has_value());
  EXPECT_EQ(report.assume_value().lost->commits, lost);
  EXPECT_EQ(report.assume_value().commits, lost + 1) << "commits count on, so that the anchor never moves back";
  store_ = opened(path_, 1);
  ASSERT_NE(store_, nullptr);
  EXPECT_EQ(total(*store_), 7);
  EXPECT_FALSE(store_->lost().has_value());
  ASSERT_TRUE(store_->read([&](Reader& reader) -> Status {
    EC_TRY(said, reader.meta("lost"));
    EXPECT_EQ(said, std::to_string(lost));
    return ok();
  }));
  EXPECT_TRUE(set_total(*store_, 10));
  ASSERT_TRUE(store_->close());
  put(path_, newer);
  EXPECT_EQ(code(open(path_, 1)), Errc::commits_lost) << "the file that was replaced is not taken for the store";
}

TEST_F(RestoreTest, IntoANewPlaceItIsAStoreWithItsOwnKey) {
  const std::string place = folder_.path("new.ecdb");
  const auto backup = opened(copy_, 2);
  ASSERT_TRUE(backup->copy_to(order(place, raw(3))));
  const auto restored = opened(place, 3);
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(total(*restored), 7);
  EXPECT_EQ(digest(*restored), digest(*store_));
  EXPECT_EQ(code(open(place, 2)), Errc::wrong_key);
}

TEST_F(RestoreTest, AnotherStoreIsNotReplaced) {
  const std::string other = folder_.path("other.ecdb");
  {
    const auto made = opened(other, 4, true);
    ASSERT_TRUE(set_total(*made, 1));
  }
  const auto backup = opened(copy_, 2);
  const KeyInput key = raw(4);
  CopyOrder how = order(other, key);
  how.replace = true;
  EXPECT_EQ(code(backup->copy_to(how)), Errc::invalid_argument);
  EXPECT_EQ(total(*opened(other, 4)), 1);
  CopyOrder absent = order(folder_.path("absent.ecdb"), key);
  absent.replace = true;
  EXPECT_EQ(code(backup->copy_to(absent)), Errc::store_not_found);
}

TEST_F(RestoreTest, KilledAtAnyCallTheOldStoreOrTheRestoredOneOpens) {
  ASSERT_TRUE(store_->close());
  int killed = 0;
  int restored = 0;
  for (int nth = 0; killed_at(
           nth,
           [&](KillingCalls&calls, Files&files) {
             auto backup = Store::open(with(copy_, 2), {around_.clock, around_.random, files, around_.log, ""});
             if (!backup) ::_exit(2);
             const KeyInput key = raw(1);
             CopyOrder how = order(path_, key);
             how.replace = true;
             how.record = [](Writer& writer, const std::optional<LostHead>&) { return writer.set_meta("total", "70"); };
             calls.begin();
             ::_exit(backup.assume_value()->copy_to(how) ? 0 : 3);
           });
       nth += fault_step()) {
    ++killed;
    const auto store = opened(path_, 1);
    ASSERT_NE(store, nullptr) << nth;
    const int found = total(*store);
    EXPECT_TRUE(found == 9 || found == 70) << nth << ": " << found;
    if (found == 70) ++restored;
    ASSERT_TRUE(set_total(*store, 9)) << nth;
    const auto pages = store->check_pages();
    ASSERT_TRUE(pages);
    EXPECT_TRUE(pages.assume_value().empty()) << nth;
  }
  EXPECT_GT(killed * fault_step(), 10);
  EXPECT_GT(restored, 0);
}

}  // namespace
}  // namespace eventcore::store
