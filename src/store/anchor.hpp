// Anchor: how far the store has come, kept outside database and WAL (NAME.anchor), so that a WAL that lost commits is
// noticed at open. Two records in separate 4 KiB blocks, written in turn, each with a keyed MAC; docs/store-format.md.
// Invariants: never moves back except by reset(); every change is one pwrite of one record, and the other record is on
// the disk by then, so a power cut that spoils what was not synced leaves one that counts; both slots are read again
// under the file's own lock before each write, because other processes write too.
// A missing file of an existing store is anchor_tampered: deleting it must not pass in silence.
// Thread: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <eventcore/result.hpp>
#include "base/hash.hpp"
#include "base/secret.hpp"
#include "base/uuid.hpp"
#include "store/files.hpp"

namespace eventcore::store {

struct AnchorState {
  std::int64_t commit = 0;
  std::int64_t store_seq = 0;
  Digest heads{};
  bool operator==(const AnchorState&) const = default;
};

class Anchor {
 public:
  // `key` is derive(root_key, derivation::anchor). Without `create`: anchor_tampered when the file is missing, damaged
  // in both slots or of another store; store_newer. With `create` (a new store, or accept_loss after anchor_tampered) a
  // file that does not open is made anew, durable at return; one that opens is kept as it is.
  static Result<std::unique_ptr<Anchor>> open(Files& files, const std::string& path, const SecretBytes& key,
                                              const Uuid& store_id, bool create);

  // What this object last read or wrote; nullopt: no commit yet.
  [[nodiscard]] std::optional<AnchorState> last() const;
  // Reads the file again: other processes may have written.
  Result<std::optional<AnchorState>> refresh();
  // One slot did not verify when last read: a torn write, or damage. The next write mends it.
  [[nodiscard]] bool slot_damaged() const;

  // Forward only: a state not ahead of the file's is left out and answered with success (another process was faster).
  Status write(const AnchorState& state);
  // accept_loss only: puts `state` into both slots even if it lies behind, and syncs.
  Status reset(const AnchorState& state);
  Status sync();  // does nothing when all is synced
  // Call after each write with steady time: true once a second has passed since the first unsynced write was seen here.
  bool needs_sync(std::int64_t now_us);

 private:
  using Slots = std::array<std::optional<AnchorState>, 2>;

  // Callers of these hold mutex_, and all but newest, commit_in and sync_locked the file lock.
  Anchor(Files& files, std::string path, SecretBytes key, const Uuid& store_id);
  Status load();
  Status put_both(const AnchorState& state);
  Status write_slot(std::size_t index, const AnchorState& state);
  Status sync_locked();
  [[nodiscard]] bool is_durable(std::size_t index) const;
  [[nodiscard]] std::int64_t commit_in(std::size_t index) const;
  [[nodiscard]] std::optional<AnchorState> newest() const;
  [[nodiscard]] Bytes record(std::size_t index, const AnchorState& state) const;
  [[nodiscard]] Result<std::optional<AnchorState>> parse(std::size_t index, ByteView bytes) const;

  Files& files_;
  const std::string path_;
  const SecretBytes key_;
  const Uuid store_id_;
  mutable std::mutex mutex_;
  std::unique_ptr<OpenFile> file_;
  Slots slots_;
  Slots durable_;  // as they were at the last sync
  bool unsynced_ = false;
  std::optional<std::int64_t> unsynced_since_us_;
};

}  // namespace eventcore::store
