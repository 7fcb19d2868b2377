// Placing orders: every refusal in its documented order, prices, what is held, and that no place is sold twice.
#include <atomic>
#include <limits>
#include <thread>

#include "sale.hpp"

namespace eventcore::test {

using policy::Role;

class PlaceOrderTest : public SaleTest {
 protected:
  void add_rule(const Uuid& category, const Json& more) {
    Json rule = {{"ticket_category_id", to_text(category)},
                 {"rule_name", "rule"},
                 {"price_adjustment_type", "fixed_amount"},
                 {"adjustment_value", "1"},
                 {"conditions", Json::object()}};
    rule.update(more);
    add(tables::dynamic_pricing_rules, rule);
  }
  std::string price_of(const Uuid& category) {
    return accepted(call(as_anon(), "quote_price", {{"ticket_category_id", to_text(category)}}))["final_price"];
  }
};

TEST_F(PlaceOrderTest, NumbersOfPlacesAreBoundedBeforeTheyAreAddedUp) {
  const Uuid large = add_category(event_, 30'000);
  const Uuid larger = add_category(event_, 30'000);
  set(tables::events, event_, {{"settings", {{"hold_limit_anonymous", 100'000}}}});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::pair<std::int64_t, std::int64_t> numbers[] = {
      {most, most}, {most, 1}, {1, most}, {10'000, 1}, {5'001, 5'000}};
  for (const auto& [one, other] : numbers) {
    const Json items = Json::array({{{"ticket_category_id", to_text(large)}, {"quantity", one}},
                                    {{"ticket_category_id", to_text(larger)}, {"quantity", other}}});
    const Json arguments = order_of(large, 1, {{"items", items}, {"discount_code", "UNKNOWN"}});
    EC_EXPECT_REFUSED("invalid_quantity", call(as_anon(), "place_order", arguments));
    EC_EXPECT_REFUSED("invalid_quantity", call(as_anon(), "quote_order", arguments));
  }
}

TEST_F(PlaceOrderTest, AnOrderHoldsItsPlacesAndWaitsFifteenMinutes) {
  const Json placed = place(category_, 3);
  EXPECT_EQ(placed["order"]["order_status"], "active");
  EXPECT_EQ(placed["order"]["payment_status"], "pending");
  EXPECT_EQ(placed["order"]["total_amount"], "30.00");
  EXPECT_EQ(placed["order"]["expires_at"], format_rfc3339(clock_.now_us() + 15 * minute_us));
  EXPECT_FALSE(placed["order"].contains("ip_address"));
  EXPECT_EQ(placed["items"].size(), 1U);
  EXPECT_EQ(placed["items"][0]["quantity"], 3);
  EXPECT_TRUE(placed["tickets"].empty());
  EXPECT_EQ(placed["discount"]["applied"], false);
  EXPECT_EQ(left(category_), 7);
  EXPECT_EQ(count(tables::pricing_calculations), 1);
}

// Each step breaks one more thing than the one after it, so that the first refusal has to be the documented one.
TEST_F(PlaceOrderTest, RefusalsComeInTheDocumentedOrder) {
  const Uuid other_event = add_event();
  const Uuid foreign = add_category(other_event, 10);
  const Uuid inactive = add_category(event_, 10, {{"is_active", false}});
  const Uuid closed = add_category(event_, 10, {{"sale_end_date", format_rfc3339(clock_.now_us())}});
  const Uuid yen = add_category(event_, 10, {{"currency", "JPY"}, {"base_price", "500"}});
  const Uuid full = add_category(event_, 1);
  const auto line = [](const Uuid& category, std::int64_t quantity) {
    return Json{{"ticket_category_id", to_text(category)}, {"quantity", quantity}};
  };
  Json items = Json::array(
      {line(full, 2), line(yen, 1), line(category_, 0), line(closed, 1), line(inactive, 1), line(foreign, 1)});
  const Json wrong_total = {{"expected_total", "1.00"}, {"payment", {{"method", "cash"}, {"amount", "2.00"}}}};
  const auto refusal = [&](const Json& more) {
    Json arguments = order_of(category_, 1, wrong_total);
    arguments["items"] = items;
    arguments.update(more);
    const auto result = call(as_service(), "place_order", arguments);
    return result ? std::string("accepted") : std::string(result.error().name());
  };
  EXPECT_EQ(refusal({{"event_id", to_text(ids_->next())}}), "not_found");
  const Uuid planned = add_event({{"status", "planning"}});
  EXPECT_EQ(refusal({{"event_id", to_text(planned)}}), "event_not_on_sale");
  EXPECT_EQ(refusal(Json::object()), "not_found");  // the category of another event
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(Json::object()), "category_inactive");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(Json::object()), "category_not_on_sale");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(Json::object()), "invalid_quantity");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(Json::object()), "mixed_currencies");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal({{"discount_code", "NOSUCH"}}), "discount_not_applicable");
  EXPECT_EQ(refusal(Json::object()), "price_changed");
  EXPECT_EQ(refusal({{"expected_total", "20.00"}}), "sold_out");
  items = Json::array({line(full, 1)});
  EXPECT_EQ(refusal({{"expected_total", "10.00"}}), "payment_mismatch");
  EXPECT_EQ(count(tables::ticket_orders), 0);
  EXPECT_EQ(refusal({{"expected_total", "10"}, {"payment", {{"method", "cash"}, {"amount", "10"}}}}), "accepted");
}

TEST_F(PlaceOrderTest, AnEventThatEndedSellsNothing) {
  clock_.set(parse_rfc3339("2026-12-01T23:00:00Z").assume_value());
  EC_EXPECT_REFUSED("event_not_on_sale", try_order(category_, 1));
}

TEST_F(PlaceOrderTest, BadFieldsAreReportedTogether) {
  Json arguments = order_of(category_, 1);
  arguments["factors"] = Json::array();
  arguments["items"].push_back(arguments["items"][0]);
  arguments["items"][0]["attendees"] = {{{"name", "A"}}, {{"name", "B"}}};
  const auto refused = call(as_service(), "place_order", arguments);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "invalid_argument");
  EXPECT_EQ(refused.error().detail().fields.size(), 3U) << refused.error().to_json();
}

TEST_F(PlaceOrderTest, SoldOutNamesTheCategoryAndWhatIsLeft) {
  place(category_, 8);
  const auto refused = try_order(category_, 3, {{"customer", {{"email", "carl@example.org"}}}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "sold_out");
  const Json error = parse_json(refused.error().to_json()).assume_value();
  EXPECT_EQ(error["detail"]["left"], "2");
  EXPECT_EQ(error["detail"]["ticket_category_id"], to_text(category_));
  EXPECT_EQ(left(category_), 2);
}

TEST_F(PlaceOrderTest, UnpaidPlacesOfOneAddressAreLimitedInAll) {
  const Uuid small = add_category(event_, 10, {{"max_per_order", 4}});
  place(small, 3);
  EC_EXPECT_REFUSED("hold_limit", try_order(small, 2, {{"customer", {{"email", "BEA@example.ORG"}}}}));
  place(small, 1);
  place(small, 2, {{"customer", {{"email", "carl@example.org"}}}});
  EC_EXPECT_REFUSED("invalid_quantity", try_order(small, 5, {{"customer", {{"email", "dora@example.org"}}}}));
}

TEST_F(PlaceOrderTest, AnonymousHoldsStopAtTheEventsLimit) {
  set(tables::events, event_, {{"settings", {{"hold_limit_anonymous", 3}}}});
  place(category_, 2);
  const Json somebody = {{"customer", {{"email", "x@example.org"}}}};
  EC_EXPECT_REFUSED("hold_limit", call(as_anon(), "place_order", order_of(category_, 2, somebody)));
  EC_EXPECT_OK(call(as_anon(), "place_order", order_of(category_, 1, somebody)));
}

TEST_F(PlaceOrderTest, EverybodySeesAndSellsWhatHeMay) {
  const Uuid hidden = add_event({{"is_public", false}});
  const Uuid hidden_category = add_category(hidden, 5);
  const Json secret = {{"event_id", to_text(hidden)}};
  EC_EXPECT_REFUSED("not_found", call(as_anon(), "place_order", order_of(hidden_category, 1, secret)));
  const Principal bea = as_customer("bea@example.org");
  EC_EXPECT_REFUSED("not_found", call(bea, "place_order", order_of(hidden_category, 1, secret)));
  EC_EXPECT_OK(call(as_user(Role::admin), "place_order", order_of(hidden_category, 1, secret)));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::member), "place_order", order_of(category_, 1)));
  const Json factors = {{"factors", {{"vip", true}}}};
  const Json payment = {{"payment", {{"method", "cash"}, {"amount", "10.00"}}}};
  const Json nobody = {{"customer", Json::object()}};
  EC_EXPECT_REFUSED("command_denied", call(as_anon(), "place_order", order_of(category_, 1, factors)));
  EC_EXPECT_REFUSED("command_denied", call(bea, "place_order", order_of(category_, 1, payment)));
  EC_EXPECT_REFUSED("column_denied", call(as_customer("carl@example.org"), "place_order", order_of(category_, 1)));
  EC_EXPECT_REFUSED("invalid_argument", call(as_anon(), "place_order", order_of(category_, 1, nobody)));
  Json own = order_of(category_, 1);
  own.erase("customer");
  const Json placed = accepted(call(bea, "place_order", own));
  EXPECT_EQ(placed["order"]["customer_email"], "bea@example.org");
  EC_EXPECT_OK(call(as_user(Role::admin), "place_order", order_of(category_, 1, nobody)));
}

TEST_F(PlaceOrderTest, AnInactiveCategoryDoesNotExistForThePublic) {
  const Uuid inactive = add_category(event_, 5, {{"is_active", false}});
  EC_EXPECT_REFUSED("not_found", call(as_anon(), "place_order", order_of(inactive, 1)));
  EC_EXPECT_REFUSED("category_inactive", call(as_user(Role::admin), "place_order", order_of(inactive, 1)));
}

TEST_F(PlaceOrderTest, AnonGetsItsOrderAndFreeTicketsInTheReply) {
  const Uuid free = add_category(event_, 5, {{"base_price", "0"}});
  const Json placed = accepted(call(as_anon(), "place_order", order_of(free, 2)));
  EXPECT_EQ(placed["order"]["payment_status"], "paid");
  ASSERT_EQ(placed["tickets"].size(), 2U);
  EXPECT_EQ(placed["tickets"][0]["attendee_email"], "bea@example.org");
  EXPECT_EQ(placed["tickets"][0]["qr_code_data"].get<std::string>().size(), 200U);
  EXPECT_EQ(left(free), 3);
  EXPECT_EQ(count(tables::order_payments), 0);
}

TEST_F(PlaceOrderTest, DueOrdersOfTheEventGiveTheirPlacesToTheNextBuyer) {
  const Json first = place(category_, 10);
  EC_EXPECT_REFUSED("sold_out", try_order(category_, 1, {{"customer", {{"email", "carl@example.org"}}}}));
  clock_.advance(15 * minute_us);
  const Json second = place(category_, 10, {{"customer", {{"email", "carl@example.org"}}}});
  EXPECT_EQ(order_state(first), "cancelled/pending");
  EXPECT_EQ(row(tables::ticket_orders, id_of(first["order"]))[col::ticket_orders::cancel_reason].text(), "expired");
  EXPECT_EQ(order_state(second), "active/pending");
  EXPECT_EQ(left(category_), 0);
}

TEST_F(PlaceOrderTest, TheCounterPlacesPaysAndIssuesInOneStep) {
  const Json attendees = Json::array({{{"name", "Ada"}, {"email", "ada@example.org"}}});
  const Json line = {{"ticket_category_id", to_text(category_)}, {"quantity", 2}, {"attendees", attendees}};
  const Json sold = sell(category_, 2, "20.00", {{"items", Json::array({line})}});
  EXPECT_EQ(order_state(sold), "active/paid");
  ASSERT_EQ(sold["tickets"].size(), 2U);
  EXPECT_EQ(sold["tickets"][0]["attendee_name"], "Ada");
  EXPECT_EQ(sold["tickets"][1]["attendee_name"], "Bea Buyer");
  EXPECT_EQ(sold["tickets"][0]["price_paid"], "10.00");
  EXPECT_EQ(payments("payment", "succeeded"), 1);
  EXPECT_EQ(left(category_), 8);
  const Json card = {{"payment", {{"method", "card"}, {"amount", "10.00"}, {"reference", "receipt-1"}}}};
  place(category_, 1, card);
  EC_EXPECT_REFUSED("payment_refused", try_order(category_, 1, card));
}

TEST_F(PlaceOrderTest, APlaceIsWhoeverIsNamedAndTheBuyersForWhatIsNotSaid) {
  struct Case {
    Json given;
    const char* name;
    const char* email;
    Json phone;
  };
  const Case cases[] = {
      {Json::object(), "Bea Buyer", "bea@example.org", "+1 1"},
      {{{"phone", "+2 2"}}, "Bea Buyer", "bea@example.org", "+2 2"},
      {{{"name", "Ada"}}, "Ada", "bea@example.org", nullptr},  // the buyer's telephone is not Ada's
      {{{"email", "ada@example.org"}}, "Bea Buyer", "ada@example.org", nullptr},
      {{{"name", "Ada"}, {"email", "ada@example.org"}, {"phone", "+3 3"}}, "Ada", "ada@example.org", "+3 3"},
  };
  Json attendees = Json::array();
  for (const Case& one : cases) attendees.push_back(one.given);
  const Json line = {{"ticket_category_id", to_text(category_)}, {"quantity", 6}, {"attendees", attendees}};
  const Json customer = {{"email", "bea@example.org"}, {"name", "Bea Buyer"}, {"phone", "+1 1"}};
  const Json sold = sell(category_, 6, "60.00", {{"items", Json::array({line})}, {"customer", customer}});
  ASSERT_EQ(sold["tickets"].size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const Case& expected = cases[i < std::size(cases) ? i : 0];  // the sixth is given nobody at all
    EXPECT_EQ(sold["tickets"][i]["attendee_name"], expected.name) << i;
    EXPECT_EQ(sold["tickets"][i]["attendee_email"], expected.email) << i;
    EXPECT_EQ(sold["tickets"][i]["attendee_phone"], expected.phone) << i;
  }
}

TEST_F(PlaceOrderTest, PricesFollowTheRulesAndAreKept) {
  const Uuid priced = add_category(event_, 100, {{"base_price", "100.00"}, {"max_per_order", nullptr}});
  const auto rule = [&](const char* name, std::int64_t priority, const char* type, const char* value,
                        const Json& conditions) {
    add(tables::dynamic_pricing_rules, {{"ticket_category_id", to_text(priced)},
                                        {"rule_name", name},
                                        {"priority", priority},
                                        {"price_adjustment_type", type},
                                        {"adjustment_value", value},
                                        {"conditions", conditions}});
  };
  rule("plus", 5, "fixed_amount", "20", Json::object());
  rule("more", 1, "percentage", "10", Json::object());
  rule("rush", 0, "fixed_amount", "1", {{"sold_last_hour", {{"min", 3}}}});
  rule("last", 0, "fixed_amount", "7", {{"vip", true}});
  const Json price = accepted(call(as_anon(), "quote_price", {{"ticket_category_id", to_text(priced)}}));
  EXPECT_EQ(price["base_price"], "100.00");
  EXPECT_EQ(price["final_price"], "132.00");
  ASSERT_EQ(price["applied_rules"].size(), 2U);
  EXPECT_EQ(price["applied_rules"][0]["rule_name"], "plus");
  EXPECT_EQ(price["applied_rules"][1]["price_before"], "120.00");
  const Json placed = place(priced, 3);
  EXPECT_EQ(placed["items"][0]["unit_price"], "132.00");
  EXPECT_EQ(place(priced, 1)["items"][0]["unit_price"], "133.00");
  EXPECT_EQ(place(priced, 1, {{"factors", {{"vip", true}}}})["items"][0]["unit_price"], "140.00");
  const Json with_factors = {{"ticket_category_id", to_text(priced)}, {"factors", {{"vip", true}}}};
  EC_EXPECT_REFUSED("command_denied", call(as_anon(), "quote_price", with_factors));
}

TEST_F(PlaceOrderTest, SoldLatelyIsWhatStandsOfThisCategorySinceJustAfterTheSpanBegan) {
  const Uuid priced = add_category(event_, 100, {{"base_price", "100.00"}});
  add_rule(priced, {{"conditions", {{"sold_last_hour", {{"min", 3}}}}}});
  add_rule(priced, {{"conditions", {{"sold_last_day", {{"min", 3}}}}}, {"adjustment_value", "10"}});
  place(category_, 5, {{"customer", {{"email", "carl@example.org"}}}});
  EXPECT_EQ(price_of(priced), "100.00") << "another category";
  place(priced, 3);
  EXPECT_EQ(price_of(priced), "111.00") << "the moment itself counts";
  clock_.advance(hour_us - 1);
  EXPECT_EQ(price_of(priced), "111.00");
  clock_.advance(1);
  EXPECT_EQ(price_of(priced), "110.00") << "the moment an hour ago counts no more";
  clock_.advance(23 * hour_us - 1);
  EXPECT_EQ(price_of(priced), "110.00");
  clock_.advance(1);
  EXPECT_EQ(price_of(priced), "100.00");
}

TEST_F(PlaceOrderTest, WhatWasCalledOffIsNotSoldHoweverFarItsRefundHasCome) {
  const Uuid priced = add_category(event_, 100, {{"base_price", "100.00"}});
  add_rule(priced, {{"conditions", {{"sold_last_hour", {{"min", 3}}}}}});
  const Json sale = sell(priced, 3, "300.00");
  EXPECT_EQ(price_of(priced), "101.00");
  const Json order = {{"order_id", sale["order"]["id"]}};
  accepted(call(as_user(Role::admin), "cancel_order", order));
  EXPECT_EQ(price_of(priced), "100.00");
  accepted(call(as_user(Role::admin), "confirm_refund", order));
  EXPECT_EQ(order_state(sale), "refunded/refunded");
  EXPECT_EQ(price_of(priced), "100.00");
}

TEST_F(PlaceOrderTest, APriceIsThatBeforeTheOrdersOwnPlacesCount) {
  add_rule(category_, {{"conditions", {{"remaining", {{"max", 9}}}}}, {"adjustment_value", "5"}});
  EXPECT_EQ(place(category_, 3)["order"]["total_amount"], "30.00");
  EXPECT_EQ(place(category_, 3)["order"]["total_amount"], "45.00");
}

TEST_F(PlaceOrderTest, EachPriceOfAnOrderIsKeptWithItsRulesAndWhatTheyLookedAt) {
  add_rule(category_, {{"rule_name", "first"}, {"priority", 2}, {"adjustment_value", "2"}});
  add_rule(category_, {{"rule_name", "not met"}, {"priority", 1}, {"conditions", {{"remaining", {{"max", 3}}}}}});
  add_rule(category_, {{"rule_name", "second"}, {"price_adjustment_type", "percentage"}, {"adjustment_value", "50"}});
  const Json placed = place(category_, 2);
  namespace k = col::pricing_calculations;
  std::vector<Record> kept;
  EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& unit) -> Result<Json> {
    store::Query query;
    query.table = &tables::pricing_calculations;
    query.organization = organization_;
    EC_TRY(rows, unit.scan(query));
    kept = std::move(rows);
    return Json();
  }));
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0][k::order_id].uuid(), id_of(placed["order"]));
  EXPECT_EQ(kept[0][k::base_price].integer(), 100'000);
  EXPECT_EQ(kept[0][k::final_price].integer(), 180'000);
  const Json rules = parse_json(kept[0][k::applied_rules].text()).assume_value();
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0]["rule_name"], "first");
  EXPECT_EQ(rules[0]["price_before"], "10.00");
  EXPECT_EQ(rules[0]["price_after"], "12.00");
  EXPECT_EQ(rules[1]["price_before"], "12.00");
  EXPECT_EQ(rules[1]["price_after"], "18.00");
  EXPECT_EQ(parse_json(kept[0][k::factors].text()).assume_value()["remaining"], 10);
}

