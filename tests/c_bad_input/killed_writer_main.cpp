// Writes without end, in every way there is, and says so: one line for each operation that was answered as done. Its
// parent kills it at some moment (killed_test.cpp).
//   killed_writer STORE GROUND SEED      GROUND: JSON with the ids of what stands already
#include <cstdio>
#include <cstdlib>
#include <random>

#include "c_bad_input/host.hpp"

namespace {

using namespace eventcore::host;

struct Writer {
  const Session& session;
  const json& ground;
  std::string run;
  int number = 0;
  std::string sold{};  // a ticket that can be scanned

  [[nodiscard]] std::string key() const { return run + "-" + std::to_string(number); }

  static void done(const std::string& kind, const std::string& key) {
    std::printf("%s %s\n", kind.c_str(), key.c_str());
    std::fflush(stdout);
  }

  [[nodiscard]] json venue(const std::string& name) const {
    return {{"name", name}, {"address", "Pier"}, {"max_capacity", 5}};
  }

  [[nodiscard]] json order(bool paid) const {
    json one{{"event_id", ground.at("event")},
             {"items", {{{"ticket_category_id", ground.at("category")}, {"quantity", 2}}}},
             {"customer", {{"email", key() + "@example.org"}, {"name", "Guest"}}}};
    if (paid) one["payment"] = {{"method", "cash"}, {"amount", "2.00"}};
    return one;
  }

  void insert() {
    must(session.insert("venues", venue("insert " + key()).dump()));
    done("insert", key());
  }

  void update() {
    must(session.update("venues", ground.at("venue"), json{{"city", key()}}.dump()));
    done("update", key());
  }

  void remove() {
    const json row = must(session.insert("venues", venue("remove " + key()).dump()));
    must(session.remove("venues", row.at("id")));
    done("remove", key());
  }

  void transaction() {
    ec_transaction_begin(session.handle(), nullptr);
    must(session.insert("venues", venue("transaction " + key() + " a").dump()));
    must(session.insert("venues", venue("transaction " + key() + " b").dump()));
    if (ec_transaction_commit(session.handle(), nullptr) != EC_OK) std::exit(1);
    done("transaction", key());
  }

  void sale() {
    const json reply = must(session.call("place_order", order(true).dump()));
    sold = reply.at("tickets").at(0).at("ticket_number");
    done("sale", key());
  }

  void payment() {
    const json reply = must(session.call("place_order", order(false).dump()));
    must(session.call(
        "confirm_payment",
        json{{"order_id", reply.at("order").at("id")}, {"amount", "2.00"}, {"currency", "USD"}, {"reference", key()}}
            .dump()));
    done("payment", key());
  }

  void check_in() {
    const std::string ticket = sold.empty() ? "nowhere" : sold;
    must(session.call("check_in",
                      json{{"event_id", ground.at("event")}, {"ticket_number", ticket}, {"nonce", key()}}.dump()));
    done("check_in", key());
  }

  void submitted() {
    ec_pending* pending = nullptr;
    ec_bytes* bytes = nullptr;
    const std::string text = order(true).dump();
    if (ec_submit(session.handle(), nullptr, EC_TEXT("place_order"), text.data(), text.size(), &pending, nullptr) !=
            EC_OK ||
        ec_wait(pending, -1, &bytes, nullptr) != EC_OK)
      std::exit(1);
    ec_bytes_free(bytes);
    ec_pending_free(pending);
    done("sale", key());
  }

  void import() {
    json event = ground.at("conference").at("event");
    event["name"] = "Conference " + key();
    event["identifier"] = key();
    const json arguments{{"documents", {{"event", event}, {"tracks", ground.at("conference").at("tracks")}}}};
    must(session.call("import_open_event", arguments.dump()));
    done("import", key());
  }

  void one(unsigned choice) {
    ++number;
    switch (choice % 12) {
      case 0:
      case 1: return insert();
      case 2: return update();
      case 3: return remove();
      case 4:
      case 5: return transaction();
      case 6: return sale();
      case 7: return payment();
      case 8: return check_in();
      case 9: return submitted();
      case 10: return number % 3 == 0 ? import() : check_in();
      default: return payment();
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const json ground = json::parse(argv[2]);
  const Engine engine(argv[1], EC_OPEN_TEST_CLOCK);
  ec_engine_clock_set(engine.handle(), 1'908'295'200'000'000, nullptr);  // 2030-06-21
  const Session session(engine,
                        {{"kind", "service"}, {"reason", "kill"}, {"organization_id", ground.at("organization")}});
  std::mt19937 random(static_cast<unsigned>(std::atoi(argv[3])));
  Writer writer{session, ground, std::string("k") + argv[3]};
  for (;;) writer.one(static_cast<unsigned>(random()));
}
