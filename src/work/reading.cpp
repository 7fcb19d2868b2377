#include "work/reading.hpp"

#include <algorithm>

#include "policy/readability.hpp"
#include "schema/all.hpp"
#include "schema/codec.hpp"
#include "schema/filter.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::work {

using policy::Operation;
using schema::TableDef;

namespace {

constexpr std::int64_t page_rows_max = 1'000;
constexpr std::string_view default_currency = "USD";
// Of no tenant and no row; the nil id would be that of the store's own audit entries.
constexpr Uuid no_tenant = [] {
  Uuid id;
  id.bytes.fill(0xff);
  return id;
}();

bool has_money(const TableDef& table) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [](const schema::ColumnDef& c) { return c.type == schema::Type::money; });
}

Failure no_such_column(std::string_view name) {
  return fail_field(Errc::unknown_column, std::string(name), "there is no such column");
}

}  // namespace

Reading::Reading(store::Reader& reader, const Call& call, policy::Facts facts, const InvariantTable& invariants)
    : reader_(reader), call_(call), facts_(std::move(facts)), related_(reader), invariants_(invariants) {}

Result<std::vector<Record>> Reading::candidates(const TableDef& table, const Uuid& id,
                                                const std::optional<Uuid>& organization) {
  std::vector<Record> rows;
  std::optional<Uuid> tenant = organization ? organization : facts_.organization;
  if (organization && facts_.organization && *organization != *facts_.organization) return rows;
  if (table.id == schema::tables::organizations.id) tenant = id;
  if (table.global) tenant = Uuid{};
  if (!tenant) {
    if (!table.found_without_tenant) return Errc::organization_required;
    return reader_.get_anywhere(table, id, page_rows_max);
  }
  EC_TRY(row, reader_.get(table, *tenant, id));
  if (row) rows.push_back(std::move(*row));
  return rows;
}

Result<bool> Reading::visible(const Record& row) {
  EC_TRY(verdict, policy::decide(Operation::view, row, facts_, related_));
  return verdict.allowed;
}

Result<Record> Reading::get(const TableDef& table, const Uuid& id, const std::optional<Uuid>& organization) {
  EC_TRY(rows, candidates(table, id, organization));
  std::vector<Record> seen;
  for (Record& row : rows) {
    EC_TRY(is_visible, visible(row));
    if (is_visible) seen.push_back(std::move(row));
  }
  if (seen.empty()) return Errc::not_found;
  if (seen.size() > 1) return Errc::ambiguous_id;
  return std::move(seen.front());
}

Result<std::optional<Uuid>> Reading::tenant_for_list(const TableDef& table, const std::optional<Uuid>& organization) {
  if (table.global) return std::optional<Uuid>{};
  if (organization && facts_.organization && *organization != *facts_.organization)
    return std::optional<Uuid>(no_tenant);
  return organization ? organization : facts_.organization;
}

namespace {

Result<Expr> filtered(const policy::Readability& readability, const TableDef& table, const Json& where) {
  const auto guard = [&](std::uint16_t column, Expr leaf) -> Result<Expr> {
    Expr readable = readability.of(column);
    if (readable.is_never()) return no_such_column(table.columns[column].name);
    return Expr::all_of({std::move(readable), std::move(leaf)});
  };
  EC_TRY(condition, schema::decode_filter(table, where, guard));
  return Expr::all_of({readability.view(), std::move(condition)});
}

// The columns to fetch and, where the answer does not depend on the row, to show.
struct Shown {
  std::vector<bool> asked;     // by the request
  std::vector<bool> readable;  // always readable; meaningful when `per_row` is false
  bool per_row = false;
};

Result<Shown> shown_columns(const TableDef& table, const std::vector<std::string>& names,
                            const policy::Readability& readability) {
  Shown shown;
  shown.asked.assign(table.columns.size(), false);
  shown.readable.assign(table.columns.size(), false);
  std::vector<bool> somewhere(table.columns.size());
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Expr condition = readability.of(static_cast<std::uint16_t>(i));
    somewhere[i] = !condition.is_never();
    shown.readable[i] = condition.is_always();
    shown.per_row = shown.per_row || (somewhere[i] && !shown.readable[i]);
    if (names.empty()) shown.asked[i] = !table.columns[i].is(schema::long_column);
  }
  for (const std::string& name : names) {
    if (name == "*") {
      shown.asked.assign(table.columns.size(), true);
      break;
    }
    const int column = table.index_of(name);
    if (column < 0 || !somewhere[static_cast<std::size_t>(column)]) return no_such_column(name);
    shown.asked[static_cast<std::size_t>(column)] = true;
  }
  return shown;
}

store::ColumnSet fetched_columns(const TableDef& table, const Shown& shown) {
  store::ColumnSet columns = store::ColumnSet::short_only(table);
  for (std::size_t i = 0; i < shown.asked.size(); ++i)
    if (shown.asked[i]) columns.wanted[i] = true;
  return columns;
}

