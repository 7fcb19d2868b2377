#include "schema/filter.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "schema/codec.hpp"

namespace eventcore::schema {

namespace {

// What may be asked of a column.
enum class Class : std::uint8_t {
  only_null,  // long columns, JSON, points, blobs
  member,     // arrays: contains
  equal,      // equal or not
  ordered,    // also before and after
  text,       // also prefix and contains
};

Class class_of(const ColumnDef& column) {
  if (column.is(long_column) && column.type != Type::text_array && column.type != Type::uuid_array)
    return Class::only_null;
  switch (column.type) {
    case Type::json:
    case Type::point:
    case Type::sealed:
    case Type::blob: return Class::only_null;
    case Type::text_array:
    case Type::uuid_array: return column.is(long_column) ? Class::only_null : Class::member;
    case Type::boolean:
    case Type::enumeration:
    case Type::inet: return Class::equal;
    case Type::text: return Class::text;
    default: return Class::ordered;
  }
}

std::optional<std::uint16_t> named_column(const TableDef& table, std::string_view name) {
  const int index = table.index_of(name);
  if (index < 0) return std::nullopt;
  const ColumnDef& column = table.columns[static_cast<std::size_t>(index)];
  if (column.is(internal) || column.type == Type::sealed) return std::nullopt;
  return static_cast<std::uint16_t>(index);
}

std::optional<std::uint16_t> folded_twin(const TableDef& table, const ColumnDef& column) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (!column.name.empty() && table.columns[i].folds == column.name) return static_cast<std::uint16_t>(i);
  return std::nullopt;
}

// Operands are compared, not stored: no bound, precision, length or shape of the column is demanded of them.
ColumnDef operand_column(const ColumnDef& column) {
  ColumnDef operand;
  operand.name = "reference";
  operand.type = column.type;
  operand.flags = long_column;
  operand.values = column.values;
  operand.scale = column.scale;
  return operand;
}

class FilterDecoder {
 public:
  FilterDecoder(const TableDef& table, const LeafGuard& guard) : table_(table), guard_(guard) {}

  Expr group(const Json& object, bool negated, int depth, const std::string& path) {
    if (!object.is_object()) return refuse(Errc::invalid_filter, path, "must be an object of conditions");
    if (depth > filter_depth_max)
      return refuse(Errc::invalid_filter, path, "is nested more than " + std::to_string(filter_depth_max) + " deep");
    std::vector<Expr> parts;
    for (const auto& [name, operand] : object.items()) {
      const std::string here = path + (valid_text(name) ? name : "?");
      if (name == "and" || name == "or")
        parts.push_back(several(operand, name == "and", negated, depth, here));
      else if (name == "not")
        parts.push_back(group(operand, !negated, depth + 1, here + "."));
      else
        parts.push_back(conditions(name, operand, negated, here));
    }
    return combine(std::move(parts), !negated);
  }

  [[nodiscard]] bool failed() const { return !detail_.fields.empty(); }
  [[nodiscard]] Failure failure() { return {code_, std::move(detail_)}; }

 private:
  // Under a negation "all" turns into "any" (De Morgan), so that only single conditions are ever negated.
  static Expr combine(std::vector<Expr> parts, bool all) {
    return all ? Expr::all_of(std::move(parts)) : Expr::any_of(std::move(parts));
  }

  Expr refuse(Errc code, std::string path, std::string reason) {
    if (detail_.fields.empty()) code_ = code;
    if (!path.empty() && path.back() == '.') path.pop_back();
    detail_.fields.push_back({path.empty() ? "where" : std::move(path), std::move(reason)});
    return Expr::never();
  }

  Expr several(const Json& list, bool all, bool negated, int depth, const std::string& path) {
    if (!list.is_array()) return refuse(Errc::invalid_filter, path, "must be a list of objects");
    std::vector<Expr> parts;
    for (std::size_t i = 0; i < list.size(); ++i)
      parts.push_back(group(list[i], negated, depth + 1, path + "[" + std::to_string(i) + "]."));
    return combine(std::move(parts), all != negated);
  }

  // The conditions on one column: a bare value, or an object of operators that must all hold.
  Expr conditions(std::string_view name, const Json& operand, bool negated, const std::string& path) {
    const std::optional<std::uint16_t> column = named_column(table_, name);
    if (!column) return refuse(Errc::unknown_column, path, "there is no such column");
    if (!operand.is_object()) return condition(*column, "eq", operand, negated, path);
    if (operand.empty()) return refuse(Errc::invalid_filter, path, "names no operator");
    std::vector<Expr> parts;
    for (const auto& [op, value] : operand.items())
      parts.push_back(condition(*column, op, value, negated, path + "." + (valid_text(op) ? op : "?")));
    return combine(std::move(parts), !negated);
  }

