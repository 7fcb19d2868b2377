#include "rules/ticketing/cart.hpp"

#include <set>

#include "base/text.hpp"
#include "rules/pure/order.hpp"
#include "rules/ticketing/counter.hpp"
#include "rules/ticketing/terms.hpp"
#include "rules/ticketing/waiting.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

using schema::Arguments;

std::string at(std::size_t line, std::string_view member) {
  return "items[" + std::to_string(line) + "]." + std::string(member);
}

class ShapeCheck {
 public:
  void add(std::string field, std::string reason) { detail_.fields.push_back({std::move(field), std::move(reason)}); }

  // Text that goes into an indexed column is limited by bytes, which the argument's own limit does not see.
  void indexed(const Arguments& from, std::string_view name, const std::string& path) {
    if (from.text(name).size() > schema::indexed_text_bytes_max)
      add(path, "is longer than " + std::to_string(schema::indexed_text_bytes_max) + " bytes");
  }
  Status result() {
    if (detail_.fields.empty()) return ok();
    return Failure(Errc::invalid_argument, std::move(detail_));
  }

 private:
  FailureDetail detail_;
};

void check_items(const Arguments& arguments, ShapeCheck& shape) {
  const std::vector<Arguments> items = arguments.list("items");
  if (items.empty()) shape.add("items", "at least one is needed");
  std::set<Uuid> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!seen.insert(items[i].uuid("ticket_category_id")).second)
      shape.add(at(i, "ticket_category_id"), "is in the order already");
    const std::vector<Arguments> attendees = items[i].list("attendees");
    const std::int64_t quantity = items[i].integer("quantity");
    if (quantity >= 1 && static_cast<std::int64_t>(attendees.size()) > quantity)
      shape.add(at(i, "attendees"), "are more than the places");
    for (std::size_t j = 0; j < attendees.size(); ++j)
      shape.indexed(attendees[j], "phone", at(i, "attendees[" + std::to_string(j) + "].phone"));
  }
}

Failure of_line(Errc code, std::size_t line, std::string_view member, std::string reason) {
  return fail_field(code, at(line, member), std::move(reason));
}

Status read_categories(work::Reading& reading, Cart& cart, const std::vector<Arguments>& items) {
  namespace c = col::ticket_categories;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto category = reading.get(schema::tables::ticket_categories, items[i].uuid("ticket_category_id"),
                                cart.event.organization_id());
    const bool absent = category ? category.assume_value()[c::event_id].uuid() != cart.event.id()
                                 : category.error().code() == Errc::not_found;
    if (absent) return of_line(Errc::not_found, i, "ticket_category_id", "there is no such row");
    EC_TRY(found, std::move(category));
    const Json& attendees = items[i].json("attendees");
    cart.lines.push_back(
        {std::move(found), items[i].integer("quantity"), attendees.is_array() ? attendees : Json::array()});
  }
  return ok();
}

Status check_numbers(const Cart& cart) {
  std::int64_t places = 0;
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    const std::int64_t quantity = cart.lines[i].quantity;
    if (quantity < 1) return of_line(Errc::invalid_quantity, i, "quantity", "must be at least 1");
    if (quantity > pure::max_tickets_per_order - places)
      return of_line(Errc::invalid_quantity, i, "quantity",
                     "an order has at most " + std::to_string(pure::max_tickets_per_order) + " tickets");
    places += quantity;
  }
  return ok();
}

Status check_quantities(const Cart& cart) {
  EC_TRYV(check_numbers(cart));
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    const CartLine& line = cart.lines[i];
    const Value& most = line.category[col::ticket_categories::max_per_order];
    if (!most.is_null() && line.quantity > most.integer())
      return of_line(Errc::invalid_quantity, i, "quantity", "must be at most " + std::to_string(most.integer()));
  }
  return ok();
}

bool in_window(const Record& category, Micros now) {
  const Value& from = category[col::ticket_categories::sale_start_date];
  const Value& until = category[col::ticket_categories::sale_end_date];
  return (from.is_null() || from.integer() <= now) && (until.is_null() || now < until.integer());
}

}  // namespace

Status check_cart_shape(const Arguments& arguments) {
  ShapeCheck shape;
  check_items(arguments, shape);
  shape.indexed(arguments.object("customer"), "phone", "customer.phone");
  shape.indexed(arguments, "referral_source", "referral_source");
  shape.indexed(arguments.object("payment"), "reference", "payment.reference");
  const Json& factors = arguments.json("factors");
  if (!factors.is_null() && !factors.is_object()) shape.add("factors", "must be an object");
  return shape.result();
}

