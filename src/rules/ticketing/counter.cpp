#include "rules/ticketing/counter.hpp"

#include <algorithm>

#include "policy/predicates.hpp"

namespace eventcore::rules::ticketing {

Result<bool> behind_counter(work::Reading& reading, const Record& subject) {
  const policy::Facts& facts = reading.facts();
  if (!facts.valid) return false;
  if (facts.is_service()) return !facts.organization || *facts.organization == subject.organization_id();
  if (facts.kind == policy::PrincipalKind::api_key) {
    const std::string group(schema::group_name(schema::Group::ticketing));
    return facts.organization && *facts.organization == subject.organization_id() &&
           std::find(facts.permissions.begin(), facts.permissions.end(), group) != facts.permissions.end();
  }
  return policy::predicate_holds(schema::Predicate::box_office, subject, facts, reading.related());
}

Status check_host_factors(work::Reading& reading, const Record& subject, const Json& factors) {
  if (factors.is_null() || factors.empty()) return ok();
  EC_TRY(allowed, behind_counter(reading, subject));
  if (allowed) return ok();
  return fail(Errc::command_denied, "only the box office may bring factors for prices");
}

}  // namespace eventcore::rules::ticketing
