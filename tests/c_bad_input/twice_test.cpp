// The same request under the same idempotency key from two threads at once: done once, answered alike. Another request
// under the key is refused.
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "c_bad_input/ground.hpp"

namespace eventcore::host {
namespace {

struct TwiceTest : Ground {
  void TearDown() override {}  // here something is meant to happen

  // Two threads with a session each, let go together.
  template <class Send>
  static std::pair<Answer, Answer> at_once(const Send& send) {
    const json principal{{"kind", "service"}, {"reason", "test"}, {"organization_id", ours_.organization}};
    const Session first(*engine_, principal);
    const Session second(*engine_, principal);
    std::atomic<int> ready{0};
    std::pair<Answer, Answer> answers;
    const auto go = [&](const Session& session, Answer& answer) {
      ++ready;
      while (ready.load() < 2) std::this_thread::yield();
      answer = send(session);
    };
    std::thread other(go, std::cref(second), std::ref(answers.second));
    go(first, answers.first);
    other.join();
    return answers;
  }

  static json sale(int quantity);

  static std::int64_t count(const std::string& table) { return must(ours_.service->count(table, "{}")); }

  // Secrets are shown to one of the callers and to nobody afterwards.
  static std::string without_secrets(const std::string& reply) {
    json parsed = json::parse(reply);
    for (const json& command : schema_.at("commands"))
      if (command.at("shown_once").is_string() && parsed.is_object() && parsed.contains(command.at("shown_once")))
        parsed[command.at("shown_once").get<std::string>()] = nullptr;
    return parsed.dump();
  }

  // `table` is where one row more is to be found afterwards; "": nowhere.
  static void once(const std::string& key, const std::string& table,
                   const std::function<Answer(const Session&, const Options&)>& send,
                   const std::function<Answer(const Session&, const Options&)>& send_other) {
    const Options options{key, 0};
    const std::int64_t before = table.empty() ? 0 : count(table);
    const auto [first, second] = at_once([&](const Session& session) { return send(session, options); });
    EXPECT_EQ(first.status, EC_OK) << key << first.error;
    EXPECT_EQ(second.status, EC_OK) << key << second.error;
    EXPECT_EQ(without_secrets(first.reply), without_secrets(second.reply)) << key;
    if (!table.empty()) {
      EXPECT_EQ(count(table), before + 1) << key;
    }
    EXPECT_EQ(without_secrets(send(*ours_.service, options).reply), without_secrets(first.reply))
        << key << ": a third time";
    EXPECT_EQ(send_other(*ours_.service, options).status, EC_E_IDEMPOTENCY_MISMATCH) << key;
    if (!table.empty()) {
      EXPECT_EQ(count(table), before + 1) << key;
    }
  }

  static void command_once(const std::string& command, const json& arguments, const json& other,
                           const std::string& table) {
    once(
        "twice-at-once-" + command, table,
        [&](const Session& session, const Options& options) {
          return session.call(command, arguments.dump(), options);
        },
        [&](const Session& session, const Options& options) { return session.call(command, other.dump(), options); });
  }
};

// What the ground's price rules make of it is asked first.
json TwiceTest::sale(int quantity) {
  json order = counter_sale(ours_);
  order["items"][0]["quantity"] = quantity;
  json quoted = order;
  quoted.erase("payment");
  order["payment"]["amount"] = must(ours_.service->call("quote_order", quoted.dump())).at("order").at("total_amount");
  return order;
}

TEST_F(TwiceTest, CommandsHappenOnceAndAnswerAlike) {
  const std::string event = ours_.ids.at("events");
  command_once("place_order", sale(1), sale(2), "ticket_orders");
  command_once("register_device", {{"event_id", event}, {"name", "Gate A"}}, {{"event_id", event}, {"name", "Gate B"}},
               "devices");
  command_once("create_api_key",
               {{"organization_id", ours_.ids.at("organizations")}, {"name", "Shop"}, {"permissions", {"events"}}},
               {{"organization_id", ours_.ids.at("organizations")}, {"name", "Site"}, {"permissions", {"events"}}},
               "api_keys");
  command_once("check_in", {{"event_id", event}, {"ticket_number", "nowhere"}},
               {{"event_id", event}, {"ticket_number", "elsewhere"}}, "check_ins");
  const json open_order{{"event_id", event},
                        {"items", {{{"ticket_category_id", ours_.ids.at("ticket_categories")}, {"quantity", 1}}}},
                        {"customer", {{"email", "guest@example.org"}, {"name", "Guest"}}}};
  const json order = must(ours_.service->call("place_order", open_order.dump())).at("order");
  json payment{
      {"order_id", order.at("id")}, {"amount", order.at("total_amount")}, {"currency", "USD"}, {"reference", "pay-1"}};
  json other = payment;
  other["reference"] = "pay-2";
  command_once("confirm_payment", payment, other, "tickets");
  const json many = json::array({json::array({"place_order", open_order})});
  const json others = json::array({json::array({"place_order", sale(3)})});
  once(
      "twice-at-once-call-many", "ticket_orders",
      [&](const Session& session, const Options& options) { return session.call_many(many.dump(), options); },
      [&](const Session& session, const Options& options) { return session.call_many(others.dump(), options); });
}

TEST_F(TwiceTest, RowsAreWrittenOnceInEveryTableAHostMayWrite) {
  int tables = 0;
  for (const json& table : schema_.at("tables")) {
    const std::string name = table.at("name");
    const json row = fresh_row(ours_, table, 7'000 + tables);
    const json other = fresh_row(ours_, table, 8'000 + tables);
    // Tried under another key first: what is refused anyway shows nothing here.
    if (name == "organizations" || row == other || ours_.service->insert(name, other.dump()).status != EC_OK) continue;
    ++tables;
    once(
        "twice-at-once-" + name, name,
        [&](const Session& session, const Options& options) { return session.insert(name, row.dump(), options); },
        [&](const Session& session, const Options& options) { return session.insert(name, other.dump(), options); });
  }
  EXPECT_GT(tables, 15);
}

TEST_F(TwiceTest, UpdatesAndRemovalsHappenOnce) {
  const json venue{{"name", "Twice"}, {"address", "Pier 2"}, {"max_capacity", 5}};
  const std::string id = must(ours_.service->insert("venues", venue.dump())).at("id");
  once(
      "twice-at-once-update", "",
      [&](const Session& session, const Options& options) {
        return session.update("venues", id, "{\"city\":\"Oslo\"}", options);
      },
      [&](const Session& session, const Options& options) {
        return session.update("venues", id, "{\"city\":\"Bergen\"}", options);
      });
  EXPECT_EQ(must(ours_.service->get("venues", id)).at("version"), 2);
  once(
      "twice-at-once-remove", "",
      [&](const Session& session, const Options& options) { return session.remove("venues", id, options); },
      [&](const Session& session, const Options& options) { return session.remove("venues", absent_id, options); });
  EXPECT_EQ(ours_.service->get("venues", id).status, EC_E_NOT_FOUND);
}

}  // namespace
}  // namespace eventcore::host
