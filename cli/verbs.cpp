// The verbs that make one call and print its reply: init, call, get, stats, schema, explain.
#include <nlohmann/json.hpp>

#include "common.hpp"
#include "json_text.hpp"
#include "making.hpp"
#include "numbers.hpp"
#include "tables.hpp"

namespace cli {

using eventcore::CallOptions;
using eventcore::RecordOptions;
using eventcore::Result;

namespace {

struct Init {
  std::string store;
  std::string new_key_file;
  std::string organization;
  std::string owner_email;
  std::string owner_name;
  std::string currency;
};

std::string organization_arguments(const Init& asked) {
  std::string json = "{\"name\":" + as_json(asked.organization) +
                     ",\"owner\":{\"email\":" + as_json(asked.owner_email) +
                     ",\"full_name\":" + as_json(asked.owner_name.empty() ? asked.owner_email : asked.owner_name) + "}";
  if (!asked.currency.empty()) json += ",\"settings\":{\"currency\":" + as_json(asked.currency) + "}";
  return json + "}";
}

Result<int> run_init(Common common, const Init& asked) {
  if (!asked.store.empty()) common.store = asked.store;
  if (asked.organization.empty() != asked.owner_email.empty())
    throw Misuse("--organization-name and --owner-email come together");
  if (!asked.new_key_file.empty()) {
    if (!common.key_file.empty() || !common.passphrase_file.empty() || !common.recovery_file.empty())
      throw Misuse("--new-key-file makes the key: give no other");
    common.key_file = asked.new_key_file;
  }
  if (common.store.empty()) throw Misuse("no store is named: give STORE or --store FILE, or set EVENTCORE_STORE");
  Making making(Making::What::store, common.store, asked.new_key_file);
  making.make_key();
  auto options = open_options(common, Access::create);
  EC_TRYV(making.claim());
  EC_TRY(engine, open_engine(std::move(options)));
  std::string reply = "{\"store\":" + as_json(common.store);
  if (!asked.organization.empty()) {
    EC_TRY(session, open_service(engine, "eventcore init"));
    EC_TRY(made, session.call("create_organization", organization_arguments(asked)));
    reply += ",\"organization_id\":" + std::string(member(member(made, "organization"), "id"));
    reply += ",\"user_id\":" + std::string(member(member(made, "owner"), "id"));
  }
  making.keep();
  if (!asked.new_key_file.empty())
    say("wrote the key to " + asked.new_key_file + "; without it the store cannot be opened");
  EC_TRYV(engine.close());
  put_json(reply + "}");
  return exit_ok;
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("init", "Make a store, and its first organization when asked.");
  auto asked = std::make_shared<Init>();
  verb->add_option("STORE", asked->store, "The file to make; the same as --store");
  verb->add_option("--new-key-file", asked->new_key_file, "Make a random key and write it to this new file")
      ->type_name("FILE");
  verb->add_option("--organization-name", asked->organization, "Make an organization of this name")->type_name("NAME");
  verb->add_option("--owner-email", asked->owner_email, "The address of its first owner")->type_name("EMAIL");
  verb->add_option("--owner-name", asked->owner_name, "The owner's name; the address when absent")->type_name("NAME");
  verb->add_option("--currency", asked->currency, "The organization's currency, such as EUR")->type_name("CODE");
  verb->footer(
      "Example: eventcore init festival.ecdb --new-key-file festival.key"
      " --organization-name Aurora --owner-email ada@aurora.example");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_init(context.common, *asked); }; });
}

namespace {

struct Call {
  std::string command;
  std::string arguments;
  std::string idempotency_key;
  std::int64_t timeout_us = 0;
};

Result<int> run_call(const Common& common, const Call& asked) {
  EC_TRY(engine, open_store(common, Access::write));
  EC_TRY(session, open_session(engine, common));
  const std::string arguments = json_argument(asked.arguments);
  CallOptions options;
  options.idempotency_key = asked.idempotency_key;
  options.timeout_us = asked.timeout_us;
  EC_TRY(reply, session.call(asked.command, arguments, options));
  EC_TRYV(engine.close());
  put_json(reply);
  return exit_ok;
}

}  // namespace

void add_call(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("call", "Run a command and print its reply.");
  auto asked = std::make_shared<Call>();
  verb->add_option("COMMAND", asked->command, "The command's name; `eventcore schema commands` lists them")->required();
  verb->add_option("JSON", asked->arguments, "Its arguments: JSON, - for standard input, @FILE for a file");
  verb->add_option("--idempotency-key", asked->idempotency_key, "A repeat under the same key gets the first reply")
      ->type_name("KEY")
      ->check(not_empty());
  verb->add_option("--timeout", asked->timeout_us, "Give up when the call could not begin within so many seconds")
      ->type_name("SECONDS")
      ->transform(seconds());
  verb->footer(R"(Example: eventcore call event_report '{"event_id": "018f..."}' --as user:018e...)");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_call(context.common, *asked); }; });
}

