#include "api/session.hpp"

#include <algorithm>

#include "api/administration.hpp"
#include "api/changes.hpp"
#include "api/keys.hpp"
#include "api/request.hpp"
#include "base/text.hpp"
#include "rules/rules.hpp"
#include "schema/all.hpp"
#include "schema/commands.hpp"
#include "schema/filter.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::api {

using schema::Arguments;
using schema::CommandDef;
using schema::TableDef;

// Holds the session for one call.
class SessionCore::Busy {
 public:
  explicit Busy(SessionCore& session) : session_(session), mine_(!session.busy_.exchange(true)) {}
  ~Busy() {
    if (mine_) session_.busy_ = false;
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  [[nodiscard]] bool mine() const { return mine_; }
  [[nodiscard]] Status status() const {
    if (!mine_) return Errc::concurrent_use;
    return session_.open_or_closed();
  }

 private:
  SessionCore& session_;
  bool mine_;
};

namespace {

constexpr std::int64_t rows_many_max = 10'000;
constexpr std::size_t name_shown_max = 200;

// A name nobody knows, as an error may repeat it: errors are JSON, and short.
std::string as_field(std::string_view name) {
  return valid_text(name) && name.size() <= name_shown_max ? std::string(name) : std::string("?");
}

Result<const TableDef*> table_named(std::string_view name) {
  const TableDef* table = schema::find_table(name);
  if (table == nullptr) return fail_field(Errc::unknown_table, as_field(name), "there is no such table");
  return table;
}

Failure unknown_command(std::string_view name) {
  return fail_field(Errc::unknown_command, as_field(name), "there is no such command");
}

Result<Uuid> id_named(std::string_view text) {
  auto id = parse_uuid(text);
  if (!id) return fail_field(Errc::invalid_argument, "id", "must be a uuid");
  return id.assume_value();
}

Result<std::optional<Uuid>> organization_named(std::string_view text) {
  if (text.empty()) return std::optional<Uuid>{};
  auto id = parse_uuid(text);
  if (!id) return fail_field(Errc::invalid_argument, "organization_id", "must be a uuid");
  return std::optional<Uuid>(id.assume_value());
}

Result<Json> object_of(std::string_view text) {
  if (text.empty()) return Json(Json::object());
  EC_TRY(json, parse_json(text));
  if (!json.is_object()) return fail(Errc::invalid_json, "the request must be a JSON object");
  return json;
}

// A failure of one entry of many, told with its position.
Failure at_position(const Failure& failure, std::size_t position) {
  FailureDetail detail = failure.detail();
  if (detail.message.empty()) detail.message = failure.message();
  const std::string prefix = "[" + std::to_string(position) + "]";
  for (FieldError& field : detail.fields) field.field = prefix + "." + field.field;
  detail.facts.emplace_back("position", std::to_string(position));
  return {failure.code(), std::move(detail)};
}

Result<std::vector<std::string>> texts_of(const Json& json, const char* name) {
  std::vector<std::string> texts;
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return texts;
  const Failure bad = fail_field(Errc::invalid_argument, name, "must be a list of strings");
  if (!found->is_array()) return bad;
  for (const Json& entry : *found) {
    if (!entry.is_string()) return bad;
    texts.push_back(entry.get<std::string>());
  }
  return texts;
}

Status only_known(const Json& json, std::initializer_list<std::string_view> names) {
  FailureDetail detail;
  for (const auto& [name, value] : json.items())
    if (std::find(names.begin(), names.end(), name) == names.end())
      detail.fields.push_back({name, "is not known here"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_argument, std::move(detail));
}

Result<work::ListRequest> read_list_request(const TableDef& table, std::string_view text) {
  EC_TRY(json, object_of(text));
  EC_TRYV(only_known(json, {"where", "order_by", "limit", "after", "columns", "expand", "organization_id"}));
  work::ListRequest request;
  request.table = &table;
  request.where = json.value("where", Json());
  request.order_by = json.value("order_by", Json());
  EC_TRY(columns, texts_of(json, "columns"));
  request.columns = std::move(columns);
  EC_TRY(expand, texts_of(json, "expand"));
  request.expand = std::move(expand);
  FailureDetail detail;
  if (const auto limit = json.find("limit"); limit != json.end() && !limit->is_null()) {
    if (limit->is_number_integer())
      request.limit = limit->get<std::int64_t>();
    else
      detail.fields.push_back({"limit", "must be a whole number"});
  }
  if (const auto after = json.find("after"); after != json.end() && !after->is_null()) {
    if (after->is_string())
      request.after = after->get<std::string>();
    else
      detail.fields.push_back({"after", "must be a cursor"});
  }
  if (const auto tenant = json.find("organization_id"); tenant != json.end() && !tenant->is_null()) {
    auto id = tenant->is_string() ? parse_uuid(tenant->get<std::string>()) : Result<Uuid>(Errc::invalid_argument);
    if (id)
      request.organization = id.assume_value();
    else
      detail.fields.push_back({"organization_id", "must be a uuid"});
  }
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  return request;
}

}  // namespace

Status SessionCore::open_or_closed() const {
  if (closed_) return Errc::closed;
  EC_TRYV(engine_->store());
  return ok();
}

// ---- running ------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<Request>> SessionCore::make_request(std::string name, const Json& arguments, WriteBody body,
                                                           const CallContext& context) {
  EC_TRYV(check_idempotency_key(context.idempotency_key, principal_.kind));
  auto request = std::make_shared<Request>(engine_, principal_, std::move(name), engine_->clock().now_us());
  request->body = std::move(body);
  request->idempotency_key = context.idempotency_key;
  if (!request->idempotency_key.empty()) request->request_hash = request_digest(request->call.command, arguments);
  return request;
}

Result<store::WriteTurn*> SessionCore::turn(std::int64_t timeout_us) {
  if (!turn_) {
    EC_TRY(turn, transaction_store_->begin(deadline_of(timeout_us)));
    turn_ = std::move(turn);
  }
  return turn_.get();
}

std::int64_t SessionCore::deadline_of(std::int64_t timeout_us) const {
  return timeout_us > 0 ? engine_->clock().steady_us() + std::min(timeout_us, wait_max_us) : 0;
}

Result<std::string> SessionCore::run_write(const std::shared_ptr<Request>& request, std::int64_t timeout_us) {
  if (in_transaction_) {
    EC_TRY(held, turn(timeout_us));
    request->required_tenant = transaction_tenant_;
    EC_TRYV(held->run([&](store::Writer& writer) { return request->run(writer); }));
    if (request->tenant && !request->tenant->is_nil()) transaction_tenant_ = request->tenant;
    return std::move(request->reply);
  }
  EC_TRY(store, engine_->store());
  EC_TRYV(store->write([request](store::Writer& writer) { return request->run(writer); }, deadline_of(timeout_us),
                       request->spend));
  note_use();
  return std::move(request->reply);
}

// A key's row says when it was used last, to the hour. Bookkeeping never makes the call fail that it is about.
void SessionCore::note_use() {
  constexpr Micros hour_us = Micros{3'600} * 1'000'000;
  const bool is_device = principal_.kind == policy::PrincipalKind::device;
  if (!is_device && !principal_.api_key) return;
  const auto is_recent = [](Micros then, Micros now) { return then <= now && now - then < hour_us; };
  const Micros now = engine_->clock().now_us();
  if (use_noted_at_ && is_recent(*use_noted_at_, now)) return;
  use_noted_at_ = now;
  const TableDef& table = is_device ? schema::tables::devices : schema::tables::api_keys;
  const Column column = is_device ? col::devices::last_seen_at : col::api_keys::last_used_at;
  const Uuid id = is_device ? principal_.id : *principal_.api_key;
  auto request = std::make_shared<Request>(engine_, principal_, "use", now);
  request->body = [=, &table](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(row, unit.find(table, *unit.facts().organization, id));
    if (!row || (!(*row)[column].is_null() && is_recent((*row)[column].integer(), now))) return Json(nullptr);
    EC_TRYV(unit.change(*row, {{column.index, Value(now)}}));
    return Json(nullptr);
  };
  auto opened = engine_->store();
  if (!opened) return;
  // Not waited for: while somebody holds the write turn it stays queued and goes with the next group.
  store::Store& store = *opened.assume_value();
  static_cast<void>(store.wait(store.submit([request](store::Writer& w) { return request->run(w); }), 0));
}

Result<std::string> SessionCore::run_read(std::string name, const ReadBody& body) {
  work::Draws draws(engine_->ids(), engine_->random());
  const work::Call call{principal_, engine_->clock().now_us(), draws, std::move(name)};
  std::string text;
  const auto read = [&](store::Reader& reader) -> Status {
    EC_TRY(facts,
           turn_ ? policy::load_facts(reader, principal_, call.now) : known_facts_.load(reader, principal_, call.now));
    if (!facts.valid) return Errc::unauthenticated;
    work::Reading reading(reader, call, std::move(facts), rules::invariants());
    EC_TRY(answer, body(reading));
    text = std::move(answer);
    return ok();
  };
  if (turn_) {  // a transaction that has written sees its own writes
    EC_TRYV(turn_->run([&](store::Writer& writer) { return read(writer); }));
    return text;
  }
  EC_TRY(store, engine_->store());
  EC_TRYV(store->read(read));
  if (!in_transaction_) note_use();
  return text;
}

// ---- commands -----------------------------------------------------------------------------------------------------

Result<SessionCore::WriteBody> SessionCore::write_body(const CommandDef& command,
                                                       std::shared_ptr<const Json> arguments) const {
  const rules::Rule* rule = rules::find_rule(command.id);
  if (rule == nullptr || rule->write == nullptr) return Errc::internal;
  return WriteBody([rule, &command, arguments = std::move(arguments)](work::UnitOfWork& unit) {
    return rule->write(unit, command, Arguments(*arguments));
  });
}

Result<std::string> SessionCore::dispatch(std::string_view name, const Json& given, const CallContext& context) {
  const CommandDef* command = schema::find_command(name);
  if (command == nullptr) return unknown_command(name);
  EC_TRY(decoded, schema::decode_arguments(*command, given));
  EC_TRYV(may_begin(*command, principal_.kind));
  EC_TRYV(
      check_idempotency_key(context.idempotency_key, principal_.kind));  // of a read as well, which has no use for it
  EC_TRYV(check_key_given(*command, context.key.get()));
  if (is_key_command(*command)) {
    if (in_transaction_) return fail(Errc::transaction_open, "this command does not run inside a transaction");
    return run_key_command({engine_, principal_, *command, decoded, context.key.get(), context.idempotency_key,
                            deadline_of(context.timeout_us)});
  }
  if (name == "run_maintenance" || name == "verify_store") {
    if (in_transaction_) return fail(Errc::transaction_open, "this command does not run inside a transaction");
    if (command->mutates)
      return run_maintenance(engine_, principal_, decoded, context.idempotency_key, deadline_of(context.timeout_us));
    EC_TRY(json, verify_store(*engine_, principal_, Arguments(decoded)));
    return dump(json);
  }
  auto arguments = std::make_shared<const Json>(std::move(decoded));
  if (!command->mutates) {
    const rules::Rule* rule = rules::find_rule(command->id);
    if (rule == nullptr || rule->read == nullptr) return Errc::internal;
    return run_read(std::string(name), [&](work::Reading& reading) -> Result<std::string> {
      EC_TRY(json, rule->read(reading, *command, Arguments(*arguments)));
      return dump(json);
    });
  }
  EC_TRY(body, write_body(*command, arguments));
  EC_TRY(request, make_request(std::string(name), *arguments, std::move(body), context));
  request->command = command;
  request->spend = spend_of(*command);
  return run_write(request, context.timeout_us);
}

Result<std::string> SessionCore::call(std::string_view command, std::string_view arguments,
                                      const CallContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(json, object_of(arguments));
  return dispatch(command, json, context);
}

Result<std::string> SessionCore::call_many(std::string_view calls, const CallContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  if (context.key) return no_key_here();
  EC_TRY(json, parse_json(calls));
  if (!json.is_array() || json.size() > static_cast<std::size_t>(rows_many_max))
    return fail(Errc::invalid_argument, "must be a list of at most 10,000 [command, arguments] pairs");
  struct Entry {
    std::uint16_t command;
    WriteBody body;
  };
  auto entries = std::make_shared<std::vector<Entry>>();
  store::Spend spend = json.empty() ? store::Spend::free_space : store::Spend::reserve;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const Json& entry = json[i];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_object())
      return at_position(fail(Errc::invalid_argument, "must be [command, arguments]"), i);
    const CommandDef* command = schema::find_command(entry[0].get<std::string>());
    if (command == nullptr || !command->mutates || rules::find_rule(command->id) == nullptr)
      return at_position(fail(Errc::unknown_command, "there is no such command that writes"), i);
    auto decoded = schema::decode_arguments(*command, entry[1]);
    if (!decoded) return at_position(decoded.error(), i);
    const Status allowed = may_begin(*command, principal_.kind);
    if (!allowed) return at_position(allowed.error(), i);
    EC_TRY(body, write_body(*command, std::make_shared<const Json>(std::move(decoded.assume_value()))));
    entries->push_back({command->id, std::move(body)});
    if (spend_of(*command) != store::Spend::reserve) spend = store::Spend::free_space;
  }
  EC_TRY(request, make_request(
                      "call_many", json,
                      [entries](work::UnitOfWork& unit) -> Result<Json> {
                        Json replies = Json::array();
                        for (std::size_t i = 0; i < entries->size(); ++i) {
                          unit.next_right((*entries)[i].command);
                          auto reply = (*entries)[i].body(unit);
                          if (!reply) return at_position(reply.error(), i);
                          replies.push_back(std::move(reply.assume_value()));
                        }
                        return replies;
                      },
                      context));
  request->spend = spend;
  return run_write(request, context.timeout_us);
}