  Expr condition(std::uint16_t column, std::string_view op, const Json& operand, bool negated,
                 const std::string& path) {
    if (++count_ > filter_conditions_max) {
      if (count_ > filter_conditions_max + 1) return Expr::never();
      return refuse(Errc::invalid_filter, "where",
                    "has more than " + std::to_string(filter_conditions_max) + " conditions");
    }
    const ColumnDef& def = table_.columns[column];
    const Class kind = class_of(def);
    if (op == "ne" || op == "not_in") {
      negated = !negated;
      op = op == "ne" ? "eq" : "in";
    }
    if (op == "is_null" || (op == "eq" && operand.is_null())) {
      if (op == "is_null" && !operand.is_boolean()) return refuse(Errc::invalid_filter, path, "must be true or false");
      const bool wanted = operand.is_null() || operand.get<bool>();
      return guarded(column, Expr::is_null(column), negated == wanted, path);
    }
    if (kind == Class::only_null) return refuse(Errc::invalid_filter, path, "this column takes is_null only");
    if (op == "eq" || op == "in") return equality(column, kind, op == "in", operand, negated, path);
    if (op == "prefix" || op == "contains") return part_of_text(column, kind, op == "prefix", operand, negated, path);
    return comparison(column, kind, op, operand, negated, path);
  }

  Expr equality(std::uint16_t column, Class kind, bool list, const Json& operand, bool negated,
                const std::string& path) {
    if (kind == Class::member) return refuse(Errc::invalid_filter, path, "a list takes contains and is_null only");
    const ColumnDef& def = table_.columns[column];
    const std::optional<std::uint16_t> twin = folded_twin(table_, def);
    const std::uint16_t compared = twin.value_or(column);
    if (!list) {
      std::optional<Value> value = single(def, operand, twin.has_value(), path);
      return value ? guarded(column, Expr::equals(compared, std::move(*value)), negated, path) : Expr::never();
    }
    if (!operand.is_array()) return refuse(Errc::invalid_filter, path, "must be a list");
    if (operand.size() > filter_list_max)
      return refuse(Errc::invalid_filter, path, "has more than " + std::to_string(filter_list_max) + " values");
    std::vector<Value> values;
    for (std::size_t i = 0; i < operand.size(); ++i) {
      std::optional<Value> value = single(def, operand[i], twin.has_value(), path + "[" + std::to_string(i) + "]");
      if (value) values.push_back(std::move(*value));
    }
    return guarded(column, Expr::in_list(compared, std::move(values)), negated, path);
  }

  Expr comparison(std::uint16_t column, Class kind, std::string_view op, const Json& operand, bool negated,
                  const std::string& path) {
    static constexpr std::array<std::pair<std::string_view, Expr::Op>, 4> known = {
        {{"lt", Expr::Op::lt}, {"lte", Expr::Op::lte}, {"gt", Expr::Op::gt}, {"gte", Expr::Op::gte}}};
    const auto* found = std::find_if(known.begin(), known.end(), [op](const auto& k) { return k.first == op; });
    if (found == known.end()) return refuse(Errc::invalid_filter, path, "there is no such operator");
    if (kind != Class::ordered && kind != Class::text)
      return refuse(Errc::invalid_filter, path, "this column has no order to compare by");
    std::optional<Value> value = single(table_.columns[column], operand, false, path);
    return value ? guarded(column, Expr::compare(column, found->second, std::move(*value)), negated, path)
                 : Expr::never();
  }

  Expr part_of_text(std::uint16_t column, Class kind, bool prefix, const Json& operand, bool negated,
                    const std::string& path) {
    const ColumnDef& def = table_.columns[column];
    if (kind != Class::text && (prefix || kind != Class::member))
      return refuse(Errc::invalid_filter, path, "does not fit this column");
    if (!operand.is_string() || !valid_text(operand.get_ref<const std::string&>()))
      return refuse(Errc::invalid_filter, path, "must be a string");
    std::string text = operand.get<std::string>();
    if (def.type == Type::uuid_array) {
      const Result<Uuid> id = parse_uuid(text);
      if (!id) return refuse(Errc::invalid_filter, path, "must be a uuid");
      text = to_text(id.assume_value());
    }
    if (!prefix) return guarded(column, Expr::contains(column, std::move(text)), negated, path);
    const std::optional<std::uint16_t> twin = folded_twin(table_, def);
    if (twin) text = fold(text);
    return guarded(column, Expr::prefix(twin.value_or(column), std::move(text)), negated, path);
  }

