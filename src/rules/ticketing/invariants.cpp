#include "rules/ticketing/invariants.hpp"

#include "base/codes.hpp"
#include "base/currency.hpp"
#include "rules/pure/discount.hpp"
#include "rules/pure/price.hpp"
#include "rules/pure/stock.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/discount.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/waiting.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::ticketing {

using work::UnitOfWork;
using work::Write;

namespace c = col::ticket_categories;
namespace o = col::ticket_orders;
namespace i = col::ticket_order_items;
namespace t = col::tickets;

namespace {

constexpr std::int64_t one = 10'000;  // decimals and money at scale 4

std::int64_t unit_of(std::string_view currency) {
  return minor_unit(currency_digits(currency).value_or(2));
}

std::optional<std::int64_t> number(const Value& value) {
  return value.is_null() ? std::nullopt : std::optional<std::int64_t>(value.integer());
}

// ---- categories ---------------------------------------------------------------------------------------------------

// A number given as available becomes what is withheld; nothing is taken yet.
Status begin_stock(Write& write) {
  Record& after = *write.after;
  const std::int64_t total = after[c::total_quantity].integer();
  if (after[c::available_quantity].is_null()) {
    const pure::Stock stock{.total = total, .withheld = after[c::withheld_quantity].integer(), .taken = 0};
    if (const auto problem = pure::stock_problem(stock))
      return fail_field(Errc::invariant_violated, "withheld_quantity", std::string(*problem));
    after.set(c::available_quantity, pure::available(stock));
    return ok();
  }
  EC_TRY(stock, pure::new_stock(total, after[c::available_quantity].integer()));
  if (write.names(c::withheld_quantity) && after[c::withheld_quantity].integer() != stock.withheld)
    return broken(c::withheld_quantity, after.table(), "does not fit available_quantity, which is given too");
  after.set(c::withheld_quantity, stock.withheld);
  return ok();
}

// Places sold or held stay; total and withheld move what is left by as much.
Status move_stock(UnitOfWork& uow, Write& write) {
  if (!write.changes(c::total_quantity) && !write.changes(c::withheld_quantity)) return ok();
  Record& after = *write.after;
  const Record& before = *write.before;
  const pure::Stock stock{.total = after[c::total_quantity].integer(),
                          .withheld = after[c::withheld_quantity].integer(),
                          .taken = before[c::total_quantity].integer() - before[c::withheld_quantity].integer() -
                                   after[c::available_quantity].integer()};
  const std::int64_t pending = uow.pending(after.id(), c::available_quantity);
  const auto problem = pure::stock_problem(stock);
  if (problem || pure::available(stock) + pending < 0) {
    FailureDetail detail;
    detail.fields.push_back({write.changes(c::total_quantity) ? "total_quantity" : "withheld_quantity",
                             problem ? std::string(*problem) : "more places are taken than there are"});
    detail.facts = {{"taken", std::to_string(stock.taken - pending)}};
    return Failure(Errc::total_too_small, std::move(detail));
  }
  after.set(c::available_quantity, pure::available(stock));
  return ok();
}

Status fits_event(UnitOfWork& uow, const Write& write) {
  const Record& after = *write.after;
  const std::int64_t was = write.before == nullptr ? 0 : (*write.before)[c::total_quantity].integer();
  if (after[c::total_quantity].integer() <= was) return ok();
  EC_TRY(event, uow.find(schema::tables::events, after.organization_id(), after[c::event_id].uuid()));
  if (!event) return fail_field(Errc::reference_not_found, "event_id", "there is no such row");
  const Value& capacity = (*event)[col::events::max_capacity];
  if (capacity.is_null()) return ok();
  const Expr others = Expr::all_of(
      {Expr::equals(c::event_id.index, after[c::event_id]), Expr::compare(c::id.index, Expr::Op::ne, after.id())});
  EC_TRY(places,
         sum_of(uow.reader(), schema::tables::ticket_categories, after.organization_id(), c::total_quantity, others));
  if (places + after[c::total_quantity].integer() <= capacity.integer()) return ok();
  return fail_fact(Errc::capacity_exceeded, "max_capacity", std::to_string(capacity.integer()));
}

// What was sold, and what rules take off, are amounts of the currency that stood here then.
Status keeps_currency(UnitOfWork& uow, const Write& write) {
  if (write.before == nullptr || !write.changes(c::currency)) return ok();
  const Record& category = *write.after;
  const std::pair<const schema::TableDef*, Column> amounts[] = {
      {&schema::tables::ticket_order_items, col::ticket_order_items::ticket_category_id},
      {&schema::tables::dynamic_pricing_rules, col::dynamic_pricing_rules::ticket_category_id}};
  for (const auto& [table, column] : amounts) {
    EC_TRY(rows,
           uow.reader().count(*table, category.organization_id(), Expr::equals(column.index, Value(category.id()))));
    if (rows != 0) return broken(c::currency, category.table(), "has " + std::string(table->name));
  }
  return ok();
}

}  // namespace

