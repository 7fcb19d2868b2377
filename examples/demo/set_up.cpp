#include <filesystem>
#include <fstream>

#include "clock.hpp"
#include "festival.hpp"
#include "talk.hpp"

namespace demo {

namespace {

constexpr int hall_capacity = 6'000;

Json event_document(const std::string& folder) {
  std::ifstream in(std::filesystem::path(folder) / "event.json");
  if (!in) throw std::runtime_error("no event.json in " + folder);
  return Json::parse(in);
}

// Newer Open Event exports say "starts-at", older ones "start_time".
std::string time_of(const Json& event, const std::string& newer, const std::string& older) {
  for (const std::string& name : {newer, older})
    if (event.contains(name) && event[name].is_string()) return event[name];
  throw std::runtime_error("event.json has no " + newer);
}

Tenant new_tenant(Host& host, const std::string& name, const std::string& slug, const Json& settings) {
  const Json reply = host.call(
      "create_organization", {{"name", name},
                              {"slug", slug},
                              {"settings", settings},
                              {"owner", {{"email", "owner@" + slug + ".example"}, {"full_name", "Owner of " + name}}}});
  Tenant tenant;
  tenant.name = name;
  tenant.organization_id = reply["organization"]["id"];
  tenant.owner_id = reply["owner"]["id"];
  return tenant;
}

Json category(const std::string& name, const std::string& type, const std::string& price, int places) {
  return {{"name", name},      {"category_type", type},    {"base_price", price},
          {"currency", "EUR"}, {"total_quantity", places}, {"max_per_order", 10}};
}

void import_conference(Host& host, const std::string& folder, Tenant& tenant) {
  const Json reply = host.call("import_open_event",
                               {{"organization_id", tenant.organization_id},
                                {"folder", folder},
                                {"venue_capacity", hall_capacity},
                                {"categories", Json::array({category("Regular", "general_admission", "149.00", 3'000),
                                                            category("Student", "student", "39.00", 1'500),
                                                            category("Supporter", "vip", "399.00", 200)})}});
  tenant.event_id = reply["event"]["id"];
  const Json rows = host.list("ticket_categories", {{"organization_id", tenant.organization_id},
                                                    {"where", {{"event_id", tenant.event_id}}},
                                                    {"order_by", {"-base_price"}}});
  for (const Json& row : rows["rows"]) tenant.categories.push_back(row["id"]);
  say(reply["event"]["name"].get<std::string>() + ": " + std::to_string(rows["rows"].size()) + " ticket categories, " +
      reply["sponsors"].dump() + " sponsors, " + reply["tags"].dump() + " tags imported");
}

void make_event(eventcore::Engine& engine, Tenant& tenant, const std::string& name, const std::string& type,
                std::int64_t start_us, int places, const std::string& price) {
  Host owner = user(engine, tenant.owner_id);
  const Json venue = owner.insert(
      "venues",
      {{"name", name + " hall"}, {"address", "1 Harbour Street"}, {"venue_type", "indoor"}, {"max_capacity", places}});
  const Json event = owner.insert("events", {{"name", name},
                                             {"event_type", type},
                                             {"venue_id", venue["id"]},
                                             {"max_capacity", places},
                                             {"start_datetime", to_rfc3339(start_us)},
                                             {"end_datetime", to_rfc3339(start_us + 4 * hour_us)},
                                             {"timezone", "Europe/Berlin"}});
  tenant.event_id = event["id"];
  const Json row = owner.insert("ticket_categories", {{"event_id", tenant.event_id},
                                                      {"name", "Admission"},
                                                      {"base_price", price},
                                                      {"currency", "EUR"},
                                                      {"total_quantity", places}});
  tenant.categories.push_back(row["id"]);
  const auto confirmed = owner.session().update("events", tenant.event_id, R"({"status":"confirmed"})");
  if (!confirmed) throw std::runtime_error("the event could not be confirmed: " + confirmed.error().to_json());
  say(name + ": " + std::to_string(places) + " places");
}

}  // namespace

void read_dates(const std::string& folder, Festival& festival) {
  const Json event = event_document(folder);
  festival.start_us = from_text(time_of(event, "starts-at", "start_time"));
  festival.end_us = from_text(time_of(event, "ends-at", "end_time"));
}

void set_up(eventcore::Engine& engine, const std::string& folder, Festival& festival) {
  step("Three tenants in one encrypted store");
  Host host = service(engine, "demo set-up");
  const Json taxes = {{"currency", "EUR"},
                      {"taxes", Json::array({{{"name", "VAT"}, {"rate", "0.19"}, {"inclusive", true}}})},
                      {"fees", Json::array({{{"name", "service"}, {"fixed", "1.00"}, {"per", "ticket"}}})}};
  festival.conference = new_tenant(host, "Open Conference", "open-conference", taxes);
  festival.concert = new_tenant(host, "Harbour Concerts", "harbour-concerts", {{"currency", "EUR"}});
  festival.workshop = new_tenant(host, "Small Workshops", "small-workshops", {{"currency", "EUR"}});
  import_conference(host, folder, festival.conference);
  make_event(engine, festival.concert, "Harbour Night", "concert", festival.start_us, 800, "25.00");
  make_event(engine, festival.workshop, "Bookbinding", "workshop", festival.start_us, 5, "60.00");
}

}  // namespace demo
