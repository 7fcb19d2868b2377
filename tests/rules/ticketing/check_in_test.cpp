// The gate: every outcome constructed, in the documented order, and that no ticket admits twice.
#include <atomic>
#include <set>
#include <thread>

#include "sale.hpp"
#include "ticket/code.hpp"

namespace eventcore::test {

using policy::Role;

class CheckInTest : public SaleTest {
 protected:
  void SetUp() override {
    SaleTest::SetUp();
    clock_.set(parse_rfc3339("2026-12-01T17:00:00Z").assume_value());
  }
  Json ticket_of(const Uuid& category) { return sell(category, 1, "10.00")["tickets"][0]; }
  static Json code_of(const Json& ticket) { return {{"code", ticket["qr_code_data"]}}; }
  Json register_at(const Json& gate) {
    Json arguments = {{"event_id", to_text(event_)}, {"name", "Scanner"}};
    if (!gate.is_null()) arguments["gate"] = gate;
    return accepted(call(as_service(), "register_device", arguments))["device"];
  }
  void order_becomes(const Json& ticket, const std::string& payment_status) {
    const Uuid order = parse_uuid(ticket["order_id"].get<std::string>()).assume_value();
    const Changes changes{{col::ticket_orders::payment_status.index, payment_status}};
    EC_EXPECT_OK(engine_change(tables::ticket_orders, order, changes));
  }
  void ticket_becomes(const Json& ticket, Column column, Value value) {
    EC_EXPECT_OK(engine_change(tables::tickets, id_of(ticket), {{column.index, std::move(value)}}));
  }
};

TEST_F(CheckInTest, AValidTicketIsAdmittedOnceAndSaysWhenBefore) {
  const Json ticket = ticket_of(category_);
  const Json first = check_in({{"code", ticket["qr_code_data"]}, {"gate", "North"}});
  EXPECT_EQ(first["outcome"], "admitted");
  EXPECT_EQ(first["ticket"]["status"], "used");
  EXPECT_TRUE(first["previous"].is_null());
  const std::string at = format_rfc3339(clock_.now_us());
  clock_.advance(minute_us);
  const Json second = check_in(code_of(ticket));
  EXPECT_EQ(second["outcome"], "already_used");
  EXPECT_EQ(second["previous"]["time"], at);
  EXPECT_EQ(second["previous"]["gate"], "North");
  EXPECT_EQ(count(tables::check_ins), 2);
}

TEST_F(CheckInTest, EveryScanIsKeptWithADigestAndNeverTheText) {
  scan({{"code", "NONSENSE"}});
  namespace s = col::check_ins;
  const Expr kept = Expr::all_of({Expr::equals(s::outcome.index, "forged"), Expr::is_null(s::ticket_id.index),
                                  Expr::negate(Expr::is_null(s::code_digest.index))});
  EXPECT_EQ(count(tables::check_ins, kept), 1);
}

TEST_F(CheckInTest, D2ARefusedScanIsKeptUnderItsEventGateDeviceAndTicket) {
  const Uuid gated = add_category(event_, 5, {{"gates", {"North"}}});
  const Json ticket = ticket_of(gated);
  const Principal south = device(register_at("South"));
  accepted(call(south, "check_in", {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}}));
  clock_.set(parse_rfc3339("2026-12-05T12:00:00Z").assume_value());
  EXPECT_EQ(scan({{"code", ticket["qr_code_data"]}, {"gate", "North"}}), "expired");
  namespace s = col::check_ins;
  const auto kept = [&](const char* outcome, const char* gate, const Value& by) {
    return count(tables::check_ins,
                 Expr::all_of({Expr::equals(s::outcome.index, outcome), Expr::equals(s::event_id.index, event_),
                               Expr::equals(s::gate.index, gate), Expr::equals(s::ticket_id.index, id_of(ticket)),
                               by.is_null() ? Expr::is_null(s::device_id.index) : Expr::equals(s::device_id.index, by),
                               Expr::equals(s::direction.index, "in")}));
  };
  EXPECT_EQ(kept("wrong_gate", "South", Value(south.id)), 1);
  EXPECT_EQ(kept("expired", "North", Value()), 1);
}

