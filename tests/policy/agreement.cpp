#include "policy/agreement.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace eventcore::test {
namespace {

using policy::Facts;
using policy::PrincipalKind;
using schema::Predicate;
using schema::TableDef;

constexpr int predicate_count = static_cast<int>(Predicate::member_self) + 1;
constexpr int rows_per_table = 12;
constexpr int events = 60;  // every state, public and not, in both tenants; and about as many venues

class Dice {
 public:
  explicit Dice(std::mt19937_64& engine) : engine_(engine) {}
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class List>
  const auto& of(const List& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64& engine_;
};

const std::vector<std::string> emails = {"c1@example.com", "c2@example.com", "z@example.com", "old@example.com", ""};

// All rows of both tenants, by table.
using Rows = std::map<std::uint16_t, std::vector<Record>>;

std::vector<Record> read_rows(store::Reader& reader, const TableDef& table) {
  store::Query query;
  query.table = &table;
  query.limit = 200;
  return reader.list(query).value();
}

Rows read_rows(store::Reader& reader) {
  Rows rows;
  for (const TableDef* table : schema::all_tables) rows[table->id] = read_rows(reader, *table);
  return rows;
}

// Ids of a table's rows in one tenant.
std::vector<Uuid> ids_in(const Rows& rows, const TableDef& table, const Uuid& organization) {
  std::vector<Uuid> ids;
  for (const Record& row : rows.at(table.id))
    if (table.global || row.organization_id() == organization) ids.push_back(row.id());
  return ids;
}

// The same, or every other time only ids that rows of another tenant bear too: a term that compares the tenants decides
// about these alone.
std::vector<Uuid> likely_ids(const Rows& rows, const TableDef& table, const Uuid& organization, Dice& dice) {
  std::vector<Uuid> ids = ids_in(rows, table, organization);
  if (table.global || dice.one_in(2)) return ids;
  std::set<Uuid> foreign;
  for (const Record& row : rows.at(table.id))
    if (row.organization_id() != organization) foreign.insert(row.id());
  std::vector<Uuid> twins;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(twins), [&](const Uuid& id) { return foreign.contains(id); });
  return twins.empty() ? ids : twins;
}

bool matters_to_policies(std::string_view name) {
  for (std::string_view known :
       {"event_id", "user_id", "assigned_to", "responsible_person", "created_by", "recipient_id", "sponsor_id",
        "order_id", "conversation_id", "transferred_from", "venue_id", "is_public", "status", "is_active",
        "is_approved", "customer_email_folded", "attendee_email_folded", "from_email_folded", "to_email_folded"})
    if (name == known) return true;
  return false;
}

void roll(Record& row, std::size_t index, const Rows& rows, Dice& dice) {
  const schema::ColumnDef& column = row.table().columns[index];
  const bool nullable = !column.is(schema::not_null);
  if (nullable && dice.one_in(4)) {
    row.at(index) = Value();
  } else if (column.is_reference()) {
    const auto ids = likely_ids(rows, *schema::find_table(column.references), row.organization_id(), dice);
    if (!ids.empty()) row.at(index) = dice.of(ids);
  } else if (column.type == schema::Type::boolean) {
    row.at(index) = dice.one_in(2);
  } else if (column.type == schema::Type::enumeration) {
    row.at(index) = dice.of(column.values->values);
  } else if (column.type == schema::Type::text && column.is(schema::internal)) {
    row.at(index) = dice.of(emails);
  }
}

// A copy of a row with other ids, other unique texts and, where policies look, other values.
Record variation(const Record& original, const Rows& rows, Dice& dice, UuidSource& ids) {
  Record row = original;
  // Ids are unique per tenant only: now and then one that a row of the other tenant bears.
  const Record& other = dice.of(rows.at(row.table().id));
  const bool is_twin = !row.table().global && dice.one_in(4) && other.organization_id() != row.organization_id();
  row.at(0) = is_twin ? other.id() : ids.next();
  const TableDef& table = row.table();
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    if (matters_to_policies(table.columns[i].name)) {
      roll(row, i, rows, dice);
      continue;
    }
    for (const schema::UniqueDef& unique : table.uniques)
      if (unique.columns.contains(table.columns[i].name)) {
        if (table.columns[i].type == schema::Type::text) row.at(i) = to_text(ids.next());
        if (table.columns[i].type == schema::Type::integer)
          row.at(i) = static_cast<std::int64_t>(dice.below(1'000'000));
      }
  }
  return row;
}

