// Every command, collected, and the checks that turn a wrong declaration into a compile error.
// A command is declared in commands/<domain>.hpp and written in src/rules/<domain>/<command>.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "schema/commands/carts.hpp"
#include "schema/commands/events.hpp"
#include "schema/commands/operations.hpp"
#include "schema/commands/organization.hpp"
#include "schema/commands/refunds.hpp"
#include "schema/commands/ticketing.hpp"
#include "schema/commands/tickets.hpp"
#include "schema/commands/webhooks.hpp"
#include "schema/errors.hpp"
#include "schema/schema.hpp"

namespace eventcore::schema {

namespace detail {

template <std::size_t... sizes>
consteval auto collect_commands(const CommandDef (&... domains)[sizes]) {
  std::array<const CommandDef*, (sizes + ...)> all{};
  std::size_t next = 0;
  const auto add = [&](std::span<const CommandDef> domain) {
    for (const CommandDef& command : domain) all[next++] = &command;
  };
  (add(domains), ...);
  return all;
}

consteval void check_argument_list(std::span<const ArgumentDef> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const ArgumentDef& a = arguments[i];
    if (a.name.empty()) throw "an argument needs a name";
    if (a.doc.empty() || a.doc.back() != '.') throw "an argument's doc must end with a full stop";
    for (std::size_t j = i + 1; j < arguments.size(); ++j)
      if (arguments[j].name == a.name) throw "two arguments of one list have the same name";
    if (a.required && a.initial.data() != nullptr) throw "a required argument cannot have a default";
    if ((a.type == Type::enumeration) != (a.values != nullptr)) throw "an enumeration argument names its values";
    if (a.type == Type::sealed || a.type == Type::blob) throw "sealed values and blobs are no arguments";
    check_argument_list(a.fields);
  }
}

consteval bool known_error(std::string_view name) {
  for (const ErrorDef& e : error_table)
    if (e.name == name) return true;
  return false;
}

consteval void check_one_command(const CommandDef& c) {
  if (c.id == 0 || c.name.empty() || c.domain.empty()) throw "a command needs an id, a name and a domain";
  if (c.doc.empty() || c.doc.back() != '.') throw "a command's doc must end with a full stop";
  if (c.reply.empty()) throw "a command must say what it replies";
  if ((c.runs == Runs::by_predicates) != !c.allow.empty())
    throw "allow is written for by_predicates commands, and only for them";
  for (std::string_view error : c.errors)
    if (!known_error(error)) throw "a command names an error that is not in errors.hpp";
  if (!c.shown_once.empty() && !c.mutates) throw "only a reply that is kept can show something once";
  if (c.on_full_disk == OnFullDisk::goes_on && !c.mutates) throw "what only reads needs no reserve";
  check_argument_list(c.arguments);
}

template <std::size_t size>
consteval bool check_commands(const std::array<const CommandDef*, size>& commands) {
  for (std::size_t i = 0; i < size; ++i) {
    check_one_command(*commands[i]);
    for (std::size_t j = i + 1; j < size; ++j) {
      if (commands[i]->id == commands[j]->id) throw "two commands have the same id";
      if (commands[i]->name == commands[j]->name) throw "two commands have the same name";
    }
  }
  return true;
}

}  // namespace detail

// Adding a domain: write commands/<domain>.hpp, include it above, name its array here. Each has a block of 100 ids.
inline constexpr auto all_commands =
    detail::collect_commands(commands::organization_commands, commands::events_commands, commands::ticketing_commands,
                             commands::tickets_commands, commands::refunds_commands, commands::carts_commands,
                             commands::webhooks_commands, commands::operations_commands);

static_assert(detail::check_commands(all_commands));

}  // namespace eventcore::schema
