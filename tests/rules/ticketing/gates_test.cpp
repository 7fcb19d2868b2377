// Many gates at once, in threads and in processes: every ticket lets exactly one of them admit.
// EC_SCAN_TICKETS=1000 for the long run, in which each of the 4 processes has 64 threads.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <eventcore/engine.hpp>
#include <fstream>
#include <map>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {

class GatesTest : public ::testing::Test {
 protected:
  static Json must(Result<std::string> reply) {
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().to_json());
    return reply ? parse_json(reply.assume_value()).assume_value() : Json::object();
  }

  void SetUp() override {
    OpenOptions options;
    options.path = folder_.path("test.ecdb");
    options.key = Key::raw(test_key);
    options.create = true;
    auto opened = Engine::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().to_json();
    engine_.emplace(std::move(opened).assume_value());
  }

  // An event that is on now, and the codes of `count` tickets.
  std::vector<std::string> sell(int count) {
    Session service = engine_->session(R"({"kind":"service","reason":"test"})").assume_value();
    const Json made = must(
        service.call("create_organization", R"({"name":"Aurora","owner":{"email":"o@example.org","full_name":"O"}})"));
    Json owner = {{"kind", "user"}, {"id", made["owner"]["id"]}};
    Session session = engine_->session(dump(owner)).assume_value();
    const Json event = must(session.insert(
        "events",
        dump({{"name", "Night"}, {"start_datetime", format_now(-3600)}, {"end_datetime", format_now(36'000)}})));
    event_ = event["id"].get<std::string>();
    must(session.update("events", event_, R"({"status":"confirmed"})"));
    const Json category = must(session.insert(
        "ticket_categories",
        dump({{"event_id", event_}, {"name", "All"}, {"base_price", "1.00"}, {"total_quantity", 10'000}})));
    std::vector<std::string> codes;
    for (int sold = 0; sold < count; sold += 10) {
      const Json order = {{"event_id", event_},
                          {"items", {{{"ticket_category_id", category["id"]}, {"quantity", 10}}}},
                          {"customer", {{"email", "bea@example.org"}, {"name", "Bea"}}},
                          {"payment", {{"method", "cash"}, {"amount", "10.00"}}}};
      const Json placed = must(session.call("place_order", dump(order)));
      for (const Json& ticket : placed["tickets"]) codes.push_back(ticket["qr_code_data"]);
    }
    return codes;
  }
  static std::string format_now(std::int64_t plus_seconds) {
    const std::time_t at = std::time(nullptr) + plus_seconds;
    std::tm parts{};
    gmtime_r(&at, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
  }

  pid_t gates_in_another_process(const std::string& out, int threads, int seed) {
    const std::string program = std::string(EC_TEST_PROGRAMS) + "/scanner";
    const std::string store = folder_.path("test.ecdb");
    const std::string key = hex(test_key);
    const std::string codes = folder_.path("codes");
    const std::string many = std::to_string(threads);
    const std::string number = std::to_string(seed);
    const pid_t child = fork();
    if (child == 0) {
      if (freopen(out.c_str(), "w", stdout) == nullptr) _exit(126);
      execl(program.c_str(), program.c_str(), store.c_str(), key.c_str(), event_.c_str(), codes.c_str(), many.c_str(),
            number.c_str(), nullptr);
      _exit(127);
    }
    return child;
  }

  TestFolder folder_;
  std::optional<Engine> engine_;
  std::string event_;
};

TEST_F(GatesTest, D8FourProcessesOfManyThreadsAdmitEachTicketExactlyOnce) {
  constexpr int processes = 4;
  const char* given = std::getenv("EC_SCAN_TICKETS");
  const int threads = given == nullptr ? 16 : 64;
  const std::vector<std::string> codes = sell(given == nullptr ? 20 : std::atoi(given));
  {
    std::ofstream file(folder_.path("codes"));
    for (const std::string& code : codes) file << code << "\n";
  }
  const auto began = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i)
    children.push_back(gates_in_another_process(folder_.path("out" + std::to_string(i)), threads, 1'000 * i));
  for (const pid_t child : children) {
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::map<std::size_t, int> admitted;
  for (int i = 0; i < processes; ++i) {
    std::ifstream file(folder_.path("out" + std::to_string(i)));
    for (std::size_t place = 0; file >> place;) ++admitted[place];
  }
  EXPECT_EQ(admitted.size(), codes.size());
  for (const auto& [place, times] : admitted) EXPECT_EQ(times, 1) << place;
  Session service = engine_->session(R"({"kind":"service","reason":"test"})").assume_value();
  const std::int64_t scans = service.count("check_ins", R"({"where":{}})").assume_value();
  EXPECT_EQ(scans, static_cast<std::int64_t>(codes.size()) * processes * threads);
  EXPECT_EQ(must(service.call("verify_store", "{}"))["ok"], true);
  std::printf("%lld scans by %d processes of %d threads in %.1f s\n", static_cast<long long>(scans), processes, threads,
              took.count());
}

}  // namespace eventcore::test
