// Finding people: by the beginning of any word of what the caller may read, in every script, page by page; and the
// words the store keeps follow every way of writing a ticket.
#include <set>

#include "rules/operations/verify.hpp"
#include "sale.hpp"

namespace eventcore::test {

using policy::Role;

class SearchTest : public SaleTest {
 protected:
  void SetUp() override {
    SaleTest::SetUp();
    order_ = add_order(event_);
    big_ = add_category(event_, 100'000);
  }
  // An imported ticket, so that names stay as they are given.
  Uuid attendee(const std::string& name, const std::string& email = "x@y.zz", const Json& more = Json::object()) {
    Json row = {{"order_id", to_text(order_)},
                {"ticket_category_id", to_text(big_)},
                {"ticket_number", make_ticket_number(*random_)},
                {"attendee_name", name},
                {"attendee_email", email},
                {"qr_code_data", "imported"},
                {"price_paid", "0"},
                {"status", "valid"}};
    row.update(more);
    return add(tables::tickets, row);
  }
  Result<Json> search_as(const Principal& principal, const std::string& query, Json more = Json::object()) {
    more["event_id"] = to_text(event_);
    more["query"] = query;
    return call(principal, "search_attendees", more);
  }
  std::vector<std::string> names(const std::string& query, const Principal& principal = as_service()) {
    std::vector<std::string> found;
    const Json reply = accepted(search_as(principal, query));
    for (const Json& ticket : reply["tickets"]) found.push_back(ticket["attendee_name"].get<std::string>());
    return found;
  }
  std::size_t hits(const std::string& query, const Principal& principal = as_service()) {
    return names(query, principal).size();
  }
  Principal gate() {
    const Json made =
        accepted(call(as_service(), "register_device", {{"event_id", to_text(event_)}, {"name", "Gate"}}));
    return device(made["device"]);
  }
  std::int64_t words_kept() {
    std::int64_t kept = 0;
    EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
      EC_TRY(count, uow.reader().count_all_words(tables::tickets, organization_));
      kept = count;
      return Json();
    }));
    return kept;
  }

  Uuid order_;
  Uuid big_;
};

TEST_F(SearchTest, D5OneLetterFindsAndEveryWordCounts) {
  // Words of ticket numbers are found too; they have no I, L, O or U, so no query here can meet one.
  attendee("Oi Lee");
  attendee("Lu Ito");
  attendee("Ana García");
  EXPECT_EQ(names("o"), std::vector<std::string>{"Oi Lee"});
  EXPECT_EQ(names("L"), (std::vector<std::string>{"Oi Lee", "Lu Ito"})) << "in the order of the words found";
  EXPECT_EQ(names("ito"), std::vector<std::string>{"Lu Ito"});
  EXPECT_EQ(hits("to"), 0U) << "the middle of a word is no beginning";
}

TEST_F(SearchTest, LettersWithMarksAreFoundWithAndWithout) {
  const std::pair<const char*, std::vector<const char*>> people[] = {
      {"José Núñez", {"jose", "JOSÉ", "nunez", "Nuñ"}},   {"Łukasz Nowak", {"lukasz", "Łuk", "ŁUKASZ"}},
      {"Øystein Dahl", {"oystein", "øys", "ØYSTEIN"}},    {"Anna Straße", {"strasse", "straß", "STRASSE"}},
      {"İpek Yılmaz", {"ipek", "İPEK", "yilmaz", "Yıl"}}, {"Jürgen Müller", {"muller", "Müller", "MÜLL"}},
      {"王小明", {"王", "小", "明", "王小明", "小明"}},   {"Ольга Ким", {"ольга", "КИМ"}},
  };
  for (const auto& [name, queries] : people) attendee(name);
  for (const auto& [name, queries] : people)
    for (const char* query : queries) EXPECT_EQ(names(query), std::vector<std::string>{name}) << query;
  EXPECT_EQ(hits("mueller"), 0U) << "marks are dropped, not spelled out";
}

TEST_F(SearchTest, AllWordsOfAQueryMustMatch) {
  attendee("Ada Lovelace", "ada@analytical.example");
  attendee("Ada Byron", "byron@poets.example");
  EXPECT_EQ(hits("ada"), 2U);
  EXPECT_EQ(names("ada lo"), std::vector<std::string>{"Ada Lovelace"});
  EXPECT_EQ(names("  BY   ad "), std::vector<std::string>{"Ada Byron"});
  EXPECT_EQ(names("ada analytical"), std::vector<std::string>{"Ada Lovelace"});
  EXPECT_EQ(names("byron@poets.example"), std::vector<std::string>{"Ada Byron"});
  EXPECT_EQ(hits("ada x7"), 0U);
}

