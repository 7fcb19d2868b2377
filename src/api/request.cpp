#include "api/request.hpp"

#include <charconv>

#include "rules/rules.hpp"
#include "schema/all.hpp"

namespace eventcore::api {

using policy::PrincipalKind;

namespace {

constexpr std::size_t key_length_min = 16;
constexpr std::size_t key_length_min_anon = 22;  // an anonymous key must not be guessable: it opens the stored reply
constexpr std::size_t key_length_max = 255;

// Scope of an idempotency key: organization, principal kind and id (a customer's address), key.
Digest key_scope(const policy::Facts& facts, std::string_view key) {
  Blake2b hash;
  const Uuid organization = facts.organization.value_or(Uuid{});
  hash.add("ec-idempotency-v1").add(ByteView(organization.bytes)).add(policy::kind_name(facts.kind));
  hash.add(ByteView(facts.id.bytes)).add(std::to_string(facts.email.size())).add(facts.email).add(key);
  return hash.finish();
}

}  // namespace

Request::Request(std::shared_ptr<EngineCore> engine_core, const policy::Principal& caller, std::string name, Micros now)
    : engine(std::move(engine_core)),
      principal(caller),
      draws(engine->ids(), engine->random()),
      call{principal, now, draws, std::move(name)} {}

store::Spend spend_of(const schema::CommandDef& command) {
  const bool goes_on = command.on_full_disk == schema::OnFullDisk::goes_on;
  return goes_on ? store::Spend::reserve : store::Spend::free_space;
}

Status may_begin(const schema::CommandDef& command, PrincipalKind kind) {
  if (kind == PrincipalKind::service || command.runs == schema::Runs::anyone) return ok();
  if (command.runs == schema::Runs::service_only) return Errc::command_denied;
  if (kind == PrincipalKind::api_key) return command.group.empty() ? Status(Errc::command_denied) : Status(ok());
  return ok();
}

Digest request_digest(std::string_view name, const Json& arguments) {
  Blake2b hash;
  hash.add("ec-request-v1").add(std::to_string(name.size())).add(name).add(dump(arguments));
  return hash.finish();
}

Status check_idempotency_key(std::string_view key, PrincipalKind kind) {
  if (key.empty()) return ok();
  const std::size_t least = kind == PrincipalKind::anon ? key_length_min_anon : key_length_min;
  bool visible = key.size() >= least && key.size() <= key_length_max;
  for (char c : key) visible = visible && c >= '!' && c <= '~';
  return visible ? Status(ok()) : Status(Errc::invalid_idempotency_key);
}

namespace {

// A stored reply begins with a line of the rights it hung on, a ';' after each: "<command id>" and, where the right
// hung on a row, " <table id> <organization> <row>".
using Right = work::Reading::Right;

std::string with_rights(const std::vector<Right>& rights, const std::string& reply) {
  std::string line;
  for (const Right& right : rights) {
    line += std::to_string(right.command);
    if (right.table != 0)
      line += " " + std::to_string(right.table) + " " + to_text(right.organization) + " " + to_text(right.row);
    line += ";";
  }
  return line + "\n" + reply;
}

// Secrets that are shown once are not kept, so a replay cannot show them again. The first right is the unit's own, the
// others are those of its calls in their order.
Json without_secrets(Json reply, const std::vector<Right>& rights) {
  const auto hide = [](Json& one, std::uint16_t id) {
    const schema::CommandDef* command = schema::find_command(id);
    if (command != nullptr && !command->shown_once.empty() && one.is_object())
      one[std::string(command->shown_once)] = nullptr;
  };
  if (reply.is_object() && rights.size() == 2) hide(reply, rights[1].command);
  if (reply.is_array())
    for (std::size_t i = 0; i < reply.size() && i + 1 < rights.size(); ++i) hide(reply[i], rights[i + 1].command);
  return reply;
}

Result<std::uint16_t> read_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size())
    return fail(Errc::internal, "a stored right is no right");
  return number;
}

