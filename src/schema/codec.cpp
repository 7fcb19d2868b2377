#include "schema/codec.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "schema/all.hpp"

namespace eventcore::schema {

namespace {

constexpr std::size_t short_list_max = 100;  // elements of a list that is no long column
constexpr int point_scale = 12;              // coordinates up to nine million units, beyond any map

DecodedValue good(Value value) {
  return {std::move(value), {}};
}
DecodedValue bad(std::string reason) {
  return {std::nullopt, std::move(reason)};
}

bool is_int64(const Json& json) {
  if (!json.is_number_integer()) return false;
  if (!json.is_number_unsigned()) return true;
  return json.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

int scale_of(const ColumnDef& column) {
  if (column.type == Type::money) return money_scale;
  return column.type == Type::decimal ? column.scale : 0;
}

std::string listed(std::span<const std::string_view> values) {
  std::string text;
  for (std::string_view value : values) {
    if (!text.empty()) text += ", ";
    text += value;
  }
  return text;
}

// Why a text may not stand in a column or argument of that name; empty: it may.
std::string text_problem(std::string_view name, std::string_view text) {
  if (!valid_text(text)) return "must be UTF-8 without NUL";
  if (!may_hold_digits(name) && contains_card_number(text)) return "must not contain a card number";
  return {};
}

// The same for every string of a JSON value; `name` is the innermost member around it.
std::string json_problem(std::string_view name, const Json& json, std::uint32_t depth) {
  if (json.is_string()) return text_problem(name, json.get_ref<const std::string&>());
  if (json.is_number_float() || (json.is_binary() && !is_number(json))) return "holds a number that is not exact";
  if (!json.is_structured()) return {};
  if (depth > json_depth_max) return "is nested more than " + std::to_string(json_depth_max) + " deep";
  if (json.is_array()) {
    for (const Json& element : json) {
      std::string reason = json_problem(name, element, depth + 1);
      if (!reason.empty()) return reason;
    }
    return {};
  }
  for (const auto& [key, element] : json.items()) {
    if (!valid_text(key)) return "must be UTF-8 without NUL";
    if (contains_card_number(key)) return "must not contain a card number";
    std::string reason = json_problem(key, element, depth + 1);
    if (!reason.empty()) return reason;
  }
  return {};
}

bool is_email_name(std::string_view name) {
  return name == "email" || name.ends_with("_email");
}

DecodedValue decode_text(const ColumnDef& column, const Json& json) {
  if (!json.is_string()) return bad("must be a string");
  const auto& text = json.get_ref<const std::string&>();
  std::string reason = text_problem(column.name, text);
  if (!reason.empty()) return bad(std::move(reason));
  const TextLimit limit = text_limit(column);
  if (limit.bytes != 0 && text.size() > limit.bytes)
    return bad("is longer than " + std::to_string(limit.bytes) + " bytes");
  if (limit.characters != 0 && text.size() > limit.characters && count_characters(text) > limit.characters)
    return bad("is longer than " + std::to_string(limit.characters) + " characters");
  if (is_email_name(column.name) && !(text.empty() && column.is(not_null)) && !valid_email(text))
    return bad("must be an e-mail address");
  return good(text);
}

// Bounds and precision; the limits are told the way a caller writes such a number.
DecodedValue in_range(const ColumnDef& column, std::int64_t number) {
  const int scale = scale_of(column);
  const std::int64_t magnitude = magnitude_max(column);
  const std::int64_t low = std::max(column.min, magnitude == no_max ? no_min : -magnitude);
  const std::int64_t high = std::min(column.max, magnitude);
  if (number < low) return bad("must be at least " + format_decimal_short(low, scale));
  if (number > high) return bad("must be at most " + format_decimal_short(high, scale));
  return good(number);
}

DecodedValue decode_integer(const ColumnDef& column, const Json& json) {
  if (!is_int64(json)) return bad("must be a whole number");
  return in_range(column, json.get<std::int64_t>());
}

DecodedValue decode_money(const ColumnDef& column, const Json& json) {
  if (is_int64(json)) {
    const Result<std::int64_t> units = parse_decimal(std::to_string(json.get<std::int64_t>()), money_scale);
    return units ? in_range(column, units.assume_value()) : bad("is out of range");
  }
  if (!json.is_string()) return bad("must be a decimal string such as \"12.50\" or a whole number");
  const Result<std::int64_t> units = parse_decimal(json.get_ref<const std::string&>(), money_scale);
  return units ? in_range(column, units.assume_value()) : bad("must be a decimal number with at most 4 decimal places");
}

// A JSON number may be written with an exponent; what counts is its exact value.
std::optional<std::int64_t> scaled_number(const std::string& text, int scale) {
  const Result<std::int64_t> plain = parse_decimal(text, scale);
  if (plain) return plain.assume_value();
  const Result<Exact> parsed = parse_exact(text);
  if (!parsed) return std::nullopt;
  Exact value = parsed.assume_value();
  for (int i = 0; i < scale; ++i) value *= 10;
  if (denominator(value) != 1) return std::nullopt;
  const auto whole = numerator(value);
  if (whole > std::numeric_limits<std::int64_t>::max() || whole < std::numeric_limits<std::int64_t>::min())
    return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

DecodedValue decode_decimal(const ColumnDef& column, const Json& json) {
  const int scale = scale_of(column);
  std::optional<std::int64_t> number;
  if (json.is_string()) {
    const Result<std::int64_t> plain = parse_decimal(json.get_ref<const std::string&>(), scale);
    if (plain) number = plain.assume_value();
  } else if (!json.is_number_float() && is_number(json)) {
    number = scaled_number(number_text(json), scale);
  } else {
    return bad("must be a decimal number or a string of one");
  }
  if (!number) return bad("must be a decimal number with at most " + std::to_string(scale) + " decimal places");
  return in_range(column, *number);
}

DecodedValue decode_time(const Json& json) {
  if (!json.is_string()) return bad("must be an RFC 3339 time such as \"2026-05-01T10:00:00Z\"");
  const Result<Micros> time = parse_rfc3339(json.get_ref<const std::string&>());
  return time ? good(time.assume_value()) : bad("must be an RFC 3339 time such as \"2026-05-01T10:00:00Z\"");
}

DecodedValue decode_date(const Json& json) {
  if (!json.is_string()) return bad("must be a date such as \"2026-05-01\"");
  Result<std::string> date = parse_date(json.get_ref<const std::string&>());
  return date ? good(std::move(date).assume_value()) : bad("must be a date such as \"2026-05-01\"");
}

DecodedValue decode_enum(const ColumnDef& column, const Json& json) {
  if (json.is_string())
    for (std::string_view value : column.values->values)
      if (value == json.get_ref<const std::string&>()) return good(value);
  return bad("must be one of " + listed(column.values->values));
}

DecodedValue decode_json(const ColumnDef& column, const Json& json) {
  std::string reason = json_problem(column.name, json, 1);
  if (!reason.empty()) return bad(std::move(reason));
  std::string text = dump(json);
  const std::size_t limit = column.length_max != 0 ? column.length_max : json_bytes_max;
  if (text.size() > limit) return bad("is larger than " + std::to_string(limit / 1024) + " KiB");
  return good(std::move(text));
}

DecodedValue decode_text_array(const ColumnDef& column, const Json& json) {
  if (!json.is_array()) return bad("must be a list of strings");
  if (!column.is(long_column) && json.size() > short_list_max)
    return bad("has more than " + std::to_string(short_list_max) + " elements");
  const std::uint32_t longest = column.is(long_column) ? free_text_length_max : name_length_max;
  const std::uint32_t characters = column.length_max != 0 ? column.length_max : longest;
  for (const Json& element : json) {
    if (!element.is_string()) return bad("must be a list of strings");
    const auto& text = element.get_ref<const std::string&>();
    std::string reason = text_problem(column.name, text);
    if (!reason.empty()) return bad(std::move(reason));
    if (text.size() > characters && count_characters(text) > characters)
      return bad("has an element longer than " + std::to_string(characters) + " characters");
  }
  std::string text = dump(json);
  if (text.size() > json_bytes_max) return bad("is larger than " + std::to_string(json_bytes_max / 1024) + " KiB");
  return good(std::move(text));
}

DecodedValue decode_uuid_array(const ColumnDef& column, const Json& json) {
  if (!json.is_array()) return bad("must be a list of uuids");
  if (!column.is(long_column) && json.size() > short_list_max)
    return bad("has more than " + std::to_string(short_list_max) + " elements");
  Json canonical = Json::array();
  for (const Json& element : json) {
    if (!element.is_string()) return bad("must be a list of uuids");
    const Result<Uuid> id = parse_uuid(element.get_ref<const std::string&>());
    if (!id) return bad("must be a list of uuids");
    canonical.push_back(to_text(id.assume_value()));
  }
  std::string text = dump(canonical);
  if (text.size() > json_bytes_max) return bad("is larger than " + std::to_string(json_bytes_max / 1024) + " KiB");
  return good(std::move(text));
}

DecodedValue decode_point(const Json& json) {
  const char* const reason = "must be an object of two decimal numbers x and y";
  if (!json.is_object() || json.size() != 2) return bad(reason);
  Json canonical = Json::object();
  for (const char* axis : {"x", "y"}) {
    const auto found = json.find(axis);
    if (found == json.end()) return bad(reason);
    std::optional<std::int64_t> number;
    if (found->is_string()) {
      const Result<std::int64_t> plain = parse_decimal(found->get_ref<const std::string&>(), point_scale);
      if (plain) number = plain.assume_value();
    } else if (!found->is_number_float() && is_number(*found)) {
      number = scaled_number(number_text(*found), point_scale);
    }
    if (!number) return bad(reason);
    canonical[axis] = format_decimal_short(*number, point_scale);
  }
  return good(dump(canonical));
}

// IPv4 or IPv6 with an optional prefix length; a full-length prefix says nothing and is dropped.
std::optional<std::string> canonical_inet(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (address.size() >= INET6_ADDRSTRLEN || address.find('\0') != std::string::npos) return std::nullopt;
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> printed{};
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(family, address.c_str(), bytes.data()) != 1) return std::nullopt;
  if (inet_ntop(family, bytes.data(), printed.data(), printed.size()) == nullptr) return std::nullopt;
  std::string canonical = printed.data();
  if (slash == std::string_view::npos) return canonical;
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const int full = family == AF_INET ? 32 : 128;
  if (error != std::errc{} || end != digits.data() + digits.size() || length < 0 || length > full) return std::nullopt;
  if (length != full) canonical += "/" + std::to_string(length);
  return canonical;
}

DecodedValue decode_inet(const Json& json) {
  std::optional<std::string> address;
  if (json.is_string()) address = canonical_inet(json.get_ref<const std::string&>());
  return address ? good(std::move(*address)) : bad("must be an IPv4 or IPv6 address, with or without a prefix length");
}

// The plain text that the unit of work seals. What is inside is a secret, so only its size and encoding are looked at.
DecodedValue decode_sealed(const Json& json) {
  std::string text = json.is_string() ? json.get<std::string>() : dump(json);
  if (!valid_text(text)) return bad("must be UTF-8 without NUL");
  if (text.size() > json_bytes_max) return bad("is larger than " + std::to_string(json_bytes_max / 1024) + " KiB");
  return good(std::move(text));
}

DecodedValue decode_blob(const Json& json) {
  if (!json.is_string()) return bad("must be a hexadecimal string");
  Result<Bytes> bytes = from_hex(json.get_ref<const std::string&>());
  return bytes ? good(std::move(bytes).assume_value()) : bad("must be a hexadecimal string");
}

// Whether the caller may give this column at all; empty: he may.
std::string writing_problem(const TableDef& table, const ColumnDef& column, WriteKind kind,
                            const DecodeOptions& options) {
  if (column.is(internal)) return "there is no such column";
  const bool insert = kind == WriteKind::insert;
  if (insert && given_at_creation(table, column)) return {};
  if (column.is(derived) || column.name == "version" || column.name == "updated_at") return "set by the engine";
  if (column.is(engine_column) && !options.import) return "set by the engine";
  if (column.type == Type::blob && !options.import) return "set by the engine";
  if (!insert && column.is(immutable)) return "cannot be changed";
  if (insert && table.unique_id_store_wide && column.name == "id") return "set by the engine";
  return {};
}

// A folded twin may grow longer than what it folds, and has to fit its index too.
std::string folded_problem(const TableDef& table, const ColumnDef& column, const Value& value) {
  if (column.type != Type::text || !value.is_text()) return {};
  for (const ColumnDef& twin : table.columns)
    if (twin.folds == column.name && fold(value.text()).size() > indexed_text_bytes_max) return "is too long";
  return {};
}

std::string decode_member(const TableDef& table, const ColumnDef& column, const Json& json, WriteKind kind,
                          const DecodeOptions& options, std::optional<Value>& out) {
  std::string reason = writing_problem(table, column, kind, options);
  if (!reason.empty()) return reason;
  if (json.is_null()) {
    if (column.is(not_null)) return "must not be null";
    out = Value();
    return {};
  }
  DecodedValue decoded = decode_value(column, json);
  if (!decoded.value) return decoded.reason;
  // An audit entry that is about no row holds it.
  if (column.name == "id" && decoded.value->uuid().is_nil()) return "must not be the nil uuid";
  reason = folded_problem(table, column, *decoded.value);
  if (reason.empty()) out = std::move(decoded.value);
  return reason;
}

Result<Value> initial_value(const ColumnDef& column, Micros now_us) {
  const std::string_view text = column.initial;
  switch (column.type) {
    case Type::boolean: return Value(text == "true");
    case Type::integer:
    case Type::money:
    case Type::decimal: {
      EC_TRY(number, parse_decimal(text, scale_of(column)));
      return Value(number);
    }
    case Type::timestamptz: {
      if (text == "now") return Value(now_us);
      EC_TRY(time, parse_rfc3339(text));
      return Value(time);
    }
    case Type::uuid: {
      EC_TRY(id, parse_uuid(text));
      return Value(id);
    }
    default: return Value(text);
  }
}

Json stored_json(const std::string& text) {
  Result<Json> parsed = parse_json(text, JsonLimits{.depth = 2 * static_cast<int>(json_depth_max)});
  return parsed ? std::move(parsed).assume_value() : Json();
}

bool leaves_the_engine(const ColumnDef& column) {
  return !column.is(internal) && column.type != Type::sealed;
}

}  // namespace

bool may_hold_digits(std::string_view name) {
  if (name.find("card") != std::string_view::npos) return false;
  for (std::string_view whole : {"id", "reference", "url", "number", "code", "nonce", "payload"})
    if (name == whole) return true;
  for (std::string_view addresses : {"images", "floor_plans", "contract_documents"})
    if (name == addresses) return true;
  for (std::string_view end : {"_id", "_ids", "_reference", "_url", "_urls", "_number"})
    if (name.ends_with(end)) return true;
  return name.find("phone") != std::string_view::npos || name.ends_with("-url");
}

bool must_be_given(const TableDef& table, const ColumnDef& column, const DecodeOptions& options) {
  return column.is(not_null) && !column.has_initial() && column.caller_writable() &&
         (column.type != Type::blob || options.import) && !filled_when_absent(table, column);
}

bool filled_when_absent(const TableDef& table, const ColumnDef& column) {
  if (column.name == "id" || column.name == "organization_id") return true;
  return table.name == "events" && column.name == "slug";
}

bool given_at_creation(const TableDef& table, const ColumnDef& column) {
  return table.name == "ticket_categories" && column.name == "available_quantity";
}

TextLimit text_limit(const ColumnDef& column) {
  if (column.length_max == indexed_text_bytes_max) return {.bytes = indexed_text_bytes_max};
  if (column.length_max != 0) return {.characters = column.length_max};
  if (column.is(long_column)) return {.characters = free_text_length_max};
  return {.bytes = indexed_text_bytes_max};
}

std::int64_t magnitude_max(const ColumnDef& column) {
  if (column.precision == 0) return no_max;
  // Money declares the source's DECIMAL(p, 2): p - 2 digits before the point, kept with 4 behind it.
  const int digits = column.type == Type::money ? column.precision + 2 : column.precision;
  if (digits > 18) return no_max;
  std::int64_t limit = 1;
  for (int i = 0; i < digits; ++i) limit *= 10;
  return limit - 1;
}

DecodedValue decode_value(const ColumnDef& column, const Json& json) {
  switch (column.type) {
    case Type::uuid: {
      if (!json.is_string()) return bad("must be a uuid");
      const Result<Uuid> id = parse_uuid(json.get_ref<const std::string&>());
      return id ? good(id.assume_value()) : bad("must be a uuid");
    }
    case Type::text: return decode_text(column, json);
    case Type::boolean: return json.is_boolean() ? good(json.get<bool>()) : bad("must be true or false");
    case Type::integer: return decode_integer(column, json);
    case Type::money: return decode_money(column, json);
    case Type::decimal: return decode_decimal(column, json);
    case Type::timestamptz: return decode_time(json);
    case Type::date: return decode_date(json);
    case Type::enumeration: return decode_enum(column, json);
    case Type::json: return decode_json(column, json);
    case Type::text_array: return decode_text_array(column, json);
    case Type::uuid_array: return decode_uuid_array(column, json);
    case Type::point: return decode_point(json);
    case Type::inet: return decode_inet(json);
    case Type::sealed: return decode_sealed(json);
    case Type::blob: return decode_blob(json);
  }
  return bad("is of an unknown type");
}

Result<Changes> decode_row(const TableDef& table, const Json& object, WriteKind kind, const DecodeOptions& options) {
  if (!object.is_object()) return fail(Errc::invalid_argument, "a row is written as an object of columns");
  Changes changes;
  FailureDetail detail;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    const auto found = object.find(column.name);
    if (found == object.end()) {
      if (kind == WriteKind::insert && must_be_given(table, column, options))
        detail.fields.push_back({std::string(column.name), "is required"});
      continue;
    }
    std::optional<Value> value;
    std::string reason = decode_member(table, column, *found, kind, options, value);
    if (value)
      changes.push_back({static_cast<std::uint16_t>(i), std::move(*value)});
    else
      detail.fields.push_back({std::string(column.name), std::move(reason)});
  }
  for (const auto& [name, ignored] : object.items())
    if (table.find(name) == nullptr)
      detail.fields.push_back({valid_text(name) ? name : std::string("?"), "there is no such column"});
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  return changes;
}

Status apply_initials(Record& record, Micros now_us, const Changes* given) {
  const std::span<const ColumnDef> columns = record.table().columns;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].has_initial() || !record.at(i).is_null()) continue;
    if (given != nullptr &&
        std::any_of(given->begin(), given->end(), [i](const Assignment& a) { return a.index == i; }))
      continue;
    EC_TRY(value, initial_value(columns[i], now_us));
    record.at(i) = std::move(value);
  }
  return ok();
}

