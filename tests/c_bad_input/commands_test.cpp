// Every command with every kind of bad argument that the schema knows, by every way of calling it.
#include <functional>

#include "c_bad_input/bad_values.hpp"
#include "c_bad_input/ground.hpp"

namespace eventcore::host {
namespace {

struct Named {
  const char* command;
  const char* argument;
  const char* table;
};

// Ids whose name does not tell the table.
constexpr Named named_otherwise[] = {
    {"explain_access", "id", "events"},
    {"list_principals_who_can", "id", "events"},
    {"revoke_api_key", "api_key_id", "api_keys"},
    {"leave_waitlist", "entry_id", "waitlist_entries"},
    {"reveal_secret", "id", "social_media_accounts"},
    {"undo_check_in", "check_in_id", "check_ins"},
    {"quote_refund", "ticket_ids", "tickets"},
    {"refund_tickets", "ticket_ids", "tickets"},
    {"confirm_refund", "payment_id", "order_payments"},
};

// JSON that may be as large as a request, so that nothing is too long for it.
struct Roomy {
  const char* command;
  const char* path;
  const char* reason;
};
constexpr Roomy roomy[] = {
    {"import_open_event", "documents.", "a conference's files"},
    {"apply_stripe_webhook", "payload", "the provider's request as it came in"},
};

// Commands that are no part of a larger unit of work and take no key.
struct Alone {
  const char* command;
  const char* reason;
};
constexpr Alone alone[] = {
    {"run_maintenance", "works in slices, each committed by itself, and does nothing twice anyway"},
    {"add_key", "changes the key slots, which no unit of work undoes"},
    {"remove_key", "changes the key slots, which no unit of work undoes"},
    {"rotate_key", "changes the key slots, which no unit of work undoes"},
};

bool stands_alone(const std::string& command) {
  for (const Alone& one : alone)
    if (command == one.command) return true;
  return false;
}

bool is_roomy(const std::string& command, const std::string& path) {
  for (const Roomy& one : roomy)
    if (command == one.command && path.rfind(one.path, 0) == 0) return true;
  return false;
}

// Where a bad value stands: the argument's path as errors name it, and how to put a value there.
struct Place {
  std::string path;
  json argument;
  std::function<void(json&, const json&)> put;
};

struct CommandsTest : Ground {
  // A value of the right shape; what it means does not matter, for the shape is looked at first.
  json good_value(const json& argument) const {
    json value;
    const std::string type = argument.at("type");
    if (type == "object")
      value = good_arguments(argument.at("fields"));
    else if (type == "text")
      value = argument.at("name") == "email" ? "guest@example.org" : "x";
    else if (type == "uuid")
      value = absent_id;
    else if (type == "boolean")
      value = true;
    else if (type == "integer")
      value = 1;
    else if (type == "money" || type == "decimal")
      value = "1";
    else if (type == "timestamptz")
      value = "2031-05-01T00:00:00Z";
    else if (type == "date")
      value = "2031-05-01";
    else if (type == "enum")
      value = schema_.at("enums").at(argument.at("enum").get<std::string>()).at(0);
    else if (type == "json")
      value = json::object();
    else if (type == "inet")
      value = "192.0.2.1";
    else
      throw std::runtime_error("no good value is known for the type " + type);
    return argument.at("list").get<bool>() ? json::array({value}) : value;
  }

  json good_arguments(const json& arguments) const {
    json object = json::object();
    for (const json& argument : arguments)
      if (argument.at("required").get<bool>()) object[argument.at("name").get<std::string>()] = good_value(argument);
    return object;
  }

  // Every argument, those inside objects and lists too.
  void collect(const json& arguments, const std::string& path, const std::function<json&(json&)>& parent,
               std::vector<Place>& places) const {
    for (const json& argument : arguments) {
      const std::string name = argument.at("name");
      const auto put = [parent, name](json& all, const json& value) { parent(all)[name] = value; };
      places.push_back({path + name, argument, put});
      if (!argument.contains("fields")) continue;
      const bool list = argument.at("list");
      const json good = good_arguments(argument.at("fields"));
      const auto inner = [parent, name, list, good](json& all) -> json& {
        json& here = parent(all)[name];
        if (list && !here.is_array()) here = json::array({good});
        if (!list && !here.is_object()) here = good;
        return list ? here.at(0) : here;
      };
      collect(argument.at("fields"), path + name + (list ? "[0]." : "."), inner, places);
    }
  }

