// Which function carries out which command. Adding one: declare it in schema/commands, write it, and name it here.
#include "rules/rules.hpp"

#include <algorithm>

#include "rules/events/commands.hpp"
#include "rules/operations/commands.hpp"
#include "rules/organization/commands.hpp"
#include "rules/ticketing/commands.hpp"
#include "schema/commands.hpp"

namespace eventcore::rules {

namespace {

consteval std::uint16_t id_of(std::string_view name) {
  for (const schema::CommandDef* command : schema::all_commands)
    if (command->name == name) return command->id;
  throw "there is no such command";
}

constexpr Rule writing(std::uint16_t command, WriteRule rule) {
  return {command, rule, nullptr};
}
constexpr Rule reading(std::uint16_t command, ReadRule rule) {
  return {command, nullptr, rule};
}

constexpr Rule rule_table[] = {
    // organization and people
    writing(id_of("create_organization"), organization::create_organization),
    writing(id_of("invite_user"), organization::invite_user),
    writing(id_of("assign_team"), organization::assign_team),
    writing(id_of("register_device"), organization::register_device),
    writing(id_of("revoke_device"), organization::revoke_device),
    writing(id_of("create_api_key"), organization::create_api_key),
    writing(id_of("revoke_api_key"), organization::revoke_api_key),
    writing(id_of("set_integration_secret"), organization::set_integration_secret),
    writing(id_of("reveal_secret"), organization::reveal_secret),
    // events
    writing(id_of("import_open_event"), events::import_open_event),
    writing(id_of("cancel_event"), events::cancel_event),
    // ticketing
    reading(id_of("quote_price"), ticketing::quote_price),
    reading(id_of("quote_order"), ticketing::quote_order),
    writing(id_of("place_order"), ticketing::place_order),
    writing(id_of("start_payment"), ticketing::start_payment),
    writing(id_of("confirm_payment"), ticketing::confirm_payment),
    writing(id_of("fail_payment"), ticketing::fail_payment),
    writing(id_of("expire_orders"), ticketing::expire_orders),
    reading(id_of("quote_refund"), ticketing::quote_refund),
    writing(id_of("refund_tickets"), ticketing::refund_tickets),
    writing(id_of("confirm_refund"), ticketing::confirm_refund),
    writing(id_of("cancel_order"), ticketing::cancel_order),
    writing(id_of("cancel_ticket"), ticketing::cancel_ticket),
    writing(id_of("record_chargeback"), ticketing::record_chargeback),
    writing(id_of("apply_stripe_webhook"), ticketing::apply_stripe_webhook),
    reading(id_of("ticket_qr"), ticketing::ticket_qr),
    writing(id_of("check_in"), ticketing::check_in),
    writing(id_of("transfer_ticket"), ticketing::transfer_ticket),
    writing(id_of("reissue_ticket"), ticketing::reissue_ticket),
    writing(id_of("rotate_event_key"), ticketing::rotate_event_key),
    writing(id_of("undo_check_in"), ticketing::undo_check_in),
    reading(id_of("search_attendees"), ticketing::search_attendees),
    reading(id_of("event_report"), ticketing::event_report),
    reading(id_of("sales_curve"), ticketing::sales_curve),
    writing(id_of("issue_complimentary"), ticketing::issue_complimentary),
    writing(id_of("join_waitlist"), ticketing::join_waitlist),
    writing(id_of("leave_waitlist"), ticketing::leave_waitlist),
    // operations
    reading(id_of("explain_access"), operations::explain_access),
    reading(id_of("list_principals_who_can"), operations::list_principals_who_can),
    reading(id_of("verify_audit"), operations::verify_audit),
};

// These go over many tenants or the whole file, more than one unit of work may: the API room runs them out of the
// pieces in operations/maintenance.hpp and operations/verify.hpp. Those about keys and copies change files beside the
// database, which no unit of work undoes (api/keys.hpp).
constexpr std::uint16_t of_many_units[] = {
    id_of("run_maintenance"), id_of("verify_store"), id_of("list_keys"), id_of("add_key"),
    id_of("remove_key"),      id_of("rotate_key"),   id_of("backup"),    id_of("restore"),
};

consteval bool every_command_once() {
  for (const schema::CommandDef* command : schema::all_commands) {
    int found = 0;
    for (const Rule& rule : rule_table) {
      if (rule.command != command->id) continue;
      ++found;
      if (command->mutates != (rule.write != nullptr)) return false;
    }
    for (std::uint16_t id : of_many_units) found += id == command->id ? 1 : 0;
    if (found != 1) return false;
  }
  return true;
}
static_assert(every_command_once(), "every command has exactly one function, of the kind it declares");

}  // namespace

const Rule* find_rule(std::uint16_t command) {
  const auto found = std::find_if(std::begin(rule_table), std::end(rule_table),
                                  [&](const Rule& rule) { return rule.command == command; });
  return found == std::end(rule_table) ? nullptr : &*found;
}

Status require(work::Reading& reading, const schema::CommandDef& command, const Record& subject) {
  EC_TRY(may, policy::may_run(command, subject, reading.facts(), reading.related()));
  if (may) reading.note_subject(subject);
  return may ? Status(ok()) : fail_fact(Errc::command_denied, "command", std::string(command.name));
}

}  // namespace eventcore::rules
