// All commands of ticketing at random over the C++ API, held against a model of few lines (model.hpp), with units of
// work that are refused half way, transactions that are undone, answers that are asked for twice and engines opened
// again. EC_TICKETING_STEPS=20000 for a longer game; a failure prints the seed.
#include <cstdlib>
#include <deque>
#include <random>

#include "api/engine_fixture.hpp"
#include "base/time.hpp"
#include "ticketing/model.hpp"

namespace eventcore::test {
namespace {

using model::Category;
using model::Code;
using model::Entry;
using model::Order;
using model::Place;
using model::World;

constexpr Micros minute_us = 60'000'000;

std::string money(std::int64_t cents) {
  const std::string part = std::to_string(100 + cents % 100).substr(1);
  return std::to_string(cents / 100) + "." + part;
}

std::int64_t cents(const Json& text) {
  std::string digits = text.get<std::string>();
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  return std::stoll(digits);
}

class TicketingModelTest : public EngineTest {
 protected:
  void TearDown() override {
    if (HasFailure())
      for (const std::string& call : asked_) printf("%s\n", call.c_str());
    caller_.reset();
    EngineTest::TearDown();
  }
  void SetUp() override {
    EngineTest::SetUp();
    dice_.seed(testing::seed());
    caller_.emplace(owner());
  }

  // ---- dice ----
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(dice_); }
  bool one_in(int chances) { return below(chances) == 0; }
  Order* some_order() {
    const int known = static_cast<int>(world_.orders.size());
    return known == 0 ? nullptr : &world_.orders[static_cast<std::size_t>(known - 1 - below(std::min(known, 15)))];
  }
  Place* some_place(Order& order) {
    return &order.places[static_cast<std::size_t>(below(static_cast<int>(order.places.size())))];
  }
  Category& category(int i) { return world_.categories[static_cast<std::size_t>(i)]; }

  // ---- asking ----
  // The reply, or nothing after the refusal that the model expects ("" expects none).
  std::optional<Json> ask(const std::string& command, const Json& arguments, const std::string& refusal = "") {
    const std::string key = "game-" + std::to_string(game_) + "-call-" + std::to_string(++calls_) + "-0123456789";
    CallOptions options;
    options.idempotency_key = key;
    const auto reply = caller_->call(command, arguments, options);
    last_ = command + " " + dump(arguments);
    const std::string got = reply ? "" : std::string(reply.error().name());
    asked_.push_back(last_ + (reply ? "" : " -> " + got));
    if (asked_.size() > 12) asked_.pop_front();
    EXPECT_EQ(got, refusal) << last_ << (reply ? dump(reply.assume_value()) : reply.error().to_json());
    if (!reply || got != refusal) return std::nullopt;
    if (one_in(8)) {  // the answer was lost
      if (one_in(6)) open_again();
      EXPECT_EQ(accepted(caller_->call(command, arguments, options)), reply.assume_value()) << last_;
    }
    return reply.assume_value();
  }
  void open_again() {
    caller_.reset();
    engine_.reset();
    core_.reset();
    open();
    ASSERT_TRUE(engine_->set_clock(now_));
    caller_.emplace(owner());
  }
  std::vector<Json> rows(const std::string& table) {
    std::vector<Json> all;
    Json request = {{"where", {{"event_id", event_}}}};
    for (;;) {
      const Json page = accepted(caller_->list(table, request));
      for (const Json& row : page["rows"]) all.push_back(row);
      if (page["cursor"].is_null()) return all;
      request["after"] = page["cursor"];
    }
  }

