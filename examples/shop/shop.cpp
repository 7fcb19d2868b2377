// An online shop's backend without a framework: reads a request on each line of standard input, answers it on a line of
// standard output, from several threads. A web server would hand over its requests in the same way.
//
//   shop STORE KEY_FILE ORGANIZATION_ID
//
//   {"id": 1, "do": "events"}
//   {"id": 2, "do": "quote",   "with": {"event_id": ..., "items": [{"ticket_category_id": ..., "quantity": 2}]}}
//   {"id": 3, "do": "order",   "with": {...as quote, "customer": {"email": ..., "name": ...}}, "key": "cart-7f3a..."}
//   {"id": 4, "do": "pay",     "with": {"order_id": ..., "provider": "stripe", "reference": "pi_1"}}
//   {"id": 5, "do": "webhook", "with": {"type": "succeeded", "order_id": ..., "amount": "50.00", "currency": "EUR",
//                                       "reference": "pi_1"}}
//   {"id": 6, "do": "stripe",  "with": {"payload": "...the body as it came...", "signature": "t=...,v1=..."}}
//   {"id": 7, "do": "status",  "with": {"order_id": ..., "email": ...}}
//   {"id": 8, "do": "cancel",  "with": {"order_id": ..., "email": ...}}
//   {"id": 9, "do": "wait",    "with": {"ticket_category_id": ..., "quantity": 1, "customer": {"email": ...}}}
//
// Each answer is {"id": ..., "ok": true, "result": {...}} or {"id": ..., "ok": false, "error": {...}}, in the order in
// which they are ready. docs/guides/first-hour-cpp.md walks through this file.
#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <eventcore/engine.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

using eventcore::Engine;
using eventcore::Errc;
using eventcore::Failure;
using eventcore::Pending;
using eventcore::Result;
using eventcore::Session;
using nlohmann::json;

namespace {

constexpr int worker_count = 4;
constexpr std::size_t batch_max = 16;  // requests that a worker has in flight at once

// ---- requests in, answers out
// ----------------------------------------------------------------------------------------

// Lines wait here for the next worker that is free.
class Inbox {
 public:
  void put(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_one();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    closes_.notify_all();
  }

