#include <algorithm>

#include "schema/all.hpp"
#include "store/connection.hpp"
#include "store/ddl.hpp"
#include "store/reader.hpp"
#include "store/row_io.hpp"
#include "store/sealing.hpp"
#include "store/tallies.hpp"
#include "store/words.hpp"

namespace eventcore::store {

namespace {

using schema::ColumnDef;
using schema::TableDef;

// An internal twin is known to callers by the column it folds.
std::string_view public_name(const TableDef& table, std::string_view column) {
  const ColumnDef* found = table.find(column);
  return found != nullptr && !found->folds.empty() ? found->folds : column;
}

void add_field(FailureDetail& detail, const TableDef& table, std::string_view column, std::string_view reason) {
  if (column == "organization_id") return;
  detail.fields.push_back({std::string(public_name(table, column)), std::string(reason)});
}

std::string_view after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + mark.size());
}

// SQLite says "UNIQUE constraint failed: t.a, t.b" or "... index 'name'".
Failure unique_failure(const TableDef& table, std::string_view message) {
  constexpr std::string_view reason = "a row with this value exists";
  FailureDetail detail;
  std::string_view rest = after(message, "failed: ");
  if (rest.starts_with("index '")) {
    rest.remove_prefix(7);
    const schema::UniqueDef* unique = unique_of_index(table, rest.substr(0, rest.find('\'')));
    if (unique != nullptr)
      for (std::string_view column : unique->columns.view()) add_field(detail, table, column, reason);
    return {Errc::already_exists, std::move(detail)};
  }
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    add_field(detail, table, after(rest.substr(0, comma), "."), reason);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
  }
  return {Errc::already_exists, std::move(detail)};
}

Failure check_failure(const TableDef& table, std::string_view message) {
  const std::string_view name = after(message, "failed: ");
  for (const schema::CheckDef& check : table.checks)
    if (check.name == name) return {Errc::invariant_violated, {{}, {{std::string(name), std::string(check.doc)}}, {}}};
  FailureDetail detail;
  add_field(detail, table, name, "outside what the column may hold");
  return {Errc::invariant_violated, std::move(detail)};
}

// Where a new or changed row's reference leads; nullopt when it names nothing.
std::optional<Uuid> reference_of(const Record* row, const Changes* changes, std::size_t column) {
  if (row != nullptr) {
    const Value& value = row->at(column);
    return value.is_uuid() ? std::optional<Uuid>(value.uuid()) : std::nullopt;
  }
  for (const Assignment& change : *changes)
    if (change.index == column && change.value.is_uuid()) return change.value.uuid();
  return std::nullopt;
}

Result<bool> exists(Connection& connection, const TableDef& table, std::string_view column, const Uuid& organization,
                    const Uuid& id) {
  const bool by_tenant = tenancy(table) == Tenancy::column;
  EC_TRY(statement, connection.prepare("SELECT 1 FROM " + quoted(table.name) + " WHERE " + quoted(column) + " = ?" +
                                       (by_tenant ? " AND organization_id = ?" : "") + " LIMIT 1"));
  statement.bind(id);
  if (by_tenant) statement.bind(organization);
  return statement.step();
}

// SQLite does not say which key failed, so it is looked for once it has.
Failure missing_reference(Connection& connection, const TableDef& table, const Uuid& organization, const Record* row,
                          const Changes* changes) {
  FailureDetail detail;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    if (!column.is_reference()) continue;
    const std::optional<Uuid> id = reference_of(row, changes, i);
    if (!id) continue;
    const auto found = exists(connection, *schema::find_table(column.references), "id", organization, *id);
    if (found && !found.assume_value()) detail.fields.push_back({std::string(column.name), "there is no such row"});
  }
  return {Errc::reference_not_found, std::move(detail)};
}

Failure remaining_reference(Connection& connection, const TableDef& table, const Uuid& organization, const Uuid& id) {
  FailureDetail detail;
  for (const TableDef* other : schema::all_tables) {
    for (const ColumnDef& column : other->columns) {
      if (column.references != table.name) continue;
      const auto found = exists(connection, *other, column.name, organization, id);
      if (!found || !found.assume_value()) continue;
      detail.facts.emplace_back("table", std::string(other->name));
      detail.facts.emplace_back("column", std::string(column.name));
      return {Errc::still_referenced, std::move(detail)};
    }
  }
  return {Errc::still_referenced, std::move(detail)};
}

