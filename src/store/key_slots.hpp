// The key-slot file NAME.keys: the store's random data key, wrapped once per way to open it, and the signing key of
// audit checkpoints. docs/store-format.md gives the bytes. Secrets come in as bytes and live in SecretBytes.
// Invariants: at least one slot; opening never writes; a change first reads the file again and checks it, so slots that
// another process added are kept; after a failed change this object is as before.
// The caller holds the store's write turn while it creates, adds or removes. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <eventcore/result.hpp>
#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/uuid.hpp"
#include "store/files.hpp"

namespace eventcore::store {

struct KeyInput {
  enum class Kind : std::uint8_t { none, raw, passphrase, recovery_code };
  Kind kind = Kind::none;
  SecretBytes bytes;  // raw: 32 bytes; passphrase: UTF-8; recovery code: its text

  static KeyInput raw(ByteView key) { return {Kind::raw, SecretBytes::copy_of(key)}; }
  static KeyInput passphrase(ByteView text) { return {Kind::passphrase, SecretBytes::copy_of(text)}; }
  static KeyInput recovery_code(ByteView text) { return {Kind::recovery_code, SecretBytes::copy_of(text)}; }
};

struct KeySlotInfo {
  std::int32_t slot = 0;
  KeyInput::Kind kind = KeyInput::Kind::none;
};

// What one guess of a passphrase costs (Argon2id); stored in its slot, so it may change from release to release.
struct PassphraseCost {
  std::uint64_t operations = 3;
  std::uint64_t memory_bytes = 64ULL * 1024 * 1024;
};

// What an opened key-slot file gives.
struct StoreKeys {
  Uuid store_id;
  SecretBytes data_key;      // 32 bytes: SQLCipher's raw key
  SecretBytes root_key;      // 32 bytes: derived; wraps tenant keys, keys the anchor (sealing.hpp)
  SecretBytes signing_key;   // 64 bytes Ed25519
  Bytes signing_public_key;  // 32 bytes
};

class KeySlots {
  friend struct KeySlotFile;  // the bytes, key_slots.cpp
  struct Slot {
    std::int32_t number = 0;
    KeyInput::Kind kind = KeyInput::Kind::none;
    Bytes salt;
    std::uint64_t ops_limit = 0;
    std::uint64_t memory_limit = 0;
    Bytes wrapped;
  };
  struct Table {
    std::int32_t next_number = 1;  // numbers are never given twice
    std::vector<Slot> slots;
  };

 public:
  static constexpr std::size_t slots_max = 16;

  // A new file with one slot for `key`, durable when this returns. store_exists when there is a file.
  static Result<KeySlots> create(Files& files, const std::string& path, const KeyInput& key, const Uuid& store_id,
                                 Random& random, const PassphraseCost& cost = {});
  // invalid_key (not well formed), key_slots_tampered (also: missing), store_newer, key_required, wrong_key, or the
  // opened slots. Never writes.
  static Result<KeySlots> open(Files& files, const std::string& path, const KeyInput& key);
  // As create, over what is there, for a copy of a store: a new data key with the store id and signing key of `like`.
  static Result<KeySlots> create_for_copy(Files& files, const std::string& path, const KeyInput& key,
                                          const StoreKeys& like, Random& random, const PassphraseCost& cost = {});

  [[nodiscard]] const StoreKeys& keys() const { return keys_; }
  [[nodiscard]] std::vector<KeySlotInfo> list() const;
  Status refresh(Files& files);  // reads the slots again: other processes change them, too
  // The slot whose key opened or made this.
  [[nodiscard]] std::int32_t opened_slot() const { return opened_slot_; }

  // A change of the slots that is decided but not written: one added, one removed, or both in one step.
  class Change {
   public:
    std::int32_t added = 0;  // its number; 0: none

   private:
    friend class KeySlots;
    Table before_;
    Table after_;
    std::int32_t opened_before_ = 0;
  };
  // not_found for a slot that is not there; invalid_argument when all are taken, or the last one would go.
  struct NewKey {
    const KeyInput& key;
    Random& random;
    PassphraseCost cost{};
  };
  Result<Change> plan(Files& files, const NewKey* added, std::optional<std::int32_t> removed) const;
  Status apply(Files& files, const Change& change);
  Status undo(Files& files, const Change& change);

  Status add(Files& files, const KeyInput& key, Random& random, const PassphraseCost& cost = {});
  Result<std::string> add_recovery_code(Files& files, Random& random);  // 13 groups of 4 symbols; shown once
  Status remove(Files& files, std::int32_t slot);  // not_found; invalid_argument for the last one, which stays

  // Takes over data key and slots of `renewed`, which now lie at this one's path. Store id and signing key are the same
  // and are not touched, so that who signs or asks for the id meanwhile sees no change.
  void adopt(KeySlots&& renewed);

  // Ed25519, 64 bytes.
  [[nodiscard]] Bytes sign(ByteView message) const;

 private:
  KeySlots() = default;
  Result<Table> read_again(Files& files) const;
  Status store(Files& files, Table table);
  static Result<KeySlots> make(const std::string& path, const KeyInput& key, StoreKeys keys, Random& random,
                               const PassphraseCost& cost);

  std::string path_;
  Table table_;
  std::int32_t opened_slot_ = 1;
  Bytes sealed_signing_key_;
  StoreKeys keys_;
};

// 13 groups of 4 symbols. The caller wipes it.
std::string make_recovery_code(Random& random);

Bytes sign_with(const SecretBytes& signing_key, ByteView message);
bool verify_signature(ByteView public_key, ByteView message, ByteView signature);

}  // namespace eventcore::store
