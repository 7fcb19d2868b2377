// The steps: (1) subtotals, (2) the discount, rounded once and spread over eligible tickets by unit price, (3) nets,
// (4) fees, each rounded once, those per order spread by net, (5) taxes on nets (and fees), spread by their base,
// (6) sums, (7) price paid. Totals are computed first and checked for overflow; shares of them cannot overflow then.
#include "rules/pure/order.hpp"

#include <utility>

namespace eventcore::rules::pure {

namespace {

Failure too_large() {
  return fail(Errc::invalid_argument, "the amounts of the order are too large");
}

Result<std::int64_t> add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return too_large();
  }
  return sum;
}

Result<std::int64_t> multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return too_large();
  }
  return product;
}

// All tickets of an order in one row, which is the order in which shares are given.
class Computation {
 public:
  Computation(std::span<const OrderLine> lines, const Rates& rates, std::int64_t unit)
      : lines_(lines), rates_(rates), unit_(unit) {}

  Status take_lines() {
    std::int64_t count = 0;
    for (const OrderLine& line : lines_) {
      if (line.quantity < 1 || line.quantity > max_tickets_per_order - count) {
        return fail(Errc::invalid_quantity, "an order has 1 to " + std::to_string(max_tickets_per_order) + " tickets");
      }
      if (line.unit_price < 0 || line.unit_price % unit_ != 0) {
        return fail(Errc::invalid_argument, "a unit price is a whole number of minor units, not negative");
      }
      count += line.quantity;
      EC_TRY(subtotal, multiply(line.unit_price, line.quantity));
      EC_TRY(sum, add(order_.subtotal, subtotal));
      order_.subtotal = sum;
      tickets_.resize(static_cast<std::size_t>(count));
      prices_.resize(static_cast<std::size_t>(count), line.unit_price);
    }
    return ok();
  }

  Status take_discount(const std::optional<DiscountTerms>& terms) {
    if (terms.has_value()) {
      std::vector<std::int64_t> eligible;
      std::vector<Exact> weights;
      std::size_t ticket = 0;
      for (const OrderLine& line : lines_) {
        const bool covered = terms->covers(line.category_id);
        for (std::int64_t i = 0; i < line.quantity; ++i, ++ticket) {
          weights.emplace_back(covered ? prices_[ticket] : 0);
          if (covered) {
            eligible.push_back(prices_[ticket]);
          }
        }
      }
      EC_TRY(amount, discount_amount(*terms, eligible, unit_));
      order_.discount_amount = amount;
      give(amount, weights, &TicketAmounts::discount);
    }
    for (std::size_t i = 0; i < tickets_.size(); ++i) {
      tickets_[i].net = prices_[i] - tickets_[i].discount;
    }
    return ok();
  }

  Status take_fees() {
    const std::int64_t nets = order_.subtotal - order_.discount_amount;
    const std::vector<Exact> weights = weights_by(&TicketAmounts::net);
    for (const FeeRate& fee : rates_.fees) {
      std::int64_t amount = 0;
      if (fee.per_ticket) {
        for (TicketAmounts& ticket : tickets_) {
          EC_TRY(share, fee_on(fee, ticket.net, unit_));
          EC_TRY(sum, add(amount, share));
          EC_TRY(on_ticket, add(ticket.fees, share));
          amount = sum;
          ticket.fees = on_ticket;
        }
      } else {
        EC_TRY(once, fee_on(fee, nets, unit_));
        amount = once;
      }
      EC_TRY(sum, add(order_.fees, amount));
      order_.fees = sum;
      order_.fee_amounts.push_back(amount);
      if (!fee.per_ticket) {
        give(amount, weights, &TicketAmounts::fees);
      }
    }
    return ok();
  }

