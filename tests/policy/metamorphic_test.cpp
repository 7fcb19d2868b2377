// Tenants are apart: nothing that happens in B changes what A gets, and B's ids are to A like ids of nothing.
#include <gtest/gtest.h>

#include <cstdio>

#include "policy/neighbour.hpp"
#include "schema/commands.hpp"

namespace eventcore::test {
namespace {

using schema::ArgumentDef;
using schema::ColumnDef;
using schema::CommandDef;
using schema::TableDef;

TEST(IsolationTest, NothingThatHappensInBChangesWhatAGets) {
  expect_a_untouched_by(500);
}

// ---- foreign and absent -------------------------------------------------------------------------------------------

constexpr const char* absent = "019a0000-0000-7000-8000-00000000aaaa";
// One of every kind of right, all of tenant A.
const std::vector<std::string> askers = {"sv", "ow", "ad", "me", "di", "gd", "s1", "c1", "d1", "an", "kw", "kr", "in"};

std::string replaced(std::string text, const std::string& id) {
  for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id)) text.replace(at, id.size(), "ID");
  return text;
}

// Asks with the foreign id and with the absent one; each request is taken back.
class Pairs {
 public:
  explicit Pairs(World& world) : world_(world) {}

  template <class Ask>
  void compare(const std::string& what, const std::string& asker, const std::string& foreign, const Ask& ask) {
    const std::string of_foreign = replaced(answer(asker, foreign, ask), foreign);
    const std::string of_absent = replaced(answer(asker, absent, ask), absent);
    EXPECT_EQ(renamed(of_foreign), renamed(of_absent)) << what << " by " << asker;
    ++asked_;
    refused_ += of_absent.starts_with("{\"allowed") || of_absent.find("\"code\"") == std::string::npos ? 0 : 1;
  }
  api::SessionCore& session(const std::string& asker) { return session_in_a(world_, sessions_, asker); }
  [[nodiscard]] std::size_t asked() const { return asked_; }
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  static std::string told(const Result<std::string>& reply) {
    return reply ? reply.assume_value() : reply.error().to_json();
  }
  // Ids of rows that the request made differ from one time to the next.
  static std::string renamed(const std::string& text) {
    Renamer rename;
    return dump(rename(parse_json(text).assume_value()));
  }
  static std::string told(const Result<std::int64_t>& count) {
    return count ? std::to_string(count.assume_value()) : count.error().to_json();
  }
  static std::string told(const Status& status) { return status ? "\"done\"" : status.error().to_json(); }

  template <class Ask>
  std::string answer(const std::string& asker, const std::string& id, const Ask& ask) {
    api::SessionCore& of_asker = session(asker);
    if (const Status begun = of_asker.begin(); !begun) ADD_FAILURE() << begun.error().to_json();
    const std::string text = told(ask(of_asker, id));
    if (const Status back = of_asker.rollback(); !back) ADD_FAILURE() << back.error().to_json();
    return text;
  }

  World& world_;
  std::map<std::string, std::shared_ptr<api::SessionCore>> sessions_;
  std::size_t asked_ = 0;
  std::size_t refused_ = 0;
};

using Session = api::SessionCore;
using Context = api::SessionCore::RecordContext;

void compare_rows(Pairs& pairs, const std::string& asker, const TableDef& table, const std::string& foreign) {
  const std::string name(table.name);
  const auto ask = [&](const std::string& what, const auto& body) {
    pairs.compare(name + " " + what, asker, foreign, body);
  };
  ask("get", [&](Session& s, const std::string& id) { return s.get(name, id, {}); });
  ask("update", [&](Session& s, const std::string& id) { return s.update(name, id, "{}", {}); });
  for (const ColumnDef& column : table.columns)
    if (column.caller_writable() && column.type == schema::Type::text) {
      const std::string change = dump({{std::string(column.name), "touched"}});
      ask("update of " + std::string(column.name),
          [&](Session& s, const std::string& id) { return s.update(name, id, change, {}); });
      break;
    }
  Context with_version;
  with_version.if_version = 7;
  ask("update of a version", [&](Session& s, const std::string& id) { return s.update(name, id, "{}", with_version); });
  ask("delete", [&](Session& s, const std::string& id) { return s.remove(name, id, {}); });
  ask("list", [&](Session& s, const std::string& id) { return s.list(name, dump({{"where", {{"id", id}}}})); });
  ask("count", [&](Session& s, const std::string& id) { return s.count(name, dump({{"where", {{"id", id}}}})); });
  for (const char* operation : {"view", "update", "delete"})
    for (const char* command : {"explain_access", "list_principals_who_can"})
      ask(std::string(command) + " " + operation, [&](Session& s, const std::string& id) {
        return s.call(command, dump({{"table", name}, {"operation", operation}, {"id", id}}), {});
      });
}

