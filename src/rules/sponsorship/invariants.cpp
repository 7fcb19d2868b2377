#include "rules/sponsorship/invariants.hpp"

#include "rules/pure/roi.hpp"
#include "rules/pure/score.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::sponsorship {

using work::UnitOfWork;
using work::Write;

namespace {

constexpr std::int64_t roi_bound = 99'999;  // 999.99 percent

Status move_count(UnitOfWork& uow, const Record& sponsor, std::int64_t delta) {
  if (!takes_package(sponsor)) return ok();
  uow.add_to(schema::tables::sponsor_packages, sponsor.organization_id(), sponsor[col::sponsors::package_id].uuid(),
             col::sponsor_packages::current_sponsors, delta, Errc::package_full);
  return ok();
}

}  // namespace

bool takes_package(const Record& sponsor) {
  return sponsor[col::sponsors::package_id].is_uuid() && sponsor[col::sponsors::contract_status].text() != "cancelled";
}

bool package_available(const Record& package) {
  namespace p = col::sponsor_packages;
  const Value& max = package[p::max_sponsors];
  return !package[p::is_withdrawn].boolean() &&
         (max.is_null() || package[p::current_sponsors].integer() < max.integer());
}

std::int64_t score_of(const Record& prospect) {
  namespace p = col::sponsor_prospects;
  const auto history = stored_json(prospect[p::engagement_history]);
  return pure::prospect_score(prospect[p::industry].text(), prospect[p::company_size].text(),
                              history ? history.assume_value() : Json())
      .points;
}

Result<Value> roi_of(const Record& metric, const Record& sponsor) {
  namespace m = col::sponsor_roi_metrics;
  if (metric[m::metric_value].is_null()) return Value();
  const auto roi = pure::calculated_roi(metric[m::metric_value].integer(), metric[m::baseline_value].integer(),
                                        sponsor[col::sponsors::contract_value].integer(),
                                        metric[m::measurement_unit].text(), sponsor[col::sponsors::currency].text());
  return roi ? Value(roi->percent_hundredths) : Value();
}

Status check_prospect(UnitOfWork&, Write& write) {
  if (write.after != nullptr) write.after->set(col::sponsor_prospects::ai_prospect_score, score_of(*write.after));
  return ok();
}

Status check_package(UnitOfWork&, Write& write) {
  if (write.after == nullptr) return ok();
  namespace p = col::sponsor_packages;
  Record& after = *write.after;
  const Value& max = after[p::max_sponsors];
  if (!max.is_null() && after[p::current_sponsors].integer() > max.integer()) {
    if (write.before != nullptr && write.changes(p::current_sponsors)) return Errc::package_full;
    return broken(p::max_sponsors, after.table(), "is less than the sponsors the package has");
  }
  after.set(p::is_available, package_available(after));
  return ok();
}

Status check_sponsor(UnitOfWork& uow, Write& write) {
  namespace s = col::sponsors;
  if (write.after == nullptr || !write.changes(s::package_id) || write.after->at(s::package_id.index).is_null())
    return ok();
  const Record& after = *write.after;
  EC_TRY(package, uow.find(schema::tables::sponsor_packages, after.organization_id(), after[s::package_id].uuid()));
  if (!package) return fail_field(Errc::reference_not_found, "package_id", "there is no such row");
  if (!((*package)[col::sponsor_packages::event_id] == after[s::event_id]))
    return broken(s::package_id, after.table(), "is a package of another event");
  if ((*package)[col::sponsor_packages::is_withdrawn].boolean() && !write.importing && takes_package(after))
    return broken(s::package_id, after.table(), "is a package that was withdrawn");
  return ok();
}

Status settle_sponsor(UnitOfWork& uow, const Write& write) {
  namespace s = col::sponsors;
  if (write.before != nullptr) EC_TRYV(move_count(uow, *write.before, -1));
  if (write.after != nullptr) EC_TRYV(move_count(uow, *write.after, 1));
  if (write.before == nullptr || write.after == nullptr) return ok();
  if (!write.changes(s::contract_value) && !write.changes(s::currency)) return ok();
  // Every return was computed from the contract.
  store::Query query;
  query.table = &schema::tables::sponsor_roi_metrics;
  query.organization = write.after->organization_id();
  query.where = Expr::equals(col::sponsor_roi_metrics::sponsor_id.index, write.after->id());
  EC_TRY(metrics, uow.scan(query));
  for (Record& metric : metrics) {
    EC_TRY(roi, roi_of(metric, *write.after));
    EC_TRYV(uow.change(metric, {{col::sponsor_roi_metrics::calculated_roi.index, roi}}));
  }
  return ok();
}

Status check_roi_metric(UnitOfWork& uow, Write& write) {
  if (write.after == nullptr) return ok();
  namespace m = col::sponsor_roi_metrics;
  Record& after = *write.after;
  EC_TRY(sponsor, uow.find(schema::tables::sponsors, after.organization_id(), after[m::sponsor_id].uuid()));
  if (!sponsor) return fail_field(Errc::reference_not_found, "sponsor_id", "there is no such row");
  EC_TRY(roi, roi_of(after, *sponsor));
  after.set(m::calculated_roi, roi);
  return ok();
}

void present_roi_metric(Json& json, const Record& metric) {
  const Value& roi = metric[col::sponsor_roi_metrics::calculated_roi];
  if (!json.contains("calculated_roi") || !roi.is_integer()) return;
  if (roi.integer() == roi_bound || roi.integer() == -roi_bound) json["calculated_roi_saturated"] = true;
}

}  // namespace eventcore::rules::sponsorship
