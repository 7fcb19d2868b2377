#include "store/read_pool.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "store/no_throw.hpp"

namespace eventcore::store {

namespace {

// How often who waits for the readers looks at the clock, which a test may move.
constexpr std::int64_t pause_look_us = 10'000;

}  // namespace

Status ReadPool::take_place(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return !paused_ || closed_; });
  if (closed_) return Errc::closed;
  ++taken_;
  return ok();
}

void ReadPool::leave_place() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --taken_;
  changed_.notify_all();
}

Result<std::unique_ptr<Connection>> ReadPool::take() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    EC_TRYV(take_place(lock));
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return open_counted();
}

// For who has taken a place, which goes when it fails.
Result<std::unique_ptr<Connection>> ReadPool::open_counted() {
  std::unique_ptr<Connection> connection;
  const Status opened = no_throw([&]() -> Status {
    EC_TRY(fresh, open_());
    connection = std::move(fresh);
    return ok();
  });
  if (opened) return connection;
  leave_place();
  return opened.error();
}

Result<ReadPool::Own> ReadPool::lend_own() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    EC_TRYV(take_place(lock));
  }
  EC_TRY(connection, open_counted());
  return Own(connection.release(), Leave(*this));
}

void ReadPool::Leave::operator()(Connection* connection) const {
  delete connection;
  pool_->leave_place();
}

Status ReadPool::pause(std::int64_t wait_us) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (closed_) return Errc::closed;
  paused_ = true;
  const std::int64_t until = clock_.steady_us() + wait_us;
  while (taken_ > 0) {
    const std::int64_t left = until - clock_.steady_us();
    if (left <= 0) {
      paused_ = false;
      changed_.notify_all();
      return Errc::store_busy;
    }
    changed_.wait_for(lock, std::chrono::microseconds(std::min<std::int64_t>(left, pause_look_us)));
  }
  idle_.clear();
  return ok();
}

void ReadPool::resume() {
  const std::lock_guard<std::mutex> lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

void ReadPool::give_back(std::unique_ptr<Connection> connection, std::optional<std::int64_t> started_us, bool good) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (started_us) started_us_.erase(started_us_.find(*started_us));
  --taken_;
  if (good && !closed_ && !paused_ && idle_.size() < kept_max) idle_.push_back(std::move(connection));
  connection.reset();
  changed_.notify_all();
}

// Whatever happens in between, what was taken is given back.
Status ReadPool::read(const std::function<Status(Connection&)>& body) {
  EC_TRY(connection, take());
  std::optional<std::int64_t> started_us;
  bool good = false;
  Status result = no_throw([&]() -> Status {
    const std::int64_t now_us = clock_.steady_us();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      started_us_.insert(now_us);
      started_us = now_us;
    }
    return read_with(*connection, body, good);
  });
  give_back(std::move(connection), started_us, good);
  return result;
}

Status ReadPool::read_with(Connection& connection, const std::function<Status(Connection&)>& body, bool& good) {
  Status result = connection.run("BEGIN");
  if (result) {
    try {
      result = body(connection);
    } catch (const std::bad_alloc&) {
      result = Errc::out_of_memory;
    } catch (const std::exception& thrown) {
      result = fail(Errc::internal, thrown.what());
    }
  }
  // A failure that came of a zeroed page is as wrong as a row would be, so the guard's word comes before it.
  const Status guarded = connection.guard();
  const bool ended = !connection.in_transaction() || connection.run("ROLLBACK");
  good = guarded && ended;
  return guarded ? result : guarded;
}

void ReadPool::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  idle_.clear();
  changed_.notify_all();
}

bool ReadPool::in_use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return taken_ > 0;
}

std::int64_t ReadPool::lent() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<std::int64_t>(started_us_.size());
}

std::int64_t ReadPool::oldest_us() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return started_us_.empty() ? 0 : clock_.steady_us() - *started_us_.begin();
}

}  // namespace eventcore::store