TEST_F(CheckInTest, ACodeOfAnotherEventIsTestedNoFurther) {
  const Uuid other = add_event();
  const Uuid there = add_category(other, 5);
  const Json ticket = sell(there, 1, "10.00", {{"event_id", to_text(other)}})["tickets"][0];
  const Json answer = check_in(code_of(ticket));
  EXPECT_EQ(answer["outcome"], "wrong_event");
  EXPECT_TRUE(answer["ticket"].is_null());
  EXPECT_EQ(scan({{"ticket_number", ticket["ticket_number"]}}), "unknown");
}

TEST_F(CheckInTest, OnlyTheEventsOwnKeysSign) {
  const Json ticket = ticket_of(category_);
  SeededRandom random(7);
  const ticket::KeyPair forger = ticket::make_key_pair(random);
  ticket::TicketCode code = ticket::parse(ticket["qr_code_data"].get<std::string>())->code;
  EXPECT_EQ(scan({{"code", ticket::sign(code, forger.secret_key.view()).assume_value()}}), "forged");
  code.key_id = 9;
  EXPECT_EQ(scan({{"code", ticket::sign(code, forger.secret_key.view()).assume_value()}}), "forged");
  std::string lower = ticket["qr_code_data"].get<std::string>();
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  EXPECT_EQ(scan({{"code", lower}}), "forged");
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
}

// A ticket in the worst state of all, put right step by step: each time the first thing wrong is the answer.
TEST_F(CheckInTest, OutcomesComeInTheDocumentedOrder) {
  const Uuid gated = add_category(event_, 5, {{"gates", {"North"}}});
  const Json ticket = ticket_of(gated);
  ticket_becomes(ticket, col::tickets::code_serial, 1);
  order_becomes(ticket, "refunded");
  clock_.set(parse_rfc3339("2026-11-30T17:59:59Z").assume_value());
  EXPECT_EQ(scan(code_of(ticket)), "revoked");
  ticket_becomes(ticket, col::tickets::code_serial, 0);
  EXPECT_EQ(scan(code_of(ticket)), "unpaid");
  order_becomes(ticket, "paid");
  EXPECT_EQ(scan(code_of(ticket)), "wrong_gate");
  const Json north = {{"code", ticket["qr_code_data"]}, {"gate", "North"}};
  EXPECT_EQ(scan({{"code", ticket["qr_code_data"]}, {"gate", "South"}}), "wrong_gate");
  EXPECT_EQ(scan(north), "not_yet_valid");
  clock_.set(parse_rfc3339("2026-12-02T05:00:01Z").assume_value());
  EXPECT_EQ(scan(north), "expired");
  clock_.set(parse_rfc3339("2026-12-02T05:00:00Z").assume_value());
  EXPECT_EQ(scan(north), "admitted");
  EXPECT_EQ(scan(north), "already_used");
}

TEST_F(CheckInTest, TransferredAndCancelledTicketsSayWhichTheyAre) {
  const Json passed_on = ticket_of(category_);
  ticket_becomes(passed_on, col::tickets::status, "transferred");
  EXPECT_EQ(scan(code_of(passed_on)), "transferred");
  const Json cancelled = ticket_of(category_);
  order_becomes(cancelled, "refunded");
  ticket_becomes(cancelled, col::tickets::status, "cancelled");
  EXPECT_EQ(scan(code_of(cancelled)), "cancelled");
  order_becomes(cancelled, "paid");  // as its payments say
}

