// Passing tickets on: what becomes of the old ticket and the new one, who may do it, who sees what afterwards, and that
// neither the stock nor the money moves.
#include "sale.hpp"
#include "ticket/code.hpp"

namespace eventcore::test {

using policy::Role;

class TransferTest : public SaleTest {
 protected:
  void SetUp() override {
    SaleTest::SetUp();
    clock_.set(parse_rfc3339("2026-12-01T17:00:00Z").assume_value());
  }
  static Json to_ada(const Json& ticket, Json more = Json::object()) {
    Json arguments = {{"ticket_id", ticket["id"]}, {"name", "Ada Attendee"}, {"email", "ada@example.org"}};
    arguments.update(more);
    return arguments;
  }
  Result<Json> try_transfer(const Principal& principal, const Json& arguments) {
    return call(principal, "transfer_ticket", arguments);
  }
  Json transfer(const Json& ticket, const Json& more = Json::object()) {
    return accepted(try_transfer(as_service(), to_ada(ticket, more)));
  }
  Principal here(const std::string& email) {
    Principal principal = as_customer(email);
    principal.organization = organization_;
    return principal;
  }
  Json ticket_of(const Uuid& category) { return sell(category, 1, "10.00")["tickets"][0]; }
  std::string scan_ticket(const Json& ticket) { return scan({{"code", ticket["qr_code_data"]}}); }
  std::string status_of(const Json& ticket) { return row(tables::tickets, id_of(ticket))[col::tickets::status].text(); }
  void becomes(const schema::TableDef& table, const Json& id, Column column, const char* value) {
    const Uuid row = parse_uuid(id.get<std::string>()).assume_value();
    EC_EXPECT_OK(engine_change(table, row, {{column.index, Value(value)}}));
  }
  // What is queued about transfers, for one address.
  std::vector<std::string> messages(const std::string& to) {
    namespace c = col::communication_logs;
    std::vector<std::string> found;
    store::Query query;
    query.table = &tables::communication_logs;
    query.organization = organization_;
    query.where = Expr::equals(c::recipient.index, Value(to));
    EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
      EC_TRY(rows, uow.scan(query));
      for (const Record& message : rows)
        if (message[c::metadata].text().find("ticket_") != std::string::npos)
          found.push_back(message[c::subject].text() + message[c::content].text() + message[c::metadata].text());
      return Json();
    }));
    return found;
  }
};

TEST_F(TransferTest, TheOldTicketIsTransferredAndANewOneAdmits) {
  const Json old = ticket_of(category_);
  const Json reply = transfer(old, {{"phone", "+1 555 0100"}});
  const Json& made = reply["ticket"];
  EXPECT_EQ(made["attendee_name"], "Ada Attendee");
  EXPECT_EQ(made["attendee_email"], "ada@example.org");
  EXPECT_EQ(made["attendee_phone"], "+1 555 0100");
  EXPECT_EQ(made["transferred_from"], old["id"]);
  for (const char* same : {"order_id", "order_item_id", "ticket_category_id", "price_paid", "currency", "valid_from",
                           "valid_until", "event_id"})
    EXPECT_EQ(made[same], old[same]) << same;
  for (const char* other : {"id", "ticket_number", "qr_code_data"}) EXPECT_NE(made[other], old[other]) << other;
  EXPECT_EQ(reply["old_ticket"]["status"], "transferred");
  EXPECT_EQ(reply["old_ticket"]["transferred_to_email"], "ada@example.org");
  EXPECT_EQ(reply["old_ticket"]["transferred_at"], format_rfc3339(clock_.now_us()));
  EXPECT_EQ(reply["transfer"]["from_email"], "bea@example.org");
  EXPECT_EQ(reply["transfer"]["new_ticket_id"], made["id"]);
  EXPECT_EQ(scan_ticket(old), "transferred");
  EXPECT_EQ(scan({{"ticket_number", old["ticket_number"]}}), "transferred");
  EXPECT_EQ(scan_ticket(made), "admitted");
}

TEST_F(TransferTest, NoPlaceIsTakenOrGivenEvenWhenAllAreSold) {
  const Uuid full = add_category(event_, 1);
  const Json old = ticket_of(full);
  EXPECT_EQ(left(full), 0);
  const Json made = transfer(old)["ticket"];
  EXPECT_EQ(left(full), 0);
  set(tables::ticket_categories, full, {{"is_active", false}});
  transfer(made, {{"name", "Carl"}, {"email", "carl@example.org"}});
  EXPECT_EQ(left(full), 0);
  EXPECT_EQ(count(tables::tickets, Expr::equals(col::tickets::ticket_category_id.index, full)), 3);
}