Status check_category(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  EC_TRYV(keeps_currency(uow, write));
  EC_TRYV(write.before == nullptr ? begin_stock(write) : move_stock(uow, write));
  return fits_event(uow, write);
}

// ---- price rules --------------------------------------------------------------------------------------------------

namespace {

Status check_rule_count(UnitOfWork& uow, const Write& write) {
  namespace r = col::dynamic_pricing_rules;
  const Record& after = *write.after;
  if (!after[r::is_active].boolean() || !write.changes(r::is_active)) return ok();
  const Expr active =
      Expr::all_of({Expr::equals(r::ticket_category_id.index, after[r::ticket_category_id]),
                    Expr::equals(r::is_active.index, true), Expr::compare(r::id.index, Expr::Op::ne, after.id())});
  EC_TRY(others, uow.reader().count(after.table(), after.organization_id(), active));
  if (others < static_cast<std::int64_t>(pure::max_price_rules)) return ok();
  return broken(r::is_active, after.table(),
                "a category has at most " + std::to_string(pure::max_price_rules) + " active rules");
}

}  // namespace

Status check_price_rule(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  namespace r = col::dynamic_pricing_rules;
  const Record& after = *write.after;
  if (write.changes(r::conditions)) {
    EC_TRY(conditions, stored_json(after[r::conditions]));
    if (const auto problem = pure::bad_conditions(conditions)) return broken(r::conditions, after.table(), *problem);
  }
  if (const auto problem = pure::bad_price_bounds(number(after[r::min_price]), number(after[r::max_price])))
    return broken(r::min_price, after.table(), *problem);
  if (after[r::price_adjustment_type].text() == "fixed_amount" &&
      (write.changes(r::adjustment_value) || write.changes(r::price_adjustment_type))) {
    EC_TRY(currency, uow.currency_of(after));
    if (after[r::adjustment_value].integer() % unit_of(currency) != 0)
      return broken(r::adjustment_value, after.table(), "has more decimals than " + currency);
  }
  return check_rule_count(uow, write);
}

// ---- discount codes -----------------------------------------------------------------------------------------------

namespace {

Status check_code_categories(UnitOfWork& uow, const Record& code) {
  namespace d = col::discount_codes;
  for (const Uuid& id : stored_ids(code[d::applicable_categories])) {
    EC_TRY(category, uow.find(schema::tables::ticket_categories, code.organization_id(), id));
    EC_TRY(visible, category ? uow.visible(*category) : Result<bool>(false));
    if (!visible) return fail_field(Errc::reference_not_found, "applicable_categories", "there is no such row");
    if (!code[d::event_id].is_null() && !((*category)[c::event_id] == code[d::event_id]))
      return broken(d::applicable_categories, code.table(), "names a category of another event");
  }
  return ok();
}

}  // namespace

