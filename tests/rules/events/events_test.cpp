// Events, venues, milestones, contracts and risks, and the rules of categories that depend on their event.
#include <gtest/gtest.h>

#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;
using policy::Role;

class EventsTest : public Fixture {
 protected:
  Uuid add_venue(std::int64_t capacity, const char* type = "indoor") {
    return add(tables::venues,
               {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", capacity}, {"venue_type", type}});
  }
  Uuid milestone(const Uuid& event, const Json& more = Json::object()) {
    Json row = {{"event_id", to_text(event)}, {"title", "Step"}, {"due_date", "2026-11-01T00:00:00Z"}};
    row.update(more);
    return add(tables::event_milestones, row);
  }
  int codes_ = 0;
  Json wait_for(const Uuid& id) { return {{"dependencies", {to_text(id)}}}; }
};

TEST_F(EventsTest, SlugsComeFromNamesAndGetNumbers) {
  const char* slugs[] = {"gala", "gala-2", "gala-3"};
  for (const char* slug : slugs)
    EXPECT_EQ(row(tables::events, add_event({{"name", "Gala"}, {"status", "planning"}}))[col::events::slug].text(),
              slug);
}

// Ids in a list are references too: one that the caller cannot see answers like one that is not there.
TEST_F(EventsTest, HiddenIdsInListsAnswerLikeAbsentOnes) {
  const Uuid seen = add_event();
  const Uuid hidden = add_event({{"is_public", false}});
  const Principal director = as_user(Role::member);
  add(tables::team_assignments, {{"event_id", to_text(seen)},
                                 {"user_id", to_text(director.id)},
                                 {"role_type", "event_director"},
                                 {"assignment_status", "active"}});
  const Uuid elsewhere = milestone(hidden);
  const auto refusal = [&](const schema::TableDef& table, Json row, const char* list, const Uuid& id) {
    row["event_id"] = to_text(seen);
    row[list] = Json::array({to_text(id)});
    const auto answer = insert(director, table, row);
    EXPECT_FALSE(answer.has_value());
    return answer ? std::string() : answer.error().to_json();
  };
  const Json code = {{"code", "SPRING"}, {"discount_type", "percentage"}, {"discount_value", "10"}};
  const std::string no_category = refusal(tables::discount_codes, code, "applicable_categories", ids_->next());
  EXPECT_NE(no_category.find("reference_not_found"), std::string::npos) << no_category;
  EXPECT_EQ(refusal(tables::discount_codes, code, "applicable_categories", add_category(hidden, 5)), no_category);
  const Json wait = {{"title", "Doors"}, {"due_date", "2026-11-01T00:00:00Z"}};
  const std::string no_milestone = refusal(tables::event_milestones, wait, "dependencies", ids_->next());
  EXPECT_NE(no_milestone.find("reference_not_found"), std::string::npos) << no_milestone;
  EXPECT_EQ(refusal(tables::event_milestones, wait, "dependencies", elsewhere), no_milestone);
}

TEST_F(EventsTest, ZonesAreKnownOnes) {
  EC_EXPECT_REFUSED("invariant_violated",
                    update(as_user(Role::admin), tables::events, add_event(), {{"timezone", "Mars/Olympus"}}));
  add_event({{"timezone", "US/Pacific"}});
}

TEST_F(EventsTest, AnEventFitsItsVenueUnlessItIsVirtual) {
  const Uuid venue = add_venue(100);
  const Principal admin = as_user(Role::admin);
  const Uuid event = add_event({{"venue_id", to_text(venue)}, {"max_capacity", 100}});
  EC_EXPECT_REFUSED("capacity_exceeded", update(admin, tables::events, event, {{"max_capacity", 101}}));
  EC_EXPECT_REFUSED("capacity_exceeded", update(admin, tables::venues, venue, {{"max_capacity", 99}}));
  EC_EXPECT_OK(update(admin, tables::events, event, {{"max_capacity", 500}, {"is_virtual", true}}));
  EC_EXPECT_REFUSED("capacity_exceeded", update(admin, tables::events, event, {{"is_virtual", false}}));
}

TEST_F(EventsTest, LiveEventsDoNotOverlapAtOneVenue) {
  const Json at = {{"venue_id", to_text(add_venue(100))}};
  add_event(at);
  Json planned = at;
  planned["status"] = "planning";
  const Uuid second = add_event(planned);
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_REFUSED("venue_overlap", update(admin, tables::events, second, {{"status", "confirmed"}}));
  EC_EXPECT_OK(update(
      admin, tables::events, second,
      {{"status", "confirmed"}, {"start_datetime", "2026-12-01T23:00:00Z"}, {"end_datetime", "2026-12-02T01:00:00Z"}}));
  const Uuid online = add_venue(100, "virtual");
  add_event({{"venue_id", to_text(online)}});
  add_event({{"venue_id", to_text(online)}});
  EC_EXPECT_REFUSED("venue_overlap", update(admin, tables::venues, online, {{"venue_type", "indoor"}}));
}

TEST_F(EventsTest, CategoriesTogetherFitTheEvent) {
  const Uuid event = add_event({{"max_capacity", 100}});
  const Uuid first = add_category(event, 60, {{"is_active", false}});
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_REFUSED(
      "capacity_exceeded",
      insert(admin, tables::ticket_categories,
             {{"event_id", to_text(event)}, {"name", "More"}, {"base_price", "1"}, {"total_quantity", 41}}));
  add_category(event, 40);
  EC_EXPECT_REFUSED("capacity_exceeded", update(admin, tables::ticket_categories, first, {{"total_quantity", 61}}));
  EC_EXPECT_REFUSED("capacity_exceeded", update(admin, tables::events, event, {{"max_capacity", 99}}));
}

TEST_F(EventsTest, PriceRulesAreCheckedWhenWritten) {
  const Uuid category = add_category(add_event(), 5);
  const auto rule = [&](Json more) {
    Json row = {{"ticket_category_id", to_text(category)},
                {"rule_name", "R"},
                {"conditions", Json::object()},
                {"price_adjustment_type", "percentage"},
                {"adjustment_value", "10"}};
    row.update(more);
    return insert(as_user(Role::admin), tables::dynamic_pricing_rules, row);
  };
  EC_EXPECT_REFUSED("invariant_violated", rule({{"conditions", {{"remaining", {{"below", 5}}}}}}));
  EC_EXPECT_REFUSED("invariant_violated", rule({{"min_price", "20"}, {"max_price", "10"}}));
  for (int i = 0; i < 32; ++i) EC_EXPECT_OK(rule(Json::object()));
  EC_EXPECT_REFUSED("invariant_violated", rule(Json::object()));
  EC_EXPECT_OK(rule({{"is_active", false}}));
}

TEST_F(EventsTest, DiscountCodesAreCheckedWhenWritten) {
  const Uuid event = add_event();
  const auto code = [&](Json more) {
    Json row = {{"event_id", to_text(event)}, {"code", "C" + std::to_string(++codes_)}, {"discount_value", "10"}};
    row.update(more);
    return insert(as_user(Role::admin), tables::discount_codes, row);
  };
  EC_EXPECT_REFUSED("invariant_violated", code({{"discount_type", "percentage"}, {"discount_value", "101"}}));
  EC_EXPECT_REFUSED("invariant_violated", code({{"discount_type", "buy_x_get_y"}, {"discount_value", "1.5"}}));
  EC_EXPECT_REFUSED("invariant_violated",
                    code({{"discount_type", "fixed_amount"}, {"currency", "JPY"}, {"discount_value", "1.5"}}));
  EC_EXPECT_REFUSED("reference_not_found",
                    code({{"discount_type", "percentage"}, {"applicable_categories", {to_text(event)}}}));
  const Uuid elsewhere = add_category(add_event(), 5);
  EC_EXPECT_REFUSED("invariant_violated",
                    code({{"discount_type", "percentage"}, {"applicable_categories", {to_text(elsewhere)}}}));
  const auto made = code({{"discount_type", "fixed_amount"}});
  ASSERT_TRUE(made.has_value()) << made.error().to_json();
  EXPECT_EQ(made.assume_value()["currency"], "USD");
}

TEST_F(EventsTest, MilestonesWaitForOthersOfTheirEventWithoutCircles) {
  const Uuid event = add_event();
  const Uuid first = milestone(event);
  const Uuid second = milestone(event, wait_for(first));
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_REFUSED("dependency_cycle", update(admin, tables::event_milestones, first, wait_for(second)));
  EC_EXPECT_REFUSED("dependency_cycle", update(admin, tables::event_milestones, first, wait_for(first)));
  EC_EXPECT_REFUSED("invariant_violated",
                    update(admin, tables::event_milestones, first, wait_for(milestone(add_event()))));
  EC_EXPECT_REFUSED("reference_not_found", update(admin, tables::event_milestones, first, wait_for(event)));
  EC_EXPECT_REFUSED("dependencies_open", update(admin, tables::event_milestones, second, {{"status", "completed"}}));
  EC_EXPECT_OK(update(admin, tables::event_milestones, first, {{"completion_percentage", 100}}));
  EC_EXPECT_OK(update(admin, tables::event_milestones, second, {{"status", "completed"}}));
}

TEST_F(EventsTest, AHundredPercentIsCompletedAndHasItsTime) {
  namespace m = col::event_milestones;
  const Uuid id = milestone(add_event());
  set(tables::event_milestones, id, {{"status", "completed"}});
  EXPECT_EQ(number(tables::event_milestones, id, m::completion_percentage), 100);
  EXPECT_EQ(number(tables::event_milestones, id, m::completed_at), clock_.now_us());
  set(tables::event_milestones, id, {{"completion_percentage", 80}});
  EXPECT_EQ(row(tables::event_milestones, id)[m::status].text(), "in_progress");
  EXPECT_TRUE(row(tables::event_milestones, id)[m::completed_at].is_null());
  EC_EXPECT_REFUSED("invariant_violated", update(as_user(Role::admin), tables::event_milestones, id,
                                                 {{"status", "completed"}, {"completion_percentage", 50}}));
}

TEST_F(EventsTest, OthersStopWaitingForAMilestoneThatIsGone) {
  const Uuid event = add_event();
  const Uuid first = milestone(event);
  const Uuid second = milestone(event, wait_for(first));
  EC_EXPECT_OK(remove(as_user(Role::admin), tables::event_milestones, first));
  EXPECT_EQ(row(tables::event_milestones, second)[col::event_milestones::dependencies].text(), "[]");
}

TEST_F(EventsTest, ApprovalsAndSignaturesComeFromCommands) {
  const Uuid event = add_event();
  const Uuid budget =
      add(tables::event_budgets, {{"event_id", to_text(event)}, {"category", "venue"}, {"planned_amount", "100"}});
  EC_EXPECT_REFUSED("column_denied", update(as_user(Role::owner), tables::event_budgets, budget,
                                            {{"approved_at", "2026-09-01T00:00:00Z"}}));
  EC_EXPECT_REFUSED("column_denied",
                    update(as_service(), tables::event_budgets, budget, {{"approved_at", "2026-09-01T00:00:00Z"}}));
}

TEST_F(EventsTest, PaymentSchedulesAddUp) {
  const Uuid vendor = add(tables::vendors, {{"name", "Caterer"}, {"vendor_type", "catering"}});
  Json contract = {{"event_id", to_text(add_event())},
                   {"vendor_id", to_text(vendor)},
                   {"contract_type", "food"},
                   {"contract_amount", "100.00"},
                   {"currency", "EUR"},
                   {"payment_schedule", {{{"amount", "40.00"}}, {{"amount", "50.00"}}}}};
  EC_EXPECT_REFUSED("invariant_violated", insert(as_user(Role::admin), tables::event_vendor_contracts, contract));
  contract["payment_schedule"].push_back({{"amount", 10}, {"due", "2026-10-01"}});
  const auto made = insert(as_user(Role::admin), tables::event_vendor_contracts, contract);
  ASSERT_TRUE(made.has_value()) << made.error().to_json();
  const auto try_change = [&](const Json& changes) {
    return update(as_user(Role::admin), tables::event_vendor_contracts, id_of(made.assume_value()), changes);
  };
  for (const char* bad : {R"({"amount":"100.00"})", R"([100])", R"([{}])", R"([{"amount":"100.00"},{"amount":null}])",
                          R"([{"amount":true}])", R"([{"amount":"101.00"},{"amount":"-1.00"}])",
                          R"([{"amount":"all"}])", R"([{"amount":"100.001"}])", R"([{"amount":"99.99"}])",
                          R"([{"amount":9223372036854775807},{"amount":9223372036854775807}])"})
    EC_EXPECT_REFUSED("invariant_violated", try_change({{"payment_schedule", Json::parse(bad)}})) << bad;
  EC_EXPECT_REFUSED("invariant_violated", try_change({{"contract_amount", "100.01"}}));
  EC_EXPECT_REFUSED("invariant_violated", try_change({{"contract_amount", nullptr}}));
  EC_EXPECT_OK(try_change({{"payment_schedule", {{{"amount", "100.00"}}}}}));
  EC_EXPECT_OK(try_change({{"payment_schedule", Json::array()}, {"contract_amount", nullptr}}));
}

TEST_F(EventsTest, RiskLevelsFollow) {
  const Uuid risk = add(tables::event_risks, {{"event_id", to_text(add_event())},
                                              {"risk_description", "Storm"},
                                              {"probability", "high"},
                                              {"impact", "medium"}});
  EXPECT_EQ(row(tables::event_risks, risk)[col::event_risks::risk_level].text(), "high");
  set(tables::event_risks, risk, {{"impact", "high"}});
  EXPECT_EQ(row(tables::event_risks, risk)[col::event_risks::risk_level].text(), "critical");
}

}  // namespace eventcore::test
