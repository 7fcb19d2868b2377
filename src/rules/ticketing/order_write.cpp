#include "rules/ticketing/order_write.hpp"

#include <iterator>

#include "base/codes.hpp"
#include "base/currency.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

constexpr int number_attempts = 16;

Json list_or_empty(const Json& list) {
  return list.is_array() ? list : Json::array();
}

Changes amounts_of_order(const Cart& cart, const PricedCart& priced) {
  namespace c = col::ticket_orders;
  const pure::OrderAmounts& amounts = priced.amounts;
  return {assign(c::subtotal, amounts.subtotal), assign(c::discount_amount, amounts.discount_amount),
          assign(c::taxes, amounts.taxes),       assign(c::taxes_included, amounts.taxes_included),
          assign(c::fees, amounts.fees),         assign(c::total_amount, amounts.total),
          assign(c::currency, cart.currency),    assign(c::rates, dump(pure::rates_json(priced.rates)))};
}

Changes amounts_of_line(const Cart& cart, const pure::LineAmounts& line) {
  namespace c = col::ticket_order_items;
  return {assign(c::ticket_category_id, line.category_id),
          assign(c::quantity, line.quantity),
          assign(c::unit_price, line.unit_price),
          assign(c::subtotal, line.subtotal),
          assign(c::discount_amount, line.discount_amount),
          assign(c::taxes, line.taxes),
          assign(c::taxes_included, line.taxes_included),
          assign(c::fees, line.fees),
          assign(c::total, line.total),
          assign(c::currency, cart.currency)};
}

Result<std::string> free_order_number(work::UnitOfWork& uow, const Uuid& organization) {
  work::DrawnRandom random(uow.call().draws);
  for (int attempt = 0; attempt < number_attempts; ++attempt) {
    std::string number = make_order_number(random);
    EC_TRY(taken, uow.reader().count(schema::tables::ticket_orders, organization,
                                     is(col::ticket_orders::order_number, number)));
    if (taken == 0) return number;
  }
  return fail(Errc::internal, "no free order number was found");
}

Result<Record> write_order_row(work::UnitOfWork& uow, const Cart& cart, const PricedCart& priced,
                               const OrderStart& start, const schema::Arguments& arguments) {
  namespace c = col::ticket_orders;
  EC_TRY(number, free_order_number(uow, cart.event.organization_id()));
  Changes row = amounts_of_order(cart, priced);
  const bool paid = !start.expires_at;
  const Json& address = cart.customer.billing_address;
  Changes rest{
      assign(c::organization_id, cart.event.organization_id()),
      assign(c::event_id, cart.event.id()),
      assign(c::order_number, std::move(number)),
      assign(c::customer_email, cart.customer.email),
      assign(c::customer_name, cart.customer.name),
      assign(c::customer_phone, value_or_null(cart.customer.phone)),
      assign(c::billing_address, dump(address.is_null() ? Json::object() : address)),
      assign(c::order_status, "active"),
      assign(c::payment_status, paid ? "paid" : "pending"),
      assign(c::payment_method, value_or_null(start.payment_method)),
      assign(c::paid_at, value_or_null(paid ? std::optional(uow.now()) : std::nullopt)),
      assign(c::expires_at, value_or_null(start.expires_at)),
      assign(c::referral_source, value_or_null(arguments.optional_text("referral_source"))),
      assign(c::special_requirements, value_or_null(arguments.optional_text("special_requirements"))),
      assign(c::ip_address, value_or_null(arguments.optional_text("ip_address"))),
      assign(c::user_agent, value_or_null(arguments.optional_text("user_agent"))),
  };
  row.insert(row.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  return uow.insert(schema::tables::ticket_orders, row, work::As::engine);
}

Result<Record> write_item(work::UnitOfWork& uow, const Cart& cart, const Record& order, const CartLine& line,
                          const pure::LineAmounts& amounts) {
  namespace c = col::ticket_order_items;
  Changes row = amounts_of_line(cart, amounts);
  row.push_back(assign(c::organization_id, order.organization_id()));
  row.push_back(assign(c::event_id, cart.event.id()));
  row.push_back(assign(c::order_id, order.id()));
  row.push_back(assign(c::attendees, dump(list_or_empty(line.attendees))));
  return uow.insert(schema::tables::ticket_order_items, row, work::As::engine);
}

Status write_calculation(work::UnitOfWork& uow, const Cart& cart, const Record& order, const CartLine& line,
                         const CategoryPrice& priced) {
  namespace c = col::pricing_calculations;
  const Changes row{
      assign(c::organization_id, order.organization_id()),
      assign(c::event_id, cart.event.id()),
      assign(c::ticket_category_id, line.category.id()),
      assign(c::order_id, order.id()),
      assign(c::base_price, line.category[col::ticket_categories::base_price]),
      assign(c::final_price, priced.price.unit_price),
      assign(c::currency, cart.currency),
      assign(c::factors, dump(pure::factors_json(priced.factors))),
      assign(c::applied_rules, dump(pure::applied_rules_json(priced.price, digits_of(line.category)))),
      assign(c::calculated_at, uow.now()),
  };
  EC_TRYV(uow.insert(schema::tables::pricing_calculations, row, work::As::engine));
  return ok();
}

// What a row would show, without what only a written row has.
Json draft(const schema::TableDef& table, const Changes& values, const std::string& currency) {
  Record record(table);
  std::vector<bool> visible(table.columns.size(), false);
  for (const Assignment& a : values) {
    record.at(a.index) = a.value;
    visible[a.index] = true;
  }
  return schema::encode_row(record, currency, visible);
}

}  // namespace

