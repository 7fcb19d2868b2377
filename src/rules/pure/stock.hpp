// The places of a ticket category.
// Invariants: available = total - withheld - taken, and 0 <= available <= total. taken = tickets valid or used + places
// in active orders whose payment is pending, processing or failed.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <string_view>

namespace eventcore::rules::pure {

struct Stock {
  std::int64_t total = 0;
  std::int64_t withheld = 0;
  std::int64_t taken = 0;
  bool operator==(const Stock&) const = default;
};

// Right for every stock that stock_problem finds nothing wrong with.
std::int64_t available(const Stock& stock);

// Which invariant does not hold; nothing if all do.
std::optional<std::string_view> stock_problem(const Stock& stock);

// A new category; a number given as available says how much to withhold.
Result<Stock> new_stock(std::int64_t total, std::optional<std::int64_t> available_given);

// What others may still order while entries wait for the category.
std::int64_t left_for_others(std::int64_t available, std::int64_t waiting);

// Does a ticket, or an order's places before its tickets exist, take stock in this state?
bool ticket_takes_place(std::string_view ticket_status);
bool order_takes_places(std::string_view order_status, std::string_view payment_status);

}  // namespace eventcore::rules::pure
