// Rows of sales that are written directly, as an import does: they fit together or are refused, with the column named
// and nothing kept.
#include "sale.hpp"

namespace eventcore::test {

class ImportsTest : public SaleTest {
 protected:
  struct Misfit {
    const schema::TableDef* table;
    Json row;
    const char* error;
    const char* field;
  };

  void SetUp() override {
    SaleTest::SetUp();
    other_event_ = add_event();
    other_category_ = add_category(other_event_, 5);
    order_ = add_order(event_);
    line_ = add_line(order_, category_, 1);
  }

  void expect_refused(const std::vector<Misfit>& misfits) {
    for (const Misfit& one : misfits) {
      const std::int64_t before = count(*one.table);
      const auto made = insert(as_service(organization_), *one.table, one.row);
      ASSERT_FALSE(made.has_value()) << one.table->name << one.row.dump();
      EXPECT_EQ(made.error().name(), one.error) << made.error().to_json();
      const auto& fields = made.error().detail().fields;
      EXPECT_TRUE(fields.size() == 1 && fields[0].field == one.field) << made.error().to_json();
      EXPECT_EQ(count(*one.table), before);
    }
  }

  Json with(Json row, const Json& more) {
    row.update(more);
    return row;
  }
  Json ticket() {
    return {{"order_id", to_text(order_)},
            {"ticket_category_id", to_text(category_)},
            {"ticket_number", make_ticket_number(*random_)},
            {"attendee_name", "Ada"},
            {"attendee_email", "ada@example.org"},
            {"qr_code_data", "imported"},
            {"price_paid", "10.00"},
            {"status", "valid"}};
  }
  Json order() {
    return {{"event_id", to_text(event_)},
            {"order_number", make_order_number(*random_)},
            {"customer_email", "a@b.example"},
            {"customer_name", "Old"},
            {"subtotal", "10.00"},
            {"total_amount", "10.00"},
            {"payment_status", "pending"}};
  }

  Uuid other_event_;
  Uuid other_category_;
  Uuid order_;
  Uuid line_;
};

TEST_F(ImportsTest, OrdersLinesAndTicketsFitTogetherOrAreRefused) {
  const std::string code = to_text(add(tables::discount_codes, {{"event_id", to_text(other_event_)},
                                                                {"code", "OTHER"},
                                                                {"discount_type", "percentage"},
                                                                {"discount_value", "10"}}));
  const Uuid elsewhere = add_order(other_event_);
  const Uuid other_line = add_line(elsewhere, other_category_, 1);
  const Uuid cancelled = add(tables::ticket_orders, with(order(), {{"order_status", "cancelled"}}));
  const Json line = {{"order_id", to_text(order_)},
                     {"ticket_category_id", to_text(other_category_)},
                     {"quantity", 1},
                     {"unit_price", "0"},
                     {"subtotal", "0"},
                     {"total", "0"}};
  expect_refused({
      {&tables::ticket_orders, with(order(), {{"order_number", "4711"}}), "invariant_violated", "order_number"},
      {&tables::ticket_orders, with(order(), {{"discount_code_id", code}}), "invariant_violated", "discount_code_id"},
      {&tables::ticket_order_items, line, "invariant_violated", "ticket_category_id"},
      {&tables::tickets, with(ticket(), {{"ticket_number", "4711"}}), "invariant_violated", "ticket_number"},
      {&tables::tickets, with(ticket(), {{"ticket_category_id", to_text(other_category_)}}), "invariant_violated",
       "ticket_category_id"},
      {&tables::tickets, with(ticket(), {{"order_id", to_text(cancelled)}}), "invariant_violated", "status"},
      {&tables::tickets, with(ticket(), {{"order_item_id", to_text(other_line)}}), "invariant_violated",
       "order_item_id"},
  });
  add(tables::tickets, with(ticket(), {{"order_item_id", to_text(line_)}}));
}

TEST_F(ImportsTest, StockThatIsGivenTwiceAgreesOrIsRefused) {
  const auto category = [&](const Json& more) {
    return with({{"event_id", to_text(event_)}, {"name", "Balcony"}, {"base_price", "5.00"}, {"total_quantity", 10}},
                more);
  };
  expect_refused({
      {&tables::ticket_categories, category({{"withheld_quantity", 11}}), "invariant_violated", "withheld_quantity"},
      {&tables::ticket_categories, category({{"available_quantity", 8}, {"withheld_quantity", 3}}),
       "invariant_violated", "withheld_quantity"},
  });
  const Uuid given = add(tables::ticket_categories, category({{"available_quantity", 8}, {"withheld_quantity", 2}}));
  EXPECT_EQ(left(given), 8);
}

TEST_F(ImportsTest, CodesAndRulesOfPricesAreWellFormedOrRefused) {
  const auto code = [&](const Json& more) {
    return with({{"event_id", to_text(event_)}, {"code", "X"}, {"discount_value", "10"}}, more);
  };
  const auto rule = [&](const Json& more) {
    return with({{"ticket_category_id", to_text(category_)},
                 {"rule_name", "rule"},
                 {"price_adjustment_type", "fixed_amount"},
                 {"conditions", Json::object()}},
                more);
  };
  const Json elsewhere = Json::array({to_text(other_category_)});
  expect_refused({
      {&tables::discount_codes, code({{"discount_type", "fixed_amount"}, {"discount_value", "1.005"}}),
       "invariant_violated", "discount_value"},
      {&tables::discount_codes, code({{"discount_type", "percentage"}, {"discount_value", "100.01"}}),
       "invariant_violated", "discount_value"},
      {&tables::discount_codes, code({{"discount_type", "percentage"}, {"applicable_categories", elsewhere}}),
       "invariant_violated", "applicable_categories"},
      {&tables::dynamic_pricing_rules, rule({{"adjustment_value", "1.005"}}), "invariant_violated", "adjustment_value"},
  });
  add(tables::dynamic_pricing_rules, rule({{"adjustment_value", "1.05"}}));
}

}  // namespace eventcore::test