std::string where_row(const TableDef& table) {
  return tenancy(table) == Tenancy::column ? " WHERE \"id\" = ? AND \"organization_id\" = ?" : " WHERE \"id\" = ?";
}

void bind_row(Statement& statement, const TableDef& table, const Uuid& organization, const Uuid& id) {
  statement.bind(id);
  if (tenancy(table) == Tenancy::column) statement.bind(organization);
}

std::string make_insert_sql(const TableDef& table) {
  std::string names;
  std::string marks;
  for (const ColumnDef& column : table.columns) {
    names += (names.empty() ? "" : ", ") + quoted(column.name);
    marks += marks.empty() ? "?" : ", ?";
  }
  return "INSERT INTO " + quoted(table.name) + " (" + names + ") VALUES (" + marks + ")";
}

// Long texts that every write needs: made once for each table.
const std::string& insert_sql(const TableDef& table) {
  static const std::vector<std::string> by_id = [] {
    std::vector<std::string> all;
    for (const TableDef* each : schema::all_tables) {
      if (all.size() <= each->id) all.resize(each->id + 1U);
      all[each->id] = make_insert_sql(*each);
    }
    return all;
  }();
  return by_id[table.id];
}

bool has_sealed_columns(const TableDef& table) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [](const ColumnDef& column) { return column.type == schema::Type::sealed; });
}

struct Write {
  const TableDef& table;
  const Uuid& organization;
  const Uuid& id;
  const Record* row = nullptr;       // insert
  const Changes* changes = nullptr;  // update; neither: delete
};

// Runs one write and translates what a constraint says.
Status run(Connection& connection, Statement& statement, const Write& write) {
  const Status done = statement.run();
  if (done) return done;
  const std::string message = sqlite3_errmsg(connection.handle());
  switch (statement.code()) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY: return unique_failure(write.table, message);
    case SQLITE_CONSTRAINT_CHECK: return check_failure(write.table, message);
    case SQLITE_CONSTRAINT_NOTNULL:
      return fail_field(Errc::invalid_argument, std::string(after(after(message, "failed: "), ".")),
                        "must not be null");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      if (write.row == nullptr && write.changes == nullptr)
        return remaining_reference(connection, write.table, write.organization, write.id);
      return missing_reference(connection, write.table, write.organization, write.row, write.changes);
    default: return done.error();
  }
}

}  // namespace

void Writer::arm(bool armed) {
  connection_.arm(armed);
}

Status Writer::require_armed() {
  return connection_.armed() ? Status(ok()) : Status(fail(Errc::internal, "a write outside the unit of work"));
}

Result<Sentinel*> Writer::in_turn() {
  std::optional<Sentinel>& turn = connection_.turn();
  if (!turn) return fail(Errc::internal, "a write outside of a write transaction");
  return &*turn;
}

// As stored: sealed when the column is and the value is plain text.
Status Writer::bind_stored(Statement& statement, const schema::TableDef& table, std::size_t column,
                           const Uuid& organization, const Uuid& row, const Value& value) {
  const ColumnDef& def = table.columns[column];
  if (def.type == schema::Type::sealed && value.is_text()) {
    EC_TRY(key, tenant_key(organization));
    const Bytes place = sealed_place(table.id, def.id, organization, row);
    statement.bind(ByteView(seal(*key, as_bytes(value.text()), place, connection_.random())));
    return ok();
  }
  if (!fits(value, def.type))
    return fail(Errc::internal,
                "a value of the wrong kind for " + std::string(table.name) + "." + std::string(def.name));
  statement.bind_lent(value);
  return ok();
}

Result<std::optional<Record>> Writer::row_before(const TableDef& table, const Uuid& organization, const Uuid& id,
                                                 const Changes* changes) {
  const schema::TallyDef* tally = schema::tally_of(table);
  const bool moves = tally != nullptr && (changes == nullptr || moves_tally(*tally, *changes));
  if (table.searched.empty() && !moves) return std::optional<Record>();
  const auto touched = [&](std::string_view column) {
    return changes == nullptr || std::any_of(changes->begin(), changes->end(), [&](const Assignment& change) {
             return table.columns[change.index].name == column;
           });
  };
  ColumnSet columns;
  bool any = moves;
  for (const ColumnDef& column : table.columns) {
    const bool word = table.searched.contains(column.name) && touched(column.name);
    any = any || word;
    columns.wanted.push_back(word || column.name == "id" || column.name == "organization_id" ||
                             column.name == "event_id");
  }
  if (!any) return std::optional<Record>();
  if (moves) {
    for (const std::uint16_t column : tally->by()) columns.wanted[column] = true;
    columns.wanted[tally->sum] = true;
  }
  return get(table, organization, id, columns);
}

