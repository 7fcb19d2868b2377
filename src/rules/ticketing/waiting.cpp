#include "rules/ticketing/waiting.hpp"

#include <map>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "rules/communication/outbox.hpp"
#include "rules/pure/order.hpp"
#include "rules/pure/stock.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/order_write.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace c = col::ticket_categories;
namespace o = col::ticket_orders;
namespace w = col::waitlist_entries;

// ---- offers -------------------------------------------------------------------------------------------------------

// Categories that somebody waits for and whose event still sells.
Result<std::vector<Uuid>> wanted_categories(work::Reading& reading, const Uuid& organization) {
  const Expr sells = Expr::all_of({Expr::in_list(col::events::status.index, {Value("confirmed"), Value("active")}),
                                   Expr::compare(col::events::end_datetime.index, Expr::Op::gt, reading.now())});
  store::Aggregate waiting;
  waiting.table = &schema::tables::waitlist_entries;
  waiting.organization = organization;
  waiting.where =
      Expr::all_of({is(w::status, "waiting"), Expr::parent(w::event_id.index, schema::tables::events, sells)});
  waiting.group_by = {w::ticket_category_id.index};
  waiting.measures = {{store::Aggregate::Kind::count, 0}};
  EC_TRY(rows, reading.reader().aggregate(waiting));
  std::vector<Uuid> categories;
  for (const auto& row : rows) categories.push_back(row[0].uuid());
  return categories;
}

store::Query waiting_for(const Record& category, bool newest_first, std::int64_t limit) {
  store::Query query;
  query.table = &schema::tables::waitlist_entries;
  query.organization = category.organization_id();
  query.where = Expr::all_of({is(w::ticket_category_id, category.id()), is(w::status, "waiting")});
  query.order = {{w::created_at.index, newest_first}};
  query.limit = limit;
  return query;
}

// The longest waiting first; ids break ties, since they grow as they are made.
Result<std::vector<Record>> queue_of(work::Reading& reading, const Record& category, std::int64_t limit) {
  return reading.scan(waiting_for(category, false, limit));
}

std::string text_or(const Value& value, const char* otherwise) {
  return value.is_null() ? otherwise : value.text();
}

Result<std::string> until(const Record& event, Micros time_us) {
  const std::string zone = text_or(event[col::events::timezone], "UTC");
  EC_TRY(local, local_time(time_us, zone));
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return local.date() + " " + two(local.hour) + ":" + two(local.minute) + " (" + zone + ")";
}

Status tell(work::UnitOfWork& uow, const Record& event, const Record& category, const Record& entry,
            const Record& order) {
  const std::string& name = event[col::events::name].text();
  const std::string what =
      std::to_string(entry[w::quantity].integer()) + " x " + category[c::name].text() + " at " + name;
  communication::OutgoingMessage message;
  message.kind = "waitlist_offer";
  message.recipient = entry[w::customer_email].text();
  message.subject = "Places for " + name;
  message.facts = Json{{"event_id", to_text(event.id())},
                       {"ticket_category_id", to_text(category.id())},
                       {"order_id", to_text(order.id())},
                       {"entry_id", to_text(entry.id())}};
  if (order[o::expires_at].is_null()) {
    message.content = "The places you waited for are yours: " + what + ". Your order is " +
                      order[o::order_number].text() + "; there is nothing to pay.";
  } else {
    const std::string& currency = order[o::currency].text();
    EC_TRY(end, until(event, order[o::expires_at].integer()));
    message.content = "Places you waited for are held for you: " + what + ". Order " + order[o::order_number].text() +
                      " comes to " + money_to_text(order[o::total_amount].integer(), currency) + " " + currency +
                      " and waits for your payment until " + end + ".";
    message.facts["expires_at"] = format_rfc3339(order[o::expires_at].integer());
  }
  return communication::queue_email(uow, event.organization_id(), message);
}

