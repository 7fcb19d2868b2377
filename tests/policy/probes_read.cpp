// The probes that read: get, list, filter, count, pages, expansions and the feed.
#include <algorithm>

#include "policy/probes.hpp"

namespace eventcore::test {

using schema::ColumnDef;
using schema::TableDef;
using schema::Type;
using statement::Act;
using statement::Grant;
using statement::Kind;

namespace {

template <class T>
Answer answer_of(const Result<T>& result) {
  if (!result) return {got_of(result.error()), false, result.error().to_json()};
  if constexpr (std::is_same_v<T, std::string>) return {Got::done, false, result.assume_value()};
  return {Got::done, false, ""};
}

bool is_answered(const ColumnDef& column) {
  return !column.is(schema::internal) && column.type != Type::sealed;
}

bool equals(const Json& value, const Json& operand) {
  return value == operand;
}
bool differs(const Json& value, const Json& operand) {
  return value != operand;
}
bool is_null(const Json& value, const Json&) {
  return value.is_null();
}
bool is_set(const Json& value, const Json&) {
  return !value.is_null();
}
bool one_of(const Json& value, const Json& operand) {
  return std::find(operand.begin(), operand.end(), value) != operand.end();
}
bool none_of(const Json& value, const Json& operand) {
  return !one_of(value, operand);
}
bool begins(const Json& value, const Json& operand) {
  return value.is_string() && value.get<std::string>().starts_with(operand.get<std::string>());
}
bool at_least(const Json& value, const Json& operand) {
  return value.is_number() && value.get<std::int64_t>() >= operand.get<std::int64_t>();
}

bool takes_comparisons(const ColumnDef& column) {
  if (column.is(schema::long_column)) return false;
  return column.type == Type::uuid || column.type == Type::text || column.type == Type::boolean ||
         column.type == Type::integer || column.type == Type::enumeration || column.type == Type::timestamptz ||
         column.type == Type::date;
}

}  // namespace

void Probes::compare_row(const char* kind, const Picked& picked, const Json& expected, const Json& got) {
  const Grant granted = statement::grant(Act::view, world_.image(), *picked.who,
                                         statement::subject(world_.image(), picked.table->name, expected));
  ++rows_;
  for (const ColumnDef& column : picked.table->columns) {
    const std::string name(column.name);
    const bool readable = is_answered(column) && granted.covers(name);
    ++columns_;
    if (got.contains(name) != readable) {
      disagree(kind, picked, "column " + name + (readable ? " shown" : " absent"), readable ? "absent" : "shown", "");
    } else if (readable && name != "last_used_at" && name != "last_seen_at" && got[name] != expected[name]) {
      disagree(kind, picked, "value of " + name, "another", dump(got[name]) + " for " + dump(expected[name]));
    }
  }
}

void Probes::compare_rows(const char* kind, const Picked& picked, const std::vector<const Seen*>& expected,
                          const std::vector<Json>& got, const std::string& request) {
  std::vector<std::string> wanted;
  std::vector<std::string> answered;
  for (const Seen* seen : expected) wanted.push_back(seen->text);
  for (const Json& row : got) answered.push_back(readable_text(*picked.table, row, nullptr));
  std::sort(wanted.begin(), wanted.end());
  std::sort(answered.begin(), answered.end());
  rows_ += got.size();
  columns_ += got.size() * picked.table->columns.size();
  if (wanted == answered) return;
  std::vector<std::string> lost;
  std::vector<std::string> extra;
  std::set_difference(wanted.begin(), wanted.end(), answered.begin(), answered.end(), std::back_inserter(lost));
  std::set_difference(answered.begin(), answered.end(), wanted.begin(), wanted.end(), std::back_inserter(extra));
  disagree(kind, picked, "these rows",
           lost.empty()    ? "more"
           : extra.empty() ? "fewer"
                           : "others",
           request + " wanted " + std::to_string(wanted.size()) + " got " + std::to_string(answered.size()) +
               (lost.empty() ? "" : " lost " + lost.front()) + (extra.empty() ? "" : " extra " + extra.front()));
}

Json Probes::list_request(const Picked& picked) const {
  Json request = {{"columns", {"*"}}, {"limit", 1000}};
  if (!picked.given.empty()) request["organization_id"] = picked.given;
  if (picked.table->name == "audit_logs") request["where"] = {{"seq", {{"lte", 30}}}};
  return request;
}

// Whether a column may be refused by its name: that he reads it on no row, or not on every row alike.
bool Probes::may_refuse_column(const Picked& picked, const std::string& column) {
  if (statement::restricted_columns(picked.table->name).contains(column)) return true;
  if (!picked.given.empty() && !picked.player->organization.empty() && picked.given != picked.player->organization)
    return true;  // no row of another tenant is his
  const auto& rows = visible(*picked.player, *picked.table);
  return std::none_of(rows.begin(), rows.end(), [&](const Seen& seen) { return seen.grant.covers(column); }) ||
         std::any_of(rows.begin(), rows.end(), [&](const Seen& seen) { return !seen.grant.covers(column); });
}

Probes::Condition Probes::any_condition(const Picked& picked) {
  std::vector<const ColumnDef*> columns;
  for (const ColumnDef& column : picked.table->columns)
    if (is_answered(column)) columns.push_back(&column);
  const ColumnDef& column = *dice_.of(columns);
  const std::string name(column.name);
  const auto value_of = [&](const std::string& id) {
    const Json* row =
        world_.image().find(picked.table->name, picked.table->global ? "" : picked.tenant->organization, id);
    return row == nullptr ? Json() : row->value(name, Json());
  };
  const Json value = value_of(picked.id);
  if (!takes_comparisons(column) || value.is_null() || dice_.one_in(6)) {
    const bool null = dice_.one_in(2);
    Json where = {{name, {{"is_null", null}}}};
    if (dice_.one_in(3)) return {{{"not", where}}, name, null ? is_set : is_null, nullptr};
    return {where, name, null ? is_null : is_set, nullptr};
  }
  const Json two = {value, value_of(any_id(*picked.tenant, picked.table->name)).is_null()
                               ? value
                               : value_of(any_id(*picked.tenant, picked.table->name))};
  Json list = Json::array();
  for (const Json& one : two)
    if (!one.is_null()) list.push_back(one);
  switch (dice_.below(7)) {
    case 0: return {{{name, {{"ne", value}}}}, name, differs, value};
    case 1: return {{{name, {{"in", list}}}}, name, one_of, list};
    case 2: return {{{name, {{"not_in", list}}}}, name, none_of, list};
    case 3: return {{{"not", {{name, value}}}}, name, differs, value};
    case 4: return {{{"not", {{"not", {{"or", Json::array({{{name, value}}})}}}}}}, name, equals, value};
    case 5:
      if (column.type == Type::text) {
        const std::string start = value.get<std::string>().substr(0, 3);
        return {{{name, {{"prefix", start}}}}, name, begins, start};
      }
      if (column.type == Type::integer) return {{{name, {{"gte", value}}}}, name, at_least, value};
      [[fallthrough]];
    default: return {{{name, value}}, name, equals, value};
  }
}

void Probes::probe_get() {
  const Picked picked = pick();
  api::SessionCore& session = *picked.player->session;
  const auto ask = [&](const std::string& id) { return session.get(picked.table->name, id, {picked.given, {}, 0, 0}); };
  const auto result = ask(picked.id);
  const Answer answer = answer_of(result);
  if (!picked.who->valid) return expect("get", picked, {Got::unauthenticated}, answer);
  if (needs_tenant(picked)) return expect("get", picked, {Got::tenant}, answer);
  const auto found = hits(picked);
  if (found.size() > 1) return expect("get", picked, {Got::ambiguous}, answer);
  expect("get", picked, {found.empty() ? Got::missing : Got::done}, answer);
  if (answer.got != Got::done) return like_absent("get", picked, picked.id, answer, ask);
  if (!found.empty()) compare_row("get", picked, *found.front(), parse_json(answer.text).assume_value());
}

void Probes::probe_list() {
  const Picked picked = pick();
  const Json request = list_request(picked);
  const Answer answer = answer_of(picked.player->session->list(picked.table->name, dump(request)));
  if (!picked.who->valid) return expect("list", picked, {Got::unauthenticated}, answer);
  if (answer.got == Got::shape && picked.table->name == "audit_logs" && visible(*picked.player, *picked.table).empty())
    return expect("list", picked, {Got::shape}, answer);
  expect("list", picked, {Got::done}, answer);
  if (answer.got != Got::done) return;
  const Json page = parse_json(answer.text).assume_value();
  compare_rows("list", picked, expected_rows(picked, nullptr), page["rows"].get<std::vector<Json>>(), dump(request));
}

void Probes::probe_filter() {
  const Picked picked = pick();
  const Condition condition = any_condition(picked);
  Json request = list_request(picked);
  request["where"] = request.contains("where") ? Json{{"and", {request["where"], condition.where}}} : condition.where;
  const Answer answer = answer_of(picked.player->session->list(picked.table->name, dump(request)));
  if (!picked.who->valid) return expect("list, filtered", picked, {Got::unauthenticated}, answer);
  const auto expected = expected_rows(picked, &condition);
  if (answer.got == Got::shape && may_refuse_column(picked, condition.column) && expected.empty())
    return expect("list, filtered", picked, {Got::shape}, answer);
  expect("list, filtered", picked, {Got::done}, answer, dump(request));
  if (answer.got != Got::done) return;
  const Json page = parse_json(answer.text).assume_value();
  compare_rows("list, filtered", picked, expected, page["rows"].get<std::vector<Json>>(), dump(request));
}

void Probes::probe_count() {
  const Picked picked = pick();
  const Condition condition = any_condition(picked);
  const bool filtered = !dice_.one_in(3);
  Json request = list_request(picked);
  request.erase("columns");
  request.erase("limit");
  if (filtered)
    request["where"] = request.contains("where") ? Json{{"and", {request["where"], condition.where}}} : condition.where;
  const auto result = picked.player->session->count(picked.table->name, dump(request));
  const Answer answer = answer_of(result);
  if (!picked.who->valid) return expect("count", picked, {Got::unauthenticated}, answer);
  const auto expected = expected_rows(picked, filtered ? &condition : nullptr);
  const bool may_refuse = filtered ? may_refuse_column(picked, condition.column) : picked.table->name == "audit_logs";
  if (answer.got == Got::shape && may_refuse && expected.empty()) return expect("count", picked, {Got::shape}, answer);
  expect("count", picked, {Got::done}, answer, dump(request));
  if (result && result.assume_value() != static_cast<std::int64_t>(expected.size()))
    disagree("count", picked, "the number of rows", "another",
             dump(request) + " " + std::to_string(expected.size()) + ", got " + std::to_string(result.assume_value()));
}

void Probes::probe_pages() {
  const Picked picked = pick();
  std::vector<const ColumnDef*> columns;
  for (const ColumnDef& column : picked.table->columns)
    if (is_answered(column) && takes_comparisons(column)) columns.push_back(&column);
  const ColumnDef& column = *dice_.of(columns);
  const std::string name(column.name);
  Json request = list_request(picked);
  const auto expected = expected_rows(picked, nullptr);
  request["limit"] = expected.size() > 40 ? 60 : 1 + dice_.below(3);
  request["order_by"] = {(dice_.one_in(2) ? "-" : "") + name};
  std::vector<Json> got;
  for (;;) {
    const Answer answer = answer_of(picked.player->session->list(picked.table->name, dump(request)));
    if (!picked.who->valid) return expect("page", picked, {Got::unauthenticated}, answer);
    if (answer.got == Got::shape &&
        (may_refuse_column(picked, name) || (picked.table->name == "audit_logs" && expected.empty())))
      return expect("page", picked, {Got::shape}, answer);
    expect("page", picked, {Got::done}, answer, dump(request));
    if (answer.got != Got::done) return;
    const Json page = parse_json(answer.text).assume_value();
    for (const Json& row : page["rows"]) got.push_back(row);
    if (page["rows"].empty() || !page.contains("cursor") || page["cursor"].is_null() || page["cursor"] == "") break;
    request["after"] = page["cursor"];
  }
  for (const Seen* seen : expected)
    if (!seen->grant.covers(name)) disagree("page", picked, "no order by " + name + ", unreadable on a row", "one", "");
  compare_rows("page", picked, expected, got, dump(request));
}

void Probes::probe_expand() {
  const Picked drawn = pick();
  std::vector<const ColumnDef*> columns;
  for (const ColumnDef& column : drawn.table->columns)
    if (column.is_reference()) columns.push_back(&column);
  if (columns.empty()) return;
  const ColumnDef& column = *dice_.of(columns);
  const std::string name(column.name);
  Json request = list_request(drawn);
  request["where"] = {{"id", drawn.id}};
  request["expand"] = {name};
  const Answer answer = answer_of(drawn.player->session->list(drawn.table->name, dump(request)));
  if (!drawn.who->valid) return expect("expand", drawn, {Got::unauthenticated}, answer);
  const Condition by_id{{}, "id", equals, drawn.id};
  const auto expected = expected_rows(drawn, &by_id);
  if (answer.got == Got::shape && may_refuse_column(drawn, "id") && expected.empty())
    return expect("expand", drawn, {Got::shape}, answer);
  expect("expand", drawn, {Got::done}, answer, dump(request));
  if (answer.got != Got::done) return;
  const Json page = parse_json(answer.text).assume_value();
  if (page["rows"].size() != expected.size()) return disagree("expand", drawn, "as many rows", "others", dump(request));
  if (expected.size() != 1) return;
  const Seen& seen = *expected.front();
  const std::string key = name.ends_with("_id") ? name.substr(0, name.size() - 3) : name + "_row";
  const Json& got = page["rows"][0].value(key, Json());
  Picked there = drawn;
  there.table = schema::find_table(column.references);
  there.id = seen.row->at(name).is_string() ? seen.row->at(name).get<std::string>() : "";
  const std::string tenant = there.table->global ? "" : statement::tenant_of(drawn.table->name, *seen.row);
  const Json* target = world_.image().find(there.table->name, tenant, there.id);
  const bool shown = seen.grant.covers(name) && target != nullptr &&
                     statement::may_view(world_.image(), *drawn.who, there.table->name, *target);
  if (shown != got.is_object())
    return disagree("expand", there, shown ? "the row" : "null", shown ? "null" : "a row", dump(request) + dump(got));
  if (!shown) return;
  const Grant granted = statement::grant(Act::view, world_.image(), *drawn.who,
                                         statement::subject(world_.image(), there.table->name, *target));
  for (const ColumnDef& one : there.table->columns) {
    const std::string field(one.name);
    ++columns_;
    if (got.contains(field) && !(granted.covers(field) && is_answered(one)))
      disagree("expand", there, "column " + field + " absent", "shown", "");
    if (!got.contains(field) && granted.covers(field) && is_answered(one) && !one.is(schema::long_column))
      disagree("expand", there, "column " + field + " shown", "absent", "");
  }
}

void Probes::probe_feed() {
  Picked picked = pick(schema::tables::events);
  const Player& player = *picked.player;
  if (player.organization.empty() && player.kind == Kind::service) return;  // the store's own numbers
  picked.given.clear();
  const std::vector<Happened>& all = world_.changes(player.organization);
  if (all.empty() && !player.organization.empty()) return;
  const std::size_t back = std::min<std::size_t>(all.size(), 1 + dice_.below(60));
  const std::int64_t since = all.empty() ? 0 : all[all.size() - back].seq - 1;
  const std::size_t limit = 1 + dice_.below(80);
  const Answer answer = answer_of(player.session->changes(since, static_cast<std::int64_t>(limit), 0));
  if (!picked.who->valid) return expect("feed", picked, {Got::unauthenticated}, answer);
  if (player.kind == Kind::customer || player.kind == Kind::anon) return expect("feed", picked, {Got::denied}, answer);
  expect("feed", picked, {Got::done}, answer);
  if (answer.got != Got::done) return;
  std::vector<std::string> wanted;
  const auto saw = [&](const std::string& table, const std::optional<Json>& row, const std::optional<Json>& event) {
    if (!row) return false;
    const statement::Subject then{table, *row, event ? &*event : nullptr};
    ++rows_;
    return statement::grant(Act::view, world_.image(), *picked.who, then).allowed;
  };
  for (std::size_t i = all.size() - back; i < all.size() && wanted.size() < limit; ++i) {
    const Happened& one = all[i];
    const bool before = saw(one.table, one.before, one.before_event);
    const bool after = saw(one.table, one.after, one.after_event);
    if (!before && !after) continue;
    const std::string operation = !after && one.operation != "delete" ? "left" : one.operation;
    wanted.push_back(std::to_string(one.seq) + " " + one.table + " " + one.id + " " + operation);
  }
  std::vector<std::string> got;
  const Json page = parse_json(answer.text).assume_value();
  for (const Json& change : page["changes"])
    got.push_back(std::to_string(change["seq"].get<std::int64_t>()) + " " + change["table"].get<std::string>() + " " +
                  change["id"].get<std::string>() + " " + change["operation"].get<std::string>());
  if (wanted == got) return;
  const auto [left, right] = std::mismatch(wanted.begin(), wanted.end(), got.begin(), got.end());
  disagree(
      "feed", picked, "these changes", "others",
      "wanted " + (left == wanted.end() ? "no more" : *left) + ", got " + (right == got.end() ? "no more" : *right));
}

}  // namespace eventcore::test
