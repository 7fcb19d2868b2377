// What a killed process was about to do, told beforehand as one line of text, so that whoever finds the store
// afterwards can look whether it was done, and can ask for the very same once more. Thread: free functions; a Session
// serves one thread at a time.
#pragma once

#include <eventcore/engine.hpp>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/json.hpp"

namespace eventcore::faults {

inline constexpr std::int64_t kills_now_us = 1'790'000'000'000'000;  // 2026-09-21

// {"key": the idempotency key, "do": what perform() knows, and what that needs}.
using Operation = Json;

// The numbered raw key.
inline Key kills_key(int number) {
  return Key::raw(Bytes(32, static_cast<std::uint8_t>(number)));
}

inline Result<std::string> in_one_transaction(Session& session, const Json& rows) {
  EC_TRYV(session.begin());
  for (const Json& row : rows) {
    const auto added = session.insert("venues", dump(row));
    if (added) continue;
    (void)session.rollback();
    return added.error();
  }
  EC_TRYV(session.commit());
  return std::string();
}

inline Result<std::string> with_key(Session& session, const Operation& operation) {
  const Key key = kills_key(operation["new_key"]);
  CallOptions options;
  options.key = &key;
  return session.call(operation["command"].get<std::string>(), dump(operation["arguments"]), options);
}

inline Result<Engine> open_to_be_killed(const std::string& path, int key, bool create = false) {
  OpenOptions options;
  options.path = path;
  options.key = kills_key(key);
  options.create = create;
  options.test_clock = true;
  options.cache_bytes = 4 * 1024 * 1024;
  EC_TRY(engine, Engine::open(std::move(options)));
  EC_TRYV(engine.set_clock(kills_now_us));
  return engine;
}

inline Result<Session> kills_session(Engine& engine, const Json& organization) {
  return engine.session(dump({{"kind", "service"}, {"reason", "kills"}, {"organization_id", organization}}));
}

// The reply, or "" where there is none.
inline Result<std::string> perform(Session& session, const Operation& operation) {
  const std::string what = operation["do"];
  const std::string key = operation["key"];
  const auto text = [&](const char* member) { return operation[member].get<std::string>(); };
  if (what == "call") return session.call(text("command"), dump(operation["arguments"]), {.idempotency_key = key});
  if (what == "many") return session.call_many(dump(operation["calls"]), {.idempotency_key = key});
  if (what == "insert") return session.insert(text("table"), dump(operation["row"]), {.idempotency_key = key});
  if (what == "update")
    return session.update(text("table"), text("id"), dump(operation["row"]), {.idempotency_key = key});
  if (what == "transaction") return in_one_transaction(session, operation["rows"]);
  if (what == "with key") return with_key(session, operation);
  EC_TRYV(session.remove(text("table"), text("id"), {.idempotency_key = key}));
  return std::string();
}

// Those that are not under an idempotency key are not to be asked for again.
inline bool repeatable(const Operation& operation) {
  return operation["do"] != "transaction" && operation["do"] != "with key";
}

inline std::string digest_of(const std::string& reply) {
  return hex(Blake2b().add(reply).finish());
}

}  // namespace eventcore::faults
