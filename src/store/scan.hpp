// Rows as they lie in their statement, one after another: for walks over whole tables, where a Record for each row
// would cost more than the work itself. Invariants: what a row shows is valid until the next row; a value of another
// storage class than its column's is store_corrupt at the end of the scan, and reads as null meanwhile. Thread: as
// Reader.
#pragma once

#include <functional>

#include "store/reader.hpp"

namespace eventcore::store {

class RowView {
 public:
  RowView(const Statement& statement, const schema::TableDef& table) : statement_(statement), table_(table) {}

  // Each answers a neutral value (0, "", nothing) for null, as Value does.
  [[nodiscard]] bool is_null(Column column) const;
  [[nodiscard]] std::int64_t integer(Column column) const;
  [[nodiscard]] std::string_view text(Column column) const;
  [[nodiscard]] ByteView bytes(Column column) const;  // a uuid's 16 as well

  [[nodiscard]] bool is_corrupt() const { return corrupt_; }

 private:
  [[nodiscard]] bool holds(Column column, int storage_class) const;

  const Statement& statement_;
  const schema::TableDef& table_;
  mutable bool corrupt_ = false;
};

// A reader for scans.
class Scan : private Reader {
 public:
  explicit Scan(const Reader& reader) : Reader(reader) {}

  // Each row of the query, whole, until `visit` answers false.
  Status each(const Query& query, const std::function<bool(const RowView&)>& visit);
};

}  // namespace eventcore::store
