// New codes, new keys, and admissions taken back.
#include "sale.hpp"
#include "ticket/code.hpp"

namespace eventcore::test {

using policy::Role;

class TicketsTest : public SaleTest {
 protected:
  void SetUp() override {
    SaleTest::SetUp();
    clock_.set(parse_rfc3339("2026-12-01T17:00:00Z").assume_value());
  }
  Json ticket_of(const Uuid& category) { return sell(category, 1, "10.00")["tickets"][0]; }
  std::string scan_ticket(const Json& ticket, const Json& more = Json::object()) {
    Json arguments = {{"code", ticket["qr_code_data"]}};
    arguments.update(more);
    clock_.advance(1'000'000);
    return scan(arguments);
  }
  Result<Json> try_reissue(const Principal& principal, const Json& ticket) {
    return call(principal, "reissue_ticket", {{"ticket_id", ticket["id"]}});
  }
  Json reissue(const Json& ticket) { return accepted(try_reissue(as_service(), ticket))["ticket"]; }
  Result<Json> try_rotate(const Principal& principal) {
    return call(principal, "rotate_event_key", {{"event_id", to_text(event_)}});
  }
  Result<Json> try_undo(const Principal& principal, Json which) {
    if (!which.contains("reason")) which["reason"] = "scanned by mistake";
    if (which.contains("check_in_id") && principal.kind == policy::PrincipalKind::service)
      which["organization_id"] = to_text(organization_);
    return call(principal, "undo_check_in", which);
  }
  Json undo(const Json& ticket) { return accepted(try_undo(as_service(), {{"ticket_id", ticket["id"]}})); }
  void becomes(const Json& ticket, Column column, Value value) {
    EC_EXPECT_OK(engine_change(tables::tickets, id_of(ticket), {{column.index, std::move(value)}}));
  }
  std::string state_fact(const Result<Json>& refused) {
    return refused ? "" : parse_json(refused.error().to_json()).assume_value()["detail"].value("state", "");
  }
  Uuid last_scan() {
    store::Query query;
    query.table = &tables::check_ins;
    query.organization = organization_;
    query.order = {{col::check_ins::scanned_at.index, true}};
    query.limit = 1;
    Uuid id;
    EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
      EC_TRY(rows, uow.scan(query));
      id = rows.front().id();
      return Json();
    }));
    return id;
  }
  Principal gate() {
    const Json made =
        accepted(call(as_service(), "register_device", {{"event_id", to_text(event_)}, {"name", "Gate"}}));
    return device(made["device"]);
  }
};

// ---- reissue_ticket -----------------------------------------------------------------------------------------------

TEST_F(TicketsTest, AReissuedTicketHasANewCodeAndTheOldOneIsRevoked) {
  const Json first = ticket_of(category_);
  const Json second = reissue(first);
  EXPECT_EQ(second["id"], first["id"]);
  EXPECT_EQ(second["ticket_number"], first["ticket_number"]);
  EXPECT_EQ(second["code_serial"], 1);
  const Json third = reissue(first);
  EXPECT_EQ(scan_ticket(first), "revoked");
  EXPECT_EQ(scan_ticket(second), "revoked");
  EXPECT_EQ(scan_ticket(third), "admitted");
  EXPECT_EQ(scan_ticket(reissue(third)), "already_used");
  EXPECT_EQ(ticket::parse(third["qr_code_data"].get<std::string>())->code.serial, 2);
}

