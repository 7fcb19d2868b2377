#include "peer.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <thread>

namespace bench {

namespace {

const WorkDef defs[works] = {
    {Work::sell_hot, "sell_hot", "sell, one hot category", Person::owner, Scope::calls, {1, 8, 64}},
    {Work::sell_100, "sell_100", "sell, 100 categories", Person::owner, Scope::calls, {1, 8, 64}},
    {Work::order_online, "order_online", "order online, then pay", Person::online, Scope::calls, {1, 8, 64}},
    {Work::check_in, "check_in", "check in by code", Person::owner, Scope::calls, {1, 8, 64}},
    {Work::sell_and_scan, "sell_and_scan", "sell while others scan", Person::owner, Scope::calls, {8, 64}},
    {Work::read_event, "read_event", "read an event as a member", Person::member, Scope::calls, {1, 8}},
    {Work::list_tickets, "list_tickets", "list 50 tickets as a manager", Person::manager, Scope::calls, {1, 8}},
    {Work::list_service, "list_service", "the same as the service", Person::service, Scope::calls, {1, 8}, true},
    {Work::list_assigned, "list_assigned", "the same, 200 assignments", Person::assigned, Scope::calls, {1, 8}, true},
    {Work::first_page, "first_page", "first page of the crowd", Person::manager, Scope::crowd, {1}},
    {Work::page_1000, "page_1000", "1,000th page of the crowd", Person::manager, Scope::crowd, {1}},
    {Work::search, "search", "search the crowd by prefix", Person::owner, Scope::crowd, {1, 8}},
    {Work::report, "report", "report of the crowd's event", Person::owner, Scope::crowd, {1}},
    {Work::import_rows, "import_rows", "import, rows", Person::owner, Scope::whole, {1}},
    {Work::feed_live, "feed_live", "feed while 8 sell, changes", Person::owner, Scope::whole, {8}},
    {Work::feed_catch_up, "feed_catch_up", "feed from 0, changes", Person::owner, Scope::whole, {1}},
    {Work::verify_audit, "verify_audit", "verify the audit, entries", Person::owner, Scope::whole, {1}},
    {Work::open_raw, "open_raw", "open with a raw key", Person::owner, Scope::whole, {1}},
    {Work::open_passphrase, "open_passphrase", "open with a passphrase", Person::owner, Scope::whole, {1}},
    {Work::backup, "backup", "backup, MB", Person::owner, Scope::whole, {1}},
};

double cpu_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    getrusage(who, &used);
    for (const timeval& time : {used.ru_utime, used.ru_stime})
      seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  return seconds;
}

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

constexpr std::size_t family_digits = 7;
constexpr std::int64_t families_of_a_prefix = 10;

// Beginning of the family names of ten visitors.
std::string family_prefix(std::int64_t ten) {
  return "family" + padded(ten, family_digits - 1);
}

}  // namespace

std::int64_t rows_of_an_import = 100'000;

const WorkDef& def_of(Work work) {
  return defs[static_cast<std::size_t>(work)];
}
const WorkDef* work_of(const std::string& name) {
  for (const WorkDef& each : defs)
    if (name == each.name) return &each;
  return nullptr;
}
std::string all_work_names() {
  std::string names;
  for (const WorkDef& each : defs) names += std::string(names.empty() ? "" : " ") + each.name;
  return names;
}

std::string visitor_name(std::int64_t index) {
  static constexpr const char* given[] = {"Anna", "Ali",  "Bea",   "Carl", "Dora", "Emil", "Fay",
                                          "Gus",  "Hana", "Ivan",  "Kim",  "Lena", "Noa",  "Olga",
                                          "Pia",  "Quin", "Sofia", "Tom",  "Uwe",  "Vera"};
  return std::string(given[static_cast<std::size_t>(index) % std::size(given)]) + " Family" +
         padded(index, family_digits);
}
std::string venue_name(std::int64_t index) {
  return "Hall " + padded(index, family_digits);
}

