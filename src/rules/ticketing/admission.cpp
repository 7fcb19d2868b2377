#include "rules/ticketing/admission.hpp"
#include "rules/recorded.hpp"

#include <algorithm>

#include "base/codes.hpp"
#include "rules/recorded.hpp"
#include "rules/ticketing/event_key.hpp"
#include "rules/ticketing/issue_tickets.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/settings.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"
#include "ticket/code.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace t = col::tickets;
namespace s = col::check_ins;

Admission refused(std::string outcome) {
  return {std::move(outcome), std::nullopt, false};
}

// From forged to revoked: what the code itself says.
Result<Admission> read_code(work::Reading& reading, const Record& event, const std::string& text) {
  const auto signed_code = ticket::parse(text);
  if (!signed_code) return refused("forged");
  const ticket::TicketCode& code = signed_code->code;
  if (code.event_id != event.id()) return refused("wrong_event");
  EC_TRY(key, public_key(reading, event, code.key_id));
  if (!key || !ticket::verify(*signed_code, *key)) return refused("forged");
  EC_TRY(found, reading.find(schema::tables::tickets, event.organization_id(), code.ticket_id));
  if (!found || (*found)[t::event_id].uuid() != event.id()) return refused("unknown");
  // A ticket's present code has its serial and its key: whoever got hold of a retired key cannot sign for a ticket that
  // was given a code of the newer one.
  const Value& signer = (*found)[t::key_id];
  const bool revoked =
      (*found)[t::code_serial].integer() != code.serial || (!signer.is_null() && signer.integer() != code.key_id);
  return Admission{revoked ? "revoked" : "", std::move(found), false};
}

Result<Admission> read_number(work::Reading& reading, const Record& event, const std::string& number) {
  if (!valid_ticket_number(number)) return refused("unknown");
  store::Query query;
  query.table = &schema::tables::tickets;
  query.organization = event.organization_id();
  query.where = is(t::ticket_number, number);
  query.limit = 1;
  EC_TRY(rows, reading.scan(query));
  if (rows.empty() || rows.front()[t::event_id].uuid() != event.id()) return refused("unknown");
  return Admission{"", std::move(rows.front()), false};
}

Result<bool> charged_back(work::Reading& reading, const Record& order) {
  EC_TRY(payments, payments_of(reading, order));
  return std::any_of(payments.begin(), payments.end(), [](const Record& payment) {
    return payment[col::order_payments::kind].text() == "chargeback" &&
           payment[col::order_payments::status].text() == "succeeded";
  });
}

}  // namespace

// Payments are read only when some money went back; an order that is plainly paid needs no second look.
Result<bool> unpaid(work::Reading& reading, const Record& ticket) {
  EC_TRY(order, reading.must_find(schema::tables::ticket_orders, ticket.organization_id(), ticket[t::order_id].uuid()));
  const std::string& state = order[col::ticket_orders::payment_status].text();
  if (state == "paid") return false;
  if (state != "partially_refunded") return true;
  return charged_back(reading, order);
}

namespace {

Result<bool> wrong_gate(const Record& category, const std::optional<std::string>& gate) {
  const Value& text = category[col::ticket_categories::gates];
  if (text.is_null()) return false;
  EC_TRY(gates, parse_json(text.text()));
  if (!gates.is_array() || gates.empty()) return false;
  return std::none_of(gates.begin(), gates.end(),
                      [&](const Json& open) { return gate && open.is_string() && open == *gate; });
}

std::string time_outcome(const Record& event, const Record& category, const Record& ticket, Micros now) {
  const AdmissionWindow window = ticket_window(event, category, ticket);
  if (now < window.from) return "not_yet_valid";
  return now > window.until ? "expired" : "";
}

// Whether the ticket's holder went out last, and may come in again.
Result<bool> may_come_back(work::Reading& reading, const Record& event, const Record& ticket) {
  EC_TRY(last, last_movement(reading, ticket));
  if (!last || (*last)[s::direction].text() != "out") return false;
  EC_TRY(settings, SaleSettings::of(reading, event));
  return settings.reentry();
}

// From transferred to admitted: what is known of the ticket.
Status decide(work::Reading& reading, const Record& event, const Scan& scan, Admission& admission) {
  const Record& ticket = *admission.ticket;
  const auto outcome = [&](std::string_view word) {
    admission.outcome = word;
    return ok();
  };
  const std::string& status = ticket[t::status].text();
  if (status == "transferred" || status == "cancelled") return outcome(status);
  EC_TRY(is_unpaid, unpaid(reading, ticket));
  if (is_unpaid) return outcome("unpaid");
  EC_TRY(category, reading.must_find(schema::tables::ticket_categories, ticket.organization_id(),
                                     ticket[t::ticket_category_id].uuid()));
  EC_TRY(is_wrong_gate, wrong_gate(category, scan.gate));
  if (is_wrong_gate) return outcome("wrong_gate");
  if (const std::string word = time_outcome(event, category, ticket, reading.now()); !word.empty())
    return outcome(word);
  if (status == "used" && !scan.out) {
    EC_TRY(again, may_come_back(reading, event, ticket));
    if (!again) return outcome("already_used");
  }
  admission.enters = status == "valid" && !scan.out;
  return outcome("admitted");
}

}  // namespace

