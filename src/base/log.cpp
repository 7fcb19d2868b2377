#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace eventcore {

void Log::write(LogLevel level, std::string text) {
  const Micros now_us = clock_.now_us();
  const std::lock_guard lock(mutex_);
  if (lines_.size() == capacity) {
    lines_.pop_front();
    ++dropped_;
  }
  lines_.push_back({now_us, level, std::move(text)});
}

std::vector<LogLine> Log::pull(std::size_t max) {
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::min(max, lines_.size());
  std::vector<LogLine> pulled;
  pulled.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    pulled.push_back(std::move(lines_.front()));
    lines_.pop_front();
  }
  return pulled;
}

std::uint64_t Log::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace eventcore
