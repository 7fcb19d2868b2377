// KnownFacts: what a session's principal held when it was last asked. Taken again while the store stands where it stood
// and the day is the same, since nothing else moves the rights of these kinds: a user may hold hundreds of assignments
// and a customer hundreds of tickets. Whoever's row itself carries a time of expiry is asked for anew each time.
// Thread: belongs to one session, which serves one call at a time.
#pragma once

#include <optional>

#include "policy/principal.hpp"

namespace eventcore::policy {

class KnownFacts {
 public:
  // As load_facts. `reader` must be of a snapshot, not of a write transaction.
  Result<Facts> load(store::Reader& reader, const Principal& principal, Micros now);

 private:
  struct Known {
    store::Moment moment;
    Micros day = 0;
    Facts facts;
  };
  std::optional<Known> known_;
};

}  // namespace eventcore::policy
