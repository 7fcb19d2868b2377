// The places of a ticket category.
// Invariants: available = total - withheld - taken, and 0 <= available <= total; every change keeps it so or is
// refused. taken = tickets valid or used + places in active orders whose payment is pending, processing or failed.
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

// Refused with a bad field when sold or withheld places would not fit any more.
Result<Stock> change_total(const Stock& stock, std::int64_t total);
Result<Stock> change_withheld(const Stock& stock, std::int64_t withheld);

// What others may still order while entries wait for the category.
std::int64_t left_for_others(std::int64_t available, std::int64_t waiting);

// `sold_out` with the fact `left` unless `quantity` places are among `left`.
Status check_left(std::int64_t quantity, std::int64_t left);

Result<Stock> take_places(const Stock& stock, std::int64_t quantity);
Result<Stock> give_back(const Stock& stock, std::int64_t quantity);  // `invariant_violated` above what was taken

// Does a ticket, or an order's places before its tickets exist, take stock in this state?
bool ticket_takes_place(std::string_view ticket_status);
bool order_takes_places(std::string_view order_status, std::string_view payment_status);

}  // namespace eventcore::rules::pure
