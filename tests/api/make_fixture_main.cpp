// Writes the store of tests/fixtures/stores/v1: make_fixture FOLDER. Run once per format; the files are kept for ever,
// so that every later release proves that it still opens them.
// The rows are repeatable (seeded randomness, a clock that stands); the bytes are not, since SQLCipher draws its own
// initialization vectors. Key: the 32 bytes 0x01, 0x02, ... 0x20.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <eventcore/engine.hpp>
#include <filesystem>

#include "api/engine.hpp"
#include "base/json.hpp"

namespace {

using namespace eventcore;

constexpr Micros start_us = 1'790'000'000'000'000;  // 2026-09-21T14:13:20Z

Json must(Result<std::string> reply) {
  if (!reply) {
    std::fprintf(stderr, "refused: %s\n", reply.error().to_json().c_str());
    std::exit(1);
  }
  return parse_json(reply.assume_value()).assume_value();
}

class Host {
 public:
  Host(Engine& engine, const Json& principal) : session_(engine.session(dump(principal)).assume_value()) {}
  Json call(const char* command, const Json& arguments) { return must(session_.call(command, dump(arguments))); }
  Json insert(const char* table, const Json& row) { return must(session_.insert(table, dump(row))); }
  Json update(const char* table, const Json& id, const Json& row) {
    return must(session_.update(table, id.get<std::string>(), dump(row)));
  }
  Session& session() { return session_; }

 private:
  Session session_;
};

Json order(const Json& event, const Json& category, int quantity, const char* email, const char* name) {
  return {{"event_id", event["id"]},
          {"items", Json::array({{{"ticket_category_id", category["id"]}, {"quantity", quantity}}})},
          {"customer", {{"email", email}, {"name", name}}}};
}

Json plan(Host& owner, const Json& organization) {
  const Json venue = owner.insert("venues", {{"name", "Old Harbour"},
                                             {"address", "1 Quay Street"},
                                             {"city", "Bremen"},
                                             {"max_capacity", 500},
                                             {"amenities", {"stage", "bar"}},
                                             {"coordinates", {{"x", "8.8017"}, {"y", "53.0793"}}}});
  const Json event = owner.insert("events", {{"name", "Winter Festival"},
                                             {"slug", "winter-festival"},
                                             {"event_type", "festival"},
                                             {"venue_id", venue["id"]},
                                             {"max_capacity", 300},
                                             {"start_datetime", "2026-12-05T17:00:00Z"},
                                             {"end_datetime", "2026-12-05T23:00:00Z"},
                                             {"timezone", "Europe/Berlin"}});
  owner.update("events", event["id"], {{"status", "confirmed"}});
  owner.insert("event_tags", {{"event_id", event["id"]}, {"tag_name", "music"}});
  owner.insert("event_milestones",
               {{"event_id", event["id"]}, {"title", "Book the stage"}, {"due_date", "2026-10-01T12:00:00Z"}});
  owner.insert("event_risks",
               {{"event_id", event["id"]}, {"risk_description", "Storm"}, {"probability", "high"}, {"impact", "high"}});
  owner.insert("event_budgets", {{"event_id", event["id"]}, {"category", "marketing"}, {"planned_amount", "1200.00"}});
  const Json package = owner.insert("sponsor_packages", {{"event_id", event["id"]},
                                                         {"package_name", "Gold"},
                                                         {"price", "5000.00"},
                                                         {"benefits", Json::object()},
                                                         {"max_sponsors", 2}});
  owner.insert("sponsors", {{"event_id", event["id"]},
                            {"package_id", package["id"]},
                            {"company_name", "Lighthouse Ltd"},
                            {"contract_value", "5000.00"}});
  static_cast<void>(organization);
  return event;
}

void sell(Host& service, Host& owner, const Json& event) {
  const Json category = owner.insert("ticket_categories", {{"event_id", event["id"]},
                                                           {"name", "Admission"},
                                                           {"base_price", "25.00"},
                                                           {"currency", "EUR"},
                                                           {"total_quantity", 100}});
  owner.insert("dynamic_pricing_rules", {{"ticket_category_id", category["id"]},
                                         {"rule_name", "Early bird"},
                                         {"rule_type", "time_based"},
                                         {"conditions", {{"days_until_event", {{"max", 7}}}}},
                                         {"price_adjustment_type", "percentage"},
                                         {"adjustment_value", "10"}});
  owner.insert(
      "discount_codes",
      {{"event_id", event["id"]}, {"code", "WELCOME"}, {"discount_type", "percentage"}, {"discount_value", "10"}});
  Json counter = order(event, category, 2, "ada@example.org", "Ada Attendee");
  counter["payment"] = {{"method", "cash"}, {"amount", "50.00"}};
  const Json paid = owner.call("place_order", counter);
  const Json late = service.call("place_order", order(event, category, 1, "bea@example.org", "Bea Buyer"));
  service.call("confirm_payment", {{"order_id", late["order"]["id"]},
                                   {"amount", late["order"]["total_amount"]},
                                   {"currency", "EUR"},
                                   {"provider", "stripe"},
                                   {"reference", "pi_fixture_1"}});
  service.call("place_order", order(event, category, 3, "carl@example.org", "Carl Customer"));
  owner.call("register_device", {{"event_id", event["id"]}, {"name", "Gate one"}, {"gate", "north"}});
  owner.call("check_in", {{"event_id", event["id"]}, {"ticket_number", paid["tickets"][0]["ticket_number"]}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_fixture FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  SeededRandom random(1);
  std::array<std::uint8_t, 32> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i + 1);
  store::OpenOptions options;
  options.path = (folder / "festival.ecdb").string();
  options.key = store::KeyInput::raw(key);
  options.create = true;
  options.create_new = true;
  auto core = api::EngineCore::open(std::move(options), true,
                                    {.random = &random, .files = nullptr, .vfs = "", .start_us = start_us});
  if (!core) {
    std::fprintf(stderr, "%s\n", core.error().to_json().c_str());
    return 1;
  }
  Engine engine(core.assume_value());
  {
    Host service(engine, {{"kind", "service"}, {"reason", "fixture"}});
    const Json made =
        service.call("create_organization", {{"name", "Aurora Festivals"},
                                             {"slug", "aurora"},
                                             {"settings", {{"currency", "EUR"}}},
                                             {"owner", {{"email", "owner@example.org"}, {"full_name", "Olga Owner"}}}});
    service.call("create_organization", {{"name", "Second House"},
                                         {"slug", "second"},
                                         {"owner", {{"email", "owner@example.org"}, {"full_name", "Otto Owner"}}}});
    Host owner(engine, {{"kind", "user"}, {"id", made["owner"]["id"]}});
    owner.call("invite_user", {{"email", "Max@Example.org"}, {"full_name", "Max Member"}, {"role", "member"}});
    sell(service, owner, plan(owner, made["organization"]));
    service.insert("social_media_platforms", {{"platform_name", "instagram"}});
  }
  const auto closed = engine.close();
  if (!closed) {
    std::fprintf(stderr, "%s\n", closed.error().to_json().c_str());
    return 1;
  }
  std::filesystem::remove(folder / "festival.lock");
  return 0;
}
