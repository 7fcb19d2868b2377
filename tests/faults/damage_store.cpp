#include "faults/damage_store.hpp"

#include <filesystem>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "support/test_store.hpp"

namespace eventcore::faults {
namespace {

constexpr Micros now_us = 1'790'000'000'000'000;  // 2026-09-21
constexpr int wal_rounds = 3;                     // of five commits each

std::string must(Result<std::string> reply) {
  if (!reply) throw std::runtime_error(reply.error().to_json());
  return std::move(reply).assume_value();
}

Json must_json(Result<std::string> reply) {
  return parse_json(must(std::move(reply))).assume_value();
}

std::int64_t commits_of(const Engine& engine) {
  return parse_json(engine.stats()).assume_value().at("commits").get<std::int64_t>();
}

OpenOptions options_of(const std::string& base) {
  OpenOptions options;
  options.path = base + std::string(database);
  options.key = Key::raw(test::test_key);
  options.test_clock = true;
  options.cache_bytes = 1024 * 1024;
  options.busy_timeout_us = 100'000;
  return options;
}

Result<Engine> open_at_that_time(OpenOptions options) {
  auto engine = Engine::open(std::move(options));
  if (engine) (void)engine.assume_value().set_clock(now_us);
  return engine;
}

Engine make_engine(const std::string& base) {
  OpenOptions options = options_of(base);
  options.create = true;
  auto engine = open_at_that_time(std::move(options));
  if (!engine) throw std::runtime_error(engine.error().to_json());
  return std::move(engine).assume_value();
}

// Too long for one page, so that it lies in pages of its own.
std::string long_text(const std::string& about) {
  std::string text;
  while (text.size() < 9'000) text += about + ":" + std::to_string(text.size()) + " ";
  return text;
}

std::string key_of(const std::string& what) {
  return "damage-under-key-" + what;
}

Session service(Engine& engine, const std::string& organization = "") {
  Json principal = {{"kind", "service"}, {"reason", "damage"}};
  if (!organization.empty()) principal["organization_id"] = organization;
  return engine.session(dump(principal)).assume_value();
}

Json order_of(const std::string& event, const std::string& category, const std::string& email, bool paid) {
  Json order = {{"event_id", event},
                {"items", {{{"ticket_category_id", category}, {"quantity", 2}}}},
                {"customer", {{"email", email}, {"name", "Bea Buyer"}}}};
  if (paid) order["payment"] = {{"method", "cash"}, {"amount", "20.00"}};
  return order;
}

}  // namespace

Files read_files(const std::string& base) {
  Files files;
  for (const std::string_view ending : endings)
    if (const std::string path = base + std::string(ending); std::filesystem::exists(path))
      files[ending] = test::read_whole(path);
  return files;
}

DamageStore::DamageStore(const std::string& folder) {
  const std::string base = folder + "/good";
  for (int stage = 0; stage < 3; ++stage) {  // each leaves a database without a WAL, and the last commits' WAL
    Engine engine = make_engine(base);
    if (stage == 0) fill(engine);
    for (int round = 0; round < 2; ++round) sell_more(engine, 10 * stage + round);
    keep_earlier(base);
    if (const auto closed = engine.close(); !closed) throw std::runtime_error(closed.error().to_json());
    keep_earlier(base);
  }
  list_questions();
  ask_everything_once(base);
  Engine engine = make_engine(base);
  record(engine);
  commit_to_wal(engine);
  files_ = read_files(base);
  Engine other = make_engine(folder + "/other");
  must(service(other).call("create_organization",
                           R"({"name":"Other","owner":{"email":"o@example.org","full_name":"Olga"}})"));
  other_ = read_files(folder + "/other");
}

void DamageStore::fill(Engine& engine) {
  Session root = service(engine);
  const Json made = must_json(
      root.call("create_organization", R"({"name":"Aurora","owner":{"email":"ada@example.org","full_name":"Ada"}})"));
  organization_ = made["organization"]["id"];
  owner_ = made["owner"]["id"];
  Session session = service(engine, organization_);
  venue_ = must_json(session.insert("venues", dump({{"name", "Hall"},
                                                    {"address", long_text("pier")},
                                                    {"policies", long_text("rule")},
                                                    {"max_capacity", 5'000}})))["id"];
  event_ = must_json(session.insert("events", dump({{"name", "Night"},
                                                    {"status", "confirmed"},
                                                    {"is_public", true},
                                                    {"venue_id", venue_},
                                                    {"start_datetime", "2026-09-21T13:00:00Z"},
                                                    {"end_datetime", "2026-09-22T04:00:00Z"}})))["id"];
  category_ = must_json(session.insert(
      "ticket_categories",
      dump({{"event_id", event_}, {"name", "Standing"}, {"base_price", "10.00"}, {"total_quantity", 200}})))["id"];
  device_token_ = must_json(session.call("register_device", dump({{"event_id", event_}, {"name", "Gate"}})))["token"];
}

// Five commits: a sale, an order on hold, a scan, a transfer, a row.
void DamageStore::sell_more(Engine& engine, int round) {
  Session session = service(engine, organization_);
  const std::string n = std::to_string(round);
  const Json sale =
      must_json(session.call("place_order", dump(order_of(event_, category_, "bea" + n + "@example.org", true)),
                             {.idempotency_key = key_of("sale-" + n)}));
  order_ = sale["order"]["id"];
  for (const Json& ticket : sale["tickets"]) tickets_.push_back(ticket["id"]);
  must(session.call("place_order", dump(order_of(event_, category_, "hold" + n + "@example.org", false))));
  must(session.call(
      "check_in",
      dump({{"event_id", event_}, {"ticket_number", sale["tickets"][0]["ticket_number"]}, {"nonce", "scan " + n}})));
  must(session.call(
      "transfer_ticket",
      dump({{"ticket_id", sale["tickets"][1]["id"]}, {"name", "Cora " + n}, {"email", "cora" + n + "@example.org"}})));
  must(session.update("venues", venue_, dump({{"city", "city " + n}, {"policies", long_text("rule " + n)}}),
                      {.idempotency_key = key_of("row-" + n)}));
}

void DamageStore::commit_to_wal(Engine& engine) {
  Session session = service(engine, organization_);
  for (int round = 0; round < wal_rounds; ++round) {
    const std::string n = std::to_string(round);
    const Json sale =
        must_json(session.call("place_order", dump(order_of(event_, category_, "late" + n + "@example.org", true))));
    record(engine);
    must(
        session.call("check_in", dump({{"event_id", event_}, {"ticket_number", sale["tickets"][0]["ticket_number"]}})));
    record(engine);
    must(session.call("refund_tickets", dump({{"ticket_ids", {sale["tickets"][1]["id"]}}})));
    record(engine);
    must(session.insert("venues",
                        dump({{"name", "Annex " + n}, {"address", long_text("annex " + n)}, {"max_capacity", 9}})));
    record(engine);
    must(session.update("ticket_categories", category_, dump({{"total_quantity", 201 + round}})));
    record(engine);
  }
}

void DamageStore::list_questions() {
  const auto add = [this](std::string text, Asker asker, std::function<Result<std::string>(Session&)> ask) {
    questions_.push_back({std::move(text), asker, false, std::move(ask)});
  };
  const auto command = [&](Asker asker, const std::string& name, const Json& arguments) {
    add(name, asker, [name, text = dump(arguments)](Session& s) { return s.call(name, text); });
  };
  const auto list = [&](Asker asker, const std::string& table, const Json& request) {
    add("list " + table, asker, [table, text = dump(request)](Session& s) { return s.list(table, text); });
  };
  for (const char* table : {"organizations", "users", "events", "venues", "ticket_categories", "ticket_orders",
                            "ticket_order_items", "tickets", "order_payments", "check_ins", "ticket_transfers",
                            "devices", "audit_logs", "discount_codes", "sponsors"})
    list(Asker::service, table, {{"limit", 500}});
  for (const char* table : {"tickets", "ticket_orders", "check_ins"}) {
    list(Asker::owner, table, {{"limit", 50}, {"order_by", {"-created_at"}}});
    add(std::string("count ") + table, Asker::service, [table](Session& s) -> Result<std::string> {
      EC_TRY(rows, s.count(table, "{}"));
      return std::to_string(rows);
    });
  }
  for (std::size_t i = 0; i < tickets_.size(); i += 3)
    add("get ticket", Asker::owner, [id = tickets_[i]](Session& s) { return s.get("tickets", id); });
  add("get venue", Asker::service, [id = venue_](Session& s) { return s.get("venues", id); });
  add("get order", Asker::service, [id = order_](Session& s) { return s.get("ticket_orders", id); });
  list(Asker::customer, "tickets", {{"limit", 50}});
  list(Asker::customer, "ticket_orders", {{"limit", 50}});
  list(Asker::anon, "events", {{"limit", 50}});
  list(Asker::anon, "ticket_categories", {{"limit", 50}});
  command(Asker::anon, "quote_price", {{"ticket_category_id", category_}});
  command(Asker::service, "event_report", {{"event_id", event_}});
  command(Asker::service, "search_attendees", {{"event_id", event_}, {"query", "bea"}, {"limit", 100}});
  command(Asker::device, "search_attendees", {{"event_id", event_}, {"query", "cor"}, {"limit", 100}});
  add("changes", Asker::service, [](Session& s) { return s.changes(0, 500, 0); });
  // Calls that are told again: the reply of the first time, or it was not that call. Last, since a forgotten one
  // writes.
  for (const char* n : {"0", "1", "10", "11", "20", "21"}) {
    const Json order = order_of(event_, category_, std::string("bea") + n + "@example.org", true);
    add("sale told again", Asker::service, [text = dump(order), key = key_of(std::string("sale-") + n)](Session& s) {
      return s.call("place_order", text, {.idempotency_key = key});
    });
    questions_.back().writes = true;
  }
}

Result<Engine> DamageStore::open(const std::string& base, How how) {
  OpenOptions options = options_of(base);
  options.read_only = how == How::reading;
  options.accept_loss = how == How::accepting_loss;
  return open_at_that_time(std::move(options));
}

Result<std::string> DamageStore::ask(Engine& engine, const Question& question) const {
  const auto principal = [&]() -> Json {
    switch (question.asker) {
      case Asker::owner: return {{"kind", "user"}, {"id", owner_}};
      case Asker::customer:
        return {{"kind", "customer"}, {"email", "bea1@example.org"}, {"organization_id", organization_}};
      case Asker::anon: return {{"kind", "anon"}, {"organization_id", organization_}};
      case Asker::device: return {{"kind", "device"}, {"token", device_token_}};
      case Asker::service: break;
    }
    return {{"kind", "service"}, {"reason", "damage"}, {"organization_id", organization_}};
  };
  EC_TRY(session, engine.session(dump(principal())));
  return question.ask(session);
}

// A device's first call is written down; afterwards none of the questions changes anything.
void DamageStore::ask_everything_once(const std::string& base) {
  Engine engine = make_engine(base);
  for (const Question& question : questions_) must(ask(engine, question));
  if (const auto closed = engine.close(); !closed) throw std::runtime_error(closed.error().to_json());
}

void DamageStore::record(Engine& engine) {
  std::vector<std::string>& answers = answers_[commits_of(engine)];
  for (const Question& question : questions_) answers.push_back(must(ask(engine, question)));
}

void DamageStore::keep_earlier(const std::string& base) {
  earlier_.push_back(read_files(base));
}

}  // namespace eventcore::faults