  // ---- a game ----
  void new_game() {
    ++game_;
    world_ = {};
    event_ = new_event({{"is_public", true},
                        {"start_datetime", format_rfc3339(now_ + 60 * minute_us)},
                        {"end_datetime", format_rfc3339(now_ + Micros{60} * 24 * 20 * minute_us)}});
    add_category({"", 1'250, 10, 0, 4, true, true, true});
    add_category({"", 799, 6, 0, 5, true, true, true});
    add_category({"", 2'000, 5, 0, 3, true, false, false});
    add_code({"", "TEN from three", true, 10, 3, std::nullopt, std::nullopt});
    add_code({"", "five off", false, 500, 1, 3, 1});
  }
  void add_category(Category made) {
    made.id = id(accepted(owner().insert("ticket_categories", {{"event_id", event_},
                                                               {"name", "Place"},
                                                               {"base_price", money(made.price)},
                                                               {"total_quantity", made.total},
                                                               {"max_per_order", made.most},
                                                               {"is_transferable", made.transferable},
                                                               {"is_refundable", made.refundable}})));
    world_.categories.push_back(made);
  }
  void add_code(Code made) {
    made.id = id(accepted(
        owner().insert("discount_codes", {{"event_id", event_},
                                          {"code", made.text},
                                          {"discount_type", made.percent ? "percentage" : "fixed_amount"},
                                          {"discount_value", made.percent ? "10" : money(made.value)},
                                          {"min_quantity", made.from},
                                          {"max_uses", made.uses ? Json(*made.uses) : Json(nullptr)},
                                          {"max_uses_per_user", made.each ? Json(*made.each) : Json(nullptr)}})));
    world_.codes.push_back(made);
  }

  void step();
  void place();
  void pay();
  void fail();
  void pass_time();
  void cancel();
  void refund();
  void pay_out();
  void charge_back();
  void cancel_ticket();
  void transfer();
  void reissue();
  void scan();
  void undo();
  void stock();
  void wait();
  void leave();
  void maintain();
  void refused_half_way();
  void undone();
  void call_off();
  void compare();
  void issue(Order& order, const Json& tickets);
  std::string refusal_of(const Order& order, bool wrong_total, bool counter) const;

  std::mt19937_64 dice_;
  std::optional<Caller> caller_;
  World world_;
  std::string event_;
  std::string last_;
  std::deque<std::string> asked_;  // the last few calls, told when the test fails
  Micros now_ = start_us;
  int game_ = 0;
  int calls_ = 0;
};

// The first reason in the order of the rules; due orders have expired before.
std::string TicketingModelTest::refusal_of(const Order& order, bool wrong_total, bool counter) const {
  if (world_.called_off) return "event_not_on_sale";
  std::vector<std::int64_t> wanted(world_.categories.size());
  for (const Place& p : order.places) ++wanted[static_cast<std::size_t>(p.category)];
  const auto any = [&](auto&& holds) {
    for (std::size_t c = 0; c < wanted.size(); ++c)
      if (wanted[c] > 0 && holds(static_cast<int>(c), wanted[c], world_.categories[c])) return true;
    return false;
  };
  if (any([](int, std::int64_t, const Category& c) { return !c.active; })) return "category_inactive";
  if (any([](int, std::int64_t n, const Category& c) { return n > c.most; })) return "invalid_quantity";
  if (any([&](int c, std::int64_t n, const Category& of) {
        return !counter && !order.email.empty() && world_.unpaid_of(order.email, c) + n > of.most;
      }))
    return "hold_limit";
  if (order.code >= 0) {
    const Code& code = world_.codes[static_cast<std::size_t>(order.code)];
    if (static_cast<std::int64_t>(order.places.size()) < code.from) return "discount_not_applicable";
    if (code.uses && world_.uses(order.code) >= *code.uses) return "discount_not_applicable";
    if (code.each && !order.email.empty() && world_.uses(order.code, &order.email) >= *code.each)
      return "discount_not_applicable";
  }
  if (wrong_total) return "price_changed";
  if (any([&](int c, std::int64_t n, const Category&) { return n > world_.left(c); })) return "sold_out";
  return "";
}

void TicketingModelTest::place() {
  Order order;
  order.email = one_in(8) ? "" : "buyer" + std::to_string(below(6)) + "@example.org";
  order.code = one_in(3) ? below(2) : -1;
  const bool counter = order.email.empty() || one_in(3);
  const bool wrong_total = one_in(15);
  Json items = Json::array();
  const int first = below(3);
  for (const int c : {first, (first + 1) % 3}) {
    if (c != first && !one_in(3)) continue;
    const int quantity = 1 + below(one_in(6) ? 6 : 3);
    items.push_back({{"ticket_category_id", category(c).id}, {"quantity", quantity}});
    for (int i = 0; i < quantity; ++i) order.places.push_back({c, category(c).price});
  }
  order.total = world_.worth(order);
  const World before = world_;
  world_.expire(now_);
  const std::string refusal = refusal_of(order, wrong_total, counter);
  Json arguments = {{"event_id", event_},
                    {"items", items},
                    {"customer", {{"email", order.email}, {"name", "Bea"}}},
                    {"expected_total", money(order.total + (wrong_total ? 1 : 0))}};
  if (order.code >= 0) arguments["discount_code"] = " " + world_.codes[static_cast<std::size_t>(order.code)].text;
  if (counter) arguments["payment"] = {{"method", "card"}, {"amount", money(order.total)}};
  const auto reply = ask("place_order", arguments, refusal);
  if (!reply) {
    world_ = before;  // what expired in a refused call has not
    return;
  }
  order.id = id((*reply)["order"]);
  if (counter) {
    order.stands = Order::Stands::paid;
    order.ever_paid = true;
    order.in = order.total;
    issue(order, (*reply)["tickets"]);
  } else {
    order.expires = now_ + 15 * minute_us;
  }
  world_.orders.push_back(order);
}

void TicketingModelTest::issue(Order& order, const Json& tickets) {
  ASSERT_EQ(tickets.size(), order.places.size()) << last_;
  std::int64_t sum = 0;
  std::vector<bool> done(order.places.size());
  for (const Json& ticket : tickets) {
    sum += cents(ticket["price_paid"]);
    std::size_t at = 0;
    while (at < done.size() &&
           (done[at] || Json(category(order.places[at].category).id) != ticket["ticket_category_id"]))
      ++at;
    ASSERT_LT(at, done.size()) << last_;
    done[at] = true;
    order.places[at].ticket = id(ticket);
    order.places[at].number = ticket["ticket_number"];
    order.places[at].codes = {ticket["qr_code_data"]};
    order.places[at].status = "valid";
  }
  EXPECT_EQ(sum, order.total) << last_;
}

void TicketingModelTest::pay() {
  Order* order = some_order();
  if (order == nullptr || order->total == 0) return;
  Json arguments = {{"order_id", order->id}, {"amount", money(order->total)}, {"currency", "USD"}, {"method", "card"}};
  if (order->waits() && one_in(6)) {
    arguments["amount"] = money(order->total + 1);
    ask("confirm_payment", arguments, "payment_mismatch");
    return;
  }
  if (!order->waits() && !one_in(4)) return;  // a second one, or a late one
  const bool again = !order->references.empty() && one_in(2);
  const std::string reference = again ? *order->references.begin() : "pay-" + std::to_string(calls_) + event_;
  arguments["provider"] = "bank";
  arguments["reference"] = reference;
  const auto reply = ask("confirm_payment", arguments);
  if (!reply || again) return;
  order->references.insert(reference);
  if (world_.pay(*order)) issue(*order, (*reply)["tickets"]);
}

void TicketingModelTest::fail() {
  Order* order = some_order();
  if (order == nullptr || order->cancelled()) return;
  const Json payment = {
      {"order_id", order->id}, {"provider", "bank"}, {"reference", "try-" + std::to_string(calls_) + event_}};
  if (order->waits() && order->attempt != "processing" && one_in(2)) {
    if (ask("start_payment", payment)) order->attempt = "processing";
    return;
  }
  if (order->attempt == "processing") return;
  if (ask("fail_payment", payment) && order->waits()) order->attempt = "failed";
}

void TicketingModelTest::pass_time() {
  now_ += (1 + below(12)) * minute_us;
  ASSERT_TRUE(engine_->set_clock(now_));
  if (!one_in(2)) return;
  const std::int64_t due = world_.expire(now_);
  const auto reply = ask("expire_orders", {{"event_id", event_}});
  if (reply) {
    EXPECT_EQ((*reply)["expired"], Json(due));
  }
}

void TicketingModelTest::cancel() {
  Order* order = some_order();
  if (order == nullptr) return;
  const auto reply = ask("cancel_order", {{"order_id", order->id}, {"reason", "asked for"}},
                         order->cancelled()   ? "wrong_state"
                         : order->has("used") ? "refund_refused"
                                              : "");
  if (!reply) return;
  const std::int64_t owed = order->in - order->out() - order->due;
  if (!order->waits()) order->owe_everything();
  world_.cancel(*order, "withdrawn");
  order->ran_out = false;
  EXPECT_EQ((*reply)["refund"].is_null() ? 0 : cents((*reply)["refund"]["amount"]), order->ever_paid ? owed : 0)
      << last_;
}

void TicketingModelTest::refund() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid) return;
  std::vector<Place*> chosen;
  Json ids = Json::array();
  for (Place& p : order->places) {
    if (!one_in(2)) continue;
    chosen.push_back(&p);
    ids.push_back(p.ticket);
  }
  if (chosen.empty()) return;
  const bool refused = std::any_of(chosen.begin(), chosen.end(), [&](const Place* p) {
    return p->status == "used" || p->returned || !category(p->category).refundable;
  });
  const auto reply = ask("refund_tickets", {{"ticket_ids", ids}}, refused ? "refund_refused" : "");
  if (!reply) return;
  for (Place* p : chosen) p->returned = true, p->status = "cancelled";
  const std::int64_t back = std::max(std::int64_t{0}, order->in - order->out() - order->due - world_.worth(*order));
  EXPECT_EQ(cents((*reply)["refund"]["amount"]), back) << last_;
  order->due += back;
  if (!order->cancelled()) order->cancel_when_empty();
}

void TicketingModelTest::pay_out() {
  for (Order& order : world_.orders) {
    if (order.due == 0 || !one_in(3)) continue;
    const std::int64_t amount = one_in(3) ? order.due : 1 + below(static_cast<int>(order.due) + 40);
    const bool too_much = amount > order.due;
    const Json arguments = {
        {"order_id", order.id}, {"amount", money(amount)}, {"reference", "out-" + std::to_string(calls_) + event_}};
    if (!ask("confirm_refund", arguments, too_much ? "payment_mismatch" : "")) return;
    order.due -= amount;
    order.refunded += amount;
    if (one_in(3)) ask("confirm_refund", arguments);
    return;
  }
}

void TicketingModelTest::charge_back() {
  Order* order = some_order();
  if (order == nullptr || order->in - order->out() <= 0) return;
  const std::int64_t amount = 1 + below(static_cast<int>(order->in - order->out()));
  if (!ask("record_chargeback", {{"order_id", order->id},
                                 {"amount", money(amount)},
                                 {"provider", "bank"},
                                 {"reference", "dispute-" + std::to_string(calls_) + event_}}))
    return;
  order->charged += amount;
  order->due = std::min(order->due, order->in - order->out());
}

void TicketingModelTest::cancel_ticket() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid) return;
  Place* p = some_place(*order);
  if (!ask("cancel_ticket", {{"ticket_id", p->ticket}}, p->status == "valid" ? "" : "wrong_state")) return;
  p->status = "cancelled";
  if (order->in == 0) order->cancel_when_empty();  // else it stands: its money is still to be returned
}

void TicketingModelTest::transfer() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid || order->payment_status() != "paid") return;
  Place* p = some_place(*order);
  const std::string email = "next" + std::to_string(calls_) + "@example.org";
  const auto reply = ask("transfer_ticket", {{"ticket_id", p->ticket}, {"name", "Next"}, {"email", email}},
                         !category(p->category).transferable ? "not_transferable"
                         : p->status != "valid"              ? "wrong_state"
                                                             : "");
  if (!reply) return;
  order->old_tickets.push_back(p->ticket);
  p->ticket = id((*reply)["ticket"]);
  p->number = (*reply)["ticket"]["ticket_number"];
  p->codes = {(*reply)["ticket"]["qr_code_data"]};
}

