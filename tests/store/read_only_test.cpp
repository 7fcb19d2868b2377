// A store that is opened for reading: on media that take no files, with an anchor that cannot be read, after losses,
// and what has to be done by a writer first. Whatever is refused or accepted, no file changes.
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "base/hash.hpp"
#include "schema/all.hpp"
#include "store/migrate.hpp"
#include "store/opening.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

// The calling thread goes without what lets root write and read anything, so that modes of files count.
class OnlyModesCount {
 public:
  OnlyModesCount() {
    if (capabilities(SYS_capget, before_) != 0) std::abort();
    Words words = before_;
    words[0].effective &= ~((1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH));
    if (capabilities(SYS_capset, words) != 0) std::abort();
  }
  ~OnlyModesCount() { (void)capabilities(SYS_capset, before_); }
  OnlyModesCount(const OnlyModesCount&) = delete;
  OnlyModesCount& operator=(const OnlyModesCount&) = delete;

 private:
  using Words = std::array<__user_cap_data_struct, 2>;
  static long capabilities(long call, Words& words) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return ::syscall(call, &header, words.data());
  }

  Words before_{};
};

class ReadOnlyTest : public testing::Test {
 protected:
  void SetUp() override { write("first"); }
  void TearDown() override {
    use_extra_migrations({});
    ::chmod(folder_.folder().c_str(), 0700);
  }

  Result<std::unique_ptr<Store>> open(bool accept_loss = false) {
    OpenOptions options = test::options_for(path_, false);
    options.read_only = true;
    options.accept_loss = accept_loss;
    options.busy_timeout_us = 50'000;
    return Store::open(std::move(options), around_.environment());
  }
  Result<std::unique_ptr<Store>> open_for_writing() {
    return Store::open(test::options_for(path_), around_.environment());
  }
  void write(const std::string& slug) {
    auto store = open_for_writing();
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_TRUE(test::put_organization(*store.assume_value(), around_.ids.next(), slug));
    ASSERT_TRUE(store.assume_value()->close());
  }
  static Result<std::int64_t> organizations(Store& store) {
    std::int64_t count = 0;
    EC_TRYV(store.read([&](Reader& reader) -> Status {
      EC_TRY(found, reader.count(schema::tables::organizations, std::nullopt, Expr::always()));
      count = found;
      return ok();
    }));
    return count;
  }
  // What matters of the folder: SQLite leaves the WAL's index, and an empty WAL, after reading.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.folder())) {
      const Bytes bytes = test::read_whole(entry.path());
      if (!entry.path().string().ends_with("-shm") && !bytes.empty())
        all[entry.path().filename()] = std::to_string(bytes.size()) + " bytes " + hex(blake2b(bytes));
    }
    return all;
  }
  // From here on nobody writes into the folder or its files, as on a medium that is mounted for reading.
  void seal_folder() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.folder())) ::chmod(entry.path().c_str(), 0400);
    ::chmod(folder_.folder().c_str(), 0500);
  }

  test::TestFolder folder_;
  test::Surroundings around_;
  std::string path_ = folder_.path("shop.ecdb");
};

TEST_F(ReadOnlyTest, AMediumThatTakesNoFilesIsReadAsItIs) {
  seal_folder();
  const auto before = files();
  const OnlyModesCount modes;
  auto store = open();
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_EQ(organizations(*store.assume_value()).assume_value(), 1);
  EXPECT_TRUE(store.assume_value()->check_pages().assume_value().empty());
  EXPECT_TRUE(store.assume_value()->close());
  EXPECT_EQ(files(), before);
}

TEST_F(ReadOnlyTest, OnAMediumWithoutALockFileAsWell) {
  std::filesystem::remove(folder_.path("shop.lock"));
  seal_folder();
  const OnlyModesCount modes;
  auto store = open();
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_EQ(organizations(*store.assume_value()).assume_value(), 1);
}

TEST_F(ReadOnlyTest, CommitsInAWalThatCannotBeReadAreNotPassedOver) {
  auto writer = open_for_writing();
  ASSERT_TRUE(writer);
  ASSERT_TRUE(test::put_organization(*writer.assume_value(), around_.ids.next(), "second"));
  // What a crash leaves: a WAL with a commit, and no index of it.
  test::TestFolder crash;
  for (const char* name : {"shop.ecdb", "shop.ecdb-wal", "shop.keys", "shop.anchor", "shop.lock"})
    std::filesystem::copy_file(folder_.path(name), crash.path(name));
  ::chmod(crash.folder().c_str(), 0500);
  path_ = crash.path("shop.ecdb");
  {
    const OnlyModesCount modes;
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), Errc::io_error) << store.error().message();
  }
  ::chmod(crash.folder().c_str(), 0700);
  auto store = open();
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_EQ(organizations(*store.assume_value()).assume_value(), 2);
}

