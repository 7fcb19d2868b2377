// The gaps and contradictions that spec/INVENTORY.md counts, each closed: stock, counters, audit and schema. Writes are
// made as commands, as direct writes and as a service's import.
#include <gtest/gtest.h>

#include "rules/operations/maintenance.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;
using policy::Role;

class InventoryTest : public Fixture {
 protected:
  std::int64_t left(const Uuid& category) {
    return number(tables::ticket_categories, category, col::ticket_categories::available_quantity);
  }
  Uuid add_package(const Uuid& event, const Json& max, Json more = Json::object()) {
    Json row = {{"event_id", to_text(event)},
                {"package_name", "Gold"},
                {"price", "100"},
                {"benefits", Json::object()},
                {"max_sponsors", max}};
    row.update(more);
    return add(tables::sponsor_packages, row);
  }
  Json sponsor(const Uuid& event, const Uuid& package, const std::string& name = "Acme") {
    return {{"event_id", to_text(event)},
            {"package_id", to_text(package)},
            {"company_name", name},
            {"contract_value", "100"}};
  }
  std::int64_t taken(const Uuid& package) {
    return number(tables::sponsor_packages, package, col::sponsor_packages::current_sponsors);
  }
  bool available(const Uuid& package) {
    return row(tables::sponsor_packages, package)[col::sponsor_packages::is_available].boolean();
  }
  Status ticket_status(const Uuid& ticket, const char* status) {
    return engine_change(tables::tickets, ticket, {{col::tickets::status.index, Value(status)}});
  }
};

TEST_F(InventoryTest, N18AvailabilityNeverNegative) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 2);
  const Uuid order = add_order(event);
  add_ticket(order, category);
  add_ticket(order, category);
  EXPECT_EQ(left(category), 0);
  EC_EXPECT_REFUSED("sold_out", insert(as_service(), tables::tickets,
                                       {{"organization_id", to_text(organization_)},
                                        {"order_id", to_text(order)},
                                        {"ticket_category_id", to_text(category)},
                                        {"ticket_number", make_ticket_number(*random_)},
                                        {"attendee_name", "A"},
                                        {"attendee_email", "a@example.org"},
                                        {"qr_code_data", "x"},
                                        {"price_paid", "0"}}));
  EXPECT_EQ(left(category), 0);
  EC_EXPECT_REFUSED("total_too_small",
                    update(as_user(Role::admin), tables::ticket_categories, category, {{"total_quantity", 1}}));
  EC_EXPECT_REFUSED("total_too_small",
                    update(as_user(Role::admin), tables::ticket_categories, category, {{"withheld_quantity", 1}}));
  set(tables::ticket_categories, category, {{"total_quantity", 5}, {"withheld_quantity", 1}});
  EXPECT_EQ(left(category), 2);
}

TEST_F(InventoryTest, N18AvailableMayBeGivenAtCreationOnly) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 10, {{"available_quantity", 7}});
  EXPECT_EQ(number(tables::ticket_categories, category, col::ticket_categories::withheld_quantity), 3);
  EXPECT_EQ(left(category), 7);
  EC_EXPECT_REFUSED("invalid_argument",
                    update(as_user(Role::admin), tables::ticket_categories, category, {{"available_quantity", 9}}));
  set(tables::ticket_categories, category, {{"withheld_quantity", 0}});
  EXPECT_EQ(left(category), 10);
}

TEST_F(InventoryTest, N19CancelledThenDeletedGivesBackOnce) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 5);
  const Uuid ticket = add_ticket(add_order(event), category);
  EXPECT_EQ(left(category), 4);
  EC_EXPECT_OK(ticket_status(ticket, "cancelled"));
  EXPECT_EQ(left(category), 5);
  EC_EXPECT_OK(engine_erase(tables::tickets, ticket));
  EXPECT_EQ(left(category), 5);
}

