#include "schema/value.hpp"

#include <stdexcept>

namespace eventcore {

namespace {

// A rule that asks a value for the wrong class, or for a column it never read, must not go on with a made-up answer.
// The store catches it around every job and answers `internal`; what the job wrote is rolled back.
[[noreturn]] void defect(const char* what) {
  throw std::logic_error(what);
}

const Uuid nil_uuid{};
const std::string no_text;
const Bytes no_bytes;

}  // namespace

std::int64_t Value::integer() const {
  if (const auto* number = std::get_if<std::int64_t>(&data_)) return *number;
  if (is_null()) return 0;
  defect("a value was asked for an integer it does not hold");
}

const Uuid& Value::uuid() const {
  if (const auto* id = std::get_if<Uuid>(&data_)) return *id;
  if (is_null()) return nil_uuid;
  defect("a value was asked for a uuid it does not hold");
}

const std::string& Value::text() const {
  if (const auto* text = std::get_if<std::string>(&data_)) return *text;
  if (is_null()) return no_text;
  defect("a value was asked for a text it does not hold");
}

const Bytes& Value::bytes() const {
  if (const auto* bytes = std::get_if<Bytes>(&data_)) return *bytes;
  if (is_null()) return no_bytes;
  defect("a value was asked for bytes it does not hold");
}

const Value& Record::operator[](Column c) const {
  if (table_ == nullptr || table_->id != c.table) defect("a column of another table was asked of a record");
  return values_[c.index];
}

const Value* Record::find(std::string_view column) const {
  const int index = table_->index_of(column);
  return index < 0 ? nullptr : &values_[static_cast<std::size_t>(index)];
}

void Record::set(Column c, Value v) {
  if (table_ == nullptr || table_->id != c.table) defect("a column of another table was set in a record");
  values_[c.index] = std::move(v);
}

void Record::set(std::string_view column, Value v) {
  const int index = table_->index_of(column);
  if (index < 0) defect("an unknown column was set in a record");
  values_[static_cast<std::size_t>(index)] = std::move(v);
}

const Uuid& Record::organization_id() const {
  if (table_->global) return nil_uuid;
  const Value* value = find("organization_id");
  return value == nullptr ? id() : value->uuid();
}

std::int64_t Record::version() const {
  const Value* value = find("version");
  return value == nullptr ? 0 : value->integer();
}

}  // namespace eventcore
