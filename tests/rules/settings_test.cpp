// Settings of organizations and events: what is refused when they are written, and whose word counts.
#include <gmock/gmock.h>

#include "rules/ticketing/sale.hpp"

namespace eventcore::test {

using policy::Role;
using ::testing::UnorderedElementsAre;

class SettingsTest : public SaleTest {
 protected:
  static std::vector<std::string> fields_of(const Result<Json>& result) {
    std::vector<std::string> names;
    if (result) return {"it was allowed"};
    EXPECT_EQ(result.error().name(), "invalid_argument");
    for (const FieldError& field : result.error().detail().fields) names.push_back(field.field);
    return names;
  }
  Micros held_for() {
    const Json placed = place(category_, 1);
    return row(tables::ticket_orders, id_of(placed["order"]))[col::ticket_orders::expires_at].integer() -
           clock_.now_us();
  }
  void set_minutes(const Json& of_organization, const Json& of_event) {
    set(tables::organizations, organization_, {{"settings", {{"hold_minutes", of_organization}}}});
    set(tables::events, event_, {{"settings", {{"hold_minutes", of_event}}}});
  }
};

TEST_F(SettingsTest, EveryBadOneIsNamedAtOnceAndNothingIsChanged) {
  const Json bad = {{"currency", "XYZ"}, {"check_in", {{"reentry", "yes"}}}, {"self_refund", 1},
                    {"hold_minutes", 0}, {"hold_limit_anonymous", -1},       {"legal_hold_days", "long"},
                    {"taxes", "a fifth"}};
  for (const auto* table : {&tables::organizations, &tables::events}) {
    const Uuid id = table == &tables::events ? event_ : organization_;
    const Json before = accepted(get(as_service(), *table, id));
    EXPECT_THAT(fields_of(update(as_user(Role::owner), *table, id, {{"settings", bad}})),
                UnorderedElementsAre("settings.currency", "settings.check_in.reentry", "settings.self_refund",
                                     "settings.hold_minutes", "settings.hold_limit_anonymous",
                                     "settings.legal_hold_days", "settings.taxes"));
    EXPECT_THAT(fields_of(update(as_user(Role::owner), *table, id, {{"settings", {{"check_in", true}}}})),
                UnorderedElementsAre("settings.check_in"));
    EXPECT_THAT(fields_of(update(as_user(Role::owner), *table, id, {{"settings", Json::array()}})),
                UnorderedElementsAre("settings"));
    for (const Json& minutes : {Json(-1), Json(10'081), Json("15"), Json(true)})
      EXPECT_THAT(fields_of(update(as_user(Role::owner), *table, id, {{"settings", {{"hold_minutes", minutes}}}})),
                  UnorderedElementsAre("settings.hold_minutes"))
          << minutes;
    EXPECT_EQ(accepted(get(as_service(), *table, id)), before);
  }
}

TEST_F(SettingsTest, NullStandsForNone) {
  const Json none = {
      {"currency", nullptr}, {"check_in", nullptr}, {"hold_minutes", nullptr}, {"hold_limit_anonymous", nullptr}};
  EC_EXPECT_OK(update(as_user(Role::owner), tables::organizations, organization_, {{"settings", none}}));
  EC_EXPECT_OK(update(as_user(Role::owner), tables::events, event_, {{"settings", none}}));
  EXPECT_EQ(held_for(), 15 * minute_us);
}

TEST_F(SettingsTest, PlacesAreHeldAsLongAsTheEventSaysOrElseTheOrganization) {
  EXPECT_EQ(held_for(), 15 * minute_us);
  set_minutes(30, nullptr);
  EXPECT_EQ(held_for(), 30 * minute_us);
  set_minutes(30, 5);
  EXPECT_EQ(held_for(), 5 * minute_us);
  clock_.advance(5 * minute_us);
  accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(left(category_), 8) << "the last one has expired, the two before it have not";
}

}  // namespace eventcore::test