// An entry's places as a cart of their own; what binds a buyer at the counter or the shop is not asked again.
Result<Cart> cart_of(work::UnitOfWork& uow, const Record& event, Record category, const Record& entry) {
  EC_TRY(settings, SaleSettings::of(uow, event));
  Cart cart{event, std::move(settings), false, {}, Json::object(), {}, {}, {}};
  cart.customer.email = entry[w::customer_email].text();
  cart.customer.name = text_or(entry[w::customer_name], "");
  cart.lines.push_back({std::move(category), entry[w::quantity].integer(), Json::array()});
  count_pending(uow, cart);
  EC_TRYV(check_currencies(cart));
  return cart;
}

// An order that holds the places until it is paid or expires; one over nothing is paid by being written.
Status make_offer(work::UnitOfWork& uow, const Cart& cart, Record& entry) {
  EC_TRY(priced, price_cart(uow, cart));
  OrderStart start;
  if (priced.amounts.total != 0) start.expires_at = uow.now() + offer_time_us;
  EC_TRY(rows, write_order(uow, cart, priced, start));
  EC_TRYV(uow.change(
      entry, {assign(w::status, start.expires_at ? "offered" : "accepted"), assign(w::order_id, rows.order.id()),
              assign(w::offer_expires_at, value_or_null(start.expires_at))}));
  if (!start.expires_at) EC_TRYV(issue_sold(uow, cart, priced, rows));
  return tell(uow, cart.event, cart.lines.front().category, entry, rows.order);
}

Status offer_category(work::UnitOfWork& uow, const Uuid& organization, const Uuid& id, std::int64_t limit,
                      OfferedPlaces& offered) {
  EC_TRY(category, uow.must_find(schema::tables::ticket_categories, organization, id));
  if (!category_on_sale(category, uow.now())) return ok();
  EC_TRY(event, uow.must_find(schema::tables::events, organization, category[c::event_id].uuid()));
  EC_TRY(queue, queue_of(uow, category, limit - offered.count + 1));
  for (Record& entry : queue) {
    EC_TRY(cart, cart_of(uow, event, category, entry));
    const CartLine& line = cart.lines.front();
    if (line.quantity > line.category[c::available_quantity].integer()) return ok();
    if (offered.count == limit) {
      offered.more = true;
      return ok();
    }
    EC_TRYV(make_offer(uow, cart, entry));
    ++offered.count;
  }
  return ok();
}

// ---- entries and their orders -------------------------------------------------------------------------------------

bool in_line(const Record& entry) {
  const std::string& status = entry[w::status].text();
  return status == "waiting" || status == "offered";
}

Status check_alone(work::UnitOfWork& uow, const Record& entry) {
  const Expr same = Expr::all_of({is(w::ticket_category_id, entry[w::ticket_category_id]),
                                  is(w::customer_email_folded, fold(entry[w::customer_email].text())),
                                  Expr::in_list(w::status.index, {Value("waiting"), Value("offered")}),
                                  Expr::compare(w::id.index, Expr::Op::ne, entry.id())});
  EC_TRY(others, uow.reader().count(entry.table(), entry.organization_id(), same));
  if (others == 0) return ok();
  return fail_field(Errc::already_exists, "customer_email", "waits for this category already");
}

// What becomes of an entry that was offered `order`; "" while nothing does.
std::string state_after(const std::string& state, const Record& order) {
  const bool active = order[o::order_status].text() == "active";
  const bool gone = state == "expired" || state == "withdrawn";
  if (active) return (state == "offered" || gone) && !waits_for_payment(order) ? "accepted" : "";
  if (state != "offered") return "";
  const Value& reason = order[o::cancel_reason];
  return !reason.is_null() && reason.text() == "expired" ? "expired" : "withdrawn";
}

}  // namespace

Result<Micros> end_of_queue(work::UnitOfWork& uow, const Record& category) {
  EC_TRY(last, uow.scan(waiting_for(category, true, 1)));
  const bool ahead = !last.empty() && last.front()[w::created_at].integer() > uow.now();
  return ahead ? last.front()[w::created_at].integer() + 1 : uow.now();
}

