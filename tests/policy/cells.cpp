#include "policy/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "schema/codec.hpp"

namespace eventcore::test {

using schema::TableDef;

const Matrix& matrix() {
  static const Matrix read = read_matrix(std::string(EC_SOURCE_DIR) + "/tests/policy/matrix.txt", principal_names);
  return read;
}

std::string block_name(const TableDef& table, const std::string& variant) {
  return std::string(table.name) + (variant.empty() ? "" : " " + variant);
}

std::string Case::block() const {
  return block_name(table, variant);
}

void for_each_case(const TableDef& table, const std::function<void(const Case&)>& body) {
  for (const std::string& variant : variants_of(table))
    for (const std::string& principal : principal_names) body({table, variant, principal});
}

void for_each_case(const std::function<void(const Case&)>& body) {
  for (const TableDef* table : schema::all_tables) for_each_case(*table, body);
}

namespace {

// The tenant that all requests name alike, where the table has one.
api::SessionCore::RecordContext in_tenant(const World& world, const TableDef& table) {
  api::SessionCore::RecordContext context;
  if (!table.global) context.organization = world.a().organization;
  return context;
}

// What happened, in the letters of the matrix; '?' and the failure for what has no letter.
struct Outcome {
  char letter = '?';
  std::string text;
};

Outcome outcome_of(const Failure& failure, bool creating) {
  const Errc code = failure.code();
  if (code == Errc::policy_denied || code == Errc::column_denied) return {'-', failure.to_json()};
  if (code == Errc::not_found) return {'.', failure.to_json()};
  if (code == Errc::unauthenticated) return {'u', failure.to_json()};
  if (code == Errc::engine_only) return {'e', failure.to_json()};
  if (creating && code == Errc::reference_not_found) return {'-', failure.to_json()};  // under a row he cannot see
  const int number = static_cast<int>(code);
  if (number / 1000 == 4 || number / 1000 == 5) return {'+', failure.to_json()};
  return {'?', failure.to_json()};
}

template <class T>
Outcome outcome_of(const Result<T>& result, bool creating = false) {
  return result ? Outcome{'+', ""} : outcome_of(result.error(), creating);
}

Outcome view(World& world, const Case& c) {
  api::SessionCore& session = world.session(c.principal);
  const std::string id = world.row_of(c.table, c.variant, c.principal);
  const Outcome got = outcome_of(session.get(c.table.name, id, in_tenant(world, c.table)));
  Json request = {{"where", {{"id", id}}}};
  if (!c.table.global) request["organization_id"] = world.a().organization;
  auto list = session.list(c.table.name, dump(request));
  if (!list && list.error().code() == Errc::unknown_column) {  // he reads no id: of no row, or of keys a device sees
    const Json row = parsed(world.service().get(c.table.name, id, in_tenant(world, c.table)));
    request.erase("where");
    if ((c.principal == "d1" || c.principal == "d2") && row.contains("key_id"))
      request["where"] = {{"key_id", row["key_id"]}};
    list = session.list(c.table.name, dump(request));
  }
  const auto count = session.count(c.table.name, dump(request));
  if (!list || !count) {
    const Outcome listed = !list ? outcome_of(list) : outcome_of(count);
    if (listed.letter == got.letter) return got;
    return {'?', "get: " + got.text + " list: " + listed.text};
  }
  const std::size_t rows = parse_json(list.assume_value()).assume_value()["rows"].size();
  const bool seen = got.letter == '+';
  if ((rows == 1) != seen || (count.assume_value() == 1) != seen)
    return {'?', "get says " + std::string(1, got.letter) + ", list " + std::to_string(rows) + ", count " +
                     std::to_string(count.assume_value())};
  return got;
}

// Runs one write and takes it back.
template <class Body>
Outcome tried(api::SessionCore& session, bool creating, const Body& body) {
  if (const Status begun = session.begin(); !begun) return {'?', begun.error().to_json()};
  const Outcome outcome = outcome_of(body(), creating);
  if (const Status back = session.rollback(); !back) return {'?', back.error().to_json()};
  return outcome;
}

Outcome create(World& world, const Case& c) {
  api::SessionCore& session = world.session(c.principal);
  const bool own = c.principal == "se" || c.principal == "gs";
  Json row = world.draft(world.a(), c.table, c.variant, world.a().users.at(own ? c.principal : "x"));
  for (const schema::ColumnDef& column : c.table.columns)  // what only an import may hold
    if (column.type == schema::Type::blob && c.principal != "sv") row.erase(std::string(column.name));
  if (c.principal == "ke")  // may see no user whom it could name
    for (const char* person : {"assigned_to", "responsible_person"}) row.erase(person);
  return tried(session, true, [&] { return session.insert(c.table.name, dump(row), in_tenant(world, c.table)); });
}

// A change that whoever may change such a row at all may make; tables with rights on single columns name several.
std::vector<Json> touches(const TableDef& table) {
  static const std::map<std::string_view, std::vector<Json>> known = {
      {"users", {{{"phone", "+41 44 000 00 00"}}}},
      {"user_skill_assignments", {{{"proficiency_level", "beginner"}}, {{"verified_at", "2027-01-01T00:00:00Z"}}}},
      {"events", {{{"description", "touched"}}}},
      {"event_milestones", {{{"notes", "touched"}}}},
      {"event_risks", {{{"mitigation_plan", "touched"}}}},
      {"sponsors", {{{"logo_url", "https://example.com/logo.png"}}}},
      {"sponsor_activations", {{{"notes", "touched"}}}},
      {"notifications", {{{"is_read", true}}}},
      {"social_media_platforms", {{{"is_active", false}}}},
      {"data_subject_requests", {{{"completed_at", "2027-01-01T00:00:00Z"}}}},
      {"audit_logs", {Json::object()}},
      {"ticket_orders", {{{"payment_method", "cash"}}}},
      {"ticket_order_items", {{{"attendees", {{{"name", "touched"}}}}}}},
      {"event_keys", {{{"retired_at", "2027-01-01T00:00:00Z"}}}},
      {"pricing_calculations", {{{"base_price", "21.00"}}}},
      {"waitlist_entries", {{{"customer_name", "touched"}}}},
      {"ticket_transfers", {{{"from_name", "touched"}}}},
      {"workflow_executions", {{{"error_message", "touched"}}}},
      {"proposals", {{{"decided_at", "2027-01-01T00:00:00Z"}}}},
      {"outside_calls", {{{"completed_at", "2027-01-01T00:00:00Z"}}}},
      {"team_assignments", {{{"notes", "touched"}}}},
  };
  if (const auto found = known.find(table.name); found != known.end()) return found->second;
  for (const schema::ColumnDef& column : table.columns)
    if (column.type == schema::Type::text && column.caller_writable() && !column.is(schema::immutable) &&
        column.name != "currency")
      return {{{std::string(column.name), "touched"}}};
  for (const schema::ColumnDef& column : table.columns)
    if (column.type == schema::Type::timestamptz && column.caller_writable() && !column.is(schema::immutable))
      return {{{std::string(column.name), "2027-01-01T00:00:00Z"}}};
  return {Json::object()};
}

Outcome update(World& world, const Case& c) {
  api::SessionCore& session = world.session(c.principal);
  const std::string id = world.row_of(c.table, c.variant, c.principal);
  Outcome outcome;
  for (const Json& change : touches(c.table)) {
    outcome = tried(session, false,
                    [&] { return session.update(c.table.name, id, dump(change), in_tenant(world, c.table)); });
    if (outcome.letter == '+') break;
  }
  return outcome;
}

Outcome remove(World& world, const Case& c) {
  api::SessionCore& session = world.session(c.principal);
  const std::string id = world.row_of(c.table, c.variant, c.principal);
  return tried(session, false, [&] { return session.remove(c.table.name, id, in_tenant(world, c.table)); });
}

char as_performed(char letter) {
  return letter == 'c' || letter == 'n' ? 'e' : letter;
}

void compare(World& world, const Case& c, std::string_view operation, Outcome (*perform)(World&, const Case&),
             std::size_t& performed) {
  const auto block = matrix().blocks.find(c.block());
  ASSERT_NE(block, matrix().blocks.end()) << "matrix.txt has no block " << c.block();
  const auto line = block->second.find(std::string(operation));
  ASSERT_NE(line, block->second.end()) << c.block() << " has no line " << operation;
  const auto cell = line->second.find(c.principal);
  ASSERT_NE(cell, line->second.end()) << c.block() << " " << operation << " has no cell for " << c.principal;
  const Outcome outcome = perform(world, c);
  ++performed;
  EXPECT_EQ(as_performed(cell->second), outcome.letter)
      << c.block() << ": " << operation << " by " << c.principal << " " << outcome.text;
}

}  // namespace

std::size_t check_cells(World& world, const Case& c) {
  std::size_t performed = 0;
  compare(world, c, "view", view, performed);
  compare(world, c, "create", create, performed);
  compare(world, c, "update", update, performed);
  compare(world, c, "delete", remove, performed);
  return performed;
}

// ---- columns ------------------------------------------------------------------------------------------------------

namespace {

const ColumnLists& lists_of(const Case& c) {
  static const ColumnLists none;
  const auto found = matrix().columns.find(c.block());
  return found == matrix().columns.end() ? none : found->second;
}

// What the lists say about one side; `all` are the columns that could be touched at all.
std::set<std::string> expected_columns(const std::set<std::string>& all, const std::string& principal,
                                       const std::map<std::string, std::set<std::string>>& some,
                                       const std::map<std::string, std::set<std::string>>& only) {
  std::set<std::string> expected;
  const auto own = only.find(principal);
  for (const std::string& name : all) {
    if (own != only.end() && !own->second.contains(name)) continue;
    const auto narrowed = some.find(name);
    if (narrowed != some.end() && !narrowed->second.contains(principal)) continue;
    expected.insert(name);
  }
  return expected;
}

char cell_of(const Case& c, const std::string& operation) {
  return matrix().blocks.at(c.block()).at(operation).at(c.principal);
}

Json seen_row(World& world, const Case& c) {
  return parsed(world.session(c.principal)
                    .get(c.table.name, world.row_of(c.table, c.variant, c.principal), in_tenant(world, c.table)));
}

std::set<std::string> readable_at_all(const TableDef& table) {
  std::set<std::string> names;
  for (const schema::ColumnDef& column : table.columns)
    if (!column.is(schema::internal) && column.type != schema::Type::sealed) names.insert(std::string(column.name));
  return names;
}

}  // namespace

std::size_t check_read_columns(World& world, const Case& c) {
  if (cell_of(c, "view") != '+') return 0;
  const ColumnLists& lists = lists_of(c);
  const std::set<std::string> all = readable_at_all(c.table);
  std::set<std::string> expected = expected_columns(all, c.principal, lists.read, lists.read_only);
  std::set<std::string> got;
  const Json row = seen_row(world, c);
  for (const auto& [name, value] : row.items())
    if (c.table.find(name) != nullptr) got.insert(name);
  EXPECT_EQ(expected, got) << c.block() << " read by " << c.principal;
  return 1;
}

// Filters, negated or not, and orders must not tell what reading does not.
std::size_t check_asked_columns(World& world, const Case& c) {
  std::size_t asked = 0;
  if (cell_of(c, "view") != '+') return 0;
  const Json row = seen_row(world, c);
  api::SessionCore& session = world.session(c.principal);
  for (const schema::ColumnDef& column : c.table.columns) {
    const std::string name(column.name);
    if (row.contains(name)) continue;
    for (const Json& condition :
         {Json{{name, {{"is_null", true}}}}, Json{{name, {{"is_null", false}}}},
          Json{{"not", {{name, {{"is_null", true}}}}}}, Json{{"not", {{"or", {{{name, {{"is_null", false}}}}}}}}}}) {
      Json where = condition;
      if (row.contains("id")) where["id"] = row["id"];
      const auto count =
          session.count(c.table.name, dump({{"where", where}, {"organization_id", world.a().organization}}));
      if (count) {
        EXPECT_EQ(count.assume_value(), 0) << c.block() << "." << name << " by " << c.principal << dump(where);
      } else {
        EXPECT_TRUE(count.error().code() == Errc::unknown_column || count.error().code() == Errc::invalid_filter)
            << c.block() << "." << name << " " << count.error().to_json();
      }
    }
    const auto sorted = session.list(c.table.name, dump({{"order_by", {name}}}));
    EXPECT_FALSE(sorted) << c.block() << " sorted by " << name << " for " << c.principal;
    ++asked;
  }
  return asked;
}

std::size_t check_written_columns(World& world, const Case& c) {
  std::size_t tries = 0;
  if (cell_of(c, "update") != '+') return 0;
  const std::string id = world.row_of(c.table, c.variant, c.principal);
  const Json row = parsed(world.service().get(c.table.name, id, in_tenant(world, c.table)));
  std::set<std::string> all;
  std::set<std::string> got;
  for (const schema::ColumnDef& column : c.table.columns) {
    if (!column.caller_writable() || column.is(schema::immutable)) continue;
    const std::string name(column.name);
    all.insert(name);
    // The value it has: the question is the right to name the column, not what the value would lead to.
    const Json value = column.type == schema::Type::sealed ? Json::object() : row[name];
    api::SessionCore& session = world.session(c.principal);
    const Outcome outcome = tried(session, false, [&] {
      return session.update(c.table.name, id, dump({{name, value}}), in_tenant(world, c.table));
    });
    EXPECT_TRUE(outcome.letter == '+' || outcome.letter == '-')
        << c.block() << "." << name << " by " << c.principal << " " << outcome.text;
    if (outcome.letter == '+') got.insert(name);
    ++tries;
  }
  const ColumnLists& lists = lists_of(c);
  std::set<std::string> expected = expected_columns(all, c.principal, lists.write, lists.write_only);
  if (c.principal == "sv")  // commands bind it too, where a real change is tried: see InventoryTest
    for (const char* name : {"approved_by", "approved_at", "signed_by", "signed_at"})
      if (all.contains(name)) expected.insert(name);
  EXPECT_EQ(expected, got) << c.block() << " written by " << c.principal;
  return tries;
}

}  // namespace eventcore::test
