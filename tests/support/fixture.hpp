// A store with one organization in it, and everything the rules need to be called the way the engine calls them: one
// unit of work per call, under a principal. At the end of every test the audit chain holds, audit entries and changes
// match one to one, and verify finds nothing.
// Thread: one test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/codes.hpp"
#include "base/json.hpp"
#include "support/test_store.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::test {

class Fixture : public ::testing::Test {
 protected:
  using Principal = policy::Principal;
  using Work = std::function<Result<Json>(work::UnitOfWork&)>;

  void SetUp() override;
  void TearDown() override;

  static Principal as_service(std::optional<Uuid> organization = std::nullopt);
  // A user of the organization with that role, made when first asked for; the owner came with the organization.
  Principal as_user(policy::Role role);
  Principal as_user_row(const Uuid& id) const;
  static Principal as_customer(const std::string& email);
  static Principal as_anon() { return {}; }

  Result<Json> run(const Principal& principal, const std::string& command, const Work& work);
  Result<Json> call(const Principal& principal, const std::string& command, const Json& arguments);
  Result<Json> insert(const Principal& principal, const schema::TableDef& table, const Json& row);
  Result<Json> update(const Principal& principal, const schema::TableDef& table, const Uuid& id, const Json& row);
  Status remove(const Principal& principal, const schema::TableDef& table, const Uuid& id);
  Result<Json> get(const Principal& principal, const schema::TableDef& table, const Uuid& id);

  // The same as the service, where the test is about something else: fails the test when refused.
  Uuid add(const schema::TableDef& table, Json row);
  Json set(const schema::TableDef& table, const Uuid& id, const Json& row);
  Uuid add_event(Json more = Json::object());
  Uuid add_category(const Uuid& event, std::int64_t total, Json more = Json::object());
  Uuid add_organization(const std::string& name, const Json& settings = Json::object());
  Uuid add_order(const Uuid& event, const std::string& payment_status = "paid", const std::string& currency = "USD");
  Uuid add_ticket(const Uuid& order, const Uuid& category, const std::string& status = "valid");
  Uuid add_line(const Uuid& order, const Uuid& category, std::int64_t quantity);
  // For commands' own writes, under the command's right.
  Status engine_change(const schema::TableDef& table, const Uuid& id, const Changes& changes);
  Status engine_erase(const schema::TableDef& table, const Uuid& id);

  Record row(const schema::TableDef& table, const Uuid& id);
  std::int64_t number(const schema::TableDef& table, const Uuid& id, Column column);
  std::int64_t count(const schema::TableDef& table, const Expr& where = Expr::always());

  // Behind the engine's back: one statement on the closed store, which is then opened again.
  void tamper(const std::string& sql);
  // What verify finds in the organization, each as "kind table: expected <> found".
  std::vector<std::string> problems();

  TestFolder folder_;
  TestClock clock_{1'790'000'000'000'000};  // 2026-09-21
  std::unique_ptr<Random> random_;
  Log log_{clock_};
  std::unique_ptr<UuidSource> ids_;
  std::unique_ptr<store::Store> store_;
  Uuid organization_{};
  Uuid owner_{};
  std::vector<Uuid> organizations_;  // whose chains are checked at the end

 private:
  store::Environment environment();
  void check_chain(store::Reader& reader, const Uuid& organization);
  std::map<policy::Role, Uuid> users_;
  int numbered_ = 0;
};

Uuid id_of(const Json& row);

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

}  // namespace eventcore::test

#define EC_EXPECT_REFUSED(expected, ...) EXPECT_TRUE(::eventcore::test::refused_as(expected, __VA_ARGS__))
#define EC_EXPECT_OK(...) EXPECT_TRUE(::eventcore::test::succeeded(__VA_ARGS__))
