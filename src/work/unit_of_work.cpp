#include "work/unit_of_work.hpp"

#include <algorithm>
#include <array>

#include "audit/chain.hpp"
#include "base/currency.hpp"
#include "base/text.hpp"
#include "feed/facts.hpp"
#include "schema/all.hpp"
#include "schema/codec.hpp"
#include "schema/generated/columns.hpp"
#include "schema/states.hpp"

namespace eventcore::work {

using policy::Operation;
using policy::PrincipalKind;
using schema::ColumnDef;
using schema::TableDef;

namespace {

const Value* given_value(const TableDef& table, const Changes& given, std::string_view column) {
  const int index = table.index_of(column);
  for (const Assignment& a : given)
    if (a.index == index) return &a.value;
  return nullptr;
}

Failure denied(Operation operation, const TableDef& table, const policy::Verdict& verdict) {
  FailureDetail detail;
  detail.message = "the policy does not allow this " + std::string(policy::operation_name(operation)) + " on " +
                   std::string(table.name);
  detail.facts = {{"policy", verdict.policy},
                  {"table", std::string(table.name)},
                  {"operation", std::string(policy::operation_name(operation))}};
  return {Errc::policy_denied, std::move(detail)};
}

Status check_columns(const TableDef& table, const policy::Verdict& verdict, const Changes& given) {
  FailureDetail detail;
  for (const Assignment& a : given)
    if (!verdict.columns[a.index])
      detail.fields.push_back({std::string(table.columns[a.index].name), "may not be written by this principal"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::column_denied, std::move(detail));
}

// `operation` of the audit log and the feed.
std::string_view act_name(Operation operation) {
  return policy::operation_name(operation);
}

char feed_letter(Operation operation) {
  switch (operation) {
    case Operation::create: return 'I';
    case Operation::remove: return 'D';
    default: return 'U';
  }
}

// Only what really changes; an update that changes nothing writes nothing.
Changes real_changes(const Record& row, const Changes& given) {
  Changes changes;
  for (const Assignment& a : given)
    if (!(row.at(a.index) == a.value)) changes.push_back(a);
  return changes;
}

}  // namespace

bool Write::names(Column column) const {
  return given != nullptr &&
         std::any_of(given->begin(), given->end(), [&](const Assignment& a) { return a.index == column.index; });
}

bool Write::changes(Column column) const {
  return before == nullptr || after == nullptr || !((*before)[column] == (*after)[column]);
}

UnitOfWork::UnitOfWork(store::Writer& writer, const Call& call, policy::Facts facts, const InvariantTable& invariants)
    : Reading(writer, call, std::move(facts), invariants), writer_(writer) {}

Status UnitOfWork::enter(const Uuid& organization) {
  if (tenant_ && *tenant_ != organization) return Errc::transaction_tenant;
  tenant_ = organization;
  return ok();
}

// ---- new rows ---------------------------------------------------------------------------------------------------

// The row that `table.parent` refers to: one the caller may see, or, for a rule's own write, whichever it is.
Result<Record> UnitOfWork::parent_of(const Record& row, const Value* named_organization, As as) {
  const TableDef& table = row.table();
  const Value& id = *row.find(table.parent);
  const TableDef& parent_table = *schema::find_table(table.find(table.parent)->references);
  std::optional<Uuid> within = tenant_;
  if (named_organization != nullptr && named_organization->is_uuid()) within = named_organization->uuid();
  if (as == As::engine && within) return must_find(parent_table, *within, id.uuid());
  return get(parent_table, id.uuid(), within);
}

Status UnitOfWork::find_tenant(Record& row, const Changes& given, As as) {
  const TableDef& table = row.table();
  if (table.global || table.id == schema::tables::organizations.id) return ok();
  const int organization = table.index_of("organization_id");
  const Value* named = given_value(table, given, "organization_id");
  Uuid tenant{};
  if (!table.parent.empty()) {
    auto parent = parent_of(row, named, as);
    if (!parent) {
      if (parent.error().code() != Errc::not_found) return parent.error();
      return fail_field(Errc::reference_not_found, std::string(table.parent), "there is no such row");
    }
    tenant = parent.assume_value().organization_id();
  } else if (named != nullptr && named->is_uuid()) {
    tenant = named->uuid();
  } else if (facts_.organization) {
    tenant = *facts_.organization;
  } else if (tenant_) {
    tenant = *tenant_;
  } else {
    return fail_field(Errc::organization_required, "organization_id", "is needed here");
  }
  row.at(static_cast<std::size_t>(organization)) = tenant;
  return ok();
}

Status UnitOfWork::copy_event(Record& row) {
  const TableDef& table = row.table();
  if (table.event_source.empty() || table.event_source == "event_id") return ok();
  const Value& source = *row.find(table.event_source);
  if (!source.is_uuid()) return ok();
  const TableDef& source_table = *schema::find_table(table.find(table.event_source)->references);
  EC_TRY(found,
         reader_.get(source_table, row.organization_id(), source.uuid(), store::ColumnSet::short_only(source_table)));
  if (!found) return fail_field(Errc::reference_not_found, std::string(table.event_source), "there is no such row");
  row.set("event_id", source_table.id == schema::tables::events.id ? Value(found->id()) : *found->find("event_id"));
  return ok();
}

Status UnitOfWork::fill_folded(Record& row) {
  const TableDef& table = row.table();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    if (column.folds.empty()) continue;
    const Value& source = *row.find(column.folds);
    row.at(i) = source.is_null() ? Value() : Value(fold(source.text()));
  }
  return ok();
}

Status UnitOfWork::fill_currency(Record& row, const Changes& given) {
  const int column = row.table().index_of("currency");
  if (column < 0 || given_value(row.table(), given, "currency") != nullptr) return ok();
  EC_TRY(currency, inherited_currency(row));
  row.at(static_cast<std::size_t>(column)) = currency;
  return ok();
}

Status UnitOfWork::check_money(const Record& row, const Changes& given) {
  const TableDef& table = row.table();
  FailureDetail detail;
  std::string currency;
  if (const Value* own = given_value(table, given, "currency"); own != nullptr && own->is_text())
    if (!currency_digits(own->text())) detail.fields.push_back({"currency", "is not a currency of ISO 4217"});
  const bool all = detail.fields.empty() && given_value(table, given, "currency") != nullptr;
  for (std::size_t i = 0; i < table.columns.size() && detail.fields.empty(); ++i) {
    if (table.columns[i].type != schema::Type::money || !row.at(i).is_integer()) continue;
    const bool named = std::any_of(given.begin(), given.end(), [&](const Assignment& a) { return a.index == i; });
    if (!named && !all) continue;
    if (currency.empty()) {
      EC_TRY(found, currency_of(row));
      currency = found;
    }
    const std::int64_t unit = minor_unit(currency_digits(currency).value_or(2));
    if (row.at(i).integer() % unit != 0)
      detail.fields.push_back({std::string(table.columns[i].name), "has more decimals than " + currency});
  }
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_argument, std::move(detail));
}

