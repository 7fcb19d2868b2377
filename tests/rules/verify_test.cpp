// What verify_store says of rows that were altered behind the engine's back: each kind of alteration is named, and
// nothing else is; once it is put right, nothing is found. Who wrote with the key of the store and knew its tables
// could have done it; the pages are good.
#include <gmock/gmock.h>

#include "rules/ticketing/sale.hpp"

namespace eventcore::test {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyTest : public SaleTest {
 protected:
  void SetUp() override {
    SaleTest::SetUp();
    sold_ = sell(category_, 2, "20.00");
  }
  static std::string blob(const Uuid& id) { return "X'" + hex(ByteView(id.bytes)) + "'"; }
  static std::string where(const Uuid& id) { return " WHERE id = " + blob(id); }

  // The sentences that verify says after `breaks` and no longer after `mends`.
  std::vector<std::string> told_of(const std::string& breaks, const std::string& mends) {
    EXPECT_THAT(problems(), IsEmpty());
    tamper(breaks);
    std::vector<std::string> told = problems();
    tamper(mends);
    EXPECT_THAT(problems(), IsEmpty()) << mends;
    return told;
  }

  Json sold_;
};

TEST_F(VerifyTest, DerivedColumnsAreComputedAnew) {
  const Uuid package = add(tables::sponsor_packages, {{"event_id", to_text(event_)},
                                                      {"package_name", "Gold"},
                                                      {"price", "100"},
                                                      {"benefits", Json::object()},
                                                      {"max_sponsors", 3}});
  const Uuid sponsor = add(tables::sponsors, {{"event_id", to_text(event_)},
                                              {"package_id", to_text(package)},
                                              {"company_name", "Acme"},
                                              {"contract_value", "1.00"}});
  const Uuid metric = add(
      tables::sponsor_roi_metrics,
      {{"sponsor_id", to_text(sponsor)}, {"metric_value", "3"}, {"baseline_value", "1"}, {"measurement_unit", "USD"}});
  const Uuid prospect = add(tables::sponsor_prospects, {{"company_name", "Acme"}, {"industry", "FINANCE"}});
  const Uuid risk =
      add(tables::event_risks,
          {{"event_id", to_text(event_)}, {"risk_description", "Rain"}, {"probability", "high"}, {"impact", "high"}});
  const Uuid code = add(
      tables::discount_codes,
      {{"code", "SUMMER"}, {"discount_type", "percentage"}, {"discount_value", "10"}, {"event_id", to_text(event_)}});
  const Uuid order = id_of(sold_["order"]);
  const struct {
    std::string table;
    Uuid id;
    std::string column, wrong, right, expected;
  } altered[] = {
      {"ticket_categories", category_, "available_quantity", "7", "8",
       "available_quantity = 8 <> available_quantity = 7"},
      {"ticket_orders", order, "payment_status", "'refunded'", "'paid'",
       "payment_status = paid <> payment_status = refunded"},
      {"discount_codes", code, "current_uses", "1", "0", "current_uses = 0 <> current_uses = 1"},
      {"sponsor_packages", package, "current_sponsors", "2", "1", "current_sponsors = 1 <> current_sponsors = 2"},
      {"sponsor_prospects", prospect, "ai_prospect_score", "41", "40",
       "ai_prospect_score = 40 <> ai_prospect_score = 41"},
      {"event_risks", risk, "risk_level", "'low'",
       "'" + row(tables::event_risks, risk)[col::event_risks::risk_level].text() + "'", " <> risk_level = low"},
      {"sponsor_roi_metrics", metric, "calculated_roi", "0",
       std::to_string(number(tables::sponsor_roi_metrics, metric, col::sponsor_roi_metrics::calculated_roi)),
       " <> calculated_roi = 0"},
  };
  for (const auto& one : altered) {
    const std::string set = "UPDATE " + one.table + " SET " + one.column + " = ";
    EXPECT_THAT(told_of(set + one.wrong + where(one.id), set + one.right + where(one.id)),
                Contains(HasSubstr("derived " + one.table + ": ")))
        << one.column;
    tamper(set + one.wrong + where(one.id));
    EXPECT_THAT(problems(), Contains(HasSubstr(one.expected))) << one.column;
    tamper(set + one.right + where(one.id));
  }
}

TEST_F(VerifyTest, InvariantsOfSeveralRowsAreChecked) {
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Long Road"}, {"max_capacity", 50}});
  set(tables::events, event_, {{"venue_id", to_text(venue)}, {"max_capacity", 40}});
  EXPECT_THAT(told_of("UPDATE events SET max_capacity = 9" + where(event_),
                      "UPDATE events SET max_capacity = 40" + where(event_)),
              Contains("invariant events: categories of at most 9 places <> 10"));
  EXPECT_THAT(told_of("UPDATE venues SET max_capacity = 39" + where(venue),
                      "UPDATE venues SET max_capacity = 50" + where(venue)),
              Contains("invariant events: max_capacity of at most the venue's <> 40"));
  const Uuid order = id_of(sold_["order"]);
  EXPECT_THAT(told_of("UPDATE ticket_orders SET order_status = 'cancelled'" + where(order),
                      "UPDATE ticket_orders SET order_status = 'active'" + where(order)),
              Contains("invariant tickets: a valid ticket's order is active <> it is not").Times(2));
  EXPECT_THAT(
      told_of("UPDATE users SET is_active = 0" + where(owner_), "UPDATE users SET is_active = 1" + where(owner_)),
      Contains("invariant users: at least one active owner in " + to_text(organization_) + " <> none"));
  // A virtual event needs no place, and one that is over is not measured any more.
  tamper("UPDATE venues SET max_capacity = 39" + where(venue));
  const std::string of_the_venue = "invariant events: max_capacity";
  for (const char* exempt : {"is_virtual = 1", "status = 'completed'", "status = 'cancelled'"}) {
    tamper("UPDATE events SET is_virtual = 0, status = 'confirmed'" + where(event_));
    EXPECT_THAT(problems(), Contains(HasSubstr(of_the_venue)));
    tamper("UPDATE events SET " + std::string(exempt) + where(event_));
    EXPECT_THAT(problems(), Not(Contains(HasSubstr(of_the_venue)))) << exempt;
  }
  tamper("UPDATE events SET is_virtual = 0, status = 'confirmed'" + where(event_));
  tamper("UPDATE venues SET max_capacity = 50" + where(venue));
}

TEST_F(VerifyTest, ARowThatIsNotAsItsLastAuditEntrySaysIsNamed) {
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Long Road"}, {"max_capacity", 50}});
  EXPECT_THAT(
      told_of("UPDATE venues SET name = 'Barn'" + where(venue), "UPDATE venues SET name = 'Hall'" + where(venue)),
      ElementsAre("audit_row venues: name = \"Hall\" <> name = \"Barn\""));
  EXPECT_THAT(told_of("UPDATE venues SET city = 'Ulm'" + where(venue), "UPDATE venues SET city = NULL" + where(venue)),
              ElementsAre("audit_row venues: city = null <> city = \"Ulm\""));
  set(tables::venues, venue, {{"max_capacity", 60}});
  EXPECT_THAT(told_of("UPDATE venues SET max_capacity = 50" + where(venue),
                      "UPDATE venues SET max_capacity = 60" + where(venue)),
              ElementsAre("audit_row venues: max_capacity = 60 <> max_capacity = 50"));
  EXPECT_THAT(told_of("UPDATE venues SET version = 1" + where(venue), "UPDATE venues SET version = 2" + where(venue)),
              ElementsAre("audit_row venues: version = 2 <> version = 1"))
      << "so does any earlier state of the row, whichever columns the last entry changed";
  const Uuid order = id_of(sold_["order"]);
  EXPECT_THAT(told_of("UPDATE ticket_orders SET customer_name = 'Mallory'" + where(order),
                      "UPDATE ticket_orders SET customer_name = 'Bea Buyer'" + where(order)),
              ElementsAre("audit_row ticket_orders: customer_name as audited <> another value"))
      << "no personal value stands in a report";
}

TEST_F(VerifyTest, ARowThatCameOrWentWithoutAnEntryIsNamed) {
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Long Road"}, {"max_capacity", 50}});
  const Uuid copy = ids_->next();
  const std::string columns = "organization_id, name, address, max_capacity, version, created_at, updated_at";
  const std::string taken =
      "INSERT INTO venues (id, " + columns + ") SELECT " + blob(copy) + ", " + columns + " FROM venues" + where(venue);
  EXPECT_THAT(told_of(taken, "DELETE FROM venues" + where(copy)),
              ElementsAre("audit_row venues: no such row by its last audit entry <> a row"));
  tamper(taken);
  tamper("DELETE FROM venues" + where(venue));
  EXPECT_THAT(problems(), Contains(HasSubstr("audit_row venues: the row of audit entry ")).Times(1));
  const std::string back =
      "INSERT INTO venues (id, " + columns + ") SELECT " + blob(venue) + ", " + columns + " FROM venues" + where(copy);
  tamper(back);
  ASSERT_TRUE(remove(as_service(), tables::venues, venue));
  tamper(back);
  EXPECT_THAT(problems(), Contains("audit_row venues: no such row by its last audit entry <> a row").Times(2))
      << "neither the one that never was nor the one that was deleted";
  tamper("DELETE FROM venues" + where(venue));
  tamper("DELETE FROM venues" + where(copy));
}

TEST_F(VerifyTest, AnEntryThatWasRewrittenBreaksTheChain) {
  const std::string entry = " WHERE organization_id = " + blob(organization_) + " AND seq = 3";
  EXPECT_THAT(told_of("UPDATE audit_logs SET command = command || 'x'" + entry,
                      "UPDATE audit_logs SET command = substr(command, 1, length(command) - 1)" + entry),
              ElementsAre(HasSubstr("audit_chain audit_logs: an unbroken chain of " + to_text(organization_) +
                                    " <> entry 3: ")));
}

TEST_F(VerifyTest, WordsThatAreMissingOrTooManyAreNamed) {
  const std::string of_bea = " FROM ec_words_tickets WHERE word = 'bea'";
  const std::string columns = "organization_id, event_id, column_id, ";
  EXPECT_THAT(told_of("INSERT INTO ec_words_tickets SELECT " + columns + "'mallory', row_id" + of_bea,
                      "DELETE FROM ec_words_tickets WHERE word = 'mallory'"),
              ElementsAre(HasSubstr("words tickets: ")));
  EXPECT_THAT(told_of("UPDATE ec_words_tickets SET word = 'mallory' WHERE word = 'bea'",
                      "UPDATE ec_words_tickets SET word = 'bea' WHERE word = 'mallory'"),
              Contains("words tickets: every word of the row kept <> not all").Times(2));
}

}  // namespace eventcore::test