TEST_F(TicketsTest, AfterTheLastSerialThereIsNoFurtherCode) {
  const Json ticket = ticket_of(category_);
  becomes(ticket, col::tickets::code_serial, 65'534);
  EXPECT_EQ(reissue(ticket)["code_serial"], 65'535);
  EC_EXPECT_REFUSED("wrong_state", try_reissue(as_service(), ticket));
  EXPECT_EQ(number(tables::tickets, id_of(ticket), col::tickets::code_serial), 65'535);
}

TEST_F(TicketsTest, TicketsThatAdmitNobodyGetNoCode) {
  for (const char* status : {"cancelled", "transferred"}) {
    const Json ticket = ticket_of(category_);
    becomes(ticket, col::tickets::status, status);
    EXPECT_EQ(state_fact(try_reissue(as_service(), ticket)), status);
  }
}

TEST_F(TicketsTest, OnlyTheBoxOfficeReissues) {
  const Json ticket = ticket_of(category_);
  EC_EXPECT_REFUSED("not_found", try_reissue(as_anon(), ticket));
  EC_EXPECT_REFUSED("command_denied", try_reissue(as_customer("bea@example.org"), ticket));
  EC_EXPECT_REFUSED("command_denied", try_reissue(as_user(Role::manager), ticket));
  EC_EXPECT_REFUSED("command_denied", try_reissue(gate(), ticket));
  EC_EXPECT_OK(try_reissue(as_user(Role::admin), ticket));
}

// ---- rotate_event_key ---------------------------------------------------------------------------------------------

TEST_F(TicketsTest, CodesOfARetiredKeyAreStillGoodAndNewOnesAreOfTheNewKey) {
  const Json before = ticket_of(category_);
  const Json rotated = accepted(try_rotate(as_service()));
  EXPECT_EQ(rotated["key_id"], 2);
  EXPECT_EQ(rotated["retired_key_id"], 1);
  const Json after = ticket_of(category_);
  EXPECT_EQ(before["key_id"], 1);
  EXPECT_EQ(after["key_id"], 2);
  const Json other = ticket_of(category_);
  EXPECT_EQ(reissue(other)["key_id"], 2);
  EXPECT_EQ(scan_ticket(before), "admitted");
  EXPECT_EQ(scan_ticket(after), "admitted");
}

TEST_F(TicketsTest, AStolenOldKeySignsForNoTicketThatWasReissued) {
  const Json ticket = ticket_of(category_);
  accepted(try_rotate(as_service()));
  const Json reissued = reissue(ticket);
  ticket::TicketCode code = ticket::parse(reissued["qr_code_data"].get<std::string>())->code;
  code.key_id = 1;
  std::string stolen;
  EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
    store::Query query;
    query.table = &tables::event_keys;
    query.organization = organization_;
    query.where = Expr::equals(col::event_keys::key_id.index, Value(1));
    EC_TRY(keys, uow.scan(query));
    EC_TRY(sealed, uow.reader().open_sealed(keys.front(), col::event_keys::private_key.index));
    EC_TRY(secret, from_hex(as_text(sealed.view())));
    EC_TRY(text, ticket::sign(code, secret));
    stolen = text;
    return Json();
  }));
  EXPECT_EQ(scan_ticket(reissued, {{"code", stolen}}), "revoked");
  EXPECT_EQ(scan_ticket(reissued), "admitted");
}

TEST_F(TicketsTest, AnEventWithoutAKeyGetsItsFirst) {
  const Json rotated = accepted(try_rotate(as_service()));
  EXPECT_EQ(rotated["key_id"], 1);
  EXPECT_TRUE(rotated["retired_key_id"].is_null());
  EXPECT_EQ(ticket_of(category_)["key_id"], 1);
}

TEST_F(TicketsTest, WhoEditsTheEventRotatesItsKey) {
  EC_EXPECT_REFUSED("command_denied", try_rotate(as_user(Role::manager)));
  EC_EXPECT_REFUSED("command_denied", try_rotate(as_anon()));
  EC_EXPECT_REFUSED("command_denied", try_rotate(gate()));
  EC_EXPECT_OK(try_rotate(as_user(Role::admin)));
}

TEST_F(TicketsTest, AGateVerifiesOfflineWithTheKeysItMayRead) {
  const Json old_ticket = ticket_of(category_);
  accepted(try_rotate(as_service()));
  const Json new_ticket = ticket_of(category_);
  std::vector<Json> keys;
  EC_EXPECT_OK(run(gate(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
    work::ListRequest request;
    request.table = &tables::event_keys;
    EC_TRY(page, uow.list(request));
    for (const std::string& row : page.rows) keys.push_back(parse_json(row).assume_value());
    return Json();
  }));
  ASSERT_EQ(keys.size(), 2U);
  std::map<std::int64_t, ticket::PublicKey> by_number;
  int retired = 0;
  for (const Json& key : keys) {
    EXPECT_EQ(key.size(), 3U) << dump(key);
    const Bytes bytes = from_hex(key["public_key"].get<std::string>()).assume_value();
    std::copy(bytes.begin(), bytes.end(), by_number[key["key_id"].get<std::int64_t>()].begin());
    retired += key["retired_at"].is_null() ? 0 : 1;
  }
  EXPECT_EQ(retired, 1);
  for (const Json& ticket : {old_ticket, new_ticket}) {
    const auto code = ticket::parse(ticket["qr_code_data"].get<std::string>());
    ASSERT_TRUE(code.has_value());
    EXPECT_TRUE(ticket::verify(*code, by_number.at(code->code.key_id)));
  }
}

// ---- undo_check_in ------------------------------------------------------------------------------------------------

TEST_F(TicketsTest, AnUndoneAdmissionMakesTheTicketValidAndItAdmitsAgain) {
  const Json ticket = ticket_of(category_);
  EXPECT_EQ(scan_ticket(ticket), "admitted");
  const Json reply = undo(ticket);
  EXPECT_EQ(reply["ticket"]["status"], "valid");
  EXPECT_TRUE(reply["ticket"]["check_in_time"].is_null());
  EXPECT_EQ(reply["check_in"]["undone_at"], format_rfc3339(clock_.now_us()));
  EXPECT_EQ(reply["check_in"]["reason"], "scanned by mistake");
  const Expr audited = Expr::all_of({Expr::equals(col::audit_logs::command.index, Value("undo_check_in")),
                                     Expr::equals(col::audit_logs::table_name.index, Value("check_ins"))});
  EXPECT_EQ(count(tables::audit_logs, audited), 1);
  EXPECT_EQ(scan_ticket(ticket), "admitted");
  EXPECT_EQ(scan_ticket(ticket), "already_used");
}

