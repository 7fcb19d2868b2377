// Versions and the engine.
#include <eventcore/engine.hpp>

#include "api/engine.hpp"
#include "api/keys.hpp"
#include "arguments.hpp"
#include "base/text.hpp"
#include "guard.hpp"
#include "reply.hpp"

namespace eventcore::c {

namespace {

constexpr std::size_t open_options_size_0_1 = 120;
static_assert(sizeof(ec_open_options) == 120);
static_assert(offsetof(ec_open_options, path) == 8);
static_assert(offsetof(ec_open_options, path_length) == 16);
static_assert(offsetof(ec_open_options, key) == 24);
static_assert(offsetof(ec_open_options, key_length) == 32);
static_assert(offsetof(ec_open_options, key_kind) == 40);
static_assert(offsetof(ec_open_options, flags) == 44);
static_assert(offsetof(ec_open_options, cache_bytes) == 48);
static_assert(offsetof(ec_open_options, busy_timeout_us) == 56);
static_assert(offsetof(ec_open_options, jwt_algorithm) == 64);
static_assert(offsetof(ec_open_options, jwt_emails_are_verified) == 68);
static_assert(offsetof(ec_open_options, jwt_key) == 72);
static_assert(offsetof(ec_open_options, jwt_key_length) == 80);
static_assert(offsetof(ec_open_options, jwt_audience) == 88);
static_assert(offsetof(ec_open_options, jwt_audience_length) == 96);
static_assert(offsetof(ec_open_options, jwt_issuer) == 104);
static_assert(offsetof(ec_open_options, jwt_issuer_length) == 112);

constexpr std::uint32_t flags_known =
    EC_OPEN_CREATE | EC_OPEN_CREATE_NEW | EC_OPEN_READ_ONLY | EC_OPEN_ACCEPT_LOSS | EC_OPEN_TEST_CLOCK;

Result<store::OpenOptions> read_open_options(const ec_open_options& asked) {
  EC_TRY(path, text(asked.path, asked.path_length, "path"));
  FailureDetail detail;
  if (path.empty() || !valid_text(path)) detail.fields.push_back({"path", "must be the path of a file, in UTF-8"});
  if ((asked.flags & ~flags_known) != 0) detail.fields.push_back({"flags", "has a bit that is not known here"});
  if (asked.cache_bytes < 0) detail.fields.push_back({"cache_bytes", "must not be negative"});
  if (asked.busy_timeout_us < 0) detail.fields.push_back({"busy_timeout_us", "must not be negative"});
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  EC_TRY(key, key_input(asked.key, asked.key_length, asked.key_kind));
  store::OpenOptions options;
  options.path = path;
  options.key = std::move(key);
  options.create = (asked.flags & EC_OPEN_CREATE) != 0;
  options.create_new = (asked.flags & EC_OPEN_CREATE_NEW) != 0;
  options.read_only = (asked.flags & EC_OPEN_READ_ONLY) != 0;
  options.accept_loss = (asked.flags & EC_OPEN_ACCEPT_LOSS) != 0;
  if (asked.cache_bytes != 0) options.cache_bytes = asked.cache_bytes;
  if (asked.busy_timeout_us != 0) options.busy_timeout_us = asked.busy_timeout_us;
  return options;
}

Result<policy::JwtConfig> read_jwt(const ec_open_options& asked) {
  EC_TRY(key, optional_text(static_cast<const char*>(asked.jwt_key), asked.jwt_key_length, "jwt_key"));
  EC_TRY(audience, optional_text(asked.jwt_audience, asked.jwt_audience_length, "jwt_audience"));
  EC_TRY(issuer, optional_text(asked.jwt_issuer, asked.jwt_issuer_length, "jwt_issuer"));
  policy::JwtConfig config;
  FailureDetail detail;
  switch (asked.jwt_algorithm) {
    case 0:
      if (key.empty() && audience.empty() && issuer.empty() && asked.jwt_emails_are_verified == 0) return config;
      detail.fields.push_back({"jwt_algorithm", "must say how tokens are signed"});
      break;
    case EC_JWT_HS256: config.algorithm = policy::JwtAlgorithm::hs256; break;
    case EC_JWT_EDDSA: config.algorithm = policy::JwtAlgorithm::eddsa; break;
    default: detail.fields.push_back({"jwt_algorithm", "must be one of EC_JWT_*"});
  }
  if (asked.jwt_emails_are_verified != 0 && asked.jwt_emails_are_verified != 1)
    detail.fields.push_back({"jwt_emails_are_verified", "must be 0 or 1"});
  // An audience that a host forgot to set must not let everybody's tokens in.
  if (asked.jwt_audience != nullptr && audience.empty())
    detail.fields.push_back({"jwt_audience", "must not be empty; NULL: not compared"});
  if (asked.jwt_issuer != nullptr && issuer.empty())
    detail.fields.push_back({"jwt_issuer", "must not be empty; NULL: not compared"});
  if (!valid_text(audience)) detail.fields.push_back({"jwt_audience", "must be UTF-8 without NUL"});
  if (!valid_text(issuer)) detail.fields.push_back({"jwt_issuer", "must be UTF-8 without NUL"});
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  config.key = SecretBytes::copy_of(as_bytes(key));
  config.audience = audience;
  config.issuer = issuer;
  config.emails_are_verified = asked.jwt_emails_are_verified == 1;
  return config;
}

Result<ec_engine*> open(const ec_open_options* given) {
  if (given == nullptr) return fail_fact(Errc::null_argument, "argument", "options");
  EC_TRY(asked, options(given, open_options_size_0_1));
  EC_TRY(open_options, read_open_options(asked));
  EC_TRY(jwt, read_jwt(asked));
  EC_TRY(engine,
         api::EngineCore::open(std::move(open_options), (asked.flags & EC_OPEN_TEST_CLOCK) != 0, {}, std::move(jwt)));
  return give<ec_engine>(std::move(engine));
}

Result<std::string> stats(ec_engine* handle) {
  EC_TRY(engine, use(handle));
  EC_TRY(store, engine->store());
  return api::stats_json(store->stats());
}

Result<std::string> logs(ec_engine* handle, std::int64_t lines_max) {
  EC_TRY(engine, use(handle));
  EC_TRYV(engine->store());
  if (lines_max < 0) return fail_field(Errc::invalid_argument, "lines_max", "must not be negative");
  return Engine(engine).logs(static_cast<std::size_t>(lines_max));
}

Result<ec_bytes*> add_recovery_code(ec_engine* handle) {
  EC_TRY(engine, use(handle));
  Reserved<ec_bytes> bytes;
  bytes->secret = true;
  EC_TRY(code, api::add_recovery_code(engine));
  bytes->text = std::move(code);
  return bytes.keep();
}

Status close(ec_engine* handle) {
  if (handle == nullptr) return ok();
  EC_TRY(engine, take(handle));
  return engine->close();
}

}  // namespace

}  // namespace eventcore::c

