#include "rules/ticketing/issue_tickets.hpp"

#include <set>

#include "base/codes.hpp"
#include "rules/ticketing/event_key.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"
#include "ticket/code.hpp"

namespace eventcore::rules::ticketing {

namespace {

constexpr Micros hour_us = 3'600'000'000;
constexpr int number_attempts = 16;
constexpr std::size_t numbers_at_once = 1'000;

std::string member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Whoever is named for the place, and the buyer for what is not said.
Holder attendee_of(const Record& order, const Json& attendees, std::size_t place) {
  namespace o = col::ticket_orders;
  Holder attendee{order[o::customer_name].text(), order[o::customer_email].text(), order[o::customer_phone]};
  if (place >= attendees.size() || !attendees[place].is_object()) return attendee;
  const Json& given = attendees[place];
  const std::string name = member(given, "name");
  const std::string email = member(given, "email");
  const std::string phone = member(given, "phone");
  // The buyer's telephone is not that of somebody else.
  if (!name.empty() || !email.empty()) attendee.phone = Value();
  if (!name.empty()) attendee.name = name;
  if (!email.empty()) attendee.email = email;
  if (!phone.empty()) attendee.phone = phone;
  return attendee;
}

// Numbers that no ticket of the organization has.
Result<std::vector<std::string>> free_ticket_numbers(work::UnitOfWork& uow, const Uuid& organization,
                                                     std::size_t count) {
  work::DrawnRandom random(uow.call().draws);
  std::vector<std::string> numbers;
  std::set<std::string> own;
  for (int attempt = 0; numbers.size() < count; ++attempt) {
    if (attempt == number_attempts + static_cast<int>(count / numbers_at_once))
      return fail(Errc::internal, "no free ticket numbers were found");
    std::vector<Value> drawn;
    while (drawn.size() < std::min(count - numbers.size(), numbers_at_once)) {
      std::string number = make_ticket_number(random);
      if (own.insert(number).second) drawn.emplace_back(std::move(number));
    }
    store::Query query;
    query.table = &schema::tables::tickets;
    query.organization = organization;
    query.where = Expr::in_list(col::tickets::ticket_number.index, drawn);
    query.columns = store::ColumnSet::short_only(schema::tables::tickets);
    EC_TRY(taken, uow.scan(query));
    std::set<std::string> used;
    for (const Record& ticket : taken) used.insert(ticket[col::tickets::ticket_number].text());
    for (const Value& number : drawn)
      if (!used.contains(number.text())) numbers.push_back(number.text());
  }
  return numbers;
}

struct TicketDraft {
  Uuid organization;
  Uuid event;
  Uuid category;
  Value order;
  Value item;
  Value currency;
  AdmissionWindow window;  // what the code says; the row keeps none, so that it follows an event that moves
  Value valid_from;        // of this ticket alone
  Value valid_until;
  Holder holder;
  std::string number;
  std::int64_t price_paid = 0;
  Value transferred_from;
};

Result<Record> write_ticket(work::UnitOfWork& uow, const SigningKey& key, TicketDraft draft) {
  namespace c = col::tickets;
  ticket::TicketCode code;
  code.key_id = key.key_id;
  code.event_id = draft.event;
  code.ticket_id = uow.call().draws.id();
  code.category_id = draft.category;
  code.valid_from = ticket::code_seconds(draft.window.from);
  code.valid_until = ticket::code_seconds(draft.window.until);
  EC_TRY(text, ticket::sign(code, key.secret->view()));
  const Changes row{
      assign(c::id, code.ticket_id),
      assign(c::organization_id, draft.organization),
      assign(c::event_id, draft.event),
      assign(c::order_id, std::move(draft.order)),
      assign(c::order_item_id, std::move(draft.item)),
      assign(c::ticket_category_id, draft.category),
      assign(c::ticket_number, std::move(draft.number)),
      assign(c::attendee_name, std::move(draft.holder.name)),
      assign(c::attendee_email, std::move(draft.holder.email)),
      assign(c::attendee_phone, std::move(draft.holder.phone)),
      assign(c::qr_code_data, std::move(text)),
      assign(c::price_paid, draft.price_paid),
      assign(c::currency, std::move(draft.currency)),
      assign(c::status, "valid"),
      assign(c::code_serial, 0),
      assign(c::key_id, static_cast<std::int64_t>(key.key_id)),
      assign(c::valid_from, std::move(draft.valid_from)),
      assign(c::valid_until, std::move(draft.valid_until)),
      assign(c::transferred_from, std::move(draft.transferred_from)),
  };
  return uow.insert(schema::tables::tickets, row, work::As::engine);
}

}  // namespace

AdmissionWindow admission_window(const Record& event, const Record& category) {
  namespace c = col::ticket_categories;
  constexpr Micros before_start = 24 * hour_us;
  constexpr Micros after_end = 6 * hour_us;
  AdmissionWindow window{event[col::events::start_datetime].integer() - before_start,
                         event[col::events::end_datetime].integer() + after_end};
  if (!category[c::valid_from].is_null()) window.from = category[c::valid_from].integer();
  if (!category[c::valid_until].is_null()) window.until = category[c::valid_until].integer();
  return window;
}

Result<AdmissionWindow> window_of(work::Reading& reading, const Record& event, const Record& ticket) {
  namespace c = col::tickets;
  EC_TRY(category, reading.must_find(schema::tables::ticket_categories, ticket.organization_id(),
                                     ticket[c::ticket_category_id].uuid()));
  return ticket_window(event, category, ticket);
}

AdmissionWindow ticket_window(const Record& event, const Record& category, const Record& ticket) {
  namespace c = col::tickets;
  AdmissionWindow window = admission_window(event, category);
  if (!ticket[c::valid_from].is_null()) window.from = ticket[c::valid_from].integer();
  if (!ticket[c::valid_until].is_null()) window.until = ticket[c::valid_until].integer();
  return window;
}

Result<std::string> signed_code(const SigningKey& key, const Record& ticket, const AdmissionWindow& window,
                                std::int64_t serial) {
  namespace c = col::tickets;
  ticket::TicketCode code;
  code.key_id = key.key_id;
  code.event_id = ticket[c::event_id].uuid();
  code.ticket_id = ticket.id();
  code.category_id = ticket[c::ticket_category_id].uuid();
  code.serial = static_cast<std::uint16_t>(serial);
  code.valid_from = ticket::code_seconds(window.from);
  code.valid_until = ticket::code_seconds(window.until);
  return ticket::sign(code, key.secret->view());
}

Result<Record> issue_in_place_of(work::UnitOfWork& uow, const Record& event, const Record& old, Holder holder) {
  namespace c = col::tickets;
  EC_TRY(key, signing_key(uow, event));
  EC_TRY(numbers, free_ticket_numbers(uow, old.organization_id(), 1));
  EC_TRY(window, window_of(uow, event, old));
  TicketDraft draft;
  draft.organization = old.organization_id();
  draft.event = event.id();
  draft.category = old[c::ticket_category_id].uuid();
  draft.order = old[c::order_id];
  draft.item = old[c::order_item_id];
  draft.currency = old[c::currency];
  draft.window = window;
  draft.valid_from = old[c::valid_from];
  draft.valid_until = old[c::valid_until];
  draft.holder = std::move(holder);
  draft.number = std::move(numbers.front());
  draft.price_paid = old[c::price_paid].integer();
  draft.transferred_from = old.id();
  return write_ticket(uow, key, std::move(draft));
}

Result<std::vector<Record>> issue_tickets(work::UnitOfWork& uow, const Record& event, const Record& order,
                                          std::span<const Record> items, std::span<const Record* const> categories,
                                          const pure::OrderAmounts& amounts) {
  std::size_t count = 0;
  for (const pure::LineAmounts& line : amounts.lines) count += line.tickets.size();
  EC_TRY(key, signing_key(uow, event));
  EC_TRY(numbers, free_ticket_numbers(uow, order.organization_id(), count));
  std::vector<Record> tickets;
  tickets.reserve(count);
  for (std::size_t i = 0; i < items.size(); ++i) {
    EC_TRY(attendees, parse_json(items[i][col::ticket_order_items::attendees].text()));
    const AdmissionWindow window = admission_window(event, *categories[i]);
    const std::vector<pure::TicketAmounts>& places = amounts.lines[i].tickets;
    for (std::size_t place = 0; place < places.size(); ++place) {
      TicketDraft draft;
      draft.organization = order.organization_id();
      draft.event = event.id();
      draft.category = items[i][col::ticket_order_items::ticket_category_id].uuid();
      draft.order = order.id();
      draft.item = items[i].id();
      draft.currency = order[col::ticket_orders::currency];
      draft.window = window;
      draft.holder = attendee_of(order, attendees, place);
      draft.number = std::move(numbers[tickets.size()]);
      draft.price_paid = places[place].price_paid;
      EC_TRY(ticket, write_ticket(uow, key, std::move(draft)));
      tickets.push_back(std::move(ticket));
    }
  }
  return tickets;
}

}  // namespace eventcore::rules::ticketing
