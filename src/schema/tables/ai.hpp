// Tables of AI and automation: agents, conversations, generated content, workflows and their runs, proposals, calls to
// the outside. Invariant: ids of tables and columns are given once and never reused. Constant data, safe to read from
// any thread.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view ai_agent_type_values[] = {
    "event_planner", "marketing_assistant", "customer_service", "content_creator", "pricing_optimizer",
    "sponsor_manager", "analytics_reporter"};
inline constexpr EnumDef ai_agent_type{"ai_agent_type", ai_agent_type_values};
inline constexpr std::string_view ai_model_provider_values[] = {"openai", "anthropic", "local"};
inline constexpr EnumDef ai_model_provider{"ai_model_provider", ai_model_provider_values};
inline constexpr std::string_view ai_conversation_type_values[] = {"chat", "task", "analysis", "generation"};
inline constexpr EnumDef ai_conversation_type{"ai_conversation_type", ai_conversation_type_values};
inline constexpr std::string_view ai_content_type_values[] = {
    "event_description", "social_media_post", "email_template", "blog_article", "speaker_bio", "marketing_copy",
    "press_release"};
inline constexpr EnumDef ai_content_type{"ai_content_type", ai_content_type_values};
inline constexpr std::string_view workflow_type_values[] = {
    "event_creation", "marketing_campaign", "sponsor_outreach", "customer_service", "ticket_sales",
    "feedback_collection", "reporting"};
