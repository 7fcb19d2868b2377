// quote_order: what an order would come to now. Nothing is held, nothing is written.
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/discount.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/waiting.hpp"

namespace eventcore::rules::ticketing {

Result<Json> quote_order(work::Reading& reading, const schema::CommandDef&, const schema::Arguments& arguments) {
  EC_TRYV(check_cart_shape(arguments));
  EC_TRY(cart, open_cart(reading, arguments));
  cart.customer = customer_given(arguments);
  EC_TRYV(check_customer_himself(reading, cart.customer));  // what a code gives tells what its owner bought
  EC_TRYV(check_event_on_sale(cart.event, reading.now()));
  EC_TRYV(add_lines(reading, cart, arguments));
  EC_TRYV(check_currencies(cart));
  EC_TRYV(set_discount(reading, cart, arguments));
  EC_TRY(priced, price_cart(reading, cart));
  Json reply = draft_order_json(cart, priced);
  reply["tickets"] = Json::array();
  reply["discount"] = discount_json(cart.discount);
  EC_TRY(left, places_left(reading, cart));
  Json places = Json::array();
  for (std::size_t i = 0; i < left.size(); ++i)
    places.push_back({{"ticket_category_id", to_text(cart.lines[i].category.id())}, {"left", left[i]}});
  reply["places_left"] = std::move(places);
  return reply;
}

}  // namespace eventcore::rules::ticketing