TEST_F(SearchTest, NumbersAreFoundWithAndWithoutTheirDash) {
  const Json sold = sell(category_, 2, "20.00");
  const auto number = sold["tickets"][0]["ticket_number"].get<std::string>();
  const auto order = sold["order"]["order_number"].get<std::string>();
  EXPECT_EQ(hits(number), 1U);
  EXPECT_EQ(hits(number.substr(0, 5) + "-" + number.substr(5, 4)), 1U);
  EXPECT_EQ(hits(order), 2U);
  EXPECT_EQ(hits(order.substr(0, 4) + order.substr(5)), 2U);
  EXPECT_EQ(hits(order.substr(0, 7)), 2U);
  EXPECT_EQ(hits(order.substr(0, 4)), 2U);
  EXPECT_EQ(hits(order + " bea"), 2U);
  EXPECT_EQ(hits(order, gate()), 0U) << "a gate does not read orders";
}

TEST_F(SearchTest, AGateFindsByWhatItMayReadAndNothingElse) {
  const Json sold = sell(category_, 1, "10.00");
  attendee("Ada Attendee", "secret@analytical.example", {{"attendee_phone", "+49 4711 0815"}});
  const Principal device = gate();
  EXPECT_EQ(hits("secret"), 1U);
  EXPECT_EQ(hits("4711"), 1U);
  EXPECT_EQ(hits("secret", device), 0U);
  EXPECT_EQ(hits("4711", device), 0U);
  EXPECT_EQ(hits("ada", device), 1U);
  EXPECT_EQ(hits("ada secret", device), 0U) << "nor as a part of a query";
  EXPECT_EQ(hits(sold["tickets"][0]["ticket_number"].get<std::string>(), device), 1U);
  const Json ticket = accepted(search_as(device, "ada"))["tickets"][0];
  EXPECT_EQ(ticket.size(), 5U) << dump(ticket);
  for (const char* column : {"id", "ticket_number", "attendee_name", "ticket_category_id", "status"})
    EXPECT_TRUE(ticket.contains(column)) << column;
}

TEST_F(SearchTest, OnlyTheGateAndTheBoxOfficeSearch) {
  EC_EXPECT_OK(search_as(as_user(Role::admin), "a"));
  EC_EXPECT_REFUSED("command_denied", search_as(as_user(Role::manager), "a"));
  EC_EXPECT_REFUSED("command_denied", search_as(as_user(Role::member), "a"));
  EC_EXPECT_REFUSED("command_denied", search_as(as_customer("bea@example.org"), "a"));
  EC_EXPECT_REFUSED("command_denied", search_as(as_anon(), "a"));
  const Principal device = gate();
  event_ = add_event();
  EC_EXPECT_REFUSED("not_found", search_as(device, "a"));
}

TEST_F(SearchTest, AnotherEventsAndTenantsAttendeesAreNotFound) {
  attendee("Ada Here");
  const Uuid other = add_event();
  const Uuid there = add_order(other);
  add(tables::tickets, {{"order_id", to_text(there)},
                        {"ticket_category_id", to_text(add_category(other, 5))},
                        {"ticket_number", make_ticket_number(*random_)},
                        {"attendee_name", "Ada There"},
                        {"attendee_email", "a@b.cc"},
                        {"qr_code_data", "imported"},
                        {"price_paid", "0"}});
  EXPECT_EQ(names("ada"), std::vector<std::string>{"Ada Here"});
}

TEST_F(SearchTest, QueriesWithoutALetterAndForeignCursorsAreRefused) {
  for (const char* query : {"", "   ", "-", "@ ."})
    EC_EXPECT_REFUSED("invalid_argument", search_as(as_service(), query));
  EC_EXPECT_REFUSED("invalid_argument", search_as(as_service(), "a b c d e f g h i j k l m n o p q r s t"));
  for (const char* after : {"zz", "00", "5b5d", "5b302c302c2278222c2222"})
    EC_EXPECT_REFUSED("invalid_argument", search_as(as_service(), "a", {{"after", after}}));
  const Json limit = {{"limit", 0}};
  EC_EXPECT_REFUSED("invalid_argument", search_as(as_service(), "a", limit));
}

// A cursor is the caller's to send back, and so his to alter.
TEST_F(SearchTest, AnAlteredCursorIsRefusedWhateverItSays) {
  attendee("Ada Lovelace");
  const std::string row = to_text(ids_->next());
  const auto search_after = [&](const std::string& place) {
    return search_as(as_service(), "ada", {{"after", hex(as_bytes(place))}});
  };
  EC_EXPECT_OK(search_after(R"([0,0,"ada",")" + row + R"("])"));
  for (const std::string& place :
       {std::string("{}"), std::string("[0,0,\"ada\"]"), std::string("[0,0,\"\",\"\",1]"), std::string("0"),
        std::string(R"(["0",0,"",""])"), std::string(R"([0,0.5,"",""])"), std::string(R"([0,0,1,""])"),
        std::string(R"([0,0,"",null])"), std::string(R"([-1,0,"",""])"), std::string(R"([0,-1,"",""])"),
        std::string(R"([7,0,"",""])"), std::string(R"([0,70,"",""])"), std::string(R"([0,99999999999999999999,"",""])"),
        std::string(R"([0,0,"ada","no uuid"])"), R"([0,0,"bob",")" + row + R"("])"})
    EC_EXPECT_REFUSED("invalid_argument", search_after(place)) << place;
}

