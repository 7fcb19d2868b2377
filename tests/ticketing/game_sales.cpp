// Steps of the game with orders and money.
#include "base/codes.hpp"
#include "support/stripe_news.hpp"
#include "ticketing/game.hpp"

namespace eventcore::test {

using model::Category;
using model::Code;
using model::Entry;
using model::Order;
using model::Place;
using model::World;

// The first reason in the order of the rules; due orders have expired before.
std::string TicketingGame::refusal_of(const Order& order, bool wrong_total, bool counter) const {
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
  if (any([&](int, std::int64_t, const Category& c) { return c.currency != order.currency; }))
    return "mixed_currencies";
  if (order.code >= 0) {
    const Code& code = world_.codes[static_cast<std::size_t>(order.code)];
    if (!code.percent && order.currency != "EUR") return "discount_not_applicable";
    if (static_cast<std::int64_t>(order.places.size()) < code.from) return "discount_not_applicable";
    if (code.uses && world_.uses(order.code) >= *code.uses) return "discount_not_applicable";
    if (code.each && !order.email.empty() && world_.uses(order.code, &order.email) >= *code.each)
      return "discount_not_applicable";
  }
  if (wrong_total) return "price_changed";
  if (any([&](int c, std::int64_t n, const Category&) { return n > world_.left(c); })) return "sold_out";
  return "";
}

void TicketingGame::place() {
  Order order;
  order.email = one_in(8) ? "" : "buyer" + std::to_string(below(6)) + "@example.org";
  order.code = one_in(3) ? below(2) : -1;
  const bool counter = order.email.empty() || one_in(3);
  const bool wrong_total = one_in(15);
  const std::string buyer = some_name();
  Json items = Json::array();
  const int first = some_category();
  order.currency = category(first).currency;
  for (const int c : world_.on_the_list()) {
    if (c != first && !one_in(category(c).currency == order.currency ? 3 : 25)) continue;
    const int quantity = 1 + below(one_in(6) ? 6 : 3);
    Json item = {{"ticket_category_id", category(c).id}, {"quantity", quantity}, {"attendees", Json::array()}};
    for (int i = 0; i < quantity; ++i) {
      order.places.push_back({c, category(c).price, {buyer, order.email}});
      if (!one_in(3)) continue;
      if (item["attendees"].size() != static_cast<std::size_t>(i)) continue;  // they are those of the first places
      order.places.back().holder = {some_name(), "guest" + std::to_string(below(20)) + "@example.org"};
      item["attendees"].push_back(
          {{"name", order.places.back().holder.name}, {"email", order.places.back().holder.email}});
    }
    items.push_back(item);
  }
  order.total = world_.worth(order);
  const World before = world_;
  world_.expire(now_);
  const std::string refusal = refusal_of(order, wrong_total, counter);
  Json arguments = {{"event_id", event_},
                    {"items", items},
                    {"customer", {{"email", order.email}, {"name", buyer}}},
                    {"expected_total", money(order.total + (wrong_total ? 1 : 0), order.currency)}};
  if (order.code >= 0) arguments["discount_code"] = " " + world_.codes[static_cast<std::size_t>(order.code)].text;
  if (counter) arguments["payment"] = {{"method", "card"}, {"amount", money(order.total, order.currency)}};
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
    order.payments = 1;
    issue(order, (*reply)["tickets"]);
  } else {
    order.expires = now_ + 15 * minute_us;
  }
  world_.orders.push_back(order);
}

void TicketingGame::issue(Order& order, const Json& tickets) {
  ASSERT_EQ(tickets.size(), order.places.size()) << last_;
  std::int64_t sum = 0;
  std::vector<bool> done(order.places.size());
  for (const Json& ticket : tickets) {
    sum += minor(ticket["price_paid"]);
    const model::Holder holder{ticket["attendee_name"].get<std::string>(), ticket["attendee_email"].get<std::string>()};
    std::size_t at = 0;
    while (at < done.size() && (done[at] || order.places[at].holder != holder ||
                                Json(category(order.places[at].category).id) != ticket["ticket_category_id"]))
      ++at;
    ASSERT_LT(at, done.size()) << last_ << dump(tickets);
    done[at] = true;
    order.places[at].ticket = id(ticket);
    order.places[at].number = ticket["ticket_number"];
    order.places[at].codes = {ticket["qr_code_data"]};
    order.places[at].status = "valid";
  }
  EXPECT_EQ(sum, order.total) << last_;
}

