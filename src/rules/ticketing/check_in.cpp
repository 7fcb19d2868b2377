// check_in: one scan at a gate. Every scan is kept, refused ones too; a repeated nonce is answered as before.
#include "base/codes.hpp"
#include "base/time.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/admission.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace s = col::check_ins;

Status check_shape(const schema::Arguments& arguments) {
  FailureDetail detail;
  if (arguments.has("code") == arguments.has("ticket_number")) {
    detail.fields.push_back({"code", "exactly one of code and ticket_number is needed"});
    detail.fields.push_back({"ticket_number", "exactly one of code and ticket_number is needed"});
  }
  if (arguments.text("nonce").size() > schema::indexed_text_bytes_max)
    detail.fields.push_back({"nonce", "is longer than 254 bytes"});
  if (arguments.has("nonce") && arguments.text("nonce").empty())
    detail.fields.push_back({"nonce", "must not be empty"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_argument, std::move(detail));
}

// A device stands at the gate it was registered for; one registered without a gate says where it is.
Result<std::optional<std::string>> gate_of(const work::Reading& reading, const schema::Arguments& arguments) {
  const policy::Facts& facts = reading.facts();
  const std::optional<std::string> given = arguments.optional_text("gate");
  if (facts.kind != policy::PrincipalKind::device || facts.gate.empty()) return given;
  if (given && *given != facts.gate)
    return fail(Errc::command_denied, "this device is registered for the gate " + facts.gate);
  return std::optional<std::string>(facts.gate);
}

Scan scan_of(const schema::Arguments& arguments, std::optional<std::string> gate) {
  Scan scan;
  scan.code = arguments.optional_text("code");
  if (!scan.code) scan.ticket_number = normalise_ticket_number(arguments.text("ticket_number"));
  scan.gate = std::move(gate);
  scan.out = arguments.text("direction") == "out";
  return scan;
}

Result<std::optional<Record>> scan_with_nonce(work::UnitOfWork& uow, const Record& event, const std::string& nonce) {
  store::Query query;
  query.table = &schema::tables::check_ins;
  query.organization = event.organization_id();
  query.where = Expr::all_of({is(s::event_id, event.id()), is(s::nonce, nonce)});
  query.limit = 1;
  EC_TRY(rows, uow.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

Json admission_json(const Record& scan) {
  return Json{{"time", format_rfc3339(scan[s::scanned_at].integer())},
              {"gate", scan[s::gate].is_null() ? Json() : Json(scan[s::gate].text())},
              {"device", scan[s::device_id].is_null() ? Json() : Json(to_text(scan[s::device_id].uuid()))}};
}

// When and where the ticket was admitted before; null when it was not. `again`: a scan that is answered once more. A
// ticket that came in used, by an import, has a time and no scan.
Result<Json> previous_json(work::UnitOfWork& uow, const Record& ticket, const Record* again) {
  EC_TRY(last, again == nullptr ? last_admission(uow, ticket) : last_admission_before(uow, ticket, *again));
  if (last) return admission_json(*last);
  const Value& time = ticket[col::tickets::check_in_time];
  if (time.is_null() || (again != nullptr && time.integer() >= (*again)[s::scanned_at].integer())) return Json();
  return Json{{"time", format_rfc3339(time.integer())}, {"gate", nullptr}, {"device", nullptr}};
}

Result<Json> answer(work::UnitOfWork& uow, const std::string& outcome, const Record* ticket, Json previous) {
  Json shown;
  if (ticket != nullptr) {
    EC_TRY(row, uow.show(*ticket));
    shown = std::move(row);
  }
  return Json{{"outcome", outcome},
              {"message", outcome_message(outcome)},
              {"ticket", std::move(shown)},
              {"previous", std::move(previous)}};
}

Result<Json> answer_again(work::UnitOfWork& uow, const Record& before, const Scan& scan, const Digest& digest) {
  const bool same = before[s::code_digest].bytes() == Bytes(digest.begin(), digest.end()) &&
                    before[s::direction].text() == (scan.out ? "out" : "in");
  if (!same) return fail_field(Errc::idempotency_mismatch, "nonce", "was used for another scan");
  if (before[s::ticket_id].is_null()) return answer(uow, before[s::outcome].text(), nullptr, nullptr);
  EC_TRY(ticket, uow.must_find(schema::tables::tickets, before.organization_id(), before[s::ticket_id].uuid()));
  EC_TRY(previous, previous_json(uow, ticket, &before));
  return answer(uow, before[s::outcome].text(), &ticket, std::move(previous));
}

Status keep_scan(work::UnitOfWork& uow, const Record& event, const Scan& scan, const Admission& admission,
                 const Digest& digest, std::optional<std::string> nonce) {
  const policy::Facts& facts = uow.facts();
  Micros time = uow.now();
  if (admission.ticket) {
    EC_TRY(after, scan_time(uow, *admission.ticket));
    time = after;
  }
  Changes row{assign(s::organization_id, event.organization_id()),
              assign(s::event_id, event.id()),
              assign(s::code_digest, Bytes(digest.begin(), digest.end())),
              assign(s::outcome, admission.outcome),
              assign(s::direction, scan.out ? "out" : "in"),
              assign(s::gate, value_or_null(scan.gate)),
              assign(s::scanned_at, time),
              assign(s::nonce, value_or_null(std::move(nonce)))};
  if (admission.ticket) row.push_back(assign(s::ticket_id, admission.ticket->id()));
  if (facts.kind == policy::PrincipalKind::device) row.push_back(assign(s::device_id, facts.id));
  if (facts.kind == policy::PrincipalKind::user) row.push_back(assign(s::operator_id, facts.id));
  EC_TRYV(uow.insert(schema::tables::check_ins, row, work::As::engine));
  return ok();
}

}  // namespace

Result<Json> check_in(work::UnitOfWork& uow, const schema::CommandDef& command, const schema::Arguments& arguments) {
  EC_TRYV(check_shape(arguments));
  EC_TRY(event, uow.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(uow, command, event));
  EC_TRY(gate, gate_of(uow, arguments));
  const Scan scan = scan_of(arguments, std::move(gate));
  EC_TRY(digest, uow.reader().keyed_digest(event.organization_id(), "check_in", scan.text()));
  const std::optional<std::string> nonce = arguments.optional_text("nonce");
  if (nonce) {
    EC_TRY(before, scan_with_nonce(uow, event, *nonce));
    if (before) return answer_again(uow, *before, scan, digest);
  }

  EC_TRY(admission, decide_admission(uow, event, scan));
  Json previous;
  if (admission.ticket && (*admission.ticket)[col::tickets::status].text() == "used") {
    EC_TRY(last, previous_json(uow, *admission.ticket, nullptr));
    previous = std::move(last);
  }
  if (admission.enters)
    EC_TRYV(uow.change(*admission.ticket,
                       {assign(col::tickets::status, "used"), assign(col::tickets::check_in_time, uow.now())}));
  EC_TRYV(keep_scan(uow, event, scan, admission, digest, nonce));
  return answer(uow, admission.outcome, admission.ticket ? &*admission.ticket : nullptr, std::move(previous));
}

}  // namespace eventcore::rules::ticketing
