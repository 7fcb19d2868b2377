#include "host.hpp"

namespace demo {

namespace {

Json parsed(const eventcore::Result<std::string>& reply, const std::string& what) {
  if (!reply) throw std::runtime_error(what + " was refused: " + reply.error().to_json());
  return Json::parse(reply.assume_value());
}

}  // namespace

Json Host::call(const std::string& command, const Json& arguments, const std::string& idempotency_key) {
  eventcore::CallOptions options;
  options.idempotency_key = idempotency_key;
  return parsed(session_.call(command, arguments.dump(), options), command);
}

Json Host::insert(const std::string& table, const Json& row) {
  return parsed(session_.insert(table, row.dump()), "insert into " + table);
}

Json Host::get(const std::string& table, const std::string& id) {
  return parsed(session_.get(table, id), "get from " + table);
}

Json Host::list(const std::string& table, const Json& request) {
  return parsed(session_.list(table, request.dump()), "list of " + table);
}

std::string Host::refusal(const std::string& command, const Json& arguments, Json* detail) {
  const auto reply = session_.call(command, arguments.dump());
  if (reply) return "";
  if (detail != nullptr) *detail = Json::parse(reply.error().to_json());
  return std::string(reply.error().name());
}

std::string Host::refusal_to_get(const std::string& table, const std::string& id) {
  const auto reply = session_.get(table, id);
  return reply ? std::string() : std::string(reply.error().name());
}

Host open_session(eventcore::Engine& engine, const Json& principal) {
  auto session = engine.session(principal.dump());
  if (!session) throw std::runtime_error("no session: " + session.error().to_json());
  return Host(std::move(session.assume_value()));
}

Host service(eventcore::Engine& engine, const std::string& reason) {
  return open_session(engine, {{"kind", "service"}, {"reason", reason}});
}

Host user(eventcore::Engine& engine, const std::string& id) {
  return open_session(engine, {{"kind", "user"}, {"id", id}});
}

Host anonymous(eventcore::Engine& engine) {
  return open_session(engine, {{"kind", "anon"}});
}

}  // namespace demo