  Status take_taxes() {
    std::int64_t base = order_.subtotal - order_.discount_amount;
    EC_TRY(with_fees, add(base, order_.fees));
    std::vector<Exact> weights;
    weights.reserve(tickets_.size());
    for (const TicketAmounts& ticket : tickets_) {
      weights.emplace_back(ticket.net + (rates_.taxes_on_fees() ? ticket.fees : 0));
    }
    base = rates_.taxes_on_fees() ? with_fees : base;
    EC_TRY(taxes, taxes_on(rates_.taxes, base, unit_));

    order_.taxes_included = taxes.included;
    order_.total = with_fees;
    for (std::size_t i = 0; i < rates_.taxes.size(); ++i) {
      EC_TRY(all, add(order_.taxes, taxes.each[i]));
      EC_TRY(total, add(order_.total, rates_.taxes[i].inclusive ? 0 : taxes.each[i]));
      order_.taxes = all;
      order_.total = total;
    }
    give(taxes.included, weights, &TicketAmounts::taxes_included);
    give(taxes.included, weights, &TicketAmounts::taxes);
    for (std::size_t i = 0; i < rates_.taxes.size(); ++i) {
      if (!rates_.taxes[i].inclusive) {
        give(taxes.each[i], weights, &TicketAmounts::taxes);
      }
    }
    order_.tax_amounts = std::move(taxes.each);
    return ok();
  }

  OrderAmounts finish() {
    std::size_t next = 0;
    for (const OrderLine& line : lines_) {
      LineAmounts amounts;
      amounts.category_id = line.category_id;
      amounts.quantity = line.quantity;
      amounts.unit_price = line.unit_price;
      amounts.subtotal = line.unit_price * line.quantity;
      for (std::int64_t i = 0; i < line.quantity; ++i, ++next) {
        TicketAmounts& ticket = tickets_[next];
        ticket.price_paid = ticket.net + ticket.fees + ticket.taxes - ticket.taxes_included;
        amounts.discount_amount += ticket.discount;
        amounts.fees += ticket.fees;
        amounts.taxes += ticket.taxes;
        amounts.taxes_included += ticket.taxes_included;
        amounts.total += ticket.price_paid;
        amounts.tickets.push_back(ticket);
      }
      order_.lines.push_back(std::move(amounts));
    }
    return std::move(order_);
  }

 private:
  [[nodiscard]] std::vector<Exact> weights_by(std::int64_t TicketAmounts::*member) const {
    std::vector<Exact> weights;
    weights.reserve(tickets_.size());
    for (const TicketAmounts& ticket : tickets_) {
      weights.emplace_back(ticket.*member);
    }
    return weights;
  }

  void give(std::int64_t amount, const std::vector<Exact>& weights, std::int64_t TicketAmounts::*member) {
    if (amount == 0) {
      return;
    }
    const std::vector<std::int64_t> shares = spread(amount, weights, unit_);
    for (std::size_t i = 0; i < tickets_.size(); ++i) {
      tickets_[i].*member += shares[i];
    }
  }

  std::span<const OrderLine> lines_;
  const Rates& rates_;
  std::int64_t unit_;
  std::vector<std::int64_t> prices_;
  std::vector<TicketAmounts> tickets_;
  OrderAmounts order_;
};

}  // namespace

Result<std::int64_t> fee_on(const FeeRate& fee, std::int64_t net, std::int64_t unit) {
  if (net <= 0) {
    return std::int64_t{0};
  }
  return round_half_up(Exact(fee.fixed) + Exact(net) * fee.percent / 100, unit);
}

Result<TaxesOn> taxes_on(const std::vector<TaxRate>& taxes, std::int64_t base, std::int64_t unit) {
  TaxesOn result;
  std::vector<Exact> inclusive;
  Exact together = 0;
  for (const TaxRate& tax : taxes) {
    inclusive.push_back(tax.inclusive ? tax.rate : Exact(0));
    together += inclusive.back();
  }
  EC_TRY(included, round_half_up(Exact(base) * together / (1 + together), unit));
  result.included = included;
  result.each = included == 0 ? std::vector<std::int64_t>(taxes.size()) : spread(included, inclusive, unit);
  for (std::size_t i = 0; i < taxes.size(); ++i) {
    if (!taxes[i].inclusive) {
      EC_TRY(amount, round_half_up(Exact(base - included) * taxes[i].rate, unit));
      result.each[i] = amount;
    }
  }
  return result;
}

Result<OrderAmounts> compute_order(std::span<const OrderLine> lines, const std::optional<DiscountTerms>& terms,
                                   const Rates& rates, std::int64_t unit) {
  if (unit < 1) {
    return fail(Errc::invalid_argument, "the minor unit is not positive");
  }
  Computation computation(lines, rates, unit);
  EC_TRYV(computation.take_lines());
  EC_TRYV(computation.take_discount(terms));
  EC_TRYV(computation.take_fees());
  EC_TRYV(computation.take_taxes());
  return computation.finish();
}

}  // namespace eventcore::rules::pure