TEST_F(CheckInTest, ATicketsOwnWindowComesBeforeItsCategorys) {
  const Json all_day = {{"valid_from", "2026-12-01T00:00:00Z"}, {"valid_until", "2026-12-01T23:00:00Z"}};
  const Json ticket = ticket_of(add_category(event_, 5, all_day));
  const auto at = [](const char* time) { return Value(parse_rfc3339(time).assume_value()); };
  ticket_becomes(ticket, col::tickets::valid_from, at("2026-12-01T17:00:01Z"));
  EXPECT_EQ(scan(code_of(ticket)), "not_yet_valid");
  ticket_becomes(ticket, col::tickets::valid_until, at("2026-12-01T17:00:02Z"));
  clock_.set(parse_rfc3339("2026-12-01T17:00:03Z").assume_value());
  EXPECT_EQ(scan(code_of(ticket)), "expired");
  ticket_becomes(ticket, col::tickets::valid_until, Value());
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
}

TEST_F(CheckInTest, ATypedNumberFindsTheTicketHoweverItIsSpelled) {
  const std::string number = ticket_of(category_)["ticket_number"].get<std::string>();
  EXPECT_EQ(scan({{"ticket_number", "0000000000000"}}), "unknown");
  std::string spelled = " " + number.substr(0, 6) + "-" + number.substr(6);
  for (char& c : spelled) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  EXPECT_EQ(scan({{"ticket_number", spelled}}), "admitted");
}

TEST_F(CheckInTest, TheSameNonceAnswersTheSameAndAdmitsOnce) {
  const Json ticket = ticket_of(category_);
  const Json with_nonce = {{"code", ticket["qr_code_data"]}, {"nonce", "scan-1"}, {"gate", "North"}};
  const Json first = check_in(with_nonce);
  const Json again = check_in(with_nonce);
  EXPECT_EQ(first, again);
  EXPECT_EQ(count(tables::check_ins), 1);
  const Json later = check_in({{"code", ticket["qr_code_data"]}, {"nonce", "scan-2"}});
  EXPECT_EQ(later["outcome"], "already_used");
  EXPECT_EQ(check_in({{"code", ticket["qr_code_data"]}, {"nonce", "scan-2"}}), later);
  const Json other = {{"event_id", to_text(event_)}, {"code", "OTHER"}, {"nonce", "scan-1"}};
  EC_EXPECT_REFUSED("idempotency_mismatch", call(as_service(), "check_in", other));
}

TEST_F(CheckInTest, ANonceStandsForOneScanInOneDirectionAndForARefusedOneToo) {
  const Json ticket = ticket_of(category_);
  const Json in = {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}, {"nonce", "scan-1"}};
  EXPECT_EQ(check_in(in)["outcome"], "admitted");
  Json out = in;
  out["direction"] = "out";
  EC_EXPECT_REFUSED("idempotency_mismatch", call(as_service(), "check_in", out));
  const Json nonsense = {{"code", "NONSENSE"}, {"nonce", "scan-2"}};
  const Json refused = check_in(nonsense);
  EXPECT_EQ(refused["outcome"], "forged");
  EXPECT_EQ(check_in(nonsense), refused);
  std::string long_one;  // 128 characters in 256 bytes
  for (int i = 0; i < 128; ++i) long_one += "\u00FC";
  for (const std::string& nonce : {std::string(), long_one}) {
    Json bad = in;
    bad["nonce"] = nonce;
    bad["ticket_number"] = ticket["ticket_number"];
    const auto answer = call(as_service(), "check_in", bad);
    EC_EXPECT_REFUSED("invalid_argument", answer);
    EXPECT_EQ(answer.error().detail().fields.size(), 3U) << "code, ticket_number and nonce at once";
  }
  EXPECT_EQ(count(tables::check_ins), 2);
  EXPECT_EQ(scan({{"code", ticket["qr_code_data"]}, {"nonce", long_one.substr(2)}}), "already_used");
}

