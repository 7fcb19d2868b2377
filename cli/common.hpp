// What every verb needs: the store, its key, the principal; and the verbs themselves.
// Invariants: no key and no token is ever an argument, and each is wiped as soon as the engine has it.
// Thread: one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <eventcore/engine.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "talk.hpp"

namespace cli {

struct Common {
  std::string store;
  std::string key_file;
  std::string passphrase_file;
  std::string recovery_file;
  std::string as = "service:eventcore command line";
  std::string organization;
  std::string token_file;
  bool accept_loss = false;
};

enum class Access { read, write, create };  // create: in the empty file that Making claims

// What the command line asked for; main runs it after the whole line was understood.
struct Context {
  Common common;
  std::function<eventcore::Result<int>()> run;
};

// How a store is opened; asks for the key when it must. Throws Misuse.
eventcore::OpenOptions open_options(const Common& common, Access access);
// Engine::open, with the file in its failures.
eventcore::Result<eventcore::Engine> open_engine(eventcore::OpenOptions options);
eventcore::Result<eventcore::Engine> open_store(const Common& common, Access access);
eventcore::Result<eventcore::Session> open_session(eventcore::Engine& engine, const Common& common);
// The service itself, for acts over the whole store.
eventcore::Result<eventcore::Session> open_service(eventcore::Engine& engine, const std::string& reason);

// The principal of --as as the engine takes it. Throws Misuse.
std::string principal_json(const Common& common);

// The whole file, or standard input for "-"; standard input is read once. Throws Misuse, for a longer one too.
std::string read_input(const std::string& path, std::size_t bytes_max = std::string::npos);

// JSON as an argument: the text itself, "-" for standard input, "@FILE" for a file; "" is {}.
std::string json_argument(const std::string& argument);

void wipe(std::string& secret);

void add_init(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_call(CLI::App& app, Context& context);
void add_list(CLI::App& app, Context& context);
void add_get(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);
void add_stats(CLI::App& app, Context& context);
void add_changes(CLI::App& app, Context& context);
void add_schema(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_backup(CLI::App& app, Context& context);
void add_restore(CLI::App& app, Context& context);
void add_keys(CLI::App& app, Context& context);

}  // namespace cli
