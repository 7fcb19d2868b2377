// Fair: a store with one event of 20 categories and the engine that has it open, for the benchmarks of one store
// (scale.cpp, latency.cpp). Whatever the engine refuses ends the benchmark.
// Thread: one for the object; sessions are its callers' own.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <eventcore/engine.hpp>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eventcore::bench {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

inline constexpr std::int64_t opening_time = 1'903'860'000'000'000;  // the morning of the event
inline constexpr int order_size = 50;
inline constexpr int categories = 20;
inline constexpr std::array<std::uint8_t, 32> store_key{9};

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T taken(Result<T>&& result) {
  if (!result) throw Wrong("the engine refused: " + result.error().to_json());
  return std::move(result.assume_value());
}

inline double seconds_of(const std::function<void()>& work) {
  const auto from = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - from).count();
}

inline double megabytes(const std::string& path) {
  return static_cast<double>(std::filesystem::file_size(path)) / (1024 * 1024);
}

class Fair {
 public:
  explicit Fair(std::string path) : path_(std::move(path)) {
    open(true);
    Session service = session({{"kind", "service"}, {"reason", "benchmark"}});
    const Json made = call(
        service, "create_organization",
        {{"name", "Scale"}, {"slug", "scale"}, {"owner", {{"email", "owner@scale.example"}, {"full_name", "Owner"}}}});
    owner_ = made["owner"]["id"];
    organization_ = made["organization"]["id"];
    Session owner = as_owner();
    event_ =
        make(owner, "events",
             {{"name", "Scale"}, {"start_datetime", "2030-05-01T10:00:00Z"}, {"end_datetime", "2030-05-05T20:00:00Z"}});
    for (int i = 0; i < categories; ++i)
      categories_.push_back(make(owner, "ticket_categories",
                                 {{"event_id", event_},
                                  {"name", "Category " + std::to_string(i)},
                                  {"base_price", "10.00"},
                                  {"max_per_order", order_size},
                                  {"total_quantity", 10'000'000}}));
    taken(owner.update("events", event_, R"({"status":"confirmed"})"));
  }

  void open(bool create) {
    OpenOptions options;
    options.path = path_;
    options.key = Key::raw(store_key);
    options.create_new = create;
    options.test_clock = true;
    engine_.emplace(taken(Engine::open(std::move(options))));
    if (!engine_->set_clock(opening_time)) throw Wrong("the clock cannot be set");
  }
  void close() { engine_.reset(); }

  Session session(const Json& principal) { return taken(engine_->session(principal.dump())); }
  Session as_owner() { return session({{"kind", "user"}, {"id", owner_}}); }
  static Json call(Session& session, const std::string& command, const Json& arguments) {
    return Json::parse(taken(session.call(command, arguments.dump())));
  }
  static std::string make(Session& session, const std::string& table, const Json& row) {
    return Json::parse(taken(session.insert(table, row.dump())))["id"];
  }

  // 50 named visitors in a category.
  Json order() {
    Json visitors = Json::array();
    for (int i = 0; i < order_size; ++i) visitors.push_back(visitor());
    const std::string& category = categories_[random_() % categories];
    return {{"event_id", event_},
            {"items",
             Json::array(
                 {{{"ticket_category_id", category}, {"quantity", order_size}, {"attendees", std::move(visitors)}}})},
            {"customer", {{"name", "Walk-in"}}},
            {"payment", {{"method", "cash"}, {"amount", std::to_string(order_size * 10) + ".00"}}}};
  }

  // One ticket for somebody who walks in: its code.
  std::string sell(Session& session) const {
    const Json reply = call(session, "place_order",
                            {{"event_id", event_},
                             {"items", Json::array({{{"ticket_category_id", categories_[0]}, {"quantity", 1}}})},
                             {"customer", {{"name", "Walk-in"}}},
                             {"payment", {{"method", "cash"}, {"amount", "10.00"}}}});
    if (reply["tickets"].size() != 1) throw Wrong("one ticket was bought");
    return reply["tickets"][0]["qr_code_data"];
  }

  void check_in(Session& session, const std::string& code) const {
    const Json reply = call(session, "check_in", {{"event_id", event_}, {"code", code}});
    if (reply["outcome"] != "admitted") throw Wrong("a ticket was not admitted: " + reply.dump());
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 protected:
  Json visitor() {
    static constexpr const char* given[] = {
        "Anna",   "Ali",    "Bea", "Carl", "Dora", "Emil", "Fay",  "Gus",   "Hana", "Ivan", "José", "Kim",    "Lena",
        "Łukasz", "Müller", "Noa", "Olga", "Pia",  "Quin", "Rosa", "Sofia", "Tom",  "Uwe",  "Vera", "Øystein"};
    const auto number = random_() % 1'000'000;
    const std::string name = std::string(given[number % std::size(given)]) + " Family" + std::to_string(number / 97);
    return {{"name", name}, {"email", "p" + std::to_string(number) + "@mail.example"}};
  }

  std::string path_;
  std::optional<Engine> engine_;
  std::string owner_;
  std::string organization_;
  std::string event_;
  std::vector<std::string> categories_;
  std::mt19937_64 random_{20301};
};

}  // namespace eventcore::bench
