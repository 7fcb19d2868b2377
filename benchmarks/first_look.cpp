// A first look at the engine's speed with everything on (cipher, durable commits, policies, audit, feed): box-office
// sales of one ticket and check-ins, with 1 and 64 callers, on this machine. Ratios to peers come with ./bench.
//   bench_first_look FOLDER [SECONDS]
#include <eventcore/engine.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

Json reply_of(const eventcore::Result<std::string>& reply) {
  if (reply) return Json::parse(reply.assume_value());
  std::fprintf(stderr, "refused: %s\n", reply.error().to_json().c_str());
  std::exit(1);
}

struct Place {
  std::string owner;
  std::string event;
  std::string category;
};

eventcore::Session session_of(eventcore::Engine& engine, const Json& principal) {
  auto session = engine.session(principal.dump());
  if (!session) std::exit(1);
  return std::move(session.assume_value());
}

Place set_up(eventcore::Engine& engine) {
  auto service = session_of(engine, {{"kind", "service"}, {"reason", "benchmark"}});
  const Json made = reply_of(
      service.call("create_organization",
                   R"({"name":"Bench","slug":"bench","owner":{"email":"owner@bench.example","full_name":"Owner"}})"));
  Place place;
  place.owner = made["owner"]["id"];
  auto owner = session_of(engine, {{"kind", "user"}, {"id", place.owner}});
  const Json event = reply_of(owner.insert(
      "events", R"({"name":"Bench","start_datetime":"2030-05-01T10:00:00Z","end_datetime":"2030-05-01T20:00:00Z"})"));
  place.event = event["id"];
  const Json row = {
      {"event_id", place.event}, {"name", "Hot"}, {"base_price", "10.00"}, {"total_quantity", 10'000'000}};
  place.category = reply_of(owner.insert("ticket_categories", row.dump()))["id"];
  reply_of(owner.update("events", place.event, R"({"status":"confirmed"})"));
  return place;
}

// Calls `one` from `callers` threads for `seconds`, or until it has nothing left to do; answers calls per second.
template <class One>
double rate(int callers, double seconds, const One& one) {
  std::atomic<long> calls{0};
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (int t = 0; t < callers; ++t)
    threads.emplace_back([&, t] {
      while (Clock::now() < end && one(t)) ++calls;
    });
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(calls) / std::chrono::duration<double>(Clock::now() - start).count();
}

double sell(eventcore::Engine& engine, const Place& place, int callers, double seconds) {
  std::vector<eventcore::Session> sessions;
  for (int t = 0; t < callers; ++t) sessions.push_back(session_of(engine, {{"kind", "user"}, {"id", place.owner}}));
  const Json order = {{"event_id", place.event},
                      {"items", Json::array({{{"ticket_category_id", place.category}, {"quantity", 1}}})},
                      {"customer", {{"name", "Walk-in"}}},
                      {"payment", {{"method", "cash"}, {"amount", "10.00"}}}};
  const std::string arguments = order.dump();
  return rate(callers, seconds, [&](int t) {
    reply_of(sessions[static_cast<std::size_t>(t)].call("place_order", arguments));
    return true;
  });
}

std::vector<std::string> codes_of(eventcore::Engine& engine, const Place& place) {
  auto owner = session_of(engine, {{"kind", "user"}, {"id", place.owner}});
  std::vector<std::string> codes;
  Json request = {
      {"where", {{"event_id", place.event}, {"status", "valid"}}}, {"columns", {"qr_code_data"}}, {"limit", 1000}};
  for (;;) {
    const Json page = reply_of(owner.list("tickets", request.dump()));
    for (const Json& row : page["rows"]) codes.push_back(row["qr_code_data"]);
    if (page["cursor"].is_null()) return codes;
    request["after"] = page["cursor"];
  }
}

double check_in(eventcore::Engine& engine, const Place& place, const std::vector<std::string>& codes, std::size_t& next,
                int callers, double seconds) {
  std::vector<eventcore::Session> sessions;
  for (int t = 0; t < callers; ++t) sessions.push_back(session_of(engine, {{"kind", "user"}, {"id", place.owner}}));
  std::atomic<std::size_t> at{next};
  const double calls = rate(callers, seconds, [&](int t) {
    const std::size_t mine = at++;
    if (mine >= codes.size()) return false;
    const Json scan = {{"event_id", place.event}, {"code", codes[mine]}};
    return reply_of(sessions[static_cast<std::size_t>(t)].call("check_in", scan.dump()))["outcome"] == "admitted";
  });
  next = at;
  return calls;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  const std::vector<std::uint8_t> key(32, 7);
  eventcore::OpenOptions options;
  options.path = std::string(argv[1]) + "/bench.ecdb";
  options.key = eventcore::Key::raw(key);
  options.create_new = true;
  options.test_clock = true;
  auto engine = eventcore::Engine::open(std::move(options));
  if (!engine) return 1;
  static_cast<void>(engine.assume_value().set_clock(1'903'860'000'000'000));  // the morning of the event
  const Place place = set_up(engine.assume_value());
  for (int callers : {1, 64})
    std::printf("sell, %2d callers: %8.0f a second\n", callers, sell(engine.assume_value(), place, callers, seconds));
  const std::vector<std::string> codes = codes_of(engine.assume_value(), place);
  std::size_t next = 0;
  for (int callers : {1, 64})
    std::printf("check in, %2d callers: %5.0f a second\n", callers,
                check_in(engine.assume_value(), place, codes, next, callers, seconds));
  std::printf("tickets: %zu\n", codes.size());
  return engine.assume_value().close() ? 0 : 1;
}
