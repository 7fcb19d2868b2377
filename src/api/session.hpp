// SessionCore: a principal on an engine. Serves one call at a time; a second one at the same time answers
// `concurrent_use` instead of waiting or racing.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/engine.hpp"
#include "base/json.hpp"
#include "policy/known_facts.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::api {

struct CallContext {
  std::string_view idempotency_key{};
  std::int64_t timeout_us = 0;
  std::shared_ptr<const store::KeyInput> key{};  // for the commands that take one (api/keys.hpp)
};

// A submitted call: the store's pending job and the reply it will leave.
class PendingCore {
 public:
  // nullopt: not done by then. -1 waits for ever.
  std::optional<Result<std::string>> wait(std::int64_t timeout_us);

 private:
  friend class SessionCore;
  std::mutex waiting_;  // a second waiter waits for the first one's answer
  std::shared_ptr<store::Store> store_;
  std::shared_ptr<store::Pending> pending_;
  std::shared_ptr<struct Request> request_;
  std::optional<Result<std::string>> done_;  // decided without the queue, or remembered
};

class SessionCore : public std::enable_shared_from_this<SessionCore> {
 public:
  SessionCore(std::shared_ptr<EngineCore> engine, policy::Principal principal)
      : engine_(std::move(engine)), principal_(std::move(principal)) {}

  Result<std::string> call(std::string_view command, std::string_view arguments, const CallContext& context);
  Result<std::string> call_many(std::string_view calls, const CallContext& context);
  Result<std::shared_ptr<PendingCore>> submit(std::string_view command, std::string_view arguments,
                                              const CallContext& context);

  struct RecordContext {
    std::string_view organization{};
    std::string_view idempotency_key{};
    std::int64_t if_version = 0;
    std::int64_t timeout_us = 0;
  };
  Result<std::string> get(std::string_view table, std::string_view id, const RecordContext& context);
  Result<std::string> insert(std::string_view table, std::string_view row, const RecordContext& context);
  Result<std::string> insert_many(std::string_view table, std::string_view rows, const RecordContext& context);
  Result<std::string> update(std::string_view table, std::string_view id, std::string_view changes,
                             const RecordContext& context);
  Status remove(std::string_view table, std::string_view id, const RecordContext& context);
  Result<std::string> list(std::string_view table, std::string_view request);
  Result<std::int64_t> count(std::string_view table, std::string_view request);

  Status begin();
  Status commit();
  Status rollback();
  Result<std::string> changes(std::int64_t since, std::int64_t limit, std::int64_t timeout_us);
  Status close();

 private:
  class Busy;
  using WriteBody = std::function<Result<Json>(work::UnitOfWork&)>;
  using ReadBody = std::function<Result<std::string>(work::Reading&)>;

  // Builds the request that a write job runs; see dispatcher.cpp.
  Result<std::shared_ptr<Request>> make_request(std::string name, const Json& arguments, WriteBody body,
                                                const CallContext& context);
  void note_use();
  [[nodiscard]] std::int64_t deadline_of(std::int64_t timeout_us) const;  // steady; 0: none
  Result<std::string> run_write(const std::shared_ptr<Request>& request, std::int64_t timeout_us);
  Result<std::string> run_read(std::string name, const ReadBody& body);
  Result<std::string> dispatch(std::string_view command, const Json& arguments, const CallContext& context);
  Result<WriteBody> write_body(const schema::CommandDef& command, std::shared_ptr<const Json> arguments) const;
  Result<store::WriteTurn*> turn(std::int64_t timeout_us);
  Status open_or_closed() const;

  std::shared_ptr<EngineCore> engine_;
  policy::Principal principal_;
  policy::KnownFacts known_facts_;  // for reads of a snapshot
  std::atomic<bool> busy_{false};
  std::atomic<bool> closed_{false};
  bool in_transaction_ = false;
  std::shared_ptr<store::Store> transaction_store_;
  std::unique_ptr<store::WriteTurn> turn_;  // taken at the transaction's first write
  std::optional<Uuid> transaction_tenant_;
  std::optional<Micros> use_noted_at_;  // when the row of the key this session came with was last looked at
};

}  // namespace eventcore::api
