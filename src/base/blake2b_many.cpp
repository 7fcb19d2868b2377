#include "base/blake2b_many.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/blake2b_lanes.hpp"

namespace eventcore {

namespace {

std::size_t whole_blocks(std::size_t size) {
  return (size + blake2b_block - 1) / blake2b_block * blake2b_block;
}

}  // namespace

std::size_t Blake2bMany::Message::blocks() const {
  return std::max<std::size_t>(whole_blocks(length) / blake2b_block, 1);
}

std::uint8_t* Blake2bMany::room_for(std::size_t size) {
  if (data_.size() < used_ + size) data_.resize((used_ + size) * 2);
  std::uint8_t* const room = data_.data() + used_;
  used_ += size;
  return room;
}

// What an earlier batch left there must not stand in the filling.
void Blake2bMany::end_message() {
  if (messages_.empty()) return;
  Message& message = messages_.back();
  message.length = used_ - message.offset;
  const std::size_t filling = message.blocks() * blake2b_block - message.length;
  std::fill_n(room_for(filling), filling, std::uint8_t{0});
}

Blake2bMany& Blake2bMany::begin(ByteView key) {
  constexpr std::size_t key_max = 64;
  if (key.size() > key_max) return begin(blake2b(key));
  end_message();
  messages_.push_back({used_, 0, key.size()});
  if (key.empty()) return *this;
  add(key);
  const std::size_t filling = blake2b_block - key.size();
  std::fill_n(room_for(filling), filling, std::uint8_t{0});
  return *this;
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

void Blake2bMany::hash_one(std::size_t index) {
  const Message& message = messages_[index];
  const ByteView data(data_.data() + message.offset, message.length);
  const ByteView text = message.key_size == 0 ? data : data.subspan(blake2b_block);
  digests_[index] = blake2b(text, data.first(message.key_size));
}

// Messages of equal length side by side: a group takes as long as its longest.
std::span<const Digest> Blake2bMany::finish() {
  end_message();
  digests_.resize(messages_.size());
  order_.resize(messages_.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::size_t at = 0;
  if (has_blake2b_lanes()) {
    std::sort(order_.begin(), order_.end(),
              [&](std::size_t a, std::size_t b) { return messages_[a].length < messages_[b].length; });
    for (; at + blake2b_lanes <= order_.size(); at += blake2b_lanes) {
      std::array<Blake2bLane, blake2b_lanes> lanes;
      for (std::size_t l = 0; l < blake2b_lanes; ++l) {
        const Message& message = messages_[order_[at + l]];
        lanes[l] = {data_.data() + message.offset, message.length, message.blocks(), message.key_size,
                    &digests_[order_[at + l]]};
      }
      hash_lanes(lanes);
    }
  }
  for (; at < order_.size(); ++at) hash_one(order_[at]);
  messages_.clear();
  used_ = 0;
  return digests_;
}

}  // namespace eventcore
