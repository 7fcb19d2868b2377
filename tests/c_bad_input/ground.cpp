#include "c_bad_input/ground.hpp"

#include <utility>

namespace eventcore::host {

namespace {

struct Given {
  const char* table;
  const char* column;
  const char* value;  // JSON
  const char* reason;
};

// What the schema does not tell of a good row.
constexpr Given given_values[] = {
    {"events", "end_datetime", "\"2031-05-02T00:00:00Z\"", "an event ends after it starts"},
    {"events", "status", "\"confirmed\"", "tickets of a confirmed event are sold"},
    {"ticket_categories", "total_quantity", "100", "enough for every test to sell some"},
};

const Given* given_value(const std::string& table, const std::string& column) {
  for (const Given& given : given_values)
    if (table == given.table && column == given.column) return &given;
  return nullptr;
}

struct Foreign {
  const char* table;
  const char* reason;
};

// Tables that a host cannot fill in this release: only an absent id can be tried there.
constexpr Foreign unfilled[] = {
    {"api_keys", "no command of this release makes one"},
    {"integration_secrets", "no command of this release makes one"},
    {"user_behavior_events", "only a command writes it, which this release does not have"},
};

bool may_stay_empty(const std::string& table) {
  for (const Foreign& one : unfilled)
    if (table == one.table) return true;
  return false;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string text_value(const std::string& name, int number) {
  const std::string unique = std::to_string(number);
  if (name == "email" || ends_with(name, "_email")) return "guest" + unique + "@example.org";
  if (name == "currency") return "USD";
  if (name == "timezone") return "UTC";
  return "x" + unique;
}

}  // namespace

std::set<std::string> fields_of(const json& error) {
  std::set<std::string> names;
  for (const json& field : error.at("fields")) names.insert(field.at("field").get<std::string>());
  return names;
}

std::string without(const json& error, const std::string& id) {
  std::string text = error.dump();
  for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id)) text.replace(at, id.size(), "ID");
  return text;
}

const json& Ground::column(const json& table, const std::string& name) {
  for (const json& one : table.at("columns"))
    if (one.at("name") == name) return one;
  throw std::runtime_error("no column " + name);
}

json Ground::value_for(Tenant& tenant, const json& table, const json& column, int number) {
  const std::string name = column.at("name");
  const std::string type = column.at("type");
  if (const Given* given = given_value(table.at("name"), name)) return json::parse(given->value);
  if (name == "organization_id") return tenant.organization;
  if (column.contains("references")) {
    const std::string wanted = column.at("references");
    if (tenant.ids.count(wanted) == 0)
      for (const json& other : schema_.at("tables"))
        if (other.at("name") == wanted) make_row(tenant, other);
    return tenant.ids.at(wanted);
  }
  if (type == "text") return text_value(name, number);
  if (type == "integer") return 1;
  if (type == "money" || type == "decimal") return "1";
  if (type == "timestamptz") return "2031-05-01T00:00:00Z";
  if (type == "date") return "2031-05-01";
  if (type == "enum") return schema_.at("enums").at(column.at("enum").get<std::string>()).at(0);
  if (type == "boolean") return true;
  if (type == "json") return json::object();
  if (type == "text[]" || type == "uuid[]") return json::array();
  if (type == "inet") return "192.0.2.1";
  if (type == "blob") return "00";
  if (type == "sealed") return "secret";
  throw std::runtime_error("no good value is known for the type " + type);
}

json Ground::fresh_row(Tenant& tenant, const json& table, int number) {
  json row = json::object();
  for (const json& one : table.at("columns")) {
    const std::string name = one.at("name");
    const bool optional = one.contains("default") || one.at("nullable").get<bool>();
    if (name == "id" || !one.at("writable").get<bool>()) continue;
    if (optional && given_value(table.at("name"), name) == nullptr) continue;
    row[name] = value_for(tenant, table, one, number);
  }
  return row;
}

// What a host can insert is inserted; what only commands write is looked for among what they left.
void Ground::make_row(Tenant& tenant, const json& table) {
  const std::string name = table.at("name");
  if (tenant.rows.count(name) != 0) return;
  static int number = 0;
  const json row = fresh_row(tenant, table, ++number);
  tenant.rows[name] = row;
  if (tenant.ids.count(name) != 0) return;
  const Answer page = tenant.service->list(name, "{\"limit\":1}");
  if (page.status == EC_OK && !page.reply.at("rows").empty()) {
    tenant.ids[name] = page.reply.at("rows").at(0).at("id");
    return;
  }
  const Answer made = tenant.service->insert(name, row.dump());
  if (made.status == EC_OK)
    tenant.ids[name] = made.reply.at("id");
  else if (!may_stay_empty(name))
    ADD_FAILURE() << name << ": the schema alone gives no good row: " << made.error << " for " << row;
}

