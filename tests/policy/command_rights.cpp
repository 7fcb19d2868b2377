#include "policy/command_rights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "policy/access.hpp"
#include "schema/commands.hpp"

namespace eventcore::test {

using schema::CommandDef;
using schema::TableDef;
using statement::Kind;
using statement::Who;

namespace {

constexpr const char* today = "2027-01-15";  // of the world's clock
constexpr const char* now = "2027-01-15T08:00:00Z";

// The contract's list of commands: predicates of the row that the command is about, and the group of keys that may too.
// "service" names nobody else; "anyone" leaves it to what the caller may view or write.
struct Right {
  const char* command;
  const char* who;
  const char* group = "";
};
const std::vector<Right>& rights() {
  static const std::vector<Right> all = {
      {"quote_price", "anyone"},
      {"quote_order", "anyone"},
      {"explain_access", "anyone"},
      {"explain_score", "anyone"},
      {"complete_call", "anyone"},
      // Users are refused besides, unless at the box office: the probes and the tests of the commands show it.
      {"place_order", "public_event box_office", "ticketing"},
      {"join_waitlist", "public_event box_office", "ticketing"},
      {"track_behavior", "public_event"},
      {"cancel_order", "own_order box_office event_editor", "ticketing"},
      {"transfer_ticket", "own_ticket box_office", "ticketing"},
      {"ticket_qr", "own_ticket box_office", "ticketing"},
      {"leave_waitlist", "own_wait box_office", "ticketing"},
      {"quote_refund", "own_order event_editor"},
      {"refund_tickets", "own_order event_editor"},
      {"export_subject", "org_admin"},
      {"check_in", "device box_office", "ticketing"},
      {"search_attendees", "device box_office", "ticketing"},
      {"start_payment", "box_office", "ticketing"},
      {"confirm_payment", "box_office", "ticketing"},
      {"fail_payment", "box_office", "ticketing"},
      {"expire_orders", "box_office", "ticketing"},
      {"undo_check_in", "box_office", "ticketing"},
      {"reissue_ticket", "box_office", "ticketing"},
      {"attendance_report", "box_office org_manager", "ticketing"},
      {"confirm_refund", "event_editor", "ticketing"},
      {"record_chargeback", "event_editor", "ticketing"},
      {"apply_stripe_webhook", "service", "ticketing"},
      {"cancel_ticket", "event_editor"},
      {"issue_complimentary", "event_editor"},
      {"cancel_event", "event_editor"},
      {"assign_team", "event_editor", "organization"},  // stands for a direct write
      {"register_device", "event_editor"},
      {"rotate_event_key", "event_editor"},
      {"event_report", "event_editor org_manager"},
      {"sales_curve", "event_editor org_manager"},
      {"publish_content", "marketing_editor"},
      {"schedule_content", "marketing_editor"},
      {"analyze_content", "marketing_editor"},
      {"campaign_report", "marketing_editor org_manager"},
      {"convert_prospect", "sponsorship_editor"},
      {"sponsor_report", "sponsorship_editor own_sponsor org_manager"},
      {"generate_content", "org_member"},
      {"start_conversation", "org_member"},
      {"send_message", "org_member"},
      {"rate_conversation", "org_member"},
      {"render_template", "org_member"},
      {"dashboard_data", "org_member"},
      {"approve_budget", "org_manager event_editor"},
      {"sign_contract", "org_manager event_editor"},
      {"approve_content", "org_manager"},
      {"reject_content", "org_manager"},
      {"approve_proposal", "org_manager"},
      {"reject_proposal", "org_manager"},
      {"queue_message", "org_manager", "communication"},
      {"notify_user", "org_manager"},
      {"workload_report", "org_manager"},
      {"claim_messages", "service", "communication"},
      {"report_delivery", "service", "communication"},
      {"invite_user", "org_admin"},
      {"change_role", "org_admin"},
      {"deactivate_user", "org_admin"},
      {"create_api_key", "org_admin"},
      {"revoke_api_key", "org_admin"},
      {"revoke_device", "org_admin"},
      {"set_integration_secret", "org_admin"},
      {"reveal_secret", "org_admin"},
      {"copy_event", "org_admin"},
      {"import_open_event", "org_admin"},
      {"import_csv", "org_admin"},
      {"export_csv", "org_admin"},
      {"erase_subject", "org_admin"},
      {"verify_audit", "org_admin"},
      {"export_audit", "org_admin"},
      {"list_principals_who_can", "org_admin"},
      {"export_tenant", "org_owner"},
  };
  return all;
}

// Where the probes know the whole right, so that a refusal is wrong too.
bool is_exact(std::string_view command) {
  static const std::set<std::string_view> exact = {"quote_price",         "quote_order",
                                                   "explain_access",      "place_order",
                                                   "start_payment",       "confirm_payment",
                                                   "fail_payment",        "expire_orders",
                                                   "ticket_qr",           "check_in",
                                                   "event_report",        "sales_curve",
                                                   "assign_team",         "register_device",
                                                   "revoke_device",       "create_api_key",
                                                   "revoke_api_key",      "invite_user",
                                                   "import_open_event",   "verify_audit",
                                                   "reveal_secret",       "list_principals_who_can",
                                                   "transfer_ticket",     "reissue_ticket",
                                                   "rotate_event_key",    "undo_check_in",
                                                   "search_attendees",    "quote_refund",
                                                   "refund_tickets",      "confirm_refund",
                                                   "cancel_order",        "cancel_ticket",
                                                   "record_chargeback",   "cancel_event",
                                                   "issue_complimentary", "join_waitlist",
                                                   "leave_waitlist",      "set_integration_secret",
                                                   "apply_stripe_webhook"};
  return exact.contains(command);
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool contract_allows(const Right& right, const statement::Image& image, const Who& who,
                     const statement::Subject& about) {
  if (!who.valid) return false;
  const std::string all = right.who;
  const std::string tenant = statement::tenant_of(about.table, about.row);
  if (!who.organization.empty() && who.organization != tenant) return false;
  if (who.kind == Kind::service || all == "anyone") return true;
  if (who.kind == Kind::api_key)
    return who.organization == tenant && *right.group != '\0' && who.permissions.contains(right.group);
  if (all == "service") return false;
  const bool buyer = who.kind == Kind::anon || who.kind == Kind::customer;  // whom ACCESS names on public events
  for (const std::string& predicate : words_of(all))
    if ((predicate != "public_event" || buyer) && (predicate != "own_ticket" || about.table == "tickets") &&
        statement::holds(predicate, image, who, about))
      return true;
  return false;
}

}  // namespace

CommandRights::CommandRights(World& world) : world_(world) {
  read_image();
  const auto store = world_.engine()->store().value();
  for (const std::string& name : principal_names) {
    const auto principal = api::read_principal(*world_.engine(), world_.principal_json(name));
    if (!principal) throw std::runtime_error(name + ": " + principal.error().to_json());
    Asker asker{name, who_is(name), {}};
    const Status read = store->read([&](store::Reader& reader) -> Status {
      EC_TRY(facts, policy::load_facts(reader, principal.assume_value(), world_.engine()->clock().now_us()));
      asker.facts = std::move(facts);
      return ok();
    });
    if (!read) throw std::runtime_error(read.error().to_json());
    askers_.push_back(std::move(asker));
  }
  gather_subjects(world_.a());
  gather_subjects(world_.b());
}

void CommandRights::read_image() {
  for (const TableDef* table : schema::all_tables) {
    if (table->name == "audit_logs") continue;
    for (const Tenant* tenant : {&world_.a(), &world_.b()}) {
      Json request = {{"columns", {"*"}}, {"limit", 1'000}};
      if (!table->global) request["organization_id"] = tenant->organization;
      const Json page = parsed(world_.service().list(table->name, dump(request)));
      for (const Json& row : page["rows"]) image_.put(std::string(table->name), row);
    }
  }
}

Who CommandRights::who_is(const std::string& name) const {
  const Tenant& a = world_.a();
  if (name == "fo") return statement::user_of(image_, world_.b().organization, world_.b().users.at("ow"), today);
  if (a.users.contains(name)) return statement::user_of(image_, a.organization, a.users.at(name), today);
  if (a.sponsors.contains(name)) return statement::sponsor_of(image_, a.organization, a.sponsors.at(name), "");
  if (a.devices.contains(name))
    return statement::device_of(image_, a.organization, a.rows.at(name == "d2" ? "devices public" : "devices"));
  if (name == "c1" || name == "c2") return statement::customer_of(image_, name + "@example.com", "");
  if (a.keys.contains(name))
    for (const auto& [id, row] : image_.rows("api_keys", a.organization))
      if (statement::text_at(row, "name") == name) return statement::key_of(image_, a.organization, id, now);
  Who who;
  who.kind = name == "sv" ? Kind::service : Kind::anon;
  return who;
}

// The rows that commands are about.
void CommandRights::gather_subjects(const Tenant& tenant) {
  for (const char* name : {"organizations", "events", "ticket_orders", "tickets", "waitlist_entries", "sponsors",
                           "marketing_campaigns", "sponsor_prospects", "event_budgets", "event_vendor_contracts",
                           "ai_generated_content", "devices", "api_keys"}) {
    const TableDef& table = *schema::find_table(name);
    for (const std::string& variant : variants_of(table)) {
      const std::string key = variant.empty() ? std::string(name) : std::string(name) + " " + variant;
      if (tenant.rows.contains(key)) subjects_.push_back({&table, tenant.organization, tenant.rows.at(key)});
    }
  }
}

std::size_t CommandRights::check(const CommandDef& command) {
  const std::string name(command.name);
  const auto found =
      std::find_if(rights().begin(), rights().end(), [&](const Right& right) { return name == right.command; });
  const Right nobody_else{command.name.data(), "service"};
  const Right& right = found == rights().end() ? nobody_else : *found;
  std::size_t asked = 0;
  const auto store = world_.engine()->store().value();
  const Status read = store->read([&](store::Reader& reader) -> Status {
    policy::Related related(reader);
    for (const About& about : subjects_) {
      const Uuid organization = parse_uuid(about.organization).assume_value();
      EC_TRY(row, reader.get(*about.table, organization, parse_uuid(about.id).assume_value()));
      const Json* known = image_.find(about.table->name, about.organization, about.id);
      if (!row || known == nullptr) return Errc::not_found;
      const statement::Subject subject = statement::subject(image_, about.table->name, *known);
      for (const Asker& asker : askers_) {
        EC_TRY(may, policy::may_run(command, *row, asker.facts, related));
        const bool named = contract_allows(right, image_, asker.who, subject);
        ++asked;
        const bool wrong = is_exact(name) ? may != named : may && !named;
        EXPECT_FALSE(wrong) << name << " by " << asker.name << " on " << about.table->name << " "
                            << (may ? "is allowed, though the contract does not name him" : "is refused");
      }
    }
    return ok();
  });
  EXPECT_TRUE(read) << name;
  return asked;
}

}  // namespace eventcore::test
