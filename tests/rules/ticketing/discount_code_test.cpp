// Discount codes in quotes and orders: what they take off, why they do not apply and who hears it, and that their uses
// are counted right however orders are written.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "base/codes.hpp"
#include "base/seed.hpp"
#include "rules/operations/verify.hpp"
#include "rules/ticketing/discount.hpp"
#include "sale.hpp"

namespace eventcore::test {

using policy::Role;
namespace d = col::discount_codes;

class DiscountCodeTest : public SaleTest {
 protected:
  // Ten percent for everybody, as often as one likes; `more` replaces members.
  Uuid add_code(const std::string& code, Json more = Json::object()) {
    Json row = {{"code", code},
                {"discount_type", "percentage"},
                {"discount_value", "10"},
                {"event_id", to_text(event_)},
                {"max_uses_per_user", nullptr}};
    row.update(more);
    return add(tables::discount_codes, row);
  }
  static Json with(const std::string& code, Json more = Json::object()) {
    more["discount_code"] = code;
    return more;
  }
  static Json from(const std::string& email, Json more = Json::object()) {
    more["customer"] = {{"email", email}, {"name", "N"}};
    return more;
  }
  Json quote(const Principal& principal, const Json& arguments) {
    return accepted(call(principal, "quote_order", arguments));
  }
  static std::string reason_of(const Result<Json>& result) {
    if (result) return "accepted";
    const Json error = parse_json(result.error().to_json()).assume_value();
    return error.value("code", "") + ":" + error.value("detail", Json::object()).value("reason", "");
  }
  std::int64_t uses(const Uuid& code) { return number(tables::discount_codes, code, d::current_uses); }
  void expire() { accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}})); }

  Json order_row(const Uuid& code, Json more = Json::object()) {
    Json row = {{"organization_id", to_text(organization_)},
                {"event_id", to_text(event_)},
                {"order_number", make_order_number(*random_)},
                {"customer_email", "old@example.org"},
                {"customer_name", "Old"},
                {"subtotal", "0"},
                {"total_amount", "0"},
                {"discount_code_id", to_text(code)}};
    row.update(more);
    return row;
  }
};

TEST_F(DiscountCodeTest, TheVectorOfTheRulesAddsUpToTheCent) {
  const Json taxes = Json::array({{{"name", "VAT"}, {"rate", "0.19"}, {"inclusive", true}}});
  const Json fees = Json::array({{{"name", "Service"}, {"fixed", "1.00"}, {"per", "ticket"}},
                                 {{"name", "Order"}, {"percent", "2.5"}, {"per", "order"}}});
  set(tables::events, event_, {{"settings", {{"taxes", taxes}, {"fees", fees}}}});
  const Uuid code = add_code("TEN");
  const Json sold = sell(category_, 3, "30.68", with("ten"));
  EXPECT_EQ(sold["order"]["discount_amount"], "3.00");
  EXPECT_EQ(sold["order"]["fees"], "3.68");
  EXPECT_EQ(sold["order"]["taxes"], "4.31");
  EXPECT_EQ(sold["order"]["taxes_included"], "4.31");
  EXPECT_EQ(sold["items"][0]["discount_amount"], "3.00");
  EXPECT_EQ(sold["tickets"][0]["price_paid"], "10.23");
  EXPECT_EQ(sold["tickets"][1]["price_paid"], "10.23");
  EXPECT_EQ(sold["tickets"][2]["price_paid"], "10.22");
  EXPECT_EQ(sold["discount"], (Json{{"code", "ten"}, {"applied", true}, {"reason", nullptr}}));
  const Record order = row(tables::ticket_orders, id_of(sold["order"]));
  EXPECT_EQ(order[col::ticket_orders::discount_code_id].uuid(), code);
  EXPECT_EQ(order[col::ticket_orders::discount_code_used].text(), "TEN");
  const Json terms = parse_json(order[col::ticket_orders::discount_terms].text()).assume_value();
  EXPECT_EQ(terms["type"], "percentage");
  EXPECT_EQ(uses(code), 1);
}

