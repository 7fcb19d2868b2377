// What the models of ticketing found (model_test.cpp and its Python twin), each as a test of its own.
#include "api/engine_fixture.hpp"
#include "base/codes.hpp"

namespace eventcore::test {
namespace {

class OrderStateTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    event_ = new_event();
    category_ = new_category(event_, 10);
    order_ = id(accepted(service().insert("ticket_orders", {{"event_id", event_},
                                                            {"organization_id", organization_},
                                                            {"order_number", make_order_number(*random_)},
                                                            {"customer_email", "old@example.org"},
                                                            {"customer_name", "Old"},
                                                            {"subtotal", "20.00"},
                                                            {"total_amount", "20.00"},
                                                            {"payment_status", "paid"}})));
    const std::string line = id(accepted(service().insert("ticket_order_items", {{"order_id", order_},
                                                                                 {"ticket_category_id", category_},
                                                                                 {"quantity", 2},
                                                                                 {"unit_price", "10.00"},
                                                                                 {"subtotal", "20.00"},
                                                                                 {"total", "20.00"}})));
    for (int i = 0; i < 2; ++i)
      tickets_.push_back(id(accepted(service().insert("tickets", {{"order_id", order_},
                                                                  {"order_item_id", line},
                                                                  {"ticket_category_id", category_},
                                                                  {"ticket_number", make_ticket_number(*random_)},
                                                                  {"attendee_name", "Old"},
                                                                  {"attendee_email", "old@example.org"},
                                                                  {"qr_code_data", "imported " + std::to_string(i)},
                                                                  {"price_paid", "10.00"}}))));
  }
  std::string state() {
    const Json row = accepted(owner().get("ticket_orders", order_));
    return row["order_status"].get<std::string>() + "/" + row["payment_status"].get<std::string>();
  }
  Json left() { return accepted(owner().get("ticket_categories", category_))["available_quantity"]; }

  std::string event_;
  std::string category_;
  std::string order_;
  std::vector<std::string> tickets_;
};

TEST_F(OrderStateTest, AFailedAttemptLeavesAPaidOrderPaidAndTakesNoPlaces) {
  EXPECT_EQ(left(), Json(8));
  accepted(owner().call("fail_payment", {{"order_id", order_}, {"provider", "bank"}, {"reference", "late try"}}));
  EXPECT_EQ(state(), "active/paid");
  EXPECT_EQ(left(), Json(8));
}

TEST_F(OrderStateTest, AReturnedTicketFreesItsPlaceAndTheOthersStayPaid) {
  const Json reply = accepted(owner().call("refund_tickets", {{"ticket_ids", {tickets_[0]}}}));
  EXPECT_EQ(reply["order"]["payment_status"], "paid");
  EXPECT_EQ(state(), "active/paid");
  EXPECT_EQ(left(), Json(9));
}

TEST_F(OrderStateTest, ACancelledOrderKeepsWhatTheImportSaidOfItsPayment) {
  accepted(owner().call("cancel_order", {{"order_id", order_}}));
  EXPECT_EQ(state(), "cancelled/paid");
  EXPECT_EQ(left(), Json(10));
}

TEST_F(OrderStateTest, ARefundedOrderIsOnlyCancelledWhileAnotherPaymentIsDueBack) {
  const Json placed = accepted(owner().call("place_order", order_of(event_, category_, 1)));
  order_ = id(placed["order"]);
  accepted(owner().call("cancel_order", {{"order_id", order_}}));
  Json payment = {{"order_id", order_}, {"amount", "10.00"}, {"currency", "USD"}, {"provider", "bank"}};
  for (const char* reference : {"first", "second"}) {
    payment["reference"] = reference;
    accepted(service().call("confirm_payment", payment));
    EXPECT_EQ(state().substr(0, 9), "cancelled");
    accepted(owner().call("confirm_refund", {{"order_id", order_}}));
    EXPECT_EQ(state(), "refunded/refunded");
  }
}

// Which of the two is told must not hang on which order is older.
TEST_F(OrderStateTest, SalesAreToldBeforeHeldPlacesWhenACategoryCannotBeDeleted) {
  const std::string both = new_category(event_, 10);
  accepted(owner().call("place_order", order_of(event_, both, 1)));
  EC_EXPECT_REFUSED("still_referenced", owner().remove("ticket_categories", both));
  Json sale = order_of(event_, both, 1);
  sale["payment"] = {{"method", "cash"}, {"amount", "10.00"}};
  accepted(owner().call("place_order", sale));
  EC_EXPECT_REFUSED("has_sales", owner().remove("ticket_categories", both));
}

// A hold that ran out loses its lines with the category. A late payment then buys nothing, not even the other lines.
TEST_F(OrderStateTest, ALatePaymentForADeletedCategoryIsDueBackInFull) {
  for (const bool alone : {true, false}) {
    const std::string gone = new_category(event_, 10);
    Json cart = order_of(event_, gone, 1);
    if (!alone) {
      accepted(owner().update("ticket_categories", gone, {{"base_price", "0"}}));  // the total does not show its line
      cart["items"].push_back({{"ticket_category_id", category_}, {"quantity", 1}});
    }
    const Json placed = accepted(owner().call("place_order", cart))["order"];
    ASSERT_TRUE(engine_->set_clock(start_us + (alone ? 1 : 2) * day_us));
    accepted(owner().call("expire_orders", {{"event_id", event_}}));
    EC_EXPECT_OK(owner().remove("ticket_categories", gone));
    const Json paid = accepted(owner().call("confirm_payment", {{"order_id", id(placed)},
                                                                {"amount", placed["total_amount"]},
                                                                {"currency", "USD"},
                                                                {"method", "card"},
                                                                {"reference", "late " + id(placed)}}));
    EXPECT_EQ(paid["tickets"], Json::array());
    EXPECT_EQ(paid["order"]["order_status"], "cancelled");
    const Json due =
        accepted(owner().list("order_payments", {{"where", {{"order_id", id(placed)}, {"status", "due"}}}}))["rows"];
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0]["amount"], placed["total_amount"]);
  }
}

}  // namespace
}  // namespace eventcore::test
