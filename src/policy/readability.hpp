// Where the columns of a table are readable for somebody, asked of the predicates once for all columns: somebody may
// hold hundreds of assignments, which every condition carries along. Thread: plain data.
#pragma once

#include <string_view>
#include <vector>

#include "policy/predicates.hpp"

namespace eventcore::policy {

class Readability {
 public:
  Readability(const schema::TableDef& table, const Facts& facts);  // both outlive it

  [[nodiscard]] const Expr& view() const { return view_; }  // view_condition
  // Rows on which the column is readable; always() where reading the row is enough.
  [[nodiscard]] Expr of(std::uint16_t column) const;

 private:
  [[nodiscard]] Expr where_granted(std::string_view name, bool open_to_key) const;
  [[nodiscard]] Expr narrowed(std::string_view name, Expr readable) const;

  const schema::TableDef& table_;
  const Facts& facts_;
  bool as_admin_;
  Facts reader_;
  Expr view_ = Expr::never();
  std::vector<Expr> grants_;  // of the view, in their order
  std::vector<Expr> rules_;   // who reads the columns of each column rule
};

}  // namespace eventcore::policy
