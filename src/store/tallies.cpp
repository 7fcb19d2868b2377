#include "store/tallies.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "store/connection.hpp"
#include "store/row_io.hpp"

namespace eventcore::store {

namespace {

using schema::TallyDef;

struct Group {
  const TallyDef& tally;
  const Uuid& organization;
  const Uuid& event;
  std::array<const Value*, schema::tally_columns_max> by{};  // as many as the tally has
};

bool same(const Group& a, const Group& b) {
  for (std::size_t i = 0; i < a.tally.group_count; ++i)
    if (!(*a.by[i] == *b.by[i])) return false;
  return a.event == b.event;
}

struct Delta {
  std::int64_t rows = 0;
  std::int64_t sum = 0;
};

// The row as it is, or as it will be with some columns changed.
class Seen {
 public:
  explicit Seen(const Record& row, const Changes* changes = nullptr) : row_(row), changes_(changes) {}

  [[nodiscard]] const Value& at(std::size_t column) const {
    if (changes_ != nullptr)
      for (const Assignment& change : *changes_)
        if (change.index == column) return change.value;
    return row_.at(column);
  }
  [[nodiscard]] Group group(const TallyDef& tally) const {
    Group group{tally, row_.organization_id(), at(tally.event).uuid()};
    for (std::size_t i = 0; i < tally.group_count; ++i) group.by[i] = &at(tally.groups[i]);
    return group;
  }

 private:
  const Record& row_;
  const Changes* changes_;
};

// In the order of the key. A column that the tally does not have is the empty text.
void bind(Statement& statement, const Group& group) {
  statement.bind(group.organization).bind(group.event).bind(std::int64_t{group.tally.table->id});
  for (const Value* value : group.by) {
    if (value != nullptr) {
      statement.bind_lent(*value);
    } else {
      statement.bind(std::string_view());
    }
  }
}

// A tally that was tampered with may fall below nothing; the write goes on, and verifying tells.
Status add(Connection& connection, const Group& group, const Delta& delta) {
  EC_TRY(statement,
         connection.prepare("INSERT INTO ec_tallies (organization_id, event_id, table_id, by_1, by_2, by_3, row_count, "
                            "total) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                            "row_count = row_count + excluded.row_count, total = total + excluded.total"));
  bind(statement, group);
  const Status added = statement.bind(delta.rows).bind(delta.sum).run();
  // SQLite goes on in floating point, which the column does not hold.
  if (!added && statement.code() == SQLITE_CONSTRAINT_DATATYPE)
    return fail(Errc::invalid_argument, "a sum of the event is out of range");
  EC_TRYV(added);
  if (delta.rows >= 0) return ok();
  EC_TRY(emptied, connection.prepare("DELETE FROM ec_tallies WHERE organization_id = ? AND event_id = ? AND "
                                     "table_id = ? AND by_1 = ? AND by_2 = ? AND by_3 = ? AND row_count = 0 AND "
                                     "total = 0"));
  bind(emptied, group);
  return emptied.run();
}

}  // namespace

Result<std::vector<TallyRow>> read_tallies(Connection& connection, const TallyDef& tally, const Uuid& organization,
                                           const std::optional<Uuid>& event) {
  EC_TRY(statement, connection.prepare(event ? "SELECT event_id, row_count, total, by_1, by_2, by_3 FROM ec_tallies "
                                               "WHERE organization_id = ? AND table_id = ? AND event_id = ?"
                                             : "SELECT event_id, row_count, total, by_1, by_2, by_3 FROM ec_tallies "
                                               "WHERE organization_id = ? AND table_id = ?"));
  statement.bind(organization).bind(std::int64_t{tally.table->id});
  if (event) statement.bind(*event);
  std::vector<TallyRow> rows;
  while (true) {
    EC_TRY(found, statement.step());
    if (!found) return rows;
    TallyRow row{statement.uuid(0), {}, statement.integer(1), statement.integer(2)};
    for (const std::uint16_t column : tally.by()) {
      const int place = static_cast<int>(row.by.size()) + 3;
      EC_TRY(value, read_value(statement, place, tally.table->columns[column].type));
      row.by.push_back(std::move(value));
    }
    rows.push_back(std::move(row));
  }
}

bool moves_tally(const TallyDef& tally, const Changes& changes) {
  const auto by = tally.by();
  return std::any_of(changes.begin(), changes.end(), [&](const Assignment& change) {
    return change.index == tally.event || change.index == tally.sum ||
           std::find(by.begin(), by.end(), change.index) != by.end();
  });
}

Status add_to_tally(Connection& connection, const TallyDef& tally, const Record& row) {
  return add(connection, Seen(row).group(tally), {1, row.at(tally.sum).integer()});
}

Status take_from_tally(Connection& connection, const TallyDef& tally, const Record& row) {
  return add(connection, Seen(row).group(tally), {-1, -row.at(tally.sum).integer()});
}

Status move_tally(Connection& connection, const TallyDef& tally, const Record& before, const Changes& changes) {
  const Seen was(before);
  const Seen is(before, &changes);
  const Group from = was.group(tally);
  const Group to = is.group(tally);
  const std::int64_t had = was.at(tally.sum).integer();
  const std::int64_t has = is.at(tally.sum).integer();
  if (same(from, to)) return add(connection, to, {0, has - had});
  EC_TRYV(add(connection, from, {-1, -had}));
  return add(connection, to, {1, has});
}

}  // namespace eventcore::store