// Whatever SQL's own checks refuse is left out.
void multiply_rows(store::Store& store, UuidSource& ids, Dice& dice) {
  const Status done = store.write([&](store::Writer& writer) -> Status {
    Rows rows = read_rows(writer);
    const auto multiply = [&](const TableDef& table, int times) {
      for (int i = 0; i < times; ++i) {
        Record row = variation(dice.of(rows.at(table.id)), rows, dice, ids);
        writer.arm(true);
        const Status inserted = writer.insert(row);
        writer.arm(false);
        static_cast<void>(inserted);
      }
    };
    multiply(schema::tables::venues, events);
    rows = read_rows(writer);
    for (const TableDef* table : schema::all_tables) {
      if (rows.at(table->id).empty() || table->name == "organizations" || table->name == "audit_logs") continue;
      multiply(*table, table->name == "events" ? events : rows_per_table);
      rows[table->id] = read_rows(writer, *table);  // later tables refer to these too
    }
    return ok();
  });
  ASSERT_TRUE(done) << done.error().to_json();
}

Facts random_facts(const Rows& rows, Dice& dice) {
  namespace tables = schema::tables;
  Facts facts;
  facts.kind = static_cast<PrincipalKind>(dice.one_in(2) ? 1 : dice.below(7));
  facts.valid = !dice.one_in(30);
  const Uuid organization = dice.of(rows.at(tables::organizations.id)).id();
  const bool may_be_free = facts.kind == PrincipalKind::service || facts.kind == PrincipalKind::customer ||
                           facts.kind == PrincipalKind::anon;
  if (!may_be_free || dice.one_in(3)) facts.organization = organization;
  facts.role = static_cast<policy::Role>(dice.below(5));
  facts.id = dice.of(
      likely_ids(rows, facts.kind == PrincipalKind::sponsor ? tables::sponsors : tables::users, organization, dice));
  const std::vector<Uuid> events = likely_ids(rows, tables::events, organization, dice);
  for (std::size_t i = dice.below(4); i > 0; --i)
    facts.assignments.push_back({dice.of(events), static_cast<policy::AssignmentRole>(dice.below(7))});
  std::sort(facts.assignments.begin(), facts.assignments.end(),
            [](const auto& a, const auto& b) { return a.event < b.event; });  // as load_facts leaves them
  if (!dice.one_in(8)) facts.email = dice.of(emails);
  if (!dice.one_in(4)) facts.event = dice.of(events);
  if (!dice.one_in(4)) facts.package = dice.of(likely_ids(rows, tables::sponsor_packages, organization, dice));
  for (std::size_t i = dice.below(3); i > 0; --i) {
    const Record& event = dice.of(rows.at(tables::events.id));
    facts.ticket_events.push_back({dice.one_in(4) ? organization : event.organization_id(), event.id()});
  }
  return facts;
}

std::string told(const Facts& facts) {
  std::string text(policy::kind_name(facts.kind));
  text += " valid=" + std::to_string(facts.valid) + " role=" + std::to_string(static_cast<int>(facts.role));
  if (facts.organization) text += " organization=" + to_text(*facts.organization);
  return text + " id=" + to_text(facts.id) + " email=" + facts.email;
}

// Asks the store once per predicate and compares with each row in memory; answers the number of rows.
std::size_t compare_table(store::Reader& reader, const TableDef& table, const std::vector<Record>& rows,
                          const Facts& facts) {
  for (int p = 0; p < predicate_count; ++p) {
    const auto predicate = static_cast<Predicate>(p);
    store::Query query;
    query.table = &table;
    query.where = policy::predicate_expr(predicate, table, facts);
    std::set<std::pair<Uuid, Uuid>> found;
    if (!query.where.is_never()) {
      const auto listed = reader.list(query);
      if (!listed) {
        ADD_FAILURE() << table.name << " " << schema::predicate_name(predicate) << listed.error().to_json();
        continue;
      }
      for (const Record& row : listed.assume_value())
        found.emplace(table.global ? Uuid{} : row.organization_id(), row.id());
    }
    policy::Related related(reader);
    for (const Record& row : rows) {
      const auto holds = policy::predicate_holds(predicate, row, facts, related);
      if (!holds) {
        ADD_FAILURE() << table.name << " " << holds.error().to_json();
        continue;
      }
      const bool in_store = found.contains({table.global ? Uuid{} : row.organization_id(), row.id()});
      EXPECT_EQ(in_store, holds.assume_value())
          << table.name << " " << to_text(row.id()) << " " << schema::predicate_name(predicate) << " " << told(facts);
    }
  }
  return rows.size();
}

}  // namespace

Agreement::Agreement(std::uint64_t seed) : dice_(seed) {
  Dice dice(dice_);
  const auto store = world_.engine()->store().value();
  multiply_rows(*store, world_.engine()->ids(), dice);
}

std::size_t Agreement::compare(int principals) {
  Dice dice(dice_);
  std::size_t pairs = 0;
  const auto store = world_.engine()->store().value();
  const Status read = store->read([&](store::Reader& reader) -> Status {
    const Rows rows = read_rows(reader);
    for (int i = 0; i < principals; ++i) {
      const Facts facts = random_facts(rows, dice);
      for (const TableDef* table : schema::all_tables)
        pairs += compare_table(reader, *table, rows.at(table->id), facts);
    }
    return ok();
  });
  EXPECT_TRUE(read) << read.error().to_json();
  return pairs;
}

}  // namespace eventcore::test
