#include "rules/ticketing/holds.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

constexpr std::size_t orders_at_once = 1'000;

struct Held {
  Uuid category;
  std::int64_t places = 0;
};

// Ids of the event's unpaid orders that satisfy the condition.
Result<std::vector<Value>> waiting_orders(work::Reading& reading, const Record& event, Expr condition) {
  store::Query query;
  query.table = &schema::tables::ticket_orders;
  query.organization = event.organization_id();
  query.where = Expr::all_of({std::move(condition), is(col::ticket_orders::event_id, event.id()), waits_for_payment()});
  query.columns = store::ColumnSet::short_only(schema::tables::ticket_orders);
  EC_TRY(orders, reading.scan(query));
  std::vector<Value> ids;
  for (const Record& order : orders) ids.emplace_back(order.id());
  return ids;
}

Result<std::vector<Held>> places_of(work::Reading& reading, const Uuid& organization,
                                    const std::vector<Value>& orders) {
  namespace c = col::ticket_order_items;
  std::vector<Held> held;
  for (std::size_t begin = 0; begin < orders.size(); begin += orders_at_once) {
    const std::size_t end = std::min(orders.size(), begin + orders_at_once);
    store::Aggregate sums;
    sums.table = &schema::tables::ticket_order_items;
    sums.organization = organization;
    sums.where = Expr::in_list(c::order_id.index, {orders.begin() + static_cast<std::ptrdiff_t>(begin),
                                                   orders.begin() + static_cast<std::ptrdiff_t>(end)});
    sums.group_by = {c::ticket_category_id.index};
    sums.measures = {{store::Aggregate::Kind::sum, c::quantity.index}};
    EC_TRY(rows, reading.reader().aggregate(sums));
    for (const auto& row : rows) held.push_back({row[0].uuid(), row[1].integer()});
  }
  return held;
}

Failure hold_limit(std::string message) {
  return fail(Errc::hold_limit, std::move(message));
}

Status check_address(work::Reading& reading, const Cart& cart) {
  const auto limited = [](const CartLine& line) {
    return !line.category[col::ticket_categories::max_per_order].is_null();
  };
  if (cart.customer.email.empty() || std::none_of(cart.lines.begin(), cart.lines.end(), limited)) return ok();
  EC_TRY(orders,
         waiting_orders(reading, cart.event, is(col::ticket_orders::customer_email_folded, fold(cart.customer.email))));
  if (orders.empty()) return ok();
  EC_TRY(held, places_of(reading, cart.event.organization_id(), orders));
  for (const CartLine& line : cart.lines) {
    if (!limited(line)) continue;
    std::int64_t places = line.quantity;
    for (const Held& h : held)
      if (h.category == line.category.id()) places += h.places;
    if (places > line.category[col::ticket_categories::max_per_order].integer())
      return hold_limit("this address already holds unpaid places; pay for them or let them expire first");
  }
  return ok();
}

Status check_anonymous(work::Reading& reading, const Cart& cart) {
  if (reading.facts().kind != policy::PrincipalKind::anon) return ok();
  EC_TRY(limit, cart.settings.hold_limit_anonymous());
  if (!limit) return ok();
  // Their time is in the condition so that the index of what expires is walked, not all orders the event ever had.
  const Expr in_time = Expr::compare(col::ticket_orders::expires_at.index, Expr::Op::gt, reading.now());
  EC_TRY(orders, waiting_orders(reading, cart.event, in_time));
  EC_TRY(held, places_of(reading, cart.event.organization_id(), orders));
  std::int64_t places = 0;
  for (const Held& h : held) places += h.places;
  for (const CartLine& line : cart.lines) places += line.quantity;
  if (places <= *limit) return ok();
  return hold_limit("too many unpaid places of this event are held; try again later");
}

}  // namespace

Status check_holds(work::Reading& reading, const Cart& cart) {
  EC_TRYV(check_address(reading, cart));
  return check_anonymous(reading, cart);
}

}  // namespace eventcore::rules::ticketing
