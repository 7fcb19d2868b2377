#include "rules/events/invariants.hpp"

#include <algorithm>

#include "base/currency.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "rules/events/calling_off.hpp"
#include "rules/pure/risk.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::events {

using work::As;
using work::UnitOfWork;
using work::Write;

namespace e = col::events;

namespace {

constexpr int slug_attempts_max = 10'000;

bool is_live(const Record& event) {
  const std::string& status = event[e::status].text();
  return status == "confirmed" || status == "active";
}

// ---- events -------------------------------------------------------------------------------------------------------

Status fill_slug(UnitOfWork& uow, Write& write) {
  Record& after = *write.after;
  if (!after[e::slug].is_null()) {
    if (!write.changes(e::slug) || is_slug(after[e::slug].text())) return ok();
    return broken(e::slug, after.table(), "must be lower-case letters and digits in words joined by dashes");
  }
  const std::string base = slugify(after[e::name].text());
  for (int number = 1; number <= slug_attempts_max; ++number) {
    const std::string slug = number == 1 ? base : base + "-" + std::to_string(number);
    EC_TRY(taken,
           uow.reader().count(schema::tables::events, after.organization_id(), Expr::equals(e::slug.index, slug)));
    if (taken != 0) continue;
    after.set(e::slug, slug);
    return ok();
  }
  return Errc::already_exists;
}

Status check_zone(const Write& write) {
  const Value& zone = (*write.after)[e::timezone];
  if (zone.is_null() || !write.changes(e::timezone) || zone_exists(zone.text())) return ok();
  return broken(e::timezone, write.after->table(), "is not an IANA time zone");
}

Status check_overlap(UnitOfWork& uow, const Record& event, const Record& venue) {
  if (!is_live(event) || venue[col::venues::venue_type].text() == "virtual") return ok();
  const Expr overlapping = Expr::all_of({Expr::equals(e::venue_id.index, venue.id()),
                                         Expr::in_list(e::status.index, {Value("confirmed"), Value("active")}),
                                         Expr::compare(e::start_datetime.index, Expr::Op::lt, event[e::end_datetime]),
                                         Expr::compare(e::end_datetime.index, Expr::Op::gt, event[e::start_datetime]),
                                         Expr::compare(e::id.index, Expr::Op::ne, event.id())});
  EC_TRY(others, uow.reader().count(schema::tables::events, event.organization_id(), overlapping));
  if (others != 0) return Errc::venue_overlap;
  return ok();
}

Status check_place(UnitOfWork& uow, const Write& write) {
  const Record& after = *write.after;
  if (after[e::venue_id].is_null()) return ok();
  const bool moved = write.changes(e::venue_id) || write.changes(e::is_virtual);
  const bool resized = moved || write.changes(e::max_capacity);
  const bool rescheduled =
      moved || write.changes(e::status) || write.changes(e::start_datetime) || write.changes(e::end_datetime);
  if (!resized && !rescheduled) return ok();
  EC_TRY(venue, uow.find(schema::tables::venues, after.organization_id(), after[e::venue_id].uuid()));
  if (!venue) return fail_field(Errc::reference_not_found, "venue_id", "there is no such row");
  const std::int64_t holds = (*venue)[col::venues::max_capacity].integer();
  if (resized && !after[e::is_virtual].boolean() && after[e::max_capacity].integer() > holds)
    return fail_fact(Errc::capacity_exceeded, "venue_capacity", std::to_string(holds));
  return rescheduled ? check_overlap(uow, after, *venue) : ok();
}

Status check_categories_fit(UnitOfWork& uow, const Write& write) {
  const Record& after = *write.after;
  if (write.before == nullptr || !write.changes(e::max_capacity) || after[e::max_capacity].is_null()) return ok();
  EC_TRY(places, sum_of(uow.reader(), schema::tables::ticket_categories, after.organization_id(),
                        col::ticket_categories::total_quantity,
                        Expr::equals(col::ticket_categories::event_id.index, after.id())));
  if (places > after[e::max_capacity].integer())
    return fail_fact(Errc::capacity_exceeded, "categories_total", std::to_string(places));
  return ok();
}

}  // namespace

Status check_event(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  EC_TRYV(check_zone(write));
  EC_TRYV(fill_slug(uow, write));
  if (write.changes(e::settings)) EC_TRYV(check_settings((*write.after)[e::settings]));
  EC_TRYV(check_place(uow, write));
  return check_categories_fit(uow, write);
}

// The command goes on slice by slice under a limit of its caller's; a direct write takes one slice along, and
// maintenance the rest.
Status settle_event(UnitOfWork& uow, const Write& write) {
  if (write.as != As::caller || write.before == nullptr || write.after == nullptr) return ok();
  if (!write.changes(e::status) || (*write.after)[e::status].text() != "cancelled") return ok();
  EC_TRYV(call_off(uow, *write.after, calling_off_slice));
  return ok();
}

// ---- venues -------------------------------------------------------------------------------------------------------