void TicketingModelTest::reissue() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid || order->cancelled()) return;
  if (one_in(4)) ask("rotate_event_key", {{"event_id", event_}});
  Place* p = some_place(*order);
  const auto reply = ask("reissue_ticket", {{"ticket_id", p->ticket}}, p->taken() ? "" : "wrong_state");
  if (reply) p->codes.push_back((*reply)["ticket"]["qr_code_data"]);
}

void TicketingModelTest::scan() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid) return;
  Place* p = some_place(*order);
  const bool out = !p->scans.empty() && p->scans.back() == 'i' && one_in(3);
  const bool old = p->codes.size() > 1 && one_in(3);
  Json arguments = {{"event_id", event_}, {"direction", out ? "out" : "in"}};
  if (!old && one_in(4))
    arguments["ticket_number"] = p->number;
  else
    arguments["code"] = old ? p->codes.front() : p->codes.back();
  const std::string expected = old                           ? "revoked"
                               : p->status == "cancelled"    ? "cancelled"
                               : order->charged > 0          ? "unpaid"
                               : out || p->status == "valid" ? "admitted"
                                                             : "already_used";
  const auto reply = ask("check_in", arguments);
  if (!reply) return;
  EXPECT_EQ((*reply)["outcome"], Json(expected)) << last_;
  if (expected == "admitted") {
    p->scans.push_back(out ? 'o' : 'i');
    p->status = "used";
  }
}

