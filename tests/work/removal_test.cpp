// Deleting: what goes along, what forgets its author, what refuses, and how an organization goes.
#include <set>

#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class RemovalTest : public EngineTest {
 protected:
  std::vector<Json> changes_since(std::int64_t since) {
    const Json page = accepted(service_of(organization_).changes(since));
    return page.contains("changes") ? page["changes"].get<std::vector<Json>>() : std::vector<Json>{};
  }
  std::int64_t entries() { return service().count("audit_logs", {{"organization_id", organization_}}).assume_value(); }
  std::string insert(const std::string& table, const Json& row) { return id(accepted(owner().insert(table, row))); }
};

TEST_F(RemovalTest, EveryRowThatGoesAlongHasItsEntryAndItsChange) {
  const std::string event = new_event();
  std::set<std::string> rows = {event};
  rows.insert(insert("event_tags", {{"event_id", event}, {"tag_name", "jazz"}}));
  rows.insert(insert("event_categories", {{"event_id", event}, {"category_name", "music"}}));
  const std::string first =
      insert("event_milestones", {{"event_id", event}, {"title", "A"}, {"due_date", "2026-11-01T00:00:00Z"}});
  rows.insert(first);
  rows.insert(
      insert("event_milestones",
             {{"event_id", event}, {"title", "B"}, {"due_date", "2026-11-02T00:00:00Z"}, {"dependencies", {first}}}));
  const std::string category = new_category(event, 10);
  rows.insert(category);
  rows.insert(insert("dynamic_pricing_rules", {{"ticket_category_id", category},
                                               {"rule_name", "R"},
                                               {"conditions", Json::object()},
                                               {"adjustment_value", "1"},
                                               {"price_adjustment_type", "percentage"}}));
  const std::string member = new_user("member");
  assign(event, member, "producer");
  rows.insert(accepted(owner().list("team_assignments"))["rows"][0]["id"]);
  const std::int64_t since = accepted(service_of(organization_).changes(0))["next"].get<std::int64_t>();
  const std::int64_t before = entries();
  EC_EXPECT_OK(owner().remove("events", event));
  std::set<std::string> deleted;
  const std::vector<Json> changes = changes_since(since);
  for (const Json& change : changes)
    if (change["operation"] == "delete") deleted.insert(change["id"].get<std::string>());
  EXPECT_EQ(deleted, rows);
  EXPECT_EQ(entries() - before, static_cast<std::int64_t>(changes.size()));
  EXPECT_EQ(changes.back()["id"], event) << "the row itself goes last";
  EC_EXPECT_REFUSED("not_found", owner().get("event_milestones", first));
}

TEST_F(RemovalTest, WhoColumnsForgetTheUserEachWithItsEntryAndChange) {
  const std::string leaver = new_user("admin");
  const Json event = accepted(user(leaver).insert(
      "events",
      {{"name", "Own"}, {"start_datetime", "2026-12-01T18:00:00Z"}, {"end_datetime", "2026-12-01T23:00:00Z"}}));
  const std::string milestone =
      insert("event_milestones",
             {{"event_id", id(event)}, {"title", "A"}, {"due_date", "2026-11-01T00:00:00Z"}, {"assigned_to", leaver}});
  const std::int64_t since = accepted(service_of(organization_).changes(0))["next"].get<std::int64_t>();
  EC_EXPECT_OK(owner().remove("users", leaver));
  const Json left = accepted(owner().get("events", id(event)));
  EXPECT_TRUE(left["created_by"].is_null());
  EXPECT_EQ(left["version"], 2);
  EXPECT_TRUE(accepted(owner().get("event_milestones", milestone))["assigned_to"].is_null());
  std::multiset<std::string> told;
  for (const Json& change : changes_since(since))
    told.insert(change["table"].get<std::string>() + " " + change["operation"].get<std::string>());
  EXPECT_EQ(told, (std::multiset<std::string>{"events update", "event_milestones update", "users delete"}));
}

TEST_F(RemovalTest, OtherReferencesRefuse) {
  const std::string hall = new_venue("Hall");
  const std::string event = new_event({{"venue_id", hall}});
  const Written before = written();
  EC_EXPECT_REFUSED("still_referenced", owner().remove("venues", hall));
  EXPECT_EQ(written(), before);
  EC_EXPECT_OK(owner().remove("events", event));
  EC_EXPECT_OK(owner().remove("venues", hall));
}

TEST_F(RemovalTest, SalesStayAndSoDoesWhatTheyStandUnder) {
  const std::string event = new_event();
  const std::string category = new_category(event, 10);
  Json order = order_of(event, category, 2);
  order["payment"] = {{"method", "cash"}, {"amount", "20.00"}};
  EC_EXPECT_OK(owner().call("place_order", order));
  for (Caller caller : {owner(), service()}) {
    EC_EXPECT_REFUSED("has_sales", caller.remove("events", event));
    EC_EXPECT_REFUSED("has_sales", caller.remove("ticket_categories", category));
  }
}

// ---- folded twins -------------------------------------------------------------------------------------------------