Result<std::shared_ptr<PendingCore>> SessionCore::submit(std::string_view name, std::string_view arguments,
                                                         const CallContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  if (in_transaction_) return Errc::transaction_open;
  auto pending = std::make_shared<PendingCore>();
  EC_TRY(json, object_of(arguments));
  const CommandDef* command = schema::find_command(name);
  if (command == nullptr) return unknown_command(name);
  EC_TRY(decoded, schema::decode_arguments(*command, json));
  EC_TRYV(may_begin(*command, principal_.kind));
  EC_TRYV(check_key_given(*command, context.key.get()));
  if (!command->mutates || rules::find_rule(command->id) == nullptr) {
    pending->done_ = dispatch(name, json, context);  // nothing to queue: reads and sweeps are answered at once
    return pending;
  }
  auto shared = std::make_shared<const Json>(std::move(decoded));
  EC_TRY(body, write_body(*command, shared));
  EC_TRY(request, make_request(std::string(name), *shared, std::move(body), context));
  request->command = command;
  request->spend = spend_of(*command);
  EC_TRY(store, engine_->store());
  pending->store_ = store;
  pending->request_ = request;
  pending->pending_ = store->submit([request](store::Writer& writer) { return request->run(writer); },
                                    deadline_of(context.timeout_us), request->spend);
  return pending;
}

