// Reader: rows out of one snapshot. Writer: the same inside the write transaction, and rows in.
// Both are lent by Store for the length of one call and used by one thread. No row read here may leave the engine
// before the store's page guard has passed at the end of that call (store.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/secret.hpp"
#include "store/query.hpp"
#include "store/words.hpp"

namespace eventcore::schema {
struct TallyDef;
}

namespace eventcore::store {

class Connection;
class Statement;
struct Sentinel;
struct TallyRow;

// A signed statement of where an audit chain stood; docs/store-format.md gives the bytes that are signed.
struct Checkpoint {
  std::int64_t seq = 0;  // 0: none yet
  Micros time = 0;
  Digest hash{};  // of the entry with that number
  Bytes signature;
};

// Where an audit chain and a feed stand. Read after BEGIN IMMEDIATE, so other processes' writes are seen.
struct ChainHead {
  std::int64_t seq = 0;  // of the last entry; 0: none
  Digest hash{};         // of the last entry; zero: none
  std::int64_t feed_seq = 0;
  Checkpoint checkpoint;  // the last one signed
};

// One row of the change feed as stored: no image, but the facts a policy needs (RULES section 7).
struct FeedRow {
  Uuid organization;           // nil: global tables and the store chain
  std::int64_t seq = 0;        // per tenant, no gaps
  std::int64_t store_seq = 0;  // per store, no gaps
  std::int64_t audit_seq = 0;
  std::uint16_t table = 0;
  Uuid row;
  char operation = 'I';  // I, U, D
  Micros time = 0;
  std::int64_t version = 0;
  std::string old_facts;  // JSON, "" absent
  std::string new_facts;
};

struct IdempotencyRow {
  Digest request{};
  std::string reply;
  Micros created_at = 0;
};

// Where a store stands: while it stands there, every row is as it was.
struct Moment {
  std::int64_t commits = 0;
  Digest heads{};  // over every audit head ever set
  bool operator==(const Moment&) const = default;
};

class Reader {
 public:
  explicit Reader(Connection& connection) : connection_(connection) {}

  // A row of a tenant, or nullopt. Organizations: `organization` and `id` are the same uuid. Global tables: nil.
  Result<std::optional<Record>> get(const schema::TableDef& table, const Uuid& organization, const Uuid& id,
                                    const ColumnSet& columns = ColumnSet::all());
  // Rows with that id in whatever tenant (only tables with found_without_tenant); at most `limit`.
  Result<std::vector<Record>> get_anywhere(const schema::TableDef& table, const Uuid& id, std::int64_t limit);
  Result<std::vector<Record>> list(const Query& query);
  Result<std::int64_t> count(const Query& query);  // of its condition alone: no order, page or limit
  Result<std::int64_t> count(const schema::TableDef& table, const std::optional<Uuid>& organization, const Expr& where);
  // A value per group column, then one per measure.
  Result<std::vector<std::vector<Value>>> aggregate(const Aggregate& aggregate);

  // Rows of a searched table by the beginning of a word of one column.
  Result<std::vector<WordHit>> words(const WordQuery& query);
  Result<std::int64_t> count_words(const WordQuery& query, std::int64_t most);
  // Whether every word of the row is kept, and how many words of an organization's rows are kept: both right together
  // mean that no word is missing and none is left over.
  Result<bool> has_all_words(const Record& row, std::int64_t& expected);
  Result<std::int64_t> count_all_words(const schema::TableDef& table, const Uuid& organization);

  // What is kept of an event's rows, or of those of all events (store/tallies.hpp).
  Result<std::vector<TallyRow>> tallies(const schema::TallyDef& tally, const Uuid& organization,
                                        const std::optional<Uuid>& event = std::nullopt);

