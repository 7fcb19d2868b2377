// Request: one mutating call as the store's queue sees it: a job that may run more than once and leaves its reply.
// Held by whoever waits and by the queue. Thread: written by whoever leads the group, read after the answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/engine.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::api {

struct Request {
  using Body = std::function<Result<Json>(work::UnitOfWork&)>;

  std::shared_ptr<EngineCore> engine;  // keeps clock, ids and randomness alive while queued
  policy::Principal principal;
  work::Draws draws;
  work::Call call;
  const schema::CommandDef* command = nullptr;  // null: a record call, or many calls
  Body body;
  store::Spend spend = store::Spend::free_space;
  bool only_replay = false;  // answers what is stored under the key, else an empty reply, and does nothing
  std::string idempotency_key;
  Digest request_hash{};                // of command and decoded, defaulted arguments
  std::optional<Uuid> required_tenant;  // inside a transaction: the tenant it writes for already
  std::optional<Uuid> tenant;           // the one this run wrote for
  std::string reply;

  Request(std::shared_ptr<EngineCore> engine, const policy::Principal& principal, std::string name, Micros now);

  // The whole unit of work: facts, right, replay, body, counters, chain, memory of the reply.
  Status run(store::Writer& writer);

 private:
  Status still_allowed(store::Writer& writer, const policy::Facts& facts, const work::Reading::Right& right);
  Status still_allowed(store::Writer& writer, const policy::Facts& facts, std::string_view rights_line);
  Result<std::optional<std::string>> replay(store::Writer& writer, const policy::Facts& facts, const Digest& scope);
};

// What the command's writes may use when the disk is full.
store::Spend spend_of(const schema::CommandDef& command);

// Whether this kind of principal may run the command at all; asked before any lock and again inside.
Status may_begin(const schema::CommandDef& command, policy::PrincipalKind kind);

Digest request_digest(std::string_view name, const Json& arguments);

// invalid_idempotency_key unless empty or 16-255 visible ASCII characters (anon: at least 22).
Status check_idempotency_key(std::string_view key, policy::PrincipalKind kind);

}  // namespace eventcore::api