TEST_F(PlaceOrderTest, RatesThatCannotBeComputedAreRefusedWhenTheyAreWritten) {
  const Json too_much = {{"taxes", Json::array({{{"name", "VAT"}, {"rate", "1.5"}}})}};
  const Json two_bases = {
      {"taxes", Json::array({{{"name", "A"}, {"rate", "0.1"}, {"on_fees", true}}, {{"name", "B"}, {"rate", "0.1"}}})}};
  const Json no_fee = {{"fees", Json::array({{{"name", "F"}, {"per", "seat"}}})}};
  for (const Json& settings : {too_much, two_bases, no_fee}) {
    EXPECT_FALSE(update(as_user(Role::admin), tables::events, event_, {{"settings", settings}}).has_value());
    EXPECT_FALSE(
        update(as_user(Role::owner), tables::organizations, organization_, {{"settings", settings}}).has_value());
  }
  EXPECT_EQ(place(category_, 1)["order"]["total_amount"], "10.00");
}

TEST_F(PlaceOrderTest, TimeAloneFreesNoPlace) {
  const Json held = place(category_, 10);
  clock_.advance(30 * 24 * hour_us);
  EXPECT_EQ(left(category_), 0);
  EXPECT_EQ(order_state(held), "active/pending");
  const Uuid other = add_category(add_event(), 5);
  EXPECT_EQ(left(category_), 0);
  EXPECT_EQ(accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}))["expired"], 1);
  EXPECT_EQ(left(category_), 10);
  EXPECT_EQ(left(other), 5);
}

