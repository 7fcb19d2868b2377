// sales_curve: tickets and revenue per local hour or day of payment, and the tickets sold so far as a picture.
#include <map>
#include <utility>

#include "base/currency.hpp"
#include "base/time.hpp"
#include "rules/pure/chart.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/sales_figures.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

struct Sold {
  std::int64_t tickets = 0;
  std::int64_t revenue = 0;
};
using Points = std::map<std::string, std::map<Micros, Sold>>;  // by currency, then by the start of the step

Result<Points> read_points(work::Reading& reading, const Record& event, const std::string& zone, bool by_hour) {
  namespace c = col::ticket_sales_analytics;
  store::Aggregate sums;
  sums.table = &schema::tables::ticket_sales_analytics;
  sums.organization = event.organization_id();
  // Hours in which money only went back are no sales.
  sums.where = Expr::all_of({is(c::event_id, event.id()), Expr::compare(c::tickets_sold.index, Expr::Op::gt, 0)});
  sums.group_by = {c::date.index, c::hour.index, c::currency.index};
  sums.measures = {{store::Aggregate::Kind::sum, c::tickets_sold.index},
                   {store::Aggregate::Kind::sum, c::revenue.index}};
  EC_TRY(rows, reading.reader().aggregate(sums));
  Points points;
  for (const auto& row : rows) {
    EC_TRY(start, hour_start(row[0].text(), by_hour ? row[1].integer() : 0, zone));
    Sold& sold = points[row[2].text()][start];
    sold.tickets += row[3].integer();
    sold.revenue += row[4].integer();
  }
  return points;
}

Json points_json(const Points& points) {
  Json out = Json::object();
  for (const auto& [currency, steps] : points) {
    Json& list = out[currency] = Json::array();
    for (const auto& [start, sold] : steps)
      list.push_back({{"time", format_rfc3339(start)},
                      {"tickets", sold.tickets},
                      {"revenue", money_to_text(sold.revenue, currency)}});
  }
  return out;
}

Result<std::string> picture(const Record& event, const Points& points, const std::string& zone) {
  std::map<Micros, std::int64_t> sold_at;
  for (const auto& [currency, steps] : points)
    for (const auto& [start, sold] : steps) sold_at[start] += sold.tickets;
  std::vector<pure::CurvePoint> curve;
  std::int64_t so_far = 0;
  for (const auto& [start, tickets] : sold_at) curve.push_back({start, so_far += tickets});
  pure::CurveLabels labels;
  labels.title = event[col::events::name].text();
  labels.subtitle = std::to_string(so_far) + " tickets sold";
  labels.value_name = "Tickets sold";
  labels.zone = zone;
  return pure::sales_curve_svg(curve, labels);
}

}  // namespace

Result<Json> sales_curve(work::Reading& reading, const schema::CommandDef& command,
                         const schema::Arguments& arguments) {
  EC_TRY(event, reading.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(reading, command, event));
  const Value& own_zone = event[col::events::timezone];
  const std::string zone = own_zone.is_null() ? "UTC" : own_zone.text();
  EC_TRY(points, read_points(reading, event, zone, arguments.text("step") == "hour"));
  Json reply{{"points", points_json(points)}};
  if (arguments.boolean("svg")) {
    EC_TRY(svg, picture(event, points, zone));
    reply["svg"] = std::move(svg);
  }
  return reply;
}

}  // namespace eventcore::rules::ticketing
