#include "store/group_commit.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "store/no_throw.hpp"

namespace eventcore::store {

namespace {

// How soon to look again at a transaction that has run out of time while one of its calls still runs.
constexpr std::int64_t expiry_retry_us = 5'000;
constexpr std::int64_t longest_sleep_us = 1'000'000;

}  // namespace

// The transaction as its caller holds it. Another thread may end it when its time is up.
class Turn final : public WriteTurn {
 public:
  explicit Turn(GroupCommit& group) : group_(group) {}
  ~Turn() override {
    if (state_ != nullptr && group_.opened_here()) rollback();
  }
  void hold(std::shared_ptr<GroupCommit::TurnState> state) { state_ = std::move(state); }

  Status run(const Job& job) override {
    const std::lock_guard<std::mutex> hold(state_->mutex);
    EC_TRYV(still_open());
    Status result = group_.committer_.run(job);
    if (!still_in_time()) return state_->ended;
    if (!group_.committer_.turn_open()) group_.end_turn(*state_, result ? Status(Errc::io_error) : result);
    return result;
  }

  Status commit() override {
    const std::lock_guard<std::mutex> hold(state_->mutex);
    EC_TRYV(still_open());
    Status done = group_.committer_.commit();
    group_.committed_();
    group_.committer_.maintain();
    group_.end_turn(*state_, Errc::no_transaction);
    return done;
  }

  void rollback() override {
    if (!group_.opened_here()) return;
    const std::lock_guard<std::mutex> hold(state_->mutex);
    if (!state_->active) return;
    group_.committer_.rollback();
    group_.end_turn(*state_, Errc::no_transaction);
  }

 private:
  bool still_in_time() {
    if (group_.clock_.steady_us() < state_->expires_us) return true;
    group_.committer_.rollback();
    group_.end_turn(*state_, Errc::transaction_expired);
    return false;
  }

  Status still_open() {
    if (!state_->active || !still_in_time()) return state_->ended;
    return ok();
  }

