// The feed as a subscriber pulls it: his rights of now put to the facts of then.
#pragma once

#include "api/engine.hpp"
#include "base/json.hpp"

namespace eventcore::api {

// Longer waits are as good as this one, and sums with a clock stay numbers.
constexpr std::int64_t wait_max_us = INT64_MAX / 4;

struct ChangesRequest {
  std::int64_t since = 0;
  std::int64_t limit = 100;
  std::int64_t timeout_us = 0;
};

// {"changes": [{"seq", "table", "id", "operation", "time", "version"}], "next": seq}. `next` moves past changes the
// subscriber may not learn of, so that resuming neither loses nor repeats one.
Result<Json> read_changes(EngineCore& engine, const policy::Principal& principal, const ChangesRequest& request);

}  // namespace eventcore::api
