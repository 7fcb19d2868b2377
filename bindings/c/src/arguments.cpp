#include "arguments.hpp"

namespace eventcore::c {

namespace {

// Offsets are the promise: members are added behind, and there is no padding for a new one to hide in.
constexpr std::size_t call_options_size_0_1 = 80;
static_assert(sizeof(ec_call_options) == 80);
static_assert(offsetof(ec_call_options, idempotency_key) == 8);
static_assert(offsetof(ec_call_options, idempotency_key_length) == 16);
static_assert(offsetof(ec_call_options, timeout_us) == 24);
static_assert(offsetof(ec_call_options, organization_id) == 32);
static_assert(offsetof(ec_call_options, organization_id_length) == 40);
static_assert(offsetof(ec_call_options, if_version) == 48);
static_assert(offsetof(ec_call_options, key) == 56);
static_assert(offsetof(ec_call_options, key_length) == 64);
static_assert(offsetof(ec_call_options, key_kind) == 72);

// All but the key.
Result<api::SessionCore::RecordContext> read_context(const ec_call_options& asked) {
  if (asked.timeout_us < 0) return fail_field(Errc::invalid_argument, "timeout_us", "must not be negative");
  if (asked.if_version < 0) return fail_field(Errc::invalid_argument, "if_version", "must not be negative");
  api::SessionCore::RecordContext context;
  EC_TRY(key, optional_text(asked.idempotency_key, asked.idempotency_key_length, "idempotency_key"));
  EC_TRY(organization, optional_text(asked.organization_id, asked.organization_id_length, "organization_id"));
  // Whoever gives an empty key has lost the one he meant.
  if (asked.idempotency_key != nullptr && key.empty()) return Errc::invalid_idempotency_key;
  if (asked.organization_id != nullptr && organization.empty())
    return fail_field(Errc::invalid_argument, "organization_id", "must not be empty; NULL: none");
  context.idempotency_key = key;
  context.organization = organization;
  context.if_version = asked.if_version;
  context.timeout_us = asked.timeout_us;
  return context;
}

}  // namespace

Result<store::KeyInput> key_input(const void* data, std::size_t length, std::int64_t kind) {
  EC_TRY(bytes, optional_text(static_cast<const char*>(data), length, "key"));
  const ByteView key(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (kind == 0) {
    if (data == nullptr) return store::KeyInput{};
    return fail_field(Errc::invalid_argument, "key_kind", "must say what the key is");
  }
  if (kind < EC_OPEN_KEY_RAW || kind > EC_OPEN_KEY_RECOVERY_CODE)
    return fail_field(Errc::invalid_argument, "key_kind", "must be one of EC_OPEN_KEY_*");
  if (data == nullptr) return fail_fact(Errc::null_argument, "argument", "key");
  if (kind == EC_OPEN_KEY_RAW) return store::KeyInput::raw(key);
  return kind == EC_OPEN_KEY_PASSPHRASE ? store::KeyInput::passphrase(key) : store::KeyInput::recovery_code(key);
}

Result<api::SessionCore::RecordContext> record_context(const ec_call_options* given) {
  EC_TRY(asked, options(given, call_options_size_0_1));
  EC_TRY(context, read_context(asked));
  EC_TRY(key, key_input(asked.key, asked.key_length, asked.key_kind));
  if (key.kind != store::KeyInput::Kind::none) return fail_field(Errc::invalid_argument, "key_kind", "is not for rows");
  return context;
}

Result<api::CallContext> call_context(const ec_call_options* given) {
  EC_TRY(asked, options(given, call_options_size_0_1));
  EC_TRY(context, read_context(asked));
  if (!context.organization.empty())
    return fail_field(Errc::invalid_argument, "organization_id", "is an argument of the command, not an option");
  if (context.if_version != 0) return fail_field(Errc::invalid_argument, "if_version", "is not for commands");
  EC_TRY(key, key_input(asked.key, asked.key_length, asked.key_kind));
  api::CallContext call{context.idempotency_key, context.timeout_us, nullptr};
  if (key.kind != store::KeyInput::Kind::none) call.key = std::make_shared<const store::KeyInput>(std::move(key));
  return call;
}

}  // namespace eventcore::c
