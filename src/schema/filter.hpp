// Conditions, orders and cursors as callers write them, turned into what the store understands.
// Invariants: negation is pushed down to the single conditions, and the guard is put around each of them, negated or
// not; so a condition on a column the caller may not read is false whatever stands around it.
// `ne` and `not_in` are the plain opposites of `eq` and `in`: true where the column is null; so is a comparison under
// `not`. Columns with a folded twin (e-mails, codes) compare folded in eq, ne, in, not_in and prefix.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "schema/expr.hpp"
#include "schema/schema.hpp"
#include "schema/value.hpp"

namespace eventcore::schema {

inline constexpr int filter_depth_max = 16;
inline constexpr int filter_conditions_max = 500;
inline constexpr std::size_t filter_list_max = 1'000;
inline constexpr std::size_t order_columns_max = 16;

// Puts the caller's right to read `column` around one condition on it; fails with unknown_column when he can read the
// column on no row. `column` is the one named, also where its folded twin is compared.
using LeafGuard = std::function<Result<Expr>(std::uint16_t column, Expr leaf)>;

// `where` is an object: members are columns (bare value, null, or {operator: operand, ...}), "and" and "or" (lists of
// objects) and "not" (an object); all members must hold. Null is "always". A bare or `eq` null means is_null.
// unknown_column or invalid_filter, listing every bad member.
Result<Expr> decode_filter(const TableDef& table, const Json& where, const LeafGuard& guard);

// ["attendee_name", "-created_at"]: column index and whether it descends. Null is the empty order.
using OrderList = std::vector<std::pair<std::uint16_t, bool>>;
Result<OrderList> decode_order(const TableDef& table, const Json& list);

// A page position: the last row's values of the order columns, then its id, then its tenant where the table has one
// (two tenants may have rows of one id, and a page over all tenants may end between them). It fits only the table,
// filter and order it was made with; anything else is invalid_cursor.
std::string encode_cursor(const TableDef& table, const Json& where, const OrderList& order, const Record& last);
Result<std::vector<Value>> decode_cursor(const TableDef& table, const Json& where, const OrderList& order,
                                         std::string_view cursor);

}  // namespace eventcore::schema
