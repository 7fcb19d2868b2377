// Damages to the files of a store: what may happen to a file by accident, and what only somebody who wants to can do.
// Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "faults/damage_store.hpp"

namespace eventcore::faults {

struct Patch {
  std::size_t at = 0;
  Bytes bytes;
};

struct Damage {
  std::string kind;
  std::string_view file;
  std::vector<Patch> patches{};  // where the file goes on otherwise as it was
  std::optional<Bytes> whole{};  // instead
  bool removed = false;          // instead
};

inline constexpr std::string_view another_store = "file of another store";  // a kind

using Dice = std::mt19937_64;

// What an accident may do to any one file: bits flipped, pages zeroed or exchanged, a file cut, gone or of another
// store, frames of the WAL dropped, repeated or exchanged. No answer may come of it that is wrong.
Damage accident(const DamageStore& store, Dice& dice);

// Pages that once were good, put back where they had been. SQLCipher's authentication knows no time.
std::vector<Damage> replayed_pages(const DamageStore& store);
// The WAL without one frame, or with an earlier content of its page, and with checksums that fit (they have no key).
std::vector<Damage> forged_wals(const DamageStore& store);
// Database or WAL of another time of this store under the rest of it.
std::vector<Damage> mixed_times(const DamageStore& store);

}  // namespace eventcore::faults
