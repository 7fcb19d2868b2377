// Tables of marketing: campaigns, social media platforms, accounts and content, influencers and their campaigns.
// Invariant: ids of tables and columns are given once and never reused. Constant data, safe to read from any thread.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view campaign_type_values[] = {
    "awareness", "conversion", "retargeting", "engagement", "brand_building"};
inline constexpr EnumDef campaign_type{"campaign_type", campaign_type_values};
inline constexpr std::string_view campaign_status_values[] = {
    "draft", "scheduled", "active", "paused", "completed", "cancelled"};
inline constexpr EnumDef campaign_status{"campaign_status", campaign_status_values};
inline constexpr std::string_view social_platform_name_values[] = {
    "instagram", "facebook", "youtube", "tiktok", "twitter", "linkedin", "reddit", "pinterest"};
inline constexpr EnumDef social_platform_name{"social_platform_name", social_platform_name_values};
inline constexpr std::string_view social_content_type_values[] = {"post", "story", "reel", "video", "live", "ad"};
inline constexpr EnumDef social_content_type{"social_content_type", social_content_type_values};
inline constexpr std::string_view social_content_status_values[] = {
    "draft", "scheduled", "published", "failed", "deleted"};
inline constexpr EnumDef social_content_status{"social_content_status", social_content_status_values};
inline constexpr std::string_view collaboration_type_values[] = {
    "sponsored_post", "story", "reel", "video", "event_attendance"};
inline constexpr EnumDef collaboration_type{"collaboration_type", collaboration_type_values};
inline constexpr std::string_view compensation_type_values[] = {"monetary", "product", "experience", "mixed"};
inline constexpr EnumDef compensation_type{"compensation_type", compensation_type_values};
inline constexpr std::string_view influencer_campaign_status_values[] = {
    "proposed", "accepted", "in_progress", "completed", "cancelled"};
