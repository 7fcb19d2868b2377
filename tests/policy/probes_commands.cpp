// The probes that run commands, in transactions that are rolled back.
#include <algorithm>

#include "policy/probes.hpp"

namespace eventcore::test {

using schema::TableDef;
using statement::Act;
using statement::Grant;
using statement::Kind;
using statement::text_at;

namespace {

constexpr const char* absent_id = "01900000-0000-7000-8000-00000000dead";

// The world's signing keys are none, so a code that is to be issued may fail after access was granted.
bool issues_codes(const std::string& command) {
  for (const char* issues :
       {"confirm_payment", "place_order", "ticket_qr", "transfer_ticket", "reissue_ticket", "issue_complimentary"})
    if (command == issues) return true;
  return false;
}

Act act_of(const std::string& operation) {
  if (operation == "view") return Act::view;
  return operation == "update" ? Act::update : Act::remove;
}

}  // namespace

std::string Probes::any_or_absent(const Tenant& tenant, std::string_view table) {
  return dice_.one_in(12) ? std::string(absent_id) : any_id(tenant, table);
}

std::string Probes::value_at(const Tenant& tenant, const char* table, const std::string& id, const char* column) const {
  const Json* row = world_.image().find(table, tenant.organization, id);
  return row == nullptr ? std::string(absent_id) : text_at(*row, column);
}

Probes::CommandProbe Probes::sale_command(const Tenant& tenant, const Player& player) {
  const std::string category = any_or_absent(tenant, "ticket_categories");
  const std::string event = value_at(tenant, "ticket_categories", category, "event_id");
  const bool for_another = player.kind != Kind::customer || dice_.one_in(2);
  Json order = {{"event_id", event},
                {"items", Json::array({{{"ticket_category_id", category}, {"quantity", 1}}})},
                {"customer", {{"email", world_.who(player).email}, {"name", "C"}}}};
  if (for_another) order["customer"]["email"] = "somebody@example.com";
  const std::vector<std::pair<std::string, std::string>> others = {{"ticket_categories", category}};
  Json price = {{"ticket_category_id", category}};
  const std::string another = player.kind == Kind::customer && for_another ? "another" : "";
  switch (dice_.below(7)) {
    case 6:
      return {"join_waitlist",
              another,
              "ticket_categories",
              category,
              {{"ticket_category_id", category}, {"customer", order["customer"]}},
              {}};
    case 0: return {"quote_price", "", "ticket_categories", category, price, {}};
    case 1:
      price["factors"] = {{"weather", 1}};
      return {"quote_price", "factors", "ticket_categories", category, price, {}};
    case 2: return {"quote_order", another, "events", event, order, others};
    case 3:
      order["payment"] = {{"method", "cash"}, {"amount", "20.00"}};
      return {"place_order", "payment", "events", event, order, others};
    default: return {"place_order", another, "events", event, order, others};
  }
}

Probes::CommandProbe Probes::counter_command(const Tenant& tenant) {
  const std::string order = any_or_absent(tenant, "ticket_orders");
  const std::string ticket = any_or_absent(tenant, "tickets");
  const std::string event = any_or_absent(tenant, "events");
  const std::string number = value_at(tenant, "tickets", ticket, "ticket_number");
  Json arguments = {{"order_id", order}};
  const std::string entry = any_or_absent(tenant, "waitlist_entries");
  const std::string category = any_or_absent(tenant, "ticket_categories");
  const std::string of_category = value_at(tenant, "ticket_categories", category, "event_id");
  switch (dice_.below(11)) {
    case 9: return {"leave_waitlist", "", "waitlist_entries", entry, {{"entry_id", entry}}, {}};
    case 10: {
      const Json items = Json::array({{{"ticket_category_id", category}, {"quantity", 1}}});
      return {"issue_complimentary",
              "",
              "events",
              of_category,
              {{"event_id", of_category}, {"items", items}},
              {{"ticket_categories", category}}};
    }
    case 0:
      arguments.update({{"provider", "stripe"}, {"reference", "pi_probe"}});
      return {"start_payment", "", "ticket_orders", order, arguments, {}};
    case 1:
      arguments.update({{"amount", "20.00"}, {"currency", "USD"}, {"method", "cash"}});
      return {"confirm_payment", "", "ticket_orders", order, arguments, {}};
    case 2: return {"fail_payment", "", "ticket_orders", order, arguments, {}};
    case 3: return {"expire_orders", "", "events", event, {{"event_id", event}}, {}};
    case 4:
    case 5: return {"ticket_qr", "", "tickets", ticket, {{"ticket_id", ticket}}, {}};
    case 6: return {"event_report", "", "events", event, {{"event_id", event}}, {}};
    case 7: return {"sales_curve", "", "events", event, {{"event_id", event}, {"svg", false}}, {}};
    default: return {"check_in", "", "events", event, {{"event_id", event}, {"ticket_number", number}}, {}};
  }
}

Probes::CommandProbe Probes::ticket_command(const Tenant& tenant) {
  const std::string ticket = any_or_absent(tenant, "tickets");
  const std::string event = any_or_absent(tenant, "events");
  Json arguments = {{"ticket_id", ticket}};
  switch (dice_.below(5)) {
    case 0:
      arguments.update({{"name", "N"}, {"email", "new@example.com"}});
      return {"transfer_ticket", "", "tickets", ticket, arguments, {}};
    case 1: return {"reissue_ticket", "", "tickets", ticket, arguments, {}};
    case 2: arguments["reason"] = "slipped"; return {"undo_check_in", "", "tickets", ticket, arguments, {}};
    case 3: return {"rotate_event_key", "", "events", event, {{"event_id", event}}, {}};
    default: return {"search_attendees", "", "events", event, {{"event_id", event}, {"query", "a"}}, {}};
  }
}

Probes::CommandProbe Probes::office_command(const Tenant& tenant, const Player& player) {
  const std::string event = any_or_absent(tenant, "events");
  const std::string user = any_or_absent(tenant, "users");
  const std::string device = any_or_absent(tenant, "devices");
  const bool owner = dice_.one_in(2);
  const Json permissions = {"events:read"};
  const Json invited = {{"email", "new@example.com"}, {"full_name", "N"}, {"role", owner ? "owner" : "member"}};
  const Json team = {{"event_id", event}, {"user_id", user}, {"role_type", "producer"}};
  const std::string& organization = tenant.organization;
  Json arguments = Json::object();
  if (player.organization.empty() || dice_.one_in(2)) arguments["organization_id"] = organization;
  switch (dice_.below(10)) {
    case 9:
      arguments.update({{"kind", "probe"}, {"name", "k"}, {"value", "v"}});
      return {"set_integration_secret", "", "organizations", organization, arguments, {}};
    case 0: return {"assign_team", "", "events", event, team, {{"users", user}}};
    case 1: return {"register_device", "", "events", event, {{"event_id", event}, {"name", "Gate"}}, {}};
    case 2: arguments["device_id"] = device; return {"revoke_device", "", "devices", device, arguments, {}};
    case 3:
      arguments.update({{"name", "k"}, {"permissions", permissions}});
      return {"create_api_key", "", "organizations", organization, arguments, {}};
    case 4:
    case 5:
      arguments.update(invited);
      return {"invite_user", owner ? "owner" : "", "organizations", organization, arguments, {}};
    case 6: return {"verify_audit", "", "organizations", organization, arguments, {}};
    case 7: arguments["limit"] = 1; return {"run_maintenance", "", "organizations", organization, arguments, {}};
    default: arguments["pages"] = false; return {"verify_store", "", "organizations", organization, arguments, {}};
  }
}

// Secrets that the world holds, and deliveries that no secret of it has signed.
Probes::CommandProbe Probes::secret_command(const Tenant& tenant, const Player& player) {
  const std::string& organization = tenant.organization;
  Json arguments = Json::object();
  if (player.organization.empty() || dice_.one_in(2)) arguments["organization_id"] = organization;
  if (dice_.one_in(2)) {
    arguments.update({{"payload", "{}"}, {"signature", "t=1,v1=00"}});
    return {"apply_stripe_webhook", "", "organizations", organization, arguments, {}};
  }
  const std::string account = any_or_absent(tenant, "social_media_accounts");
  arguments.update({{"table", "social_media_accounts"}, {"id", account}});
  return {"reveal_secret", "", "social_media_accounts", account, arguments, {}};
}

Probes::CommandProbe Probes::any_command(const Tenant& tenant, const Player& player) {
  switch (dice_.below(5)) {
    case 4: return secret_command(tenant, player);
    case 0: return sale_command(tenant, player);
    case 1: return counter_command(tenant);
    case 2: return ticket_command(tenant);
    default: return office_command(tenant, player);
  }
}

void Probes::check_reply(const CommandProbe& probe, const Picked& picked, const Answer& answer) {
  const Json reply = parse_json(answer.text).assume_value();
  if (probe.name == "place_order" && reply.contains("order"))
    for (const char* hidden : {"ip_address", "user_agent"})
      if (reply["order"].contains(hidden)) disagree("command", picked, std::string(hidden) + " left out", "it", "");
  if (probe.name == "reveal_secret" && answer.text.find(planted_secret) == std::string::npos)
    disagree("command", picked, "the secret", "another text", "");
  if (probe.name != "check_in" || !reply["ticket"].is_object()) return;
  const Json* ticket = nullptr;
  for (const auto& [id, row] : world_.image().rows("tickets", picked.tenant->organization))
    if (text_at(row, "ticket_number") == probe.arguments["ticket_number"]) ticket = &row;
  if (ticket == nullptr) return;
  const Grant granted =
      statement::grant(Act::view, world_.image(), *picked.who, statement::subject(world_.image(), "tickets", *ticket));
  for (const auto& [name, value] : reply["ticket"].items()) {
    ++columns_;
    if (schema::tables::tickets.find(name) != nullptr && !granted.covers(name))
      disagree("command", picked, "check_in answers no " + name, "it", answer.text);
  }
}

void Probes::probe_command() {
  Picked picked = pick(schema::tables::events);
  const CommandProbe probe = any_command(*picked.tenant, *picked.player);
  const bool for_hosts = probe.name == "run_maintenance" || probe.name == "verify_store";
  if (for_hosts && picked.player->kind == Kind::service) return;  // not inside a transaction
  picked.table = schema::find_table(probe.table);
  picked.id = probe.id;
  picked.given = probe.arguments.value("organization_id", std::string());
  const std::string kind = "command " + probe.name + (probe.more.empty() ? "" : " " + probe.more);
  const auto call = [&](const Json& arguments) {
    return picked.player->session->call(probe.name, dump(arguments), {});
  };
  const Answer answer = tried(*picked.player, [&] { return call(probe.arguments); });
  const std::string detail = dump(probe.arguments);
  // What no principal of his kind may run is refused before he is looked up.
  if (!picked.who->valid) return expect(kind.c_str(), picked, {Got::unauthenticated, Got::denied}, answer);
  const bool of_organization = probe.table == "organizations";
  std::vector<const Json*> found;
  if (!of_organization) {
    found = hits(picked);
  } else if (!picked.given.empty() || picked.player->organization == picked.tenant->organization) {
    if (picked.player->organization.empty() || picked.player->organization == picked.tenant->organization)
      found = {world_.image().find("organizations", picked.tenant->organization, picked.tenant->organization)};
  }
  if (found.empty()) {
    if (of_organization && picked.given.empty()) {  // his own organization is meant, not the drawn one
      found = {world_.image().find("organizations", picked.player->organization, picked.player->organization)};
    } else {
      expect(kind.c_str(), picked, {Got::missing, Got::denied, Got::reference}, answer, detail);
      Json absent = probe.arguments;
      for (auto& [name, value] : absent.items())
        if (value == probe.id) value = absent_id;
      return like_absent(kind.c_str(), picked, probe.id, answer, [&](const std::string&) { return call(absent); });
    }
  }
  if (found.size() > 1) return expect(kind.c_str(), picked, {Got::ambiguous, Got::denied}, answer, detail);
  const Json& row = *found.front();
  const bool may = statement::may_run(probe.name, probe.more, world_.image(), *picked.who,
                                      statement::subject(world_.image(), probe.table, row));
  const bool own_hidden = of_organization && !statement::may_view(world_.image(), *picked.who, "organizations", row);
  if (!may && own_hidden) return expect(kind.c_str(), picked, {Got::denied, Got::missing}, answer, detail);
  if (!may) return expect(kind.c_str(), picked, {Got::denied, Got::column}, answer, detail);
  for (const auto& [table, id] : probe.others) {
    Picked other = picked;
    other.table = schema::find_table(table);
    other.id = id;
    other.given = statement::tenant_of(probe.table, row);
    if (hits(other).empty() && !answer.rule)
      return expect(kind.c_str(), picked, {Got::missing, Got::reference}, answer, detail);
  }
  if (answer.got == Got::shape && issues_codes(probe.name))
    return expect(kind.c_str(), picked, {Got::shape}, answer, detail);
  expect(kind.c_str(), picked, {Got::done}, answer, detail);
  if (answer.got == Got::done && !answer.rule) check_reply(probe, picked, answer);
}

// Keys and copies of the store. Who may is answered with a mistake in what he asks for, so that the store stays as it
// is; who may not does not learn of the mistake.
void Probes::probe_store_command() {
  struct StoreCommand {
    const char* name;
    Json arguments;
    bool with_key;
    Got told;
  };
  constexpr int no_slot = 2'000'000'000;
  const Json nowhere = {{"path", world_.world().folder() + "/no/folder/copy.ecdb"}};
  const std::vector<StoreCommand> commands = {{"list_keys", Json::object(), false, Got::done},
                                              {"add_key", Json::object(), true, Got::shape},
                                              {"remove_key", {{"slot", no_slot}}, false, Got::missing},
                                              {"rotate_key", {{"slot", no_slot}}, true, Got::shape},
                                              {"backup", nowhere, true, Got::other},
                                              {"restore", nowhere, true, Got::other}};
  const StoreCommand& command = dice_.of(commands);
  const Picked picked = pick(schema::tables::organizations);
  api::CallContext context;
  const std::string short_key = "no key";
  if (command.with_key) context.key = std::make_shared<store::KeyInput>(store::KeyInput::raw(as_bytes(short_key)));
  const Answer answer = answer_of(picked.player->session->call(command.name, dump(command.arguments), context));
  const std::string kind = std::string("command ") + command.name;
  if (!picked.who->valid) return expect(kind.c_str(), picked, {Got::unauthenticated, Got::denied}, answer);
  const Json* home = world_.image().find("organizations", picked.tenant->organization, picked.tenant->organization);
  const bool may = statement::may_run(command.name, "", world_.image(), *picked.who,
                                      statement::subject(world_.image(), "organizations", *home));
  expect(kind.c_str(), picked, {may ? command.told : Got::denied}, answer);
  if (answer.got == Got::done && parse_json(answer.text).assume_value()["keys"].size() != 1)
    disagree(kind.c_str(), picked, "the one key of the store", "others", answer.text);
}

void Probes::probe_explain() {
  const Picked picked = pick();
  const char* const operation = dice_.of(std::vector<const char*>{"view", "update", "delete"});
  Json arguments = {{"table", picked.table->name}, {"operation", operation}, {"id", picked.id}};
  if (!picked.given.empty()) arguments["organization_id"] = picked.given;
  const auto call = [&](const std::string& id) {
    Json other = arguments;
    other["id"] = id;
    return picked.player->session->call("explain_access", dump(other), {});
  };
  const Answer answer = tried(*picked.player, [&] { return call(picked.id); });
  const std::string detail = dump(arguments);
  if (!picked.who->valid) return expect("explain_access", picked, {Got::unauthenticated}, answer);
  const auto found = hits(picked);
  if (needs_tenant(picked) || found.size() > 1) {  // a rule that binds everybody is told without looking for the row
    if (answer.got == Got::done && parse_json(answer.text).assume_value()["policy"] != "engine")
      disagree("explain_access", picked, "a question back", "an answer about a row", answer.text);
    if (answer.got == Got::done && parse_json(answer.text).assume_value()["allowed"] != false)
      disagree("explain_access", picked, "refused", "allowed", answer.text);
    return expect("explain_access", picked, {needs_tenant(picked) ? Got::tenant : Got::ambiguous, Got::done}, answer,
                  detail);
  }
  if (found.empty()) {
    expect("explain_access", picked, {Got::missing, Got::done}, answer, detail);
    if (answer.got == Got::done && parse_json(answer.text).assume_value()["allowed"] != false)
      disagree("explain_access", picked, "refused", "allowed", detail);
    return like_absent("explain_access", picked, picked.id, answer, call);
  }
  expect("explain_access", picked, {Got::done}, answer, detail);
  if (answer.got != Got::done) return;
  const bool allowed = statement::grant(act_of(operation), world_.image(), *picked.who,
                                        statement::subject(world_.image(), picked.table->name, *found.front()))
                           .allowed;
  if (parse_json(answer.text).assume_value()["allowed"] != allowed)
    disagree("explain_access", picked, std::string(operation) + (allowed ? " allowed" : " refused"), "the opposite",
             detail + " " + answer.text);
}

// Everybody of a tenant who may do something with a row, as the command lists them, asked by who may ask.
void Probes::probe_who_can() {
  Picked picked = pick();
  const TableDef& table = *picked.table;
  if (table.global || picked.id == absent_id) return;
  const std::string operation = dice_.of(std::vector<std::string>{"view", "update", "delete"});
  const std::string& organization = picked.tenant->organization;
  const Json arguments = {
      {"table", table.name}, {"operation", operation}, {"id", picked.id}, {"organization_id", organization}};
  picked.given = organization;
  const Answer answer = tried(
      *picked.player, [&] { return picked.player->session->call("list_principals_who_can", dump(arguments), {}); });
  const char* const kind = "command list_principals_who_can";
  if (!picked.who->valid) return expect(kind, picked, {Got::unauthenticated, Got::denied}, answer);
  const Json* home = world_.image().find("organizations", organization, organization);
  const statement::Subject about = statement::subject(world_.image(), "organizations", *home);
  const bool his = picked.player->organization.empty() || picked.player->organization == organization;
  if (!his || !statement::may_run("list_principals_who_can", "", world_.image(), *picked.who, about))
    return expect(kind, picked, {Got::denied, Got::missing}, answer, dump(arguments));
  const auto found = hits(picked);
  if (found.empty()) return expect(kind, picked, {Got::missing}, answer, dump(arguments));
  expect(kind, picked, {Got::done}, answer, dump(arguments));
  if (answer.got != Got::done) return;
  const statement::Subject row = statement::subject(world_.image(), table.name, *found.front());
  std::set<std::string> wanted;
  const auto ask = [&](const char* who_kind, const statement::Who& who) {
    ++rows_;
    if (statement::grant(act_of(operation), world_.image(), who, row).allowed &&
        statement::grant(Act::view, world_.image(), who, row).allowed)
      wanted.insert(std::string(who_kind) + " " + who.id);
  };
  for (const Player& player : world_.players()) {
    if (player.organization != organization) continue;
    if (player.kind == Kind::user) ask("user", world_.who(player));
    if (player.kind == Kind::device) ask("device", world_.who(player));
    if (player.kind == Kind::api_key) ask("api_key", world_.who(player));
    if (player.kind == Kind::sponsor) ask("sponsor", world_.who(player));
  }
  std::set<std::string> got;
  const Json reply = parse_json(answer.text).assume_value();
  std::set<std::string> known;
  for (const Player& player : world_.players()) known.insert(player.id);
  for (const Json& one : reply["principals"])  // keys and sponsors that no session was opened for are left out
    if (known.contains(one["id"].get<std::string>()))
      got.insert(one["kind"].get<std::string>() + " " + one["id"].get<std::string>());
  if (wanted == got) return;
  std::string more;
  for (const std::string& one : wanted)
    if (!got.contains(one)) more += " without " + one;
  for (const std::string& one : got)
    if (!wanted.contains(one)) more += " with " + one;
  for (const Player& player : world_.players())
    if (!player.id.empty() && more.find(player.id) != std::string::npos)
      more += " = " + player.name + (world_.who(player).valid ? "" : ", not valid");
  disagree(kind, picked, "these principals to " + operation, "others", dump(arguments) + more);
}

}  // namespace eventcore::test
