// Closed organizations: deleted by their owner, gone for everybody at once, their rows still being removed in slices.
// Thread: free functions; reader and writer stay with their unit of work.
#pragma once

#include <vector>

#include <eventcore/result.hpp>
#include "base/uuid.hpp"
#include "store/reader.hpp"

namespace eventcore::policy {

Result<std::vector<Uuid>> closed_organizations(store::Reader& reader);
Status set_closed_organizations(store::Writer& writer, const std::vector<Uuid>& closed);

}  // namespace eventcore::policy
