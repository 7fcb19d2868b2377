// A store for the access tests: two tenants of equal content (a third one, with the same row ids as the first, where
// asked for), a row of every table in every situation that the matrix
// tells apart, and a session for each of its principals.
// Rows go in as a service imports them; those that only commands write go through the same unit of work as rules use.
// Thread: belongs to one test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/engine.hpp"
#include "api/session.hpp"
#include "base/json.hpp"
#include "schema/all.hpp"
#include "support/test_store.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::test {

// The principals of matrix.txt, in its order.
extern const std::vector<std::string> principal_names;

// The situations of a table's rows: "" is the plain one; "public", "planning", "inactive", "no_event", "approved".
std::vector<std::string> variants_of(const schema::TableDef& table);
// Whether se and gs have rows of their own in this table.
bool has_own_rows(const schema::TableDef& table);

struct Tenant {
  std::string name;              // "a", "b" or "c"
  const Tenant* twin = nullptr;  // its rows have the ids of this tenant's, where ids are not store-wide
  std::string organization;
  std::map<std::string, std::string> users;     // by principal; "x" is nobody's principal
  std::map<std::string, std::string> rows;      // "table", "table variant", "table variant/se"
  std::map<std::string, std::string> sponsors;  // s1, s2, s3, sx
  std::map<std::string, std::string> devices;   // d1, d2: tokens
  std::map<std::string, std::string> keys;      // kw, kr, ke, kn: tokens
};

class World {
 public:
  // random null: the system's randomness
  explicit World(bool with_third_tenant = false, Random* random = nullptr);

  [[nodiscard]] const Tenant& a() const { return a_; }
  [[nodiscard]] const Tenant& b() const { return b_; }
  [[nodiscard]] const Tenant& c() const { return c_; }
  [[nodiscard]] const std::shared_ptr<api::EngineCore>& engine() const { return engine_; }
  [[nodiscard]] const std::string& folder() const { return folder_.folder(); }  // of the store's files

  // The session of a principal of the matrix, opened once.
  api::SessionCore& session(const std::string& principal);
  [[nodiscard]] std::string principal_json(const std::string& principal) const;  // as a session is opened with
  std::shared_ptr<api::SessionCore> open(const std::string& principal_json);
  api::SessionCore& service() { return session("sv"); }

  // The row that a cell is about: the principal's own where he has one.
  [[nodiscard]] std::string row_of(const schema::TableDef& table, const std::string& variant,
                                   const std::string& principal) const;
  // A new row of that kind as a caller writes it; `who` (a user id) stands in its user, assignee, recipient column.
  Json draft(const Tenant& tenant, const schema::TableDef& table, const std::string& variant, const std::string& who);

  // Runs a body as the engine does for a command, in one committed unit of work.
  Status run(const std::function<Status(work::UnitOfWork&)>& body);
  // Inserts as the engine, whatever the table; answers the id.
  std::string put(const Tenant& tenant, std::string_view table, const Json& row, const Json& more = Json::object());

 private:
  void fill(Tenant& tenant);
  void fill_people(Tenant& tenant);
  void fill_events(Tenant& tenant);
  void fill_sponsors(Tenant& tenant);
  void fill_sales(Tenant& tenant);
  void fill_keys(Tenant& tenant);
  void fill_table(Tenant& tenant, std::string_view table);
  Json imported(const Tenant& tenant, const schema::TableDef& table, const std::string& variant,
                const std::string& who) const;
  TestFolder folder_;
  std::shared_ptr<api::EngineCore> engine_;
  Tenant a_;
  Tenant b_;
  Tenant c_;
  std::map<std::string, std::shared_ptr<api::SessionCore>> sessions_;
  int next_ = 0;
};

// The world that tests share which leave it as it was.
World& shared_world();

Json parsed(const Result<std::string>& reply);  // aborts the test with the failure's text when it is none

}  // namespace eventcore::test
