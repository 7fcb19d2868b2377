#include "rules/pure/refund.hpp"

#include <algorithm>
#include <cstddef>

namespace eventcore::rules::pure {

namespace {

std::vector<OrderLine> remaining_of(const OrderAmounts& sold, const std::vector<bool>& kept) {
  std::vector<OrderLine> remaining;
  std::size_t ticket = 0;
  for (const LineAmounts& line : sold.lines) {
    OrderLine left{line.category_id, 0, line.unit_price};
    for (std::size_t i = 0; i < line.tickets.size(); ++i) {
      left.quantity += kept[ticket++] ? 1 : 0;
    }
    if (left.quantity > 0) {
      remaining.push_back(left);
    }
  }
  return remaining;
}

bool still_applies(const DiscountTerms& terms, const std::vector<OrderLine>& lines) {
  std::int64_t quantity = 0;
  for (const OrderLine& line : lines) {
    quantity += terms.covers(line.category_id) ? line.quantity : 0;
  }
  return quantity >= terms.min_quantity;
}

// What one fee comes to now, given what it came to when sold and what it would be for the remaining tickets alone.
Result<std::int64_t> fee_after(const FeeRate& fee, std::int64_t as_sold, std::int64_t on_remaining,
                               std::int64_t sold_net, std::int64_t remaining_net, std::int64_t unit) {
  if (!fee.refundable) {
    // Also on a ticket that is kept: a discount that now falls on fewer tickets must not bring a part of it back.
    return as_sold;
  }
  if (fee.per_ticket || remaining_net > 0) {
    return on_remaining;
  }
  // Nothing is left to charge on; the fixed part stays if there was one.
  return sold_net > 0 ? round_half_up(Exact(fee.fixed), unit) : Result<std::int64_t>(std::int64_t{0});
}

}  // namespace

Result<std::int64_t> total_after_return(std::span<const OrderLine> lines, const std::vector<bool>& kept,
                                        const std::optional<DiscountTerms>& terms, const Rates& rates,
                                        std::int64_t unit) {
  EC_TRY(sold, compute_order(lines, terms, rates, unit));
  std::size_t tickets = 0;
  for (const LineAmounts& line : sold.lines) {
    tickets += line.tickets.size();
  }
  if (kept.size() != tickets) {
    return fail(Errc::invalid_argument, "one mark per ticket of the order");
  }
  if (std::find(kept.begin(), kept.end(), false) == kept.end()) {
    return sold.total;
  }
  const std::vector<OrderLine> remaining = remaining_of(sold, kept);
  const bool discounted = terms.has_value() && still_applies(*terms, remaining);
  EC_TRY(alone, compute_order(remaining, discounted ? terms : std::nullopt, rates, unit));
  const std::int64_t sold_net = sold.subtotal - sold.discount_amount;
  const std::int64_t net = alone.subtotal - alone.discount_amount;

  Exact total = net;  // sums of amounts that each fit need not fit themselves
  for (std::size_t i = 0; i < rates.fees.size(); ++i) {
    EC_TRY(fee, fee_after(rates.fees[i], sold.fee_amounts[i], alone.fee_amounts[i], sold_net, net, unit));
    total += fee;
  }
  EC_TRY(with_fees, round_half_up(total, unit));
  EC_TRY(taxes, taxes_on(rates.taxes, rates.taxes_on_fees() ? with_fees : net, unit));
  for (std::size_t i = 0; i < rates.taxes.size(); ++i) {
    total += rates.taxes[i].inclusive ? 0 : taxes.each[i];
  }
  return round_half_up(total, unit);
}

Result<std::int64_t> refund_amount(std::int64_t paid_in, std::int64_t paid_out, std::int64_t still_due,
                                   std::int64_t total_after) {
  const Exact refund = Exact(paid_in) - paid_out - still_due - total_after;
  return round_half_up(std::max(refund, Exact(0)), 1);
}

std::vector<std::int64_t> refund_shares(std::int64_t refund, std::span<const std::int64_t> prices_paid,
                                        std::int64_t unit) {
  std::vector<Exact> weights;
  weights.reserve(prices_paid.size());
  for (const std::int64_t paid : prices_paid) {
    weights.emplace_back(paid);
  }
  return spread(refund, weights, unit);
}

}  // namespace eventcore::rules::pure