  GroupCommit& group_;
  std::shared_ptr<GroupCommit::TurnState> state_;
};

GroupCommit::GroupCommit(Committer& committer, Clock& clock, std::function<void()> committed)
    : committer_(committer), clock_(clock), committed_(std::move(committed)), process_(::getpid()) {}

bool GroupCommit::opened_here() const {
  return process_ == ::getpid();
}

std::shared_ptr<Pending> GroupCommit::refused(const Status& why) {
  auto pending = std::make_shared<Pending>(Job(), 0, false);
  finish(*pending, why);
  return pending;
}

std::shared_ptr<Pending> GroupCommit::submit(Job job, std::int64_t deadline_us, Spend spend) {
  auto pending = std::make_shared<Pending>(std::move(job), deadline_us, false, spend);
  const Lock lock(mutex_);
  if (closed_) {
    finish(*pending, Errc::closed);
  } else {
    enqueue(pending);
  }
  return pending;
}

std::optional<Status> GroupCommit::wait(const std::shared_ptr<Pending>& pending, std::int64_t timeout_us) {
  Lock lock(mutex_);
  const std::int64_t now = clock_.steady_us();
  const std::int64_t until = timeout_us < 0 || timeout_us > never - now ? never : now + timeout_us;
  ++pending->waiters_;
  std::optional<Status> result = wait_locked(lock, *pending, until);
  --pending->waiters_;
  // Whoever leaves may have been the one told to lead.
  wake_next();
  return result;
}

std::optional<Status> GroupCommit::wait_locked(Lock& lock, Pending& pending, std::int64_t until_us) {
  while (true) {
    if (pending.state_ == Pending::State::done) return pending.result_;
    const std::int64_t now = clock_.steady_us();
    const bool queued = pending.state_ == Pending::State::queued;
    if (queued && pending.deadline_us_ != 0 && now >= pending.deadline_us_) {
      drop(pending);
      finish(pending, Errc::deadline_exceeded);
      continue;
    }
    if (busy_) expire_turn();
    if (queued && may_lead(pending)) {
      if (!lead(lock, pending, until_us) && pending.state_ == Pending::State::queued) return std::nullopt;
      continue;
    }
    if (now >= until_us) return std::nullopt;
    std::int64_t wake = std::min(until_us, now + longest_sleep_us);
    if (queued && pending.deadline_us_ != 0) wake = std::min(wake, pending.deadline_us_);
    if (turn_ != nullptr) wake = std::min(wake, std::max(turn_->expires_us, now + expiry_retry_us));
    pending.changed_.wait_for(lock, std::chrono::microseconds(std::max<std::int64_t>(wake - now, 1)));
  }
}

// What asks for the turn itself is served in its place in the queue, by its own thread.
bool GroupCommit::may_lead(const Pending& pending) const {
  if (busy_ || queue_.empty()) return false;
  return !queue_.front()->turn_ || queue_.front().get() == &pending;
}

bool GroupCommit::lead(Lock& lock, Pending& self, std::int64_t until_us) {
  Group group;
  std::shared_ptr<TurnState> turn;
  const Status ready = no_throw([&]() -> Status {
    group.members.reserve(group_max);
    group.tasks.reserve(group_max);
    turn = std::make_shared<TurnState>();
    return ok();
  });
  if (!ready) {  // the others stay queued, and lead themselves
    drop(self);
    finish(self, ready);
    return true;
  }
  busy_ = true;
  if (queue_.front()->turn_) {
    grant_turn(lock, self, std::move(turn));
    return true;
  }
  // Other processes may hold the turn for long. Who comes until they give it away belongs to the group as well, so the
  // file lock comes first; but who has not waited himself is not refused for it.
  const std::uint64_t last_waiting = submitted_;
  const std::int64_t patience_us = patience_of(self, until_us);
  lock.unlock();
  const Status locked = committer_.take_lock(patience_us);
  lock.lock();
  if (out_of_time(locked, patience_us)) {  // the others stay queued, each with its own time
    // Whose wait ends before his deadline may ask again.
    if (self.state_ == Pending::State::queued && self.deadline_us_ != 0 && self.deadline_us_ <= until_us) {
      drop(self);
      finish(self, Errc::deadline_exceeded);
    }
    give_back();
    return false;
  }
  take_group(group, locked ? submitted_ : last_waiting);
  lock.unlock();
  for (CommitTask& task : group.tasks) task.result = locked;
  if (locked) committer_.run_group(group.tasks);
  lock.lock();
  for (std::size_t i = 0; i < group.members.size(); ++i) finish(*group.members[i], group.tasks[i].result);
  lock.unlock();
  committed_();
  committer_.maintain();
  lock.lock();
  give_back();
  return true;
}

// Moves what is queued up to the `last` submitted into the group, as far as it has room.
void GroupCommit::take_group(Group& group, std::uint64_t last) {
  const std::int64_t now = clock_.steady_us();
  while (!queue_.empty() && group.members.size() < group_max) {
    if (queue_.front()->turn_ || queue_.front()->number_ > last) break;
    std::shared_ptr<Pending> next = std::move(queue_.front());
    queue_.pop_front();
    if (next->deadline_us_ != 0 && now >= next->deadline_us_) {
      finish(*next, Errc::deadline_exceeded);
      continue;
    }
    next->state_ = Pending::State::running;
    group.tasks.push_back({&next->job_, next->spend_, Errc::internal});
    group.members.push_back(std::move(next));
  }
}

void GroupCommit::grant_turn(Lock& lock, Pending& self, std::shared_ptr<TurnState> turn) {
  queue_.pop_front();
  self.state_ = Pending::State::running;
  const std::int64_t patience_us = patience_of(self, never);
  lock.unlock();
  Status begun = committer_.begin(patience_us);
  lock.lock();
  if (out_of_time(begun, patience_us)) begun = Errc::deadline_exceeded;
  if (begun && closed_) {  // while another process was waited for: close() ended every turn but this one
    committer_.rollback();
    begun = Errc::closed;
  }
  if (begun) {
    turn_ = std::move(turn);
    turn_->expires_us = clock_.steady_us() + turn_max_us;
    turn_expires_us_.store(turn_->expires_us);
  } else {
    give_back();
  }
  finish(self, begun);
}

Result<std::unique_ptr<WriteTurn>> GroupCommit::begin(std::int64_t deadline_us) {
  auto pending = std::make_shared<Pending>(Job(), deadline_us, true);
  auto turn = std::make_unique<Turn>(*this);  // before there is anything to give back
  Lock lock(mutex_);
  if (closed_) return Errc::closed;
  enqueue(pending);
  ++pending->waiters_;
  const std::optional<Status> granted = wait_locked(lock, *pending, never);
  --pending->waiters_;
  wake_next();
  EC_TRYV(*granted);
  turn->hold(turn_);
  return std::unique_ptr<WriteTurn>(std::move(turn));
}

void GroupCommit::finish(Pending& pending, const Status& result) {
  pending.state_ = Pending::State::done;
  pending.result_ = result;
  pending.job_ = nullptr;
  pending.changed_.notify_all();
}

void GroupCommit::enqueue(const std::shared_ptr<Pending>& pending) {
  queue_.push_back(pending);
  pending->number_ = ++submitted_;
}

void GroupCommit::drop(const Pending& pending) {
  std::erase_if(queue_, [&](const std::shared_ptr<Pending>& each) { return each.get() == &pending; });
}

void GroupCommit::wake_next() {
  if (busy_) return;
  idle_.notify_all();
  if (queue_.empty()) return;
  if (queue_.front()->turn_) {
    queue_.front()->changed_.notify_all();
    return;
  }
  for (const std::shared_ptr<Pending>& each : queue_) {
    if (each->waiters_ == 0) continue;
    each->changed_.notify_one();
    return;
  }
}

void GroupCommit::give_back() {
  busy_ = false;
  turn_.reset();
  turn_expires_us_.store(never);
  wake_next();
}

// Called with turn.mutex held, without mutex_.
void GroupCommit::end_turn(TurnState& turn, const Status& why) {
  turn.active = false;
  turn.ended = why;
  const Lock lock(mutex_);
  give_back();
}

// Called with mutex_ held. Nobody runs in the background, so whoever waits for the turn ends one that has run out.
void GroupCommit::expire_turn() {
  if (turn_ == nullptr || clock_.steady_us() < turn_->expires_us) return;
  const std::shared_ptr<TurnState> turn = turn_;
  if (!turn->mutex.try_lock()) return;
  if (turn->active) {
    committer_.rollback();
    turn->active = false;
    turn->ended = Errc::transaction_expired;
    give_back();
  }
  turn->mutex.unlock();
}

void GroupCommit::look_at_turn() {
  if (const std::int64_t expires_us = turn_expires_us_.load(); expires_us == never || clock_.steady_us() < expires_us)
    return;
  const Lock lock(mutex_);
  expire_turn();
}

std::int64_t GroupCommit::patience_of(const Pending& pending, std::int64_t until_us) const {
  const std::int64_t end_us = pending.deadline_us_ == 0 ? until_us : std::min(until_us, pending.deadline_us_);
  return end_us == never ? never : std::max<std::int64_t>(end_us - clock_.steady_us(), 0);
}

bool GroupCommit::out_of_time(const Status& locked, std::int64_t patience_us) const {
  return !locked && locked.error().code() == Errc::store_busy && patience_us < committer_.lock_wait_us();
}

Status GroupCommit::alone(const std::function<Status()>& body) {
  Lock lock(mutex_);
  while (busy_ && !closed_) {
    expire_turn();
    if (busy_) idle_.wait_for(lock, std::chrono::microseconds(expiry_retry_us));
  }
  if (closed_) return Errc::closed;  // maybe while it waited: then there is nothing left to be alone with
  busy_ = true;
  lock.unlock();
  Status done = no_throw(body);
  lock.lock();
  give_back();
  return done;
}

Status GroupCommit::close(const std::function<Status()>& body) {
  Lock lock(mutex_);
  if (closed_) return Errc::closed;
  closed_ = true;
  for (const std::shared_ptr<Pending>& each : queue_) finish(*each, Errc::closed);
  queue_.clear();
  if (turn_ != nullptr) {
    const std::shared_ptr<TurnState> turn = turn_;
    lock.unlock();
    {
      const std::lock_guard<std::mutex> hold(turn->mutex);
      if (turn->active) {
        committer_.rollback();
        end_turn(*turn, Errc::closed);
      }
    }
    lock.lock();
  }
  while (busy_) idle_.wait_for(lock, std::chrono::microseconds(expiry_retry_us));
  busy_ = true;
  lock.unlock();
  Status done = no_throw(body);
  lock.lock();
  give_back();
  return done;
}

std::int64_t GroupCommit::queue_length() const {
  const Lock lock(mutex_);
  return static_cast<std::int64_t>(queue_.size());
}

}  // namespace eventcore::store
