#include "rules/organization/invariants.hpp"

#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::organization {

using policy::Role;
using work::As;
using work::UnitOfWork;
using work::Write;

namespace {

bool is_owner(const Record* user) {
  return user != nullptr && (*user)[col::users::role].text() == "owner";
}

bool is_active_owner(const Record* user) {
  return is_owner(user) && (*user)[col::users::is_active].boolean();
}

Status only_owners_touch_owners(UnitOfWork& uow, const Write& write) {
  if (write.as == As::engine || uow.facts().is_service()) return ok();
  if (!is_owner(write.before) && !is_owner(write.after)) return ok();
  if (uow.facts().is_user(Role::owner)) return ok();
  FailureDetail detail;
  detail.message = "only an owner grants the role owner or changes an owner";
  detail.facts = {{"policy", "org_owner"}, {"table", "users"}};
  return Failure(Errc::policy_denied, std::move(detail));
}

// Whoever takes the role, the activity or the row from the last one would lock everybody out.
Status keep_an_owner(UnitOfWork& uow, const Write& write) {
  if (!is_active_owner(write.before) || is_active_owner(write.after)) return ok();
  const Expr others =
      Expr::all_of({Expr::equals(col::users::role.index, "owner"), Expr::equals(col::users::is_active.index, true),
                    Expr::compare(col::users::id.index, Expr::Op::ne, write.before->id())});
  EC_TRY(count, uow.reader().count(schema::tables::users, write.before->organization_id(), others));
  if (count == 0) return Errc::last_owner;
  return ok();
}

}  // namespace

Status check_organization(UnitOfWork&, Write& write) {
  if (write.after == nullptr) return ok();
  namespace o = col::organizations;
  if (write.changes(o::slug) && !is_slug((*write.after)[o::slug].text()))
    return broken(o::slug, write.after->table(), "must be lower-case letters and digits in words joined by dashes");
  if (write.changes(o::settings)) return check_settings((*write.after)[o::settings]);
  return ok();
}

Status check_user(UnitOfWork& uow, Write& write) {
  EC_TRYV(only_owners_touch_owners(uow, write));
  return keep_an_owner(uow, write);
}

Status check_skill(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  namespace s = col::user_skill_assignments;
  const Record& after = *write.after;
  if (!after[s::verified_by].is_null() && after[s::verified_by] == after[s::user_id])
    return broken(s::verified_by, after.table(), "nobody verifies his own skill");
  const bool verifies = write.names(s::verified_by) || write.names(s::verified_at);
  const bool oneself = uow.facts().kind == policy::PrincipalKind::user && after[s::user_id].uuid() == uow.facts().id;
  if (write.as == As::caller && verifies && oneself)
    return fail_field(Errc::column_denied, "verified_by", "nobody verifies his own skill");
  const bool another = write.changes(s::skill_name) || write.changes(s::proficiency_level);
  if (write.before != nullptr && another && !verifies) {  // what was verified is no longer what stands here
    write.after->set(s::verified_by, Value());
    write.after->set(s::verified_at, Value());
  }
  return ok();
}

}  // namespace eventcore::rules::organization
