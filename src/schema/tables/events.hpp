// Events and their planning: venues, budgets, vendors, contracts, milestones, risks, labels, signing keys.
// Invariants: checked by schema/check.hpp. Thread: constants.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view event_type_values[] = {"conference", "concert", "festival", "corporate", "wedding", "trade_show", "workshop"};
inline constexpr EnumDef event_type{"event_type", event_type_values};
inline constexpr std::string_view event_category_values[] = {"business", "entertainment", "education", "sports", "arts", "technology", "lifestyle"};
inline constexpr EnumDef event_category{"event_category", event_category_values};
inline constexpr std::string_view event_status_values[] = {"planning", "confirmed", "active", "completed", "cancelled"};
inline constexpr EnumDef event_status{"event_status", event_status_values};
inline constexpr std::string_view venue_type_values[] = {"indoor", "outdoor", "hybrid", "virtual"};
inline constexpr EnumDef venue_type{"venue_type", venue_type_values};
inline constexpr std::string_view budget_category_values[] = {
    "venue",         "catering",       "marketing",     "equipment", "staff",
    "entertainment", "transportation", "accommodation", "insurance", "contingency",
};
inline constexpr EnumDef budget_category{"budget_category", budget_category_values};
inline constexpr std::string_view vendor_type_values[] = {
    "catering",       "equipment",     "entertainment", "photography", "security",
    "transportation", "accommodation", "marketing",     "technology",
};
inline constexpr EnumDef vendor_type{"vendor_type", vendor_type_values};
inline constexpr std::string_view vendor_contract_status_values[] = {"pending", "signed", "active", "completed", "cancelled"};
inline constexpr EnumDef vendor_contract_status{"vendor_contract_status", vendor_contract_status_values};
inline constexpr std::string_view milestone_type_values[] = {"planning", "marketing", "production", "logistics", "execution"};
inline constexpr EnumDef milestone_type{"milestone_type", milestone_type_values};
inline constexpr std::string_view milestone_status_values[] = {"pending", "in_progress", "completed", "overdue", "cancelled"};
inline constexpr EnumDef milestone_status{"milestone_status", milestone_status_values};
inline constexpr std::string_view milestone_priority_values[] = {"low", "medium", "high", "critical"};
inline constexpr EnumDef milestone_priority{"milestone_priority", milestone_priority_values};
inline constexpr std::string_view risk_category_values[] = {"weather", "technical", "financial", "security", "health", "logistics"};
inline constexpr EnumDef risk_category{"risk_category", risk_category_values};
inline constexpr std::string_view risk_degree_values[] = {"low", "medium", "high"};
inline constexpr EnumDef risk_degree{"risk_degree", risk_degree_values};
inline constexpr std::string_view risk_level_values[] = {"low", "medium", "high", "critical"};
inline constexpr EnumDef risk_level{"risk_level", risk_level_values};
inline constexpr std::string_view risk_status_values[] = {"identified", "mitigated", "occurred", "resolved"};
inline constexpr EnumDef risk_status{"risk_status", risk_status_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef events_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the event."},
    {.id = 11, .name = "slug", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Short name for addresses, unique in the organization; made of the name when not given."},
    {.id = 12, .name = "description", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "Description for the public."},
    {.id = 13, .name = "event_type", .type = Type::enumeration, .values = &enums::event_type, .personal = not_personal, .doc = "The kind of event."},
    {.id = 14, .name = "category", .type = Type::enumeration, .values = &enums::event_category, .personal = not_personal, .doc = "The field that the event belongs to."},
    {.id = 15, .name = "status", .type = Type::enumeration, .flags = not_null, .values = &enums::event_status, .initial = "planning", .personal = not_personal, .doc = "State of the event; tickets sell while it is confirmed or active."},
    {.id = 16, .name = "is_public", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether everybody may see the event once it is confirmed."},
    {.id = 17, .name = "is_virtual", .type = Type::boolean, .initial = "false", .personal = not_personal, .doc = "Whether it takes place online only."},
    {.id = 18, .name = "is_hybrid", .type = Type::boolean, .initial = "false", .personal = not_personal, .doc = "Whether it takes place at a venue and online."},
    {.id = 19, .name = "start_datetime", .type = Type::timestamptz, .flags = not_null, .personal = not_personal, .doc = "When the event starts."},
    {.id = 20, .name = "end_datetime", .type = Type::timestamptz, .flags = not_null, .personal = not_personal, .doc = "When the event ends."},
    {.id = 21, .name = "timezone", .type = Type::text, .initial = "UTC", .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "IANA time zone of its local dates and hours."},
    {.id = 22, .name = "max_capacity", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "Most places that its ticket categories may have together; null for no limit."},
    {.id = 23, .name = "expected_attendance", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "How many people are expected."},
    {.id = 24, .name = "venue_id", .type = Type::uuid, .references = "venues", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "Where it takes place."},
    {.id = 25, .name = "ai_generated_content", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Texts made by a model for this event."},
    {.id = 26, .name = "seo_metadata", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What search engines are told."},
    {.id = 27, .name = "social_media_settings", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Settings for social media."},
    {.id = 28, .name = "settings", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Taxes, fees, check-in and other settings of the event."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef events_uniques[] = {
    {.name = "events_slug_key", .columns = {"slug"}},
};
inline constexpr IndexDef events_indexes[] = {
    {.name = "events_by_id", .columns = {"id"}, .store_wide = true},
    {.name = "events_by_venue_id", .columns = {"venue_id", "start_datetime"}},
    {.name = "events_by_status", .columns = {"status", "start_datetime"}},
    {.name = "events_by_start_datetime", .columns = {"start_datetime"}},
    {.name = "events_public_by_start_datetime", .columns = {"is_public", "status", "start_datetime"}, .store_wide = true},
    {.name = "events_by_created_by", .columns = {"created_by"}},
};
inline constexpr CheckDef events_checks[] = {
    {.name = "events_times", .sql = "end_datetime > start_datetime", .doc = "An event ends after it starts."},
    {.name = "events_virtual_or_hybrid", .sql = "NOT (is_virtual AND is_hybrid)", .doc = "An event is not both virtual and hybrid."},
};
inline constexpr TableDef events{
    .id = 4,
    .name = "events",
    .domain = "events",
    .columns = events_columns,
    .uniques = events_uniques,
    .indexes = events_indexes,
    .checks = events_checks,
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::event_reader, Predicate::public_event, Predicate::own_ticket_event, Predicate::own_sponsor_event, {Predicate::device, {"id", "name", "start_datetime", "end_datetime", "timezone"}}},
        .create = {Predicate::org_admin},
        .update = {Predicate::event_editor},
        .remove = {Predicate::org_admin},
        .group = Group::events,
        .column_rules = {{{.columns = {"settings", "ai_generated_content", "created_by"}, .read = {Predicate::event_reader}}}},
    },
    .doc = "Events: what everything else hangs on.",
};

inline constexpr ColumnDef venues_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the venue."},
    {.id = 11, .name = "address", .type = Type::text, .flags = not_null | long_column, .personal = not_personal, .doc = "Street address."},
    {.id = 12, .name = "city", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "City."},
    {.id = 13, .name = "state", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "State or province."},
    {.id = 14, .name = "country", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Country."},
    {.id = 15, .name = "postal_code", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Postal code."},
    {.id = 16, .name = "coordinates", .type = Type::point, .personal = not_personal, .doc = "Longitude x and latitude y."},
    {.id = 17, .name = "venue_type", .type = Type::enumeration, .values = &enums::venue_type, .personal = not_personal, .doc = "The kind of venue; only virtual ones hold several events at once."},
    {.id = 18, .name = "max_capacity", .type = Type::integer, .flags = not_null, .min = 0, .personal = not_personal, .doc = "How many people it holds."},
    {.id = 19, .name = "amenities", .type = Type::text_array, .personal = not_personal, .doc = "What visitors find there."},
    {.id = 20, .name = "equipment_available", .type = Type::text_array, .personal = not_personal, .doc = "Equipment that can be used."},
    {.id = 21, .name = "accessibility_features", .type = Type::text_array, .personal = not_personal, .doc = "What makes it accessible."},
    {.id = 22, .name = "pricing_structure", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What the venue costs."},
    {.id = 23, .name = "availability_calendar", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "When the venue is free."},
    {.id = 24, .name = "contact_info", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("contact_info"), .doc = "Whom to talk to."},
    {.id = 25, .name = "images", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Addresses of pictures."},
    {.id = 26, .name = "floor_plans", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Addresses of floor plans."},
    {.id = 27, .name = "policies", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "House rules."},
    {.id = 28, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the venue is still used."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef venues_indexes[] = {
    {.name = "venues_by_id", .columns = {"id"}, .store_wide = true},
    {.name = "venues_by_city", .columns = {"city"}},
    {.name = "venues_by_name", .columns = {"name"}},
};
inline constexpr Columns venues_public_columns{"id", "name", "address", "city", "state", "country", "postal_code", "coordinates", "accessibility_features"};
inline constexpr TableDef venues{
    .id = 5,
    .name = "venues",
    .domain = "events",
    .columns = venues_columns,
    .indexes = venues_indexes,
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::org_member, {Predicate::public_event, venues_public_columns}, {Predicate::own_ticket_event, venues_public_columns}, {Predicate::own_sponsor_event, venues_public_columns}},
        .create = {Predicate::org_manager},
        .update = {Predicate::org_manager},
        .remove = {Predicate::org_admin},
        .group = Group::events,
    },
    .doc = "Places where events are held.",
};

inline constexpr ColumnDef event_budgets_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "category", .type = Type::enumeration, .flags = not_null, .values = &enums::budget_category, .personal = not_personal, .doc = "What the money is for."},
    {.id = 11, .name = "planned_amount", .type = Type::money, .flags = not_null, .precision = 12, .min = 0, .personal = not_personal, .doc = "Planned cost."},
    {.id = 12, .name = "actual_amount", .type = Type::money, .initial = "0", .precision = 12, .min = 0, .personal = not_personal, .doc = "Cost so far."},
    {.id = 13, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "Currency of the amounts, ISO 4217."},
    {.id = 14, .name = "notes", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = about("notes"), .doc = "Notes on the position."},
    {.id = 15, .name = "approved_by", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "Who approved the position."},
    {.id = 16, .name = "approved_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the position was approved."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef event_budgets_indexes[] = {
    {.name = "event_budgets_by_event_id", .columns = {"event_id", "category"}},
    {.name = "event_budgets_by_approved_by", .columns = {"approved_by"}},
    {.name = "event_budgets_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef event_budgets{
    .id = 6,
    .name = "event_budgets",
    .domain = "events",
    .columns = event_budgets_columns,
    .indexes = event_budgets_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_editor, Predicate::org_manager},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::events,
        .column_rules = {{{.columns = {"approved_by", "approved_at"}, .write = {Predicate::command}}}},
    },
    .doc = "Planned and actual cost of an event, by category.",
};

inline constexpr ColumnDef vendors_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = about("email"), .doc = "Name of the vendor or of the person to talk to."},
    {.id = 11, .name = "company_name", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the company."},
    {.id = 12, .name = "email", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "E-mail address."},
    {.id = 13, .name = "email_folded", .type = Type::text, .flags = engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "email", .personal = about("email"), .doc = "E-mail address folded for comparison."},
    {.id = 14, .name = "phone", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "Telephone number."},
    {.id = 15, .name = "address", .type = Type::text, .flags = long_column, .personal = about("email"), .doc = "Street address."},
    {.id = 16, .name = "vendor_type", .type = Type::enumeration, .values = &enums::vendor_type, .personal = not_personal, .doc = "What the vendor supplies."},
    {.id = 17, .name = "services_offered", .type = Type::text_array, .personal = not_personal, .doc = "Services on offer."},
    {.id = 18, .name = "pricing_structure", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What the services cost."},
    {.id = 19, .name = "performance_rating", .type = Type::decimal, .initial = "0", .precision = 3, .scale = 2, .min = 0, .max = 500, .personal = not_personal, .doc = "Rating from 0 to 5."},
    {.id = 20, .name = "contract_terms", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Usual terms."},
    {.id = 21, .name = "insurance_info", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "How the vendor is insured."},
    {.id = 22, .name = "is_preferred", .type = Type::boolean, .initial = "false", .personal = not_personal, .doc = "Whether the vendor is asked first."},
    {.id = 23, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the vendor is still worked with."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef vendors_indexes[] = {
    {.name = "vendors_by_email", .columns = {"email_folded"}},
    {.name = "vendors_by_vendor_type", .columns = {"vendor_type"}},
};
inline constexpr TableDef vendors{
    .id = 7,
    .name = "vendors",
    .domain = "events",
    .columns = vendors_columns,
    .indexes = vendors_indexes,
    .access = {
        .view = {Predicate::org_member},
        .create = {Predicate::org_manager},
        .update = {Predicate::org_manager},
        .remove = {Predicate::org_admin},
        .group = Group::events,
    },
    .doc = "Companies and people who supply events.",
};

inline constexpr ColumnDef event_vendor_contracts_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "vendor_id", .type = Type::uuid, .flags = not_null, .references = "vendors", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The vendor."},
    {.id = 11, .name = "contract_type", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The kind of contract."},
    {.id = 12, .name = "contract_amount", .type = Type::money, .precision = 12, .min = 0, .personal = not_personal, .doc = "What is to be paid in all."},
    {.id = 13, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "Currency of the amounts, ISO 4217."},
    {.id = 14, .name = "contract_status", .type = Type::enumeration, .flags = not_null, .values = &enums::vendor_contract_status, .initial = "pending", .personal = not_personal, .doc = "State of the contract."},
    {.id = 15, .name = "start_date", .type = Type::date, .personal = not_personal, .doc = "First day."},
    {.id = 16, .name = "end_date", .type = Type::date, .personal = not_personal, .doc = "Last day."},
    {.id = 17, .name = "terms_and_conditions", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "Terms agreed on."},
    {.id = 18, .name = "deliverables", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "What is to be delivered."},
    {.id = 19, .name = "payment_schedule", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "When which part is paid; the parts add up to the amount."},
    {.id = 20, .name = "contract_documents", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Addresses of documents."},
    {.id = 21, .name = "signed_by", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "Who signed for the organization."},
    {.id = 22, .name = "signed_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the contract was signed."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef event_vendor_contracts_indexes[] = {
    {.name = "event_vendor_contracts_by_event_id", .columns = {"event_id"}},
    {.name = "event_vendor_contracts_by_vendor_id", .columns = {"vendor_id"}},
    {.name = "event_vendor_contracts_by_signed_by", .columns = {"signed_by"}},
};
inline constexpr CheckDef event_vendor_contracts_checks[] = {
    {.name = "event_vendor_contracts_dates", .sql = "end_date >= start_date", .doc = "The last day is not before the first."},
};
inline constexpr TableDef event_vendor_contracts{
    .id = 8,
    .name = "event_vendor_contracts",
    .domain = "events",
    .columns = event_vendor_contracts_columns,
    .indexes = event_vendor_contracts_indexes,
    .checks = event_vendor_contracts_checks,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_editor, Predicate::org_manager},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::events,
        .column_rules = {{{.columns = {"signed_by", "signed_at"}, .write = {Predicate::command}}}},
    },
    .doc = "Contracts between an event and a vendor.",
};

inline constexpr ColumnDef event_milestones_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "title", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "What is to be reached."},
    {.id = 11, .name = "description", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "Description."},
    {.id = 12, .name = "milestone_type", .type = Type::enumeration, .values = &enums::milestone_type, .personal = not_personal, .doc = "The kind of work."},
    {.id = 13, .name = "due_date", .type = Type::timestamptz, .flags = not_null, .personal = not_personal, .doc = "When it is due."},
    {.id = 14, .name = "status", .type = Type::enumeration, .flags = not_null, .values = &enums::milestone_status, .initial = "pending", .personal = not_personal, .doc = "State of the milestone; an open one past its due date is overdue."},
    {.id = 15, .name = "priority", .type = Type::enumeration, .flags = not_null, .values = &enums::milestone_priority, .initial = "medium", .personal = not_personal, .doc = "How urgent it is."},
    {.id = 16, .name = "assigned_to", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "Who has to see to it."},
    {.id = 17, .name = "dependencies", .type = Type::uuid_array, .personal = not_personal, .doc = "Milestones of the same event that have to be completed before."},
    {.id = 18, .name = "completion_percentage", .type = Type::integer, .flags = not_null, .initial = "0", .min = 0, .max = 100, .personal = not_personal, .doc = "Progress in percent; 100 exactly when completed."},
    {.id = 19, .name = "notes", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = about("notes"), .doc = "Notes on progress."},
    {.id = 20, .name = "completed_at", .type = Type::timestamptz, .flags = engine_column | import_only, .personal = not_personal, .doc = "When it was completed; set exactly while it is."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef event_milestones_indexes[] = {
    {.name = "event_milestones_by_event_id", .columns = {"event_id", "due_date"}},
    {.name = "event_milestones_by_assigned_to", .columns = {"assigned_to"}},
    {.name = "event_milestones_by_due_date", .columns = {"status", "due_date"}},
};
inline constexpr CheckDef event_milestones_checks[] = {
    {.name = "event_milestones_percentage", .sql = "(status = 'completed') = (completion_percentage = 100)", .doc = "A milestone is at 100 percent exactly when it is completed."},
    {.name = "event_milestones_completed_at", .sql = "(status = 'completed') = (completed_at IS NOT NULL)", .doc = "A milestone has a time of completion exactly when it is completed."},
};
inline constexpr TableDef event_milestones{
    .id = 9,
    .name = "event_milestones",
    .domain = "events",
    .columns = event_milestones_columns,
    .indexes = event_milestones_indexes,
    .checks = event_milestones_checks,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_reader, Predicate::assignee},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor, {Predicate::assignee, {"status", "completion_percentage", "notes"}}},
        .remove = {Predicate::event_editor},
        .group = Group::events,
    },
    .doc = "Steps on the way to an event.",
};

inline constexpr ColumnDef event_risks_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "risk_category", .type = Type::enumeration, .values = &enums::risk_category, .personal = not_personal, .doc = "The kind of risk."},
    {.id = 11, .name = "risk_description", .type = Type::text, .flags = not_null | long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "What may happen."},
    {.id = 12, .name = "probability", .type = Type::enumeration, .values = &enums::risk_degree, .personal = not_personal, .doc = "How likely it is."},
    {.id = 13, .name = "impact", .type = Type::enumeration, .values = &enums::risk_degree, .personal = not_personal, .doc = "How bad it would be."},
    {.id = 14, .name = "risk_level", .type = Type::enumeration, .flags = not_null | engine_column | derived, .values = &enums::risk_level, .personal = not_personal, .doc = "Follows from probability and impact."},
    {.id = 15, .name = "mitigation_plan", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "How to make it less likely."},
    {.id = 16, .name = "contingency_plan", .type = Type::text, .flags = long_column, .length_max = free_text_length_max, .personal = not_personal, .doc = "What to do if it happens."},
    {.id = 17, .name = "responsible_person", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "Who watches it."},
    {.id = 18, .name = "status", .type = Type::enumeration, .flags = not_null, .values = &enums::risk_status, .initial = "identified", .personal = not_personal, .doc = "State of the risk."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef event_risks_indexes[] = {
    {.name = "event_risks_by_event_id", .columns = {"event_id"}},
    {.name = "event_risks_by_responsible_person", .columns = {"responsible_person"}},
};
inline constexpr TableDef event_risks{
    .id = 10,
    .name = "event_risks",
    .domain = "events",
    .columns = event_risks_columns,
    .indexes = event_risks_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_reader, Predicate::assignee},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor, {Predicate::assignee, {"status", "mitigation_plan", "contingency_plan"}}},
        .remove = {Predicate::event_editor},
        .group = Group::events,
    },
    .doc = "What may go wrong with an event.",
};

inline constexpr ColumnDef event_categories_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "category_name", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Name of a category, once per event."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef event_categories_uniques[] = {
    {.name = "event_categories_event_id_category_name_key", .columns = {"event_id", "category_name"}},
};
inline constexpr IndexDef event_categories_indexes[] = {
    {.name = "event_categories_by_category_name", .columns = {"category_name"}},
};
inline constexpr TableDef event_categories{
    .id = 39,
    .name = "event_categories",
    .domain = "events",
    .columns = event_categories_columns,
    .uniques = event_categories_uniques,
    .indexes = event_categories_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_reader, Predicate::public_event, Predicate::own_ticket_event, Predicate::own_sponsor_event, Predicate::device},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::events,
    },
    .doc = "Categories that an event is listed under.",
};

