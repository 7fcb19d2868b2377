// event_report: what an event has sold, taken, returned and let in. Every figure is from the tallies that the store
// keeps of the event's rows, so that it takes as long after a million tickets as after one.
#include <map>

#include "base/currency.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"
#include "schema/tallies.hpp"
#include "store/tallies.hpp"

namespace eventcore::rules::ticketing {

namespace {

using Sums = std::map<std::string, std::int64_t>;  // by currency

Json by_currency(const Sums& sums) {
  Json out = Json::object();
  for (const auto& [currency, units] : sums) out[currency] = money_to_text(units, currency);
  return out;
}

// Orders that stand and were paid, and what their codes took off.
Status report_orders(work::Reading& reading, const Record& event, Json& report) {
  EC_TRY(groups, reading.reader().tallies(schema::tallies::ticket_orders, event.organization_id(), event.id()));
  std::int64_t paid_orders = 0;
  Sums discounts;
  Json states = Json::object();
  for (const store::TallyRow& group : groups) {
    const std::string& order = group.by[0].text();
    const std::string& payment = group.by[1].text();
    const std::string state = order == "active" ? payment : order;
    states[state] = states.value(state, std::int64_t{0}) + group.rows;
    if (order != "active" || (payment != "paid" && payment != "partially_refunded")) continue;
    paid_orders += group.rows;
    discounts[group.by[2].text()] += group.sum;
  }
  report["orders"] = paid_orders;
  report["orders_by_state"] = std::move(states);
  report["discounts"] = by_currency(discounts);
  return ok();
}

Status report_money(work::Reading& reading, const Record& event, Json& report) {
  EC_TRY(groups, reading.reader().tallies(schema::tallies::order_payments, event.organization_id(), event.id()));
  Sums revenue;
  Sums refunds;
  Sums refunds_due;
  Sums chargebacks;
  for (const store::TallyRow& group : groups) {
    const std::string& kind = group.by[0].text();
    const std::string& status = group.by[1].text();
    const std::string& currency = group.by[2].text();
    const std::int64_t units = group.sum;
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
  namespace c = col::ticket_categories;
  EC_TRY(groups, reading.reader().tallies(schema::tallies::tickets, event.organization_id(), event.id()));
  std::map<Uuid, CategoryFigures> figures;
  CategoryFigures all;
  for (const store::TallyRow& group : groups) {
    const std::string& status = group.by[1].text();
    if (status != "valid" && status != "used") continue;
    CategoryFigures& category = figures[group.by[0].uuid()];
    category.tickets += group.rows;
    category.revenue += group.sum;
    all.tickets += group.rows;
    if (status != "used") continue;
    category.checked_in += group.rows;
    all.checked_in += group.rows;
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
