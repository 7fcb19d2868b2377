// expire_orders, and the expiry that place_order and maintenance do: unpaid orders whose time is up are cancelled.
// Their places come back through the counters that follow the order's state.
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<ExpiredOrders> expire_due_orders(work::UnitOfWork& uow, const Uuid& organization,
                                        const std::optional<Uuid>& event, std::int64_t limit) {
  namespace c = col::ticket_orders;
  store::Query query;
  query.table = &schema::tables::ticket_orders;
  query.organization = organization;
  query.where = Expr::all_of({waits_for_payment(), Expr::compare(c::expires_at.index, Expr::Op::lte, uow.now()),
                              event ? is(c::event_id, *event) : Expr::always()});
  query.order = {{c::expires_at.index, false}};
  query.limit = limit + 1;
  EC_TRY(orders, uow.scan(query));
  ExpiredOrders expired;
  expired.more = static_cast<std::int64_t>(orders.size()) > limit;
  if (expired.more) orders.pop_back();
  for (Record& order : orders) {
    EC_TRYV(uow.change(order, {assign(c::order_status, "cancelled"), assign(c::cancel_reason, "expired")}));
    ++expired.count;
  }
  return expired;
}

Result<Json> expire_orders(work::UnitOfWork& uow, const schema::CommandDef& command,
                           const schema::Arguments& arguments) {
  std::optional<Uuid> organization = arguments.optional_uuid("organization_id");
  const std::optional<Uuid> event_id = arguments.optional_uuid("event_id");
  if (event_id) {
    EC_TRY(event, uow.get(schema::tables::events, *event_id, organization));
    EC_TRYV(require(uow, command, event));
    organization = event.organization_id();
  } else {
    if (!uow.facts().is_service()) return fail(Errc::command_denied, "name the event whose orders are to expire");
    if (!organization) organization = uow.facts().organization;
    if (!organization) return fail_field(Errc::organization_required, "organization_id", "is needed here");
    EC_TRYV(uow.get(schema::tables::organizations, *organization));
  }
  EC_TRY(expired, expire_due_orders(uow, *organization, event_id, arguments.integer("limit")));
  return Json{{"expired", expired.count}, {"more", expired.more}};
}

}  // namespace eventcore::rules::ticketing
