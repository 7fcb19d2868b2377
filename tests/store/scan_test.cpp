// Rows as they lie in their statement: the same that list() gives, and an error where a value is of another class.
#include "store/scan.hpp"

#include <gtest/gtest.h>

#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

namespace v = col::venues;

class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::open(test::options_for(folder_.path("shop.ecdb")), around_.environment());
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(opened.assume_value());
    ASSERT_TRUE(test::put_organization(*store_, organization_, "first"));
    ASSERT_TRUE(test::put_organization(*store_, other_, "second"));
    for (const char* name : {"Castle", "Arena", "Barn"}) {
      put(test::venue_row(organization_, around_.ids.next(), name));
      put(test::venue_row(other_, around_.ids.next(), name));
    }
  }
  void put(const Record& row) {
    ASSERT_TRUE(store_->write([&](Writer& writer) { return test::put(writer, row); }));
  }
  Status scan(const std::function<bool(const RowView&)>& visit) {
    Query query;
    query.table = &schema::tables::venues;
    query.organization = organization_;
    query.order = {{v::name.index, false}};
    return store_->read([&](Reader& reader) { return Scan(reader).each(query, visit); });
  }

  test::TestFolder folder_;
  test::Surroundings around_;
  Uuid organization_ = around_.ids.next();
  Uuid other_ = around_.ids.next();
  std::unique_ptr<Store> store_;
};

TEST_F(ScanTest, EachRowOfTheTenantComesInOrder) {
  std::string names;
  ASSERT_TRUE(scan([&](const RowView& row) {
    EXPECT_TRUE(std::ranges::equal(row.bytes(v::organization_id), organization_.bytes));
    EXPECT_EQ(row.integer(v::version), 1);
    EXPECT_TRUE(row.is_null(v::venue_type));
    EXPECT_EQ(row.text(v::venue_type), "");
    names += row.text(v::name);
    return true;
  }));
  EXPECT_EQ(names, "ArenaBarnCastle");
}

TEST_F(ScanTest, ItEndsWhenItIsTold) {
  int rows = 0;
  ASSERT_TRUE(scan([&](const RowView&) { return ++rows < 2; }));
  EXPECT_EQ(rows, 2);
}

TEST_F(ScanTest, AValueOfAnotherClassIsACorruptStore) {
  int rows = 0;
  const Status read = scan([&](const RowView& row) {
    ++rows;
    EXPECT_EQ(row.integer(v::name), 0);
    return true;
  });
  EXPECT_EQ(read.error().code(), Errc::store_corrupt);
  EXPECT_EQ(rows, 1);
}

}  // namespace
}  // namespace eventcore::store
