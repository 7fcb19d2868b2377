// A short memory of what happened, for the host to pull; never a channel for secrets or personal data.
// Invariants: at most 1,024 lines wait; beyond that the oldest go and are counted.
// Thread: any thread may write and pull.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace eventcore {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
  Micros time_us = 0;
  LogLevel level = LogLevel::info;
  std::string text;
};

class Log {
 public:
  static constexpr std::size_t capacity = 1024;

  explicit Log(Clock& clock) : clock_(clock) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(LogLevel level, std::string text);
  std::vector<LogLine> pull(std::size_t max);   // oldest first; pulled lines are gone
  [[nodiscard]] std::uint64_t dropped() const;  // lines lost since the log began

 private:
  Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<LogLine> lines_;
  std::uint64_t dropped_ = 0;
};

}  // namespace eventcore