TEST_F(PlaceOrderTest, D13FeesRoundToTheDigitsOfTheCurrencyAndSharesAddUp) {
  const Json fee = Json::array({{{"name", "Order"}, {"percent", "2.5"}, {"per", "order"}}});
  set(tables::events, event_, {{"settings", {{"fees", fee}}}});
  struct Sale {
    const char* currency;
    const char* price;
    const char* total;
    std::vector<std::string> shares;
  };
  for (const Sale& one :
       {Sale{"KWD", "1.235", "3.798", {"1.266", "1.266", "1.266"}}, Sale{"JPY", "500", "1538", {"513", "513", "512"}},
        Sale{"EUR", "9.99", "30.72", {"10.24", "10.24", "10.24"}}}) {
    const Uuid category = add_category(event_, 10, {{"currency", one.currency}, {"base_price", one.price}});
    const Json sold = sell(category, 3, one.total);
    ASSERT_EQ(sold["tickets"].size(), 3U) << one.currency;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sold["tickets"][i]["price_paid"], one.shares[i]) << one.currency;
  }
}

TEST_F(PlaceOrderTest, ACategoryHasAtMost32ActivePriceRules) {
  const auto rule = [&](bool active) {
    return insert(as_service(), tables::dynamic_pricing_rules,
                  {{"organization_id", to_text(organization_)},
                   {"ticket_category_id", to_text(category_)},
                   {"rule_name", "r"},
                   {"price_adjustment_type", "percentage"},
                   {"adjustment_value", "1"},
                   {"is_active", active},
                   {"conditions", Json::object()}});
  };
  for (int i = 0; i < 32; ++i) EC_EXPECT_OK(rule(true));
  EC_EXPECT_REFUSED("invariant_violated", rule(true));
  const Json paused = accepted(rule(false));
  EC_EXPECT_REFUSED("invariant_violated",
                    update(as_service(), tables::dynamic_pricing_rules, id_of(paused), {{"is_active", true}}));
}

