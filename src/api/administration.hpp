// Acts of a service over the whole store: each tenant in a unit of work of its own, so that a long sweep never holds
// the write turn for long and one tenant's trouble does not stop the others.
#pragma once

#include "api/engine.hpp"
#include "base/json.hpp"
#include "schema/codec.hpp"

namespace eventcore::api {

Result<Json> run_maintenance(const std::shared_ptr<EngineCore>& engine, const policy::Principal& principal,
                             const schema::Arguments& arguments);

Result<Json> verify_store(EngineCore& engine, const policy::Principal& principal, const schema::Arguments& arguments);

}  // namespace eventcore::api
