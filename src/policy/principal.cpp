#include "policy/principal.hpp"

#include <algorithm>
#include <cstring>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "policy/closed.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::policy {

namespace {

constexpr std::string_view device_prefix = "ec_device_";
constexpr std::string_view api_key_prefix = "ec_live_";

std::optional<Role> role_of(std::string_view name) {
  constexpr std::string_view names[] = {"guest", "member", "manager", "admin", "owner"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name) return static_cast<Role>(i);
  return std::nullopt;
}

std::optional<AssignmentRole> assignment_role_of(std::string_view name) {
  constexpr std::string_view names[] = {
      "event_director",     "producer",           "marketing_manager",          "sponsorship_manager",
      "operations_manager", "technical_director", "customer_experience_manager"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name) return static_cast<AssignmentRole>(i);
  return std::nullopt;
}

// The row with a store-wide unique id, short columns.
Result<std::optional<Record>> only_row(store::Reader& reader, const schema::TableDef& table, const Uuid& id) {
  EC_TRY(rows, reader.get_anywhere(table, id, 2));
  if (rows.size() != 1) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

bool earlier_event(const Assignment& a, const Assignment& b) {
  return std::memcmp(a.event.bytes.data(), b.event.bytes.data(), a.event.bytes.size()) < 0;
}

Status load_assignments(store::Reader& reader, Facts& facts, Micros now) {
  EC_TRY(today, date_in_zone(now, "UTC"));
  store::Query query;
  query.table = &schema::tables::team_assignments;
  query.organization = facts.organization;
  query.columns.wanted.assign(query.table->columns.size(), false);  // there may be hundreds of them
  for (const std::uint16_t wanted :
       {col::team_assignments::id.index, col::team_assignments::event_id.index, col::team_assignments::role_type.index,
        col::team_assignments::start_date.index, col::team_assignments::end_date.index})
    query.columns.wanted[wanted] = true;
  query.where = Expr::all_of(
      {Expr::equals(col::team_assignments::user_id.index, facts.id),
       Expr::in_list(col::team_assignments::assignment_status.index, {Value("assigned"), Value("active")})});
  EC_TRY(rows, reader.list(query));
  for (const Record& row : rows) {
    const Value& from = row[col::team_assignments::start_date];
    const Value& to = row[col::team_assignments::end_date];
    if ((!from.is_null() && from.text() > today) || (!to.is_null() && to.text() < today)) continue;
    const auto role = assignment_role_of(row[col::team_assignments::role_type].text());
    if (role) facts.assignments.push_back({row[col::team_assignments::event_id].uuid(), *role});
  }
  std::sort(facts.assignments.begin(), facts.assignments.end(), earlier_event);
  return ok();
}

Status load_user(store::Reader& reader, const Principal& principal, Facts& facts, Micros now) {
  EC_TRY(row, only_row(reader, schema::tables::users, principal.id));
  if (!row || !(*row)[col::users::is_active].boolean()) return ok();
  if (principal.organization && *principal.organization != row->organization_id()) return ok();
  const auto role = role_of((*row)[col::users::role].text());
  if (!role) return ok();
  if (principal.token && !principal.token->role.empty() && role_of(principal.token->role) != role) return ok();
  facts.organization = row->organization_id();
  facts.role = *role;
  facts.valid = true;
  return load_assignments(reader, facts, now);
}

// The key's row while it counts: presented with the right secret, neither revoked nor expired.
Result<std::optional<Record>> counting_key(store::Reader& reader, const Principal& principal, Micros now) {
  namespace k = col::api_keys;
  EC_TRY(row, only_row(reader, schema::tables::api_keys, *principal.api_key));
  if (!row || !equal_constant_time((*row)[k::key_hash].bytes(), principal.key_hash)) return std::optional<Record>{};
  if (!(*row)[k::revoked_at].is_null()) return std::optional<Record>{};
  if (!(*row)[k::expires_at].is_null() && (*row)[k::expires_at].integer() <= now) return std::optional<Record>{};
  return row;
}

std::vector<std::string> texts_in(const Value& array) {
  std::vector<std::string> texts;
  if (!array.is_text()) return texts;
  const auto parsed = parse_json(array.text());
  if (parsed && parsed.assume_value().is_array())
    for (const Json& text : parsed.assume_value())
      if (text.is_string()) texts.push_back(text.get<std::string>());
  return texts;
}

Status load_api_key(store::Reader& reader, const Principal& principal, Facts& facts, Micros now) {
  if (principal.token) {
    EC_TRY(organization, only_row(reader, schema::tables::organizations, *principal.organization));
    if (!organization) return ok();
    facts.organization = principal.organization;
    facts.permissions = principal.token->permissions;
    facts.valid = true;
    return ok();
  }
  EC_TRY(row, counting_key(reader, principal, now));
  if (!row) return ok();
  facts.organization = row->organization_id();
  facts.permissions = texts_in((*row)[col::api_keys::permissions]);
  facts.valid = true;
  return ok();
}

Status load_sponsor(store::Reader& reader, const Principal& principal, Facts& facts, Micros now) {
  EC_TRY(row, only_row(reader, schema::tables::sponsors, principal.id));
  if (!row) return ok();
  if (principal.organization && *principal.organization != row->organization_id()) return ok();
  if (principal.api_key) {
    EC_TRY(key, counting_key(reader, principal, now));
    if (!key || (*key)[col::api_keys::sponsor_id] != Value(principal.id)) return ok();
  }
  facts.valid = true;
  facts.organization = row->organization_id();
  const Value& package = (*row)[col::sponsors::package_id];
  if (!package.is_null()) facts.package = package.uuid();
  if ((*row)[col::sponsors::contract_status].text() != "cancelled")
    facts.event = (*row)[col::sponsors::event_id].uuid();
  return ok();
}

Status load_device(store::Reader& reader, const Principal& principal, Facts& facts) {
  EC_TRY(row, only_row(reader, schema::tables::devices, principal.id));
  if (!row || !(*row)[col::devices::revoked_at].is_null()) return ok();
  const Bytes& stored = (*row)[col::devices::key_hash].bytes();
  if (!equal_constant_time(stored, principal.key_hash)) return ok();
  facts.valid = true;
  facts.organization = row->organization_id();
  facts.event = (*row)[col::devices::event_id].uuid();
  const Value& gate = (*row)[col::devices::gate];
  if (!gate.is_null()) facts.gate = gate.text();
  return ok();
}

Status load_customer(store::Reader& reader, const Principal& principal, Facts& facts) {
  facts.email = principal.email;
  facts.organization = principal.organization;
  facts.valid = !facts.email.empty();
  if (!facts.valid) return ok();
  const schema::TableDef& tickets = schema::tables::tickets;
  const auto order_email = col::ticket_orders::customer_email_folded.index;
  store::Aggregate query;
  query.table = &tickets;
  query.organization = facts.organization;
  query.group_by = {col::tickets::organization_id.index, col::tickets::event_id.index};
  query.where = Expr::all_of(
      {Expr::in_list(col::tickets::status.index, {Value("valid"), Value("used")}),
       Expr::any_of({Expr::equals(col::tickets::attendee_email_folded.index, Value(facts.email)),
                     Expr::all_of({Expr::is_null(col::tickets::transferred_from.index),
                                   Expr::parent(col::tickets::order_id.index, schema::tables::ticket_orders,
                                                Expr::equals(order_email, Value(facts.email)))})})});
  EC_TRY(rows, reader.aggregate(query));
  for (const auto& row : rows) facts.ticket_events.push_back({row[0].uuid(), row[1].uuid()});
  return ok();
}

}  // namespace

std::string_view kind_name(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::service: return "service";
    case PrincipalKind::user: return "user";
    case PrincipalKind::sponsor: return "sponsor";
    case PrincipalKind::customer: return "customer";
    case PrincipalKind::api_key: return "api_key";
    case PrincipalKind::device: return "device";
    case PrincipalKind::anon: return "anon";
  }
  return "anon";
}