TEST_F(InventoryTest, N19DeletingAnHeldTicketGivesItsPlaceBack) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 5);
  const Uuid ticket = add_ticket(add_order(event), category);
  EC_EXPECT_OK(engine_erase(tables::tickets, ticket));
  EXPECT_EQ(left(category), 5);
}

TEST_F(InventoryTest, N20EveryWayInAndOutOfHoldingAPlaceCounts) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 5);
  const Uuid order = add_order(event);
  const Uuid ticket = add_ticket(order, category);
  EC_EXPECT_OK(ticket_status(ticket, "used"));
  EXPECT_EQ(left(category), 4);
  EC_EXPECT_REFUSED("invalid_transition", ticket_status(ticket, "cancelled"));
  EC_EXPECT_OK(ticket_status(ticket, "valid"));
  EC_EXPECT_OK(ticket_status(ticket, "transferred"));
  EXPECT_EQ(left(category), 5);
  EC_EXPECT_REFUSED("invalid_transition", ticket_status(ticket, "valid"));
  add_ticket(order, category, "cancelled");
  EXPECT_EQ(left(category), 5) << "a ticket imported as cancelled takes no place";
  add_ticket(order, category, "used");
  EXPECT_EQ(left(category), 4);
}

TEST_F(InventoryTest, N20PendingOrdersHoldTheirPlacesUntilTheyLeaveThatState) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 5);
  const Uuid order = add_order(event, "pending");
  add_line(order, category, 3);
  EXPECT_EQ(left(category), 2);
  EC_EXPECT_OK(
      engine_change(tables::ticket_orders, order, {{col::ticket_orders::payment_status.index, Value("processing")}}));
  EXPECT_EQ(left(category), 2);
  EC_EXPECT_OK(
      engine_change(tables::ticket_orders, order, {{col::ticket_orders::order_status.index, Value("cancelled")}}));
  EXPECT_EQ(left(category), 5);
  add_line(add_order(event, "paid"), category, 3);
  EXPECT_EQ(left(category), 5) << "tickets of a paid order take places, its lines do not";
}

TEST_F(InventoryTest, N21ATicketKeepsItsCategory) {
  const Uuid event = add_event();
  const Uuid ticket = add_ticket(add_order(event), add_category(event, 5));
  const Uuid other = add_category(event, 5);
  EC_EXPECT_REFUSED("invariant_violated",
                    engine_change(tables::tickets, ticket, {{col::tickets::ticket_category_id.index, Value(other)}}));
  EXPECT_EQ(left(other), 5);
}

TEST_F(InventoryTest, ACategoryKeepsTheCurrencyInWhichItSoldOrHasRules) {
  const Uuid event = add_event();
  const auto to_euro = [&](const Uuid& category) {
    return update(as_user(Role::admin), tables::ticket_categories, category, {{"currency", "EUR"}});
  };
  EC_EXPECT_OK(to_euro(add_category(event, 5)));
  const Uuid sold = add_category(event, 5);
  add_line(add_order(event), sold, 1);
  EC_EXPECT_REFUSED("invariant_violated", to_euro(sold));
  EC_EXPECT_OK(update(as_user(Role::admin), tables::ticket_categories, sold, {{"currency", "USD"}})) << "it is that";
  const Uuid ruled = add_category(event, 5);
  add(tables::dynamic_pricing_rules, {{"ticket_category_id", to_text(ruled)},
                                      {"rule_name", "Rush"},
                                      {"rule_type", "demand_based"},
                                      {"conditions", {{"sold_last_day", {{"min", 1}}}}},
                                      {"price_adjustment_type", "fixed_amount"},
                                      {"adjustment_value", "0.50"}});
  EC_EXPECT_REFUSED("invariant_violated", to_euro(ruled));
}

