// The commands that explain and verify.
// Thread: each runs inside one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::operations {

Result<Json> explain_access(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> list_principals_who_can(work::Reading&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> verify_audit(work::Reading&, const schema::CommandDef&, const schema::Arguments&);

}  // namespace eventcore::rules::operations
