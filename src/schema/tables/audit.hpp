// The audit chain: who wrote what, when, chained by hashes. Only the engine appends; only erasure blanks.
// Invariants: checked by schema/check.hpp; the chain itself by src/audit. Thread: constants.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view principal_kind_values[] = {"service", "user", "sponsor", "customer", "api_key", "device", "anon"};
inline constexpr EnumDef principal_kind{"principal_kind", principal_kind_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef audit_logs_columns[] = {
    standard::id,
    // No foreign key: the chain of a deleted organization stays, and the store's own chain uses the nil uuid.
    {.id = 2, .name = "organization_id", .type = Type::uuid, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "The tenant whose chain it is; nil for the store, for global tables and for calls without a tenant."},
    {.id = 10, .name = "table_name", .type = Type::text, .flags = not_null | engine_column | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The table that was written; empty for acts on the whole store."},
    {.id = 11, .name = "operation", .type = Type::text, .flags = not_null | engine_column | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "What was done: insert, update, delete, erase or the name of an act on the whole store."},
    {.id = 12, .name = "record_id", .type = Type::uuid, .flags = engine_column | immutable, .personal = not_personal, .doc = "The row that was written."},
    {.id = 13, .name = "old_values", .type = Type::json, .flags = engine_column | immutable | long_column, .personal = not_personal, .doc = "The columns that are not personal, before the write; for an update only those it changed."},
    {.id = 14, .name = "new_values", .type = Type::json, .flags = engine_column | immutable | long_column, .personal = not_personal, .doc = "The columns that are not personal, after the write; for an update only those it changed."},
    {.id = 15, .name = "user_id", .type = Type::uuid, .flags = engine_column | immutable, .personal = not_personal, .doc = "The user who wrote; null for other principals."},
    {.id = 16, .name = "timestamp", .type = Type::timestamptz, .flags = not_null | engine_column | immutable, .initial = "now", .personal = not_personal, .doc = "When it was written."},
    {.id = 17, .name = "seq", .type = Type::integer, .flags = not_null | engine_column | immutable, .min = 1, .personal = not_personal, .doc = "Place in the tenant's chain: 1, 2, 3 without gaps."},
    {.id = 18, .name = "principal_kind", .type = Type::enumeration, .flags = not_null | engine_column | immutable, .values = &enums::principal_kind, .personal = not_personal, .doc = "The kind of principal who wrote."},
    {.id = 19, .name = "principal_id", .type = Type::uuid, .flags = engine_column | immutable, .personal = not_personal, .doc = "Id of that user, sponsor, key or device; a customer's address is in the personal part instead."},
    {.id = 20, .name = "command", .type = Type::text, .flags = engine_column | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The command or direct operation that wrote."},
    {.id = 21, .name = "entry_hash", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Hash of the entry, chained to the one before."},
    {.id = 22, .name = "c1", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Commitment to the personal columns before the write."},
    {.id = 23, .name = "c2", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Commitment to the other columns before the write."},
    {.id = 24, .name = "c3", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Commitment to the personal columns after the write."},
    {.id = 25, .name = "c4", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Commitment to the other columns after the write."},
    {.id = 26, .name = "salt1", .type = Type::blob, .flags = engine_column, .personal = about("record_id"), .doc = "Key of c1; dropped by erasure."},
    {.id = 27, .name = "salt2", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Key of c2."},
    {.id = 28, .name = "salt3", .type = Type::blob, .flags = engine_column, .personal = about("record_id"), .doc = "Key of c3; dropped by erasure."},
    {.id = 29, .name = "salt4", .type = Type::blob, .flags = not_null | engine_column | immutable, .personal = not_personal, .doc = "Key of c4."},
    {.id = 30, .name = "old_personal", .type = Type::json, .flags = engine_column | long_column, .personal = about("record_id"), .doc = "The personal columns before the write; dropped by erasure."},
    {.id = 31, .name = "new_personal", .type = Type::json, .flags = engine_column | long_column, .personal = about("record_id"), .doc = "The personal columns after the write; dropped by erasure."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef audit_logs_uniques[] = {
    {.name = "audit_logs_seq_key", .columns = {"seq"}},
};
inline constexpr IndexDef audit_logs_indexes[] = {
    {.name = "audit_logs_by_record_id", .columns = {"record_id", "seq"}},
    {.name = "audit_logs_by_user_id", .columns = {"user_id"}},
    {.name = "audit_logs_by_timestamp", .columns = {"timestamp"}},
};
inline constexpr TableDef audit_logs{
    .id = 42,
    .name = "audit_logs",
    .domain = "communication",
    .columns = audit_logs_columns,
    .uniques = audit_logs_uniques,
    .indexes = audit_logs_indexes,
    .access = {
        .view = {Predicate::org_admin},
        .create = {Predicate::nobody},
        .update = {Predicate::nobody},
        .remove = {Predicate::nobody},
        .group = Group::communication,
        .keys = KeyAccess::closed,
    },
    .doc = "One entry for each row written, chained by hashes so that a change or a gap shows.",
};

}  // namespace tables
}  // namespace eventcore::schema
