// An order as rows: the order, its lines, and how each line's price came about.
// Invariant: amounts are those of rules/pure/order, copied, never recomputed; the rates they came from go along.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/ticketing/cart.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

struct OrderRows {
  Record order;
  std::vector<Record> items;  // one per line of the cart
};

// What the order is to be from the start: paid (free, or at the counter), or waiting until `expires_at`.
struct OrderStart {
  std::optional<Micros> expires_at;  // absent: paid now
  std::optional<std::string> payment_method;
};

Result<OrderRows> write_order(work::UnitOfWork& uow, const Cart& cart, const PricedCart& priced,
                              const OrderStart& start, const schema::Arguments& arguments);

// The same rows without ids and numbers, for a quote.
Json draft_order_json(const Cart& cart, const PricedCart& priced);

// What an order that was written is computed from: its stored prices, terms and rates.
struct StoredTerms {
  std::vector<pure::OrderLine> lines;
  std::optional<pure::DiscountTerms> discount;
  pure::Rates rates;
};
Result<StoredTerms> stored_terms(const Record& order, std::span<const Record> items);

// The amounts of an order that was written, ticket by ticket, from its stored prices, terms and rates.
Result<pure::OrderAmounts> stored_amounts(const Record& order, std::span<const Record> items);

// Lines of an order in the order in which they were written.
Result<std::vector<Record>> items_of(work::Reading& reading, const Record& order);

}  // namespace eventcore::rules::ticketing
