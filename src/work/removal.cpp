// Deleting a row and what hangs on it. The unit of work does all of it row by row: rows that belong to the deleted one
// go too, "who" columns become null, anything else that still refers to it refuses. SQL's own keys have no action and
// are immediate, so referring rows go first.
#include <algorithm>
#include <cstddef>
#include <map>

#include "policy/closed.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::work {

using policy::Operation;
using schema::ColumnDef;
using schema::OnDelete;
using schema::TableDef;

namespace {

struct RowKey {
  std::uint16_t table = 0;
  Uuid id{};
  auto operator<=>(const RowKey&) const = default;
};

RowKey key_of(const Record& row) {
  return {row.table().id, row.id()};
}

// Everything one delete touches.
class Closure {
 public:
  explicit Closure(store::Reader& reader) : reader_(reader) {}

  Status collect(const Record& root) {
    EC_TRYV(add(root));
    for (std::size_t next = 0; next < rows_.size(); ++next) EC_TRYV(follow(next));
    return ok();
  }

  // A row that is in the way: it refers to a deleted one, may not be changed by it, and stays.
  [[nodiscard]] std::optional<std::string> in_the_way() const {
    for (const auto& [key, name] : refusing_)
      if (!places_.contains(key)) return name;
    return std::nullopt;
  }

  // "Who" columns of rows that stay.
  [[nodiscard]] std::vector<std::pair<Record, Changes>> orphaned() const {
    std::vector<std::pair<Record, Changes>> list;
    for (const auto& [key, entry] : orphaned_)
      if (!places_.contains(key)) list.push_back(entry);
    return list;
  }

  [[nodiscard]] const std::vector<Record>& rows() const { return rows_; }

  // Referring rows first.
  Result<std::vector<const Record*>> in_order() const {
    std::vector<std::size_t> waiting(rows_.size(), 0);
    for (const auto& [referrer, target] : edges_)
      if (const auto from = places_.find(referrer); from != places_.end()) ++waiting[target];
    std::vector<std::size_t> ready;
    for (std::size_t i = rows_.size(); i-- > 0;)
      if (waiting[i] == 0) ready.push_back(i);
    std::vector<const Record*> order;
    while (!ready.empty()) {
      const std::size_t place = ready.back();
      ready.pop_back();
      order.push_back(&rows_[place]);
      for (auto [at, end] = by_referrer_.equal_range(key_of(rows_[place])); at != end; ++at)
        if (--waiting[at->second] == 0) ready.push_back(at->second);
    }
    if (order.size() != rows_.size()) return fail(Errc::internal, "rows to delete refer to each other in a circle");
    return order;
  }

 private:
  Status add(const Record& row) {
    if (places_.try_emplace(key_of(row), rows_.size()).second) rows_.push_back(row);
    return ok();
  }

  Status follow(std::size_t place) {
    const TableDef& target = rows_[place].table();
    for (const TableDef* table : schema::all_tables)
      for (std::size_t i = 0; i < table->columns.size(); ++i)
        if (table->columns[i].references == target.name && table->columns[i].name != "organization_id")
          EC_TRYV(follow_reference(place, *table, static_cast<std::uint16_t>(i)));
    return ok();
  }

  Status follow_reference(std::size_t place, const TableDef& table, std::uint16_t column) {
    const ColumnDef& reference = table.columns[column];
    const Record& target = rows_[place];
    store::Query query;
    query.table = &table;
    if (!target.table().global) query.organization = target.organization_id();
    query.where = Expr::equals(column, Value(target.id()));
    if (reference.on_delete == OnDelete::refuse) query.columns = store::ColumnSet::short_only(table);
    EC_TRY(referrers, reader_.list(query));
    for (const Record& row : referrers) {
      edges_.emplace_back(key_of(row), place);
      by_referrer_.emplace(key_of(row), place);
      if (reference.on_delete == OnDelete::cascade) {
        EC_TRYV(add(row));
      } else if (reference.on_delete == OnDelete::set_null) {
        auto& [orphan, changes] = orphaned_.try_emplace(key_of(row), row, Changes{}).first->second;
        changes.push_back({column, Value()});
      } else {
        refusing_.emplace_back(key_of(row), std::string(table.name) + "." + std::string(reference.name));
      }
    }
    return ok();
  }

