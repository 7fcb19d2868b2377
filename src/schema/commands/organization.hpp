// Commands on organizations, people and devices. Ids 100-199.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"
#include "schema/tables/organization.hpp"

namespace eventcore::schema::commands {

// create_organization
inline constexpr ArgumentDef create_organization_owner[] = {
    {.name = "email", .type = Type::text, .required = true, .length_max = 254, .doc = "The owner's e-mail address."},
    {.name = "full_name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "The owner's name."},
    {.name = "phone", .type = Type::text, .length_max = name_length_max, .doc = "The owner's telephone number."},
};
inline constexpr ArgumentDef create_organization_arguments[] = {
    {.name = "name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "The organization's name."},
    {.name = "slug", .type = Type::text, .length_max = name_length_max, .doc = "Unique in the store; made from the name when absent."},
    {.name = "subscription_tier", .type = Type::enumeration, .values = &enums::subscription_tier, .initial = "\"free\"", .doc = "The plan the organization is on."},
    {.name = "settings", .type = Type::json, .initial = "{}", .doc = "Settings such as currency, taxes and fees."},
    {.name = "owner", .required = true, .fields = create_organization_owner, .doc = "The first user, who gets the role owner."},
};
inline constexpr std::string_view create_organization_errors[] = {"already_exists", "invariant_violated"};

// invite_user
inline constexpr ArgumentDef invite_user_arguments[] = {
    organization_argument,
    {.name = "email", .type = Type::text, .required = true, .length_max = 254, .doc = "Unique in the organization, compared folded."},
    {.name = "full_name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "The user's name."},
    {.name = "role", .type = Type::enumeration, .values = &enums::user_role, .initial = "\"member\"", .doc = "The user's role; owner is granted by owners only."},
    {.name = "phone", .type = Type::text, .length_max = name_length_max, .doc = "The user's telephone number."},
    {.name = "professional_title", .type = Type::text, .length_max = name_length_max, .doc = "What the user does."},
    {.name = "department", .type = Type::enumeration, .values = &enums::department, .doc = "Where the user works."},
    {.name = "skills", .type = Type::text, .array = true, .length_max = name_length_max, .doc = "What the user can do."},
};
inline constexpr std::string_view invite_user_errors[] = {"not_found", "already_exists"};

// assign_team
inline constexpr ArgumentDef assign_team_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event to work on."},
    {.name = "user_id", .type = Type::uuid, .required = true, .doc = "The user of the same organization who is assigned."},
    {.name = "role_type", .type = Type::enumeration, .required = true, .values = &enums::assignment_role, .doc = "The role on the event's team."},
    {.name = "start_date", .type = Type::date, .doc = "First day; open when absent."},
    {.name = "end_date", .type = Type::date, .doc = "Last day; open when absent."},
    {.name = "workload_percentage", .type = Type::integer, .initial = "100", .min = 0, .max = 100, .doc = "Share of the working time, in percent."},
    {.name = "hourly_rate", .type = Type::money, .min = 0, .doc = "Pay per hour, in the organization's currency."},
    {.name = "notes", .type = Type::text, .length_max = free_text_length_max, .doc = "Free text."},
};
inline constexpr std::string_view assign_team_errors[] = {"not_found", "reference_not_found", "already_exists", "invariant_violated"};

// register_device
inline constexpr ArgumentDef register_device_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event whose tickets the device checks."},
    {.name = "name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "How people call the device."},
    {.name = "gate", .type = Type::text, .length_max = name_length_max, .doc = "The gate it stands at; every gate when absent."},
};
inline constexpr std::string_view register_device_errors[] = {"not_found", "already_exists"};

// revoke_device
inline constexpr ArgumentDef revoke_device_arguments[] = {
    {.name = "device_id", .type = Type::uuid, .required = true, .doc = "The device that is no longer trusted."},
    organization_argument,
};
inline constexpr std::string_view revoke_device_errors[] = {"not_found"};

// create_api_key
inline constexpr ArgumentDef create_api_key_arguments[] = {
    organization_argument,
    {.name = "name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "What the key is for."},
    {.name = "permissions", .type = Type::text, .array = true, .length_max = name_length_max, .doc = "Permission groups, each alone (read and write) or with ':read' after it; needed unless the key is a sponsor's."},
    {.name = "sponsor_id", .type = Type::uuid, .doc = "The sponsor the key stands for; such a key has no permissions of its own."},
    {.name = "expires_at", .type = Type::timestamptz, .doc = "From when on the key is refused; never when absent."},
};
inline constexpr std::string_view create_api_key_errors[] = {"not_found", "reference_not_found"};

// revoke_api_key
inline constexpr ArgumentDef revoke_api_key_arguments[] = {
    {.name = "api_key_id", .type = Type::uuid, .required = true, .doc = "The key that no longer counts."},
    organization_argument,
};
inline constexpr std::string_view revoke_api_key_errors[] = {"not_found"};

inline constexpr CommandDef organization_commands[] = {
    {.id = 100, .name = "create_organization", .domain = "organization", .mutates = true, .runs = Runs::service_only,
     .arguments = create_organization_arguments, .errors = create_organization_errors,
     .reply = "organization (row), owner (row)",
     .doc = "Makes an organization, its keys and its first owner."},
    {.id = 101, .name = "invite_user", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = invite_user_arguments, .errors = invite_user_errors,
     .reply = "user (row)",
     .doc = "Adds a user to the organization; only an owner grants the role owner."},
    {.id = 102, .name = "assign_team", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor}, .group = "organization",
     .arguments = assign_team_arguments, .errors = assign_team_errors,
     .reply = "assignment (row)",
     .doc = "Assigns a user to an event's team in one role."},
    {.id = 103, .name = "register_device", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor},
     .arguments = register_device_arguments, .errors = register_device_errors,
     .reply = "device (row), token (shown this once)", .shown_once = "token",
     .doc = "Registers a check-in device for one event and answers its key, which is not kept in clear."},
    {.id = 104, .name = "revoke_device", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = revoke_device_arguments, .errors = revoke_device_errors,
     .reply = "device (row)",
     .doc = "Takes a device's key back, for its open sessions too; once revoked it stays so."},
    {.id = 105, .name = "create_api_key", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = create_api_key_arguments, .errors = create_api_key_errors,
     .reply = "api_key (row), token (shown this once)", .shown_once = "token",
     .doc = "Makes a key with which a program acts for the organization or one of its sponsors; only a keyed hash of it is kept."},
    {.id = 106, .name = "revoke_api_key", .domain = "organization", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = revoke_api_key_arguments, .errors = revoke_api_key_errors,
     .reply = "api_key (row)",
     .doc = "Takes an API key back, for its open sessions too; once revoked it stays so."},
};

}  // namespace eventcore::schema::commands
