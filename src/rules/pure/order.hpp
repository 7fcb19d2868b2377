// What an order costs, from lines to the price paid per ticket (seven steps, see the .cpp).
// Invariants: every amount is a multiple of the minor unit and not negative; tickets sum to their line, lines to the
// order, price_paid to total; total = subtotal - discount_amount + fees + taxes - taxes_included.
// Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <span>
#include <vector>

#include "base/uuid.hpp"
#include "rules/pure/discount.hpp"
#include "rules/pure/rates.hpp"

namespace eventcore::rules::pure {

// Far above any category's max_per_order; keeps one request from filling the memory.
inline constexpr std::int64_t max_tickets_per_order = 10'000;

struct OrderLine {
  Uuid category_id;
  std::int64_t quantity = 0;
  std::int64_t unit_price = 0;  // as quote_price rounded it
};

struct TicketAmounts {
  std::int64_t discount = 0;
  std::int64_t net = 0;  // unit price - discount
  std::int64_t fees = 0;
  std::int64_t taxes = 0;           // all
  std::int64_t taxes_included = 0;  // the part contained in net (and in the fees, if they are taxed)
  std::int64_t price_paid = 0;
};

struct LineAmounts {
  Uuid category_id;
  std::int64_t quantity = 0;
  std::int64_t unit_price = 0;
  std::int64_t subtotal = 0;
  std::int64_t discount_amount = 0;
  std::int64_t fees = 0;
  std::int64_t taxes = 0;
  std::int64_t taxes_included = 0;
  std::int64_t total = 0;
  std::vector<TicketAmounts> tickets;
};

struct OrderAmounts {
  std::int64_t subtotal = 0;
  std::int64_t discount_amount = 0;
  std::int64_t fees = 0;
  std::int64_t taxes = 0;
  std::int64_t taxes_included = 0;
  std::int64_t total = 0;
  std::vector<LineAmounts> lines;
  std::vector<std::int64_t> fee_amounts;  // one per rates.fees
  std::vector<std::int64_t> tax_amounts;  // one per rates.taxes
};

// `terms` are those of a code that applies; `unit` is the currency's minor unit. Quantities below 1 and more tickets
// than max_tickets_per_order are `invalid_quantity`; amounts beyond 64 bits are `invalid_argument`.
Result<OrderAmounts> compute_order(std::span<const OrderLine> lines, const std::optional<DiscountTerms>& terms,
                                   const Rates& rates, std::int64_t unit);

// A fee on one ticket or one order whose nets come to `net`: nothing on nothing.
Result<std::int64_t> fee_on(const FeeRate& fee, std::int64_t net, std::int64_t unit);

// The inclusive taxes together, and each tax alone, on `base`.
struct TaxesOn {
  std::int64_t included = 0;
  std::vector<std::int64_t> each;  // one per rates.taxes; the inclusive ones sum to `included`
};
Result<TaxesOn> taxes_on(const std::vector<TaxRate>& taxes, std::int64_t base, std::int64_t unit);

}  // namespace eventcore::rules::pure
