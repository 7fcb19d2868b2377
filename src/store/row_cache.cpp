#include "store/row_cache.hpp"

namespace eventcore::store {

namespace {

constexpr std::size_t rows_max = 512;  // more than the rows of a large order

Uuid tenant_of(const Record& row) {
  return row.table().global ? Uuid{} : row.organization_id();
}

}  // namespace

void RowCache::begin() {
  rows_.clear();
  open_ = true;
}

void RowCache::end() {
  open_ = false;
  rows_.clear();
}

const Record* RowCache::find(const schema::TableDef& table, const Uuid& organization, const Uuid& id) const {
  const auto found = rows_.find({table.id, organization, id});
  return found == rows_.end() ? nullptr : &found->second;
}

void RowCache::keep(const Record& row) {
  if (!open_) return;
  if (rows_.size() >= rows_max) rows_.clear();
  rows_.insert_or_assign({row.table().id, tenant_of(row), row.id()}, row);
}

void RowCache::forget(const schema::TableDef& table, const Uuid& organization, const Uuid& id) {
  rows_.erase({table.id, organization, id});
}

}  // namespace eventcore::store