std::optional<Result<std::string>> PendingCore::wait(std::int64_t timeout_us) {
  const std::lock_guard<std::mutex> lock(waiting_);
  if (done_) return done_;
  const std::optional<Status> status = store_->wait(pending_, timeout_us);
  if (!status) return std::nullopt;
  done_ = *status ? Result<std::string>(request_->reply) : Result<std::string>(status->error());
  return done_;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

Result<std::string> SessionCore::get(std::string_view table_name, std::string_view id_text,
                                     const RecordContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(id, id_named(id_text));
  EC_TRY(organization, organization_named(context.organization));
  return run_read("get", [&](work::Reading& reading) -> Result<std::string> {
    EC_TRY(row, reading.get(*table, id, organization));
    return reading.show_text(row);
  });
}

namespace {

std::string page_text(const work::Page& page) {
  std::size_t size = page.cursor.size() + 32;
  for (const std::string& row : page.rows) size += row.size() + 1;
  std::string text;
  text.reserve(size);
  text += R"({"cursor":)";
  if (page.cursor.empty()) {
    text += "null";
  } else {
    append_json(text, page.cursor);
  }
  text += R"(,"rows":[)";
  for (const std::string& row : page.rows) {
    if (&row != &page.rows.front()) text += ',';
    text += row;
  }
  return text += "]}";
}

}  // namespace

Result<std::string> SessionCore::list(std::string_view table_name, std::string_view request_text) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(request, read_list_request(*table, request_text));
  return run_read("list", [&](work::Reading& reading) -> Result<std::string> {
    EC_TRY(page, reading.list(request));
    return page_text(page);
  });
}

