// Performs every cell of matrix.txt through sessions, and every column list: what the engine does is what the contract
// says, nothing is missing on either side.
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "policy/cells.hpp"
#include "policy/corners.hpp"

namespace eventcore::test {
namespace {

using schema::TableDef;

std::map<std::string, std::int64_t> row_counts(World& world) {
  std::map<std::string, std::int64_t> counts;
  for (const TableDef* table : schema::all_tables)
    counts[std::string(table->name)] = world.service().count(table->name, "{}").value();
  return counts;
}

TEST(AccessMatrixTest, TheFileIsWellFormed) {
  for (const std::string& problem : matrix().problems) ADD_FAILURE() << problem;
  std::set<std::string> wanted;
  for (const TableDef* table : schema::all_tables)
    for (const std::string& variant : variants_of(*table)) wanted.insert(block_name(*table, variant));
  for (const auto& [name, block] : matrix().blocks)
    EXPECT_TRUE(wanted.contains(name)) << "matrix.txt has a block for nothing that is tested: " << name;
  for (const auto& [name, lists] : matrix().columns)
    EXPECT_TRUE(wanted.contains(name)) << "columns of nothing: " << name;
}

TEST(AccessMatrixTest, EveryTableHasARowToTryItOn) {
  World& world = shared_world();
  EXPECT_EQ(schema::table_count, 56U);
  for (const TableDef* table : schema::all_tables)
    for (const Tenant* tenant : {&world.a(), &world.b()})
      for (const std::string& variant : variants_of(*table))
        EXPECT_TRUE(tenant->rows.contains(block_name(*table, variant))) << tenant->name << " " << table->name;
}

TEST(AccessMatrixTest, EveryCellIsAsWritten) {
  World& world = shared_world();
  for (const char* key : {"d1", "d2", "kw", "kr", "ke", "kn"})  // their first use is noted in their row
    static_cast<void>(world.session(key).count("events", "{}"));
  const auto before = row_counts(world);
  std::size_t performed = 0;
  for_each_case([&](const Case& c) { performed += check_cells(world, c); });
  EXPECT_EQ(performed, matrix().cells) << "lines of matrix.txt that no cell stands for";
  EXPECT_EQ(before, row_counts(world)) << "a cell left something behind";
  RecordProperty("cells", std::to_string(performed));
  std::printf("access matrix: %zu cells\n", performed);
}

TEST(AccessColumnsTest, AnAnswerHoldsExactlyTheReadableColumns) {
  World& world = shared_world();
  std::size_t seen = 0;
  for_each_case([&](const Case& c) { seen += check_read_columns(world, c); });
  std::printf("access columns: %zu rows read\n", seen);
}

TEST(AccessColumnsTest, AColumnThatIsNotReadableCannotBeAskedFor) {
  World& world = shared_world();
  std::size_t seen = 0;
  for_each_case([&](const Case& c) { seen += check_asked_columns(world, c); });
  std::printf("access columns: %zu unreadable columns asked for\n", seen);
}

TEST(AccessColumnsTest, AChangeMayNameExactlyTheWritableColumns) {
  World& world = shared_world();
  std::size_t seen = 0;
  for_each_case([&](const Case& c) { seen += check_written_columns(world, c); });
  std::printf("access columns: %zu columns written\n", seen);
}

TEST(AccessCornersTest, AKeyOfOneGroupOpensThatGroupAlone) {
  for (const TableDef* table : schema::all_tables) check_key_groups(shared_world(), *table);
}

TEST(AccessCornersTest, WhoIsTwoThingsAtOnceMayNoMoreThanBoth) {
  for (const TableDef* table : schema::all_tables) check_corners(shared_world(), *table);
}

}  // namespace
}  // namespace eventcore::test
