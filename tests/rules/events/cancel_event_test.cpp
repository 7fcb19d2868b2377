// Calling an event off: its orders, tickets, money, messages and waiting list, by command, by direct write, in slices.
#include "../ticketing/sale.hpp"
#include "rules/events/calling_off.hpp"
#include "rules/ticketing/sales_figures.hpp"

namespace eventcore::test {

using policy::Role;

class CancelEventTest : public SaleTest {
 protected:
  Result<Json> try_cancel(const Principal& who, const Json& more = Json::object()) {
    Json arguments = {{"event_id", to_text(event_)}, {"reason", "the river is over its banks"}};
    arguments.update(more);
    return call(who, "cancel_event", arguments);
  }
  std::string event_state() { return row(tables::events, event_)[col::events::status].text(); }
  std::int64_t orders_that_are(const std::string& status) {
    return count(tables::ticket_orders, Expr::equals(col::ticket_orders::order_status.index, status));
  }
  std::int64_t letters(const std::string& recipient) {
    return count(tables::communication_logs, Expr::equals(col::communication_logs::recipient.index, recipient));
  }
  Uuid waiting(const std::string& status) {
    return add(
        tables::waitlist_entries,
        {{"ticket_category_id", to_text(category_)}, {"customer_email", "wanda@example.org"}, {"status", status}});
  }
};

TEST_F(CancelEventTest, OrdersAreCancelledMoneyIsDueAndEverybodyIsWrittenTo) {
  const Json paid = sell(category_, 2, "20.00");
  const Json waits = place(category_, 3, {{"customer", {{"email", "carl@example.org"}}}});
  const Uuid entry = waiting("waiting");
  const Json off = accepted(try_cancel(as_user(Role::admin)));
  EXPECT_EQ(off["event"]["status"], "cancelled");
  EXPECT_EQ(off["cancelled"], 2);
  EXPECT_EQ(off["withdrawn"], 1);
  EXPECT_EQ(off["more"], false);
  EXPECT_EQ(order_state(paid), "cancelled/paid");
  EXPECT_EQ(order_state(waits), "cancelled/pending");
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(left(category_), 10);
  EXPECT_EQ(letters("bea@example.org"), 1);
  EXPECT_EQ(letters("carl@example.org"), 1);
  EXPECT_EQ(row(tables::waitlist_entries, entry)[col::waitlist_entries::status].text(), "withdrawn");
  const Json again = accepted(try_cancel(as_user(Role::admin)));
  EXPECT_EQ(again["cancelled"], 0);
}

TEST_F(CancelEventTest, UsedTicketsStayUsedAndTheirMoneyGoesBackToo) {
  const Json paid = sell(category_, 2, "20.00");
  clock_.set(parse_rfc3339("2026-12-01T12:00:00Z").assume_value());
  ASSERT_EQ(scan({{"code", paid["tickets"][0]["qr_code_data"]}}), "admitted");
  EC_EXPECT_OK(try_cancel(as_service()));
  EXPECT_EQ(row(tables::tickets, id_of(paid["tickets"][0]))[col::tickets::status].text(), "used");
  EXPECT_EQ(row(tables::tickets, id_of(paid["tickets"][1]))[col::tickets::status].text(), "cancelled");
  EXPECT_EQ(count(tables::order_payments, Expr::equals(col::order_payments::amount.index, 200'000)), 2);
  EXPECT_EQ(left(category_), 9);
}

TEST_F(CancelEventTest, ASliceAtATimeUntilNothingIsLeft) {
  for (int i = 0; i < 5; ++i) sell(category_, 1, "10.00", {{"customer", {{"email", ""}}}});
  const Json first = accepted(try_cancel(as_user(Role::admin), {{"limit", 2}}));
  EXPECT_EQ(first["cancelled"], 2);
  EXPECT_EQ(first["more"], true);
  EXPECT_EQ(event_state(), "cancelled");
  EC_EXPECT_REFUSED("event_not_on_sale", try_order(category_, 1));
  EXPECT_EQ(accepted(try_cancel(as_user(Role::admin), {{"limit", 2}}))["more"], true);
  EC_EXPECT_OK(run(as_service(), "run_maintenance", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(done, rules::events::finish_calling_off(unit, organization_, 1'000));
    EXPECT_EQ(done.orders, 1);
    EXPECT_FALSE(done.more);
    return Json();
  }));
  EXPECT_EQ(orders_that_are("active"), 0);
  EXPECT_EQ(payments("refund", "due"), 5);
  EXPECT_EQ(letters(""), 0);
}

TEST_F(CancelEventTest, MoneyThatComesAfterwardsIsDueBack) {
  const Json early = place(category_, 1);
  const Json late = place(category_, 1);
  EC_EXPECT_OK(try_cancel(as_user(Role::admin), {{"limit", 1}}));
  confirm(early, {{"provider", "stripe"}, {"reference", "pi_1"}});
  confirm(late, {{"provider", "stripe"}, {"reference", "pi_2"}});
  EXPECT_EQ(orders_that_are("active"), 0);
  EXPECT_EQ(count(tables::tickets), 0);
  EXPECT_EQ(payments("refund", "due"), 2);
  EXPECT_EQ(left(category_), 10);
}

TEST_F(CancelEventTest, WhoMayNotAndWhatIsOver) {
  const Json args = {{"event_id", to_text(event_)}};
  EC_EXPECT_REFUSED("command_denied", call(as_customer("bea@example.org"), "cancel_event", args));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::guest), "cancel_event", args));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "cancel_event", args));
  set(tables::events, event_, {{"status", "active"}});
  set(tables::events, event_, {{"status", "completed"}});
  EC_EXPECT_REFUSED("invalid_transition", try_cancel(as_user(Role::admin)));
}