// Whether a condition asks for no more than the tenant the query is bound to.
bool holds_within(const Expr& condition, const TableDef& table, const std::optional<Uuid>& tenant) {
  const auto holds = [&](const Expr& child) { return holds_within(child, table, tenant); };
  switch (condition.kind) {
    case Expr::Kind::always: return true;
    case Expr::Kind::any_of: return std::any_of(condition.children.begin(), condition.children.end(), holds);
    case Expr::Kind::all_of: return std::all_of(condition.children.begin(), condition.children.end(), holds);
    case Expr::Kind::compare:
      return condition.op == Expr::Op::eq && tenant && condition.values[0] == Value(*tenant) &&
             condition.column == policy::policy_columns(table).organization;
    default: return false;
  }
}

}  // namespace

Result<Expr> Reading::filter(const TableDef& table, const Json& where) {
  return filtered(policy::Readability(table, facts_), table, where);
}

Result<Page> Reading::list(const ListRequest& request) {
  const TableDef& table = *request.table;
  if (request.limit < 1 || request.limit > page_rows_max)
    return fail_field(Errc::invalid_argument, "limit", "must be from 1 to 1000");
  const policy::Readability readability(table, facts_);
  EC_TRY(shown, shown_columns(table, request.columns, readability));
  EC_TRY(order, schema::decode_order(table, request.order_by));
  store::Query query;
  query.table = &table;
  EC_TRY(tenant, tenant_for_list(table, request.organization));
  query.organization = tenant;
  for (const auto& [column, descending] : order) {
    if (!holds_within(readability.of(column), table, tenant)) return no_such_column(table.columns[column].name);
    query.order.push_back({column, descending});
  }
  for (const std::string& name : request.expand) {
    const schema::ColumnDef* column = table.find(name);
    if (column == nullptr || !column->is_reference()) return no_such_column(name);
  }
  EC_TRY(condition, filtered(readability, table, request.where));
  query.where = std::move(condition);
  if (!request.after.empty()) {
    EC_TRY(after, schema::decode_cursor(table, request.where, order, request.after));
    query.after = std::move(after);
    if (tenant && table.find("organization_id") != nullptr) query.after.pop_back();  // within one tenant the id decides
  }
  query.limit = request.limit + 1;
  query.columns = fetched_columns(table, shown);
  Page page;
  if (query.where.is_never()) return page;
  if (const auto shown_state = invariants_[table.id].shown) query.shown = shown_state(call_.now);
  EC_TRY(rows, reader_.list(query));
  const bool more = rows.size() > static_cast<std::size_t>(request.limit);
  if (more) rows.pop_back();
  for (const Record& row : rows) {
    std::vector<bool> columns = shown.readable;
    if (shown.per_row) {
      EC_TRY(verdict, policy::decide(Operation::view, row, facts_, related_));
      columns = std::move(verdict.columns);
    }
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = columns[i] && shown.asked[i];
    EC_TRY(text, row_text(row, columns, request.expand));
    page.rows.push_back(std::move(text));
  }
  if (more) page.cursor = schema::encode_cursor(table, request.where, order, rows.back());
  return page;
}

Result<std::int64_t> Reading::count(const TableDef& table, const std::optional<Uuid>& organization, const Json& where) {
  EC_TRY(tenant, tenant_for_list(table, organization));
  EC_TRY(condition, filter(table, where));
  if (condition.is_never()) return std::int64_t{0};
  store::Query query;
  query.table = &table;
  query.organization = tenant;
  query.where = std::move(condition);
  if (const auto shown_state = invariants_[table.id].shown) query.shown = shown_state(call_.now);
  return reader_.count(query);
}

Status Reading::expand_row(Json& out, const Record& row, const std::vector<std::string>& expand) {
  for (const std::string& name : expand) {
    const schema::ColumnDef& column = *row.table().find(name);
    const Value& reference = *row.find(name);
    std::string key = name.ends_with("_id") ? name.substr(0, name.size() - 3) : name + "_row";
    out[key] = nullptr;
    if (!out.contains(name) || !reference.is_uuid()) continue;  // a reference he may not read leads nowhere
    const TableDef& target = *schema::find_table(column.references);
    const Uuid tenant = target.global ? Uuid{} : row.organization_id();
    EC_TRY(found, reader_.get(target, tenant, reference.uuid(), store::ColumnSet::short_only(target)));
    if (!found) continue;
    EC_TRY(is_visible, visible(*found));
    if (!is_visible) continue;
    EC_TRY(json, show(*found));
    out[key] = std::move(json);
  }
  return ok();
}

