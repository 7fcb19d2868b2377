// What can be asked of the store: rows of one table, counts, and grouped sums. No SQL above this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/expr.hpp"
#include "schema/value.hpp"

namespace eventcore::store {

struct Order {
  std::uint16_t column = 0;
  bool descending = false;  // null sorts last ascending, first descending
};

// Which columns a read fetches; the others come back as Value::unread().
struct ColumnSet {
  std::vector<bool> wanted;  // by column index; empty: all columns

  static ColumnSet all() { return {}; }
  static ColumnSet short_only(const schema::TableDef& table);  // everything but long columns
};

// A column that reads as `value` in the rows where `when` holds, whatever is stored there: a state that time alone
// changes. Conditions, orders and pages see it as well.
struct Shown {
  std::uint16_t column = 0;
  Expr when;
  Value value;
};

struct Query {
  const schema::TableDef* table = nullptr;
  std::optional<Uuid> organization;  // nullopt: over all tenants (service, customer, anon)
  Expr where = Expr::always();
  std::vector<Order> order;  // id ascending is always appended as the last key
  std::vector<Value> after;  // keyset position: a value per order column, then the id; empty: from the start
  std::int64_t limit = -1;   // -1: no limit
  ColumnSet columns;
  std::optional<Shown> shown;
};

// SELECT group columns, aggregates ... GROUP BY group columns ORDER BY them.
struct Aggregate {
  enum class Kind : std::uint8_t { count, sum, max };
  struct Measure {
    Kind kind = Kind::count;
    std::uint16_t column = 0;  // ignored for count
  };
  const schema::TableDef* table = nullptr;
  std::optional<Uuid> organization;
  Expr where = Expr::always();
  std::vector<std::uint16_t> group_by;
  std::vector<Measure> measures;  // a sum that leaves int64 is an error, never wrong
};

}  // namespace eventcore::store
