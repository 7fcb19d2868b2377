#include "rules/ticketing/pricing.hpp"

#include "base/currency.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

constexpr Micros hour_us = 3'600'000'000;
constexpr Micros day_us = 24 * hour_us;

std::optional<std::int64_t> optional_integer(const Value& value) {
  return value.is_null() ? std::nullopt : std::optional<std::int64_t>(value.integer());
}

Result<pure::PriceRule> price_rule(const Record& row) {
  namespace c = col::dynamic_pricing_rules;
  EC_TRY(conditions, parse_json(row[c::conditions].text()));
  pure::PriceRule rule;
  rule.id = row.id();
  rule.name = row[c::rule_name].text();
  rule.conditions = std::move(conditions);
  rule.percentage = row[c::price_adjustment_type].text() == "percentage";
  rule.adjustment = row[c::adjustment_value].integer();
  rule.min_price = optional_integer(row[c::min_price]);
  rule.max_price = optional_integer(row[c::max_price]);
  rule.priority = optional_integer(row[c::priority]);
  rule.created_at = row[c::created_at].integer();
  return rule;
}

Result<std::vector<Record>> active_rules(work::Reading& reading, std::span<const Record* const> categories) {
  namespace c = col::dynamic_pricing_rules;
  std::vector<Value> ids;
  for (const Record* category : categories) ids.emplace_back(category->id());
  store::Query query;
  query.table = &schema::tables::dynamic_pricing_rules;
  query.organization = categories.front()->organization_id();
  query.where = Expr::all_of({Expr::in_list(c::ticket_category_id.index, std::move(ids)), is(c::is_active, true)});
  return reading.scan(query);
}

// Places in orders that stand and were placed in (now - span, now]. What was called off and refunded stands no more.
Result<std::int64_t> sold_within(work::Reading& reading, const Record& category, Micros span) {
  namespace c = col::ticket_order_items;
  store::Aggregate sum;
  sum.table = &schema::tables::ticket_order_items;
  sum.organization = category.organization_id();
  sum.where = Expr::all_of(
      {is(c::ticket_category_id, category.id()), Expr::compare(c::created_at.index, Expr::Op::gt, reading.now() - span),
       Expr::compare(c::created_at.index, Expr::Op::lte, reading.now()),
       Expr::parent(c::order_id.index, schema::tables::ticket_orders, is(col::ticket_orders::order_status, "active"))});
  sum.measures = {{store::Aggregate::Kind::sum, c::quantity.index}};
  EC_TRY(rows, reading.reader().aggregate(sum));
  return rows.empty() ? 0 : rows.front().front().integer();
}

Result<pure::ExactFactors> factors_of(work::Reading& reading, const Record& event, const Record& category,
                                      const std::vector<pure::PriceRule>& rules) {
  namespace c = col::ticket_categories;
  pure::FactorInputs inputs;
  inputs.now_us = reading.now();
  inputs.event_starts_at_us = event[col::events::start_datetime].integer();
  const Value& zone = event[col::events::timezone];
  inputs.zone = zone.is_null() ? "UTC" : zone.text();
  inputs.total = category[c::total_quantity].integer();
  inputs.withheld = category[c::withheld_quantity].integer();
  inputs.available = category[c::available_quantity].integer();
  const auto named = pure::factor_names(rules);
  if (named.contains("sold_last_hour")) {
    EC_TRY(sold, sold_within(reading, category, hour_us));
    inputs.sold_last_hour = sold;
  }
  if (named.contains("sold_last_day")) {
    EC_TRY(sold, sold_within(reading, category, day_us));
    inputs.sold_last_day = sold;
  }
  return pure::engine_factors(inputs);
}

}  // namespace

int digits_of(const Record& category) {
  return currency_digits(category[col::ticket_categories::currency].text()).value_or(2);
}

std::int64_t unit_of(const Record& category) {
  return minor_unit(digits_of(category));
}

Result<std::vector<CategoryPrice>> price_categories(work::Reading& reading, const Record& event,
                                                    std::span<const Record* const> categories,
                                                    const Json& host_factors) {
  std::vector<CategoryPrice> prices;
  if (categories.empty()) return prices;
  EC_TRY(rows, active_rules(reading, categories));
  for (const Record* category : categories) {
    std::vector<pure::PriceRule> rules;
    for (const Record& row : rows) {
      if (row[col::dynamic_pricing_rules::ticket_category_id].uuid() != category->id()) continue;
      EC_TRY(rule, price_rule(row));
      rules.push_back(std::move(rule));
    }
    CategoryPrice priced;
    if (host_factors.is_object()) priced.factors.given = host_factors;
    EC_TRY(engine, factors_of(reading, event, *category, rules));
    priced.factors.engine = std::move(engine);
    EC_TRY(price, pure::quote_price((*category)[col::ticket_categories::base_price].integer(), unit_of(*category),
                                    rules, priced.factors));
    priced.price = std::move(price);
    prices.push_back(std::move(priced));
  }
  return prices;
}

}  // namespace eventcore::rules::ticketing