TEST_F(DiscountCodeTest, TwoAndOneFreeTakesTheCheapestOfEachFullGroup) {
  const Uuid cheap = add_category(event_, 10, {{"base_price", "1.00"}});
  add_code("GROUP", {{"discount_type", "buy_x_get_y"}, {"discount_value", "1"}, {"min_quantity", 2}});
  Json arguments = order_of(category_, 3, with("group"));
  arguments["items"].push_back({{"ticket_category_id", to_text(cheap)}, {"quantity", 3}});
  const Json quoted = quote(as_anon(), arguments);
  EXPECT_EQ(quoted["order"]["discount_amount"], "11.00");
  EXPECT_EQ(quoted["order"]["total_amount"], "22.00");
  EXPECT_EQ(accepted(call(as_anon(), "place_order", arguments))["order"]["total_amount"], "22.00");
}

TEST_F(DiscountCodeTest, AFixedAmountIsAtMostTheEligibleSubtotal) {
  const Uuid other = add_category(event_, 10, {{"base_price", "4.00"}});
  add_code("FIFTY",
           {{"discount_type", "fixed_amount"}, {"discount_value", "50"}, {"applicable_categories", {to_text(other)}}});
  Json arguments = order_of(category_, 1, with("FIFTY"));
  arguments["items"].push_back({{"ticket_category_id", to_text(other)}, {"quantity", 2}});
  const Json placed = accepted(call(as_anon(), "place_order", arguments));
  EXPECT_EQ(placed["order"]["discount_amount"], "8.00");
  EXPECT_EQ(placed["items"][0]["discount_amount"], "0.00");
  EXPECT_EQ(placed["items"][1]["discount_amount"], "8.00");
}

TEST_F(DiscountCodeTest, ACodeThatCoversEverythingMakesAnOrderThatIsPaidAtOnce) {
  const Uuid code = add_code("GUEST", {{"discount_value", "100"}});
  const Json placed = accepted(call(as_anon(), "place_order", order_of(category_, 2, with("guest"))));
  EXPECT_EQ(order_state(placed), "active/paid");
  EXPECT_EQ(placed["tickets"].size(), 2U);
  EXPECT_EQ(placed["tickets"][0]["price_paid"], "0.00");
  EXPECT_EQ(uses(code), 1);
}

TEST_F(DiscountCodeTest, AnEmptyCodeIsNone) {
  EXPECT_EQ(place(category_, 1, with("  "))["discount"],
            (Json{{"code", nullptr}, {"applied", false}, {"reason", nullptr}}));
}

TEST_F(DiscountCodeTest, CodesCompareTrimmedAndFolded) {
  add_code("Straße");
  EXPECT_EQ(place(category_, 1, with("  STRASSE "))["discount"]["applied"], true);
  EXPECT_EQ(place(category_, 1, with("strasse"))["discount"]["applied"], true);
  EXPECT_EQ(quote(as_anon(), order_of(category_, 1, with("strase")))["discount"]["applied"], false);
}

TEST_F(DiscountCodeTest, TheEventsOwnCodeIsTriedBeforeTheOrganizationWide) {
  const Uuid shared = add_code("SUMMER", {{"event_id", nullptr}, {"discount_value", "50"}});
  EXPECT_EQ(place(category_, 1, with("summer"))["order"]["total_amount"], "5.00");
  const Uuid own = add_code("summer", {{"discount_value", "20"}});
  EXPECT_EQ(place(category_, 1, with("summer"))["order"]["total_amount"], "8.00");
  EXPECT_EQ(uses(shared), 1);
  EXPECT_EQ(uses(own), 1);
  set(tables::discount_codes, own, {{"is_active", false}});
  EXPECT_EQ(reason_of(try_order(category_, 1, with("summer"))), "discount_not_applicable:inactive");
}

