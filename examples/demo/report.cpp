#include <fstream>

#include "festival.hpp"
#include "talk.hpp"

namespace demo {

namespace {

void write_file(const std::string& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary);
  out << content;
  if (!out.flush()) throw std::runtime_error("could not write " + path);
}

std::string from_base64(const std::string& text) {
  static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string::npos) break;  // padding ends it
    bits = (bits << 6U) | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU));
  }
  return out;
}

}  // namespace

void report(eventcore::Engine& engine, const Festival& festival, const std::string& output) {
  step("Report, ticket and sales curve");
  Host owner = user(engine, festival.conference.owner_id);
  const Json report = owner.call("event_report", {{"event_id", festival.conference.event_id}});
  write_file(output + "/report.json", report.dump(2) + "\n");
  say("orders " + report["orders"].dump());
  say("tickets " + report["tickets"].dump());
  say("revenue " + report["revenue"].dump());
  say("checked in " + report["checked_in"].dump());

  const Json tickets = owner.list("tickets", {{"where", {{"event_id", festival.conference.event_id}}}, {"limit", 1}});
  const Json code = owner.call("ticket_qr", {{"ticket_id", tickets["rows"][0]["id"]}});
  write_file(output + "/ticket.svg", code["svg"]);
  write_file(output + "/ticket.png", from_base64(code["png"]));
  write_file(output + "/ticket.txt", code["code"].get<std::string>() + "\n");
  const Json curve = owner.call("sales_curve", {{"event_id", festival.conference.event_id}});
  write_file(output + "/sales-curve.svg", curve["svg"]);
  say("written: report.json, ticket.svg, ticket.png, sales-curve.svg");
}

bool prove(eventcore::Engine& engine) {
  step("Everything is checked again from the stored rows");
  Host host = service(engine, "final check");
  const Json verified = host.call("verify_store", Json::object());
  say("verify_store: " + std::string(verified["ok"].get<bool>() ? "ok" : "NOT OK") + ", checked " +
      verified["checked"].dump());
  for (const Json& problem : verified["problems"]) say("problem: " + problem.dump());
  return verified["ok"];
}

}  // namespace demo
