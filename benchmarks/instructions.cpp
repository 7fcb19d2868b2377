// Runs each operation a fixed number of times between two marks that callgrind sees, on one thread, so that the
// instructions of one operation can be told: machine and load do not matter, only the code does.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "peer.hpp"

namespace {

using bench::Caller;
using bench::Person;
using bench::Wrong;

constexpr int warm_up = 20;
constexpr int calls = 40;
constexpr int group = 32;  // what a commit holds when 64 callers sell

// What came before a mark is thrown away; what comes between the two is dumped under the operation's name.
void count(const char* name, const std::function<void()>& operation, int operations_in_a_call = 1) {
  for (int i = 0; i < warm_up; ++i) operation();
  CALLGRIND_ZERO_STATS;
  for (int i = 0; i < calls; ++i) operation();
  CALLGRIND_DUMP_STATS_AT(name);
  std::printf("%s %d\n", name, calls * operations_in_a_call);
  std::fflush(stdout);
}

void run(const std::string& folder) {
  const auto peer = bench::engine_in_cpp(folder);
  peer->set_up();
  const auto owner = peer->caller(Person::owner);
  const auto member = peer->caller(Person::member);
  std::vector<std::string> codes;
  while (codes.size() < warm_up + calls)
    for (std::string& code : owner->seed(bench::hot, bench::seed_order_max)) codes.push_back(std::move(code));
  std::size_t next = 0;
  count("sell", [&] { owner->sell(bench::hot); });
  count(
      "sell_in_groups", [&] { owner->sell_together(bench::hot, group); }, group);
  count("check_in", [&] {
    if (!owner->check_in(codes[next++])) throw Wrong("a ticket was not admitted");
  });
  count("read_event", [&] { member->read_event(); });
  for (const auto& [name, person] : {std::pair{"list_tickets", Person::manager},
                                     {"list_service", Person::service},
                                     {"list_assigned", Person::assigned}}) {
    const auto reader = peer->caller(person);
    count(name, [&] {
      if (reader->list_tickets() != bench::list_size) throw Wrong("the page is not full");
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: bench_instructions FOLDER\n", stderr), 2;
  try {
    run(argv[1]);
    return 0;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "%s\n", wrong.what());
    return 1;
  }
}
