// JSON in and out: requests into checked values, records into answers and audit images, arguments into a typed view.
// Invariants: a decoder looks at shape only (no store, no principal) and reports every bad field in one Failure;
// nothing sealed or internal is ever encoded; what was decoded is normalised, so equal requests have equal text.
// Thread: free functions without state, any thread; Arguments is plain data.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/uuid.hpp"
#include "schema/schema.hpp"
#include "schema/value.hpp"

namespace eventcore::schema {

enum class WriteKind : std::uint8_t { insert, update };

struct DecodeOptions {
  // A service import: engine columns and created_at may be given; version, updated_at, derived and internal ones not.
  bool import = false;
};

// Whether an insert without the column is refused. Blobs are given by an import only.
bool must_be_given(const TableDef& table, const ColumnDef& column, const DecodeOptions& options);

// One JSON object into assignments, in column order, only for the members that were given.
// Errc::invalid_argument lists every bad field. A decoded null is Value() (the column is nullable then).
Result<Changes> decode_row(const TableDef& table, const Json& object, WriteKind kind,
                           const DecodeOptions& options = {});

// One value of a column, null not accepted; the reason is a clause such as "must be a string".
// Money and decimals are checked against scale, precision and bounds here; the currency's digits are checked by the
// unit of work, which knows the row.
struct DecodedValue {
  std::optional<Value> value;
  std::string reason;  // set when there is no value
};
DecodedValue decode_value(const ColumnDef& column, const Json& json);

// The largest stored number a money or decimal column takes: its precision counts the digits of the usual two-digit
// currency for money, and all digits for decimals. no_max without a precision.
[[nodiscard]] std::int64_t magnitude_max(const ColumnDef& column);

// Declared defaults for the columns that are still null; those of `given` stay as they are, so that a caller's own null
// is kept.
Status apply_initials(Record& record, Micros now_us, const Changes* given = nullptr);

// Text that may hold long runs of digits: ids, references, numbers, URLs, phones. Everything else must not hold a card
// number. `name` is a column, an argument or a member of a JSON value.
[[nodiscard]] bool may_hold_digits(std::string_view name);
// Columns the engine fills when an insert leaves them out, though they are not null and have no declared default.
[[nodiscard]] bool filled_when_absent(const TableDef& table, const ColumnDef& column);
// Derived columns that may be given at creation all the same: ticket_categories.available_quantity.
[[nodiscard]] bool given_at_creation(const TableDef& table, const ColumnDef& column);
// The limit on a text column: characters, or bytes for indexed text without a declared length.
struct TextLimit {
  std::uint32_t characters = 0;  // 0: none
  std::uint32_t bytes = 0;       // 0: none
};
[[nodiscard]] TextLimit text_limit(const ColumnDef& column);

// Sealed and internal columns and unread values encode as null here and are left out by encode_row.
Json encode_value(const ColumnDef& column, const Value& value, std::string_view currency);
// `visible` by column index; empty: all. Money prints with the digits of `currency`.
Json encode_row(const Record& record, std::string_view currency, const std::vector<bool>& visible = {});
// The same as text, at a fraction of the cost: what dump() would make of it.
std::string row_text(const Record& record, std::string_view currency, const std::vector<bool>& visible = {});

// An audit image (RULES section 7): the personal, or the other, columns as key-sorted minified JSON; money and decimals
// as decimal text at their full scale, whatever the currency. Sealed, internal and unread columns are left out.
// With `only`, just the columns assigned there. Empty when no column remains.
std::string image(const Record& record, bool personal, const Changes* only = nullptr);

// Checks the arguments of a command, fills defaults and normalises (uuids lower case, times in UTC, decimals short).
// Errc::invalid_argument lists every bad one by path ("items[0].quantity").
Result<Json> decode_arguments(const CommandDef& command, const Json& object);

// Typed access to decoded arguments. Asking for a name the command does not declare with that type is a defect: the
// getters answer a neutral value for what is absent. Refers to the Json, which must outlive it.
class Arguments {
 public:
  explicit Arguments(const Json& decoded) : json_(&decoded) {}

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] Uuid uuid(std::string_view name) const;
  [[nodiscard]] std::optional<Uuid> optional_uuid(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view name) const;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] std::optional<Micros> optional_time(std::string_view name) const;
  // Units of 1/10,000, whole in the currency's minor units; else invalid_argument naming the argument.
  [[nodiscard]] Result<std::int64_t> money_units(std::string_view name, std::string_view currency) const;
  [[nodiscard]] const Json& json(std::string_view name) const;  // null when absent
  [[nodiscard]] std::vector<Arguments> list(std::string_view name) const;
  [[nodiscard]] Arguments object(std::string_view name) const;  // an empty one when absent
  [[nodiscard]] const Json& all() const { return *json_; }

 private:
  const Json* json_;
};

// Everything declared, for hosts that look: {"tables", "enums", "commands", "errors", "states"}.
Json schema_json();

// nullptr: there is none of that name.
const CommandDef* find_command(std::string_view name);
const CommandDef* find_command(std::uint16_t id);

std::string_view type_name(Type type);

}  // namespace eventcore::schema
