// The waiting list: who may join it, who is served when, and that an entry's state is its order's.
#include <map>
#include <random>

#include "base/codes.hpp"
#include "base/seed.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/waiting.hpp"
#include "sale.hpp"

namespace eventcore::test {

using policy::Role;
namespace w = col::waitlist_entries;
namespace o = col::ticket_orders;

class WaitingListTest : public SaleTest {
 protected:
  void SetUp() override {
    SaleTest::SetUp();
    small_ = add_category(event_, 4);
  }

  Json wish_of(const std::string& email, std::int64_t quantity = 1, Json more = Json::object()) {
    Json arguments = {{"ticket_category_id", to_text(small_)},
                      {"quantity", quantity},
                      {"customer", {{"email", email}, {"name", "W"}}}};
    arguments.update(more);
    return arguments;
  }
  Result<Json> try_join(const std::string& email, std::int64_t quantity = 1, const Json& more = Json::object()) {
    return call(as_anon(), "join_waitlist", wish_of(email, quantity, more));
  }
  Uuid join(const std::string& email, std::int64_t quantity = 1) {
    return id_of(accepted(try_join(email, quantity)).value("entry", Json::object()));
  }
  Result<Json> try_leave(const Uuid& entry) {
    return call(as_service(), "leave_waitlist", {{"entry_id", to_text(entry)}});
  }
  Json buy(const std::string& email, std::int64_t quantity) { return place(small_, quantity, buyer(email)); }
  Result<Json> try_buy(const std::string& email, std::int64_t quantity) {
    return try_order(small_, quantity, buyer(email));
  }
  static Json buyer(const std::string& email) { return {{"customer", {{"email", email}, {"name", "B"}}}}; }

  // The two pieces of run_maintenance that matter here, each a unit of work.
  std::int64_t maintain(std::int64_t limit = 1'000) {
    accepted(run(as_service(), "run_maintenance", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRYV(rules::ticketing::expire_due_orders(unit, organization_, std::nullopt, limit));
      return Json();
    }));
    const Json made = accepted(run(as_service(), "run_maintenance", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRY(offered, rules::ticketing::offer_places(unit, organization_, limit));
      return Json{{"count", offered.count}, {"more", offered.more}};
    }));
    more_ = made.value("more", false);
    return made.value("count", std::int64_t{-1});
  }
  std::string state(const Uuid& entry) { return row(tables::waitlist_entries, entry)[w::status].text(); }
  Json offer_of(const Uuid& entry) {
    const Record order = row(tables::ticket_orders, row(tables::waitlist_entries, entry)[w::order_id].uuid());
    return {{"order",
             {{"id", to_text(order.id())},
              {"total_amount", money(order[o::total_amount].integer())},
              {"currency", order[o::currency].text()}}}};
  }
  static std::string money(std::int64_t units) { return std::to_string(units / 10'000) + ".00"; }
  void cancel(const Json& placed, const char* reason) {
    EC_EXPECT_OK(engine_change(tables::ticket_orders, id_of(placed["order"]),
                               {{o::order_status.index, "cancelled"}, {o::cancel_reason.index, Value(reason)}}));
  }
  std::int64_t mails() {
    return count(tables::communication_logs, Expr::equals(col::communication_logs::status.index, "queued"));
  }

  Uuid small_;
  bool more_ = false;
};

TEST_F(WaitingListTest, WhoWaitsIsOfferedAFreedPlaceForHalfAnHour) {
  const Json sold = buy("bea@example.org", 4);
  const Uuid entry = join("wilma@example.org", 2);
  EXPECT_EQ(state(entry), "waiting");
  EXPECT_EQ(maintain(), 0);
  clock_.advance(16 * minute_us);
  EXPECT_EQ(maintain(), 1);
  EXPECT_EQ(order_state(sold), "cancelled/pending");
  EXPECT_EQ(state(entry), "offered");
  const Record waiting = row(tables::waitlist_entries, entry);
  const Record order = row(tables::ticket_orders, waiting[w::order_id].uuid());
  EXPECT_EQ(order[o::customer_email].text(), "wilma@example.org");
  EXPECT_EQ(order[o::total_amount].integer(), 200'000);
  EXPECT_EQ(order[o::expires_at].integer(), clock_.now_us() + 30 * minute_us);
  EXPECT_EQ(waiting[w::offer_expires_at], order[o::expires_at]);
  EXPECT_EQ(left(small_), 2);
  EXPECT_EQ(mails(), 1);
  const Json paid = confirm(offer_of(entry));
  EXPECT_EQ(paid["tickets"].size(), 2U);
  EXPECT_EQ(state(entry), "accepted");
  EXPECT_EQ(maintain(), 0);
}

TEST_F(WaitingListTest, TheOfferIsAMessageToWhoWaits) {
  buy("bea@example.org", 4);
  const Uuid entry = join("wilma@example.org");
  clock_.advance(16 * minute_us);
  maintain();
  store::Query query;
  query.table = &tables::communication_logs;
  query.organization = organization_;
  std::vector<Record> rows;
  EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
    EC_TRY(found, reader.list(query));
    rows = std::move(found);
    return ok();
  }));
  ASSERT_EQ(rows.size(), 1U);
  namespace m = col::communication_logs;
  EXPECT_EQ(rows[0][m::recipient].text(), "wilma@example.org");
  const Json facts = parse_json(rows[0][m::metadata].text()).assume_value();
  EXPECT_EQ(facts["kind"], "waitlist_offer");
  EXPECT_EQ(facts["entry_id"], to_text(entry));
  EXPECT_NE(rows[0][m::content].text().find("10.00 USD"), std::string::npos) << rows[0][m::content].text();
}