Result<OrderRows> write_order(work::UnitOfWork& uow, const Cart& cart, const PricedCart& priced,
                              const OrderStart& start, const schema::Arguments& arguments) {
  EC_TRY(order, write_order_row(uow, cart, priced, start, arguments));
  OrderRows rows{std::move(order), {}};
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    EC_TRY(item, write_item(uow, cart, rows.order, cart.lines[i], priced.amounts.lines[i]));
    rows.items.push_back(std::move(item));
    EC_TRYV(write_calculation(uow, cart, rows.order, cart.lines[i], priced.prices[i]));
  }
  return rows;
}

Json draft_order_json(const Cart& cart, const PricedCart& priced) {
  namespace c = col::ticket_orders;
  Changes order = amounts_of_order(cart, priced);
  order.push_back(assign(c::organization_id, cart.event.organization_id()));
  order.push_back(assign(c::event_id, cart.event.id()));
  order.push_back(assign(c::customer_email, cart.customer.email));
  order.push_back(assign(c::customer_name, cart.customer.name));
  Json items = Json::array();
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    Changes item = amounts_of_line(cart, priced.amounts.lines[i]);
    item.push_back(assign(col::ticket_order_items::event_id, cart.event.id()));
    item.push_back(assign(col::ticket_order_items::attendees, dump(list_or_empty(cart.lines[i].attendees))));
    items.push_back(draft(schema::tables::ticket_order_items, item, cart.currency));
  }
  return Json{{"order", draft(schema::tables::ticket_orders, order, cart.currency)}, {"items", std::move(items)}};
}

Result<StoredTerms> stored_terms(const Record& order, std::span<const Record> items) {
  namespace o = col::ticket_orders;
  namespace i = col::ticket_order_items;
  StoredTerms terms;
  if (const Value& text = order[o::rates]; !text.is_null()) {
    EC_TRY(json, parse_json(text.text()));
    EC_TRY(parsed, pure::parse_rates(json));
    terms.rates = std::move(parsed);
  }
  if (const Value& text = order[o::discount_terms]; !text.is_null()) {
    EC_TRY(json, parse_json(text.text()));
    EC_TRY(parsed, pure::parse_terms(json));
    terms.discount = std::move(parsed);
  }
  for (const Record& item : items)
    terms.lines.push_back(
        {item[i::ticket_category_id].uuid(), item[i::quantity].integer(), item[i::unit_price].integer()});
  return terms;
}

Result<pure::OrderAmounts> stored_amounts(const Record& order, std::span<const Record> items) {
  EC_TRY(terms, stored_terms(order, items));
  const int digits = currency_digits(order[col::ticket_orders::currency].text()).value_or(2);
  return pure::compute_order(terms.lines, terms.discount, terms.rates, minor_unit(digits));
}

Result<std::vector<Record>> items_of(work::Reading& reading, const Record& order) {
  store::Query query;
  query.table = &schema::tables::ticket_order_items;
  query.organization = order.organization_id();
  query.where = is(col::ticket_order_items::order_id, order.id());
  return reading.scan(query);
}

}  // namespace eventcore::rules::ticketing
