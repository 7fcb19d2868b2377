// Sums that are kept while rows are written: whatever writes them, they are what the rows add up to, and the report
// that is read from them is what its rows say.
#include <map>
#include <random>
#include <stdexcept>
#include <tuple>

#include "base/currency.hpp"
#include "base/seed.hpp"
#include "refunds.hpp"
#include "rules/operations/verify.hpp"
#include "rules/rules.hpp"
#include "schema/codec.hpp"
#include "schema/tallies.hpp"
#include "store/tallies.hpp"

namespace eventcore::test {

using policy::Role;

class TalliesTest : public RefundsTest {
 protected:
  using Group = std::tuple<std::string, Uuid, std::string>;  // table, event, group
  using Groups = std::map<Group, std::pair<std::int64_t, std::int64_t>>;

  void SetUp() override {
    RefundsTest::SetUp();
    dice_.seed(testing::seed());
    category_ = add_category(event_, 500);
    vip_ = add_category(event_, 500, {{"base_price", "50.00"}, {"name", "VIP"}});
    next_event_ = add_event();
    next_category_ = add_category(next_event_, 500);
  }
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(dice_); }

  static std::string text_of(const Value& value) { return value.is_uuid() ? to_text(value.uuid()) : value.text(); }
  std::vector<Record> rows_of_all(const schema::TableDef& table) {
    store::Query query;
    query.table = &table;
    query.organization = organization_;
    std::vector<Record> rows;
    EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(found, reader.list(query));
      rows = std::move(found);
      return ok();
    }));
    return rows;
  }
  // Row by row, of every event.
  Groups counted() {
    Groups groups;
    for (const schema::TallyDef* tally : schema::all_tallies) {
      for (const Record& row : rows_of_all(*tally->table)) {
        std::string name;
        for (const std::uint16_t column : tally->by()) name += text_of(row.at(column)) + "/";
        auto& [rows, sum] = groups[{std::string(tally->table->name), row.at(tally->event).uuid(), name}];
        ++rows;
        sum += row.at(tally->sum).integer();
      }
    }
    return groups;
  }
  Groups kept() {
    Groups groups;
    EC_EXPECT_OK(store_->read([&](store::Reader& reader) -> Status {
      for (const schema::TallyDef* tally : schema::all_tallies) {
        EC_TRY(found, reader.tallies(*tally, organization_));
        for (const store::TallyRow& row : found) {
          std::string name;
          for (const Value& value : row.by) name += text_of(value) + "/";
          groups[{std::string(tally->table->name), row.event, name}] = {row.rows, row.sum};
        }
      }
      return ok();
    }));
    return groups;
  }

  // ---- rows as an import brings them, within a unit of work --------------------------------------------------------

  Result<Uuid> put(work::UnitOfWork& unit, const schema::TableDef& table, Json row) {
    row["organization_id"] = to_text(organization_);
    EC_TRY(changes, schema::decode_row(table, row, schema::WriteKind::insert, {.import = true}));
    EC_TRY(stored, unit.insert(table, changes));
    return stored.id();
  }
  const char* one_of(std::initializer_list<const char*> list) {
    return list.begin()[below(static_cast<int>(list.size()))];
  }
  // An order of any state with a few tickets.
  Status import_order(work::UnitOfWork& unit) {
    const bool here = below(3) > 0;
    const bool stands = below(4) > 0;
    const std::string currency = one_of({"USD", "EUR"});
    const int subtotal = below(90) + 10;
    const int discount = below(10);
    EC_TRY(order, put(unit, tables::ticket_orders,
                      {{"event_id", to_text(here ? event_ : next_event_)},
                       {"order_number", make_order_number(*random_)},
                       {"customer_email", "import@example.org"},
                       {"customer_name", "Ina Import"},
                       {"subtotal", std::to_string(subtotal)},
                       {"discount_amount", std::to_string(discount)},
                       {"total_amount", std::to_string(subtotal - discount)},
                       {"currency", currency},
                       {"order_status", stands ? "active" : one_of({"cancelled", "refunded"})},
                       {"payment_status", one_of({"paid", "refunded", "partially_refunded"})}}));
    for (int tickets = below(4); tickets > 0; --tickets)
      EC_TRYV(put(unit, tables::tickets,
                  {{"order_id", to_text(order)},
                   {"ticket_category_id", to_text(here ? (below(2) == 0 ? category_ : vip_) : next_category_)},
                   {"ticket_number", make_ticket_number(*random_)},
                   {"attendee_name", "Ina Import"},
                   {"attendee_email", "import@example.org"},
                   {"qr_code_data", "imported"},
                   {"price_paid", std::to_string(below(50))},
                   {"currency", currency},
                   {"status", stands ? one_of({"valid", "used", "cancelled", "transferred"}) : "cancelled"}}));
    return ok();
  }

  // A call of its own, to be run with others.
  struct Caller {
    Caller(Principal who, UuidSource& ids, Random& random, Micros now)
        : principal(std::move(who)), draws(ids, random), call{principal, now, draws, "import"} {}
    Principal principal;
    work::Draws draws;
    work::Call call;
  };
  enum class End { good, refused, thrown };
  // The jobs' rows are written before they fail.
  store::Job import_job(End end) {
    auto caller = std::make_shared<Caller>(as_service(), *ids_, *random_, clock_.now_us());
    return [this, caller, end](store::Writer& writer) -> Status {
      caller->draws.rewind();
      EC_TRY(facts, policy::load_facts(writer, caller->principal, caller->call.now));
      work::UnitOfWork unit(writer, caller->call, std::move(facts), rules::invariants());
      EC_TRYV(import_order(unit));
      if (end == End::refused) return Errc::sold_out;
      if (end == End::thrown) throw std::runtime_error("half way");
      return unit.finish();
    };
  }
  End some_end() { return below(2) == 0 ? End::good : below(2) == 0 ? End::refused : End::thrown; }

  void write_a_group() {
    std::vector<std::pair<End, std::shared_ptr<store::Pending>>> group;
    for (int i = 0; i < 5; ++i) {
      const End end = some_end();
      group.emplace_back(end, store_->submit(import_job(end)));
    }
    for (const auto& [end, pending] : group) EXPECT_EQ(store_->wait(pending, -1)->has_value(), end == End::good);
  }
  void write_a_transaction() {
    auto turn = std::move(store_->begin()).assume_value();
    for (int i = 0; i < 3; ++i) {
      const End end = some_end();
      EXPECT_EQ(turn->run(import_job(end)).has_value(), end == End::good);
    }
    if (below(2) == 0) return turn->rollback();
    EC_EXPECT_OK(turn->commit());
  }

  // ---- anything that may be done to an event ------------------------------------------------------------------------

  Json some_sale() {
    return known_.empty() ? Json() : known_[static_cast<std::size_t>(below(static_cast<int>(known_.size())))];
  }
  Json some_ticket() {
    const Json sale = some_sale();
    const Json tickets = sale.is_null() ? Json::array() : sale.value("tickets", Json::array());
    return tickets.empty() ? Json() : tickets[static_cast<std::size_t>(below(static_cast<int>(tickets.size())))];
  }
  void keep(const Result<Json>& sale) {
    if (sale) known_.push_back(sale.assume_value());
  }
  Result<Json> with_ticket(const std::string& command, Json more) {
    const Json ticket = some_ticket();
    if (ticket.is_null()) return Failure(Errc::not_found);
    if (command == "refund_tickets") {
      more["ticket_ids"] = Json::array({ticket["id"]});
    } else {
      more["ticket_id"] = ticket["id"];
    }
    return call(as_user(Role::admin), command, more);
  }
  Result<Json> with_order(const std::string& command, Json more) {
    const Json sale = some_sale();
    if (sale.is_null()) return Failure(Errc::not_found);
    more["order_id"] = sale["order"]["id"];
    return call(as_user(Role::admin), command, more);
  }
  void sell_something() {
    const int places = below(3) + 1;
    const bool vip = below(2) == 0;
    Json more = {{"customer", {{"email", "b" + std::to_string(below(50)) + "@example.org"}, {"name", "Bea"}}}};
    if (below(2) == 0)
      more["payment"] = {{"method", "cash"}, {"amount", std::to_string(places * (vip ? 50 : 10)) + ".00"}};
    keep(try_order(vip ? vip_ : category_, places, more));
  }
  void pay_for_something() {
    const Json sale = some_sale();
    if (sale.is_null()) return;
    keep(try_confirm(sale, {{"provider", "stripe"}, {"reference", "pi_" + std::to_string(++references_)}}));
  }
  void scan_something() {
    const Json ticket = some_ticket();
    if (!ticket.is_null())
      (void)call(as_service(), "check_in", {{"event_id", to_text(event_)}, {"ticket_id", ticket["id"]}});
  }
  void erase_something() {
    const auto rows = rows_of_all(tables::tickets);
    if (!rows.empty())
      (void)engine_erase(tables::tickets, rows[static_cast<std::size_t>(below(static_cast<int>(rows.size())))].id());
  }
  // An event with an unpaid order, gone with everything of it.
  void remove_an_event() {
    const Uuid event = add_event();
    const Uuid category = add_category(event, 10);
    const Json reply = accepted(call(as_service(), "place_order",
                                     {{"event_id", to_text(event)},
                                      {"items", {{{"ticket_category_id", to_text(category)}, {"quantity", 2}}}},
                                      {"customer", {{"email", "gone@example.org"}, {"name", "Gus Gone"}}}}));
    add_ticket(id_of(reply["order"]), category, "cancelled");
    EC_EXPECT_OK(remove(as_service(), tables::events, event));
    for (const auto& [group, figures] : kept()) EXPECT_NE(std::get<1>(group), event) << std::get<2>(group);
  }
  void let_time_pass() {
    clock_.advance(below(10) * minute_us);
    accepted(call(as_service(), "expire_orders", {{"organization_id", to_text(organization_)}}));
  }
  void do_something() {
    const Json why = {{"reason", "changed their mind"}};
    switch (below(17)) {
      case 0:
      case 1:
      case 2: return sell_something();
      case 3:
      case 4: return pay_for_something();
      case 5: return scan_something();
      case 6: return (void)with_ticket("undo_check_in", {{"reason", "slipped"}});
      case 7: return (void)with_ticket("refund_tickets", why);
      case 8: return (void)with_ticket("transfer_ticket", {{"name", "Ada"}, {"email", "ada@example.org"}});
      case 9: return (void)with_ticket("cancel_ticket", why);
      case 10: return (void)with_order("cancel_order", why);
      case 11: return (void)with_order("confirm_refund", Json::object());
      case 12:
        return (void)with_order("record_chargeback",
                                {{"amount", "5.00"}, {"reference", "dp_" + std::to_string(++references_)}});
      case 13: return write_a_group();
      case 14: return write_a_transaction();
      case 15: return erase_something();
      default: return below(4) == 0 ? remove_an_event() : let_time_pass();
    }
  }

  // ---- the report, out of the rows ----------------------------------------------------------------------------------

  using Sums = std::map<std::string, std::int64_t>;
  static Json amounts(const Sums& sums) {
    Json out = Json::object();
    for (const auto& [currency, units] : sums) out[currency] = money_to_text(units, currency);
    return out;
  }
  void orders_by_hand(Json& report) {
    namespace o = col::ticket_orders;
    std::map<std::string, int> states;
    Sums discounts;
    int paid = 0;
    for (const Record& order : rows_of_all(tables::ticket_orders)) {
      if (order[o::event_id].uuid() != event_) continue;
      const bool stands = order[o::order_status].text() == "active";
      const std::string state = (stands ? order[o::payment_status] : order[o::order_status]).text();
      ++states[state];
      if (!stands || (state != "paid" && state != "partially_refunded")) continue;
      ++paid;
      discounts[order[o::currency].text()] += order[o::discount_amount].integer();
    }
    report["orders"] = paid;
    report["orders_by_state"] = states;
    report["discounts"] = amounts(discounts);
  }
  void money_by_hand(Json& report) {
    namespace p = col::order_payments;
    std::map<std::string, Sums> sums;
    for (const Record& payment : rows_of_all(tables::order_payments)) {
      if (payment[p::event_id].uuid() != event_) continue;
      const std::string what = payment[p::kind].text() + " " + payment[p::status].text();
      const std::int64_t units = payment[p::amount].integer();
      sums[what][payment[p::currency].text()] += units;
      if (what == "payment succeeded") sums["revenue"][payment[p::currency].text()] += units;
      if (what == "refund succeeded") sums["revenue"][payment[p::currency].text()] -= units;
    }
    report["revenue"] = amounts(sums["revenue"]);
    report["refunds"] = amounts(sums["refund succeeded"]);
    report["refunds_due"] = amounts(sums["refund due"]);
    report["chargebacks"] = amounts(sums["chargeback succeeded"]);
  }
  void tickets_by_hand(Json& report) {
    namespace t = col::tickets;
    std::map<Uuid, std::array<std::int64_t, 3>> figures;  // tickets, of them used, prices
    std::array<std::int64_t, 3> all{};
    for (const Record& ticket : rows_of_all(tables::tickets)) {
      const std::string& status = ticket[t::status].text();
      if (ticket[t::event_id].uuid() != event_ || (status != "valid" && status != "used")) continue;
      for (auto* of : {&figures[ticket[t::ticket_category_id].uuid()], &all}) {
        ++(*of)[0];
        (*of)[1] += status == "used" ? 1 : 0;
        (*of)[2] += ticket[t::price_paid].integer();
      }
    }
    report["tickets"] = all[0];
    report["checked_in"] = all[1];
    for (Json& category : report["by_category"]) {
      const auto& [tickets, used, prices] = figures[id_of({{"id", category["ticket_category_id"]}})];
      category["tickets"] = tickets;
      category["checked_in"] = used;
      category["revenue"] = money_to_text(prices, category["currency"].get<std::string>());
    }
  }
  void expect_report_as_by_hand() {
    const Json told = accepted(call(as_service(), "event_report", {{"event_id", to_text(event_)}}));
    EXPECT_EQ(told["by_category"].size(), 3U);
    Json by_hand = told;  // all figures are written anew, names and stock are not the tallies'
    orders_by_hand(by_hand);
    money_by_hand(by_hand);
    tickets_by_hand(by_hand);
    EXPECT_EQ(told, by_hand);
  }

  std::mt19937_64 dice_;
  Uuid vip_;
  Uuid next_event_;
  Uuid next_category_;
  std::vector<Json> known_;
  int references_ = 0;
};

