// Communication: message templates, notifications of users, and the log and queue of outgoing messages.
// Invariants: checked by schema/check.hpp. Thread: constants.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view template_type_values[] = {"email", "sms", "whatsapp", "push_notification"};
inline constexpr EnumDef template_type{"template_type", template_type_values};
inline constexpr std::string_view notification_type_values[] = {"info", "warning", "error", "success"};
inline constexpr EnumDef notification_type{"notification_type", notification_type_values};
inline constexpr std::string_view notification_channel_values[] = {"in_app", "email", "sms", "whatsapp", "push"};
inline constexpr EnumDef notification_channel{"notification_channel", notification_channel_values};
inline constexpr std::string_view communication_type_values[] = {"email", "sms", "whatsapp", "voice_call"};
inline constexpr EnumDef communication_type{"communication_type", communication_type_values};
inline constexpr std::string_view communication_status_values[] = {"queued", "sent", "delivered", "failed", "bounced"};
inline constexpr EnumDef communication_status{"communication_status", communication_status_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef message_templates_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the template."},
    {.id = 11, .name = "template_type", .type = Type::enumeration, .values = &enums::template_type, .personal = not_personal, .doc = "The kind of message it makes."},
    {.id = 12, .name = "subject", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Subject line, a mustache template."},
    {.id = 13, .name = "content", .type = Type::text, .flags = not_null | long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "Body, a mustache template."},
    {.id = 14, .name = "variables", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "The variables it takes."},
    {.id = 15, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the template may be used."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef message_templates_indexes[] = {
    {.name = "message_templates_by_name", .columns = {"name"}},
    {.name = "message_templates_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef message_templates{
    .id = 36,
    .name = "message_templates",
    .domain = "communication",
    .columns = message_templates_columns,
    .indexes = message_templates_indexes,
    .access = {
        .view = {Predicate::org_member},
        .create = {Predicate::org_manager},
        .update = {Predicate::org_manager},
        .remove = {Predicate::org_manager},
        .group = Group::communication,
    },
    .doc = "Templates of messages.",
};

inline constexpr ColumnDef notifications_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "recipient_id", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user to be told."},
    {.id = 11, .name = "notification_type", .type = Type::enumeration, .values = &enums::notification_type, .personal = not_personal, .doc = "How serious it is."},
    {.id = 12, .name = "title", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = about("recipient_id"), .doc = "Title."},
    {.id = 13, .name = "message", .type = Type::text, .flags = not_null | long_column, .length_max = free_text_length_max, .personal = about("recipient_id"), .doc = "Text of the notification."},
    {.id = 14, .name = "channel", .type = Type::enumeration, .values = &enums::notification_channel, .personal = not_personal, .doc = "How it is to reach the user."},
    {.id = 15, .name = "is_read", .type = Type::boolean, .initial = "false", .personal = not_personal, .doc = "Whether the user has read it."},
    {.id = 16, .name = "action_url", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "The page to open."},
    {.id = 17, .name = "metadata", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("recipient_id"), .doc = "Further facts for the program that shows it."},
    {.id = 18, .name = "sent_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When it was sent."},
    {.id = 19, .name = "read_at", .type = Type::timestamptz, .flags = engine_column | import_only, .personal = not_personal, .doc = "When it was marked as read; stamped by the engine."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef notifications_indexes[] = {
    {.name = "notifications_by_recipient_id", .columns = {"recipient_id"}},
};
inline constexpr TableDef notifications{
    .id = 37,
    .name = "notifications",
    .domain = "communication",
    .columns = notifications_columns,
    .indexes = notifications_indexes,
    .access = {
        .view = {Predicate::recipient},
        .create = {Predicate::org_manager},
        .update = {{Predicate::recipient, {"is_read"}}},
        .remove = {Predicate::service},
        .group = Group::communication,
    },
    .doc = "Messages to users of the organization, read by their recipient alone.",
};

inline constexpr ColumnDef communication_logs_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "communication_type", .type = Type::enumeration, .values = &enums::communication_type, .personal = not_personal, .doc = "How the message travels."},
    {.id = 11, .name = "sender", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Sender's address as the organization shows it."},
    {.id = 12, .name = "recipient", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("recipient"), .doc = "E-mail address or telephone number of the recipient."},
    {.id = 13, .name = "recipient_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "recipient", .personal = about("recipient"), .doc = "Recipient folded for comparison."},
    {.id = 14, .name = "subject", .type = Type::text, .flags = long_column, .personal = about("recipient"), .doc = "Subject line as sent."},
    {.id = 15, .name = "content", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = about("recipient"), .doc = "Body as sent."},
    {.id = 16, .name = "status", .type = Type::enumeration, .flags = not_null, .values = &enums::communication_status, .initial = "queued", .personal = not_personal, .doc = "How far the message has come."},
    {.id = 17, .name = "external_id", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The carrier's name for the message."},
    {.id = 18, .name = "error_message", .type = Type::text, .flags = long_column, .personal = about("recipient"), .doc = "Why it could not be delivered."},
    {.id = 19, .name = "cost", .type = Type::decimal, .precision = 8, .scale = 4, .min = 0, .personal = not_personal, .doc = "What the carrier charged."},
    {.id = 20, .name = "metadata", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("recipient"), .doc = "Further facts, such as the order the message is about."},
    {.id = 21, .name = "sent_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When it was sent."},
    {.id = 22, .name = "delivered_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When it arrived."},
    {.id = 23, .name = "lease_until", .type = Type::timestamptz, .flags = engine_column, .personal = not_personal, .doc = "Until when the carrier that claimed the message may hold it."},
    {.id = 24, .name = "attempts", .type = Type::integer, .flags = not_null | engine_column, .initial = "0", .min = 0, .personal = not_personal, .doc = "How often it was claimed."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef communication_logs_indexes[] = {
    {.name = "communication_logs_by_status", .columns = {"status", "created_at"}},
    {.name = "communication_logs_by_recipient", .columns = {"recipient_folded"}},
    {.name = "communication_logs_by_external_id", .columns = {"external_id"}},
};
inline constexpr TableDef communication_logs{
    .id = 38,
    .name = "communication_logs",
    .domain = "communication",
    .columns = communication_logs_columns,
    .indexes = communication_logs_indexes,
    .access = {
        .view = {Predicate::org_manager},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::communication,
    },
    .doc = "Outgoing messages: the queue and what became of it.",
};

}  // namespace tables
}  // namespace eventcore::schema
