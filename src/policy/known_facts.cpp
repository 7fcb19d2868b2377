#include "policy/known_facts.hpp"

namespace eventcore::policy {

namespace {

constexpr Micros day_us = Micros{24} * 60 * 60 * 1'000'000;

bool lasts_until_a_commit(const Principal& principal) {
  const bool is_kind = principal.kind == PrincipalKind::user || principal.kind == PrincipalKind::customer;
  return is_kind && !principal.token;
}

}  // namespace

Result<Facts> KnownFacts::load(store::Reader& reader, const Principal& principal, Micros now) {
  if (!lasts_until_a_commit(principal)) return load_facts(reader, principal, now);
  EC_TRY(moment, reader.moment());
  const Micros day = now / day_us;  // assignments begin and end with days of UTC
  if (known_ && known_->moment == moment && known_->day == day) return known_->facts;
  EC_TRY(facts, load_facts(reader, principal, now));
  known_ = Known{moment, day, facts};
  return facts;
}

}  // namespace eventcore::policy
