// Acts of a service over the whole store: each tenant in a unit of work of its own, so that a long sweep never holds
// the write turn for long and one tenant's trouble does not stop the others.
#pragma once

#include "api/engine.hpp"
#include "base/json.hpp"
#include "schema/codec.hpp"

namespace eventcore::api {

// `deadline` is a steady time, 0: none; it bounds the waiting of each unit of work. Under a key the totals are kept
// with the last one: a sweep that was cut short is simply run again.
Result<std::string> run_maintenance(const std::shared_ptr<EngineCore>& engine, const policy::Principal& principal,
                                    const Json& arguments, std::string_view idempotency_key, std::int64_t deadline);

Result<Json> verify_store(EngineCore& engine, const policy::Principal& principal, const schema::Arguments& arguments);

}  // namespace eventcore::api