TEST_F(WaitingListTest, AnOfferIsAtThePriceOfItsMoment) {
  buy("bea@example.org", 4);
  const Uuid entry = join("wilma@example.org");
  set(tables::ticket_categories, small_, {{"base_price", "15.00"}});
  clock_.advance(16 * minute_us);
  maintain();
  EXPECT_EQ(offer_of(entry)["order"]["total_amount"], "15.00");
  EXPECT_EQ(count(tables::pricing_calculations), 2);
}

TEST_F(WaitingListTest, AFreePlaceIsTheirsAtOnce) {
  small_ = add_category(event_, 1, {{"base_price", "0"}});
  const Json taken = buy("bea@example.org", 1);
  const Uuid entry = join("wilma@example.org");
  EC_EXPECT_OK(engine_change(tables::tickets, id_of(taken["tickets"][0]), {{col::tickets::status.index, "cancelled"}}));
  EXPECT_EQ(maintain(), 1);
  EXPECT_EQ(state(entry), "accepted");
  EXPECT_EQ(count(tables::tickets, Expr::equals(col::tickets::attendee_email_folded.index, "wilma@example.org")), 1);
}

// Places that somebody waits for are not sold to others, not even while they lie there until the next maintenance.
TEST_F(WaitingListTest, OthersSeeWhatNobodyWaitsFor) {
  buy("bea@example.org", 4);
  join("wilma@example.org", 3);
  clock_.advance(16 * minute_us);
  accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}));
  EXPECT_EQ(left(small_), 4);
  const auto refused = try_buy("carl@example.org", 2);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "sold_out");
  EXPECT_EQ(parse_json(refused.error().to_json()).assume_value()["detail"]["left"], "1");
  const Json quote = accepted(call(as_anon(), "quote_order", order_of(small_, 2)));
  EXPECT_EQ(quote["places_left"], Json::array({{{"ticket_category_id", to_text(small_)}, {"left", 1}}}));
  EC_EXPECT_OK(try_buy("carl@example.org", 1));
  const Json gift = {{"event_id", to_text(event_)},
                     {"items", {{{"ticket_category_id", to_text(small_)}, {"quantity", 1}}}}};
  EC_EXPECT_REFUSED("sold_out", call(as_service(), "issue_complimentary", gift));
  EXPECT_EQ(maintain(), 1);
}