// From another system: two places, of a paid order one used, and perhaps nothing is known of its payment.
void TicketingGame::import_order() {
  const int c = some_category();
  const bool paid = one_in(2);
  const bool told = paid && one_in(2);
  Order order;
  order.email = "old@example.org";
  order.currency = category(c).currency;
  order.places.assign(2, {c, category(c).price, {some_name(), order.email}});
  order.total = world_.worth(order);
  const std::vector<std::string> states = paid ? std::vector<std::string>{"used", "valid"} : std::vector<std::string>{};
  last_ = "import into " + category(c).id;
  ASSERT_TRUE(service_session_->session().begin());
  const bool done = insert_order(*service_session_, order, states, told);
  ASSERT_EQ(done, world_.available(c) >= 2) << last_;
  if (!done || world_.called_off) return;
  order.ever_paid = paid;
  if (paid) order.stands = Order::Stands::paid;
  if (told) order.in = order.total, order.payments = 1;
  world_.orders.push_back(order);
}

// In the session's transaction, which is over then. Whether there were places enough.
bool TicketingGame::insert_order(Caller& session, Order& order, const std::vector<std::string>& states, bool told) {
  const Category& of = category(order.places.front().category);
  const std::string total = money(order.total, of.currency);
  bool sold_out = false;
  const auto insert = [&](const std::string& table, const Json& row) -> std::string {
    if (sold_out) return {};
    const auto made = session.insert(table, row);
    if (made) return id(made.assume_value());
    EXPECT_EQ(made.error().name(), "sold_out") << made.error().to_json();
    sold_out = true;
    return {};
  };
  order.id = insert("ticket_orders", {{"event_id", event_},
                                      {"order_number", make_order_number(*random_)},
                                      {"customer_email", order.email},
                                      {"customer_name", order.places.front().holder.name},
                                      {"currency", of.currency},
                                      {"subtotal", total},
                                      {"total_amount", total},
                                      {"payment_status", states.empty() ? "pending" : "paid"}});
  const std::string line = insert("ticket_order_items", {{"order_id", order.id},
                                                         {"ticket_category_id", of.id},
                                                         {"quantity", order.places.size()},
                                                         {"unit_price", money(of.price, of.currency)},
                                                         {"subtotal", total},
                                                         {"total", total}});
  for (std::size_t i = 0; i < states.size(); ++i) {
    Place& p = order.places[i];
    p.status = states[i];
    p.number = make_ticket_number(*random_);
    p.codes = {"imported " + p.number};
    p.ticket = insert("tickets", {{"order_id", order.id},
                                  {"order_item_id", line},
                                  {"ticket_category_id", of.id},
                                  {"ticket_number", p.number},
                                  {"attendee_name", p.holder.name},
                                  {"attendee_email", p.holder.email},
                                  {"qr_code_data", p.codes.front()},
                                  {"currency", of.currency},
                                  {"price_paid", money(of.price, of.currency)},
                                  {"status", p.status}});
  }
  if (told)
    insert("order_payments", {{"order_id", order.id},
                              {"kind", "payment"},
                              {"status", "succeeded"},
                              {"provider", "old shop"},
                              {"reference", named("old") + order.id},
                              {"currency", of.currency},
                              {"amount", total}});
  if (world_.called_off || sold_out) {
    EXPECT_TRUE(session.session().rollback());
    return !sold_out;
  }
  const auto committed = session.session().commit();
  if (committed) return true;
  EXPECT_EQ(committed.error().name(), "sold_out") << committed.error().to_json();
  return false;
}

// ---- payments -------------------------------------------------------------------------------------------------------

void TicketingGame::start() {
  Order* order = some_order();
  if (order == nullptr) return;
  const std::string intent = named("pi");
  const bool fits = order->waits() && order->attempt != "processing";
  if (!ask("start_payment", {{"order_id", order->id}, {"provider", "stripe"}, {"reference", intent}},
           fits ? "" : "wrong_state"))
    return;
  order->attempt = "processing";
  order->intents[intent] = Order::Intent::open;
}

void TicketingGame::pay() {
  Order* order = some_order();
  if (order == nullptr) return;
  Json arguments = {{"order_id", order->id},
                    {"amount", money(order->total, order->currency)},
                    {"currency", order->currency},
                    {"method", "card"}};
  if (order->waits() && one_in(6)) {
    if (one_in(2))
      arguments["amount"] = money(order->total + 1, order->currency);
    else
      arguments["currency"] = order->currency == "JPY" ? "KWD" : "JPY";
    ask("confirm_payment", arguments, "payment_mismatch");
    return;
  }
  if (!order->waits() && !one_in(4)) return;  // a second one, or a late one
  const bool again = !order->references.empty() && one_in(2);
  const std::string reference = again ? *order->references.begin() : named("pay");
  arguments["provider"] = "bank";
  arguments["reference"] = reference;
  const auto reply = ask("confirm_payment", arguments);
  if (!reply || again) return;
  order->references.insert(reference);
  if (world_.pay(*order)) issue(*order, (*reply)["tickets"]);
}

