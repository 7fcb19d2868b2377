#include "rules/operations/commands.hpp"

#include <algorithm>
#include <functional>

#include "audit/chain.hpp"
#include "audit/verify.hpp"
#include "base/time.hpp"
#include "policy/explain.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::operations {

using policy::Operation;
using schema::Arguments;
using schema::CommandDef;
using schema::TableDef;
using work::Reading;

namespace {

Operation operation_of(const std::string& name) {
  if (name == "create") return Operation::create;
  if (name == "update") return Operation::update;
  return name == "delete" ? Operation::remove : Operation::view;
}

// The row as it would be created: named values, and the tenant and event that its parents give.
Result<Record> imagined_row(Reading& reading, const TableDef& table, const Arguments& arguments) {
  const Json& values = arguments.json("values");
  EC_TRY(changes, schema::decode_row(table, values.is_null() ? Json::object() : values, schema::WriteKind::insert));
  Record row(table);
  for (const Assignment& a : changes) row.at(a.index) = a.value;
  if (reading.facts().kind == policy::PrincipalKind::user && row.find("created_by") != nullptr)
    row.set("created_by", reading.facts().id);
  EC_TRYV(schema::apply_initials(row, reading.now(), &changes));
  if (table.global || table.id == schema::tables::organizations.id) return row;
  std::optional<Uuid> tenant = arguments.optional_uuid("organization_id");
  if (!tenant) tenant = reading.facts().organization;
  for (std::string_view via : {table.parent, table.event_source}) {
    if (via.empty() || !row.find(via)->is_uuid()) continue;
    const TableDef& target = *schema::find_table(table.find(via)->references);
    EC_TRY(parent, reading.get(target, row.find(via)->uuid(), tenant));
    tenant = parent.organization_id();
    if (via == table.event_source && via != "event_id")
      row.set("event_id", target.id == schema::tables::events.id ? Value(parent.id()) : *parent.find("event_id"));
  }
  if (!tenant) return fail_field(Errc::organization_required, "organization_id", "is needed here");
  row.set("organization_id", *tenant);
  return row;
}

Result<Json> explained(Reading& reading, Operation operation, const Record& row) {
  const policy::Facts& facts = reading.facts();
  EC_TRY(verdict, policy::decide(operation, row, facts, reading.related()));
  EC_TRY(lines, policy::explain(operation, row, facts, reading.related()));
  Json conditions = Json::array();
  for (const policy::Explained& line : lines)
    conditions.push_back({{"name", line.condition}, {"holds", line.holds}, {"because", line.because}});
  Json columns = Json::array();
  for (std::size_t i = 0; i < verdict.columns.size(); ++i)
    if (verdict.columns[i] && !row.table().columns[i].is(schema::internal))
      columns.push_back(std::string(row.table().columns[i].name));
  return Json{{"allowed", verdict.allowed},
              {"policy", verdict.policy},
              {"conditions", std::move(conditions)},
              {"columns", std::move(columns)}};
}

}  // namespace

Result<Json> explain_access(Reading& reading, const CommandDef&, const Arguments& arguments) {
  const TableDef* table = schema::find_table(arguments.text("table"));
  if (table == nullptr) return Failure(Errc::unknown_table);
  const Operation operation = operation_of(arguments.text("operation"));
  if (operation != Operation::view) {
    const Status kind = policy::may_write_kind(operation, *table, reading.facts());
    if (!kind) {
      const Json line = {{"name", "engine"}, {"holds", false}, {"because", kind.error().message()}};
      return Json{{"allowed", false}, {"policy", "engine"}, {"conditions", Json::array({line})}};
    }
  }
  if (operation == Operation::create) {
    EC_TRY(row, imagined_row(reading, *table, arguments));
    return explained(reading, operation, row);
  }
  const auto id = arguments.optional_uuid("id");
  if (!id) return fail_field(Errc::invalid_argument, "id", "is needed for this operation");
  EC_TRY(row, reading.get(*table, *id, arguments.optional_uuid("organization_id")));
  EC_TRY(reply, explained(reading, operation, row));
  if (operation != Operation::update || arguments.json("values").is_null()) return reply;
  // Named columns must be among those he may write.
  EC_TRY(changes, schema::decode_row(*table, arguments.json("values"), schema::WriteKind::update));
  EC_TRY(verdict, policy::decide(operation, row, reading.facts(), reading.related()));
  Json refused = Json::array();
  for (const Assignment& a : changes) {
    if (verdict.columns[a.index]) continue;
    refused.push_back(std::string(table->columns[a.index].name));
    if (!verdict.allowed) continue;
    EC_TRY(line, policy::explain_column(operation, row, a.index, reading.facts(), reading.related()));
    reply["conditions"].push_back({{"name", line.condition}, {"holds", line.holds}, {"because", line.because}});
  }
  if (!refused.empty()) reply["allowed"] = false;
  reply["columns_refused"] = std::move(refused);
  return reply;
}

