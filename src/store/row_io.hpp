// Rows between records and statements, by the declared type of each column.
// Invariants: a stored class that does not fit the declared type is store_corrupt, never a converted value.
// Thread: the thread that holds the statement.
#pragma once

#include "schema/value.hpp"
#include "store/query.hpp"
#include "store/statement.hpp"

namespace eventcore::store {

Result<Value> read_value(const Statement& statement, int position, schema::Type type);
// Whether a value may be stored in a column of that type; null always may.
bool fits(const Value& value, schema::Type type);

// "t0"."a", "t0"."b" ... of the wanted columns.
// The row as if no other columns had been asked for.
Record with_only(const Record& row, const ColumnSet& columns);
std::string column_list(const schema::TableDef& table, const ColumnSet& columns);
Result<Record> read_record(const Statement& statement, const schema::TableDef& table, const ColumnSet& columns);

}  // namespace eventcore::store