TEST_F(TalliesTest, AfterAnyWritesTheyAreWhatTheRowsAddUpTo) {
  EC_TRACE_SEED();
  clock_.set(parse_rfc3339("2026-12-01T12:00:00Z").assume_value());
  for (int step = 0; step < 250; ++step) {
    do_something();
    ASSERT_EQ(kept(), counted()) << "after step " << step;
    if (step % 10 == 9) expect_report_as_by_hand();
  }
  EXPECT_GT(kept().size(), 20U);
}

TEST_F(TalliesTest, AGroupWithoutRowsIsNotKept) {
  const Uuid order = add_order(event_);
  const Uuid ticket = add_ticket(order, category_);
  EXPECT_EQ(kept().size(), 2U);
  EC_EXPECT_OK(engine_change(tables::tickets, ticket, {{col::tickets::status.index, Value("used")}}));
  EXPECT_EQ(kept().size(), 2U);
  EC_EXPECT_OK(engine_erase(tables::tickets, ticket));
  EC_EXPECT_OK(engine_erase(tables::ticket_orders, order));
  EXPECT_TRUE(kept().empty());
}

TEST_F(TalliesTest, ATransactionReadsTheReportOfItsOwnWrites) {
  auto turn = std::move(store_->begin()).assume_value();
  ASSERT_TRUE(turn->run(import_job(End::good)).has_value());
  EXPECT_TRUE(turn->run([&](store::Writer& writer) -> Status {
                    EC_TRY(orders, writer.tallies(schema::tallies::ticket_orders, organization_));
                    EXPECT_EQ(orders.size(), 1U);
                    return ok();
                  })
                  .has_value());
  turn->rollback();
  EXPECT_TRUE(kept().empty());
}

