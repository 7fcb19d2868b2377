// What opening answers for everything that can lie at a path, and that a refused file stays as it was.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ecsql.h>

#include <filesystem>
#include <functional>

#include "schema/all.hpp"
#include "store/migrate.hpp"
#include "store/opening.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

using test::options_for;
using test::read_whole;

class OpenTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open(bool create = false) { return open(options_for(path_, create)); }
  Result<std::unique_ptr<Store>> open(OpenOptions options) {
    return Store::open(std::move(options), around_.environment());
  }
  void make_store() {
    auto store = open(true);
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_TRUE(test::put_organization(*store.assume_value(), organization_, "first"));
    const Status closed = store.assume_value()->close();
    ASSERT_TRUE(closed) << closed.error().message();
  }
  Errc code_of(const Result<std::unique_ptr<Store>>& result) { return result ? Errc::internal : result.error().code(); }

  test::TestFolder folder_;
  test::Surroundings around_;
  std::string path_ = folder_.path("shop.ecdb");
  Uuid organization_ = around_.ids.next();
};

TEST_F(OpenTest, AFreshStoreIsMadeAndFoundAgain) {
  make_store();
  auto store = open();
  ASSERT_TRUE(store) << store.error().message();
  std::optional<Record> found;
  ASSERT_TRUE(store.assume_value()->read([&](Reader& reader) -> Status {
    EC_TRY(row, reader.get(schema::tables::organizations, organization_, organization_));
    found = row;
    return ok();
  }));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->find("slug")->text(), "first");
  EXPECT_EQ(store.assume_value()->commit_count(), 1);
}

TEST_F(OpenTest, EveryFileIsPrivateToItsOwner) {
  auto store = open(true);
  ASSERT_TRUE(store);
  ASSERT_TRUE(test::put_organization(*store.assume_value(), organization_, "first"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.folder())) {
    struct stat found {};
    ASSERT_EQ(stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U) << entry.path();
  }
}

TEST_F(OpenTest, ANameWithoutAFileIsStoreNotFound) {
  EXPECT_EQ(code_of(open()), Errc::store_not_found);
}

TEST_F(OpenTest, CreateNewRefusesWhatExists) {
  make_store();
  OpenOptions options = options_for(path_);
  options.create_new = true;
  EXPECT_EQ(code_of(open(std::move(options))), Errc::store_exists);
}

TEST_F(OpenTest, TheWrongKeyIsWrongKeyAndChangesNothing) {
  make_store();
  const Bytes before = read_whole(path_);
  OpenOptions options = options_for(path_, false);
  options.key = KeyInput::raw(Bytes(32, 1));
  EXPECT_EQ(code_of(open(std::move(options))), Errc::wrong_key);
  EXPECT_EQ(read_whole(path_), before);
}

TEST_F(OpenTest, NoKeyIsKeyRequired) {
  make_store();
  OpenOptions options = options_for(path_, false);
  options.key = {};
  EXPECT_EQ(code_of(open(std::move(options))), Errc::key_required);
}

TEST_F(OpenTest, KeySlotsOfAnotherStoreDoNotOpenTheFile) {
  make_store();
  const std::string other = folder_.path("other.ecdb");
  ASSERT_TRUE(open(options_for(other)));
  std::filesystem::copy_file(folder_.path("other.keys"), folder_.path("shop.keys"),
                             std::filesystem::copy_options::overwrite_existing);
  const Bytes before = read_whole(path_);
  EXPECT_EQ(code_of(open()), Errc::wrong_key);
  EXPECT_EQ(read_whole(path_), before);
}

TEST_F(OpenTest, APlainSqliteFileIsNotAStore) {
  make_store();
  Bytes plain(8192, 0);
  const std::string head("SQLite format 3\0", 16);
  std::copy(head.begin(), head.end(), plain.begin());
  test::write_whole(path_, plain);
  EXPECT_EQ(code_of(open()), Errc::not_a_store);
  EXPECT_EQ(code_of(open(true)), Errc::not_a_store);
  EXPECT_EQ(read_whole(path_), plain);
}

