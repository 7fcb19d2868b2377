#include "api/version.hpp"

#include "base/json.hpp"
#include "base/time.hpp"
#include "store/versions.hpp"

namespace eventcore::api {

namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "info";
}

}  // namespace

std::string version_json() {
  const store::Versions versions = store::versions();
  Json json = Json::object();
  json["eventcore"] = release;
  json["sqlcipher"] = versions.sqlcipher;
  json["sqlite"] = versions.sqlite;
  json["openssl"] = versions.openssl;
  json["libsodium"] = versions.libsodium;
  return dump(json);
}

std::string logs_json(EngineCore& engine, std::size_t lines_max) {
  Json json = Json::array();
  for (const LogLine& line : engine.log().pull(lines_max)) {
    Json entry = Json::object();
    entry["time"] = format_rfc3339(line.time_us);
    entry["level"] = level_name(line.level);
    entry["text"] = line.text;
    json.push_back(std::move(entry));
  }
  return dump(json);
}

}  // namespace eventcore::api
