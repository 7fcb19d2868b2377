// The ground of the harness: a store with two organizations, and in each a row of every table that a host can write,
// made from the schema alone. A new table joins by existing; what the schema cannot tell stands in ground.cpp, with its
// reason.
// Thread: one test.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "c_bad_input/host.hpp"
#include "support/test_store.hpp"

namespace eventcore::host {

struct Tenant {
  std::string organization;
  std::string owner;
  std::unique_ptr<Session> service;        // bound to the organization
  std::unique_ptr<Session> user;           // its owner
  std::map<std::string, std::string> ids;  // table -> a row
  std::map<std::string, json> rows;        // table -> what was given to make one
};

class Ground : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  // Fails unless no commit, no change, no audit entry and no handle came since the last look.
  void expect_nothing_changed(const std::string& after);
  // The same for the rows of every table of both tenants, and the audit chains.
  static json whole_picture();
  // A row to insert, with references made where they are needed; `number` makes unique what must be.
  static json fresh_row(Tenant& tenant, const json& table, int number);
  // Arguments of place_order that sell one place at once.
  static json counter_sale(const Tenant& tenant);
  static const json& column(const json& table, const std::string& name);

  static inline json schema_;
  static inline std::map<std::string, std::string> reference_of_;  // column or argument name -> table
  static inline std::unique_ptr<test::TestFolder> folder_;
  static inline std::unique_ptr<Engine> engine_;
  static inline std::unique_ptr<Session> root_;  // the service of the whole store
  static inline Tenant ours_;
  static inline Tenant theirs_;

 private:
  static void found(Tenant& tenant, const std::string& name);
  static void make_row(Tenant& tenant, const json& table);
  static json value_for(Tenant& tenant, const json& table, const json& column, int number);
  [[nodiscard]] static std::int64_t last_change();
  std::int64_t commits_ = 0;
  std::int64_t change_ = 0;
  std::int64_t handles_ = 0;
  json picture_;
};

// The names of the fields that an error lists.
std::set<std::string> fields_of(const json& error);
// The error with every mention of `id` made one word, so that answers about two ids can be compared.
std::string without(const json& error, const std::string& id);

inline const std::string absent_id = "00000000-0000-7000-8000-00000000abcd";

}  // namespace eventcore::host