  std::optional<Value> single(const ColumnDef& column, const Json& operand, bool folded, const std::string& path) {
    if (operand.is_null()) {
      refuse(Errc::invalid_filter, path, "must not be null; use is_null");
      return std::nullopt;
    }
    DecodedValue decoded = decode_value(operand_column(column), operand);
    if (!decoded.value) {
      refuse(Errc::invalid_filter, path, std::move(decoded.reason));
      return std::nullopt;
    }
    if (folded) return Value(fold(decoded.value->text()));
    return std::move(decoded.value);
  }

  Expr guarded(std::uint16_t column, Expr leaf, bool negated, const std::string& path) {
    if (negated) leaf = Expr::negate(std::move(leaf));
    Result<Expr> allowed = guard_(column, std::move(leaf));
    if (allowed) return std::move(allowed).assume_value();
    const Failure& failure = allowed.assume_error();
    return refuse(failure.code(), path, failure.message());
  }

  const TableDef& table_;
  const LeafGuard& guard_;
  int count_ = 0;
  Errc code_ = Errc::invalid_filter;
  FailureDetail detail_;
};

constexpr std::string_view digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string base64url(ByteView bytes) {
  std::string text;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += digits64[(held >> bits) & 63U];
    }
  }
  if (bits > 0) text += digits64[(held << (6 - bits)) & 63U];
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  Bytes bytes;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t digit = digits64.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = (held << 6) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>((held >> bits) & 255U));
  }
  if (base64url(bytes) != text) return std::nullopt;
  return bytes;
}

constexpr std::uint8_t cursor_version = 2;
constexpr std::size_t cursor_mark_bytes = 16;
enum class Tag : std::uint8_t { null = 0, integer = 1, uuid = 2, text = 3 };

// What a cursor belongs to; the version of its form is part of it.
Bytes cursor_mark(const TableDef& table, const Json& where, const OrderList& order) {
  Bytes facts{cursor_version};
  put_u16(facts, table.id);
  for (const auto& [column, descending] : order) {
    put_u16(facts, table.columns[column].id);
    facts.push_back(descending ? std::uint8_t{1} : std::uint8_t{0});
  }
  const std::string filter = where.is_null() ? std::string("{}") : dump(where);
  const Digest digest = Blake2b().add("ec-cursor").add(facts).add(filter).finish();
  return {digest.begin(), digest.begin() + cursor_mark_bytes};
}

void put_value(Bytes& out, const Value& value) {
  if (value.is_integer()) {
    out.push_back(static_cast<std::uint8_t>(Tag::integer));
    put_u64(out, static_cast<std::uint64_t>(value.integer()));
  } else if (value.is_uuid()) {
    out.push_back(static_cast<std::uint8_t>(Tag::uuid));
    out.insert(out.end(), value.uuid().bytes.begin(), value.uuid().bytes.end());
  } else if (value.is_text()) {
    out.push_back(static_cast<std::uint8_t>(Tag::text));
    put_u32(out, static_cast<std::uint32_t>(value.text().size()));
    out.insert(out.end(), value.text().begin(), value.text().end());
  } else {
    out.push_back(static_cast<std::uint8_t>(Tag::null));
  }
}

Tag tag_of(const ColumnDef& column) {
  switch (column.type) {
    case Type::uuid: return Tag::uuid;
    case Type::boolean:
    case Type::integer:
    case Type::money:
    case Type::decimal:
    case Type::timestamptz: return Tag::integer;
    default: return Tag::text;
  }
}