void Tally::add(const Outcome& outcome, Work work) {
  const auto done = static_cast<std::int64_t>(outcome.calls);
  if (work == Work::sell_hot || work == Work::sell_100 || work == Work::order_online || work == Work::sell_and_scan)
    orders += done, tickets += done;
  if (work == Work::feed_live) orders += done / changes_of_a_sale, tickets += done / changes_of_a_sale;
  if (work == Work::check_in) used += done;
  if (work == Work::sell_and_scan) used += static_cast<std::int64_t>(outcome.second_calls);
  if (work == Work::import_rows) venues += done;
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

// The way to the far page goes through all pages before it, each of which must be full.
void ThreadedPeer::seed_crowd(std::int64_t visitors) {
  constexpr int orders_together = 8;
  if (tally.crowd >= visitors) return;
  make_crowd();
  Caller& seller = hired(Person::owner, 0);
  for (std::int64_t orders = 0; tally.crowd < visitors; tally.orders += orders) {
    orders = std::min<std::int64_t>(orders_together, (visitors - tally.crowd) / seed_order_max);
    seller.seed_visitors(tally.crowd, static_cast<int>(orders), seed_order_max);
    tally.crowd += orders * seed_order_max;
    tally.tickets += orders * seed_order_max;
  }
  Caller& reader = hired(Person::manager, 0);
  const auto pages = std::min<std::int64_t>(far_page, visitors / crowd_page);
  for (std::int64_t i = 1; i < pages; ++i) {
    Caller::Page page = reader.page(before_far_page_);
    if (page.rows != crowd_page) throw Wrong(name() + ": a page of the crowd is not full");
    before_far_page_ = std::move(page.next);
  }
}

// The callers of a cell at work: what each of them does, again and again, until the time is over.
class Shift {
 public:
  Shift(ThreadedPeer& peer, Work work, int callers, double seconds)
      : peer_(peer), work_(work), callers_(callers), code_(peer.next_code_) {
    for (int i = 0; i < callers; ++i) static_cast<void>(me(i));
    if (work == Work::feed_live) before_ = end_of_feed();
    if (work == Work::open_raw || work == Work::open_passphrase)  // the first time makes the store
      static_cast<void>(peer.open(work == Work::open_passphrase));
    cpu_ = cpu_seconds();
    start_ = Clock::now();
    end_ = start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  Outcome run() {
    std::vector<std::thread> threads;
    std::thread subscriber;
    if (work_ == Work::feed_live) subscriber = std::thread([&] { guarded([&] { follow(); }); });
    for (int i = 0; i < callers_; ++i) threads.emplace_back([&, i] { guarded([&] { serve(i); }); });
    for (std::thread& thread : threads) thread.join();
    sold_out_ = true;
    if (subscriber.joinable()) subscriber.join();
    Outcome outcome{done_, std::chrono::duration<double>(Clock::now() - start_).count(),
                    peer_.works_here() ? cpu_seconds() - cpu_ : 0, scanned_};
    if (work_ == Work::feed_live) outcome.calls = static_cast<double>(followed_);
    peer_.next_code_ = std::min(code_.load(), peer_.codes_.size());
    if (!wrong_.empty()) throw Wrong(peer_.name() + ": " + wrong_);
    return outcome;
  }

 private:
  Caller& me(int index) { return peer_.hired(def_of(work_).person, static_cast<std::size_t>(index)); }

  template <class Function>
  void guarded(const Function& function) {
    try {
      function();
    } catch (const std::exception& thrown) {
      const std::lock_guard<std::mutex> hold(mutex_);
      wrong_ = thrown.what();
      stop_ = true;
    }
  }

  void serve(int index) {
    std::minstd_rand random(static_cast<unsigned>(index) + 1);
    const bool scans = work_ == Work::check_in || (work_ == Work::sell_and_scan && index % 2 == 1);
    double mine = 0;
    while (!stop_ && Clock::now() < end_) {
      const double step = scans ? scan(me(index)) : one(me(index), random);
      if (step == 0) stop_ = true;
      mine += step;
    }
    const std::lock_guard<std::mutex> hold(mutex_);
    (scans && work_ == Work::sell_and_scan ? scanned_ : done_) += mine;
  }

  // How much was done; 0: there is nothing left to do.
  double one(Caller& me, std::minstd_rand& random) {
    switch (work_) {
      case Work::feed_live:
      case Work::sell_hot: me.sell(hot); return 1;
      case Work::sell_and_scan:
      case Work::sell_100: me.sell(random() % categories); return 1;
      case Work::order_online: me.order_online(random() % categories); return 1;
      case Work::read_event: me.read_event(); return 1;
      case Work::list_tickets:
      case Work::list_service:
      case Work::list_assigned: return must(me.list_tickets() == list_size, "a list is not of 50 tickets");
      case Work::first_page: return must(me.page("").rows == crowd_page, "the first page is not full");
      case Work::page_1000:
        return must(me.page(peer_.before_far_page_).rows == crowd_page, "the 1,000th page is not full");
      case Work::search: {
        const auto ten = static_cast<std::int64_t>(random()) % (peer_.tally.crowd / families_of_a_prefix);
        return must(me.search(family_prefix(ten)) == families_of_a_prefix, "others were found than the ten there are");
      }
      case Work::report:
        return must(me.report() == peer_.tally.crowd, "the report counts other tickets than are there");
      case Work::import_rows: return import_once();
      case Work::feed_catch_up: return catch_up(me);
      case Work::verify_audit: return peer_.verify_audit();
      case Work::open_raw: return peer_.open(false);
      case Work::open_passphrase: return peer_.open(true);
      case Work::backup: return peer_.back_up();
      case Work::check_in: break;  // scan()
    }
    return 0;
  }

  static double must(bool so, const char* otherwise) {
    if (!so) throw Wrong(otherwise);
    return 1;
  }

  double scan(Caller& me) {
    const std::size_t mine = code_.fetch_add(1);
    if (mine >= peer_.codes_.size()) return 0;
    return must(me.check_in(peer_.codes_[mine]), "a valid ticket was not admitted");
  }

  double import_once() {
    end_ = start_;  // one import, however long it takes
    return peer_.import_rows(peer_.tally.venues, rows_of_an_import);
  }

  // No change may be left out: places in the feed follow each other.
  static std::int64_t next(Caller& me, std::int64_t& since, std::int64_t wait_us) {
    const Caller::Changes changes = me.changes(since, wait_us);
    must(changes.next - since == changes.count, "changes are missing from the feed");
    since = changes.next;
    return changes.count;
  }

  static double catch_up(Caller& me) {
    std::int64_t since = 0;
    while (next(me, since, 0) > 0) {
    }
    return static_cast<double>(since);
  }

  std::int64_t end_of_feed() {
    std::int64_t since = 0;
    Caller& subscriber = peer_.hired(Person::service, 0);
    while (next(subscriber, since, 0) > 0) {
    }
    return since;
  }

  // Reads along until the last seller has gone and nothing new comes; then every sale must have come.
  void follow() {
    constexpr std::int64_t wait_us = 20'000;
    Caller& subscriber = peer_.hired(Person::service, 0);
    std::int64_t since = before_;
    while (!stop_) {
      const bool last = sold_out_;
      if (next(subscriber, since, wait_us) == 0 && last) break;
    }
    followed_ = since - before_;
    must(stop_ || followed_ == changes_of_a_sale * static_cast<std::int64_t>(done_), "sales are missing from the feed");
  }

  ThreadedPeer& peer_;
  Work work_;
  int callers_;
  std::atomic<std::size_t> code_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> sold_out_{false};
  std::mutex mutex_;
  std::string wrong_;
  double done_ = 0;
  double scanned_ = 0;
  std::int64_t before_ = 0;
  std::int64_t followed_ = 0;
  double cpu_ = 0;
  Clock::time_point start_;
  Clock::time_point end_;
};

Outcome ThreadedPeer::run(Work work, int callers, double seconds) {
  const Outcome outcome = Shift(*this, work, callers, seconds).run();
  tally.add(outcome, work);
  return outcome;
}

void ThreadedPeer::scan_again(int codes_max) {
  Caller& gate = hired(Person::owner, 0);
  for (std::size_t i = 0; i < next_code_ && i < static_cast<std::size_t>(codes_max); ++i)
    if (gate.check_in(codes_[next_code_ - 1 - i])) throw Wrong(name() + ": a ticket was admitted twice");
}

}  // namespace bench