  store::Reader& reader_;
  std::vector<Record> rows_;  // in the order found: the deleted row itself first
  std::map<RowKey, std::size_t> places_;
  std::vector<std::pair<RowKey, std::size_t>> edges_;  // referring row -> place of the row it refers to
  std::multimap<RowKey, std::size_t> by_referrer_;     // the same, by referring row
  std::map<RowKey, std::pair<Record, Changes>> orphaned_;
  std::vector<std::pair<RowKey, std::string>> refusing_;
};

bool is_paid(const Record& order) {
  const std::string& status = order[col::ticket_orders::payment_status].text();
  return status == "paid" || status == "refunded" || status == "partially_refunded";
}

// The order a row of ticketing belongs to, if it stands under one.
const Value* order_of(const Record& row) {
  switch (row.table().id) {
    case schema::tables::ticket_orders.id: return &row.at(0);
    case schema::tables::ticket_order_items.id: return &row[col::ticket_order_items::order_id];
    case schema::tables::tickets.id: return &row[col::tickets::order_id];
    case schema::tables::order_payments.id: return &row[col::order_payments::order_id];
    default: return nullptr;
  }
}

Result<bool> has_money(store::Reader& reader, const Record& order) {
  if (is_paid(order)) return true;
  const Expr succeeded = Expr::all_of({Expr::equals(col::order_payments::order_id.index, Value(order.id())),
                                       Expr::equals(col::order_payments::status.index, Value("succeeded"))});
  EC_TRY(payments, reader.count(schema::tables::order_payments, order.organization_id(), succeeded));
  return payments > 0;
}

// Sales never go with what they were sold under; and an order that still holds places keeps its lines. Sales are told
// first, whichever order is older.
Status check_sales(store::Reader& reader, const std::vector<Record>& rows) {
  std::map<Uuid, bool> seen;  // order -> goes too
  for (const Record& row : rows)
    if (const Value* order = order_of(row); order != nullptr && order->is_uuid())
      seen[order->uuid()] |= row.table().id == schema::tables::ticket_orders.id;
  bool held = false;
  for (const auto& [id, goes_too] : seen) {
    EC_TRY(order, reader.get(schema::tables::ticket_orders, rows.front().organization_id(), id));
    if (!order) continue;
    EC_TRY(paid, has_money(reader, *order));
    if (paid) return Errc::has_sales;
    held |= !goes_too && (*order)[col::ticket_orders::order_status].text() == "active";
  }
  return held ? Status(fail_fact(Errc::still_referenced, "by", "ticket_orders")) : ok();
}

}  // namespace

Status UnitOfWork::remove(const TableDef& table, const Uuid& id, std::optional<std::int64_t> if_version,
                          const std::optional<Uuid>& organization) {
  EC_TRYV(policy::may_write_kind(Operation::remove, table, facts_));
  EC_TRY(row, get(table, id, organization ? organization : tenant_));
  EC_TRYV(enter(row.organization_id()));
  EC_TRYV(check_old_row(Operation::remove, row, {}));
  if (if_version && *if_version != row.version())
    return fail_fact(Errc::version_conflict, "version", std::to_string(row.version()));
  if (table.id == schema::tables::organizations.id) return close_organization(row);
  Closure closure(reader_);
  EC_TRYV(closure.collect(row));
  EC_TRYV(check_sales(reader_, closure.rows()));
  if (const auto name = closure.in_the_way()) return fail_fact(Errc::still_referenced, "by", *name);
  for (const auto& [orphan, changes] : closure.orphaned()) {
    Record left = orphan;
    EC_TRYV(change(left, changes));
  }
  EC_TRY(order, closure.in_order());
  for (const Record* next : order) {
    // Read again: what went before may have changed it (others stop waiting for a milestone that is gone).
    EC_TRY(current, must_find(next->table(), next->organization_id(), next->id()));
    EC_TRYV(erase_as(current, key_of(current) == key_of(row) ? As::caller : As::engine));
  }
  return ok();
}

// ---- organizations ------------------------------------------------------------------------------------------------

Status UnitOfWork::close_organization(const Record& row) {
  EC_TRYV(record_act(row.id(), "close", R"({"organization":")" + to_text(row.id()) + "\"}"));
  EC_TRYV(writer_.destroy_tenant_key(row.id()));
  facts_.closed.push_back(row.id());
  return policy::set_closed_organizations(writer_, facts_.closed);
}

Status UnitOfWork::discard(const Record& row) {
  if (!facts_.is_closed(row.organization_id())) return Errc::internal;
  EC_TRYV(enter(row.organization_id()));
  writer_.arm(true);
  const Status erased = writer_.erase(row.table(), row.organization_id(), row.id());
  writer_.arm(false);
  EC_TRYV(erased);
  related_.forget();
  return log(Operation::remove, &row, nullptr);
}

Status UnitOfWork::blank_entries(const Uuid& organization, const std::vector<Record>& entries) {
  if (entries.empty() || !facts_.is_closed(organization)) return Errc::internal;
  namespace a = col::audit_logs;
  const Changes blank = {{a::old_personal.index, Value()}, {a::old_values.index, Value()},
                         {a::new_personal.index, Value()}, {a::new_values.index, Value()},
                         {a::salt1.index, Value()},        {a::salt2.index, Value(Bytes{})},
                         {a::salt3.index, Value()},        {a::salt4.index, Value(Bytes{})}};
  for (const Record& entry : entries) {
    writer_.arm(true);
    const Status blanked = writer_.update(entry.table(), organization, entry.id(), blank);
    writer_.arm(false);
    EC_TRYV(blanked);
  }
  const std::string first = std::to_string(entries.front()[a::seq].integer());
  const std::string last = std::to_string(entries.back()[a::seq].integer());
  return record_act(organization, "erase", "{\"erased\":[[" + first + "," + last + "]]}");
}

Status UnitOfWork::forget_closed(const Uuid& organization) {
  std::erase(facts_.closed, organization);
  return policy::set_closed_organizations(writer_, facts_.closed);
}

}  // namespace eventcore::work
