#include "store/reserve.hpp"

#include <utility>

namespace eventcore::store {

namespace {

// So much more must be free before the reserve is taken back: what was given away itself must not look like new room.
constexpr std::int64_t spare_bytes = 4LL * 1024 * 1024;
constexpr std::int64_t ask_again_us = 500'000;

}  // namespace

Reserve::Reserve(Files& files, Clock& clock, Log& log, std::string path, std::int64_t bytes)
    : files_(files), clock_(clock), log_(log), path_(std::move(path)), bytes_(bytes) {}

std::int64_t Reserve::held_bytes() const {
  const auto size = files_.size(path_);
  return size ? size.assume_value() : 0;
}

// Without the space no file is left: an empty one would say that the space was given away.
void Reserve::make() {
  if (bytes_ == 0) return;
  const auto there = files_.exists(path_);
  if (!there || there.assume_value()) return;
  if (files_.allocate(path_, bytes_, spare_bytes)) return;
  (void)files_.remove(path_);
  log_.write(LogLevel::warning, "no room for the reserve: a full disk will stop the door too");
}

bool Reserve::in_need() {
  if (bytes_ == 0) return false;
  const auto size = files_.size(path_);
  const bool absent = !size && size.error().code() == Errc::store_not_found;
  if (!size && !absent) return needed();
  if (absent || size.assume_value() >= bytes_) {
    set_needed(false, "the disk has room again");  // another process found it
    return false;
  }
  const std::int64_t now = clock_.steady_us();
  if (needed() && now - asked_at_us_ < ask_again_us) return true;
  asked_at_us_ = now;
  const Status taken = files_.allocate(path_, bytes_, spare_bytes);
  const bool full = !taken && taken.error().code() == Errc::disk_full;
  // A reserve that cannot be had for another reason must not hold up sales for ever.
  if (!taken && !full) (void)files_.remove(path_);
  set_needed(full, full ? "the disk is full: the door goes on, all else is refused" : "the disk has room again");
  return full;
}

bool Reserve::release() {
  if (bytes_ == 0 || held_bytes() == 0) return false;
  if (!files_.empty(path_)) return false;
  asked_at_us_ = clock_.steady_us();
  set_needed(true, "the disk is full: the door goes on from the reserve, all else is refused");
  return true;
}

void Reserve::set_needed(bool needed, const char* why) {
  if (needed_.exchange(needed) == needed) return;
  log_.write(needed ? LogLevel::error : LogLevel::info, why);
}

}  // namespace eventcore::store
