#include "policy/explain.hpp"

#include <array>

#include "schema/all.hpp"

namespace eventcore::policy {

using schema::Predicate;

namespace {

constexpr std::array<std::string_view, 5> role_words = {"a guest", "a member", "a manager", "an admin", "an owner"};
constexpr std::array<std::string_view, 7> assignment_words = {
    "event_director",     "producer",           "marketing_manager",          "sponsorship_manager",
    "operations_manager", "technical_director", "customer_experience_manager"};

// What a predicate asks for.
std::string_view needed(Predicate predicate) {
  switch (predicate) {
    case Predicate::nobody: return "nobody may do this";
    case Predicate::engine: return "only the engine itself and an import by the service write here";
    case Predicate::command: return "only commands write here";
    case Predicate::everyone: return "everybody may do this";
    case Predicate::service: return "only the service may do this";
    case Predicate::org_user: return "any user of the organization may do this";
    case Predicate::org_member: return "a member of the organization or more is needed";
    case Predicate::org_manager: return "a manager of the organization or more is needed";
    case Predicate::org_admin: return "an admin of the organization or more is needed";
    case Predicate::org_owner: return "an owner of the organization is needed";
    case Predicate::event_reader: return "a manager or more, or any assignment to the event, is needed";
    case Predicate::event_staff:
      return "a manager or more, or any assignment to the event of one who is no guest, is needed";
    case Predicate::event_editor: return "an admin or more, or an assignment as event_director or producer, is needed";
    case Predicate::marketing_editor:
      return "an event editor, an assignment as marketing_manager or, without an event, a manager is needed";
    case Predicate::sponsorship_editor:
      return "an event editor, an assignment as sponsorship_manager or, without an event, a manager is needed";
    case Predicate::box_office:
      return "an event editor, or an assignment as operations_manager or customer_experience_manager, is needed";
    case Predicate::any_sponsorship_manager: return "an assignment as sponsorship_manager to any event is needed";
    case Predicate::campaign_staff: return "event staff or, without an event, a member is needed";
    case Predicate::self: return "it must be about the caller himself";
    case Predicate::member_self: return "it must be about the caller himself, who is no guest";
    case Predicate::assignee: return "it must be assigned to the caller, who is no guest";
    case Predicate::creator: return "it must be made by the caller, who is no guest";
    case Predicate::unapproved_creator: return "it must be made by the caller and not be approved yet";
    case Predicate::recipient: return "it must be addressed to the caller";
    case Predicate::own_sponsor: return "it must belong to the sponsor who asks";
    case Predicate::own_order: return "the order must carry the customer's e-mail address";
    case Predicate::own_ticket:
      return "the ticket, or the order of one that was not transferred, must carry the customer's e-mail address";
    case Predicate::own_transfer: return "the transfer must be from or to the customer's e-mail address";
    case Predicate::own_waitlist: return "the entry must carry the customer's e-mail address";
    case Predicate::conversation_self: return "it must come from a conversation of the caller";
    case Predicate::public_event: return "its event must be public, and confirmed or active";
    case Predicate::own_ticket_event: return "a valid or used ticket of the customer for the event is needed";
    case Predicate::own_sponsor_event: return "a sponsorship of the event that is not cancelled is needed";
    case Predicate::device: return "a device of the row's event is needed";
    case Predicate::every_user_and_key: return "any user or API key may do this";
  }
  return "";
}

std::string caller_words(const Facts& facts) {
  if (!facts.valid) return "the caller is not valid now";
  switch (facts.kind) {
    case PrincipalKind::user: return "the caller is " + std::string(role_words[static_cast<std::size_t>(facts.role)]);
    case PrincipalKind::service: return "the caller is the service";
    case PrincipalKind::sponsor: return "the caller is a sponsor";
    case PrincipalKind::customer: return "the caller is a customer";
    case PrincipalKind::api_key: return "the caller is an API key";
    case PrincipalKind::device: return "the caller is a device";
    case PrincipalKind::anon: return "the caller is anonymous";
  }
  return "";
}

std::string organization_words(const Record& row, const Facts& facts) {
  if (row.table().global || !facts.organization) return {};
  return row.organization_id() == *facts.organization ? " of the row's organization" : " of another organization";
}

// Of a user: how he is assigned to the row's event.
std::string assignment_part(const Record& row, const Facts& facts) {
  const int event_column = policy_columns(row.table()).event;
  if (facts.kind != PrincipalKind::user || event_column < 0) return {};
  const Value& event = row.at(static_cast<std::size_t>(event_column));
  if (!event.is_uuid()) return ", the row has no event";
  std::string roles;
  for (const Assignment& assignment : facts.assignments) {
    if (assignment.event != event.uuid()) continue;
    roles += roles.empty() ? "" : ", ";
    roles += assignment_words[static_cast<std::size_t>(assignment.role)];
  }
  return roles.empty() ? ", not assigned to its event today" : ", assigned to its event as " + roles;
}

std::string group_words(const schema::TableDef& table, Operation operation) {
  return std::string(schema::group_name(table.access.group)) + (operation == Operation::view ? ":read" : "");
}

Explained explain_key(Operation operation, const Record& row, const Facts& facts) {
  const schema::TableDef& table = row.table();
  Explained line{
      "key(" + std::string(schema::group_name(table.access.group)) + ")", key_may(operation, table, facts), {}};
  if (table.access.keys == schema::KeyAccess::closed) {
    line.because = "this table is closed to keys";
  } else if (table.access.keys == schema::KeyAccess::read_only && operation != Operation::view) {
    line.because = "keys only read this table";
  } else {
    std::string held;
    for (const std::string& permission : facts.permissions) held += (held.empty() ? "" : ", ") + permission;
    line.because = "the key has " + (held.empty() ? std::string("no permission") : held) + "; " +
                   group_words(table, operation) + " is needed";
  }
  return line;
}

}  // namespace

Result<std::vector<Explained>> explain(Operation operation, const Record& row, const Facts& facts, Related& related) {
  std::vector<Explained> lines;
  if (facts.is_service()) lines.push_back({"service", true, "the service is not bound by policies"});
  if (facts.kind == PrincipalKind::api_key) lines.push_back(explain_key(operation, row, facts));
  if (operation == Operation::view && key_views_anyway(row, facts))
    lines.push_back({"key", true, "every key of the organization views its events, in the columns that are public"});
  const std::string caller = caller_words(facts) + organization_words(row, facts) + assignment_part(row, facts);
  for (const schema::Grant& grant : grants_of(row.table().access, operation).view()) {
    EC_TRY(holds, predicate_holds(grant.predicate, row, facts, related));
    lines.push_back({std::string(schema::predicate_name(grant.predicate)), holds,
                     std::string(needed(grant.predicate)) + "; " + caller});
  }
  return lines;
}

Result<Explained> explain_column(Operation operation, const Record& row, std::uint16_t column, const Facts& facts,
                                 Related& related) {
  const schema::Access& access = row.table().access;
  const std::string_view name = row.table().columns[column].name;
  Explained line{"column " + std::string(name), false, {}};
  for (const schema::ColumnRule& rule : access.column_rules) {
    const schema::Grants& grants = operation == Operation::view ? rule.read : rule.write;
    if (grants.empty() || !rule.columns.contains(name)) continue;
    bool given = false;
    std::string asked;
    for (const schema::Grant& grant : grants.view()) {
      EC_TRY(holds, predicate_holds(grant.predicate, row, facts, related));
      given = given || holds;
      asked += (asked.empty() ? "" : ", or ") + std::string(needed(grant.predicate));
    }
    if (given) continue;
    line.because = asked + "; " + caller_words(facts) + organization_words(row, facts) + assignment_part(row, facts);
    return line;
  }
  for (const schema::Grant& grant : grants_of(access, operation).view()) {
    EC_TRY(holds, predicate_holds(grant.predicate, row, facts, related));
    if (!holds || grant.only.empty()) continue;
    line.because +=
        (line.because.empty() ? "" : "; ") + std::string(schema::predicate_name(grant.predicate)) + " covers only";
    for (std::string_view covered : grant.only.view()) line.because += " " + std::string(covered);
  }
  return line;
}

}  // namespace eventcore::policy
