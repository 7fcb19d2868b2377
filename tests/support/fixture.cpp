#include "support/fixture.hpp"

#include <set>

#include "audit/verify.hpp"
#include "base/codes.hpp"
#include "base/seed.hpp"
#include "policy/closed.hpp"
#include "rules/operations/verify.hpp"
#include "rules/rules.hpp"
#include "schema/all.hpp"
#include "schema/codec.hpp"
#include "schema/generated/columns.hpp"
#include "store/opening.hpp"

namespace eventcore::test {

using schema::TableDef;

namespace {

constexpr std::string_view role_names[] = {"guest", "member", "manager", "admin", "owner"};

Json failed(const Failure& failure) {
  ADD_FAILURE() << failure.to_json();
  return Json::object();
}

}  // namespace

Uuid id_of(const Json& row) {
  const auto found = row.find("id");
  if (found == row.end()) return {};
  const auto id = parse_uuid(found->get<std::string>());
  return id ? id.assume_value() : Uuid{};
}

void Fixture::SetUp() {
  random_ = std::make_unique<SeededRandom>(testing::seed());
  ids_ = std::make_unique<UuidSource>(clock_, *random_);
  auto opened = store::Store::open(options_for(folder_.path("test.ecdb")), environment());
  ASSERT_TRUE(opened.has_value()) << opened.error().to_json();
  store_ = std::move(opened).assume_value();
  organization_ = add_organization("House of Events");
}

void Fixture::TearDown() {
  if (store_) {
    const Status checked = store_->read([&](store::Reader& reader) -> Status {
      for (const Uuid& id : organizations_) check_chain(reader, id);
      return ok();
    });
    EXPECT_TRUE(checked.has_value());
    store_.reset();
  }
  if (HasFailure()) printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
}

void Fixture::check_chain(store::Reader& reader, const Uuid& organization) {
  namespace a = col::audit_logs;
  rules::operations::VerifyReport report;
  const Status verified = rules::operations::verify_organization(reader, organization, report);
  EXPECT_TRUE(verified.has_value()) << verified.error().to_json();
  EXPECT_EQ(report.problems_found, 0) << dump(report.json());
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = organization;
  query.where = Expr::negate(Expr::equals(a::table_name.index, ""));
  const auto entries = reader.list(query);
  const auto changes = reader.changes(organization, 0, 1'000'000);
  ASSERT_TRUE(entries.has_value() && changes.has_value());
  std::set<std::int64_t> written;
  for (const Record& entry : entries.assume_value()) written.insert(entry[a::seq].integer());
  std::set<std::int64_t> told;
  for (const store::FeedRow& change : changes.assume_value()) told.insert(change.audit_seq);
  EXPECT_EQ(written, told) << "audit entries and changes do not match";
  EXPECT_EQ(entries.assume_value().size(), changes.assume_value().size());
}

store::Environment Fixture::environment() {
  return {clock_, *random_, store::system_files(), log_, ""};
}

void Fixture::tamper(const std::string& sql) {
  store_.reset();
  {
    auto opened = store::open_store(options_for(folder_.path("test.ecdb"), false), environment());
    ASSERT_TRUE(opened.has_value()) << opened.error().to_json();
    opened.assume_value().connection->arm(true);
    const Status done = opened.assume_value().connection->execute(sql);
    EXPECT_TRUE(done.has_value()) << done.error().to_json() << " " << sql;
  }
  auto again = store::Store::open(options_for(folder_.path("test.ecdb"), false), environment());
  ASSERT_TRUE(again.has_value()) << again.error().to_json();
  store_ = std::move(again).assume_value();
}

std::vector<std::string> Fixture::problems() {
  rules::operations::VerifyReport report;
  const Status read = store_->read(
      [&](store::Reader& reader) { return rules::operations::verify_organization(reader, organization_, report); });
  EXPECT_TRUE(read.has_value()) << read.error().to_json();
  std::vector<std::string> found;
  for (const auto& problem : report.problems)
    found.push_back(problem.kind + " " + problem.table + ": " + problem.expected + " <> " + problem.found);
  return found;
}

Fixture::Principal Fixture::as_service(std::optional<Uuid> organization) {
  Principal principal;
  principal.kind = policy::PrincipalKind::service;
  principal.organization = organization;
  principal.reason = "test";
  return principal;
}

Fixture::Principal Fixture::as_user_row(const Uuid& id) const {
  Principal principal;
  principal.kind = policy::PrincipalKind::user;
  principal.id = id;
  return principal;
}

Fixture::Principal Fixture::as_user(policy::Role role) {
  if (role == policy::Role::owner) return as_user_row(owner_);
  auto [at, fresh] = users_.try_emplace(role);
  if (fresh) {
    const std::string name(role_names[static_cast<std::size_t>(role)]);
    at->second = add(schema::tables::users, {{"email", name + "@example.org"}, {"full_name", name}, {"role", name}});
  }
  return as_user_row(at->second);
}

Fixture::Principal Fixture::as_customer(const std::string& email) {
  Principal principal;
  principal.kind = policy::PrincipalKind::customer;
  principal.email = email;
  return principal;
}

Result<Json> Fixture::run(const Principal& principal, const std::string& command, const Work& work) {
  work::Draws draws(*ids_, *random_);
  const work::Call call{principal, clock_.now_us(), draws, command};
  Json reply;
  EC_TRYV(store_->write([&](store::Writer& writer) -> Status {
    draws.rewind();
    EC_TRY(facts, policy::load_facts(writer, principal, call.now));
    if (!facts.valid) return Errc::unauthenticated;
    work::UnitOfWork unit(writer, call, std::move(facts), rules::invariants());
    EC_TRY(json, work(unit));
    EC_TRYV(unit.finish());
    reply = std::move(json);
    return ok();
  }));
  return reply;
}

Result<Json> Fixture::call(const Principal& principal, const std::string& command, const Json& arguments) {
  const schema::CommandDef* def = schema::find_command(command);
  if (def == nullptr) return Failure(Errc::unknown_command);
  EC_TRY(decoded, schema::decode_arguments(*def, arguments));
  const rules::Rule* rule = rules::find_rule(def->id);
  return run(principal, command, [&](work::UnitOfWork& unit) {
    return rule->write != nullptr ? rule->write(unit, *def, schema::Arguments(decoded))
                                  : rule->read(unit, *def, schema::Arguments(decoded));
  });
}

Result<Json> Fixture::insert(const Principal& principal, const TableDef& table, const Json& row) {
  const schema::DecodeOptions options{.import = principal.kind == policy::PrincipalKind::service};
  EC_TRY(changes, schema::decode_row(table, row, schema::WriteKind::insert, options));
  return run(principal, "insert", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(stored, unit.insert(table, changes));
    return unit.show_as_reply(stored);
  });
}

