// EngineCore: one open store with its clock, randomness, log and id source. Sessions hold it; closing it makes their
// calls answer `closed`, memory goes with the last of them. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/uuid.hpp"
#include "policy/principal.hpp"
#include "store/store.hpp"

namespace eventcore::api {

// What tests inject; the defaults are the system's.
struct Injected {
  Random* random = nullptr;
  store::Files* files = nullptr;
  std::string vfs;
  Micros start_us = 0;  // of the test clock; 0: the system's time
};

class EngineCore {
 public:
  static Result<std::shared_ptr<EngineCore>> open(store::OpenOptions options, bool test_clock,
                                                  const Injected& injected = {}, policy::JwtConfig jwt = {});

  // The store for the length of a call, or `closed` / `forked`.
  Result<std::shared_ptr<store::Store>> store() const;

  [[nodiscard]] Clock& clock() { return *clock_; }
  [[nodiscard]] Random& random() { return *random_; }
  [[nodiscard]] UuidSource& ids() { return *ids_; }
  [[nodiscard]] Log& log() { return *log_; }
  [[nodiscard]] const policy::JwtConfig& jwt() const { return jwt_; }
  Status set_clock(Micros now_us);
  Status close();

 private:
  EngineCore() = default;

  std::unique_ptr<Clock> clock_;
  TestClock* test_clock_ = nullptr;
  std::unique_ptr<Random> own_random_;
  Random* random_ = nullptr;
  std::unique_ptr<Log> log_;
  std::unique_ptr<UuidSource> ids_;
  policy::JwtConfig jwt_;
  std::shared_ptr<store::Store> store_;  // exchanged atomically; null once closed
  std::int64_t process_ = 0;             // the process that opened it: a forked child must not use it
};

// Decodes and authenticates a principal. Whether it is valid *now* is asked anew by every unit of work.
Result<policy::Principal> read_principal(EngineCore& engine, std::string_view principal_json);

std::string stats_json(const store::StoreStats& stats);

}  // namespace eventcore::api