TEST_F(InventoryTest, N21ATicketIsOfItsOrdersEvent) {
  const Uuid order = add_order(add_event());
  const Uuid elsewhere = add_category(add_event(), 5);
  const Json ticket = {{"organization_id", to_text(organization_)},
                       {"order_id", to_text(order)},
                       {"ticket_category_id", to_text(elsewhere)},
                       {"ticket_number", make_ticket_number(*random_)},
                       {"attendee_name", "A"},
                       {"attendee_email", "a@example.org"},
                       {"qr_code_data", "x"},
                       {"price_paid", "0"}};
  EC_EXPECT_REFUSED("invariant_violated", insert(as_service(), tables::tickets, ticket));
}

TEST_F(InventoryTest, N30SponsorCountsFollowInsertMoveCancelAndDelete) {
  const Uuid event = add_event();
  const Uuid one = add_package(event, 1);
  const Uuid two = add_package(event, 2);
  const Uuid acme = add(tables::sponsors, sponsor(event, one));
  EXPECT_EQ(taken(one), 1);
  EXPECT_FALSE(available(one));
  EC_EXPECT_REFUSED("package_full", insert(as_user(Role::admin), tables::sponsors, sponsor(event, one, "Second")));
  set(tables::sponsors, acme, {{"package_id", to_text(two)}});
  EXPECT_EQ(taken(one), 0);
  EXPECT_TRUE(available(one));
  EXPECT_EQ(taken(two), 1);
  set(tables::sponsors, acme, {{"contract_status", "cancelled"}});
  EXPECT_EQ(taken(two), 0);
  EC_EXPECT_OK(remove(as_user(Role::admin), tables::sponsors, acme));
  EXPECT_EQ(taken(two), 0) << "a cancelled sponsor was not counted and gives nothing back";
}

TEST_F(InventoryTest, N30WithoutLimitAPackageIsNeverFullAndWithdrawnIsNotAvailable) {
  const Uuid event = add_event();
  const Uuid open = add_package(event, nullptr);
  for (int i = 0; i < 3; ++i) add(tables::sponsors, sponsor(event, open, "Sponsor " + std::to_string(i)));
  EXPECT_EQ(taken(open), 3);
  EXPECT_TRUE(available(open));
  EC_EXPECT_REFUSED("invariant_violated",
                    update(as_user(Role::admin), tables::sponsor_packages, open, {{"max_sponsors", 2}}));
  set(tables::sponsor_packages, open, {{"is_withdrawn", true}});
  EXPECT_FALSE(available(open));
  EC_EXPECT_REFUSED("invariant_violated",
                    insert(as_user(Role::admin), tables::sponsors, sponsor(add_event(), open, "Of another event")));
}

TEST_F(InventoryTest, N31ScoreIsCappedAndOddHistoriesCountNothing) {
  Json history = Json::array();
  for (int i = 0; i < 120; ++i) history.push_back("call");
  const Uuid prospect = add(tables::sponsor_prospects, {{"company_name", "Acme"},
                                                        {"industry", " Technology "},
                                                        {"company_size", "enterprise"},
                                                        {"engagement_history", history}});
  namespace p = col::sponsor_prospects;
  EXPECT_EQ(number(tables::sponsor_prospects, prospect, p::ai_prospect_score), 100);
  set(tables::sponsor_prospects, prospect, {{"engagement_history", {{"calls", 3}}}});
  EXPECT_EQ(number(tables::sponsor_prospects, prospect, p::ai_prospect_score), 70);
}

TEST_F(InventoryTest, N32TheScoreIsDerivedAndCallersCannotSetIt) {
  EC_EXPECT_REFUSED("invalid_argument", insert(as_user(Role::admin), tables::sponsor_prospects,
                                               {{"company_name", "Acme"}, {"ai_prospect_score", "0.9"}}));
  const Uuid plain = add(tables::sponsor_prospects, {{"company_name", "Acme"}, {"industry", "FINANCE"}});
  EXPECT_EQ(number(tables::sponsor_prospects, plain, col::sponsor_prospects::ai_prospect_score), 40);
}

