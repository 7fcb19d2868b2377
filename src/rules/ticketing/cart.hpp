// A cart: what somebody wants to buy, checked step by step. quote_order and place_order walk the same steps in the
// order in which the refusals are documented; each step looks at all lines before the next begins.
// Thread: belongs to one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "rules/pure/order.hpp"
#include "rules/ticketing/pricing.hpp"
#include "rules/ticketing/settings.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

struct Customer {
  std::string email;  // as given; empty only at the counter
  std::string name;
  std::optional<std::string> phone;
  Json billing_address;
};

struct CartLine {
  Record category;  // available_quantity counts what this unit of work has already moved
  std::int64_t quantity = 0;
  Json attendees;
};

struct AppliedCode {
  Uuid id;
  std::string code;  // as its row spells it
  pure::DiscountTerms terms;
};

struct CartDiscount {
  std::optional<std::string> given;  // trimmed; absent: no code was named
  std::optional<AppliedCode> applied;
  std::string reason;  // why the given one does not apply, in the words that the caller may hear
};

struct Cart {
  Record event;
  SaleSettings settings;
  bool at_counter = false;
  Customer customer;
  Json factors;
  std::vector<CartLine> lines;
  std::string currency;
  CartDiscount discount;  // rules/ticketing/discount.hpp sets it
};

struct PricedCart {
  std::vector<CategoryPrice> prices;  // one per line
  pure::Rates rates;
  pure::OrderAmounts amounts;
};

// What can be said without the store: bad fields all together.
Status check_cart_shape(const schema::Arguments& arguments);

// The event as the caller sees it. No line is read yet.
Result<Cart> open_cart(work::Reading& reading, const schema::Arguments& arguments);

// The argument `customer`, its address trimmed.
Customer customer_given(const schema::Arguments& arguments);
// A customer acts under his own address: it is filled in, and another one is refused.
Status check_customer_himself(const work::Reading& reading, Customer& customer);
// Who buys: a customer only for himself; without an address only at the counter.
Status set_customer(const work::Reading& reading, Cart& cart, const schema::Arguments& arguments);

Status check_event_on_sale(const Record& event, Micros now);
bool category_on_sale(const Record& category, Micros now);  // active and within its window

// Reads the categories and checks that they exist, are active, are on sale, and that the quantities are acceptable.
Status add_lines(work::Reading& reading, Cart& cart, const schema::Arguments& arguments);
// The same for places given away: what binds buyers (active, on sale, max_per_order) is not asked.
Status add_free_lines(work::Reading& reading, Cart& cart, const schema::Arguments& arguments);

// One order has one currency; sets the cart's.
Status check_currencies(Cart& cart);

Result<PricedCart> price_cart(work::Reading& reading, const Cart& cart);

// Availability as it is after what this unit has already given back.
void count_pending(const work::UnitOfWork& uow, Cart& cart);

// sold_out unless every line finds its places among those that nobody waits for.
Status check_places_left(work::Reading& reading, const Cart& cart);
Failure sold_out(const Record& category, std::int64_t left);

}  // namespace eventcore::rules::ticketing