Result<Record> UnitOfWork::new_row(const TableDef& table, const Changes& given, As as) {
  Record row(table);
  for (const Assignment& a : given) row.at(a.index) = a.value;
  if (row.at(0).is_null()) row.at(0) = call_.draws.id();
  EC_TRYV(find_tenant(row, given, as));
  EC_TRYV(copy_event(row));
  EC_TRYV(schema::apply_initials(row, call_.now, &given));
  row.set("version", 1);
  if (row.find("created_at")->is_null()) row.set("created_at", call_.now);
  row.set("updated_at", call_.now);
  if (const Value* creator = row.find("created_by"); creator != nullptr && creator->is_null())
    if (facts_.kind == PrincipalKind::user) row.set("created_by", facts_.id);
  EC_TRYV(fill_currency(row, given));
  EC_TRYV(fill_folded(row));
  return row;
}

// ---- policies -----------------------------------------------------------------------------------------------------

Status UnitOfWork::check_new_row(Operation operation, const Record& row, const Changes& given) {
  EC_TRY(verdict, policy::decide(operation, row, facts_, related_));
  if (!verdict.allowed) return denied(operation, row.table(), verdict);
  if (operation == Operation::create) return check_columns(row.table(), verdict, given);
  EC_TRY(still_visible, visible(row));
  if (!still_visible) {
    EC_TRY(view, policy::decide(Operation::view, row, facts_, related_));
    return denied(Operation::view, row.table(), view);
  }
  return ok();
}

Status UnitOfWork::check_old_row(Operation operation, const Record& row, const Changes& given) {
  EC_TRY(verdict, policy::decide(operation, row, facts_, related_));
  if (!verdict.allowed) return denied(operation, row.table(), verdict);
  return check_columns(row.table(), verdict, given);
}

