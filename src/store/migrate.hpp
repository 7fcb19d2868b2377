// Migrations: a store written by an older release is brought to this one's tables, in one transaction.
// Invariants: a fresh store gets the current DDL at once and the newest version; a store of a newer version is refused
// before anything is written.
// Thread: under the write lock.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "base/uuid.hpp"
#include "store/connection.hpp"

namespace eventcore::store {

struct Migration {
  int version = 0;  // of the store afterwards
  std::string_view name{};
  Status (*apply)(Connection& connection) = nullptr;  // inside the transaction, schema changes allowed
};

// Ascending by version; the first stands for the DDL a store is born with.
std::span<const Migration> migrations();
// Tests append migrations of their own; an empty list ends that.
void use_extra_migrations(std::vector<Migration> extra);

// store_newer when the store is ahead of this release.
Status check_version(Connection& connection);
Result<bool> needs_migration(Connection& connection);
Status create_schema(Connection& connection, const Uuid& store_id);
Status migrate(Connection& connection);

}  // namespace eventcore::store
