// Tables of sponsorship: prospects, packages, sponsors, their activations and what it brought them.
// Invariant: ids of tables and columns are given once and never reused. Constant data, safe to read from any thread.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view company_size_values[] = {"startup", "small", "medium", "large", "enterprise"};
inline constexpr EnumDef company_size{"company_size", company_size_values};
inline constexpr std::string_view lead_source_values[] = {
    "ai_identified", "referral", "inbound", "research", "event_attendee"};
inline constexpr EnumDef lead_source{"lead_source", lead_source_values};
inline constexpr std::string_view lead_status_values[] = {
    "new", "contacted", "interested", "proposal_sent", "negotiating", "closed_won", "closed_lost"};
inline constexpr EnumDef lead_status{"lead_status", lead_status_values};
inline constexpr std::string_view package_tier_values[] = {"bronze", "silver", "gold", "platinum", "title", "custom"};
inline constexpr EnumDef package_tier{"package_tier", package_tier_values};
inline constexpr std::string_view sponsor_contract_status_values[] = {
    "pending", "signed", "active", "completed", "cancelled"};
inline constexpr EnumDef sponsor_contract_status{"sponsor_contract_status", sponsor_contract_status_values};
inline constexpr std::string_view sponsor_payment_status_values[] = {
    "pending", "partial", "paid", "overdue", "refunded"};
inline constexpr EnumDef sponsor_payment_status{"sponsor_payment_status", sponsor_payment_status_values};
inline constexpr std::string_view activation_type_values[] = {
    "logo_placement", "booth_setup", "speaking_opportunity", "networking_session", "product_demo",
    "branded_content", "social_media_mention", "email_inclusion"};
inline constexpr EnumDef activation_type{"activation_type", activation_type_values};
inline constexpr std::string_view activation_status_values[] = {"planned", "in_progress", "completed", "cancelled"};
inline constexpr EnumDef activation_status{"activation_status", activation_status_values};
inline constexpr std::string_view roi_metric_type_values[] = {
    "brand_exposure", "lead_generation", "social_engagement", "website_traffic", "sales_attribution",
    "brand_awareness_lift", "media_value"};
