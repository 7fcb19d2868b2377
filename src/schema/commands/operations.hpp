// Commands that look after the store and explain its decisions. Ids 900-999.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema::commands {

inline constexpr std::string_view access_operation_values[] = {"view", "create", "update", "delete"};
inline constexpr EnumDef access_operation{.name = "access_operation", .values = access_operation_values};

// explain_access
inline constexpr ArgumentDef explain_access_arguments[] = {
    organization_argument,
    {.name = "table", .type = Type::text, .required = true, .length_max = 64, .doc = "The table asked about."},
    {.name = "operation", .type = Type::enumeration, .required = true, .values = &access_operation, .doc = "What the caller would like to do."},
    {.name = "id", .type = Type::uuid, .doc = "The row; needed for all but create."},
    {.name = "values", .type = Type::json, .doc = "The row to create, or the columns to update."},
};
inline constexpr std::string_view explain_access_errors[] = {"unknown_table", "not_found", "ambiguous_id"};

// list_principals_who_can
inline constexpr std::string_view list_principals_who_can_errors[] = {"unknown_table", "not_found", "ambiguous_id"};

// run_maintenance
inline constexpr ArgumentDef run_maintenance_arguments[] = {
    organization_argument,
    {.name = "limit", .type = Type::integer, .initial = "1000", .min = 1, .max = 100'000, .doc = "At most so many rows of each kind in one run."},
};
inline constexpr std::string_view run_maintenance_errors[] = {"not_found"};

// verify_store
inline constexpr ArgumentDef verify_store_arguments[] = {
    organization_argument,
    {.name = "pages", .type = Type::boolean, .initial = "true", .doc = "Whether to check every page of the file too."},
    {.name = "problems_max", .type = Type::integer, .initial = "100", .min = 1, .max = 10'000, .doc = "Stops listing after so many problems; they are still counted."},
};

// verify_audit
inline constexpr ArgumentDef verify_audit_arguments[] = {
    {.name = "organization_id", .type = Type::uuid, .doc = "The organization whose chain is checked; the nil uuid means the store's own chain, for service only."},
};
inline constexpr std::string_view verify_audit_errors[] = {"not_found"};

inline constexpr CommandDef operations_commands[] = {
    {.id = 900, .name = "explain_access", .domain = "operations", .mutates = false, .runs = Runs::anyone,
     .arguments = explain_access_arguments, .errors = explain_access_errors,
     .reply = "allowed, policy, conditions: [{name, holds, because}]",
     .doc = "Tells the caller which policy allows or refuses him something, and which condition fails."},
    {.id = 901, .name = "run_maintenance", .domain = "operations", .mutates = true, .runs = Runs::service_only,
     .arguments = run_maintenance_arguments, .errors = run_maintenance_errors,
     .reply = "expired_orders, called_off_orders, conversion_rates, overdue_milestones, removed_rows, more",
     .doc = "Expires due orders, goes on with the orders of cancelled events, computes conversion rates of hours that are over, marks overdue milestones and removes deleted organizations in slices."},
    {.id = 902, .name = "verify_store", .domain = "operations", .mutates = false, .runs = Runs::service_only,
     .arguments = verify_store_arguments,
     .reply = "ok, checked: {...counts}, problems: [{kind, table, id, expected, found}]",
     .doc = "Checks pages, references, invariants, derived columns, the audit chain and rows against their last audit entry."},
    {.id = 903, .name = "verify_audit", .domain = "operations", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = verify_audit_arguments, .errors = verify_audit_errors,
     .reply = "ok, entries, head, first_bad: {seq, reason} or null, checkpoint: {seq, head, time, signature, public_key} or null",
     .doc = "Recomputes an organization's audit chain from its first entry to its head."},
    {.id = 904, .name = "list_principals_who_can", .domain = "operations", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = explain_access_arguments, .errors = list_principals_who_can_errors,
     .reply = "principals: [{kind, id, name, policy}], anon (whether everybody may)",
     .doc = "Lists the users, sponsors, API keys and devices of an organization who may do something with a row now."},
};

}  // namespace eventcore::schema::commands
