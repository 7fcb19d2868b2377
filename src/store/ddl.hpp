// DDL: the SQL that makes the tables declared in src/schema, and the engine's own tables (named ec_...).
// Invariants: every table is a STRICT rowid table; the tenant comes first in every key; a foreign key of a tenant's
// row carries the tenant, so that it cannot name another tenant's row; null counts as a value in unique keys.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.hpp"

namespace eventcore::store {

std::string quoted(std::string_view identifier);

// How a table's rows name their tenant.
enum class Tenancy : std::uint8_t {
  column,  // organization_id
  self,    // organizations: the row is the tenant
  none,    // global tables
};
Tenancy tenancy(const schema::TableDef& table);

std::string_view storage_type(schema::Type type);  // BLOB, INTEGER or TEXT

struct IndexTerm {
  std::string sql;
  std::string_view column;  // empty: a constant
};
struct TableIndex {
  std::string name;
  bool unique = false;
  std::vector<IndexTerm> terms;
  std::string condition;  // empty: of all rows
};
std::vector<TableIndex> table_indexes(const schema::TableDef& table);  // besides the one of the primary key

std::string word_table(const schema::TableDef& table);  // beside a searched table, its words (store/words.hpp)
std::vector<std::string> word_sql(const schema::TableDef& table);   // nothing for a table that is not searched
std::vector<std::string> table_sql(const schema::TableDef& table);  // CREATE TABLE, then its indexes
std::vector<std::string> engine_sql();                              // the ec_ tables
std::vector<std::string> all_sql();
std::string schema_sql();  // all of it as one text, for the reference

// "organization_id", "slug" of a unique key, by the name of one of its indexes; nullptr: none of ours.
const schema::UniqueDef* unique_of_index(const schema::TableDef& table, std::string_view index);

}  // namespace eventcore::store
