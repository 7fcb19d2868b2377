// One entry of the audit chain, exactly as spec/RULES.md section 7 fixes it:
//   entry = BLAKE2b-256("ec-audit-v1" | previous | canonical(organization, seq, time, principal kind, principal id,
//                       table, row, operation, command) | c1 | c2 | c3 | c4)
// where each c commits to one image (before personal, before other, after personal, after other) as BLAKE2b-256 of the
// image keyed with its own 16-byte salt. Dropping an image and its salt later leaves the entry verifiable.
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/uuid.hpp"
#include "schema/value.hpp"
#include "store/reader.hpp"

namespace eventcore::audit {

inline constexpr std::size_t salt_bytes = 16;

struct Images {
  std::string before_personal;
  std::string before_other;
  std::string after_personal;
  std::string after_other;
};

// Who did what, without the images.
struct Act {
  Uuid organization{};  // nil: the store's own chain
  Micros time = 0;
  std::string_view principal_kind;
  Uuid principal_id{};  // nil: none
  Uuid user_id{};       // nil: not a user
  std::string_view table;
  Uuid row{};  // nil: none
  std::string_view operation;
  std::string_view command;
};

// The audit_logs row that follows `head`, which is moved on. `salts` holds 4 x salt_bytes random bytes.
Record make_entry(const Act& act, const Images& images, store::ChainHead& head, const Uuid& entry_id, ByteView salts);

// What a checkpoint signs: "ec-checkpoint-v1" | canonical(organization, seq, time) | head. A host that keeps signed
// checkpoints elsewhere notices a chain that was cut or written anew.
Bytes checkpoint_message(const Uuid& organization, std::int64_t seq, Micros time, const Digest& head);

// At most one a second is signed for a chain while it is written; whoever exports it gets one of its own.
inline constexpr Micros checkpoint_interval_us = 1'000'000;
bool checkpoint_due(const store::ChainHead& head, Micros now);
store::Checkpoint sign_checkpoint(const store::Reader& reader, const Uuid& organization, const store::ChainHead& head,
                                  Micros now);

}  // namespace eventcore::audit
