// A right that is lost is lost from the next call on, for whoever holds a session, a cursor or a place in the feed:
// open sessions and changes of rights interleaved at random, every answer compared with a plain model of who may what
// now.
#include <random>

#include "api/engine_fixture.hpp"
#include "api/signed_token.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

namespace eventcore::test {
namespace {

constexpr int steps = 600;
const std::string secret = "0123456789abcdef0123456789abcdef";

// What the model knows of a principal; times in microseconds.
struct Standing {
  std::string kind;          // user, key, device, sponsor
  std::string row{};         // its users, api_keys or devices row
  int role = 0;              // user: 0 guest ... 3 admin
  bool active = true;        // user: is_active; key, device: not revoked
  bool assigned = false;     // user: an open assignment to the event
  std::string last_day{};    // ... and the last day on which it counts, YYYY-MM-DD; empty: open
  std::string assignment{};  // its row
  Micros expires_at = 0;     // key, token of a user; 0: never
  bool sponsors = true;      // sponsor: the contract is not cancelled
};

constexpr const char* role_names[] = {"guest", "member", "manager", "admin"};

class LostRightsTest : public EngineTest {
 protected:
  policy::JwtConfig jwt() const override {
    policy::JwtConfig jwt;
    jwt.algorithm = policy::JwtAlgorithm::hs256;
    jwt.key = SecretBytes::copy_of(as_bytes(secret));
    return jwt;
  }
  void SetUp() override {
    EngineTest::SetUp();
    event_ = new_event(
        {{"is_public", false}, {"start_datetime", "2027-06-01T18:00:00Z"}, {"end_datetime", "2027-06-01T23:00:00Z"}});
    for (int i = 0; i < 5; ++i) last_venue_ = new_venue("Hall " + std::to_string(i));
    random_engine_.seed(testing::seed());
  }

  bool valid(const Standing& s) const {
    if (!s.active) return false;
    return s.expires_at == 0 || now_ < s.expires_at;
  }
  std::string day(int from_today) const { return format_rfc3339(now_ + from_today * day_us).substr(0, 10); }
  bool is_assigned(const Standing& s) const { return s.assigned && (s.last_day.empty() || day(0) <= s.last_day); }
  // org_member; key(events:read); a device sees no venue.
  bool sees_venues(const Standing& s) const {
    return valid(s) && ((s.kind == "user" && s.role >= 1) || s.kind == "key");
  }
  // org_manager; key(events)
  bool changes_venues(const Standing& s) const {
    return valid(s) && ((s.kind == "user" && s.role >= 2) || s.kind == "key");
  }
  // event_reader; every key of the organization; the event's device; its sponsors
  bool sees_event(const Standing& s) const {
    if (s.kind == "sponsor") return valid(s) && s.sponsors;
    return valid(s) && (s.kind != "user" || s.role >= 2 || is_assigned(s));
  }
  // event_editor: admin, or assigned as event_director and no guest
  bool changes_event(const Standing& s) const {
    if (!valid(s)) return false;
    if (s.kind == "key") return true;
    return s.kind == "user" && (s.role >= 3 || (s.role >= 1 && is_assigned(s)));
  }

  int draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_engine_); }
  void set_time(Micros now) {
    now_ = now;
    ASSERT_TRUE(core_->set_clock(now).has_value());
  }

  Standing new_standing_user() {
    Standing s{.kind = "user"};
    s.row = new_user("member");
    s.role = 1;
    return s;
  }
  Standing new_standing_key(std::string& token) {
    Standing s{.kind = "key"};
    s.expires_at = now_ + (5 + draw(60)) * minute_us;
    const Json made = accepted(
        owner().call("create_api_key",
                     {{"name", "Key"}, {"permissions", {"events"}}, {"expires_at", format_rfc3339(s.expires_at)}}));
    s.row = made["api_key"]["id"];
    token = made["token"];
    return s;
  }

  // One change of somebody's rights, told to the model and made in the store.
  void change_rights(Standing& s) {
    Caller admin = owner();
    if (s.kind == "key") {
      if (draw(3) == 0) {
        EC_EXPECT_OK(admin.call("revoke_api_key", {{"api_key_id", s.row}}));
        s.active = false;
      }
      return;
    }
    if (s.kind == "sponsor") {
      if (draw(3) != 0) return;
      if (s.sponsors) {
        EC_EXPECT_OK(admin.update("sponsors", s.row, {{"contract_status", "cancelled"}}));
        s.sponsors = false;
      } else if (s.active) {
        EC_EXPECT_OK(admin.remove("sponsors", s.row));
        s.active = false;
      }
      return;
    }
    if (s.kind == "device") {
      if (draw(3) == 0) {
        EC_EXPECT_OK(admin.call("revoke_device", {{"device_id", s.row}}));
        s.active = false;
      }
      return;
    }
    switch (draw(4)) {
      case 0:
        s.role = draw(4);
        EC_EXPECT_OK(admin.update("users", s.row, {{"role", role_names[s.role]}}));
        break;
      case 1:
        s.active = !s.active;
        EC_EXPECT_OK(admin.update("users", s.row, {{"is_active", s.active}}));
        break;
      case 2:
        if (!s.active) break;  // nobody is assigned who is not there
        if (s.assigned) {
          EC_EXPECT_OK(admin.update("team_assignments", s.assignment, {{"assignment_status", "cancelled"}}));
          s.assigned = false;
        } else {
          const Json made = accepted(admin.insert(
              "team_assignments", {{"event_id", event_}, {"user_id", s.row}, {"role_type", "event_director"}}));
          s.assignment = id(made);
          s.assigned = true;
          s.last_day.clear();
        }
        break;
      default:
        if (!s.assigned) break;
        s.last_day = draw(3) == 0 ? std::string() : day(draw(4) - 1);
        EC_EXPECT_OK(admin.update("team_assignments", s.assignment,
                                  {{"end_date", s.last_day.empty() ? Json(nullptr) : Json(s.last_day)}}));
    }
  }