// Every way in which a code does not apply: what the box office hears, what a buyer hears. A quote says the same and is
// never refused.
TEST_F(DiscountCodeTest, EveryReasonInItsOrderForStaffAndForThePublic) {
  const Uuid other_event = add_event();
  const Uuid other = add_category(event_, 10);
  const std::string now = format_rfc3339(clock_.now_us());
  const std::string later = format_rfc3339(clock_.now_us() + 1);
  const Json nothing = {{"applicable_categories", {to_text(other)}}, {"min_quantity", 9}};
  const auto and_also = [&](Json more) {
    more.update(nothing);
    return more;
  };
  add_code("EARLY", and_also({{"valid_from", later}}));
  add_code("LATE", and_also({{"valid_until", now}}));
  add_code("OFF", and_also({{"is_active", false}}));
  add_code("ELSEWHERE", {{"event_id", to_text(other_event)}});
  add_code("YEN",
           {{"discount_type", "fixed_amount"}, {"discount_value", "100"}, {"currency", "JPY"}, {"min_quantity", 9}});
  add_code("OTHERS", nothing);
  add_code("MANY", {{"min_quantity", 2}, {"max_uses_per_user", 0}});
  add_code("NONE", {{"max_uses", 0}, {"max_uses_per_user", 0}});
  add_code("NONEMANY", {{"max_uses", 0}, {"min_quantity", 2}});
  add_code("ONCE", {{"max_uses_per_user", 1}});
  place(category_, 1, with("ONCE"));
  struct Case {
    const char* code;
    const char* staff;
    const char* buyer;
  };
  const Case cases[] = {
      {"NOSUCH", "unknown", "invalid"},
      {"EARLY", "not_yet_valid", "invalid"},
      {"LATE", "expired", "invalid"},
      {"OFF", "inactive", "invalid"},
      {"ELSEWHERE", "other_event", "invalid"},
      {"YEN", "other_currency", "invalid"},
      {"OTHERS", "not_for_these_categories", "not_for_these_categories"},
      {"MANY", "min_quantity", "min_quantity"},
      {"NONE", "exhausted", "invalid"},
      {"NONEMANY", "min_quantity", "invalid"},
      {"ONCE", "limit_per_customer", "limit_per_customer"},
  };
  const std::int64_t orders = count(tables::ticket_orders);
  for (const Case& one : cases) {
    const Json arguments = order_of(category_, 1, with(one.code));
    const std::string refused = "discount_not_applicable:";
    EXPECT_EQ(reason_of(call(as_service(), "place_order", arguments)), refused + one.staff) << one.code;
    EXPECT_EQ(reason_of(call(as_user(Role::admin), "place_order", arguments)), refused + one.staff) << one.code;
    EXPECT_EQ(reason_of(call(as_anon(), "place_order", arguments)), refused + one.buyer) << one.code;
    EXPECT_EQ(reason_of(call(as_customer("bea@example.org"), "place_order", arguments)), refused + one.buyer);
    const Json told = {{"code", one.code}, {"applied", false}, {"reason", one.staff}};
    EXPECT_EQ(quote(as_service(), arguments)["discount"], told);
    EXPECT_EQ(quote(as_anon(), arguments)["discount"]["reason"], one.buyer);
    EXPECT_EQ(quote(as_anon(), arguments)["order"]["total_amount"], "10.00");
  }
  EXPECT_EQ(count(tables::ticket_orders), orders);
}

TEST_F(DiscountCodeTest, WhoMayReadTheCodeHearsTheReasonAndAMemberDoesNot) {
  add_code("OFF", {{"is_active", false}});
  const Json arguments = order_of(category_, 1, with("OFF"));
  EXPECT_EQ(quote(as_user(Role::manager), arguments)["discount"]["reason"], "inactive");
  const Uuid member = id_of(accepted(insert(as_service(), tables::users,
                                            {{"organization_id", to_text(organization_)},
                                             {"email", "staff@example.org"},
                                             {"full_name", "Staff"},
                                             {"role", "member"}})));
  add(tables::team_assignments,
      {{"event_id", to_text(event_)}, {"user_id", to_text(member)}, {"role_type", "technical_director"}});
  EXPECT_EQ(quote(as_user_row(member), arguments)["discount"]["reason"], "invalid");
}

TEST_F(DiscountCodeTest, AWindowIsClosedAtItsEndAndOpenAtItsBeginning) {
  add_code("HOUR", {{"valid_from", format_rfc3339(clock_.now_us() + hour_us)},
                    {"valid_until", format_rfc3339(clock_.now_us() + 2 * hour_us)}});
  const auto applies = [&] {
    return quote(as_service(), order_of(category_, 1, with("HOUR")))["discount"]["applied"].get<bool>();
  };
  clock_.advance(hour_us - 1);
  EXPECT_FALSE(applies());
  clock_.advance(1);
  EXPECT_TRUE(applies());
  clock_.advance(hour_us - 1);
  EXPECT_TRUE(applies());
  clock_.advance(1);
  EXPECT_FALSE(applies());
}

