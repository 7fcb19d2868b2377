// Commands that give money back and call tickets, orders and events off. Ids 320-339.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema::commands {

inline constexpr ArgumentDef reason_argument{.name = "reason", .type = Type::text, .length_max = name_length_max, .doc = "Why; kept."};

inline constexpr ArgumentDef quote_refund_arguments[] = {
    {.name = "order_id", .type = Type::uuid, .doc = "The order to be cancelled; exactly one of order_id and ticket_ids is given."},
    {.name = "ticket_ids", .type = Type::uuid, .array = true, .doc = "The tickets to be returned, all of one order."},
};
inline constexpr std::string_view quote_refund_errors[] = {"not_found"};
inline constexpr ArgumentDef refund_tickets_arguments[] = {
    {.name = "ticket_ids", .type = Type::uuid, .required = true, .array = true, .doc = "The tickets to be returned, all of one order."},
    reason_argument,
};
inline constexpr std::string_view refund_tickets_errors[] = {"not_found", "refund_refused"};
inline constexpr ArgumentDef confirm_refund_arguments[] = {
    organization_argument,
    {.name = "order_id", .type = Type::uuid, .doc = "The order whose refunds were paid out, oldest first; exactly one of order_id and payment_id is given."},
    {.name = "payment_id", .type = Type::uuid, .doc = "The one refund that was paid out, a row of order_payments."},
    {.name = "amount", .type = Type::money, .min = 0, .doc = "What was paid out; all that is due when absent."},
    {.name = "reference", .type = Type::text, .length_max = name_length_max, .doc = "The provider's id of the refund; a repeat has no effect."},
    {.name = "occurred_at", .type = Type::timestamptz, .doc = "When it was paid out; now when absent."},
};
inline constexpr std::string_view confirm_refund_errors[] = {"not_found", "wrong_state", "payment_refused", "payment_mismatch"};
inline constexpr ArgumentDef cancel_order_arguments[] = {
    {.name = "order_id", .type = Type::uuid, .required = true, .doc = "The order to be cancelled."},
    reason_argument,
};
inline constexpr std::string_view cancel_order_errors[] = {"not_found", "wrong_state", "refund_refused"};
inline constexpr ArgumentDef cancel_ticket_arguments[] = {
    {.name = "ticket_id", .type = Type::uuid, .required = true, .doc = "The ticket that is to admit nobody."},
    reason_argument,
};
inline constexpr std::string_view cancel_ticket_errors[] = {"not_found", "wrong_state"};
inline constexpr ArgumentDef record_chargeback_arguments[] = {
    {.name = "order_id", .type = Type::uuid, .required = true, .doc = "The order whose money the bank took back."},
    {.name = "amount", .type = Type::money, .required = true, .min = 0, .doc = "What was taken back."},
    {.name = "provider", .type = Type::text, .length_max = 64, .doc = "Who carried the payment; the one of the order's payment when absent."},
    {.name = "reference", .type = Type::text, .length_max = name_length_max, .doc = "The provider's id of the dispute; a repeat has no effect."},
    {.name = "occurred_at", .type = Type::timestamptz, .doc = "When it was taken back; now when absent."},
};
inline constexpr std::string_view record_chargeback_errors[] = {"not_found", "payment_refused", "payment_mismatch"};
inline constexpr ArgumentDef cancel_event_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event that does not take place."},
    reason_argument,
    {.name = "limit", .type = Type::integer, .initial = "500", .min = 1, .max = 2'000, .doc = "At most so many orders now; the rest by calling again or by run_maintenance."},
};
inline constexpr std::string_view cancel_event_errors[] = {"not_found", "invalid_transition"};

inline constexpr CommandDef refunds_commands[] = {
    {.id = 320, .name = "quote_refund", .domain = "ticketing", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::own_order, Predicate::event_editor},
     .arguments = quote_refund_arguments, .errors = quote_refund_errors,
     .reply = "order_id, amount, currency, tickets: [{ticket_id, refundable, reason, amount}]",
     .doc = "What returning tickets, or cancelling an order, would give back now to the buyer, ticket by ticket; tickets that are not refunded say why."},
    {.id = 321, .name = "refund_tickets", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::own_order, Predicate::event_editor},
     .arguments = refund_tickets_arguments, .errors = refund_tickets_errors,
     .reply = "order (row), tickets (rows), refund (row or null)",
     .doc = "Cancels tickets and promises the refund that the order's own prices, fees and code terms give; customers where settings.self_refund allows it, until the event starts."},
    {.id = 322, .name = "confirm_refund", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor}, .group = "ticketing",
     .arguments = confirm_refund_arguments, .errors = confirm_refund_errors,
     .reply = "order (row), refunds (rows that are paid out or due)",
     .doc = "Records that promised refunds were paid out; a row covered in part stays due with the rest."},
    {.id = 323, .name = "cancel_order", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::own_order, Predicate::box_office}, .group = "ticketing",
     .arguments = cancel_order_arguments, .errors = cancel_order_errors,
     .reply = "order (row), tickets (rows), refund (row or null)",
     .doc = "Cancels an order: unpaid ones for the buyer and the box office; paid ones with all that was paid due back for editors of the event, by the formula of refund_tickets for buyers where settings.self_refund allows it."},
    {.id = 324, .name = "cancel_ticket", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor},
     .arguments = cancel_ticket_arguments, .errors = cancel_ticket_errors,
     .reply = "ticket (row)",
     .doc = "Cancels a valid ticket and frees its place; its money stays until refund_tickets or cancel_order returns it."},
    {.id = 325, .name = "record_chargeback", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor}, .group = "ticketing",
     .arguments = record_chargeback_arguments, .errors = record_chargeback_errors,
     .reply = "order (row)",
     .doc = "Records that the buyer's bank took money back; the order's tickets are refused at the gate as unpaid."},
    {.id = 326, .name = "cancel_event", .domain = "events", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor},
     .arguments = cancel_event_arguments, .errors = cancel_event_errors,
     .reply = "event (row), cancelled (orders now), withdrawn (waiting list entries now), more (whether some were left)",
     .doc = "Calls an event off: its orders are cancelled with all that was paid due back, messages queued, the waiting list withdrawn; a slice at a time."},
};

}  // namespace eventcore::schema::commands
