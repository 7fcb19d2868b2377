// eventcore: the engine from the command line. JSON on standard output, talk on standard error.
#include <csignal>
#include <exception>
#include <iostream>
#include <sstream>

#include "common.hpp"
#include "json_text.hpp"

namespace {

using cli::Context;

std::string version_line() {
  const std::string json = eventcore::version_json();
  const auto of = [&](const char* name) { return cli::plain(cli::member(json, name)); };
  return "eventcore " + of("eventcore") + " (SQLCipher " + of("sqlcipher") + ", SQLite " + of("sqlite") + ", " +
         of("openssl") + ", libsodium " + of("libsodium") + ")";
}

constexpr const char* footer =
    "Keys and tokens are never arguments. Without --key-file and the like, EVENTCORE_KEY_FILE,\n"
    "EVENTCORE_PASSPHRASE_FILE and EVENTCORE_PASSPHRASE are looked at, then the passphrase is asked on the terminal.\n"
    "EVENTCORE_STORE, EVENTCORE_AS and EVENTCORE_ORGANIZATION stand for --store, --as and --organization;\n"
    "EVENTCORE_TOKEN_FILE for --token-file. NO_COLOR turns colours off.\n"
    "\n"
    "Exit codes: 0 done; 1 problems or refused rows found; 2 misuse of the command line; 3 input refused; 4 access\n"
    "denied; 5 state (not found, exists already, ...); 6 refused by a rule; 7 store (wrong key, locked, damaged, "
    "...);\n"
    "10 internal error; 11 output cannot be written; 130 interrupted.";

void add_common(CLI::App& app, Context& context) {
  cli::Common& common = context.common;
  app.add_option("-s,--store", common.store, "The store's file")->type_name("FILE")->envname("EVENTCORE_STORE");
  app.add_option("--key-file", common.key_file, "File with the key: 32 bytes or 64 hex digits; - for standard input")
      ->type_name("FILE");
  app.add_option("--passphrase-file", common.passphrase_file, "File with the passphrase; - for standard input")
      ->type_name("FILE");
  app.add_option("--recovery-code-file", common.recovery_file, "File with a recovery code; - for standard input")
      ->type_name("FILE");
  app.add_option("--as", common.as,
                 "Who acts: service:REASON (as absent), user:ID, customer:EMAIL, sponsor:ID, device, "
                 "anon[:ORGANIZATION]")
      ->type_name("PRINCIPAL")
      ->envname("EVENTCORE_AS");
  app.add_option("--organization", common.organization, "The organization a service, customer or anon acts in")
      ->type_name("ID")
      ->envname("EVENTCORE_ORGANIZATION");
  app.add_option("--token-file", common.token_file, "File with the device's token, for --as device")->type_name("FILE");
  for (CLI::Option* option : app.get_options()) option->take_last();  // as a wrapper's own choice is overruled
  app.add_flag("--accept-loss", common.accept_loss,
               "Open a store of which commits are known to be lost; this is recorded");
  app.add_flag("-q,--quiet", cli::talk().quiet, "Say nothing but failures");
  app.add_flag("--json-errors", cli::talk().json_errors, "Write failures to standard error as JSON");
}

// The help that CLI11 makes, with a fixed layout: tools/gen_man.py reads it.
void add_verbs(CLI::App& app, Context& context) {
  app.get_formatter()->column_width(34);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(footer);
  cli::add_init(app, context);
  cli::add_import(app, context);
  cli::add_call(app, context);
  cli::add_list(app, context);
  cli::add_get(app, context);
  cli::add_export(app, context);
  cli::add_verify(app, context);
  cli::add_stats(app, context);
  cli::add_changes(app, context);
  cli::add_schema(app, context);
  cli::add_explain(app, context);
  cli::add_backup(app, context);
  cli::add_restore(app, context);
  cli::add_keys(app, context);
}

int parse_error(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream wrong;
  const int code = app.exit(error, out, wrong);
  cli::put(out.str());
  cli::close_output();
  if (code == 0) return cli::exit_ok;
  cli::tell_misuse(std::string(error.what()) + " (see `eventcore --help`)");
  return cli::exit_misuse;
}

int run(int argc, char** argv) {
  CLI::App app{"An event management store from the command line.", "eventcore"};
  Context context;
  app.set_version_flag("--version", version_line());
  add_common(app, context);
  add_verbs(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_error(app, error);
  }
  const auto code = context.run();
  int answer = code ? code.assume_value() : cli::exit_code_of(code.error());
  try {
    cli::close_output();
  } catch (const cli::OutputClosed&) {  // what became of the verb counts
  } catch (const cli::OutputFailed& error) {
    cli::tell_misuse(error.what());
    if (code) answer = cli::exit_output;
  }
  if (!code) cli::tell_failure(code.error());
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a write that fails
  cli::fill_closed_streams();
  try {
    cli::check_output_open();
    return run(argc, argv);
  } catch (const cli::OutputClosed&) {
    return cli::exit_ok;
  } catch (const cli::OutputFailed& error) {
    cli::tell_misuse(error.what());
    return cli::exit_output;
  } catch (const cli::Misuse& error) {
    cli::tell_misuse(error.what());
    return cli::exit_misuse;
  } catch (const std::exception& error) {
    cli::tell_misuse(error.what());
    return cli::exit_code_of(eventcore::Failure(eventcore::Errc::internal));
  }
}
