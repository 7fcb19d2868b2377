// The engine in C++: open a store, take a session for a principal, call commands and read and write rows.
//
//   eventcore::OpenOptions options;
//   options.path = "festival.ecdb";
//   options.key = eventcore::Key::raw(key);          // 32 bytes
//   options.create = true;
//   EC_TRY(engine, eventcore::Engine::open(std::move(options)));
//   EC_TRY(session, engine.session(R"({"kind":"service","reason":"set-up"})"));
//   EC_TRY(reply, session.call("create_organization", R"({"name":"Aurora","slug":"aurora", ...})"));
//
// Requests and replies are JSON text, as in C and Python: docs/reference lists every command, table and error.
// Source-compatible within a minor release; no ABI promise (that is the C header's).
// Thread: an Engine may be used from any thread; a Session serves one call at a time (concurrent_use otherwise) and
// may move between threads. Handles are cheap to move; closing the engine makes its sessions answer `closed`.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventcore {

namespace api {
class EngineCore;
class SessionCore;
class PendingCore;
}  // namespace api

// What opens a store. The bytes are copied into guarded memory and wiped when the options go.
class Key {
 public:
  Key();
  static Key raw(std::span<const std::uint8_t> bytes);  // exactly 32 bytes
  static Key passphrase(std::string_view text);         // stretched with Argon2id
  static Key recovery_code(std::string_view text);      // as add_recovery_code gave it
  ~Key();
  Key(Key&&) noexcept;
  Key& operator=(Key&&) noexcept;
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  struct Held;
  [[nodiscard]] const Held* held() const { return held_.get(); }

 private:
  std::unique_ptr<Held> held_;
};

// How sessions of kind "jwt" are checked. The algorithm is fixed here and never taken from a token.
class Jwt {
 public:
  static Jwt hs256(std::span<const std::uint8_t> secret);      // at least 32 bytes, shared with the issuer
  static Jwt eddsa(std::span<const std::uint8_t> public_key);  // the issuer's Ed25519 public key, 32 bytes
  ~Jwt();
  Jwt(Jwt&&) noexcept;
  Jwt& operator=(Jwt&&) noexcept;
  Jwt(const Jwt&) = delete;
  Jwt& operator=(const Jwt&) = delete;

  std::string audience;              // compared with `aud` when not empty
  std::string issuer;                // compared with `iss` when not empty
  bool emails_are_verified = false;  // the issuer vouches for every e-mail address it names

  struct Held;
  [[nodiscard]] const Held* held() const { return held_.get(); }

 private:
  Jwt();
  std::unique_ptr<Held> held_;
};

struct OpenOptions {
  std::string path;  // NAME.ecdb; its side files lie beside it
  Key key;
  bool create = false;      // make the store when it is absent
  bool create_new = false;  // refuse when it is present
  bool read_only = false;
  bool accept_loss = false;                       // open although commits are known to be lost; this is recorded
  bool test_clock = false;                        // Engine::set_clock works, and only then
  std::int64_t cache_bytes = 64LL * 1024 * 1024;  // page cache for writing; as much again is shared by readers
  std::int64_t busy_timeout_us = 10'000'000;      // waiting for other processes' write turns
  std::optional<Jwt> jwt;                         // absent: sessions of kind "jwt" are refused
};

struct CallOptions {
  std::string_view idempotency_key{};  // 16 to 255 visible ASCII characters; empty: none
  std::int64_t timeout_us = 0;         // deadline_exceeded when the call could not begin by then; 0: none
  const Key* key = nullptr;            // for add_key, rotate_key, backup and restore; refused by all other commands
};

struct RecordOptions {
  std::string_view organization_id{};  // for sessions without a tenant; an insert names it in the row
  std::string_view idempotency_key{};
  std::int64_t if_version = 0;  // 0: do not ask
  std::int64_t timeout_us = 0;
};

// A submitted call. Dropping it does not cancel the call.
class Pending {
 public:
  explicit Pending(std::shared_ptr<api::PendingCore> core) : core_(std::move(core)) {}
  // The reply, or nullopt when the timeout passed first (-1: wait for ever).
  std::optional<Result<std::string>> wait(std::int64_t timeout_us);

 private:
  std::shared_ptr<api::PendingCore> core_;
};

class Session {
 public:
  explicit Session(std::shared_ptr<api::SessionCore> core) : core_(std::move(core)) {}

  Result<std::string> call(std::string_view command, std::string_view arguments_json, const CallOptions& = {});
  // Queues the call; it runs with the next group that anybody commits, at the latest when it is waited for.
  Result<Pending> submit(std::string_view command, std::string_view arguments_json, const CallOptions& = {});
  // [["command", {...}], ...] in one unit of work: the replies, or the failure with the position in its fields.
  Result<std::string> call_many(std::string_view calls_json, const CallOptions& = {});

  Result<std::string> get(std::string_view table, std::string_view id, const RecordOptions& = {});
  Result<std::string> insert(std::string_view table, std::string_view row_json, const RecordOptions& = {});
  Result<std::string> insert_many(std::string_view table, std::string_view rows_json, const RecordOptions& = {});
  Result<std::string> update(std::string_view table, std::string_view id, std::string_view changes_json,
                             const RecordOptions& = {});
  Result<void> remove(std::string_view table, std::string_view id, const RecordOptions& = {});
  // {"where", "order_by", "limit", "after", "columns", "expand", "organization_id"} -> {"rows", "cursor"}
  Result<std::string> list(std::string_view table, std::string_view request_json);
  Result<std::int64_t> count(std::string_view table, std::string_view request_json);

  // A transaction takes the write turn at its first write and keeps it for 5 s at most: after that, whichever call of
  // the process comes next ends it. It sees its own writes, and a failed call inside leaves the others in place.
  Result<void> begin();
  Result<void> commit();
  Result<void> rollback();

  // Changes after `since` that the principal may learn of, oldest first: {"changes": [...], "next": seq}. Waits up to
  // timeout_us for the first one.
  Result<std::string> changes(std::int64_t since, std::int64_t limit, std::int64_t timeout_us);

  void close();

 private:
  std::shared_ptr<api::SessionCore> core_;
};

class Engine {
 public:
  static Result<Engine> open(OpenOptions options);
  explicit Engine(std::shared_ptr<api::EngineCore> core) : core_(std::move(core)) {}

  // The principal as JSON: {"kind": "service", "reason", "organization_id"?} | {"kind": "user", "id"} |
  // {"kind": "customer", "email", "organization_id"?} | {"kind": "sponsor", "id"} | {"kind": "device", "token"} |
  // {"kind": "api_key", "token"} | {"kind": "jwt", "token"} | {"kind": "anon", "organization_id"?}.
  Result<Session> session(std::string_view principal_json);

  [[nodiscard]] std::string stats() const;                // JSON
  [[nodiscard]] std::string logs(std::size_t lines_max);  // JSON array; lines are pulled, never printed
  [[nodiscard]] std::int64_t now_us() const;
  Result<void> set_clock(std::int64_t now_us);  // clock_not_settable unless opened so
  Result<std::string> add_recovery_code();      // shown once
  Result<void> close();                         // checkpoints; sessions answer `closed` after it

 private:
  std::shared_ptr<api::EngineCore> core_;
};

// Tables, columns, enums, commands and errors as JSON.
const std::string& schema_json();
std::string version_json();

}  // namespace eventcore
