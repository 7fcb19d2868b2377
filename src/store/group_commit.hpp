// GroupCommit: the queue of writes of one process. The first caller that waits leads: it takes the turn to write, then
// what has queued (at most group_max jobs), has the Committer make it durable, answers everybody, then tidies up and
// hands the lead on.
// Invariants: jobs run in the order they were queued; a job is answered exactly once; at most one thread holds the
// write turn; a transaction keeps it at most turn_max_us.
// Thread: any. No thread is started here.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "store/committer.hpp"
#include "store/store.hpp"

namespace eventcore::store {

class GroupCommit;

class Pending {
 public:
  enum class State : std::uint8_t { queued, running, done };

  Pending(Job job, std::int64_t deadline_us, bool turn, Spend spend = Spend::free_space)
      : job_(std::move(job)), deadline_us_(deadline_us), turn_(turn), spend_(spend) {}

 private:
  friend class GroupCommit;
  Job job_;
  std::int64_t deadline_us_;
  bool turn_;  // wants the write turn itself and runs no job
  Spend spend_;
  std::uint64_t number_ = 0;  // its place among all that were queued
  State state_ = State::queued;
  int waiters_ = 0;
  Status result_ = Errc::internal;
  std::condition_variable changed_;
};

class GroupCommit {
 public:
  static constexpr std::size_t group_max = 128;
  static constexpr std::int64_t turn_max_us = 5'000'000;

  // `committed` is called after each group, outside every lock.
  GroupCommit(Committer& committer, Clock& clock, std::function<void()> committed);

  static std::shared_ptr<Pending> refused(const Status& why);  // answered already
  std::shared_ptr<Pending> submit(Job job, std::int64_t deadline_us, Spend spend);
  std::optional<Status> wait(const std::shared_ptr<Pending>& pending, std::int64_t timeout_us);  // < 0: for ever
  Result<std::unique_ptr<WriteTurn>> begin(std::int64_t deadline_us);
  // Refuses what is queued, ends an open transaction, and runs `body` alone. Once.
  Status close(const std::function<Status()>& body);
  // Runs `body` while nobody writes. closed: `close` came first, also when it came while this one waited.
  Status alone(const std::function<Status()>& body);
  [[nodiscard]] std::int64_t queue_length() const;
  // Whether this process opened the store: a forked child holds a copy of a turn that is its parent's.
  [[nodiscard]] bool opened_here() const;
  // Ends a transaction whose time is up, so that other processes need not wait for it. Called by whoever happens to
  // come along: costs one load while nothing is to be done.
  void look_at_turn();

 private:
  friend class Turn;

  // The write turn lent to a transaction. Its mutex comes before mutex_, never after, except by try_lock.
  struct TurnState {
    std::mutex mutex;
    bool active = true;
    std::int64_t expires_us = 0;
    Status ended = Errc::no_transaction;  // what calls hear once it is over
  };

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  using Lock = std::unique_lock<std::mutex>;
  [[nodiscard]] bool may_lead(const Pending& pending) const;
  struct Group {
    std::vector<std::shared_ptr<Pending>> members;
    std::vector<CommitTask> tasks;  // of each member
  };
  // false: `self` had no longer to wait for another process, and what is queued is as it was.
  bool lead(Lock& lock, Pending& self, std::int64_t until_us);
  void take_group(Group& group, std::uint64_t last);
  void grant_turn(Lock& lock, Pending& self, std::shared_ptr<TurnState> turn);
  static void finish(Pending& pending, const Status& result);
  void enqueue(const std::shared_ptr<Pending>& pending);
  void drop(const Pending& pending);
  void wake_next();
  void expire_turn();
  void end_turn(TurnState& turn, const Status& why);
  void give_back();
  std::optional<Status> wait_locked(Lock& lock, Pending& pending, std::int64_t until_us);
  [[nodiscard]] std::int64_t patience_of(const Pending& pending, std::int64_t until_us) const;
  // Whether the file lock was not had only because its waiter had less time than the store's busy timeout.
  [[nodiscard]] bool out_of_time(const Status& locked, std::int64_t patience_us) const;

  Committer& committer_;
  Clock& clock_;
  std::function<void()> committed_;
  const std::int64_t process_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<std::shared_ptr<Pending>> queue_;
  std::uint64_t submitted_ = 0;
  bool busy_ = false;  // somebody holds the write turn
  bool closed_ = false;
  std::shared_ptr<TurnState> turn_;
  std::atomic<std::int64_t> turn_expires_us_ = never;  // of turn_, to be looked at without mutex_
};

}  // namespace eventcore::store
