#include "rules/ticketing/sales_figures.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace c = col::ticket_sales_analytics;

std::string source_of(const Record& order) {
  const Value& given = order[col::ticket_orders::referral_source];
  if (given.is_null()) return "direct";
  std::string source = fold(given.text());
  // Folding may lengthen a text; a source that does not fit the key any more is counted as it came in.
  if (source.size() > schema::indexed_text_bytes_max) source = given.text();
  return source.empty() ? "direct" : source;
}

struct Hour {
  std::string date;
  int hour = 0;
};

Result<Hour> hour_of(const Record& event, Micros at) {
  const Value& zone = event[col::events::timezone];
  EC_TRY(local, local_time(at, zone.is_null() ? "UTC" : zone.text()));
  return Hour{local.date(), local.hour};
}

// What one order adds to the row of a category.
struct Added {
  Value category;
  std::string currency;
  std::int64_t tickets = 0;
  std::int64_t revenue = 0;
  std::int64_t orders = 0;
  std::int64_t refunds = 0;
  std::int64_t refunded = 0;
};

Result<std::vector<Record>> rows_of_hour(work::UnitOfWork& uow, const Record& event, const Hour& hour,
                                         std::span<const Added> added, const std::string& source) {
  std::vector<Value> categories;
  for (const Added& one : added) categories.push_back(one.category);
  store::Query query;
  query.table = &schema::tables::ticket_sales_analytics;
  query.organization = event.organization_id();
  query.where =
      Expr::all_of({is(c::event_id, event.id()), is(c::date, hour.date), is(c::hour, hour.hour),
                    Expr::in_list(c::ticket_category_id.index, std::move(categories)), is(c::traffic_source, source)});
  return uow.scan(query);
}

// The row's figures with what is added. Paid orders moved: how many visits became orders is computed anew.
Result<Changes> figure_columns(const Added& added, const Record* row) {
  const auto sum = [&](Column column, std::int64_t more) {
    return more + (row == nullptr ? 0 : (*row)[column].integer());
  };
  const std::int64_t revenue = sum(c::revenue, added.revenue);
  const std::int64_t orders = sum(c::orders_count, added.orders);
  Changes columns{assign(c::tickets_sold, sum(c::tickets_sold, added.tickets)), assign(c::revenue, revenue),
                  assign(c::orders_count, orders), assign(c::refunds_count, sum(c::refunds_count, added.refunds)),
                  assign(c::refunds_amount, sum(c::refunds_amount, added.refunded))};
  if (added.orders != 0) columns.push_back(assign(c::conversion_rate, Value()));
  if (orders == 0) return columns;
  const std::int64_t unit = minor_unit(currency_digits(added.currency).value_or(2));
  EC_TRY(average, round_half_up(Exact(revenue) / orders, unit));
  columns.push_back(assign(c::average_order_value, average));
  return columns;
}

Status add_figures(work::UnitOfWork& uow, const Record& event, const Record& order, Micros at,
                   std::span<const Added> added) {
  EC_TRY(hour, hour_of(event, at));
  const std::string source = source_of(order);
  EC_TRY(rows, rows_of_hour(uow, event, hour, added, source));
  for (const Added& one : added) {
    Record* row = nullptr;
    for (Record& candidate : rows)
      if (candidate[c::ticket_category_id] == one.category) row = &candidate;
    EC_TRY(columns, figure_columns(one, row));
    if (row != nullptr) {
      EC_TRYV(uow.change(*row, columns));
      continue;
    }
    for (Assignment& a : Changes{assign(c::organization_id, order.organization_id()), assign(c::event_id, event.id()),
                                 assign(c::date, hour.date), assign(c::hour, hour.hour),
                                 assign(c::ticket_category_id, one.category), assign(c::traffic_source, source),
                                 assign(c::currency, one.currency)})
      columns.push_back(std::move(a));
    EC_TRYV(uow.insert(schema::tables::ticket_sales_analytics, columns, work::As::engine));
  }
  return ok();
}

Added& entry_of(std::vector<Added>& added, const Value& category, const std::string& currency) {
  for (Added& one : added)
    if (one.category == category) return one;
  added.push_back({category, currency});
  return added.back();
}

constexpr Micros looked_back = Micros{8} * 24 * 60 * 60 * 1'000'000;
constexpr Micros hour_us = 3'600'000'000;
constexpr std::int64_t rate_one = 10'000;
constexpr std::int64_t rate_max = 99'999;  // what the column holds