  // What waits, at most batch_max; empty when there will be nothing more.
  std::vector<std::string> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !lines_.empty(); });
    std::vector<std::string> taken;
    while (!lines_.empty() && taken.size() < batch_max) {
      taken.push_back(std::move(lines_.front()));
      lines_.pop_front();
    }
    return taken;
  }

  // Answers true when the shop closes before the time has passed.
  bool closes_within(std::chrono::seconds time) {
    std::unique_lock lock(mutex_);
    return closes_.wait_for(lock, time, [this] { return closed_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable closes_;  // of its own, or a line could wake the housekeeper instead of a worker
  std::deque<std::string> lines_;
  bool closed_ = false;
};

std::mutex output_mutex;

void answer(const json& id, const Result<std::string>& result) {
  json line = {{"id", id}, {"ok", result.has_value()}};
  if (result)
    line["result"] = json::parse(result.assume_value());
  else
    line["error"] = json::parse(result.error().to_json());
  const std::lock_guard lock(output_mutex);
  std::cout << line.dump() << std::endl;
}

// ---- the shop
// --------------------------------------------------------------------------------------------------------

// A request is answered at once, or its command was submitted and is waited for later.
struct Started {
  std::optional<Pending> pending;
  std::string reply;
};

// One worker's view of the engine. A session serves one call at a time, so each worker has its own; they are cheap.
class Shop {
 public:
  static Result<Shop> open(Engine& engine, const std::string& organization) {
    const json service = {{"kind", "service"}, {"reason", "shop backend"}, {"organization_id", organization}};
    EC_TRY(backend, engine.session(service.dump()));
    EC_TRY(visitor, engine.session(json{{"kind", "anon"}, {"organization_id", organization}}.dump()));
    return Shop(engine, organization, std::move(backend), std::move(visitor));
  }

  Result<Started> start(const json& request) {
    const std::string what = request.value("do", "");
    const json with = request.value("with", json::object());
    if (what == "events") return events();
    if (what == "quote") return at_once(visitor_.call("quote_order", with.dump()));
    if (what == "order") return order(with, request.value("key", ""));
    if (what == "pay") return later(backend_.submit("start_payment", with.dump()));
    if (what == "webhook") return webhook(with);
    if (what == "stripe") return stripe(with);
    if (what == "status") return status(with);
    if (what == "cancel") return cancel(with);
    if (what == "wait") return later(visitor_.submit("join_waitlist", with.dump()));
    return eventcore::fail_field(Errc::invalid_argument, "do",
                                 "must be events, quote, order, pay, webhook, stripe, status, cancel or wait");
  }

 private:
  Shop(Engine& engine, std::string organization, Session backend, Session visitor)
      : engine_(&engine),
        organization_(std::move(organization)),
        backend_(std::move(backend)),
        visitor_(std::move(visitor)) {}

  static Result<Started> at_once(Result<std::string> reply) {
    if (!reply) return reply.error();
    return Started{{}, std::move(reply.assume_value())};
  }

  static Result<Started> later(Result<Pending> pending) {
    if (!pending) return pending.error();
    return Started{std::move(pending.assume_value()), {}};
  }

  // What an anonymous visitor may see is decided by the engine: drafts and other tenants' events are not there.
  Result<Started> events() {
    EC_TRY(found, visitor_.list("events", R"({"order_by": ["start_datetime"], "limit": 100})"));
    json events = json::parse(found)["rows"];
    for (json& event : events) {
      EC_TRY(categories, visitor_.list("ticket_categories", json{{"where", {{"event_id", event["id"]}}}}.dump()));
      event["categories"] = json::parse(categories)["rows"];
    }
    return Started{{}, json{{"events", events}}.dump()};
  }

  Result<Session> customer(const json& email) {
    return engine_->session(json{{"kind", "customer"}, {"email", email}, {"organization_id", organization_}}.dump());
  }

  // The cart's key makes a second click, or a repeat after a lost answer, get the first order instead of another.
  Result<Started> order(const json& with, const std::string& key) {
    if (key.empty()) return eventcore::fail_field(Errc::invalid_argument, "key", "is required: one for each cart");
    const json who = with.value("customer", json::object());
    EC_TRY(session, customer(who.value("email", json(""))));
    eventcore::CallOptions options;
    options.idempotency_key = key;
    return later(session.submit("place_order", with.dump(), options));
  }

  // The provider tells the same thing more than once, late, and in any order: the engine keeps that straight.
  Result<Started> webhook(json with) {
    const std::string type = with.value("type", "");
    with.erase("type");
    with["provider"] = "stripe";
    if (type == "succeeded") return later(backend_.submit("confirm_payment", with.dump()));
    if (type == "failed") return later(backend_.submit("fail_payment", with.dump()));
    return eventcore::fail_field(Errc::invalid_argument, "with.type", "must be succeeded or failed");
  }

  // The endpoint for Stripe: the engine checks the signature with the secret that an admin has set, and does what the
  // delivery reports, once. The web server answers with "http": anything but a 2xx makes Stripe deliver again.
  Result<Started> stripe(const json& with) {
    const auto reply = backend_.call("apply_stripe_webhook", with.dump());
    if (reply) {
      const std::string effect = json::parse(reply.assume_value()).value("effect", "");
      const bool too_early = effect == "unknown_order" || effect == "unknown_payment";
      return Started{{}, json{{"http", too_early ? 503 : 200}, {"effect", effect}}.dump()};
    }
    const int number = static_cast<int>(reply.error().code());
    const bool theirs = number >= 2000 && number < 6000;  // input, access, rows and rules: again would change nothing
    return Started{{}, json{{"http", theirs ? 400 : 503}, {"error", reply.error().name()}}.dump()};
  }

  // The buyer cancels: an order that is not paid at once, a paid one where the event's settings.self_refund allows it.
  Result<Started> cancel(const json& with) {
    EC_TRY(session, customer(with.value("email", json(""))));
    return later(session.submit("cancel_order", json{{"order_id", with.value("order_id", "")}}.dump()));
  }

  // Asked as the customer: somebody else's order is not found.
  Result<Started> status(const json& with) {
    EC_TRY(session, customer(with.value("email", json(""))));
    const std::string id = with.value("order_id", "");
    EC_TRY(order, session.get("ticket_orders", id));
    EC_TRY(tickets, session.list("tickets", json{{"where", {{"order_id", id}}}}.dump()));
    return Started{{}, json{{"order", json::parse(order)}, {"tickets", json::parse(tickets)["rows"]}}.dump()};
  }

  Engine* engine_;
  std::string organization_;
  Session backend_;
  Session visitor_;
};

Result<Started> start(Shop& shop, const std::string& line, json& id) {
  const json request = json::parse(line, nullptr, false);
  if (!request.is_object()) return eventcore::fail(Errc::invalid_json, "a request is a JSON object on one line");
  id = request.value("id", json());
  try {
    return shop.start(request);
  } catch (const json::exception& wrong) {  // a member of another type than the shop itself looks at
    return eventcore::fail(Errc::invalid_argument, wrong.what());
  }
}

// Everything a worker has submitted goes to the disk with one commit, together with what the others submitted.
void work(Shop shop, Inbox& inbox) {
  for (std::vector<std::string> lines = inbox.take(); !lines.empty(); lines = inbox.take()) {
    std::vector<std::pair<json, Pending>> waiting;
    for (const std::string& line : lines) {
      json id;
      Result<Started> started = start(shop, line, id);
      if (!started)
        answer(id, started.error());
      else if (!started.assume_value().pending)
        answer(id, std::move(started.assume_value().reply));
      else
        waiting.emplace_back(std::move(id), std::move(*started.assume_value().pending));
    }
    for (auto& [id, pending] : waiting)
      if (auto reply = pending.wait(-1)) answer(id, *reply);
  }
}

// Orders that nobody paid give their places back.
void keep_house(Session session, Inbox& inbox) {
  do {
    const auto done = session.call("run_maintenance", "{}");
    if (!done) std::cerr << "shop: " << done.error().message() << '\n';
  } while (!inbox.closes_within(std::chrono::seconds(30)));
}

// The 64 hex digits that `eventcore init --new-key-file` writes. A real shop asks its key store.
// 32 bytes as they are, or 64 hex digits.
std::optional<std::array<std::uint8_t, 32>> read_key(const char* path) {
  std::array<std::uint8_t, 32> key{};
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() == key.size()) {
    std::copy(text.begin(), text.end(), key.begin());
    return key;
  }
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.size() != 2 * key.size() || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::uint8_t>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  return key;
}

Result<void> run(const char* path, const std::array<std::uint8_t, 32>& key, const std::string& organization) {
  eventcore::OpenOptions options;
  options.path = path;
  options.key = eventcore::Key::raw(key);
  EC_TRY(engine, Engine::open(std::move(options)));
  EC_TRY(housekeeper, engine.session(R"({"kind": "service", "reason": "shop housekeeping"})"));

  Inbox inbox;
  std::vector<Shop> shops;
  for (int i = 0; i < worker_count; ++i) {
    EC_TRY(shop, Shop::open(engine, organization));
    shops.push_back(std::move(shop));
  }
  std::vector<std::thread> threads;
  for (Shop& shop : shops) threads.emplace_back(work, std::move(shop), std::ref(inbox));
  threads.emplace_back(keep_house, std::move(housekeeper), std::ref(inbox));
  for (std::string line; std::getline(std::cin, line);)
    if (!line.empty()) inbox.put(std::move(line));
  inbox.close();
  for (std::thread& thread : threads) thread.join();
  return engine.close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: shop STORE KEY_FILE ORGANIZATION_ID\n";
    return 2;
  }
  const auto key = read_key(argv[2]);
  if (!key) {
    std::cerr << "shop: " << argv[2] << " holds no key\n";
    return 2;
  }
  const auto done = run(argv[1], *key, argv[3]);
  if (!done) std::cerr << "shop: " << done.error().message() << '\n';
  return done ? 0 : 1;
}
