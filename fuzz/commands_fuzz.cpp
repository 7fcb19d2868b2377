// Commands and rows through a session, in a transaction that is rolled back. The first line names who asks; each other
// line is "COMMAND ARGUMENTS", "+TABLE ROW", "=TABLE ID CHANGES" or "?TABLE REQUEST", in JSON. A word like @event is
// the id of a row that is there. Whatever comes, an answer is JSON and no error is one of the engine itself or of its
// store.
#include <eventcore/engine.hpp>

#include <array>
#include <vector>

#include "base/json.hpp"
#include "support.hpp"

namespace {

using namespace eventcore;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// A festival with a place sold and one ordered, and a session for each kind of caller.
class Ground {
 public:
  Ground() : engine_(open(folder_)) {
    Session service = session(R"({"kind":"service","reason":"fuzz"})");
    const Json house =
        json(service.call("create_organization", R"({"name":"House","slug":"house",)"
                                                 R"("owner":{"email":"olga@example.org","full_name":"Olga"}})"));
    name("@organization", house["organization"]);
    name("@owner", house["owner"]);
    Session owner = session(filled(R"({"kind":"user","id":"@owner"})"));
    name("@venue", json(owner.insert("venues", filled(R"({"organization_id":"@organization","name":"Hall",)"
                                                      R"("address":"Quay 1","max_capacity":500})"))));
    name("@event", json(owner.insert("events", filled(R"({"organization_id":"@organization","name":"Night",)"
                                                      R"("venue_id":"@venue","is_public":true,)"
                                                      R"("start_datetime":"2027-05-01T18:00:00Z",)"
                                                      R"("end_datetime":"2027-05-01T23:00:00Z"})"))));
    fuzz::made(owner.update("events", filled("@event"), R"({"status":"confirmed"})"));
    name("@category", json(owner.insert("ticket_categories", filled(R"({"event_id":"@event","name":"Standing",)"
                                                                    R"("base_price":"25.00","total_quantity":100})"))));
    const Json sale = json(owner.call(
        "place_order", filled(R"({"event_id":"@event","items":[{"ticket_category_id":"@category","quantity":1}],)"
                              R"("customer":{"email":"ada@example.org","name":"Ada"},)"
                              R"("payment":{"method":"cash","amount":"25.00"}})")));
    name("@order", sale["order"]);
    name("@ticket", sale["tickets"][0]);
    words_.emplace_back("@code", sale["tickets"][0]["qr_code_data"].get<std::string>());
    const Json open = json(owner.call(
        "place_order", filled(R"({"event_id":"@event","items":[{"ticket_category_id":"@category","quantity":2}],)"
                              R"("customer":{"email":"bea@example.org","name":"Bea"}})")));
    name("@unpaid", open["order"]);
    callers_.push_back(std::move(service));
    callers_.push_back(std::move(owner));
    callers_.push_back(session(filled(R"({"kind":"service","reason":"fuzz","organization_id":"@organization"})")));
    callers_.push_back(
        session(filled(R"({"kind":"customer","email":"ada@example.org","organization_id":"@organization"})")));
    callers_.push_back(session(filled(R"({"kind":"anon","organization_id":"@organization"})")));
  }

  [[nodiscard]] std::string filled(std::string text) const {
    for (const auto& [word, value] : words_) text = replaced(std::move(text), word, value);
    return text;
  }

  Session& caller(std::string_view word) {
    constexpr std::array<std::string_view, 5> names = {"service", "owner", "bound", "customer", "anon"};
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == word) return callers_[i];
    return callers_[1];
  }

 private:
  static Engine open(const fuzz::Folder& folder) {
    OpenOptions options;
    options.path = folder.file("commands.ecdb");
    options.key = Key::raw(fuzz::fixture_key());
    options.create_new = true;
    options.test_clock = true;
    Engine engine = fuzz::made(Engine::open(std::move(options)));
    fuzz::need(engine.set_clock(std::int64_t{1'800'000'000} * 1'000'000).has_value());
    return engine;
  }
  Session session(const std::string& principal) { return fuzz::made(engine_.session(principal)); }
  static Json json(Result<std::string> reply) { return fuzz::made(parse_json(fuzz::made(std::move(reply)))); }
  void name(const char* word, const Json& row) { words_.emplace_back(word, row["id"].get<std::string>()); }

  fuzz::Folder folder_;
  Engine engine_;
  std::vector<std::pair<std::string, std::string>> words_;
  std::vector<Session> callers_;
};

void answered(const Result<std::string>& reply) {
  if (reply) {
    fuzz::need(parse_json(reply.assume_value()).has_value());
    return;
  }
  const auto error = parse_json(reply.error().to_json());
  fuzz::need(error.has_value());
  const std::string kind = error.assume_value()["class"].get<std::string>();
  fuzz::need(kind != "internal" && kind != "store");
}

std::string_view word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view first = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return first;
}

void ask(Session& session, std::string_view line) {
  const std::string_view first = word(line);
  if (first.empty()) return;
  const std::string_view name = first.substr(1);
  switch (first.front()) {
    case '+': return answered(session.insert(name, line));
    case '?': return answered(session.list(name, line));
    case '=': {
      const std::string_view id = word(line);
      return answered(session.update(name, id, line));
    }
    default: return answered(session.call(first, line));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static Ground ground;
  const std::string text = ground.filled({reinterpret_cast<const char*>(bytes), size});
  std::string_view rest = text;
  const auto line = [&rest] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return first;
  };
  Session& session = ground.caller(line());
  fuzz::need(session.begin().has_value());
  for (int lines = 0; !rest.empty() && lines < 16; ++lines) ask(session, line());
  fuzz::need(session.rollback().has_value());
  return 0;
}
