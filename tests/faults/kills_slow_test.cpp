// A process in which eight threads write is killed, over and over, on one store: while it works, while it opens what
// the last one left, while it closes. Opened again without any help, everything that was answered is there exactly once
// and answered the same, everything that was not is whole or absent, and the store verifies. EC_KILLS=<number> asks for
// more kills than usual, EC_FAULT_SECONDS=<number> for as many as fit in that time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>

#include "base/seed.hpp"
#include "faults/fault_folder.hpp"
#include "faults/kills_operation.hpp"

namespace eventcore::faults {
namespace {

constexpr std::int64_t usual_kills = 1'000;
constexpr std::int64_t kills_of_a_store = 250;  // then a fresh one: a check costs what the store holds
constexpr std::int64_t look_closely_every = 25;
constexpr int clerks = 8;
constexpr int backup_key = 7;

enum class Moment : std::uint8_t { opening, working, closing };

// What one process said it would do, and what it said came of it.
struct Asked {
  Operation operation;
  bool answered = false;
  std::string digest;   // of the reply
  std::string refusal;  // or why not
};

// What eight clerks who do not look at each other may hear. "outcome_unknown" is not among them: no disk fails here.
const std::set<std::string> refusals{"sold_out",   "closed",         "wrong_state",        "not_found",
                                     "store_busy", "refund_refused", "invariant_violated", "not_transferable",
                                     "hold_limit", "total_too_small"};

using Record = std::map<std::string, Asked>;  // by idempotency key

Json must(Result<std::string> reply) {
  EXPECT_TRUE(reply) << (reply ? "" : reply.error().to_json());
  return reply ? parse_json(reply.assume_value()).assume_value() : Json::object();
}

// A child that writes lines, until it is killed.
class Worker {
 public:
  explicit Worker(const std::vector<std::string>& words) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&process_, words[0].c_str(), &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    from_ = ends[0];
  }
  ~Worker() { ::close(from_); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Listens until it has said so many lines that begin like that; false: it ended before.
  bool hear(std::string_view beginning, std::int64_t lines) {
    while (lines > 0) {
      const std::size_t end = said_.find('\n', heard_);
      if (end == std::string::npos) {
        if (!listen()) return false;
        continue;
      }
      if (std::string_view(said_).substr(heard_).starts_with(beginning)) --lines;
      heard_ = end + 1;
    }
    return true;
  }

  // All that it has said; a line that was cut off does not count.
  std::string kill() {
    EXPECT_EQ(::kill(process_, SIGKILL), 0);
    int status = 0;
    EXPECT_EQ(::waitpid(process_, &status, 0), process_);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself: " << status;
    while (listen()) {
    }
    return said_.substr(0, said_.rfind('\n') + 1);
  }

 private:
  bool listen() {
    char bytes[65'536];
    const ssize_t got = ::read(from_, bytes, sizeof bytes);
    if (got <= 0) return false;
    said_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  pid_t process_ = -1;
  int from_ = -1;
  std::string said_;
  std::size_t heard_ = 0;
};

// Another folder holds a worker of an engine that was spoilt on purpose (tools/sabotage_damage.py).
std::string worker_program() {
  const char* other = std::getenv("EC_TEST_PROGRAM_FOLDER");
  return std::string(other != nullptr ? other : EC_TEST_PROGRAMS) + "/kills_worker";
}

void wait_us(std::int64_t us) {
  const timespec pause{us / 1'000'000, us % 1'000'000 * 1'000};
  (void)::ppoll(nullptr, 0, &pause, nullptr);
}

// One store with what stands in it, and everything asked of it since somebody last looked.
class KilledStore {
 public:
  KilledStore(std::mt19937_64& dice, const std::string& name) : dice_(dice), name_(name) {
    auto engine = open_to_be_killed(path(), key_, true);
    if (!engine) throw std::runtime_error(engine.error().to_json());
    auto root = engine.assume_value().session(R"({"kind":"service","reason":"kills"})");
    const Json made = must(root.assume_value().call(
        "create_organization", R"({"name":"Kills","owner":{"email":"o@example.org","full_name":"Olga"}})"));
    ground_["organization"] = made["organization"]["id"];
    ground_["folder"] = folder_.folder();
    Session session = kills_session(engine.assume_value(), ground_["organization"]).assume_value();
    ground_["event"] = must(session.insert("events", dump({{"name", "Night"},
                                                           {"status", "confirmed"},
                                                           {"start_datetime", "2026-09-21T13:00:00Z"},
                                                           {"end_datetime", "2026-09-22T04:00:00Z"}})))["id"];
    ground_["hot"] = category(session, "All", 1'000'000);
    for (int i = 0; i < clerks; ++i) {
      ground_["categories"].push_back(category(session, "Of " + std::to_string(i), 100));
      ground_["venues"].push_back(
          must(session.insert("venues", dump({{"name", "Counter"}, {"address", "Pier"}, {"max_capacity", 5}})))["id"]);
    }
    EXPECT_TRUE(engine.assume_value().close());
  }

  // One life and its end.
  void live(Moment moment, std::uint64_t seed) {
    ground_["new_key"] = key_ % 5 + 1;
    const std::int64_t answers = roll(60);
    Worker worker({worker_program(), path(), std::to_string(key_), dump(ground_),
                   name_ + "x" + std::to_string(++lives_), std::to_string(seed),
                   std::to_string(moment == Moment::closing ? answers + 1 : -1)});
    bool heard = worker.hear("opening", 1);
    if (moment == Moment::opening) {
      wait_us(roll(12'000));
    } else if (moment == Moment::working) {
      heard = heard && worker.hear("working", 1) && worker.hear("done", answers);
      wait_us(roll(1'500));
    } else {
      heard = heard && worker.hear("closing", 1);
      wait_us(roll(6'000));
    }
    const std::string said = worker.kill();
    EXPECT_TRUE(heard) << said.substr(0, 1'000);
    note(said);
  }

  // A key may have changed: then the next life cannot know which one opens.
  [[nodiscard]] bool must_be_looked_at() const { return possible_keys() != std::vector<int>{key_}; }

  void look(bool closely) {
    std::optional<Engine> engine = open_again();
    if (!engine) return;
    Session session = kills_session(*engine, ground_["organization"]).assume_value();
    removed_.clear();
    for (const auto& [key, asked] : record_)
      if (asked.operation["do"] == "remove") removed_.insert(asked.operation["name"]);
    for (const auto& [key, asked] : record_) check(session, asked);
    if (closely) {
      expect_counters(session);
      verify(*engine);
    }
    for (const auto& [key, asked] : record_) answered_ += asked.answered ? 1 : 0, asked_ += 1;
    record_.clear();
    EXPECT_TRUE(engine->close());
  }

  void verify(Engine& engine) {
    Session root = engine.session(R"({"kind":"service","reason":"kills"})").assume_value();
    const Json store = must(root.call("verify_store", "{}"));
    EXPECT_EQ(store["ok"], true) << dump(store);
    for (const Json& id : {ground_["organization"], Json("00000000-0000-0000-0000-000000000000")}) {
      const Json audit = must(root.call("verify_audit", dump({{"organization_id", id}})));
      EXPECT_EQ(audit["ok"], true) << dump(audit);
    }
  }

  [[nodiscard]] std::int64_t asked() const { return asked_; }
  [[nodiscard]] std::int64_t answered() const { return answered_; }
  [[nodiscard]] const std::map<std::string, std::int64_t>& kinds() const { return kinds_; }

 private:
  [[nodiscard]] std::string path() const { return folder_.path("store.ecdb"); }
  std::int64_t roll(std::int64_t sides) {
    return static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(sides));
  }

  Json category(Session& session, const std::string& name, std::int64_t places) {
    return must(session.insert("ticket_categories", dump({{"event_id", ground_["event"]},
                                                          {"name", name},
                                                          {"base_price", "1.00"},
                                                          {"total_quantity", places}})))["id"];
  }

  void note(const std::string& said) {
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string what, key;
      words >> what;
      if (what == "ask") {
        Operation operation = parse_json(line.substr(4)).assume_value();
        key = operation["key"];
        record_[key] = {std::move(operation), false, {}, {}};
      } else if (what == "done") {
        words >> key >> record_[key].digest;
        record_[key].answered = true;
      } else if (what == "refused") {
        words >> key >> record_[key].refusal;
      } else {
        EXPECT_NE(what, "failed") << line;
      }
    }
  }

  [[nodiscard]] std::vector<int> possible_keys() const {
    std::vector<int> all{key_};
    for (const auto& [key, asked] : record_)
      if (asked.operation.value("command", "") == "rotate_key" && asked.refusal.empty()) {
        if (asked.answered) all.clear();
        all.push_back(asked.operation["new_key"]);
      }
    return all;
  }

  // Exactly one of the keys that may open does.
  std::optional<Engine> open_again() {
    std::optional<Engine> found;
    for (const int key : possible_keys()) {
      auto engine = open_to_be_killed(path(), key);
      if (engine) {
        EXPECT_FALSE(found.has_value()) << "two keys open";
        found.emplace(std::move(engine).assume_value());
        key_ = key;
      } else {
        EXPECT_EQ(engine.error().name(), "wrong_key") << engine.error().to_json();
      }
    }
    EXPECT_TRUE(found.has_value()) << "no key opens";
    return found;
  }

  void check(Session& session, const Asked& asked) {
    SCOPED_TRACE(dump(asked.operation) + (asked.answered ? " answered" : " not answered " + asked.refusal));
    const bool refused = !asked.refusal.empty();
    EXPECT_TRUE(!refused || refusals.contains(asked.refusal));
    ++kinds_[asked.operation.value("command", asked.operation["do"].get<std::string>()) +
             (asked.answered ? ""
              : refused      ? " refused: " + asked.refusal
                             : " killed")];
    if (asked.operation.value("command", "") == "backup") return check_backup(asked);
    if (asked.operation["do"] == "with key") return;
    const std::int64_t before = traces(session, asked.operation);
    if (refused) {
      EXPECT_LE(before, 0) << "refused and done";
      return;
    }
    if (asked.answered) {
      EXPECT_NE(before, 0);
      if (asked.operation["do"] == "remove") {
        EXPECT_EQ(count(session, "venues", {{"name", asked.operation["name"]}}), 0);
      }
    } else {
      expect_whole(session, asked.operation, before > 0);
    }
    if (repeatable(asked.operation)) ask_again(session, asked, before);
  }

  // Told again, what was answered is answered the same, and what was not is done now, or refused.
  void ask_again(Session& session, const Asked& asked, std::int64_t before) {
    const auto again = perform(session, asked.operation);
    const std::int64_t after = traces(session, asked.operation);
    if (asked.answered) {
      ASSERT_TRUE(again) << again.error().to_json();
      EXPECT_EQ(digest_of(again.assume_value()), asked.digest);
    }
    if (before > 0 || asked.answered) {
      EXPECT_EQ(after, before);
    } else if (!again) {
      EXPECT_LE(after, 0) << again.error().to_json();
    }
  }

  static std::int64_t count(Session& session, const char* table, const Json& where) {
    const auto rows = session.count(table, dump({{"where", where}}));
    EXPECT_TRUE(rows) << rows.error().to_json();
    return rows ? rows.assume_value() : -1;
  }

  // Rows that an operation and nothing else leaves, counted: 0 absent, 1 done once, -1 where there is no such row.
  std::int64_t traces(Session& session, const Operation& operation) {
    const std::string key = operation["key"], what = operation["do"];
    const std::string command = operation.value("command", "");
    if (command == "place_order") return count(session, "ticket_orders", {{"customer_email", key + "@example.org"}});
    if (command == "confirm_payment") return count(session, "order_payments", {{"reference", key}});
    if (command == "check_in") return count(session, "check_ins", {{"nonce", key}});
    if (command == "transfer_ticket") return count(session, "tickets", {{"attendee_email", key + "@example.org"}});
    if (what == "insert") return removed_.contains(key) ? -1 : count(session, "venues", {{"name", key}});
    if (what == "transaction")
      return once(count(session, "venues", {{"name", key + " a"}}), count(session, "venues", {{"name", key + " b"}}));
    if (what == "many") {
      const std::int64_t first = count(session, "ticket_orders", {{"customer_email", key + "@example.org"}});
      if (operation["calls"][1][0] == "undo_check_in") return first;
      return once(first, count(session, "ticket_orders", {{"customer_email", key + "-b@example.org"}}));
    }
    return -1;
  }

  static std::int64_t once(std::int64_t one, std::int64_t other) {
    EXPECT_EQ(one, other) << "half of it";
    return one;
  }

  // What was going on in a thread when it was killed: nothing came after it there.
  void expect_whole(Session& session, const Operation& operation, bool done) {
    const std::string key = operation["key"], command = operation.value("command", "");
    if (done) {
      EXPECT_EQ(traces(session, operation), 1);
    }
    if (command == "place_order" && done) {
      const Json order =
          must(session.list("ticket_orders", dump({{"where", {{"customer_email", key + "@example.org"}}}})))["rows"][0];
      expect_order(session, order["id"], operation["arguments"].contains("payment"));
    } else if (command == "confirm_payment") {
      expect_order(session, operation["arguments"]["order_id"], done);
    } else if (command == "check_in") {
      const Json where = {{"ticket_number", operation["arguments"]["ticket_number"]}, {"status", "used"}};
      EXPECT_EQ(count(session, "tickets", where),
                count(session, "check_ins", {{"nonce", key}, {"outcome", "admitted"}}));
    } else if (command == "transfer_ticket") {
      const Json& old = operation["arguments"]["ticket_id"];
      EXPECT_EQ(count(session, "tickets", {{"id", old}, {"status", "transferred"}}), done ? 1 : 0);
      EXPECT_EQ(count(session, "ticket_transfers", {{"ticket_id", old}}), done ? 1 : 0);
    } else if (operation["do"] == "remove") {
      EXPECT_LE(count(session, "venues", {{"name", operation["name"]}}), 1);
    } else if (command == "undo_check_in") {
      const Json& id = operation["arguments"]["ticket_id"];
      EXPECT_EQ(count(session, "tickets", {{"id", id}, {"status", "used"}}),
                count(session, "check_ins", {{"ticket_id", id}, {"undone_at", nullptr}}));
    } else if (command == "refund_tickets") {
      const Json ticket = must(session.get("tickets", operation["arguments"]["ticket_ids"][0].get<std::string>()));
      const Json of_order = {{"order_id", ticket["order_id"]}};
      const Json cancelled = {{"order_id", ticket["order_id"]}, {"status", "cancelled"}};
      const Json refunds = {{"order_id", ticket["order_id"]}, {"kind", "refund"}};
      EXPECT_EQ(count(session, "tickets", cancelled), count(session, "order_payments", refunds));
    }
  }

  static void expect_order(Session& session, const Json& id, bool paid) {
    const std::int64_t tickets = count(session, "tickets", {{"order_id", id}, {"transferred_from", nullptr}});
    EXPECT_EQ(tickets, paid ? 2 : 0);
    EXPECT_EQ(count(session, "order_payments", {{"order_id", id}, {"kind", "payment"}}), paid ? 1 : 0);
    EXPECT_EQ(count(session, "ticket_order_items", {{"order_id", id}}), 1);
  }

  // Places sold, places on hold and places left make the places there are.
  void expect_counters(Session& session) {
    std::map<std::string, std::int64_t> taken;
    for (const std::string& order : pending_orders(session))
      for (const Json& item : rows(session, "ticket_order_items", {{"where", {{"order_id", order}}}}))
        taken[item["ticket_category_id"]] += item["quantity"].get<std::int64_t>();
    for (const Json& category : rows(session, "ticket_categories", Json::object())) {
      const std::string id = category["id"];
      for (const char* status : {"valid", "used"})
        taken[id] += count(session, "tickets", {{"ticket_category_id", id}, {"status", status}});
      EXPECT_EQ(category["available_quantity"].get<std::int64_t>() + taken[id],
                category["total_quantity"].get<std::int64_t>())
          << dump(category);
    }
  }

  static std::vector<std::string> pending_orders(Session& session) {
    std::vector<std::string> ids;
    const Json where = {{"payment_status", "pending"}, {"order_status", "active"}};
    for (const Json& order : rows(session, "ticket_orders", {{"where", where}, {"columns", {"id"}}}))
      ids.push_back(order["id"]);
    return ids;
  }

  // Every page of a list.
  static Json rows(Session& session, const char* table, Json request) {
    Json all = Json::array();
    for (;;) {
      const Json page = must(session.list(table, dump(request)));
      for (const Json& row : page["rows"]) all.push_back(row);
      if (page["cursor"].is_null()) return all;
      request["after"] = page["cursor"];
    }
  }

  // One that was answered is whole; so is one that was not, once it has its name.
  void check_backup(const Asked& asked) const {
    const std::string copy = asked.operation["arguments"]["path"];
    if (asked.answered || std::filesystem::exists(copy)) {
      auto engine = open_to_be_killed(copy, backup_key);
      ASSERT_TRUE(engine) << engine.error().to_json();
      Session root = engine.assume_value().session(R"({"kind":"service","reason":"kills"})").assume_value();
      const Json report = must(root.call("verify_store", "{}"));
      EXPECT_EQ(report["ok"], true) << dump(report);
      EXPECT_TRUE(engine.assume_value().close());
    }
    const std::string beginning = std::filesystem::path(copy).stem();
    for (const auto& entry : std::filesystem::directory_iterator(folder_.folder()))
      if (entry.path().filename().string().starts_with(beginning)) std::filesystem::remove(entry.path());
  }

  std::mt19937_64& dice_;
  const std::string name_;
  FaultFolder folder_;
  Json ground_ = Json::object();
  int key_ = 1;
  std::int64_t lives_ = 0, asked_ = 0, answered_ = 0;
  Record record_;
  std::set<std::string> removed_;  // keys of inserts whose rows were removed later
  std::map<std::string, std::int64_t> kinds_;
};

class KillsTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) std::printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  }

  Moment moment() {
    const auto lot = dice_() % 10;
    return lot < 6 ? Moment::working : lot < 8 ? Moment::opening : Moment::closing;
  }

  // A store's kills, at most so many. Every third is not looked at before the next life begins on what it left.
  void kill_on_one_store(std::int64_t most, const Budget& budget) {
    KilledStore store(dice_, std::to_string(stores_++));
    for (std::int64_t i = 1; i <= most && budget.allows(kills_) && !HasFailure(); ++i) {
      SCOPED_TRACE("kill " + std::to_string(kills_));
      const Moment at = moment();
      store.live(at, dice_());
      ++kills_, ++kills_at_[static_cast<std::size_t>(at)];
      if (dice_() % 3 == 0 && !store.must_be_looked_at() && i != most) continue;
      store.look(i % look_closely_every == 0);
    }
    if (HasFailure()) return;
    store.look(true);
    asked_ += store.asked(), answered_ += store.answered();
    for (const auto& [kind, count] : store.kinds()) kinds_[kind] += count;
  }

  std::mt19937_64 dice_{testing::seed()};
  std::int64_t kills_ = 0, stores_ = 0, asked_ = 0, answered_ = 0;
  std::int64_t kills_at_[3] = {};
  std::map<std::string, std::int64_t> kinds_;
};

TEST_F(KillsTest, WhatWasAnsweredIsThereOnceWheneverTheProcessDies) {
  const Budget budget("EC_KILLS", usual_kills);
  while (budget.allows(kills_) && !HasFailure()) kill_on_one_store(kills_of_a_store, budget);
  std::printf(
      "%lld kills (%lld opening, %lld working, %lld closing) in %.1f s: %.1f a second; %lld operations asked, "
      "%lld answered, %lld stores\n",
      static_cast<long long>(kills_), static_cast<long long>(kills_at_[0]), static_cast<long long>(kills_at_[1]),
      static_cast<long long>(kills_at_[2]), budget.seconds(), static_cast<double>(kills_) / budget.seconds(),
      static_cast<long long>(asked_), static_cast<long long>(answered_), static_cast<long long>(stores_));
  for (const auto& [kind, count] : kinds_) std::printf("  %s %lld\n", kind.c_str(), static_cast<long long>(count));
}

}  // namespace
}  // namespace eventcore::faults