TEST_F(CheckInTest, ADeviceOfAGateScansThereAndNowhereElse) {
  const Json ticket = ticket_of(category_);
  const Principal south = device(register_at("South"));
  const auto scan_at = [&](const Principal& who, const Json& gate) {
    Json arguments = {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}};
    if (!gate.is_null()) arguments["gate"] = gate;
    return call(who, "check_in", arguments);
  };
  EC_EXPECT_REFUSED("command_denied", scan_at(south, "North"));
  EXPECT_EQ(count(tables::check_ins), 0);
  EXPECT_EQ(accepted(scan_at(south, "South"))["outcome"], "admitted");
  EXPECT_EQ(accepted(scan_at(south, nullptr))["previous"]["gate"], "South");
  const Principal anywhere = device(register_at(nullptr));
  EXPECT_EQ(accepted(scan_at(anywhere, "North"))["outcome"], "already_used");
  namespace s = col::check_ins;
  EXPECT_EQ(count(tables::check_ins, Expr::equals(s::gate.index, "South")), 2);
  EXPECT_EQ(count(tables::check_ins, Expr::equals(s::gate.index, "North")), 1);
}

TEST_F(CheckInTest, WhoWentOutComesBackOnlyWhereReentryIsAllowed) {
  const Json ticket = ticket_of(category_);
  const Json out = {{"code", ticket["qr_code_data"]}, {"direction", "out"}};
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
  EXPECT_EQ(scan(out), "admitted");
  EXPECT_EQ(row(tables::tickets, id_of(ticket))[col::tickets::status].text(), "used");
  EXPECT_EQ(scan(code_of(ticket)), "already_used");
  set(tables::events, event_, {{"settings", {{"check_in", {{"reentry", true}}}}}});
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
  EXPECT_EQ(scan(code_of(ticket)), "already_used");
}

TEST_F(CheckInTest, OneWayOutLetsInOnceThoughTheClockWasSetBack) {
  set(tables::events, event_, {{"settings", {{"check_in", {{"reentry", true}}}}}});
  const Json ticket = ticket_of(category_);
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
  clock_.advance(minute_us);
  EXPECT_EQ(scan({{"code", ticket["qr_code_data"]}, {"direction", "out"}}), "admitted");
  clock_.advance(-minute_us / 2);
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
  EXPECT_EQ(scan(code_of(ticket)), "already_used");
  const Json undone = accepted(
      call(as_service(), "undo_check_in", {{"ticket_id", ticket["id"]}, {"reason", "taken for somebody else"}}));
  EXPECT_EQ(undone["check_in"]["direction"], "in") << "the last one kept, not the one with the latest time";
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
}

TEST_F(CheckInTest, DevicesStandAtTheirGateAndSeeLittle) {
  const Uuid gated = add_category(event_, 5, {{"gates", {"North"}}});
  const Json ticket = ticket_of(gated);
  const Principal south = device(register_at("South"));
  const Principal north = device(register_at("North"));
  const Json arguments = {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}};
  EXPECT_EQ(accepted(call(south, "check_in", arguments))["outcome"], "wrong_gate");
  Json elsewhere = arguments;
  elsewhere["gate"] = "North";
  EC_EXPECT_REFUSED("command_denied", call(south, "check_in", elsewhere));
  const Json admitted = accepted(call(north, "check_in", arguments));
  EXPECT_EQ(admitted["outcome"], "admitted");
  EXPECT_TRUE(admitted["ticket"].contains("attendee_name"));
  EXPECT_FALSE(admitted["ticket"].contains("attendee_email"));
  EXPECT_FALSE(admitted["ticket"].contains("qr_code_data"));
  const Json again = accepted(call(north, "check_in", arguments));
  EXPECT_EQ(again["previous"]["device"], to_text(north.id));
  Json other = arguments;
  other["event_id"] = to_text(add_event());
  EC_EXPECT_REFUSED("not_found", call(north, "check_in", other));
}

