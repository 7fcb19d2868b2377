#include "talk.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "json_text.hpp"

namespace cli {

namespace {

volatile std::sig_atomic_t interrupt_seen = 0;
std::string waiting;  // output that is not written yet
bool progress_shown = false;

bool colour_on(int file) {
  const char* no_colour = from_environment("NO_COLOR");
  const char* terminal = from_environment("TERM");
  return ::isatty(file) != 0 && (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
         std::strcmp(terminal, "dumb") != 0;
}

// Talk that cannot be heard is no reason to stop.
void write_error(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void clear_progress() {
  if (progress_shown) write_error("\r\033[K");
  progress_shown = false;
}

// What others wrote must not steer the terminal.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

void tell(std::string_view word, const char* colour, std::string_view text) {
  clear_progress();
  std::string line = "eventcore: ";
  if (!word.empty() && colour_on(STDERR_FILENO))
    line.append("\033[").append(colour).append("m").append(word).append("\033[0m");
  else
    line.append(word);
  line.append(text).append("\n");
  write_error(line);
}

// What to do next, where there is something.
std::string_view hint_for(eventcore::Errc code) {
  using eventcore::Errc;
  switch (code) {
    case Errc::key_required:
    case Errc::invalid_key: return "give --key-file or --passphrase-file (see `eventcore --help`)";
    case Errc::wrong_key: return "this key or passphrase does not open the store";
    case Errc::store_exists: return "take another name; `eventcore stats` tells whether it is a whole store";
    case Errc::store_not_found: return "look at the name; `eventcore init` makes a store";
    case Errc::commits_lost: return "bring back the newer copy, or go on with --accept-loss";
    case Errc::organization_required: return "name the organization with --organization ID";
    case Errc::unknown_command: return "`eventcore schema commands` lists the commands";
    case Errc::unknown_table: return "`eventcore schema tables` lists the tables";
    case Errc::feed_gone: return "changes are kept for 30 days; read the rows anew and go on with --since";
    case Errc::outcome_unknown: return "run `eventcore verify`, then repeat under the same --idempotency-key";
    default: return {};
  }
}

void on_interrupt(int) {
  interrupt_seen = 1;
}

}  // namespace

Talk& talk() {
  static Talk settings;
  return settings;
}

void put(std::string_view text) {
  waiting.append(text);
  if (waiting.size() >= 65536) flush();
}

void put_json(std::string_view json) {
  if (output_is_terminal())
    put(laid_out(json, colour_on(STDOUT_FILENO)));
  else
    put(json);
  put("\n");
}

void flush() {
  std::string_view left = waiting;
  while (!left.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      waiting.clear();
      if (error == EPIPE) throw OutputClosed();
      throw OutputFailed(std::string("the output cannot be written: ") + reason_of(error));
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  waiting.clear();
}

void close_output() {
  flush();
  if (::close(STDOUT_FILENO) != 0 && errno != EINTR)
    throw OutputFailed(std::string("the output cannot be written: ") + reason_of(errno));
}

void check_output_open() {
  const int mode = ::fcntl(STDOUT_FILENO, F_GETFL);
  if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY)
    throw OutputFailed("standard output is closed, so that nothing was done; /dev/null takes what nobody wants");
}

void fill_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest free number is the stream's. Read or written the wrong way round, it goes on to answer an error.
    (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

bool output_is_terminal() {
  return ::isatty(STDOUT_FILENO) != 0;
}

bool output_is_closed() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

void say(std::string_view text) {
  if (!talk().quiet) tell({}, "", text);
}

void warn(std::string_view text) {
  if (!talk().quiet) tell("warning: ", "33", text);
}

void progress(const std::string& text) {
  if (talk().quiet || ::isatty(STDERR_FILENO) == 0) return;
  write_error("\r\033[K" + text);
  progress_shown = true;
}

void tell_failure(const eventcore::Failure& failure) {
  if (talk().json_errors) {
    clear_progress();
    write_error(failure.to_json() + "\n");
    return;
  }
  tell(std::string(failure.name()) + ": ", "31", printable(failure.message()));
  for (const eventcore::FieldError& field : failure.detail().fields)
    write_error("  " + printable(field.field + ": " + field.reason) + "\n");
  for (const auto& [name, value] : failure.detail().facts)
    write_error(std::string("  ").append(printable(name)).append(" = ").append(printable(value)).append("\n"));
  if (const std::string_view hint = hint_for(failure.code()); !hint.empty())
    write_error("  " + std::string(hint) + "\n");
}

void tell_interrupt() {
  clear_progress();
  write_error("eventcore: interrupted; nothing was made\n");
}

void tell_misuse(std::string_view text) {
  if (!talk().json_errors) {
    tell({}, "", text);
    return;
  }
  write_error(R"({"code":"misuse","class":"misuse","message":)" + as_json(text) + "}\n");
}

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

const char* from_environment(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
}

int exit_code_of(const eventcore::Failure& failure) {
  const int thousands = static_cast<int>(failure.code()) / 1000;
  return thousands + 1;
}

void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return interrupt_seen != 0;
}

}  // namespace cli
