// A store with flipped bits, zeroed or swapped pages never gives a wrong answer together with success: neither to a
// reader, nor through a write that used what it read, nor as a refusal that came of a page read as zeros.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include "schema/all.hpp"
#include "store/connection.hpp"
#include "store/opening.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

constexpr std::size_t page_size = 4096;
constexpr int rounds = 250;

class PageGuardTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::open(test::options_for(path("good.ecdb")), around_.environment());
    ASSERT_TRUE(opened);
    Store& store = *opened.assume_value();
    ASSERT_TRUE(test::put_organization(store, organization_, "first"));
    ASSERT_TRUE(store.write([&](Writer& writer) -> Status {
      for (int i = 0; i < 40; ++i) {
        rows_.push_back(test::venue_row(organization_, around_.ids.next(), "hall " + std::to_string(i)));
        rows_.back().set("address", long_text(i));  // several overflow pages
        EC_TRYV(test::put(writer, rows_.back()));
      }
      return ok();
    }));
    ASSERT_TRUE(store.close());
    good_ = test::read_whole(path("good.ecdb"));
    for (const char* side : {".keys", ".anchor"})
      std::filesystem::copy_file(path(std::string("good") + side), path(std::string("bad") + side));
  }

  static std::string long_text(int seed) {
    std::string text;
    while (text.size() < 18'000) text += std::to_string(seed) + ":" + std::to_string(text.size()) + " ";
    return text;
  }
  std::string path(const std::string& name) { return folder_.path(name); }

  // One read of one long row and one write that depends on it; counts what was refused.
  void probe(const Bytes& bytes) {
    for (const char* left : {"bad.ecdb-wal", "bad.ecdb-shm"}) std::filesystem::remove(path(left));
    test::write_whole(path("bad.ecdb"), bytes);
    std::filesystem::copy_file(path("good.anchor"), path("bad.anchor"),
                               std::filesystem::copy_options::overwrite_existing);
    auto opened = Store::open(test::options_for(path("bad.ecdb"), false), around_.environment());
    if (!opened) {
      ++refused_;
      return;
    }
    Store& store = *opened.assume_value();
    for (int i = 0; i < 4; ++i) {
      const Record& expected = rows_[engine_() % rows_.size()];
      std::optional<Record> found;
      const Status read = store.read([&](Reader& reader) -> Status {
        EC_TRY(row, reader.get(schema::tables::venues, organization_, expected.id()));
        found = row;
        return row ? Status(ok()) : Status(Errc::not_found);
      });
      judge(read, found, expected);
    }
    const Record& expected = rows_[engine_() % rows_.size()];
    std::optional<Record> used;
    const Status written = store.write([&](Writer& writer) -> Status {
      EC_TRY(row, writer.get(schema::tables::venues, organization_, expected.id()));
      used = row;
      if (!row) return Errc::not_found;
      return writer.set_meta("copy", row->find("address")->text());
    });
    judge(written, used, expected);
  }

  void judge(const Status& status, const std::optional<Record>& found, const Record& expected) {
    if (!status) {
      EXPECT_EQ(status.error().code(), Errc::store_corrupt) << status.error().to_json();
      ++refused_;
      return;
    }
    ++answered_;
    ASSERT_TRUE(found.has_value());
    for (std::size_t i = 0; i < expected.table().columns.size(); ++i) ASSERT_EQ(found->at(i), expected.at(i));
  }

  test::TestFolder folder_;
  test::Surroundings around_;
  Uuid organization_ = around_.ids.next();
  std::vector<Record> rows_;
  Bytes good_;
  std::mt19937_64 engine_{4711};
  int refused_ = 0;
  int answered_ = 0;
};

TEST_F(PageGuardTest, AFlippedBitIsAnErrorOrHarmless) {
  const std::size_t tables_end = good_.size() / page_size;
  for (int i = 0; i < rounds; ++i) {
    Bytes bytes = good_;
    // Half of the flips go where the long rows are: the last pages of the file.
    const std::size_t page = i % 2 == 0 ? engine_() % tables_end : tables_end - 1 - engine_() % 150;
    bytes[page * page_size + engine_() % page_size] ^= static_cast<std::uint8_t>(1U << (engine_() % 8));
    probe(bytes);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(refused_, rounds / 20);
  EXPECT_GT(answered_, rounds);
}

TEST_F(PageGuardTest, ZeroedAndSwappedPagesAreErrorsOrHarmless) {
  const std::size_t pages = good_.size() / page_size;
  for (int i = 0; i < 60; ++i) {
    Bytes bytes = good_;
    const auto at = [&](std::size_t page) { return bytes.begin() + static_cast<std::ptrdiff_t>(page * page_size); };
    const std::size_t page = pages - 1 - engine_() % 160;
    if (i % 2 == 0) {
      std::fill_n(at(page), page_size, std::uint8_t{0});
    } else {
      std::swap_ranges(at(page), at(page) + page_size, at(page - 1));
    }
    probe(bytes);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(PageGuardTest, ANeighbourInTheGroupIsCommittedAlthoughOneJobMetTheDamage) {
  // The last page of the file belongs to the last long row.
  Bytes bytes = good_;
  bytes[bytes.size() - page_size + 100] ^= 1;
  test::write_whole(path("bad.ecdb"), bytes);
  auto opened = Store::open(test::options_for(path("bad.ecdb"), false), around_.environment());
  ASSERT_TRUE(opened) << opened.error().message();
  Store& store = *opened.assume_value();
  std::vector<std::shared_ptr<Pending>> all;
  const auto touch = [&](const Uuid& id) {
    return [this, id](Writer& writer) -> Status {
      EC_TRY(row, writer.get(schema::tables::venues, organization_, id));
      return row ? writer.set_meta(to_text(id), "seen") : Status(Errc::not_found);
    };
  };
  for (const Record& row : rows_) all.push_back(store.submit(touch(row.id())));
  int bad = 0;
  for (const auto& each : all) {
    const Status done = *store.wait(each, -1);
    if (done) continue;
    EXPECT_EQ(done.error().code(), Errc::store_corrupt);
    ++bad;
  }
  EXPECT_EQ(bad, 1);
  EXPECT_GT(store.stats().reruns, 0);
  const auto problems = store.check_pages();
  ASSERT_TRUE(problems);
  EXPECT_FALSE(problems.assume_value().empty());
}

TEST_F(PageGuardTest, ASoundStoreHasNoProblems) {
  auto opened = Store::open(test::options_for(path("good.ecdb"), false), around_.environment());
  ASSERT_TRUE(opened);
  const auto problems = opened.assume_value()->check_pages();
  ASSERT_TRUE(problems);
  for (const PageProblem& problem : problems.assume_value()) ADD_FAILURE() << problem.text;
}

// Not a promise, but a number to look at: what the guard adds to a read.
TEST_F(PageGuardTest, TheGuardCostsMicroseconds) {
  const auto opened = open_store(test::options_for(path("good.ecdb"), false), around_.environment());
  ASSERT_TRUE(opened);
  Connection& connection = *opened.assume_value().connection;
  constexpr int count = 20'000;
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) ASSERT_TRUE(connection.guard());
  const auto spent = std::chrono::steady_clock::now() - started;
  const auto each = std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count() / count;
  RecordProperty("nanoseconds", std::to_string(each));
  EXPECT_LT(each, 200'000);
}

}  // namespace
}  // namespace eventcore::store
