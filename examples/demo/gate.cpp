#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "clock.hpp"
#include "festival.hpp"
#include "talk.hpp"

namespace demo {

namespace {

constexpr std::size_t duplicates = 40;  // guests who try their luck twice

std::vector<std::string> sold_codes(Host& owner, const Tenant& tenant) {
  std::vector<std::string> codes;
  Json request = {
      {"where", {{"event_id", tenant.event_id}, {"status", "valid"}}}, {"columns", {"qr_code_data"}}, {"limit", 1'000}};
  for (;;) {
    const Json page = owner.list("tickets", request);
    for (const Json& row : page["rows"]) codes.push_back(row["qr_code_data"]);
    if (page["cursor"].is_null()) return codes;
    request["after"] = page["cursor"];
  }
}

// The queue at the door: everybody once, some twice, and a forged code.
std::vector<std::string> queue_of(std::vector<std::string> codes) {
  std::mt19937_64 random(7);
  const std::size_t people = codes.size();
  for (std::size_t i = 0; i < std::min(duplicates, people); ++i) codes.push_back(codes[random() % people]);
  std::shuffle(codes.begin(), codes.end(), random);
  std::string forged = codes.front();
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  codes.insert(codes.begin() + static_cast<std::ptrdiff_t>(codes.size() / 2), forged);
  return codes;
}

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  std::ofstream out(path);
  for (const std::string& line : lines) out << line << '\n';
  if (!out.flush()) throw std::runtime_error("could not write " + path);
}

// Runs `program arguments... < input > output` and answers its exit status.
int run_program(const std::vector<std::string>& words, const std::string& input, const std::string& output) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    if (std::freopen(input.c_str(), "r", stdin) == nullptr || std::freopen(output.c_str(), "w", stdout) == nullptr)
      _exit(126);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void print_summary(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const std::size_t first = lines.size() > 6 ? lines.size() - 6 : 0;
  for (std::size_t i = first; i < lines.size(); ++i) say(lines[i]);
}

}  // namespace

void open_the_gate(eventcore::Engine& engine, const Festival& festival, const std::string& output,
                   const std::string& gate_program) {
  step("The doors open: a C program checks the codes in, on the same store, in a process of its own");
  const Tenant& tenant = festival.conference;
  Host owner = user(engine, tenant.owner_id);
  const Json device =
      owner.call("register_device", {{"event_id", tenant.event_id}, {"name", "Main door"}, {"gate", "main"}});
  write_lines(output + "/gate.token", {device["token"].get<std::string>()});
  std::filesystem::permissions(output + "/gate.token",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::vector<std::string> queue = queue_of(sold_codes(owner, tenant));
  write_lines(output + "/codes.txt", queue);
  if (const auto set = engine.set_clock(festival.start_us - hour_us); !set)
    throw std::runtime_error(set.error().to_json());
  const int status = [&] {
    const Progress progress("scans", static_cast<long>(queue.size()));
    return run_program({gate_program, output + "/festival.ecdb", output + "/festival.key", output + "/gate.token",
                        tenant.event_id, std::to_string(engine.now_us())},
                       output + "/codes.txt", output + "/scans.txt");
  }();
  print_summary(output + "/scans.txt");
  if (status != 0) throw std::runtime_error("the gate program ended with " + std::to_string(status));
}

}  // namespace demo
