// A busy host that does not live long: eight threads do everything there is to do at a box office, and write down each
// thing twice, before they ask for it and after it was answered. Whoever started it kills it (kills_slow_test.cpp).
//   kills_worker STORE KEY GROUND LIFE SEED CLOSE-AFTER
// GROUND: JSON with the ids of what stands already. CLOSE-AFTER: so many answers later the engine is closed; -1: never.
// Lines: "opening", "working", "closing", "ask OPERATION", "done KEY DIGEST-OF-REPLY", "refused KEY ERROR".
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "faults/kills_operation.hpp"

namespace {

using namespace eventcore;
using namespace eventcore::faults;

constexpr int threads = 8;

// One call of write(), so that lines of several threads never mix.
void say(std::string line) {
  line += '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(3);
}

struct Ticket {
  Json id, number;
};

// One of the threads, with what it has sold.
class Clerk {
 public:
  Clerk(Session session, Session root, const Json& ground, std::string life, int number, std::uint64_t seed)
      : session_(std::move(session)),
        root_(std::move(root)),
        ground_(ground),
        name_(std::move(life)),
        number_(number),
        dice_(seed) {}

  // False when the engine was closed.
  bool act() {
    key_ = "kill-" + name_ + "-" + std::to_string(number_) + "-" + std::to_string(++acts_);
    key_.resize(std::max<std::size_t>(key_.size(), 16), 'x');
    Operation operation = next();
    operation["key"] = key_;
    say("ask " + dump(operation));
    const auto reply = perform(operation["do"] == "with key" ? root_ : session_, operation);
    if (reply) {
      say("done " + key_ + " " + digest_of(reply.assume_value()));
      learn(operation, reply.assume_value());
      return true;
    }
    say("refused " + key_ + " " + std::string(reply.error().name()));
    return reply.error().name() != "closed";
  }

