// The access contract once more, in plain words and plain functions: a third statement beside the declarations of the
// schema and matrix.txt, written from the contract's text alone. It works on rows as a service reads them and knows
// nothing of the engine, so that a misunderstanding there is not repeated here.
// Thread: plain data and functions.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace eventcore::test::statement {

// All rows of the store, as a service reads them; a row is found by its tenant and id.
class Image {
 public:
  using Rows = std::map<std::string, Json, std::less<>>;  // by id

  void put(const std::string& table, Json row);
  void drop(const std::string& table, const std::string& organization, const std::string& id);
  [[nodiscard]] const Json* find(std::string_view table, std::string_view organization, std::string_view id) const;
  [[nodiscard]] const Rows& rows(std::string_view table, std::string_view organization) const;
  [[nodiscard]] std::vector<std::string> tenants(std::string_view table) const;

 private:
  std::map<std::string, std::map<std::string, Rows, std::less<>>, std::less<>> tables_;
};

std::string text_at(const Json& row, const char* column);  // "" when it is null or not there
std::string tenant_of(std::string_view table, const Json& row);

enum class Kind { service, user, sponsor, customer, api_key, device, anon };

struct Who {
  Kind kind = Kind::anon;
  bool valid = true;
  std::string id;                       // of a user, sponsor, device
  std::string organization;             // empty: all tenants (service, customer, anon)
  std::string role;                     // user
  std::vector<Json> assignments;        // user: those that count today
  std::string package;                  // sponsor
  std::string event;                    // device; sponsor, unless the contract is cancelled
  std::string email;                    // customer, folded
  std::set<std::string> ticket_events;  // customer: tenant/event for which he holds a ticket
  std::set<std::string> permissions;    // api_key
};

// What the principal's own rows make of him at this day (YYYY-MM-DD). A sponsor may come with an API key made for it.
Who user_of(const Image& image, const std::string& organization, const std::string& id, const std::string& today);
Who sponsor_of(const Image& image, const std::string& organization, const std::string& id, const std::string& key);
Who device_of(const Image& image, const std::string& organization, const std::string& id);
Who key_of(const Image& image, const std::string& organization, const std::string& id, const std::string& now);
Who customer_of(const Image& image, const std::string& email, const std::string& organization);

// A row that somebody asks about, with the event it belongs to (null: none), which may differ from the image's.
struct Subject {
  std::string_view table;
  const Json& row;
  const Json* event;
};
Subject subject(const Image& image, std::string_view table, const Json& row);

enum class Act { view, create, update, remove };

// What a principal may do with a row and with which of its columns.
struct Grant {
  bool allowed = false;
  bool by_rule = false;  // refused by `engine`, `command` or `nobody`, whoever asks
  bool all_columns = false;
  std::set<std::string> columns;  // when not all
  std::set<std::string> without;  // taken away again
  [[nodiscard]] bool covers(const std::string& column) const {
    return allowed && (all_columns || columns.contains(column)) && !without.contains(column);
  }
};
Grant grant(Act act, const Image& image, const Who& who, const Subject& subject);
bool may_view(const Image& image, const Who& who, std::string_view table, const Json& row);

// "Only an owner grants or touches `owner`", of a users row (null values: a new one) and what is to be written.
bool owner_rule_refuses(const Who& who, const Json& row, const Json& change);

// Where the engine does not do what the contract says: the cell of the matrix as it is written, the cell as the engine
// has it, and the contract's sentence. The probes go by the engine's cell, so that the rest of the table stays
// compared; the list is printed with every run.
struct KnownDisagreement {
  const char* table;
  Act act;
  const char* engine;
  const char* sentence;
};
const std::vector<KnownDisagreement>& known_disagreements();

// A single predicate by its name in the contract.
bool holds(const std::string& predicate, const Image& image, const Who& who, const Subject& subject);

// Whether the principal may run a command on this row (the event, order, ticket, ... that the command is about).
// `more` is a circumstance that the contract tells apart: "payment", "factors", "owner".
// A command on the whole store is about no row; the subject is then not looked at.
bool may_run(const std::string& command, const std::string& more, const Image& image, const Who& who,
             const Subject& subject);

// The tables whose rows sessions without an organization find by id alone.
bool found_without_tenant(std::string_view table);
// The column whose row gives a new row its tenant and event; empty when the row names them itself.
std::string parent_column(std::string_view table);
// The columns on which reading depends on who asks, whatever the row.
std::set<std::string> restricted_columns(std::string_view table);

}  // namespace eventcore::test::statement