  std::vector<Place> places_of(const json& command) const {
    std::vector<Place> places;
    collect(
        command.at("arguments"), "", [](json& all) -> json& { return all; }, places);
    return places;
  }

  // By every way there is.
  void refused(const json& command, const json& arguments, const std::set<std::string>& fields,
               const std::string& what) {
    const std::string name = command.at("name");
    const std::string text = arguments.dump();
    const Answer called = ours_.service->call(name, text);
    EXPECT_EQ(called.status, EC_E_INVALID_ARGUMENT) << what << ": " << called.error;
    if (called.status != EC_E_INVALID_ARGUMENT) return;
    EXPECT_EQ(fields_of(called.error), fields) << what;
    EXPECT_EQ(ours_.service->submit(name, text).error, called.error) << what;
    EXPECT_EQ(ours_.user->call(name, text).error, called.error) << what;
    if (command.at("mutates").get<bool>() && !stands_alone(name)) {
      const Answer many = ours_.service->call_many(json::array({json::array({name, arguments})}).dump());
      EXPECT_EQ(many.status, EC_E_INVALID_ARGUMENT) << what << ": " << many.error;
      std::set<std::string> inside;
      for (const std::string& field : fields) inside.insert("[0]." + field);
      EXPECT_EQ(fields_of(many.error), inside) << what;
    }
    expect_nothing_changed(what);
  }

