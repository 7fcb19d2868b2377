// The commands on events.
// Thread: each runs inside one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::events {

Result<Json> import_open_event(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> cancel_event(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

}  // namespace eventcore::rules::events
