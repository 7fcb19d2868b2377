#include "rules/organization/commands.hpp"

#include "base/text.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::organization {

using schema::Arguments;
using schema::CommandDef;
using schema::WriteKind;
using work::As;
using work::UnitOfWork;

namespace {

constexpr int slug_attempts_max = 1'000;

Result<std::string> free_slug(UnitOfWork& uow, const std::string& name) {
  const std::string base = slugify(name);
  for (int number = 1; number <= slug_attempts_max; ++number) {
    std::string slug = number == 1 ? base : base + "-" + std::to_string(number);
    EC_TRY(taken, uow.reader().count(schema::tables::organizations, std::nullopt,
                                     Expr::equals(col::organizations::slug.index, slug)));
    if (taken == 0) return slug;
  }
  return Errc::already_exists;
}

// The members of `from` that are named in `names`, as a row of the table.
Json members(const Json& from, std::initializer_list<const char*> names) {
  Json row = Json::object();
  for (const char* name : names)
    if (const auto found = from.find(name); found != from.end() && !found->is_null()) row[name] = *found;
  return row;
}

Result<Record> subject_event(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  EC_TRY(event, uow.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(uow, command, event));
  return event;
}

}  // namespace

Result<Json> create_organization(UnitOfWork& uow, const CommandDef&, const Arguments& arguments) {
  Json row = members(arguments.all(), {"name", "slug", "subscription_tier", "settings"});
  if (!row.contains("slug")) {
    EC_TRY(slug, free_slug(uow, arguments.text("name")));
    row["slug"] = slug;
  }
  EC_TRY(changes, schema::decode_row(schema::tables::organizations, row, WriteKind::insert));
  Json owner = members(arguments.json("owner"), {"email", "full_name", "phone"});
  owner["role"] = "owner";
  auto owner_changes = schema::decode_row(schema::tables::users, owner, WriteKind::insert);
  if (!owner_changes) return under("owner.", owner_changes.error());
  EC_TRY(organization, uow.insert(schema::tables::organizations, changes, As::engine));
  owner_changes.assume_value().push_back({col::users::organization_id.index, Value(organization.id())});
  EC_TRY(user, uow.insert(schema::tables::users, owner_changes.assume_value(), As::engine));
  EC_TRY(organization_json, uow.show_as_reply(organization));
  EC_TRY(owner_json, uow.show_as_reply(user));
  return Json{{"organization", std::move(organization_json)}, {"owner", std::move(owner_json)}};
}

Result<Json> invite_user(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  EC_TRY(id, organization_of(uow, arguments));
  EC_TRY(organization, uow.get(schema::tables::organizations, id));
  EC_TRYV(require(uow, command, organization));
  Json row = arguments.all();
  row["organization_id"] = to_text(id);
  EC_TRY(changes, schema::decode_row(schema::tables::users, row, WriteKind::insert));
  EC_TRY(user, uow.insert(schema::tables::users, changes, As::caller));
  EC_TRY(reply, uow.show_as_reply(user));
  return Json{{"user", std::move(reply)}};
}

Result<Json> assign_team(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  namespace a = col::team_assignments;
  EC_TRY(event, subject_event(uow, command, arguments));
  const Uuid user_id = arguments.uuid("user_id");
  const auto user = uow.get(schema::tables::users, user_id, event.organization_id());
  if (!user && user.error().code() != Errc::not_found) return user.error();
  if (!user) return fail_field(Errc::reference_not_found, "user_id", "there is no such row");
  const Expr the_same =
      Expr::all_of({Expr::equals(a::event_id.index, event.id()), Expr::equals(a::user_id.index, user_id),
                    Expr::equals(a::role_type.index, arguments.text("role_type")),
                    Expr::in_list(a::assignment_status.index, {Value("assigned"), Value("active")})});
  EC_TRY(already, uow.reader().count(schema::tables::team_assignments, event.organization_id(), the_same));
  if (already != 0) return Failure(Errc::already_exists);
  EC_TRY(changes, schema::decode_row(schema::tables::team_assignments, arguments.all(), WriteKind::insert));
  EC_TRY(assignment, uow.insert(schema::tables::team_assignments, changes, As::engine));
  EC_TRY(reply, uow.show_as_reply(assignment));
  return Json{{"assignment", std::move(reply)}};
}

}  // namespace eventcore::rules::organization
