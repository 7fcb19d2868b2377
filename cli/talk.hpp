// What the program says and to whom: data to standard output, talk to standard error, progress and colour only to a
// terminal, and the end of the run as an exit code.
// Thread: one thread.
#pragma once

#include <eventcore/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cli {

// Exit codes; the man page lists them. Failures of the engine answer the thousands of their number
// plus one: 2 misuse, 3 input, 4 access, 5 state, 6 rule, 7 store, 10 internal.
enum Exit : int {
  exit_ok = 0,
  exit_problems = 1,
  exit_misuse = 2,
  exit_output = 11,
  exit_interrupted = 130,
};

// The command line does not say what to do.
class Misuse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Nobody reads standard output any more: no mistake, the run just ends.
class OutputClosed {};

class OutputFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Talk {
  bool quiet = false;
  bool json_errors = false;
};
Talk& talk();

// Standard output. Both throw OutputClosed or OutputFailed.
void put(std::string_view text);
void put_json(std::string_view json);  // one value and a line end; laid out on a terminal
void flush();
void close_output();       // at the end: some file systems tell only now that there was no room
void check_output_open();  // before anything is done whose result could not be told. Throws OutputFailed
bool output_is_terminal();
bool output_is_closed();  // asks without writing

// Standard error.
void say(std::string_view text);
void warn(std::string_view text);
void progress(const std::string& text);  // overwrites the one before; gone with the next line of talk
void tell_failure(const eventcore::Failure& failure);
void tell_misuse(std::string_view text);

std::string reason_of(int error);                // what errno says
const char* from_environment(const char* name);  // nullptr when it is not set

int exit_code_of(const eventcore::Failure& failure);

// Calls nothing that a signal handler may not.
void tell_interrupt();

// A stream that is closed gives its number to the next file, which might be the store's: they are opened to nothing.
void fill_closed_streams();

// From here on SIGINT and SIGTERM only set what interrupted() answers.
void watch_for_interrupts();
bool interrupted();

}  // namespace cli
