// A conference in the Open Event format: a folder of JSON files, or the documents themselves, read into rows.
// Keys come with dashes or, in older exports, underscores; files may be missing, empty, `null` or `{}`.
// Thread: free functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "store/files.hpp"

namespace eventcore::rules::events {

// {"event", "sponsors", "microlocations", "tracks", "sessions"}, as far as there are such files. not_found without
// event.json, invalid_json naming the file.
Result<Json> open_event_documents(store::Files& files, const std::string& folder);

// Rows as callers would write them, without ids.
struct OpenEvent {
  Json event;  // with settings.open_event: whatever has no column, verbatim
  std::optional<Json> venue;
  std::vector<std::string> tags;
  std::vector<Json> packages;  // one for each type of sponsor
  struct Sponsor {
    Json row;
    std::size_t package = 0;  // place in `packages`
  };
  std::vector<Sponsor> sponsors;
};

// invalid_argument lists what is missing or cannot be read, as "documents.event.name".
Result<OpenEvent> read_open_event(const Json& documents, std::int64_t venue_capacity);

}  // namespace eventcore::rules::events
