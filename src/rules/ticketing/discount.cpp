#include "rules/ticketing/discount.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace d = col::discount_codes;
namespace o = col::ticket_orders;

Result<std::optional<Record>> first_code(work::Reading& reading, const Uuid& organization, Expr where) {
  store::Query query;
  query.table = &schema::tables::discount_codes;
  query.organization = organization;
  query.where = std::move(where);
  query.limit = 1;
  EC_TRY(rows, reading.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

// The event's own code hides an organization-wide one of the same name. Those at the counter are told when the name
// belongs to another event.
Result<std::optional<Record>> code_named(work::Reading& reading, const Cart& cart, const std::string& name) {
  const Uuid& organization = cart.event.organization_id();
  const Expr spelled = is(d::code_folded, fold(name));
  EC_TRY(own, first_code(reading, organization, Expr::all_of({is(d::event_id, cart.event.id()), spelled})));
  if (own) return own;
  EC_TRY(shared, first_code(reading, organization, Expr::all_of({Expr::is_null(d::event_id.index), spelled})));
  if (shared || !cart.at_counter) return shared;
  return first_code(reading, organization, spelled);
}

std::optional<std::int64_t> number(const Value& value) {
  return value.is_null() ? std::nullopt : std::optional<std::int64_t>(value.integer());
}

// Orders of the cart's address that hold a use. Found by the address, which has few orders, and not by the code, which
// may have many.
Result<std::int64_t> uses_by_customer(work::Reading& reading, const Cart& cart, const Record& code) {
  if (code[d::max_uses_per_user].is_null()) return 0;
  const std::string folded = fold(cart.customer.email);
  if (folded.empty()) return 0;
  store::Query query;
  query.table = &schema::tables::ticket_orders;
  query.organization = code.organization_id();
  query.where = is(o::customer_email_folded, folded);
  query.columns = store::ColumnSet::short_only(*query.table);
  EC_TRY(orders, reading.scan(query));
  return std::count_if(orders.begin(), orders.end(), [&](const Record& order) {
    return order[o::discount_code_id] == Value(code.id()) && holds_use(order);
  });
}

Result<pure::DiscountTerms> terms_of(const Record& code) {
  pure::DiscountTerms terms;
  const auto type = pure::discount_type(code[d::discount_type].text());
  if (!type) return fail(Errc::internal, "a discount code of an unknown type");
  terms.type = *type;
  terms.value = code[d::discount_value].integer();
  terms.min_quantity = number(code[d::min_quantity]).value_or(1);
  terms.categories = stored_ids(code[d::applicable_categories]);
  return terms;
}

Result<pure::CodeFacts> facts_of(work::Reading& reading, const Cart& cart, const Record& code,
                                 const work::UnitOfWork* unit) {
  pure::CodeFacts facts;
  facts.found = true;
  facts.is_active = !code[d::is_active].is_null() && code[d::is_active].boolean();
  facts.valid_from = number(code[d::valid_from]);
  facts.valid_until = number(code[d::valid_until]);
  if (!code[d::event_id].is_null()) facts.event_id = code[d::event_id].uuid();
  if (!code[d::currency].is_null()) facts.currency = code[d::currency].text();
  facts.max_uses = number(code[d::max_uses]);
  facts.current_uses = code[d::current_uses].integer();
  if (unit != nullptr) facts.current_uses += unit->pending(code.id(), d::current_uses);
  facts.max_uses_per_user = number(code[d::max_uses_per_user]);
  EC_TRY(uses, uses_by_customer(reading, cart, code));
  facts.uses_by_customer = uses;
  EC_TRY(terms, terms_of(code));
  facts.terms = std::move(terms);
  return facts;
}

// What is wrong with a code is for those who sell at the counter or may read it.
Result<bool> hears_reasons(work::Reading& reading, const Cart& cart, const std::optional<Record>& code) {
  if (cart.at_counter || !code) return cart.at_counter;
  return reading.visible(*code);
}

}  // namespace

Status set_discount(work::Reading& reading, Cart& cart, const schema::Arguments& arguments,
                    const work::UnitOfWork* unit) {
  std::string given = trim(arguments.text("discount_code"));
  if (given.empty()) return ok();
  EC_TRY(code, code_named(reading, cart, given));
  pure::CodeFacts facts;
  if (code) {
    EC_TRY(known, facts_of(reading, cart, *code, unit));
    facts = std::move(known);
  }
  pure::CartFacts wanted{reading.now(), cart.event.id(), cart.currency, {}};
  for (const CartLine& line : cart.lines) wanted.lines.push_back({line.category.id(), line.quantity});
  const pure::DiscountDecision decision = pure::decide_discount(facts, wanted);
  cart.discount.given = std::move(given);
  if (decision.applies()) {
    cart.discount.applied = AppliedCode{code->id(), (*code)[d::code].text(), std::move(facts.terms)};
    return ok();
  }
  EC_TRY(full, hears_reasons(reading, cart, code));
  cart.discount.reason = std::string(full ? pure::word(decision.refusal) : pure::public_word(decision.public_refusal));
  return ok();
}

Status check_discount(const Cart& cart) {
  if (!cart.discount.given || cart.discount.applied) return ok();
  return fail_fact(Errc::discount_not_applicable, "reason", cart.discount.reason);
}

Json discount_json(const CartDiscount& discount) {
  const bool refused = discount.given && !discount.applied;
  return Json{{"code", discount.given ? Json(*discount.given) : Json()},
              {"applied", discount.applied.has_value()},
              {"reason", refused ? Json(discount.reason) : Json()}};
}

bool holds_use(const Record& order) {
  return !order[o::discount_code_id].is_null() &&
         (order[o::order_status].text() == "active" || !order[o::paid_at].is_null());
}

Expr holds_use_of(const Uuid& code) {
  return Expr::all_of({is(o::discount_code_id, code),
                       Expr::any_of({is(o::order_status, "active"), Expr::negate(Expr::is_null(o::paid_at.index))})});
}

}  // namespace eventcore::rules::ticketing
