#include "feed/facts.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "schema/all.hpp"

namespace eventcore::feed {

namespace {

using policy::PolicyColumns;

// A column that goes into the facts of its table's rows: as it is, or an address as its digest.
struct FactColumn {
  std::string_view name;
  std::uint16_t index;
  bool is_address;
};

std::vector<FactColumn> fact_columns(const schema::TableDef& table) {
  const PolicyColumns& c = policy::policy_columns(table);
  std::vector<FactColumn> columns;
  const auto add = [&](int column, bool is_address) {
    if (column <= 0) return;  // absent, or the id, which the feed row names anyway
    const auto index = static_cast<std::uint16_t>(column);
    columns.push_back({table.columns[index].name, index, is_address});
  };
  for (int column : {c.event, c.user, c.assignee, c.creator, c.recipient, c.sponsor, c.is_public, c.status, c.is_active,
                     c.is_approved, c.conversation, c.transferred_from})
    add(column, false);
  for (int column : {c.customer_email, c.attendee_email, c.from_email, c.to_email}) add(column, true);
  std::sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto same = [](const auto& a, const auto& b) { return a.index == b.index; };
  columns.erase(std::unique(columns.begin(), columns.end(), same), columns.end());
  return columns;
}

const std::vector<FactColumn>& known_fact_columns(const schema::TableDef& table) {
  static const auto all = [] {
    std::vector<std::vector<FactColumn>> columns;
    for (const schema::TableDef* one : schema::all_tables) columns.push_back(fact_columns(*one));
    return columns;
  }();
  return all[table.id - 1U];
}

Value from_json(const schema::ColumnDef& column, const Json& json) {
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (!json.is_string()) return {};
  const auto& text = json.get_ref<const std::string&>();
  if (column.type != schema::Type::uuid) return Value(text);
  auto id = parse_uuid(text);
  return id ? Value(id.assume_value()) : Value();
}

void put_name(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  append_json(out, name);
  out += ':';
}

void put_plain(std::string& out, const Record& row, const FactColumn& column) {
  const Value& value = row.at(column.index);
  if (value.is_null() || value.is_unread()) return;
  put_name(out, column.name);
  if (value.is_uuid()) return append_json(out, to_text(value.uuid()));
  if (value.is_integer()) return append_json(out, value.integer());
  if (value.is_text()) return append_json(out, value.text());
  out += "null";
}

Status put_digest(std::string& out, const Record& row, const FactColumn& column, store::Reader& reader) {
  const Value& address = row.at(column.index);
  if (!address.is_text() || address.text().empty()) return ok();
  EC_TRY(digest, reader.keyed_digest(row.organization_id(), "feed-email", address.text()));
  put_name(out, column.name);
  append_json(out, hex(digest));
  return ok();
}

// The policy columns of the row that `column` leads to, under `name`.
Status put_related(std::string& out, std::string_view name, const schema::TableDef& table, int column,
                   const Record& row, policy::Related& related) {
  if (column <= 0 || !row.at(static_cast<std::size_t>(column)).is_uuid()) return ok();
  const Uuid& id = row.at(static_cast<std::size_t>(column)).uuid();
  EC_TRY(found, related.row(table, row.organization_id(), id));
  if (found == nullptr) return ok();
  put_name(out, name);
  out += '{';
  for (const FactColumn& fact : known_fact_columns(table))
    if (!fact.is_address) put_plain(out, *found, fact);
  out += '}';
  return ok();
}

Record recall(const schema::TableDef& table, const Uuid& organization, const Uuid& id, const Json& facts) {
  Record row(table);
  row.at(0) = id;
  const PolicyColumns& columns = policy::policy_columns(table);
  if (columns.organization > 0) row.at(static_cast<std::size_t>(columns.organization)) = organization;
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    const auto found = facts.find(std::string(table.columns[i].name));
    if (found != facts.end()) row.at(i) = from_json(table.columns[i], *found);
  }
  return row;
}

// What put_related put.
std::optional<Record> recall_related(const Json& facts, const char* name, const schema::TableDef& related, int column,
                                     const schema::TableDef& table, const Uuid& organization) {
  if (!facts.contains(name) || column <= 0) return std::nullopt;
  auto id = parse_uuid(facts.value(std::string(table.columns[static_cast<std::size_t>(column)].name), ""));
  if (!id) return std::nullopt;
  return recall(related, organization, id.assume_value(), facts[name]);
}

}  // namespace

// Members in the order of their names, as everywhere: "$" comes before every letter.
Result<std::string> facts_of(const Record& row, store::Reader& reader, policy::Related& related) {
  const PolicyColumns& columns = policy::policy_columns(row.table());
  std::string out = "{";
  EC_TRYV(put_related(out, "$conversation", schema::tables::ai_conversations, columns.conversation, row, related));
  EC_TRYV(put_related(out, "$event", schema::tables::events, columns.event, row, related));
  for (const FactColumn& column : known_fact_columns(row.table())) {
    if (!column.is_address) {
      put_plain(out, row, column);
    } else {
      EC_TRYV(put_digest(out, row, column, reader));
    }
  }
  return out += '}';
}

Result<std::optional<RecalledFacts>> RecalledFacts::parse(const schema::TableDef& table, const Uuid& organization,
                                                          const Uuid& id, const std::string& facts) {
  if (facts.empty()) return std::optional<RecalledFacts>{};
  EC_TRY(json, parse_json(facts));
  const PolicyColumns& columns = policy::policy_columns(table);
  return std::optional<RecalledFacts>(
      std::in_place, recall(table, organization, id, json),
      recall_related(json, "$event", schema::tables::events, columns.event, table, organization),
      recall_related(json, "$conversation", schema::tables::ai_conversations, columns.conversation, table,
                     organization));
}

Result<const Record*> RecalledFacts::row(const schema::TableDef& table, const Uuid&, const Uuid& id) {
  for (const std::optional<Record>* known : {&event_, &conversation_})
    if (*known && table.id == (*known)->table().id && (*known)->id() == id) return &**known;
  return nullptr;
}

// Changes of venues go only to org_member, keys and service (RULES section 7), so nothing else is remembered of them.
Result<bool> RecalledFacts::any_event_at(const Record&, const Expr&) {
  return false;
}

}  // namespace eventcore::feed
