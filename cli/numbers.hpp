// Numbers as arguments, whole in the range they have: what does not fit is refused with the range and never cut.
// Thread: free functions without state, any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>

namespace cli {

// For options that take a whole number; a decimal one, also with a 0 before it.
CLI::Validator whole_number(std::int64_t least, std::int64_t most = std::numeric_limits<std::int64_t>::max());

// For options that take seconds and hold microseconds: at least one, since a limit that is given is never none.
CLI::Validator seconds();

// For options of which an empty text would mean that they were not given.
CLI::Validator not_empty();

}  // namespace cli