TEST_F(InventoryTest, N33WritesWithoutAUserAreAudited) {
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 10}});
  namespace a = col::audit_logs;
  EXPECT_EQ(count(tables::audit_logs,
                  Expr::all_of({Expr::equals(a::record_id.index, Value(venue)), Expr::is_null(a::user_id.index),
                                Expr::equals(a::principal_kind.index, "service")})),
            1);
}

TEST_F(InventoryTest, N34WhoMayNotWriteCountersStillMovesThem) {
  const Uuid event = add_event();
  const Uuid category = add_category(event, 5);
  const Principal member = as_user(Role::member);
  EC_EXPECT_OK(
      call(as_service(), "assign_team",
           {{"event_id", to_text(event)}, {"user_id", to_text(member.id)}, {"role_type", "operations_manager"}}));
  EC_EXPECT_REFUSED("policy_denied", update(member, tables::ticket_categories, category, {{"name", "Mine"}}));
  EC_EXPECT_OK(call(member, "place_order",
                    {{"event_id", to_text(event)},
                     {"items", {{{"ticket_category_id", to_text(category)}, {"quantity", 2}}}},
                     {"customer", {{"email", "c@example.org"}, {"name", "C"}}}}));
  EXPECT_EQ(left(category), 3);
}

TEST_F(InventoryTest, N35TheAuditLogIsAppendOnlyAndKnowsWhoWroteWhere) {
  namespace a = col::audit_logs;
  const Principal admin = as_user(Role::admin);
  const auto venue = insert(admin, tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 10}});
  ASSERT_TRUE(venue.has_value());
  const Uuid id = id_of(venue.assume_value());
  const Expr of_venue = Expr::equals(a::record_id.index, Value(id));
  EXPECT_EQ(count(tables::audit_logs, Expr::all_of({of_venue, Expr::equals(a::user_id.index, Value(admin.id))})), 1);
  EC_EXPECT_OK(update(admin, tables::venues, id, {{"name", "Hall"}}));
  EXPECT_EQ(count(tables::audit_logs, of_venue), 1) << "an update that changes nothing writes nothing";
  EC_EXPECT_REFUSED("engine_only", insert(as_service(organization_), tables::audit_logs, Json::object()));
  EC_EXPECT_REFUSED("engine_only", remove(as_service(), tables::audit_logs, id));
}

TEST_F(InventoryTest, N36UsersRolesTicketsAndDeletesAreAudited) {
  namespace a = col::audit_logs;
  const auto entries = [&](const char* table, const char* operation) {
    return count(tables::audit_logs,
                 Expr::all_of({Expr::equals(a::table_name.index, table), Expr::equals(a::operation.index, operation)}));
  };
  const Uuid event = add_event();
  const Uuid order = add_order(event);
  const Uuid ticket = add_ticket(order, add_category(event, 3));
  EC_EXPECT_OK(ticket_status(ticket, "cancelled"));
  const Uuid user = as_user(Role::member).id;
  EC_EXPECT_OK(update(as_user(Role::owner), tables::users, user, {{"role", "manager"}}));
  EC_EXPECT_OK(remove(as_user(Role::owner), tables::users, user));
  EXPECT_EQ(entries("tickets", "insert"), 1);
  EXPECT_EQ(entries("tickets", "update"), 1);
  EXPECT_EQ(entries("ticket_orders", "insert"), 1);
  EXPECT_EQ(entries("users", "update"), 1);
  EXPECT_EQ(entries("users", "delete"), 1);
}

TEST_F(InventoryTest, N37UpdatedAtIsTheCallsClockAndVersionCounts) {
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 10}});
  clock_.advance(5'000'000);
  set(tables::venues, venue, {{"max_capacity", 12}});
  const Record stored = row(tables::venues, venue);
  EXPECT_EQ(stored[col::venues::updated_at].integer(), stored[col::venues::created_at].integer() + 5'000'000);
  EXPECT_EQ(stored.version(), 2);
}

TEST_F(InventoryTest, N38TheTablesOfTheSourceAndThoseItNeeds) {
  EXPECT_EQ(schema::table_count, 42 + 14U);
}