Status check_discount_code(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  namespace d = col::discount_codes;
  const Record& after = *write.after;
  if (write.changes(d::applicable_categories)) EC_TRYV(check_code_categories(uow, after));
  const auto type = pure::discount_type(after[d::discount_type].text());
  if (!type) return ok();
  const bool amount = *type == pure::DiscountType::fixed_amount;
  if (amount && after[d::currency].is_null())
    return broken(d::currency, after.table(), "a fixed amount needs a currency");
  const std::int64_t least = after[d::min_quantity].is_null() ? 1 : after[d::min_quantity].integer();
  const auto problem = pure::bad_discount(*type, after[d::discount_value].integer(), least,
                                          amount ? unit_of(after[d::currency].text()) : one);
  return problem ? Status(broken(d::discount_value, after.table(), *problem)) : ok();
}

// ---- orders and their lines ---------------------------------------------------------------------------------------

namespace {

bool holds_places(const Record& order) {
  return pure::order_takes_places(order[o::order_status].text(), order[o::payment_status].text());
}

void move_places(UnitOfWork& uow, const Record& row, Column category, std::int64_t delta) {
  uow.add_to(schema::tables::ticket_categories, row.organization_id(), row[category].uuid(), c::available_quantity,
             delta, Errc::sold_out);
}

Result<std::vector<Record>> lines_of(work::Reading& reading, const Record& order) {
  store::Query query;
  query.table = &schema::tables::ticket_order_items;
  query.organization = order.organization_id();
  query.where = Expr::equals(i::order_id.index, order.id());
  query.columns = store::ColumnSet::short_only(*query.table);
  return reading.scan(query);
}

}  // namespace

namespace {

// A limit binds an order that is placed. Money that comes late brings back an order that was placed, and its use with
// it, whatever others have used since: decision 35.
Status check_code_used(UnitOfWork& uow, const Write& write) {
  namespace d = col::discount_codes;
  const Record& order = *write.after;
  if (!holds_use(order)) return ok();
  const bool same_code = write.before != nullptr && (*write.before)[o::discount_code_id] == order[o::discount_code_id];
  if (same_code && (holds_use(*write.before) || !order[o::paid_at].is_null())) return ok();
  EC_TRY(code, uow.find(schema::tables::discount_codes, order.organization_id(), order[o::discount_code_id].uuid()));
  if (!code) return fail_field(Errc::reference_not_found, "discount_code_id", "there is no such row");
  if (!(*code)[d::event_id].is_null() && !((*code)[d::event_id] == order[o::event_id]))
    return broken(o::discount_code_id, order.table(), "is a code of another event");
  const Value& most = (*code)[d::max_uses];
  const std::int64_t uses = (*code)[d::current_uses].integer() + uow.pending(code->id(), d::current_uses);
  if (!most.is_null() && uses >= most.integer()) return fail_fact(Errc::discount_not_applicable, "reason", "exhausted");
  return ok();
}

// Nobody is admitted by an order that does not stand any more. Used tickets have admitted already.
Status cancel_tickets(UnitOfWork& uow, const Record& order) {
  EC_TRY(tickets, tickets_of(uow, order));
  for (Record& ticket : tickets)
    if (ticket[t::status].text() == "valid") EC_TRYV(uow.change(ticket, {{t::status.index, Value("cancelled")}}));
  return ok();
}

bool is_active(const Record& order) {
  return order[o::order_status].text() == "active";
}

void count_use(UnitOfWork& uow, const Record* order, std::int64_t delta) {
  if (order == nullptr || !holds_use(*order)) return;
  uow.add_to(schema::tables::discount_codes, order->organization_id(), (*order)[o::discount_code_id].uuid(),
             col::discount_codes::current_uses, delta, Errc::discount_not_applicable);
}

}  // namespace

