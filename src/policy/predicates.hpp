// The predicates of spec/ACCESS.md, each in two implementations that must agree: a condition for the store's reads,
// and a decision on a row in memory for the checks of a write and for the feed.
#pragma once

#include <deque>
#include <utility>

#include "policy/principal.hpp"
#include "schema/expr.hpp"
#include "schema/policies.hpp"

namespace eventcore::policy {

// What a predicate may look at besides the row: its event and its order. Reads lazily and remembers, since the checks
// of one write ask again and again. A Related made of facts stored with a change answers from those.
class Related {
 public:
  explicit Related(store::Reader& reader) : reader_(&reader) {}
  virtual ~Related() = default;
  Related(const Related&) = delete;
  Related& operator=(const Related&) = delete;

  // The row's event, order or conversation; nullopt when it has none. The pointer lives until forget().
  virtual Result<const Record*> row(const schema::TableDef& table, const Uuid& organization, const Uuid& id);
  // venues: does an event at this venue satisfy the condition?
  virtual Result<bool> any_event_at(const Record& venue, const Expr& condition);
  void forget() { seen_.clear(); }

 protected:
  Related() = default;

 private:
  store::Reader* reader_ = nullptr;
  std::deque<std::pair<Uuid, Record>> seen_;  // a deque: pointers handed out stay good
};

Expr predicate_expr(schema::Predicate predicate, const schema::TableDef& table, const Facts& facts);

Result<bool> predicate_holds(schema::Predicate predicate, const Record& row, const Facts& facts, Related& related);

// Positions of the columns predicates look at, -1 where a table has none. Computed once per table.
struct PolicyColumns {
  int organization = -1, event = -1, user = -1, assignee = -1, creator = -1, recipient = -1, sponsor = -1, package = -1,
      customer_email = -1, attendee_email = -1, from_email = -1, to_email = -1, order = -1, transferred_from = -1,
      is_public = -1, status = -1, is_active = -1, is_approved = -1, conversation = -1;
};
const PolicyColumns& policy_columns(const schema::TableDef& table);

}  // namespace eventcore::policy
