#include "rules/pure/stock.hpp"

#include <algorithm>
#include <string>

namespace eventcore::rules::pure {

namespace {

// Everything a caller may write fits easily; the limit keeps sums of three counts within 64 bits.
constexpr std::int64_t max_places = 1'000'000'000'000;

bool in_range(std::int64_t count) {
  return count >= 0 && count <= max_places;
}

}  // namespace

std::int64_t available(const Stock& stock) {
  return stock.total - stock.withheld - stock.taken;
}

std::optional<std::string_view> stock_problem(const Stock& stock) {
  if (!in_range(stock.total)) {
    return "total_quantity is out of range";
  }
  if (!in_range(stock.withheld)) {
    return "withheld_quantity is out of range";
  }
  if (!in_range(stock.taken)) {
    return "the number of places taken is out of range";
  }
  if (available(stock) < 0) {
    return "more places are withheld and taken than there are";
  }
  return std::nullopt;
}

Result<Stock> new_stock(std::int64_t total, std::optional<std::int64_t> available_given) {
  if (!in_range(total)) {
    return fail_field(Errc::invalid_argument, "total_quantity", "is out of range");
  }
  const std::int64_t left = available_given.value_or(total);
  if (left < 0 || left > total) {
    return fail_field(Errc::invalid_argument, "available_quantity", "must be from 0 to total_quantity");
  }
  return Stock{.total = total, .withheld = total - left, .taken = 0};
}

std::int64_t left_for_others(std::int64_t available, std::int64_t waiting) {
  return std::max<std::int64_t>(0, available - std::max<std::int64_t>(0, waiting));
}

bool ticket_takes_place(std::string_view ticket_status) {
  return ticket_status == "valid" || ticket_status == "used";
}

bool order_takes_places(std::string_view order_status, std::string_view payment_status) {
  return order_status == "active" &&
         (payment_status == "pending" || payment_status == "processing" || payment_status == "failed");
}

}  // namespace eventcore::rules::pure