  // Every kind of call of an open session against the model; a cursor and a place in the feed are kept from before.
  void probe(Caller& caller, const Standing& s, std::int64_t& fed, Json& cursor) {
    const char* invalid = "unauthenticated";
    const auto expected = [&](bool allowed, const char* refusal) {
      return !valid(s) ? invalid : allowed ? "" : refusal;
    };
    const auto got = [](const auto& result) { return result ? std::string() : std::string(result.error().name()); };
    EXPECT_EQ(got(caller.get("venues", last_venue_)), expected(sees_venues(s), "not_found"));
    EXPECT_EQ(got(caller.get("events", event_)), expected(sees_event(s), "not_found"));
    EXPECT_EQ(got(caller.update("venues", last_venue_, {{"max_capacity", 100 + draw(100)}})),
              expected(changes_venues(s), sees_venues(s) ? "policy_denied" : "not_found"));
    EXPECT_EQ(got(caller.update("events", event_, {{"description", "v" + std::to_string(draw(1'000))}})),
              expected(changes_event(s), sees_event(s) ? "policy_denied" : "not_found"));
    const auto first = caller.list("venues", {{"limit", 2}});
    EXPECT_EQ(got(first), expected(true, ""));
    if (first) {
      EXPECT_EQ(first.assume_value()["rows"].empty(), !sees_venues(s));
    }
    if (cursor.is_string()) {
      const auto next = caller.list("venues", {{"limit", 2}, {"after", cursor}});
      EXPECT_EQ(got(next), expected(true, ""));
      if (next) {
        EXPECT_EQ(next.assume_value()["rows"].empty(), !sees_venues(s));
      }
    }
    if (first && first.assume_value()["cursor"].is_string()) cursor = first.assume_value()["cursor"];
    const auto changes = caller.changes(fed, 1'000);
    EXPECT_EQ(got(changes), expected(true, ""));
    if (!changes) return;
    for (const Json& change : changes.assume_value()["changes"]) {
      if (change["table"] == "venues" && change["operation"] != "left") {
        EXPECT_TRUE(sees_venues(s)) << change.dump();
      }
      if (change["table"] == "events" && change["operation"] != "left") {
        EXPECT_TRUE(sees_event(s)) << change.dump();
      }
    }
    fed = changes.assume_value()["next"];
  }

  static constexpr Micros minute_us = Micros{60} * 1'000'000;
  std::mt19937_64 random_engine_;
  std::string event_;
  std::string last_venue_;
  Micros now_ = start_us;
};

struct Party {
  Standing standing;
  Caller caller;
  std::int64_t fed = 0;
  Json cursor{};
};

class LostRightsRun : public LostRightsTest {
 protected:
  Party new_party(const std::string& kind) {
    if (kind == "user") {
      const Standing s = new_standing_user();
      return {s, user(s.row)};
    }
    if (kind == "token") {
      Standing s = new_standing_user();
      const std::int64_t leeway_s = 30;
      const std::int64_t exp = now_ / 1'000'000 + 60 * (5 + draw(60));
      s.expires_at = (exp + leeway_s) * 1'000'000;
      return {s, as({{"kind", "jwt"}, {"token", hs256_token({{"sub", s.row}, {"exp", exp}}, secret)}})};
    }
    if (kind == "key") {
      std::string token;
      const Standing s = new_standing_key(token);
      return {s, as({{"kind", "api_key"}, {"token", token}})};
    }
    if (kind == "sponsor") {
      Standing s{.kind = "sponsor"};
      s.row = id(accepted(
          owner().insert("sponsors", {{"event_id", event_}, {"company_name", "Sponsor"}, {"contract_value", "1.00"}})));
      return {s, as({{"kind", "sponsor"}, {"id", s.row}})};
    }
    const Json made = accepted(owner().call("register_device", {{"event_id", event_}, {"name", "Gate"}}));
    Standing s{.kind = "device"};
    s.row = made["device"]["id"];
    return {s, as({{"kind", "device"}, {"token", made["token"]}})};
  }
};

TEST_F(LostRightsRun, OpenSessionsFollowEveryChangeOfRights) {
  EC_TRACE_SEED();
  const std::vector<std::string> kinds = {"user", "user", "user",   "token",  "token",   "key",
                                          "key",  "key",  "device", "device", "sponsor", "sponsor"};
  std::vector<Party> parties;
  for (const std::string& kind : kinds) parties.push_back(new_party(kind));
  for (int step = 0; step < steps && !HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const auto at = static_cast<std::size_t>(draw(static_cast<int>(parties.size())));
    Party& one = parties[at];
    const int what = draw(10);
    if (what < 4) {
      change_rights(one.standing);
    } else if (what == 4) {
      set_time(now_ + (draw(8) == 0 ? day_us : draw(3) * minute_us));
    } else if (what == 5 && !valid(one.standing)) {
      one = new_party(kinds[at]);  // what is lost stays lost: another one comes
    } else {
      SCOPED_TRACE(one.standing.kind + " " + one.standing.row);
      probe(one.caller, one.standing, one.fed, one.cursor);
    }
  }
}

TEST_F(LostRightsTest, ACursorOfBeforeShowsNothingAfter) {
  const Standing s = new_standing_user();
  Caller caller = user(s.row);
  const Json first = accepted(caller.list("venues", {{"limit", 2}}));
  ASSERT_TRUE(first["cursor"].is_string());
  EC_EXPECT_OK(owner().update("users", s.row, {{"role", "guest"}}));
  EXPECT_EQ(accepted(caller.list("venues", {{"limit", 2}, {"after", first["cursor"]}}))["rows"].size(), 0U);
  EC_EXPECT_OK(owner().update("users", s.row, {{"is_active", false}}));
  EC_EXPECT_REFUSED("unauthenticated", caller.list("venues", {{"limit", 2}, {"after", first["cursor"]}}));
}

TEST_F(LostRightsTest, AnAssignmentCountsWhileItIsAssignedOrActive) {
  const Standing s = new_standing_user();
  Caller caller = user(s.row);
  const std::string assignment = id(accepted(
      owner().insert("team_assignments", {{"event_id", event_}, {"user_id", s.row}, {"role_type", "producer"}})));
  for (const auto& [status, counts] : {std::pair{"assigned", true}, {"active", true}, {"completed", false}}) {
    SCOPED_TRACE(status);
    EC_EXPECT_OK(owner().update("team_assignments", assignment, {{"assignment_status", status}}));
    EXPECT_EQ(caller.count("events").assume_value(), counts ? 1 : 0);
  }
}

TEST_F(LostRightsTest, ATicketShowsItsEventToWhoHoldsItWhileItAdmits) {
  Json sale = order_of(event_, new_category(event_, 10), 1);
  sale["payment"] = {{"method", "cash"}, {"amount", "10.00"}};
  const Json sold = accepted(owner().call("place_order", sale));
  const auto seen_by = [&](const char* who) {
    return customer(std::string(who) + "@example.org").count("events").assume_value();
  };
  EXPECT_EQ(seen_by("bea"), 1);
  const Json passed = accepted(owner().call(
      "transfer_ticket", {{"ticket_id", sold["tickets"][0]["id"]}, {"name", "Ada"}, {"email", "ada@example.org"}}));
  EXPECT_EQ(seen_by("bea"), 0) << "though the order is hers";
  EXPECT_EQ(seen_by("ada"), 1);
  EC_EXPECT_OK(owner().call("cancel_ticket", {{"ticket_id", passed["ticket"]["id"]}, {"reason", "lost"}}));
  EXPECT_EQ(seen_by("ada"), 0);
}

TEST_F(LostRightsTest, AnAssignmentEndsWithItsLastDayThoughNothingIsWritten) {
  const Standing s = new_standing_user();
  Caller caller = user(s.row);
  EC_EXPECT_REFUSED("not_found", caller.get("events", event_));
  EC_EXPECT_OK(owner().insert("team_assignments", {{"event_id", event_},
                                                   {"user_id", s.row},
                                                   {"role_type", "producer"},
                                                   {"start_date", day(0)},
                                                   {"end_date", day(1)}}));
  EC_EXPECT_OK(caller.get("events", event_));
  EC_EXPECT_OK(caller.get("events", event_));
  set_time(now_ + day_us);
  EC_EXPECT_OK(caller.get("events", event_));
  set_time(now_ + day_us);
  EC_EXPECT_REFUSED("not_found", caller.get("events", event_));
}

TEST_F(LostRightsTest, ATransactionSeesTheRightsItHasChangedItself) {
  const Standing s = new_standing_user();
  EC_EXPECT_OK(owner().update("users", s.row, {{"role", "admin"}}));
  Caller caller = user(s.row);
  EC_EXPECT_OK(caller.get("events", event_));
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_OK(caller.update("users", s.row, {{"role", "guest"}}));
  EC_EXPECT_REFUSED("not_found", caller.get("events", event_));
  ASSERT_TRUE(caller.session().rollback().has_value());
  EC_EXPECT_OK(caller.get("events", event_));
}

}  // namespace
}  // namespace eventcore::test