TEST_F(DiscountCodeTest, AUseIsTakenByTheOrderGivenBackByExpiryAndKeptByPayment) {
  const Uuid code = add_code("TWICE", {{"max_uses", 2}});
  const Json first = place(category_, 1, with("TWICE"));
  EXPECT_EQ(uses(code), 1);
  clock_.advance(16 * minute_us);
  expire();
  EXPECT_EQ(uses(code), 0);
  const Json second = place(category_, 1, with("TWICE"));
  confirm(second);
  EXPECT_EQ(uses(code), 1);
  namespace o = col::ticket_orders;
  EC_EXPECT_OK(engine_change(tables::ticket_orders, id_of(second["order"]), {{o::order_status.index, "cancelled"}}));
  EXPECT_EQ(uses(code), 1);
  EXPECT_EQ(first["order"]["total_amount"], "9.00");
}

TEST_F(DiscountCodeTest, DueOrdersGiveTheirUseToTheNextBuyer) {
  const Uuid code = add_code("ONE", {{"max_uses", 1}});
  place(category_, 1, with("ONE"));
  const Json next = from("carl@example.org", with("ONE"));
  EXPECT_EQ(reason_of(try_order(category_, 1, next)), "discount_not_applicable:exhausted");
  clock_.advance(15 * minute_us);
  EC_EXPECT_OK(try_order(category_, 1, next));
  EXPECT_EQ(uses(code), 1);
}

TEST_F(DiscountCodeTest, ALatePaymentTakesItsUseAgainEvenAboveTheLimit) {
  const Uuid code = add_code("ONE", {{"max_uses", 1}});
  const Json early = place(category_, 1, with("ONE"));
  clock_.advance(16 * minute_us);
  place(category_, 1, from("carl@example.org", with("ONE")));
  EXPECT_EQ(uses(code), 1);
  confirm(early);
  EXPECT_EQ(order_state(early), "active/paid");
  EXPECT_EQ(uses(code), 2);
  EXPECT_EQ(reason_of(try_order(category_, 1, from("dora@example.org", with("ONE")))),
            "discount_not_applicable:exhausted");
}

TEST_F(DiscountCodeTest, ALatePaymentThatIsDueBackTakesNoUse) {
  const Uuid code = add_code("TEN");
  const Json early = place(category_, 6, with("TEN"));
  clock_.advance(16 * minute_us);
  sell(category_, 6, "60.00", from("carl@example.org"));
  confirm(early);
  EXPECT_EQ(order_state(early), "cancelled/paid");
  EXPECT_EQ(uses(code), 0);
}

TEST_F(DiscountCodeTest, TheLimitPerCustomerCountsFoldedAddressesAndNoEmptyOnes) {
  add_code("ONCE", {{"max_uses_per_user", 1}});
  const Json first = place(category_, 1, with("ONCE"));
  EXPECT_EQ(reason_of(try_order(category_, 1, from("BEA@Example.ORG", with("ONCE")))),
            "discount_not_applicable:limit_per_customer");
  const Json nobody = with("ONCE", {{"customer", Json::object()}});
  EC_EXPECT_OK(try_order(category_, 1, nobody));
  EC_EXPECT_OK(try_order(category_, 1, nobody));
  EC_EXPECT_OK(try_order(category_, 1, from("carl@example.org", with("ONCE"))));
  clock_.advance(16 * minute_us);
  expire();
  EC_EXPECT_OK(try_order(category_, 1, with("ONCE")));
  EXPECT_EQ(order_state(first), "cancelled/pending");
}

