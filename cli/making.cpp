#include "making.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <vector>

#include "key.hpp"
#include "talk.hpp"

namespace cli {

namespace {

struct Made {
  Making::What what = Making::What::store;
  std::string database;
  std::string key;
  std::vector<std::string> files;  // those that were not there before
  bool had_database = false;
  bool has_key = false;
  bool is_claimed = false;
  std::array<struct sigaction, 2> before{};
};

constexpr std::array<int, 2> signals = {SIGINT, SIGTERM};
std::unique_ptr<Made> current;

// The handler reads what is written meanwhile.
class NoInterrupt {
 public:
  NoInterrupt() {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : signals) sigaddset(&held, number);
    ::sigprocmask(SIG_BLOCK, &held, &before_);
  }
  NoInterrupt(const NoInterrupt&) = delete;
  NoInterrupt& operator=(const NoInterrupt&) = delete;
  ~NoInterrupt() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

bool is_there(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

// docs/store-format.md says which files a store has.
std::string base_of(const std::string& database) {
  constexpr std::string_view ending = ".ecdb";
  const bool ends = database.size() >= ending.size() && database.substr(database.size() - ending.size()) == ending;
  return ends ? database.substr(0, database.size() - ending.size()) : database;
}

std::vector<std::string> files_of(Making::What what, const std::string& database) {
  const std::string next = what == Making::What::copy ? ".next" : "";
  const std::string base = base_of(database);
  std::vector<std::string> files;
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) files.push_back(database + next + ending);
  for (const char* ending : {".anchor", ".keys"}) files.push_back(base + ending + next);
  files.push_back(base + ".lock");
  if (what == Making::What::store) files.push_back(base + ".reserve");
  return files;
}

std::string full(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return std::filesystem::weakly_canonical(absolute, error).string();
}

void refuse_store_files(const std::string& database, const std::string& key) {
  for (const std::string& file : files_of(Making::What::store, database))
    if (full(file) == full(key)) throw Misuse(key + " belongs to the store: write the key to another file");
}

// Calls nothing that a signal handler may not.
void take_key_away() {
  if (current->has_key && (current->had_database || !is_there(current->database))) ::unlink(current->key.c_str());
}

void take_files_away() {
  for (const std::string& file : current->files) ::unlink(file.c_str());
}

// The engine stands still meanwhile: there is one thread. A copy that has its name is whole but for renames; it is let.
void on_interrupt(int) {
  const int error = errno;
  const bool is_whole = current->what == Making::What::copy && !current->had_database && is_there(current->database);
  if (!is_whole) {
    if (current->what == Making::What::copy || current->is_claimed) take_files_away();
    take_key_away();
    tell_interrupt();
    ::_exit(exit_interrupted);
  }
  errno = error;
}

void end() {
  for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &current->before[i], nullptr);
  current.reset();
}

}  // namespace

Making::Making(What what, const std::string& store, const std::string& new_key_file) {
  if (!new_key_file.empty()) refuse_store_files(store, new_key_file);
  auto made = std::make_unique<Made>();
  made->what = what;
  made->database = store;
  made->key = new_key_file;
  made->had_database = is_there(store);
  if (!made->had_database)
    for (const std::string& file : files_of(what, store))
      if (!is_there(file)) made->files.push_back(file);
  const NoInterrupt held;
  current = std::move(made);
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &action, &current->before[i]);
}

// A copy that was refused the engine has taken away itself: what lies there now may be somebody else's.
Making::~Making() {
  if (current == nullptr) return;
  const NoInterrupt held;
  if (current->is_claimed) take_files_away();
  take_key_away();
  end();
}

void Making::make_key() {
  if (current->key.empty()) return;
  const NoInterrupt held;
  make_key_file(current->key);
  current->has_key = true;
}

eventcore::Status Making::claim() {
  const NoInterrupt held;
  const int file = ::open(current->database.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) {
    current->had_database = true;
    return eventcore::fail_fact(eventcore::Errc::store_exists, "file", current->database);
  }
  if (file < 0) throw Misuse(current->database + ": " + reason_of(errno));
  ::close(file);
  current->is_claimed = true;
  return eventcore::ok();
}

void Making::keep() {
  const NoInterrupt held;
  end();
}

}  // namespace cli
