// Many buyers at once: for the last places, for the last use of a code, for places whose holders pay late, and
// anonymous ones for more than they may hold. EC_RACE_ATTEMPTS=1000000 for the long run of the first.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <eventcore/engine.hpp>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/seed.hpp"
#include "base/time.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {
namespace {

constexpr Micros minute_us = 60'000'000;

// An organization and an event on sale, in a store that other processes may open too.
class RaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    OpenOptions options;
    options.path = folder_.path("test.ecdb");
    options.key = Key::raw(test_key);
    options.create = true;
    options.test_clock = true;
    auto opened = Engine::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().to_json();
    engine_.emplace(std::move(opened).assume_value());
    now_ = SystemClock().now_us();
    clock(0);
    const Json made = must(service().call("create_organization",
                                          R"({"name":"Aurora","owner":{"email":"o@example.org","full_name":"O"}})"));
    organization_ = made["organization"]["id"];
    event_ =
        must(service().insert("events", dump({{"organization_id", organization_},
                                              {"name", "Night"},
                                              {"status", "confirmed"},
                                              {"is_public", true},
                                              {"start_datetime", format_rfc3339(now_ + 60 * 24 * minute_us)},
                                              {"end_datetime", format_rfc3339(now_ + 60 * 96 * minute_us)}})))["id"];
  }
  void TearDown() override {
    const Json report = must(service().call("verify_store", R"({"pages":false})"));
    EXPECT_EQ(report["ok"], true) << dump(report);
    if (HasFailure()) printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  }

  static Json must(Result<std::string> reply) {
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().to_json());
    return reply ? parse_json(reply.assume_value()).assume_value() : Json::object();
  }
  Session session(const Json& principal) { return engine_->session(dump(principal)).assume_value(); }
  Session service() { return session({{"kind", "service"}, {"reason", "race"}}); }
  void clock(Micros plus) { EXPECT_TRUE(engine_->set_clock(now_ + plus)); }

  std::string category(std::int64_t places, const Json& more = Json::object()) {
    Json row = {{"event_id", event_}, {"name", "All"}, {"base_price", "10.00"}, {"total_quantity", places}};
    row.update(more);
    return must(service().insert("ticket_categories", dump(row)))["id"];
  }
  Json order(const std::string& category, std::int64_t quantity, const std::string& buyer) const {
    return {{"event_id", event_},
            {"items", {{{"ticket_category_id", category}, {"quantity", quantity}}}},
            {"customer", {{"email", buyer + "@example.org"}, {"name", "Bea"}}}};
  }
  std::int64_t count(const std::string& table, const Json& where) {
    return service().count(table, dump({{"where", where}, {"organization_id", organization_}})).assume_value();
  }
  Json row(const std::string& table, const std::string& id) {
    RecordOptions options;
    options.organization_id = organization_;
    return must(service().get(table, id, options));
  }

  // The same in so many threads, each told its number, all let go at once.
  static void at_once(int threads, const std::function<void(int)>& each) {
    std::atomic<bool> go{false};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        while (!go) std::this_thread::yield();
        each(t);
      });
    go = true;
    for (std::thread& thread : all) thread.join();
  }

  pid_t buyers(const std::string& category, int threads, std::int64_t attempts, const std::string& name) {
    const std::string program = std::string(EC_TEST_PROGRAMS) + "/buyer";
    const std::vector<std::string> words = {program,
                                            folder_.path("test.ecdb"),
                                            hex(test_key),
                                            event_,
                                            category,
                                            std::to_string(threads),
                                            std::to_string(attempts),
                                            name};
    const std::string out = folder_.path(name);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      if (freopen(out.c_str(), "w", stdout) == nullptr) _exit(126);
      execv(program.c_str(), arguments.data());
      _exit(127);
    }
    return child;
  }

  TestFolder folder_;
  std::optional<Engine> engine_;
  Micros now_ = 0;
  std::string organization_;
  std::string event_;
};

struct Counted {
  std::int64_t sold = 0, sold_out = 0, other = 0, busy = 0;
};