// A paused category sells nothing more, and what it has sold or holds is not touched.
TEST_F(PlaceOrderTest, PausingACategoryKeepsItsOrders) {
  const Json held = place(category_, 2);
  set(tables::ticket_categories, category_, {{"is_active", false}});
  EC_EXPECT_REFUSED("category_inactive", try_order(category_, 1));
  EXPECT_EQ(left(category_), 8);
  EXPECT_EQ(confirm(held)["tickets"].size(), 2U);
  set(tables::ticket_categories, category_, {{"is_active", true}});
  EC_EXPECT_OK(try_order(category_, 1));
}

TEST_F(PlaceOrderTest, FeesAndTaxesComeFromTheSettingsAndAddUp) {
  const Json taxes = Json::array({{{"name", "VAT"}, {"rate", "0.19"}, {"inclusive", true}}});
  const Json fees = Json::array({{{"name", "Service"}, {"fixed", "1.00"}, {"per", "ticket"}},
                                 {{"name", "Order"}, {"percent", "2.5"}, {"per", "order"}}});
  set(tables::events, event_, {{"settings", {{"taxes", taxes}, {"fees", fees}}}});
  const Json sold = sell(category_, 3, "33.75");
  EXPECT_EQ(sold["order"]["fees"], "3.75");
  EXPECT_EQ(sold["order"]["taxes"], "4.79");
  EXPECT_EQ(sold["order"]["taxes_included"], "4.79");
  std::int64_t paid = 0;
  for (const Json& ticket : sold["tickets"])
    paid += row(tables::tickets, id_of(ticket))[col::tickets::price_paid].integer();
  EXPECT_EQ(paid, 337'500);
}

TEST_F(PlaceOrderTest, AQuoteIsWhatTheOrderBecomesAndHoldsNothing) {
  const Json quote = accepted(call(as_anon(), "quote_order", order_of(category_, 2)));
  EXPECT_EQ(quote["order"]["total_amount"], "20.00");
  EXPECT_TRUE(quote["tickets"].empty());
  EXPECT_EQ(left(category_), 10);
  const Json placed = place(category_, 2);
  for (const char* amount : {"subtotal", "fees", "taxes", "total_amount", "currency"})
    EXPECT_EQ(quote["order"][amount], placed["order"][amount]);
  EXPECT_EQ(quote["items"][0]["unit_price"], placed["items"][0]["unit_price"]);
}

// INVENTORY 29 and 18: many sellers, one category.
TEST_F(PlaceOrderTest, Inventory29SixteenSellersSellExactlyWhatThereIs) {
  const Uuid hall = add_category(event_, 100);
  std::atomic<int> sold{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> sellers;
  for (int seller = 0; seller < 16; ++seller) {
    sellers.emplace_back([&, seller] {
      for (int i = 0; i < 10; ++i) {
        const std::string email = "s" + std::to_string(seller) + "x" + std::to_string(i) + "@example.org";
        const Json payment = {{"method", "cash"}, {"amount", "10.00"}};
        const auto result = try_order(hall, 1, {{"customer", {{"email", email}}}, {"payment", payment}});
        if (result)
          ++sold;
        else if (result.error().code() == Errc::sold_out)
          ++refused;
      }
    });
  }
  for (std::thread& seller : sellers) seller.join();
  EXPECT_EQ(sold, 100);
  EXPECT_EQ(refused, 60);
  EXPECT_EQ(left(hall), 0);
  EXPECT_EQ(count(tables::tickets, Expr::equals(col::tickets::ticket_category_id.index, hall)), 100);
}

TEST_F(PlaceOrderTest, Inventory18AvailabilityNeverGoesBelowZero) {
  place(category_, 10);
  EC_EXPECT_REFUSED("sold_out", try_order(category_, 1, {{"customer", {{"email", "carl@example.org"}}}}));
  EXPECT_EQ(left(category_), 0);
}

TEST_F(PlaceOrderTest, Inventory23PlacesAreHeldFromTheOrderOn) {
  const Json placed = place(category_, 4);
  EXPECT_EQ(left(category_), 6);
  confirm(placed);
  EXPECT_EQ(left(category_), 6);
}

TEST_F(PlaceOrderTest, Inventory24LimitsOfACategoryBindTheSale) {
  const Uuid later = add_category(event_, 10, {{"sale_start_date", format_rfc3339(clock_.now_us() + 1)}});
  EC_EXPECT_REFUSED("category_not_on_sale", try_order(later, 1));
  clock_.advance(1);
  EC_EXPECT_OK(try_order(later, 1));
  EC_EXPECT_REFUSED("invalid_quantity", try_order(later, 11));
}

TEST_F(PlaceOrderTest, Inventory27AnOrderHasALinePerCategoryOfItsEvent) {
  const Uuid second = add_category(event_, 10, {{"base_price", "25.50"}});
  Json arguments = order_of(category_, 2);
  arguments["items"].push_back({{"ticket_category_id", to_text(second)}, {"quantity", 1}});
  const Json placed = accepted(call(as_service(), "place_order", arguments));
  EXPECT_EQ(placed["items"].size(), 2U);
  EXPECT_EQ(placed["order"]["total_amount"], "45.50");
  const Json paid = confirm(placed);
  EXPECT_EQ(paid["tickets"].size(), 3U);
}

TEST_F(PlaceOrderTest, Inventory28AmountsAddUpInTheOrdersCurrency) {
  const Uuid yen = add_category(event_, 10, {{"currency", "JPY"}, {"base_price", "500"}});
  const Json sold = sell(yen, 3, "1500");
  for (const Json& ticket : sold["tickets"]) {
    EXPECT_EQ(ticket["currency"], "JPY");
    EXPECT_EQ(ticket["price_paid"], "500");
  }
  EXPECT_EQ(sold["order"]["total_amount"], "1500");
}

}  // namespace eventcore::test