TEST_F(TransferTest, PricesOfTheTicketsThatCountStillAddUpToTheOrder) {
  const Json order = sell(category_, 3, "30.00");
  transfer(order["tickets"][1]);
  const Expr counting = Expr::negate(Expr::equals(col::tickets::status.index, Value("transferred")));
  std::int64_t sum = 0;
  store::Query query;
  query.table = &tables::tickets;
  query.organization = organization_;
  query.where = counting;
  EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
    EC_TRY(rows, uow.scan(query));
    for (const Record& ticket : rows) sum += ticket[col::tickets::price_paid].integer();
    return Json();
  }));
  EXPECT_EQ(sum, 300'000);
  const Json report = accepted(call(as_service(), "event_report", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(report["tickets"], 3);
}

TEST_F(TransferTest, TheBuyerLosesSightOfTheNewTicketAndTheHolderGainsIt) {
  const Json old = ticket_of(category_);
  const Json reply = accepted(try_transfer(as_customer("bea@example.org"), to_ada(old)));
  EXPECT_TRUE(reply["ticket"].is_null()) << "its code is for the new holder";
  EXPECT_EQ(reply["old_ticket"]["id"], old["id"]);
  const Uuid made = parse_uuid(reply["transfer"]["new_ticket_id"].get<std::string>()).assume_value();
  EC_EXPECT_REFUSED("not_found", get(as_customer("bea@example.org"), tables::tickets, made));
  const Json seen = accepted(get(as_customer("ada@example.org"), tables::tickets, made));
  EXPECT_TRUE(seen.contains("qr_code_data"));
  const Uuid kept = id_of(reply["transfer"]);
  EC_EXPECT_OK(get(here("bea@example.org"), tables::ticket_transfers, kept));
  EC_EXPECT_OK(get(here("ada@example.org"), tables::ticket_transfers, kept));
  EC_EXPECT_REFUSED("not_found", get(here("carl@example.org"), tables::ticket_transfers, kept));
}

TEST_F(TransferTest, BothAreToldAndNeitherMessageHoldsACode) {
  const Json old = ticket_of(category_);
  const Json made = transfer(old)["ticket"];
  const auto code = made["qr_code_data"].get<std::string>();
  for (const char* address : {"bea@example.org", "ada@example.org"}) {
    const std::vector<std::string> told = messages(address);
    ASSERT_EQ(told.size(), 1U) << address;
    EXPECT_EQ(told.front().find(code), std::string::npos) << address;
  }
}

TEST_F(TransferTest, ATicketGoesOnAndBack) {
  const Json first = ticket_of(category_);
  const Json second = transfer(first)["ticket"];
  const Json back = {{"name", "Bea Buyer"}, {"email", "bea@example.org"}};
  EC_EXPECT_REFUSED("wrong_state", try_transfer(as_service(), to_ada(first, back)));
  const Json third = accepted(try_transfer(as_customer("ada@example.org"), to_ada(second, back)));
  EXPECT_TRUE(third["ticket"].is_null());
  const Uuid made = parse_uuid(third["transfer"]["new_ticket_id"].get<std::string>()).assume_value();
  EXPECT_EQ(scan({{"code", accepted(get(as_customer("bea@example.org"), tables::tickets, made))["qr_code_data"]}}),
            "admitted");
  EXPECT_EQ(scan_ticket(second), "transferred");
  EXPECT_EQ(count(tables::ticket_transfers), 2);
}

TEST_F(TransferTest, AnotherNameUnderTheSameAddressIsACorrection) {
  const Json old = ticket_of(category_);
  const Json same = {{"name", "Bea Buyer"}, {"email", "BEA@example.org "}};
  EC_EXPECT_REFUSED("invalid_argument", try_transfer(as_service(), to_ada(old, same)));
  const Json corrected = transfer(old, {{"name", "Beatrice Buyer"}, {"email", "bea@example.org"}});
  EXPECT_EQ(corrected["ticket"]["attendee_name"], "Beatrice Buyer");
  EC_EXPECT_OK(get(as_customer("bea@example.org"), tables::tickets, id_of(corrected["ticket"])));
  const Json by_phone = {{"name", "Beatrice Buyer"}, {"email", "bea@example.org"}, {"phone", "+49 1"}};
  const Json reached = transfer(corrected["ticket"], by_phone);
  EC_EXPECT_REFUSED("invalid_argument", try_transfer(as_service(), to_ada(reached["ticket"], by_phone)));
  for (const auto& [field, value] : {std::pair("email", "bea at home"), std::pair("name", "  ")}) {
    Json bad = {{"name", "Carl"}, {"email", "carl@example.org"}};
    bad[field] = value;
    const auto refused = try_transfer(as_service(), to_ada(reached["ticket"], bad));
    ASSERT_FALSE(refused.has_value()) << field;
    ASSERT_EQ(refused.error().detail().fields.size(), 1U) << refused.error().to_json();
    EXPECT_EQ(refused.error().detail().fields.front().field, field);
  }
}

TEST_F(TransferTest, WhoMayPassOn) {
  const Uuid other = add_event();
  const Uuid there = add_category(other, 5);
  const Json ticket = ticket_of(category_);
  EC_EXPECT_REFUSED("not_found", try_transfer(as_customer("carl@example.org"), to_ada(ticket)));
  EC_EXPECT_REFUSED("not_found", try_transfer(as_anon(), to_ada(ticket)));
  EC_EXPECT_REFUSED("not_found", try_transfer(as_user(Role::member), to_ada(ticket)));
  EC_EXPECT_REFUSED("command_denied", try_transfer(as_user(Role::manager), to_ada(ticket)));
  EC_EXPECT_OK(try_transfer(as_user(Role::admin), to_ada(ticket)));
  const Json order = sell(there, 1, "10.00", {{"event_id", to_text(other)}});
  EC_EXPECT_OK(try_transfer(as_customer("bea@example.org"), to_ada(order["tickets"][0])));
}

TEST_F(TransferTest, TheBuyerPassesOnTheTicketsOfHisFriends) {
  Json items = Json::array({{{"ticket_category_id", to_text(category_)},
                             {"quantity", 1},
                             {"attendees", {{{"name", "Carl"}, {"email", "carl@example.org"}}}}}});
  const Json ticket = sell(category_, 1, "10.00", {{"items", items}})["tickets"][0];
  EC_EXPECT_OK(try_transfer(as_customer("bea@example.org"), to_ada(ticket)));
  EXPECT_EQ(messages("carl@example.org").size(), 1U);
}

// Everything wrong at once, put right step by step: each time the first thing wrong is the answer.
TEST_F(TransferTest, ErrorsComeInTheirOrder) {
  const Json ticket = ticket_of(category_);
  set(tables::ticket_categories, category_, {{"is_transferable", false}});
  becomes(tables::tickets, ticket["id"], col::tickets::status, "used");
  becomes(tables::ticket_orders, ticket["order_id"], col::ticket_orders::payment_status, "refunded");
  const Json same = {{"name", "Bea Buyer"}, {"email", "bea@example.org"}};
  Json arguments = to_ada(ticket, {{"name", " "}, {"email", "no address"}});
  EC_EXPECT_REFUSED("invalid_argument", try_transfer(as_anon(), arguments));
  arguments["name"] = "Ada";
  EC_EXPECT_REFUSED("invalid_argument", try_transfer(as_anon(), arguments));
  arguments = to_ada(ticket, {{"name", " "}});
  EC_EXPECT_REFUSED("invalid_argument", try_transfer(as_anon(), arguments));
  arguments = to_ada(ticket, same);
  EC_EXPECT_REFUSED("not_found", try_transfer(as_anon(), arguments));
  EC_EXPECT_REFUSED("command_denied", try_transfer(as_user(Role::manager), arguments));
  EC_EXPECT_REFUSED("not_transferable", try_transfer(as_service(), arguments));
  set(tables::ticket_categories, category_, {{"is_transferable", true}});
  EC_EXPECT_REFUSED("wrong_state", try_transfer(as_service(), arguments));
  becomes(tables::tickets, ticket["id"], col::tickets::status, "valid");
  const Result<Json> not_paid = try_transfer(as_service(), arguments);
  EC_EXPECT_REFUSED("wrong_state", not_paid);
  EXPECT_NE(not_paid.error().to_json().find("unpaid"), std::string::npos);
  becomes(tables::ticket_orders, ticket["order_id"], col::ticket_orders::payment_status, "paid");
  EC_EXPECT_REFUSED("invalid_argument", try_transfer(as_service(), arguments));
  EC_EXPECT_OK(try_transfer(as_service(), to_ada(ticket)));
}

TEST_F(TransferTest, CancelledAndTransferredTicketsStayWhereTheyAre) {
  for (const char* status : {"cancelled", "transferred", "used"}) {
    const Json ticket = ticket_of(category_);
    becomes(tables::tickets, ticket["id"], col::tickets::status, status);
    EC_EXPECT_REFUSED("wrong_state", try_transfer(as_service(), to_ada(ticket)));
    EXPECT_EQ(status_of(ticket), status);
  }
  EXPECT_EQ(count(tables::ticket_transfers), 0);
}

// A long random walk of tickets from hand to hand: at every moment each place has one ticket that counts.
TEST_F(TransferTest, HoweverOftenTicketsChangeHandsEachPlaceHasOneThatCounts) {
  constexpr int places = 5;
  Json tickets = sell(category_, places, "50.00")["tickets"];
  std::uint64_t dice = 12345;
  for (int step = 0; step < 60; ++step) {
    dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto which = static_cast<std::size_t>((dice >> 33U) % places);
    const std::string to = "holder" + std::to_string(step) + "@example.org";
    const Json made = transfer(tickets[which], {{"name", "Holder"}, {"email", to}})["ticket"];
    ASSERT_TRUE(made.is_object());
    EC_EXPECT_REFUSED("wrong_state", try_transfer(as_service(), to_ada(tickets[which])));
    tickets[which] = made;
    ASSERT_EQ(left(category_), 10 - places);
    ASSERT_EQ(count(tables::tickets, Expr::equals(col::tickets::status.index, Value("valid"))), places);
  }
  for (const Json& ticket : tickets) EXPECT_EQ(scan_ticket(ticket), "admitted");
}

}  // namespace eventcore::test