TEST_F(OpenTest, AnyOtherFileIsNotAStore) {
  const Bytes text(100, 'x');
  test::write_whole(path_, text);
  EXPECT_EQ(code_of(open()), Errc::not_a_store);
  EXPECT_EQ(code_of(open(true)), Errc::not_a_store);
  EXPECT_EQ(read_whole(path_), text);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("shop.keys")));
}

TEST_F(OpenTest, MissingKeySlotsBesideAStoreAreNamed) {
  make_store();
  std::filesystem::remove(folder_.path("shop.keys"));
  EXPECT_EQ(code_of(open(true)), Errc::key_slots_tampered);
}

TEST_F(OpenTest, ADamagedFirstPageIsCorruptNotAWrongKey) {
  make_store();
  Bytes bytes = read_whole(path_);
  bytes[200] ^= 1;
  test::write_whole(path_, bytes);
  EXPECT_EQ(code_of(open()), Errc::store_corrupt);
  EXPECT_EQ(read_whole(path_), bytes);
}

TEST_F(OpenTest, ASymbolicLinkIsNotFollowed) {
  make_store();
  std::filesystem::create_symlink(path_, folder_.path("link.ecdb"));
  EXPECT_EQ(code_of(open(options_for(folder_.path("link.ecdb"), false))), Errc::not_a_store);
}

TEST_F(OpenTest, AnyNameOfAFileCanBeAStore) {
  for (const char* name : {"50% off?.ecdb", "a#b&mode=ro.ecdb", "Größe \"M\" 1+1.ecdb", "no ending", "%00.ecdb"}) {
    path_ = folder_.path(name);
    make_store();
    EXPECT_TRUE(std::filesystem::exists(path_)) << name;
    EXPECT_TRUE(open()) << name;
  }
}

TEST_F(OpenTest, AFolderThatIsNotThereAndAnEmptyFileAreNamed) {
  EXPECT_EQ(code_of(open(options_for(folder_.path("no/shop.ecdb"), true))), Errc::store_not_found);
  EXPECT_EQ(code_of(open(options_for(folder_.folder() + "/", true))), Errc::store_not_found);
  test::write_whole(path_, {});
  EXPECT_EQ(code_of(open()), Errc::not_a_store);
  EXPECT_TRUE(open(true)) << "a creation that was cut off at once";
}

// A power cut between the first page and the tables: only who may create goes on with it.
TEST_F(OpenTest, AStoreWithoutItsTablesIsMadeByWhoMayCreate) {
  auto slots = KeySlots::create(system_files(), folder_.path("shop.keys"), KeyInput::raw(test::test_key),
                                around_.ids.next(), around_.random);
  ASSERT_TRUE(slots);
  {
    ConnectionOptions how;
    how.path = path_;
    how.role = ConnectionOptions::Role::writer;
    how.create = true;
    auto begun = Connection::open(how, slots.assume_value().keys(), around_.random);
    ASSERT_TRUE(begun);
    ASSERT_TRUE(begun.assume_value()->make_wal());
  }
  EXPECT_EQ(code_of(open()), Errc::not_a_store);
  make_store();
  EXPECT_TRUE(open());
}

// Another process makes the store between the first look and the lock.
TEST_F(OpenTest, WhoFindsTheStoreMadeMeanwhileUsesItOrIsToldThatItExists) {
  class MadeMeanwhile final : public SystemCalls {
   public:
    std::function<void()> make;
    int open(const char* path, int flags, mode_t mode) override {
      // The lock file is opened for the presence first, then for the write lock.
      if (std::string_view(path).ends_with(".lock") && ++locks_ == 2) make();
      return SystemCalls::open(path, flags, mode);
    }

   private:
    int locks_ = 0;
  };
  for (const bool create_new : {false, true}) {
    path_ = folder_.path(create_new ? "new.ecdb" : "old.ecdb");
    MadeMeanwhile calls;
    calls.make = [&] { make_store(); };
    const auto files = make_files({calls, around_.clock, around_.random, [](std::int64_t) {}});
    OpenOptions options = options_for(path_, true);
    options.create_new = create_new;
    auto store = Store::open(std::move(options),
                             {around_.clock, around_.random, *files, around_.log, around_.environment().vfs});
    if (create_new) {
      EXPECT_EQ(code_of(store), Errc::store_exists);
    } else {
      ASSERT_TRUE(store) << store.error().message();
      EXPECT_EQ(store.assume_value()->commit_count(), 1) << "the other's row is there";
      store.assume_value().reset();
    }
    EXPECT_TRUE(open());
  }
}

