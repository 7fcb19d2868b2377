// FaultVfs: a SQLite file layer that makes the n-th write or sync of the database or its WAL fail, or the process die
// just before it, for tests.
// Invariants: registered under its own name for its lifetime; counts only while armed; forwards everything else.
// Thread: any; arm() before the calls it shall hit.
#pragma once

#include <ecsql.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace eventcore::test {

enum class FaultAt : std::uint8_t { nothing, write, sync };

class FaultVfs {
 public:
  static constexpr int kill_process = -1;  // a code to arm with

  explicit FaultVfs(std::string name);
  virtual ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  // From now on the `nth` (1: the next) operation of that kind answers `code`; `times` in a row.
  void arm(FaultAt at, int nth, int code, int times = 1);
  void disarm() { at_.store(FaultAt::nothing); }
  [[nodiscard]] bool hit() const { return hits_.load() > 0; }

  virtual int decide(FaultAt at);  // SQLITE_OK or the code to answer
  [[nodiscard]] sqlite3_vfs* real() const { return real_; }

 private:
  std::string name_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  std::atomic<FaultAt> at_ = FaultAt::nothing;
  std::atomic<int> left_ = 0;
  std::atomic<int> times_ = 0;
  std::atomic<int> code_ = 0;
  std::atomic<int> hits_ = 0;
};

}  // namespace eventcore::test
