// The state machines: how state columns move (RULES section 8). The unit of work asks them for every write, whatever
// command, import or sync it comes from.
//
// Invariants: a column has at most one machine; a state that no transition leaves is final. order_status and
// payment_status of orders are no machines: they follow order_payments and are written by commands alone.
// Threads: constant data and pure functions, safe anywhere.
#pragma once

#include <span>
#include <string_view>

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace states {

// "open" in the comments below: every state that is not final (completed is final in effect even where it can be
// reopened).

// planning > confirmed > active > completed, any but completed > cancelled
inline constexpr Transition event_moves[] = {
    {"planning", "confirmed"}, {"confirmed", "active"},    {"active", "completed"},
    {"planning", "cancelled"}, {"confirmed", "cancelled"}, {"active", "cancelled"},
};

// assigned > active > completed, open > cancelled
inline constexpr Transition assignment_moves[] = {
    {"assigned", "active"},
    {"active", "completed"},
    {"assigned", "cancelled"},
    {"active", "cancelled"},
};

// pending > in_progress > completed, pending > completed, open > overdue | cancelled,
// overdue > in_progress | completed | cancelled, completed > in_progress
inline constexpr Transition milestone_moves[] = {
    {"pending", "in_progress"}, {"in_progress", "completed"}, {"pending", "completed"},     {"pending", "overdue"},
    {"in_progress", "overdue"}, {"pending", "cancelled"},     {"in_progress", "cancelled"}, {"overdue", "in_progress"},
    {"overdue", "completed"},   {"overdue", "cancelled"},     {"completed", "in_progress"},
};

// pending > signed > active > completed, open > cancelled; contracts of vendors and of sponsors
inline constexpr Transition contract_moves[] = {
    {"pending", "signed"},    {"signed", "active"},    {"active", "completed"},
    {"pending", "cancelled"}, {"signed", "cancelled"}, {"active", "cancelled"},
};

// identified > mitigated > occurred > resolved with skips, resolved > identified
inline constexpr Transition risk_moves[] = {
    {"identified", "mitigated"}, {"identified", "occurred"}, {"identified", "resolved"}, {"mitigated", "occurred"},
    {"mitigated", "resolved"},   {"occurred", "resolved"},   {"resolved", "identified"},
};

// draft > scheduled > active <> paused > completed, draft > active, open > cancelled
inline constexpr Transition campaign_moves[] = {
    {"draft", "scheduled"},  {"scheduled", "active"}, {"active", "paused"},   {"paused", "active"},
    {"paused", "completed"}, {"draft", "active"},     {"draft", "cancelled"}, {"scheduled", "cancelled"},
    {"active", "cancelled"}, {"paused", "cancelled"},
};

// proposed > accepted > in_progress > completed, open > cancelled
inline constexpr Transition influencer_moves[] = {
    {"proposed", "accepted"},  {"accepted", "in_progress"}, {"in_progress", "completed"},
    {"proposed", "cancelled"}, {"accepted", "cancelled"},   {"in_progress", "cancelled"},
};

// planned > in_progress > completed, open > cancelled
inline constexpr Transition activation_moves[] = {
    {"planned", "in_progress"},
    {"in_progress", "completed"},
    {"planned", "cancelled"},
    {"in_progress", "cancelled"},
};

// new > contacted > interested > proposal_sent > negotiating > closed_won | closed_lost, skips forward and
// closed_lost from any open state allowed, closed_lost > contacted
inline constexpr Transition prospect_moves[] = {
    {"new", "contacted"},
    {"new", "interested"},
    {"new", "proposal_sent"},
    {"new", "negotiating"},
    {"new", "closed_won"},
    {"new", "closed_lost"},
    {"contacted", "interested"},
    {"contacted", "proposal_sent"},
    {"contacted", "negotiating"},
    {"contacted", "closed_won"},
    {"contacted", "closed_lost"},
    {"interested", "proposal_sent"},
    {"interested", "negotiating"},
    {"interested", "closed_won"},
    {"interested", "closed_lost"},
    {"proposal_sent", "negotiating"},
    {"proposal_sent", "closed_won"},
    {"proposal_sent", "closed_lost"},
    {"negotiating", "closed_won"},
    {"negotiating", "closed_lost"},
    {"closed_lost", "contacted"},
};

// pending > partial > paid, pending > paid, pending | partial > overdue > partial | paid, partial | paid > refunded
inline constexpr Transition sponsor_payment_moves[] = {
    {"pending", "partial"}, {"partial", "paid"},     {"pending", "paid"},
    {"pending", "overdue"}, {"partial", "overdue"},  {"overdue", "partial"},
    {"overdue", "paid"},    {"partial", "refunded"}, {"paid", "refunded"},
};

// draft <> scheduled > published > deleted, draft > published, draft | scheduled > failed > scheduled | published
inline constexpr Transition content_moves[] = {
    {"draft", "scheduled"},   {"scheduled", "draft"},  {"scheduled", "published"},
    {"published", "deleted"}, {"draft", "published"},  {"draft", "failed"},
    {"scheduled", "failed"},  {"failed", "scheduled"}, {"failed", "published"},
};

// valid > used > valid (undo), valid > cancelled | transferred; used > cancelled never
inline constexpr Transition ticket_moves[] = {
    {"valid", "used"},
    {"used", "valid"},
    {"valid", "cancelled"},
    {"valid", "transferred"},
};

// running > completed | failed | cancelled
inline constexpr Transition execution_moves[] = {
    {"running", "completed"},
    {"running", "failed"},
    {"running", "cancelled"},
};

// queued > sent > delivered | bounced, queued | sent > failed
inline constexpr Transition message_moves[] = {
    {"queued", "sent"}, {"sent", "delivered"}, {"sent", "bounced"}, {"queued", "failed"}, {"sent", "failed"},
};

}  // namespace states

