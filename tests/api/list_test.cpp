// Lists: filters, order, pages, columns, expansions, counts, and how each can be asked wrongly.
#include <algorithm>
#include <set>

#include "api/engine_fixture.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::test {
namespace {

class ListTest : public EngineTest {
 protected:
  std::string add(const std::string& name, std::int64_t capacity, const Json& city = nullptr,
                  const Json& more = Json::object()) {
    Json row = {{"name", name}, {"address", "1 Road"}, {"max_capacity", capacity}, {"city", city}};
    row.update(more);
    return id(accepted(owner().insert("venues", row)));
  }
  std::vector<std::string> names(const Json& request, const std::string& table = "venues") {
    std::vector<std::string> found;
    Json page = accepted(owner().list(table, request));
    if (!page.contains("rows")) return found;
    for (const Json& row : page["rows"]) found.push_back(row["name"]);
    return found;
  }
  std::vector<std::string> where(const Json& condition) {
    return names({{"where", condition}, {"order_by", {"name"}}});
  }
  using Names = std::vector<std::string>;
};

TEST_F(ListTest, EveryOperatorFinds) {
  add("Alpha", 10, "Bonn", {{"amenities", {"bar", "stage"}}});
  add("Beta", 20, "Berlin");
  add("gamma", 30, nullptr, {{"amenities", {"bar"}}});
  add("Delta", 40, "Bonn");
  EXPECT_EQ(where({{"city", "Bonn"}}), (Names{"Alpha", "Delta"}));
  EXPECT_EQ(where({{"city", {{"eq", "Bonn"}}}}), (Names{"Alpha", "Delta"}));
  EXPECT_EQ(where({{"city", {{"ne", "Bonn"}}}}), (Names{"Beta", "gamma"})) << "nowhere is not Bonn";
  EXPECT_EQ(where({{"max_capacity", {{"gt", 20}}}}), (Names{"Delta", "gamma"}));
  EXPECT_EQ(where({{"max_capacity", {{"gte", 20}, {"lt", 40}}}}), (Names{"Beta", "gamma"}));
  EXPECT_EQ(where({{"max_capacity", {{"lte", 10}}}}), (Names{"Alpha"}));
  EXPECT_EQ(where({{"max_capacity", {{"in", {10, 40, 99}}}}}), (Names{"Alpha", "Delta"}));
  EXPECT_EQ(where({{"max_capacity", {{"not_in", {10, 40}}}}}), (Names{"Beta", "gamma"}));
  EXPECT_EQ(where({{"name", {{"prefix", "Al"}}}}), (Names{"Alpha"}));
  EXPECT_EQ(where({{"name", {{"prefix", "al"}}}}), (Names{})) << "case counts";
  EXPECT_EQ(where({{"name", {{"contains", "mm"}}}}), (Names{"gamma"}));
  EXPECT_EQ(where({{"name", {{"contains", "%"}}}}), (Names{}));
  EXPECT_EQ(where({{"amenities", {{"contains", "stage"}}}}), (Names{"Alpha"}));
  EXPECT_EQ(where({{"amenities", {{"contains", "sta"}}}}), (Names{})) << "an element, not a part of one";
  EXPECT_EQ(where({{"city", {{"is_null", true}}}}), (Names{"gamma"}));
  EXPECT_EQ(where({{"city", {{"is_null", false}}}}), (Names{"Alpha", "Beta", "Delta"}));
  EXPECT_EQ(where({{"or", {{{"city", "Berlin"}}, {{"max_capacity", 30}}}}}), (Names{"Beta", "gamma"}));
  EXPECT_EQ(where({{"and", {{{"city", "Bonn"}}, {{"max_capacity", 40}}}}}), (Names{"Delta"}));
  EXPECT_EQ(where({{"not", {{"max_capacity", {{"gte", 20}}}}}}), (Names{"Alpha"}));
  EXPECT_EQ(where({{"city", "Bonn"}, {"max_capacity", 10}}), (Names{"Alpha"}));
}

TEST_F(ListTest, MoneyAndTimesCompareByValue) {
  const std::string event = new_event();
  for (const char* price : {"9.50", "10.00", "100.00"}) {
    accepted(owner().insert(
        "ticket_categories",
        {{"event_id", event}, {"name", std::string("At ") + price}, {"base_price", price}, {"total_quantity", 1}}));
  }
  EXPECT_EQ(
      names({{"where", {{"base_price", {{"gte", "10.00"}}}}}, {"order_by", {"-base_price"}}}, "ticket_categories"),
      (Names{"At 100.00", "At 10.00"}));
  const auto starting = [&](const char* op) {
    const Json condition = {{"start_datetime", {{op, "2026-12-01T19:00:00+01:00"}}}};
    return owner().count("events", {{"where", condition}}).assume_value();
  };
  EXPECT_EQ(starting("lt"), 0);
  EXPECT_EQ(starting("lte"), 1);
}

TEST_F(ListTest, TextSortsByBytesAndNullsLast) {
  add("b", 1, "x");
  add("B", 1, "x");
  add("a", 1, nullptr);
  add("\xc3\xa4", 1, "y");
  EXPECT_EQ(names({{"order_by", {"name"}}}), (Names{"B", "a", "b", "\xc3\xa4"}));
  EXPECT_EQ(names({{"order_by", {"-name"}}}), (Names{"\xc3\xa4", "b", "a", "B"}));
  EXPECT_EQ(names({{"order_by", {"city", "-name"}}}), (Names{"b", "B", "\xc3\xa4", "a"}));
  EXPECT_EQ(names({{"order_by", {"-city", "name"}}}), (Names{"a", "\xc3\xa4", "B", "b"}));
}

TEST_F(ListTest, AMemberSortsByWhatOnlyMembersRead) {
  add("Small", 10);
  add("Large", 90);
  EXPECT_EQ(names({{"order_by", {"-max_capacity", "created_at"}}}), (Names{"Large", "Small"}));
  EC_EXPECT_REFUSED("unknown_column", anon().list("venues", {{"order_by", {"max_capacity"}}}));
}

TEST_F(ListTest, PagesNeverSkipOrRepeatARowThatStayed) {
  SeededRandom random(testing::seed());
  const Json orders[] = {Json::array(), {"name"}, {"-city", "name"}, {"city"}, {"-name", "city"}};
  const Json cities[] = {nullptr, "Bonn", "Berlin", ""};
  const auto random_row = [&] {
    return add("Hall " + std::to_string(random.uniform(5)), random.uniform(4), cities[random.uniform(4)]);
  };
  std::set<std::string> stayed;
  for (int i = 0; i < 12; ++i) stayed.insert(random_row());
  for (const Json& order : orders) {
    SCOPED_TRACE(dump(order));
    std::multiset<std::string> seen;
    Json request = {{"order_by", order}, {"limit", 1 + random.uniform(4)}};
    for (;;) {
      Json page = accepted(owner().list("venues", request));
      ASSERT_TRUE(page.contains("rows"));
      for (const Json& row : page["rows"]) seen.insert(id(row));
      if (page["cursor"].is_null()) break;
      request["after"] = page["cursor"];
      const std::string gone = random_row();  // arrives between the pages
      if (random.uniform(2) == 0) {
        EC_EXPECT_OK(owner().remove("venues", gone));
      }
    }
    for (const std::string& row : stayed) EXPECT_EQ(seen.count(row), 1U);
    for (const std::string& row : seen) EXPECT_EQ(seen.count(row), 1U);
  }
}

TEST_F(ListTest, PagesOverAllTenantsTellRowsOfOneIdApart) {
  const std::string other = new_organization("Other House", "other");
  const std::string shared = "01900000-0000-7000-8000-000000000001";
  for (const std::string& organization : {organization_, other})
    for (const Json& given : {Json(shared), Json()}) {
      Json row = venue("Hall");
      row["organization_id"] = organization;
      if (!given.is_null()) row["id"] = given;
      accepted(service().insert("venues", row));
    }
  for (const char* order : {"name", "-created_at", "id"})
    for (int limit = 1; limit < 4; ++limit) {
      std::multiset<std::string> seen;
      Json request = {{"order_by", Json::array({order})}, {"limit", limit}};
      for (;;) {
        const Json page = accepted(service().list("venues", request));
        ASSERT_TRUE(page.contains("rows"));
        for (const Json& row : page["rows"]) seen.insert(id(row) + row["organization_id"].get<std::string>());
        if (page["cursor"].is_null()) break;
        request["after"] = page["cursor"];
      }
      EXPECT_EQ(seen.size(), 4U) << order << " " << limit;
      for (const std::string& organization : {organization_, other})
        EXPECT_EQ(seen.count(shared + organization), 1U) << order << " " << limit;
    }
}

TEST_F(ListTest, AServiceOfOneTenantFindsNothingInAnotherNorOfTheStore) {
  const std::string other = new_organization("Other House", "other");
  accepted(service().insert("social_media_platforms", {{"platform_name", "reddit"}}));  // an entry of no tenant
  for (const char* table : {"audit_logs", "users", "events"}) {
    EXPECT_EQ(service_of(organization_).count(table, {{"organization_id", other}}).value(), 0) << table;
    const Json page = accepted(service_of(organization_).list(table, {{"organization_id", other}}));
    EXPECT_TRUE(page["rows"].empty()) << dump(page);
  }
}

TEST_F(ListTest, ACursorGoesOnAfterItsRowWasDeleted) {
  for (int i = 0; i < 5; ++i) add("Hall " + std::to_string(i), 1);
  Json page = accepted(owner().list("venues", {{"order_by", {"name"}}, {"limit", 2}}));
  EC_EXPECT_OK(owner().remove("venues", id(page["rows"][1])));
  EXPECT_EQ(names({{"order_by", {"name"}}, {"limit", 2}, {"after", page["cursor"]}}), (Names{"Hall 2", "Hall 3"}));
}

TEST_F(ListTest, TheLastPageHasNoCursor) {
  for (int i = 0; i < 4; ++i) add("Hall", 1);
  Json half = accepted(owner().list("venues", {{"limit", 2}}));
  EXPECT_FALSE(half["cursor"].is_null());
  EXPECT_TRUE(accepted(owner().list("venues", {{"limit", 2}, {"after", half["cursor"]}}))["cursor"].is_null());
  EXPECT_TRUE(accepted(owner().list("venues", {{"limit", 4}}))["cursor"].is_null());
}

TEST_F(ListTest, ACursorBelongsToItsQuery) {
  for (int i = 0; i < 4; ++i) add("Hall", i, "Bonn");
  const Json cursor = accepted(owner().list("venues", {{"limit", 2}, {"order_by", {"name"}}}))["cursor"];
  const Json wrong[] = {{{"after", cursor}},
                        {{"after", cursor}, {"order_by", {"-name"}}},
                        {{"after", cursor}, {"order_by", {"name"}}, {"where", {{"city", "Bonn"}}}},
                        {{"after", "made up"}, {"order_by", {"name"}}},
                        {{"after", cursor.get<std::string>() + "A"}, {"order_by", {"name"}}}};
  for (const Json& request : wrong) {
    SCOPED_TRACE(dump(request));
    EC_EXPECT_REFUSED("invalid_cursor", owner().list("venues", request));
  }
  EC_EXPECT_REFUSED("invalid_cursor", owner().list("events", {{"after", cursor}, {"order_by", {"name"}}}));
}

TEST_F(ListTest, TheLimitHasBounds) {
  for (int i = 0; i < 51; ++i) add("Hall", 1);
  EXPECT_EQ(accepted(owner().list("venues"))["rows"].size(), 50U);
  EXPECT_EQ(accepted(owner().list("venues", {{"limit", 1'000}}))["rows"].size(), 51U);
  for (const Json& limit : {Json(0), Json(-1), Json(1'001), Json("5"), Json(1.5), Json(true)}) {
    SCOPED_TRACE(dump(limit));
    EC_EXPECT_REFUSED("invalid_argument", owner().list("venues", {{"limit", limit}}));
  }
}

TEST_F(ListTest, WhatIsNotThereCannotBeNamed) {
  add("Hall", 1);
  const struct {
    Json request;
    const char* error;
  } table[] = {{{{"where", {{"castle", 1}}}}, "unknown_column"},
               {{{"order_by", {"castle"}}}, "unknown_column"},
               {{{"columns", {"castle"}}}, "unknown_column"},
               {{{"expand", {"castle"}}}, "unknown_column"},
               {{{"expand", {"name"}}}, "unknown_column"},
               {{{"where", {{"name", {{"like", "x"}}}}}}, "invalid_filter"},
               {{{"where", {{"max_capacity", "many"}}}}, "invalid_filter"},
               {{{"where", {{"max_capacity", {{"in", 5}}}}}}, "invalid_filter"},
               {{{"where", {{"city", {{"is_null", "yes"}}}}}}, "invalid_filter"},
               {{{"where", {{"or", 5}}}}, "invalid_filter"},
               {{{"where", {{"contact_info", "x"}}}}, "invalid_filter"},
               {{{"where", 5}}, "invalid_filter"},
               {{{"sort", {"name"}}}, "invalid_argument"},
               {{{"columns", "name"}}, "invalid_argument"},
               {{{"expand", {1}}}, "invalid_argument"},
               {{{"after", 5}}, "invalid_argument"},
               {{{"organization_id", "house"}}, "invalid_argument"}};
  for (const auto& row : table) {
    SCOPED_TRACE(dump(row.request));
    EC_EXPECT_REFUSED(row.error, owner().list("venues", row.request));
  }
  EC_EXPECT_REFUSED("unknown_table", owner().list("castles"));
  EC_EXPECT_REFUSED("unknown_table", owner().count("castles"));
  EC_EXPECT_REFUSED("unknown_column", owner().list("users", {{"where", {{"email_folded", "x"}}}}));
  EC_EXPECT_REFUSED("unknown_column", owner().list("social_media_accounts", {{"columns", {"api_credentials"}}}));
}

TEST_F(ListTest, JsonColumnsTakeOnlyIsNull) {
  add("Hall", 1, nullptr, {{"contact_info", {{"name", "Kim"}}}});
  EXPECT_EQ(where({{"contact_info", {{"is_null", false}}}}), (Names{"Hall"}));
}

TEST_F(ListTest, ShortColumnsComeUnlessOthersAreNamed) {
  add("Hall", 7, "Bonn", {{"policies", "No smoking"}});
  Json plain = accepted(owner().list("venues"))["rows"][0];
  EXPECT_TRUE(plain.contains("city"));
  EXPECT_FALSE(plain.contains("policies"));
  const Json two = accepted(owner().list("venues", {{"columns", {"name", "policies"}}}))["rows"][0];
  EXPECT_EQ(two["policies"], "No smoking");
  EXPECT_FALSE(two.contains("city"));
  const Json all = accepted(owner().list("venues", {{"columns", {"*"}}}))["rows"][0];
  EXPECT_TRUE(all.contains("policies"));
  EXPECT_TRUE(all.contains("city"));
}

TEST_F(ListTest, AnExpansionObeysTheViewOfItsTable) {
  const std::string hall = add("Hall", 500, "Bonn");
  const std::string event = new_event({{"venue_id", hall}, {"is_public", true}});
  const Json mine = accepted(owner().list("events", {{"expand", {"venue_id", "created_by"}}}))["rows"][0];
  EXPECT_EQ(mine["venue"]["max_capacity"], 500);
  EXPECT_TRUE(mine["created_by_row"].is_null());
  const Json theirs = accepted(anon().list("events", {{"expand", {"venue_id"}}}))["rows"];
  ASSERT_EQ(theirs.size(), 1U);
  EXPECT_EQ(theirs[0]["venue"]["name"], "Hall");
  EXPECT_FALSE(theirs[0]["venue"].contains("max_capacity"));
  EXPECT_FALSE(theirs[0].contains("settings"));
}

TEST_F(ListTest, CountsObeyFilterAndView) {
  new_event({{"is_public", true}});
  new_event({{"is_public", false}});
  new_event({{"is_public", true}, {"status", "planning"}});
  EXPECT_EQ(owner().count("events").assume_value(), 3);
  EXPECT_EQ(anon().count("events").assume_value(), 1);
  EXPECT_EQ(owner().count("events", {{"where", {{"is_public", true}}}}).assume_value(), 2);
  EXPECT_EQ(user(new_user("member")).count("events").assume_value(), 1);
}

TEST_F(ListTest, AColumnThatCannotBeReadDecidesNothing) {
  const std::string event = new_event();
  const std::string member = new_user("member");
  assign(event, member, "technical_director");
  Caller caller = user(member);
  EC_EXPECT_REFUSED("unknown_column", caller.list("ticket_orders", {{"where", {{"ip_address", {{"is_null", true}}}}}}));
  EC_EXPECT_REFUSED("unknown_column", caller.list("ticket_orders", {{"order_by", {"ip_address"}}}));
  // His own metrics are readable, others' are not: the condition is false there, whatever stands around it.
  const Json kept = {{"performance_metrics", {{"is_null", false}}}};
  const Json absent = {{"performance_metrics", {{"is_null", true}}}};
  EXPECT_EQ(caller.count("users", {{"where", kept}}).assume_value(), 1);
  EXPECT_EQ(caller.count("users", {{"where", {{"not", absent}}}}).assume_value(), 1);
  EC_EXPECT_REFUSED("unknown_column", caller.list("team_assignments", {{"order_by", {"hourly_rate"}}}));
}

TEST_F(ListTest, AnInternalColumnIsUnknownWhoeverAsks) {
  for (Caller caller : {owner(), service_of(organization_)})
    for (const schema::TableDef* table : schema::all_tables)
      for (const schema::ColumnDef& column : table->columns) {
        if (!column.is(schema::internal)) continue;
        const std::string name(column.name);
        const std::string of(table->name);
        SCOPED_TRACE(of + "." + name);
        EC_EXPECT_REFUSED("unknown_column", caller.list(of, {{"columns", {"id", name}}}));
        EC_EXPECT_REFUSED("unknown_column", caller.list(of, {{"where", {{name, {{"is_null", false}}}}}}));
        EC_EXPECT_REFUSED("unknown_column", caller.list(of, {{"order_by", {name}}}));
      }
}

TEST_F(ListTest, WhoSeesSomeRowsSortsThemByWhatHeReadsOnThem) {
  const std::string hall = new_venue("Hall");
  const std::string event = new_event({{"is_public", true}, {"venue_id", hall}});
  EC_EXPECT_OK(owner().call("place_order", order_of(event, new_category(event, 10), 1)));
  const std::string member = new_user("member");
  assign(event, member, "technical_director");
  const Json orders = accepted(user(member).list("ticket_orders", {{"order_by", {"order_number"}}}));
  EXPECT_EQ(orders["rows"].size(), 1U);
  for (Caller caller : {anon(), user(new_user("guest"))}) {
    EXPECT_EQ(accepted(caller.list("venues", {{"order_by", {"name"}}}))["rows"].size(), 1U);
    EC_EXPECT_REFUSED("unknown_column", caller.list("venues", {{"order_by", {"max_capacity"}}}));
  }
}

TEST_F(ListTest, WhoSeesNoRowKnowsNoColumn) {
  const std::string event = new_event({{"is_public", true}});
  EC_EXPECT_OK(service().insert("social_media_platforms", {{"platform_name", "reddit"}}));
  for (Caller caller : {anon(), customer("bea@example.org")})
    for (const auto& [table, column] :
         {std::pair{"event_budgets", "currency"}, {"vendors", "name"}, {"social_media_platforms", "platform_name"}}) {
      SCOPED_TRACE(table);
      EC_EXPECT_REFUSED("unknown_column", caller.list(table, {{"columns", {column}}}));
      EC_EXPECT_REFUSED("unknown_column", caller.list(table, {{"order_by", {column}}}));
      EC_EXPECT_REFUSED("unknown_column", caller.count(table, {{"where", {{column, {{"is_null", false}}}}}}));
      EXPECT_EQ(caller.count(table).assume_value(), 0);
    }
}

TEST_F(ListTest, AForeignTenantsRowsAreNotThere) {
  add("Hall", 1);
  const std::string other = new_organization("Second", "second");
  Caller stranger = user(last_owner_);
  EXPECT_EQ(stranger.count("venues").assume_value(), 0);
  EXPECT_EQ(stranger.count("venues", {{"organization_id", organization_}}).assume_value(), 0);
  EXPECT_EQ(accepted(stranger.list("venues", {{"organization_id", organization_}}))["rows"].size(), 0U);
  EXPECT_EQ(service_of(other).count("venues").assume_value(), 0);
  EXPECT_EQ(service().count("venues").assume_value(), 1);
}

// INVENTORY 49: what time alone makes of a milestone shows in rows, filters, orders, pages and counts alike.
TEST_F(ListTest, OverdueMilestonesAreFoundOrderedAndCountedAsSuchAtOnce) {
  const std::string event = new_event();
  const auto milestone = [&](const char* title, const char* due) {
    return id(accepted(owner().insert("event_milestones", {{"event_id", event}, {"title", title}, {"due_date", due}})));
  };
  using Ids = std::vector<std::string>;
  const std::string late = milestone("Permit", "2026-09-01T00:00:00Z");
  const std::string open = milestone("Sound", "2026-11-01T00:00:00Z");
  Caller caller = owner();
  const auto found = [&](const Json& request) {
    Ids ids;
    const Json page = accepted(caller.list("event_milestones", request));
    for (const Json& row : page["rows"]) ids.push_back(id(row));
    return ids;
  };
  EXPECT_EQ(found({{"where", {{"status", "overdue"}}}}), Ids{late});
  EXPECT_EQ(found({{"where", {{"status", "pending"}}}}), Ids{open});
  EXPECT_EQ(found({{"where", {{"status", {{"in", {"overdue", "cancelled"}}}}}}}), Ids{late});
  EXPECT_EQ(found({{"where", {{"not", {{"status", "overdue"}}}}}}), Ids{open});
  EXPECT_EQ(found({{"where", {{"status", "overdue"}, {"due_date", {{"gt", "2026-10-01T00:00:00Z"}}}}}}), Ids{});
  EXPECT_EQ(found({{"order_by", {"status"}}}), (Ids{late, open})) << "overdue before pending";
  EXPECT_EQ(found({{"order_by", {"-status"}}}), (Ids{open, late}));
  const Json page = accepted(caller.list("event_milestones", {{"order_by", {"status"}}, {"limit", 1}}));
  ASSERT_EQ(page["rows"].size(), 1U);
  EXPECT_EQ(page["rows"][0]["status"], "overdue");
  EXPECT_EQ(found({{"order_by", {"status"}}, {"limit", 1}, {"after", page["cursor"]}}), Ids{open});
  EXPECT_EQ(caller.count("event_milestones", {{"where", {{"status", "overdue"}}}}).assume_value(), 1);
  EXPECT_EQ(caller.count("event_milestones", {{"where", {{"status", "pending"}}}}).assume_value(), 1);
  EXPECT_EQ(accepted(caller.get("event_milestones", late))["status"], "overdue");
  ASSERT_TRUE(core_->set_clock(start_us + 60 * day_us).has_value());
  EXPECT_EQ(caller.count("event_milestones", {{"where", {{"status", "overdue"}}}}).assume_value(), 2);
  EXPECT_EQ(accepted(service().call("run_maintenance", Json::object()))["overdue_milestones"], 2);
  EXPECT_EQ(caller.count("event_milestones", {{"where", {{"status", "overdue"}}}}).assume_value(), 2);
}

// An entry that no rule would have let in keeps its own organization's offers from being made, and nothing else.
TEST_F(ListTest, MaintenanceGoesOnPastWhatTheRowsOfOneOrganizationRefuse) {
  verify_at_end_ = false;
  const std::string other = new_organization("Borealis", "borealis");
  const auto late_milestone = [&](const std::string& event) {
    accepted(service().insert("event_milestones",
                              {{"event_id", event}, {"title", "Permit"}, {"due_date", "2026-09-01T00:00:00Z"}}));
  };
  late_milestone(new_event({{"organization_id", other}}));
  const std::string event = new_event();
  late_milestone(event);
  const std::string category = new_category(event, 30'000);
  const std::string entry = id(accepted(service().insert(
      "waitlist_entries",
      {{"ticket_category_id", category}, {"customer_email", "w@example.org"}, {"customer_name", "W"}})));
  const auto uuid = [](const std::string& text) { return parse_uuid(text).assume_value(); };
  ASSERT_TRUE(core_->store().assume_value()->write([&](store::Writer& writer) -> Status {
    writer.arm(true);
    const Status written = writer.update(schema::tables::waitlist_entries, uuid(organization_), uuid(entry),
                                         {{col::waitlist_entries::quantity.index, 20'001}});
    writer.arm(false);
    return written;
  }));
  const Json done = accepted(service().call("run_maintenance", Json::object()));
  EXPECT_EQ(done["overdue_milestones"], 2);
  EXPECT_EQ(
      done["failures"],
      Json::array({{{"organization_id", organization_}, {"piece", "waitlist_offers"}, {"code", "invalid_quantity"}}}));
  EXPECT_EQ(accepted(service_of(other).call("run_maintenance", Json::object()))["failures"], Json::array());
}

}  // namespace
}  // namespace eventcore::test
