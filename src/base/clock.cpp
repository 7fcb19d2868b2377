#include "base/clock.hpp"

#include <chrono>

namespace eventcore {
namespace {

std::int64_t steady_now_us() {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  return duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Micros SystemClock::now_us() const {
  using std::chrono::floor;
  using std::chrono::microseconds;
  return floor<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::steady_us() const {
  return steady_now_us();
}

std::int64_t TestClock::steady_us() const {
  return steady_now_us();
}

}  // namespace eventcore