Result<Json> Fixture::update(const Principal& principal, const TableDef& table, const Uuid& id, const Json& row) {
  EC_TRY(changes, schema::decode_row(table, row, schema::WriteKind::update));
  return run(principal, "update", [&](work::UnitOfWork& unit) -> Result<Json> {
    const bool named = principal.kind == policy::PrincipalKind::service && !table.global;
    EC_TRY(stored, unit.update(table, id, changes, work::As::caller, std::nullopt,
                               named ? std::optional<Uuid>(organization_) : std::nullopt));
    return unit.show_as_reply(stored);
  });
}

Status Fixture::remove(const Principal& principal, const TableDef& table, const Uuid& id) {
  const bool named = principal.kind == policy::PrincipalKind::service && !table.global;
  EC_TRYV(run(principal, "delete", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(unit.remove(table, id, std::nullopt, named ? std::optional<Uuid>(organization_) : std::nullopt));
    return Json();
  }));
  return ok();
}

Result<Json> Fixture::get(const Principal& principal, const TableDef& table, const Uuid& id) {
  return run(principal, "get", [&](work::UnitOfWork& unit) -> Result<Json> {
    const bool named = principal.kind == policy::PrincipalKind::service && !table.global;
    EC_TRY(found, unit.get(table, id, named ? std::optional<Uuid>(organization_) : std::nullopt));
    return unit.show(found, {"*"});
  });
}

Uuid Fixture::add(const TableDef& table, Json row) {
  if (!table.global && !row.contains("organization_id")) row["organization_id"] = to_text(organization_);
  const auto added = insert(as_service(), table, row);
  if (!added) failed(added.error());
  return added ? id_of(added.assume_value()) : Uuid{};
}

Json Fixture::set(const TableDef& table, const Uuid& id, const Json& row) {
  auto changed = update(as_service(), table, id, row);
  return changed ? std::move(changed).assume_value() : failed(changed.error());
}