// Most rows are shown as their columns and nothing else; they are written without a detour through Json values.
Result<std::string> Reading::row_text(const Record& row, const std::vector<bool>& columns,
                                      const std::vector<std::string>& expand) {
  EC_TRY(currency, currency_of(row));
  const auto present = invariants_[row.table().id].present;
  if (expand.empty() && present == nullptr) return schema::row_text(row, currency, columns);
  Json json = schema::encode_row(row, currency, columns);
  if (present != nullptr) present(json, row);
  EC_TRYV(expand_row(json, row, expand));
  return dump(json);
}

// With the state that its row is in at this moment, which may not be stored yet.
Record Reading::as_shown(const Record& row) const {
  Record seen = row;
  const auto shown_state = invariants_[row.table().id].shown;
  if (shown_state == nullptr) return seen;
  const store::Shown shown = shown_state(call_.now);
  if (holds_in_memory(shown.when, row)) seen.at(shown.column) = shown.value;
  return seen;
}

Result<std::string> Reading::show_text(const Record& row) {
  EC_TRY(verdict, policy::decide(Operation::view, row, facts_, related_));
  return row_text(as_shown(row), verdict.columns, {});
}

Result<Json> Reading::show(const Record& row, const std::vector<std::string>& columns) {
  const TableDef& table = row.table();
  EC_TRY(verdict, policy::decide(Operation::view, row, facts_, related_));
  if (!columns.empty()) {
    EC_TRY(shown, shown_columns(table, columns, policy::Readability(table, facts_)));
    for (std::size_t i = 0; i < shown.asked.size(); ++i) verdict.columns[i] = verdict.columns[i] && shown.asked[i];
  }
  EC_TRY(currency, currency_of(row));
  Json json = schema::encode_row(as_shown(row), currency, verdict.columns);
  if (const auto present = invariants_[table.id].present) present(json, row);
  return json;
}

Result<Json> Reading::show_as_reply(const Record& row, const std::vector<std::string_view>& without) {
  EC_TRY(currency, currency_of(row));
  Json json = schema::encode_row(row, currency);
  for (std::string_view name : without) json.erase(std::string(name));
  return json;
}

Result<std::optional<Record>> Reading::find(const TableDef& table, const Uuid& organization, const Uuid& id) {
  return reader_.get(table, organization, id);
}

Result<Record> Reading::must_find(const TableDef& table, const Uuid& organization, const Uuid& id) {
  EC_TRY(row, reader_.get(table, organization, id));
  if (!row) return Errc::not_found;
  return std::move(*row);
}

Result<Json> Reading::organization_settings(const Uuid& organization) {
  for (const auto& [id, settings] : settings_)
    if (id == organization) return settings;
  EC_TRY(row, reader_.get(schema::tables::organizations, organization, organization));
  Json settings = Json::object();
  if (row && !(*row)[col::organizations::settings].is_null()) {
    EC_TRY(parsed, parse_json((*row)[col::organizations::settings].text()));
    if (parsed.is_object()) settings = std::move(parsed);
  }
  settings_.emplace_back(organization, settings);
  return settings;
}

Result<std::string> Reading::organization_currency(const Uuid& organization) {
  EC_TRY(settings, organization_settings(organization));
  const auto found = settings.find("currency");
  if (found == settings.end() || !found->is_string()) return std::string(default_currency);
  return found->get<std::string>();
}

Result<std::string> Reading::currency_of(const Record& row) {
  const TableDef& table = row.table();
  if (const Value* own = row.find("currency"); own != nullptr && own->is_text()) return own->text();
  if (!has_money(table)) return std::string(default_currency);
  return inherited_currency(row);
}

Result<std::string> Reading::event_currency(const Uuid& organization, const Uuid& event) {
  for (const auto& [id, currency] : event_currencies_)
    if (id == event) return currency;
  EC_TRY(row, reader_.get(schema::tables::events, organization, event));
  std::string currency;
  if (row && !(*row)[col::events::settings].is_null()) {
    EC_TRY(settings, parse_json((*row)[col::events::settings].text()));
    if (settings.is_object() && settings.contains("currency") && settings["currency"].is_string())
      currency = settings["currency"].get<std::string>();
  }
  event_currencies_.emplace_back(event, currency);
  return currency;
}

Result<std::string> Reading::inherited_currency(const Record& row) {
  const TableDef& table = row.table();
  for (std::string_view via : {"ticket_category_id", "campaign_id"}) {
    const Value* reference = row.find(via);
    if (reference == nullptr || !reference->is_uuid()) continue;
    const TableDef& parent = *schema::find_table(table.find(via)->references);
    EC_TRY(found, reader_.get(parent, row.organization_id(), reference->uuid(), store::ColumnSet::short_only(parent)));
    if (!found) continue;
    if (const Value* currency = found->find("currency"); currency != nullptr && currency->is_text())
      return currency->text();
  }
  if (const Value* event = row.find("event_id"); event != nullptr && event->is_uuid()) {
    EC_TRY(currency, event_currency(row.organization_id(), event->uuid()));
    if (!currency.empty()) return currency;
  }
  return organization_currency(row.organization_id());
}

}  // namespace eventcore::work
