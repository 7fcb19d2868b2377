// Call: everything one call brings along and keeps the same if its job has to run again: who calls, what for, the one
// clock reading, and the ids and random bytes it draws.
// Thread: belongs to one call.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/uuid.hpp"
#include "policy/principal.hpp"

namespace eventcore::work {

// Ids and random bytes in the order they are asked for. After rewind() the same ones come again, so that a job that
// runs twice writes the same rows. Keys are among them, so they are wiped.
class Draws {
 public:
  Draws(UuidSource& ids, Random& random) : ids_(ids), random_(random) {}
  Draws(const Draws&) = delete;
  Draws& operator=(const Draws&) = delete;
  ~Draws() { wipe(drawn_bytes_); }

  Uuid id() {
    if (next_id_ == drawn_ids_.size()) drawn_ids_.push_back(ids_.next());
    return drawn_ids_[next_id_++];
  }
  void fill(std::span<std::uint8_t> out) {
    const std::size_t end = next_byte_ + out.size();
    if (end > drawn_bytes_.size()) {
      const std::size_t old_size = drawn_bytes_.size();
      if (end > drawn_bytes_.capacity()) move_to_room_for(end);
      drawn_bytes_.resize(end);
      random_.fill(std::span(drawn_bytes_).subspan(old_size));
    }
    std::copy_n(drawn_bytes_.begin() + static_cast<std::ptrdiff_t>(next_byte_), out.size(), out.begin());
    next_byte_ = end;
  }
  void rewind() {
    next_id_ = 0;
    next_byte_ = 0;
  }

 private:
  void move_to_room_for(std::size_t size) {
    std::vector<std::uint8_t> roomy;
    roomy.reserve(std::max(size, 2 * drawn_bytes_.capacity()));
    roomy.assign(drawn_bytes_.begin(), drawn_bytes_.end());
    wipe(drawn_bytes_);
    drawn_bytes_.swap(roomy);
  }

  UuidSource& ids_;
  Random& random_;
  std::vector<Uuid> drawn_ids_;
  std::vector<std::uint8_t> drawn_bytes_;
  std::size_t next_id_ = 0;
  std::size_t next_byte_ = 0;
};

// The draws of a call as a Random, for code that makes keys and numbers.
class DrawnRandom final : public Random {
 public:
  explicit DrawnRandom(Draws& draws) : draws_(draws) {}
  void fill(std::span<std::uint8_t> out) override { draws_.fill(out); }

 private:
  Draws& draws_;
};

struct Call {
  const policy::Principal& principal;
  Micros now = 0;  // one reading for the whole call
  Draws& draws;
  std::string command;  // the command, or "insert", "update", "delete"
};

}  // namespace eventcore::work
