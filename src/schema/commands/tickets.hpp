// Commands on tickets that were sold: passing them on, new codes, new keys, taking back an admission, finding people.
// Ids 330-334.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema::commands {

inline constexpr ArgumentDef transfer_ticket_arguments[] = {
    {.name = "ticket_id", .type = Type::uuid, .required = true, .doc = "The ticket to pass on."},
    {.name = "name", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "Who gets it."},
    {.name = "email", .type = Type::text, .required = true, .length_max = 254, .doc = "The e-mail of who gets it."},
    {.name = "phone", .type = Type::text, .length_max = name_length_max, .doc = "The telephone number of who gets it."},
};
inline constexpr std::string_view transfer_ticket_errors[] = {"not_found", "not_transferable", "wrong_state"};

inline constexpr ArgumentDef reissue_ticket_arguments[] = {
    {.name = "ticket_id", .type = Type::uuid, .required = true, .doc = "The ticket whose code is replaced."},
};
inline constexpr std::string_view reissue_ticket_errors[] = {"not_found", "wrong_state"};

inline constexpr ArgumentDef rotate_event_key_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event whose codes are signed with a new key from now on."},
};
inline constexpr std::string_view rotate_event_key_errors[] = {"not_found", "wrong_state"};

inline constexpr ArgumentDef undo_check_in_arguments[] = {
    organization_argument,
    {.name = "ticket_id", .type = Type::uuid, .doc = "The ticket whose last admission is taken back; exactly one of ticket_id and check_in_id is given."},
    {.name = "check_in_id", .type = Type::uuid, .doc = "The admission taken back, the last of its ticket."},
    {.name = "reason", .type = Type::text, .required = true, .length_max = free_text_length_max, .doc = "Why it is taken back."},
};
inline constexpr std::string_view undo_check_in_errors[] = {"not_found", "wrong_state"};

inline constexpr ArgumentDef search_attendees_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event whose attendees are searched."},
    {.name = "query", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "Beginnings of words, all of which must match."},
    {.name = "limit", .type = Type::integer, .initial = "20", .min = 1, .max = 200, .doc = "At most so many tickets."},
    {.name = "after", .type = Type::text, .length_max = 1'000, .doc = "The cursor of the page before."},
};
inline constexpr std::string_view search_attendees_errors[] = {"not_found"};

inline constexpr CommandDef tickets_commands[] = {
    {.id = 330, .name = "transfer_ticket", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::own_ticket, Predicate::box_office}, .group = "ticketing",
     .arguments = transfer_ticket_arguments, .errors = transfer_ticket_errors,
     .reply = "ticket (the new row; null for a caller who may not see it), old_ticket (row), transfer (row)",
     .doc = "Passes a ticket on: the old one becomes transferred, a new one with a number and a code of its own takes its place."},
    {.id = 331, .name = "reissue_ticket", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::box_office}, .group = "ticketing",
     .arguments = reissue_ticket_arguments, .errors = reissue_ticket_errors,
     .reply = "ticket (row)",
     .doc = "Gives a valid or used ticket a new code, signed with the event's newest key; the codes before are revoked."},
    {.id = 332, .name = "rotate_event_key", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor},
     .arguments = rotate_event_key_arguments, .errors = rotate_event_key_errors,
     .reply = "key_id (the new key), public_key, retired_key_id (null when the event had no key)",
     .doc = "Retires the event's signing key and makes a new one; codes signed before stay good."},
    {.id = 333, .name = "undo_check_in", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::box_office}, .group = "ticketing",
     .arguments = undo_check_in_arguments, .errors = undo_check_in_errors,
     .reply = "ticket (row), check_in (row)", .on_full_disk = OnFullDisk::goes_on,
     .doc = "Takes back a ticket's last admission; a ticket that it had used is valid again."},
    {.id = 334, .name = "search_attendees", .domain = "ticketing", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::device, Predicate::box_office}, .group = "ticketing",
     .arguments = search_attendees_arguments, .errors = search_attendees_errors,
     .reply = "tickets (the columns the caller may see), cursor (null on the last page)",
     .doc = "Finds tickets by beginnings of words of the columns the caller may read, from one letter on, and of order numbers from four symbols on."},
};

}  // namespace eventcore::schema::commands
