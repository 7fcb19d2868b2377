// How long a single call takes when many ask at once, and how long the door waits after a crash. Callers sell a ticket
// and let it in, over and over, each call durable; then a process that has just filled the WAL is killed, and the time
// to the first check-in of the next one is taken. Clocks run in the callers; every call is checked.
//
//   bench_latency FOLDER [--seconds S] [--tickets N]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "fair.hpp"

namespace eventcore::bench {
namespace {

constexpr int callers_in_all = 64;
constexpr int orders_before_the_crash = 128;
constexpr auto at_leisure = std::chrono::milliseconds(250);  // a gate that lets four in a second

struct Calls {
  std::vector<double> sales, scans;      // seconds
  std::vector<std::int64_t> of_callers;  // how many each got through
};

double percentile(std::vector<double>& values, double part) {
  if (values.empty()) throw Wrong("nothing was measured");
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

// `pause`: from one visitor to the next.
Calls call_for(Fair& fair, int callers, double seconds, std::chrono::milliseconds pause = {}) {
  std::vector<Calls> each(static_cast<std::size_t>(callers));
  std::vector<std::string> troubles(each.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < each.size(); ++i)
    threads.emplace_back([&, i] {
      try {
        Session session = fair.as_owner();
        std::this_thread::sleep_for(pause * i / each.size());  // visitors do not come all at once
        const auto until = Clock::now() + std::chrono::duration<double>(seconds);
        while (Clock::now() < until) {
          std::string code;
          each[i].sales.push_back(seconds_of([&] { code = fair.sell(session); }));
          each[i].scans.push_back(seconds_of([&] { fair.check_in(session, code); }));
          if (pause.count() > 0) std::this_thread::sleep_for(pause);
        }
      } catch (const std::exception& wrong) {
        troubles[i] = wrong.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  Calls all;
  for (std::size_t i = 0; i < each.size(); ++i) {
    if (!troubles[i].empty()) throw Wrong(troubles[i]);
    all.sales.insert(all.sales.end(), each[i].sales.begin(), each[i].sales.end());
    all.scans.insert(all.scans.end(), each[i].scans.begin(), each[i].scans.end());
    all.of_callers.push_back(static_cast<std::int64_t>(each[i].scans.size()));
  }
  return all;
}

void print(const char* what, std::vector<double>& seconds) {
  std::printf("  %-9s %8zu calls; milliseconds: half within %.1f, 99 %% within %.1f, the slowest %.1f\n", what,
              seconds.size(), 1e3 * percentile(seconds, 0.5), 1e3 * percentile(seconds, 0.99),
              1e3 * percentile(seconds, 1));
}

void print(const std::string& title, Calls calls) {
  std::printf("%s\n", title.c_str());
  print("sale", calls.sales);
  print("check-in", calls.scans);
  const auto [least, most] = std::minmax_element(calls.of_callers.begin(), calls.of_callers.end());
  std::printf("  a caller got through %lld to %lld of each\n\n", static_cast<long long>(*least),
              static_cast<long long>(*most));
  std::fflush(stdout);
}

void write(const std::string& path, const Calls& calls) {
  std::ofstream(path) << Json{calls.sales, calls.scans, calls.of_callers}.dump();
}

void read(const std::string& path, Calls& all) {
  const Json from = Json::parse(std::ifstream(path));
  for (const Json& value : from[0]) all.sales.push_back(value);
  for (const Json& value : from[1]) all.scans.push_back(value);
  for (const Json& value : from[2]) all.of_callers.push_back(value);
}

// Runs `work` in a process of its own; the caller's engine is closed meanwhile.
pid_t in_process(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
    ::_exit(0);
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "%s\n", wrong.what());
    ::_exit(1);
  }
}

Calls call_from(Fair& fair, int processes, double seconds, std::chrono::milliseconds pause = {}) {
  std::vector<pid_t> children;
  const auto left = [&](int i) { return fair.path() + ".calls" + std::to_string(i); };
  for (int i = 0; i < processes; ++i)
    children.push_back(in_process([&] {
      fair.open(false);
      write(left(i), call_for(fair, callers_in_all / processes, seconds, pause));
      fair.close();
    }));
  Calls all;
  for (int i = 0; i < processes; ++i) {
    int status = 0;
    if (::waitpid(children[static_cast<std::size_t>(i)], &status, 0) < 0 || status != 0)
      throw Wrong("a process of callers ended with an error");
    read(left(i), all);
    std::filesystem::remove(left(i));
  }
  return all;
}

void grow(Fair& fair, std::int64_t tickets) {
  Session session = fair.as_owner();
  for (std::int64_t sold = 0; sold < tickets;) {
    std::vector<Pending> pending;
    for (int i = 0; i < 8 && sold < tickets; ++i, sold += order_size)
      pending.push_back(taken(session.submit("place_order", fair.order().dump())));
    for (Pending& one : pending) static_cast<void>(taken(std::move(*one.wait(-1))));
  }
}

// A process sells to a crowd at once and is killed when it was answered, before what is in the WAL goes to its place.
void recover(Fair& fair, std::int64_t tickets) {
  const std::string code_file = fair.path() + ".code";
  const pid_t child = in_process([&] {
    fair.open(false);
    Session session = fair.as_owner();
    std::ofstream(code_file) << fair.sell(session);
    std::vector<Pending> pending;
    for (int i = 0; i < orders_before_the_crash; ++i)
      pending.push_back(taken(session.submit("place_order", fair.order().dump())));
    for (Pending& one : pending) static_cast<void>(taken(std::move(*one.wait(-1))));
    ::kill(::getpid(), SIGKILL);
  });
  int status = 0;
  if (::waitpid(child, &status, 0) < 0 || !WIFSIGNALED(status)) throw Wrong("the process was not killed");
  std::string code;
  std::getline(std::ifstream(code_file), code);
  const double wal = megabytes(fair.path() + "-wal");
  const double opened = seconds_of([&] { fair.open(false); });
  const double admitted = seconds_of([&] {
    Session session = fair.as_owner();
    fair.check_in(session, code);
  });
  std::printf("After a crash, %lld tickets, a WAL of %.0f MB\n  open after %.0f ms, the first check-in after %.0f\n",
              static_cast<long long>(tickets), wal, 1e3 * opened, 1e3 * (opened + admitted));
}

void run(const std::string& folder, double seconds, std::int64_t tickets) {
  Fair fair(folder + "/latency.ecdb");
  grow(fair, tickets);
  print("64 callers in one process, as fast as they can", call_for(fair, callers_in_all, seconds));
  print("64 callers in one process, a visitor every quarter of a second",
        call_for(fair, callers_in_all, seconds, at_leisure));
  fair.close();
  print("16 callers in each of 4 processes, as fast as they can", call_from(fair, 4, seconds));
  print("16 callers in each of 4 processes, a visitor every quarter of a second",
        call_from(fair, 4, seconds, at_leisure));
  recover(fair, tickets);
}

}  // namespace
}  // namespace eventcore::bench

int main(int argc, char** argv) {
  double seconds = 10;
  std::int64_t tickets = 10'000;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--seconds") seconds = std::atof(argv[i + 1]);
    if (option == "--tickets") tickets = std::atoll(argv[i + 1]);
  }
  if (argc < 2 || argc % 2 != 0)
    return std::fputs("usage: bench_latency FOLDER [--seconds S] [--tickets N]\n", stderr), 2;
  try {
    eventcore::bench::run(argv[1], seconds, tickets);
    return 0;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "%s\n", wrong.what());
    return 1;
  }
}
