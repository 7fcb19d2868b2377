#include "api/engine.hpp"

#include <unistd.h>

#include <algorithm>

#include "api/request.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"

namespace eventcore::api {

using policy::Principal;
using policy::PrincipalKind;

namespace {

// Commits that are known to be lost were accepted by whoever opened the store: the store's own chain says so.
Status record_accepted_loss(const std::shared_ptr<EngineCore>& engine) {
  EC_TRY(store, engine->store());
  if (!store->lost() || store->read_only()) return ok();
  Principal principal;
  principal.kind = PrincipalKind::service;
  principal.reason = "the store was opened with accept_loss";
  auto request = std::make_shared<Request>(engine, principal, "open", engine->clock().now_us());
  Json values = Json::object();
  values["store_commit"] = store->lost()->store_commit;
  values["anchor_commit"] = store->lost()->anchor_commit;
  request->body = [text = dump(values)](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(unit.record_act(Uuid{}, "accept_loss", text));
    return Json(nullptr);
  };
  return store->write([request](store::Writer& writer) { return request->run(writer); }, 0, store::Spend::reserve);
}

}  // namespace

Result<std::shared_ptr<EngineCore>> EngineCore::open(store::OpenOptions options, bool test_clock,
                                                     const Injected& injected, policy::JwtConfig jwt) {
  crypto_init();
  EC_TRYV(policy::check_jwt_config(jwt));
  std::shared_ptr<EngineCore> engine(new EngineCore);
  engine->process_ = ::getpid();
  engine->jwt_ = std::move(jwt);
  if (test_clock) {
    auto clock = std::make_unique<TestClock>(injected.start_us != 0 ? injected.start_us : SystemClock().now_us());
    engine->test_clock_ = clock.get();
    engine->clock_ = std::move(clock);
  } else {
    engine->clock_ = std::make_unique<SystemClock>();
  }
  if (injected.random == nullptr) engine->own_random_ = std::make_unique<SystemRandom>();
  engine->random_ = injected.random != nullptr ? injected.random : engine->own_random_.get();
  engine->log_ = std::make_unique<Log>(*engine->clock_);
  engine->ids_ = std::make_unique<UuidSource>(*engine->clock_, *engine->random_);
  store::Files& files = injected.files != nullptr ? *injected.files : store::system_files();
  const store::Environment environment{*engine->clock_, *engine->random_, files, *engine->log_, injected.vfs};
  EC_TRY(store, store::Store::open(std::move(options), environment));
  engine->store_ = std::move(store);
  EC_TRYV(record_accepted_loss(engine));
  return engine;
}

Result<std::shared_ptr<store::Store>> EngineCore::store() const {
  if (process_ != ::getpid()) return Errc::forked;
  std::shared_ptr<store::Store> store = std::atomic_load(&store_);
  if (!store) return Errc::closed;
  return store;
}

Status EngineCore::set_clock(Micros now_us) {
  if (test_clock_ == nullptr) return Errc::clock_not_settable;
  test_clock_->set(now_us);
  return ok();
}

Status EngineCore::close() {
  if (process_ != ::getpid()) return Errc::forked;
  const std::shared_ptr<store::Store> store = std::atomic_exchange(&store_, std::shared_ptr<store::Store>());
  if (!store) return ok();
  return store->close();
}

namespace {

Failure bad_principal(std::string field, std::string reason) {
  return fail_field(Errc::invalid_principal, std::move(field), std::move(reason));
}

// The member as text, or empty.
std::string member(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Status only_members(const Json& json, std::initializer_list<std::string_view> allowed) {
  FailureDetail detail;
  for (const auto& [name, value] : json.items()) {
    if (name == "kind") continue;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      detail.fields.push_back({name, "is not known here"});
    else if (!value.is_string())
      detail.fields.push_back({name, "must be a string"});
  }
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_principal, std::move(detail));
}

Status read_organization(const Json& json, Principal& principal) {
  if (!json.contains("organization_id")) return ok();
  auto id = parse_uuid(member(json, "organization_id"));
  if (!id) return bad_principal("organization_id", "must be a uuid");
  principal.organization = id.assume_value();
  return ok();
}

Status read_id(const Json& json, Principal& principal) {
  auto id = parse_uuid(member(json, "id"));
  if (!id) return bad_principal("id", "must be a uuid");
  principal.id = id.assume_value();
  return ok();
}

Result<Principal> read_service(const Json& json) {
  EC_TRYV(only_members(json, {"reason", "organization_id"}));
  Principal principal;
  principal.kind = PrincipalKind::service;
  principal.reason = member(json, "reason");
  if (principal.reason.empty()) return bad_principal("reason", "a service says why it acts");
  EC_TRYV(read_organization(json, principal));
  return principal;
}

Result<Principal> read_customer(const Json& json) {
  EC_TRYV(only_members(json, {"email", "organization_id"}));
  Principal principal;
  principal.kind = PrincipalKind::customer;
  const std::string email = trim(member(json, "email"));
  if (!valid_email(email)) return bad_principal("email", "must be an e-mail address");
  principal.email = fold(email);
  EC_TRYV(read_organization(json, principal));
  return principal;
}

// {"token": ...}: who that is, as the store says now.
template <class Authenticate>
Result<Principal> read_token(EngineCore& engine, const Json& json, const Authenticate& authenticate) {
  EC_TRYV(only_members(json, {"token"}));
  if (!json.contains("token")) return bad_principal("token", "is required");
  const std::string token = member(json, "token");
  Principal principal;
  EC_TRY(store, engine.store());
  EC_TRYV(store->read([&](store::Reader& reader) -> Status {
    EC_TRY(found, authenticate(reader, token));
    principal = std::move(found);
    return ok();
  }));
  return principal;
}

Result<Principal> read_jwt(EngineCore& engine, const Json& json) {
  const Micros now = engine.clock().now_us();
  return read_token(engine, json, [&](store::Reader& reader, const std::string& token) -> Result<Principal> {
    EC_TRY(claims, policy::verify_jwt(engine.jwt(), token, now));
    return policy::authenticate_claims(reader, claims, now);
  });
}

Result<Principal> read_row_principal(const Json& json, PrincipalKind kind) {
  EC_TRYV(only_members(json, {"id"}));
  Principal principal;
  principal.kind = kind;
  EC_TRYV(read_id(json, principal));
  return principal;
}

}  // namespace

Result<Principal> read_principal(EngineCore& engine, std::string_view principal_json) {
  EC_TRY(json, parse_json(principal_json));
  if (!json.is_object()) return bad_principal("kind", "must be an object with a kind");
  const std::string kind = member(json, "kind");
  if (kind == "service") return read_service(json);
  if (kind == "customer") return read_customer(json);
  if (kind == "device") return read_token(engine, json, policy::authenticate_device);
  if (kind == "api_key") {
    const Micros now = engine.clock().now_us();
    return read_token(engine, json, [now](store::Reader& reader, const std::string& token) {
      return policy::authenticate_api_key(reader, token, now);
    });
  }
  if (kind == "jwt") return read_jwt(engine, json);
  if (kind == "user") return read_row_principal(json, PrincipalKind::user);
  if (kind == "sponsor") return read_row_principal(json, PrincipalKind::sponsor);
  if (kind == "anon") {
    EC_TRYV(only_members(json, {"organization_id"}));
    Principal principal;
    EC_TRYV(read_organization(json, principal));
    return principal;
  }
  return bad_principal("kind", "must be service, user, customer, sponsor, device, api_key, jwt or anon");
}

std::string stats_json(const store::StoreStats& stats) {
  Json json = Json::object();
  json["queue_length"] = stats.queue_length;
  json["commits"] = stats.commits;
  json["groups"] = stats.groups;
  json["wal_bytes"] = stats.wal_bytes;
  json["file_bytes"] = stats.file_bytes;
  json["readers_open"] = stats.readers_open;
  json["oldest_reader_us"] = stats.oldest_reader_us;
  json["anchor_lag_commits"] = stats.anchor_lag_commits;
  json["reruns"] = stats.reruns;
  json["reserve_bytes"] = stats.reserve_bytes;
  json["disk_full"] = stats.disk_full ? 1 : 0;
  return dump(json);
}

}  // namespace eventcore::api
