// The engine as a peer: through its C++ API and through its C ABI. Both build the same requests.
#include <array>
#include <eventcore/engine.hpp>
#include <filesystem>
#include <fstream>

#include "eventcore.h"
#include "peer.hpp"

namespace bench {

namespace {

using eventcore::Engine;
using eventcore::Key;
using eventcore::OpenOptions;
using eventcore::Result;
using eventcore::Session;

// The morning of the event: all sale windows are open and tickets are valid.
constexpr std::int64_t opening_time = 1'903'860'000'000'000;
const std::array<std::uint8_t, 32> store_key{7};

// What a session of either language can do; everything else is the same for both.
class Tongue {
 public:
  virtual ~Tongue() = default;
  Tongue() = default;
  Tongue(const Tongue&) = delete;
  Tongue& operator=(const Tongue&) = delete;
  virtual std::string call(const std::string& command, const std::string& arguments) = 0;
  virtual void call_together(const std::string& command, const std::vector<std::string>& arguments) {
    for (const std::string& each : arguments) static_cast<void>(call(command, each));
  }
  virtual std::string get(const std::string& table, const std::string& id) = 0;
  virtual std::string insert(const std::string& table, const std::string& row) = 0;
  virtual std::string update(const std::string& table, const std::string& id, const std::string& changes) = 0;
  virtual std::string list(const std::string& table, const std::string& request) = 0;
  virtual std::int64_t count(const std::string& table, const std::string& request) = 0;
  virtual std::string changes(std::int64_t, std::int64_t /*limit*/, std::int64_t /*wait_us*/) {
    throw Wrong("changes are read through C++ alone");
  }
};

struct Place {
  std::string owner;
  std::string manager;
  std::string member;
  std::string assigned;  // a member with very many assignments
  std::string organization;
  std::string event;
  std::vector<std::string> categories;
  std::string crowd_event;
};

class EngineCaller final : public Caller {
 public:
  // `shop`: who hears of online payments.
  EngineCaller(std::unique_ptr<Tongue> session, const Place& place, std::unique_ptr<Tongue> shop = nullptr)
      : session_(std::move(session)), shop_(std::move(shop)), place_(place) {
    for (const std::string& category : place.categories) orders_.push_back(order(category, 1).dump());
    list_ = Json{{"where", {{"ticket_category_id", place.categories[listed]}}}, {"limit", list_size}}.dump();
    scan_ = R"({"event_id":")" + place.event + R"(","code":")";
  }

  void sell(std::size_t category) override {
    if (session_->call("place_order", orders_[category]).empty()) throw Wrong("an order was answered with nothing");
  }

  void sell_together(std::size_t category, int orders) override {
    session_->call_together("place_order",
                            std::vector<std::string>(static_cast<std::size_t>(orders), orders_[category]));
  }

  std::vector<std::string> seed(std::size_t category, int quantity) override {
    const Json reply = Json::parse(session_->call("place_order", order(place_.categories[category], quantity).dump()));
    std::vector<std::string> codes;
    for (const Json& ticket : reply["tickets"]) codes.push_back(ticket["qr_code_data"]);
    return codes;
  }

  void order_online(std::size_t category) override {
    Json cart = order(place_.categories[category], 1);
    cart.erase("payment");
    cart["customer"]["email"] = "walk-in@mail.example";
    const Json placed = Json::parse(session_->call("place_order", cart.dump()))["order"];
    Json payment = {{"order_id", placed["id"]}, {"provider", "bench"}, {"reference", placed["id"]}};
    static_cast<void>(shop_->call("start_payment", payment.dump()));
    payment["amount"] = placed["total_amount"];
    payment["currency"] = placed["currency"];
    if (Json::parse(shop_->call("confirm_payment", payment.dump()))["tickets"].size() != 1)
      throw Wrong("a paid order gave other than one ticket");
  }

  void seed_visitors(std::int64_t first, int orders, int quantity) override {
    std::vector<std::string> together;
    for (int i = 0; i < orders; ++i) {
      Json one = order(place_.categories[crowded], quantity);
      one["event_id"] = place_.crowd_event;
      for (int n = 0; n < quantity; ++n) one["items"][0]["attendees"].push_back({{"name", visitor_name(first++)}});
      together.push_back(one.dump());
    }
    session_->call_together("place_order", together);
  }

  bool check_in(const std::string& code) override {
    return session_->call("check_in", scan_ + code + "\"}").find(R"("outcome":"admitted")") != std::string::npos;
  }