inline constexpr EnumDef influencer_campaign_status{"influencer_campaign_status", influencer_campaign_status_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef marketing_campaigns_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_nullable,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the campaign."},
    {.id = 11, .name = "campaign_type", .type = Type::enumeration, .values = &enums::campaign_type, .personal = not_personal, .doc = "What the campaign aims at."},
    {.id = 12, .name = "status", .type = Type::enumeration, .flags = not_null, .values = &enums::campaign_status, .initial = "draft", .personal = not_personal, .doc = "State of the campaign."},
    {.id = 13, .name = "budget", .type = Type::money, .precision = 12, .min = 0, .personal = not_personal, .doc = "Money set aside for the campaign."},
    {.id = 14, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code, taken from the event or the organization when not given."},
    {.id = 15, .name = "target_audience", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Whom the campaign addresses."},
    {.id = 16, .name = "campaign_objectives", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What the campaign should reach."},
    {.id = 17, .name = "start_date", .type = Type::timestamptz, .personal = not_personal, .doc = "When the campaign begins."},
    {.id = 18, .name = "end_date", .type = Type::timestamptz, .personal = not_personal, .doc = "When the campaign ends."},
    {.id = 19, .name = "performance_metrics", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Figures about how the campaign does."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef marketing_campaigns_indexes[] = {
    {.name = "marketing_campaigns_by_event_id_status", .columns = {"event_id", "status"}},
    {.name = "marketing_campaigns_by_created_by", .columns = {"created_by"}},
};
inline constexpr CheckDef marketing_campaigns_checks[] = {
    {.name = "marketing_campaigns_period", .sql = "end_date >= start_date", .doc = "A campaign ends after it began."},
};
inline constexpr TableDef marketing_campaigns{
    .id = 16,
    .name = "marketing_campaigns",
    .domain = "marketing",
    .columns = marketing_campaigns_columns,
    .indexes = marketing_campaigns_indexes,
    .checks = marketing_campaigns_checks,
    .event_source = "event_id",
    .access = {
        .view = {Predicate::campaign_staff},
        .create = {Predicate::marketing_editor},
        .update = {Predicate::marketing_editor},
        .remove = {Predicate::marketing_editor},
        .group = Group::marketing,
        .keys = KeyAccess::full,
    },
    .doc = "Marketing campaigns of an event or of the organization.",
};

inline constexpr ColumnDef social_media_platforms_columns[] = {
    standard::id,
    {.id = 10, .name = "platform_name", .type = Type::enumeration, .flags = not_null, .values = &enums::social_platform_name, .personal = not_personal, .doc = "Name of the platform."},
    {.id = 11, .name = "api_endpoint", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Address of the platform's interface."},
    {.id = 12, .name = "supported_content_types", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Kinds of content the platform takes."},
    {.id = 13, .name = "rate_limits", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "How often the platform may be called."},
    {.id = 14, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the platform is used."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef social_media_platforms_uniques[] = {
    {.name = "social_media_platforms_platform_name_key", .columns = {"platform_name"}, .store_wide = true},
};
inline constexpr TableDef social_media_platforms{
    .id = 17,
    .name = "social_media_platforms",
    .domain = "marketing",
    .columns = social_media_platforms_columns,
    .uniques = social_media_platforms_uniques,
    .global = true,
    .access = {
        .view = {Predicate::every_user_and_key},
        .create = {Predicate::service},
        .update = {Predicate::service},
        .remove = {Predicate::service},
        .group = Group::marketing,
        .keys = KeyAccess::full,
    },
    .doc = "Catalogue of social media platforms shared by all organizations.",
};

inline constexpr ColumnDef social_media_accounts_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "platform_id", .type = Type::uuid, .references = "social_media_platforms", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The platform the account is on."},
    {.id = 11, .name = "account_handle", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Handle of the account."},
    {.id = 12, .name = "account_name", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Name shown with the account."},
    {.id = 13, .name = "api_credentials", .type = Type::sealed, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Credentials for the platform, sealed with the organization's key."},
    {.id = 14, .name = "follower_count", .type = Type::integer, .initial = "0", .min = 0, .personal = not_personal, .doc = "Followers at the last look."},
    {.id = 15, .name = "engagement_rate", .type = Type::decimal, .initial = "0", .precision = 5, .scale = 2, .min = 0, .max = 10000, .personal = not_personal, .doc = "Engagement in percent."},
    {.id = 16, .name = "is_verified", .type = Type::boolean, .initial = "false", .personal = not_personal, .doc = "Whether the platform verified the account."},
    {.id = 17, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the account is used."},
    {.id = 18, .name = "last_sync_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When figures were fetched last."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef social_media_accounts_uniques[] = {
    {.name = "social_media_accounts_platform_id_account_handle_key", .columns = {"platform_id", "account_handle"}},
};
inline constexpr IndexDef social_media_accounts_indexes[] = {
    {.name = "social_media_accounts_by_platform_id_store_wide", .columns = {"platform_id"}, .store_wide = true},
};
inline constexpr TableDef social_media_accounts{
    .id = 18,
    .name = "social_media_accounts",
    .domain = "marketing",
    .columns = social_media_accounts_columns,
    .uniques = social_media_accounts_uniques,
    .indexes = social_media_accounts_indexes,
    .access = {
        .view = {Predicate::org_manager},
        .create = {Predicate::org_admin},
        .update = {Predicate::org_admin},
        .remove = {Predicate::org_admin},
        .group = Group::marketing,
        .keys = KeyAccess::full,
    },
    .doc = "Accounts of the organization on social media platforms.",
};

inline constexpr ColumnDef social_media_content_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived_nullable,
    {.id = 10, .name = "campaign_id", .type = Type::uuid, .flags = not_null | immutable, .references = "marketing_campaigns", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The campaign the content belongs to."},
    {.id = 11, .name = "platform_id", .type = Type::uuid, .references = "social_media_platforms", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The platform it is for."},
    {.id = 12, .name = "account_id", .type = Type::uuid, .references = "social_media_accounts", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The account that publishes it."},
    {.id = 13, .name = "content_type", .type = Type::enumeration, .values = &enums::social_content_type, .personal = not_personal, .doc = "Kind of content."},
    {.id = 14, .name = "content_text", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "The text."},
    {.id = 15, .name = "media_urls", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Addresses of pictures and videos."},
    {.id = 16, .name = "hashtags", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Hashtags without the sign."},
    {.id = 17, .name = "mentions", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Handles mentioned."},
    {.id = 18, .name = "scheduled_for", .type = Type::timestamptz, .personal = not_personal, .doc = "When it should be published."},
    {.id = 19, .name = "published_at", .type = Type::timestamptz, .flags = engine_column | import_only, .personal = not_personal, .doc = "When it was published, written by commands."},
    {.id = 20, .name = "status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::social_content_status, .initial = "draft", .personal = not_personal, .doc = "State of publication, written by commands."},
    {.id = 21, .name = "external_id", .type = Type::text, .flags = engine_column | import_only, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Id the platform gave the post, written by commands."},
    {.id = 22, .name = "performance_metrics", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Figures about how the post does."},
    {.id = 23, .name = "ai_generated", .type = Type::boolean, .initial = "false", .personal = not_personal, .doc = "Whether a model wrote it."},
    {.id = 24, .name = "publish_attempt", .type = Type::uuid, .flags = engine_column, .personal = not_personal, .doc = "The call that is publishing it or whose outcome is unknown; while set, nothing is posted again."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef social_media_content_indexes[] = {
    {.name = "social_media_content_by_status_scheduled_for_store_wide",
     .columns = {"status", "scheduled_for"}, .store_wide = true},
    {.name = "social_media_content_by_platform_id_store_wide", .columns = {"platform_id"}, .store_wide = true},
    {.name = "social_media_content_by_event_id", .columns = {"event_id"}},
    {.name = "social_media_content_by_campaign_id", .columns = {"campaign_id"}},
    {.name = "social_media_content_by_platform_id", .columns = {"platform_id"}},
    {.name = "social_media_content_by_account_id", .columns = {"account_id"}},
    {.name = "social_media_content_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef social_media_content{
    .id = 19,
    .name = "social_media_content",
    .domain = "marketing",
    .columns = social_media_content_columns,
    .indexes = social_media_content_indexes,
    .parent = "campaign_id",
    .event_source = "campaign_id",
    .access = {
        .view = {Predicate::campaign_staff},
        .create = {Predicate::marketing_editor},
        .update = {Predicate::marketing_editor},
        .remove = {Predicate::marketing_editor},
        .group = Group::marketing,
        .keys = KeyAccess::full,
        .column_rules = {{
            {.columns = {"status", "published_at", "external_id", "publish_attempt"}, .write = {Predicate::command}},
        }},
    },
    .doc = "Posts and other content for social media.",
};

inline constexpr ColumnDef influencers_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = about("email"), .doc = "Name of the influencer."},
    {.id = 11, .name = "email", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "E-mail address."},
    {.id = 12, .name = "phone", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("email"), .doc = "Telephone number."},
    {.id = 13, .name = "bio", .type = Type::text, .flags = long_column, .personal = about("email"), .doc = "About the influencer."},
    {.id = 14, .name = "social_media_handles", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("email"), .doc = "Handles by platform."},
    {.id = 15, .name = "follower_counts", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Followers by platform."},
    {.id = 16, .name = "engagement_rates", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Engagement by platform."},
    {.id = 17, .name = "niche_categories", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Subjects the influencer is known for."},
    {.id = 18, .name = "average_cost_per_post", .type = Type::money, .precision = 10, .min = 0, .personal = not_personal, .doc = "Usual price of a post in the organization's currency."},
    {.id = 19, .name = "collaboration_history", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "Earlier work together."},
    {.id = 20, .name = "performance_rating", .type = Type::decimal, .initial = "0", .precision = 3, .scale = 2, .min = 0, .max = 999, .personal = not_personal, .doc = "Rating of earlier work."},
    {.id = 21, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the influencer is considered."},
    {.id = 22, .name = "email_folded", .type = Type::text, .flags = engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "email", .personal = about("email"), .doc = "Folded twin of email."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef influencers_indexes[] = {
    {.name = "influencers_by_email_folded", .columns = {"email_folded"}},
    {.name = "influencers_by_name", .columns = {"name"}},
};
inline constexpr TableDef influencers{
    .id = 20,
    .name = "influencers",
    .domain = "marketing",
    .columns = influencers_columns,
    .indexes = influencers_indexes,
    .access = {
        .view = {Predicate::org_member},
        .create = {Predicate::org_manager},
        .update = {Predicate::org_manager},
        .remove = {Predicate::org_manager},
        .group = Group::marketing,
        .keys = KeyAccess::full,
    },
    .doc = "Influencers the organization works with.",
};

inline constexpr ColumnDef influencer_campaigns_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived_nullable,
    {.id = 10, .name = "campaign_id", .type = Type::uuid, .flags = not_null | immutable, .references = "marketing_campaigns", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The campaign."},
    {.id = 11, .name = "influencer_id", .type = Type::uuid, .references = "influencers", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The influencer."},
    {.id = 12, .name = "collaboration_type", .type = Type::enumeration, .values = &enums::collaboration_type, .personal = not_personal, .doc = "What the influencer does."},
    {.id = 13, .name = "agreed_deliverables", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "What was agreed."},
    {.id = 14, .name = "compensation_type", .type = Type::enumeration, .values = &enums::compensation_type, .personal = not_personal, .doc = "How the influencer is paid."},
    {.id = 15, .name = "compensation_amount", .type = Type::money, .precision = 10, .min = 0, .personal = not_personal, .doc = "What the influencer is paid, in the campaign's currency."},
    {.id = 16, .name = "campaign_status", .type = Type::enumeration, .flags = not_null, .values = &enums::influencer_campaign_status, .initial = "proposed", .personal = not_personal, .doc = "State of the collaboration."},
    {.id = 17, .name = "deadline", .type = Type::timestamptz, .personal = not_personal, .doc = "When all is due."},
    {.id = 18, .name = "performance_metrics", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Figures about how it does."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef influencer_campaigns_indexes[] = {
    {.name = "influencer_campaigns_by_event_id", .columns = {"event_id"}},
    {.name = "influencer_campaigns_by_campaign_id", .columns = {"campaign_id"}},
    {.name = "influencer_campaigns_by_influencer_id", .columns = {"influencer_id"}},
};
inline constexpr TableDef influencer_campaigns{
    .id = 21,
    .name = "influencer_campaigns",
    .domain = "marketing",
    .columns = influencer_campaigns_columns,
    .indexes = influencer_campaigns_indexes,
    .parent = "campaign_id",
    .event_source = "campaign_id",
    .access = {
        .view = {Predicate::campaign_staff},
        .create = {Predicate::marketing_editor},
        .update = {Predicate::marketing_editor},
        .remove = {Predicate::marketing_editor},
        .group = Group::marketing,
        .keys = KeyAccess::full,
    },
    .doc = "What influencers do within campaigns.",
};

}  // namespace tables

}  // namespace eventcore::schema