void TicketingModelTest::undo() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid || order->cancelled()) return;
  Place* p = some_place(*order);
  const Json arguments = {{"ticket_id", p->ticket}, {"reason", "a mistake"}};
  if (!ask("undo_check_in", arguments, p->status == "used" ? "" : "wrong_state")) return;
  p->scans.pop_back();
  if (std::find(p->scans.begin(), p->scans.end(), 'i') == p->scans.end()) p->status = "valid";
}

void TicketingModelTest::stock() {
  const int c = below(3);
  Category& of = category(c);
  if (one_in(4)) {
    of.active = !of.active || one_in(2);
    accepted(caller_->update("ticket_categories", of.id, {{"is_active", of.active}}));
    return;
  }
  const bool resize = one_in(2);
  const std::int64_t value = resize ? 3 + below(14) : below(4);
  const std::int64_t change = resize ? value - of.total : of.withheld - value;
  const auto done =
      caller_->update("ticket_categories", of.id, {{resize ? "total_quantity" : "withheld_quantity", value}});
  ASSERT_EQ(done.has_value(), world_.available(c) + change >= 0) << (done ? "" : done.error().to_json());
  if (done) (resize ? of.total : of.withheld) = value;
}

void TicketingModelTest::wait() {
  const int c = below(3);
  const std::int64_t quantity = 1 + below(static_cast<int>(category(c).most));
  const std::string email = "buyer" + std::to_string(below(6)) + "@example.org";
  if (quantity > category(c).total - category(c).withheld) return;
  const World before = world_;
  world_.expire(now_);
  const bool there = std::any_of(world_.entries.begin(), world_.entries.end(), [&](const Entry& e) {
    return e.category == c && e.email == email && (e.status == "waiting" || e.status == "offered");
  });
  const auto reply =
      ask("join_waitlist",
          {{"ticket_category_id", category(c).id}, {"quantity", quantity}, {"customer", {{"email", email}}}},
          world_.called_off            ? "event_not_on_sale"
          : !category(c).active        ? "category_inactive"
          : there                      ? "already_exists"
          : quantity <= world_.left(c) ? "places_left"
                                       : "");
  if (!reply) {
    world_ = before;
    return;
  }
  Entry entry;
  entry.id = id((*reply)["entry"]);
  entry.email = email;
  entry.category = c;
  entry.quantity = quantity;
  world_.entries.push_back(entry);
}

