// Commands that look after the store and explain its decisions. Ids 900-999.
#pragma once

#include <cstdint>
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

// Keys and copies. Key bytes are never arguments: they travel in the call's options, as bytes.
inline constexpr ArgumentDef key_name_argument{.name = "name", .type = Type::text, .length_max = 100, .doc = "What list_keys shall show, such as where the key is kept."};
inline constexpr ArgumentDef copy_path_argument{.name = "path", .type = Type::text, .required = true, .length_max = 4'000, .doc = "The copy's file, NAME.ecdb; its side files lie beside it."};

// add_key
inline constexpr ArgumentDef add_key_arguments[] = {key_name_argument};
inline constexpr std::string_view add_key_errors[] = {"key_required", "invalid_key"};

// remove_key
inline constexpr ArgumentDef remove_key_arguments[] = {
    {.name = "slot", .type = Type::integer, .required = true, .min = 1, .max = 2'147'483'647, .doc = "The key's number in list_keys."},
};
inline constexpr std::string_view remove_key_errors[] = {"not_found"};

// rotate_key
inline constexpr ArgumentDef rotate_key_arguments[] = {
    {.name = "slot", .type = Type::integer, .min = 1, .max = 2'147'483'647, .doc = "The key that goes; the one that opened this engine when absent."},
    key_name_argument,
    {.name = "data_key", .type = Type::boolean, .initial = "false", .doc = "Whether to write the whole store anew under another data key too; all other keys go, slot is then not given."},
};
inline constexpr std::string_view rotate_key_errors[] = {"key_required", "invalid_key", "not_found", "store_busy", "store_corrupt"};

// backup
inline constexpr ArgumentDef backup_arguments[] = {copy_path_argument};
inline constexpr std::string_view backup_errors[] = {"key_required", "store_not_found", "store_locked", "store_exists", "invalid_key", "store_corrupt", "disk_full"};

// restore
inline constexpr ArgumentDef restore_arguments[] = {
    copy_path_argument,
    {.name = "replace", .type = Type::boolean, .initial = "false", .doc = "Whether a copy of the same store lies there and is to be replaced; the key is then its key."},
};
inline constexpr std::string_view restore_errors[] = {"key_required", "store_not_found", "store_locked", "store_exists", "invalid_key", "wrong_key", "store_corrupt", "disk_full"};

inline constexpr CommandDef operations_commands[] = {
    {.id = 900, .name = "explain_access", .domain = "operations", .mutates = false, .runs = Runs::anyone,
     .arguments = explain_access_arguments, .errors = explain_access_errors,
     .reply = "allowed, policy, conditions: [{name, holds, because}]",
     .doc = "Tells the caller which policy allows or refuses him something, and which condition fails."},
    {.id = 901, .name = "run_maintenance", .domain = "operations", .mutates = true, .runs = Runs::service_only,
     .arguments = run_maintenance_arguments, .errors = run_maintenance_errors,
     .reply = "expired_orders, called_off_orders, waitlist_offers, conversion_rates, overdue_milestones, removed_rows, failures: [{organization_id, piece, code}], more",
     .doc = "Expires due orders, goes on with the orders of cancelled events, offers free places to those who wait, computes conversion rates of hours that are over, marks overdue milestones and removes deleted organizations in slices. What one organization's rows refuse is told among failures and left; the rest goes on."},
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
    {.id = 910, .name = "list_keys", .domain = "operations", .mutates = false, .runs = Runs::service_only,
     .reply = "keys: [{slot, kind, name, created_at, opened}]",
     .doc = "Lists the keys that open the store: never what they are, and which of them opened this engine."},
    {.id = 911, .name = "add_key", .domain = "operations", .mutates = true, .runs = Runs::service_only,
     .arguments = add_key_arguments, .errors = add_key_errors,
     .reply = "slot",
     .doc = "Lets a further key open the store; the key is in the call's options."},
    {.id = 912, .name = "remove_key", .domain = "operations", .mutates = true, .runs = Runs::service_only,
     .arguments = remove_key_arguments, .errors = remove_key_errors,
     .reply = "slot",
     .doc = "Makes a key open the store no longer; the last one stays."},
    {.id = 913, .name = "rotate_key", .domain = "operations", .mutates = true, .runs = Runs::service_only,
     .arguments = rotate_key_arguments, .errors = rotate_key_errors,
     .reply = "slot, data_key",
     .doc = "Puts the key of the call's options in the place of one that opened the store, and on request encrypts the store anew."},
    {.id = 914, .name = "backup", .domain = "operations", .mutates = false, .runs = Runs::service_only,
     .arguments = backup_arguments, .errors = backup_errors,
     .reply = "path, bytes, rows, commit, head, chain: {seq, head}",
     .doc = "Writes a verified copy of the store while others write, opened by the key of the call's options."},
    {.id = 915, .name = "restore", .domain = "operations", .mutates = false, .runs = Runs::service_only,
     .arguments = restore_arguments, .errors = restore_errors,
     .reply = "path, bytes, rows, commit, head, chain: {seq, head}, lost: {commit, head, chain: {seq, head}} or null",
     .doc = "Makes this store, an opened backup, the store at another path; the store's own audit chain says so there."},
};

// Commands that take a key with the call's options.
inline constexpr std::uint16_t commands_with_key[] = {911, 913, 914, 915};

}  // namespace eventcore::schema::commands
