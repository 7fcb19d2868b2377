#include "policy/predicates.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "schema/all.hpp"

namespace eventcore::policy {

using schema::Predicate;
using schema::TableDef;

namespace {

constexpr AssignmentRole no_role = static_cast<AssignmentRole>(255);

bool is_events(const TableDef& table) {
  return table.id == schema::tables::events.id;
}

PolicyColumns find_policy_columns(const TableDef& table) {
  auto at = [&](std::string_view name) { return table.index_of(name); };
  PolicyColumns c;
  c.organization = table.name == "organizations" ? 0 : at("organization_id");
  c.event = is_events(table) ? 0 : at("event_id");
  c.user = table.name == "users" ? 0 : at("user_id");
  c.assignee = at("assigned_to") >= 0 ? at("assigned_to") : at("responsible_person");
  c.creator = at("created_by");
  c.recipient = at("recipient_id");
  c.sponsor = table.name == "sponsors" ? 0 : at("sponsor_id");
  c.package = table.name == "sponsor_packages" ? 0 : -1;
  c.customer_email = at("customer_email_folded");
  c.attendee_email = at("attendee_email_folded");
  c.from_email = at("from_email_folded");
  c.to_email = at("to_email_folded");
  c.order = at("order_id");
  c.transferred_from = at("transferred_from");
  c.is_public = at("is_public");
  c.status = at("status");
  c.is_active = at("is_active");
  c.is_approved = at("is_approved");
  c.conversation = at("conversation_id");
  return c;
}

// ---- conditions for the store -------------------------------------------------------------------------------------

std::uint16_t index(int column) {
  return static_cast<std::uint16_t>(column);
}

// column = value, or never where the table has no such column
Expr equals(int column, const Value& value) {
  return column < 0 ? Expr::never() : Expr::equals(index(column), value);
}

Expr in_organization(const TableDef& table, const Facts& facts) {
  const PolicyColumns& c = policy_columns(table);
  if (!facts.organization || c.organization < 0) return Expr::never();
  return Expr::equals(index(c.organization), *facts.organization);
}

Expr user_at_least(const TableDef& table, const Facts& facts, Role role) {
  return facts.is_user(role) ? in_organization(table, facts) : Expr::never();
}

std::vector<Value> assigned_events(const Facts& facts, AssignmentRole a, AssignmentRole b) {
  std::vector<Value> events;
  events.reserve(facts.assignments.size());
  for (const Assignment& assignment : facts.assignments)
    if (a == no_role || assignment.role == a || assignment.role == b) events.emplace_back(assignment.event);
  return events;
}

// assigned to the row's event as a or b (no_role, no_role: in any role)
Expr assigned_as(const TableDef& table, const Facts& facts, AssignmentRole a, AssignmentRole b = no_role) {
  const PolicyColumns& c = policy_columns(table);
  if (facts.kind != PrincipalKind::user || c.event < 0) return Expr::never();
  return Expr::all_of({in_organization(table, facts), Expr::in_list(index(c.event), assigned_events(facts, a, b))});
}

Expr if_not_guest(const Facts& facts, Expr expr) {
  return facts.is_user(Role::member) ? std::move(expr) : Expr::never();
}

Expr event_staff_expr(const TableDef& table, const Facts& facts) {
  return Expr::any_of(
      {user_at_least(table, facts, Role::manager), if_not_guest(facts, assigned_as(table, facts, no_role))});
}

// event_staff; a row without an event: org_member
Expr campaign_staff_expr(const TableDef& table, const Facts& facts) {
  const PolicyColumns& c = policy_columns(table);
  if (c.event < 0) return user_at_least(table, facts, Role::member);
  return Expr::any_of({event_staff_expr(table, facts),
                       Expr::all_of({Expr::is_null(index(c.event)), user_at_least(table, facts, Role::member)})});
}

Expr event_editor_expr(const TableDef& table, const Facts& facts) {
  return Expr::any_of(
      {user_at_least(table, facts, Role::admin),
       if_not_guest(facts, assigned_as(table, facts, AssignmentRole::event_director, AssignmentRole::producer))});
}

// event_editor, or assigned as `role`; a row without an event: org_manager
Expr department_editor_expr(const TableDef& table, const Facts& facts, AssignmentRole role) {
  const PolicyColumns& c = policy_columns(table);
  std::vector<Expr> any{event_editor_expr(table, facts), if_not_guest(facts, assigned_as(table, facts, role))};
  if (c.event >= 0)
    any.push_back(Expr::all_of({Expr::is_null(index(c.event)), user_at_least(table, facts, Role::manager)}));
  else
    any.push_back(user_at_least(table, facts, Role::manager));
  return Expr::any_of(std::move(any));
}

Expr is_public_now() {
  const PolicyColumns& e = policy_columns(schema::tables::events);
  return Expr::all_of(
      {Expr::equals(index(e.is_public), true), Expr::in_list(index(e.status), {Value("confirmed"), Value("active")})});
}

// `condition` (on events) put to the row's event; venues: to any event held there
Expr event_satisfies(const TableDef& table, Expr condition) {
  const PolicyColumns& c = policy_columns(table);
  if (is_events(table)) return condition;
  if (table.id == schema::tables::venues.id) {
    const auto venue = index(schema::tables::events.index_of("venue_id"));
    return Expr::child(schema::tables::events, venue, std::move(condition));
  }
  if (c.event < 0) return Expr::never();
  return Expr::parent(index(c.event), schema::tables::events, std::move(condition));
}

Expr public_event_expr(const TableDef& table, const Facts& facts) {
  const bool own_only =
      facts.kind == PrincipalKind::user || facts.kind == PrincipalKind::sponsor || facts.kind == PrincipalKind::api_key;
  if (facts.kind == PrincipalKind::device) return Expr::never();
  Expr shown = event_satisfies(table, is_public_now());
  const PolicyColumns& c = policy_columns(table);
  if (table.id == schema::tables::ticket_categories.id)
    shown = Expr::all_of({Expr::equals(index(c.is_active), true), std::move(shown)});
  if (!own_only) return shown;
  return Expr::all_of({in_organization(table, facts), std::move(shown)});
}

Expr one_of_events(const TableDef& table, std::vector<Value> events) {
  const PolicyColumns& c = policy_columns(table);
  if (table.id == schema::tables::venues.id)
    return event_satisfies(table,
                           Expr::in_list(index(policy_columns(schema::tables::events).event), std::move(events)));
  return c.event < 0 ? Expr::never() : Expr::in_list(index(c.event), std::move(events));
}

// The customer's events, tenant by tenant: another tenant may use the same id.
Expr own_ticket_event_expr(const TableDef& table, const Facts& facts) {
  const PolicyColumns& c = policy_columns(table);
  if (facts.kind != PrincipalKind::customer || c.organization < 0) return Expr::never();
  std::map<Uuid, std::vector<Value>> by_organization;
  for (const TicketEvent& held : facts.ticket_events) by_organization[held.organization].emplace_back(held.event);
  std::vector<Expr> any;
  for (auto& [organization, events] : by_organization)
    any.push_back(Expr::all_of({equals(c.organization, organization), one_of_events(table, std::move(events))}));
  return Expr::any_of(std::move(any));
}

Expr own_order_expr(const TableDef& table, const Facts& facts) {
  if (facts.kind != PrincipalKind::customer || facts.email.empty()) return Expr::never();
  const PolicyColumns& c = policy_columns(table);
  if (table.id == schema::tables::ticket_orders.id) return equals(c.customer_email, Value(facts.email));
  if (c.order < 0) return Expr::never();
  const PolicyColumns& o = policy_columns(schema::tables::ticket_orders);
  return Expr::parent(index(c.order), schema::tables::ticket_orders, equals(o.customer_email, Value(facts.email)));
}

Expr own_ticket_expr(const TableDef& table, const Facts& facts) {
  if (facts.kind != PrincipalKind::customer || facts.email.empty()) return Expr::never();
  if (table.id != schema::tables::tickets.id) return Expr::never();
  const PolicyColumns& c = policy_columns(table);
  return Expr::any_of({equals(c.attendee_email, Value(facts.email)),
                       Expr::all_of({Expr::is_null(index(c.transferred_from)), own_order_expr(table, facts)})});
}

Expr customer_column(const Facts& facts, int a, int b = -1) {
  if (facts.kind != PrincipalKind::customer || facts.email.empty()) return Expr::never();
  return Expr::any_of({equals(a, Value(facts.email)), equals(b, Value(facts.email))});
}

Expr own_sponsor_expr(const TableDef& table, const Facts& facts) {
  if (facts.kind != PrincipalKind::sponsor) return Expr::never();
  const PolicyColumns& c = policy_columns(table);
  Expr mine = c.package >= 0 ? (facts.package ? equals(c.package, *facts.package) : Expr::never())
                             : equals(c.sponsor, facts.id);
  return Expr::all_of({in_organization(table, facts), std::move(mine)});
}

Expr conversation_self_expr(const TableDef& table, const Facts& facts) {
  const PolicyColumns& c = policy_columns(table);
  if (!facts.is_user(Role::guest) || c.conversation < 0) return Expr::never();
  const PolicyColumns& talk = policy_columns(schema::tables::ai_conversations);
  return Expr::all_of(
      {in_organization(table, facts),
       Expr::parent(index(c.conversation), schema::tables::ai_conversations, equals(talk.user, facts.id))});
}

Expr user_column_expr(const TableDef& table, const Facts& facts, int column, Role at_least) {
  if (!facts.is_user(at_least)) return Expr::never();
  return Expr::all_of({in_organization(table, facts), equals(column, facts.id)});
}

}  // namespace

const PolicyColumns& policy_columns(const TableDef& table) {
  constexpr std::size_t table_ids = 64;
  static const auto all = [] {
    std::array<PolicyColumns, table_ids> columns{};
    for (const TableDef* t : schema::all_tables) columns[t->id] = find_policy_columns(*t);
    return columns;
  }();
  return all[table.id];
}

Expr predicate_expr(Predicate predicate, const TableDef& table, const Facts& facts) {
  if (!facts.valid) return Expr::never();
  const PolicyColumns& c = policy_columns(table);
  switch (predicate) {
    case Predicate::nobody:
    case Predicate::engine:
    case Predicate::command: return Expr::never();
    case Predicate::everyone: return Expr::always();
    case Predicate::service: return facts.is_service() ? Expr::always() : Expr::never();
    case Predicate::org_user: return user_at_least(table, facts, Role::guest);
    case Predicate::org_member: return user_at_least(table, facts, Role::member);
    case Predicate::org_manager: return user_at_least(table, facts, Role::manager);
    case Predicate::org_admin: return user_at_least(table, facts, Role::admin);
    case Predicate::org_owner: return user_at_least(table, facts, Role::owner);
    case Predicate::event_reader:
      return Expr::any_of({user_at_least(table, facts, Role::manager), assigned_as(table, facts, no_role)});
    case Predicate::event_staff: return event_staff_expr(table, facts);
    case Predicate::event_editor: return event_editor_expr(table, facts);
    case Predicate::marketing_editor: return department_editor_expr(table, facts, AssignmentRole::marketing_manager);
    case Predicate::sponsorship_editor:
      return department_editor_expr(table, facts, AssignmentRole::sponsorship_manager);
    case Predicate::box_office:
      return Expr::any_of({event_editor_expr(table, facts),
                           if_not_guest(facts, assigned_as(table, facts, AssignmentRole::operations_manager,
                                                           AssignmentRole::customer_experience_manager))});
    case Predicate::any_sponsorship_manager:
      return facts.is_user(Role::member) && facts.is_assigned_anywhere(AssignmentRole::sponsorship_manager)
                 ? in_organization(table, facts)
                 : Expr::never();
    case Predicate::campaign_staff: return campaign_staff_expr(table, facts);
    case Predicate::self: return user_column_expr(table, facts, c.user, Role::guest);
    case Predicate::member_self: return user_column_expr(table, facts, c.user, Role::member);
    case Predicate::assignee: return user_column_expr(table, facts, c.assignee, Role::member);
    case Predicate::creator: return user_column_expr(table, facts, c.creator, Role::member);
    case Predicate::unapproved_creator:
      return Expr::all_of({user_column_expr(table, facts, c.creator, Role::member), equals(c.is_approved, false)});
    case Predicate::recipient: return user_column_expr(table, facts, c.recipient, Role::member);
    case Predicate::own_sponsor: return own_sponsor_expr(table, facts);
    case Predicate::own_order: return own_order_expr(table, facts);
    case Predicate::own_ticket: return own_ticket_expr(table, facts);
    case Predicate::own_transfer: return customer_column(facts, c.from_email, c.to_email);
    case Predicate::own_waitlist: return customer_column(facts, c.customer_email);
    case Predicate::conversation_self: return conversation_self_expr(table, facts);
    case Predicate::public_event: return public_event_expr(table, facts);
    case Predicate::own_ticket_event: return own_ticket_event_expr(table, facts);
    case Predicate::own_sponsor_event: {
      if (facts.kind != PrincipalKind::sponsor || !facts.event) return Expr::never();
      return Expr::all_of({in_organization(table, facts), one_of_events(table, {Value(*facts.event)})});
    }
    case Predicate::device: {
      if (facts.kind != PrincipalKind::device || !facts.event) return Expr::never();
      return Expr::all_of({in_organization(table, facts), equals(c.event, *facts.event)});
    }
    case Predicate::every_user_and_key:
      return facts.kind == PrincipalKind::user || facts.kind == PrincipalKind::api_key ? Expr::always() : Expr::never();
  }
  return Expr::never();
}

}  // namespace eventcore::policy