namespace {

Expr at_venue(const Record& venue, std::vector<Value> states) {
  return Expr::all_of({Expr::equals(e::venue_id.index, venue.id()), Expr::in_list(e::status.index, std::move(states))});
}

Status check_events_fit(UnitOfWork& uow, const Record& venue) {
  const Expr too_large =
      Expr::all_of({at_venue(venue, {Value("planning"), Value("confirmed"), Value("active")}),
                    Expr::compare(e::max_capacity.index, Expr::Op::gt, venue[col::venues::max_capacity]),
                    Expr::negate(Expr::equals(e::is_virtual.index, true))});
  EC_TRY(events, uow.reader().count(schema::tables::events, venue.organization_id(), too_large));
  if (events != 0) return fail_fact(Errc::capacity_exceeded, "events", std::to_string(events));
  return ok();
}

// A virtual venue that becomes a real one holds one event at a time from now on.
Status check_all_overlaps(UnitOfWork& uow, const Record& venue) {
  store::Query query;
  query.table = &schema::tables::events;
  query.organization = venue.organization_id();
  query.where = at_venue(venue, {Value("confirmed"), Value("active")});
  query.order = {{e::start_datetime.index, false}};
  query.columns = store::ColumnSet::short_only(*query.table);
  EC_TRY(live, uow.scan(query));
  std::int64_t busy_until = std::numeric_limits<std::int64_t>::min();
  for (const Record& event : live) {
    if (event[e::start_datetime].integer() < busy_until) return Errc::venue_overlap;
    busy_until = std::max(busy_until, event[e::end_datetime].integer());
  }
  return ok();
}

}  // namespace

Status check_venue(UnitOfWork& uow, Write& write) {
  if (write.before == nullptr || write.after == nullptr) return ok();
  namespace v = col::venues;
  const Record& after = *write.after;
  if (after[v::max_capacity].integer() < (*write.before)[v::max_capacity].integer())
    EC_TRYV(check_events_fit(uow, after));
  const bool was_virtual = (*write.before)[v::venue_type].text() == "virtual";
  if (was_virtual && after[v::venue_type].text() != "virtual") EC_TRYV(check_all_overlaps(uow, after));
  return ok();
}

// ---- budgets, contracts, risks ------------------------------------------------------------------------------------

namespace {

// Columns that only a command fills, whoever the caller is; a service import brings them along.
Status only_by_command(const Write& write, Column who, Column when) {
  if (write.as == As::engine || write.importing || (!write.names(who) && !write.names(when))) return ok();
  const schema::TableDef& table = write.after->table();
  return fail_field(Errc::column_denied, std::string(table.columns[who.index].name), "is filled by a command");
}

Result<std::int64_t> scheduled_amount(const Json& part, std::string_view currency) {
  const auto amount = part.is_object() ? part.find("amount") : part.end();
  if (!part.is_object() || amount == part.end()) return Errc::invalid_argument;
  if (amount->is_string()) return money_from_text(amount->get_ref<const std::string&>(), currency);
  if (amount->is_number_integer()) return money_from_text(std::to_string(amount->get<std::int64_t>()), currency);
  return Errc::invalid_argument;
}

}  // namespace

Status check_budget(UnitOfWork&, Write& write) {
  if (write.after == nullptr) return ok();
  return only_by_command(write, col::event_budgets::approved_by, col::event_budgets::approved_at);
}

Status check_vendor_contract(UnitOfWork&, Write& write) {
  namespace c = col::event_vendor_contracts;
  if (write.after == nullptr) return ok();
  EC_TRYV(only_by_command(write, c::signed_by, c::signed_at));
  const Record& after = *write.after;
  if (!write.changes(c::payment_schedule) && !write.changes(c::contract_amount) && !write.changes(c::currency))
    return ok();
  EC_TRY(schedule, stored_json(after[c::payment_schedule]));
  if (schedule.is_null() || schedule.empty()) return ok();
  if (!schedule.is_array()) return broken(c::payment_schedule, after.table(), "must be a list");
  std::int64_t sum = 0;
  for (const Json& part : schedule) {
    const auto amount = scheduled_amount(part, after[c::currency].text());
    if (!amount || amount.assume_value() < 0 || __builtin_add_overflow(sum, amount.assume_value(), &sum))
      return broken(c::payment_schedule, after.table(), "every part needs an amount in the contract's currency");
  }
  if (after[c::contract_amount].is_null() || sum != after[c::contract_amount].integer())
    return broken(c::payment_schedule, after.table(), "the parts do not add up to the contract's amount");
  return ok();
}

Status check_risk(UnitOfWork&, Write& write) {
  namespace r = col::event_risks;
  if (write.after == nullptr) return ok();
  const Record& risk = *write.after;
  write.after->set(r::risk_level, pure::risk_level(risk[r::probability].text(), risk[r::impact].text()));
  return ok();
}

}  // namespace eventcore::rules::events
