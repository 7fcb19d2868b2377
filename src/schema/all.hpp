// Every table of the store, in the order of their ids. check.cpp puts all of them to the checks of check.hpp.
// Invariants: all_tables[i]->id == i + 1. Thread: constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schema/schema.hpp"
#include "schema/tables/ai.hpp"
#include "schema/tables/analytics.hpp"
#include "schema/tables/audit.hpp"
#include "schema/tables/communication.hpp"
#include "schema/tables/events.hpp"
#include "schema/tables/marketing.hpp"
#include "schema/tables/organization.hpp"
#include "schema/tables/sponsorship.hpp"
#include "schema/tables/ticketing.hpp"

namespace eventcore::schema {

inline constexpr const TableDef* all_tables[] = {
    // organization and people
    &tables::organizations,
    &tables::users,
    &tables::team_assignments,
    // events and planning
    &tables::events,
    &tables::venues,
    &tables::event_budgets,
    &tables::vendors,
    &tables::event_vendor_contracts,
    &tables::event_milestones,
    &tables::event_risks,
    // AI and automation
    &tables::ai_agents,
    &tables::ai_conversations,
    &tables::ai_generated_content,
    &tables::automation_workflows,
    &tables::workflow_executions,
    // marketing
    &tables::marketing_campaigns,
    &tables::social_media_platforms,
    &tables::social_media_accounts,
    &tables::social_media_content,
    &tables::influencers,
    &tables::influencer_campaigns,
    // sponsorship
    &tables::sponsor_prospects,
    &tables::sponsor_packages,
    &tables::sponsors,
    &tables::sponsor_activations,
    &tables::sponsor_roi_metrics,
    // ticketing
    &tables::ticket_categories,
    &tables::dynamic_pricing_rules,
    &tables::discount_codes,
    &tables::ticket_orders,
    &tables::tickets,
    &tables::ticket_sales_analytics,
    // analytics
    &tables::event_analytics,
    &tables::user_behavior_events,
    &tables::dashboard_widgets,
    // communication
    &tables::message_templates,
    &tables::notifications,
    &tables::communication_logs,
    // labels and skills
    &tables::event_categories,
    &tables::user_skill_assignments,
    &tables::event_tags,
    // audit
    &tables::audit_logs,
    // what the source needs but does not define
    &tables::ticket_order_items,
    &tables::pricing_calculations,
    &tables::order_payments,
    &tables::payment_events,
    &tables::check_ins,
    &tables::ticket_transfers,
    &tables::waitlist_entries,
    &tables::api_keys,
    &tables::devices,
    &tables::event_keys,
    &tables::integration_secrets,
    &tables::outside_calls,
    &tables::proposals,
    &tables::data_subject_requests,
};

inline constexpr std::size_t table_count = sizeof(all_tables) / sizeof(all_tables[0]);

// nullptr: no such table.
constexpr const TableDef* find_table(std::string_view name) {
  for (const TableDef* t : all_tables)
    if (t->name == name) return t;
  return nullptr;
}

constexpr const TableDef* find_table(std::uint16_t id) {
  return id >= 1 && id <= table_count ? all_tables[id - 1] : nullptr;
}

}  // namespace eventcore::schema