inline constexpr EnumDef workflow_type{"workflow_type", workflow_type_values};
inline constexpr std::string_view execution_status_values[] = {"running", "completed", "failed", "cancelled"};
inline constexpr EnumDef execution_status{"execution_status", execution_status_values};
inline constexpr std::string_view proposal_status_values[] = {"proposed", "approved", "rejected", "expired"};
inline constexpr EnumDef proposal_status{"proposal_status", proposal_status_values};
inline constexpr std::string_view outside_call_status_values[] = {"open", "done", "failed"};
inline constexpr EnumDef outside_call_status{"outside_call_status", outside_call_status_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef ai_agents_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the agent."},
    {.id = 11, .name = "agent_type", .type = Type::enumeration, .values = &enums::ai_agent_type, .personal = not_personal, .doc = "What the agent is for."},
    {.id = 12, .name = "model_provider", .type = Type::enumeration, .values = &enums::ai_model_provider, .personal = not_personal, .doc = "Who runs the model."},
    {.id = 13, .name = "model_name", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Model the provider is asked for."},
    {.id = 14, .name = "system_prompt", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Standing instruction of the agent."},
    {.id = 15, .name = "parameters", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Model parameters such as temperature and max_tokens."},
    {.id = 16, .name = "tools_available", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Names of the tools the agent may propose."},
    {.id = 17, .name = "performance_metrics", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Figures about how the agent does."},
    {.id = 18, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the agent may be used."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr TableDef ai_agents{
    .id = 11,
    .name = "ai_agents",
    .domain = "ai",
    .columns = ai_agents_columns,
    .access = {
        .view = {Predicate::org_member},
        .create = {Predicate::org_admin},
        .update = {Predicate::org_admin},
        .remove = {Predicate::org_admin},
        .group = Group::ai,
        .keys = KeyAccess::full,
    },
    .doc = "Configurations of AI agents.",
};

inline constexpr ColumnDef ai_conversations_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "agent_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ai_agents", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The agent talked to."},
    {.id = 11, .name = "user_id", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who talks."},
    {.id = 12, .name = "session_id", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("user_id"), .doc = "Session the conversation belongs to."},
    {.id = 13, .name = "conversation_type", .type = Type::enumeration, .values = &enums::ai_conversation_type, .personal = not_personal, .doc = "Kind of conversation."},
    {.id = 14, .name = "context", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("user_id"), .doc = "What the agent was told about the situation."},
    {.id = 15, .name = "messages", .type = Type::json, .flags = long_column, .initial = "[]", .personal = about("user_id"), .doc = "The messages so far, oldest first."},
    {.id = 16, .name = "outcome", .type = Type::text, .flags = long_column, .personal = about("user_id"), .doc = "What came of it."},
    {.id = 17, .name = "satisfaction_rating", .type = Type::integer, .min = 1, .max = 5, .personal = not_personal, .doc = "Rating from 1 to 5."},
    {.id = 18, .name = "tokens_used", .type = Type::integer, .flags = not_null | engine_column | import_only, .initial = "0", .min = 0, .personal = not_personal, .doc = "Tokens summed over all answers."},
    {.id = 19, .name = "cost", .type = Type::decimal, .flags = not_null | engine_column | import_only, .initial = "0", .precision = 10, .scale = 4, .min = 0, .personal = not_personal, .doc = "Cost summed over all answers."},
    {.id = 20, .name = "duration_seconds", .type = Type::integer, .flags = engine_column | import_only, .min = 0, .personal = not_personal, .doc = "Seconds summed over all answers."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef ai_conversations_indexes[] = {
    {.name = "ai_conversations_by_user_id_created_at", .columns = {"user_id", "created_at"}},
    {.name = "ai_conversations_by_session_id", .columns = {"session_id"}},
    {.name = "ai_conversations_by_agent_id", .columns = {"agent_id"}},
};
inline constexpr TableDef ai_conversations{
    .id = 12,
    .name = "ai_conversations",
    .domain = "ai",
    .columns = ai_conversations_columns,
    .indexes = ai_conversations_indexes,
    .parent = "agent_id",
    .access = {
        .view = {Predicate::self, Predicate::org_admin},
        .create = {Predicate::member_self},
        .update = {Predicate::self},
        .remove = {Predicate::org_admin},
        .group = Group::ai,
        .keys = KeyAccess::full,
    },
    .doc = "Conversations of users with agents, with their history.",
};

inline constexpr ColumnDef ai_generated_content_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "content_type", .type = Type::enumeration, .values = &enums::ai_content_type, .personal = not_personal, .doc = "What kind of text was asked for."},
    {.id = 11, .name = "prompt", .type = Type::text, .flags = not_null | long_column, .personal = not_personal, .doc = "What the model was asked."},
    {.id = 12, .name = "generated_content", .type = Type::text, .flags = not_null | long_column, .personal = not_personal, .doc = "What the model answered."},
    {.id = 13, .name = "model_used", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Model that wrote the text."},
    {.id = 14, .name = "parameters", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Parameters the model was called with."},
    {.id = 15, .name = "quality_score", .type = Type::decimal, .flags = derived, .precision = 3, .scale = 2, .min = 0, .max = 100, .personal = not_personal, .doc = "Rule-based quality of the text from 0 to 1."},
    {.id = 16, .name = "usage_count", .type = Type::integer, .flags = not_null | engine_column | import_only, .initial = "0", .min = 0, .personal = not_personal, .doc = "How often the text was used."},
    {.id = 17, .name = "is_approved", .type = Type::boolean, .flags = not_null | engine_column | import_only, .initial = "false", .personal = not_personal, .doc = "Whether the text was approved, written by approve_content and reject_content."},
    {.id = 18, .name = "approved_by", .type = Type::uuid, .flags = engine_column | import_only, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who approved the text."},
    {.id = 19, .name = "metadata", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Tokens, cost and whatever else the caller keeps."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef ai_generated_content_indexes[] = {
    {.name = "ai_generated_content_by_approved_by", .columns = {"approved_by"}},
    {.name = "ai_generated_content_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef ai_generated_content{
    .id = 13,
    .name = "ai_generated_content",
    .domain = "ai",
    .columns = ai_generated_content_columns,
    .indexes = ai_generated_content_indexes,
    .access = {
        .view = {Predicate::org_member},
        .create = {Predicate::org_member},
        .update = {Predicate::unapproved_creator, Predicate::org_manager},
        .remove = {Predicate::org_manager},
        .group = Group::ai,
        .keys = KeyAccess::full,
        .column_rules = {{
            {.columns = {"is_approved", "approved_by"}, .write = {Predicate::command}},
        }},
    },
    .doc = "Texts written by models, unapproved until somebody approves them.",
};

inline constexpr ColumnDef automation_workflows_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the workflow."},
    {.id = 11, .name = "description", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "What the workflow is for."},
    {.id = 12, .name = "workflow_type", .type = Type::enumeration, .values = &enums::workflow_type, .personal = not_personal, .doc = "Area the workflow works in."},
    {.id = 13, .name = "trigger_conditions", .type = Type::json, .flags = not_null | long_column, .personal = not_personal, .doc = "When the workflow runs."},
    {.id = 14, .name = "actions", .type = Type::json, .flags = not_null | long_column, .personal = not_personal, .doc = "What the workflow does, in order."},
    {.id = 15, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the workflow runs."},
    {.id = 16, .name = "execution_count", .type = Type::integer, .flags = not_null | derived, .initial = "0", .min = 0, .personal = not_personal, .doc = "How often the workflow ran."},
    {.id = 17, .name = "success_rate", .type = Type::decimal, .flags = not_null | derived, .initial = "0", .precision = 3, .scale = 2, .min = 0, .max = 100, .personal = not_personal, .doc = "Completed runs among the finished ones, from 0 to 1."},
    {.id = 18, .name = "last_executed_at", .type = Type::timestamptz, .flags = derived, .personal = not_personal, .doc = "When the workflow ran last."},
    {.id = 19, .name = "cursor", .type = Type::integer, .flags = not_null | engine_column, .initial = "0", .min = 0, .personal = not_personal, .doc = "Number of the last change of the tenant that the workflow has seen."},
    {.id = 20, .name = "next_run_at", .type = Type::timestamptz, .flags = engine_column, .personal = not_personal, .doc = "When a scheduled workflow is due next."},
    {.id = 21, .name = "run_as_kind", .type = Type::text, .flags = engine_column | internal, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Kind of the principal who last set actions or trigger_conditions."},
    {.id = 22, .name = "run_as_id", .type = Type::uuid, .flags = engine_column | internal, .personal = not_personal, .doc = "Id of the principal who last set actions or trigger_conditions, under whose rights runs act."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef automation_workflows_indexes[] = {
    {.name = "automation_workflows_by_is_active_next_run_at", .columns = {"is_active", "next_run_at"}},
    {.name = "automation_workflows_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef automation_workflows{
    .id = 14,
    .name = "automation_workflows",
    .domain = "ai",
    .columns = automation_workflows_columns,
    .indexes = automation_workflows_indexes,
    .access = {
        .view = {Predicate::org_manager},
        .create = {Predicate::org_manager},
        .update = {Predicate::org_manager},
        .remove = {Predicate::org_manager},
        .group = Group::ai,
        .keys = KeyAccess::full,
    },
    .doc = "Workflows that act on changes or on a schedule.",
};

inline constexpr ColumnDef workflow_executions_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "workflow_id", .type = Type::uuid, .flags = not_null | immutable, .references = "automation_workflows", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The workflow that ran."},
    {.id = 11, .name = "execution_status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::execution_status, .initial = "running", .personal = not_personal, .doc = "State of the run."},
    {.id = 12, .name = "trigger_data", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What set the run off."},
    {.id = 13, .name = "execution_log", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "What each action did."},
    {.id = 14, .name = "error_message", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Why the run failed."},
    {.id = 15, .name = "duration_seconds", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "How long the run took."},
    {.id = 16, .name = "started_at", .type = Type::timestamptz, .initial = "now", .personal = not_personal, .doc = "When the run began."},
    {.id = 17, .name = "completed_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the run ended."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef workflow_executions_indexes[] = {
    {.name = "workflow_executions_by_workflow_id_started_at", .columns = {"workflow_id", "started_at"}},
};
inline constexpr CheckDef workflow_executions_checks[] = {
    {.name = "workflow_executions_period", .sql = "completed_at >= started_at", .doc = "A run ends after it began."},
};
inline constexpr TableDef workflow_executions{
    .id = 15,
    .name = "workflow_executions",
    .domain = "ai",
    .columns = workflow_executions_columns,
    .indexes = workflow_executions_indexes,
    .checks = workflow_executions_checks,
    .parent = "workflow_id",
    .access = {
        .view = {Predicate::org_manager},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ai,
        .keys = KeyAccess::full,
    },
    .doc = "One row for each run of a workflow.",
};

inline constexpr ColumnDef proposals_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "agent_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ai_agents", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The agent that proposes."},
    {.id = 11, .name = "conversation_id", .type = Type::uuid, .flags = immutable, .references = "ai_conversations", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The conversation the proposal came from."},
    {.id = 12, .name = "command", .type = Type::text, .flags = not_null | immutable, .length_max = name_length_max, .personal = not_personal, .doc = "Command the agent wants to run."},
    {.id = 13, .name = "arguments", .type = Type::json, .flags = not_null | immutable | long_column, .initial = "{}", .personal = not_personal, .doc = "Arguments of that command."},
    {.id = 14, .name = "diff", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What running it would change."},
    {.id = 15, .name = "status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::proposal_status, .initial = "proposed", .personal = not_personal, .doc = "State of the proposal."},
    {.id = 16, .name = "decided_by", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who decided."},
    {.id = 17, .name = "decided_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When it was decided."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef proposals_indexes[] = {
    {.name = "proposals_by_status_created_at", .columns = {"status", "created_at"}},
    {.name = "proposals_by_agent_id", .columns = {"agent_id"}},
    {.name = "proposals_by_conversation_id", .columns = {"conversation_id"}},
    {.name = "proposals_by_decided_by", .columns = {"decided_by"}},
};
inline constexpr TableDef proposals{
    .id = 55,
    .name = "proposals",
    .domain = "ai",
    .columns = proposals_columns,
    .indexes = proposals_indexes,
    .parent = "agent_id",
    .access = {
        .view = {Predicate::org_manager, Predicate::conversation_self},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ai,
        .keys = KeyAccess::full,
    },
    .doc = "Commands that agents want to run and people approve or reject.",
};

inline constexpr ColumnDef outside_calls_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "command", .type = Type::text, .flags = not_null | immutable, .length_max = name_length_max, .personal = not_personal, .doc = "Command that opened the call."},
    {.id = 11, .name = "arguments", .type = Type::json, .flags = not_null | immutable | long_column, .initial = "{}", .personal = not_personal, .doc = "Arguments of that command."},
    {.id = 12, .name = "request", .type = Type::json, .flags = not_null | long_column, .personal = not_personal, .doc = "What the host is asked to carry."},
    {.id = 13, .name = "status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::outside_call_status, .initial = "open", .personal = not_personal, .doc = "State of the call."},
    {.id = 14, .name = "answer", .type = Type::json, .flags = long_column, .personal = not_personal, .doc = "What came back."},
    {.id = 15, .name = "completed_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the answer was stored."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef outside_calls_indexes[] = {
    {.name = "outside_calls_by_status_created_at", .columns = {"status", "created_at"}},
    {.name = "outside_calls_by_created_by", .columns = {"created_by"}},
};
inline constexpr TableDef outside_calls{
    .id = 54,
    .name = "outside_calls",
    .domain = "ai",
    .columns = outside_calls_columns,
    .indexes = outside_calls_indexes,
    .access = {
        .view = {Predicate::org_manager, Predicate::creator},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ai,
        .keys = KeyAccess::full,
    },
    .doc = "Calls to services outside, stored before they are made and completed once.",
};

}  // namespace tables

}  // namespace eventcore::schema