  void read_event() override {
    if (session_->get("events", place_.event).find(place_.event) == std::string::npos)
      throw Wrong("another event was read");
  }

  int list_tickets() override { return tickets_in(session_->list("tickets", list_)); }

  Page page(const std::string& after) override {
    Json request = {{"where", {{"ticket_category_id", place_.categories[crowded]}}}, {"limit", crowd_page}};
    if (!after.empty()) request["after"] = after;
    const std::string reply = session_->list("tickets", request.dump());
    static constexpr std::string_view cursor = R"("cursor":")";
    const std::size_t at = reply.rfind(cursor);
    if (at == std::string::npos) return {tickets_in(reply), ""};
    const std::size_t begin = at + cursor.size();
    return {tickets_in(reply), reply.substr(begin, reply.find('"', begin) - begin)};
  }

  int search(const std::string& prefix) override {
    const Json request = {{"event_id", place_.crowd_event}, {"query", prefix}, {"limit", crowd_page}};
    return tickets_in(session_->call("search_attendees", request.dump()));
  }

  std::int64_t report() override {
    return Json::parse(session_->call("event_report", Json{{"event_id", place_.crowd_event}}.dump()))["tickets"];
  }

  Changes changes(std::int64_t since, std::int64_t wait_us) override {
    constexpr std::int64_t at_once = 1'000;
    const Json page = Json::parse(session_->changes(since, at_once, wait_us));
    return {static_cast<std::int64_t>(page["changes"].size()), page["next"]};
  }

 private:
  [[nodiscard]] int tickets_in(const std::string& reply) const {
    int rows = 0;
    for (std::size_t at = reply.find(member_); at != std::string::npos; at = reply.find(member_, at + 1)) ++rows;
    return rows;
  }

  [[nodiscard]] Json order(const std::string& category, int quantity) const {
    return Json{{"event_id", place_.event},
                {"items", Json::array({{{"ticket_category_id", category}, {"quantity", quantity}}})},
                {"customer", {{"name", "Walk-in"}}},
                {"payment", {{"method", "cash"}, {"amount", std::to_string(quantity * 10) + ".00"}}}};
  }

  const std::string member_ = R"("ticket_number":)";
  std::unique_ptr<Tongue> session_;
  std::unique_ptr<Tongue> shop_;
  const Place& place_;
  std::vector<std::string> orders_;
  std::string list_;
  std::string scan_;
};

class EnginePeer : public ThreadedPeer {
 public:
  explicit EnginePeer(std::string folder) : folder_(std::move(folder)) {}

  void set_up() override {
    make_store(folder_ + "/bench.ecdb");
    auto service = session(Json{{"kind", "service"}, {"reason", "benchmark"}});
    const Json made = Json::parse(service->call(
        "create_organization",
        R"({"name":"Bench","slug":"bench","owner":{"email":"owner@bench.example","full_name":"Owner"}})"));
    place_.owner = made["owner"]["id"];
    place_.organization = made["organization"]["id"];
    auto owner = as(place_.owner);
    place_.event = make(*owner, "events",
                        {{"name", "Bench"},
                         {"description", std::string(400, 'x')},
                         {"start_datetime", "2030-05-01T10:00:00Z"},
                         {"end_datetime", "2030-05-01T20:00:00Z"}});
    for (std::size_t i = 0; i < all_categories; ++i)
      place_.categories.push_back(make(*owner, "ticket_categories",
                                       {{"event_id", place_.event},
                                        {"name", "Category " + std::to_string(i)},
                                        {"base_price", "10.00"},
                                        {"max_per_order", seed_order_max},
                                        {"total_quantity", places}}));
    static_cast<void>(owner->update("events", place_.event, R"({"status":"confirmed"})"));
    place_.manager = invite(*owner, "manager");
    place_.member = invite(*owner, "member");
    assign(*owner, place_.event, place_.member, "technical_director");
    place_.assigned = invite(*owner, "member", "assigned");
    assign(*owner, place_.event, place_.assigned, "operations_manager");  // who sees the columns that a manager sees
    for (int i = 1; i < assignments; ++i)
      assign(*owner,
             make(*owner, "events",
                  {{"name", "Bench " + std::to_string(i)},
                   {"start_datetime", "2030-06-01T10:00:00Z"},
                   {"end_datetime", "2030-06-01T20:00:00Z"}}),
             place_.assigned, "operations_manager");
    seed_list();
  }

