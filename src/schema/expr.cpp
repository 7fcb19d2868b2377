#include "schema/expr.hpp"

#include <algorithm>
#include <compare>
#include <optional>

#include "base/json.hpp"

namespace eventcore {

namespace {

Expr leaf(Expr::Kind kind, std::uint16_t column, std::vector<Value> values) {
  Expr e;
  e.kind = kind;
  e.column = column;
  e.values = std::move(values);
  return e;
}

Expr constant(Expr::Kind kind) {
  Expr e;
  e.kind = kind;
  return e;
}

// all_of and any_of are mirror images: `neutral` drops out, `absorbing` decides.
Expr combine(Expr::Kind kind, Expr::Kind neutral, Expr::Kind absorbing, std::vector<Expr> children) {
  Expr e;
  e.kind = kind;
  for (Expr& child : children) {
    if (child.kind == neutral) continue;
    if (child.kind == absorbing) return constant(absorbing);
    if (child.kind == kind) {
      for (Expr& inner : child.children) e.children.push_back(std::move(inner));
    } else {
      e.children.push_back(std::move(child));
    }
  }
  if (e.children.empty()) return constant(neutral);
  if (e.children.size() == 1) return std::move(e.children.front());
  return e;
}

std::vector<Expr> moved(std::initializer_list<Expr::Part> parts) {
  std::vector<Expr> exprs;
  exprs.reserve(parts.size());
  for (const Expr::Part& part : parts) exprs.push_back(std::move(part.expr));
  return exprs;
}

template <class T>
std::strong_ordering order(const T& a, const T& b) {
  if (std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end())) return std::strong_ordering::less;
  if (std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end())) return std::strong_ordering::greater;
  return std::strong_ordering::equal;
}

// No order between nulls or between different storage classes.
std::optional<std::strong_ordering> order_of(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return a.integer() <=> b.integer();
  if (a.is_uuid() && b.is_uuid()) return a.uuid() <=> b.uuid();
  if (a.is_text() && b.is_text()) return a.text().compare(b.text()) <=> 0;
  if (a.is_bytes() && b.is_bytes()) return order(a.bytes(), b.bytes());
  return std::nullopt;
}

bool compare_holds(Expr::Op op, const Value& a, const Value& b) {
  const auto found = order_of(a, b);
  if (!found) return false;
  switch (op) {
    case Expr::Op::eq: return *found == 0;
    case Expr::Op::ne: return *found != 0;
    case Expr::Op::lt: return *found < 0;
    case Expr::Op::lte: return *found <= 0;
    case Expr::Op::gt: return *found > 0;
    case Expr::Op::gte: return *found >= 0;
  }
  return false;
}

bool contains_holds(schema::Type type, const Value& value, const std::string& text) {
  if (value.is_null()) return false;
  if (type != schema::Type::text_array && type != schema::Type::uuid_array)
    return value.text().find(text) != std::string::npos;
  const auto parsed = parse_json(value.text());
  if (!parsed || !parsed.assume_value().is_array()) return false;
  const Json& members = parsed.assume_value();
  return std::any_of(members.begin(), members.end(), [&](const Json& member) {
    return member.is_string() && member.get_ref<const std::string&>() == text;
  });
}

// `needs_store` is set when a part was met that only the store can decide.
bool holds_here(const Expr& expr, const Record& row, bool& needs_store) {
  const auto holds = [&](const Expr& child) { return holds_here(child, row, needs_store); };
  switch (expr.kind) {
    case Expr::Kind::always: return true;
    case Expr::Kind::never: return false;
    case Expr::Kind::compare: return compare_holds(expr.op, row.at(expr.column), expr.values.front());
    case Expr::Kind::in_list:
      return std::any_of(expr.values.begin(), expr.values.end(),
                         [&](const Value& value) { return compare_holds(Expr::Op::eq, row.at(expr.column), value); });
    case Expr::Kind::is_null: return row.at(expr.column).is_null();
    case Expr::Kind::prefix: {
      const Value& value = row.at(expr.column);
      return !value.is_null() && value.text().starts_with(expr.values.front().text());
    }
    case Expr::Kind::contains:
      return contains_holds(row.table().columns[expr.column].type, row.at(expr.column), expr.values.front().text());
    case Expr::Kind::all_of: return std::all_of(expr.children.begin(), expr.children.end(), holds);
    case Expr::Kind::any_of: return std::any_of(expr.children.begin(), expr.children.end(), holds);
    case Expr::Kind::negate: return !holds(expr.children.front());
    case Expr::Kind::parent:
    case Expr::Kind::child: needs_store = true; break;
  }
  return false;
}

}  // namespace

Expr Expr::always() {
  return constant(Kind::always);
}
Expr Expr::never() {
  return constant(Kind::never);
}

Expr Expr::compare(std::uint16_t column, Op op, Value value) {
  Expr e = leaf(Kind::compare, column, {std::move(value)});
  e.op = op;
  return e;
}

Expr Expr::in_list(std::uint16_t column, std::vector<Value> values) {
  if (values.empty()) return never();
  return leaf(Kind::in_list, column, std::move(values));
}

Expr Expr::is_null(std::uint16_t column) {
  return leaf(Kind::is_null, column, {});
}
Expr Expr::prefix(std::uint16_t column, std::string text) {
  return leaf(Kind::prefix, column, {std::move(text)});
}
Expr Expr::contains(std::uint16_t column, std::string text) {
  return leaf(Kind::contains, column, {std::move(text)});
}

Expr Expr::all_of(std::initializer_list<Part> children) {
  return all_of(moved(children));
}

Expr Expr::any_of(std::initializer_list<Part> children) {
  return any_of(moved(children));
}

Expr Expr::all_of(std::vector<Expr> children) {
  return combine(Kind::all_of, Kind::always, Kind::never, std::move(children));
}

Expr Expr::any_of(std::vector<Expr> children) {
  return combine(Kind::any_of, Kind::never, Kind::always, std::move(children));
}

Expr Expr::negate(Expr child) {
  if (child.kind == Kind::always) return never();
  if (child.kind == Kind::never) return always();
  if (child.kind == Kind::negate) {
    Expr inner = std::move(child.children.front());
    return inner;
  }
  Expr e = constant(Kind::negate);
  e.children.push_back(std::move(child));
  return e;
}

Expr Expr::parent(std::uint16_t column, const schema::TableDef& table, Expr condition) {
  if (condition.is_never()) return never();
  Expr e = leaf(Kind::parent, column, {});
  e.table = &table;
  e.children.push_back(std::move(condition));
  return e;
}

Expr Expr::child(const schema::TableDef& table, std::uint16_t column, Expr condition) {
  if (condition.is_never()) return never();
  Expr e = leaf(Kind::child, column, {});
  e.table = &table;
  e.children.push_back(std::move(condition));
  return e;
}

// What only the store can decide never grants anything here, not even under a negation.
bool holds_in_memory(const Expr& expr, const Record& row) {
  bool needs_store = false;
  const bool holds = holds_here(expr, row, needs_store);
  return holds && !needs_store;
}

}  // namespace eventcore