inline constexpr EnumDef roi_metric_type{"roi_metric_type", roi_metric_type_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef sponsor_prospects_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "company_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the company."},
    {.id = 11, .name = "industry", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Industry, compared folded by the score."},
    {.id = 12, .name = "website", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Address of the company's pages."},
    {.id = 13, .name = "company_size", .type = Type::enumeration, .values = &enums::company_size, .personal = not_personal, .doc = "Size of the company."},
    {.id = 14, .name = "annual_revenue_range", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Revenue as a range."},
    {.id = 15, .name = "marketing_budget_estimate", .type = Type::money, .precision = 12, .min = 0, .personal = not_personal, .doc = "Estimated marketing budget in the organization's currency."},
    {.id = 16, .name = "previous_sponsorships", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "What the company sponsored before."},
    {.id = 17, .name = "contact_person", .type = Type::text, .length_max = name_length_max, .personal = about("contact_email"), .doc = "Whom to talk to."},
    {.id = 18, .name = "contact_email", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("contact_email"), .doc = "E-mail address of the contact."},
    {.id = 19, .name = "contact_phone", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("contact_email"), .doc = "Telephone number of the contact."},
    {.id = 20, .name = "ai_prospect_score", .type = Type::decimal, .flags = not_null | derived, .initial = "0", .precision = 3, .scale = 2, .min = 0, .max = 100, .personal = not_personal, .doc = "Score from 0 to 1 by industry, size and engagement."},
    {.id = 21, .name = "engagement_history", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "Contacts so far; each entry counts for the score."},
    {.id = 22, .name = "lead_source", .type = Type::enumeration, .values = &enums::lead_source, .personal = not_personal, .doc = "Where the lead came from."},
    {.id = 23, .name = "lead_status", .type = Type::enumeration, .flags = not_null, .values = &enums::lead_status, .initial = "new", .personal = not_personal, .doc = "How far the lead has come."},
    {.id = 24, .name = "assigned_to", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who looks after the lead."},
    {.id = 25, .name = "notes", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Notes."},
    {.id = 26, .name = "contact_email_folded", .type = Type::text, .flags = engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "contact_email", .personal = about("contact_email"), .doc = "Folded twin of contact_email."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef sponsor_prospects_indexes[] = {
    {.name = "sponsor_prospects_by_contact_email_folded", .columns = {"contact_email_folded"}},
    {.name = "sponsor_prospects_by_lead_status", .columns = {"lead_status"}},
    {.name = "sponsor_prospects_by_assigned_to", .columns = {"assigned_to"}},
};
inline constexpr TableDef sponsor_prospects{
    .id = 22,
    .name = "sponsor_prospects",
    .domain = "sponsorship",
    .columns = sponsor_prospects_columns,
    .indexes = sponsor_prospects_indexes,
    .access = {
        .view = {Predicate::org_manager, Predicate::assignee, Predicate::any_sponsorship_manager},
        .create = {Predicate::org_manager, Predicate::any_sponsorship_manager},
        .update = {Predicate::org_manager, Predicate::any_sponsorship_manager, Predicate::assignee},
        .remove = {Predicate::org_manager},
        .group = Group::sponsorship,
        .keys = KeyAccess::full,
    },
    .doc = "Companies that might become sponsors.",
};

inline constexpr ColumnDef sponsor_packages_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_nullable,
    {.id = 10, .name = "package_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the package."},
    {.id = 11, .name = "package_tier", .type = Type::enumeration, .values = &enums::package_tier, .personal = not_personal, .doc = "Tier of the package."},
    {.id = 12, .name = "price", .type = Type::money, .flags = not_null, .precision = 12, .min = 0, .personal = not_personal, .doc = "Price of the package."},
    {.id = 13, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code, taken from the event or the organization when not given."},
    {.id = 14, .name = "benefits", .type = Type::json, .flags = not_null | long_column, .personal = not_personal, .doc = "What the sponsor gets."},
    {.id = 15, .name = "digital_benefits", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Digital benefits."},
    {.id = 16, .name = "physical_benefits", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Benefits on site."},
    {.id = 17, .name = "marketing_benefits", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Benefits in marketing."},
    {.id = 18, .name = "networking_benefits", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Benefits in networking."},
    {.id = 19, .name = "max_sponsors", .type = Type::integer, .initial = "1", .min = 0, .personal = not_personal, .doc = "How many sponsors may take the package; null means no limit."},
    {.id = 20, .name = "current_sponsors", .type = Type::integer, .flags = not_null | derived, .initial = "0", .min = 0, .personal = not_personal, .doc = "Sponsors of the package whose contract is not cancelled."},
    {.id = 21, .name = "is_available", .type = Type::boolean, .flags = not_null | derived, .initial = "true", .personal = not_personal, .doc = "Whether the package is neither withdrawn nor full."},
    {.id = 22, .name = "is_withdrawn", .type = Type::boolean, .flags = not_null, .initial = "false", .personal = not_personal, .doc = "Whether the package is no longer offered, however many took it."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef sponsor_packages_indexes[] = {
    {.name = "sponsor_packages_by_event_id", .columns = {"event_id"}},
};
inline constexpr CheckDef sponsor_packages_checks[] = {
    {.name = "sponsor_packages_capacity",
     .sql = "current_sponsors >= 0 AND (max_sponsors IS NULL OR current_sponsors <= max_sponsors)",
     .doc = "No more sponsors than max_sponsors."},
    {.name = "sponsor_packages_availability",
     .sql = "is_available = (is_withdrawn = 0 AND (max_sponsors IS NULL OR current_sponsors < max_sponsors))",
     .doc = "Available is what is neither withdrawn nor full."},
};
inline constexpr TableDef sponsor_packages{
    .id = 23,
    .name = "sponsor_packages",
    .domain = "sponsorship",
    .columns = sponsor_packages_columns,
    .indexes = sponsor_packages_indexes,
    .checks = sponsor_packages_checks,
    .event_source = "event_id",
    .access = {
        .view = {Predicate::org_member, Predicate::own_sponsor},
        .create = {Predicate::sponsorship_editor},
        .update = {Predicate::sponsorship_editor},
        .remove = {Predicate::sponsorship_editor},
        .group = Group::sponsorship,
        .keys = KeyAccess::full,
    },
    .doc = "Packages that sponsors can take.",
};

inline constexpr ColumnDef sponsors_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "prospect_id", .type = Type::uuid, .references = "sponsor_prospects", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The prospect the sponsor came from."},
    {.id = 11, .name = "package_id", .type = Type::uuid, .references = "sponsor_packages", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The package taken, of the same event."},
    {.id = 12, .name = "company_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the company."},
    {.id = 13, .name = "logo_url", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Address of the logo."},
    {.id = 14, .name = "website_url", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Address of the company's pages."},
    {.id = 15, .name = "contract_value", .type = Type::money, .flags = not_null, .precision = 12, .min = 0, .personal = not_personal, .doc = "What the sponsor pays."},
    {.id = 16, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code, taken from the event or the organization when not given."},
    {.id = 17, .name = "contract_status", .type = Type::enumeration, .flags = not_null, .values = &enums::sponsor_contract_status, .initial = "pending", .personal = not_personal, .doc = "State of the contract."},
    {.id = 18, .name = "payment_status", .type = Type::enumeration, .flags = not_null, .values = &enums::sponsor_payment_status, .initial = "pending", .personal = not_personal, .doc = "State of payment."},
    {.id = 19, .name = "contract_documents", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Addresses of the documents."},
    {.id = 20, .name = "activation_requirements", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What the activations need."},
    {.id = 21, .name = "benefits_delivered", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What the sponsor has got so far."},
    {.id = 22, .name = "satisfaction_rating", .type = Type::integer, .min = 1, .max = 5, .personal = not_personal, .doc = "Rating from 1 to 5."},
    {.id = 23, .name = "renewal_probability", .type = Type::decimal, .initial = "0", .precision = 3, .scale = 2, .min = 0, .max = 100, .personal = not_personal, .doc = "How likely the sponsor comes again, from 0 to 1."},
    {.id = 24, .name = "account_manager", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who looks after the sponsor."},
    {.id = 25, .name = "signed_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the contract was signed."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef sponsors_indexes[] = {
    {.name = "sponsors_by_package_id_contract_status", .columns = {"package_id", "contract_status"}},
    {.name = "sponsors_by_event_id", .columns = {"event_id"}},
    {.name = "sponsors_by_prospect_id", .columns = {"prospect_id"}},
    {.name = "sponsors_by_account_manager", .columns = {"account_manager"}},
};
inline constexpr TableDef sponsors{
    .id = 24,
    .name = "sponsors",
    .domain = "sponsorship",
    .columns = sponsors_columns,
    .indexes = sponsors_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .unique_id_store_wide = true,
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::org_member, Predicate::own_sponsor},
        .create = {Predicate::sponsorship_editor},
        .update = {Predicate::sponsorship_editor, {Predicate::own_sponsor, {"logo_url", "website_url"}}},
        .remove = {Predicate::sponsorship_editor},
        .group = Group::sponsorship,
        .keys = KeyAccess::full,
        .column_rules = {{
            {.columns = {"renewal_probability", "satisfaction_rating", "account_manager"},
             .read = {Predicate::org_member}},
        }},
    },
    .doc = "Confirmed sponsors of an event.",
};

inline constexpr ColumnDef sponsor_activations_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "sponsor_id", .type = Type::uuid, .flags = not_null | immutable, .references = "sponsors", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The sponsor."},
    {.id = 11, .name = "activation_type", .type = Type::enumeration, .values = &enums::activation_type, .personal = not_personal, .doc = "What is done for the sponsor."},
    {.id = 12, .name = "activation_status", .type = Type::enumeration, .flags = not_null, .values = &enums::activation_status, .initial = "planned", .personal = not_personal, .doc = "State of the activation."},
    {.id = 13, .name = "scheduled_date", .type = Type::timestamptz, .personal = not_personal, .doc = "When it is planned for."},
    {.id = 14, .name = "completion_date", .type = Type::timestamptz, .personal = not_personal, .doc = "When it was done."},
    {.id = 15, .name = "deliverables", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What is delivered."},
    {.id = 16, .name = "performance_metrics", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Figures about how it did."},
    {.id = 17, .name = "notes", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Notes."},
    {.id = 18, .name = "responsible_person", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who sees to it."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef sponsor_activations_indexes[] = {
    {.name = "sponsor_activations_by_event_id", .columns = {"event_id"}},
    {.name = "sponsor_activations_by_sponsor_id", .columns = {"sponsor_id"}},
    {.name = "sponsor_activations_by_responsible_person", .columns = {"responsible_person"}},
};
inline constexpr TableDef sponsor_activations{
    .id = 25,
    .name = "sponsor_activations",
    .domain = "sponsorship",
    .columns = sponsor_activations_columns,
    .indexes = sponsor_activations_indexes,
    .parent = "sponsor_id",
    .event_source = "sponsor_id",
    .access = {
        .view = {Predicate::event_staff, Predicate::own_sponsor, Predicate::assignee},
        .create = {Predicate::sponsorship_editor},
        .update = {
            Predicate::sponsorship_editor,
            {Predicate::assignee, {"activation_status", "completion_date", "notes", "performance_metrics"}}},
        .remove = {Predicate::sponsorship_editor},
        .group = Group::sponsorship,
        .keys = KeyAccess::full,
    },
    .doc = "What is done for sponsors at the event.",
};

inline constexpr ColumnDef sponsor_roi_metrics_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "sponsor_id", .type = Type::uuid, .flags = not_null | immutable, .references = "sponsors", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The sponsor."},
    {.id = 11, .name = "metric_type", .type = Type::enumeration, .values = &enums::roi_metric_type, .personal = not_personal, .doc = "What was measured."},
    {.id = 12, .name = "metric_value", .type = Type::decimal, .precision = 14, .scale = 4, .personal = not_personal, .doc = "The value measured."},
    {.id = 13, .name = "measurement_unit", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Unit of the value; return is computed where it is the contract's currency."},
    {.id = 14, .name = "measurement_period_start", .type = Type::timestamptz, .personal = not_personal, .doc = "Begin of the period measured."},
    {.id = 15, .name = "measurement_period_end", .type = Type::timestamptz, .personal = not_personal, .doc = "End of the period measured."},
    {.id = 16, .name = "baseline_value", .type = Type::decimal, .precision = 14, .scale = 4, .personal = not_personal, .doc = "Value without the sponsorship."},
    {.id = 17, .name = "calculated_roi", .type = Type::decimal, .flags = derived, .precision = 5, .scale = 2, .min = -99999, .max = 99999, .personal = not_personal, .doc = "Return in percent of the contract value, saturating at 999.99 either way."},
    {.id = 18, .name = "data_source", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Where the value comes from."},
    {.id = 19, .name = "notes", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Notes."},
    {.id = 20, .name = "measured_at", .type = Type::timestamptz, .initial = "now", .personal = not_personal, .doc = "When it was measured."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef sponsor_roi_metrics_indexes[] = {
    {.name = "sponsor_roi_metrics_by_event_id", .columns = {"event_id"}},
    {.name = "sponsor_roi_metrics_by_sponsor_id", .columns = {"sponsor_id"}},
};
inline constexpr CheckDef sponsor_roi_metrics_checks[] = {
    {.name = "sponsor_roi_metrics_period",
     .sql = "measurement_period_end >= measurement_period_start",
     .doc = "A period ends after it began."},
};
inline constexpr TableDef sponsor_roi_metrics{
    .id = 26,
    .name = "sponsor_roi_metrics",
    .domain = "sponsorship",
    .columns = sponsor_roi_metrics_columns,
    .indexes = sponsor_roi_metrics_indexes,
    .checks = sponsor_roi_metrics_checks,
    .parent = "sponsor_id",
    .event_source = "sponsor_id",
    .access = {
        .view = {Predicate::event_staff, Predicate::own_sponsor},
        .create = {Predicate::sponsorship_editor},
        .update = {Predicate::sponsorship_editor},
        .remove = {Predicate::sponsorship_editor},
        .group = Group::sponsorship,
        .keys = KeyAccess::full,
    },
    .doc = "What the sponsorship brought the sponsor.",
};

}  // namespace tables

}  // namespace eventcore::schema