TEST_F(InventoryTest, N39EveryRowHasATenant) {
  for (const schema::TableDef* table : schema::all_tables) {
    if (table->global || table->id == tables::organizations.id) continue;
    const schema::ColumnDef* tenant = table->find("organization_id");
    ASSERT_NE(tenant, nullptr) << table->name;
    EXPECT_TRUE(tenant->is(schema::not_null)) << table->name;
  }
}

TEST_F(InventoryTest, N40ListedValuesWithADefaultAreNeverNull) {
  for (const schema::TableDef* table : schema::all_tables)
    for (const schema::ColumnDef& column : table->columns) {
      const bool listed = column.type == schema::Type::enumeration && column.has_initial();
      EXPECT_TRUE(!listed || column.is(schema::not_null)) << table->name << "." << column.name;
    }
  EC_EXPECT_REFUSED("invalid_argument", update(as_user(Role::owner), tables::users, owner_, {{"role", nullptr}}));
}

TEST_F(InventoryTest, N41AnOrganizationWithEverythingFilledCanBeDeleted) {
  const Uuid event = add_event();
  const Uuid manager = as_user(Role::manager).id;
  add(tables::event_milestones, {{"event_id", to_text(event)},
                                 {"title", "Permit"},
                                 {"due_date", "2026-10-01T00:00:00Z"},
                                 {"assigned_to", to_text(manager)}});
  add(tables::event_risks,
      {{"event_id", to_text(event)}, {"risk_description", "Rain"}, {"responsible_person", to_text(manager)}});
  const Uuid category = add_category(event, 5);
  add_ticket(add_order(event, "paid"), category);
  add(tables::sponsors, {{"event_id", to_text(event)},
                         {"company_name", "Acme"},
                         {"contract_value", "1"},
                         {"account_manager", to_text(manager)}});
  const Principal owner = as_user(Role::owner);
  EC_EXPECT_OK(remove(owner, tables::organizations, organization_));
  EC_EXPECT_REFUSED("unauthenticated", get(owner, tables::events, event));
  EC_EXPECT_REFUSED("not_found", get(as_service(), tables::events, event));
  for (int round = 0; round < 100; ++round) {
    bool more = false;
    const auto slice = run(as_service(), "run_maintenance", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRY(swept, rules::operations::remove_closed(unit, organization_, 3));
      more = swept.more;
      return Json();
    });
    ASSERT_TRUE(slice.has_value()) << slice.error().to_json();
    if (!more) break;
  }
  for (const schema::TableDef* table : schema::all_tables) {
    if (table->global || table->id == tables::audit_logs.id) continue;
    EXPECT_EQ(count(*table), 0) << table->name;
  }
  EXPECT_GT(count(tables::audit_logs), 0);
  namespace a = col::audit_logs;
  const Expr with_image = Expr::all_of(
      {Expr::negate(Expr::equals(a::operation.index, "erase")), Expr::negate(Expr::is_null(a::new_values.index))});
  EXPECT_EQ(count(tables::audit_logs, with_image), 0) << "images of a deleted organization are gone, commitments stay";
}

TEST_F(InventoryTest, N42AUserWhoDidThingsCanBeDeleted) {
  const Principal admin = as_user(Role::admin);
  const auto event =
      insert(admin, tables::events,
             {{"name", "Fair"}, {"start_datetime", "2026-12-01T18:00:00Z"}, {"end_datetime", "2026-12-01T23:00:00Z"}});
  ASSERT_TRUE(event.has_value());
  const Uuid id = id_of(event.assume_value());
  const Uuid milestone = add(tables::event_milestones, {{"event_id", to_text(id)},
                                                        {"title", "Permit"},
                                                        {"due_date", "2026-10-01T00:00:00Z"},
                                                        {"assigned_to", to_text(admin.id)}});
  EXPECT_EQ(row(tables::events, id)[col::events::created_by].uuid(), admin.id);
  EC_EXPECT_OK(remove(as_user(Role::owner), tables::users, admin.id));
  EXPECT_TRUE(row(tables::events, id)[col::events::created_by].is_null());
  EXPECT_TRUE(row(tables::event_milestones, milestone)[col::event_milestones::assigned_to].is_null());
}