TEST_F(RaceTest, ExactlyThePlacesThereAreAreSoldAndEveryRefusalIsSoldOut) {
  const char* given = std::getenv("EC_RACE_ATTEMPTS");
  const std::int64_t attempts = given == nullptr ? 5'000 : std::atoll(given);
  const int processes = given == nullptr ? 2 : 4;
  const int threads = given == nullptr ? 8 : 16;  // of each process
  const std::int64_t places = given == nullptr ? 50 : 500;
  const std::string all = category(places);
  const auto start = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i)
    children.push_back(buyers(all, threads, attempts / processes, "buyer" + std::to_string(i) + "x"));
  for (const pid_t child : children) {
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  Counted sum;
  for (int i = 0; i < processes; ++i) {
    std::ifstream file(folder_.path("buyer" + std::to_string(i) + "x"));
    Counted one;
    EXPECT_TRUE(file >> one.sold >> one.sold_out >> one.other >> one.busy);
    EXPECT_EQ(one.sold + one.sold_out + one.other, attempts / processes);
    sum = {sum.sold + one.sold, sum.sold_out + one.sold_out, sum.other + one.other, sum.busy + one.busy};
  }
  printf(
      "%lld attempts for %lld places, %d processes of %d threads: %lld sold, %lld sold_out, busy %lld times, %.1f s\n",
      static_cast<long long>(attempts), static_cast<long long>(places), processes, threads,
      static_cast<long long>(sum.sold), static_cast<long long>(sum.sold_out), static_cast<long long>(sum.busy),
      took.count());
  EXPECT_EQ(sum.sold, places);
  EXPECT_EQ(sum.other, 0);
  EXPECT_EQ(row("ticket_categories", all)["available_quantity"], Json(0));
  EXPECT_EQ(count("tickets", {{"ticket_category_id", all}, {"status", "valid"}}), places);
  EXPECT_EQ(count("tickets", Json::object()), places);
  EXPECT_EQ(count("ticket_orders", {{"order_status", "active"}, {"payment_status", "paid"}}), places);
  EXPECT_EQ(count("ticket_orders", Json::object()), places);
  EXPECT_EQ(count("order_payments", {{"kind", "payment"}, {"status", "succeeded"}}), places);
  EXPECT_EQ(count("order_payments", Json::object()), places);
  const Json report = must(service().call("event_report", dump({{"event_id", event_}})));
  EXPECT_EQ(report["revenue"]["USD"], std::to_string(10 * places) + ".00");
}

