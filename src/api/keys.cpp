#include "api/keys.hpp"

#include <algorithm>

#include "api/request.hpp"
#include "audit/verify.hpp"
#include "base/time.hpp"
#include "rules/operations/maintenance.hpp"
#include "schema/codec.hpp"
#include "schema/commands.hpp"
#include "store/store.hpp"

namespace eventcore::api {

using store::KeyInput;

namespace {

using Slot = std::int32_t;

std::string kind_name(KeyInput::Kind kind) {
  switch (kind) {
    case KeyInput::Kind::raw: return "raw";
    case KeyInput::Kind::passphrase: return "passphrase";
    case KeyInput::Kind::recovery_code: return "recovery_code";
    case KeyInput::Kind::none: break;
  }
  return "none";
}

std::string note_name(Slot slot) {
  return std::string(store::key_note_prefix) + std::to_string(slot);
}

Json chain_json(std::int64_t seq, const Digest& hash) {
  return {{"seq", seq}, {"head", hex(hash)}};
}

Json lost_json(const std::optional<store::LostHead>& lost) {
  if (!lost) return {};
  return {
      {"commit", lost->commits}, {"head", hex(lost->heads)}, {"chain", chain_json(lost->chain_seq, lost->chain_hash)}};
}

Json copy_json(const std::string& path, const store::CopyReport& report) {
  return {{"path", path},
          {"bytes", report.bytes},
          {"rows", report.rows},
          {"commit", report.commits},
          {"head", hex(report.heads)},
          {"chain", chain_json(report.chain_seq, report.chain_hash)}};
}

// Every chain of a copy, from its first entry to its head.
Status check_chains(store::Reader& reader) {
  EC_TRY(chains, rules::operations::all_organizations(reader));
  chains.push_back(Uuid{});
  for (const Uuid& organization : chains) {
    EC_TRY(report, audit::verify_chain(reader, organization));
    if (report.ok) continue;
    FailureDetail detail;
    detail.facts.emplace_back("chain", to_text(organization));
    if (report.first_bad) detail.facts.emplace_back("reason", report.first_bad->reason);
    return Failure(Errc::store_corrupt, std::move(detail));
  }
  return ok();
}

// One of the commands, being run.
class Keys {
 public:
  explicit Keys(const KeyCall& call) : call_(call), arguments_(call.arguments) {}

  Result<std::string> run() {
    EC_TRY(store, call_.engine->store());
    store_ = std::move(store);
    const std::string_view name = call_.command.name;
    if (name == "list_keys") return list();
    if (name == "add_key") return change(std::nullopt);
    if (name == "remove_key") return change(static_cast<Slot>(arguments_.integer("slot")));
    if (name == "backup" || name == "restore") return copy(name == "restore");
    if (!arguments_.boolean("data_key")) {
      const auto slot = arguments_.optional_integer("slot");
      return change(slot ? static_cast<Slot>(*slot) : store_->opened_slot());
    }
    if (arguments_.has("slot"))
      return fail_field(Errc::invalid_argument, "slot", "all keys but the new one go with the data key");
    return renew();
  }

 private:
  // What the store's own chain says, and what is remembered under the call's idempotency key.
  std::shared_ptr<Request> request(Request::Body body) {
    const KeyCall& call = call_;
    auto made = std::make_shared<Request>(call.engine, call.principal, std::string(call.command.name),
                                          call.engine->clock().now_us());
    made->body = std::move(body);
    if (call.command.mutates) {
      made->idempotency_key = call.idempotency_key;
      made->request_hash = request_digest(call.command.name, call.arguments);
    }
    return made;
  }

  [[nodiscard]] std::string key_note() const {
    Json note = Json::object();
    if (arguments_.has("name")) note["name"] = arguments_.text("name");
    note["created_at"] = format_rfc3339(call_.engine->clock().now_us());
    return dump(note);
  }

  Result<std::string> list() {
    EC_TRY(slots, store_->key_slots());
    std::map<std::string, std::string> notes;
    EC_TRYV(store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(found, reader.metas(store::key_note_prefix));
      notes = std::move(found);
      return ok();
    }));
    Json keys = Json::array();
    for (const store::KeySlotInfo& slot : slots) {
      Json note = Json::object();
      if (const auto found = notes.find(note_name(slot.slot)); found != notes.end()) {
        EC_TRY(parsed, parse_json(found->second));
        note = std::move(parsed);
      }
      keys.push_back({{"slot", slot.slot},
                      {"kind", kind_name(slot.kind)},
                      {"name", note.value("name", Json())},
                      {"created_at", note.value("created_at", Json())},
                      {"opened", slot.slot == store_->opened_slot()}});
    }
    return dump(Json{{"keys", std::move(keys)}});
  }