 private:
  int roll(int sides) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(sides)); }
  [[nodiscard]] std::string mail(const std::string& more = "") const { return key_ + more + "@example.org"; }
  static Json call(const char* command, Json arguments) {
    return {{"do", "call"}, {"command", command}, {"arguments", std::move(arguments)}};
  }
  static Json venue(const std::string& name) { return {{"name", name}, {"address", "Pier"}, {"max_capacity", 5}}; }

  Json order(const std::string& email, bool paid) {
    const Json& category = roll(2) == 0 ? ground_["hot"] : own("categories");
    Json order = {{"event_id", ground_["event"]},
                  {"items", {{{"ticket_category_id", category}, {"quantity", 2}}}},
                  {"customer", {{"email", email}, {"name", "Guest"}}}};
    if (paid) order["payment"] = {{"method", "cash"}, {"amount", "2.00"}};
    return order;
  }

  [[nodiscard]] const Json& own(const char* list) const { return ground_[list][static_cast<std::size_t>(number_)]; }

  static Ticket taken(std::vector<Ticket>& from) {
    Ticket ticket = from.back();
    from.pop_back();
    return ticket;
  }

  Operation next() {
    const int lot = roll(100);
    if (lot < 2 && number_ < 2) return rare();
    if (lot < 24) return call("place_order", order(mail(), true));
    if (lot < 30) return call("place_order", order(mail(), false));
    if (lot < 40 && !held_.empty()) return pay();
    if (lot < 56 && !valid_.empty()) return check_in();
    if (lot < 62 && !used_.empty()) return call("undo_check_in", {{"ticket_id", taken(used_).id}, {"reason", "kills"}});
    if (lot < 68 && !valid_.empty()) return call("refund_tickets", {{"ticket_ids", {taken(valid_).id}}});
    if (lot < 76 && !valid_.empty())
      return call("transfer_ticket", {{"ticket_id", taken(valid_).id}, {"name", "New"}, {"email", mail()}});
    return rows(lot);
  }

  Operation rows(int lot) {
    if (lot < 80)
      return {{"do", "update"},
              {"table", "ticket_categories"},
              {"id", own("categories")},
              {"row", {{"total_quantity", 200 + 10 * roll(1'000)}}}};
    if (lot < 86) return {{"do", "insert"}, {"table", "venues"}, {"row", venue(key_)}};
    if (lot < 90) return {{"do", "update"}, {"table", "venues"}, {"id", own("venues")}, {"row", {{"city", key_}}}};
    if (lot < 92 && !venues_.empty()) {
      Operation remove = std::move(venues_.back());
      venues_.pop_back();
      return remove;
    }
    if (lot < 95) return {{"do", "transaction"}, {"rows", {venue(key_ + " a"), venue(key_ + " b")}}};
    const Json first = Json::array({"place_order", order(mail(), true)});
    // One in two fails at its second step; then the first was not done either.
    const Json second = lot < 97
                            ? Json::array({"place_order", order(mail("-b"), true)})
                            : Json::array({"undo_check_in", {{"ticket_id", ground_["event"]}, {"reason", "kills"}}});
    return {{"do", "many"}, {"calls", Json::array({first, second})}};
  }

  Operation rare() {
    if (number_ == 0 && !rotated_) {
      rotated_ = true;
      return {{"do", "with key"},
              {"command", "rotate_key"},
              {"new_key", ground_["new_key"]},
              {"arguments", {{"data_key", roll(4) == 0}}}};
    }
    const std::string path = ground_["folder"].get<std::string>() + "/" + key_ + ".ecdb";
    return {{"do", "with key"}, {"command", "backup"}, {"new_key", 7}, {"arguments", {{"path", path}}}};
  }

  Operation pay() {
    const Json id = held_.back();
    held_.pop_back();
    return call("confirm_payment",
                {{"order_id", id}, {"amount", "2.00"}, {"currency", "USD"}, {"provider", "bank"}, {"reference", key_}});
  }

  Operation check_in() {
    const Ticket ticket = taken(valid_);
    scanned_ = ticket;
    return call("check_in", {{"event_id", ground_["event"]}, {"ticket_number", ticket.number}, {"nonce", key_}});
  }

  void keep(const Json& tickets) {
    for (const Json& ticket : tickets) valid_.push_back({ticket["id"], ticket["ticket_number"]});
  }

  // What the next acts may work on.
  void learn(const Operation& operation, const std::string& text) {
    if (text.empty()) return;
    const Json reply = parse_json(text).assume_value();
    if (operation["do"] == "insert")
      venues_.push_back({{"do", "remove"}, {"table", "venues"}, {"id", reply["id"]}, {"name", key_}});
    if (operation["do"] != "call") return;
    const std::string command = operation["command"];
    if (command == "place_order" && reply["tickets"].empty()) held_.push_back(reply["order"]["id"]);
    if (command == "place_order" || command == "confirm_payment") keep(reply["tickets"]);
    if (command == "check_in" && reply["outcome"] == "admitted") used_.push_back(scanned_);
    if (command == "transfer_ticket" || command == "undo_check_in") keep(Json::array({reply["ticket"]}));
  }

  Session session_, root_;  // of the organization, of the store
  const Json& ground_;
  const std::string name_;
  const int number_;
  std::mt19937_64 dice_;
  std::string key_{};
  int acts_ = 0;
  bool rotated_ = false;
  std::vector<Ticket> valid_{}, used_{};
  Ticket scanned_{};
  std::vector<Json> held_{};
  std::vector<Operation> venues_{};  // how they will be removed
};

}  // namespace

int main(int count, char** given) {
  if (count != 7) return 2;
  const Json ground = parse_json(given[3]).assume_value();
  const std::uint64_t seed = std::strtoull(given[5], nullptr, 10);
  const std::int64_t close_after = std::atoll(given[6]);
  say("opening");
  auto engine = open_to_be_killed(given[1], std::atoi(given[2]));
  if (!engine) {
    say("failed " + engine.error().to_json());
    return 4;
  }
  say("working");
  std::atomic<std::int64_t> answers{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      auto session = kills_session(engine.assume_value(), ground["organization"]);
      auto root = engine.assume_value().session(R"({"kind":"service","reason":"kills"})");
      if (!session || !root) return;  // closed before this thread came to it
      Clerk clerk(std::move(session).assume_value(), std::move(root).assume_value(), ground, given[4], t,
                  seed * threads + static_cast<std::uint64_t>(t));
      while (clerk.act())
        if (++answers == close_after) {
          say("closing");
          (void)engine.assume_value().close();
        }
    });
  for (std::thread& thread : all) thread.join();
  say("closed");
  ::pause();  // until it is killed
}