  Counts count() override {
    auto owner = as(place_.owner);
    Counts counts;
    counts.orders = owner->count("ticket_orders", "{}");
    counts.tickets = owner->count("tickets", "{}");
    counts.used = owner->count("tickets", R"({"where":{"status":"used"}})");
    for (const std::string& id : place_.categories) {
      counts.rows_by_category.push_back(owner->count("tickets", Json{{"where", {{"ticket_category_id", id}}}}.dump()));
      const Json row = Json::parse(owner->get("ticket_categories", id));
      counts.counter_by_category.push_back(places - row["available_quantity"].get<std::int64_t>());
    }
    return counts;
  }

  void verify() override {
    auto service = session(Json{{"kind", "service"}, {"reason", "benchmark"}});
    const Json reply = Json::parse(service->call("verify_store", "{}"));
    if (reply["ok"] != true) throw Wrong(name() + ": verify_store: " + reply["problems"].dump());
  }

 protected:
  virtual void make_store(const std::string& path) = 0;
  virtual std::unique_ptr<Tongue> session(const Json& principal) = 0;

  void make_crowd() override {
    auto owner = as(place_.owner);
    place_.crowd_event =
        make(*owner, "events",
             {{"name", "Crowd"}, {"start_datetime", "2030-05-01T10:00:00Z"}, {"end_datetime", "2030-05-01T20:00:00Z"}});
    place_.categories.push_back(make(*owner, "ticket_categories",
                                     {{"event_id", place_.crowd_event},
                                      {"name", "Crowd"},
                                      {"base_price", "10.00"},
                                      {"max_per_order", seed_order_max},
                                      {"total_quantity", places}}));
    static_cast<void>(owner->update("events", place_.crowd_event, R"({"status":"confirmed"})"));
  }

  std::unique_ptr<Caller> caller(Person person) override {
    if (person == Person::online)
      return std::make_unique<EngineCaller>(session(Json{{"kind", "anon"}}), place_,
                                            session(Json{{"kind", "service"}, {"reason", "online shop"}}));
    if (person == Person::service)
      return std::make_unique<EngineCaller>(
          session(Json{{"kind", "service"}, {"reason", "benchmark"}, {"organization_id", place_.organization}}),
          place_);
    const std::string& user = person == Person::member     ? place_.member
                              : person == Person::assigned ? place_.assigned
                              : person == Person::manager  ? place_.manager
                                                           : place_.owner;
    return std::make_unique<EngineCaller>(as(user), place_);
  }

  Place place_;
  std::string folder_;

 private:
  std::unique_ptr<Tongue> as(const std::string& user) { return session(Json{{"kind", "user"}, {"id", user}}); }

  static std::string make(Tongue& owner, const std::string& table, const Json& row) {
    return Json::parse(owner.insert(table, row.dump()))["id"];
  }

  static void assign(Tongue& owner, const std::string& event, const std::string& user, const std::string& role) {
    static_cast<void>(
        owner.call("assign_team", Json{{"event_id", event}, {"user_id", user}, {"role_type", role}}.dump()));
  }

  static std::string invite(Tongue& owner, const std::string& role, const std::string& name = "") {
    const std::string& known_as = name.empty() ? role : name;
    const Json request = {{"email", known_as + "@bench.example"}, {"full_name", known_as}, {"role", role}};
    return Json::parse(owner.call("invite_user", request.dump()))["user"]["id"];
  }
};

// ---- C++ ------------------------------------------------------------------------------------------------------------

template <class T>
T taken(Result<T>&& result) {
  if (!result) throw Wrong("the engine refused: " + result.error().to_json());
  return std::move(result.assume_value());
}

class CppTongue final : public Tongue {
 public:
  explicit CppTongue(Session session) : session_(std::move(session)) {}
  ~CppTongue() override { session_.close(); }
  std::string call(const std::string& command, const std::string& arguments) override {
    return taken(session_.call(command, arguments));
  }
  void call_together(const std::string& command, const std::vector<std::string>& arguments) override {
    std::vector<eventcore::Pending> pending;
    for (const std::string& each : arguments) pending.push_back(taken(session_.submit(command, each)));
    for (eventcore::Pending& one : pending) static_cast<void>(taken(std::move(*one.wait(-1))));
  }
  std::string get(const std::string& table, const std::string& id) override { return taken(session_.get(table, id)); }
  std::string insert(const std::string& table, const std::string& row) override {
    return taken(session_.insert(table, row));
  }
  std::string list(const std::string& table, const std::string& request) override {
    return taken(session_.list(table, request));
  }
  std::int64_t count(const std::string& table, const std::string& request) override {
    return taken(session_.count(table, request));
  }
  std::string update(const std::string& table, const std::string& id, const std::string& changes) override {
    return taken(session_.update(table, id, changes));
  }
  std::string changes(std::int64_t since, std::int64_t limit, std::int64_t wait_us) override {
    return taken(session_.changes(since, limit, wait_us));
  }

