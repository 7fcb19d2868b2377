// Value: one stored value. Record: one row in memory, a value per declared column.
// The logical type comes from the column; a Value only knows its storage class.
// Thread: plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/uuid.hpp"
#include "schema/schema.hpp"

namespace eventcore {

class Value {
 public:
  Value() = default;                                               // null
  Value(std::int64_t number) : data_(number) {}                    // NOLINT(google-explicit-constructor)
  Value(int number) : data_(static_cast<std::int64_t>(number)) {}  // NOLINT(google-explicit-constructor)
  Value(bool flag) : data_(static_cast<std::int64_t>(flag)) {}     // NOLINT(google-explicit-constructor)
  Value(const Uuid& id) : data_(id) {}                             // NOLINT(google-explicit-constructor)
  Value(std::string text) : data_(std::move(text)) {}              // NOLINT(google-explicit-constructor)
  Value(std::string_view text) : data_(std::string(text)) {}       // NOLINT(google-explicit-constructor)
  Value(const char* text) : data_(std::string(text)) {}            // NOLINT(google-explicit-constructor)
  Value(Bytes bytes) : data_(std::move(bytes)) {}                  // NOLINT(google-explicit-constructor)

  // A column that was not read (long columns, column lists). Asking for it is a defect, not an empty answer.
  static Value unread() {
    Value v;
    v.data_ = Unread{};
    return v;
  }

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  [[nodiscard]] bool is_unread() const { return std::holds_alternative<Unread>(data_); }
  [[nodiscard]] bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  [[nodiscard]] bool is_uuid() const { return std::holds_alternative<Uuid>(data_); }
  [[nodiscard]] bool is_text() const { return std::holds_alternative<std::string>(data_); }
  [[nodiscard]] bool is_bytes() const { return std::holds_alternative<Bytes>(data_); }

  // Each getter answers a neutral value (0, "", nil) for null; a wrong class is a defect: it throws, and the
  // call is rolled back and answers `internal`.
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] bool boolean() const { return integer() != 0; }
  [[nodiscard]] const Uuid& uuid() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] const Bytes& bytes() const;

  friend bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

 private:
  struct Unread {
    friend bool operator==(Unread, Unread) { return true; }
  };
  std::variant<std::monostate, std::int64_t, Uuid, std::string, Bytes, Unread> data_;
};

// The address of one column of one table; generated handles col::<table>::<column> are of this type.
struct Column {
  std::uint16_t table;  // TableDef::id
  std::uint16_t index;  // position in TableDef::columns
};

class Record {
 public:
  Record() = default;
  explicit Record(const schema::TableDef& table) : table_(&table), values_(table.columns.size()) {}

  [[nodiscard]] const schema::TableDef& table() const { return *table_; }

  [[nodiscard]] const Value& at(std::size_t index) const { return values_[index]; }
  Value& at(std::size_t index) { return values_[index]; }
  [[nodiscard]] const Value& operator[](Column c) const;           // asserts that the column is of this table
  [[nodiscard]] const Value* find(std::string_view column) const;  // nullptr: no such column

  void set(Column c, Value v);
  void set(std::string_view column, Value v);  // the column must exist

  [[nodiscard]] const Uuid& id() const { return values_[0].uuid(); }  // every table's first column is id
  [[nodiscard]] const Uuid& organization_id() const;                  // organizations: its own id; global tables: nil
  [[nodiscard]] std::int64_t version() const;

 private:
  const schema::TableDef* table_ = nullptr;
  std::vector<Value> values_;
};

// Columns to write, for updates made by the engine and for decoded requests.
struct Assignment {
  std::uint16_t index;
  Value value;
};
using Changes = std::vector<Assignment>;

}  // namespace eventcore
