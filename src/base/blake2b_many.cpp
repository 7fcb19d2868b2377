#include "base/blake2b_many.hpp"

#include <cstring>

namespace eventcore {

std::uint8_t* Blake2bMany::room_for(std::size_t size) {
  if (data_.size() < used_ + size) data_.resize((used_ + size) * 2);
  std::uint8_t* const room = data_.data() + used_;
  used_ += size;
  return room;
}

void Blake2bMany::end_message() {
  if (!messages_.empty()) messages_.back().length = used_ - messages_.back().offset;
}

Blake2bMany& Blake2bMany::begin(ByteView key) {
  constexpr std::size_t key_max = 64;
  if (key.size() > key_max) return begin(blake2b(key));
  end_message();
  messages_.push_back({used_, 0, key.size()});
  return add(key);
}

Blake2bMany& Blake2bMany::add(ByteView bytes) {
  if (!bytes.empty()) std::memcpy(room_for(bytes.size()), bytes.data(), bytes.size());
  return *this;
}

Blake2bMany& Blake2bMany::add(std::string_view text) {
  return add(as_bytes(text));
}

Blake2bMany& Blake2bMany::add_u32(std::uint32_t value) {
  std::uint8_t* const room = room_for(4);
  for (unsigned i = 0; i < 4; ++i) room[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  return *this;
}

Blake2bMany& Blake2bMany::add_u64(std::uint64_t value) {
  return add_u32(static_cast<std::uint32_t>(value >> 32U)).add_u32(static_cast<std::uint32_t>(value));
}

std::span<const Digest> Blake2bMany::finish() {
  end_message();
  digests_.clear();
  for (const Message& message : messages_) {
    const ByteView bytes(data_.data() + message.offset, message.length);
    digests_.push_back(blake2b(bytes.subspan(message.key_size), bytes.first(message.key_size)));
  }
  messages_.clear();
  used_ = 0;
  return digests_;
}

}  // namespace eventcore