void TicketingModelTest::leave() {
  if (world_.entries.empty()) return;
  Entry& entry = world_.entries[static_cast<std::size_t>(below(static_cast<int>(world_.entries.size())))];
  const bool open = entry.status == "waiting" || entry.status == "offered";
  if (!ask("leave_waitlist", {{"entry_id", entry.id}}, open ? "" : "wrong_state")) return;
  if (entry.status == "offered") world_.cancel(world_.orders[static_cast<std::size_t>(entry.order)], "withdrawn");
  entry.status = "withdrawn";
}

void TicketingModelTest::maintain() {
  world_.expire(now_);
  accepted(service().call("run_maintenance", {{"organization_id", organization_}}));
  last_ = "run_maintenance";
  std::vector<bool> stuck(world_.categories.size());
  for (Entry& e : world_.entries) {
    if (e.status != "waiting" || stuck[static_cast<std::size_t>(e.category)]) continue;
    if (!category(e.category).active || e.quantity > world_.available(e.category)) {
      stuck[static_cast<std::size_t>(e.category)] = true;
      continue;
    }
    Order order;
    const Json row = accepted(caller_->get("waitlist_entries", e.id));
    ASSERT_TRUE(row["order_id"].is_string()) << dump(row);
    order.id = row["order_id"];
    order.email = e.email;
    for (std::int64_t i = 0; i < e.quantity; ++i) order.places.push_back({e.category, category(e.category).price});
    order.total = world_.worth(order);
    order.expires = now_ + 30 * minute_us;
    e.status = "offered";
    e.order = static_cast<int>(world_.orders.size());
    world_.orders.push_back(order);
  }
}