TEST_F(WaitingListTest, ALatePayerDoesNotOvertakeWhoWaits) {
  const Json late = buy("bea@example.org", 4);
  const Uuid entry = join("wilma@example.org", 1);
  clock_.advance(16 * minute_us);
  accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}));
  confirm(late);
  EXPECT_EQ(order_state(late), "cancelled/paid");
  EXPECT_EQ(maintain(), 1);
  EXPECT_EQ(state(entry), "offered");
}

// D14: nobody is overtaken, not even by one who would fit.
TEST_F(WaitingListTest, D14AnEntryThatNeedsMoreWaitsAndIsNotOvertaken) {
  const Json first = buy("bea@example.org", 3);
  const Json second = buy("carl@example.org", 1);
  confirm(first);
  const Uuid large = join("wilma@example.org", 2);
  const Uuid little = join("xaver@example.org", 1);
  cancel(second, "changed his mind");
  EXPECT_EQ(left(small_), 1);
  EXPECT_EQ(maintain(), 0);
  EXPECT_EQ(state(large), "waiting");
  EXPECT_EQ(state(little), "waiting");
  EC_EXPECT_REFUSED("sold_out", try_buy("dora@example.org", 1));
  EC_EXPECT_OK(try_leave(large));
  EXPECT_EQ(maintain(), 1);
  EXPECT_EQ(state(little), "offered");
}

TEST_F(WaitingListTest, EntriesOfOneMomentAreServedAsTheyCame) {
  buy("bea@example.org", 4);
  std::vector<Uuid> entries;
  for (int i = 0; i < 6; ++i) entries.push_back(join("w" + std::to_string(i) + "@example.org"));
  clock_.advance(16 * minute_us);
  EXPECT_EQ(maintain(), 4);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(state(entries[static_cast<std::size_t>(i)]), i < 4 ? "offered" : "waiting");
}

TEST_F(WaitingListTest, MaintenanceOffersInSlicesAndSaysWhenSomeAreLeft) {
  buy("bea@example.org", 4);
  for (int i = 0; i < 4; ++i) join("w" + std::to_string(i) + "@example.org");
  clock_.advance(16 * minute_us);
  EXPECT_EQ(maintain(3), 3);
  EXPECT_TRUE(more_);
  EXPECT_EQ(maintain(3), 1);
  EXPECT_FALSE(more_);
}

// D14: what an order's fate makes of its entry, step by step; none waits again.
TEST_F(WaitingListTest, D14AnEntrysStateFollowsItsOrderAndNeverWaitsAgain) {
  struct Case {
    const char* how;
    std::function<void(const Uuid&)> act;
    const char* state;
  };
  const auto expire = [&](const Uuid&) {
    clock_.advance(30 * minute_us);
    accepted(call(as_service(), "expire_orders", {{"event_id", to_text(event_)}}));
  };
  const Case cases[] = {
      {"paid", [&](const Uuid& entry) { confirm(offer_of(entry)); }, "accepted"},
      {"expired", expire, "expired"},
      {"cancelled", [&](const Uuid& entry) { cancel(offer_of(entry), "by the box office"); }, "withdrawn"},
      {"left", [&](const Uuid& entry) { EC_EXPECT_OK(try_leave(entry)); }, "withdrawn"},
      {"expired, then paid while places are left",
       [&](const Uuid& entry) {
         expire(entry);
         confirm(offer_of(entry));
       },
       "accepted"},
      {"paid, then cancelled",
       [&](const Uuid& entry) {
         confirm(offer_of(entry));
         cancel(offer_of(entry), "given back");
       },
       "accepted"},
      {"a payment failed, then paid",
       [&](const Uuid& entry) {
         accepted(call(as_service(), "fail_payment", {{"order_id", offer_of(entry)["order"]["id"]}}));
         EXPECT_EQ(state(entry), "offered");
         confirm(offer_of(entry));
       },
       "accepted"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.how);
    small_ = add_category(event_, 2);
    const Json sold = buy("bea@example.org", 2);
    const Uuid entry = join("wilma@example.org");
    cancel(sold, "free again");
    ASSERT_EQ(maintain(), 1);
    ASSERT_EQ(state(entry), "offered");
    one.act(entry);
    EXPECT_EQ(state(entry), one.state);
    clock_.advance(60 * minute_us);
    EXPECT_EQ(maintain(), 0);
    EXPECT_EQ(state(entry), one.state);
  }
}

