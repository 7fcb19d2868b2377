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

struct Attendee {
  std::string name;
  std::string email;
  Value phone;
};

std::string member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Whoever is named for the place, and the buyer for what is not said.
Attendee attendee_of(const Record& order, const Json& attendees, std::size_t place) {
  namespace o = col::ticket_orders;
  Attendee attendee{order[o::customer_name].text(), order[o::customer_email].text(), order[o::customer_phone]};
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
  const Record& event;
  const Record& order;
  const Record& item;
  AdmissionWindow window;
  Attendee attendee;
  std::string number;
  std::int64_t price_paid;
};

Result<Record> write_ticket(work::UnitOfWork& uow, const SigningKey& key, TicketDraft draft) {
  namespace c = col::tickets;
  const Uuid id = uow.call().draws.id();
  const Uuid category = draft.item[col::ticket_order_items::ticket_category_id].uuid();
  ticket::TicketCode code;
  code.key_id = key.key_id;
  code.event_id = draft.event.id();
  code.ticket_id = id;
  code.category_id = category;
  code.valid_from = ticket::code_seconds(draft.window.from);
  code.valid_until = ticket::code_seconds(draft.window.until);
  EC_TRY(text, ticket::sign(code, key.secret.view()));
  const Changes row{
      assign(c::id, id),
      assign(c::organization_id, draft.order.organization_id()),
      assign(c::event_id, draft.event.id()),
      assign(c::order_id, draft.order.id()),
      assign(c::order_item_id, draft.item.id()),
      assign(c::ticket_category_id, category),
      assign(c::ticket_number, std::move(draft.number)),
      assign(c::attendee_name, std::move(draft.attendee.name)),
      assign(c::attendee_email, std::move(draft.attendee.email)),
      assign(c::attendee_phone, std::move(draft.attendee.phone)),
      assign(c::qr_code_data, std::move(text)),
      assign(c::price_paid, draft.price_paid),
      assign(c::currency, draft.order[col::ticket_orders::currency]),
      assign(c::status, "valid"),
      assign(c::code_serial, 0),
      assign(c::key_id, static_cast<std::int64_t>(key.key_id)),
      assign(c::valid_from, draft.window.from),
      assign(c::valid_until, draft.window.until),
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
      TicketDraft draft{event,
                        order,
                        items[i],
                        window,
                        attendee_of(order, attendees, place),
                        std::move(numbers[tickets.size()]),
                        places[place].price_paid};
      EC_TRY(ticket, write_ticket(uow, key, std::move(draft)));
      tickets.push_back(std::move(ticket));
    }
  }
  return tickets;
}

}  // namespace eventcore::rules::ticketing
