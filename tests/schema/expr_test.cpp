// Conditions in memory: nulls, folding of constants, bytes.
#include "schema/expr.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "schema/all.hpp"

namespace eventcore {
namespace {

const schema::TableDef& table = schema::tables::venues;
std::uint16_t at(std::string_view name) {
  return static_cast<std::uint16_t>(table.index_of(name));
}

Record venue() {
  Record row(table);
  row.set("name", "Große Halle");
  row.set("max_capacity", 100);
  row.set("amenities", R"(["bar","wi\"fi"])");
  return row;
}

TEST(ExprTest, AComparisonWithNullIsFalseAndItsNegationTrue) {
  const Record row = venue();
  for (const auto op : {Expr::Op::eq, Expr::Op::ne, Expr::Op::lt, Expr::Op::gte}) {
    EXPECT_FALSE(holds_in_memory(Expr::compare(at("city"), op, "Bern"), row));
    EXPECT_FALSE(holds_in_memory(Expr::compare(at("name"), op, Value()), row));
    EXPECT_TRUE(holds_in_memory(Expr::negate(Expr::compare(at("city"), op, "Bern")), row));
  }
  EXPECT_TRUE(holds_in_memory(Expr::is_null(at("city")), row));
  EXPECT_FALSE(holds_in_memory(Expr::prefix(at("city"), ""), row));
}

TEST(ExprTest, TextComparesByBytes) {
  const Record row = venue();
  EXPECT_TRUE(holds_in_memory(Expr::compare(at("name"), Expr::Op::gt, "Groz"), row));  // ß is above every ASCII letter
  EXPECT_TRUE(holds_in_memory(Expr::prefix(at("name"), "Groß"), row));
  EXPECT_FALSE(holds_in_memory(Expr::prefix(at("name"), "groß"), row));
  EXPECT_TRUE(holds_in_memory(Expr::contains(at("name"), "e H"), row));
}

TEST(ExprTest, AnArrayContainsItsMembersExactly) {
  const Record row = venue();
  EXPECT_TRUE(holds_in_memory(Expr::contains(at("amenities"), "bar"), row));
  EXPECT_TRUE(holds_in_memory(Expr::contains(at("amenities"), "wi\"fi"), row));
  EXPECT_FALSE(holds_in_memory(Expr::contains(at("amenities"), "ba"), row));
}

TEST(ExprTest, AnotherStorageClassEqualsNothing) {
  EXPECT_FALSE(holds_in_memory(Expr::equals(at("max_capacity"), "100"), venue()));
  EXPECT_TRUE(holds_in_memory(Expr::equals(at("max_capacity"), 100), venue()));
}

TEST(ExprTest, ConstantsFold) {
  EXPECT_TRUE(Expr::all_of({}).is_always());
  EXPECT_TRUE(Expr::any_of({}).is_never());
  EXPECT_TRUE(Expr::all_of({Expr::always(), Expr::never(), Expr::is_null(1)}).is_never());
  EXPECT_TRUE(Expr::any_of({Expr::is_null(1), Expr::always()}).is_always());
  EXPECT_EQ(Expr::all_of({Expr::always(), Expr::is_null(1)}).kind, Expr::Kind::is_null);
  EXPECT_EQ(Expr::negate(Expr::negate(Expr::is_null(1))).kind, Expr::Kind::is_null);
  EXPECT_TRUE(Expr::negate(Expr::never()).is_always());
  EXPECT_TRUE(Expr::in_list(1, {}).is_never());
  EXPECT_TRUE(Expr::parent(1, table, Expr::never()).is_never());
  EXPECT_EQ(Expr::any_of({Expr::any_of({Expr::is_null(1), Expr::is_null(2)}), Expr::is_null(3)}).children.size(), 3U);
}

TEST(ExprTest, WhatOnlyTheStoreKnowsGrantsNothing) {
  const Expr parent = Expr::parent(at("organization_id"), schema::tables::organizations, Expr::always());
  EXPECT_FALSE(holds_in_memory(parent, venue()));
  EXPECT_FALSE(holds_in_memory(Expr::negate(parent), venue()));
}

TEST(ExprTest, ARecordKnowsItsTenantAndVersion) {
  Record row = venue();
  const Uuid tenant{{1}};
  row.set("organization_id", tenant);
  row.set("version", 3);
  EXPECT_EQ(row.organization_id(), tenant);
  EXPECT_EQ(row.version(), 3);
  Record organization(schema::tables::organizations);
  organization.set("id", tenant);
  EXPECT_EQ(organization.organization_id(), tenant);
  EXPECT_EQ(row.find("no_such_column"), nullptr);
  EXPECT_THROW((void)row.find("name")->integer(), std::logic_error) << "a defect, caught around every job";
}

}  // namespace
}  // namespace eventcore
