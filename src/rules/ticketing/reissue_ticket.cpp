// reissue_ticket: a new code for a ticket whose old one got lost or got around. The codes before it are revoked.
#include <limits>

#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/event_key.hpp"
#include "rules/ticketing/issue_tickets.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

Result<Json> reissue_ticket(work::UnitOfWork& uow, const schema::CommandDef& command,
                            const schema::Arguments& arguments) {
  namespace t = col::tickets;
  EC_TRY(ticket, uow.get(schema::tables::tickets, arguments.uuid("ticket_id")));
  EC_TRYV(require(uow, command, ticket));
  const std::string& status = ticket[t::status].text();
  if (status != "valid" && status != "used") return fail_fact(Errc::wrong_state, "state", status);
  const std::int64_t serial = ticket[t::code_serial].integer() + 1;
  if (serial > std::numeric_limits<std::uint16_t>::max())
    return fail_fact(Errc::wrong_state, "code_serial", std::to_string(serial - 1));
  EC_TRY(event, uow.must_find(schema::tables::events, ticket.organization_id(), ticket[t::event_id].uuid()));
  EC_TRY(key, signing_key(uow, event));
  EC_TRY(window, window_of(uow, event, ticket));
  EC_TRY(code, signed_code(key, ticket, window, serial));
  EC_TRYV(uow.change(ticket, {assign(t::code_serial, serial), assign(t::key_id, std::int64_t{key.key_id}),
                              assign(t::qr_code_data, std::move(code))}));
  EC_TRY(shown, written_row(uow, ticket));
  return Json{{"ticket", std::move(shown)}};
}

}  // namespace eventcore::rules::ticketing
