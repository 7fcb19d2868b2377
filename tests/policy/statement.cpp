#include "policy/statement.hpp"

#include <algorithm>
#include <stdexcept>

namespace eventcore::test::statement {

std::string text_at(const Json& row, const char* column) {
  const auto found = row.find(column);
  return found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string tenant_of(std::string_view table, const Json& row) {
  return table == "organizations" ? text_at(row, "id") : text_at(row, "organization_id");
}

void Image::put(const std::string& table, Json row) {
  Json& place = tables_[table][tenant_of(table, row)][text_at(row, "id")];
  place = std::move(row);
}

void Image::drop(const std::string& table, const std::string& organization, const std::string& id) {
  tables_[table][organization].erase(id);
}

const Image::Rows& Image::rows(std::string_view table, std::string_view organization) const {
  static const Rows none;
  const auto tenants = tables_.find(table);
  if (tenants == tables_.end()) return none;
  const auto found = tenants->second.find(organization);
  return found == tenants->second.end() ? none : found->second;
}

const Json* Image::find(std::string_view table, std::string_view organization, std::string_view id) const {
  const Rows& all = rows(table, organization);
  const auto found = all.find(id);
  return found == all.end() ? nullptr : &found->second;
}

std::vector<std::string> Image::tenants(std::string_view table) const {
  std::vector<std::string> names;
  if (const auto found = tables_.find(table); found != tables_.end())
    for (const auto& [name, rows] : found->second) names.push_back(name);
  return names;
}

// ---- the matrix ---------------------------------------------------------------------------------------------------

namespace {

// A cell is a list of predicates with "; " between them; one followed by (columns) grants these columns alone.
// A rule about columns takes them away from whom none of its predicates holds for.
struct ColumnRule {
  Act act;  // view or update; the latter binds create too
  const char* columns;
  const char* unless;
};
struct Line {
  const char* table;
  const char* section;
  const char* view;
  const char* create;
  const char* update;
  const char* remove;
  std::vector<ColumnRule> rules;
};

constexpr const char* as_their_event =
    "event_reader; public_event; own_ticket_event; own_sponsor_event; any_key; device";
constexpr const char* own_profile =
    "org_admin; self(full_name,avatar_url,phone,professional_title,skills,certifications,availability_schedule,"
    "preferences)";
constexpr const char* venue_seen =
    "org_member; venue_of_visible_event(name,address,city,state,country,postal_code,coordinates,"
    "accessibility_features)";
constexpr const char* event_seen =
    "event_reader; public_event; own_ticket_event; own_sponsor_event; any_key; "
    "device(id,name,start_datetime,end_datetime,timezone)";
constexpr const char* category_seen =
    "event_reader; active_public_event; own_ticket_event; device(id,name,gates,valid_from,valid_until)";
constexpr const char* ticket_seen =
    "event_staff; own_ticket; device(id,ticket_number,attendee_name,ticket_category_id,status)";
constexpr const char* members_or_staff = "event_staff_or_member";

// clang-format off
const std::vector<Line>& matrix() {
  static const std::vector<Line> lines = {
      {"organizations", "organization", "org_user", "service", "org_admin", "org_owner", {{Act::update,
       "slug,subscription_tier", "service"}}},
      {"users", "organization", "org_member; self", "org_admin", own_profile, "org_admin", {{Act::view,
       "performance_metrics", "org_manager; self"}}},
      {"team_assignments", "organization", "event_reader; self", "event_editor", "event_editor", "event_editor",
       {{Act::view, "hourly_rate", "org_manager; event_editor; self"}}},
      {"user_skill_assignments", "organization", "org_member; self", "org_admin; self",
       "org_admin; self; org_manager(verified_by,verified_at)", "org_admin; self", {{Act::update,
       "verified_by,verified_at", "org_manager_of_somebody_else"}}},
      {"api_keys", "organization", "org_admin", "command", "command", "command", {}},
      {"integration_secrets", "organization", "org_admin", "command", "command", "command", {}},
      {"devices", "organization", "org_admin; box_office", "command", "command", "command", {}},
      {"data_subject_requests", "organization", "org_admin", "engine", "engine", "engine", {}},
      {"events", "events", event_seen, "org_admin", "event_editor", "org_admin", {{Act::view,
       "settings,ai_generated_content,created_by", "event_reader"}}},
      {"event_categories", "events", as_their_event, "event_editor", "event_editor", "event_editor", {}},
      {"event_tags", "events", as_their_event, "event_editor", "event_editor", "event_editor", {}},
      {"venues", "events", venue_seen, "org_manager", "org_manager", "org_admin", {}},
      {"event_budgets", "events", "event_editor; org_manager", "event_editor", "event_editor", "event_editor",
       {{Act::update, "approved_by,approved_at", "only_its_command"}}},
      {"vendors", "events", "org_member", "org_manager", "org_manager", "org_admin", {}},
      {"event_vendor_contracts", "events", "event_editor; org_manager", "event_editor", "event_editor",
       "event_editor", {{Act::update, "signed_by,signed_at", "only_its_command"}}},
      {"event_milestones", "events", "event_reader; assignee", "event_editor",
       "event_editor; assignee(status,completion_percentage,notes)", "event_editor", {}},
      {"event_risks", "events", "event_reader; assignee", "event_editor",
       "event_editor; assignee(status,mitigation_plan,contingency_plan)", "event_editor", {}},
      {"event_keys", "events", "org_admin; device(key_id,public_key,retired_at)", "command", "command", "command",
       {}},
      {"ai_agents", "ai", "org_member", "org_admin", "org_admin", "org_admin", {}},
      {"ai_conversations", "ai", "self; org_admin", "org_member_as_self", "self", "org_admin", {}},
      {"ai_generated_content", "ai", "org_member", "org_member", "creator_before_approval; org_manager",
       "org_manager", {{Act::update, "is_approved,approved_by", "only_its_command"}}},
      {"automation_workflows", "ai", "org_manager", "org_manager", "org_manager", "org_manager", {}},
      {"workflow_executions", "ai", "org_manager", "engine", "engine", "engine", {}},
      {"proposals", "ai", "org_manager; self", "engine", "engine", "engine", {}},
      {"outside_calls", "ai", "org_manager; creator", "engine", "engine", "engine", {}},
      {"marketing_campaigns", "marketing", members_or_staff, "marketing_editor", "marketing_editor",
       "marketing_editor", {}},
      {"social_media_platforms", "marketing", "every_user_and_key", "service", "service", "service", {}},
      {"social_media_accounts", "marketing", "org_manager", "org_admin", "org_admin", "org_admin", {}},
      {"social_media_content", "marketing", members_or_staff, "marketing_editor", "marketing_editor",
       "marketing_editor", {}},
      {"influencers", "marketing", "org_member", "org_manager", "org_manager", "org_manager", {}},
      {"influencer_campaigns", "marketing", members_or_staff, "marketing_editor", "marketing_editor",
       "marketing_editor", {}},
      {"sponsor_prospects", "sponsorship", "org_manager; assignee; any_sponsorship_manager",
       "org_manager; any_sponsorship_manager", "org_manager; any_sponsorship_manager; assignee", "org_manager", {}},
      {"sponsor_packages", "sponsorship", "org_member; own_sponsor", "sponsorship_editor", "sponsorship_editor",
       "sponsorship_editor", {}},
      {"sponsors", "sponsorship", "org_member; own_sponsor", "sponsorship_editor",
       "sponsorship_editor; own_sponsor(logo_url,website_url)", "sponsorship_editor", {{Act::view,
       "renewal_probability,satisfaction_rating,account_manager", "org_member"}}},
      {"sponsor_activations", "sponsorship", "event_staff; own_sponsor; assignee", "sponsorship_editor",
       "sponsorship_editor; assignee(activation_status,completion_date,notes,performance_metrics)",
       "sponsorship_editor", {}},
      {"sponsor_roi_metrics", "sponsorship", "event_staff; own_sponsor", "sponsorship_editor", "sponsorship_editor",
       "sponsorship_editor", {}},
      {"ticket_categories", "ticketing", category_seen, "event_editor", "event_editor", "event_editor", {}},
      {"dynamic_pricing_rules", "ticketing", "event_editor; org_manager", "event_editor", "event_editor",
       "event_editor", {}},
      {"pricing_calculations", "ticketing", "event_editor; org_manager", "engine", "engine", "engine", {}},
      {"discount_codes", "ticketing", "marketing_editor; org_manager", "marketing_editor", "marketing_editor",
       "marketing_editor", {}},
      {"ticket_orders", "ticketing", "event_staff; own_order", "engine", "engine", "engine", {{Act::view,
       "ip_address,user_agent", "org_manager"}}},
      {"ticket_order_items", "ticketing", "event_staff; own_order", "engine", "engine", "engine", {}},
      {"order_payments", "ticketing", "event_staff; own_order", "engine", "engine", "engine", {}},
      {"ticket_transfers", "ticketing", "event_staff; own_transfer", "engine", "engine", "engine", {}},
      {"tickets", "ticketing", ticket_seen, "engine", "engine", "engine", {{Act::view, "qr_code_data",
       "box_office; own_ticket"}}},
      {"check_ins", "ticketing", "event_staff", "engine", "engine", "engine", {}},
      {"waitlist_entries", "ticketing", "event_staff; own_wait", "engine", "engine", "engine", {}},
      {"payment_events", "ticketing", "org_admin", "engine", "engine", "engine", {}},
      {"ticket_sales_analytics", "ticketing", "event_editor; org_manager", "engine", "engine", "engine", {}},
      {"event_analytics", "analytics", "event_staff", "event_editor", "nobody", "nobody", {}},
      {"user_behavior_events", "analytics", "org_manager", "command", "nobody", "nobody", {}},
      {"dashboard_widgets", "analytics", "org_member", "org_member", "org_manager; creator", "org_manager; creator",
       {}},
      {"message_templates", "communication", "org_member", "org_manager", "org_manager", "org_manager", {}},
      {"notifications", "communication", "recipient", "org_manager", "recipient(is_read)", "", {}},
      {"communication_logs", "communication", "org_manager", "engine", "engine", "engine", {}},
      {"audit_logs", "communication", "org_admin", "nobody", "nobody", "nobody", {}},
  };
  return lines;
}
// clang-format on

const Line& line_of(std::string_view table) {
  for (const Line& line : matrix())
    if (table == line.table) return line;
  throw std::runtime_error("the statement has no table " + std::string(table));
}

const char* cell_of(const Line& line, Act act) {
  for (const KnownDisagreement& one : known_disagreements())
    if (one.act == act && std::string_view(one.table) == line.table) return one.engine;
  switch (act) {
    case Act::view: return line.view;
    case Act::create: return line.create;
    case Act::update: return line.update;
    case Act::remove: return line.remove;
  }
  return "";
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

struct Term {
  std::string predicate;
  std::vector<std::string> columns;  // empty: all
};

const std::vector<Term>& terms_of(const char* cell) {
  static std::map<const char*, std::vector<Term>> known;
  const auto found = known.find(cell);
  if (found != known.end()) return found->second;
  std::vector<Term> terms;
  for (const std::string& part : split(cell, ';')) {
    const std::size_t open = part.find('(');
    Term term{part.substr(0, open), {}};
    if (open != std::string::npos)
      term.columns = split(std::string_view(part).substr(open + 1, part.size() - open - 2), ',');
    terms.push_back(std::move(term));
  }
  return known[cell] = std::move(terms);
}

// ---- the predicates -----------------------------------------------------------------------------------------------

struct Asked {
  const Image& image;
  const Who& who;
  const Subject& about;
  [[nodiscard]] std::string at(const char* column) const { return text_at(about.row, column); }
  [[nodiscard]] std::string tenant() const { return tenant_of(about.table, about.row); }
  [[nodiscard]] std::string event_id() const { return about.event == nullptr ? "" : text_at(*about.event, "id"); }
};

bool is_user(const Asked& a) {
  return a.who.kind == Kind::user && a.who.organization == a.tenant();
}
bool guest(const Asked& a) {
  return a.who.role == "guest";
}

int rank(const std::string& role) {
  static const std::vector<std::string> order = {"guest", "member", "manager", "admin", "owner"};
  return static_cast<int>(std::find(order.begin(), order.end(), role) - order.begin());
}
bool at_least(const Asked& a, const char* role) {
  return is_user(a) && rank(a.who.role) >= rank(role);
}

bool org_user(const Asked& a) {
  return is_user(a);
}
bool org_member(const Asked& a) {
  return is_user(a) && !guest(a);
}
bool org_manager(const Asked& a) {
  return at_least(a, "manager");
}
bool org_admin(const Asked& a) {
  return at_least(a, "admin");
}
bool org_owner(const Asked& a) {
  return at_least(a, "owner");
}

// Assigned to the row's event in one of these roles; no role: in any.
bool assigned(const Asked& a, std::initializer_list<const char*> roles) {
  if (!is_user(a) || a.about.event == nullptr) return false;
  for (const Json& assignment : a.who.assignments) {
    if (text_at(assignment, "event_id") != a.event_id()) continue;
    const std::string role = text_at(assignment, "role_type");
    if (roles.size() == 0 || std::find(roles.begin(), roles.end(), role) != roles.end()) return true;
  }
  return false;
}

bool event_reader(const Asked& a) {
  return org_manager(a) || assigned(a, {});
}
bool event_staff(const Asked& a) {
  return event_reader(a) && !guest(a);
}
bool event_staff_or_member(const Asked& a) {
  return a.at("event_id").empty() ? org_member(a) : event_staff(a);
}
bool event_editor(const Asked& a) {
  return org_admin(a) || (!guest(a) && assigned(a, {"event_director", "producer"}));
}
bool editor_or(const Asked& a, const char* role) {
  if (a.about.event == nullptr) return org_manager(a);
  return event_editor(a) || (!guest(a) && assigned(a, {role}));
}
bool marketing_editor(const Asked& a) {
  return editor_or(a, "marketing_manager");
}
bool sponsorship_editor(const Asked& a) {
  return editor_or(a, "sponsorship_manager");
}
bool box_office(const Asked& a) {
  return event_editor(a) || (!guest(a) && assigned(a, {"operations_manager", "customer_experience_manager"}));
}
bool any_sponsorship_manager(const Asked& a) {
  if (!org_member(a)) return false;
  return std::any_of(a.who.assignments.begin(), a.who.assignments.end(),
                     [](const Json& one) { return text_at(one, "role_type") == "sponsorship_manager"; });
}

bool is_him(const Asked& a, const std::string& id) {
  return is_user(a) && !id.empty() && id == a.who.id;
}
bool self(const Asked& a) {
  if (a.about.table == "users") return is_him(a, a.at("id"));
  if (a.about.table != "proposals") return is_him(a, a.at("user_id"));
  const Json* conversation = a.image.find("ai_conversations", a.tenant(), a.at("conversation_id"));
  return conversation != nullptr && is_him(a, text_at(*conversation, "user_id"));
}
bool assignee(const Asked& a) {
  return !guest(a) && (is_him(a, a.at("assigned_to")) || is_him(a, a.at("responsible_person")));
}
bool creator(const Asked& a) {
  return !guest(a) && is_him(a, a.at("created_by"));
}
bool recipient(const Asked& a) {
  return !guest(a) && is_him(a, a.at("recipient_id"));
}
bool org_member_as_self(const Asked& a) {
  return org_member(a) && self(a);
}
bool creator_before_approval(const Asked& a) {
  return creator(a) && a.about.row.value("is_approved", Json()) != true;
}
bool org_manager_of_somebody_else(const Asked& a) {
  return org_manager(a) && !self(a);
}

bool own_sponsor(const Asked& a) {
  if (a.who.kind != Kind::sponsor || a.tenant() != a.who.organization) return false;
  if (a.about.table == "sponsors") return a.at("id") == a.who.id;
  if (a.about.table == "sponsor_packages") return !a.who.package.empty() && a.at("id") == a.who.package;
  return a.at("sponsor_id") == a.who.id;
}

bool within_reach(const Asked& a) {
  return a.who.organization.empty() || a.who.organization == a.tenant();
}
std::string folded(std::string text) {
  while (!text.empty() && text.front() == ' ') text.erase(0, 1);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}
bool is_his_address(const Asked& a, const std::string& email) {
  return a.who.kind == Kind::customer && within_reach(a) && !a.who.email.empty() && folded(email) == a.who.email;
}
bool own_order(const Asked& a) {
  if (a.about.table == "ticket_orders") return is_his_address(a, a.at("customer_email"));
  const Json* order = a.image.find("ticket_orders", a.tenant(), a.at("order_id"));
  return order != nullptr && is_his_address(a, text_at(*order, "customer_email"));
}
bool own_ticket(const Asked& a) {
  return is_his_address(a, a.at("attendee_email")) || (a.at("transferred_from").empty() && own_order(a));
}
bool own_transfer(const Asked& a) {
  return is_his_address(a, a.at("from_email")) || is_his_address(a, a.at("to_email"));
}
bool own_wait(const Asked& a) {
  return is_his_address(a, a.at("customer_email"));
}

bool public_event(const Asked& a) {
  if (a.about.event == nullptr || a.who.kind == Kind::device || !within_reach(a)) return false;
  const std::string status = text_at(*a.about.event, "status");
  return a.about.event->value("is_public", Json()) == true && (status == "confirmed" || status == "active");
}
bool active_public_event(const Asked& a) {
  return public_event(a) && a.about.row.value("is_active", Json()) == true;
}
bool device(const Asked& a) {
  return a.who.kind == Kind::device && a.who.organization == a.tenant() && a.who.event == a.event_id();
}
bool own_ticket_event(const Asked& a) {
  return a.who.kind == Kind::customer && within_reach(a) &&
         a.who.ticket_events.contains(a.tenant() + "/" + a.event_id());
}
bool own_sponsor_event(const Asked& a) {
  return a.who.kind == Kind::sponsor && a.who.organization == a.tenant() && !a.who.event.empty() &&
         a.who.event == a.event_id();
}
bool venue_of_visible_event(const Asked& a) {
  const Image::Rows& events = a.image.rows("events", a.tenant());
  return std::any_of(events.begin(), events.end(), [&](const auto& one) {
    if (text_at(one.second, "venue_id") != a.at("id")) return false;
    const Subject event{"events", one.second, &one.second};
    const Asked there{a.image, a.who, event};
    return public_event(there) || own_ticket_event(there) || own_sponsor_event(there);
  });
}
bool any_key(const Asked& a) {
  return a.who.kind == Kind::api_key && a.who.organization == a.tenant();
}
bool every_user_and_key(const Asked& a) {
  return a.who.kind == Kind::user || a.who.kind == Kind::api_key;
}
bool service(const Asked& a) {
  return a.who.kind == Kind::service;
}
bool never(const Asked&) {
  return false;
}

using Test = bool (*)(const Asked&);
const std::map<std::string, Test>& predicates() {
  static const std::map<std::string, Test> all = {{"org_user", org_user},
                                                  {"org_member", org_member},
                                                  {"org_manager", org_manager},
                                                  {"org_admin", org_admin},
                                                  {"org_owner", org_owner},
                                                  {"event_reader", event_reader},
                                                  {"event_staff", event_staff},
                                                  {"event_staff_or_member", event_staff_or_member},
                                                  {"event_editor", event_editor},
                                                  {"marketing_editor", marketing_editor},
                                                  {"sponsorship_editor", sponsorship_editor},
                                                  {"box_office", box_office},
                                                  {"any_sponsorship_manager", any_sponsorship_manager},
                                                  {"self", self},
                                                  {"assignee", assignee},
                                                  {"creator", creator},
                                                  {"recipient", recipient},
                                                  {"org_member_as_self", org_member_as_self},
                                                  {"creator_before_approval", creator_before_approval},
                                                  {"org_manager_of_somebody_else", org_manager_of_somebody_else},
                                                  {"own_sponsor", own_sponsor},
                                                  {"own_order", own_order},
                                                  {"own_ticket", own_ticket},
                                                  {"own_transfer", own_transfer},
                                                  {"own_wait", own_wait},
                                                  {"public_event", public_event},
                                                  {"active_public_event", active_public_event},
                                                  {"device", device},
                                                  {"own_ticket_event", own_ticket_event},
                                                  {"own_sponsor_event", own_sponsor_event},
                                                  {"venue_of_visible_event", venue_of_visible_event},
                                                  {"any_key", any_key},
                                                  {"every_user_and_key", every_user_and_key},
                                                  {"service", service},
                                                  {"only_its_command", never}};
  return all;
}

bool closed_to_keys(std::string_view table) {
  static const std::set<std::string_view> closed = {
      "api_keys", "devices", "event_keys", "integration_secrets", "audit_logs", "data_subject_requests"};
  return closed.contains(table);
}

bool has_permission(const Who& who, const std::string& group, bool writing) {
  return who.permissions.contains(group) || (!writing && who.permissions.contains(group + ":read"));
}

// An API key has on the tables of its groups what an admin has: he is asked in its place.
std::optional<Who> admin_in_place_of(const Who& who, std::string_view table, bool writing) {
  if (who.kind != Kind::api_key || closed_to_keys(table)) return std::nullopt;
  if (writing && (table == "users" || table == "organizations")) return std::nullopt;
  if (!has_permission(who, line_of(table).section, writing)) return std::nullopt;
  Who admin;
  admin.kind = Kind::user;
  admin.organization = who.organization;
  admin.role = "admin";
  return admin;
}

bool one_holds(const std::vector<Term>& terms, const Asked& asked, const std::optional<Who>& admin) {
  return std::any_of(terms.begin(), terms.end(), [&](const Term& term) {
    const Test test = predicates().at(term.predicate);
    return test(asked) || (admin && test(Asked{asked.image, *admin, asked.about}));
  });
}

bool is_rule(const std::string& cell) {
  return cell == "engine" || cell == "command" || cell == "nobody";
}

Grant for_service(Act act, const std::string& cell, const Line& line) {
  Grant granted;
  granted.all_columns = true;
  granted.by_rule = is_rule(cell) && !(cell == "engine" && act == Act::create);
  granted.allowed = !granted.by_rule;
  if (act == Act::update)  // a command's columns bind a service too
    for (const ColumnRule& rule : line.rules)
      if (std::string_view(rule.unless) == "only_its_command")
        for (const std::string& column : split(rule.columns, ',')) granted.without.insert(column);
  return granted;
}

}  // namespace

const std::vector<KnownDisagreement>& known_disagreements() {
  static const char* const venue_as_engine =
      "org_member; venue_of_visible_event(id,name,address,city,state,country,postal_code,coordinates,"
      "accessibility_features)";
  static const std::vector<KnownDisagreement> all = {
      {"venues", Act::view, venue_as_engine,
       "venues: read, for those not org_member: name, address, city, state, country, postal code, coordinates, "
       "accessibility; the engine shows them the id too, without which a row cannot be named"},
  };
  return all;
}

Subject subject(const Image& image, std::string_view table, const Json& row) {
  if (table == "events") return {table, row, &row};
  return {table, row, image.find("events", tenant_of(table, row), text_at(row, "event_id"))};
}

bool holds(const std::string& predicate, const Image& image, const Who& who, const Subject& about) {
  return who.valid && predicates().at(predicate)(Asked{image, who, about});
}

Grant grant(Act act, const Image& image, const Who& who, const Subject& about) {
  const Line& line = line_of(about.table);
  const char* const cell = cell_of(line, act);
  if (!who.valid) return {};
  const Asked asked{image, who, about};
  Grant granted;
  granted.by_rule = act != Act::view && is_rule(cell) &&
                    !(who.kind == Kind::service && act == Act::create && std::string_view(cell) == "engine");
  if (granted.by_rule) return granted;
  if (about.table != "social_media_platforms" && !within_reach(asked)) return {};
  if (who.kind == Kind::service) return for_service(act, cell, line);
  const std::optional<Who> admin = admin_in_place_of(who, about.table, act != Act::view);
  for (const Term& term : terms_of(cell)) {
    if (!one_holds({term}, asked, admin)) continue;
    granted.allowed = true;
    granted.all_columns = granted.all_columns || term.columns.empty();
    granted.columns.insert(term.columns.begin(), term.columns.end());
  }
  for (const ColumnRule& rule : line.rules)
    if ((rule.act == Act::view) == (act == Act::view) && !one_holds(terms_of(rule.unless), asked, admin))
      for (const std::string& column : split(rule.columns, ',')) granted.without.insert(column);
  return granted;
}

bool owner_rule_refuses(const Who& who, const Json& row, const Json& change) {
  if (who.kind == Kind::service || who.role == "owner") return false;
  return text_at(row, "role") == "owner" || text_at(change, "role") == "owner";
}

bool may_view(const Image& image, const Who& who, std::string_view table, const Json& row) {
  return grant(Act::view, image, who, subject(image, table, row)).allowed;
}

// ---- commands -----------------------------------------------------------------------------------------------------

namespace {

// Who runs what, on the row that it is about; key(...) is the right of an API key with that group.
const std::map<std::string, std::string>& commands() {
  static const std::map<std::string, std::string> all = {
      {"quote_price", "viewer"},
      {"quote_price factors", "box_office; key(ticketing)"},
      {"quote_order", "viewer"},
      {"quote_order another", ""},  // a customer with somebody else's address
      {"place_order", "buyer; box_office; key(ticketing)"},
      {"place_order another", "anon_buyer; box_office; key(ticketing)"},  // with somebody else's address
      {"place_order payment", "box_office; key(ticketing)"},
      {"start_payment", "box_office; key(ticketing)"},
      {"confirm_payment", "box_office; key(ticketing)"},
      {"fail_payment", "box_office; key(ticketing)"},
      {"expire_orders", "box_office; key(ticketing)"},
      {"ticket_qr", "own_ticket; box_office; key(ticketing)"},
      {"check_in", "device; box_office; key(ticketing)"},
      {"transfer_ticket", "own_ticket; box_office; key(ticketing)"},
      {"reissue_ticket", "box_office; key(ticketing)"},
      {"rotate_event_key", "event_editor"},
      {"undo_check_in", "box_office; key(ticketing)"},
      {"search_attendees", "device; box_office; key(ticketing)"},
      {"event_report", "event_editor; org_manager"},
      {"issue_complimentary", "event_editor"},
      {"join_waitlist", "buyer; box_office; key(ticketing)"},
      {"join_waitlist another", "anon_buyer; box_office; key(ticketing)"},  // with somebody else's address
      {"leave_waitlist", "own_wait; box_office; key(ticketing)"},
      {"sales_curve", "event_editor; org_manager"},
      {"assign_team", "event_editor; key(organization)"},  // stands for an insert into team_assignments
      {"register_device", "event_editor"},
      {"revoke_device", "org_admin"},
      {"create_api_key", "org_admin"},
      {"revoke_api_key", "org_admin"},
      {"set_integration_secret", "org_admin"},
      {"invite_user", "org_admin"},
      {"invite_user owner", "org_owner"},
      {"verify_audit", "org_admin"},
      {"list_principals_who_can", "org_admin"},
      {"verify_store", ""},
      {"run_maintenance", ""},
      {"create_organization", ""},
      {"reveal_secret", "org_admin"},
      {"apply_stripe_webhook", "key(ticketing)"},
      {"list_keys", ""},
      {"add_key", ""},
      {"remove_key", ""},
      {"rotate_key", ""},
      {"backup", ""},
      {"restore", ""},
  };
  return all;
}

// The store with its keys and copies is no tenant's: a service that was given one tenant has no right to it.
bool is_about_the_store(const std::string& command) {
  static const std::set<std::string> all = {"list_keys", "add_key", "remove_key", "rotate_key", "backup", "restore"};
  return all.contains(command);
}

bool may_run_by(const std::string& right, const Image& image, const Who& who, const Subject& about) {
  if (right.starts_with("key(")) {
    const std::string group = right.substr(4, right.size() - 5);
    return who.kind == Kind::api_key && who.organization == tenant_of(about.table, about.row) &&
           has_permission(who, group, true);
  }
  if (right == "viewer") return true;  // that the row is viewable is asked for anyway
  if (right == "buyer")
    return (who.kind == Kind::anon || who.kind == Kind::customer) && holds("public_event", image, who, about);
  if (right == "anon_buyer") return who.kind == Kind::anon && holds("public_event", image, who, about);
  return holds(right, image, who, about);
}

}  // namespace

bool may_run(const std::string& command, const std::string& more, const Image& image, const Who& who,
             const Subject& about) {
  if (!who.valid) return false;
  if (who.kind == Kind::service) return who.organization.empty() || !is_about_the_store(command);
  const std::string& rights = commands().at(more.empty() ? command : command + " " + more);
  for (const std::string& right : split(rights, ';'))
    if (may_run_by(right, image, who, about)) return true;
  return false;
}

// ---- who is who ---------------------------------------------------------------------------------------------------

Who user_of(const Image& image, const std::string& organization, const std::string& id, const std::string& today) {
  Who who;
  who.kind = Kind::user;
  who.id = id;
  who.organization = organization;
  const Json* row = image.find("users", organization, id);
  who.valid = row != nullptr && row->value("is_active", Json()) == true;
  if (row != nullptr) who.role = text_at(*row, "role");
  for (const auto& [key, assignment] : image.rows("team_assignments", organization)) {
    const std::string status = text_at(assignment, "assignment_status");
    const std::string from = text_at(assignment, "start_date");
    const std::string to = text_at(assignment, "end_date");
    if (text_at(assignment, "user_id") != id || (status != "assigned" && status != "active")) continue;
    if ((from.empty() || from <= today) && (to.empty() || today <= to)) who.assignments.push_back(assignment);
  }
  return who;
}

Who sponsor_of(const Image& image, const std::string& organization, const std::string& id, const std::string& key) {
  Who who;
  who.kind = Kind::sponsor;
  who.id = id;
  who.organization = organization;
  const Json* row = image.find("sponsors", organization, id);
  who.valid = row != nullptr;
  if (row == nullptr) return who;
  const Json* key_row = image.find("api_keys", organization, key);
  who.valid = key.empty() || (key_row != nullptr && text_at(*key_row, "revoked_at").empty());
  who.package = text_at(*row, "package_id");
  if (text_at(*row, "contract_status") != "cancelled") who.event = text_at(*row, "event_id");
  return who;
}

Who device_of(const Image& image, const std::string& organization, const std::string& id) {
  Who who;
  who.kind = Kind::device;
  who.id = id;
  who.organization = organization;
  const Json* row = image.find("devices", organization, id);
  who.valid = row != nullptr && text_at(*row, "revoked_at").empty();
  if (row != nullptr) who.event = text_at(*row, "event_id");
  return who;
}

Who key_of(const Image& image, const std::string& organization, const std::string& id, const std::string& now) {
  Who who;
  who.kind = Kind::api_key;
  who.id = id;
  who.organization = organization;
  const Json* row = image.find("api_keys", organization, id);
  who.valid = row != nullptr && text_at(*row, "revoked_at").empty() &&
              (text_at(*row, "expires_at").empty() || text_at(*row, "expires_at") > now);
  if (row != nullptr)
    for (const Json& permission : row->at("permissions")) who.permissions.insert(permission.get<std::string>());
  return who;
}

Who customer_of(const Image& image, const std::string& email, const std::string& organization) {
  Who who;
  who.kind = Kind::customer;
  who.email = folded(email);
  who.organization = organization;
  for (const std::string& tenant : image.tenants("tickets"))
    for (const auto& [id, ticket] : image.rows("tickets", tenant)) {
      const std::string status = text_at(ticket, "status");
      if ((status == "valid" || status == "used") && holds("own_ticket", image, who, subject(image, "tickets", ticket)))
        who.ticket_events.insert(tenant + "/" + text_at(ticket, "event_id"));
    }
  return who;
}

// ---- what the probes need to know besides -------------------------------------------------------------------------

bool found_without_tenant(std::string_view table) {
  static const std::set<std::string_view> found = {
      "organizations",     "users",         "sponsors", "events",           "venues",
      "ticket_categories", "ticket_orders", "tickets",  "waitlist_entries", "social_media_platforms"};
  return found.contains(table);
}

std::string parent_column(std::string_view table) {
  static const std::map<std::string_view, std::string> parents = {{"social_media_content", "campaign_id"},
                                                                  {"influencer_campaigns", "campaign_id"},
                                                                  {"sponsor_activations", "sponsor_id"},
                                                                  {"sponsor_roi_metrics", "sponsor_id"},
                                                                  {"dynamic_pricing_rules", "ticket_category_id"},
                                                                  {"pricing_calculations", "ticket_category_id"},
                                                                  {"waitlist_entries", "ticket_category_id"},
                                                                  {"ticket_order_items", "order_id"},
                                                                  {"order_payments", "order_id"},
                                                                  {"ticket_transfers", "ticket_id"},
                                                                  {"tickets", "ticket_category_id"}};
  const auto found = parents.find(table);
  return found == parents.end() ? std::string() : found->second;
}

std::set<std::string> restricted_columns(std::string_view table) {
  std::set<std::string> all;
  for (const ColumnRule& rule : line_of(table).rules)
    if (rule.act == Act::view)
      for (const std::string& column : split(rule.columns, ',')) all.insert(column);
  return all;
}

}  // namespace eventcore::test::statement
