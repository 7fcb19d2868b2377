#include "peer.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <thread>

namespace bench {

namespace {

struct Named {
  Work work;
  const char* name;
  const char* title;
};

constexpr Named names[] = {
    {Work::sell_hot, "sell_hot", "sell, one hot category"},
    {Work::sell_100, "sell_100", "sell, 100 categories"},
    {Work::check_in, "check_in", "check in by code"},
    {Work::read_event, "read_event", "read an event as a member"},
    {Work::list_tickets, "list_tickets", "list 50 tickets as a manager"},
    {Work::list_service, "list_service", "the same as the service"},
    {Work::list_assigned, "list_assigned", "the same with 200 assignments"},
};

const Named& entry(Work work) {
  return names[static_cast<std::size_t>(work)];
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

const char* name_of(Work work) {
  return entry(work).name;
}
const char* title_of(Work work) {
  return entry(work).title;
}
Person person_of(Work work) {
  if (work == Work::read_event) return Person::member;
  if (work == Work::list_service) return Person::service;
  if (work == Work::list_assigned) return Person::assigned;
  return work == Work::list_tickets ? Person::manager : Person::owner;
}
std::optional<Work> work_of(const std::string& name) {
  for (const Named& each : names)
    if (name == each.name) return each.work;
  return std::nullopt;
}

Caller& ThreadedPeer::hired(Person person, std::size_t index) {
  auto& callers = hired_[static_cast<std::size_t>(person)];
  while (callers.size() <= index) callers.push_back(caller(person));
  return *callers[index];
}

void ThreadedPeer::dismiss() {
  for (auto& callers : hired_) callers.clear();
}

void ThreadedPeer::seed_list() {
  Caller& seller = hired(Person::owner, 0);
  for (int left = listed_tickets; left > 0; left -= seed_order_max) {
    const int quantity = std::min(left, seed_order_max);
    static_cast<void>(seller.seed(listed, quantity));
    ++tally.orders;
    tally.tickets += quantity;
  }
}

void ThreadedPeer::seed(std::int64_t tickets) {
  const std::size_t first = codes_.size();
  Caller& seller = hired(Person::owner, 0);
  while (static_cast<std::int64_t>(codes_.size() - next_code_) < tickets) {
    const std::vector<std::string> codes = seller.seed(codes_.size() % categories, seed_order_max);
    if (codes.size() != seed_order_max) throw Wrong(name() + ": an order gave other than the ordered tickets");
    codes_.insert(codes_.end(), codes.begin(), codes.end());
    ++tally.orders;
    tally.tickets += seed_order_max;
  }
  // Visitors do not come in the order in which they bought.
  std::shuffle(codes_.begin() + static_cast<std::ptrdiff_t>(first), codes_.end(), std::mt19937(17));
}

Outcome ThreadedPeer::run(Work work, int callers, double seconds) {
  for (int i = 0; i < callers; ++i) static_cast<void>(hired(person_of(work), static_cast<std::size_t>(i)));
  std::atomic<std::int64_t> calls{0};
  std::atomic<std::size_t> code{next_code_};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::string wrong;
  const auto one = [&](Caller& me, std::minstd_rand& random) {
    switch (work) {
      case Work::sell_hot: me.sell(hot); return true;
      case Work::sell_100: me.sell(random() % categories); return true;
      case Work::read_event: me.read_event(); return true;
      case Work::list_tickets:
      case Work::list_service:
      case Work::list_assigned:
        if (me.list_tickets() != list_size) throw Wrong("a list is not of 50 tickets");
        return true;
      case Work::check_in: {
        const std::size_t mine = code.fetch_add(1);
        if (mine >= codes_.size()) return false;
        if (!me.check_in(codes_[mine])) throw Wrong("a valid ticket was not admitted");
        return true;
      }
    }
    return false;
  };
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const auto serve = [&](int index) {
    std::minstd_rand random(static_cast<unsigned>(index) + 1);
    std::int64_t mine = 0;
    try {
      Caller& me = hired(person_of(work), static_cast<std::size_t>(index));
      while (!stop && Clock::now() < end && one(me, random)) ++mine;
    } catch (const std::exception& thrown) {
      const std::lock_guard<std::mutex> hold(mutex);
      wrong = thrown.what();
      stop = true;
    }
    calls += mine;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) threads.emplace_back(serve, i);
  for (std::thread& thread : threads) thread.join();
  const Outcome outcome{calls, std::chrono::duration<double>(Clock::now() - start).count(),
                        works_here() ? cpu_seconds() - cpu_before : 0};
  next_code_ = std::min(code.load(), codes_.size());
  if (!wrong.empty()) throw Wrong(name() + ": " + wrong);
  if (work == Work::sell_hot || work == Work::sell_100) tally.orders += calls, tally.tickets += calls;
  if (work == Work::check_in) tally.used += calls;
  return outcome;
}

void ThreadedPeer::scan_again(int codes_max) {
  Caller& gate = hired(Person::owner, 0);
  for (std::size_t i = 0; i < next_code_ && i < static_cast<std::size_t>(codes_max); ++i)
    if (gate.check_in(codes_[next_code_ - 1 - i])) throw Wrong(name() + ": a ticket was admitted twice");
}

}  // namespace bench
