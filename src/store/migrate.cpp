#include "store/migrate.hpp"

#include <charconv>
#include <string>

#include "schema/all.hpp"
#include "store/ddl.hpp"
#include "store/migrations/v0001_first.hpp"
#include "store/reader.hpp"
#include "store/statistics.hpp"

namespace eventcore::store {

namespace {

constexpr std::string_view version_name = "schema_version";

std::vector<Migration>& all_migrations() {
  static std::vector<Migration> list{migration::v0001_first};
  return list;
}

Result<int> version_of(Connection& connection) {
  EC_TRY(text, Reader(connection).meta(version_name));
  int version = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), version).ec != std::errc())
    return Errc::store_corrupt;
  return version;
}

// Names change, numbers do not: audit entries and feed rows keep numbers.
Status write_id_map(Connection& connection) {
  EC_TRYV(connection.execute("DELETE FROM ec_id_map"));
  for (const schema::TableDef* table : schema::all_tables) {
    EC_TRY(of_table, connection.prepare("INSERT INTO ec_id_map (table_id, column_id, name) VALUES (?, 0, ?)"));
    EC_TRYV(of_table.bind(std::int64_t{table->id}).bind(table->name).run());
    for (const schema::ColumnDef& column : table->columns) {
      EC_TRY(of_column, connection.prepare("INSERT INTO ec_id_map (table_id, column_id, name) VALUES (?, ?, ?)"));
      EC_TRYV(of_column.bind(std::int64_t{table->id}).bind(std::int64_t{column.id}).bind(column.name).run());
    }
  }
  return ok();
}

template <class Body>
Status in_schema_transaction(Connection& connection, const Body& body) {
  EC_TRYV(connection.execute("BEGIN IMMEDIATE"));
  connection.allow_schema_changes(true);
  Status done = body();
  connection.allow_schema_changes(false);
  if (done) done = connection.guard();
  if (done) done = connection.execute("COMMIT");
  if (!done && connection.in_transaction()) (void)connection.execute("ROLLBACK");
  return done;
}

}  // namespace

std::span<const Migration> migrations() {
  return all_migrations();
}

void use_extra_migrations(std::vector<Migration> extra) {
  std::vector<Migration>& list = all_migrations();
  list.assign({migration::v0001_first});
  list.insert(list.end(), extra.begin(), extra.end());
}

Status check_version(Connection& connection) {
  EC_TRY(version, version_of(connection));
  return version <= migrations().back().version ? Status(ok()) : Status(Errc::store_newer);
}

Result<bool> needs_migration(Connection& connection) {
  EC_TRY(version, version_of(connection));
  return version < migrations().back().version;
}

Status create_schema(Connection& connection, const Uuid& store_id) {
  return in_schema_transaction(connection, [&]() -> Status {
    for (const std::string& sql : all_sql()) {
      EC_TRYV(connection.execute(sql));
    }
    {
      EC_TRY(first, connection.prepare("INSERT INTO ec_sentinel (id, store_id, commits, store_seq, heads) "
                                       "VALUES (1, ?, 0, 0, zeroblob(32))"));
      EC_TRYV(first.bind(store_id).run());
    }
    EC_TRYV(Writer(connection).set_meta(version_name, std::to_string(migrations().back().version)));
    EC_TRYV(write_statistics(connection));
    return write_id_map(connection);
  });
}

Status migrate(Connection& connection) {
  return in_schema_transaction(connection, [&]() -> Status {
    EC_TRY(version, version_of(connection));  // again, now that nobody else can be at it
    for (const Migration& migration : migrations()) {
      if (migration.version <= version || migration.apply == nullptr) continue;
      EC_TRYV(migration.apply(connection));
    }
    EC_TRYV(Writer(connection).set_meta(version_name, std::to_string(migrations().back().version)));
    EC_TRYV(write_statistics(connection));
    return write_id_map(connection);
  });
}

}  // namespace eventcore::store