TEST_F(TicketsTest, WhatWasNotAdmittedIsNotUndone) {
  const Json ticket = ticket_of(category_);
  EXPECT_EQ(state_fact(try_undo(as_service(), {{"ticket_id", ticket["id"]}})), "valid");
  scan_ticket(ticket);
  const Uuid admitted = last_scan();
  EXPECT_EQ(scan_ticket(ticket), "already_used");
  const Uuid refused = last_scan();
  EXPECT_EQ(state_fact(try_undo(as_service(), {{"check_in_id", to_text(refused)}})), "already_used");
  EC_EXPECT_OK(try_undo(as_service(), {{"check_in_id", to_text(admitted)}}));
  EXPECT_EQ(state_fact(try_undo(as_service(), {{"check_in_id", to_text(admitted)}})), "undone");
  EC_EXPECT_REFUSED("wrong_state", try_undo(as_service(), {{"ticket_id", ticket["id"]}}));
  scan({{"code", "NONSENSE"}});
  EXPECT_EQ(scan({{"ticket_number", "0000000000000"}}), "unknown");
}

TEST_F(TicketsTest, AScanThatFoundNoTicketIsNotUndone) {
  scan({{"code", "NONSENSE"}});
  const Uuid forged = last_scan();
  EXPECT_EQ(state_fact(try_undo(as_service(), {{"check_in_id", to_text(forged)}})), "forged");
  EC_EXPECT_REFUSED("command_denied", try_undo(as_user(Role::manager), {{"check_in_id", to_text(forged)}}));
}

TEST_F(TicketsTest, MovementsAreUndoneLastFirst) {
  set(tables::events, event_, {{"settings", {{"check_in", {{"reentry", true}}}}}});
  const Json ticket = ticket_of(category_);
  const Json out = {{"direction", "out"}};
  EXPECT_EQ(scan_ticket(ticket), "admitted");
  const Uuid entry = last_scan();
  EXPECT_EQ(scan_ticket(ticket, out), "admitted");
  EXPECT_EQ(state_fact(try_undo(as_service(), {{"check_in_id", to_text(entry)}})), "followed");
  EXPECT_EQ(undo(ticket)["ticket"]["status"], "used") << "the way out was undone: the holder is inside";
  EXPECT_EQ(scan_ticket(ticket), "already_used");
  EXPECT_EQ(scan_ticket(ticket, out), "admitted");
  EXPECT_EQ(scan_ticket(ticket), "admitted") << "came back";
  EXPECT_EQ(undo(ticket)["ticket"]["status"], "used");
  EXPECT_EQ(scan_ticket(ticket), "admitted") << "came back again";
  for (int left = 3; left > 0; --left)
    EXPECT_EQ(undo(ticket)["ticket"]["status"], left == 1 ? "valid" : "used") << left;
  EC_EXPECT_REFUSED("wrong_state", try_undo(as_service(), {{"ticket_id", ticket["id"]}}));
}

TEST_F(TicketsTest, ATicketImportedAsUsedBecomesValid) {
  const Uuid ticket = add_ticket(add_order(event_), category_, "used");
  const Json reply = accepted(try_undo(as_service(), {{"ticket_id", to_text(ticket)}}));
  EXPECT_EQ(reply["ticket"]["status"], "valid");
  EXPECT_TRUE(reply["check_in"].is_null());
}

TEST_F(TicketsTest, UndoingNeedsOneNameAndAReason) {
  const Json ticket = ticket_of(category_);
  EC_EXPECT_REFUSED("invalid_argument", try_undo(as_anon(), Json::object()));
  EC_EXPECT_REFUSED("invalid_argument", try_undo(as_anon(), {{"ticket_id", ticket["id"]}, {"reason", ""}}));
  EC_EXPECT_REFUSED("not_found", try_undo(as_anon(), {{"ticket_id", ticket["id"]}}));
  EC_EXPECT_REFUSED("command_denied", try_undo(as_customer("bea@example.org"), {{"ticket_id", ticket["id"]}}));
  EC_EXPECT_REFUSED("command_denied", try_undo(gate(), {{"ticket_id", ticket["id"]}}));
  EC_EXPECT_REFUSED("command_denied", try_undo(as_user(Role::manager), {{"ticket_id", ticket["id"]}}));
  EC_EXPECT_REFUSED("wrong_state", try_undo(as_user(Role::admin), {{"ticket_id", ticket["id"]}}));
}

}  // namespace eventcore::test
