// issue_complimentary: places given away. An order over nothing whose tickets are issued at once and take their places
// like any others. What binds buyers (being on sale, max_per_order) does not bind the house; capacity and those who
// wait do.
#include "rules/rules.hpp"
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/reply.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::ticketing {

namespace {

// Also while it is planned: crew and press are invited before the sale begins.
Status check_event_to_come(const Record& event, Micros now) {
  const std::string& status = event[col::events::status].text();
  if (status == "cancelled" || status == "completed") return fail_fact(Errc::event_not_on_sale, "status", status);
  if (now >= event[col::events::end_datetime].integer()) return fail_fact(Errc::event_not_on_sale, "status", "ended");
  return ok();
}

// Nothing, for every place; why is kept where prices are explained.
Result<PricedCart> priced_at_nothing(const Cart& cart, const std::string& reason) {
  PricedCart priced;
  std::vector<pure::OrderLine> lines;
  for (const CartLine& line : cart.lines) {
    CategoryPrice price;
    price.factors.given = Json{{"complimentary", reason}};
    priced.prices.push_back(std::move(price));
    lines.push_back({line.category.id(), line.quantity, 0});
  }
  EC_TRY(amounts, pure::compute_order(lines, std::nullopt, priced.rates, unit_of(cart.lines.front().category)));
  priced.amounts = std::move(amounts);
  return priced;
}

}  // namespace

Result<Json> issue_complimentary(work::UnitOfWork& uow, const schema::CommandDef& command,
                                 const schema::Arguments& arguments) {
  EC_TRYV(check_cart_shape(arguments));
  EC_TRY(cart, open_cart(uow, arguments));
  EC_TRYV(require(uow, command, cart.event));
  cart.customer = customer_given(arguments);
  EC_TRYV(check_event_to_come(cart.event, uow.now()));
  EC_TRYV(expire_due_orders(uow, cart.event.organization_id(), cart.event.id(), every_due_order));
  EC_TRYV(add_free_lines(uow, cart, arguments));
  EC_TRYV(check_currencies(cart));
  count_pending(uow, cart);
  EC_TRY(priced, priced_at_nothing(cart, arguments.text("reason")));
  EC_TRYV(check_places_left(uow, cart));

  OrderStart start;
  start.payment_method = "complimentary";
  EC_TRY(rows, write_order(uow, cart, priced, start));
  EC_TRY(tickets, issue_sold(uow, cart, priced, rows));
  Json reply = Json::object();
  EC_TRY(order, written_row(uow, rows.order));
  EC_TRY(items, written_rows(uow, rows.items));
  EC_TRY(issued, written_rows(uow, tickets));
  reply["order"] = std::move(order);
  reply["items"] = std::move(items);
  reply["tickets"] = std::move(issued);
  return reply;
}

}  // namespace eventcore::rules::ticketing
