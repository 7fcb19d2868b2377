// Analytics: measured figures of events, visits, and the widgets that show them.
// Invariants: checked by schema/check.hpp. Thread: constants.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view event_metric_type_values[] = {"revenue", "attendance", "engagement", "satisfaction", "conversion"};
inline constexpr EnumDef event_metric_type{"event_metric_type", event_metric_type_values};
inline constexpr std::string_view measurement_period_values[] = {"real_time", "hourly", "daily", "weekly", "monthly"};
inline constexpr EnumDef measurement_period{"measurement_period", measurement_period_values};
inline constexpr std::string_view widget_type_values[] = {"chart", "metric", "table", "map", "calendar"};
inline constexpr EnumDef widget_type{"widget_type", widget_type_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef event_analytics_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "metric_name", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Name of the figure."},
    {.id = 11, .name = "metric_value", .type = Type::decimal, .precision = 15, .scale = 4, .personal = not_personal, .doc = "The figure."},
    {.id = 12, .name = "metric_type", .type = Type::enumeration, .values = &enums::event_metric_type, .personal = not_personal, .doc = "What the figure is about."},
    {.id = 13, .name = "measurement_period", .type = Type::enumeration, .values = &enums::measurement_period, .personal = not_personal, .doc = "The span of time that the figure covers."},
    {.id = 14, .name = "dimensions", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What the figure is broken down by."},
    {.id = 15, .name = "recorded_at", .type = Type::timestamptz, .initial = "now", .personal = not_personal, .doc = "When the figure was taken."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef event_analytics_indexes[] = {
    {.name = "event_analytics_by_event_id", .columns = {"event_id", "metric_name", "recorded_at"}},
};
inline constexpr TableDef event_analytics{
    .id = 33,
    .name = "event_analytics",
    .domain = "analytics",
    .columns = event_analytics_columns,
    .indexes = event_analytics_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_staff},
        .create = {Predicate::event_editor},
        .update = {Predicate::nobody},
        .remove = {Predicate::nobody},
        .group = Group::analytics,
    },
    .doc = "Figures measured for an event; written once, never changed.",
};

inline constexpr ColumnDef user_behavior_events_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "user_id", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user, when one was logged in."},
    {.id = 11, .name = "session_id", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("user_id"), .doc = "The visit that the step belongs to."},
    {.id = 12, .name = "event_name", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "What happened, such as event_view."},
    {.id = 13, .name = "event_category", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The kind of thing that happened."},
    {.id = 14, .name = "properties", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("user_id"), .doc = "Further facts, such as the event_id of an event_view."},
    {.id = 15, .name = "timestamp", .type = Type::timestamptz, .initial = "now", .personal = not_personal, .doc = "When it happened."},
    {.id = 16, .name = "user_agent", .type = Type::text, .flags = long_column, .personal = about("user_id"), .doc = "What the browser called itself."},
    {.id = 17, .name = "ip_address", .type = Type::inet, .personal = about("user_id"), .doc = "Network address of the visitor."},
    {.id = 18, .name = "referrer", .type = Type::text, .flags = long_column, .personal = about("user_id"), .doc = "The page from which the visitor came."},
    {.id = 19, .name = "page_url", .type = Type::text, .flags = long_column, .personal = about("user_id"), .doc = "The page that was visited."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef user_behavior_events_indexes[] = {
    {.name = "user_behavior_events_by_user_id", .columns = {"user_id"}},
    {.name = "user_behavior_events_by_event_name", .columns = {"event_name", "timestamp"}},
    {.name = "user_behavior_events_by_timestamp", .columns = {"timestamp"}},
};
inline constexpr TableDef user_behavior_events{
    .id = 34,
    .name = "user_behavior_events",
    .domain = "analytics",
    .columns = user_behavior_events_columns,
    .indexes = user_behavior_events_indexes,
    .access = {
        .view = {Predicate::org_manager},
        .create = {Predicate::command},
        .update = {Predicate::nobody},
        .remove = {Predicate::nobody},
        .group = Group::analytics,
    },
    .doc = "Steps of visits, written by track_behavior and kept for a limited time.",
};

inline constexpr ColumnDef dashboard_widgets_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "dashboard_name", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The dashboard on which the widget stands."},
    {.id = 11, .name = "widget_type", .type = Type::enumeration, .values = &enums::widget_type, .personal = not_personal, .doc = "How the widget shows its data."},
    {.id = 12, .name = "widget_config", .type = Type::json, .flags = not_null | long_column, .personal = not_personal, .doc = "Configuration of the widget."},
    {.id = 13, .name = "data_source", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Where its data comes from."},
    {.id = 14, .name = "refresh_interval", .type = Type::integer, .initial = "300", .min = 0, .personal = not_personal, .doc = "Seconds between two refreshes."},
    {.id = 15, .name = "position_x", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "Column of the grid, from 0."},
    {.id = 16, .name = "position_y", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "Row of the grid, from 0."},
    {.id = 17, .name = "width", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "Width in grid columns."},
    {.id = 18, .name = "height", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "Height in grid rows."},
    {.id = 19, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the widget is shown."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef dashboard_widgets_indexes[] = {
    {.name = "dashboard_widgets_by_dashboard_name", .columns = {"dashboard_name"}},
    {.name = "dashboard_widgets_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef dashboard_widgets{
    .id = 35,
    .name = "dashboard_widgets",
    .domain = "analytics",
    .columns = dashboard_widgets_columns,
    .indexes = dashboard_widgets_indexes,
    .access = {
        .view = {Predicate::org_member},
        .create = {Predicate::org_member},
        .update = {Predicate::org_manager, Predicate::creator},
        .remove = {Predicate::org_manager, Predicate::creator},
        .group = Group::analytics,
    },
    .doc = "Widgets of dashboards.",
};

}  // namespace tables
}  // namespace eventcore::schema