void add_get(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("get", "Print one row.");
  auto table = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  verb->add_option("TABLE", *table, "The table")->required();
  verb->add_option("ID", *id, "The row's id")->required();
  verb->footer("Example: eventcore get events 018f3a5e-7c1b-7d30-8a55-0f6e2a9b4c11");
  verb->final_callback([&context, table, id] {
    context.run = [&context, table, id]() -> Result<int> {
      EC_TRY(engine, open_store(context.common, Access::read));
      EC_TRY(session, open_session(engine, context.common));
      EC_TRY(row, session.get(*table, *id));
      put_json(row);
      return exit_ok;
    };
  });
}

namespace {

Result<std::string> row_counts(eventcore::Engine& engine) {
  EC_TRY(session, open_service(engine, "eventcore stats"));
  std::string json = "{";
  for (const std::string& table : table_names()) {
    auto rows = session.count(table, "{}");
    if (!rows) continue;  // a table whose rows can only be asked for tenant by tenant
    if (json.size() > 1) json += ",";
    json += as_json(table) + ":" + std::to_string(rows.assume_value());
  }
  return json + "}";
}

Result<int> run_stats(const Common& common, bool counts) {
  EC_TRY(engine, open_store(common, Access::read));
  std::string json = "{\"version\":" + eventcore::version_json() + ",\"store\":" + engine.stats();
  if (counts) {
    EC_TRY(rows, row_counts(engine));
    json += ",\"rows\":" + rows;
  }
  put_json(json + "}");
  return exit_ok;
}

}  // namespace

void add_stats(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("stats", "Print sizes and counters of the store, and the versions of the libraries.");
  auto counts = std::make_shared<bool>(false);
  verb->add_flag("--counts", *counts, "Count the rows of every table too");
  verb->footer("Example: eventcore stats --counts");
  verb->final_callback(
      [&context, counts] { context.run = [&context, counts] { return run_stats(context.common, *counts); }; });
}

namespace {

Result<int> run_schema(const std::string& what) {
  if (what.empty()) {
    put_json(eventcore::schema_json());
    return exit_ok;
  }
  const auto schema = nlohmann::ordered_json::parse(eventcore::schema_json());
  if (what == "tables" || what == "commands") {
    auto list = nlohmann::ordered_json::array();
    for (const auto& one : schema[what]) list.push_back({{"name", one["name"]}, {"doc", one["doc"]}});
    put_json(list.dump());
    return exit_ok;
  }
  for (const char* kind : {"tables", "commands", "errors"})
    for (const auto& one : schema[kind])
      if (one["name"] == what) {
        put_json(one.dump());
        return exit_ok;
      }
  if (schema.contains(what)) {
    put_json(schema[what].dump());
    return exit_ok;
  }
  throw Misuse("there is no table, command or error `" + what + "`; see `eventcore schema tables` and the like");
}

}  // namespace

void add_schema(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("schema", "Print what tables, commands and errors there are; needs no store.");
  auto what = std::make_shared<std::string>();
  verb->add_option("WHAT", *what, "tables, commands, enums, errors, states, or one name; everything when absent");
  verb->footer("Example: eventcore schema place_order");
  verb->final_callback([&context, what] { context.run = [what] { return run_schema(*what); }; });
}

namespace {

struct Explain {
  std::string operation;
  std::string table;
  std::string id;
  std::string values;
};

Result<int> run_explain(const Common& common, const Explain& asked) {
  EC_TRY(engine, open_store(common, Access::write));
  EC_TRY(session, open_session(engine, common));
  std::string arguments = "{\"table\":" + as_json(asked.table) + ",\"operation\":" + as_json(asked.operation);
  if (!asked.id.empty()) arguments += ",\"id\":" + as_json(asked.id);
  if (!asked.values.empty()) arguments += ",\"values\":" + json_argument(asked.values);
  EC_TRY(reply, session.call("explain_access", arguments + "}"));
  EC_TRYV(engine.close());
  put_json(reply);
  return exit_ok;
}

}  // namespace

void add_explain(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("explain", "Say which policy allows or refuses the principal of --as something.");
  auto asked = std::make_shared<Explain>();
  verb->add_option("OPERATION", asked->operation, "view, create, update or delete")
      ->required()
      ->check(CLI::IsMember({"view", "create", "update", "delete"}));
  verb->add_option("TABLE", asked->table, "The table")->required();
  verb->add_option("ID", asked->id, "The row; needed for all but create");
  verb->add_option("--values", asked->values, "The row to create or the columns to update: JSON, - or @FILE")
      ->type_name("JSON");
  verb->footer("Example: eventcore explain update events 018f... --as user:018e...");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_explain(context.common, *asked); }; });
}

}  // namespace cli
