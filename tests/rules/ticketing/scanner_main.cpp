// A process of gates: it opens the store, and each of its threads scans every code of a list in an order of its own. It
// prints the place in the list of every code that was admitted, one a line.
//   scanner STORE KEY-HEX EVENT CODES-FILE THREADS SEED
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <eventcore/engine.hpp>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace {

using namespace eventcore;

struct Gates {
  Engine& engine;
  std::string event;
  std::vector<std::string> codes;
  std::mutex out;
  bool failed = false;

  void scan_all(std::uint64_t seed) {
    auto session = engine.session(R"({"kind":"service","reason":"gates"})");
    std::vector<std::size_t> order(codes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
    for (const std::size_t i : order) {
      const Json arguments = {{"event_id", event}, {"code", codes[i]}};
      const auto reply = session.assume_value().call("check_in", dump(arguments));
      const std::lock_guard hold(out);
      if (!reply) {
        std::fprintf(stderr, "%s\n", reply.error().to_json().c_str());
        failed = true;
        return;
      }
      const std::string outcome = parse_json(reply.assume_value()).assume_value()["outcome"];
      if (outcome == "admitted") std::printf("%zu\n", i);
      if (outcome != "admitted" && outcome != "already_used") failed = true;
    }
  }
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 2;
  OpenOptions options;
  options.path = arguments[1];
  const auto key = from_hex(arguments[2]);
  if (!key) return 2;
  options.key = Key::raw(key.assume_value());
  options.busy_timeout_us = 300'000'000;  // hundreds of threads wait for each other, perhaps on a busy machine
  auto engine = Engine::open(std::move(options));
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().to_json().c_str());
    return 3;
  }
  Gates gates{engine.assume_value(), arguments[3], {}, {}};
  std::ifstream file(arguments[4]);
  for (std::string code; std::getline(file, code);) gates.codes.push_back(code);
  const std::uint64_t seed = std::strtoull(arguments[6], nullptr, 10);
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(arguments[5]); ++i)
    threads.emplace_back([&gates, seed, i] { gates.scan_all(seed + static_cast<std::uint64_t>(i)); });
  for (std::thread& thread : threads) thread.join();
  if (gates.failed) return 5;
  return engine.assume_value().close() ? 0 : 4;
}
