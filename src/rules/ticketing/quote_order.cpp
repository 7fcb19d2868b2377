// quote_order: what an order would come to now. Nothing is held, nothing is written.
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/reply.hpp"

namespace eventcore::rules::ticketing {

Result<Json> quote_order(work::Reading& reading, const schema::CommandDef&, const schema::Arguments& arguments) {
  EC_TRYV(check_cart_shape(arguments));
  EC_TRY(cart, open_cart(reading, arguments));
  const schema::Arguments customer = arguments.object("customer");
  cart.customer.email = customer.text("email");
  cart.customer.name = customer.text("name");
  EC_TRYV(check_event_on_sale(cart.event, reading.now()));
  EC_TRYV(add_lines(reading, cart, arguments));
  EC_TRYV(check_currencies(cart));
  EC_TRY(priced, price_cart(reading, cart));
  Json reply = draft_order_json(cart, priced);
  reply["tickets"] = Json::array();
  reply["discount"] = no_discount();
  return reply;
}

}  // namespace eventcore::rules::ticketing
