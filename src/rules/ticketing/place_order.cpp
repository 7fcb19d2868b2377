// place_order: checks in the documented order, then the order, its lines, their prices and, when it is paid at once,
// payment and tickets. Two orders cannot both get the last place: a unit of work has the store's write turn to itself.
#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/discount.hpp"
#include "rules/ticketing/holds.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"

namespace eventcore::rules::ticketing {

namespace {

Status check_seller(work::UnitOfWork& uow, const schema::CommandDef& command, const Cart& cart,
                    const schema::Arguments& arguments) {
  EC_TRYV(require(uow, command, cart.event));
  if (arguments.json("payment").is_object() && !cart.at_counter)
    return fail(Errc::command_denied, "only the box office takes payment with the order");
  return ok();
}

// The units that `amount` names; -1, which no total is, for an amount that is no number of them.
std::int64_t units_named(const schema::Arguments& arguments, std::string_view name) {
  const auto units = parse_decimal(arguments.text(name), money_scale);
  return units ? units.assume_value() : -1;
}

Status check_total(const Cart& cart, const PricedCart& priced, const schema::Arguments& arguments) {
  if (!arguments.has("expected_total") || units_named(arguments, "expected_total") == priced.amounts.total) return ok();
  return fail_fact(Errc::price_changed, "total", money_to_text(priced.amounts.total, cart.currency));
}

Result<std::optional<NewPayment>> check_payment(work::UnitOfWork& uow, const Cart& cart, const PricedCart& priced,
                                                const schema::Arguments& arguments) {
  if (!arguments.json("payment").is_object()) return std::optional<NewPayment>{};
  const schema::Arguments given = arguments.object("payment");
  NewPayment payment;
  payment.name.reference = given.optional_text("reference");
  payment.amount = priced.amounts.total;
  payment.currency = cart.currency;
  payment.method = given.text("method");
  payment.occurred_at = uow.now();
  EC_TRY(known, find_payment(uow, cart.event.organization_id(), payment.name));
  if (known) return fail(Errc::payment_refused, "the reference belongs to another payment");
  if (units_named(given, "amount") != priced.amounts.total)
    return fail_fact(Errc::payment_mismatch, "total", money_to_text(priced.amounts.total, cart.currency));
  return std::optional<NewPayment>(std::move(payment));
}

Result<Cart> checked_cart(work::UnitOfWork& uow, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRYV(check_cart_shape(arguments));
  EC_TRY(cart, open_cart(uow, arguments));
  EC_TRYV(check_seller(uow, command, cart, arguments));
  EC_TRYV(set_customer(uow, cart, arguments));
  EC_TRYV(check_event_on_sale(cart.event, uow.now()));
  EC_TRYV(expire_due_orders(uow, cart.event.organization_id(), cart.event.id(), every_due_order));
  EC_TRYV(add_lines(uow, cart, arguments));
  count_pending(uow, cart);
  if (!arguments.json("payment").is_object()) EC_TRYV(check_holds(uow, cart));
  EC_TRYV(check_currencies(cart));
  EC_TRYV(set_discount(uow, cart, arguments, &uow));
  EC_TRYV(check_discount(cart));
  return cart;
}

OrderStart start_of(const schema::Arguments& arguments) {
  OrderStart start;
  start.referral_source = arguments.optional_text("referral_source");
  start.special_requirements = arguments.optional_text("special_requirements");
  start.ip_address = arguments.optional_text("ip_address");
  start.user_agent = arguments.optional_text("user_agent");
  return start;
}

Result<std::vector<Record>> settle_paid(work::UnitOfWork& uow, const Cart& cart, const PricedCart& priced,
                                        const OrderRows& rows, const std::optional<NewPayment>& payment) {
  if (payment && payment->amount > 0) EC_TRYV(add_payment(uow, rows.order, *payment));
  return issue_sold(uow, cart, priced, rows);
}

}  // namespace

Result<Json> place_order(work::UnitOfWork& uow, const schema::CommandDef& command, const schema::Arguments& arguments) {
  EC_TRY(cart, checked_cart(uow, command, arguments));
  EC_TRY(priced, price_cart(uow, cart));
  EC_TRYV(check_total(cart, priced, arguments));
  EC_TRYV(check_places_left(uow, cart));
  EC_TRY(payment, check_payment(uow, cart, priced, arguments));

  OrderStart start = start_of(arguments);
  const bool paid = payment || priced.amounts.total == 0;
  if (payment) start.payment_method = payment->method;
  if (!paid) {
    EC_TRY(hold_us, cart.settings.hold_time_us());
    start.expires_at = uow.now() + hold_us;
  }
  EC_TRY(rows, write_order(uow, cart, priced, start));
  std::vector<Record> tickets;
  if (paid) {
    EC_TRY(issued, settle_paid(uow, cart, priced, rows, payment));
    tickets = std::move(issued);
  }

  Json reply = Json::object();
  EC_TRY(order, written_row(uow, rows.order));
  EC_TRY(items, written_rows(uow, rows.items));
  EC_TRY(issued, written_rows(uow, tickets));
  reply["order"] = std::move(order);
  reply["items"] = std::move(items);
  reply["tickets"] = std::move(issued);
  reply["discount"] = discount_json(cart.discount);
  return reply;
}

}  // namespace eventcore::rules::ticketing
