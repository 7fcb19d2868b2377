// A host that is killed while it takes Stripe's deliveries: between the check of the signature and the end of the
// commit, at a write or a sync of the store's files, again and again. Stripe delivers again, and the end is what the
// deliveries in their order would have made. EC_KILLS=<number> asks for more than the usual few.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>

#include "api/engine_fixture.hpp"
#include "base/decimal.hpp"
#include "store/copies.hpp"
#include "support/fault_vfs.hpp"
#include "support/stripe_story.hpp"

namespace eventcore::test {
namespace {

using store::KillingCalls;
using stripe::Story;

// Where the next host dies: before that operation of that kind since its first delivery.
struct Death {
  enum class At { write, sync, side_file };
  At at = At::write;
  int nth = 1;
};

class KilledWebhooksTest : public EngineTest {
 protected:
  static constexpr std::int64_t places = 5'000;

  void SetUp() override {
    EngineTest::SetUp();
    for (const char* name : {"live", "next"})
      accepted(service_of(organization_)
                   .call("set_integration_secret",
                         {{"kind", "stripe_webhook"}, {"name", name}, {"value", std::string("whsec_") + name}}));
    event_ = new_event();
    category_ = new_category(event_, places);
  }

  std::int64_t pick(std::int64_t most) { return static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(most)); }

  void begin_stories(int count) {
    for (int i = 0; i < count; ++i) {
      Story one = Story::random(dice_, "pi_" + std::to_string(i));
      Json order = order_of(event_, category_, one.quantity);
      order["customer"]["email"] = one.intent + "@example.org";
      one.placed = accepted(service_of(organization_).call("place_order", order));
      accepted(service_of(organization_)
                   .call("start_payment",
                         {{"order_id", one.placed["order"]["id"]}, {"provider", "stripe"}, {"reference", one.intent}}));
      for (const Json& event : one.events()) events_.push_back(event);
      stories_.push_back(std::move(one));
    }
  }

  Json signed_delivery(const Json& event, std::mt19937_64& dice) const {
    const std::int64_t ahead_s = static_cast<std::int64_t>(dice() % 601) - 300;
    return stripe::delivery(organization_, dump(event), dice() % 2 == 0 ? "whsec_live" : "whsec_next",
                            start_us / 1'000'000 + ahead_s);
  }

  void close() {
    engine_.reset();
    core_.reset();
  }

  // The life of one host: it takes deliveries in an order of its own and says which were answered, until it dies.
  [[noreturn]] void take_deliveries(const Death& death, std::uint64_t seed, int said) const {
    std::mt19937_64 dice(seed);
    SeededRandom random(seed);
    FaultVfs vfs("ec-killed-webhooks");
    KillingCalls calls(death.at == Death::At::side_file ? death.nth : -1);
    static SystemClock clock;
    const auto files =
        store::make_files({calls, clock, random, [](std::int64_t wait) { ::usleep(static_cast<useconds_t>(wait)); }});
    auto core =
        api::EngineCore::open(options_for(folder_.path("test.ecdb")), true,
                              {.random = &random, .files = files.get(), .vfs = vfs.name(), .start_us = start_us}, {});
    if (!core) ::_exit(2);
    Engine engine(core.assume_value());
    auto session = engine.session(dump({{"kind", "service"}, {"reason", "host"}}));
    if (!session) ::_exit(3);
    if (death.at == Death::At::side_file)
      calls.begin();
    else
      vfs.arm(death.at == Death::At::write ? FaultAt::write : FaultAt::sync, death.nth, FaultVfs::kill_process);
    std::vector<Json> mine = events_;
    std::shuffle(mine.begin(), mine.end(), dice);
    mine.resize(8);
    for (const Json& event : mine) {
      const auto reply = session.assume_value().call("apply_stripe_webhook", dump(signed_delivery(event, dice)));
      if (!reply) ::_exit(4);
      const std::string effect = parse_json(reply.assume_value()).assume_value()["effect"];
      const std::string line = event["id"].get<std::string>() + " " + effect + "\n";
      if (::write(said, line.data(), line.size()) < 0) ::_exit(5);
    }
    ::_exit(0);
  }

