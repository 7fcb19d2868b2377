// What a request may look like: every table walked with every kind of bad field, versions, tenants.
#include <set>

#include "api/engine_fixture.hpp"
#include "schema/codec.hpp"

namespace eventcore::test {
namespace {

using schema::ColumnDef;
using schema::TableDef;
using schema::Type;

class RequestTest : public EngineTest {
 protected:
  static std::set<std::string> fields_of(const Failure& failure) {
    std::set<std::string> names;
    for (const FieldError& field : failure.detail().fields) {
      names.insert(field.field.substr(0, field.field.find_first_of(".[")));
      EXPECT_FALSE(field.reason.empty());
    }
    return names;
  }
};

// A value that no column of the type takes.
Json mistyped(const ColumnDef& column) {
  switch (column.type) {
    case Type::uuid: return "not-a-uuid";
    case Type::text: return 5;
    case Type::boolean: return "yes";
    case Type::integer: return "many";
    case Type::money: return 1.5;
    case Type::decimal: return "a lot";
    case Type::timestamptz: return "yesterday";
    case Type::date: return "2026-02-30";
    case Type::enumeration: return "no such value";
    case Type::json: return {{"note", "4111 1111 1111 1111"}};  // a card number in a string of it
    case Type::text_array: return "x";
    case Type::uuid_array: return Json::array({"x"});
    case Type::point: return 5;
    case Type::inet: return "999.1.1.1";
    case Type::sealed: return nullptr;
    case Type::blob: return "no hex";
  }
  return nullptr;
}

TEST_F(RequestTest, EveryMistypedAndUnknownFieldOfEveryTableIsNamedAtOnce) {
  Caller callers[] = {owner(), service()};
  const Written before = written();
  for (const TableDef* table : schema::all_tables) {
    SCOPED_TRACE(table->name);
    Json row = {{"no_such_column", 1}};
    std::set<std::string> expected = {"no_such_column"};
    for (const ColumnDef& column : table->columns) {
      if (column.type == Type::sealed) continue;
      row[std::string(column.name)] = mistyped(column);
      expected.insert(std::string(column.name));
    }
    for (Caller& caller : callers) {
      const auto inserted = caller.insert(std::string(table->name), row);
      ASSERT_TRUE(refused_as("invalid_argument", inserted));
      std::set<std::string> named = fields_of(inserted.error());
      for (const std::string& name : expected) EXPECT_TRUE(named.contains(name)) << name;
      const auto updated = caller.update(std::string(table->name), owner_, row);
      ASSERT_TRUE(refused_as("invalid_argument", updated));
      named = fields_of(updated.error());
      for (const std::string& name : expected) EXPECT_TRUE(named.contains(name)) << name;
    }
  }
  EXPECT_EQ(written(), before);
}

TEST_F(RequestTest, EveryMissingColumnOfEveryTableIsNamedAtOnce) {
  Caller callers[] = {owner(), service()};
  const Written before = written();
  for (const TableDef* table : schema::all_tables) {
    SCOPED_TRACE(table->name);
    std::set<std::string> required;
    for (const ColumnDef& column : table->columns)
      if (column.is(schema::not_null) && column.caller_writable() && !column.has_initial() &&
          !schema::filled_when_absent(*table, column) && column.name != "organization_id" &&
          column.type != Type::blob)  // only commands and imports write those
        required.insert(std::string(column.name));
    for (Caller& caller : callers) {
      const auto inserted = caller.insert(std::string(table->name), Json::object());
      ASSERT_FALSE(inserted.has_value());
      if (required.empty()) continue;
      ASSERT_TRUE(refused_as("invalid_argument", inserted));
      const std::set<std::string> named = fields_of(inserted.error());
      for (const std::string& name : required) EXPECT_TRUE(named.contains(name)) << name;
    }
  }
  EXPECT_EQ(written(), before);
}

TEST_F(RequestTest, AnImportWithoutARequiredDigestIsRefused) {
  const auto inserted =
      service().insert("data_subject_requests", {{"organization_id", organization_}, {"kind", "export"}});
  ASSERT_FALSE(inserted.has_value());
  EXPECT_NE(inserted.error().name(), "internal") << inserted.error().to_json();
}

TEST_F(RequestTest, EveryTooLongTextOfEveryTableIsNamedAtOnce) {
  Caller caller = owner();
  const Written before = written();
  for (const TableDef* table : schema::all_tables) {
    SCOPED_TRACE(table->name);
    Json row = Json::object();
    std::set<std::string> expected;
    for (const ColumnDef& column : table->columns) {
      const schema::TextLimit limit = schema::text_limit(column);
      if (column.type != Type::text || !column.caller_writable()) continue;
      ASSERT_TRUE(limit.characters != 0 || limit.bytes != 0) << column.name;
      row[std::string(column.name)] = std::string((limit.bytes != 0 ? limit.bytes : limit.characters) + 1, 'a');
      expected.insert(std::string(column.name));
    }
    if (expected.empty()) continue;
    const auto updated = caller.update(std::string(table->name), owner_, row);
    ASSERT_TRUE(refused_as("invalid_argument", updated));
    const std::set<std::string> named = fields_of(updated.error());
    for (const std::string& name : expected) EXPECT_TRUE(named.contains(name)) << name;
  }
  EXPECT_EQ(written(), before);
}

TEST_F(RequestTest, EngineColumnsOfEveryTableAreRefused) {
  Caller caller = owner();
  for (const TableDef* table : schema::all_tables) {
    SCOPED_TRACE(table->name);
    Json row = Json::object();
    for (const ColumnDef& column : table->columns)
      if (!column.caller_writable() && !schema::given_at_creation(*table, column))
        row[std::string(column.name)] = column.type == Type::integer ? Json(1) : Json(nullptr);
    const auto inserted = caller.insert(std::string(table->name), row);
    ASSERT_TRUE(refused_as("invalid_argument", inserted));
    const std::set<std::string> named = fields_of(inserted.error());
    for (const auto& [name, value] : row.items()) EXPECT_TRUE(named.contains(name)) << name;
  }
}

TEST_F(RequestTest, WhatNeverChangesIsRefusedInAnUpdate) {
  Caller caller = owner();
  for (const TableDef* table : schema::all_tables) {
    SCOPED_TRACE(table->name);
    Json row = Json::object();
    for (const ColumnDef& column : table->columns)
      if (column.is(schema::immutable) && column.type == Type::uuid) row[std::string(column.name)] = organization_;
    const auto updated = caller.update(std::string(table->name), owner_, row);
    ASSERT_TRUE(refused_as("invalid_argument", updated));
    const std::set<std::string> named = fields_of(updated.error());
    for (const auto& [name, value] : row.items()) EXPECT_TRUE(named.contains(name)) << name;
  }
}

TEST_F(RequestTest, TextThatIsNoJsonIsRefused) {
  Caller caller = owner();
  for (const std::string& text :
       {std::string("{"), std::string(R"({"name":"a","name":"b"})"), std::string("[]"),
        std::string("{\"name\":\"\xff\"}"), std::string(R"({"name":"\u0000"})"), std::string(R"({"name":NaN})"),
        "{\"name\":" + std::string(70, '[') + std::string(70, ']') + "}"}) {
    EC_EXPECT_REFUSED("invalid_json", caller.session().insert("venues", text));
  }
  const std::string huge = R"({"name":")" + std::string(5 * 1024 * 1024, 'a') + "\"}";
  EC_EXPECT_REFUSED("request_too_large", caller.session().insert("venues", huge));
  EC_EXPECT_REFUSED("request_too_large", caller.session().call("invite_user", huge));
  EC_EXPECT_REFUSED("request_too_large", caller.session().list("venues", huge));
}

TEST_F(RequestTest, BadIdsAndNamesAreRefused) {
  Caller caller = owner();
  EC_EXPECT_REFUSED("invalid_argument", caller.get("venues", "no-uuid"));
  EC_EXPECT_REFUSED("invalid_argument", caller.remove("venues", ""));
  EC_EXPECT_REFUSED("unknown_table", caller.get("castles", owner_));
  EC_EXPECT_REFUSED("unknown_table", caller.get("ec_idempotency", owner_));
  EC_EXPECT_REFUSED("unknown_command", caller.call("raise_the_dead", Json::object()));
  RecordOptions options;
  options.organization_id = "house";
  EC_EXPECT_REFUSED("invalid_argument", caller.get("venues", owner_, options));
}

// ---- versions -----------------------------------------------------------------------------------------------------

// Such a row would look to the audit chain like no row at all.
TEST_F(RequestTest, TheNilIdIsNoRowsId) {
  Json row = venue("Hall");
  row["id"] = "00000000-0000-0000-0000-000000000000";
  for (Caller caller : {owner(), service_of(organization_)}) {
    const auto made = caller.insert("venues", row);
    ASSERT_TRUE(refused_as("invalid_argument", made));
    EXPECT_EQ(made.error().detail().fields.at(0).field, "id");
  }
  EXPECT_EQ(owner().count("venues").assume_value(), 0);
}

TEST_F(RequestTest, AVersionThatIsNoLongerTrueIsAConflict) {
  const std::string hall = new_venue("Hall");
  Caller caller = owner();
  RecordOptions first;
  first.if_version = 1;
  EXPECT_EQ(accepted(caller.update("venues", hall, {{"name", "Second name"}}, first))["version"], 2);
  const auto late = caller.update("venues", hall, {{"name", "Third name"}}, first);
  EC_EXPECT_REFUSED("version_conflict", late);
  EC_EXPECT_REFUSED("version_conflict", caller.remove("venues", hall, first));
  EXPECT_EQ(accepted(caller.get("venues", hall))["name"], "Second name");
  EXPECT_EQ(accepted(caller.update("venues", hall, {{"name", "Last write wins"}}))["version"], 3);
  RecordOptions third;
  third.if_version = 3;
  EC_EXPECT_OK(caller.remove("venues", hall, third));
}

// ---- tenants ------------------------------------------------------------------------------------------------------

class TenancyTest : public RequestTest {
 protected:
  static RecordOptions in(const std::string& organization) {
    RecordOptions options;
    options.organization_id = organization;
    return options;
  }
  static constexpr const char* chosen = "01890a5d-ac96-774b-bcce-b302099a8057";
};

TEST_F(TenancyTest, AnIdInTwoTenantsIsAmbiguousUntilTheTenantIsNamed) {
  const std::string other = new_organization("Second", "second");
  for (const std::string& tenant : {organization_, other}) {
    Json row = venue("Hall of " + tenant);
    row["organization_id"] = tenant;
    row["id"] = chosen;
    EC_EXPECT_OK(service().insert("venues", row));
  }
  EC_EXPECT_REFUSED("ambiguous_id", service().get("venues", chosen));
  EC_EXPECT_REFUSED("ambiguous_id", service().update("venues", chosen, {{"name", "X"}}));
  EC_EXPECT_REFUSED("ambiguous_id", service().remove("venues", chosen));
  EXPECT_EQ(accepted(service().get("venues", chosen, in(other)))["organization_id"], other);
  EXPECT_EQ(accepted(service_of(organization_).get("venues", chosen))["organization_id"], organization_);
  EXPECT_EQ(accepted(owner().get("venues", chosen))["organization_id"], organization_);
  EC_EXPECT_REFUSED("already_exists", [&] {
    Json row = venue("Twin");
    row["id"] = chosen;
    return owner().insert("venues", row);
  }());
}

TEST_F(TenancyTest, OnlyVisibleRowsMakeAnIdAmbiguous) {
  const std::string other = new_organization("Second", "second");
  for (const std::string& tenant : {organization_, other}) {
    new_event({{"organization_id", tenant}, {"id", chosen}, {"is_public", tenant == other}});
  }
  EC_EXPECT_REFUSED("ambiguous_id", service().get("events", chosen));
  EXPECT_EQ(accepted(anon().get("events", chosen))["organization_id"], other);
}

TEST_F(TenancyTest, TablesThatAreNotListedNeedTheOrganization) {
  const std::string event = new_event();
  const Json tag = accepted(owner().insert("event_tags", {{"event_id", event}, {"tag_name", "jazz"}}));
  EC_EXPECT_REFUSED("organization_required", service().get("event_tags", id(tag)));
  EC_EXPECT_REFUSED("organization_required", service().update("event_tags", id(tag), {{"tag_name", "soul"}}));
  EC_EXPECT_OK(service().get("event_tags", id(tag), in(organization_)));
  EC_EXPECT_OK(service_of(organization_).get("event_tags", id(tag)));
  for (const TableDef* table : schema::all_tables) {
    const auto found = service().get(std::string(table->name), chosen);
    const bool found_anywhere = table->found_without_tenant || table->global;
    EXPECT_EQ(found.error().name(), found_anywhere ? "not_found" : "organization_required") << table->name;
  }
  EC_EXPECT_REFUSED("organization_required", service().insert("venues", venue("Nowhere")));
}

TEST_F(TenancyTest, ARowOfAnotherTenantAndNoRowAnswerAlike) {
  const std::string hall = new_venue("Hall");
  new_organization("Second", "second");
  Caller stranger = user(last_owner_);
  const auto foreign = stranger.get("venues", hall);
  const auto absent = stranger.get("venues", chosen);
  ASSERT_FALSE(foreign.has_value());
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(foreign.error().to_json(), absent.error().to_json());
  EXPECT_EQ(stranger.get("venues", hall, in(organization_)).error().to_json(), absent.error().to_json());
  EXPECT_EQ(stranger.update("venues", hall, {{"name", "X"}}).error().to_json(),
            stranger.update("venues", chosen, {{"name", "X"}}).error().to_json());
  EXPECT_EQ(stranger.remove("venues", hall).error().to_json(), stranger.remove("venues", chosen).error().to_json());
  const auto event = [&](const std::string& venue_id) {
    return stranger.insert("events", {{"name", "E"},
                                      {"start_datetime", "2026-12-01T18:00:00Z"},
                                      {"end_datetime", "2026-12-01T19:00:00Z"},
                                      {"venue_id", venue_id}});
  };
  EC_EXPECT_REFUSED("reference_not_found", event(hall));
  EXPECT_EQ(event(hall).error().to_json(), event(chosen).error().to_json());
}

TEST_F(TenancyTest, IdsOfPeopleAndOrganizationsAreMadeByTheEngine) {
  const Json person = {
      {"id", chosen}, {"email", "x@example.org"}, {"full_name", "X"}, {"organization_id", organization_}};
  EC_EXPECT_REFUSED("invalid_argument", owner().insert("users", person));
}

TEST_F(TenancyTest, AServiceOfOneTenantIsHeldToIt) {
  const std::string other = new_organization("Second", "second");
  const std::string hall = new_venue("Hall");
  Caller bound = service_of(other);
  EC_EXPECT_REFUSED("not_found", bound.get("venues", hall));
  EC_EXPECT_REFUSED("not_found", bound.get("organizations", organization_));
  EC_EXPECT_REFUSED("not_found", bound.get("users", owner_));
  Json row = venue("Intruder");
  row["organization_id"] = organization_;
  EXPECT_FALSE(bound.insert("venues", row).has_value());
  EXPECT_FALSE(user(last_owner_).insert("venues", row).has_value());
  EXPECT_EQ(owner().count("venues").assume_value(), 1);
}

}  // namespace
}  // namespace eventcore::test
