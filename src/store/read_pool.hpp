// ReadPool: connections for reading, opened when needed and a few kept. A reader sees the snapshot of its first read
// and never waits for writers.
// Invariants: a connection is lent to one thread at a time; one whose guard failed is closed, not kept.
// Thread: any.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "store/connection.hpp"
#include "store/reader.hpp"

namespace eventcore::store {

class ReadPool {
 public:
  static constexpr std::size_t kept_max = 4;
  using Open = std::function<Result<std::unique_ptr<Connection>>()>;

  ReadPool(Clock& clock, Open open) : clock_(clock), open_(std::move(open)) { idle_.reserve(kept_max); }

  // `body` between BEGIN and the page guard; what it answers counts only when the guard has passed.
  Status read(const std::function<Status(Connection&)>& body);
  // A connection that is not kept afterwards, for a copy or a check of the pages: pause() waits until it has gone. The
  // pool must outlive it.
  class Leave {
   public:
    explicit Leave(ReadPool& pool) : pool_(&pool) {}
    void operator()(Connection* connection) const;

   private:
    ReadPool* pool_;
  };
  using Own = std::unique_ptr<Connection, Leave>;
  Result<Own> lend_own();
  void close();  // idle connections now, lent ones when they come back
  // Waits until no connection is lent and closes those that are kept; reads that begin later wait for resume().
  // store_busy when one is still lent after wait_us; then nothing is paused.
  Status pause(std::int64_t wait_us);
  void resume();

  [[nodiscard]] bool in_use() const;             // whether any connection has not come back
  [[nodiscard]] std::int64_t lent() const;       // for reads
  [[nodiscard]] std::int64_t oldest_us() const;  // how long the oldest running read has held its snapshot

 private:
  // Counts one more that is taken. closed when the pool is.
  Status take_place(std::unique_lock<std::mutex>& lock);
  void leave_place();
  Result<std::unique_ptr<Connection>> open_counted();
  Result<std::unique_ptr<Connection>> take();
  void give_back(std::unique_ptr<Connection> connection, std::optional<std::int64_t> started_us, bool good);
  // `good`: whether the connection may be lent again.
  static Status read_with(Connection& connection, const std::function<Status(Connection&)>& body, bool& good);

  Clock& clock_;
  Open open_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::multiset<std::int64_t> started_us_;
  std::condition_variable changed_;
  bool paused_ = false;
  std::int64_t taken_ = 0;  // connections lent, or being opened to be lent
  bool closed_ = false;
};

}  // namespace eventcore::store
