// The clock everything above is given: wall time for what is stored, steady time for what is waited for.
// Invariants: times are microseconds since 1970-01-01T00:00:00Z; steady time never goes back.
// Thread: every clock may be read and set from any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace eventcore {

using Micros = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Micros now_us() const = 0;
  [[nodiscard]] virtual std::int64_t steady_us() const = 0;

 protected:
  Clock() = default;
  Clock(const Clock&) = default;
  Clock& operator=(const Clock&) = default;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Micros now_us() const override;
  [[nodiscard]] std::int64_t steady_us() const override;
};

// Wall time stands still until told; steady time runs on, so that waits still end.
class TestClock final : public Clock {
 public:
  explicit TestClock(Micros start) : now_us_(start) {}
  void set(Micros now_us) { now_us_.store(now_us); }
  void advance(Micros by_us) { now_us_.fetch_add(by_us); }
  [[nodiscard]] Micros now_us() const override { return now_us_.load(); }
  [[nodiscard]] std::int64_t steady_us() const override;

 private:
  std::atomic<Micros> now_us_;
};

}  // namespace eventcore