json Ground::counter_sale(const Tenant& tenant) {
  return {{"event_id", tenant.ids.at("events")},
          {"items", {{{"ticket_category_id", tenant.ids.at("ticket_categories")}, {"quantity", 1}}}},
          {"payment", {{"method", "cash"}, {"amount", "1.00"}}}};
}

void Ground::found(Tenant& tenant, const std::string& name) {
  const json made = must(root_->call(
      "create_organization",
      json{{"name", name}, {"slug", name}, {"owner", {{"email", name + "@example.org"}, {"full_name", name}}}}.dump()));
  tenant.organization = made.at("organization").at("id");
  tenant.owner = made.at("owner").at("id");
  tenant.service = std::make_unique<Session>(
      *engine_, json{{"kind", "service"}, {"reason", "test"}, {"organization_id", tenant.organization}});
  tenant.user = std::make_unique<Session>(*engine_, json{{"kind", "user"}, {"id", tenant.owner}});
  tenant.ids["organizations"] = tenant.organization;
  for (const json& table : schema_.at("tables"))
    if (table.at("name") == "ticket_categories") make_row(tenant, table);
  must(
      tenant.service->call("register_device", json{{"event_id", tenant.ids.at("events")}, {"name", "Scanner"}}.dump()));
  const json sold = must(tenant.service->call("place_order", counter_sale(tenant).dump()));
  must(tenant.service->call("check_in", json{{"event_id", tenant.ids.at("events")},
                                             {"ticket_number", sold.at("tickets").at(0).at("ticket_number")}}
                                            .dump()));
  for (const json& table : schema_.at("tables")) make_row(tenant, table);
}

void Ground::SetUpTestSuite() {
  schema_ = schema();
  for (const json& table : schema_.at("tables"))
    for (const json& one : table.at("columns"))
      if (one.contains("references")) reference_of_[one.at("name")] = one.at("references");
  folder_ = std::make_unique<test::TestFolder>();
  engine_ = std::make_unique<Engine>(folder_->path("bad.ecdb"), EC_OPEN_CREATE_NEW | EC_OPEN_TEST_CLOCK);
  ec_engine_clock_set(engine_->handle(), 1'908'295'200'000'000, nullptr);  // 2030-06-21
  root_ = std::make_unique<Session>(*engine_, json{{"kind", "service"}, {"reason", "test"}});
  found(ours_, "ours");
  found(theirs_, "theirs");
}

void Ground::TearDownTestSuite() {
  ours_ = Tenant();
  theirs_ = Tenant();
  root_.reset();
  engine_.reset();
  folder_.reset();
  EXPECT_EQ(ec_handles_live(), 0);
}

std::int64_t Ground::last_change() {
  std::int64_t since = 0;
  for (;;) {
    const json page = root_->changes(since);
    since = page.at("next");
    if (page.at("changes").empty()) return since;
  }
}

json Ground::whole_picture() {
  json picture = json::object();
  for (const Tenant* tenant : {&ours_, &theirs_}) {
    json& counts = picture[tenant->organization];
    for (const json& table : schema_.at("tables")) {
      const std::string name = table.at("name");
      counts[name] = must(tenant->service->count(name, "{}"));
    }
    const json audit =
        must(tenant->service->call("verify_audit", json{{"organization_id", tenant->organization}}.dump()));
    EXPECT_TRUE(audit.at("ok").get<bool>()) << audit;
    counts["audit head"] = audit.at("head");
    counts["audit entries"] = audit.at("entries");
  }
  return picture;
}

void Ground::SetUp() {
  commits_ = engine_->stats().at("commits");
  change_ = last_change();
  handles_ = ec_handles_live();
  picture_ = whole_picture();
}

void Ground::expect_nothing_changed(const std::string& after) {
  const json page = root_->changes(change_);
  ASSERT_EQ(page.at("changes"), json::array()) << after;
  ASSERT_EQ(engine_->stats().at("commits").get<std::int64_t>(), commits_) << after;
  ASSERT_EQ(ec_handles_live(), handles_) << after;
}

void Ground::TearDown() {
  expect_nothing_changed("the whole test");
  EXPECT_EQ(whole_picture(), picture_);
}

}  // namespace eventcore::host
