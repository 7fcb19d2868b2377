// A process that writes is killed in the middle, again and again: what it was answered is there, once; what it was not
// answered is there once and whole, or not at all. EC_KILLS=<number> asks for more than the usual few.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <vector>

#include "c_bad_input/host.hpp"
#include "support/test_store.hpp"

namespace eventcore::host {
namespace {

struct Done {
  std::string kind;
  std::string key;
};

json read_json(const std::string& name) {
  std::ifstream in(std::string(EC_SOURCE_DIR) + "/examples/open-event/" + name);
  return json::parse(in);
}

struct KilledTest : testing::Test {
  void SetUp() override {
    const Engine engine(store_, EC_OPEN_CREATE_NEW | EC_OPEN_TEST_CLOCK);
    ec_engine_clock_set(engine.handle(), 1'908'295'200'000'000, nullptr);  // 2030-06-21
    const Session root(engine, {{"kind", "service"}, {"reason", "kill"}});
    const json made = must(root.call(
        "create_organization",
        json{{"name", "Kill"}, {"slug", "kill"}, {"owner", {{"email", "o@example.org"}, {"full_name", "O"}}}}.dump()));
    ground_["organization"] = made.at("organization").at("id");
    const Session session(engine,
                          {{"kind", "service"}, {"reason", "kill"}, {"organization_id", ground_["organization"]}});
    ground_["event"] = must(session.insert("events", json{{"name", "Night"},
                                                          {"status", "confirmed"},
                                                          {"start_datetime", "2030-07-01T18:00:00Z"},
                                                          {"end_datetime", "2030-07-02T04:00:00Z"}}
                                                         .dump()))
                           .at("id");
    ground_["category"] = must(session.insert("ticket_categories", json{{"event_id", ground_["event"]},
                                                                        {"name", "Standing"},
                                                                        {"base_price", "1.00"},
                                                                        {"total_quantity", 1'000'000}}
                                                                       .dump()))
                              .at("id");
    ground_["venue"] =
        must(session.insert("venues", json{{"name", "Counter"}, {"address", "Pier"}, {"max_capacity", 5}}.dump()))
            .at("id");
    ground_["conference"] = {{"event", read_json("event.json")}, {"tracks", read_json("tracks.json")}};
  }

  // Starts a writer, kills it `delay_us` after it has said `lines` lines, and answers all that it said.
  std::vector<Done> run_and_kill(unsigned seed, int lines, int delay_us) const {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const std::string program = std::string(EC_TEST_PROGRAMS) + "/killed_writer";
    const std::string ground = ground_.dump();
    const std::string number = std::to_string(seed);
    const pid_t process = fork();
    if (process == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(program.c_str(), program.c_str(), store_.c_str(), ground.c_str(), number.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string said;
    int heard = 0;
    char bytes[4096];
    while (heard < lines) {
      const ssize_t got = read(ends[0], bytes, sizeof bytes);
      if (got <= 0) break;
      said.append(bytes, static_cast<std::size_t>(got));
      heard += static_cast<int>(std::count(bytes, bytes + got, '\n'));
    }
    EXPECT_GE(heard, lines) << "the writer ended by itself: " << said;
    const timespec pause{0, 1'000L * delay_us};
    ppoll(nullptr, 0, &pause, nullptr);
    kill(process, SIGKILL);
    int status = 0;
    waitpid(process, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    for (;;) {  // what it said before it died
      const ssize_t got = read(ends[0], bytes, sizeof bytes);
      if (got <= 0) break;
      said.append(bytes, static_cast<std::size_t>(got));
    }
    close(ends[0]);
    std::vector<Done> done;
    std::istringstream text(said.substr(0, said.rfind('\n') + 1));
    for (Done one; text >> one.kind >> one.key;) done.push_back(one);
    return done;
  }

  static std::int64_t count(const Session& session, const std::string& table, const json& where) {
    return must(session.count(table, json{{"where", where}}.dump()));
  }

  static void expect_once(const Session& session, const Done& done) {
    struct Trace {
      const char* kind;
      const char* table;
      json where;
      std::int64_t rows;
    };
    const std::string& key = done.key;
    const json paid{{"customer_email", key + "@example.org"}, {"payment_status", "paid"}};
    const Trace traces[] = {
        {"insert", "venues", {{"name", "insert " + key}}, 1},
        {"remove", "venues", {{"name", "remove " + key}}, 0},
        {"transaction", "venues", {{"name", "transaction " + key + " a"}}, 1},
        {"transaction", "venues", {{"name", "transaction " + key + " b"}}, 1},
        {"sale", "ticket_orders", paid, 1},
        {"payment", "ticket_orders", paid, 1},
        {"payment", "order_payments", {{"reference", key}}, 1},
        {"check_in", "check_ins", {{"nonce", key}}, 1},
        {"import", "events", {{"name", "Conference " + key}}, 1},
    };
    for (const Trace& trace : traces) {
      if (done.kind != trace.kind) continue;
      EXPECT_EQ(count(session, trace.table, trace.where), trace.rows) << done.kind << " " << key;
    }
  }

  // What was going on when the writer died: whole or not at all.
  static void expect_whole(const Session& session, const std::string& key) {
    SCOPED_TRACE("unanswered " + key);
    EXPECT_LE(count(session, "venues", {{"name", "insert " + key}}), 1);
    EXPECT_EQ(count(session, "venues", {{"name", "transaction " + key + " a"}}),
              count(session, "venues", {{"name", "transaction " + key + " b"}}));
    const json orders =
        must(session.list("ticket_orders", json{{"where", {{"customer_email", key + "@example.org"}}}}.dump()));
    EXPECT_LE(orders.at("rows").size(), 1U);
    for (const json& order : orders.at("rows")) {
      const bool paid = order.at("payment_status") == "paid";
      EXPECT_EQ(count(session, "tickets", {{"order_id", order.at("id")}}), paid ? 2 : 0);
      EXPECT_EQ(count(session, "order_payments", {{"order_id", order.at("id")}}), paid ? 1 : 0);
    }
    EXPECT_LE(count(session, "check_ins", {{"nonce", key}}), 1);
    const json events = must(session.list("events", json{{"where", {{"name", "Conference " + key}}}}.dump()));
    EXPECT_LE(events.at("rows").size(), 1U);
    for (const json& event : events.at("rows"))
      EXPECT_GT(count(session, "event_tags", {{"event_id", event.at("id")}}), 0);
  }

  void look(unsigned seed, const std::vector<Done>& done, std::int64_t& updates) const {
    const Engine engine(store_, EC_OPEN_TEST_CLOCK);
    ec_engine_clock_set(engine.handle(), 1'908'295'200'000'000, nullptr);
    const Session root(engine, {{"kind", "service"}, {"reason", "kill"}});
    const Session session(engine,
                          {{"kind", "service"}, {"reason", "kill"}, {"organization_id", ground_.at("organization")}});
    for (const Done& one : done) {
      expect_once(session, one);
      if (one.kind == "update") ++updates;
    }
    const std::string last = "k" + std::to_string(seed) + "-" + std::to_string(done.size() + 1);
    expect_whole(session, last);
    const json venue = must(session.get("venues", ground_.at("venue")));
    const std::int64_t version = venue.at("version").get<std::int64_t>() - 1;
    EXPECT_TRUE(version == updates || (version == updates + 1 && venue.at("city") == last)) << venue;
    updates = version;
    const json store = must(root.call("verify_store", "{}"));
    EXPECT_TRUE(store.at("ok").get<bool>()) << store;
    const json audit = must(root.call("verify_audit", json{{"organization_id", ground_.at("organization")}}.dump()));
    EXPECT_TRUE(audit.at("ok").get<bool>()) << audit;
  }

  test::TestFolder folder_;
  std::string store_ = folder_.path("killed.ecdb");
  json ground_ = json::object();
};

TEST_F(KilledTest, WhatWasAnsweredIsThereOnceAndTheRestIsWholeOrAbsent) {
  const char* const asked = std::getenv("EC_KILLS");
  const unsigned kills = asked != nullptr ? static_cast<unsigned>(std::atoi(asked)) : 30;
  const char* const given = std::getenv("EC_TEST_SEED");
  const unsigned first = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : 1;
  std::map<std::string, int> kinds;
  std::int64_t updates = 0;
  std::size_t answered = 0;
  for (unsigned seed = first; seed < first + kills && !HasFailure(); ++seed) {
    SCOPED_TRACE("EC_TEST_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    const int lines = static_cast<int>(random() % 20);
    const std::vector<Done> done = run_and_kill(seed, lines, static_cast<int>(random() % 3'000));
    for (const Done& one : done) ++kinds[one.kind];
    answered += done.size();
    look(seed, done, updates);
  }
  if (asked == nullptr) {
    EXPECT_EQ(kinds.size(), 8U) << "every kind of write was among them: " << json(kinds);
  }
  std::printf("%u kills, %zu answered operations: %s\n", kills, answered, json(kinds).dump().c_str());
}

}  // namespace
}  // namespace eventcore::host
