// The commands about keys and copies: list_keys, add_key, remove_key, rotate_key, backup, restore. They change files
// beside the database, which no unit of work undoes, so they run outside the rules and alone.
// Invariants: key bytes come with the call's options and go into guarded memory; they are in no argument, log line,
// audit entry or remembered reply. What changes who opens the store stands in its own audit chain. Any thread.
#pragma once

#include <memory>
#include <string>

#include "api/engine.hpp"
#include "base/json.hpp"
#include "schema/schema.hpp"
#include "store/key_slots.hpp"

namespace eventcore::api {

bool is_key_command(const schema::CommandDef& command);
Failure no_key_here();  // for calls that take none
// key_required, or invalid_argument for a key that the command does not take.
Status check_key_given(const schema::CommandDef& command, const store::KeyInput* key);

struct KeyCall {
  std::shared_ptr<EngineCore> engine;
  const policy::Principal& principal;
  const schema::CommandDef& command;
  const Json& arguments;
  const store::KeyInput* key;
  std::string_view idempotency_key;
  std::int64_t deadline_us;
};
Result<std::string> run_key_command(const KeyCall& call);

// 13 groups of 4 symbols, shown once; its slot is in the audit chain. The caller wipes it.
Result<std::string> add_recovery_code(const std::shared_ptr<EngineCore>& engine);

}  // namespace eventcore::api