Result<std::int64_t> SessionCore::count(std::string_view table_name, std::string_view request_text) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(request, read_list_request(*table, request_text));
  std::int64_t rows = 0;
  EC_TRYV(run_read("count", [&](work::Reading& reading) -> Result<std::string> {
    EC_TRY(counted, reading.count(*table, request.organization, request.where));
    rows = counted;
    return std::string();
  }));
  return rows;
}

namespace {

// What the caller sees of a row he wrote: under his view, or the id alone where he may not see it.
Result<Json> show_written(work::UnitOfWork& unit, const Record& row) {
  unit.note_subject(row);
  EC_TRY(visible, unit.visible(row));
  if (visible) return unit.show(row);
  Json json = Json::object();
  json["id"] = to_text(row.id());
  json["version"] = row.version();
  return json;
}

}  // namespace

Result<std::string> SessionCore::insert(std::string_view table_name, std::string_view row_text,
                                        const RecordContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(json, object_of(row_text));
  const schema::DecodeOptions options{principal_.kind == policy::PrincipalKind::service};
  EC_TRY(given, schema::decode_row(*table, json, schema::WriteKind::insert, options));
  EC_TRY(request, make_request("insert", Json::array({table_name, json}),
                               [table = table, given = std::move(given)](work::UnitOfWork& unit) -> Result<Json> {
                                 EC_TRY(row, unit.insert(*table, given));
                                 return show_written(unit, row);
                               },
                               {context.idempotency_key, context.timeout_us}));
  return run_write(request, context.timeout_us);
}