TEST_F(CheckInTest, OnlyTheGateAndTheBoxOfficeCheckIn) {
  const Json ticket = ticket_of(category_);
  const Json arguments = {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}};
  EC_EXPECT_REFUSED("command_denied", call(as_customer("bea@example.org"), "check_in", arguments));
  EC_EXPECT_REFUSED("command_denied", call(as_anon(), "check_in", arguments));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::member), "check_in", arguments));
  EXPECT_EQ(accepted(call(as_user(Role::admin), "check_in", arguments))["outcome"], "admitted");
  EC_EXPECT_REFUSED("invalid_argument", call(as_service(), "check_in", {{"event_id", to_text(event_)}}));
}

// The whole list of outcomes on one ticket: all that can be wrong at once is put right from the first to the last.
TEST_F(CheckInTest, EveryOutcomeGivesWayToTheNextInTheDocumentedOrder) {
  const Uuid gated = add_category(event_, 5, {{"gates", {"North"}}});
  const Json ticket = ticket_of(gated);
  const auto code = ticket["qr_code_data"].get<std::string>();
  ticket::TicketCode parts = ticket::parse(code)->code;
  SeededRandom random(7);
  const ticket::KeyPair forger = ticket::make_key_pair(random);
  parts.event_id = add_event();
  const std::string foreign = ticket::sign(parts, forger.secret_key.view()).assume_value();
  EXPECT_EQ(scan({{"code", foreign + "A"}}), "forged") << "not canonical comes before anything else";
  EXPECT_EQ(scan({{"code", foreign}}), "wrong_event") << "and the event before the signature";
  parts.event_id = event_;
  parts.ticket_id = event_;
  EXPECT_EQ(scan({{"code", ticket::sign(parts, forger.secret_key.view()).assume_value()}}), "forged")
      << "the signature before the ticket";
  clock_.set(parse_rfc3339("2026-11-30T17:59:59Z").assume_value());
  for (const char* status : {"transferred", "cancelled"}) {
    const Json gone = ticket_of(gated);
    ticket_becomes(gone, col::tickets::code_serial, 1);
    ticket_becomes(gone, col::tickets::status, status);
    order_becomes(gone, "refunded");
    EXPECT_EQ(scan(code_of(gone)), "revoked");
    ticket_becomes(gone, col::tickets::code_serial, 0);
    EXPECT_EQ(scan(code_of(gone)), status);
    order_becomes(gone, "paid");  // as its payments say
  }
  ticket_becomes(ticket, col::tickets::status, "used");
  order_becomes(ticket, "refunded");
  EXPECT_EQ(scan({{"code", code}}), "unpaid");
  order_becomes(ticket, "paid");
  EXPECT_EQ(scan({{"code", code}}), "wrong_gate");
  const Json north = {{"code", code}, {"gate", "North"}};
  EXPECT_EQ(scan(north), "not_yet_valid");
  clock_.set(parse_rfc3339("2026-12-02T05:00:01Z").assume_value());
  EXPECT_EQ(scan(north), "expired");
  clock_.set(parse_rfc3339("2026-12-02T05:00:00Z").assume_value());
  EXPECT_EQ(scan(north), "already_used");
  ticket_becomes(ticket, col::tickets::status, "valid");
  EXPECT_EQ(scan(north), "admitted");
}

TEST_F(CheckInTest, ATicketThatIsGoneIsUnknownThoughItsCodeIsGenuine) {
  const Json ticket = ticket_of(category_);
  EC_EXPECT_OK(engine_erase(tables::tickets, id_of(ticket)));
  EXPECT_EQ(scan(code_of(ticket)), "unknown");
  EXPECT_EQ(scan({{"ticket_number", ticket["ticket_number"]}}), "unknown");
}

