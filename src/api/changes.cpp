#include "api/changes.hpp"

#include <algorithm>

#include "base/time.hpp"
#include "feed/facts.hpp"
#include "policy/access.hpp"
#include "schema/all.hpp"

namespace eventcore::api {

using policy::PrincipalKind;

namespace {

constexpr std::int64_t limit_max = 1'000;
constexpr std::int64_t read_ahead = 1'000;  // rows looked at in one snapshot before handing over what was found

// Was the row visible then, to what the subscriber is now?
Result<bool> saw(const schema::TableDef& table, const store::FeedRow& change, const std::string& facts_json,
                 const policy::Facts& facts) {
  if (facts_json.empty()) return false;
  if (facts.is_service()) return true;
  EC_TRY(recalled, feed::RecalledFacts::parse(table, change.organization, change.row, facts_json));
  if (!recalled) return false;
  EC_TRY(verdict, policy::decide(policy::Operation::view, recalled->record(), facts, *recalled));
  return verdict.allowed;
}

std::string_view operation_word(char letter) {
  return letter == 'I' ? "insert" : letter == 'D' ? "delete" : "update";
}

// What the subscriber learns of one change; null: nothing.
Result<Json> delivered(const store::FeedRow& change, const policy::Facts& facts, bool store_wide) {
  const schema::TableDef& table = *schema::find_table(change.table);
  EC_TRY(before, saw(table, change, change.old_facts, facts));
  EC_TRY(after, saw(table, change, change.new_facts, facts));
  if (!before && !after) return Json(nullptr);
  Json json = Json::object();
  json["seq"] = store_wide ? change.store_seq : change.seq;
  json["table"] = table.name;
  json["id"] = to_text(change.row);
  json["operation"] = !after && change.operation != 'D' ? "left" : operation_word(change.operation);
  json["time"] = format_rfc3339(change.time);
  json["version"] = change.version;
  if (store_wide && !change.organization.is_nil()) json["organization_id"] = to_text(change.organization);
  return json;
}

struct Batch {
  Json changes = Json::array();
  std::int64_t next = 0;
  bool full = false;
};

// The first number that can still be had: the next one to come when nothing is kept.
Result<std::int64_t> first_kept(store::Reader& reader, const std::optional<Uuid>& tenant) {
  EC_TRY(first, reader.first_change_kept(tenant));
  if (first != 0) return first;
  if (!tenant) {
    EC_TRY(last, reader.store_seq());
    return last + 1;
  }
  EC_TRY(head, reader.chain_head(*tenant));
  return head.feed_seq + 1;
}

Status read_batch(store::Reader& reader, const policy::Principal& principal, const ChangesRequest& request, Micros now,
                  Batch& batch) {
  EC_TRY(facts, policy::load_facts(reader, principal, now));
  if (!facts.valid) return Errc::unauthenticated;
  if (facts.kind == PrincipalKind::customer || facts.kind == PrincipalKind::anon)
    return Failure(Errc::command_denied, {"there is no change feed for customers and anonymous callers", {}, {}});
  const bool store_wide = facts.is_service() && !facts.organization;
  const std::optional<Uuid> tenant = store_wide ? std::nullopt : facts.organization;
  EC_TRY(first, first_kept(reader, tenant));
  if (first - 1 > batch.next) return fail_fact(Errc::feed_gone, "first_kept", std::to_string(first));
  EC_TRY(rows, reader.changes(tenant, batch.next, read_ahead));
  for (const store::FeedRow& row : rows) {
    EC_TRY(json, delivered(row, facts, store_wide));
    batch.next = store_wide ? row.store_seq : row.seq;
    if (json.is_null()) continue;
    batch.changes.push_back(std::move(json));
    batch.full = static_cast<std::int64_t>(batch.changes.size()) >= request.limit;
    if (batch.full) return ok();
  }
  batch.full = rows.size() == static_cast<std::size_t>(read_ahead);  // more may wait behind what was looked at
  return ok();
}

}  // namespace

Result<Json> read_changes(EngineCore& engine, const policy::Principal& principal, const ChangesRequest& request) {
  FailureDetail detail;
  if (request.since < 0) detail.fields.push_back({"since", "must not be negative"});
  if (request.limit < 1 || request.limit > limit_max) detail.fields.push_back({"limit", "must be from 1 to 1000"});
  if (request.timeout_us < 0) detail.fields.push_back({"timeout_us", "must not be negative"});
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  const std::int64_t until = engine.clock().steady_us() + std::min(request.timeout_us, wait_max_us);
  Batch batch;
  batch.next = request.since;
  for (;;) {
    EC_TRY(store, engine.store());
    const std::int64_t seen = store->commit_count();
    EC_TRYV(store->read(
        [&](store::Reader& reader) { return read_batch(reader, principal, request, engine.clock().now_us(), batch); }));
    if (batch.full && batch.changes.empty()) continue;
    const std::int64_t left = until - engine.clock().steady_us();
    if (!batch.changes.empty() || left <= 0) break;
    store->wait_for_commit(seen, left);
  }
  Json json = Json::object();
  json["changes"] = std::move(batch.changes);
  json["next"] = batch.next;
  return json;
}

}  // namespace eventcore::api