Result<Admission> decide_admission(work::Reading& reading, const Record& event, const Scan& scan) {
  EC_TRY(admission,
         scan.code ? read_code(reading, event, *scan.code) : read_number(reading, event, scan.ticket_number));
  if (admission.outcome.empty()) EC_TRYV(decide(reading, event, scan, admission));
  return admission;
}

namespace {

// The last of the ticket's scans of which `which` holds.
Result<std::optional<Record>> last_scan(work::Reading& reading, const Record& ticket, std::vector<Expr> which) {
  which.push_back(is(s::ticket_id, ticket.id()));
  which.push_back(is(s::outcome, "admitted"));
  store::Query query;
  query.table = &schema::tables::check_ins;
  query.organization = ticket.organization_id();
  query.where = Expr::all_of(std::move(which));
  query.order = {{s::scanned_at.index, true}, {s::id.index, true}};
  query.limit = 1;
  EC_TRY(rows, reading.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

}  // namespace

// By the order in which scans were kept: a gate whose clock is behind, or was set back, must not let somebody in twice
// for one way out.
Result<std::optional<Record>> last_movement(work::Reading& reading, const Record& ticket) {
  store::Query query;
  query.table = &schema::tables::check_ins;
  query.organization = ticket.organization_id();
  query.where =
      Expr::all_of({is(s::ticket_id, ticket.id()), is(s::outcome, "admitted"), Expr::is_null(s::undone_at.index)});
  query.order = {{s::scanned_at.index, false}};  // as the ticket's index has them; ids would be sought in the tenant's
  EC_TRY(rows, reading.scan(query));
  EC_TRYV(sort_as_recorded(reading.reader(), rows));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.back()));
}

Result<std::optional<Record>> last_admission(work::Reading& reading, const Record& ticket) {
  return last_scan(reading, ticket, {is(s::direction, "in"), Expr::is_null(s::undone_at.index)});
}

Result<std::optional<Record>> last_admission_before(work::Reading& reading, const Record& ticket, const Record& scan) {
  const Value& time = scan[s::scanned_at];
  return last_scan(
      reading, ticket,
      {is(s::direction, "in"), Expr::compare(s::id.index, Expr::Op::lt, scan.id()),
       Expr::any_of({Expr::is_null(s::undone_at.index), Expr::compare(s::undone_at.index, Expr::Op::gte, time)})});
}

std::string_view outcome_message(std::string_view outcome) {
  struct Sentence {
    std::string_view outcome;
    std::string_view message;
  };
  static constexpr Sentence sentences[] = {
      {"forged", "this is no ticket code of this event"},
      {"wrong_event", "the ticket is for another event"},
      {"unknown", "there is no such ticket"},
      {"revoked", "the code was replaced by a newer one"},
      {"transferred", "the ticket was passed on to somebody else"},
      {"cancelled", "the ticket was cancelled"},
      {"unpaid", "the ticket is not paid for"},
      {"wrong_gate", "the ticket admits at another gate"},
      {"not_yet_valid", "the ticket is not valid yet"},
      {"expired", "the ticket is not valid any more"},
      {"already_used", "the ticket was used before"},
      {"admitted", "welcome"},
  };
  for (const Sentence& sentence : sentences)
    if (sentence.outcome == outcome) return sentence.message;
  return "";
}

}  // namespace eventcore::rules::ticketing