TEST_F(CheckInTest, MoneyThatWasCalledBackIsUnpaidEvenWhenOnlyPartOfIt) {
  const Json order = sell(category_, 2, "20.00");
  add(tables::order_payments, {{"order_id", order["order"]["id"]},
                               {"kind", "chargeback"},
                               {"status", "succeeded"},
                               {"amount", "5.00"},
                               {"currency", "USD"},
                               {"provider", "stripe"},
                               {"reference", "dp_1"}});
  order_becomes(order["tickets"][0], "partially_refunded");
  EXPECT_EQ(scan(code_of(order["tickets"][0])), "unpaid");
  const Json refunded = ticket_of(category_);
  add(tables::order_payments, {{"order_id", refunded["order_id"]},
                               {"kind", "refund"},
                               {"status", "succeeded"},
                               {"amount", "4.00"},
                               {"currency", "USD"}});
  EXPECT_EQ(scan(code_of(refunded)), "admitted");
}

TEST_F(CheckInTest, AWayOutChangesNoTicket) {
  const Json ticket = ticket_of(category_);
  const Json out = {{"code", ticket["qr_code_data"]}, {"direction", "out"}};
  EXPECT_EQ(scan(out), "admitted");
  EXPECT_EQ(row(tables::tickets, id_of(ticket))[col::tickets::status].text(), "valid");
  clock_.advance(1'000'000);
  EXPECT_EQ(scan(code_of(ticket)), "admitted");
}

TEST_F(CheckInTest, ANonceAnswersTheSameAfterAllThatHappenedSince) {
  const Json ticket = ticket_of(category_);
  const Json first = {{"code", ticket["qr_code_data"]}, {"nonce", "first"}, {"gate", "North"}};
  const Json second = {{"code", ticket["qr_code_data"]}, {"nonce", "second"}};
  const Json admitted = check_in(first);
  clock_.advance(minute_us);
  const Json refused = check_in(second);
  EXPECT_EQ(refused["outcome"], "already_used");
  clock_.advance(minute_us);
  accepted(call(as_service(), "undo_check_in", {{"ticket_id", ticket["id"]}, {"reason", "slipped"}}));
  for (const char* same : {"outcome", "message", "previous"}) {
    EXPECT_EQ(check_in(first)[same], admitted[same]) << same;
    EXPECT_EQ(check_in(second)[same], refused[same]) << same;
  }
  EXPECT_EQ(row(tables::tickets, id_of(ticket))[col::tickets::status].text(), "valid");
}

TEST_F(CheckInTest, ATicketImportedAsUsedSaysSinceWhenHoweverOftenAsked) {
  const Uuid id = add_ticket(add_order(event_), category_, "used");
  const Changes at{{col::tickets::check_in_time.index, Value(clock_.now_us() - hour_us)}};
  EC_EXPECT_OK(engine_change(tables::tickets, id, at));
  const std::string number = row(tables::tickets, id)[col::tickets::ticket_number].text();
  const Json arguments = {{"ticket_number", number}, {"nonce", "n"}};
  const Json answer = check_in(arguments);
  EXPECT_EQ(answer["outcome"], "already_used");
  EXPECT_EQ(answer["previous"]["time"], format_rfc3339(clock_.now_us() - hour_us));
  EXPECT_EQ(check_in(arguments), answer);
}

TEST_F(CheckInTest, RefusedScansKeepADigestOfWhatWasTypedToo) {
  scan({{"ticket_number", "0000000000000"}});
  scan({{"ticket_number", "0000-0000-00000"}});
  scan({{"code", "0000000000000"}});
  std::set<Bytes> digests;
  store::Query query;
  query.table = &tables::check_ins;
  query.organization = organization_;
  EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
    EC_TRY(rows, uow.scan(query));
    for (const Record& kept : rows) digests.insert(kept[col::check_ins::code_digest].bytes());
    return Json();
  }));
  EXPECT_EQ(digests.size(), 2U) << "the same number however typed, and never the same as a code";
}

TEST_F(CheckInTest, D8SixtyFourThreadsOnOneTicketAdmitExactlyOne) {
  const Json ticket = ticket_of(category_);
  std::atomic<int> admitted{0};
  std::atomic<int> used{0};
  std::vector<std::thread> gates;
  for (int gate = 0; gate < 64; ++gate) {
    gates.emplace_back([&] {
      const Json arguments = {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}};
      const auto result = call(as_service(), "check_in", arguments);
      if (!result) return;
      if (result.assume_value()["outcome"] == "admitted") ++admitted;
      if (result.assume_value()["outcome"] == "already_used") ++used;
    });
  }
  for (std::thread& gate : gates) gate.join();
  EXPECT_EQ(admitted, 1);
  EXPECT_EQ(used, 63);
  EXPECT_EQ(count(tables::check_ins), 64);
}

