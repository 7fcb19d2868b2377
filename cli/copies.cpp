// backup, restore, add-key, rotate-key: the verbs with two keys, the store's (as everywhere) and another.
#include <unistd.h>

#include "common.hpp"
#include "json_text.hpp"
#include "key.hpp"

namespace cli {

using eventcore::CallOptions;
using eventcore::Key;
using eventcore::Result;

namespace {

// Where the other key comes from: exactly one of them.
struct OtherKey {
  std::string new_key_file;
  std::string key_file;
  std::string passphrase_file;

  void add_to(CLI::App& verb, const std::string& prefix, const std::string& of, bool may_be_new) {
    if (may_be_new)
      verb.add_option("--new-key-file", new_key_file, "Make a random key for " + of + " and write it to this new file")
          ->type_name("FILE");
    verb.add_option("--" + prefix + "-key-file", key_file, "File with the key of " + of + "; - for standard input")
        ->type_name("FILE");
    verb.add_option("--" + prefix + "-passphrase-file", passphrase_file,
                    "File with the passphrase of " + of + "; - for standard input")
        ->type_name("FILE");
  }

  [[nodiscard]] Key key() const {
    if (new_key_file.empty()) return key_from_files(key_file, passphrase_file);
    if (!key_file.empty() || !passphrase_file.empty()) throw Misuse("--new-key-file makes the key: give no other");
    make_key_file(new_key_file);
    return key_from_files(new_key_file, "");
  }

  // A key that opens nothing is not left lying about.
  void forget() const {
    if (!new_key_file.empty()) ::unlink(new_key_file.c_str());
  }
};

Result<int> run_with_key(const Common& common, Access access, const std::string& command, const std::string& arguments,
                         const OtherKey& other) {
  EC_TRY(engine, open_store(common, access));
  EC_TRY(session, open_service(engine, "eventcore " + command));
  const Key key = other.key();
  CallOptions options;
  options.key = &key;
  progress("running " + command);
  const auto reply = session.call(command, arguments, options);
  if (!reply) {
    other.forget();
    return reply.error();
  }
  EC_TRYV(engine.close());
  put_json(reply.assume_value());
  return exit_ok;
}

struct Restore {
  std::string backup;
  OtherKey backup_key;
  bool replace = false;
};

// The engine opens the backup; what it writes is --store, under the key that opens stores everywhere.
Result<int> run_restore(const Common& common, const Restore& asked) {
  if (common.store.empty()) throw Misuse("--store says where to restore to");
  const Key key = find_key(common, !asked.replace);
  eventcore::OpenOptions options;
  options.path = asked.backup;
  options.key = asked.backup_key.key();
  options.read_only = true;
  EC_TRY(engine, eventcore::Engine::open(std::move(options)));
  EC_TRY(session, open_service(engine, "eventcore restore"));
  CallOptions call;
  call.key = &key;
  progress("restoring");
  EC_TRY(reply,
         session.call("restore",
                      "{\"path\":" + as_json(common.store) + ",\"replace\":" + (asked.replace ? "true" : "false") + "}",
                      call));
  put_json(reply);
  return exit_ok;
}

}  // namespace

void add_backup(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("backup", "Write a verified copy of the store, with a key of its own.");
  auto file = std::make_shared<std::string>();
  auto other = std::make_shared<OtherKey>();
  verb->add_option("FILE", *file, "The copy to make, such as festival-friday.ecdb")->required();
  other->add_to(*verb, "backup", "the copy", true);
  verb->footer(
      "The store may be in use. The copy is a store: FILE with its .keys and .anchor.\n"
      "Example: eventcore backup friday.ecdb --new-key-file friday.key");
  verb->final_callback([&context, file, other] {
    context.run = [&context, file, other] {
      return run_with_key(context.common, Access::read, "backup", "{\"path\":" + as_json(*file) + "}", *other);
    };
  });
}

void add_restore(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("restore", "Make a backup the store; its own audit chain says so afterwards.");
  auto asked = std::make_shared<Restore>();
  verb->add_option("FILE", asked->backup, "The backup's file")->required();
  asked->backup_key.add_to(*verb, "backup", "the backup", false);
  verb->add_flag("--replace", asked->replace, "Replace the store that is there, which nobody may have open");
  verb->footer(
      "--store says where; its key is given as for every verb, and opens the restored store.\n"
      "Example: eventcore restore friday.ecdb --backup-key-file friday.key --store festival.ecdb --replace");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_restore(context.common, *asked); }; });
}

namespace {

void add_key_verb(CLI::App& app, Context& context, const char* name, const char* command, const char* what,
                  const char* example, bool rotates) {
  auto* verb = app.add_subcommand(name, what);
  auto other = std::make_shared<OtherKey>();
  auto label = std::make_shared<std::string>();
  auto data_key = std::make_shared<bool>(false);
  other->add_to(*verb, "other", "the store from then on", true);
  verb->add_option("--name", *label, "What list_keys shall show of it")->type_name("TEXT");
  if (rotates)
    verb->add_flag("--data-key", *data_key,
                   "Encrypt the whole store anew; nobody else may have it open, and all other keys go");
  verb->footer(std::string("Example: ") + example);
  verb->final_callback([&context, other, label, data_key, command] {
    context.run = [&context, other, label, data_key, command] {
      std::string arguments = "{";
      if (!label->empty()) arguments += "\"name\":" + as_json(*label);
      if (*data_key) arguments += std::string(arguments.size() > 1 ? "," : "") + "\"data_key\":true";
      return run_with_key(context.common, Access::write, command, arguments + "}", *other);
    };
  });
}

}  // namespace

void add_keys(CLI::App& app, Context& context) {
  add_key_verb(app, context, "add-key", "add_key", "Let a further key open the store.",
               "eventcore add-key --other-passphrase-file words.txt --name office", false);
  add_key_verb(app, context, "rotate-key", "rotate_key", "Put another key in the place of the one that is given.",
               "eventcore rotate-key --key-file old.key --new-key-file new.key", true);
}

}  // namespace cli
