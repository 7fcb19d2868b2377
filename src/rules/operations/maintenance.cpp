#include "rules/operations/maintenance.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "policy/closed.hpp"
#include "rules/events/invariants.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::operations {

using schema::TableDef;
using work::UnitOfWork;

namespace {

constexpr Micros kept_us = Micros{30} * 24 * 60 * 60 * 1'000'000;

bool refers_to(const TableDef& table, const TableDef& target) {
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const schema::ColumnDef& column) {
    return column.references == target.name && column.name != "organization_id";
  });
}

// Tables of a tenant, each before those it refers to, the organization last. The audit chain stays.
std::vector<const TableDef*> removal_order() {
  std::vector<const TableDef*> left;
  for (const TableDef* table : schema::all_tables)
    if (!table->global && table->id != schema::tables::audit_logs.id && table->id != schema::tables::organizations.id)
      left.push_back(table);
  std::vector<const TableDef*> order;
  while (!left.empty()) {
    const auto free = std::find_if(left.begin(), left.end(), [&](const TableDef* candidate) {
      return std::none_of(left.begin(), left.end(),
                          [&](const TableDef* other) { return other != candidate && refers_to(*other, *candidate); });
    });
    const auto next = free == left.end() ? left.begin() : free;
    order.push_back(*next);
    left.erase(next);
  }
  order.push_back(&schema::tables::organizations);
  return order;
}

// Rows of a table that refers to itself go from the end of each chain.
Expr not_referred_to(const TableDef& table) {
  std::vector<Expr> all;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].references == table.name && table.columns[i].name != "organization_id")
      all.push_back(Expr::negate(Expr::child(table, static_cast<std::uint16_t>(i), Expr::always())));
  return Expr::all_of(std::move(all));
}

Result<std::int64_t> discard_some(UnitOfWork& uow, const TableDef& table, const Uuid& organization,
                                  std::int64_t limit) {
  store::Query query;
  query.table = &table;
  query.organization = organization;
  query.where = not_referred_to(table);
  query.limit = limit;
  EC_TRY(rows, uow.scan(query));
  for (const Record& row : rows) EC_TRYV(uow.discard(row));
  return static_cast<std::int64_t>(rows.size());
}

// Where the last blanked slice of images ended; each slice left an entry that says so.
Result<std::int64_t> last_blanked(UnitOfWork& uow, const Uuid& organization) {
  namespace a = col::audit_logs;
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = organization;
  query.where = Expr::equals(a::operation.index, "erase");
  query.order = {{a::seq.index, true}};
  query.limit = 1;
  EC_TRY(entries, uow.scan(query));
  if (entries.empty()) return std::int64_t{0};
  EC_TRY(values, stored_json(entries.front()[a::new_values]));
  if (!values.is_object() || !values.contains("erased") || values["erased"].empty()) return std::int64_t{0};
  const Json& range = values["erased"].back();
  return range.is_array() && range.size() == 2 && range[1].is_number_integer() ? range[1].get<std::int64_t>() : 0;
}

Result<bool> blank_some(UnitOfWork& uow, const Uuid& organization, std::int64_t limit) {
  namespace a = col::audit_logs;
  EC_TRY(after, last_blanked(uow, organization));
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = organization;
  query.where = Expr::all_of(
      {Expr::compare(a::seq.index, Expr::Op::gt, after), Expr::compare(a::operation.index, Expr::Op::ne, "erase")});
  query.order = {{a::seq.index, false}};
  query.limit = limit;
  query.columns = store::ColumnSet::short_only(*query.table);
  EC_TRY(entries, uow.scan(query));
  if (entries.empty()) return false;
  EC_TRYV(uow.blank_entries(organization, entries));
  return true;
}

}  // namespace

Result<std::vector<Uuid>> all_organizations(store::Reader& reader) {
  store::Query query;
  query.table = &schema::tables::organizations;
  query.columns = store::ColumnSet::short_only(*query.table);
  EC_TRY(rows, reader.list(query));
  std::vector<Uuid> ids;
  for (const Record& row : rows) ids.push_back(row.id());
  EC_TRY(closed, policy::closed_organizations(reader));
  for (const Uuid& id : closed)
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  return ids;
}

Result<Swept> mark_overdue_milestones(UnitOfWork& uow, const Uuid& organization, std::int64_t limit) {
  namespace m = col::event_milestones;
  Swept swept;
  if (uow.facts().is_closed(organization)) return swept;
  store::Query query;
  query.table = &schema::tables::event_milestones;
  query.organization = organization;
  query.where = events::past_due(uow.now());
  query.limit = limit + 1;
  EC_TRY(due, uow.scan(query));
  for (Record& milestone : due) {
    if (swept.rows == limit) {
      swept.more = true;
      break;
    }
    EC_TRYV(uow.change(milestone, {{m::status.index, Value("overdue")}}));
    ++swept.rows;
  }
  return swept;
}

Result<Swept> remove_closed(UnitOfWork& uow, const Uuid& organization, std::int64_t limit) {
  Swept swept;
  if (!uow.facts().is_closed(organization)) return swept;
  EC_TRYV(uow.enter(organization));
  swept.more = true;
  for (const TableDef* table : removal_order()) {
    // A table that refers to itself may take several rounds.
    for (std::int64_t found = 1; found != 0 && swept.rows < limit;) {
      EC_TRY(gone, discard_some(uow, *table, organization, limit - swept.rows));
      found = gone;
      swept.rows += gone;
    }
    if (swept.rows >= limit) return swept;
  }
  if (swept.rows != 0) return swept;
  EC_TRY(blanked, blank_some(uow, organization, limit));
  if (blanked) return swept;
  EC_TRYV(uow.forget_closed(organization));
  swept.more = false;
  return swept;
}

Status forget_old(UnitOfWork& uow, std::int64_t limit) {
  EC_TRYV(uow.writer().forget_changes_before(uow.now() - kept_us, limit));
  return uow.writer().forget_idempotency_before(uow.now() - kept_us, limit);
}

}  // namespace eventcore::rules::operations