// A sale, its admission and a call that is refused, as one unit: nothing of it remains.
void TicketingModelTest::refused_half_way() {
  const Json order = {{"event_id", event_},
                      {"items", {{{"ticket_category_id", category(0).id}, {"quantity", 1}}}},
                      {"customer", {{"name", "Nobody"}}},
                      {"payment", {{"method", "cash"}, {"amount", money(category(0).price)}}}};
  Json too_many = order;
  too_many["items"][0]["quantity"] = 1'000;
  EXPECT_FALSE(
      caller_->call_many(Json::array({Json::array({"place_order", order}), Json::array({"place_order", too_many})})));
}

void TicketingModelTest::undone() {
  ASSERT_TRUE(caller_->session().begin());
  if (Order* order = some_order()) {
    (void)caller_->call("cancel_order", {{"order_id", order->id}});
    (void)caller_->call("confirm_payment", {{"order_id", order->id}, {"amount", "0.01"}, {"currency", "USD"}});
  }
  (void)caller_->call("place_order", order_of(event_, category(1).id, 1));
  (void)caller_->update("ticket_categories", category(2).id, {{"total_quantity", 50}});
  ASSERT_TRUE(caller_->session().rollback());
}

void TicketingModelTest::call_off() {
  if (world_.called_off) return;
  ask("cancel_event", {{"event_id", event_}, {"reason", "storm"}});
  world_.called_off = true;
  for (Order& order : world_.orders) {
    if (order.cancelled()) continue;
    if (order.ever_paid) order.owe_everything();
    world_.cancel(order, "withdrawn");
  }
  for (Entry& entry : world_.entries)
    if (entry.status == "waiting") entry.status = "withdrawn";
}

