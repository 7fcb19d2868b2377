// BLAKE2b-256 of many messages that are put together piece by piece.
// Invariants: the digests are those of blake2b(); memory is kept from use to use, so that a walk over many batches
// allocates for its first ones only.
// Thread: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace eventcore {

class Blake2bMany {
 public:
  // Begins the next message, to be hashed under a key or none.
  Blake2bMany& begin(ByteView key = {});
  Blake2bMany& add(ByteView bytes);
  Blake2bMany& add(std::string_view text);
  Blake2bMany& add_u32(std::uint32_t value);  // big-endian
  Blake2bMany& add_u64(std::uint64_t value);

  // Bytes held for the messages since the last finish().
  [[nodiscard]] std::size_t size() const { return used_; }

  // The digests of all messages since the last call, in their order; they stay until the next call.
  std::span<const Digest> finish();

 private:
  struct Message {
    std::size_t offset = 0;    // of its key, which its text follows
    std::size_t length = 0;    // of both
    std::size_t key_size = 0;  // 0: none
  };
  void end_message();
  std::uint8_t* room_for(std::size_t size);

  Bytes data_;
  std::size_t used_ = 0;
  std::vector<Message> messages_;
  std::vector<Digest> digests_;
};

}  // namespace eventcore
