#include "store/read_pool.hpp"

#include <new>
#include <utility>

namespace eventcore::store {

Result<std::unique_ptr<Connection>> ReadPool::take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return Errc::closed;
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return open_();
}

void ReadPool::give_back(std::unique_ptr<Connection> connection, std::int64_t started_us, bool good) {
  const std::lock_guard<std::mutex> lock(mutex_);
  started_us_.erase(started_us_.find(started_us));
  if (good && !closed_ && idle_.size() < kept_max) idle_.push_back(std::move(connection));
}

Status ReadPool::read(const std::function<Status(Connection&)>& body) {
  EC_TRY(connection, take());
  const std::int64_t started_us = clock_.steady_us();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    started_us_.insert(started_us);
  }
  Status result = connection->run("BEGIN");
  if (result) {
    try {
      result = body(*connection);
    } catch (const std::bad_alloc&) {
      result = Errc::out_of_memory;
    } catch (const std::exception& thrown) {
      result = fail(Errc::internal, thrown.what());
    }
  }
  // A failure that came of a zeroed page is as wrong as a row would be, so the guard's word comes before it.
  const Status good = connection->guard();
  const bool ended = !connection->in_transaction() || connection->run("ROLLBACK");
  give_back(std::move(connection), started_us, good && ended);
  return good ? result : good;
}

void ReadPool::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  idle_.clear();
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
