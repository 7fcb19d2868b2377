// Acts of a service over the whole store: each tenant in a unit of work of its own, so that a long sweep never holds
// the write turn for long and one tenant's trouble does not stop the others.
#pragma once

#include "api/engine.hpp"
#include "base/json.hpp"

namespace eventcore::api {

// {"organizations", "expired_orders", "overdue_milestones", "removed_rows", "forgotten_changes", ...}
Result<Json> run_maintenance(const std::shared_ptr<EngineCore>& engine, const policy::Principal& principal,
                             const std::optional<Uuid>& organization);

// {"ok", "checked": {...}, "problems": [{"kind", "table", "id", "expected", "found"}]}
Result<Json> verify_store(EngineCore& engine);

}  // namespace eventcore::api