// How many sessions viewed the row's event in its hour; 0 while the hour is not over.
Result<std::int64_t> sessions_of(work::UnitOfWork& uow, const Record& row) {
  namespace v = col::user_behavior_events;
  EC_TRY(event, uow.must_find(schema::tables::events, row.organization_id(), row[c::event_id].uuid()));
  const Value& given = event[col::events::timezone];
  const std::string zone = given.is_null() ? "UTC" : given.text();
  EC_TRY(start, hour_start(row[c::date].text(), row[c::hour].integer(), zone));
  EC_TRY(later, local_time(start + hour_us, zone));
  const bool twice = later.hour == row[c::hour].integer();  // the hour that clocks show twice is one row
  const Micros end = start + (twice ? 2 : 1) * hour_us;
  if (end > uow.now()) return std::int64_t{0};
  store::Query query;
  query.table = &schema::tables::user_behavior_events;
  query.organization = row.organization_id();
  query.where =
      Expr::all_of({is(v::event_name, "event_view"), Expr::compare(v::timestamp.index, Expr::Op::gte, start),
                    Expr::compare(v::timestamp.index, Expr::Op::lt, end)});
  EC_TRY(visits, uow.scan(query));
  std::set<std::string> sessions;
  const std::string id = to_text(event.id());
  for (const Record& visit : visits) {
    if (visit[v::session_id].is_null()) continue;
    EC_TRY(properties, stored_json(visit[v::properties]));
    const auto named = properties.is_object() ? properties.find("event_id") : properties.end();
    if (properties.is_object() && named != properties.end() && *named == Json(id))
      sessions.insert(visit[v::session_id].text());
  }
  return static_cast<std::int64_t>(sessions.size());
}

// Tickets by category, each with its share.
Result<std::vector<Added>> by_tickets(work::UnitOfWork& uow, const Record& order, const Returned& returned) {
  std::vector<Added> added;
  for (const TicketShare& share : returned.shares) {
    EC_TRY(ticket, uow.find(schema::tables::tickets, order.organization_id(), share.ticket));
    if (!ticket) continue;
    Added& one = entry_of(added, (*ticket)[col::tickets::ticket_category_id],
                          order[col::ticket_orders::currency].text());
    one.refunded += share.amount;
    one.refunds += returned.whole ? 1 : 0;
  }
  return added;
}

Result<std::vector<Added>> by_lines(work::UnitOfWork& uow, const Record& order, const Returned& returned) {
  namespace i = col::ticket_order_items;
  EC_TRY(items, items_of(uow, order));
  const std::string& currency = order[col::ticket_orders::currency].text();
  std::vector<Exact> weights;
  for (const Record& item : items) weights.emplace_back(item[i::total].integer());
  const auto parts = spread(returned.amount, weights, minor_unit(currency_digits(currency).value_or(2)));
  std::vector<Added> added;
  for (std::size_t n = 0; n < items.size(); ++n)
    entry_of(added, items[n][i::ticket_category_id], currency).refunded += parts[n];
  return added;
}

}  // namespace

Status count_sale(work::UnitOfWork& uow, const Record& event, const Record& order, std::span<const Record> items) {
  namespace i = col::ticket_order_items;
  std::vector<Added> added;
  for (const Record& item : items) {
    Added& one = entry_of(added, item[i::ticket_category_id], item[i::currency].text());
    one.tickets += item[i::quantity].integer();
    one.revenue += item[i::total].integer();
    one.orders = 1;
  }
  return add_figures(uow, event, order, order[col::ticket_orders::paid_at].integer(), added);
}

Result<Micros> hour_start(const std::string& date, std::int64_t hour, const std::string& zone) {
  EC_TRY(midnight, parse_time_in_zone(date + "T00:00:00", "UTC"));
  EC_TRY(local, local_time(midnight, "UTC"));
  local.hour = static_cast<int>(hour);
  return from_local(local, zone);  // knows the hours that clocks skip or show twice
}

Result<Filled> fill_conversion_rates(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit) {
  Filled filled;
  if (uow.facts().is_closed(organization)) return filled;
  EC_TRY(since, date_in_zone(uow.now() - looked_back, "UTC"));
  store::Query query;
  query.table = &schema::tables::ticket_sales_analytics;
  query.organization = organization;
  query.where = Expr::all_of({Expr::is_null(c::conversion_rate.index), Expr::compare(c::orders_count.index, Expr::Op::gt, 0),
                              Expr::compare(c::date.index, Expr::Op::gte, since)});
  EC_TRY(rows, uow.scan(query));
  std::map<std::tuple<Uuid, std::string, std::int64_t>, std::int64_t> known;
  for (Record& row : rows) {
    if (filled.rows == limit) {
      filled.more = true;
      break;
    }
    const auto key = std::tuple(row[c::event_id].uuid(), row[c::date].text(), row[c::hour].integer());
    if (!known.contains(key)) {
      EC_TRY(visits, sessions_of(uow, row));
      known[key] = visits;
    }
    if (known[key] == 0) continue;
    EC_TRY(rate, round_half_up(Exact(row[c::orders_count].integer()) * rate_one / known[key], 1));
    EC_TRYV(uow.change(row, {assign(c::conversion_rate, std::min(rate, rate_max))}));
    ++filled.rows;
  }
  return filled;
}

Status count_refund(work::UnitOfWork& uow, const Record& order, const Returned& returned) {
  EC_TRY(event, uow.must_find(schema::tables::events, order.organization_id(),
                              order[col::ticket_orders::event_id].uuid()));
  EC_TRY(added, returned.shares.empty() ? by_lines(uow, order, returned) : by_tickets(uow, order, returned));
  if (added.empty()) return ok();
  return add_figures(uow, event, order, returned.occurred_at, added);
}

}  // namespace eventcore::rules::ticketing
