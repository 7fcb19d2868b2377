// Short spellings that every rule of ticketing uses: a condition on a column, an assignment to one, and the payment
// states in which an order waits for its money.
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "schema/expr.hpp"
#include "schema/generated/columns.hpp"
#include "schema/value.hpp"

namespace eventcore::rules::ticketing {

Expr is(Column column, Value value);
inline Assignment assign(Column column, Value value) {
  return {column.index, std::move(value)};
}
Value value_or_null(std::optional<std::string> text);
Value value_or_null(std::optional<std::int64_t> number);

// Active orders in these states hold their places without having been paid.
inline Expr waits_for_payment() {
  return Expr::all_of({is(col::ticket_orders::order_status, "active"),
                       Expr::in_list(col::ticket_orders::payment_status.index,
                                     {Value("pending"), Value("processing"), Value("failed")})});
}
inline bool waits_for_payment(const Record& order) {
  const std::string& payment = order[col::ticket_orders::payment_status].text();
  return order[col::ticket_orders::order_status].text() == "active" &&
         (payment == "pending" || payment == "processing" || payment == "failed");
}

}  // namespace eventcore::rules::ticketing
