// The message whose hash is an entry's, written from the bytes that are stored: shared by who makes entries and who
// verifies them. Thread: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/blake2b_many.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/hash.hpp"

namespace eventcore::audit {

// What an entry's hash covers beside the hash before it and the commitments.
struct EntryFields {
  ByteView organization;
  std::int64_t seq = 0;
  Micros time = 0;
  std::string_view principal_kind;
  ByteView principal_id;  // empty: null
  std::string_view table;
  ByteView row;  // empty: null
  std::string_view operation;
  std::string_view command;
};

void add_entry_message(Blake2bMany& hashes, const Digest& previous, const EntryFields& fields,
                       const std::array<Digest, 4>& commitments);

}  // namespace eventcore::audit
