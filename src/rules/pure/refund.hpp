// What is given back when some tickets of an order are returned.
// Invariants: what stays with the seller is what the remaining tickets would have cost, plus the fees that do not come
// back; a refund is never negative. price_paid is never changed by a refund.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <span>
#include <vector>

#include "rules/pure/order.hpp"

namespace eventcore::rules::pure {

// The order as sold, at stored prices, terms and rates; `kept[i]` says whether ticket i (line by line) remains.
// A code whose min_quantity the remaining tickets miss takes nothing off. The fixed part of fees per order stays, and
// so does every fee that is not refundable, as it was charged; fees per ticket go with their ticket.
Result<std::int64_t> total_after_return(std::span<const OrderLine> lines, const std::vector<bool>& kept,
                                        const std::optional<DiscountTerms>& terms, const Rates& rates,
                                        std::int64_t unit);

// paid_in and paid_out are succeeded amounts, still_due the refunds promised and not yet paid out.
Result<std::int64_t> refund_amount(std::int64_t paid_in, std::int64_t paid_out, std::int64_t still_due,
                                   std::int64_t total_after);

// The refund's share per returned ticket, by what was paid for each.
std::vector<std::int64_t> refund_shares(std::int64_t refund, std::span<const std::int64_t> prices_paid,
                                        std::int64_t unit);

}  // namespace eventcore::rules::pure