std::optional<Value> take_value(const ColumnDef& column, ByteView bytes, std::size_t& at) {
  if (at >= bytes.size()) return std::nullopt;
  const std::uint8_t tag = bytes[at++];
  if (tag == static_cast<std::uint8_t>(Tag::null)) return Value();
  const std::size_t left = bytes.size() - at;
  if (tag != static_cast<std::uint8_t>(tag_of(column))) return std::nullopt;
  if (tag == static_cast<std::uint8_t>(Tag::integer)) {
    if (left < 8) return std::nullopt;
    at += 8;
    return Value(static_cast<std::int64_t>(get_u64(bytes, at - 8)));
  }
  if (tag == static_cast<std::uint8_t>(Tag::uuid)) {
    Uuid id;
    if (left < id.bytes.size()) return std::nullopt;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), id.bytes.size(), id.bytes.begin());
    at += id.bytes.size();
    return Value(id);
  }
  if (left < 4) return std::nullopt;
  const std::size_t size = get_u32(bytes, at);
  at += 4;
  if (size > bytes.size() - at) return std::nullopt;
  std::string text(as_text(bytes.subspan(at, size)));
  at += size;
  if (!valid_text(text)) return std::nullopt;
  return Value(std::move(text));
}

}  // namespace

Result<Expr> decode_filter(const TableDef& table, const Json& where, const LeafGuard& guard) {
  if (where.is_null()) return Expr::always();
  FilterDecoder decoder(table, guard);
  Expr condition = decoder.group(where, false, 1, "");
  if (decoder.failed()) return decoder.failure();
  return condition;
}

Result<OrderList> decode_order(const TableDef& table, const Json& list) {
  OrderList order;
  if (list.is_null()) return order;
  if (!list.is_array()) return fail_field(Errc::invalid_filter, "order_by", "must be a list of column names");
  if (list.size() > order_columns_max)
    return fail_field(Errc::invalid_filter, "order_by",
                      "has more than " + std::to_string(order_columns_max) + " columns");
  FailureDetail detail;
  Errc code = Errc::invalid_filter;
  const auto refuse = [&](Errc why, std::size_t at, std::string reason) {
    if (detail.fields.empty()) code = why;
    detail.fields.push_back({"order_by[" + std::to_string(at) + "]", std::move(reason)});
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_string()) {
      refuse(Errc::invalid_filter, i, "must be a column name");
      continue;
    }
    std::string_view name = list[i].get_ref<const std::string&>();
    const bool descending = name.starts_with('-');
    if (descending) name.remove_prefix(1);
    const std::optional<std::uint16_t> column = named_column(table, name);
    if (!column) {
      refuse(Errc::unknown_column, i, "there is no such column");
    } else if (class_of(table.columns[*column]) == Class::only_null ||
               class_of(table.columns[*column]) == Class::member) {
      refuse(Errc::invalid_filter, i, "rows cannot be ordered by this column");
    } else if (std::any_of(order.begin(), order.end(), [&](const auto& o) { return o.first == *column; })) {
      refuse(Errc::invalid_filter, i, "is named twice");
    } else {
      order.emplace_back(*column, descending);
    }
  }
  if (!detail.fields.empty()) return Failure(code, std::move(detail));
  return order;
}

std::string encode_cursor(const TableDef& table, const Json& where, const OrderList& order, const Record& last) {
  Bytes bytes = cursor_mark(table, where, order);
  for (const auto& [column, ignored] : order) put_value(bytes, last.at(column));
  put_value(bytes, last.at(0));
  if (const int tenant = table.index_of("organization_id"); tenant > 0)
    put_value(bytes, last.at(static_cast<std::size_t>(tenant)));
  return base64url(bytes);
}

Result<std::vector<Value>> decode_cursor(const TableDef& table, const Json& where, const OrderList& order,
                                         std::string_view cursor) {
  const std::optional<Bytes> bytes = from_base64url(cursor);
  if (!bytes || bytes->size() < cursor_mark_bytes) return Errc::invalid_cursor;
  const Bytes mark = cursor_mark(table, where, order);
  if (!std::equal(mark.begin(), mark.end(), bytes->begin())) return Errc::invalid_cursor;
  std::vector<Value> values;
  std::size_t at = cursor_mark_bytes;
  std::vector<std::size_t> columns;
  for (const auto& [column, ignored] : order) columns.push_back(column);
  columns.push_back(0);
  if (const int tenant = table.index_of("organization_id"); tenant > 0)
    columns.push_back(static_cast<std::size_t>(tenant));
  for (const std::size_t column : columns) {
    std::optional<Value> value = take_value(table.columns[column], *bytes, at);
    if (!value) return Errc::invalid_cursor;
    values.push_back(std::move(*value));
  }
  if (at != bytes->size() || !values[order.size()].is_uuid()) return Errc::invalid_cursor;
  return values;
}

}  // namespace eventcore::schema