  template <class Test>
  void for_every_command(const Test& test) {
    for (const json& command : schema_.at("commands")) {
      SCOPED_TRACE(command.at("name").get<std::string>());
      test(command);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_F(CommandsTest, EveryBadArgumentIsNamedAloneAndTogether) {
  for_every_command([&](const json& command) {
    const json good = good_arguments(command.at("arguments"));
    json all = good;
    std::set<std::string> all_paths;
    for (const Place& place : places_of(command)) {
      if (is_roomy(command.at("name"), place.path)) continue;
      const std::vector<BadValue> bads = bad_values(place.argument);
      for (const BadValue& bad : bads) {
        json arguments = good;
        place.put(arguments, bad.value);
        std::string path = place.path;
        if (place.argument.at("list").get<bool>() && bad.value.is_array()) path += "[0]";
        refused(command, arguments, {path}, place.path + " " + bad.kind);
      }
      if (place.argument.contains("fields")) continue;  // what is inside is bad already
      if (bads.empty()) continue;
      place.put(all, bads.front().value);
      all_paths.insert(place.path);
    }
    all["no_such_argument"] = 1;
    all_paths.insert("no_such_argument");
    refused(command, all, all_paths, "everything bad");
    json unknown = good;
    unknown["no_such_argument"] = 1;
    refused(command, unknown, {"no_such_argument"}, "an unknown argument");
  });
}

TEST_F(CommandsTest, EveryMissingArgumentIsNamed) {
  for_every_command([&](const json& command) {
    std::set<std::string> required;
    const json good = good_arguments(command.at("arguments"));
    for (const json& argument : command.at("arguments")) {
      if (!argument.at("required").get<bool>()) continue;
      const std::string name = argument.at("name");
      required.insert(name);
      json arguments = good;
      arguments.erase(name);
      refused(command, arguments, {name}, name + " missing");
      arguments[name] = nullptr;
      refused(command, arguments, {name}, name + " null");
    }
    if (!required.empty()) refused(command, json::object(), required, "no arguments");
  });
}

TEST_F(CommandsTest, RequestsThatAreNoneAreRefused) {
  for_every_command([&](const json& command) {
    const std::string name = command.at("name");
    for (const std::string& text :
         {std::string("{"), std::string("[]"), std::string("7"), std::string("{\"a\":\"\xff\"}"),
          std::string("{\"a\":1,\"a\":1}"), std::string("{}x"), std::string("{\"a\":\"\\u0000\"}"), too_deep("x")}) {
      EXPECT_EQ(ours_.service->call(name, text).status, EC_E_INVALID_JSON) << text.substr(0, 20);
      EXPECT_EQ(ours_.service->submit(name, text).status, EC_E_INVALID_JSON) << text.substr(0, 20);
      expect_nothing_changed(text.substr(0, 20));
    }
    const Answer too_large = ours_.service->call(name, std::string(5 << 20, ' '));
    EXPECT_EQ(too_large.status, EC_E_REQUEST_TOO_LARGE);
    const Answer bad_key = ours_.service->call(name, good_arguments(command.at("arguments")).dump(), {"short", 0});
    if (command.at("mutates").get<bool>() && !stands_alone(name)) {
      EXPECT_EQ(bad_key.status, EC_E_INVALID_IDEMPOTENCY_KEY) << bad_key.error;
    }
    expect_nothing_changed("a bad key");
  });
}

TEST_F(CommandsTest, ForeignIdsAnswerAsAbsentOnes) {
  std::map<ec_status, int> codes;
  for_every_command([&](const json& command) {
    const std::string name = command.at("name");
    const json good = good_arguments(command.at("arguments"));
    for (const Place& place : places_of(command)) {
      if (place.argument.at("type") != "uuid") continue;
      const std::string argument = place.argument.at("name");
      std::string table = reference_of_.count(argument) != 0 ? reference_of_.at(argument) : "";
      for (const Named& named : named_otherwise)
        if (name == named.command && argument == named.argument) table = named.table;
      ASSERT_NE(table, "") << place.path << ": which table is meant? (named_otherwise)";
      if (theirs_.ids.count(table) == 0) continue;
      const std::string& foreign = theirs_.ids.at(table);
      for (const Session* session : {ours_.service.get(), ours_.user.get()}) {
        // Ours wherever another id is asked for, so that it is this one that is not there.
        json arguments = good;
        for (const Place& other : places_of(command)) {
          const std::string wanted = other.argument.at("name");
          if (other.argument.at("type") == "uuid" && other.argument.at("required").get<bool>() &&
              other.path.find('.') == std::string::npos && reference_of_.count(wanted) != 0)
            other.put(arguments, ours_.ids.at(reference_of_.at(wanted)));
        }
        if (arguments.contains("table")) arguments["table"] = table;
        const bool list = place.argument.value("list", false);
        const auto id_or_ids = [&](const std::string& id) { return list ? json::array({id}) : json(id); };
        place.put(arguments, id_or_ids(foreign));
        const Answer theirs = session->call(name, arguments.dump());
        place.put(arguments, id_or_ids(absent_id));
        const Answer nowhere = session->call(name, arguments.dump());
        EXPECT_NE(theirs.status, EC_OK) << place.path << theirs.reply;
        EXPECT_EQ(without(theirs.error, foreign), without(nowhere.error, absent_id)) << place.path;
        ++codes[theirs.status];
        expect_nothing_changed(place.path);
      }
    }
  });
  EXPECT_GT(codes[EC_E_NOT_FOUND] + codes[EC_E_REFERENCE_NOT_FOUND], 20);
}

TEST_F(CommandsTest, AnUnknownCommandIsUnknownToEveryCall) {
  for (const std::string& name : {std::string(), std::string("no_such_command"), std::string("check_in\0", 9),
                                  std::string("\xff\xfe"), std::string("CHECK_IN"), std::string(5'000, 'x')}) {
    EXPECT_EQ(ours_.service->call(name, "{}").status, EC_E_UNKNOWN_COMMAND);
    EXPECT_EQ(ours_.service->submit(name, "{}").status, EC_E_UNKNOWN_COMMAND);
  }
  EXPECT_EQ(ours_.service->call_many("[[\"no_such_command\",{}]]").status, EC_E_UNKNOWN_COMMAND);
  for (const std::string& text : {std::string("{}"), std::string("[7]"), std::string("[[]]"), std::string("[[7,{}]]"),
                                  std::string("[[\"check_in\",7]]"), std::string("[[\"check_in\",{},1]]")})
    EXPECT_EQ(ours_.service->call_many(text).status, EC_E_INVALID_ARGUMENT) << text;
  expect_nothing_changed("unknown commands");
}

}  // namespace
}  // namespace eventcore::host
