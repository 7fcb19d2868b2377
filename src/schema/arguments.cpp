// The arguments of commands: decoding, defaults, normal form and typed access. Part of codec.hpp.
#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "schema/codec.hpp"
#include "schema/commands.hpp"

namespace eventcore::schema {

namespace {

constexpr std::size_t list_length_max = 1'000;
constexpr std::uint8_t decimal_argument_scale = 4;

const Json nothing = nullptr;
const Json no_members = Json::object();

// Arguments are checked like columns. Text without a declared length is free text; an e-mail may be empty where its
// default says so.
ColumnDef as_column(const ArgumentDef& argument) {
  ColumnDef column;
  column.name = argument.name;
  column.type = argument.type;
  column.flags = argument.initial == "\"\"" ? long_column | not_null : long_column;
  column.values = argument.values;
  column.min = argument.min;
  column.max = argument.max;
  column.length_max = argument.length_max;
  column.scale = argument.type == Type::decimal ? decimal_argument_scale : std::uint8_t{0};
  return column;
}

// One spelling for equal values, so that a repeated request is recognised.
Json normal_form(const ColumnDef& column, const Value& value, const Json& given) {
  switch (column.type) {
    case Type::money: return format_decimal_short(value.integer(), money_scale);
    case Type::decimal: return format_decimal_short(value.integer(), column.scale);
    case Type::json:
    case Type::text_array: return given;
    default: return encode_value(column, value, {});
  }
}

class ArgumentDecoder {
 public:
  Json object(std::span<const ArgumentDef> arguments, const Json& given, const std::string& path) {
    Json out = Json::object();
    for (const ArgumentDef& argument : arguments) {
      const auto found = given.find(argument.name);
      const std::string here = path + std::string(argument.name);
      if (found == given.end() || found->is_null())
        absent(argument, here, out);
      else
        out[std::string(argument.name)] = argument.array ? list(argument, *found, here) : one(argument, *found, here);
    }
    for (const auto& [name, ignored] : given.items())
      if (!declared(arguments, name)) add(path + (valid_text(name) ? name : "?"), "there is no such argument");
    return out;
  }

  FailureDetail detail;

 private:
  void add(std::string field, std::string reason) { detail.fields.push_back({std::move(field), std::move(reason)}); }

  static bool declared(std::span<const ArgumentDef> arguments, std::string_view name) {
    for (const ArgumentDef& argument : arguments)
      if (argument.name == name) return true;
    return false;
  }

  void absent(const ArgumentDef& argument, const std::string& path, Json& out) {
    if (argument.required) return add(path, "is required");
    if (argument.initial.data() == nullptr) return;
    Result<Json> initial = parse_json(argument.initial);
    if (initial) out[std::string(argument.name)] = std::move(initial).assume_value();
  }

  Json one(const ArgumentDef& argument, const Json& given, const std::string& path) {
    if (!argument.fields.empty()) {
      if (given.is_object()) return object(argument.fields, given, path + ".");
      add(path, "must be an object");
      return nullptr;
    }
    const ColumnDef column = as_column(argument);
    DecodedValue decoded = decode_value(column, given);
    if (decoded.value) return normal_form(column, *decoded.value, given);
    add(path, std::move(decoded.reason));
    return nullptr;
  }

  Json list(const ArgumentDef& argument, const Json& given, const std::string& path) {
    Json out = Json::array();
    if (!given.is_array()) {
      add(path, "must be a list");
    } else if (given.size() > list_length_max) {
      add(path, "has more than " + std::to_string(list_length_max) + " entries");
    } else {
      for (std::size_t i = 0; i < given.size(); ++i)
        out.push_back(one(argument, given[i], path + "[" + std::to_string(i) + "]"));
    }
    return out;
  }
};

}  // namespace

Result<Json> decode_arguments(const CommandDef& command, const Json& object) {
  if (!object.is_object()) return fail(Errc::invalid_argument, "arguments are written as an object");
  ArgumentDecoder decoder;
  Json decoded = decoder.object(command.arguments, object, "");
  if (!decoder.detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(decoder.detail));
  return decoded;
}

const CommandDef* find_command(std::string_view name) {
  for (const CommandDef* command : all_commands)
    if (command->name == name) return command;
  return nullptr;
}

const CommandDef* find_command(std::uint16_t id) {
  for (const CommandDef* command : all_commands)
    if (command->id == id) return command;
  return nullptr;
}

bool Arguments::has(std::string_view name) const {
  return json_->is_object() && json_->contains(name);
}

const Json& Arguments::json(std::string_view name) const {
  if (!json_->is_object()) return nothing;
  const auto found = json_->find(name);
  return found == json_->end() ? nothing : *found;
}

std::optional<Uuid> Arguments::optional_uuid(std::string_view name) const {
  const std::optional<std::string> given = optional_text(name);
  if (!given) return std::nullopt;
  const Result<Uuid> id = parse_uuid(*given);
  return id ? std::optional<Uuid>(id.assume_value()) : std::nullopt;
}

Uuid Arguments::uuid(std::string_view name) const {
  return optional_uuid(name).value_or(Uuid{});
}

std::optional<std::string> Arguments::optional_text(std::string_view name) const {
  const Json& value = json(name);
  return value.is_string() ? std::optional<std::string>(value.get<std::string>()) : std::nullopt;
}

std::string Arguments::text(std::string_view name) const {
  return optional_text(name).value_or(std::string());
}

std::optional<std::int64_t> Arguments::optional_integer(std::string_view name) const {
  const Json& value = json(name);
  return value.is_number_integer() ? std::optional<std::int64_t>(value.get<std::int64_t>()) : std::nullopt;
}

std::int64_t Arguments::integer(std::string_view name) const {
  return optional_integer(name).value_or(0);
}

bool Arguments::boolean(std::string_view name) const {
  const Json& value = json(name);
  return value.is_boolean() && value.get<bool>();
}

std::optional<Micros> Arguments::optional_time(std::string_view name) const {
  const std::optional<std::string> given = optional_text(name);
  if (!given) return std::nullopt;
  const Result<Micros> time = parse_rfc3339(*given);
  return time ? std::optional<Micros>(time.assume_value()) : std::nullopt;
}

Result<std::int64_t> Arguments::money_units(std::string_view name, std::string_view currency) const {
  const Result<std::int64_t> units = money_from_text(text(name), currency);
  if (units) return units;
  return fail_field(Errc::invalid_argument, std::string(name),
                    "must be a whole number of the currency's smallest units");
}

std::vector<Arguments> Arguments::list(std::string_view name) const {
  std::vector<Arguments> entries;
  const Json& value = json(name);
  if (value.is_array())
    for (const Json& entry : value) entries.emplace_back(entry);
  return entries;
}

Arguments Arguments::object(std::string_view name) const {
  const Json& value = json(name);
  return Arguments(value.is_object() ? value : no_members);
}

}  // namespace eventcore::schema
