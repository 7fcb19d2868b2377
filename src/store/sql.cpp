#include "store/sql.hpp"

#include <string_view>

#include "store/among.hpp"
#include "store/ddl.hpp"
#include "store/row_io.hpp"

namespace eventcore::store {

namespace {

using schema::TableDef;
using schema::Type;

std::string_view op_text(Expr::Op op) {
  switch (op) {
    case Expr::Op::eq: return " = ";
    case Expr::Op::ne: return " <> ";
    case Expr::Op::lt: return " < ";
    case Expr::Op::lte: return " <= ";
    case Expr::Op::gt: return " > ";
    case Expr::Op::gte: return " >= ";
  }
  return " = ";
}

// The first text, by bytes, that does not start with `prefix`. UTF-8 never uses the byte FF, so the last byte can grow.
std::string after_prefix(std::string prefix) {
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

// Writes one condition. Inside a negation a null comparison must be a plain false, so leaves there also ask for
// NOT NULL; elsewhere SQL's "unknown" already counts as false and the plain form can use an index.
class Condition {
 public:
  // Of a page the order leads to the rows, and a set of very many ids only filters them; where all rows are wanted, an
  // index on the ids does.
  enum class Of : std::uint8_t { page, all };
  explicit Condition(SqlText& out, Of rows = Of::all) : out_(out), rows_(rows) {}

  [[nodiscard]] Status status() const {
    return refused_.empty() ? Status(ok()) : Status(fail(Errc::internal, std::string(refused_)));
  }

  void write(const Expr& expr, const TableDef& table, int alias, bool negated) {
    switch (expr.kind) {
      case Expr::Kind::always: return put("1");
      case Expr::Kind::never: return put("0");
      case Expr::Kind::all_of: return list(expr, table, alias, negated, " AND ");
      case Expr::Kind::any_of: return list(expr, table, alias, negated, " OR ");
      case Expr::Kind::negate:
        put("NOT (");
        write(expr.children.front(), table, alias, true);
        return put(")");
      case Expr::Kind::parent: return parent(expr, table, alias);
      case Expr::Kind::child: return child(expr, table, alias);
      default: return leaf(expr, table, alias, negated);
    }
  }

 private:
  void put(std::string_view text) { out_.sql += text; }
  void refuse(std::string_view why) { refused_ = why; }

  static std::string name(int alias, std::string_view column) {
    return "t" + std::to_string(alias) + "." + quoted(column);
  }

  // How a row of `table` says which tenant it is of; empty for global tables.
  static std::string tenant(const TableDef& table, int alias) {
    switch (tenancy(table)) {
      case Tenancy::column: return name(alias, "organization_id");
      case Tenancy::self: return name(alias, "id");
      case Tenancy::none: break;
    }
    return {};
  }

  void list(const Expr& expr, const TableDef& table, int alias, bool negated, std::string_view separator) {
    put("(");
    bool first = true;
    for (const Expr& each : expr.children) {
      if (!first) put(separator);
      first = false;
      write(each, table, alias, negated);
    }
    return put(")");
  }

  void leaf(const Expr& expr, const TableDef& table, int alias, bool negated) {
    if (expr.column >= table.columns.size()) return refuse("a condition names a column that is not there");
    const schema::ColumnDef& column = table.columns[expr.column];
    const std::string field = name(alias, column.name);
    if (expr.kind == Expr::Kind::is_null) return put("(" + field + " IS NULL)");
    const bool guarded = negated && !column.is(schema::not_null);
    if (guarded) put("(" + field + " IS NOT NULL AND ");
    test(expr, column, field);
    if (guarded) put(")");
  }

  void test(const Expr& expr, const schema::ColumnDef& column, const std::string& field) {
    for (const Value& value : expr.values)
      if (value.is_unread()) return refuse("a condition compares with a value that was not read");
    switch (expr.kind) {
      case Expr::Kind::compare: return compare(expr, column, field);
      case Expr::Kind::in_list: return in_list(expr, column, field);
      case Expr::Kind::prefix: return prefix(expr.values.front().text(), field);
      case Expr::Kind::contains: return contains(expr.values.front(), column, field);
      default: return refuse("unknown condition");
    }
  }

  // Another storage class compares as nothing, as holds_in_memory says; SQLite would order by class.
  void compare(const Expr& expr, const schema::ColumnDef& column, const std::string& field) {
    const Value& value = expr.values.front();
    if (value.is_null() || !fits(value, column.type)) return put("0");
    put(field);
    put(op_text(expr.op));
    return parameter(value);
  }

  void in_list(const Expr& expr, const schema::ColumnDef& column, const std::string& field) {
    const bool many = expr.values.size() > listed_values_max;
    if (many && rows_ == Of::page && column.type == Type::uuid) return among(expr, field);
    bool any = false;
    for (const Value& value : expr.values) {
      if (value.is_null() || !fits(value, column.type)) continue;
      put(any ? ", " : field + " IN (");
      any = true;
      parameter(value);
    }
    return put(any ? ")" : "0");
  }

  void among(const Expr& expr, const std::string& field) {
    std::vector<Uuid> ids;
    ids.reserve(expr.values.size());
    for (const Value& value : expr.values)
      if (value.is_uuid()) ids.push_back(value.uuid());
    put("ec_among(" + field + ", ");
    parameter(Value(among_set(std::move(ids))));
    return put(")");
  }

  void prefix(const std::string& text, const std::string& field) {
    if (text.empty()) return put("(" + field + " IS NOT NULL)");
    put("(" + field + " >= ");
    parameter(Value(text));
    put(" AND " + field + " < ");
    parameter(Value(after_prefix(text)));
    return put(")");
  }

  void contains(const Value& text, const schema::ColumnDef& column, const std::string& field) {
    if (column.type == Type::text_array || column.type == Type::uuid_array) {
      put("EXISTS (SELECT 1 FROM json_each(" + field + ") WHERE type = 'text' AND value = ");
      parameter(text);
      return put(")");
    }
    put("instr(" + field + ", ");
    parameter(text);
    return put(") > 0");
  }

  void parent(const Expr& expr, const TableDef& table, int alias) {
    const int other = ++aliases_;
    put("EXISTS (SELECT 1 FROM " + quoted(expr.table->name) + " AS t" + std::to_string(other) + " WHERE ");
    if (tenancy(*expr.table) == Tenancy::column && tenancy(table) != Tenancy::none)
      put(tenant(*expr.table, other) + " = " + tenant(table, alias) + " AND ");
    put(name(other, "id") + " = " + name(alias, table.columns[expr.column].name) + " AND ");
    write(expr.children.front(), *expr.table, other, false);
    return put(")");
  }

  void child(const Expr& expr, const TableDef& table, int alias) {
    const int other = ++aliases_;
    put("EXISTS (SELECT 1 FROM " + quoted(expr.table->name) + " AS t" + std::to_string(other) + " WHERE ");
    const std::string_view reference = expr.table->columns[expr.column].name;
    if (tenancy(*expr.table) == Tenancy::column && tenancy(table) != Tenancy::none && reference != "organization_id")
      put(tenant(*expr.table, other) + " = " + tenant(table, alias) + " AND ");
    put(name(other, reference) + " = " + name(alias, "id") + " AND ");
    write(expr.children.front(), *expr.table, other, false);
    return put(")");
  }

  void parameter(const Value& value) {
    out_.values.push_back(value);
    return put("?");
  }

  SqlText& out_;
  Of rows_;
  std::string_view refused_;
  int aliases_ = 0;
};

Status put_where(SqlText& out, const TableDef& table, const std::optional<Uuid>& organization, const Expr& where,
                 Condition::Of rows = Condition::Of::all) {
  out.sql += " WHERE ";
  if (organization && tenancy(table) != Tenancy::none) {
    out.sql += tenancy(table) == Tenancy::self ? "t0.\"id\" = ? AND " : "t0.\"organization_id\" = ? AND ";
    out.values.emplace_back(*organization);
  }
  Condition condition(out, rows);
  condition.write(where, table, 0, false);
  return condition.status();
}

// The table, or one that differs from it in the column that is shown otherwise. SQLite merges the inner SELECT into the
// outer one, so indexes on the other columns serve as before.
Status put_from(SqlText& out, const Query& query) {
  const TableDef& table = *query.table;
  if (!query.shown) {
    out.sql += " FROM " + quoted(table.name) + " AS t0";
    return ok();
  }
  out.sql += " FROM (SELECT ";
  bool first = true;
  for (const schema::ColumnDef& column : table.columns) {
    if (!first) out.sql += ", ";
    first = false;
    const std::string field = "t0." + quoted(column.name);
    if (column.name != table.columns[query.shown->column].name) {
      out.sql += field;
      continue;
    }
    out.sql += "CASE WHEN ";
    Condition condition(out);
    condition.write(query.shown->when, table, 0, false);
    EC_TRYV(condition.status());
    out.values.push_back(query.shown->value);
    out.sql += " THEN ? ELSE " + field + " END AS " + quoted(column.name);
  }
  out.sql += " FROM " + quoted(table.name) + " AS t0) AS t0";
  return ok();
}

struct Key {
  std::string field;
  bool descending = false;
  bool nullable = false;
};

// id is always the last key; over all tenants two rows may share an id, and their tenant tells them apart.
Result<std::vector<Key>> keys_of(const Query& query) {
  const TableDef& table = *query.table;
  std::vector<Key> keys;
  for (const Order& order : query.order) {
    if (order.column >= table.columns.size()) return fail(Errc::internal, "an order names a column that is not there");
    const schema::ColumnDef& column = table.columns[order.column];
    keys.push_back({"t0." + quoted(column.name), order.descending, !column.is(schema::not_null)});
  }
  keys.push_back({"t0.\"id\"", false, false});
  if (!query.organization && tenancy(table) == Tenancy::column)
    keys.push_back({"t0.\"organization_id\"", false, false});
  return keys;
}

// "comes after `value` in this key's order": nulls last ascending, first descending.
void put_beyond(SqlText& out, const Key& key, const Value& value) {
  if (value.is_null()) {
    out.sql += key.descending ? key.field + " IS NOT NULL" : "0";
    return;
  }
  out.values.push_back(value);
  if (key.descending) {
    out.sql += key.field + " < ?";
  } else {
    out.sql += key.nullable ? "(" + key.field + " > ? OR " + key.field + " IS NULL)" : key.field + " > ?";
  }
}

// (k1 beyond v1) OR (k1 = v1 AND ((k2 beyond v2) OR ...)), and in front what lets an index start at the right place.
void put_after(SqlText& out, const std::vector<Key>& keys, const std::vector<Value>& after) {
  const Key& first = keys.front();
  if (!first.nullable && !after.front().is_null()) {
    out.sql += " AND " + first.field + (first.descending ? " <= ?" : " >= ?");
    out.values.push_back(after.front());
  }
  out.sql += " AND (";
  for (std::size_t i = 0; i < after.size(); ++i) {
    const bool last = i + 1 == after.size();
    put_beyond(out, keys[i], after[i]);
    if (last) break;
    out.sql += " OR (" + keys[i].field + " IS ? AND (";
    out.values.push_back(after[i]);
  }
  for (std::size_t i = 1; i < after.size(); ++i) out.sql += "))";
  out.sql += ")";
}

void put_order(SqlText& out, const std::vector<Key>& keys) {
  out.sql += " ORDER BY ";
  bool first = true;
  for (const Key& key : keys) {
    if (!first) out.sql += ", ";
    first = false;
    out.sql += key.field + (key.descending ? " DESC" : " ASC");
    if (key.nullable) out.sql += key.descending ? " NULLS FIRST" : " NULLS LAST";
  }
}

std::string_view measure_text(Aggregate::Kind kind) {
  switch (kind) {
    case Aggregate::Kind::sum: return "sum";
    case Aggregate::Kind::max: return "max";
    case Aggregate::Kind::count: break;
  }
  return "count";
}

}  // namespace

Result<SqlText> select_sql(const Query& query) {
  const TableDef& table = *query.table;
  SqlText out;
  out.sql = "SELECT " + column_list(table, query.columns);
  EC_TRYV(put_from(out, query));
  EC_TRYV(put_where(out, table, query.organization, query.where,
                    query.limit >= 0 ? Condition::Of::page : Condition::Of::all));
  EC_TRY(keys, keys_of(query));
  if (!query.after.empty()) {
    if (query.after.size() < query.order.size() + 1 || query.after.size() > keys.size())
      return fail(Errc::internal, "a page position needs a value per order column, then the id");
    put_after(out, keys, query.after);
  }
  put_order(out, keys);
  // Written out and not bound: SQLite looks at a bound LIMIT when it plans, and compiles the statement anew for every
  // binding of it.
  if (query.limit >= 0) out.sql += " LIMIT " + std::to_string(query.limit);
  return out;
}

Result<SqlText> count_sql(const Query& query) {
  SqlText out;
  out.sql = "SELECT count(*)";
  EC_TRYV(put_from(out, query));
  EC_TRYV(put_where(out, *query.table, query.organization, query.where));
  return out;
}

Result<SqlText> aggregate_sql(const Aggregate& aggregate) {
  const TableDef& table = *aggregate.table;
  std::string groups;
  for (const std::uint16_t column : aggregate.group_by) {
    if (column >= table.columns.size()) return fail(Errc::internal, "a group names a column that is not there");
    groups += (groups.empty() ? "t0." : ", t0.") + quoted(table.columns[column].name);
  }
  std::string measures;
  for (const Aggregate::Measure& measure : aggregate.measures) {
    if (!measures.empty()) measures += ", ";
    if (measure.kind == Aggregate::Kind::count) {
      measures += "count(*)";
      continue;
    }
    if (measure.column >= table.columns.size())
      return fail(Errc::internal, "a measure names a column that is not there");
    measures += std::string(measure_text(measure.kind)) + "(t0." + quoted(table.columns[measure.column].name) + ")";
  }
  if (groups.empty() && measures.empty()) return fail(Errc::internal, "an aggregate asks for nothing");
  SqlText out;
  const std::string_view separator = groups.empty() || measures.empty() ? "" : ", ";
  out.sql = "SELECT " + groups + std::string(separator) + measures + " FROM " + quoted(table.name) + " AS t0";
  EC_TRYV(put_where(out, table, aggregate.organization, aggregate.where));
  if (!groups.empty()) out.sql += " GROUP BY " + groups + " ORDER BY " + groups;
  return out;
}

}  // namespace eventcore::store