// Rows that would refer to the id, conditions on references, and changes of A's own rows.
void compare_references(Pairs& pairs, World& world, const std::string& asker, const TableDef& table) {
  const std::string name(table.name);
  const Json row = world.draft(world.a(), table, "", world.a().users.at("x"));
  for (const ColumnDef& column : table.columns) {
    if (!column.is_reference() || !world.b().rows.contains(std::string(column.references))) continue;
    const TableDef& target = *schema::find_table(column.references);
    if (target.global) continue;
    const std::string column_name(column.name);
    const std::string foreign = world.b().rows.at(std::string(column.references));
    const auto ask = [&](const std::string& what, const auto& body) {
      pairs.compare(name + "." + column_name + " " + what, asker, foreign, body);
    };
    const auto with = [&](const std::string& id) {
      Json changed = row;
      changed[column_name] = id;
      return dump(changed);
    };
    ask("insert", [&](Session& s, const std::string& id) { return s.insert(name, with(id), {}); });
    ask("explain create", [&](Session& s, const std::string& id) {
      Json values = row;
      values.erase("organization_id");
      if (column_name != "organization_id") values[column_name] = id;
      Json arguments = {{"table", name}, {"operation", "create"}, {"values", values}};
      if (column_name == "organization_id") arguments["organization_id"] = id;
      return s.call("explain_access", dump(arguments), {});
    });
    ask("update", [&](Session& s, const std::string& id) {
      return s.update(name, world.a().rows.at(name), dump({{column_name, id}}), {});
    });
    ask("list", [&](Session& s, const std::string& id) {
      return s.list(name, dump({{"where", {{column_name, id}}}}));
    });
  }
}

// The tenant itself as an argument.
void compare_tenants(Pairs& pairs, World& world, const std::string& asker, const TableDef& table) {
  const std::string name(table.name);
  const std::string own = world.a().rows.at(name);
  const auto ask = [&](const std::string& what, const auto& body) {
    pairs.compare(name + " " + what, asker, world.b().organization, body);
  };
  const auto in = [](const std::string& id) {
    Context context;
    context.organization = id;
    return context;
  };
  ask("get in", [&](Session& s, const std::string& id) { return s.get(name, own, in(id)); });
  ask("update in", [&](Session& s, const std::string& id) { return s.update(name, own, "{}", in(id)); });
  ask("delete in", [&](Session& s, const std::string& id) { return s.remove(name, own, in(id)); });
  ask("list in", [&](Session& s, const std::string& id) { return s.list(name, dump({{"organization_id", id}})); });
  ask("count in", [&](Session& s, const std::string& id) { return s.count(name, dump({{"organization_id", id}})); });
}

TEST(IsolationTest, AForeignIdAndAnAbsentOneAnswerAlike) {
  World& world = shared_world();
  Pairs pairs(world);
  for (const TableDef* table : schema::all_tables) {
    if (table->global) continue;
    for (const std::string& asker : askers) {
      compare_rows(pairs, asker, *table, world.b().rows.at(std::string(table->name)));
      compare_tenants(pairs, world, asker, *table);
      compare_references(pairs, world, asker, *table);
    }
  }
  std::printf("isolation: %zu pairs of a foreign and an absent id, %zu refused\n", pairs.asked(), pairs.refused());
  EXPECT_GT(pairs.refused(), pairs.asked() / 2);
}

// ---- commands -----------------------------------------------------------------------------------------------------

