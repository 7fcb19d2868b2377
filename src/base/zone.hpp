// One IANA time zone: offsets of instants and the instants of local times. Used by time.cpp only.
// Invariants: seconds since 1970, UTC or local as named; after the last change the zone file lists, its closing rule
// holds (the lists end in 2037, or years ago in files written the short way).
// Thread: zones are immutable, shared by all threads and live as long as the process.
#pragma once

#include <cstdint>
#include <string_view>

namespace eventcore {

class Zone {
 public:
  virtual ~Zone() = default;
  [[nodiscard]] virtual std::int64_t offset_at(std::int64_t utc_seconds) const = 0;
  // A skipped time becomes the first instant after the gap; one that comes twice, the earlier.
  [[nodiscard]] virtual std::int64_t to_utc(std::int64_t local_seconds) const = 0;

 protected:
  Zone() = default;
  Zone(const Zone&) = default;
  Zone& operator=(const Zone&) = default;
};

// Null for names the system's database does not have, and for its files that are no zones.
const Zone* find_zone(std::string_view name);

}  // namespace eventcore