TEST_F(OpenTest, AVersionThatIsNoNumberIsCorrupt) {
  for (const char* version : {"one", ""}) {
    path_ = folder_.path("shop" + std::string(version) + ".ecdb");
    make_store();
    auto slots =
        KeySlots::open(system_files(), path_.substr(0, path_.size() - 5) + ".keys", KeyInput::raw(test::test_key));
    ASSERT_TRUE(slots);
    {
      ConnectionOptions how;
      how.path = path_;
      how.role = ConnectionOptions::Role::writer;
      auto writer = Connection::open(how, slots.assume_value().keys(), around_.random);
      ASSERT_TRUE(writer);
      ASSERT_TRUE(writer.assume_value()->execute("UPDATE ec_meta SET value = '" + std::string(version) +
                                                 "' WHERE name = 'schema_version'"));
    }
    EXPECT_EQ(code_of(open()), Errc::store_corrupt) << version;
  }
}

TEST_F(OpenTest, ADeletedAnchorIsNoticed) {
  make_store();
  std::filesystem::remove(folder_.path("shop.anchor"));
  EXPECT_EQ(code_of(open()), Errc::anchor_tampered);
  OpenOptions options = options_for(path_, false);
  options.accept_loss = true;
  auto store = open(std::move(options));
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_TRUE(store.assume_value()->lost().has_value());
  store.assume_value().reset();
  EXPECT_TRUE(open());
}

TEST_F(OpenTest, AnOlderCopyOfTheDatabaseIsReportedWithItsRange) {
  make_store();
  const Bytes older = read_whole(path_);
  {
    auto store = open();
    ASSERT_TRUE(store);
    ASSERT_TRUE(test::put_organization(*store.assume_value(), around_.ids.next(), "second"));
  }
  test::write_whole(path_, older);
  const auto refused = open();
  ASSERT_EQ(code_of(refused), Errc::commits_lost);
  EXPECT_EQ(refused.error().detail().facts.at(0).second, "1");
  EXPECT_EQ(refused.error().detail().facts.at(1).second, "2");
  OpenOptions options = options_for(path_, false);
  options.accept_loss = true;
  auto store = open(std::move(options));
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_EQ(store.assume_value()->lost()->anchor_commit, 2);
  store.assume_value().reset();
  EXPECT_TRUE(open());
}

TEST_F(OpenTest, ALostWalIsReported) {
  {
    auto store = open(true);
    ASSERT_TRUE(store);
    ASSERT_TRUE(store.assume_value()->checkpoint());
    const Bytes database = read_whole(path_);
    ASSERT_TRUE(test::put_organization(*store.assume_value(), organization_, "first"));
    // What a crash leaves behind, with the WAL gone.
    std::filesystem::create_directory(folder_.path("crash"));
    for (const char* name : {"shop.keys", "shop.anchor"})
      std::filesystem::copy_file(folder_.path(name), folder_.path("crash/" + std::string(name)));
    test::write_whole(folder_.path("crash/shop.ecdb"), database);
  }
  EXPECT_EQ(code_of(open(options_for(folder_.path("crash/shop.ecdb"), false))), Errc::commits_lost);
}

TEST_F(OpenTest, AReadOnlyStoreReadsAndRefusesWrites) {
  make_store();
  const Bytes before = read_whole(path_);
  OpenOptions options = options_for(path_, false);
  options.read_only = true;
  auto opened = open(std::move(options));
  ASSERT_TRUE(opened) << opened.error().message();
  Store& store = *opened.assume_value();
  std::int64_t count = 0;
  const Status read = store.read([&](Reader& reader) -> Status {
    EC_TRY(found, reader.count(schema::tables::organizations, std::nullopt, Expr::always()));
    count = found;
    return ok();
  });
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(count, 1);
  EXPECT_EQ(store.write([](Writer&) { return Status(ok()); }).error().code(), Errc::read_only);
  EXPECT_TRUE(store.close());
  EXPECT_EQ(read_whole(path_), before);
}