void TicketingModelTest::compare() {
  for (int c = 0; c < 3; ++c) {
    const Json row = accepted(caller_->get("ticket_categories", category(c).id));
    ASSERT_EQ(row["available_quantity"], Json(world_.available(c))) << last_;
  }
  for (int c = 0; c < 2; ++c)
    ASSERT_EQ(accepted(caller_->get("discount_codes", world_.codes[static_cast<std::size_t>(c)].id))["current_uses"],
              Json(world_.uses(c)))
        << last_;
  std::map<std::string, std::string> orders;
  std::map<std::string, std::string> tickets;
  std::map<std::string, std::string> entries;
  std::map<std::string, std::int64_t> sums;
  for (const Order& o : world_.orders) {
    orders[o.id] = o.order_status() + " " + o.payment_status();
    const std::pair<const char*, std::int64_t> parts[] = {
        {"payment", o.in}, {"refund", o.refunded}, {"chargeback", o.charged}, {"due", o.due}};
    for (const auto& [name, amount] : parts)
      if (amount > 0) sums[o.id + " " + name] = amount;
    for (const Place& p : o.places)
      if (!p.ticket.empty()) tickets[p.ticket] = p.status;
    for (const std::string& old : o.old_tickets) tickets[old] = "transferred";
  }
  for (const Entry& e : world_.entries) entries[e.id] = e.status;
  for (const Json& row : rows("ticket_orders")) {
    const auto known = orders.find(id(row));
    ASSERT_NE(known, orders.end()) << last_ << dump(row);
    ASSERT_EQ(row["order_status"].get<std::string>() + " " + row["payment_status"].get<std::string>(), known->second)
        << last_ << dump(row);
    orders.erase(known);
  }
  ASSERT_TRUE(orders.empty()) << last_;
  std::map<std::string, std::int64_t> found;
  for (const Json& row : rows("order_payments")) {
    const bool due = row["status"] == "due";
    if (!due && row["status"] != "succeeded") continue;
    const std::string name = due ? "due" : row["kind"].get<std::string>();
    if (cents(row["amount"]) > 0) found[row["order_id"].get<std::string>() + " " + name] += cents(row["amount"]);
  }
  ASSERT_EQ(found, sums) << last_;
  std::map<std::string, std::string> issued;
  for (const Json& row : rows("tickets")) issued[id(row)] = row["status"];
  ASSERT_EQ(issued, tickets) << last_;
  std::map<std::string, std::string> waiting;
  for (const Json& row : rows("waitlist_entries")) waiting[id(row)] = row["status"];
  ASSERT_EQ(waiting, entries) << last_;
}

void TicketingModelTest::step() {
  using Act = void (TicketingModelTest::*)();
  using T = TicketingModelTest;
  static constexpr std::pair<int, Act> acts[] = {{20, &T::place},    {14, &T::pay},        {4, &T::fail},
                                                 {6, &T::pass_time}, {4, &T::cancel},      {8, &T::refund},
                                                 {6, &T::pay_out},   {2, &T::charge_back}, {3, &T::cancel_ticket},
                                                 {6, &T::transfer},  {4, &T::reissue},     {12, &T::scan},
                                                 {4, &T::undo},      {5, &T::stock},       {6, &T::wait},
                                                 {2, &T::leave},     {4, &T::maintain},    {2, &T::refused_half_way},
                                                 {2, &T::undone},    {1, &T::open_again}};
  now_ += 1'000;  // rows of one time have no order after the engine was opened again
  ASSERT_TRUE(engine_->set_clock(now_));
  int sum = 0;
  for (const auto& [weight, act] : acts) sum += weight;
  int at = below(sum);
  for (const auto& [weight, act] : acts) {
    at -= weight;
    if (at < 0) return (this->*act)();
  }
}

TEST_F(TicketingModelTest, EveryGameEndsAsTheModelSays) {
  EC_TRACE_SEED();
  const char* given = std::getenv("EC_TICKETING_STEPS");
  const int steps = given == nullptr ? 1'000 : std::atoi(given);
  constexpr int steps_of_a_game = 200;
  for (int done = 0; done < steps && !HasFailure(); ++done) {
    if (done % steps_of_a_game == 0) new_game();
    step();
    if (done % steps_of_a_game == steps_of_a_game - 30 && one_in(3)) call_off();
    if (done % 5 == 0 || HasFailure()) compare();
    if (done % 100 == 99) {
      const Json report = accepted(service().call("verify_store", {{"pages", false}}));
      ASSERT_EQ(report["ok"], Json(true)) << dump(report);
    }
  }
}

}  // namespace
}  // namespace eventcore::test