Status Writer::follow_insert(const Record& row) {
  if (const schema::TallyDef* tally = schema::tally_of(row.table())) EC_TRYV(add_to_tally(connection_, *tally, row));
  return row.table().searched.empty() ? Status(ok()) : add_words(connection_, row);
}

Status Writer::follow_update(const Record& before, const Changes& changes) {
  const schema::TallyDef* tally = schema::tally_of(before.table());
  if (tally != nullptr && moves_tally(*tally, changes)) EC_TRYV(move_tally(connection_, *tally, before, changes));
  return move_words(connection_, before.organization_id(), before.id(), before, changes);
}

Status Writer::follow_erase(const Record& before) {
  if (const schema::TallyDef* tally = schema::tally_of(before.table()))
    EC_TRYV(take_from_tally(connection_, *tally, before));
  return remove_words(connection_, before);
}

Status Writer::insert(const Record& row) {
  EC_TRYV(require_armed());
  const TableDef& table = row.table();
  const Uuid& organization = row.organization_id();
  EC_TRY(statement, connection_.prepare(insert_sql(table)));
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    EC_TRYV(bind_stored(statement, table, i, organization, row.id(), row.at(i)));
  EC_TRYV(run(connection_, statement, {table, organization, row.id(), &row, nullptr}));
  if (!has_sealed_columns(table)) connection_.rows_of_turn().keep(row);
  return follow_insert(row);
}

Status Writer::update(const schema::TableDef& table, const Uuid& organization, const Uuid& id, const Changes& changes) {
  EC_TRYV(require_armed());
  if (changes.empty()) return ok();
  EC_TRY(before, row_before(table, organization, id, &changes));
  std::string sets;
  for (const Assignment& change : changes)
    sets += (sets.empty() ? "" : ", ") + quoted(table.columns[change.index].name) + " = ?";
  EC_TRY(statement, connection_.prepare("UPDATE " + quoted(table.name) + " SET " + sets + where_row(table)));
  for (const Assignment& change : changes)
    EC_TRYV(bind_stored(statement, table, change.index, organization, id, change.value));
  bind_row(statement, table, organization, id);
  connection_.rows_of_turn().forget(table, organization, id);
  EC_TRYV(run(connection_, statement, {table, organization, id, nullptr, &changes}));
  if (sqlite3_changes(connection_.handle()) != 1) return Errc::not_found;
  return before ? follow_update(*before, changes) : Status(ok());
}

Status Writer::erase(const schema::TableDef& table, const Uuid& organization, const Uuid& id) {
  EC_TRYV(require_armed());
  EC_TRY(before, row_before(table, organization, id, nullptr));
  EC_TRY(statement, connection_.prepare("DELETE FROM " + quoted(table.name) + where_row(table)));
  bind_row(statement, table, organization, id);
  connection_.rows_of_turn().forget(table, organization, id);
  EC_TRYV(run(connection_, statement, {table, organization, id, nullptr, nullptr}));
  if (sqlite3_changes(connection_.handle()) != 1) return Errc::not_found;
  return before ? follow_erase(*before) : Status(ok());
}

Status Writer::create_tenant_key(const Uuid& organization) {
  const SecretBytes key = make_tenant_key(connection_.random());
  EC_TRY(wrapped, wrap_tenant_key(connection_.keys().root_key, organization, key, connection_.random()));
  EC_TRY(statement, connection_.prepare("INSERT INTO ec_tenant_keys (organization_id, wrapped) VALUES (?, ?)"));
  const Status done = statement.bind(organization).bind(ByteView(wrapped)).run();
  if (!done && statement.code() == SQLITE_CONSTRAINT_PRIMARYKEY) return Errc::already_exists;
  return done;
}

// secure_delete is on, so the wrapped key leaves the page with the row.
Status Writer::destroy_tenant_key(const Uuid& organization) {
  EC_TRY(statement, connection_.prepare("DELETE FROM ec_tenant_keys WHERE organization_id = ?"));
  return statement.bind(organization).run();
}