bool Facts::is_closed(const Uuid& organization_id) const {
  return std::find(closed.begin(), closed.end(), organization_id) != closed.end();
}

bool Facts::is_assigned(const Uuid& event_id) const {
  return std::binary_search(assignments.begin(), assignments.end(), Assignment{event_id}, earlier_event);
}

bool Facts::is_assigned(const Uuid& event_id, AssignmentRole as) const {
  const auto [from, to] = std::equal_range(assignments.begin(), assignments.end(), Assignment{event_id}, earlier_event);
  return std::any_of(from, to, [&](const Assignment& a) { return a.role == as; });
}

bool Facts::is_assigned_anywhere(AssignmentRole as) const {
  return std::any_of(assignments.begin(), assignments.end(), [&](const Assignment& a) { return a.role == as; });
}

Result<Facts> load_facts(store::Reader& reader, const Principal& principal, Micros now) {
  Facts facts;
  facts.kind = principal.kind;
  facts.id = principal.id;
  EC_TRY(closed, closed_organizations(reader));
  facts.closed = std::move(closed);
  if (principal.token && !jwt_counts(principal.token->expires_at, principal.token->not_before, now)) return facts;
  switch (principal.kind) {
    case PrincipalKind::service:
    case PrincipalKind::anon:
      facts.valid = true;
      facts.organization = principal.organization;
      break;
    case PrincipalKind::user: EC_TRYV(load_user(reader, principal, facts, now)); break;
    case PrincipalKind::sponsor: EC_TRYV(load_sponsor(reader, principal, facts, now)); break;
    case PrincipalKind::customer: EC_TRYV(load_customer(reader, principal, facts)); break;
    case PrincipalKind::device: EC_TRYV(load_device(reader, principal, facts)); break;
    case PrincipalKind::api_key: EC_TRYV(load_api_key(reader, principal, facts, now)); break;
  }
  if (!facts.is_service() && facts.organization && facts.is_closed(*facts.organization)) facts.valid = false;
  return facts;
}