Status UnitOfWork::check_references(const Record& row, const Record* before, As as) {
  if (as == As::engine) return ok();  // rules read what they refer to; SQL's own keys stand behind
  const TableDef& table = row.table();
  FailureDetail detail;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    if (!column.is_reference() || !row.at(i).is_uuid()) continue;
    if (column.name == "organization_id" && facts_.organization) continue;
    if (before != nullptr && before->at(i) == row.at(i)) continue;
    const TableDef& target = *schema::find_table(column.references);
    const Uuid id = row.at(i).uuid();
    const Uuid tenant = target.global                                   ? Uuid{}
                        : target.id == schema::tables::organizations.id ? id
                                                                        : row.organization_id();
    EC_TRY(found, reader_.get(target, tenant, id, store::ColumnSet::short_only(target)));
    bool seen = false;
    if (found) {
      // What the engine filled in (its own user, the event of a parent he can see) needs no second look.
      const bool engines = column.is(schema::engine_column) && !facts_.is_service();
      EC_TRY(is_visible, engines ? Result<bool>(true) : visible(*found));
      seen = is_visible;
    }
    if (!seen) detail.fields.push_back({std::string(column.name), "there is no such row"});
  }
  if (detail.fields.empty()) return ok();
  return Failure(Errc::reference_not_found, std::move(detail));
}

Status UnitOfWork::check_states(const Write& write) {
  const TableDef& table = write.after->table();
  for (const schema::StateMachine& machine : schema::all_state_machines) {
    if (machine.table != table.name) continue;
    const std::string& to = write.after->find(machine.column)->text();
    std::string from;
    if (write.before == nullptr) {
      if (write.as == As::engine || write.importing || to == machine.initial) continue;
    } else {
      from = write.before->find(machine.column)->text();
      if (from == to || schema::allows(machine, from, to)) continue;
    }
    FailureDetail detail;
    detail.message = from.empty() ? "a new row of " + std::string(table.name) + " cannot begin as " + to
                                  : std::string(machine.column) + " cannot go from " + from + " to " + to;
    detail.fields.push_back({std::string(machine.column), from.empty() ? "must begin as " + std::string(machine.initial)
                                                                       : from + " does not lead to " + to});
    detail.facts = {{"from", from.empty() ? "none" : from}, {"to", to}};
    return Failure(Errc::invalid_transition, std::move(detail));
  }
  return ok();
}

// ---- the three writes ---------------------------------------------------------------------------------------------

Status UnitOfWork::store_insert(Write& write) {
  const TableDef& table = write.after->table();
  EC_TRYV(check_states(write));
  if (const auto check = invariants_[table.id].check) EC_TRYV(check(*this, write));
  EC_TRYV(fill_folded(*write.after));
  if (table.id == schema::tables::organizations.id) EC_TRYV(writer_.create_tenant_key(write.after->id()));
  writer_.arm(true);
  const Status inserted = writer_.insert(*write.after);
  writer_.arm(false);
  EC_TRYV(inserted);
  EC_TRYV(log(write.operation, nullptr, write.after));
  if (const auto settle = invariants_[table.id].settle) EC_TRYV(settle(*this, write));
  return ok();
}

Result<Record> UnitOfWork::insert(const TableDef& table, const Changes& given, As as) {
  if (as == As::caller) EC_TRYV(policy::may_write_kind(Operation::create, table, facts_));
  EC_TRY(row, new_row(table, given, as));
  EC_TRYV(enter(row.organization_id()));
  if (as == As::caller) EC_TRYV(check_new_row(Operation::create, row, given));
  EC_TRYV(check_money(row, given));
  EC_TRYV(check_references(row, nullptr, as));
  const bool importing = as == As::caller && facts_.is_service();
  Write write{Operation::create, nullptr, &row, as, importing, &given};
  EC_TRYV(store_insert(write));
  return row;
}

Status UnitOfWork::store_update(Write& write) {
  Record& after = *write.after;
  const Record& before = *write.before;
  const TableDef& table = after.table();
  EC_TRYV(check_states(write));
  if (const auto check = invariants_[table.id].check) EC_TRYV(check(*this, write));
  EC_TRYV(fill_folded(after));
  after.set("version", before.version() + 1);
  after.set("updated_at", call_.now);
  Changes changed;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (!(after.at(i) == before.at(i))) changed.push_back({static_cast<std::uint16_t>(i), after.at(i)});
  writer_.arm(true);
  const Status updated = writer_.update(table, before.organization_id(), before.id(), changed);
  writer_.arm(false);
  EC_TRYV(updated);
  if (table.id == schema::tables::organizations.id || table.id == schema::tables::events.id) settings_forget();
  related_.forget();
  EC_TRYV(log(write.operation, &before, &after));
  if (const auto settle = invariants_[table.id].settle) EC_TRYV(settle(*this, write));
  return ok();
}