Uuid Fixture::add_event(Json more) {
  Json row = {{"name", "Winter Concert " + std::to_string(++numbered_)},
              {"start_datetime", "2026-12-01T18:00:00Z"},
              {"end_datetime", "2026-12-01T23:00:00Z"},
              {"status", "confirmed"}};
  row.update(more);
  return add(schema::tables::events, std::move(row));
}

Uuid Fixture::add_category(const Uuid& event, std::int64_t total, Json more) {
  Json row = {{"event_id", to_text(event)},
              {"name", "Category " + std::to_string(++numbered_)},
              {"base_price", "10.00"},
              {"total_quantity", total}};
  row.update(more);
  return add(schema::tables::ticket_categories, std::move(row));
}

Uuid Fixture::add_organization(const std::string& name, const Json& settings) {
  const Json arguments = {
      {"name", name}, {"settings", settings}, {"owner", {{"email", "owner@example.org"}, {"full_name", "Olga Owner"}}}};
  const auto made = call(as_service(), "create_organization", arguments);
  if (!made) {
    failed(made.error());
    return {};
  }
  const Uuid id = id_of(made.assume_value()["organization"]);
  if (organizations_.empty()) owner_ = id_of(made.assume_value()["owner"]);
  organizations_.push_back(id);
  return id;
}

Uuid Fixture::add_order(const Uuid& event, const std::string& payment_status, const std::string& currency) {
  return add(schema::tables::ticket_orders, {{"event_id", to_text(event)},
                                             {"order_number", make_order_number(*random_)},
                                             {"customer_email", "buyer@example.org"},
                                             {"customer_name", "Bea Buyer"},
                                             {"subtotal", "0"},
                                             {"total_amount", "0"},
                                             {"currency", currency},
                                             {"payment_status", payment_status}});
}

Uuid Fixture::add_ticket(const Uuid& order, const Uuid& category, const std::string& status) {
  return add(schema::tables::tickets, {{"order_id", to_text(order)},
                                       {"ticket_category_id", to_text(category)},
                                       {"ticket_number", make_ticket_number(*random_)},
                                       {"attendee_name", "Ada Attendee"},
                                       {"attendee_email", "ada@example.org"},
                                       {"qr_code_data", "imported"},
                                       {"price_paid", "0"},
                                       {"status", status}});
}

Uuid Fixture::add_line(const Uuid& order, const Uuid& category, std::int64_t quantity) {
  return add(schema::tables::ticket_order_items, {{"order_id", to_text(order)},
                                                  {"ticket_category_id", to_text(category)},
                                                  {"quantity", quantity},
                                                  {"unit_price", "0"},
                                                  {"subtotal", "0"},
                                                  {"total", "0"}});
}

Status Fixture::engine_change(const TableDef& table, const Uuid& id, const Changes& changes) {
  EC_TRYV(run(as_service(), "test", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(found, unit.must_find(table, organization_, id));
    EC_TRYV(unit.change(found, changes));
    return Json();
  }));
  return ok();
}

Status Fixture::engine_erase(const TableDef& table, const Uuid& id) {
  EC_TRYV(run(as_service(), "test", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(found, unit.must_find(table, organization_, id));
    EC_TRYV(unit.erase(found));
    return Json();
  }));
  return ok();
}

Record Fixture::row(const TableDef& table, const Uuid& id) {
  Record found(table);
  const Status read = store_->read([&](store::Reader& reader) -> Status {
    EC_TRY(stored, reader.get(table, table.id == schema::tables::organizations.id ? id : organization_, id));
    if (!stored) return Errc::not_found;
    found = std::move(*stored);
    return ok();
  });
  EXPECT_TRUE(read.has_value()) << table.name;
  return found;
}

std::int64_t Fixture::number(const TableDef& table, const Uuid& id, Column column) {
  return row(table, id)[column].integer();
}

std::int64_t Fixture::count(const TableDef& table, const Expr& where) {
  std::int64_t rows = -1;
  const Status read = store_->read([&](store::Reader& reader) -> Status {
    EC_TRY(counted, reader.count(table, organization_, where));
    rows = counted;
    return ok();
  });
  EXPECT_TRUE(read.has_value());
  return rows;
}

}  // namespace eventcore::test
