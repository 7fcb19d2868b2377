// The C++ API of include/eventcore/engine.hpp over the cores.
#include <algorithm>
#include <eventcore/engine.hpp>

#include "api/engine.hpp"
#include "api/keys.hpp"
#include "api/session.hpp"
#include "api/version.hpp"
#include "base/time.hpp"
#include "schema/codec.hpp"

namespace eventcore {

struct Key::Held {
  store::KeyInput input;
};

Key::Key() = default;
Key::~Key() = default;
Key::Key(Key&&) noexcept = default;
Key& Key::operator=(Key&&) noexcept = default;

Key Key::raw(std::span<const std::uint8_t> bytes) {
  Key key;
  key.held_ = std::make_unique<Held>(Held{store::KeyInput::raw(bytes)});
  return key;
}

Key Key::passphrase(std::string_view text) {
  Key key;
  key.held_ = std::make_unique<Held>(Held{store::KeyInput::passphrase(as_bytes(text))});
  return key;
}

Key Key::recovery_code(std::string_view text) {
  Key key;
  key.held_ = std::make_unique<Held>(Held{store::KeyInput::recovery_code(as_bytes(text))});
  return key;
}

struct Jwt::Held {
  policy::JwtAlgorithm algorithm;
  SecretBytes key;
};

Jwt::Jwt() = default;
Jwt::~Jwt() = default;
Jwt::Jwt(Jwt&&) noexcept = default;
Jwt& Jwt::operator=(Jwt&&) noexcept = default;

Jwt Jwt::hs256(std::span<const std::uint8_t> secret) {
  Jwt jwt;
  jwt.held_ = std::make_unique<Held>(Held{policy::JwtAlgorithm::hs256, SecretBytes::copy_of(secret)});
  return jwt;
}

Jwt Jwt::eddsa(std::span<const std::uint8_t> public_key) {
  Jwt jwt;
  jwt.held_ = std::make_unique<Held>(Held{policy::JwtAlgorithm::eddsa, SecretBytes::copy_of(public_key)});
  return jwt;
}

namespace {

policy::JwtConfig jwt_config(const std::optional<Jwt>& jwt) {
  if (!jwt || jwt->held() == nullptr) return {};
  return {jwt->held()->algorithm, jwt->held()->key.clone(), jwt->audience, jwt->issuer, jwt->emails_are_verified};
}

store::OpenOptions store_options(const OpenOptions& options) {
  store::OpenOptions out;
  out.path = options.path;
  if (const Key::Held* held = options.key.held()) out.key = {held->input.kind, held->input.bytes.clone()};
  out.create = options.create;
  out.create_new = options.create_new;
  out.read_only = options.read_only;
  out.accept_loss = options.accept_loss;
  out.cache_bytes = options.cache_bytes;
  out.busy_timeout_us = options.busy_timeout_us;
  return out;
}

api::CallContext context_of(const CallOptions& options) {
  api::CallContext context{options.idempotency_key, options.timeout_us, nullptr};
  if (options.key != nullptr && options.key->held() != nullptr) {
    const store::KeyInput& key = options.key->held()->input;
    context.key = std::make_shared<const store::KeyInput>(store::KeyInput{key.kind, key.bytes.clone()});
  }
  return context;
}

api::SessionCore::RecordContext context_of(const RecordOptions& options) {
  return {options.organization_id, options.idempotency_key, options.if_version, options.timeout_us};
}

}  // namespace

std::optional<Result<std::string>> Pending::wait(std::int64_t timeout_us) {
  return core_->wait(timeout_us);
}

Result<std::string> Session::call(std::string_view command, std::string_view arguments, const CallOptions& options) {
  return core_->call(command, arguments, context_of(options));
}

Result<Pending> Session::submit(std::string_view command, std::string_view arguments, const CallOptions& options) {
  EC_TRY(core, core_->submit(command, arguments, context_of(options)));
  return Pending(std::move(core));
}

Result<std::string> Session::call_many(std::string_view calls, const CallOptions& options) {
  return core_->call_many(calls, context_of(options));
}

Result<std::string> Session::get(std::string_view table, std::string_view id, const RecordOptions& options) {
  return core_->get(table, id, context_of(options));
}

Result<std::string> Session::insert(std::string_view table, std::string_view row, const RecordOptions& options) {
  return core_->insert(table, row, context_of(options));
}

Result<std::string> Session::insert_many(std::string_view table, std::string_view rows, const RecordOptions& options) {
  return core_->insert_many(table, rows, context_of(options));
}

Result<std::string> Session::update(std::string_view table, std::string_view id, std::string_view changes,
                                    const RecordOptions& options) {
  return core_->update(table, id, changes, context_of(options));
}

Result<void> Session::remove(std::string_view table, std::string_view id, const RecordOptions& options) {
  return core_->remove(table, id, context_of(options));
}

Result<std::string> Session::list(std::string_view table, std::string_view request) {
  return core_->list(table, request);
}

Result<std::int64_t> Session::count(std::string_view table, std::string_view request) {
  return core_->count(table, request);
}

Result<void> Session::begin() {
  return core_->begin();
}
Result<void> Session::commit() {
  return core_->commit();
}
Result<void> Session::rollback() {
  return core_->rollback();
}

Result<std::string> Session::changes(std::int64_t since, std::int64_t limit, std::int64_t timeout_us) {
  return core_->changes(since, limit, timeout_us);
}

void Session::close() {
  if (core_) static_cast<void>(core_->close());
}

Result<Engine> Engine::open(OpenOptions options) {
  EC_TRY(core, api::EngineCore::open(store_options(options), options.test_clock, {}, jwt_config(options.jwt)));
  return Engine(std::move(core));
}

Result<Session> Engine::session(std::string_view principal_json) {
  EC_TRY(principal, api::read_principal(*core_, principal_json));
  return Session(std::make_shared<api::SessionCore>(core_, std::move(principal)));
}

std::string Engine::stats() const {
  auto store = core_->store();
  return store ? api::stats_json(store.assume_value()->stats()) : std::string("{}");
}

std::string Engine::logs(std::size_t lines_max) {
  return api::logs_json(*core_, lines_max);
}

std::int64_t Engine::now_us() const {
  return core_->clock().now_us();
}

Result<void> Engine::set_clock(std::int64_t now_us) {
  return core_->set_clock(now_us);
}

Result<std::string> Engine::add_recovery_code() {
  return api::add_recovery_code(core_);
}

Result<void> Engine::close() {
  return core_->close();
}

const std::string& schema_json() {
  static const std::string text = dump(schema::schema_json());
  return text;
}

std::string version_json() {
  return api::version_json();
}

}  // namespace eventcore
