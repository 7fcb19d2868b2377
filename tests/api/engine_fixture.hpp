// An engine on a store in a fresh folder, spoken to through the public C++ API with JSON, the way a host does.
// At the end of every test verify_store finds nothing wrong, unless the test says that it broke the store itself.
// Thread: one test; the sessions it hands out follow the rules of the API.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <eventcore/engine.hpp>
#include <memory>
#include <optional>
#include <string>

#include "api/engine.hpp"
#include "base/json.hpp"
#include "base/seed.hpp"
#include "schema/all.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {

constexpr Micros day_us = Micros{24} * 60 * 60 * 1'000'000;

template <class T>
::testing::AssertionResult refused_as(std::string_view name, const Result<T>& result) {
  if (result) return ::testing::AssertionFailure() << "it was allowed";
  if (result.error().name() == name) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().to_json();
}

template <class T>
::testing::AssertionResult succeeded(const Result<T>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().to_json();
}

// A session that takes and answers JSON.
class Caller {
 public:
  explicit Caller(Session session) : session_(std::move(session)) {}

  Result<Json> call(const std::string& command, const Json& arguments, const CallOptions& options = {}) {
    return parsed(session_.call(command, dump(arguments), options));
  }
  Result<Json> call_many(const Json& calls, const CallOptions& options = {}) {
    return parsed(session_.call_many(dump(calls), options));
  }
  Result<Json> get(const std::string& table, const std::string& id, const RecordOptions& options = {}) {
    return parsed(session_.get(table, id, options));
  }
  Result<Json> insert(const std::string& table, const Json& row, const RecordOptions& options = {}) {
    return parsed(session_.insert(table, dump(row), options));
  }
  Result<Json> insert_many(const std::string& table, const Json& rows, const RecordOptions& options = {}) {
    return parsed(session_.insert_many(table, dump(rows), options));
  }
  Result<Json> update(const std::string& table, const std::string& id, const Json& changes,
                      const RecordOptions& options = {}) {
    return parsed(session_.update(table, id, dump(changes), options));
  }
  Result<void> remove(const std::string& table, const std::string& id, const RecordOptions& options = {}) {
    return session_.remove(table, id, options);
  }
  Result<Json> list(const std::string& table, const Json& request = Json::object()) {
    return parsed(session_.list(table, dump(request)));
  }
  Result<std::int64_t> count(const std::string& table, const Json& request = Json::object()) {
    return session_.count(table, dump(request));
  }
  Result<Json> changes(std::int64_t since, std::int64_t limit = 1'000, std::int64_t timeout_us = 0) {
    return parsed(session_.changes(since, limit, timeout_us));
  }
  Session& session() { return session_; }

