// A game of ticketing: steps drawn at random, each a call to the engine and the same thing done to the model, with
// failing files, calls that are refused half way, transactions that are undone, answers that are lost and asked for
// again, and engines opened again. Thread: one test.
#pragma once

#include <deque>
#include <random>

#include "api/engine_fixture.hpp"
#include "support/fault_vfs.hpp"
#include "ticketing/model.hpp"

namespace eventcore::test {

class TicketingGame : public EngineTest {
 protected:
  static constexpr Micros minute_us = 60'000'000;

  void SetUp() override;
  void TearDown() override;

  void new_game();
  void step();
  void call_off();
  void compare();
  void compare_report();

  model::World world_;
  int writes_failed_ = 0;     // a file refused a write or a sync
  int outcomes_unknown_ = 0;  // among them: the engine could not say whether it had committed

 private:
  // ---- dice ----
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(dice_); }
  bool one_in(int chances) { return below(chances) == 0; }
  std::int64_t up_to(std::int64_t most) { return 1 + below(static_cast<int>(most)); }
  template <class List>
  auto& any_of(List& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
  }
  model::Order* some_order();  // rather a late one: those are still open
  model::Category& category(int i) { return world_.categories[static_cast<std::size_t>(i)]; }
  int some_category();
  std::string some_name();

  // ---- asking ----
  // The reply, or nothing after the refusal that the model expects ("" expects none).
  std::optional<Json> ask(const std::string& command, const Json& arguments, const std::string& refusal = "",
                          bool by_service = false);
  Result<Json> try_call(const std::string& command, const Json& arguments, const CallOptions& options, bool by_service);
  void open_again();
  std::vector<Json> rows(const std::string& table, const Json& where);
  std::string named(const std::string& kind) const;  // a reference that was not used yet
  static std::string money(std::int64_t amount, const std::string& currency);
  static std::int64_t minor(const Json& text);

  // ---- ground ----
  void add_category(model::Category made);
  void add_code(model::Code made);

  // ---- steps: orders and money (game_sales.cpp) ----
  void place();
  void import_order();
  void start();
  void pay();
  void fail();
  void stripe_tells();
  void pass_time();
  void cancel();
  void refund();
  void pay_out();
  void charge_back();
  void refused_half_way();
  void undone();
  bool insert_order(Caller& session, model::Order& order, const std::vector<std::string>& states, bool told);
  void issue(model::Order& order, const Json& tickets);
  std::string refusal_of(const model::Order& order, bool wrong_total, bool counter) const;
  std::string hear(const Json& event);
  void hear_of_success(model::Order& order, const std::string& intent);
  void hear_of_failure(model::Order& order, const std::string& intent);
  void hear_of_refund(model::Order& order, const std::string& intent);
  void hear_of_dispute(model::Order& order, const std::string& intent);
  void paid_through(model::Order& order, const std::string& intent);

  // ---- steps: tickets, stock and the waiting list (game_tickets.cpp) ----
  void cancel_ticket();
  void transfer();
  void reissue();
  void scan();
  void undo();
  void search();
  void stock();
  void open_category();
  void delete_category();
  void wait();
  void leave();
  void maintain();

  // ---- compare ----
  void compare_stock();
  void compare_orders();
  void compare_payments();
  void compare_tickets();

  FaultVfs vfs_{"ec-ticketing-game"};
  std::mt19937_64 dice_;
  std::optional<Caller> owner_session_;
  std::optional<Caller> service_session_;
  std::vector<Json> heard_;  // what Stripe told and need not tell again
  std::string event_;
  std::string last_;
  std::deque<std::string> asked_;  // the last few calls, told when the test fails
  Micros now_ = start_us;
  int game_ = 0;
  int calls_ = 0;
};

}  // namespace eventcore::test