namespace {

// One who may: what he is, which row he is, and which policy lets him.
struct Candidate {
  policy::Principal principal;
  std::string name;
};

Candidate candidate(policy::PrincipalKind kind, const Record& row, Column name) {
  Candidate one;
  one.principal.kind = kind;
  one.principal.id = row.id();
  one.principal.organization = row.organization_id();
  one.name = row[name].is_text() ? row[name].text() : std::string();
  return one;
}

// Everybody the organization knows by a row of its own. Customers are known by an address alone, and anonymous callers
// not at all: what they may do does not depend on a row of theirs.
Result<std::vector<Candidate>> candidates(Reading& reading, const Uuid& organization) {
  std::vector<Candidate> all;
  const auto each = [&](const TableDef& table, const std::function<void(const Record&)>& add) -> Status {
    store::Query query;
    query.table = &table;
    query.organization = organization;
    EC_TRY(rows, reading.scan(query));
    for (const Record& row : rows) add(row);
    return ok();
  };
  using policy::PrincipalKind;
  EC_TRYV(each(schema::tables::users,
               [&](const Record& row) { all.push_back(candidate(PrincipalKind::user, row, col::users::full_name)); }));
  EC_TRYV(each(schema::tables::sponsors, [&](const Record& row) {
    all.push_back(candidate(PrincipalKind::sponsor, row, col::sponsors::company_name));
  }));
  const auto with_hash = [&](PrincipalKind kind, const Record& row, Column name, Column hash) {
    Candidate one = candidate(kind, row, name);
    const Bytes& bytes = row[hash].bytes();
    std::copy_n(bytes.begin(), std::min(bytes.size(), one.principal.key_hash.size()), one.principal.key_hash.begin());
    all.push_back(std::move(one));
  };
  EC_TRYV(each(schema::tables::api_keys, [&](const Record& row) {
    if (!row[col::api_keys::sponsor_id].is_null()) return;  // it acts as the sponsor, who is listed
    with_hash(PrincipalKind::api_key, row, col::api_keys::name, col::api_keys::key_hash);
    all.back().principal.api_key = row.id();
  }));
  EC_TRYV(each(schema::tables::devices, [&](const Record& row) {
    with_hash(PrincipalKind::device, row, col::devices::name, col::devices::key_hash);
  }));
  return all;
}

// An update or a delete needs the row to be seen as well. Answers the policy's name, or nothing.
Result<std::optional<std::string>> allowing_policy(Reading& reading, Operation operation, const Record& row,
                                                   const policy::Facts& facts) {
  if (operation == Operation::update || operation == Operation::remove) {
    EC_TRY(seen, policy::decide(Operation::view, row, facts, reading.related()));
    if (!seen.allowed) return std::optional<std::string>{};
  }
  EC_TRY(verdict, policy::decide(operation, row, facts, reading.related()));
  return verdict.allowed ? std::optional<std::string>(verdict.policy) : std::optional<std::string>{};
}

}  // namespace

Result<Json> list_principals_who_can(Reading& reading, const CommandDef& command, const Arguments& arguments) {
  const TableDef* table = schema::find_table(arguments.text("table"));
  if (table == nullptr) return Failure(Errc::unknown_table);
  const Operation operation = operation_of(arguments.text("operation"));
  EC_TRY(organization_id, organization_of(reading, arguments));
  EC_TRY(organization, reading.get(schema::tables::organizations, organization_id));
  EC_TRYV(require(reading, command, organization));
  std::optional<Record> row;
  if (operation == Operation::create) {
    EC_TRY(imagined, imagined_row(reading, *table, arguments));
    row = std::move(imagined);
  } else {
    const auto id = arguments.optional_uuid("id");
    if (!id) return fail_field(Errc::invalid_argument, "id", "is needed for this operation");
    EC_TRY(found, reading.get(*table, *id, organization_id));
    row = std::move(found);
  }
  Json principals = Json::array();
  const bool written_by_nobody =
      operation != Operation::view && !policy::may_write_kind(operation, *table, policy::Facts{});
  EC_TRY(known, candidates(reading, organization_id));
  for (const Candidate& one : known) {
    if (written_by_nobody) break;
    EC_TRY(facts, policy::load_facts(reading.reader(), one.principal, reading.now()));
    EC_TRY(policy_name, allowing_policy(reading, operation, *row, facts));
    if (!policy_name) continue;
    principals.push_back({{"kind", policy::kind_name(one.principal.kind)},
                          {"id", to_text(one.principal.id)},
                          {"name", one.name},
                          {"policy", *policy_name}});
  }
  policy::Facts anonymous;
  anonymous.valid = true;
  EC_TRY(anon_policy, allowing_policy(reading, operation, *row, anonymous));
  return Json{{"principals", std::move(principals)}, {"anon", anon_policy.has_value() && !written_by_nobody}};
}

Result<Json> verify_audit(Reading& reading, const CommandDef& command, const Arguments& arguments) {
  EC_TRY(id, organization_of(reading, arguments));
  if (!reading.facts().is_service()) {
    if (id.is_nil()) return fail_fact(Errc::command_denied, "command", std::string(command.name));
    EC_TRY(organization, reading.get(schema::tables::organizations, id));
    EC_TRYV(require(reading, command, organization));
  } else if (reading.facts().organization && *reading.facts().organization != id) {
    return Failure(Errc::not_found);
  }
  EC_TRY(report, audit::verify_chain(reading.reader(), id));
  Json first_bad;
  if (report.first_bad) first_bad = {{"seq", report.first_bad->seq}, {"reason", report.first_bad->reason}};
  Json checkpoint;
  if (report.ok) {
    store::Reader& reader = reading.reader();
    store::ChainHead head;
    head.seq = report.entries;
    head.hash = report.head;
    const store::Checkpoint exported = audit::sign_checkpoint(reader, id, head, reading.now());
    checkpoint = {{"seq", exported.seq},
                  {"head", hex(exported.hash)},
                  {"time", format_rfc3339(exported.time)},
                  {"signature", hex(exported.signature)},
                  {"public_key", hex(reader.signing_public_key())}};
  }
  return Json{{"ok", report.ok},
              {"entries", report.entries},
              {"head", hex(report.head)},
              {"first_bad", std::move(first_bad)},
              {"checkpoint", std::move(checkpoint)}};
}

}  // namespace eventcore::rules::operations