TEST_F(InventoryTest, N43NullCountsAsAValueInUniqueKeys) {
  const Json code = {{"code", "Early"}, {"discount_type", "percentage"}, {"discount_value", "10"}};
  EC_EXPECT_OK(insert(as_user(Role::manager), tables::discount_codes, code));
  Json folded = code;
  folded["code"] = " EARLY ";
  EC_EXPECT_REFUSED("already_exists", insert(as_user(Role::manager), tables::discount_codes, folded));
  const Uuid event = add_event();
  const Json hour = {
      {"organization_id", to_text(organization_)}, {"event_id", to_text(event)}, {"date", "2026-10-01"}, {"hour", 3}};
  EC_EXPECT_OK(insert(as_service(), tables::ticket_sales_analytics, hour));
  EC_EXPECT_REFUSED("already_exists", insert(as_service(), tables::ticket_sales_analytics, hour));
}

TEST_F(InventoryTest, N44EachReferenceIsDeclaredOnce) {
  for (const schema::TableDef* table : schema::all_tables)
    for (std::size_t i = 0; i < table->columns.size(); ++i)
      EXPECT_EQ(table->index_of(table->columns[i].name), static_cast<int>(i)) << table->name;
}

TEST_F(InventoryTest, N45RatesAndProbabilitiesHaveTheirOwnBounds) {
  const Uuid event = add_event();
  const Uuid acme = add(tables::sponsors, {{"event_id", to_text(event)},
                                           {"company_name", "Acme"},
                                           {"contract_value", "1.00"},
                                           {"renewal_probability", "0.75"}});
  EC_EXPECT_REFUSED("invalid_argument",
                    update(as_user(Role::admin), tables::sponsors, acme, {{"renewal_probability", "1.01"}}));
  const Uuid metric = add(tables::sponsor_roi_metrics, {{"sponsor_id", to_text(acme)},
                                                        {"metric_value", "1000000"},
                                                        {"baseline_value", "0"},
                                                        {"measurement_unit", "USD"}});
  EXPECT_EQ(number(tables::sponsor_roi_metrics, metric, col::sponsor_roi_metrics::calculated_roi), 99'999);
  const auto shown = get(as_user(Role::admin), tables::sponsor_roi_metrics, metric);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown.assume_value().value("calculated_roi_saturated", false), true);
  set(tables::sponsors, acme, {{"contract_value", "1000000.00"}});
  EXPECT_EQ(number(tables::sponsor_roi_metrics, metric, col::sponsor_roi_metrics::calculated_roi), 0);
}

TEST_F(InventoryTest, N46NothingEndsBeforeItBegins) {
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_REFUSED("invariant_violated", insert(admin, tables::events,
                                                 {{"name", "Backwards"},
                                                  {"start_datetime", "2026-12-02T00:00:00Z"},
                                                  {"end_datetime", "2026-12-01T00:00:00Z"}}));
  const Uuid event = add_event();
  EC_EXPECT_REFUSED("invariant_violated", insert(admin, tables::ticket_categories,
                                                 {{"event_id", to_text(event)},
                                                  {"name", "C"},
                                                  {"base_price", "1"},
                                                  {"total_quantity", 1},
                                                  {"sale_start_date", "2026-11-02T00:00:00Z"},
                                                  {"sale_end_date", "2026-11-01T00:00:00Z"}}));
  EC_EXPECT_REFUSED("invariant_violated", insert(admin, tables::team_assignments,
                                                 {{"event_id", to_text(event)},
                                                  {"user_id", to_text(admin.id)},
                                                  {"role_type", "producer"},
                                                  {"start_date", "2026-11-02"},
                                                  {"end_date", "2026-11-01"}}));
}

