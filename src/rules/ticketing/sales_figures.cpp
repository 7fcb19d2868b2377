#include "rules/ticketing/sales_figures.hpp"

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
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

Result<std::vector<Record>> rows_of_hour(work::UnitOfWork& uow, const Record& event, const Hour& hour,
                                         std::span<const Record> items, const std::string& source) {
  std::vector<Value> categories;
  for (const Record& item : items) categories.push_back(item[col::ticket_order_items::ticket_category_id]);
  store::Query query;
  query.table = &schema::tables::ticket_sales_analytics;
  query.organization = event.organization_id();
  query.where =
      Expr::all_of({is(c::event_id, event.id()), is(c::date, hour.date), is(c::hour, hour.hour),
                    Expr::in_list(c::ticket_category_id.index, std::move(categories)), is(c::traffic_source, source)});
  return uow.scan(query);
}

struct Figures {
  std::int64_t tickets = 0;
  std::int64_t revenue = 0;
  std::int64_t orders = 0;
};

Result<Changes> figure_columns(const Figures& figures, const std::string& currency) {
  const std::int64_t unit = minor_unit(currency_digits(currency).value_or(2));
  EC_TRY(average, round_half_up(Exact(figures.revenue) / figures.orders, unit));
  return Changes{assign(c::tickets_sold, figures.tickets), assign(c::revenue, figures.revenue),
                 assign(c::orders_count, figures.orders), assign(c::average_order_value, average)};
}

}  // namespace

Status count_sale(work::UnitOfWork& uow, const Record& event, const Record& order, std::span<const Record> items) {
  const Value& zone = event[col::events::timezone];
  EC_TRY(local, local_time(order[col::ticket_orders::paid_at].integer(), zone.is_null() ? "UTC" : zone.text()));
  const Hour hour{local.date(), local.hour};
  const std::string source = source_of(order);
  EC_TRY(rows, rows_of_hour(uow, event, hour, items, source));
  for (const Record& item : items) {
    const Value& category = item[col::ticket_order_items::ticket_category_id];
    const std::string& currency = item[col::ticket_order_items::currency].text();
    Record* row = nullptr;
    for (Record& candidate : rows)
      if (candidate[c::ticket_category_id] == category) row = &candidate;
    Figures figures{item[col::ticket_order_items::quantity].integer(), item[col::ticket_order_items::total].integer(),
                    1};
    if (row != nullptr) {
      figures.tickets += (*row)[c::tickets_sold].integer();
      figures.revenue += (*row)[c::revenue].integer();
      figures.orders += (*row)[c::orders_count].integer();
    }
    EC_TRY(columns, figure_columns(figures, currency));
    if (row != nullptr) {
      EC_TRYV(uow.change(*row, columns));
      continue;
    }
    for (Assignment& a :
         Changes{assign(c::organization_id, order.organization_id()), assign(c::event_id, event.id()),
                 assign(c::date, hour.date), assign(c::hour, hour.hour), assign(c::ticket_category_id, category),
                 assign(c::traffic_source, source), assign(c::currency, currency)})
      columns.push_back(std::move(a));
    EC_TRYV(uow.insert(schema::tables::ticket_sales_analytics, columns, work::As::engine));
  }
  return ok();
}

}  // namespace eventcore::rules::ticketing