Result<std::int64_t> places_waited_for(work::Reading& reading, const Uuid& organization, Expr condition) {
  return sum_of(reading.reader(), schema::tables::waitlist_entries, organization, w::quantity,
                Expr::all_of({std::move(condition), is(w::status, "waiting")}));
}

Result<std::vector<std::int64_t>> places_left(work::Reading& reading, const Cart& cart) {
  std::vector<Value> ids;
  for (const CartLine& line : cart.lines) ids.emplace_back(line.category.id());
  store::Aggregate waiting;
  waiting.table = &schema::tables::waitlist_entries;
  waiting.organization = cart.event.organization_id();
  waiting.where = Expr::all_of({Expr::in_list(w::ticket_category_id.index, std::move(ids)), is(w::status, "waiting")});
  waiting.group_by = {w::ticket_category_id.index};
  waiting.measures = {{store::Aggregate::Kind::sum, w::quantity.index}};
  EC_TRY(rows, reading.reader().aggregate(waiting));
  std::map<Uuid, std::int64_t> wanted;
  for (const auto& row : rows) wanted[row[0].uuid()] = row[1].integer();
  std::vector<std::int64_t> left;
  for (const CartLine& line : cart.lines) {
    const auto found = wanted.find(line.category.id());
    left.push_back(pure::left_for_others(line.category[c::available_quantity].integer(),
                                         found == wanted.end() ? 0 : found->second));
  }
  return left;
}

Result<std::int64_t> left_unwaited(work::UnitOfWork& uow, const Record& category) {
  EC_TRY(waiting, places_waited_for(uow, category.organization_id(), is(w::ticket_category_id, category.id())));
  return pure::left_for_others(
      category[c::available_quantity].integer() + uow.pending(category.id(), c::available_quantity), waiting);
}

Result<OfferedPlaces> offer_places(work::UnitOfWork& uow, const Uuid& organization, std::int64_t limit) {
  OfferedPlaces offered;
  if (uow.facts().is_closed(organization)) return offered;
  EC_TRY(categories, wanted_categories(uow, organization));
  for (const Uuid& category : categories) {
    EC_TRYV(offer_category(uow, organization, category, limit, offered));
    if (offered.more) break;
  }
  return offered;
}

Status check_waitlist_entry(work::UnitOfWork& uow, work::Write& write) {
  if (write.after == nullptr) return ok();
  const Record& entry = *write.after;
  if (trim(entry[w::customer_email].text()).empty())
    return broken(w::customer_email, entry.table(), "is where the offer goes");
  if (entry[w::quantity].integer() > pure::max_tickets_per_order)
    return broken(w::quantity, entry.table(), "is more than an order has");
  const bool offered = entry[w::status].text() == "offered";
  if (offered && entry[w::order_id].is_null()) return broken(w::order_id, entry.table(), "an offer is an order");
  if (entry[w::status].text() == "waiting" && !entry[w::order_id].is_null())
    return broken(w::order_id, entry.table(), "who waits has no order yet");
  if (!in_line(entry) || (write.before != nullptr && in_line(*write.before) && !write.changes(w::customer_email)))
    return ok();
  return check_alone(uow, entry);
}

Status settle_offer(work::UnitOfWork& uow, const Record& before, const Record& after) {
  if (before[o::order_status] == after[o::order_status] && before[o::payment_status] == after[o::payment_status])
    return ok();
  store::Query query;
  query.table = &schema::tables::waitlist_entries;
  query.organization = after.organization_id();
  query.where = is(w::order_id, after.id());
  EC_TRY(entries, uow.scan(query));
  for (Record& entry : entries) {
    const std::string state = state_after(entry[w::status].text(), after);
    if (!state.empty()) EC_TRYV(uow.change(entry, {assign(w::status, state)}));
  }
  return ok();
}

}  // namespace eventcore::rules::ticketing