Result<Right> read_right(std::string_view text) {
  Right right;
  const std::size_t end = text.find(' ');
  EC_TRY(command, read_number(text.substr(0, end)));
  right.command = command;
  if (end == std::string_view::npos) return right;
  text.remove_prefix(end + 1);
  constexpr std::size_t uuid_length = 36;
  if (text.size() < 2 * (uuid_length + 1) + 1) return fail(Errc::internal, "a stored right is no right");
  const std::size_t cut = text.size() - 2 * uuid_length - 1;
  EC_TRY(table, read_number(text.substr(0, cut - 1)));
  EC_TRY(organization, parse_uuid(text.substr(cut, uuid_length)));
  EC_TRY(row, parse_uuid(text.substr(cut + uuid_length + 1)));
  return Right{right.command, table, organization, row};
}

}  // namespace

namespace {

policy::Operation operation_of(std::string_view record_call) {
  if (record_call == "update") return policy::Operation::update;
  return record_call == "delete" ? policy::Operation::remove : policy::Operation::create;
}

}  // namespace

// Of one right.
Status Request::still_allowed(store::Writer& writer, const policy::Facts& facts, const Right& right) {
  const schema::CommandDef* command_then = schema::find_command(right.command);
  const Errc refusal = command_then != nullptr ? Errc::command_denied : Errc::not_found;
  if (right.table == 0) {
    if (command_then != nullptr) return command_then->runs == schema::Runs::anyone ? Status(ok()) : Status(refusal);
    // A deleted row decides nothing any more, and the reply tells nothing; an empty list of rows neither.
    return ok();
  }
  const schema::TableDef& table = *schema::find_table(right.table);
  EC_TRY(row, writer.get(table, right.organization, right.row));
  if (!row) return refusal;
  policy::Related related(writer);
  if (command_then != nullptr) {
    EC_TRY(allowed, policy::may_run(*command_then, *row, facts, related));
    return allowed ? Status(ok()) : Status(refusal);
  }
  EC_TRY(verdict, policy::decide(policy::Operation::view, *row, facts, related));
  if (!verdict.allowed) return refusal;
  EC_TRY(granted, policy::decide(operation_of(call.command), *row, facts, related));
  return granted.allowed ? Status(ok()) : Status(Errc::policy_denied);
}

// A replay needs the rights to the calls now, not only the rights it had then.
Status Request::still_allowed(store::Writer& writer, const policy::Facts& facts, std::string_view line) {
  if (facts.is_service()) return ok();
  while (!line.empty()) {
    const std::size_t end = line.find(';');
    EC_TRY(right, read_right(line.substr(0, end)));
    EC_TRYV(still_allowed(writer, facts, right));
    line.remove_prefix(end + 1);
  }
  return ok();
}

Result<std::optional<std::string>> Request::replay(store::Writer& writer, const policy::Facts& facts,
                                                   const Digest& scope) {
  EC_TRY(row, writer.idempotency(scope));
  if (!row) return std::optional<std::string>{};
  if (row->request != request_hash) return Errc::idempotency_mismatch;
  const std::size_t cut = row->reply.find('\n');
  EC_TRYV(still_allowed(writer, facts, std::string_view(row->reply).substr(0, cut)));
  return std::optional<std::string>(row->reply.substr(cut + 1));
}

Status Request::run(store::Writer& writer) {
  draws.rewind();
  tenant.reset();
  EC_TRY(facts, policy::load_facts(writer, principal, call.now));
  if (!facts.valid) return Errc::unauthenticated;
  if (command != nullptr) EC_TRYV(may_begin(*command, facts.kind));
  std::optional<Digest> scope;
  if (!idempotency_key.empty()) {
    scope = key_scope(facts, idempotency_key);
    EC_TRY(replayed, replay(writer, facts, *scope));
    if (replayed) {
      reply = std::move(*replayed);
      return ok();
    }
  }
  if (only_replay) return ok();
  work::UnitOfWork unit(writer, call, std::move(facts), rules::invariants());
  if (required_tenant) EC_TRYV(unit.enter(*required_tenant));
  if (command != nullptr) unit.next_right(command->id);
  EC_TRY(json, body(unit));
  EC_TRYV(unit.finish());
  reply = dump(json);
  tenant = unit.tenant();
  const std::string kept = scope ? dump(without_secrets(std::move(json), unit.rights())) : std::string();
  if (scope) EC_TRYV(writer.remember(*scope, {request_hash, with_rights(unit.rights(), kept), call.now}));
  return ok();
}

}  // namespace eventcore::api
