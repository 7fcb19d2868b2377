// Orders that were paid, and the words in which the tests of money that goes back speak.
// Thread: one test.
#pragma once

#include "base/decimal.hpp"
#include "rules/ticketing/settle.hpp"
#include "sale.hpp"

namespace eventcore::test {

class RefundsTest : public SaleTest {
 protected:
  // Sold online: paid by a provider.
  Json sold(std::int64_t quantity, const Json& more = Json::object()) {
    const Json placed = place(category_, quantity, more);
    return confirm(placed, {{"provider", "stripe"}, {"reference", "pi_" + std::to_string(++sales_)}});
  }
  // The vector of the rules: 3 x 10.00 with 10 % off from 3 tickets on, 27.00 paid.
  Json sold_with_discount() {
    const Json placed = place(category_, 3);
    namespace o = col::ticket_orders;
    namespace i = col::ticket_order_items;
    const Json terms = {{"type", "percentage"}, {"value", "10"}, {"min_quantity", 3}, {"categories", Json::array()}};
    EC_EXPECT_OK(engine_change(tables::ticket_orders, id_of(placed["order"]),
                               {{o::discount_amount.index, std::int64_t{30'000}},
                                {o::total_amount.index, std::int64_t{270'000}},
                                {o::discount_terms.index, dump(terms)}}));
    EC_EXPECT_OK(
        engine_change(tables::ticket_order_items, id_of(placed["items"][0]),
                      {{i::discount_amount.index, std::int64_t{30'000}}, {i::total.index, std::int64_t{270'000}}}));
    return confirm(placed, {{"amount", "27.00"}, {"provider", "stripe"}, {"reference", "pi_d"}});
  }
  static Json ids_of(const Json& sale, std::initializer_list<std::size_t> which) {
    Json ids = Json::array();
    for (const std::size_t one : which) ids.push_back(sale["tickets"][one]["id"]);
    return ids;
  }
  Result<Json> try_refund(const Principal& who, const Json& ids) {
    return call(who, "refund_tickets", {{"ticket_ids", ids}, {"reason", "changed their mind"}});
  }
  Json refund(const Json& ids) { return accepted(try_refund(as_user(policy::Role::admin), ids)); }
  Result<Json> try_cancel(const Principal& who, const Json& sale) {
    return call(who, "cancel_order", {{"order_id", sale["order"]["id"]}, {"reason", "called off"}});
  }
  Result<Json> try_pay_out(const Json& sale, const Json& more = Json::object()) {
    Json arguments = {{"order_id", sale["order"]["id"]}};
    arguments.update(more);
    return call(as_user(policy::Role::admin), "confirm_refund", arguments);
  }
  Json pay_out(const Json& sale, const Json& more = Json::object()) { return accepted(try_pay_out(sale, more)); }
  Result<Json> try_charge_back(const Json& sale, const std::string& amount, const std::string& reference = "dp_1") {
    return call(as_user(policy::Role::admin), "record_chargeback",
                {{"order_id", sale["order"]["id"]}, {"amount", amount}, {"reference", reference}});
  }
  // What a webhook would apply.
  std::string reported(const Json& sale, std::int64_t so_far, const std::string& reference) {
    std::string effect;
    EC_EXPECT_OK(run(as_service(), "report", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRY(order, unit.must_find(tables::ticket_orders, organization_, id_of(sale["order"])));
      const rules::ticketing::RefundReport report{so_far, std::nullopt, order[col::ticket_orders::currency].text(), 0};
      EC_TRY(done, rules::ticketing::refunds_reported(unit, order, report, {"stripe", reference}, unit.now()));
      effect = done;
      return Json();
    }));
    return effect;
  }
  std::string mismatch(const Json& placed, std::int64_t amount, const std::string& currency) {
    std::string effect;
    EC_EXPECT_OK(run(as_service(), "report", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRY(order, unit.must_find(tables::ticket_orders, organization_, id_of(placed["order"])));
      rules::ticketing::NewPayment payment;
      payment.name = {"stripe", "pi_odd"};
      payment.amount = amount;
      payment.currency = currency;
      payment.occurred_at = unit.now();
      EC_TRY(done, rules::ticketing::payment_mismatch_stored(unit, order, payment));
      effect = done;
      return Json();
    }));
    return effect;
  }
  std::int64_t tickets_that_are(const std::string& status) {
    return count(tables::tickets, Expr::equals(col::tickets::status.index, status));
  }
  std::vector<Record> rows_of(const Json& sale, const std::string& kind) {
    std::vector<Record> rows;
    EXPECT_TRUE(store_
                    ->read([&](store::Reader& reader) -> Status {
                      store::Query query;
                      query.table = &tables::order_payments;
                      query.organization = organization_;
                      query.where =
                          Expr::all_of({Expr::equals(col::order_payments::order_id.index, id_of(sale["order"])),
                                        Expr::equals(col::order_payments::kind.index, kind)});
                      EC_TRY(found, reader.list(query));
                      rows = std::move(found);
                      return ok();
                    })
                    .has_value());
    return rows;
  }
  void sell_again(bool allowed) { set(tables::events, event_, {{"settings", {{"self_refund", allowed}}}}); }
  // Somebody behind the counter of this event and no editor of it.
  Principal box_office() {
    const Principal member = as_user(policy::Role::member);
    add(tables::team_assignments, {{"event_id", to_text(event_)},
                                   {"user_id", to_text(member.id)},
                                   {"role_type", "operations_manager"},
                                   {"assignment_status", "active"}});
    return member;
  }

  int sales_ = 0;
};

}  // namespace eventcore::test