 private:
  Session session_;
};

class CppPeer final : public EnginePeer {
 public:
  using EnginePeer::EnginePeer;
  [[nodiscard]] std::string name() const override { return "eventcore_cpp"; }
  [[nodiscard]] bool does(Work) const override { return true; }

  // Through the command line, into a store of its own whose clock is the machine's.
  double import_rows(std::int64_t first, std::int64_t rows) override {
    const std::string store = folder_ + "/import.ecdb";
    const std::string csv = folder_ + "/venues.csv";
    const std::string key = folder_ + "/import.key";
    if (first == 0) {
      std::ofstream(key, std::ios::binary).write(reinterpret_cast<const char*>(store_key.data()), store_key.size());
      std::filesystem::permissions(key, std::filesystem::perms::owner_read);
      Engine engine = opened(store, true, false);
      CppTongue service(taken(engine.session(R"({"kind":"service","reason":"benchmark"})")));
      imported_into_ = Json::parse(service.call(
          "create_organization",
          R"({"name":"I","slug":"i","owner":{"email":"o@i.example","full_name":"O"}})"))["organization"]["id"];
    }
    write_venues(csv, first, rows);
    const std::string log = folder_ + "/import.log";
    const std::string command = EC_BENCH_CLI " import venues " + csv + " --store " + store + " --key-file " + key +
                                " --organization " + imported_into_ + " --batch " + std::to_string(import_batch) +
                                " >" + log + " 2>&1";
    if (std::system(command.c_str()) != 0) {
      std::string said;
      std::getline(std::ifstream(log), said);
      throw Wrong("the import ended with an error: " + said);
    }
    Engine engine = opened(store, false, false);
    CppTongue service(taken(engine.session(R"({"kind":"service","reason":"benchmark"})")));
    if (service.count("venues", "{}") != first + rows) throw Wrong("not all rows were imported");
    return static_cast<double>(rows);
  }

  double verify_audit() override {
    auto owner = session(Json{{"kind", "user"}, {"id", place_.owner}});
    const Json reply = Json::parse(owner->call("verify_audit", Json{{"organization_id", place_.organization}}.dump()));
    if (reply["ok"] != true) throw Wrong("verify_audit: " + reply.dump());
    return reply["entries"];
  }

  // A store of its own, as one process opens it that has no other open.
  double open(bool passphrase) override {
    const std::string path = folder_ + (passphrase ? "/passphrase.ecdb" : "/raw.ecdb");
    if (!std::filesystem::exists(path)) static_cast<void>(opened(path, true, passphrase).close());
    Engine engine = opened(path, false, passphrase);
    if (!engine.session(R"({"kind":"anon"})")) throw Wrong("an opened store gives no session");
    return 1;
  }

  double back_up() override {
    const std::filesystem::path to = folder_ + "/copy.ecdb";
    const Key key = Key::raw(store_key);
    eventcore::CallOptions options;
    options.key = &key;
    Session service = taken(engine_->session(R"({"kind":"service","reason":"benchmark"})"));
    const Json reply = Json::parse(taken(service.call("backup", Json{{"path", to.string()}}.dump(), options)));
    const auto size = std::filesystem::file_size(to);
    if (reply["bytes"] != size) throw Wrong("the copy has another size than was told");
    for (const char* end : {".ecdb", ".keys", ".anchor", ".lock"})
      std::filesystem::remove(std::filesystem::path(to).replace_extension(end));
    return static_cast<double>(size) / 1e6;
  }

 protected:
  void make_store(const std::string& path) override {
    OpenOptions options;
    options.path = path;
    options.key = Key::raw(store_key);
    options.create_new = true;
    options.test_clock = true;
    engine_.emplace(taken(Engine::open(std::move(options))));
    if (!engine_->set_clock(opening_time)) throw Wrong("the clock cannot be set");
  }
  std::unique_ptr<Tongue> session(const Json& principal) override {
    return std::make_unique<CppTongue>(taken(engine_->session(principal.dump())));
  }

 private:
  static Engine opened(const std::string& path, bool create, bool passphrase) {
    OpenOptions options;
    options.path = path;
    options.key = passphrase ? Key::passphrase("seven plain words that nobody else knows") : Key::raw(store_key);
    options.create_new = create;
    return taken(Engine::open(std::move(options)));
  }

