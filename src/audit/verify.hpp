// Walks a tenant's audit chain from its beginning and says where it first breaks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <eventcore/result.hpp>
#include "store/reader.hpp"

namespace eventcore::audit {

struct FirstBad {
  std::int64_t seq = 0;
  std::string reason;
};

struct ChainReport {
  bool ok = false;
  std::int64_t entries = 0;
  Digest head{};
  std::optional<FirstBad> first_bad;
};

// Sequence without gaps, hashes chained, images matching their commitments (a missing image only where a later
// `erase` entry lists the entry), the stored head equal to the last entry, and the last checkpoint's signature and
// entry what they were when it was signed.
Result<ChainReport> verify_chain(store::Reader& reader, const Uuid& organization);

}  // namespace eventcore::audit
