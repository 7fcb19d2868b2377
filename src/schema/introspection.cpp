// What a host sees of the declarations. Part of codec.hpp.
#include <algorithm>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "schema/all.hpp"
#include "schema/codec.hpp"
#include "schema/commands.hpp"
#include "schema/errors.hpp"
#include "schema/states.hpp"

namespace eventcore::schema {

namespace {

Json texts(std::span<const std::string_view> list) {
  Json out = Json::array();
  for (std::string_view text : list) out.push_back(text);
  return out;
}

// Limits as a caller writes such a value: text for money and decimals, whole numbers otherwise.
void add_bounds(Json& out, Type type, int scale, std::int64_t low, std::int64_t high) {
  const auto written = [&](std::int64_t number) {
    return type == Type::integer ? Json(number) : Json(format_decimal_short(number, scale));
  };
  if (low != no_min) out["min"] = written(low);
  if (high != no_max) out["max"] = written(high);
}

void add_limits(Json& out, const ColumnDef& column) {
  const bool exact = column.type == Type::money || column.type == Type::decimal;
  const std::int64_t most = exact ? magnitude_max(column) : no_max;
  add_bounds(out, column.type, column.type == Type::money ? money_scale : column.scale,
             std::max(column.min, most == no_max ? no_min : -most), std::min(column.max, most));
  if (column.type != Type::text) return;
  const TextLimit limit = text_limit(column);
  if (limit.characters != 0) out["characters_max"] = limit.characters;
  if (limit.bytes != 0) out["bytes_max"] = limit.bytes;
}

Json column_json(const TableDef& table, const ColumnDef& column) {
  Json out = {{"id", column.id},
              {"name", column.name},
              {"type", type_name(column.type)},
              {"nullable", !column.is(not_null)},
              {"writable", column.caller_writable()},
              {"required", must_be_given(table, column, {.import = true})},
              {"immutable", column.is(immutable)},
              {"long", column.is(long_column)},
              {"personal", column.personal.kind == Personal::Kind::yes},
              {"doc", column.doc}};
  if (column.values != nullptr) out["enum"] = column.values->name;
  if (column.is_reference()) out["references"] = column.references;
  if (column.has_initial()) out["default"] = column.initial;
  if (column.type == Type::decimal) out["scale"] = column.scale;
  add_limits(out, column);
  return out;
}

Json table_json(const TableDef& table) {
  Json columns = Json::array();
  for (const ColumnDef& column : table.columns)
    if (!column.is(internal)) columns.push_back(column_json(table, column));
  return {{"id", table.id},         {"name", table.name}, {"domain", table.domain},
          {"global", table.global}, {"doc", table.doc},   {"columns", std::move(columns)}};
}

bool takes_key(const CommandDef& command) {
  const auto& ids = commands::commands_with_key;
  return std::find(std::begin(ids), std::end(ids), command.id) != std::end(ids);
}

void collect_enum(const EnumDef* def, Json& enums) {
  if (def != nullptr) enums[std::string(def->name)] = texts(def->values);
}

Json arguments_json(std::span<const ArgumentDef> arguments, Json& enums) {
  Json out = Json::array();
  for (const ArgumentDef& argument : arguments) {
    Json one = {{"name", argument.name},
                {"type", argument.fields.empty() ? type_name(argument.type) : std::string_view("object")},
                {"required", argument.required},
                {"list", argument.array},
                {"doc", argument.doc}};
    if (argument.values != nullptr) one["enum"] = argument.values->name;
    if (argument.initial.data() != nullptr) one["default"] = argument.initial;
    add_bounds(one, argument.type, money_scale, argument.min, argument.max);
    if (!argument.fields.empty()) one["fields"] = arguments_json(argument.fields, enums);
    collect_enum(argument.values, enums);
    out.push_back(std::move(one));
  }
  return out;
}

Json errors_json() {
  Json out = Json::array();
  for (const ErrorDef& error : error_table)
    out.push_back({{"number", error.number},
                   {"name", error.name},
                   {"class", class_name(class_of(error.number))},
                   {"transient", error.transient == Transient::yes},
                   {"message", error.message}});
  return out;
}

Json states_json() {
  Json out = Json::array();
  for (const StateMachine& machine : all_state_machines) {
    Json moves = Json::array();
    for (const Transition& move : machine.transitions) moves.push_back({{"from", move.from}, {"to", move.to}});
    out.push_back({{"table", machine.table},
                   {"column", machine.column},
                   {"initial", machine.initial},
                   {"transitions", std::move(moves)}});
  }
  return out;
}

}  // namespace

Json schema_json() {
  Json tables = Json::array();
  Json enums = Json::object();
  for (const TableDef* table : all_tables) {
    tables.push_back(table_json(*table));
    for (const ColumnDef& column : table->columns) collect_enum(column.values, enums);
  }
  Json commands = Json::array();
  for (const CommandDef* command : all_commands) {
    Json arguments = arguments_json(command->arguments, enums);
    commands.push_back({{"id", command->id},
                        {"name", command->name},
                        {"domain", command->domain},
                        {"mutates", command->mutates},
                        {"key", takes_key(*command)},
                        {"arguments", std::move(arguments)},
                        {"errors", texts(command->errors)},
                        {"reply", command->reply},
                        {"on_full_disk", command->on_full_disk == OnFullDisk::goes_on ? "goes_on" : "refused"},
                        {"shown_once", command->shown_once.empty() ? Json(nullptr) : Json(command->shown_once)},
                        {"doc", command->doc}});
  }
  return {{"tables", std::move(tables)},
          {"enums", std::move(enums)},
          {"commands", std::move(commands)},
          {"errors", errors_json()},
          {"states", states_json()}};
}

}  // namespace eventcore::schema