inline constexpr StateMachine all_state_machines[] = {
    {.table = "events", .column = "status", .initial = "planning", .transitions = states::event_moves},
    {.table = "team_assignments",
     .column = "assignment_status",
     .initial = "assigned",
     .transitions = states::assignment_moves},
    {.table = "event_milestones", .column = "status", .initial = "pending", .transitions = states::milestone_moves},
    {.table = "event_vendor_contracts",
     .column = "contract_status",
     .initial = "pending",
     .transitions = states::contract_moves},
    {.table = "sponsors", .column = "contract_status", .initial = "pending", .transitions = states::contract_moves},
    {.table = "event_risks", .column = "status", .initial = "identified", .transitions = states::risk_moves},
    {.table = "marketing_campaigns", .column = "status", .initial = "draft", .transitions = states::campaign_moves},
    {.table = "influencer_campaigns",
     .column = "campaign_status",
     .initial = "proposed",
     .transitions = states::influencer_moves},
    {.table = "sponsor_activations",
     .column = "activation_status",
     .initial = "planned",
     .transitions = states::activation_moves},
    {.table = "sponsor_prospects", .column = "lead_status", .initial = "new", .transitions = states::prospect_moves},
    {.table = "sponsors",
     .column = "payment_status",
     .initial = "pending",
     .transitions = states::sponsor_payment_moves},
    {.table = "social_media_content", .column = "status", .initial = "draft", .transitions = states::content_moves},
    {.table = "tickets", .column = "status", .initial = "valid", .transitions = states::ticket_moves},
    {.table = "workflow_executions",
     .column = "execution_status",
     .initial = "running",
     .transitions = states::execution_moves},
    {.table = "communication_logs", .column = "status", .initial = "queued", .transitions = states::message_moves},
};

// The machine of a column, or null when the column is no state column.
constexpr const StateMachine* state_machine_of(std::string_view table, std::string_view column) {
  for (const StateMachine& machine : all_state_machines)
    if (machine.table == table && machine.column == column) return &machine;
  return nullptr;
}

// Whether a row may go from one state to another. Writing the state a row already has is no move and always allowed,
// so that a caller may send back a whole row.
constexpr bool allows(const StateMachine& machine, std::string_view from, std::string_view to) {
  if (from == to) return true;
  for (const Transition& move : machine.transitions)
    if (move.from == from && move.to == to) return true;
  return false;
}

}  // namespace eventcore::schema
