// backup, restore, add-key, rotate-key: the verbs with two keys, the store's (as everywhere) and another.
#include <unistd.h>

#include <optional>

#include "common.hpp"
#include "json_text.hpp"
#include "key.hpp"
#include "making.hpp"

namespace cli {

using eventcore::CallOptions;
using eventcore::Errc;
using eventcore::Failure;
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

  [[nodiscard]] bool is_new() const { return !new_key_file.empty(); }

  // Before anything is made.
  void check() const {
    if (is_new() && (!key_file.empty() || !passphrase_file.empty()))
      throw Misuse("--new-key-file makes the key: give no other");
  }

  // A new one must have been made.
  [[nodiscard]] Key key() const {
    return is_new() ? key_from_files(new_key_file, "") : key_from_files(key_file, passphrase_file);
  }
};

// Of the store that is read nothing is missing any more: it is the place of the copy.
Failure about_copy(const Failure& failure, const std::string& file) {
  if (failure.code() != Errc::store_not_found) return failure;
  return eventcore::fail(Errc::store_not_found, "there is no folder for " + file);
}

Result<int> run_backup(const Common& common, const std::string& file, const OtherKey& other) {
  other.check();
  EC_TRY(engine, open_store(common, Access::read));
  EC_TRY(session, open_service(engine, "eventcore backup"));
  Making making(Making::What::copy, file, other.new_key_file);
  making.make_key();
  const Key key = other.key();
  CallOptions options;
  options.key = &key;
  progress("running backup");
  auto made = session.call("backup", "{\"path\":" + as_json(file) + "}", options);
  if (!made) return about_copy(made.error(), file);
  making.keep();
  EC_TRYV(engine.close());
  put_json(made.assume_value());
  return exit_ok;
}

// A change that failed half-way may have made the new key the only one: it goes only when the store does not know it.
void forget_if_useless(const Common& common, const OtherKey& other) {
  eventcore::OpenOptions options;
  options.path = common.store;
  options.key = other.key();
  options.read_only = true;
  const auto opened = eventcore::Engine::open(std::move(options));
  if (!opened && opened.error().code() == Errc::wrong_key)
    ::unlink(other.new_key_file.c_str());
  else
    say("kept " + other.new_key_file + ", which the store may need");
}

Result<int> run_with_key(const Common& common, const std::string& command, const std::string& arguments,
                         const OtherKey& other) {
  other.check();
  EC_TRY(engine, open_store(common, Access::write));
  EC_TRY(session, open_service(engine, "eventcore " + command));
  if (other.is_new()) make_key_file(other.new_key_file);
  const Key key = other.key();
  CallOptions options;
  options.key = &key;
  progress("running " + command);
  const auto reply = session.call(command, arguments, options);
  const auto closed = engine.close();
  if (!reply) {
    if (other.is_new()) forget_if_useless(common, other);
    return reply.error();
  }
  EC_TRYV(closed);
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
  asked.backup_key.check();
  const Key key = find_key(common, !asked.replace);
  eventcore::OpenOptions options;
  options.path = asked.backup;
  options.key = asked.backup_key.key();
  options.read_only = true;
  EC_TRY(engine, open_engine(std::move(options)));
  EC_TRY(session, open_service(engine, "eventcore restore"));
  CallOptions call;
  call.key = &key;
  progress("restoring");
  std::optional<Making> making;  // what is replaced, the engine goes on with or brings back
  if (!asked.replace) making.emplace(Making::What::copy, common.store, "");
  auto made = session.call(
      "restore", "{\"path\":" + as_json(common.store) + ",\"replace\":" + (asked.replace ? "true" : "false") + "}",
      call);
  if (!made) return asked.replace ? made.error() : about_copy(made.error(), common.store);
  if (making) making->keep();
  put_json(made.assume_value());
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
    context.run = [&context, file, other] { return run_backup(context.common, *file, *other); };
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
      return run_with_key(context.common, command, arguments + "}", *other);
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