TEST_F(InventoryTest, N47OneSourceForEachThing) {
  EC_EXPECT_REFUSED("invariant_violated", insert(as_user(Role::admin), tables::events,
                                                 {{"name", "Both"},
                                                  {"start_datetime", "2026-12-01T00:00:00Z"},
                                                  {"end_datetime", "2026-12-02T00:00:00Z"},
                                                  {"is_virtual", true},
                                                  {"is_hybrid", true}}));
  EC_EXPECT_REFUSED(
      "invalid_argument",
      insert(as_user(Role::manager), tables::discount_codes,
             {{"code", "X"}, {"discount_type", "percentage"}, {"discount_value", "1"}, {"current_uses", 5}}));
}

TEST_F(InventoryTest, N48CredentialsAreSealed) {
  const auto platform = insert(as_service(), tables::social_media_platforms, {{"platform_name", "youtube"}});
  ASSERT_TRUE(platform.has_value()) << platform.error().to_json();
  const auto account = insert(as_user(Role::admin), tables::social_media_accounts,
                              {{"platform_id", platform.assume_value()["id"]},
                               {"account_handle", "house"},
                               {"api_credentials", {{"token", "very-secret-token"}}}});
  ASSERT_TRUE(account.has_value()) << account.error().to_json();
  EXPECT_FALSE(account.assume_value().contains("api_credentials"));
  const auto shown = get(as_user(Role::owner), tables::social_media_accounts, id_of(account.assume_value()));
  ASSERT_TRUE(shown.has_value());
  EXPECT_FALSE(shown.assume_value().contains("api_credentials"));
  const Record stored = row(tables::social_media_accounts, id_of(account.assume_value()));
  const Value& sealed = stored[col::social_media_accounts::api_credentials];
  ASSERT_TRUE(sealed.is_bytes());
  EXPECT_EQ(as_text(sealed.bytes()).find("very-secret"), std::string_view::npos);
}

TEST_F(InventoryTest, N49MilestonesBecomeOverdue) {
  const Uuid event = add_event();
  const Uuid milestone = add(tables::event_milestones,
                             {{"event_id", to_text(event)}, {"title", "Permit"}, {"due_date", "2026-09-01T00:00:00Z"}});
  const auto shown = get(as_user(Role::manager), tables::event_milestones, milestone);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown.assume_value()["status"], "overdue") << "in answers at once";
  EXPECT_EQ(row(tables::event_milestones, milestone)[col::event_milestones::status].text(), "pending");
  EC_EXPECT_OK(run(as_service(), "run_maintenance", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(swept, rules::operations::mark_overdue_milestones(unit, organization_, 10));
    return Json(swept.rows);
  }));
  EXPECT_EQ(row(tables::event_milestones, milestone)[col::event_milestones::status].text(), "overdue");
}

TEST_F(InventoryTest, N49AnEventThatIsCancelledTakesItsOrdersAlong) {
  const Uuid event = add_event();
  const Uuid order = add_order(event);
  EC_EXPECT_OK(update(as_user(Role::admin), tables::events, event, {{"status", "cancelled"}}));
  EXPECT_EQ(row(tables::ticket_orders, order)[col::ticket_orders::order_status].text(), "cancelled");
}

TEST_F(InventoryTest, N50EveryReferenceHasAnIndex) {
  for (const schema::TableDef* table : schema::all_tables)
    for (const schema::ColumnDef& column : table->columns) {
      if (!column.is_reference() || column.name == "organization_id") continue;
      bool indexed = false;
      for (const schema::IndexDef& index : table->indexes) indexed |= index.columns.view().front() == column.name;
      for (const schema::UniqueDef& unique : table->uniques) indexed |= unique.columns.view().front() == column.name;
      EXPECT_TRUE(indexed) << table->name << "." << column.name;
    }
}

}  // namespace eventcore::test