// Pages of every size together hold each ticket once, whatever columns and words it is met by.
TEST_F(SearchTest, PagesTogetherHoldEveryTicketOnce) {
  for (int i = 0; i < 40; ++i)
    attendee(i % 3 == 0   ? "Anna Andersson Abel"
             : i % 3 == 1 ? "Boris Amundsen"
                          : "Carl",
             i % 2 == 0 ? "anna.a" + std::to_string(i) + "@a.example" : "x@example.org", {{"attendee_phone", "0800"}});
  for (const char* query : {"a", "an", "exa", "an a", "a x", "0800", "c"}) {
    const Json all = accepted(search_as(as_service(), query, {{"limit", 200}}));
    EXPECT_TRUE(all["cursor"].is_null());
    std::vector<std::string> expected;
    for (const Json& ticket : all["tickets"]) expected.push_back(ticket["id"]);
    EXPECT_EQ(std::set<std::string>(expected.begin(), expected.end()).size(), expected.size()) << query;
    EXPECT_GT(expected.size(), 5U) << query;
    for (const int size : {1, 3, 7, 40}) {
      std::vector<std::string> paged;
      Json more = {{"limit", size}};
      for (int pages = 0; pages < 100; ++pages) {
        const Json page = accepted(search_as(as_service(), query, more));
        for (const Json& ticket : page["tickets"]) paged.push_back(ticket["id"]);
        if (page["cursor"].is_null()) break;
        EXPECT_EQ(page["tickets"].size(), static_cast<std::size_t>(size));
        more["after"] = page["cursor"];
      }
      EXPECT_EQ(paged, expected) << query << " by " << size;
    }
  }
}

// ---- the words follow the rows ------------------------------------------------------------------------------------

TEST_F(SearchTest, WordsFollowChangesAndDeletes) {
  const Uuid ticket = attendee("Ada Lovelace", "ada@analytical.example");
  const std::int64_t before = words_kept();
  const Changes renamed{{col::tickets::attendee_name.index, Value("Ada Byron King")}};
  EC_EXPECT_OK(engine_change(tables::tickets, ticket, renamed));
  EXPECT_EQ(words_kept(), before + 1);
  EXPECT_EQ(hits("lovelace"), 0U);
  EXPECT_EQ(hits("king"), 1U);
  EXPECT_EQ(hits("analytical"), 1U);
  const Changes other{{col::tickets::currency.index, Value("EUR")}};
  EC_EXPECT_OK(engine_change(tables::tickets, ticket, other));
  EXPECT_EQ(words_kept(), before + 1);
  EC_EXPECT_OK(engine_erase(tables::tickets, ticket));
  EXPECT_EQ(words_kept(), 0);
  EXPECT_EQ(hits("king"), 0U);
}

TEST_F(SearchTest, ARefusedWriteLeavesNoWords) {
  const std::string number = make_ticket_number(*random_);
  attendee("Ada", "a@b.cc", {{"ticket_number", number}});
  const std::int64_t before = words_kept();
  Json again = {{"organization_id", to_text(organization_)},
                {"order_id", to_text(order_)},
                {"ticket_category_id", to_text(big_)},
                {"ticket_number", number},
                {"attendee_name", "Ghost"},
                {"attendee_email", "g@b.cc"},
                {"qr_code_data", "imported"},
                {"price_paid", "0"}};
  EC_EXPECT_REFUSED("already_exists", insert(as_service(), tables::tickets, again));
  EXPECT_EQ(words_kept(), before);
  EXPECT_EQ(hits("ghost"), 0U);
}

TEST_F(SearchTest, VerifyNoticesAWordThatIsMissing) {
  const Uuid ticket = attendee("Ada Lovelace");
  Record seen = row(tables::tickets, ticket);
  seen.set(col::tickets::attendee_name, Value("Ada Byron"));
  EC_EXPECT_OK(run(as_service(), "list", [&](work::UnitOfWork& uow) -> Result<Json> {
    std::int64_t expected = 0;
    EC_TRY(complete, uow.reader().has_all_words(seen, expected));
    EXPECT_FALSE(complete);
    EXPECT_EQ(expected, 6);
    return Json();
  }));
}

}  // namespace eventcore::test
