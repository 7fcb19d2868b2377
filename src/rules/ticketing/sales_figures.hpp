// ticket_sales_analytics: one row per event, local date and hour of payment, category and source.
// Invariant: revenue is the sum of price_paid of the tickets counted and never shrinks; what went back stands beside it,
// in the row of the hour in which it went back; the average follows revenue and orders.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>

#include "rules/ticketing/payment.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// Counts an order that has just been paid.
Status count_sale(work::UnitOfWork& uow, const Record& event, const Record& order, std::span<const Record> items);

// What went back at one time for tickets of an order, or, without tickets, for its lines.
struct Returned {
  std::int64_t amount = 0;
  std::vector<TicketShare> shares;  // empty: spread over the lines, and no ticket counts as refunded
  bool whole = true;                // the tickets' refund is complete with it; a part counts no ticket yet
  Micros occurred_at = 0;
};
// conversion_rate of hours that are over: the row's paid orders for each session that viewed the event in that hour;
// left null without visits. Rows of the last days are looked at, so that late visits and orders still count.
struct Filled {
  std::int64_t rows = 0;
  bool more = false;
};
Result<Filled> fill_conversion_rates(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit);

// When the local hour of that date begins: midnight is hour 0.
Result<Micros> hour_start(const std::string& date, std::int64_t hour, const std::string& zone);

Status count_refund(work::UnitOfWork& uow, const Record& order, const Returned& returned);

}  // namespace eventcore::rules::ticketing
