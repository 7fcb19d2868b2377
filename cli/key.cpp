#include "key.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace cli {

using eventcore::Key;

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t secret_bytes_max = 4096;  // of any key or passphrase; a wrong file may have no end

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void strip_line_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
}

// 32 bytes as they are, or 64 hex digits.
Key raw_key(std::string text, const std::string& from) {
  std::array<std::uint8_t, key_bytes> bytes{};
  bool good = text.size() == key_bytes;
  if (good) {
    std::memcpy(bytes.data(), text.data(), key_bytes);
  } else {
    strip_line_end(text);
    good = text.size() == 2 * key_bytes;
    for (std::size_t i = 0; good && i < key_bytes; ++i) {
      const int high = digit_of(text[2 * i]);
      const int low = digit_of(text[2 * i + 1]);
      good = high >= 0 && low >= 0;
      bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
  }
  wipe(text);
  if (!good) throw Misuse("the key in " + from + " must be 32 bytes or 64 hex digits");
  Key key = Key::raw(bytes);
  ::explicit_bzero(bytes.data(), bytes.size());
  return key;
}

std::string read_secret(const std::string& path) {
  struct stat status {};
  if (path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
    warn("others than its owner may read " + path + "; `chmod 600` mends that");
  return read_input(path, secret_bytes_max);
}

std::string first_line(std::string text) {
  strip_line_end(text);
  return text;
}

// A line from the terminal without echo. Ctrl-C is read as a byte, so that the echo is always switched on again.
std::optional<std::string> ask(const std::string& question) {
  const int tty = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (tty < 0) return std::nullopt;
  termios before{};
  ::tcgetattr(tty, &before);
  termios silent = before;
  silent.c_lflag &= static_cast<tcflag_t>(~(ECHO | ICANON | ISIG));
  ::tcsetattr(tty, TCSAFLUSH, &silent);
  std::string text;
  [[maybe_unused]] auto shown = ::write(tty, question.data(), question.size());
  char c = 0;
  bool stopped = false;
  while (::read(tty, &c, 1) == 1 && c != '\n' && c != '\r' && c != 4) {
    if (c == 3) stopped = true;
    if (stopped) break;
    if (c != 127 && c != 8)
      text.push_back(c);
    else if (!text.empty())
      text.pop_back();
  }
  shown = ::write(tty, "\n", 1);
  ::tcsetattr(tty, TCSAFLUSH, &before);
  ::close(tty);
  if (stopped) {
    wipe(text);
    throw Misuse("no passphrase was given");
  }
  return text;
}

Key from_passphrase(std::string text) {
  Key key = Key::passphrase(text);
  wipe(text);
  return key;
}

Key ask_for_key(bool is_new) {
  if (::isatty(STDERR_FILENO) == 0) return {};
  std::optional<std::string> text = ask("Passphrase: ");
  if (!text) return {};
  if (is_new) {
    std::optional<std::string> again = ask("The same again: ");
    const bool same = again && *again == *text;
    if (again) wipe(*again);
    if (!same) {
      wipe(*text);
      throw Misuse("the two passphrases differ");
    }
  }
  return from_passphrase(std::move(*text));
}

std::optional<std::string> variable(const char* name) {
  const char* value = from_environment(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace

Key find_key(const Common& common, bool is_new) {
  const int given = !common.key_file.empty() + !common.passphrase_file.empty() + !common.recovery_file.empty();
  if (given > 1) throw Misuse("give one of --key-file, --passphrase-file and --recovery-code-file");
  if (!common.key_file.empty()) return raw_key(read_secret(common.key_file), common.key_file);
  if (!common.passphrase_file.empty()) return from_passphrase(first_line(read_secret(common.passphrase_file)));
  if (!common.recovery_file.empty()) {
    std::string code = first_line(read_secret(common.recovery_file));
    Key key = Key::recovery_code(code);
    wipe(code);
    return key;
  }
  if (auto file = variable("EVENTCORE_KEY_FILE")) return raw_key(read_secret(*file), *file);
  if (auto file = variable("EVENTCORE_PASSPHRASE_FILE")) return from_passphrase(first_line(read_secret(*file)));
  if (auto text = variable("EVENTCORE_PASSPHRASE")) {
    warn("the passphrase stands in the environment; a file is safer (--passphrase-file)");
    ::unsetenv("EVENTCORE_PASSPHRASE");  // NOLINT(concurrency-mt-unsafe): one thread
    return from_passphrase(std::move(*text));
  }
  return ask_for_key(is_new);
}

Key key_from_files(const std::string& key_file, const std::string& passphrase_file) {
  if (key_file.empty() == passphrase_file.empty()) throw Misuse("say where the other key is (see --help)");
  if (!key_file.empty()) return raw_key(read_secret(key_file), key_file);
  return from_passphrase(first_line(read_secret(passphrase_file)));
}

namespace {

// What went wrong as errno says it, or 0; so does the next.
int written_down(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

// A name is on the disk when its folder is; some file systems sync no folders.
int folder_synced(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = ::fsync(file) == 0 || errno == EINVAL ? 0 : errno;
  ::close(file);
  return error;
}

}  // namespace

void make_key_file(const std::string& path) {
  std::array<unsigned char, key_bytes> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Misuse("the system gives no random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  text.push_back('\n');
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int error = file < 0 ? errno : written_down(file, text);
  if (file >= 0) ::close(file);
  if (error == 0) error = folder_synced(path);
  ::explicit_bzero(bytes.data(), bytes.size());
  wipe(text);
  if (error != 0 && file >= 0) ::unlink(path.c_str());
  if (error == EEXIST)
    throw Misuse(path +
                 " is there already: --new-key-file makes a new file, --key-file and the like take one as it is");
  if (error != 0) throw Misuse(path + ": " + reason_of(error));
}

}  // namespace cli