Result<Cart> open_cart(work::Reading& reading, const Arguments& arguments) {
  EC_TRY(event, reading.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRY(at_counter, behind_counter(reading, event));
  const Json& factors = arguments.json("factors");
  EC_TRYV(check_host_factors(reading, event, factors));
  EC_TRY(settings, SaleSettings::of(reading, event));
  return Cart{std::move(event), std::move(settings), at_counter, {}, factors, {}, {}, {}};
}

Customer customer_given(const Arguments& arguments) {
  const Arguments given = arguments.object("customer");
  return {trim(given.text("email")), given.text("name"), given.optional_text("phone"), given.json("billing_address")};
}

Status check_customer_himself(const work::Reading& reading, Customer& customer) {
  const policy::Facts& facts = reading.facts();
  if (facts.kind != policy::PrincipalKind::customer) return ok();
  if (customer.email.empty()) customer.email = facts.email;
  if (fold(customer.email) == facts.email) return ok();
  return fail_field(Errc::column_denied, "customer.email", "customers order for their own address only");
}

Status set_customer(const work::Reading& reading, Cart& cart, const Arguments& arguments) {
  cart.customer = customer_given(arguments);
  EC_TRYV(check_customer_himself(reading, cart.customer));
  if (cart.customer.email.empty() && !cart.at_counter)
    return fail_field(Errc::invalid_argument, "customer.email", "is required but at the box office");
  return ok();
}

Status check_event_on_sale(const Record& event, Micros now) {
  const std::string& status = event[col::events::status].text();
  if (status != "confirmed" && status != "active") return fail_fact(Errc::event_not_on_sale, "status", status);
  if (now >= event[col::events::end_datetime].integer()) return fail_fact(Errc::event_not_on_sale, "status", "ended");
  return ok();
}

bool category_on_sale(const Record& category, Micros now) {
  return category[col::ticket_categories::is_active].boolean() && in_window(category, now);
}

Status add_lines(work::Reading& reading, Cart& cart, const Arguments& arguments) {
  EC_TRYV(read_categories(reading, cart, arguments.list("items")));
  for (std::size_t i = 0; i < cart.lines.size(); ++i)
    if (!cart.lines[i].category[col::ticket_categories::is_active].boolean())
      return of_line(Errc::category_inactive, i, "ticket_category_id", "is not active");
  for (std::size_t i = 0; i < cart.lines.size(); ++i)
    if (!in_window(cart.lines[i].category, reading.now()))
      return of_line(Errc::category_not_on_sale, i, "ticket_category_id", "is not on sale now");
  return check_quantities(cart);
}

Status add_free_lines(work::Reading& reading, Cart& cart, const Arguments& arguments) {
  EC_TRYV(read_categories(reading, cart, arguments.list("items")));
  return check_numbers(cart);
}

Status check_currencies(Cart& cart) {
  cart.currency = cart.lines.front().category[col::ticket_categories::currency].text();
  for (std::size_t i = 1; i < cart.lines.size(); ++i) {
    const std::string& other = cart.lines[i].category[col::ticket_categories::currency].text();
    if (other != cart.currency)
      return of_line(Errc::mixed_currencies, i, "ticket_category_id", "is sold in " + other + ", not " + cart.currency);
  }
  return ok();
}

Result<PricedCart> price_cart(work::Reading& reading, const Cart& cart) {
  std::vector<const Record*> categories;
  for (const CartLine& line : cart.lines) categories.push_back(&line.category);
  PricedCart priced;
  EC_TRY(prices, price_categories(reading, cart.event, categories, cart.factors));
  priced.prices = std::move(prices);
  EC_TRY(rates, cart.settings.rates());
  priced.rates = std::move(rates);
  std::vector<pure::OrderLine> lines;
  for (std::size_t i = 0; i < cart.lines.size(); ++i)
    lines.push_back({cart.lines[i].category.id(), cart.lines[i].quantity, priced.prices[i].price.unit_price});
  std::optional<pure::DiscountTerms> terms;
  if (cart.discount.applied) terms = cart.discount.applied->terms;
  EC_TRY(amounts, pure::compute_order(lines, terms, priced.rates, unit_of(*categories.front())));
  priced.amounts = std::move(amounts);
  return priced;
}

Failure sold_out(const Record& category, std::int64_t left) {
  FailureDetail detail;
  const std::string& name = category[col::ticket_categories::name].text();
  detail.message = "not enough places are left in " + name + ": " + std::to_string(left);
  detail.facts = {{"ticket_category_id", to_text(category.id())}, {"category", name}, {"left", std::to_string(left)}};
  return {Errc::sold_out, std::move(detail)};
}

void count_pending(const work::UnitOfWork& uow, Cart& cart) {
  constexpr Column available = col::ticket_categories::available_quantity;
  for (CartLine& line : cart.lines)
    line.category.set(available, line.category[available].integer() + uow.pending(line.category.id(), available));
}

Status check_places_left(work::Reading& reading, const Cart& cart) {
  EC_TRY(left, places_left(reading, cart));
  for (std::size_t i = 0; i < cart.lines.size(); ++i)
    if (cart.lines[i].quantity > left[i]) return sold_out(cart.lines[i].category, left[i]);
  return ok();
}

}  // namespace eventcore::rules::ticketing