Result<std::string> SessionCore::insert_many(std::string_view table_name, std::string_view rows_text,
                                             const RecordContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(json, parse_json(rows_text));
  if (!json.is_array() || json.size() > static_cast<std::size_t>(rows_many_max))
    return fail(Errc::invalid_argument, "must be a list of at most 10,000 rows");
  const schema::DecodeOptions options{principal_.kind == policy::PrincipalKind::service};
  std::vector<Changes> rows;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (!json[i].is_object()) return at_position(fail(Errc::invalid_argument, "must be an object"), i);
    auto given = schema::decode_row(*table, json[i], schema::WriteKind::insert, options);
    if (!given) return at_position(given.error(), i);
    rows.push_back(std::move(given.assume_value()));
  }
  EC_TRY(request, make_request("insert_many", Json::array({table_name, json}),
                               [table = table, rows = std::move(rows)](work::UnitOfWork& unit) -> Result<Json> {
                                 Json written = Json::array();
                                 for (std::size_t i = 0; i < rows.size(); ++i) {
                                   unit.next_right(0);
                                   auto row = unit.insert(*table, rows[i]);
                                   if (!row) return at_position(row.error(), i);
                                   EC_TRY(shown, show_written(unit, row.assume_value()));
                                   written.push_back(std::move(shown));
                                 }
                                 return written;
                               },
                               {context.idempotency_key, context.timeout_us}));
  return run_write(request, context.timeout_us);
}

