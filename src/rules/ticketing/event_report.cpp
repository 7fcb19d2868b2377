// event_report: what an event has sold, taken, returned and let in. Every figure is summed by the store over the rows
// of the event, so that the report agrees with the rows and not with a counter.
#include <map>
#include <optional>

#include "base/currency.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

using Rows = std::vector<std::vector<Value>>;
using Sums = std::map<std::string, std::int64_t>;  // by currency
using Measure = store::Aggregate::Measure;

constexpr Measure count_rows{store::Aggregate::Kind::count, 0};
constexpr Measure sum_of(Column column) {
  return {store::Aggregate::Kind::sum, column.index};
}

struct Grouping {
  const schema::TableDef& table;
  Column event;
  std::vector<Column> by;
  std::vector<Measure> measures;
};

Result<Rows> sum_up(work::Reading& reading, const Record& event, const Grouping& grouping) {
  store::Aggregate aggregate;
  aggregate.table = &grouping.table;
  aggregate.organization = event.organization_id();
  aggregate.where = is(grouping.event, event.id());
  for (const Column column : grouping.by) aggregate.group_by.push_back(column.index);
  aggregate.measures = grouping.measures;
  return reading.reader().aggregate(aggregate);
}

Json by_currency(const Sums& sums) {
  Json out = Json::object();
  for (const auto& [currency, units] : sums) out[currency] = money_to_text(units, currency);
  return out;
}

// Orders that stand and were paid, and what their codes took off.
Status report_orders(work::Reading& reading, const Record& event, Json& report) {
  namespace c = col::ticket_orders;
  EC_TRY(rows, sum_up(reading, event,
                      {schema::tables::ticket_orders,
                       c::event_id,
                       {c::order_status, c::payment_status, c::currency},
                       {count_rows, sum_of(c::discount_amount)}}));
  std::int64_t paid_orders = 0;
  Sums discounts;
  Json states = Json::object();
  for (const auto& row : rows) {
    const std::string& order = row[0].text();
    const std::string& payment = row[1].text();
    const std::string state = order == "active" ? payment : order;
    states[state] = states.value(state, std::int64_t{0}) + row[3].integer();
    if (order != "active" || (payment != "paid" && payment != "partially_refunded")) continue;
    paid_orders += row[3].integer();
    discounts[row[2].text()] += row[4].integer();
  }
  report["orders"] = paid_orders;
  report["orders_by_state"] = std::move(states);
  report["discounts"] = by_currency(discounts);
  return ok();
}

Status report_money(work::Reading& reading, const Record& event, Json& report) {
  namespace c = col::order_payments;
  EC_TRY(rows,
         sum_up(reading, event,
                {schema::tables::order_payments, c::event_id, {c::kind, c::status, c::currency}, {sum_of(c::amount)}}));
  Sums revenue;
  Sums refunds;
  Sums refunds_due;
  Sums chargebacks;
  for (const auto& row : rows) {
    const std::string& kind = row[0].text();
    const std::string& status = row[1].text();
    const std::string& currency = row[2].text();
    const std::int64_t units = row[3].integer();
    if (kind == "refund" && status == "due") refunds_due[currency] += units;
    if (status != "succeeded") continue;
    if (kind == "payment") revenue[currency] += units;
    if (kind == "chargeback") chargebacks[currency] += units;
    if (kind != "refund") continue;
    revenue[currency] -= units;
    refunds[currency] += units;
  }
  report["revenue"] = by_currency(revenue);
  report["refunds"] = by_currency(refunds);
  report["refunds_due"] = by_currency(refunds_due);
  report["chargebacks"] = by_currency(chargebacks);
  return ok();
}

struct CategoryFigures {
  std::int64_t tickets = 0;  // valid or used
  std::int64_t checked_in = 0;
  std::int64_t revenue = 0;
};

Json category_json(const Record& category, const CategoryFigures& figures) {
  namespace c = col::ticket_categories;
  const std::string& currency = category[c::currency].text();
  return Json{{"ticket_category_id", to_text(category.id())},
              {"name", category[c::name].text()},
              {"total", category[c::total_quantity].integer()},
              {"withheld", category[c::withheld_quantity].integer()},
              {"available", category[c::available_quantity].integer()},
              {"tickets", figures.tickets},
              {"checked_in", figures.checked_in},
              {"revenue", money_to_text(figures.revenue, currency)},
              {"currency", currency}};
}

Status report_tickets(work::Reading& reading, const Record& event, Json& report) {
  namespace t = col::tickets;
  namespace c = col::ticket_categories;
  EC_TRY(rows, sum_up(reading, event,
                      {schema::tables::tickets,
                       t::event_id,
                       {t::ticket_category_id, t::status},
                       {count_rows, sum_of(t::price_paid)}}));
  std::map<Uuid, CategoryFigures> figures;
  CategoryFigures all;
  for (const auto& row : rows) {
    const std::string& status = row[1].text();
    if (status != "valid" && status != "used") continue;
    CategoryFigures& category = figures[row[0].uuid()];
    category.tickets += row[2].integer();
    category.revenue += row[3].integer();
    all.tickets += row[2].integer();
    if (status != "used") continue;
    category.checked_in += row[2].integer();
    all.checked_in += row[2].integer();
  }
  store::Query query;
  query.table = &schema::tables::ticket_categories;
  query.organization = event.organization_id();
  query.where = is(c::event_id, event.id());
  query.order = {{c::name.index, false}};
  query.columns = store::ColumnSet::short_only(schema::tables::ticket_categories);
  EC_TRY(categories, reading.scan(query));
  report["by_category"] = Json::array();
  for (const Record& category : categories)
    report["by_category"].push_back(category_json(category, figures[category.id()]));
  report["tickets"] = all.tickets;
  report["checked_in"] = all.checked_in;
  return ok();
}

}  // namespace

Result<Json> event_report(work::Reading& reading, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRY(event, reading.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(reading, command, event));
  Json report = Json::object();
  report["event_id"] = to_text(event.id());
  EC_TRYV(report_orders(reading, event, report));
  EC_TRYV(report_money(reading, event, report));
  EC_TRYV(report_tickets(reading, event, report));
  return report;
}

}  // namespace eventcore::rules::ticketing