TEST_F(RaceTest, ACodeForOneUseIsUsedOnceBy64OrdersAtOnce) {
  constexpr int buyers = 64;
  const std::string all = category(1'000);
  const Json code = must(service().insert("discount_codes", dump({{"organization_id", organization_},
                                                                  {"event_id", event_},
                                                                  {"code", "Only One"},
                                                                  {"discount_type", "percentage"},
                                                                  {"discount_value", "50"},
                                                                  {"max_uses", 1}})));
  std::vector<std::string> outcomes(buyers);
  at_once(buyers, [&](int t) {
    Json cart = order(all, 1, "buyer" + std::to_string(t));
    cart["discount_code"] = t % 2 == 0 ? "only one" : " ONLY ONE ";
    const auto placed = service().call("place_order", dump(cart));
    outcomes[static_cast<std::size_t>(t)] = placed ? "placed" : std::string(placed.error().name());
  });
  std::map<std::string, int> told;
  for (const std::string& outcome : outcomes) ++told[outcome];
  EXPECT_EQ(told, (std::map<std::string, int>{{"placed", 1}, {"discount_not_applicable", buyers - 1}}));
  EXPECT_EQ(row("discount_codes", code["id"])["current_uses"], Json(1));
  EXPECT_EQ(count("ticket_orders", {{"discount_code_id", code["id"]}}), 1);
  EXPECT_EQ(row("ticket_categories", all)["available_quantity"], Json(999));
}

TEST_F(RaceTest, AnonymousBuyersHoldNoMoreThanTheirCapTogether) {
  constexpr int buyers = 32;
  must(service().update("events", event_, dump({{"settings", {{"hold_limit_anonymous", 10}}}})));
  const std::string all = category(1'000);
  std::atomic<int> held{0};
  std::atomic<int> refused{0};
  at_once(buyers, [&](int t) {
    Session anon = session({{"kind", "anon"}});
    for (int i = 0; i < 3; ++i) {
      const auto placed =
          anon.call("place_order", dump(order(all, 1, "buyer" + std::to_string(t) + "." + std::to_string(i))));
      if (!placed) {
        EXPECT_EQ(placed.error().name(), "hold_limit") << placed.error().to_json();
      }
      ++(placed ? held : refused);
    }
  });
  EXPECT_EQ(held, 10);
  EXPECT_EQ(refused, 3 * buyers - 10);
  EXPECT_EQ(row("ticket_categories", all)["available_quantity"], Json(990));
  // Those who are known are not bound by it, and what expires may be held again.
  EXPECT_TRUE(service().call("place_order", dump(order(all, 1, "known"))));
  clock(16 * minute_us);
  Session anon = session({{"kind", "anon"}});
  EXPECT_TRUE(anon.call("place_order", dump(order(all, 9, "later"))));
}

// Orders that run out while they are paid, with others after their places and a clock that moves: whoever is told that
// his money was taken has all his places or all his money due back.
class LatePaymentTest : public RaceTest {
 protected:
  static constexpr int orders = 24;
  static constexpr std::int64_t places = 2;  // of each

  void place_all() {
    all_ = category(orders * places);
    for (int i = 0; i < orders; ++i)
      orders_.push_back(
          must(service().call("place_order", dump(order(all_, places, "early" + std::to_string(i)))))["order"]["id"]);
  }
  void pay(int i) {
    const Json payment = {{"order_id", orders_[static_cast<std::size_t>(i)]},
                          {"amount", "20.00"},
                          {"currency", "USD"},
                          {"provider", "bank"},
                          {"reference", "pay" + std::to_string(i)}};
    const Json reply = must(service().call("confirm_payment", dump(payment)));
    const std::string state = reply["order"].value("order_status", "");
    EXPECT_EQ(reply["tickets"].size(), state == "active" ? static_cast<std::size_t>(places) : 0U) << dump(reply);
    ++(state == "active" ? in_time_ : too_late_);
  }
  // Orders and pays at the counter what has become free.
  void buy(const std::string& buyer) {
    Json cart = order(all_, 1, buyer);
    cart["payment"] = {{"method", "cash"}, {"amount", "10.00"}};
    const auto bought = service().call("place_order", dump(cart));
    if (!bought) {
      EXPECT_EQ(bought.error().name(), "sold_out") << bought.error().to_json();
    }
    if (bought) ++bought_;
  }

  std::string all_;
  std::vector<std::string> orders_;
  std::atomic<std::int64_t> in_time_{0}, too_late_{0}, bought_{0};
};

TEST_F(LatePaymentTest, EndsInPlacesOrInMoneyDueBack) {
  place_all();
  std::mt19937_64 dice(testing::seed());
  std::vector<int> turn(orders);
  for (int i = 0; i < orders; ++i) turn[static_cast<std::size_t>(i)] = i;
  std::shuffle(turn.begin(), turn.end(), dice);
  std::atomic<int> next{0};
  at_once(8, [&](int t) {
    if (t == 0) {  // the clock: over the 15 minutes while the others are half way
      for (int step = 1; step <= 40; ++step) {
        clock(step * minute_us / 2);
        std::this_thread::yield();
        if (step % 4 == 0) must(service().call("expire_orders", dump({{"event_id", event_}})));
      }
    } else if (t < 4) {
      for (int i = next++; i < orders; i = next++) pay(turn[static_cast<std::size_t>(i)]);
    } else {
      for (int i = 0; i < 20; ++i) buy("late" + std::to_string(t) + "." + std::to_string(i));
    }
  });
  EXPECT_EQ(in_time_ + too_late_, orders);
  const std::int64_t sold = in_time_ * places + bought_;
  EXPECT_LE(sold, orders * places);
  EXPECT_EQ(count("tickets", {{"status", "valid"}}), sold);
  EXPECT_EQ(row("ticket_categories", all_)["available_quantity"], Json(orders * places - sold));
  EXPECT_EQ(count("order_payments", {{"kind", "payment"}, {"status", "succeeded"}}), orders + bought_);
  EXPECT_EQ(count("order_payments", {{"kind", "refund"}, {"status", "due"}}), too_late_);
  EXPECT_EQ(count("ticket_orders", {{"order_status", "cancelled"}, {"cancel_reason", "expired"}}), too_late_);
  EXPECT_EQ(count("ticket_orders", {{"order_status", "active"}, {"payment_status", "paid"}}), in_time_ + bought_);
}

TEST_F(LatePaymentTest, IsTakenByRuleOneByOne) {
  place_all();
  clock(15 * minute_us);
  EXPECT_EQ(must(service().call("expire_orders", dump({{"event_id", event_}})))["expired"], Json(orders));
  for (int i = 0; i < 3; ++i) buy("late" + std::to_string(i));  // of 48 places 45 are left
  for (int i = 0; i < orders; ++i) pay(i);
  EXPECT_EQ(in_time_, orders - 2);  // one place lies idle, which is too few for anybody
  EXPECT_EQ(too_late_, 2);
  EXPECT_EQ(row("ticket_categories", all_)["available_quantity"], Json(1));
  EXPECT_EQ(count("order_payments", {{"kind", "refund"}, {"status", "due"}, {"amount", "20.00"}}), 2);
}

// Buyers, counters, cancellations, deadlines and organizers who change what there is, all at once: whatever comes
// between whatever, the places sold and held fit into what there is, and the counter says how many are left.
class CapacityTest : public RaceTest {
 protected:
  static constexpr int threads = 6;
  static constexpr int categories = 3;

  // What one thread does, drawn from dice of its own.
  class Actor {
   public:
    Actor(CapacityTest& test, int number)
        : test_(test), name_("actor" + std::to_string(number)), session_(test.organizer()) {
      dice_.seed(testing::seed() + static_cast<std::uint64_t>(number));
    }
    void act();

   private:
    int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(dice_); }
    std::string some_order();
    const std::string& some_category() { return test_.categories_[static_cast<std::size_t>(below(categories))]; }
    Json some_cart() { return test_.order(some_category(), 1 + below(3), name_ + "." + std::to_string(++calls_)); }
    // The reply, or an empty object: only these refusals are due to the others.
    Json ask(const std::string& command, const Json& arguments);
    void hold();
    void sell();
    void pay();
    void cancel();
    void cancel_ticket();
    void change(const char* column, int value);
    void think_better_of_it();

    CapacityTest& test_;
    std::string name_;
    Session session_;
    std::mt19937_64 dice_;
    int calls_ = 0;
  };

  std::vector<Json> rows(Session& session, const std::string& table, const Json& where) {
    std::vector<Json> all;
    Json request = {{"where", where}};
    do {
      const Json page = must(session.list(table, dump(request)));
      for (const Json& row : page["rows"]) all.push_back(row);
      request["after"] = page["cursor"];
    } while (!request["after"].is_null());
    return all;
  }
  // Counters and rows of one moment, between whatever the others do.
  void expect_capacity_kept(Session& session) {
    ASSERT_TRUE(session.begin());
    must(session.update("events", event_, R"({"name":"Looked at"})"));  // a transaction has its turn from a write on
    std::map<std::string, std::int64_t> taken;
    for (const Json& ticket : rows(session, "tickets", {{"event_id", event_}}))
      if (ticket["status"] == "valid" || ticket["status"] == "used") ++taken[ticket["ticket_category_id"]];
    std::map<std::string, bool> holds;
    for (const Json& order : rows(session, "ticket_orders", {{"event_id", event_}}))
      holds[order["id"]] = order["order_status"] == "active" && order["payment_status"] != "paid";
    for (const std::string& category : categories_)
      for (const Json& line : rows(session, "ticket_order_items", {{"ticket_category_id", category}}))
        if (holds[line["order_id"]]) taken[category] += line["quantity"].get<std::int64_t>();
    for (const Json& category : rows(session, "ticket_categories", {{"event_id", event_}})) {
      const auto capacity =
          category["total_quantity"].get<std::int64_t>() - category["withheld_quantity"].get<std::int64_t>();
      EXPECT_LE(taken[category["id"]], capacity);
      EXPECT_EQ(category["available_quantity"], Json(capacity - taken[category["id"]]));
    }
    ASSERT_TRUE(session.rollback());
    ++looks_;
  }
  Session organizer() { return session({{"kind", "service"}, {"reason", "race"}, {"organization_id", organization_}}); }

  std::vector<std::string> categories_;
  std::mutex orders_mutex_;
  std::vector<std::string> orders_;
  std::atomic<int> looks_{0}, sold_out_{0}, too_small_{0}, placed_{0};
};

Json CapacityTest::Actor::ask(const std::string& command, const Json& arguments) {
  const auto reply = session_.call(command, dump(arguments));
  if (reply) return parse_json(reply.assume_value()).assume_value();
  const std::string refusal(reply.error().name());
  if (refusal == "sold_out") ++test_.sold_out_;
  EXPECT_TRUE(refusal == "sold_out" || refusal == "wrong_state" || refusal == "refund_refused")
      << command << reply.error().to_json();
  return Json::object();
}

std::string CapacityTest::Actor::some_order() {
  const std::lock_guard held(test_.orders_mutex_);
  const int known = static_cast<int>(test_.orders_.size());
  return known == 0 ? "" : test_.orders_[static_cast<std::size_t>(known - 1 - below(std::min(known, 20)))];
}

void CapacityTest::Actor::hold() {
  const Json reply = ask("place_order", some_cart());
  if (reply.empty()) return;
  ++test_.placed_;
  const std::lock_guard held(test_.orders_mutex_);
  test_.orders_.push_back(reply["order"]["id"]);
}

void CapacityTest::Actor::sell() {
  Json cart = some_cart();
  const auto quantity = cart["items"][0]["quantity"].get<int>();
  cart["payment"] = {{"method", "cash"}, {"amount", std::to_string(10 * quantity) + ".00"}};
  const Json reply = ask("place_order", cart);
  if (reply.empty()) return;
  ++test_.placed_;
  const std::lock_guard held(test_.orders_mutex_);
  test_.orders_.push_back(reply["order"]["id"]);
}

void CapacityTest::Actor::pay() {
  const std::string order = some_order();
  if (order.empty()) return;
  ask("confirm_payment", {{"order_id", order},
                          {"amount", test_.row("ticket_orders", order)["total_amount"]},
                          {"currency", "USD"},
                          {"provider", "bank"},
                          {"reference", name_ + std::to_string(++calls_)}});
}

void CapacityTest::Actor::cancel() {
  if (const std::string order = some_order(); !order.empty()) ask("cancel_order", {{"order_id", order}});
}

void CapacityTest::Actor::cancel_ticket() {
  const std::string order = some_order();
  if (order.empty()) return;
  const auto tickets = test_.rows(session_, "tickets", {{"order_id", order}});
  if (!tickets.empty()) ask("cancel_ticket", {{"ticket_id", tickets.front()["id"]}});
}

void CapacityTest::Actor::change(const char* column, int value) {
  const auto done = session_.update("ticket_categories", some_category(), dump({{column, value}}));
  if (done) return;
  ++test_.too_small_;
  EXPECT_EQ(done.error().name(), "total_too_small") << done.error().to_json();
}

// Holds places in a transaction and takes it back, while the others wait for their turn.
void CapacityTest::Actor::think_better_of_it() {
  ASSERT_TRUE(session_.begin());
  ask("place_order", some_cart());
  std::this_thread::yield();
  ASSERT_TRUE(session_.rollback());
}

void CapacityTest::Actor::act() {
  const int drawn = below(20);
  if (drawn < 6) return hold();
  if (drawn < 8) return sell();
  if (drawn < 11) return pay();
  if (drawn < 13) return cancel();
  if (drawn < 14) return cancel_ticket();
  if (drawn < 16) return change("total_quantity", 4 + below(16));
  if (drawn < 17) return change("withheld_quantity", below(5));
  if (drawn < 18) return think_better_of_it();
  if (drawn < 19) return test_.expect_capacity_kept(session_);
  ask("expire_orders", {{"event_id", test_.event_}});
}

TEST_F(CapacityTest, TicketsSoldNeverExceedCapacityUnderAnyInterleaving) {
  EC_TRACE_SEED();
  const char* const given = std::getenv("EC_CAPACITY_STEPS");
  const int steps = given == nullptr ? 120 : std::atoi(given);  // of each thread
  for (int i = 0; i < categories; ++i) categories_.push_back(category(12));
  at_once(threads, [&](int t) {
    Actor actor(*this, t);
    for (int i = 0; i < steps && !HasFailure(); ++i) {
      if (t == 0) clock(i * minute_us);  // holds run out while the others pay for them
      actor.act();
    }
  });
  Session session = organizer();
  expect_capacity_kept(session);
  printf("%d threads of %d steps: %d orders, %d times sold_out, %d resizes refused, %d looks in between\n", threads,
         steps, placed_.load(), sold_out_.load(), too_small_.load(), looks_.load());
  EXPECT_GT(sold_out_, 0);
  EXPECT_GT(too_small_, 0);
  EXPECT_GT(looks_, 1);
}

}  // namespace
}  // namespace eventcore::test