TEST_F(OpenTest, AFileHeldExclusivelyIsStoreLocked) {
  make_store();
  auto slots = KeySlots::open(system_files(), folder_.path("shop.keys"), KeyInput::raw(test::test_key));
  ASSERT_TRUE(slots);
  ConnectionOptions how;
  how.path = path_;
  how.role = ConnectionOptions::Role::writer;
  auto holder = Connection::open(how, slots.assume_value().keys(), around_.random);
  ASSERT_TRUE(holder);
  ASSERT_TRUE(holder.assume_value()->pragma("locking_mode=EXCLUSIVE"));
  ASSERT_TRUE(holder.assume_value()->execute("BEGIN IMMEDIATE"));
  ASSERT_TRUE(holder.assume_value()->execute("UPDATE ec_sentinel SET commits = commits"));
  ASSERT_TRUE(holder.assume_value()->execute("COMMIT"));
  OpenOptions options = options_for(path_, false);
  options.busy_timeout_us = 50'000;
  EXPECT_EQ(code_of(open(std::move(options))), Errc::store_locked);
}

TEST_F(OpenTest, AMigrationRunsOnceAndAnOlderReleaseRefusesTheResult) {
  make_store();
  use_extra_migrations({{2, "extra", [](Connection& connection) {
                           return connection.execute("CREATE TABLE ec_extra (id INTEGER PRIMARY KEY) STRICT");
                         }}});
  {
    auto store = open();
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_TRUE(store.assume_value()->read([](Reader& reader) -> Status {
      EC_TRY(version, reader.meta("schema_version"));
      return version == "2" ? Status(ok()) : Status(Errc::internal);
    }));
  }
  EXPECT_TRUE(open());
  use_extra_migrations({});
  const Bytes before = read_whole(path_);
  EXPECT_EQ(code_of(open()), Errc::store_newer);
  EXPECT_EQ(read_whole(path_), before);
}

TEST_F(OpenTest, AFailedMigrationLeavesTheStoreAsItWas) {
  make_store();
  use_extra_migrations({{2, "extra", [](Connection& connection) -> Status {
                           EC_TRYV(connection.execute("CREATE TABLE ec_extra (id INTEGER PRIMARY KEY) STRICT"));
                           return Errc::disk_full;
                         }}});
  EXPECT_EQ(code_of(open()), Errc::disk_full);
  use_extra_migrations({});
  EXPECT_TRUE(open());
}

TEST_F(OpenTest, NoFileHoldsWhatWasWritten) {
  const std::string marker = "marker-of-plain-text-7731";
  auto opened = open(true);
  ASSERT_TRUE(opened);
  Store& store = *opened.assume_value();
  ASSERT_TRUE(test::put_organization(store, organization_, marker));
  const auto marked = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.folder())) {
      const Bytes bytes = read_whole(entry.path().string());
      if (as_text(bytes).find(marker) != std::string_view::npos) return true;
    }
    return false;
  };
  EXPECT_FALSE(marked());
  ASSERT_TRUE(store.close());
  EXPECT_FALSE(marked());
}

TEST_F(OpenTest, AClosedStoreAnswersClosed) {
  auto opened = open(true);
  ASSERT_TRUE(opened);
  Store& store = *opened.assume_value();
  ASSERT_TRUE(store.close());
  EXPECT_EQ(store.close().error().code(), Errc::closed);
  EXPECT_EQ(store.read([](Reader&) { return Status(ok()); }).error().code(), Errc::closed);
  EXPECT_EQ(store.write([](Writer&) { return Status(ok()); }).error().code(), Errc::closed);
  EXPECT_FALSE(store.begin());
}

}  // namespace
}  // namespace eventcore::store