TEST_F(RemovalTest, FoldedTwinsAreOne) {
  const auto person = [](const std::string& email) { return Json{{"email", email}, {"full_name", "P"}}; };
  EC_EXPECT_OK(owner().insert("users", person("Kim@Example.org")));
  EC_EXPECT_REFUSED("already_exists", owner().insert("users", person("kim@example.ORG")));
  const std::string other = id(accepted(owner().insert("users", person("lee@example.org"))));
  EC_EXPECT_REFUSED("already_exists", owner().update("users", other, {{"email", "KIM@EXAMPLE.ORG"}}));
  EXPECT_EQ(owner().count("users", {{"where", {{"email", "Kim@Example.org"}}}}).assume_value(), 1) << "as given";
  const auto code = [](const std::string& text, const Json& event) {
    return Json{{"code", text}, {"event_id", event}, {"discount_type", "percentage"}, {"discount_value", "5"}};
  };
  const std::string event = new_event();
  EC_EXPECT_OK(owner().insert("discount_codes", code("Stra\xc3\x9f"
                                                     "e",
                                                     event)));
  EC_EXPECT_REFUSED("already_exists", owner().insert("discount_codes", code(" STRASSE ", event)));
  EC_EXPECT_OK(owner().insert("discount_codes", code("STRASSE", nullptr)));  // the organization's own
  EC_EXPECT_REFUSED("already_exists", owner().insert("discount_codes", code("strasse", nullptr)));
  EC_EXPECT_OK(owner().insert("discount_codes", code("caf\xc3\xa9", event)));
  EC_EXPECT_REFUSED("already_exists", owner().insert("discount_codes", code("CAFE\xcc\x81", event)));
}

TEST_F(RemovalTest, TheSameAddressWorksForTwoTenants) {
  new_organization("Second", "second");  // whose owner has the first owner's address
  EXPECT_NE(last_owner_, owner_);
}

// ---- organizations ------------------------------------------------------------------------------------------------

class ClosedOrganizationTest : public RemovalTest {
 protected:
  void SetUp() override {
    RemovalTest::SetUp();
    other_ = new_organization("Second", "second");
    other_owner_ = last_owner_;
    event_ = new_event({{"is_public", true}});
    const std::string category = new_category(event_, 10);
    Json order = order_of(event_, category, 2);
    order["payment"] = {{"method", "cash"}, {"amount", "20.00"}};
    ticket_ = accepted(owner().call("place_order", order))["tickets"][0]["id"];
    Json rows = Json::array();
    for (int i = 0; i < 600; ++i) rows.push_back(venue("Hall " + std::to_string(i)));
    EC_EXPECT_OK(owner().insert_many("venues", rows));
  }
  RecordOptions here() const {
    RecordOptions options;
    options.organization_id = organization_;
    return options;
  }
  std::string other_;
  std::string other_owner_;
  std::string event_;
  std::string ticket_;
};

TEST_F(ClosedOrganizationTest, ItIsInvisibleAtOnce) {
  EC_EXPECT_REFUSED("policy_denied", user(new_user("admin")).remove("organizations", organization_));
  Caller open_session = owner();
  EC_EXPECT_OK(owner().remove("organizations", organization_));
  EC_EXPECT_REFUSED("unauthenticated", open_session.list("venues"));
  EC_EXPECT_REFUSED("not_found", anon().get("events", event_));
  EC_EXPECT_REFUSED("not_found", customer("bea@example.org").get("tickets", ticket_));
  for (Caller caller : {service(), service_of(organization_)}) {
    EC_EXPECT_REFUSED("not_found", caller.get("organizations", organization_));
    EC_EXPECT_REFUSED("not_found", caller.get("events", event_, here()));
    EXPECT_EQ(caller.count("venues", {{"organization_id", organization_}}).assume_value(), 0);
    Json row = venue("Too late");
    row["organization_id"] = organization_;
    EXPECT_FALSE(caller.insert("venues", row).has_value());
  }
  EXPECT_EQ(anon().count("events").assume_value(), 0);
  EC_EXPECT_OK(user(other_owner_).list("venues"));
}

TEST_F(ClosedOrganizationTest, MaintenanceRemovesItsRowsInSlicesAndItsChainStays) {
  EC_EXPECT_OK(owner().remove("organizations", organization_));
  const auto chain = [&] { return accepted(service().call("verify_audit", {{"organization_id", organization_}})); };
  EXPECT_TRUE(chain()["ok"].get<bool>());
  std::int64_t removed = 0;
  int slices = 0;
  for (bool more = true; more && slices < 100; ++slices) {
    const Json swept = accepted(service().call("run_maintenance", Json::object()));
    EXPECT_LE(swept["removed_rows"].get<std::int64_t>(), 500);
    removed += swept["removed_rows"].get<std::int64_t>();
    more = swept["more"].get<bool>();
    ASSERT_TRUE(chain()["ok"].get<bool>()) << "after slice " << slices << dump(chain());
  }
  EXPECT_GT(slices, 2);
  EXPECT_LT(slices, 100);
  EXPECT_GT(removed, 600);
  const Status read = core_->store().assume_value()->read([&](store::Reader& reader) -> Status {
    const Uuid id = parse_uuid(organization_).assume_value();
    for (const schema::TableDef* table : schema::all_tables) {
      if (table->global || table->name == "audit_logs") continue;
      EC_TRY(rows, reader.count(*table, id, Expr::always()));
      EXPECT_EQ(rows, 0) << table->name;
    }
    store::Query query;
    query.table = &schema::tables::audit_logs;
    query.organization = id;
    EC_TRY(left, reader.list(query));
    EXPECT_GT(static_cast<std::int64_t>(left.size()), removed);
    for (const Record& entry : left) {
      if (entry.find("operation")->text() == "erase") continue;
      for (const char* column : {"old_values", "new_values", "old_personal", "new_personal"})
        EXPECT_TRUE(entry.find(column)->is_null()) << column;
    }
    return ok();
  });
  EXPECT_TRUE(read.has_value());
  EXPECT_EQ(service().count("audit_logs", {{"organization_id", organization_}}).assume_value(),
            chain()["entries"].get<std::int64_t>());
  EXPECT_TRUE(accepted(service().call("verify_store", Json::object()))["ok"].get<bool>());
  EXPECT_TRUE(accepted(user(other_owner_).call("verify_audit", Json::object()))["ok"].get<bool>());
}

}  // namespace
}  // namespace eventcore::test
