// Commands on events and their planning. Ids 200-299.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema::commands {

// import_open_event
inline constexpr ArgumentDef import_open_event_documents[] = {
    {.name = "event", .type = Type::json, .required = true, .length_max = request_bytes_max, .doc = "The content of event.json."},
    {.name = "sponsors", .type = Type::json, .length_max = request_bytes_max, .doc = "The content of sponsors.json."},
    {.name = "microlocations", .type = Type::json, .length_max = request_bytes_max, .doc = "The content of microlocations.json."},
    {.name = "tracks", .type = Type::json, .length_max = request_bytes_max, .doc = "The content of tracks.json."},
    {.name = "sessions", .type = Type::json, .length_max = request_bytes_max, .doc = "The content of sessions.json."},
};
inline constexpr ArgumentDef import_open_event_arguments[] = {
    organization_argument,
    {.name = "folder", .type = Type::text, .length_max = 4'096, .doc = "A folder of the host that holds event.json and, where present, the other files; only a service may name one; exactly one of folder and documents is given."},
    {.name = "documents", .fields = import_open_event_documents, .doc = "The documents themselves instead of a folder."},
    {.name = "venue_capacity", .type = Type::integer, .initial = "1000", .min = 1, .max = 10'000'000, .doc = "Capacity of the imported venue, which the format does not tell."},
    {.name = "categories", .type = Type::json, .initial = "[]", .doc = "Ticket categories to create, each written like a row of ticket_categories without event_id."},
};
inline constexpr std::string_view import_open_event_errors[] = {"not_found", "already_exists", "venue_overlap", "capacity_exceeded", "invariant_violated", "io_error"};

inline constexpr CommandDef events_commands[] = {
    {.id = 200, .name = "import_open_event", .domain = "events", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::org_admin},
     .arguments = import_open_event_arguments, .errors = import_open_event_errors,
     .reply = "event (row), venue (row or null), tags, sponsor_packages, sponsors, categories (counts)",
     .doc = "Imports a conference in the Open Event format as event, venue, tags, sponsor packages and sponsors."},
};

}  // namespace eventcore::schema::commands
