// Commands on secrets shared with outside services, and on what those services deliver. Ids among those of their domains.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema::commands {

inline constexpr std::string_view revealed_table_values[] = {"social_media_accounts"};
inline constexpr EnumDef revealed_table{.name = "revealed_table", .values = revealed_table_values};

// Every character of a payload may need an escape within the request, which is limited to 4 MiB.
inline constexpr std::uint32_t webhook_payload_length_max = 2'000'000;
inline constexpr std::uint32_t webhook_signature_length_max = 4'096;

// set_integration_secret
inline constexpr ArgumentDef set_integration_secret_arguments[] = {
    organization_argument,
    {.name = "kind", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "What the secret is for, in lower-case letters, digits and '_': stripe_webhook, stripe_billing (set by the service only), ai_provider, ..."},
    {.name = "name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "Tells secrets of one kind apart, such as the old and the new one while a secret is rolled."},
    {.name = "value", .type = Type::text, .length_max = free_text_length_max, .doc = "The secret itself; kept sealed and never shown. Needed for a new secret; the kept one stays when absent."},
    {.name = "is_active", .type = Type::boolean, .initial = "true", .doc = "Whether the secret counts."},
};
inline constexpr std::string_view set_integration_secret_errors[] = {"not_found"};

// reveal_secret
inline constexpr ArgumentDef reveal_secret_arguments[] = {
    {.name = "table", .type = Type::enumeration, .required = true, .values = &revealed_table, .doc = "The table whose sealed column is wanted; other sealed columns are never shown."},
    {.name = "id", .type = Type::uuid, .required = true, .doc = "The row."},
    organization_argument,
};
inline constexpr std::string_view reveal_secret_errors[] = {"not_found"};

// apply_stripe_webhook
inline constexpr ArgumentDef apply_stripe_webhook_arguments[] = {
    organization_argument,
    {.name = "payload", .type = Type::text, .required = true, .length_max = webhook_payload_length_max, .doc = "The request's body as it came in, byte for byte."},
    {.name = "signature", .type = Type::text, .required = true, .length_max = webhook_signature_length_max, .doc = "The header Stripe-Signature."},
};
inline constexpr std::string_view apply_stripe_webhook_errors[] = {"not_found", "signature_invalid", "invalid_json", "invalid_argument", "payment_refused"};

inline constexpr CommandDef webhooks_commands[] = {
    {.id = 107, .name = "set_integration_secret", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = set_integration_secret_arguments, .errors = set_integration_secret_errors,
     .reply = "integration_secret (row)",
     .doc = "Makes, replaces, switches off or on the secret of one kind and name that is shared with an outside service."},
    {.id = 108, .name = "reveal_secret", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = reveal_secret_arguments, .errors = reveal_secret_errors,
     .reply = "value (the sealed text, shown this once; null when there is none)", .shown_once = "value",
     .doc = "Shows the sealed value of one row, and notes in the audit log who looked at which."},
    {.id = 340, .name = "apply_stripe_webhook", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::nobody}, .group = "ticketing",
     .arguments = apply_stripe_webhook_arguments, .errors = apply_stripe_webhook_errors,
     .reply = "effect, event (row), order (row or null)",
     .doc = "Checks a delivery of Stripe's against the organization's active secrets and does, once, what it reports."},
};

}  // namespace eventcore::schema::commands