using namespace eventcore::c;
using eventcore::Result;
using eventcore::Status;

int32_t ec_abi_version(void) noexcept {
  return EC_ABI_VERSION;
}

ec_status ec_version(ec_bytes** version_out, ec_error** error_out) noexcept {
  return guard(error_out, version_out,
               [&] { return reply([&]() -> Result<std::string> { return eventcore::version_json(); }); });
}

ec_status ec_schema(ec_bytes** schema_out, ec_error** error_out) noexcept {
  return guard(error_out, schema_out,
               [&] { return reply([&]() -> Result<std::string> { return eventcore::schema_json(); }); });
}

int64_t ec_handles_live(void) noexcept {
  return quietly<int64_t>(0, [] { return HandleTable::of_this_process().live(); });
}

ec_status ec_engine_open(const ec_open_options* options, ec_engine** engine_out, ec_error** error_out) noexcept {
  return guard(error_out, engine_out, [&] { return open(options); });
}

ec_status ec_engine_close(ec_engine* engine, ec_error** error_out) noexcept {
  return guard(error_out, [&] { return close(engine); });
}

ec_status ec_engine_stats(ec_engine* engine, ec_bytes** stats_out, ec_error** error_out) noexcept {
  return guard(error_out, stats_out, [&] { return reply([&] { return stats(engine); }); });
}

ec_status ec_engine_logs(ec_engine* engine, int64_t lines_max, ec_bytes** lines_out, ec_error** error_out) noexcept {
  return guard(error_out, lines_out, [&] { return reply([&] { return logs(engine, lines_max); }); });
}

ec_status ec_engine_clock_set(ec_engine* engine, int64_t now_us, ec_error** error_out) noexcept {
  return guard(error_out, [&]() -> Status {
    EC_TRY(found, use(engine));
    EC_TRYV(found->store());
    return found->set_clock(now_us);
  });
}

ec_status ec_engine_clock_now(ec_engine* engine, int64_t* now_us_out, ec_error** error_out) noexcept {
  return guard(error_out, now_us_out, [&]() -> Result<int64_t> {
    EC_TRY(found, use(engine));
    EC_TRYV(found->store());
    return found->clock().now_us();
  });
}

ec_status ec_engine_add_recovery_code(ec_engine* engine, ec_bytes** code_out, ec_error** error_out) noexcept {
  return guard(error_out, code_out, [&] { return add_recovery_code(engine); });
}
