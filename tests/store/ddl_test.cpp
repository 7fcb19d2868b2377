// The tables that come of the declarations, and what a connection refuses to prepare.
#include "store/ddl.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "store/connection.hpp"
#include "store/opening.hpp"
#include "store/sql.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

class DdlTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = folder_.path("shop.ecdb");
    opened_ = std::make_unique<OpenedStore>(
        std::move(open_store(test::options_for(path_), around_.environment()).assume_value()));
  }
  Connection& connection() { return *opened_->connection; }
  bool prepares(std::string_view sql) { return connection().prepare(sql).has_value(); }
  bool runs(std::string_view sql) { return connection().execute(sql).has_value(); }

  test::TestFolder folder_;
  test::Surroundings around_;
  std::string path_;
  std::unique_ptr<OpenedStore> opened_;
};

TEST_F(DdlTest, EveryTableIsStrictAndKeyedByTenantFirst) {
  for (const schema::TableDef* table : schema::all_tables) {
    const std::string sql = table_sql(*table).front();
    EXPECT_TRUE(sql.ends_with(") STRICT")) << table->name;
    EXPECT_EQ(sql.find("WITHOUT ROWID"), std::string::npos) << table->name;
    const bool tenant = table->find("organization_id") != nullptr;
    EXPECT_NE(sql.find(tenant ? R"(PRIMARY KEY ("organization_id", "id"))" : R"(PRIMARY KEY ("id"))"),
              std::string::npos)
        << table->name;
  }
}

TEST_F(DdlTest, EveryForeignKeyCarriesTheTenant) {
  for (const schema::TableDef* table : schema::all_tables) {
    const std::string sql = table_sql(*table).front();
    for (const schema::ColumnDef& column : table->columns) {
      if (!column.is_reference() || column.name == "organization_id" || table->global) continue;
      if (schema::find_table(column.references)->global) continue;
      EXPECT_NE(sql.find("FOREIGN KEY (\"organization_id\", \"" + std::string(column.name) + "\")"), std::string::npos)
          << table->name << "." << column.name;
    }
  }
}

TEST_F(DdlTest, NullIsAValueInAUniqueKey) {
  bool seen = false;
  for (const schema::TableDef* table : schema::all_tables) {
    for (const schema::UniqueDef& unique : table->uniques) {
      for (std::string_view name : unique.columns.view()) {
        if (table->find(name)->is(schema::not_null) || name == unique.unless_null) continue;
        seen = true;
        const std::vector<std::string> sql = table_sql(*table);
        const bool paired = std::any_of(sql.begin(), sql.end(), [&](const std::string& each) {
          return each.find("\"" + std::string(unique.name) + "_null\"") != std::string::npos ||
                 each.find("ifnull(\"" + std::string(name)) != std::string::npos;
        });
        EXPECT_TRUE(paired) << unique.name;
      }
    }
  }
  EXPECT_TRUE(seen);
}

TEST_F(DdlTest, ForeignKeysOfTheMadeTablesAreSound) {
  Statement statement = std::move(connection().prepare("PRAGMA foreign_key_check").assume_value());
  const auto row = statement.step();
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_FALSE(row.assume_value());
}

// Without it a sale, a refund or a login would walk all rows of the tenant.
TEST_F(DdlTest, RowsOfAParentAreFoundThroughItsIndexInTheOrderOfTheirIds) {
  int seen = 0;
  for (const schema::TableDef* table : schema::all_tables) {
    for (const schema::IndexDef& index : table->indexes) {
      const auto columns = index.columns.view();
      if (tenancy(*table) != Tenancy::column || index.store_wide || columns.size() != 1) continue;
      const std::string column(columns.front());
      Statement plan = std::move(connection()
                                     .prepare("EXPLAIN QUERY PLAN SELECT * FROM " + std::string(table->name) +
                                              " AS t0 WHERE t0.organization_id = ? AND t0." + column +
                                              " = ? ORDER BY t0.id ASC LIMIT 51")
                                     .assume_value());
      ASSERT_TRUE(plan.step().assume_value());
      const std::string detail(plan.text(3));
      EXPECT_NE(detail.find(column + "=?"), std::string::npos) << index.name << ": " << detail;
      EXPECT_FALSE(plan.step().assume_value()) << index.name << " needs a sort";
      ++seen;
    }
  }
  EXPECT_GT(seen, 60);
}

// A price may follow what the last hour or day sold (ticketing/pricing.cpp): after a million tickets that reads those
// of the day, not all.
TEST_F(DdlTest, WhatTheLastDaySoldIsARangeOfAnIndex) {
  namespace i = col::ticket_order_items;
  Aggregate sold;
  sold.table = &schema::tables::ticket_order_items;
  sold.organization = around_.ids.next();
  sold.where = Expr::all_of({Expr::equals(i::ticket_category_id.index, around_.ids.next()),
                             Expr::compare(i::created_at.index, Expr::Op::gt, 1),
                             Expr::compare(i::created_at.index, Expr::Op::lte, 2),
                             Expr::parent(i::order_id.index, schema::tables::ticket_orders,
                                          Expr::equals(col::ticket_orders::order_status.index, "active"))});
  sold.measures = {{Aggregate::Kind::sum, i::quantity.index}};
  const SqlText text = std::move(aggregate_sql(sold)).assume_value();
  Statement plan = std::move(connection().prepare("EXPLAIN QUERY PLAN " + text.sql)).assume_value();
  std::vector<std::string> steps;
  while (plan.step().assume_value()) steps.emplace_back(plan.text(3));
  ASSERT_FALSE(steps.empty());
  EXPECT_NE(steps.front().find("ticket_category_id=? AND created_at>? AND created_at<?"), std::string::npos)
      << steps.front();
}

