// An event on sale with one category, and the words in which the tests of selling and checking in speak.
// Thread: one test.
#pragma once

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "rules/ticketing/invariants.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;

constexpr Micros minute_us = 60'000'000;
constexpr Micros hour_us = 60 * minute_us;

class SaleTest : public Fixture {
 protected:
  // The device that register_device has answered.
  Principal device(const Json& registered) {
    Principal principal;
    principal.kind = policy::PrincipalKind::device;
    principal.id = id_of(registered);
    principal.organization = organization_;
    const Bytes hash = row(tables::devices, principal.id)[col::devices::key_hash].bytes();
    std::copy(hash.begin(), hash.end(), principal.key_hash.begin());
    return principal;
  }

  void SetUp() override {
    Fixture::SetUp();
    event_ = add_event();
    category_ = add_category(event_, 10);
  }

  // The arguments of an order of `quantity` places; `more` replaces members.
  Json order_of(const Uuid& category, std::int64_t quantity, Json more = Json::object()) {
    Json arguments = {{"event_id", to_text(event_)},
                      {"items", {{{"ticket_category_id", to_text(category)}, {"quantity", quantity}}}},
                      {"customer", {{"email", "bea@example.org"}, {"name", "Bea Buyer"}}}};
    arguments.update(more);
    return arguments;
  }

  Result<Json> try_order(const Uuid& category, std::int64_t quantity, const Json& more = Json::object()) {
    return call(as_service(), "place_order", order_of(category, quantity, more));
  }
  Json place(const Uuid& category, std::int64_t quantity, const Json& more = Json::object()) {
    return accepted(try_order(category, quantity, more));
  }
  // Sold at the counter for cash: placed, paid and issued.
  Json sell(const Uuid& category, std::int64_t quantity, const std::string& total, Json more = Json::object()) {
    more["payment"] = {{"method", "cash"}, {"amount", total}};
    return place(category, quantity, more);
  }
  Result<Json> try_confirm(const Json& placed, Json more = Json::object()) {
    Json arguments = {{"order_id", placed["order"]["id"]},
                      {"amount", placed["order"]["total_amount"]},
                      {"currency", placed["order"]["currency"]}};
    arguments.update(more);
    return call(as_service(), "confirm_payment", arguments);
  }
  Json confirm(const Json& placed, const Json& more = Json::object()) { return accepted(try_confirm(placed, more)); }

  Json check_in(const Json& more) {
    Json arguments = {{"event_id", to_text(event_)}};
    arguments.update(more);
    return accepted(call(as_service(), "check_in", arguments));
  }
  std::string scan(const Json& more) { return check_in(more).value("outcome", ""); }

  static Json accepted(Result<Json> result) {
    EXPECT_TRUE(result.has_value()) << (result ? std::string() : result.error().to_json());
    return result ? std::move(result).assume_value() : Json::object();
  }

  std::int64_t left(const Uuid& category) {
    return number(tables::ticket_categories, category, col::ticket_categories::available_quantity);
  }
  std::string order_state(const Json& placed) {
    const Record order = row(tables::ticket_orders, id_of(placed["order"]));
    return order[col::ticket_orders::order_status].text() + "/" + order[col::ticket_orders::payment_status].text();
  }
  std::int64_t payments(const std::string& kind, const std::string& status) {
    namespace p = col::order_payments;
    return count(tables::order_payments,
                 Expr::all_of({Expr::equals(p::kind.index, kind), Expr::equals(p::status.index, status)}));
  }

  Uuid event_;
  Uuid category_;
};

}  // namespace eventcore::test