inline constexpr ColumnDef event_tags_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "tag_name", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "A tag, once per event."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef event_tags_uniques[] = {
    {.name = "event_tags_event_id_tag_name_key", .columns = {"event_id", "tag_name"}},
};
inline constexpr IndexDef event_tags_indexes[] = {
    {.name = "event_tags_by_tag_name", .columns = {"tag_name"}},
};
inline constexpr TableDef event_tags{
    .id = 41,
    .name = "event_tags",
    .domain = "events",
    .columns = event_tags_columns,
    .uniques = event_tags_uniques,
    .indexes = event_tags_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_reader, Predicate::public_event, Predicate::own_ticket_event, Predicate::own_sponsor_event, Predicate::device},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::events,
    },
    .doc = "Tags of events.",
};

inline constexpr ColumnDef event_keys_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "key_id", .type = Type::integer, .flags = not_null | immutable, .min = 0, .max = 65535, .personal = not_personal, .doc = "Number of the key as ticket codes carry it, once per event."},
    {.id = 11, .name = "public_key", .type = Type::blob, .flags = not_null | immutable, .personal = not_personal, .doc = "Ed25519 public key with which ticket codes are verified."},
    {.id = 12, .name = "private_key", .type = Type::sealed, .flags = not_null | immutable | long_column, .personal = not_personal, .doc = "Ed25519 private key, sealed with the key of the organization; read by nobody."},
    {.id = 13, .name = "retired_at", .type = Type::timestamptz, .personal = not_personal, .doc = "Since when no new codes are signed with it."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef event_keys_uniques[] = {
    {.name = "event_keys_event_id_key_id_key", .columns = {"event_id", "key_id"}},
};
inline constexpr TableDef event_keys{
    .id = 52,
    .name = "event_keys",
    .domain = "events",
    .columns = event_keys_columns,
    .uniques = event_keys_uniques,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::org_admin, {Predicate::device, {"key_id", "public_key", "retired_at"}}},
        .create = {Predicate::command},
        .update = {Predicate::command},
        .remove = {Predicate::command},
        .group = Group::events,
        .keys = KeyAccess::closed,
    },
    .doc = "Keys that sign the ticket codes of an event.",
};

}  // namespace tables
}  // namespace eventcore::schema