Result<std::string> SessionCore::update(std::string_view table_name, std::string_view id_text,
                                        std::string_view changes_text, const RecordContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(json, object_of(changes_text));
  EC_TRY(given, schema::decode_row(*table, json, schema::WriteKind::update));
  EC_TRY(id, id_named(id_text));
  EC_TRY(organization, organization_named(context.organization));
  std::optional<std::int64_t> if_version;
  if (context.if_version != 0) if_version = context.if_version;
  auto body = [=, table = table, id = id, organization = organization,
               given = std::move(given)](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(row, unit.update(*table, id, given, work::As::caller, if_version, organization));
    return show_written(unit, row);
  };
  EC_TRY(request, make_request("update", Json::array({table_name, id_text, json, context.if_version}), std::move(body),
                               {context.idempotency_key, context.timeout_us}));
  return run_write(request, context.timeout_us);
}

Status SessionCore::remove(std::string_view table_name, std::string_view id_text, const RecordContext& context) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(table, table_named(table_name));
  EC_TRY(id, id_named(id_text));
  EC_TRY(organization, organization_named(context.organization));
  std::optional<std::int64_t> if_version;
  if (context.if_version != 0) if_version = context.if_version;
  EC_TRY(request,
         make_request("delete", Json::array({table_name, id_text, context.if_version}),
                      [=, table = table, id = id, organization = organization](work::UnitOfWork& unit) -> Result<Json> {
                        EC_TRYV(unit.remove(*table, id, if_version, organization));
                        return Json(nullptr);
                      },
                      {context.idempotency_key, context.timeout_us}));
  EC_TRYV(run_write(request, context.timeout_us));
  return ok();
}

// ---- transactions, changes, end -----------------------------------------------------------------------------------

Status SessionCore::begin() {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  if (in_transaction_) return Errc::transaction_open;
  EC_TRY(store, engine_->store());
  transaction_store_ = store;
  transaction_tenant_.reset();
  in_transaction_ = true;
  return ok();
}

Status SessionCore::commit() {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  if (!in_transaction_) return Errc::no_transaction;
  in_transaction_ = false;
  const std::unique_ptr<store::WriteTurn> turn = std::move(turn_);
  const std::shared_ptr<store::Store> store = std::move(transaction_store_);
  return turn ? turn->commit() : Status(ok());
}

Status SessionCore::rollback() {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  if (!in_transaction_) return Errc::no_transaction;
  in_transaction_ = false;
  if (turn_) turn_->rollback();
  turn_.reset();
  transaction_store_.reset();
  return ok();
}

Result<std::string> SessionCore::changes(std::int64_t since, std::int64_t limit, std::int64_t timeout_us) {
  const Busy busy(*this);
  EC_TRYV(busy.status());
  EC_TRY(json, read_changes(*engine_, principal_, {since, limit, timeout_us}));
  return dump(json);
}

Status SessionCore::close() {
  const Busy busy(*this);
  if (!busy.mine()) return Errc::concurrent_use;
  if (closed_.exchange(true)) return ok();
  if (turn_) turn_->rollback();
  turn_.reset();
  transaction_store_.reset();
  in_transaction_ = false;
  return ok();
}

}  // namespace eventcore::api
