// Commands around a sale: places given away, and places waited for. Ids 311-319.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/commands/ticketing.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema::commands {

// issue_complimentary
inline constexpr ArgumentDef issue_complimentary_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event to give places for; it may still be planned."},
    {.name = "items", .required = true, .array = true, .fields = order_items, .doc = "What to give away; at least one."},
    {.name = "customer", .fields = order_customer, .doc = "Who gets the tickets; the e-mail may be empty."},
    {.name = "reason", .type = Type::text, .initial = "\"\"", .length_max = name_length_max, .doc = "Why nothing is to be paid; kept with the order's price calculations."},
};
inline constexpr std::string_view issue_complimentary_errors[] = {"not_found", "event_not_on_sale", "invalid_quantity", "mixed_currencies", "sold_out"};

// The waiting list
inline constexpr ArgumentDef waiting_customer[] = {
    {.name = "email", .type = Type::text, .initial = "\"\"", .length_max = 254, .doc = "Where the offer is sent to; a customer's own when absent."},
    {.name = "name", .type = Type::text, .initial = "\"\"", .length_max = name_length_max, .doc = "Who waits."},
};
inline constexpr ArgumentDef join_waitlist_arguments[] = {
    {.name = "ticket_category_id", .type = Type::uuid, .required = true, .doc = "The category to wait for."},
    {.name = "quantity", .type = Type::integer, .initial = "1", .doc = "How many places; they are offered together or not at all."},
    {.name = "customer", .fields = waiting_customer, .doc = "Who waits."},
};
inline constexpr std::string_view join_waitlist_errors[] = {
    "not_found", "event_not_on_sale", "category_inactive", "category_not_on_sale", "invalid_quantity", "hold_limit", "already_exists", "places_left"};
inline constexpr ArgumentDef leave_waitlist_arguments[] = {
    {.name = "entry_id", .type = Type::uuid, .required = true, .doc = "The entry to withdraw."},
};
inline constexpr std::string_view leave_waitlist_errors[] = {"not_found", "wrong_state"};

inline constexpr CommandDef carts_commands[] = {
    {.id = 311, .name = "issue_complimentary", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor},
     .arguments = issue_complimentary_arguments, .errors = issue_complimentary_errors,
     .reply = "order (row), items (rows), tickets (rows)",
     .doc = "Gives places away: an order over nothing, paid and with its tickets at once."},
    {.id = 312, .name = "join_waitlist", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::public_event, Predicate::box_office}, .group = "ticketing",
     .arguments = join_waitlist_arguments, .errors = join_waitlist_errors,
     .reply = "entry (row)",
     .doc = "Waits for places of a category that has too few left; anon and customer on public events, users by box_office."},
    {.id = 313, .name = "leave_waitlist", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::own_waitlist, Predicate::box_office}, .group = "ticketing",
     .arguments = leave_waitlist_arguments, .errors = leave_waitlist_errors,
     .reply = "entry (row)",
     .doc = "Withdraws an entry that waits or has an unpaid offer; the offer's order is cancelled."},
};

}  // namespace eventcore::schema::commands