TEST_F(WaitingListTest, RefusalsOfJoiningComeInTheDocumentedOrder) {
  const auto refusal = [&](const std::string& email, std::int64_t quantity, const Json& more = Json::object()) {
    const auto result = try_join(email, quantity, more);
    return result ? std::string("accepted") : std::string(result.error().name());
  };
  const std::string past = format_rfc3339(clock_.now_us());
  const Uuid hidden = add_category(add_event({{"is_public", false}}), 1);
  EXPECT_EQ(refusal("w@example.org", 0, {{"ticket_category_id", to_text(hidden)}}), "not_found");
  const Uuid closed = add_category(event_, 4, {{"sale_end_date", past}});
  const auto by_staff = [&](const Uuid& category, std::int64_t quantity) {
    Json arguments = wish_of("w@example.org", quantity, {{"ticket_category_id", to_text(category)}});
    const auto result = call(as_user(Role::admin), "join_waitlist", arguments);
    return result ? std::string("accepted") : std::string(result.error().name());
  };
  const Uuid planned = add_category(add_event({{"status", "planning"}}), 4, {{"is_active", false}});
  EXPECT_EQ(by_staff(planned, 0), "event_not_on_sale");
  const Uuid inactive = add_category(event_, 4, {{"is_active", false}, {"sale_end_date", past}});
  EXPECT_EQ(by_staff(inactive, 0), "category_inactive");
  EXPECT_EQ(refusal("w@example.org", 0, {{"ticket_category_id", to_text(closed)}}), "category_not_on_sale");
  set(tables::events, event_, {{"settings", {{"hold_limit_anonymous", 2}}}});
  EXPECT_EQ(refusal("w@example.org", 0), "invalid_quantity");
  EXPECT_EQ(refusal("w@example.org", 5), "invalid_quantity");  // more than there are
  EXPECT_EQ(refusal("w@example.org", 11), "invalid_quantity");
  EXPECT_EQ(refusal("w@example.org", 3), "hold_limit");
  EXPECT_EQ(refusal("w@example.org", 2), "places_left");
  buy("bea@example.org", 4);
  EXPECT_EQ(refusal("w@example.org", 1), "accepted");
  EXPECT_EQ(refusal("W@Example.org", 1), "already_exists");
  EXPECT_EQ(refusal("x@example.org", 2), "hold_limit");
  EXPECT_EQ(refusal("x@example.org", 1), "accepted");
  EXPECT_EQ(count(tables::waitlist_entries), 2);
}