Status check_order(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  if (write.changes(o::order_number) && !valid_order_number((*write.after)[o::order_number].text()))
    return broken(o::order_number, write.after->table(), "is not an order number of this engine");
  return check_code_used(uow, write);
}

// Places that were held go back; when tickets are issued in the same unit they take them at once. The use of a code and
// the entry of the waiting list move with the order.
Status settle_order(UnitOfWork& uow, const Write& write) {
  count_use(uow, write.before, -1);
  count_use(uow, write.after, 1);
  if (write.before == nullptr || write.after == nullptr) return ok();
  EC_TRYV(settle_offer(uow, *write.before, *write.after));
  if (is_active(*write.before) && !is_active(*write.after) && !holds_places(*write.before))
    EC_TRYV(cancel_tickets(uow, *write.after));
  const bool held = holds_places(*write.before);
  if (held == holds_places(*write.after)) return ok();
  EC_TRY(lines, lines_of(uow, *write.after));
  for (const Record& line : lines) {
    const std::int64_t quantity = line[i::quantity].integer();
    move_places(uow, line, i::ticket_category_id, held ? quantity : -quantity);
  }
  return ok();
}

// Commands write the order's state along with its payments; after an import it follows them all the same.
Status settle_payment(UnitOfWork& uow, const Write& write) {
  namespace p = col::order_payments;
  if (write.as != work::As::caller || write.after == nullptr) return ok();
  const Record& payment = *write.after;
  EC_TRY(order, uow.must_find(schema::tables::ticket_orders, payment.organization_id(), payment[p::order_id].uuid()));
  Changes more;
  if (order[o::paid_at].is_null() && is_active(order) && is_row(payment, "payment", "succeeded")) {
    EC_TRY(payments, payments_of(uow, order));
    if (payment_status_after(order, payments) == "paid")
      more.push_back(
          {o::paid_at.index, payment[p::occurred_at].is_null() ? Value(uow.now()) : payment[p::occurred_at]});
  }
  return follow_payments(uow, order, std::move(more));
}

Status check_order_item(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr || write.before != nullptr) return ok();
  const Record& line = *write.after;
  EC_TRY(category,
         uow.reader().get(schema::tables::ticket_categories, line.organization_id(), line[i::ticket_category_id].uuid(),
                          store::ColumnSet::short_only(schema::tables::ticket_categories)));
  if (!category) return fail_field(Errc::reference_not_found, "ticket_category_id", "there is no such row");
  if (!((*category)[c::event_id] == line[i::event_id]))
    return broken(i::ticket_category_id, line.table(), "is a category of another event than the order's");
  return ok();
}

namespace {

// An order that ran out may be paid late while it keeps its deadline. One that lost a line, since the category was
// deleted, could only come back with fewer places than its payment is for.
Status forgo_late_payment(UnitOfWork& uow, const Record& order) {
  if (is_active(order) || order[o::expires_at].is_null()) return ok();
  EC_TRY(whole, uow.must_find(schema::tables::ticket_orders, order.organization_id(), order.id()));
  return uow.change(whole, {{o::expires_at.index, Value()}});
}

}  // namespace

Status settle_order_item(UnitOfWork& uow, const Write& write) {
  const Record& line = write.after != nullptr ? *write.after : *write.before;
  const std::int64_t had = write.before == nullptr ? 0 : (*write.before)[i::quantity].integer();
  const std::int64_t has = write.after == nullptr ? 0 : (*write.after)[i::quantity].integer();
  if (had == has) return ok();
  EC_TRY(order, uow.reader().get(schema::tables::ticket_orders, line.organization_id(), line[i::order_id].uuid(),
                                 store::ColumnSet::short_only(schema::tables::ticket_orders)));
  if (order && holds_places(*order)) move_places(uow, line, i::ticket_category_id, had - has);
  if (order && write.after == nullptr) return forgo_late_payment(uow, *order);
  return ok();
}

// ---- tickets ------------------------------------------------------------------------------------------------------

