// Organizations and people: tenants, their users and assignments, keys, devices, secrets and privacy requests.
// Invariants: checked by schema/check.hpp. Thread: constants.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view subscription_tier_values[] = {"free", "pro", "enterprise"};
inline constexpr EnumDef subscription_tier{"subscription_tier", subscription_tier_values};
inline constexpr std::string_view user_role_values[] = {"owner", "admin", "manager", "member", "guest"};
inline constexpr EnumDef user_role{"user_role", user_role_values};
inline constexpr std::string_view department_values[] = {"production", "marketing", "sales", "finance", "operations"};
inline constexpr EnumDef department{"department", department_values};
inline constexpr std::string_view assignment_role_values[] = {
    "event_director",     "producer",           "marketing_manager",           "sponsorship_manager",
    "operations_manager", "technical_director", "customer_experience_manager",
};
inline constexpr EnumDef assignment_role{"assignment_role", assignment_role_values};
inline constexpr std::string_view assignment_status_values[] = {"assigned", "active", "completed", "cancelled"};
inline constexpr EnumDef assignment_status{"assignment_status", assignment_status_values};
inline constexpr std::string_view proficiency_level_values[] = {"beginner", "intermediate", "advanced", "expert"};
inline constexpr EnumDef proficiency_level{"proficiency_level", proficiency_level_values};
inline constexpr std::string_view data_subject_request_kind_values[] = {"export", "erase"};
inline constexpr EnumDef data_subject_request_kind{"data_subject_request_kind", data_subject_request_kind_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef organizations_columns[] = {
    standard::id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the organization."},
    {.id = 11, .name = "slug", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Short name for addresses, unique in the whole store."},
    {.id = 12, .name = "subscription_tier", .type = Type::enumeration, .flags = not_null, .values = &enums::subscription_tier, .initial = "free", .personal = not_personal, .doc = "What the organization pays for."},
    {.id = 13, .name = "settings", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Currency, taxes, fees, retention and other settings of the organization."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef organizations_uniques[] = {
    {.name = "organizations_slug_key", .columns = {"slug"}, .store_wide = true},
};
inline constexpr TableDef organizations{
    .id = 1,
    .name = "organizations",
    .domain = "organization",
    .columns = organizations_columns,
    .uniques = organizations_uniques,
    .unique_id_store_wide = true,
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::org_user},
        .create = {Predicate::service},
        .update = {Predicate::org_admin},
        .remove = {Predicate::org_owner},
        .group = Group::organization,
        .keys = KeyAccess::read_only,
        .column_rules = {{{.columns = {"slug", "subscription_tier"}, .write = {Predicate::service}}}},
    },
    .doc = "A tenant; its own id stands for the organization_id of the other tables.",
};

inline constexpr ColumnDef users_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "email", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "E-mail address as given, unique in the organization when folded."},
    {.id = 11, .name = "email_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "email", .personal = about("email"), .doc = "E-mail address folded for comparison."},
    {.id = 12, .name = "full_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = about("email"), .doc = "Full name."},
    {.id = 13, .name = "avatar_url", .type = Type::text, .flags = long_column, .personal = about("email"), .doc = "Address of a picture."},
    {.id = 14, .name = "phone", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "Telephone number."},
    {.id = 15, .name = "role", .type = Type::enumeration, .flags = not_null, .values = &enums::user_role, .initial = "member", .personal = not_personal, .doc = "Role in the organization."},
    {.id = 16, .name = "professional_title", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "Professional title."},
    {.id = 17, .name = "department", .type = Type::enumeration, .values = &enums::department, .personal = about("email"), .doc = "Department the user works in."},
    {.id = 18, .name = "skills", .type = Type::text_array, .personal = about("email"), .doc = "Skills in words of the user; checked ones are in user_skill_assignments."},
    {.id = 19, .name = "certifications", .type = Type::json, .flags = long_column, .initial = "[]", .personal = about("email"), .doc = "Certificates held."},
    {.id = 20, .name = "availability_schedule", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("email"), .doc = "When the user can work."},
    {.id = 21, .name = "performance_metrics", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("email"), .doc = "How the user's work is rated."},
    {.id = 22, .name = "preferences", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("email"), .doc = "Preferences of the user."},
    {.id = 23, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the user may act; anything but true means no."},
    {.id = 24, .name = "last_login_at", .type = Type::timestamptz, .personal = about("email"), .doc = "When the user logged in last, as the host reports it."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef users_uniques[] = {
    {.name = "users_email_key", .columns = {"email_folded"}},
};
inline constexpr IndexDef users_indexes[] = {
    {.name = "users_by_role", .columns = {"role"}},
};
inline constexpr TableDef users{
    .id = 2,
    .name = "users",
    .domain = "organization",
    .columns = users_columns,
    .uniques = users_uniques,
    .indexes = users_indexes,
    .unique_id_store_wide = true,
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::org_member, Predicate::self},
        .create = {Predicate::org_admin},
        .update = {Predicate::org_admin, {Predicate::self, {"full_name", "avatar_url", "phone", "professional_title", "skills", "certifications", "availability_schedule", "preferences"}}},
        .remove = {Predicate::org_admin},
        .group = Group::organization,
        .keys = KeyAccess::read_only,
        .column_rules = {{{.columns = {"performance_metrics"}, .read = {Predicate::org_manager, Predicate::self}}}},
    },
    .doc = "People who work for an organization, with their professional profile.",
};

inline constexpr ColumnDef team_assignments_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "user_id", .type = Type::uuid, .flags = not_null, .references = "users", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "Who is assigned."},
    {.id = 11, .name = "role_type", .type = Type::enumeration, .flags = not_null, .values = &enums::assignment_role, .personal = not_personal, .doc = "What the user does for the event."},
    {.id = 12, .name = "assignment_status", .type = Type::enumeration, .flags = not_null, .values = &enums::assignment_status, .initial = "assigned", .personal = not_personal, .doc = "State of the assignment; only assigned and active ones give rights."},
    {.id = 13, .name = "start_date", .type = Type::date, .personal = not_personal, .doc = "First day, open when null."},
    {.id = 14, .name = "end_date", .type = Type::date, .personal = not_personal, .doc = "Last day, open when null."},
    {.id = 15, .name = "workload_percentage", .type = Type::integer, .flags = not_null, .initial = "100", .min = 0, .max = 100, .personal = not_personal, .doc = "Share of the user's working time, in percent."},
    {.id = 16, .name = "hourly_rate", .type = Type::money, .precision = 10, .min = 0, .personal = about("user_id"), .doc = "Pay for an hour."},
    {.id = 17, .name = "notes", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = about("user_id"), .doc = "Notes on the assignment."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef team_assignments_indexes[] = {
    {.name = "team_assignments_by_event_id", .columns = {"event_id"}},
    {.name = "team_assignments_by_user_id", .columns = {"user_id"}},
};
inline constexpr CheckDef team_assignments_checks[] = {
    {.name = "team_assignments_dates", .sql = "end_date >= start_date", .doc = "The last day is not before the first."},
};
inline constexpr TableDef team_assignments{
    .id = 3,
    .name = "team_assignments",
    .domain = "organization",
    .columns = team_assignments_columns,
    .indexes = team_assignments_indexes,
    .checks = team_assignments_checks,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_reader, Predicate::self},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::organization,
        .column_rules = {{{.columns = {"hourly_rate"}, .read = {Predicate::org_manager, Predicate::event_editor, Predicate::self}}}},
    },
    .doc = "Who works on which event, in which role.",
};

