// rotate_event_key: the codes of an event are signed with a new key from now on. The public half of the old one stays,
// so codes that it signed are still good; reissue_ticket replaces those that should not be.
#include "base/bytes.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/event_key.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::ticketing {

Result<Json> rotate_event_key(work::UnitOfWork& uow, const schema::CommandDef& command,
                              const schema::Arguments& arguments) {
  namespace k = col::event_keys;
  EC_TRY(event, uow.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(uow, command, event));
  EC_TRY(rotation, rotate_key(uow, event));
  return Json{{"key_id", rotation.made[k::key_id].integer()},
              {"public_key", hex(rotation.made[k::public_key].bytes())},
              {"retired_key_id", rotation.retired ? Json(*rotation.retired) : Json()}};
}

}  // namespace eventcore::rules::ticketing
