// A host's thin layer over the engine: JSON values instead of text, and failures that end the demo with their reason.
#pragma once

#include <eventcore/engine.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace demo {

using Json = nlohmann::json;

class Host {
 public:
  explicit Host(eventcore::Session session) : session_(std::move(session)) {}

  // Throws std::runtime_error naming the error when the engine refuses.
  Json call(const std::string& command, const Json& arguments, const std::string& idempotency_key = "");
  Json insert(const std::string& table, const Json& row);
  Json get(const std::string& table, const std::string& id);
  Json list(const std::string& table, const Json& request);

  // The error's name, or "" when the engine did it; for steps that are meant to be refused.
  std::string refusal(const std::string& command, const Json& arguments, Json* detail = nullptr);
  std::string refusal_to_get(const std::string& table, const std::string& id);

  eventcore::Session& session() { return session_; }

 private:
  eventcore::Session session_;
};

Host open_session(eventcore::Engine& engine, const Json& principal);
Host service(eventcore::Engine& engine, const std::string& reason);
Host user(eventcore::Engine& engine, const std::string& id);
Host anonymous(eventcore::Engine& engine);

}  // namespace demo
