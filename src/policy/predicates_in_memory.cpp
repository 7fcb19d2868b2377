// The second implementation: the same predicates decided on a row in memory, written from spec/ACCESS.md and not from
// the conditions in predicates.cpp, so that a property test can hold one against the other.
#include <algorithm>

#include "policy/predicates.hpp"
#include "schema/all.hpp"

namespace eventcore::policy {

using schema::Predicate;

namespace {

const Uuid* uuid_at(const Record& row, int column) {
  if (column < 0) return nullptr;
  const Value& value = row.at(static_cast<std::size_t>(column));
  return value.is_uuid() ? &value.uuid() : nullptr;
}

bool text_is(const Record& row, int column, const std::string& text) {
  if (column < 0 || text.empty()) return false;
  const Value& value = row.at(static_cast<std::size_t>(column));
  return value.is_text() && value.text() == text;
}

bool flag_at(const Record& row, int column) {
  if (column < 0) return false;
  const Value& value = row.at(static_cast<std::size_t>(column));
  return value.is_integer() && value.boolean();
}

// One decision: the row, the caller, and the words of ACCESS.md as functions.
class Decision {
 public:
  Decision(const Record& row, const Facts& facts, Related& related)
      : row_(row), facts_(facts), related_(related), columns_(policy_columns(row.table())) {}

  [[nodiscard]] bool own_organization() const {
    const Uuid* organization = uuid_at(row_, columns_.organization);
    return organization != nullptr && facts_.organization && *organization == *facts_.organization;
  }
  [[nodiscard]] bool user(Role at_least) const { return facts_.is_user(at_least) && own_organization(); }
  [[nodiscard]] bool colleague() const { return user(Role::member); }  // of the organization and no guest

  [[nodiscard]] bool assigned() const {
    const Uuid* event = uuid_at(row_, columns_.event);
    return user(Role::guest) && event != nullptr && facts_.is_assigned(*event);
  }
  [[nodiscard]] bool assigned(AssignmentRole role) const {
    const Uuid* event = uuid_at(row_, columns_.event);
    return colleague() && event != nullptr && facts_.is_assigned(*event, role);
  }
  [[nodiscard]] bool without_event() const { return uuid_at(row_, columns_.event) == nullptr; }
  [[nodiscard]] bool staff() const { return user(Role::manager) || (colleague() && assigned()); }
  [[nodiscard]] bool editor() const {
    return user(Role::admin) || assigned(AssignmentRole::event_director) || assigned(AssignmentRole::producer);
  }
  [[nodiscard]] bool department(AssignmentRole role) const {
    return editor() || assigned(role) || (without_event() && user(Role::manager));
  }
  [[nodiscard]] bool is_me(int column, Role at_least) const {
    const Uuid* who = uuid_at(row_, column);
    return user(at_least) && who != nullptr && *who == facts_.id;
  }
  [[nodiscard]] bool customer_is(int column) const {
    return facts_.kind == PrincipalKind::customer && text_is(row_, column, facts_.email);
  }

  Result<bool> public_event() {
    if (facts_.kind == PrincipalKind::device) return false;
    const bool anywhere = facts_.kind == PrincipalKind::anon || facts_.kind == PrincipalKind::customer ||
                          facts_.kind == PrincipalKind::service;
    if (!anywhere && !own_organization()) return false;
    const bool is_category = row_.table().id == schema::tables::ticket_categories.id;
    if (is_category && !flag_at(row_, columns_.is_active)) return false;
    if (row_.table().id == schema::tables::venues.id) {
      const PolicyColumns& e = policy_columns(schema::tables::events);
      return related_.any_event_at(
          row_,
          Expr::all_of({Expr::equals(static_cast<std::uint16_t>(e.is_public), true),
                        Expr::in_list(static_cast<std::uint16_t>(e.status), {Value("confirmed"), Value("active")})}));
    }
    EC_TRY(event, event_row());
    if (event == nullptr) return false;
    const PolicyColumns& e = policy_columns(schema::tables::events);
    const std::string& status = event->at(static_cast<std::size_t>(e.status)).text();
    return flag_at(*event, e.is_public) && (status == "confirmed" || status == "active");
  }

  Result<bool> one_of_events(const std::vector<Uuid>& events) {
    if (row_.table().id == schema::tables::venues.id) {
      std::vector<Value> ids(events.begin(), events.end());
      return related_.any_event_at(row_, Expr::in_list(0, std::move(ids)));
    }
    const Uuid* event = uuid_at(row_, columns_.event);
    return event != nullptr && std::find(events.begin(), events.end(), *event) != events.end();
  }

  Result<bool> own_ticket_event() {
    const Uuid* organization = uuid_at(row_, columns_.organization);
    if (facts_.kind != PrincipalKind::customer || organization == nullptr) return false;
    std::vector<Uuid> events;
    for (const TicketEvent& held : facts_.ticket_events)
      if (held.organization == *organization) events.push_back(held.event);
    return one_of_events(events);
  }

  Result<bool> own_order() {
    if (row_.table().id == schema::tables::ticket_orders.id) return customer_is(columns_.customer_email);
    const Uuid* order = uuid_at(row_, columns_.order);
    if (facts_.kind != PrincipalKind::customer || order == nullptr) return false;
    EC_TRY(found, related_.row(schema::tables::ticket_orders, row_.organization_id(), *order));
    if (found == nullptr) return false;
    return text_is(*found, policy_columns(schema::tables::ticket_orders).customer_email, facts_.email);
  }

