// Buyers in a process of their own, all after the same places (race_test.cpp). Half of those who get a place pay at the
// counter, half hold it first and pay then.
//   buyer STORE KEY-HEX EVENT CATEGORY THREADS ATTEMPTS NAME
// Prints one line: places sold, refusals as sold_out, other refusals, times the store was busy; the first odd error
// goes to stderr.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <eventcore/engine.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace {

using namespace eventcore;

struct Counts {
  std::atomic<std::int64_t> sold{0}, sold_out{0}, other{0}, busy{0};
};

struct Buyers {
  Engine& engine;
  std::string event, category, name;
  Counts counts{};
  std::mutex odd_mutex{};

  void odd(const Failure& failure) {
    if (counts.other++ > 0) return;
    const std::lock_guard held(odd_mutex);
    std::fprintf(stderr, "%s\n", failure.to_json().c_str());
  }

  // Busy is no answer: whoever hears it asks again.
  Result<std::string> ask(Session& session, const char* command, const std::string& arguments) {
    for (;;) {
      Result<std::string> reply = session.call(command, arguments);
      if (reply || reply.error().name() != "store_busy") return reply;
      ++counts.busy;
    }
  }

  void one(Session& session, std::int64_t number) {
    const bool at_the_counter = number % 2 == 0;
    Json order = {{"event_id", event},
                  {"items", {{{"ticket_category_id", category}, {"quantity", 1}}}},
                  {"customer", {{"email", name + std::to_string(number) + "@example.org"}, {"name", "Bea"}}}};
    if (at_the_counter) order["payment"] = {{"method", "cash"}, {"amount", "10.00"}};
    const auto placed = ask(session, "place_order", dump(order));
    if (!placed) {
      if (placed.error().name() != "sold_out") return odd(placed.error());
      ++counts.sold_out;
      return;
    }
    if (!at_the_counter) {
      const Json reply = parse_json(placed.assume_value()).assume_value();
      const Json payment = {{"order_id", reply["order"]["id"]},
                            {"amount", "10.00"},
                            {"currency", "USD"},
                            {"provider", "bank"},
                            {"reference", name + std::to_string(number)}};
      const auto paid = ask(session, "confirm_payment", dump(payment));
      if (!paid) return odd(paid.error());
    }
    ++counts.sold;
  }

  void run(std::int64_t first, std::int64_t count) {
    auto opened = engine.session(R"({"kind":"service","reason":"race"})");
    if (!opened) return odd(opened.error());
    Session session = std::move(opened).assume_value();
    for (std::int64_t i = first; i < first + count; ++i) one(session, i);
  }
};

}  // namespace

int main(int count, char** given) {
  if (count != 8) return 2;
  const auto key = from_hex(given[2]);
  if (!key) return 2;
  OpenOptions options;
  options.path = given[1];
  options.key = Key::raw(key.assume_value());
  auto engine = Engine::open(std::move(options));
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().to_json().c_str());
    return 3;
  }
  Buyers buyers{engine.assume_value(), given[3], given[4], given[7]};
  const std::int64_t threads = std::atoll(given[5]);
  const std::int64_t attempts = std::atoll(given[6]);
  std::vector<std::thread> all;
  for (std::int64_t t = 0; t < threads; ++t) {
    const std::int64_t first = attempts * t / threads;
    all.emplace_back([&buyers, first, end = attempts * (t + 1) / threads] { buyers.run(first, end - first); });
  }
  for (std::thread& thread : all) thread.join();
  const Counts& c = buyers.counts;
  std::printf("%lld %lld %lld %lld\n", static_cast<long long>(c.sold), static_cast<long long>(c.sold_out),
              static_cast<long long>(c.other), static_cast<long long>(c.busy));
  return engine.assume_value().close() ? 0 : 4;
}
