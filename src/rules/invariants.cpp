// What must always hold of each table, all of them in one place: check (before a row is written), settle (after it),
// shown and present (in answers). A table whose declaration and SQL checks say everything has {}.
#include "rules/communication/invariants.hpp"
#include "rules/events/invariants.hpp"
#include "rules/organization/invariants.hpp"
#include "rules/rules.hpp"
#include "rules/sponsorship/invariants.hpp"
#include "rules/ticketing/invariants.hpp"
#include "schema/all.hpp"

namespace eventcore::rules {

namespace {

struct Line {
  const schema::TableDef* table = nullptr;
  work::TableInvariants invariants{};
};

namespace tables = schema::tables;

constexpr Line lines[] = {
    // organization and people
    {&tables::organizations, {.check = organization::check_organization}},
    {&tables::users, {.check = organization::check_user}},
    {&tables::team_assignments, {}},
    {&tables::user_skill_assignments, {.check = organization::check_skill}},
    {&tables::api_keys, {}},
    {&tables::devices, {}},
    {&tables::integration_secrets, {}},
    {&tables::data_subject_requests, {}},
    // events and planning
    {&tables::events, {.check = events::check_event, .settle = events::settle_event}},
    {&tables::venues, {.check = events::check_venue}},
    {&tables::event_budgets, {.check = events::check_budget}},
    {&tables::vendors, {}},
    {&tables::event_vendor_contracts, {.check = events::check_vendor_contract}},
    {&tables::event_milestones,
     {.check = events::check_milestone, .settle = events::settle_milestone, .shown = events::shown_milestone}},
    {&tables::event_risks, {.check = events::check_risk}},
    {&tables::event_categories, {}},
    {&tables::event_tags, {}},
    {&tables::event_keys, {}},
    // AI and automation
    {&tables::ai_agents, {}},
    {&tables::ai_conversations, {}},
    {&tables::ai_generated_content, {}},
    {&tables::automation_workflows, {}},
    {&tables::workflow_executions, {}},
    {&tables::proposals, {}},
    {&tables::outside_calls, {}},
    // marketing
    {&tables::marketing_campaigns, {}},
    {&tables::social_media_platforms, {}},
    {&tables::social_media_accounts, {}},
    {&tables::social_media_content, {}},
    {&tables::influencers, {}},
    {&tables::influencer_campaigns, {}},
    // sponsorship
    {&tables::sponsor_prospects, {.check = sponsorship::check_prospect}},
    {&tables::sponsor_packages, {.check = sponsorship::check_package}},
    {&tables::sponsors, {.check = sponsorship::check_sponsor, .settle = sponsorship::settle_sponsor}},
    {&tables::sponsor_activations, {}},
    {&tables::sponsor_roi_metrics,
     {.check = sponsorship::check_roi_metric, .present = sponsorship::present_roi_metric}},
    // ticketing
    {&tables::ticket_categories, {.check = ticketing::check_category}},
    {&tables::dynamic_pricing_rules, {.check = ticketing::check_price_rule}},
    {&tables::pricing_calculations, {}},
    {&tables::discount_codes, {.check = ticketing::check_discount_code}},
    {&tables::ticket_orders, {.check = ticketing::check_order, .settle = ticketing::settle_order}},
    {&tables::ticket_order_items, {.check = ticketing::check_order_item, .settle = ticketing::settle_order_item}},
    {&tables::order_payments, {.settle = ticketing::settle_payment}},
    {&tables::payment_events, {}},
    {&tables::tickets, {.check = ticketing::check_ticket, .settle = ticketing::settle_ticket}},
    {&tables::check_ins, {}},
    {&tables::ticket_transfers, {}},
    {&tables::waitlist_entries, {}},
    {&tables::ticket_sales_analytics, {}},
    // analytics
    {&tables::event_analytics, {}},
    {&tables::user_behavior_events, {}},
    {&tables::dashboard_widgets, {}},
    // communication
    {&tables::message_templates, {}},
    {&tables::notifications, {.check = communication::check_notification}},
    {&tables::communication_logs, {}},
    {&tables::audit_logs, {}},
};

consteval bool each_table_once() {
  if (std::size(lines) != schema::table_count) return false;
  for (const schema::TableDef* table : schema::all_tables) {
    int found = 0;
    for (const Line& line : lines) found += line.table == table ? 1 : 0;
    if (found != 1 || table->id >= work::table_ids_max) return false;
  }
  return true;
}
static_assert(each_table_once(), "every table has exactly one line of invariants");

constexpr work::InvariantTable by_id() {
  work::InvariantTable table{};
  for (const Line& line : lines) table[line.table->id] = line.invariants;
  return table;
}

constexpr work::InvariantTable invariant_table = by_id();

}  // namespace

const work::InvariantTable& invariants() {
  return invariant_table;
}

}  // namespace eventcore::rules