TEST_F(DiscountCodeTest, AQuoteOfACustomerLooksAtHisOwnAddress) {
  add_code("ONCE", {{"max_uses_per_user", 1}});
  place(category_, 1, with("ONCE"));
  Json arguments = order_of(category_, 1, with("ONCE"));
  arguments.erase("customer");
  EXPECT_EQ(quote(as_customer("bea@example.org"), arguments)["discount"]["reason"], "limit_per_customer");
  EXPECT_EQ(quote(as_customer("carl@example.org"), arguments)["discount"]["applied"], true);
  arguments["customer"] = {{"email", "bea@example.org"}};
  EC_EXPECT_REFUSED("column_denied", call(as_customer("carl@example.org"), "quote_order", arguments));
}

TEST_F(DiscountCodeTest, ImportedAndRemovedOrdersCountLikePlacedOnes) {
  const Uuid code = add_code("TWO", {{"max_uses", 2}});
  const Uuid elsewhere = add_code("THERE", {{"event_id", to_text(add_event())}});
  const Uuid paid = add(tables::ticket_orders, order_row(code, {{"payment_status", "paid"}}));
  add(tables::ticket_orders, order_row(code, {{"order_status", "cancelled"}}));
  EXPECT_EQ(uses(code), 1);
  const Uuid pending = add(tables::ticket_orders, order_row(code));
  EXPECT_EQ(uses(code), 2);
  EXPECT_EQ(reason_of(insert(as_service(), tables::ticket_orders, order_row(code))),
            "discount_not_applicable:exhausted");
  EC_EXPECT_REFUSED("invariant_violated", insert(as_service(), tables::ticket_orders, order_row(elsewhere)));
  EC_EXPECT_OK(engine_erase(tables::ticket_orders, pending));
  EXPECT_EQ(uses(code), 1);
  const Uuid other = add_code("OTHER", {{"max_uses", 1}});
  const auto use = [&](const Uuid& which) {
    return engine_change(tables::ticket_orders, paid, {{col::ticket_orders::discount_code_id.index, which}});
  };
  EC_EXPECT_OK(use(other));
  EXPECT_EQ(uses(code), 0);
  EXPECT_EQ(uses(other), 1);
  add(tables::ticket_orders, order_row(code));
  add(tables::ticket_orders, order_row(code));
  EC_EXPECT_REFUSED("discount_not_applicable", use(code));
}

TEST_F(DiscountCodeTest, NobodyWritesTheCounterAndAUsedCodeStays) {
  const Uuid code = add_code("TEN");
  EC_EXPECT_REFUSED("invalid_argument",
                    update(as_user(Role::admin), tables::discount_codes, code, {{"current_uses", 5}}));
  EC_EXPECT_REFUSED("invalid_argument", update(as_service(), tables::discount_codes, code, {{"current_uses", 5}}));
  place(category_, 1, with("TEN"));
  EC_EXPECT_REFUSED("still_referenced", remove(as_user(Role::admin), tables::discount_codes, code));
}

TEST_F(DiscountCodeTest, NoNewCodeAndNoImportBringsUsesAlong) {
  Json code = {{"event_id", to_text(event_)},
               {"code", "NEW"},
               {"discount_type", "percentage"},
               {"discount_value", "10"},
               {"current_uses", 3}};
  EC_EXPECT_REFUSED("invalid_argument", insert(as_user(Role::admin), tables::discount_codes, code));
  code["organization_id"] = to_text(organization_);
  EC_EXPECT_REFUSED("invalid_argument", insert(as_service(), tables::discount_codes, code));
}

// Past all rules, by the database alone: as a program with the key to the store could.
TEST_F(DiscountCodeTest, VerifyNoticesACounterThatDisagreesWithTheOrders) {
  const Uuid code = add_code("TEN", {{"max_uses", 5}});
  place(category_, 1, with("TEN"));
  const auto write_raw = [&](const schema::TableDef& table, const Uuid& id, Column column, std::int64_t value) {
    return store_->write([&](store::Writer& writer) -> Status {
      writer.arm(true);
      const Status written = writer.update(table, organization_, id, {{column.index, value}});
      writer.arm(false);
      return written;
    });
  };
  const auto derived_problems = [&](const char* table) {
    rules::operations::VerifyReport report;
    EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
      return rules::operations::verify_organization(reader, organization_, report);
    }));
    return std::count_if(report.problems.begin(), report.problems.end(), [&](const rules::operations::Problem& one) {
      return one.kind == "derived" && one.table == table;
    });
  };
  EC_EXPECT_OK(write_raw(tables::discount_codes, code, d::current_uses, 4));
  EXPECT_EQ(derived_problems("discount_codes"), 1);
  EC_EXPECT_OK(write_raw(tables::discount_codes, code, d::current_uses, 1));
  EXPECT_EQ(derived_problems("discount_codes"), 0);
  constexpr Column left_column = col::ticket_categories::available_quantity;
  EC_EXPECT_OK(write_raw(tables::ticket_categories, category_, left_column, 10));
  EXPECT_EQ(derived_problems("ticket_categories"), 1);
  EC_EXPECT_REFUSED("invariant_violated", write_raw(tables::ticket_categories, category_, left_column, 11));
  EC_EXPECT_REFUSED("invariant_violated", write_raw(tables::ticket_categories, category_, left_column, -1));
  EC_EXPECT_OK(write_raw(tables::ticket_categories, category_, left_column, 9));
}

