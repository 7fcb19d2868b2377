// quote_price: what one place of a category costs now.
#include "base/currency.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/counter.hpp"
#include "rules/ticketing/pricing.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<Json> quote_price(work::Reading& reading, const schema::CommandDef&, const schema::Arguments& arguments) {
  namespace c = col::ticket_categories;
  const Json& factors = arguments.json("factors");
  if (!factors.is_null() && !factors.is_object())
    return fail_field(Errc::invalid_argument, "factors", "must be an object");
  EC_TRY(category, reading.get(schema::tables::ticket_categories, arguments.uuid("ticket_category_id")));
  EC_TRYV(check_host_factors(reading, category, factors));
  EC_TRY(event, reading.must_find(schema::tables::events, category.organization_id(), category[c::event_id].uuid()));
  const Record* const categories[] = {&category};
  EC_TRY(prices, price_categories(reading, event, categories, factors));
  const std::string& currency = category[c::currency].text();
  return Json{{"base_price", money_to_text(category[c::base_price].integer(), currency)},
              {"final_price", money_to_text(prices.front().price.unit_price, currency)},
              {"currency", currency},
              {"factors", pure::factors_json(prices.front().factors)},
              {"applied_rules", pure::applied_rules_json(prices.front().price, digits_of(category))}};
}

}  // namespace eventcore::rules::ticketing
