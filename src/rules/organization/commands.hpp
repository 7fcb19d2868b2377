// The commands on organizations, people and devices, one function each.
// Thread: each runs inside one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::organization {

Result<Json> create_organization(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> invite_user(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> assign_team(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> register_device(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> revoke_device(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> create_api_key(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> revoke_api_key(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> set_integration_secret(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
Result<Json> reveal_secret(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);

}  // namespace eventcore::rules::organization