namespace {

// Where a value goes: into a Json, or at the end of a text.
struct ToJson {
  Json json = nullptr;
  void null() {}
  void boolean(bool value) { json = value; }
  void integer(std::int64_t value) { json = value; }
  void text(std::string_view value) { json = value; }
  void stored(const std::string& value) { json = stored_json(value); }
};

struct ToText {
  std::string& out;
  void null() { out += "null"; }
  void boolean(bool value) { out += value ? "true" : "false"; }
  void integer(std::int64_t value) { append_json(out, value); }
  void text(std::string_view value) { append_json(out, value); }
  void stored(const std::string& value) { out += value; }  // as dump() wrote it when it was decoded
};

template <class Sink>
void put_value(Sink& sink, const ColumnDef& column, const Value& value, std::string_view currency) {
  if (value.is_null() || value.is_unread() || !leaves_the_engine(column)) return sink.null();
  switch (column.type) {
    case Type::uuid: return sink.text(to_text(value.uuid()));
    case Type::boolean: return sink.boolean(value.boolean());
    case Type::integer: return sink.integer(value.integer());
    case Type::money: return sink.text(money_to_text(value.integer(), currency));
    // At least the two digits people expect, more only where the value has them.
    case Type::decimal: return sink.text(format_decimal(value.integer(), column.scale, std::min<int>(column.scale, 2)));
    case Type::timestamptz: return sink.text(format_rfc3339(value.integer()));
    case Type::json:
    case Type::text_array:
    case Type::uuid_array:
    case Type::point: return sink.stored(value.text());
    case Type::blob: return sink.text(hex(value.bytes()));
    case Type::text:
    case Type::date:
    case Type::enumeration:
    case Type::inet: return sink.text(value.text());
    case Type::sealed: return sink.null();
  }
}

void put_image_value(std::string& out, const ColumnDef& column, const Value& value) {
  ToText sink{out};
  if (value.is_null() || (column.type != Type::money && column.type != Type::decimal))
    return put_value(sink, column, value, {});
  sink.text(format_decimal(value.integer(), scale_of(column), scale_of(column)));
}

std::vector<std::uint16_t> order_by_name(const TableDef& table) {
  std::vector<std::uint16_t> order;
  for (std::uint16_t i = 0; i < table.columns.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return table.columns[a].name < table.columns[b].name; });
  return order;
}

