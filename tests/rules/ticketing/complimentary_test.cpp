// issue_complimentary: tickets for nothing that take places like any others.
#include "sale.hpp"

namespace eventcore::test {

using policy::Role;

class ComplimentaryTest : public SaleTest {
 protected:
  Json gift_of(const Uuid& category, std::int64_t quantity, Json more = Json::object()) {
    Json arguments = order_of(category, quantity, {{"reason", "press"}});
    arguments.update(more);
    return arguments;
  }
  Result<Json> try_give(const Uuid& category, std::int64_t quantity, const Json& more = Json::object()) {
    return call(as_user(Role::admin), "issue_complimentary", gift_of(category, quantity, more));
  }
};

TEST_F(ComplimentaryTest, TheOrderIsOverNothingAndHasItsTicketsAtOnce) {
  const Json taxes = Json::array({{{"name", "VAT"}, {"rate", "0.19"}}});
  const Json fees = Json::array({{{"name", "Service"}, {"fixed", "1.00"}, {"per", "ticket"}}});
  set(tables::events, event_, {{"settings", {{"taxes", taxes}, {"fees", fees}}}});
  const Json line = {{"ticket_category_id", to_text(category_)},
                     {"quantity", 2},
                     {"attendees", Json::array({{{"name", "Rita Reporter"}, {"email", "rita@example.org"}}})}};
  const Json given = accepted(try_give(category_, 2, {{"items", Json::array({line})}}));
  EXPECT_EQ(order_state(given), "active/paid");
  EXPECT_EQ(given["order"]["payment_method"], "complimentary");
  for (const char* amount : {"subtotal", "discount_amount", "fees", "taxes", "total_amount"})
    EXPECT_EQ(given["order"][amount], "0.00") << amount;
  EXPECT_EQ(given["items"][0]["unit_price"], "0.00");
  ASSERT_EQ(given["tickets"].size(), 2U);
  EXPECT_EQ(given["tickets"][0]["attendee_name"], "Rita Reporter");
  EXPECT_EQ(given["tickets"][1]["attendee_name"], "Bea Buyer");
  EXPECT_EQ(given["tickets"][0]["price_paid"], "0.00");
  EXPECT_EQ(left(category_), 8);
  EXPECT_EQ(count(tables::order_payments), 0);
  clock_.set(parse_rfc3339("2026-12-01T18:00:00Z").assume_value());
  EXPECT_EQ(scan({{"code", given["tickets"][0]["qr_code_data"]}}), "admitted");
}

TEST_F(ComplimentaryTest, TheReasonIsKeptWherePricesAreExplained) {
  accepted(try_give(category_, 1));
  namespace p = col::pricing_calculations;
  std::vector<Record> rows;
  EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
    store::Query query;
    query.table = &tables::pricing_calculations;
    query.organization = organization_;
    EC_TRY(found, reader.list(query));
    rows = std::move(found);
    return ok();
  }));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0][p::base_price].integer(), 100'000);
  EXPECT_EQ(rows[0][p::final_price].integer(), 0);
  EXPECT_EQ(parse_json(rows[0][p::factors].text()).assume_value(), (Json{{"complimentary", "press"}}));
}

TEST_F(ComplimentaryTest, SalesFiguresCountTheTicketsAndNoRevenue) {
  sell(category_, 1, "10.00");
  accepted(try_give(category_, 3));
  namespace c = col::ticket_sales_analytics;
  EXPECT_EQ(count(tables::ticket_sales_analytics,
                  Expr::all_of({Expr::equals(c::tickets_sold.index, 4), Expr::equals(c::revenue.index, 100'000)})),
            1);
}

TEST_F(ComplimentaryTest, RefusalsComeInTheDocumentedOrder) {
  const Uuid foreign = add_category(add_event(), 10);
  const Uuid yen = add_category(event_, 10, {{"currency", "JPY"}, {"base_price", "500"}});
  const auto line = [](const Uuid& category, std::int64_t quantity) {
    return Json{{"ticket_category_id", to_text(category)}, {"quantity", quantity}};
  };
  Json items = Json::array({line(category_, 11), line(yen, 1), line(add_category(event_, 1), 0), line(foreign, 1)});
  const auto refusal = [&](Json more = Json::object()) {
    more["items"] = items;
    const auto result = try_give(category_, 1, more);
    return result ? std::string("accepted") : std::string(result.error().name());
  };
  EXPECT_EQ(refusal({{"event_id", to_text(ids_->next())}}), "not_found");
  const Uuid cancelled = add_event({{"status", "cancelled"}});
  EXPECT_EQ(refusal({{"event_id", to_text(cancelled)}}), "event_not_on_sale");
  EXPECT_EQ(refusal(), "not_found");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(), "invalid_quantity");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(), "mixed_currencies");
  items.erase(items.end() - 1);
  EXPECT_EQ(refusal(), "sold_out");
  items = Json::array({line(category_, 10)});
  EXPECT_EQ(refusal(), "accepted");
  EXPECT_EQ(count(tables::ticket_orders), 1);
}

// What binds buyers does not bind the house: not the window, not max_per_order, not a category taken off sale.
TEST_F(ComplimentaryTest, TheHouseGivesBeforeAndBesideTheSale) {
  const Uuid planned = add_event({{"status", "planning"}});
  const Json there = {{"event_id", to_text(planned)}, {"customer", Json::object()}};
  const Uuid crew = add_category(planned, 30, {{"is_active", false}, {"max_per_order", 2}});
  const Json given = accepted(try_give(crew, 12, there));
  EXPECT_EQ(given["tickets"].size(), 12U);
  EXPECT_EQ(given["order"]["customer_email"], "");
  clock_.set(parse_rfc3339("2026-12-01T23:00:00Z").assume_value());
  EC_EXPECT_REFUSED("event_not_on_sale", try_give(crew, 1, there));
}

TEST_F(ComplimentaryTest, OnlyEditorsOfTheEventGivePlacesAway) {
  const auto as = [&](const Principal& principal) {
    return call(principal, "issue_complimentary", gift_of(category_, 1));
  };
  EC_EXPECT_REFUSED("command_denied", as(as_anon()));
  EC_EXPECT_REFUSED("command_denied", as(as_customer("bea@example.org")));
  EC_EXPECT_REFUSED("command_denied", as(as_user(Role::manager)));
  EC_EXPECT_REFUSED("command_denied", as(as_user(Role::guest)));
  const auto assigned = [&](const char* email, const char* role) {
    const Uuid user = add(tables::users, {{"email", email}, {"full_name", "N"}, {"role", "member"}});
    add(tables::team_assignments, {{"event_id", to_text(event_)}, {"user_id", to_text(user)}, {"role_type", role}});
    return as_user_row(user);
  };
  EC_EXPECT_OK(as(assigned("director@example.org", "event_director")));
  EC_EXPECT_REFUSED("command_denied", as(assigned("counter@example.org", "operations_manager")));
  EC_EXPECT_OK(as(as_user(Role::admin)));
  EC_EXPECT_OK(as(as_service()));
  EXPECT_EQ(left(category_), 7);
}

}  // namespace eventcore::test