 private:
  static Result<Json> parsed(Result<std::string> text) {
    EC_TRY(reply, std::move(text));
    return parse_json(reply);
  }
  Session session_;
};

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    random_ = std::make_unique<SeededRandom>(testing::seed());
    open();
    organization_ = new_organization("House of Events", "house");
    owner_ = last_owner_;
  }
  void TearDown() override {
    if (engine_ && verify_at_end_) {
      const auto report = service().call("verify_store", {{"pages", false}});
      EXPECT_TRUE(succeeded(report));
      if (report) {
        EXPECT_TRUE(report.assume_value()["ok"].get<bool>()) << dump(report.assume_value());
      }
    }
    engine_.reset();
    if (HasFailure()) printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  }

  void open() {
    auto core =
        api::EngineCore::open(options_for(folder_.path("test.ecdb")), true,
                              {.random = random_.get(), .files = nullptr, .vfs = "", .start_us = start_us}, jwt());
    ASSERT_TRUE(core.has_value()) << core.error().to_json();
    core_ = std::move(core).assume_value();
    engine_.emplace(core_);
  }

  // How the engine checks JWTs; without it they are refused.
  virtual policy::JwtConfig jwt() const { return {}; }

  Caller as(const Json& principal) {
    auto session = engine_->session(dump(principal));
    if (!session) {
      ADD_FAILURE() << session.error().to_json();
      return Caller(Session(nullptr));
    }
    return Caller(std::move(session).assume_value());
  }
  Caller service() { return as({{"kind", "service"}, {"reason", "test"}}); }
  Caller service_of(const std::string& organization) {
    return as({{"kind", "service"}, {"reason", "test"}, {"organization_id", organization}});
  }
  Caller user(const std::string& id) { return as({{"kind", "user"}, {"id", id}}); }
  Caller owner() { return user(owner_); }
  Caller customer(const std::string& email) { return as({{"kind", "customer"}, {"email", email}}); }
  Caller anon() { return as({{"kind", "anon"}}); }

  // The value, or an empty object and a failed test.
  static Json accepted(Result<Json> result) {
    if (result) return std::move(result).assume_value();
    ADD_FAILURE() << result.error().to_json();
    return Json::object();
  }
  static std::string id(const Json& row) { return row.value("id", std::string()); }

  std::string new_organization(const std::string& name, const std::string& slug) {
    const Json made = accepted(service().call(
        "create_organization",
        {{"name", name}, {"slug", slug}, {"owner", {{"email", "owner@example.org"}, {"full_name", "Olga Owner"}}}}));
    if (!made.contains("owner")) return {};
    last_owner_ = id(made["owner"]);
    return id(made["organization"]);
  }
  std::string new_user(const std::string& role) {
    return id(accepted(owner().insert(
        "users",
        {{"email", role + std::to_string(++numbered_) + "@example.org"}, {"full_name", "A " + role}, {"role", role}})));
  }
  std::string new_venue(const std::string& name) { return id(accepted(owner().insert("venues", venue(name)))); }
  static Json venue(const std::string& name) {
    return {{"name", name}, {"address", "1 Long Road"}, {"max_capacity", 100}};
  }
  std::string new_event(const Json& more = Json::object()) {
    Json row = {{"name", "Winter Concert " + std::to_string(++numbered_)},
                {"start_datetime", "2026-12-01T18:00:00Z"},
                {"end_datetime", "2026-12-01T23:00:00Z"},
                {"status", "confirmed"},
                {"organization_id", organization_}};
    row.update(more);
    return id(accepted(service().insert("events", row)));
  }
  std::string new_category(const std::string& event, std::int64_t places) {
    return id(accepted(owner().insert("ticket_categories", {{"event_id", event},
                                                            {"name", "Category " + std::to_string(++numbered_)},
                                                            {"base_price", "10.00"},
                                                            {"total_quantity", places}})));
  }
  void assign(const std::string& event, const std::string& user_id, const std::string& role) {
    accepted(owner().call("assign_team", {{"event_id", event}, {"user_id", user_id}, {"role_type", role}}));
  }
  static Json order_of(const std::string& event, const std::string& category, std::int64_t quantity) {
    return {{"event_id", event},
            {"items", Json::array({{{"ticket_category_id", category}, {"quantity", quantity}}})},
            {"customer", {{"email", "bea@example.org"}, {"name", "Bea Buyer"}}}};
  }

  // What a refused write must not have moved.
  struct Written {
    std::int64_t entries = 0;
    std::int64_t changes = 0;
    friend bool operator==(const Written&, const Written&) = default;
    friend void PrintTo(const Written& w, std::ostream* out) { *out << w.entries << " entries, " << w.changes; }
  };
  Written written() {
    Written all;
    all.entries = service().count("audit_logs").assume_value();
    const Status read = core_->store().assume_value()->read([&](store::Reader& reader) -> Status {
      EC_TRY(last, reader.store_seq());
      all.changes = last;
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return all;
  }

  static constexpr Micros start_us = 1'790'000'000'000'000;  // 2026-09-21

  TestFolder folder_;
  std::unique_ptr<Random> random_;
  std::shared_ptr<api::EngineCore> core_;
  std::optional<Engine> engine_;
  std::string organization_;
  std::string owner_;
  std::string last_owner_;
  bool verify_at_end_ = true;
  int numbered_ = 0;
};

}  // namespace eventcore::test

#define EC_EXPECT_REFUSED(expected, ...) EXPECT_TRUE(::eventcore::test::refused_as(expected, __VA_ARGS__))
#define EC_EXPECT_OK(...) EXPECT_TRUE(::eventcore::test::succeeded(__VA_ARGS__))