  Result<bool> own_ticket() {
    if (row_.table().id != schema::tables::tickets.id) return false;
    if (customer_is(columns_.attendee_email)) return true;
    if (uuid_at(row_, columns_.transferred_from) != nullptr) return false;
    return own_order();
  }

  [[nodiscard]] bool own_sponsor() const {
    if (facts_.kind != PrincipalKind::sponsor || !own_organization()) return false;
    if (const Uuid* package = uuid_at(row_, columns_.package)) return facts_.package && *package == *facts_.package;
    const Uuid* sponsor = uuid_at(row_, columns_.sponsor);
    return sponsor != nullptr && *sponsor == facts_.id;
  }

  Result<bool> conversation_self() {
    const Uuid* conversation = uuid_at(row_, columns_.conversation);
    if (!user(Role::guest) || conversation == nullptr) return false;
    EC_TRY(talk, related_.row(schema::tables::ai_conversations, row_.organization_id(), *conversation));
    if (talk == nullptr) return false;
    const Uuid* who = uuid_at(*talk, policy_columns(schema::tables::ai_conversations).user);
    return who != nullptr && *who == facts_.id;
  }

  [[nodiscard]] bool device() const {
    const Uuid* event = uuid_at(row_, columns_.event);
    return facts_.kind == PrincipalKind::device && own_organization() && event != nullptr && facts_.event &&
           *event == *facts_.event;
  }

  [[nodiscard]] const PolicyColumns& columns() const { return columns_; }

 private:
  Result<const Record*> event_row() {
    if (row_.table().id == schema::tables::events.id) return &row_;
    const Uuid* event = uuid_at(row_, columns_.event);
    if (event == nullptr) return nullptr;
    return related_.row(schema::tables::events, row_.organization_id(), *event);
  }

  const Record& row_;
  const Facts& facts_;
  Related& related_;
  const PolicyColumns& columns_;
};

}  // namespace

Result<const Record*> Related::row(const schema::TableDef& table, const Uuid& organization, const Uuid& id) {
  for (const auto& [key, record] : seen_)
    if (key == id && record.table().id == table.id && record.organization_id() == organization) return &record;
  EC_TRY(found, reader_->get(table, organization, id, store::ColumnSet::short_only(table)));
  if (!found) return nullptr;
  seen_.emplace_back(id, std::move(*found));
  return &seen_.back().second;
}

Result<bool> Related::any_event_at(const Record& venue, const Expr& condition) {
  const auto venue_id = static_cast<std::uint16_t>(schema::tables::events.index_of("venue_id"));
  EC_TRY(count, reader_->count(schema::tables::events, venue.organization_id(),
                               Expr::all_of({Expr::equals(venue_id, venue.id()), condition})));
  return count > 0;
}

Result<bool> predicate_holds(Predicate predicate, const Record& row, const Facts& facts, Related& related) {
  if (!facts.valid) return false;
  Decision d(row, facts, related);
  switch (predicate) {
    case Predicate::nobody:
    case Predicate::engine:
    case Predicate::command: return false;
    case Predicate::everyone: return true;
    case Predicate::service: return facts.is_service();
    case Predicate::org_user: return d.user(Role::guest);
    case Predicate::org_member: return d.user(Role::member);
    case Predicate::org_manager: return d.user(Role::manager);
    case Predicate::org_admin: return d.user(Role::admin);
    case Predicate::org_owner: return d.user(Role::owner);
    case Predicate::event_reader: return d.user(Role::manager) || d.assigned();
    case Predicate::event_staff: return d.staff();
    case Predicate::campaign_staff: return d.staff() || (d.without_event() && d.colleague());
    case Predicate::event_editor: return d.editor();
    case Predicate::marketing_editor: return d.department(AssignmentRole::marketing_manager);
    case Predicate::sponsorship_editor: return d.department(AssignmentRole::sponsorship_manager);
    case Predicate::box_office:
      return d.editor() || d.assigned(AssignmentRole::operations_manager) ||
             d.assigned(AssignmentRole::customer_experience_manager);
    case Predicate::any_sponsorship_manager:
      return d.colleague() && facts.is_assigned_anywhere(AssignmentRole::sponsorship_manager);
    case Predicate::self: return d.is_me(d.columns().user, Role::guest);
    case Predicate::member_self: return d.is_me(d.columns().user, Role::member);
    case Predicate::assignee: return d.is_me(d.columns().assignee, Role::member);
    case Predicate::creator: return d.is_me(d.columns().creator, Role::member);
    case Predicate::unapproved_creator:
      return d.is_me(d.columns().creator, Role::member) && d.columns().is_approved >= 0 &&
             !flag_at(row, d.columns().is_approved);
    case Predicate::recipient: return d.is_me(d.columns().recipient, Role::member);
    case Predicate::own_sponsor: return d.own_sponsor();
    case Predicate::own_order: return d.own_order();
    case Predicate::own_ticket: return d.own_ticket();
    case Predicate::own_transfer: return d.customer_is(d.columns().from_email) || d.customer_is(d.columns().to_email);
    case Predicate::own_waitlist: return d.customer_is(d.columns().customer_email);
    case Predicate::conversation_self: return d.conversation_self();
    case Predicate::public_event: return d.public_event();
    case Predicate::own_ticket_event: return d.own_ticket_event();
    case Predicate::own_sponsor_event:
      if (facts.kind != PrincipalKind::sponsor || !facts.event || !d.own_organization()) return false;
      return d.one_of_events({*facts.event});
    case Predicate::device: return d.device();
    case Predicate::every_user_and_key:
      return facts.kind == PrincipalKind::user || facts.kind == PrincipalKind::api_key;
  }
  return false;
}

}  // namespace eventcore::policy