  static void write_venues(const std::string& path, std::int64_t first, std::int64_t rows) {
    std::ofstream csv(path);
    csv << "name,address,max_capacity\n";
    for (std::int64_t i = first; i < first + rows; ++i)
      csv << venue_name(i) << ",\"" << venue_address << "\"," << venue_capacity << '\n';
  }

  std::optional<Engine> engine_;
  std::string imported_into_;  // the organization
};

// ---- C --------------------------------------------------------------------------------------------------------------

void must(ec_status status, ec_error* error) {
  if (status == EC_OK) return;
  const std::string why = ec_error_json(error);
  ec_error_free(error);
  throw Wrong("the engine refused: " + why);
}

std::string text_of(ec_bytes* bytes) {
  std::string text(ec_bytes_data(bytes), ec_bytes_size(bytes));
  ec_bytes_free(bytes);
  return text;
}

class CTongue final : public Tongue {
 public:
  explicit CTongue(ec_session* session) : session_(session) {}
  ~CTongue() override { static_cast<void>(ec_session_close(session_, nullptr)); }
  std::string call(const std::string& command, const std::string& arguments) override {
    return reply([&](ec_bytes** out, ec_error** error) {
      return ec_call(session_, command.data(), command.size(), arguments.data(), arguments.size(), out, error);
    });
  }
  std::string get(const std::string& table, const std::string& id) override {
    return reply([&](ec_bytes** out, ec_error** error) {
      return ec_row_get(session_, nullptr, table.data(), table.size(), id.data(), id.size(), out, error);
    });
  }
  std::string insert(const std::string& table, const std::string& row) override {
    return reply([&](ec_bytes** out, ec_error** error) {
      return ec_row_insert(session_, nullptr, table.data(), table.size(), row.data(), row.size(), out, error);
    });
  }
  std::string list(const std::string& table, const std::string& request) override {
    return reply([&](ec_bytes** out, ec_error** error) {
      return ec_rows_list(session_, table.data(), table.size(), request.data(), request.size(), out, error);
    });
  }
  std::int64_t count(const std::string& table, const std::string& request) override {
    std::int64_t rows = 0;
    ec_error* error = nullptr;
    must(ec_rows_count(session_, table.data(), table.size(), request.data(), request.size(), &rows, &error), error);
    return rows;
  }
  std::string update(const std::string& table, const std::string& id, const std::string& changes) override {
    return reply([&](ec_bytes** out, ec_error** error) {
      return ec_row_update(session_, nullptr, table.data(), table.size(), id.data(), id.size(), changes.data(),
                           changes.size(), out, error);
    });
  }

 private:
  template <class Function>
  static std::string reply(const Function& function) {
    ec_bytes* out = nullptr;
    ec_error* error = nullptr;
    must(function(&out, &error), error);
    return text_of(out);
  }
  ec_session* session_;
};

class CPeer final : public EnginePeer {
 public:
  using EnginePeer::EnginePeer;
  ~CPeer() override { static_cast<void>(ec_engine_close(engine_, nullptr)); }
  [[nodiscard]] std::string name() const override { return "eventcore_c"; }
  // What is beyond a call is the same code under both.
  [[nodiscard]] bool does(Work work) const override { return def_of(work).scope == Scope::calls; }

 protected:
  void make_store(const std::string& path) override {
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    options.path = path.data();
    options.path_length = path.size();
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = store_key.data();
    options.key_length = store_key.size();
    options.flags = EC_OPEN_CREATE_NEW | EC_OPEN_TEST_CLOCK;
    ec_error* error = nullptr;
    must(ec_engine_open(&options, &engine_, &error), error);
    must(ec_engine_clock_set(engine_, opening_time, &error), error);
  }
  std::unique_ptr<Tongue> session(const Json& principal) override {
    const std::string text = principal.dump();
    ec_session* session = nullptr;
    ec_error* error = nullptr;
    must(ec_session_open(engine_, text.data(), text.size(), &session, &error), error);
    return std::make_unique<CTongue>(session);
  }

 private:
  ec_engine* engine_ = nullptr;
};

}  // namespace

std::unique_ptr<ThreadedPeer> engine_in_cpp(const std::string& folder) {
  return std::make_unique<CppPeer>(folder);
}
std::unique_ptr<Peer> engine_in_c(const std::string& folder) {
  return std::make_unique<CPeer>(folder);
}

}  // namespace bench
