#include "arguments.hpp"

namespace eventcore::c {

namespace {

// Offsets are the promise: members are added behind, and there is no padding for a new one to hide in.
constexpr std::size_t call_options_size_0_1 = 56;
static_assert(sizeof(ec_call_options) == 56);
static_assert(offsetof(ec_call_options, idempotency_key) == 8);
static_assert(offsetof(ec_call_options, idempotency_key_length) == 16);
static_assert(offsetof(ec_call_options, timeout_us) == 24);
static_assert(offsetof(ec_call_options, organization_id) == 32);
static_assert(offsetof(ec_call_options, organization_id_length) == 40);
static_assert(offsetof(ec_call_options, if_version) == 48);

}  // namespace

Result<api::SessionCore::RecordContext> record_context(const ec_call_options* given) {
  EC_TRY(asked, options(given, call_options_size_0_1));
  if (asked.timeout_us < 0) return fail_field(Errc::invalid_argument, "timeout_us", "must not be negative");
  if (asked.if_version < 0) return fail_field(Errc::invalid_argument, "if_version", "must not be negative");
  api::SessionCore::RecordContext context;
  EC_TRY(key, optional_text(asked.idempotency_key, asked.idempotency_key_length, "idempotency_key"));
  EC_TRY(organization, optional_text(asked.organization_id, asked.organization_id_length, "organization_id"));
  context.idempotency_key = key;
  context.organization = organization;
  context.if_version = asked.if_version;
  context.timeout_us = asked.timeout_us;
  return context;
}

Result<api::CallContext> call_context(const ec_call_options* given) {
  EC_TRY(context, record_context(given));
  if (!context.organization.empty())
    return fail_field(Errc::invalid_argument, "organization_id", "is an argument of the command, not an option");
  if (context.if_version != 0) return fail_field(Errc::invalid_argument, "if_version", "is not for commands");
  return api::CallContext{context.idempotency_key, context.timeout_us};
}

}  // namespace eventcore::c