void TicketingGame::fail() {
  Order* order = some_order();
  if (order == nullptr || order->cancelled()) return;
  Json payment = {{"order_id", order->id}, {"provider", "bank"}, {"reference", named("try")}};
  const auto open = std::find_if(order->intents.begin(), order->intents.end(),
                                 [](const auto& intent) { return intent.second == Order::Intent::open; });
  if (open != order->intents.end()) {
    payment["provider"] = "stripe";
    payment["reference"] = open->first;
  }
  if (!ask("fail_payment", payment)) return;
  if (open != order->intents.end()) open->second = Order::Intent::failed;
  if (open != order->intents.end() || order->waits()) order->attempt = "failed";
}

// ---- what Stripe tells ----------------------------------------------------------------------------------------------

// One delivery, signed with either secret, its clock up to 300 seconds off either way. The effect.
std::string TicketingGame::hear(const Json& event) {
  const std::int64_t time = now_ / 1'000'000 + below(601) - 300;
  const auto reply =
      ask("apply_stripe_webhook",
          stripe::delivery(organization_, dump(event), one_in(2) ? "whsec_live" : "whsec_next", time), "", true);
  if (!reply) return {};
  const std::string effect = (*reply)["effect"];
  if (!effect.starts_with("unknown")) heard_.push_back(event);
  return effect;
}

void TicketingGame::stripe_tells() {
  if (!heard_.empty() && one_in(5)) {
    EXPECT_EQ(hear(any_of(heard_)), "duplicate") << last_;
    return;
  }
  Order* order = some_order();
  if (order == nullptr) return;
  if (order->intents.empty()) {
    if (one_in(10)) {
      EXPECT_EQ(hear(stripe::failed(named("evt"), named("pi-of-nobody"))), "unknown_order") << last_;
    }
    return;
  }
  auto intent = order->intents.begin();
  std::advance(intent, below(static_cast<int>(order->intents.size())));
  switch (below(8)) {
    case 0: return hear_of_failure(*order, intent->first);
    case 1: return hear_of_dispute(*order, intent->first);
    case 2:
    case 3: return hear_of_refund(*order, intent->first);
    default: return hear_of_success(*order, intent->first);
  }
}

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

// What the engine has done at news of a success that the model hears of now.
void TicketingGame::paid_through(Order& order, const std::string& intent) {
  order.intents[intent] = Order::Intent::succeeded;
  if (world_.pay(order)) issue(order, Json(rows("tickets", {{"order_id", order.id}})));
}

void TicketingGame::hear_of_success(Order& order, const std::string& intent) {
  const std::string effect = hear(stripe::succeeded(named("evt"), intent, order.total, lower(order.currency)));
  if (order.intents[intent] == Order::Intent::succeeded) {
    EXPECT_EQ(effect, "none") << last_;
    return;
  }
  const std::int64_t due = order.due;
  const bool imported = order.only_said_to_be_paid();
  paid_through(order, intent);
  EXPECT_EQ(effect, imported ? "none" : order.due > due ? "refund_due" : "paid") << last_;
}

// Too late when the same intent has failed or succeeded.
void TicketingGame::hear_of_failure(Order& order, const std::string& intent) {
  const bool open = order.intents[intent] == Order::Intent::open;
  EXPECT_EQ(hear(stripe::failed(named("evt"), intent)), open ? "failed" : "none") << last_;
  if (!open) return;
  order.intents[intent] = Order::Intent::failed;
  order.attempt = "failed";
}

// Of the order's one payment; the news may come before that of the payment itself. Stripe tells all that went back.
void TicketingGame::hear_of_refund(Order& order, const std::string& intent) {
  const bool known = order.intents[intent] == Order::Intent::succeeded;
  if (order.payments > (known ? 1 : 0)) return;
  const std::int64_t left = known ? order.in - order.out() : order.total;
  const std::int64_t amount = one_in(2) || left == 0 ? left : up_to(left);
  if (order.refunded + amount == 0) return;
  const std::string effect =
      hear(stripe::refunded(named("evt"), intent, order.total, order.refunded + amount, lower(order.currency)));
  EXPECT_EQ(effect, amount == 0 ? "none" : "refunded") << last_;
  if (!known) paid_through(order, intent);
  if (amount > 0) world_.give_back(order, amount);
}