Status Writer::set_chain_head(const Uuid& organization, const ChainHead& head) {
  EC_TRY(turn, in_turn());
  // The anchor carries this digest: a store with the right number of commits but another history does not match it.
  // Beside the head it tells whether the page of the sentinel and that of the heads are of one commit.
  turn->heads = Blake2b().add(turn->heads).add(organization.bytes).add(head.hash).finish();
  EC_TRY(statement,
         connection_.prepare("INSERT INTO ec_chain_heads (organization_id, seq, hash, feed_seq, store_heads) "
                             "VALUES (?, ?, ?, ?, ?) ON CONFLICT (organization_id) DO UPDATE SET "
                             "seq = excluded.seq, hash = excluded.hash, feed_seq = excluded.feed_seq, "
                             "store_heads = excluded.store_heads"));
  statement.bind(organization).bind(head.seq).bind(ByteView(head.hash)).bind(head.feed_seq);
  return statement.bind(ByteView(turn->heads)).run();
}

Status Writer::set_checkpoint(const Uuid& organization, const Checkpoint& checkpoint) {
  EC_TRY(statement, connection_.prepare("UPDATE ec_chain_heads SET checkpoint_seq = ?, checkpoint_time = ?, "
                                        "checkpoint_hash = ?, checkpoint_signature = ? WHERE organization_id = ?"));
  statement.bind(checkpoint.seq).bind(checkpoint.time).bind(ByteView(checkpoint.hash));
  return statement.bind(ByteView(checkpoint.signature)).bind(organization).run();
}

Status Writer::append_change(const FeedRow& row) {
  EC_TRY(turn, in_turn());
  const std::int64_t next = turn->store_seq + 1;
  if (row.store_seq != 0 && row.store_seq != next) return fail(Errc::internal, "the feed would have a gap");
  EC_TRY(statement, connection_.prepare("INSERT INTO ec_feed (store_seq, organization_id, seq, audit_seq, table_id, "
                                        "row_id, operation, time, version, old_facts, new_facts) "
                                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  statement.bind(next).bind(row.organization).bind(row.seq).bind(row.audit_seq).bind(std::int64_t{row.table});
  statement.bind(row.row).bind(std::string_view(&row.operation, 1)).bind(row.time).bind(row.version);
  EC_TRYV(statement.bind(std::string_view(row.old_facts)).bind(std::string_view(row.new_facts)).run());
  turn->store_seq = next;
  return ok();
}

// What is kept is always the newest part without gaps, even if the clock once went back.
Status Writer::forget_changes_before(Micros time, std::int64_t limit) {
  std::int64_t last = 0;
  {
    EC_TRY(oldest, connection_.prepare("SELECT store_seq, time FROM ec_feed ORDER BY store_seq LIMIT ?"));
    oldest.bind(limit);
    while (true) {
      EC_TRY(found, oldest.step());
      if (!found || oldest.integer(1) >= time) break;
      last = oldest.integer(0);
    }
  }
  EC_TRY(statement, connection_.prepare("DELETE FROM ec_feed WHERE store_seq <= ?"));
  return statement.bind(last).run();
}

Status Writer::remember(const Digest& scope, const IdempotencyRow& row) {
  EC_TRY(statement, connection_.prepare("INSERT INTO ec_idempotency (scope, request, reply, created_at) "
                                        "VALUES (?, ?, ?, ?) ON CONFLICT (scope) DO UPDATE SET request = "
                                        "excluded.request, reply = excluded.reply, created_at = excluded.created_at"));
  statement.bind(ByteView(scope)).bind(ByteView(row.request)).bind(std::string_view(row.reply));
  return statement.bind(row.created_at).run();
}

Status Writer::forget_idempotency_before(Micros time, std::int64_t limit) {
  EC_TRY(statement, connection_.prepare("DELETE FROM ec_idempotency WHERE rowid IN (SELECT rowid FROM ec_idempotency "
                                        "WHERE created_at < ? ORDER BY created_at LIMIT ?)"));
  return statement.bind(time).bind(limit).run();
}

Status Writer::set_meta(std::string_view name, std::string_view value) {
  EC_TRY(statement, connection_.prepare("INSERT INTO ec_meta (name, value) VALUES (?, ?) "
                                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value"));
  return statement.bind(name).bind(value).run();
}

Status Writer::forget_meta(std::string_view name) {
  EC_TRY(statement, connection_.prepare("DELETE FROM ec_meta WHERE name = ?"));
  return statement.bind(name).run();
}

}  // namespace eventcore::store
