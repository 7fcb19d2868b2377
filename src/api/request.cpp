#include "api/request.hpp"

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

// A stored reply begins with a line that names the row the right to run hung on: "<table id> <organization> <row>".
std::string with_subject(const std::optional<work::Reading::Subject>& subject, const std::string& reply) {
  if (!subject) return "\n" + reply;
  return std::to_string(subject->table) + " " + to_text(subject->organization) + " " + to_text(subject->id) + "\n" +
         reply;
}

std::optional<work::Reading::Subject> read_subject(std::string_view line) {
  constexpr std::size_t uuid_length = 36;
  if (line.size() < 2 * (uuid_length + 1) + 1) return std::nullopt;
  work::Reading::Subject subject;
  subject.table = static_cast<std::uint16_t>(std::stoul(std::string(line)));
  const std::size_t cut = line.size() - 2 * uuid_length - 1;
  auto organization = parse_uuid(line.substr(cut, uuid_length));
  auto id = parse_uuid(line.substr(cut + uuid_length + 1));
  if (!organization || !id) return std::nullopt;
  subject.organization = organization.assume_value();
  subject.id = id.assume_value();
  return subject;
}

}  // namespace

namespace {

policy::Operation operation_of(std::string_view record_call) {
  if (record_call == "update") return policy::Operation::update;
  return record_call == "delete" ? policy::Operation::remove : policy::Operation::create;
}

}  // namespace

// A replay needs the right to the call now, not only the right it had then.
Status Request::still_allowed(store::Writer& writer, const policy::Facts& facts, std::string_view subject_line) {
  if (facts.is_service()) return ok();
  const Errc refusal = command != nullptr ? Errc::command_denied : Errc::not_found;
  const auto subject = read_subject(subject_line);
  if (!subject) {
    if (command != nullptr) return command->runs == schema::Runs::anyone ? Status(ok()) : Status(refusal);
    // A deleted row decides nothing any more, and the reply tells nothing; an empty list of rows neither.
    return ok();
  }
  const schema::TableDef& table = *schema::find_table(subject->table);
  EC_TRY(row, writer.get(table, subject->organization, subject->id));
  if (!row) return refusal;
  policy::Related related(writer);
  if (command != nullptr) {
    EC_TRY(allowed, policy::may_run(*command, *row, facts, related));
    return allowed ? Status(ok()) : Status(refusal);
  }
  EC_TRY(verdict, policy::decide(policy::Operation::view, *row, facts, related));
  if (!verdict.allowed) return refusal;
  EC_TRY(granted, policy::decide(operation_of(call.command), *row, facts, related));
  return granted.allowed ? Status(ok()) : Status(Errc::policy_denied);
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
  work::UnitOfWork unit(writer, call, std::move(facts), rules::invariants());
  if (required_tenant) EC_TRYV(unit.enter(*required_tenant));
  EC_TRY(json, body(unit));
  EC_TRYV(unit.finish());
  reply = dump(json);
  tenant = unit.tenant();
  if (scope) EC_TRYV(writer.remember(*scope, {request_hash, with_subject(unit.subject(), reply), call.now}));
  return ok();
}

}  // namespace eventcore::api
