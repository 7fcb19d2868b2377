// The engine through its Python package: a script does the work in a process of its own, threads and all, and is told
// what to do line by line (benchmarks/python_callers.py).
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "peer.hpp"

namespace bench {

namespace {

class PythonPeer final : public Peer {
 public:
  PythonPeer(std::string folder, const std::string& script) : folder_(std::move(folder)) {
    int down[2];
    int up[2];
    if (pipe(down) != 0 || pipe(up) != 0) throw Wrong("no pipe to Python");
    child_ = fork();
    if (child_ == 0) {
      dup2(down[0], STDIN_FILENO);
      dup2(up[1], STDOUT_FILENO);
      for (const int end : {down[0], down[1], up[0], up[1]}) close(end);
      execlp("python3", "python3", script.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(down[0]);
    close(up[1]);
    to_ = fdopen(down[1], "w");
    from_ = fdopen(up[0], "r");
  }

  ~PythonPeer() override {
    std::fclose(to_);
    std::fclose(from_);
    waitpid(child_, nullptr, 0);
  }

  [[nodiscard]] std::string name() const override { return "eventcore_python"; }

  // What is beyond a call is the same code under all tongues.
  [[nodiscard]] bool does(Work work) const override { return Peer::does(work) && def_of(work).scope == Scope::calls; }

  void set_up() override {
    note(ask({{"do", "set_up"},
              {"folder", folder_},
              {"categories", categories},
              {"listed_tickets", listed_tickets},
              {"list_size", list_size},
              {"places", places},
              {"seed_order_max", seed_order_max}}));
  }

  void seed(std::int64_t tickets) override { note(ask({{"do", "seed"}, {"tickets", tickets}})); }

  Outcome run(Work work, int callers, double seconds) override {
    const Json reply = ask({{"do", "run"}, {"work", name_of(work)}, {"callers", callers}, {"seconds", seconds}});
    const Outcome outcome{reply["calls"], reply["elapsed"], reply["cpu"], reply["scans"]};
    tally.add(outcome, work);
    return outcome;
  }

  Counts count() override {
    const Json reply = ask({{"do", "count"}});
    return {reply["orders"], reply["tickets"], reply["used"], reply["rows_by_category"], reply["counter_by_category"]};
  }

  void scan_again(int codes_max) override { static_cast<void>(ask({{"do", "scan_again"}, {"codes_max", codes_max}})); }
  void verify() override { static_cast<void>(ask({{"do", "verify"}})); }

 private:
  // The script says how many orders and tickets came with each step.
  void note(const Json& reply) {
    tally.orders += reply.value("new_orders", std::int64_t{0});
    tally.tickets += reply.value("new_tickets", std::int64_t{0});
  }

  Json ask(const Json& request) {
    std::fputs((request.dump() + "\n").c_str(), to_);
    std::fflush(to_);
    std::string line;
    for (int c = std::fgetc(from_); c != '\n'; c = std::fgetc(from_)) {
      if (c == EOF) throw Wrong("the Python callers ended");
      line.push_back(static_cast<char>(c));
    }
    Json reply = Json::parse(line);
    if (reply.contains("wrong")) throw Wrong("eventcore_python: " + reply["wrong"].get<std::string>());
    return reply;
  }

  std::string folder_;
  pid_t child_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> engine_in_python(const std::string& folder, const std::string& script) {
  return std::make_unique<PythonPeer>(folder, script);
}

}  // namespace bench
