#include "common.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "json_text.hpp"
#include "key.hpp"

namespace cli {

using eventcore::Engine;
using eventcore::Errc;
using eventcore::OpenOptions;
using eventcore::Result;
using eventcore::Session;

OpenOptions open_options(const Common& common, Access access) {
  if (common.store.empty()) throw Misuse("no store is named: give --store FILE or set EVENTCORE_STORE");
  OpenOptions options;
  options.path = common.store;
  options.key = find_key(common, access == Access::create);
  options.create = access == Access::create;
  options.read_only = access == Access::read;
  options.accept_loss = common.accept_loss;
  return options;
}

Result<Engine> open_engine(OpenOptions options) {
  const std::string path = options.path;
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) throw Misuse(path + " is a folder, not a store");
  auto engine = Engine::open(std::move(options));
  if (engine || engine.error().code() != Errc::store_not_found) return engine;
  return eventcore::fail_fact(Errc::store_not_found, "file", path);
}

Result<Engine> open_store(const Common& common, Access access) {
  return open_engine(open_options(common, access));
}

Result<Session> open_session(Engine& engine, const Common& common) {
  std::string principal = principal_json(common);
  auto session = engine.session(principal);
  wipe(principal);
  return session;
}

Result<Session> open_service(Engine& engine, const std::string& reason) {
  return engine.session(R"({"kind":"service","reason":)" + as_json(reason) + "}");
}

namespace {

std::string token_of(const Common& common) {
  std::string file = common.token_file;
  if (const char* variable = from_environment("EVENTCORE_TOKEN_FILE"); file.empty() && variable != nullptr)
    file = variable;
  if (file.empty()) throw Misuse("--as device needs the device's token: --token-file FILE or EVENTCORE_TOKEN_FILE");
  std::string token = read_input(file);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  return token;
}

}  // namespace

std::string principal_json(const Common& common) {
  const std::size_t colon = common.as.find(':');
  const std::string kind = common.as.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : common.as.substr(colon + 1);
  std::string json = "{\"kind\":" + as_json(kind);
  std::string organization = common.organization;
  if (kind == "service") {
    if (rest.empty()) throw Misuse("--as service:REASON says why it acts");
    json += ",\"reason\":" + as_json(rest);
  } else if (kind == "user" || kind == "sponsor") {
    json += ",\"id\":" + as_json(rest);
    organization.clear();  // the row says which
  } else if (kind == "customer") {
    json += ",\"email\":" + as_json(rest);
  } else if (kind == "device") {
    std::string token = token_of(common);
    json += ",\"token\":" + as_json(token);
    wipe(token);
    organization.clear();
  } else if (kind == "anon") {
    if (!rest.empty()) organization = rest;
  } else {
    throw Misuse("--as takes service:REASON, user:ID, customer:EMAIL, sponsor:ID, device or anon[:ORGANIZATION]");
  }
  if (!organization.empty()) json += ",\"organization_id\":" + as_json(organization);
  return json + "}";
}

std::string read_input(const std::string& path, std::size_t bytes_max) {
  static bool standard_input_taken = false;
  int file = STDIN_FILENO;
  if (path == "-") {
    if (standard_input_taken) throw Misuse("standard input can be read for one thing only");
    standard_input_taken = true;
  } else {
    file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw Misuse(path + ": " + reason_of(errno));
  }
  std::string text;
  std::string piece(65536, '\0');
  ssize_t got = 0;
  while (text.size() <= bytes_max &&
         ((got = ::read(file, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)))
    if (got > 0) text.append(piece, 0, static_cast<std::size_t>(got));
  const int error = errno;
  wipe(piece);
  if (file != STDIN_FILENO) ::close(file);
  if (text.size() > bytes_max) {
    wipe(text);
    throw Misuse(path + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
  if (got < 0) throw Misuse((path == "-" ? "standard input" : path) + ": " + reason_of(error));
  return text;
}

std::string json_argument(const std::string& argument) {
  if (argument == "-") return read_input("-");
  if (!argument.empty() && argument[0] == '@') return read_input(argument.substr(1));
  return argument.empty() ? "{}" : argument;
}

void wipe(std::string& secret) {
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace cli
