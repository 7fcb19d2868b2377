#include "rules/recorded.hpp"

#include <algorithm>
#include <map>

#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules {

Status sort_as_recorded(store::Reader& reader, std::vector<Record>& rows) {
  namespace a = col::audit_logs;
  if (rows.size() < 2) return ok();
  std::vector<Value> ids;
  for (const Record& row : rows) ids.emplace_back(row.id());
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = rows.front().organization_id();
  query.where = Expr::all_of(
      {Expr::in_list(a::record_id.index, std::move(ids)), Expr::equals(a::operation.index, Value("insert"))});
  query.columns = store::ColumnSet::short_only(*query.table);
  EC_TRY(entries, reader.list(query));
  std::map<Uuid, std::int64_t> place;
  for (const Record& entry : entries) place[entry[a::record_id].uuid()] = entry[a::seq].integer();
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Record& one, const Record& other) { return place[one.id()] < place[other.id()]; });
  return ok();
}

}  // namespace eventcore::rules
