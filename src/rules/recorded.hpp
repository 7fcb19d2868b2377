// The order in which rows were recorded, whichever process recorded them: ids and times follow each other within one
// process only, and a clock may be set back. The audit chain numbers the writes of all of them (decision 58).
// Thread: free functions without state.
#pragma once

#include <eventcore/result.hpp>
#include <vector>

#include "store/reader.hpp"

namespace eventcore::rules {

// Rows of one tenant, the first recorded first.
Status sort_as_recorded(store::Reader& reader, std::vector<Record>& rows);

}  // namespace eventcore::rules