// The columns of a table in the order of their names, which is the order of the members of every object. Made once for
// each table of the store; `made` holds it for another one.
const std::vector<std::uint16_t>& columns_by_name(const TableDef& table, std::vector<std::uint16_t>& made) {
  static const auto kept = [] {
    std::vector<std::vector<std::uint16_t>> orders;
    for (const TableDef* each : all_tables) orders.push_back(order_by_name(*each));
    return orders;
  }();
  if (find_table(table.id) == &table) return kept[table.id - 1U];
  made = order_by_name(table);
  return made;
}

// Names of columns hold nothing that is to be escaped.
void put_member_name(std::string& out, std::string_view name) {
  out += out.empty() ? "{\"" : ",\"";
  out += name;
  out += "\":";
}

bool is_shown(const Record& record, std::size_t column, const std::vector<bool>& visible) {
  if (!leaves_the_engine(record.table().columns[column]) || record.at(column).is_unread()) return false;
  return visible.empty() || (column < visible.size() && visible[column]);
}

}  // namespace

Json encode_value(const ColumnDef& column, const Value& value, std::string_view currency) {
  ToJson sink;
  put_value(sink, column, value, currency);
  return std::move(sink.json);
}

Json encode_row(const Record& record, std::string_view currency, const std::vector<bool>& visible) {
  Json row = Json::object();
  const std::span<const ColumnDef> columns = record.table().columns;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (is_shown(record, i, visible))
      row[std::string(columns[i].name)] = encode_value(columns[i], record.at(i), currency);
  return row;
}