// The row of tenant A or B that an argument's name stands for.
std::string row_for(const Tenant& tenant, const std::string& command, std::string_view argument) {
  static const std::map<std::string_view, std::string> tables = {{"organization_id", "organizations"},
                                                                 {"event_id", "events public"},
                                                                 {"user_id", "users"},
                                                                 {"device_id", "devices"},
                                                                 {"api_key_id", "api_keys"},
                                                                 {"sponsor_id", "sponsors"},
                                                                 {"order_id", "ticket_orders public"},
                                                                 {"ticket_id", "tickets"},
                                                                 {"ticket_ids", "tickets"},
                                                                 {"payment_id", "order_payments"},
                                                                 {"entry_id", "waitlist_entries"},
                                                                 {"check_in_id", "check_ins"},
                                                                 {"ticket_category_id", "ticket_categories public"},
                                                                 {"id", "events public"}};
  if (command == "reveal_secret" && argument == "id") return tenant.rows.at("social_media_accounts");
  const auto found = tables.find(argument);
  if (found == tables.end()) {
    ADD_FAILURE() << command << ": no row is known for the argument " << argument;
    return absent;
  }
  return tenant.rows.at(found->second);
}

Json value_for(const Tenant& tenant, const std::string& command, const ArgumentDef& argument);

Json object_for(const Tenant& tenant, const std::string& command, std::span<const ArgumentDef> arguments) {
  Json object = Json::object();
  for (const ArgumentDef& argument : arguments)
    if (argument.required || argument.type == schema::Type::uuid || !argument.fields.empty())
      object[std::string(argument.name)] = value_for(tenant, command, argument);
  return object;
}

Json one_value_for(const Tenant& tenant, const std::string& command, const ArgumentDef& argument) {
  if (!argument.fields.empty()) return object_for(tenant, command, argument.fields);
  switch (argument.type) {
    case schema::Type::uuid: return row_for(tenant, command, argument.name);
    case schema::Type::integer: return 1;
    case schema::Type::boolean: return false;
    case schema::Type::money: return "20.00";
    case schema::Type::enumeration: return std::string(argument.values->values[0]);
    case schema::Type::json: return Json::object();
    default: break;
  }
  if (argument.name == "table") return "events";
  if (argument.name == "email") return "someone@example.com";
  if (argument.name == "currency") return "USD";
  return "text";
}

Json value_for(const Tenant& tenant, const std::string& command, const ArgumentDef& argument) {
  const Json one = one_value_for(tenant, command, argument);
  return argument.array ? Json::array({one}) : one;
}

// Every place of a uuid in the arguments, as a JSON pointer.
void find_ids(const std::string& at, std::span<const ArgumentDef> arguments,
              std::vector<std::pair<std::string, const ArgumentDef*>>& found) {
  for (const ArgumentDef& argument : arguments) {
    const std::string here = at + "/" + std::string(argument.name) + (argument.array ? "/0" : "");
    if (!argument.fields.empty())
      find_ids(here, argument.fields, found);
    else if (argument.type == schema::Type::uuid)
      found.emplace_back(here, &argument);
  }
}

TEST(IsolationTest, CommandsTellAForeignIdFromAnAbsentOneToNobody) {
  World& world = shared_world();
  Pairs pairs(world);
  std::size_t places = 0;
  for (const CommandDef* command : schema::all_commands) {
    if (command->runs == schema::Runs::service_only) continue;
    const std::string name(command->name);
    std::vector<std::pair<std::string, const ArgumentDef*>> ids;
    find_ids("", command->arguments, ids);
    Json arguments = object_for(world.a(), name, command->arguments);
    if (name == "create_api_key") arguments.erase("permissions");
    if (name == "place_order") arguments.erase("payment");
    for (const auto& [at, argument] : ids) {
      ++places;
      const std::string foreign = row_for(world.b(), name, argument->name);
      for (const std::string& asker : askers)
        pairs.compare(name + " " + at, asker, foreign, [&, &at = at](Session& s, const std::string& id) {
          Json changed = arguments;
          changed[Json::json_pointer(at)] = id;
          return s.call(name, dump(changed), {});
        });
    }
  }
  std::printf("isolation: %zu ids in arguments of commands, %zu pairs, %zu refused\n", places, pairs.asked(),
              pairs.refused());
  EXPECT_EQ(pairs.refused(), pairs.asked()) << "a foreign id was taken for something";
}

}  // namespace
}  // namespace eventcore::test
