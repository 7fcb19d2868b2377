// Tallies: how many rows of a table an event has, and the sum of one of their columns, in groups. The store keeps them
// while rows are written (store/tallies.hpp), so that what an event sold is read without walking its rows.
//
// Invariants: a table has at most one tally; every column of a tally is short and never null, so that each row of an
// event is in exactly one group. Threads: constant data and pure functions, safe anywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "schema/tables/ticketing.hpp"

namespace eventcore::schema {

inline constexpr std::size_t tally_columns_max = 3;

// Columns by their index in the table.
struct TallyDef {
  const TableDef* table = nullptr;
  std::uint16_t event = 0;
  std::array<std::uint16_t, tally_columns_max> groups{};
  std::size_t group_count = 0;
  std::uint16_t sum = 0;

  [[nodiscard]] constexpr std::span<const std::uint16_t> by() const { return {groups.data(), group_count}; }
};

namespace check {

constexpr std::uint16_t tally_column(const TableDef& table, std::string_view name) {
  const ColumnDef* column = table.find(name);
  if (column == nullptr) throw "a tally names a column that the table does not have";
  if (!column->is(not_null) || column->is(long_column)) throw "the columns of a tally are short and never null";
  return static_cast<std::uint16_t>(table.index_of(name));
}

}  // namespace check

// A tally of a table by event and the columns `by`, or no constant at all and the sentence in the compiler's message.
consteval TallyDef tally(const TableDef& table, std::initializer_list<std::string_view> by, std::string_view sum) {
  TallyDef tally{.table = &table, .event = check::tally_column(table, "event_id")};
  if (by.size() == 0 || by.size() > tally_columns_max) throw "a tally has one to three columns to group by";
  for (std::string_view name : by) {
    const Type type = table.columns[check::tally_column(table, name)].type;
    if (type != Type::uuid && type != Type::text && type != Type::enumeration)
      throw "a tally groups by ids, texts and enumerations";
    tally.groups[tally.group_count++] = check::tally_column(table, name);
  }
  tally.sum = check::tally_column(table, sum);
  const Type summed = table.columns[tally.sum].type;
  if (summed != Type::money && summed != Type::integer) throw "a tally adds up amounts or whole numbers";
  return tally;
}

namespace tallies {

// A price is in the currency of its ticket's category.
inline constexpr TallyDef tickets = tally(tables::tickets, {"ticket_category_id", "status"}, "price_paid");
inline constexpr TallyDef ticket_orders =
    tally(tables::ticket_orders, {"order_status", "payment_status", "currency"}, "discount_amount");
inline constexpr TallyDef order_payments = tally(tables::order_payments, {"kind", "status", "currency"}, "amount");

}  // namespace tallies

inline constexpr const TallyDef* all_tallies[] = {&tallies::tickets, &tallies::ticket_orders, &tallies::order_payments};

// The tally of a table, or null when none is kept.
constexpr const TallyDef* tally_of(const TableDef& table) {
  for (const TallyDef* tally : all_tallies)
    if (tally->table->id == table.id) return tally;
  return nullptr;
}

}  // namespace eventcore::schema