  // Runs a host that dies there; the effects it has answered, by event. Nobody holds the store open meanwhile.
  std::map<std::string, std::string> run_host(const Death& death, std::uint64_t seed) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) take_deliveries(death, seed, ends[1]);
    ::close(ends[1]);
    std::string said;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;)
      said.append(bytes, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
    if (WIFSIGNALED(status)) ++killed_;
    std::map<std::string, std::string> answered;
    std::istringstream lines(said);
    for (std::string event, effect; lines >> event >> effect;) answered[event] = effect;
    return answered;
  }

  std::vector<Json> rows(const std::string& table, const Json& where) {
    std::vector<Json> all;
    Json request = {{"where", where}};
    do {
      const Json page = accepted(service_of(organization_).list(table, request));
      for (const Json& row : page["rows"]) all.push_back(row);
      request["after"] = page["cursor"];
    } while (!request["after"].is_null());
    return all;
  }

  // What was answered is kept; an event and its effect are there together or not at all.
  void expect_whole(const std::map<std::string, std::string>& answered) {
    std::map<std::string, std::vector<std::string>> effects;  // of each order
    std::map<std::string, std::string> kept;
    for (const Json& row : rows("payment_events", Json::object())) {
      const std::string told = row["effect"];  // "refunded 12.00 EUR"
      const std::string effect = told.substr(0, told.find(' '));
      kept[row["provider_event_id"]] = effect;
      if (row["order_id"].is_string()) effects[row["order_id"]].push_back(effect);
    }
    for (const auto& [event, effect] : answered) {
      EXPECT_TRUE(kept.contains(event)) << event << " was answered: " << effect;
      if (effect != "duplicate") {
        EXPECT_EQ(kept[event], effect) << event;
      }
    }
    for (const Story& one : stories_) {
      const std::string order = id(one.placed["order"]);
      const std::vector<std::string>& of = effects[order];
      const bool paid = std::any_of(of.begin(), of.end(), [](const std::string& effect) {
        return effect == "paid" || effect == "refunded" || effect == "charged_back";
      });
      EXPECT_EQ(rows("tickets", {{"order_id", order}}).size(), paid ? static_cast<std::size_t>(one.quantity) : 0U);
      EXPECT_EQ(rows("order_payments", {{"order_id", order}, {"kind", "payment"}, {"status", "succeeded"}}).size(),
                paid ? 1U : 0U);
    }
  }

  std::int64_t sum(const Story& one, const std::string& kind, const std::string& status) {
    std::int64_t cents = 0;
    for (const Json& row :
         rows("order_payments", {{"order_id", one.placed["order"]["id"]}, {"kind", kind}, {"status", status}}))
      cents += parse_decimal(row["amount"].get<std::string>(), 2).assume_value();
    return cents;
  }
  void expect_the_end(const Story& one) {
    SCOPED_TRACE(one.intent);
    const std::string order = id(one.placed["order"]);
    EXPECT_EQ(accepted(service_of(organization_).get("ticket_orders", order))["payment_status"], one.payment_status());
    const auto tickets = [&](const char* status) {
      return static_cast<std::int64_t>(rows("tickets", {{"order_id", order}, {"status", status}}).size());
    };
    EXPECT_EQ(tickets("valid"), one.valid_tickets());
    EXPECT_EQ(tickets("cancelled"), one.cancelled_tickets());
    EXPECT_EQ(sum(one, "payment", "succeeded"), one.in());
    EXPECT_EQ(sum(one, "refund", "succeeded") + sum(one, "chargeback", "succeeded"), one.out());
    EXPECT_EQ(sum(one, "refund", "due"), 0);
  }

  std::mt19937_64 dice_{testing::seed()};
  std::string event_;
  std::string category_;
  std::vector<Story> stories_;
  std::vector<Json> events_;
  int killed_ = 0;
};

TEST_F(KilledWebhooksTest, DeliveredAgainTheyEndAsTheirOwnOrderWould) {
  EC_TRACE_SEED();
  const char* const asked = std::getenv("EC_KILLS");
  const int hosts = asked != nullptr ? std::atoi(asked) : 30;
  begin_stories(16 + hosts / 3);
  std::map<Death::At, int> deaths;
  std::size_t answered = 0;
  for (int host = 0; host < hosts && !HasFailure(); ++host) {
    static constexpr int most[] = {60, 6, 12};  // operations of that kind while some deliveries are taken
    const auto at = static_cast<std::size_t>(pick(3));
    const Death death{static_cast<Death::At>(at), static_cast<int>(1 + pick(most[at]))};
    SCOPED_TRACE("host " + std::to_string(host));
    close();
    const int before = killed_;
    const auto said = run_host(death, testing::seed() + static_cast<std::uint64_t>(host));
    deaths[death.at] += killed_ - before;
    answered += said.size();
    open();
    expect_whole(said);
  }
  for (int round = 0; round < 2; ++round) {  // twice, since a dispute may come before its payment
    std::shuffle(events_.begin(), events_.end(), dice_);
    for (const Json& event : events_)
      accepted(service_of(organization_).call("apply_stripe_webhook", signed_delivery(event, dice_)));
  }
  std::int64_t taken = 0;
  for (const Story& one : stories_) {
    expect_the_end(one);
    if (!one.all_back()) taken += one.quantity;
  }
  EXPECT_EQ(accepted(service_of(organization_).get("ticket_categories", category_))["available_quantity"],
            Json(places - taken));
  EXPECT_EQ(rows("payment_events", Json::object()).size(), events_.size());
  EXPECT_EQ(accepted(service_of(organization_).call("verify_audit", {{"organization_id", organization_}}))["ok"], true);
  printf("%d hosts, %d killed: at %d writes, %d syncs, %d calls on side files; %zu deliveries answered\n", hosts,
         killed_, deaths[Death::At::write], deaths[Death::At::sync], deaths[Death::At::side_file], answered);
  EXPECT_GT(killed_, hosts / 2);
}

}  // namespace
}  // namespace eventcore::test