// The limit is read and counted in the same unit of work, so there is no moment in between.
TEST_F(DiscountCodeTest, D9OfSixtyFourOrdersAtOnceExactlyOneGetsACodeForOne) {
  const Uuid hall = add_category(event_, 1'000);
  const Uuid code = add_code("SINGLE", {{"max_uses", 1}});
  std::atomic<int> got{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> buyers;
  for (int buyer = 0; buyer < 64; ++buyer) {
    buyers.emplace_back([&, buyer] {
      const Json more = from("b" + std::to_string(buyer) + "@example.org", with("single"));
      const auto result = call(as_anon(), "place_order", order_of(hall, 1, more));
      if (result)
        ++got;
      else if (result.error().code() == Errc::discount_not_applicable)
        ++refused;
    });
  }
  for (std::thread& buyer : buyers) buyer.join();
  EXPECT_EQ(got, 1);
  EXPECT_EQ(refused, 63);
  EXPECT_EQ(uses(code), 1);
  EXPECT_EQ(left(hall), 999);
}

TEST_F(DiscountCodeTest, Inventory24LimitsOfACodeBindTheSale) {
  const Uuid code = add_code("TWO", {{"max_uses", 2}, {"max_uses_per_user", 1}});
  EC_EXPECT_OK(try_order(category_, 1, with("TWO")));
  EC_EXPECT_REFUSED("discount_not_applicable", try_order(category_, 1, with("TWO")));
  EC_EXPECT_OK(try_order(category_, 1, from("carl@example.org", with("TWO"))));
  EC_EXPECT_REFUSED("discount_not_applicable", try_order(category_, 1, from("dora@example.org", with("TWO"))));
  EXPECT_EQ(uses(code), 2);
}

// Whatever happens in whatever order, the counter is what a count of the orders gives (verify at the end of every test
// counts too), and orders never place more uses than there are.
TEST_F(DiscountCodeTest, UsesAreWhatARecountGivesAfterAnySequence) {
  const Uuid hall = add_category(event_, 1'000, {{"max_per_order", nullptr}});
  const Uuid codes[] = {add_code("A", {{"max_uses", 3}}),
                        add_code("B", {{"event_id", nullptr}, {"max_uses_per_user", 1}})};
  std::vector<Json> placed;
  std::mt19937_64 generator(testing::seed());
  const auto dice = [&](std::uint64_t sides) { return generator() % sides; };
  for (int step = 0; step < 200; ++step) {
    const std::string email = "c" + std::to_string(dice(5)) + "@example.org";
    switch (dice(5)) {
      case 0:
      case 1:
        if (auto made = try_order(hall, 1, from(email, with(dice(2) == 0 ? "a" : "b"))))
          placed.push_back(std::move(made).assume_value());
        break;
      case 2:
        if (!placed.empty()) {
          EC_EXPECT_OK(try_confirm(placed[dice(placed.size())]));
        }
        break;
      case 3: clock_.advance(static_cast<Micros>(dice(10)) * minute_us); break;
      default: expire();
    }
    for (const Uuid& code : codes)
      ASSERT_EQ(uses(code), count(tables::ticket_orders, rules::ticketing::holds_use_of(code))) << "step " << step;
  }
}

}  // namespace eventcore::test
