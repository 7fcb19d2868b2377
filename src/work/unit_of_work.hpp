// UnitOfWork: the one path for writes. One transaction's worth of work of one call, always in this order:
//   old row under view -> policy on the old row -> engine columns -> policy on the new row -> references ->
//   invariants and state machine -> SQL -> audit entry -> change row.
// (The shape was checked by the decoder before the transaction began.) No unit spans two tenants.
// Thread: belongs to one job of the store.
#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/chain.hpp"
#include "store/reader.hpp"
#include "work/invariants.hpp"
#include "work/reading.hpp"

namespace eventcore::work {

class UnitOfWork : public Reading {
 public:
  UnitOfWork(store::Writer& writer, const Call& call, policy::Facts facts, const InvariantTable& invariants);

  // Each answers the row as stored. `given` holds only what the caller named.
  Result<Record> insert(const schema::TableDef& table, const Changes& given, As as = As::caller);
  Result<Record> update(const schema::TableDef& table, const Uuid& id, const Changes& given, As as = As::caller,
                        std::optional<std::int64_t> if_version = std::nullopt,
                        const std::optional<Uuid>& organization = std::nullopt);
  Status remove(const schema::TableDef& table, const Uuid& id, std::optional<std::int64_t> if_version = std::nullopt,
                const std::optional<Uuid>& organization = std::nullopt);

  // For rules: under the command's right, on a row already read. `row` becomes the stored one.
  Status change(Record& row, const Changes& given);
  Status erase(const Record& row);  // the row alone, with audit and change; children are the caller's business

  // Rows of a closed organization go without a word from invariants: their counters and owners go too.
  Status discard(const Record& row);
  // Drops the images and salts of audit entries of a closed organization and appends the entry that says so.
  Status blank_entries(const Uuid& organization, const std::vector<Record>& entries);
  // The organization's removal is complete: only its audit chain is left.
  Status forget_closed(const Uuid& organization);

  // Moves a derived counter when the unit ends, in one write however many rows moved it. Bounds are the column's
  // CHECKs; `refusal` is answered when they do not hold.
  void add_to(const schema::TableDef& table, const Uuid& organization, const Uuid& id, Column column,
              std::int64_t delta, Errc refusal);
  // What is pending for a counter, for rules that read it in the same unit.
  [[nodiscard]] std::int64_t pending(const Uuid& id, Column column) const;

  // An act without a row (erase lists, store acts).
  Status record_act(const Uuid& organization, std::string_view operation, std::string_view values_json);

  // Writes counters and the chain head. Nothing may be written after it.
  Status finish();

  [[nodiscard]] store::Writer& writer() { return writer_; }
  [[nodiscard]] const std::optional<Uuid>& tenant() const { return tenant_; }
  // The tenant this unit writes for; transaction_tenant when it already writes for another.
  Status enter(const Uuid& organization);

 private:
  struct Counter {
    const schema::TableDef* table;
    Uuid organization;
    Uuid id;
    Column column;
    std::int64_t delta;
    Errc refusal;
  };
  struct Head {
    Uuid organization;
    store::ChainHead head;
  };

  Result<Record> new_row(const schema::TableDef& table, const Changes& given, As as);
  Result<Record> parent_of(const Record& row, const Value* named_organization, As as);
  Status find_tenant(Record& row, const Changes& given, As as);
  Status copy_event(Record& row);
  Status fill_folded(Record& row);
  Status fill_currency(Record& row, const Changes& given);
  Status check_money(const Record& row, const Changes& given);
  Status check_new_row(policy::Operation operation, const Record& row, const Changes& given);
  Status check_old_row(policy::Operation operation, const Record& row, const Changes& given);
  Status check_references(const Record& row, const Record* before, As as);
  Status check_states(const Write& write);
  Status store_insert(Write& write);
  Status store_update(Write& write);
  Status log(policy::Operation operation, const Record* before, const Record* after);
  [[nodiscard]] audit::Act act_of(const Uuid& organization, std::string_view table, const Uuid& row,
                                  std::string_view operation) const;
  Status append_entry(const audit::Act& act, audit::Images images, store::ChainHead& head);
  Result<store::ChainHead*> head_of(const Uuid& organization);
  Status flush_counters();
  Status erase_as(const Record& row, As as);
  Status close_organization(const Record& row);

  store::Writer& writer_;
  std::optional<Uuid> tenant_;
  std::vector<Counter> counters_;
  std::deque<Head> heads_;  // a deque: heads lent by head_of stay in place
};

}  // namespace eventcore::work