// Nothing locks such a file, and pages are kept: what somebody else writes there must not be mixed with them.
TEST_F(ReadOnlyTest, AFileThatIsWrittenAfterAllIsNotReadOn) {
  seal_folder();
  auto store = [&] {
    const OnlyModesCount modes;
    return open();
  }();
  ASSERT_TRUE(store) << store.error().message();
  const auto count = [&] {
    const OnlyModesCount modes;
    return organizations(*store.assume_value());
  };
  EXPECT_EQ(count().assume_value(), 1);
  ::chmod(folder_.folder().c_str(), 0700);
  for (const auto& entry : std::filesystem::directory_iterator(folder_.folder())) ::chmod(entry.path().c_str(), 0600);
  {
    auto writer = open_for_writing();
    ASSERT_TRUE(writer) << writer.error().message();
    ASSERT_TRUE(test::put_organization(*writer.assume_value(), around_.ids.next(), "second"));
    const auto beside_a_wal = count();
    ASSERT_FALSE(beside_a_wal) << beside_a_wal.assume_value();
    EXPECT_EQ(beside_a_wal.error().code(), Errc::store_stopped);
    ASSERT_TRUE(writer.assume_value()->close());
  }
  const auto after_it = count();
  ASSERT_FALSE(after_it) << after_it.assume_value();
  EXPECT_EQ(after_it.error().code(), Errc::store_stopped);
  auto anew = open();
  ASSERT_TRUE(anew);
  EXPECT_EQ(organizations(*anew.assume_value()).assume_value(), 2);
}

TEST_F(ReadOnlyTest, AnAnchorThatCannotBeReadIsNotNeeded) {
  ::chmod(folder_.path("shop.anchor").c_str(), 0);
  const OnlyModesCount modes;
  auto store = open();
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_EQ(organizations(*store.assume_value()).assume_value(), 1);
  EXPECT_FALSE(store.assume_value()->lost());
}

TEST_F(ReadOnlyTest, AnAnchorThatIsGoneOrBrokenIsNamedUnlessLossIsAccepted) {
  for (const bool gone : {false, true}) {
    gone ? void(std::filesystem::remove(folder_.path("shop.anchor")))
         : test::write_whole(folder_.path("shop.anchor"), Bytes(8192, 1));
    const auto before = files();
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::anchor_tampered);
    {
      auto store = open(true);
      ASSERT_TRUE(store) << store.error().message();
      EXPECT_EQ(organizations(*store.assume_value()).assume_value(), 1);
      EXPECT_EQ(store.assume_value()->lost()->store_commit, 1);
    }
    EXPECT_EQ(files(), before);
  }
}

TEST_F(ReadOnlyTest, ALossThatIsAcceptedForReadingIsStillThereForTheNextWriter) {
  const Bytes older = test::read_whole(path_);
  write("second");
  test::write_whole(path_, older);
  const auto before = files();
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::commits_lost);
  {
    auto store = open(true);
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_EQ(organizations(*store.assume_value()).assume_value(), 1);
    EXPECT_EQ(store.assume_value()->lost()->anchor_commit, 2);
  }
  EXPECT_EQ(files(), before);
  const auto writer = open_for_writing();
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code(), Errc::commits_lost);
}

TEST_F(ReadOnlyTest, WhatAWriterMustDoFirstIsSaidAndLeftToIt) {
  const auto refused_with = [&](std::string_view text) {
    const auto before = files();
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), Errc::read_only);
    EXPECT_NE(store.error().to_json().find(text), std::string::npos) << store.error().to_json();
    EXPECT_EQ(files(), before);
  };
  use_extra_migrations({{2, "extra", [](Connection& connection) {
                           return connection.execute("CREATE TABLE ec_extra (id INTEGER PRIMARY KEY) STRICT");
                         }}});
  refused_with("to be upgraded");
  use_extra_migrations({});
  // A new data key that was cut off just before its keys took their place.
  std::filesystem::copy_file(folder_.path("shop.keys"), folder_.path("shop.keys.next"));
  refused_with("a copy waits");
  EXPECT_TRUE(open_for_writing());
  EXPECT_TRUE(open());
}

}  // namespace
}  // namespace eventcore::store
