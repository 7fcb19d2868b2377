// JSON as text: taken apart and laid out without being decoded, so that a number keeps every digit it came with.
// Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Member {
  std::string name;
  std::string_view value;
};

// The values of a JSON array, or those that follow each other in a text (NDJSON); nullopt when the text is neither.
std::optional<std::vector<std::string_view>> values_in(std::string_view text);

// The members of a JSON object, or nullopt. Only the shape is looked at: the engine judges the values.
std::optional<std::vector<Member>> members_of(std::string_view text);

// The value of one member, or an empty view.
std::string_view member(std::string_view object, std::string_view name);

// What a JSON value says: a text without its quotes and escapes, null as nothing, anything else as it stands.
std::string plain(std::string_view value);

std::string as_json(std::string_view text);

// Indented by two, with colours when asked.
std::string laid_out(std::string_view json, bool colour);

}  // namespace cli