TEST_F(CancelEventTest, N49WritingTheStatusDirectlyDoesTheSame) {
  const Json paid = sell(category_, 2, "20.00");
  EC_EXPECT_OK(update(as_user(Role::admin), tables::events, event_, {{"status", "cancelled"}}));
  EXPECT_EQ(order_state(paid), "cancelled/paid");
  EXPECT_EQ(payments("refund", "due"), 1);
  EXPECT_EQ(letters("bea@example.org"), 1);
  EXPECT_EQ(left(category_), 10);
}

TEST_F(CancelEventTest, N49PartsOfAnOrderThatWentBackShowInItsPaymentAndTickets) {
  const Json paid = sell(category_, 2, "20.00");
  accepted(call(as_user(Role::admin), "refund_tickets", {{"ticket_ids", Json::array({paid["tickets"][0]["id"]})}}));
  EXPECT_EQ(order_state(paid), "active/paid");
  accepted(call(as_user(Role::admin), "confirm_refund", {{"order_id", paid["order"]["id"]}}));
  EXPECT_EQ(order_state(paid), "active/partially_refunded");
  EXPECT_EQ(row(tables::tickets, id_of(paid["tickets"][0]))[col::tickets::status].text(), "cancelled");
}

TEST_F(CancelEventTest, APaidOrderIsConfirmedInWriting) {
  const Json placed = place(category_, 1);
  confirm(placed, {{"provider", "stripe"}, {"reference", "pi_1"}});
  EXPECT_EQ(letters("bea@example.org"), 1);
  confirm(placed, {{"provider", "stripe"}, {"reference", "pi_1"}});
  EXPECT_EQ(letters("bea@example.org"), 1);
}

TEST_F(CancelEventTest, ConversionRatesOfClosedHoursCountSessions) {
  sell(category_, 1, "10.00");
  for (const char* session : {"a", "b", "b", "c", "d"})
    EC_EXPECT_OK(run(as_service(organization_), "track_behavior", [&](work::UnitOfWork& unit) -> Result<Json> {
      namespace v = col::user_behavior_events;
      EC_TRYV(unit.insert(tables::user_behavior_events,
                          {{v::organization_id.index, organization_},
                           {v::session_id.index, session},
                           {v::event_name.index, "event_view"},
                           {v::timestamp.index, unit.now()},
                           {v::properties.index, dump(Json{{"event_id", to_text(event_)}})}},
                          work::As::engine));
      return Json();
    }));
  const auto fill = [&] {
    std::int64_t rows = 0;
    EC_EXPECT_OK(run(as_service(), "run_maintenance", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRY(filled, rules::ticketing::fill_conversion_rates(unit, organization_, 100));
      rows = filled.rows;
      return Json();
    }));
    return rows;
  };
  EXPECT_EQ(fill(), 0);  // the hour is not over
  clock_.advance(hour_us);
  EXPECT_EQ(fill(), 1);
  EXPECT_EQ(fill(), 0);
  EXPECT_EQ(
      count(tables::ticket_sales_analytics, Expr::equals(col::ticket_sales_analytics::conversion_rate.index, 2'500)),
      1);
  sell(category_, 1, "10.00");  // an hour without visits
  clock_.advance(2 * hour_us);
  EXPECT_EQ(fill(), 0);
}

}  // namespace eventcore::test