Result<Digest> key_digest(store::Reader& reader, const Uuid& organization, std::string_view secret) {
  return reader.keyed_digest(organization, "access-key", secret);
}

namespace {

// The row a "<prefix><public id>_<secret>" names, when the secret is right and its organization is open.
Result<Principal> authenticate_secret(store::Reader& reader, const schema::TableDef& table, std::string_view prefix,
                                      std::string_view token, std::optional<Record>& row_out) {
  if (!token.starts_with(prefix)) return Errc::unauthenticated;
  const std::string_view rest = token.substr(prefix.size());
  const std::size_t cut = rest.find('_');
  if (cut == std::string_view::npos) return Errc::unauthenticated;
  store::Query query;
  query.table = &table;
  query.where = Expr::equals(static_cast<std::uint16_t>(table.index_of("public_id")), Value(rest.substr(0, cut)));
  query.limit = 1;
  EC_TRY(rows, reader.list(query));
  if (rows.empty()) return Errc::unauthenticated;
  Record& row = rows.front();
  EC_TRY(closed, closed_organizations(reader));
  if (std::find(closed.begin(), closed.end(), row.organization_id()) != closed.end()) return Errc::unauthenticated;
  EC_TRY(digest, key_digest(reader, row.organization_id(), rest.substr(cut + 1)));
  if (!equal_constant_time(row.find("key_hash")->bytes(), digest)) return Errc::unauthenticated;
  if (!row.find("revoked_at")->is_null()) return Errc::unauthenticated;
  Principal principal;
  principal.id = row.id();
  principal.organization = row.organization_id();
  principal.key_hash = digest;
  row_out = std::move(row);
  return principal;
}

Result<Principal> valid_now(store::Reader& reader, Principal principal, Micros now) {
  EC_TRY(facts, load_facts(reader, principal, now));
  if (!facts.valid) return Errc::unauthenticated;
  return principal;
}

}  // namespace

Result<Principal> authenticate_device(store::Reader& reader, std::string_view token) {
  std::optional<Record> row;
  EC_TRY(principal, authenticate_secret(reader, schema::tables::devices, device_prefix, token, row));
  principal.kind = PrincipalKind::device;
  return principal;
}

Result<Principal> authenticate_api_key(store::Reader& reader, std::string_view token, Micros now) {
  std::optional<Record> row;
  EC_TRY(principal, authenticate_secret(reader, schema::tables::api_keys, api_key_prefix, token, row));
  principal.api_key = row->id();
  const Value& sponsor = (*row)[col::api_keys::sponsor_id];
  principal.kind = sponsor.is_null() ? PrincipalKind::api_key : PrincipalKind::sponsor;
  if (!sponsor.is_null()) principal.id = sponsor.uuid();
  return valid_now(reader, std::move(principal), now);
}

// The first of these that the token names decides; another one is not tried when it is not valid.
Result<Principal> authenticate_claims(store::Reader& reader, const Claims& claims, Micros now) {
  Principal principal;
  principal.organization = claims.organization;
  principal.token = Token{claims.expires_at, claims.not_before, claims.role, claims.key_permissions};
  if (claims.key_organization) {
    if (claims.organization && *claims.organization != *claims.key_organization) return Errc::unauthenticated;
    principal.kind = PrincipalKind::api_key;
    principal.organization = claims.key_organization;
    return valid_now(reader, std::move(principal), now);
  }
  if (claims.sponsor) {
    principal.kind = PrincipalKind::sponsor;
    principal.id = *claims.sponsor;
    return valid_now(reader, std::move(principal), now);
  }
  if (claims.subject) {
    EC_TRY(row, only_row(reader, schema::tables::users, *claims.subject));
    if (row && (*row)[col::users::is_active].boolean()) {
      principal.kind = PrincipalKind::user;
      principal.id = *claims.subject;
      return valid_now(reader, std::move(principal), now);
    }
  }
  if (claims.email.empty()) return Errc::unauthenticated;
  principal.kind = PrincipalKind::customer;
  principal.email = claims.email;
  return valid_now(reader, std::move(principal), now);
}

}  // namespace eventcore::policy