Result<Record> UnitOfWork::update(const TableDef& table, const Uuid& id, const Changes& given, As as,
                                  std::optional<std::int64_t> if_version, const std::optional<Uuid>& organization) {
  if (as == As::caller) EC_TRYV(policy::may_write_kind(Operation::update, table, facts_));
  EC_TRY(before, get(table, id, organization ? organization : tenant_));
  EC_TRYV(enter(before.organization_id()));
  if (as == As::caller) EC_TRYV(check_old_row(Operation::update, before, given));
  if (if_version && *if_version != before.version())
    return fail_fact(Errc::version_conflict, "version", std::to_string(before.version()));
  const Changes changes = real_changes(before, given);
  if (changes.empty()) return before;
  Record after = before;
  for (const Assignment& a : changes) after.at(a.index) = a.value;
  EC_TRYV(fill_folded(after));
  if (as == As::caller) EC_TRYV(check_new_row(Operation::update, after, changes));
  EC_TRYV(check_money(after, changes));
  EC_TRYV(check_references(after, &before, as));
  Write write{Operation::update, &before, &after, as, false, &changes};
  EC_TRYV(store_update(write));
  return after;
}

Status UnitOfWork::change(Record& row, const Changes& given) {
  EC_TRYV(enter(row.organization_id()));
  const Changes changes = real_changes(row, given);
  if (changes.empty()) return ok();
  Record after = row;
  for (const Assignment& a : changes) after.at(a.index) = a.value;
  Write write{Operation::update, &row, &after, As::engine, false, &changes};
  EC_TRYV(store_update(write));
  row = std::move(after);
  return ok();
}

Status UnitOfWork::erase(const Record& row) {
  return erase_as(row, As::engine);
}

Status UnitOfWork::erase_as(const Record& row, As as) {
  const TableDef& table = row.table();
  EC_TRYV(enter(row.organization_id()));
  Write write{Operation::remove, &row, nullptr, as, false, nullptr};
  if (const auto check = invariants_[table.id].check) EC_TRYV(check(*this, write));
  writer_.arm(true);
  const Status erased = writer_.erase(table, row.organization_id(), row.id());
  writer_.arm(false);
  EC_TRYV(erased);
  EC_TRYV(log(Operation::remove, &row, nullptr));
  related_.forget();
  if (const auto settle = invariants_[table.id].settle) EC_TRYV(settle(*this, write));
  return ok();
}

// ---- counters -----------------------------------------------------------------------------------------------------

void UnitOfWork::add_to(const TableDef& table, const Uuid& organization, const Uuid& id, Column column,
                        std::int64_t delta, Errc refusal) {
  for (Counter& counter : counters_) {
    if (counter.id != id || counter.column.index != column.index || counter.table != &table) continue;
    counter.delta += delta;
    return;
  }
  counters_.push_back({&table, organization, id, column, delta, refusal});
}

std::int64_t UnitOfWork::pending(const Uuid& id, Column column) const {
  for (const Counter& counter : counters_)
    if (counter.id == id && counter.column.table == column.table && counter.column.index == column.index)
      return counter.delta;
  return 0;
}

Status UnitOfWork::flush_counters() {
  while (!counters_.empty()) {
    const std::vector<Counter> counters = std::exchange(counters_, {});
    for (const Counter& counter : counters) {
      if (counter.delta == 0) continue;
      EC_TRY(row, find(*counter.table, counter.organization, counter.id));
      if (!row) continue;  // the row itself went in this unit
      const std::int64_t next = row->at(counter.column.index).integer() + counter.delta;
      if (next < 0) return counter.refusal;
      const Status changed = change(*row, {{counter.column.index, next}});
      if (!changed) {
        if (changed.error().code() == Errc::invariant_violated) return counter.refusal;
        return changed.error();
      }
    }
  }
  return ok();
}

// ---- audit and feed -----------------------------------------------------------------------------------------------

Result<store::ChainHead*> UnitOfWork::head_of(const Uuid& organization) {
  for (Head& known : heads_)
    if (known.organization == organization) return &known.head;
  EC_TRY(head, writer_.chain_head(organization));
  heads_.push_back({organization, head});
  return &heads_.back().head;
}