  // One key more, one less, or one in the place of another.
  Result<std::string> change(std::optional<Slot> removed) {
    const KeyInput* key = call_.key;
    Slot added = 0;
    bool done = false;
    const auto asked = request([&](work::UnitOfWork& unit) -> Result<Json> {
      Json values = Json::object();
      if (key != nullptr) values["slot"] = added, values["kind"] = kind_name(key->kind);
      if (removed) values[key != nullptr ? "removed" : "slot"] = *removed;
      if (key != nullptr && arguments_.has("name")) values["name"] = arguments_.text("name");
      EC_TRYV(unit.record_act(Uuid{}, call_.command.name, dump(values)));
      done = true;
      Json reply = {{"slot", key != nullptr ? added : *removed}};
      if (key != nullptr && removed) reply["data_key"] = false;
      return reply;
    });
    const auto record = [&](store::Writer& writer, Slot number) -> Result<bool> {
      added = number;
      EC_TRYV(asked->run(writer));
      if (!done) return false;  // answered as it was the first time
      if (removed) EC_TRYV(writer.forget_meta(note_name(*removed)));
      if (key != nullptr) EC_TRYV(writer.set_meta(note_name(number), key_note()));
      return true;
    };
    EC_TRYV(store_->change_keys(key, removed, record, call_.deadline_us));
    return std::move(asked->reply);
  }

  Result<std::string> renew() {
    const auto known = request({});
    known->only_replay = true;
    if (!known->idempotency_key.empty()) {
      EC_TRYV(store_->write([known](store::Writer& writer) { return known->run(writer); }, call_.deadline_us));
      if (!known->reply.empty()) return std::move(known->reply);
    }
    const auto asked = request([&](work::UnitOfWork& unit) -> Result<Json> {
      Json values = {{"slot", 1}, {"kind", kind_name(call_.key->kind)}, {"data_key", true}};
      if (arguments_.has("name")) values["name"] = arguments_.text("name");
      EC_TRYV(unit.record_act(Uuid{}, "rotate_key", dump(values)));
      return Json{{"slot", 1}, {"data_key", true}};
    });
    const auto record = [&](store::Writer& writer) { return asked->run(writer); };
    EC_TRYV(store_->change_data_key(*call_.key, key_note(), record, check_chains));
    return std::move(asked->reply);
  }

  Result<std::string> copy(bool restoring) {
    const std::string path = arguments_.text("path");
    store::CopyOrder order{path, *call_.key, key_note(), false, {}, check_chains};
    if (restoring) {
      order.replace = arguments_.boolean("replace");
      order.record = [&](store::Writer& writer, const std::optional<store::LostHead>& lost) -> Status {
        EC_TRY(from, writer.chain_head(Uuid{}));
        const Json values = {{"from", chain_json(from.seq, from.hash)}, {"lost", lost_json(lost)}};
        const auto entry = request([text = dump(values)](work::UnitOfWork& unit) -> Result<Json> {
          EC_TRYV(unit.record_act(Uuid{}, "restore", text));
          return Json(nullptr);
        });
        return entry->run(writer);
      };
    }
    EC_TRY(report, store_->copy_to(order));
    Json reply = copy_json(path, report);
    if (restoring) reply["lost"] = lost_json(report.lost);
    return dump(reply);
  }

  const KeyCall& call_;
  const schema::Arguments arguments_;
  std::shared_ptr<store::Store> store_;
};

bool takes_key(const schema::CommandDef& command) {
  const auto& ids = schema::commands::commands_with_key;
  return std::find(std::begin(ids), std::end(ids), command.id) != std::end(ids);
}

}  // namespace

bool is_key_command(const schema::CommandDef& command) {
  return takes_key(command) || command.name == "list_keys" || command.name == "remove_key";
}

Failure no_key_here() {
  return fail_field(Errc::invalid_argument, "key", "is not for this call");
}

Status check_key_given(const schema::CommandDef& command, const KeyInput* key) {
  if (takes_key(command)) return key != nullptr ? Status(ok()) : Status(Errc::key_required);
  return key == nullptr ? Status(ok()) : Status(no_key_here());
}

Result<std::string> run_key_command(const KeyCall& call) {
  // They are about the whole store, not about one organization.
  if (call.principal.organization) return fail_fact(Errc::command_denied, "command", std::string(call.command.name));
  return Keys(call).run();
}

Result<std::string> add_recovery_code(const std::shared_ptr<EngineCore>& engine) {
  EC_TRYV(engine->store());
  policy::Principal principal;
  principal.kind = policy::PrincipalKind::service;
  principal.reason = "a recovery code was asked for";
  static const schema::CommandDef& command = *schema::find_command("add_key");
  std::string text = store::make_recovery_code(engine->random());
  const KeyInput key = KeyInput::recovery_code(as_bytes(text));
  const Json arguments = Json::object();
  const auto added = run_key_command({engine, principal, command, arguments, &key, {}, 0});
  if (added) return text;
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return added.error();
}

}  // namespace eventcore::api
