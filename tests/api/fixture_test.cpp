// Stores written by earlier releases still open, verify and work. tests/fixtures/stores/README.md says what they hold.
#include <filesystem>
#include <set>

#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class StoreFixtureTest : public EngineTest {
 protected:
  void SetUp() override {
    random_ = std::make_unique<SeededRandom>(testing::seed());
    const std::filesystem::path from = std::filesystem::path(EC_SOURCE_DIR) / "tests/fixtures/stores/v1";
    for (const auto& entry : std::filesystem::directory_iterator(from))
      std::filesystem::copy_file(entry.path(), folder_.path(entry.path().filename().string()));
    Bytes key(32);
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i + 1);
    store::OpenOptions options;
    options.path = folder_.path("festival.ecdb");
    options.key = store::KeyInput::raw(key);
    auto core = api::EngineCore::open(std::move(options), true,
                                      {.random = random_.get(), .files = nullptr, .vfs = "", .start_us = start_us});
    ASSERT_TRUE(core.has_value()) << core.error().to_json();
    core_ = std::move(core).assume_value();
    engine_.emplace(core_);
    organization_ = only("organizations", {{"slug", "aurora"}})["id"].get<std::string>();
    owner_ = only("users", {{"role", "owner"}, {"organization_id", organization_}})["id"].get<std::string>();
  }

  Json rows(const std::string& table, const Json& where = Json::object()) {
    Json request = {{"where", where}, {"columns", {"*"}}};
    if (!organization_.empty()) request["organization_id"] = organization_;
    return accepted(service().list(table, request))["rows"];
  }
  Json only(const std::string& table, const Json& where = Json::object()) {
    const Json all = rows(table, where);
    EXPECT_EQ(all.size(), 1U) << table << dump(all);
    return all.size() == 1 ? all[0] : Json::object();
  }
};

TEST_F(StoreFixtureTest, HasItsFilesAndNoOthers) {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(EC_SOURCE_DIR) / "tests/fixtures/stores/v1")) {
    names.insert(entry.path().filename().string());
    EXPECT_LT(entry.file_size(), 2U * 1024 * 1024) << entry.path();
  }
  EXPECT_EQ(names, (std::set<std::string>{"festival.ecdb", "festival.keys", "festival.anchor"}));
}

TEST_F(StoreFixtureTest, OpensAndVerifiesDownToItsPages) {
  const Json report = accepted(service().call("verify_store", Json::object()));
  EXPECT_TRUE(report["ok"].get<bool>()) << dump(report);
  EXPECT_GT(report["checked"].size(), 0U);
}

TEST_F(StoreFixtureTest, TheAuditChainsOfBothTenantsHold) {
  for (const char* slug : {"aurora", "second"}) {
    organization_.clear();
    const std::string tenant = only("organizations", {{"slug", slug}})["id"].get<std::string>();
    const Json chain = accepted(service().call("verify_audit", {{"organization_id", tenant}}));
    EXPECT_TRUE(chain["ok"].get<bool>()) << dump(chain);
    EXPECT_GT(chain["entries"].get<std::int64_t>(), 1);
  }
}

TEST_F(StoreFixtureTest, ItsRowsReadAsTheyWereWritten) {
  const Json event = only("events");
  EXPECT_EQ(event["name"], "Winter Festival");
  EXPECT_EQ(event["status"], "confirmed");
  EXPECT_EQ(event["start_datetime"], "2026-12-05T17:00:00Z");
  EXPECT_EQ(event["timezone"], "Europe/Berlin");
  const Json venue = only("venues");
  EXPECT_EQ(venue["amenities"], Json::array({"stage", "bar"}));
  EXPECT_EQ(venue["coordinates"], (Json{{"x", "8.8017"}, {"y", "53.0793"}}));
  const Json category = only("ticket_categories");
  EXPECT_EQ(category["base_price"], "25.00");
  EXPECT_EQ(category["available_quantity"], 94);
  EXPECT_EQ(only("users", {{"role", "member"}})["email"], "Max@Example.org");
  EXPECT_EQ(only("sponsor_packages")["current_sponsors"], 1);
  EXPECT_EQ(only("event_risks")["risk_level"], "critical");
  EXPECT_EQ(only("discount_codes")["code"], "WELCOME");
  EXPECT_EQ(only("ticket_orders", {{"customer_email", "bea@example.org"}})["payment_status"], "paid");
  EXPECT_EQ(only("ticket_orders", {{"customer_email", "carl@example.org"}})["payment_status"], "pending");
  EXPECT_EQ(rows("tickets").size(), 3U);
  EXPECT_EQ(only("check_ins")["outcome"].is_string(), true);
  EXPECT_EQ(rows("devices").size(), 1U);
}

TEST_F(StoreFixtureTest, ASealedKeyStillSignsAndASaleStillWorks) {
  const Json event = only("events");
  const Json category = only("ticket_categories");
  Json order = order_of(event["id"], category["id"], 2);
  order["payment"] = {{"method", "cash"}, {"amount", "50.00"}};
  const Json sold = accepted(owner().call("place_order", order));
  ASSERT_EQ(sold["tickets"].size(), 2U);
  const Json drawn = accepted(owner().call("ticket_qr", {{"ticket_id", sold["tickets"][0]["id"]}}));
  EXPECT_FALSE(drawn["code"].get<std::string>().empty());
  EXPECT_EQ(only("ticket_categories")["available_quantity"], 92);
}

TEST_F(StoreFixtureTest, ItsFeedGoesOnWhereItStood) {
  Json before = accepted(owner().changes(0));
  ASSERT_FALSE(before["changes"].empty());
  new_venue("Another hall");
  const Json after = accepted(owner().changes(before["next"].get<std::int64_t>()));
  ASSERT_EQ(after["changes"].size(), 1U);
  EXPECT_EQ(after["changes"][0]["seq"].get<std::int64_t>(), before["next"].get<std::int64_t>() + 1);
}

}  // namespace
}  // namespace eventcore::test
