// join_waitlist: a place in the line for a category that has too few places left.
#include "base/text.hpp"
#include "rules/pure/order.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/cart.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "rules/ticketing/waiting.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace c = col::ticket_categories;
namespace w = col::waitlist_entries;

struct Wish {
  Record category;
  Record event;
  Customer customer;
  std::int64_t quantity = 0;
};

// Who waits: a customer for himself; everybody can be written to.
Status set_waiting(const work::Reading& reading, Wish& wish, const schema::Arguments& arguments) {
  wish.customer = customer_given(arguments);
  EC_TRYV(check_customer_himself(reading, wish.customer));
  if (wish.customer.email.empty())
    return fail_field(Errc::invalid_argument, "customer.email", "is needed to make an offer");
  return ok();
}

Status check_quantity(const Wish& wish) {
  const auto refused = [](const std::string& reason) { return fail_field(Errc::invalid_quantity, "quantity", reason); };
  if (wish.quantity < 1) return refused("must be at least 1");
  if (wish.quantity > pure::max_tickets_per_order)  // an offer is an order
    return refused("must be at most " + std::to_string(pure::max_tickets_per_order));
  const Value& most = wish.category[c::max_per_order];
  if (!most.is_null() && wish.quantity > most.integer())
    return refused("must be at most " + std::to_string(most.integer()));
  const std::int64_t places =
      wish.category[c::total_quantity].integer() - wish.category[c::withheld_quantity].integer();
  if (wish.quantity > places) return refused("is more than there are: " + std::to_string(places));
  return ok();
}

// Whoever waits keeps others from ordering, so the cap on what anonymous callers hold binds them here too.
Status check_anonymous(work::Reading& reading, const Wish& wish) {
  if (reading.facts().kind != policy::PrincipalKind::anon) return ok();
  EC_TRY(settings, SaleSettings::of(reading, wish.event));
  EC_TRY(limit, settings.hold_limit_anonymous());
  if (!limit) return ok();
  EC_TRY(waiting, places_waited_for(reading, wish.event.organization_id(), is(w::event_id, wish.event.id())));
  if (waiting + wish.quantity <= *limit) return ok();
  return fail(Errc::hold_limit, "too many places of this event are waited for; try again later");
}

Status check_alone(work::Reading& reading, const Wish& wish) {
  const Expr same = Expr::all_of({is(w::ticket_category_id, wish.category.id()),
                                  is(w::customer_email_folded, fold(wish.customer.email)),
                                  Expr::in_list(w::status.index, {Value("waiting"), Value("offered")})});
  EC_TRY(entries, reading.reader().count(schema::tables::waitlist_entries, wish.category.organization_id(), same));
  if (entries == 0) return ok();
  return fail_field(Errc::already_exists, "customer.email", "waits for this category already");
}

Status check_too_few(work::UnitOfWork& uow, const Wish& wish) {
  EC_TRY(left, left_unwaited(uow, wish.category));
  if (wish.quantity > left) return ok();
  return fail_fact(Errc::places_left, "left", std::to_string(left));
}

Status check_wish(work::UnitOfWork& uow, const Wish& wish) {
  EC_TRYV(check_event_on_sale(wish.event, uow.now()));
  EC_TRYV(expire_due_orders(uow, wish.event.organization_id(), wish.event.id(), every_due_order));
  if (!wish.category[c::is_active].boolean())
    return fail_field(Errc::category_inactive, "ticket_category_id", "is not active");
  if (!category_on_sale(wish.category, uow.now()))
    return fail_field(Errc::category_not_on_sale, "ticket_category_id", "is not on sale now");
  EC_TRYV(check_quantity(wish));
  EC_TRYV(check_anonymous(uow, wish));
  EC_TRYV(check_alone(uow, wish));
  return check_too_few(uow, wish);
}

}  // namespace

Result<Json> join_waitlist(work::UnitOfWork& uow, const schema::CommandDef& command,
                           const schema::Arguments& arguments) {
  EC_TRY(category, uow.get(schema::tables::ticket_categories, arguments.uuid("ticket_category_id")));
  EC_TRY(event, uow.must_find(schema::tables::events, category.organization_id(), category[c::event_id].uuid()));
  Wish wish{std::move(category), std::move(event), {}, arguments.integer("quantity")};
  EC_TRYV(require(uow, command, wish.event));
  EC_TRYV(set_waiting(uow, wish, arguments));
  EC_TRYV(check_wish(uow, wish));
  EC_TRY(since, end_of_queue(uow, wish.category));
  const Changes row{
      assign(w::created_at, since),
      assign(w::organization_id, wish.category.organization_id()),
      assign(w::event_id, wish.event.id()),
      assign(w::ticket_category_id, wish.category.id()),
      assign(w::customer_email, wish.customer.email),
      assign(w::customer_name, wish.customer.name),
      assign(w::quantity, wish.quantity),
      assign(w::status, "waiting"),
  };
  EC_TRY(entry, uow.insert(schema::tables::waitlist_entries, row, work::As::engine));
  EC_TRY(shown, written_row(uow, entry));
  return Json{{"entry", std::move(shown)}};
}

}  // namespace eventcore::rules::ticketing