namespace {

Status check_new_ticket(UnitOfWork& uow, const Record& ticket) {
  if (!valid_ticket_number(ticket[t::ticket_number].text()))
    return broken(t::ticket_number, ticket.table(), "is not a ticket number of this engine");
  EC_TRY(order, uow.reader().get(schema::tables::ticket_orders, ticket.organization_id(), ticket[t::order_id].uuid(),
                                 store::ColumnSet::short_only(schema::tables::ticket_orders)));
  if (!order) return fail_field(Errc::reference_not_found, "order_id", "there is no such row");
  if (!((*order)[o::event_id] == ticket[t::event_id]))
    return broken(t::ticket_category_id, ticket.table(), "is a category of another event than the order's");
  if (ticket[t::status].text() == "valid" && !is_active(*order))
    return broken(t::status, ticket.table(), "cannot be valid: its order is cancelled");
  if (ticket[t::order_item_id].is_null()) return ok();
  EC_TRY(line, uow.find(schema::tables::ticket_order_items, ticket.organization_id(), ticket[t::order_item_id].uuid()));
  if (!line || !((*line)[i::order_id] == ticket[t::order_id]) ||
      !((*line)[i::ticket_category_id] == ticket[t::ticket_category_id]))
    return broken(t::order_item_id, ticket.table(), "is a line of another order or category");
  return ok();
}

// An admission that is undone does not bring back a ticket whose order was cancelled meanwhile.
Status check_valid_again(UnitOfWork& uow, const Record& ticket) {
  if (ticket[t::status].text() != "valid") return ok();
  EC_TRY(order, uow.must_find(schema::tables::ticket_orders, ticket.organization_id(), ticket[t::order_id].uuid()));
  if (is_active(order)) return ok();
  return broken(t::status, ticket.table(), "cannot be valid: its order is cancelled");
}

bool takes_place(const Record* ticket) {
  return ticket != nullptr && pure::ticket_takes_place((*ticket)[t::status].text());
}

}  // namespace

Status check_ticket(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  if (write.before == nullptr) return check_new_ticket(uow, *write.after);
  if (write.changes(t::ticket_category_id))
    return broken(t::ticket_category_id, write.after->table(), "a ticket keeps its category");
  return write.changes(t::status) ? check_valid_again(uow, *write.after) : ok();
}

Status settle_ticket(UnitOfWork& uow, const Write& write) {
  const bool took = takes_place(write.before);
  const bool takes = takes_place(write.after);
  if (took == takes) return ok();
  move_places(uow, write.after != nullptr ? *write.after : *write.before, t::ticket_category_id, took ? 1 : -1);
  return ok();
}

Result<std::int64_t> counted_uses(store::Reader& reader, const Record& code) {
  return reader.count(schema::tables::ticket_orders, code.organization_id(), holds_use_of(code.id()));
}

Result<std::int64_t> counted_available(store::Reader& reader, const Record& category) {
  const Expr held_tickets = Expr::all_of({Expr::equals(t::ticket_category_id.index, category.id()),
                                          Expr::in_list(t::status.index, {Value("valid"), Value("used")})});
  EC_TRY(tickets, reader.count(schema::tables::tickets, category.organization_id(), held_tickets));
  const Expr holding =
      Expr::all_of({Expr::equals(o::order_status.index, "active"),
                    Expr::in_list(o::payment_status.index, {Value("pending"), Value("processing"), Value("failed")})});
  EC_TRY(held, sum_of(reader, schema::tables::ticket_order_items, category.organization_id(), i::quantity,
                      Expr::all_of({Expr::equals(i::ticket_category_id.index, category.id()),
                                    Expr::parent(i::order_id.index, schema::tables::ticket_orders, holding)})));
  return category[c::total_quantity].integer() - category[c::withheld_quantity].integer() - tickets - held;
}

}  // namespace eventcore::rules::ticketing
