#include "rules/ticketing/terms.hpp"

namespace eventcore::rules::ticketing {

Expr is(Column column, Value value) {
  return Expr::equals(column.index, std::move(value));
}

Value value_or_null(std::optional<std::string> text) {
  if (!text) return {};
  return {std::move(*text)};
}

Value value_or_null(std::optional<std::int64_t> number) {
  if (!number) return {};
  return {*number};
}

}  // namespace eventcore::rules::ticketing