namespace {

// A customer is known by his address alone, so it belongs to the personal part of what he did.
void name_customer(std::string& personal_image, const policy::Principal& principal) {
  if (principal.kind != PrincipalKind::customer) return;
  Json name = principal.email;
  const std::string member = "\"$principal\":" + dump(name);
  personal_image = personal_image.empty() ? "{" + member + "}" : "{" + member + "," + personal_image.substr(1);
}

// A service says why it acts; the log keeps it.
void name_reason(std::string& other_image, const policy::Principal& principal) {
  if (principal.kind != PrincipalKind::service || principal.reason.empty()) return;
  const std::string member = "\"$reason\":" + dump(Json(principal.reason));
  other_image = other_image.empty() ? "{" + member + "}" : "{" + member + "," + other_image.substr(1);
}

audit::Images images_of(const Record* before, const Record* after) {
  Changes changed;
  const Changes* only = nullptr;
  if (before != nullptr && after != nullptr) {
    for (std::size_t i = 0; i < before->table().columns.size(); ++i)
      if (!(before->at(i) == after->at(i))) changed.push_back({static_cast<std::uint16_t>(i), {}});
    only = &changed;
  }
  audit::Images images;
  if (before != nullptr) {
    images.before_personal = schema::image(*before, true, only);
    images.before_other = schema::image(*before, false, only);
  }
  if (after != nullptr) {
    images.after_personal = schema::image(*after, true, only);
    images.after_other = schema::image(*after, false, only);
  }
  return images;
}

}  // namespace

audit::Act UnitOfWork::act_of(const Uuid& organization, std::string_view table, const Uuid& row,
                              std::string_view operation) const {
  audit::Act act;
  act.organization = organization;
  act.time = call_.now;
  act.principal_kind = policy::kind_name(facts_.kind);
  act.principal_id = facts_.id;
  if (facts_.kind == PrincipalKind::user) act.user_id = facts_.id;
  act.table = table;
  act.row = row;
  act.operation = operation;
  act.command = call_.command;
  return act;
}

Status UnitOfWork::append_entry(const audit::Act& act, audit::Images images, store::ChainHead& head) {
  name_customer(images.after_personal, call_.principal);
  name_reason(images.after_other, call_.principal);
  std::array<std::uint8_t, 4 * audit::salt_bytes> salts{};
  call_.draws.fill(salts);
  const Record entry = audit::make_entry(act, images, head, call_.draws.id(), salts);
  writer_.arm(true);
  const Status inserted = writer_.insert(entry);
  writer_.arm(false);
  return inserted;
}

Status UnitOfWork::log(Operation operation, const Record* before, const Record* after) {
  // cppcheck-suppress nullPointer  ; one of the two is always there
  const Record& row = after != nullptr ? *after : *before;
  const Uuid organization = row.table().global ? Uuid{} : row.organization_id();
  EC_TRY(head, head_of(organization));
  EC_TRYV(append_entry(act_of(organization, row.table().name, row.id(), act_name(operation)), images_of(before, after),
                       *head));
  store::FeedRow change;
  change.organization = organization;
  change.seq = ++head->feed_seq;
  change.audit_seq = head->seq;
  change.table = row.table().id;
  change.row = row.id();
  change.operation = feed_letter(operation);
  change.time = call_.now;
  change.version = row.version();
  // A closed organization has no key for the digests of its facts, and nobody but the service follows it.
  if (facts_.is_closed(organization)) return writer_.append_change(change);
  if (before != nullptr) {
    EC_TRY(facts, feed::facts_of(*before, reader_, related_));
    change.old_facts = std::move(facts);
  }
  if (after != nullptr) {
    EC_TRY(facts, feed::facts_of(*after, reader_, related_));
    change.new_facts = std::move(facts);
  }
  return writer_.append_change(change);
}

Status UnitOfWork::record_act(const Uuid& organization, std::string_view operation, std::string_view values_json) {
  EC_TRY(head, head_of(organization));
  audit::Images images;
  images.after_other = values_json;
  return append_entry(act_of(organization, "", Uuid{}, operation), std::move(images), *head);
}

Status UnitOfWork::finish() {
  EC_TRYV(flush_counters());
  for (const Head& known : heads_) {
    EC_TRYV(writer_.set_chain_head(known.organization, known.head));
    if (!audit::checkpoint_due(known.head, call_.now)) continue;
    const store::Checkpoint signed_now = audit::sign_checkpoint(writer_, known.organization, known.head, call_.now);
    EC_TRYV(writer_.set_checkpoint(known.organization, signed_now));
  }
  heads_.clear();
  return ok();
}

}  // namespace eventcore::work