// The offer would be an order, which has at most 10,000 tickets: none could ever be made.
TEST_F(WaitingListTest, NobodyWaitsForMoreThanAnOrderHas) {
  const Uuid huge = add_category(event_, 30'000, {{"max_per_order", nullptr}});
  place(huge, 10'000);
  EC_EXPECT_REFUSED("invalid_quantity", try_join("w@example.org", 20'001, {{"ticket_category_id", to_text(huge)}}));
  place(huge, 10'000, buyer("carl@example.org"));
  place(huge, 1, buyer("dora@example.org"));
  EC_EXPECT_OK(try_join("w@example.org", 10'000, {{"ticket_category_id", to_text(huge)}}));
}

TEST_F(WaitingListTest, PlacesThatAreDueAreLeft) {
  buy("bea@example.org", 4);
  clock_.advance(15 * minute_us);
  const auto refused = try_join("wilma@example.org");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "places_left");
  EXPECT_EQ(parse_json(refused.error().to_json()).assume_value()["detail"]["left"], "4");
}

TEST_F(WaitingListTest, WhoWantsMoreThanIsLeftMayWaitAndThoseAfterHimToo) {
  buy("bea@example.org", 2);
  EC_EXPECT_REFUSED("places_left", try_join("wilma@example.org", 2));
  join("wilma@example.org", 3);
  join("xaver@example.org", 1);
}

TEST_F(WaitingListTest, OneEntryPerAddressAndCategoryWhileItCounts) {
  buy("bea@example.org", 4);
  const Uuid entry = join("wilma@example.org");
  EC_EXPECT_REFUSED("already_exists", try_join("WILMA@example.org"));
  const Json direct = {{"organization_id", to_text(organization_)},
                       {"ticket_category_id", to_text(small_)},
                       {"customer_email", "Wilma@Example.org"},
                       {"quantity", 1}};
  EC_EXPECT_REFUSED("already_exists", insert(as_service(), tables::waitlist_entries, direct));
  EC_EXPECT_OK(try_leave(entry));
  EXPECT_EQ(state(entry), "withdrawn");
  EC_EXPECT_REFUSED("wrong_state", try_leave(entry));
  const Uuid again = join("wilma@example.org");
  clock_.advance(16 * minute_us);
  maintain();
  EXPECT_EQ(state(again), "offered");
  EC_EXPECT_REFUSED("already_exists", try_join("wilma@example.org"));
}

TEST_F(WaitingListTest, ImportedEntriesKeepTheRules) {
  const auto entry = [&](Json more) {
    Json values = {{"organization_id", to_text(organization_)},
                   {"ticket_category_id", to_text(small_)},
                   {"customer_email", "i@example.org"}};
    values.update(more);
    return insert(as_service(), tables::waitlist_entries, values);
  };
  EC_EXPECT_REFUSED("invariant_violated", entry({{"customer_email", ""}}));
  EC_EXPECT_REFUSED("invariant_violated", entry({{"quantity", 10'001}}));
  EC_EXPECT_REFUSED("invariant_violated", entry({{"status", "offered"}}));
  EC_EXPECT_REFUSED("invariant_violated", entry({{"order_id", to_text(add_order(event_))}}));
  EC_EXPECT_OK(entry({{"status", "withdrawn"}}));
  EC_EXPECT_OK(entry(Json::object()));
  EXPECT_EQ(maintain(), 1);
}

TEST_F(WaitingListTest, EverybodyWaitsAndLeavesAsHeMay) {
  buy("bea@example.org", 4);
  const Principal wilma = as_customer("wilma@example.org");
  Json own = wish_of("");
  own.erase("customer");
  EC_EXPECT_REFUSED("column_denied", call(wilma, "join_waitlist", wish_of("carl@example.org")));
  EC_EXPECT_REFUSED("invalid_argument", call(as_anon(), "join_waitlist", own));
  EC_EXPECT_REFUSED("invalid_argument", call(as_service(), "join_waitlist", own));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::member), "join_waitlist", wish_of("m@example.org")));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "join_waitlist", wish_of("m@example.org")));
  EC_EXPECT_OK(call(as_user(Role::admin), "join_waitlist", wish_of("m@example.org")));
  const Json joined = accepted(call(wilma, "join_waitlist", own));
  EXPECT_EQ(joined["entry"]["customer_email"], "wilma@example.org");
  const Json leave = {{"entry_id", joined["entry"]["id"]}};
  EC_EXPECT_REFUSED("not_found", call(as_customer("carl@example.org"), "leave_waitlist", leave));
  EC_EXPECT_REFUSED("not_found", call(as_anon(), "leave_waitlist", leave));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "leave_waitlist", leave));
  EXPECT_EQ(accepted(call(wilma, "leave_waitlist", leave))["entry"]["status"], "withdrawn");
  EC_EXPECT_OK(call(as_user(Role::admin), "join_waitlist", wish_of("wilma@example.org")));
}

TEST_F(WaitingListTest, LeavingAnOfferFreesItsPlacesForTheNext) {
  const Json sold = buy("bea@example.org", 4);
  const Uuid first = join("wilma@example.org", 4);
  const Uuid second = join("xaver@example.org", 3);
  cancel(sold, "free again");
  EXPECT_EQ(maintain(), 1);
  EXPECT_EQ(left(small_), 0);
  const Json offer = offer_of(first);
  const Json leave = {{"entry_id", to_text(first)}};
  EXPECT_EQ(accepted(call(as_customer("wilma@example.org"), "leave_waitlist", leave))["entry"]["status"], "withdrawn");
  EXPECT_EQ(order_state(offer), "cancelled/pending");
  EXPECT_EQ(left(small_), 4);
  EXPECT_EQ(maintain(), 1);
  EXPECT_EQ(state(second), "offered");
}

TEST_F(WaitingListTest, NothingIsOfferedWhileNothingIsSold) {
  buy("bea@example.org", 4);
  join("wilma@example.org");
  clock_.advance(16 * minute_us);
  set(tables::ticket_categories, small_, {{"is_active", false}});
  EXPECT_EQ(maintain(), 0);
  set(tables::ticket_categories, small_, {{"is_active", true}, {"sale_end_date", format_rfc3339(clock_.now_us())}});
  EXPECT_EQ(maintain(), 0);
  set(tables::ticket_categories, small_, {{"sale_end_date", nullptr}});
  clock_.set(parse_rfc3339("2026-12-01T23:00:00Z").assume_value());
  EXPECT_EQ(maintain(), 0);
}

// D14 at random: entries come and go, orders are paid, cancelled and expire. An entry that is offered was the first of
// those that waited, and the states of entries and orders always agree.
TEST_F(WaitingListTest, D14NobodyIsOvertakenInAnySequence) {
  small_ = add_category(event_, 6, {{"max_per_order", 3}});
  std::mt19937_64 generator(testing::seed());
  const auto dice = [&](std::uint64_t sides) { return generator() % sides; };
  std::vector<Uuid> entries;
  std::vector<Json> sales;
  std::map<Uuid, std::string> known;
  int offers = 0;
  for (int step = 0; step < 250; ++step) {
    const std::string email = "r" + std::to_string(step) + "@example.org";
    const auto quantity = static_cast<std::int64_t>(1 + dice(3));
    switch (dice(6)) {
      case 0:
        if (auto made = try_buy(email, quantity)) sales.push_back(std::move(made).assume_value());
        break;
      case 1:
      case 2:
        if (const auto made = try_join(email, quantity)) entries.push_back(id_of(made.assume_value()["entry"]));
        break;
      case 3:
        if (!sales.empty()) cancel(sales[dice(sales.size())], "given back");
        break;
      case 4:
        if (!entries.empty()) {
          const Uuid& entry = entries[dice(entries.size())];
          if (state(entry) == "offered" && dice(2) == 0)
            confirm(offer_of(entry));
          else
            static_cast<void>(try_leave(entry).has_value());
        }
        break;
      default: clock_.advance(static_cast<Micros>(dice(20)) * minute_us); maintain();
    }
    bool waiting_seen = false;
    for (const Uuid& entry : entries) {
      const std::string now = state(entry);
      std::string& before = known.try_emplace(entry, "waiting").first->second;
      EXPECT_TRUE(before == "waiting" || now != "waiting") << "step " << step;
      if (before == "waiting" && now == "offered") {
        EXPECT_FALSE(waiting_seen) << "overtaken at step " << step;
        ++offers;
      }
      if (now == "offered") {
        EXPECT_EQ(order_state(offer_of(entry)), "active/pending") << "step " << step;
      }
      waiting_seen = waiting_seen || now == "waiting";
      before = now;
    }
  }
  EXPECT_GT(offers, 0);
}

}  // namespace eventcore::test