TEST_F(TalliesTest, VerifyTellsOfATallyThatWasAltered) {
  sell(category_, 2, "20.00");
  EXPECT_TRUE(problems().empty());
  const std::string table = " WHERE table_id = " + std::to_string(tables::tickets.id);
  const std::string group = to_text(category_) + "/valid: ";
  tamper("UPDATE ec_tallies SET total = total + 1" + table);
  EXPECT_EQ(problems(), std::vector{"tally tickets: " + group + "2 rows of 200000 <> " + group + "2 rows of 200001"});
  tamper("UPDATE ec_tallies SET total = total - 1, row_count = row_count - 1" + table);
  EXPECT_EQ(problems(), std::vector{"tally tickets: " + group + "2 rows of 200000 <> " + group + "1 rows of 200000"});
  tamper("UPDATE ec_tallies SET by_2 = 'used', row_count = row_count + 1" + table);
  EXPECT_EQ(problems().size(), 2U) << "one group too many and one too few";
  tamper("UPDATE ec_tallies SET by_2 = 'valid'" + table);
  EXPECT_TRUE(problems().empty());
}

TEST_F(TalliesTest, AWriteThatWouldLeaveTheRangeOfASumIsRefusedAndNoOther) {
  sell(category_, 1, "10.00");
  const std::string table = " WHERE table_id = " + std::to_string(tables::tickets.id);
  tamper("UPDATE ec_tallies SET total = 9223372036854775807" + table);
  const Groups before = kept();
  const Json cash = {{"payment", {{"method", "cash"}, {"amount", "10.00"}}}};
  EC_EXPECT_REFUSED("invalid_argument", try_order(category_, 1, cash));
  EXPECT_EQ(kept(), before);
  const Json for_vip = {{"payment", {{"method", "cash"}, {"amount", "50.00"}}}};
  EC_EXPECT_OK(try_order(vip_, 1, for_vip));
  tamper("UPDATE ec_tallies SET total = 100000 * row_count" + table + " AND total > 1000000");
}

}  // namespace eventcore::test
