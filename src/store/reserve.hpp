// Reserve: space that a store keeps on the disk for the door (NAME.reserve; docs/store-format.md, "A full disk"). When
// a commit meets a full disk the file is emptied: from then on only jobs that may spend the reserve run, until the disk
// has room for it again.
// Invariants: the file's length is the whole state, so every process sees it and a killed one leaves no other: absent
// or in full length, nobody is in need; shorter, everybody is. The space is asked for again only by who holds the write
// turn, at most twice a second.
// Thread: whoever holds the write turn; held_bytes() and needed() any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "store/files.hpp"

namespace eventcore::store {

class Reserve {
 public:
  // `bytes` 0: this store keeps none, and never is in need.
  Reserve(Files& files, Clock& clock, Log& log, std::string path, std::int64_t bytes);

  // At open: a store that has none gets it, if the disk has room.
  void make();
  // Whether only who may spend the reserve may write now.
  bool in_need();
  // A commit met a full disk. Whether that made room.
  bool release();

  [[nodiscard]] bool needed() const { return needed_.load(); }  // as of the last write
  [[nodiscard]] std::int64_t held_bytes() const;

 private:
  void set_needed(bool needed, const char* why);

  Files& files_;
  Clock& clock_;
  Log& log_;
  const std::string path_;
  const std::int64_t bytes_;
  std::int64_t asked_at_us_ = 0;
  std::atomic<bool> needed_ = false;
};

}  // namespace eventcore::store
