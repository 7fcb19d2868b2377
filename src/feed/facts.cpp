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
  if (columns.event > 0 && row.at(static_cast<std::size_t>(columns.event)).is_uuid()) {
    const Uuid& event_id = row.at(static_cast<std::size_t>(columns.event)).uuid();
    EC_TRY(event, related.row(schema::tables::events, row.organization_id(), event_id));
    if (event != nullptr) {
      Json& about = out["$event"] = Json::object();
      put_plain(about, *event, policy::policy_columns(schema::tables::events));
    }
  }
  return dump(out);
}

Result<std::optional<RecalledFacts>> RecalledFacts::parse(const schema::TableDef& table, const Uuid& organization,
                                                          const Uuid& id, const std::string& facts) {
  if (facts.empty()) return std::optional<RecalledFacts>{};
  EC_TRY(json, parse_json(facts));
  std::optional<Record> event;
  const int event_column = policy::policy_columns(table).event;
  if (json.contains("$event") && event_column > 0) {
    auto event_id = parse_uuid(json.value(std::string(table.columns[static_cast<std::size_t>(event_column)].name), ""));
    if (event_id) event = recall(schema::tables::events, organization, event_id.assume_value(), json["$event"]);
  }
  return std::optional<RecalledFacts>(std::in_place, recall(table, organization, id, json), std::move(event));
}

Result<const Record*> RecalledFacts::row(const schema::TableDef& table, const Uuid&, const Uuid& id) {
  if (event_ && table.id == schema::tables::events.id && event_->id() == id) return &*event_;
  return nullptr;
}

// Changes of venues go only to org_member, keys and service (RULES section 7), so nothing else is remembered of them.
Result<bool> RecalledFacts::any_event_at(const Record&, const Expr&) {
  return false;
}

}  // namespace eventcore::feed