void TicketingGame::hear_of_dispute(Order& order, const std::string& intent) {
  const std::int64_t left = order.in - order.out();
  const std::int64_t amount = left > 0 ? up_to(left) : 1;
  const bool known = order.intents[intent] == Order::Intent::succeeded;
  const bool again = order.disputed.contains(intent);
  if (known && !again && left == 0) return;
  const Json event = stripe::dispute(named("evt"), intent, amount, "lost", lower(order.currency));
  EXPECT_EQ(hear(event), !known ? "unknown_payment" : again ? "none" : "charged_back") << last_;
  if (!known || again) return;
  order.disputed.insert(intent);
  world_.charge_back(order, amount);
}

// ---- time, cancellation, money back ---------------------------------------------------------------------------------

void TicketingGame::pass_time() {
  now_ += (1 + below(12)) * minute_us;
  ASSERT_TRUE(engine_->set_clock(now_));
  if (!one_in(2)) return;
  const std::int64_t due = world_.expire(now_);
  const auto reply = ask("expire_orders", {{"event_id", event_}});
  if (reply) {
    EXPECT_EQ((*reply)["expired"], Json(due));
  }
}

void TicketingGame::cancel() {
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
  EXPECT_EQ((*reply)["refund"].is_null() ? 0 : minor((*reply)["refund"]["amount"]), order->ever_paid ? owed : 0)
      << last_;
}

void TicketingGame::refund() {
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
    return p->status == "used" || p->returned || (p->status == "cancelled" && order->in == 0) ||
           !category(p->category).refundable;
  });
  const auto reply = ask("refund_tickets", {{"ticket_ids", ids}}, refused ? "refund_refused" : "");
  if (!reply) return;
  for (Place* p : chosen) p->returned = order->in > 0, p->status = "cancelled";
  if (order->in > 0) {
    const std::int64_t back = std::max(std::int64_t{0}, order->in - order->out() - order->due - world_.worth(*order));
    EXPECT_EQ(minor((*reply)["refund"]["amount"]), back) << last_;
    order->due += back;
  } else {
    EXPECT_TRUE((*reply)["refund"].is_null()) << last_;
  }
  if (!order->cancelled()) order->cancel_when_empty();
}

void TicketingGame::pay_out() {
  for (Order& order : world_.orders) {
    if (order.due == 0 || !one_in(3)) continue;
    const std::int64_t amount = one_in(3) ? order.due : up_to(order.due + 40);
    const bool too_much = amount > order.due;
    const Json arguments = {
        {"order_id", order.id}, {"amount", money(amount, order.currency)}, {"reference", named("out")}};
    if (!ask("confirm_refund", arguments, too_much ? "payment_mismatch" : "")) return;
    order.due -= amount;
    order.refunded += amount;
    if (one_in(3)) ask("confirm_refund", arguments);
    return;
  }
}

void TicketingGame::charge_back() {
  Order* order = some_order();
  if (order == nullptr || order->in - order->out() <= 0) return;
  const std::int64_t amount = up_to(order->in - order->out());
  if (!ask("record_chargeback", {{"order_id", order->id},
                                 {"amount", money(amount, order->currency)},
                                 {"provider", "bank"},
                                 {"reference", named("dispute")}}))
    return;
  world_.charge_back(*order, amount);
}

// ---- what goes wrong around -----------------------------------------------------------------------------------------

// A sale and a call that is refused, as one unit: nothing of it remains.
void TicketingGame::refused_half_way() {
  const Category& of = category(some_category());
  const Json order = {{"event_id", event_},
                      {"items", {{{"ticket_category_id", of.id}, {"quantity", 1}}}},
                      {"customer", {{"name", "Nobody"}}},
                      {"payment", {{"method", "cash"}, {"amount", money(of.price, of.currency)}}}};
  Json too_many = order;
  too_many["items"][0]["quantity"] = 1'000;
  EXPECT_FALSE(owner_session_->call_many(
      Json::array({Json::array({"place_order", order}), Json::array({"place_order", too_many})})));
}

void TicketingGame::undone() {
  ASSERT_TRUE(owner_session_->session().begin());
  if (Order* order = some_order()) {
    (void)owner_session_->call("cancel_order", {{"order_id", order->id}});
    (void)owner_session_->call("confirm_payment", {{"order_id", order->id}, {"amount", "0.01"}, {"currency", "USD"}});
  }
  const std::string& of = category(some_category()).id;
  (void)owner_session_->call("place_order", order_of(event_, of, 1));
  (void)owner_session_->update("ticket_categories", of, {{"total_quantity", 50}});
  ASSERT_TRUE(owner_session_->session().rollback());
}

}  // namespace eventcore::test