TEST_F(CheckInTest, Inventory25TwoScansAtOnceAdmitExactlyOne) {
  const Json ticket = ticket_of(category_);
  std::atomic<int> admitted{0};
  std::atomic<int> used{0};
  std::vector<std::thread> gates;
  for (int gate = 0; gate < 8; ++gate) {
    gates.emplace_back([&] {
      const Json arguments = {{"event_id", to_text(event_)}, {"code", ticket["qr_code_data"]}};
      const auto result = call(as_service(), "check_in", arguments);
      if (!result) return;
      if (result.assume_value()["outcome"] == "admitted") ++admitted;
      if (result.assume_value()["outcome"] == "already_used") ++used;
    });
  }
  for (std::thread& gate : gates) gate.join();
  EXPECT_EQ(admitted, 1);
  EXPECT_EQ(used, 7);
}

TEST_F(CheckInTest, AHolderGetsHisCodeAsAPicture) {
  const Json ticket = ticket_of(category_);
  const Json arguments = {{"ticket_id", ticket["id"]}};
  const Json picture = accepted(call(as_customer("bea@example.org"), "ticket_qr", arguments));
  EXPECT_EQ(picture["code"], ticket["qr_code_data"]);
  EXPECT_NE(picture["svg"].get<std::string>().find("<svg"), std::string::npos);
  EXPECT_EQ(picture["png"].get<std::string>().substr(0, 11), "iVBORw0KGgo");
  EC_EXPECT_REFUSED("not_found", call(as_customer("carl@example.org"), "ticket_qr", arguments));
  EC_EXPECT_OK(call(as_user(Role::admin), "ticket_qr", arguments));
  ticket_becomes(ticket, col::tickets::status, "cancelled");
  EC_EXPECT_REFUSED("wrong_state", call(as_service(), "ticket_qr", arguments));
}

TEST_F(CheckInTest, CodesCarryTheWindowOfTheirCategoryOrOfTheEvent) {
  const auto until_of = [](const Json& ticket) {
    const auto code = ticket::parse(ticket["qr_code_data"].get<std::string>());
    EXPECT_TRUE(code.has_value());
    return format_rfc3339(static_cast<Micros>(code->code.valid_until) * 1'000'000);
  };
  const Json ticket = ticket_of(category_);
  EXPECT_TRUE(ticket["valid_from"].is_null()) << "the event's own, wherever it moves to";
  EXPECT_EQ(until_of(ticket), "2026-12-02T05:00:00Z");
  const Json window = {{"valid_from", "2026-12-01T16:00:00Z"}, {"valid_until", "2026-12-01T20:00:00Z"}};
  const Json other = ticket_of(add_category(event_, 5, window));
  EXPECT_TRUE(other["valid_until"].is_null());
  EXPECT_EQ(until_of(other), "2026-12-01T20:00:00Z");
  EXPECT_EQ(count(tables::event_keys), 1);
}

TEST_F(CheckInTest, AnEventThatMovesTakesItsSoldTicketsAlong) {
  const Json ticket = ticket_of(category_);
  set(tables::events, event_, {{"start_datetime", "2027-03-01T18:00:00Z"}, {"end_datetime", "2027-03-01T23:00:00Z"}});
  EXPECT_EQ(check_in(code_of(ticket))["outcome"], "not_yet_valid");
  clock_.set(parse_rfc3339("2027-03-01T17:00:00Z").assume_value());
  EXPECT_EQ(check_in(code_of(ticket))["outcome"], "admitted");
}

}  // namespace eventcore::test
