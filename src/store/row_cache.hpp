// RowCache: rows that a write transaction has read or written whole. The rules of a sale ask for its event, category,
// order and organization many times over, and the jobs of a group for the same ones.
// Invariants: holds only what its transaction would read; a row that changes is forgotten; empty outside of one.
// Thread: belongs to a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/uuid.hpp"
#include "schema/schema.hpp"
#include "schema/value.hpp"

namespace eventcore::store {

class RowCache {
 public:
  void begin();  // of a transaction
  void end();
  [[nodiscard]] bool is_open() const { return open_; }

  [[nodiscard]] const Record* find(const schema::TableDef& table, const Uuid& organization, const Uuid& id) const;
  void keep(const Record& row);  // as it is stored: not with plain text for a sealed column
  void forget(const schema::TableDef& table, const Uuid& organization, const Uuid& id);
  void clear() { rows_.clear(); }

 private:
  struct Key {
    std::uint16_t table;
    Uuid organization;
    Uuid id;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept { return UuidHash{}(key.id) ^ key.table; }
  };

  bool open_ = false;
  std::unordered_map<Key, Record, KeyHash> rows_;
};

}  // namespace eventcore::store
