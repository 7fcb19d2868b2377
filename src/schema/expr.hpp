// Expr: a condition on rows of one table, as a value. User filters and access predicates are built of it; src/store
// turns it into SQL, so that nobody above writes any. Three-valued logic does not occur: every leaf is true or false
// (a comparison with null is false), and `negate` is its plain opposite.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "schema/value.hpp"

namespace eventcore {

struct Expr {
  enum class Kind : std::uint8_t {
    always,
    never,
    compare,  // column op values[0]
    in_list,  // column equals one of values
    is_null,
    prefix,    // text starts with values[0], by bytes
    contains,  // text contains values[0], by bytes; on arrays: has the member
    all_of,
    any_of,
    negate,
    parent,  // the row that `column` refers to exists and satisfies children[0] (a condition on `table`)
    child,   // some row of `table`, whose reference column `column` names this row, satisfies children[0]
  };
  enum class Op : std::uint8_t { eq, ne, lt, lte, gt, gte };

  Kind kind = Kind::never;
  Op op = Op::eq;
  std::uint16_t column = 0;  // index in the table's columns (for child: index in the other table's)
  const schema::TableDef* table = nullptr;
  std::vector<Value> values;
  std::vector<Expr> children;

  static Expr always();
  static Expr never();
  static Expr compare(std::uint16_t column, Op op, Value value);
  static Expr equals(std::uint16_t column, Value value) { return compare(column, Op::eq, std::move(value)); }
  static Expr in_list(std::uint16_t column, std::vector<Value> values);  // empty list: never
  static Expr is_null(std::uint16_t column);
  static Expr prefix(std::uint16_t column, std::string text);
  static Expr contains(std::uint16_t column, std::string text);
  static Expr all_of(std::vector<Expr> children);  // folds constants
  static Expr any_of(std::vector<Expr> children);  // folds constants
  struct Part;                                     // of a list in braces, which would otherwise copy what it holds
  static Expr all_of(std::initializer_list<Part> children);
  static Expr any_of(std::initializer_list<Part> children);
  static Expr negate(Expr child);
  static Expr parent(std::uint16_t column, const schema::TableDef& table, Expr condition);
  static Expr child(const schema::TableDef& table, std::uint16_t column, Expr condition);

  [[nodiscard]] bool is_always() const { return kind == Kind::always; }
  [[nodiscard]] bool is_never() const { return kind == Kind::never; }
};

struct Expr::Part {
  mutable Expr expr;
  template <class Given>
  Part(Given&& given) : expr(std::forward<Given>(given)) {}  // NOLINT: a list is written as a list of conditions
};

// Whether a row in memory satisfies a condition that has no parent or child part (those need the store).
bool holds_in_memory(const Expr& expr, const Record& row);

}  // namespace eventcore