  Result<ChainHead> chain_head(const Uuid& organization);
  // Whether the sentinel stands with the heads: one that is newer than all of them does not. One that is older does
  // where another tenant's head is of its time; the anchor, which knows of more commits, tells that at open.
  Result<bool> heads_agree();
  Result<std::int64_t> store_seq();
  Result<Moment> moment();  // of this snapshot; says nothing of what a write transaction has changed so far
  // Changes with seq > since, oldest first; `organization` nullopt: the whole store by store_seq (service).
  Result<std::vector<FeedRow>> changes(const std::optional<Uuid>& organization, std::int64_t since, std::int64_t limit);
  Result<std::int64_t> first_change_kept(const std::optional<Uuid>& organization);  // 0: nothing kept
  Result<std::optional<IdempotencyRow>> idempotency(const Digest& scope);
  // Small named values of the store itself (schema version, store id, ...).
  Result<std::optional<std::string>> meta(std::string_view name);
  Result<std::map<std::string, std::string>> metas(std::string_view prefix);

  // Signs with the store's Ed25519 key, which is in the key-slot file and not in the database.
  [[nodiscard]] Bytes sign(ByteView message) const;
  [[nodiscard]] Bytes signing_public_key() const;

  // Opens a sealed value (bytes as read from a `sealed` column) with the tenant's key.
  Result<SecretBytes> open_sealed(const Record& row, std::uint16_t column);
  // The same for a key, sealed as hex: the connection keeps the last few open, since each opening costs guarded memory.
  Result<std::shared_ptr<const SecretBytes>> open_sealed_key(const Record& row, std::uint16_t column);
  // What a sealed column of the row shall hold, to be written as it is: so the plain key is in no record.
  Result<Bytes> seal_key(const schema::TableDef& table, std::uint16_t column, const Uuid& organization, const Uuid& row,
                         const SecretBytes& key);
  // Keyed digest of folded text under a key derived from the tenant's: stable, and useless without the key.
  Result<Digest> keyed_digest(const Uuid& organization, std::string_view purpose, std::string_view text);

 protected:
  Result<const SecretBytes*> tenant_key(const Uuid& organization);  // lives until the next one is asked for
  Result<std::optional<Record>> get_stored(const schema::TableDef& table, const Uuid& organization, const Uuid& id,
                                           const ColumnSet& columns);

  Connection& connection_;
};

class Writer : public Reader {
 public:
  explicit Writer(Connection& connection) : Reader(connection) {}

  // Writes to domain tables are refused (Errc::internal) unless the unit of work has armed the writer.
  void arm(bool armed);

  // A `sealed` column is given as plain text and stored sealed, or sealed already (seal_key). UNIQUE -> already_exists
  // naming the columns; CHECK -> invariant_violated naming the check; foreign key -> reference_not_found /
  // still_referenced.
  Status insert(const Record& row);
  Status update(const schema::TableDef& table, const Uuid& organization, const Uuid& id, const Changes& changes);
  Status erase(const schema::TableDef& table, const Uuid& organization, const Uuid& id);

  Status create_tenant_key(const Uuid& organization);   // a fresh random key, wrapped by the store's
  Status destroy_tenant_key(const Uuid& organization);  // crypto-erases what was sealed under it

  Status set_chain_head(const Uuid& organization, const ChainHead& head);  // all but its checkpoint
  Status set_checkpoint(const Uuid& organization, const Checkpoint& checkpoint);
  Status append_change(const FeedRow& row);  // also moves the store sequence
  Status forget_changes_before(Micros time, std::int64_t limit);
  Status remember(const Digest& scope, const IdempotencyRow& row);
  Status forget_idempotency_before(Micros time, std::int64_t limit);
  Status set_meta(std::string_view name, std::string_view value);
  Status forget_meta(std::string_view name);

 private:
  Status require_armed();
  Result<Sentinel*> in_turn();
  Status bind_stored(Statement& statement, const schema::TableDef& table, std::size_t column, const Uuid& organization,
                     const Uuid& row, const Value& value);
  // Of the row as it is before a write, what its words and its tally follow from; nothing when the write moves neither.
  Result<std::optional<Record>> row_before(const schema::TableDef& table, const Uuid& organization, const Uuid& id,
                                           const Changes* changes);
  // What follows from a row that was inserted, changed or erased.
  Status follow_insert(const Record& row);
  Status follow_update(const Record& before, const Changes& changes);
  Status follow_erase(const Record& before);
};

}  // namespace eventcore::store
