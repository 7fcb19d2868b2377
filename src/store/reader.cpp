#include "store/reader.hpp"

#include <algorithm>

#include "schema/all.hpp"
#include "store/connection.hpp"
#include "store/ddl.hpp"
#include "store/row_io.hpp"
#include "store/sealing.hpp"
#include "store/sql.hpp"
#include "store/tallies.hpp"

namespace eventcore::store {

namespace {

// `text` outlives the statement.
Result<Statement> prepare(Connection& connection, const SqlText& text) {
  EC_TRY(statement, connection.prepare(text.sql));
  for (const Value& value : text.values) statement.bind_lent(value);
  return std::move(statement);
}

std::string make_select_one(const schema::TableDef& table, const ColumnSet& columns) {
  return "SELECT " + column_list(table, columns) + " FROM " + quoted(table.name) + " AS t0 WHERE t0.\"id\" = ?";
}

// A row by its id is what is read most: the texts for whole rows and for short ones are made once for each table.
struct SelectOne {
  std::string whole;
  std::string brief;
  ColumnSet brief_columns;
};
const SelectOne& kept_select(const schema::TableDef& table) {
  static const std::vector<SelectOne> by_id = [] {
    std::vector<SelectOne> all;
    for (const schema::TableDef* each : schema::all_tables) {
      if (all.size() <= each->id) all.resize(each->id + 1U);
      ColumnSet brief = ColumnSet::short_only(*each);
      all[each->id] = {make_select_one(*each, ColumnSet::all()), make_select_one(*each, brief), std::move(brief)};
    }
    return all;
  }();
  return by_id[table.id];
}

std::string select_one(const schema::TableDef& table, const ColumnSet& columns) {
  const SelectOne& kept = kept_select(table);
  if (columns.wanted.empty()) return kept.whole;
  return columns.wanted == kept.brief_columns.wanted ? kept.brief : make_select_one(table, columns);
}

Result<Digest> digest_at(const Statement& statement, int column) {
  Digest digest{};
  const ByteView bytes = statement.blob(column);
  if (bytes.size() != digest.size()) return Errc::store_corrupt;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

FeedRow feed_row(const Statement& statement) {
  FeedRow row;
  row.store_seq = statement.integer(0);
  row.organization = statement.uuid(1);
  row.seq = statement.integer(2);
  row.audit_seq = statement.integer(3);
  row.table = static_cast<std::uint16_t>(statement.integer(4));
  row.row = statement.uuid(5);
  const std::string_view operation = statement.text(6);
  row.operation = operation.empty() ? '?' : operation.front();
  row.time = statement.integer(7);
  row.version = statement.integer(8);
  row.old_facts = statement.text(9);
  row.new_facts = statement.text(10);
  return row;
}

// The type of a measure's answer.
schema::Type measure_type(const Aggregate& aggregate, const Aggregate::Measure& measure) {
  if (measure.kind == Aggregate::Kind::count) return schema::Type::integer;
  return aggregate.table->columns[measure.column].type;
}

}  // namespace

Result<std::optional<Record>> Reader::get(const schema::TableDef& table, const Uuid& organization, const Uuid& id,
                                          const ColumnSet& columns) {
  if (tenancy(table) == Tenancy::self && organization != id) return std::optional<Record>();
  RowCache& rows = connection_.rows_of_turn();
  if (!rows.is_open()) return get_stored(table, organization, id, columns);
  const Record* known = rows.find(table, organization, id);
  if (known != nullptr) return std::optional<Record>(with_only(*known, columns));
  EC_TRY(found, get_stored(table, organization, id, ColumnSet::all()));
  if (!found) return std::optional<Record>();
  rows.keep(*found);
  return std::optional<Record>(with_only(*found, columns));
}

Result<std::optional<Record>> Reader::get_stored(const schema::TableDef& table, const Uuid& organization,
                                                 const Uuid& id, const ColumnSet& columns) {
  const bool by_tenant = tenancy(table) == Tenancy::column;
  std::string sql = select_one(table, columns);
  if (by_tenant) sql += " AND t0.\"organization_id\" = ?";
  EC_TRY(statement, connection_.prepare(sql));
  statement.bind(id);
  if (by_tenant) statement.bind(organization);
  EC_TRY(found, statement.step());
  if (!found) return std::optional<Record>();
  EC_TRY(record, read_record(statement, table, columns));
  return std::optional<Record>(std::move(record));
}

Result<std::vector<Record>> Reader::get_anywhere(const schema::TableDef& table, const Uuid& id, std::int64_t limit) {
  if (!table.found_without_tenant && !table.unique_id_store_wide && tenancy(table) == Tenancy::column)
    return fail(Errc::internal, "rows of " + std::string(table.name) + " are not found without a tenant");
  EC_TRY(statement, connection_.prepare(select_one(table, ColumnSet::all()) + " LIMIT " + std::to_string(limit)));
  statement.bind(id);
  std::vector<Record> out;
  while (true) {
    EC_TRY(found, statement.step());
    if (!found) return out;
    EC_TRY(record, read_record(statement, table, ColumnSet::all()));
    out.push_back(std::move(record));
  }
}

Result<std::vector<Record>> Reader::list(const Query& query) {
  EC_TRY(text, select_sql(query));
  EC_TRY(statement, prepare(connection_, text));
  std::vector<Record> out;
  while (true) {
    EC_TRY(found, statement.step());
    if (!found) return out;
    EC_TRY(record, read_record(statement, *query.table, query.columns));
    out.push_back(std::move(record));
  }
}

Result<std::vector<WordHit>> Reader::words(const WordQuery& query) {
  return find_words(connection_, query);
}

Result<std::int64_t> Reader::count_words(const WordQuery& query, std::int64_t most) {
  return store::count_words(connection_, query, most);
}

Result<bool> Reader::has_all_words(const Record& row, std::int64_t& expected) {
  return store::has_all_words(connection_, row, expected);
}

Result<std::int64_t> Reader::count_all_words(const schema::TableDef& table, const Uuid& organization) {
  return store::count_all_words(connection_, table, organization);
}

Result<std::vector<TallyRow>> Reader::tallies(const schema::TallyDef& tally, const Uuid& organization,
                                              const std::optional<Uuid>& event) {
  return read_tallies(connection_, tally, organization, event);
}

Result<std::int64_t> Reader::count(const schema::TableDef& table, const std::optional<Uuid>& organization,
                                   const Expr& where) {
  Query query;
  query.table = &table;
  query.organization = organization;
  query.where = where;
  return count(query);
}

Result<std::int64_t> Reader::count(const Query& query) {
  EC_TRY(text, count_sql(query));
  EC_TRY(statement, prepare(connection_, text));
  EC_TRYV(statement.step());
  return statement.integer(0);
}

Result<std::vector<std::vector<Value>>> Reader::aggregate(const Aggregate& aggregate) {
  EC_TRY(text, aggregate_sql(aggregate));
  EC_TRY(statement, prepare(connection_, text));
  std::vector<schema::Type> types;
  for (const std::uint16_t column : aggregate.group_by) types.push_back(aggregate.table->columns[column].type);
  for (const Aggregate::Measure& measure : aggregate.measures) types.push_back(measure_type(aggregate, measure));
  std::vector<std::vector<Value>> out;
  while (true) {
    auto found = statement.step();
    if (!found && statement.code() == SQLITE_ERROR) return fail(Errc::invalid_argument, "a sum is out of range");
    EC_TRY(row, std::move(found));
    if (!row) return out;
    std::vector<Value> values;
    for (std::size_t i = 0; i < types.size(); ++i) {
      EC_TRY(value, read_value(statement, static_cast<int>(i), types[i]));
      values.push_back(std::move(value));
    }
    out.push_back(std::move(values));
  }
}

Result<ChainHead> Reader::chain_head(const Uuid& organization) {
  EC_TRY(statement, connection_.prepare("SELECT seq, hash, feed_seq, checkpoint_seq, checkpoint_time, checkpoint_hash, "
                                        "checkpoint_signature FROM ec_chain_heads WHERE organization_id = ?"));
  statement.bind(organization);
  EC_TRY(found, statement.step());
  ChainHead head;
  if (!found) return head;
  head.seq = statement.integer(0);
  EC_TRY(hash, digest_at(statement, 1));
  head.hash = hash;
  head.feed_seq = statement.integer(2);
  head.checkpoint.seq = statement.integer(3);
  if (head.checkpoint.seq == 0) return head;
  head.checkpoint.time = statement.integer(4);
  EC_TRY(signed_hash, digest_at(statement, 5));
  head.checkpoint.hash = signed_hash;
  const ByteView signature = statement.blob(6);
  head.checkpoint.signature.assign(signature.begin(), signature.end());
  return head;
}

Result<bool> Reader::heads_agree() {
  EC_TRY(statement, connection_.prepare("SELECT heads = zeroblob(32) OR EXISTS (SELECT 1 FROM ec_chain_heads WHERE "
                                        "store_heads = ec_sentinel.heads) FROM ec_sentinel WHERE id = 1"));
  EC_TRY(found, statement.step());
  return found && statement.integer(0) != 0;
}

Result<std::int64_t> Reader::store_seq() {
  if (const auto& turn = connection_.turn()) return turn->store_seq;
  EC_TRY(found, connection_.sentinel());
  return found.store_seq;
}

Result<Moment> Reader::moment() {
  EC_TRY(found, connection_.sentinel());
  return Moment{found.commits, found.heads};
}

Result<std::vector<FeedRow>> Reader::changes(const std::optional<Uuid>& organization, std::int64_t since,
                                             std::int64_t limit) {
  std::string sql =
      "SELECT store_seq, organization_id, seq, audit_seq, table_id, row_id, operation, time, version, old_facts, "
      "new_facts FROM ec_feed WHERE ";
  sql += organization ? "organization_id = ? AND seq > ? ORDER BY seq LIMIT ?"
                      : "store_seq > ? ORDER BY store_seq LIMIT ?";
  EC_TRY(statement, connection_.prepare(sql));
  if (organization) statement.bind(*organization);
  statement.bind(since).bind(limit);
  std::vector<FeedRow> out;
  while (true) {
    EC_TRY(found, statement.step());
    if (!found) return out;
    out.push_back(feed_row(statement));
  }
}

Result<std::int64_t> Reader::first_change_kept(const std::optional<Uuid>& organization) {
  EC_TRY(statement, connection_.prepare(organization ? "SELECT min(seq) FROM ec_feed WHERE organization_id = ?"
                                                     : "SELECT min(store_seq) FROM ec_feed"));
  if (organization) statement.bind(*organization);
  EC_TRYV(statement.step());
  return statement.integer(0);
}

Result<std::optional<IdempotencyRow>> Reader::idempotency(const Digest& scope) {
  EC_TRY(statement, connection_.prepare("SELECT request, reply, created_at FROM ec_idempotency WHERE scope = ?"));
  statement.bind(ByteView(scope));
  EC_TRY(found, statement.step());
  if (!found) return std::optional<IdempotencyRow>();
  EC_TRY(request, digest_at(statement, 0));
  return std::optional<IdempotencyRow>(IdempotencyRow{request, std::string(statement.text(1)), statement.integer(2)});
}

Result<std::optional<std::string>> Reader::meta(std::string_view name) {
  EC_TRY(statement, connection_.prepare("SELECT value FROM ec_meta WHERE name = ?"));
  statement.bind(name);
  EC_TRY(found, statement.step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(std::string(statement.text(0)));
}

Result<std::map<std::string, std::string>> Reader::metas(std::string_view prefix) {
  EC_TRY(statement, connection_.prepare("SELECT name, value FROM ec_meta WHERE substr(name, 1, ?) = ?"));
  statement.bind(static_cast<std::int64_t>(prefix.size())).bind(prefix);
  std::map<std::string, std::string> found;
  while (true) {
    EC_TRY(row, statement.step());
    if (!row) return found;
    found.emplace(statement.text(0), statement.text(1));
  }
}

Result<const SecretBytes*> Reader::tenant_key(const Uuid& organization) {
  EC_TRY(statement, connection_.prepare("SELECT wrapped FROM ec_tenant_keys WHERE organization_id = ?"));
  statement.bind(organization);
  EC_TRY(found, statement.step());
  if (!found) return fail(Errc::not_found, "the organization's key is gone");
  return connection_.tenant_key(organization, statement.blob(0));
}

Bytes Reader::sign(ByteView message) const {
  return sign_with(connection_.keys().signing_key, message);
}

Bytes Reader::signing_public_key() const {
  return connection_.keys().signing_public_key;
}

// Keys are sealed as text, in hex.
Result<std::shared_ptr<const SecretBytes>> Reader::open_sealed_key(const Record& row, std::uint16_t column) {
  const ByteView sealed = row.at(column).bytes();
  if (auto kept = connection_.opened_key(sealed)) return kept;
  EC_TRY(text, open_sealed(row, column));
  EC_TRY(bytes, from_hex(as_text(text.view())));
  auto key = std::make_shared<const SecretBytes>(SecretBytes::copy_of(bytes));
  wipe(bytes);
  connection_.keep_opened_key(sealed, key);
  return key;
}

Result<SecretBytes> Reader::open_sealed(const Record& row, std::uint16_t column) {
  const schema::TableDef& table = row.table();
  EC_TRY(key, tenant_key(row.organization_id()));
  const Bytes place = sealed_place(table.id, table.columns[column].id, row.organization_id(), row.id());
  return unseal(*key, row.at(column).bytes(), place);
}

Result<Bytes> Reader::seal_key(const schema::TableDef& table, std::uint16_t column, const Uuid& organization,
                               const Uuid& row, const SecretBytes& key) {
  EC_TRY(sealing, tenant_key(organization));
  const Bytes place = sealed_place(table.id, table.columns[column].id, organization, row);
  std::string text = hex(key.view());
  Bytes sealed = seal(*sealing, as_bytes(text), place, connection_.random());
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return sealed;
}

Result<Digest> Reader::keyed_digest(const Uuid& organization, std::string_view purpose, std::string_view text) {
  EC_TRY(key, tenant_key(organization));
  return store::keyed_digest(*key, purpose, text);
}

}  // namespace eventcore::store