// What anonymous callers hold of an event (rules/ticketing/holds.cpp) is counted at each of their orders: among those
// whose time runs, not among all that the event ever had.
TEST_F(DdlTest, OrdersWhoseTimeRunsAreARangeOfAnIndex) {
  namespace o = col::ticket_orders;
  Query unpaid;
  unpaid.table = &schema::tables::ticket_orders;
  unpaid.organization = around_.ids.next();
  unpaid.where =
      Expr::all_of({Expr::compare(o::expires_at.index, Expr::Op::gt, 1),
                    Expr::equals(o::event_id.index, around_.ids.next()), Expr::equals(o::order_status.index, "active"),
                    Expr::in_list(o::payment_status.index, {Value("pending"), Value("processing"), Value("failed")})});
  const SqlText text = std::move(select_sql(unpaid)).assume_value();
  Statement plan = std::move(connection().prepare("EXPLAIN QUERY PLAN " + text.sql)).assume_value();
  std::vector<std::string> steps;
  while (plan.step().assume_value()) steps.emplace_back(plan.text(3));
  ASSERT_FALSE(steps.empty());
  EXPECT_NE(steps.front().find("payment_status=? AND expires_at>?"), std::string::npos) << steps.front();
}

// What the planner is told of the tables (store/statistics.hpp) keeps it from taking a tenant for a few rows.
TEST_F(DdlTest, WhatAnIndexLeadsToIsNeverSoughtInTheWholeTenantWhateverTheOrder) {
  int seen = 0;
  for (const schema::TableDef* table : schema::all_tables) {
    if (tenancy(*table) != Tenancy::column) continue;
    for (const TableIndex& index : table_indexes(*table)) {
      if (index.terms.size() < 2 || index.terms[0].column != "organization_id") continue;
      const schema::ColumnDef* column = table->find(index.terms[1].column);
      if (column == nullptr || column->type == schema::Type::enumeration || column->type == schema::Type::boolean)
        continue;
      const std::string name(column->name);
      if (!index.condition.empty() && index.condition != store::quoted(name) + " IS NOT NULL") continue;
      for (const std::string condition : {" = ?", " IN (?, ?, ?)"}) {
        Statement plan = std::move(connection()
                                       .prepare("EXPLAIN QUERY PLAN SELECT * FROM " + std::string(table->name) +
                                                " AS t0 WHERE t0.organization_id = ? AND t0." + name + condition +
                                                " ORDER BY t0.id ASC")
                                       .assume_value());
        ASSERT_TRUE(plan.step().assume_value());
        const std::string detail(plan.text(3));
        EXPECT_NE(detail.find(name + "=?"), std::string::npos) << index.name << condition << ": " << detail;
        ++seen;
      }
    }
  }
  EXPECT_GT(seen, 250);
}

TEST_F(DdlTest, TheReferenceTextHoldsEveryTable) {
  const std::string sql = schema_sql();
  for (const schema::TableDef* table : schema::all_tables)
    EXPECT_NE(sql.find("CREATE TABLE \"" + std::string(table->name) + "\""), std::string::npos);
}

TEST_F(DdlTest, NothingRunsThatLeavesTheStoreOrChangesItsShape) {
  EXPECT_TRUE(prepares("SELECT 1"));
  for (const char* sql : {
           "ATTACH 'x.db' AS x KEY ''",
           "DETACH main",
           "VACUUM",
           "VACUUM INTO 'x.db'",
           "PRAGMA journal_mode=DELETE",
           "PRAGMA rekey='x'",
           "PRAGMA writable_schema=1",
           "PRAGMA synchronous=OFF",
           "SELECT load_extension('x')",
           "SELECT sqlcipher_export('x')",
           "CREATE TABLE t (x) STRICT",
           "CREATE TEMP TABLE t (x)",
           "CREATE TRIGGER t AFTER INSERT ON venues BEGIN SELECT 1; END",
           "CREATE VIEW v AS SELECT 1",
           "DROP TABLE venues",
           "ALTER TABLE venues ADD COLUMN x",
           "DELETE FROM sqlite_schema",
           "INSERT INTO venues (id) VALUES (x'00')",
           "UPDATE venues SET name = 'x'",
           "DELETE FROM venues",
       }) {
    EXPECT_FALSE(runs(sql)) << sql;
  }
  EXPECT_FALSE(std::filesystem::exists("x.db"));
  connection().arm(true);
  EXPECT_TRUE(prepares("DELETE FROM venues"));
}

TEST_F(DdlTest, AReaderPreparesNoWriteAtAll) {
  const auto how = connection_options(test::options_for(path_), opened_->paths, ConnectionOptions::Role::reader, "");
  auto reader = Connection::open(how, opened_->slots->keys(), around_.random);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader.assume_value()->harden());
  reader.assume_value()->arm(true);
  EXPECT_FALSE(reader.assume_value()->prepare("DELETE FROM venues"));
  EXPECT_FALSE(reader.assume_value()->prepare("DELETE FROM ec_meta"));
}

}  // namespace
}  // namespace eventcore::store