inline constexpr ColumnDef user_skill_assignments_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "user_id", .type = Type::uuid, .flags = not_null | immutable, .references = "users", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "Whose skill it is."},
    {.id = 11, .name = "skill_name", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Name of the skill, once per user."},
    {.id = 12, .name = "proficiency_level", .type = Type::enumeration, .values = &enums::proficiency_level, .personal = about("user_id"), .doc = "How well the user masters it."},
    {.id = 13, .name = "verified_by", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "Who verified the skill, never the user in person."},
    {.id = 14, .name = "verified_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the skill was verified."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef user_skill_assignments_uniques[] = {
    {.name = "user_skill_assignments_user_id_skill_name_key", .columns = {"user_id", "skill_name"}},
};
inline constexpr IndexDef user_skill_assignments_indexes[] = {
    {.name = "user_skill_assignments_by_skill_name", .columns = {"skill_name"}},
    {.name = "user_skill_assignments_by_verified_by", .columns = {"verified_by"}},
};
inline constexpr TableDef user_skill_assignments{
    .id = 40,
    .name = "user_skill_assignments",
    .domain = "organization",
    .columns = user_skill_assignments_columns,
    .uniques = user_skill_assignments_uniques,
    .indexes = user_skill_assignments_indexes,
    .parent = "user_id",
    .access = {
        .view = {Predicate::org_member, Predicate::self},
        .create = {Predicate::org_admin, Predicate::self},
        .update = {Predicate::org_admin, Predicate::self, {Predicate::org_manager, {"verified_by", "verified_at"}}},
        .remove = {Predicate::org_admin, Predicate::self},
        .group = Group::organization,
        .column_rules = {{{.columns = {"verified_by", "verified_at"}, .write = {Predicate::org_manager}}}},
    },
    .doc = "Skills of users, verified by a manager or not.",
};

inline constexpr ColumnDef api_keys_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "public_id", .type = Type::text, .flags = not_null | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The readable part of the token, unique in the whole store."},
    {.id = 11, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "What the key is for."},
    {.id = 12, .name = "key_hash", .type = Type::blob, .flags = not_null | engine_column | immutable | internal, .personal = not_personal, .doc = "Digest of the secret part of the token."},
    {.id = 13, .name = "permissions", .type = Type::text_array, .flags = not_null, .initial = "[]", .personal = not_personal, .doc = "Permission groups, each alone or with ':read' after it."},
    {.id = 14, .name = "sponsor_id", .type = Type::uuid, .flags = immutable, .references = "sponsors", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The sponsor whom the key stands for, if it does."},
    {.id = 15, .name = "expires_at", .type = Type::timestamptz, .personal = not_personal, .doc = "From when on the key is refused."},
    {.id = 16, .name = "last_used_at", .type = Type::timestamptz, .flags = engine_column, .personal = not_personal, .doc = "When the key was used last, to the hour."},
    {.id = 17, .name = "revoked_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the key was revoked."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef api_keys_uniques[] = {
    {.name = "api_keys_public_id_key", .columns = {"public_id"}, .store_wide = true},
};
inline constexpr IndexDef api_keys_indexes[] = {
    {.name = "api_keys_by_sponsor_id", .columns = {"sponsor_id"}},
};
inline constexpr TableDef api_keys{
    .id = 50,
    .name = "api_keys",
    .domain = "organization",
    .columns = api_keys_columns,
    .uniques = api_keys_uniques,
    .indexes = api_keys_indexes,
    .unique_id_store_wide = true,
    .access = {
        .view = {Predicate::org_admin},
        .create = {Predicate::command},
        .update = {Predicate::command},
        .remove = {Predicate::command},
        .group = Group::organization,
        .keys = KeyAccess::closed,
    },
    .doc = "Keys with which programs act for an organization or a sponsor; the secret is shown once.",
};

inline constexpr ColumnDef devices_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "What the device is called."},
    {.id = 11, .name = "gate", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The gate at which it stands."},
    {.id = 12, .name = "public_id", .type = Type::text, .flags = not_null | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The readable part of the device key, unique in the whole store."},
    {.id = 13, .name = "key_hash", .type = Type::blob, .flags = not_null | engine_column | immutable | internal, .personal = not_personal, .doc = "Digest of the secret part of the device key."},
    {.id = 14, .name = "last_seen_at", .type = Type::timestamptz, .flags = engine_column, .personal = not_personal, .doc = "When the device was heard of last."},
    {.id = 15, .name = "revoked_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the device was revoked."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef devices_uniques[] = {
    {.name = "devices_public_id_key", .columns = {"public_id"}, .store_wide = true},
};
inline constexpr IndexDef devices_indexes[] = {
    {.name = "devices_by_event_id", .columns = {"event_id"}},
};
inline constexpr TableDef devices{
    .id = 51,
    .name = "devices",
    .domain = "organization",
    .columns = devices_columns,
    .uniques = devices_uniques,
    .indexes = devices_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .unique_id_store_wide = true,
    .access = {
        .view = {Predicate::org_admin, Predicate::box_office},
        .create = {Predicate::command},
        .update = {Predicate::command},
        .remove = {Predicate::command},
        .group = Group::organization,
        .keys = KeyAccess::closed,
    },
    .doc = "Scanners at the gates of an event.",
};

inline constexpr ColumnDef integration_secrets_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "kind", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "What the secret is for: stripe_webhook, ai_provider or another integration."},
    {.id = 11, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name that tells secrets of one kind apart."},
    {.id = 12, .name = "value", .type = Type::sealed, .flags = not_null | long_column, .personal = not_personal, .doc = "The secret, sealed with the key of the organization."},
    {.id = 13, .name = "is_active", .type = Type::boolean, .flags = not_null, .initial = "true", .personal = not_personal, .doc = "Whether the secret is in use."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef integration_secrets_indexes[] = {
    {.name = "integration_secrets_by_kind", .columns = {"kind", "is_active"}},
};
inline constexpr TableDef integration_secrets{
    .id = 53,
    .name = "integration_secrets",
    .domain = "organization",
    .columns = integration_secrets_columns,
    .indexes = integration_secrets_indexes,
    .access = {
        .view = {Predicate::org_admin},
        .create = {Predicate::command},
        .update = {Predicate::command},
        .remove = {Predicate::command},
        .group = Group::organization,
        .keys = KeyAccess::closed,
    },
    .doc = "Secrets shared with outside services, such as webhook signing secrets.",
};

inline constexpr ColumnDef data_subject_requests_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "kind", .type = Type::enumeration, .flags = not_null, .values = &enums::data_subject_request_kind, .personal = not_personal, .doc = "Whether the data was exported or erased."},
    {.id = 11, .name = "subject_digest", .type = Type::blob, .flags = not_null, .personal = not_personal, .doc = "Keyed digest of the person's folded e-mail address."},
    {.id = 12, .name = "requested_by", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who made the request; null for other principals."},
    {.id = 13, .name = "completed_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the request was carried out."},
    {.id = 14, .name = "counts", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "How many rows of which table were concerned."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef data_subject_requests_indexes[] = {
    {.name = "data_subject_requests_by_requested_by", .columns = {"requested_by"}},
    {.name = "data_subject_requests_by_subject_digest", .columns = {"subject_digest"}},
};
inline constexpr TableDef data_subject_requests{
    .id = 56,
    .name = "data_subject_requests",
    .domain = "organization",
    .columns = data_subject_requests_columns,
    .indexes = data_subject_requests_indexes,
    .access = {
        .view = {Predicate::org_admin},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::organization,
        .keys = KeyAccess::closed,
    },
    .doc = "What was exported or erased at a person's request, without saying who it was.",
};

}  // namespace tables
}  // namespace eventcore::schema