std::string row_text(const Record& record, std::string_view currency, const std::vector<bool>& visible) {
  std::string out;
  ToText sink{out};
  std::vector<std::uint16_t> made;
  for (const std::uint16_t i : columns_by_name(record.table(), made)) {
    if (!is_shown(record, i, visible)) continue;
    const ColumnDef& column = record.table().columns[i];
    put_member_name(out, column.name);
    put_value(sink, column, record.at(i), currency);
  }
  return out.empty() ? "{}" : out + "}";
}

namespace {

// Said by every audit entry beside its images: which row, of which organization.
bool is_said_by_the_entry(const ColumnDef& column) {
  return column.name == "id" || column.name == "organization_id";
}

}  // namespace

std::string image(const Record& record, bool personal, const Changes* only) {
  const auto is_changed = [&](std::uint16_t column) {
    return only == nullptr ||
           std::any_of(only->begin(), only->end(), [&](const Assignment& a) { return a.index == column; });
  };
  std::string out;
  std::vector<std::uint16_t> made;
  for (const std::uint16_t i : columns_by_name(record.table(), made)) {
    const ColumnDef& column = record.table().columns[i];
    if ((column.personal.kind == Personal::Kind::yes) != personal || !is_shown(record, i, {}) || !is_changed(i))
      continue;
    if (is_said_by_the_entry(column)) continue;
    put_member_name(out, column.name);
    put_image_value(out, column, record.at(i));
  }
  if (!out.empty()) out += '}';
  return out;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::uuid: return "uuid";
    case Type::text: return "text";
    case Type::boolean: return "boolean";
    case Type::integer: return "integer";
    case Type::money: return "money";
    case Type::decimal: return "decimal";
    case Type::timestamptz: return "timestamptz";
    case Type::date: return "date";
    case Type::enumeration: return "enum";
    case Type::json: return "json";
    case Type::text_array: return "text[]";
    case Type::uuid_array: return "uuid[]";
    case Type::point: return "point";
    case Type::inet: return "inet";
    case Type::sealed: return "sealed";
    case Type::blob: return "blob";
  }
  return "text";
}

}  // namespace eventcore::schema
