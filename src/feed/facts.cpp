#include "feed/facts.hpp"

#include <array>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "schema/all.hpp"

namespace eventcore::feed {

namespace {

using policy::PolicyColumns;

// The columns of PolicyColumns that go into the facts as they are.
std::array<int, 12> plain_columns(const PolicyColumns& c) {
  return {c.event,     c.user,   c.assignee,  c.creator,     c.recipient,    c.sponsor,
          c.is_public, c.status, c.is_active, c.is_approved, c.conversation, c.transferred_from};
}

std::array<int, 4> email_columns(const PolicyColumns& c) {
  return {c.customer_email, c.attendee_email, c.from_email, c.to_email};
}

Json to_json(const Value& value) {
  if (value.is_uuid()) return to_text(value.uuid());
  if (value.is_integer()) return value.integer();
  if (value.is_text()) return value.text();
  return nullptr;
}

Value from_json(const schema::ColumnDef& column, const Json& json) {
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (!json.is_string()) return {};
  const auto& text = json.get_ref<const std::string&>();
  if (column.type != schema::Type::uuid) return Value(text);
  auto id = parse_uuid(text);
  return id ? Value(id.assume_value()) : Value();
}

void put_plain(Json& out, const Record& row, const PolicyColumns& columns) {
  for (int column : plain_columns(columns)) {
    if (column <= 0) continue;  // absent, or the id, which the feed row names anyway
    const auto index = static_cast<std::size_t>(column);
    const Value& value = row.at(index);
    if (!value.is_null() && !value.is_unread()) out[std::string(row.table().columns[index].name)] = to_json(value);
  }
}

// The policy columns of the row that `column` leads to, under `name`.
Status put_related(Json& out, const char* name, const schema::TableDef& table, int column, const Record& row,
                   policy::Related& related) {
  if (column <= 0 || !row.at(static_cast<std::size_t>(column)).is_uuid()) return ok();
  const Uuid& id = row.at(static_cast<std::size_t>(column)).uuid();
  EC_TRY(found, related.row(table, row.organization_id(), id));
  if (found == nullptr) return ok();
  Json& about = out[name] = Json::object();
  put_plain(about, *found, policy::policy_columns(table));
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

Result<std::string> facts_of(const Record& row, store::Reader& reader, policy::Related& related) {
  const PolicyColumns& columns = policy::policy_columns(row.table());
  Json out = Json::object();
  put_plain(out, row, columns);
  for (int column : email_columns(columns)) {
    if (column < 0) continue;
    const auto index = static_cast<std::size_t>(column);
    if (!row.at(index).is_text() || row.at(index).text().empty()) continue;
    EC_TRY(digest, reader.keyed_digest(row.organization_id(), "feed-email", row.at(index).text()));
    out[std::string(row.table().columns[index].name)] = hex(digest);
  }
  EC_TRYV(put_related(out, "$event", schema::tables::events, columns.event, row, related));
  EC_TRYV(put_related(out, "$conversation", schema::tables::ai_conversations, columns.conversation, row, related));
  return dump(out);
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
