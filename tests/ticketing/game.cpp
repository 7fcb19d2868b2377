#include "ticketing/game.hpp"

#include <map>

#include "base/currency.hpp"
#include "base/time.hpp"

namespace eventcore::test {

using model::Category;
using model::Code;
using model::Entry;
using model::Order;
using model::Place;

namespace {

bool of_the_files(const std::string& error) {
  return error == "disk_full" || error == "io_error" || error == "outcome_unknown" || error == "store_stopped";
}

}  // namespace

void TicketingGame::SetUp() {
  EngineTest::SetUp();
  dice_.seed(testing::seed());
  open_again();
  for (const char* name : {"live", "next"})
    accepted(service_of(organization_)
                 .call("set_integration_secret",
                       {{"kind", "stripe_webhook"}, {"name", name}, {"value", std::string("whsec_") + name}}));
}

void TicketingGame::TearDown() {
  if (HasFailure())
    for (const std::string& call : asked_) printf("%s\n", call.c_str());
  owner_session_.reset();
  service_session_.reset();
  EngineTest::TearDown();
}

// ---- dice -----------------------------------------------------------------------------------------------------------

Order* TicketingGame::some_order() {
  const int known = static_cast<int>(world_.orders.size());
  return known == 0 ? nullptr : &world_.orders[static_cast<std::size_t>(known - 1 - below(std::min(known, 15)))];
}

int TicketingGame::some_category() {
  const std::vector<int> known = world_.on_the_list();
  return any_of(known);
}

// ---- asking ---------------------------------------------------------------------------------------------------------

std::string TicketingGame::money(std::int64_t amount, const std::string& currency) {
  std::string text = std::to_string(amount);
  const auto digits = static_cast<std::size_t>(currency_digits(currency).value_or(2));
  if (digits == 0) return text;
  if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
  return text.insert(text.size() - digits, ".");
}

std::int64_t TicketingGame::minor(const Json& text) {
  std::string digits = text.get<std::string>();
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  return std::stoll(digits);
}

std::string TicketingGame::named(const std::string& kind) const {
  return kind + "-" + std::to_string(calls_) + "-" + event_;
}

// A file that fails now and then: then the same is asked again under its key, in a new engine if this one has stopped.
Result<Json> TicketingGame::try_call(const std::string& command, const Json& arguments, const CallOptions& options,
                                     bool by_service) {
  const auto call = [&] { return (by_service ? service_session_ : owner_session_)->call(command, arguments, options); };
  if (!one_in(15)) return call();
  const bool full = one_in(2);
  const bool sync = !full && one_in(2);
  vfs_.arm(sync ? FaultAt::sync : FaultAt::write, 1 + below(sync ? 2 : 12),
           full   ? SQLITE_FULL
           : sync ? SQLITE_IOERR_FSYNC
                  : SQLITE_IOERR_WRITE);
  const auto reply = call();
  vfs_.disarm();
  if (!vfs_.hit()) return reply;
  ++writes_failed_;
  const bool failed = !reply && of_the_files(std::string(reply.error().name()));
  if (failed && reply.error().name() == "outcome_unknown") ++outcomes_unknown_;
  // A checkpoint after the commit may have failed as well: then the answer is good, and the store has stopped.
  const auto alive = owner_session_->count("events");
  if (!alive && alive.error().name() == "store_stopped") open_again();
  return failed ? call() : reply;
}

std::optional<Json> TicketingGame::ask(const std::string& command, const Json& arguments, const std::string& refusal,
                                       bool by_service) {
  const std::string key = "game-" + std::to_string(game_) + "-call-" + std::to_string(++calls_) + "-0123456789";
  CallOptions options;
  options.idempotency_key = key;
  last_ = command + " " + dump(arguments);
  const auto reply = try_call(command, arguments, options, by_service);
  const std::string got = reply ? "" : std::string(reply.error().name());
  asked_.push_back(last_ + (reply ? "" : " -> " + got));
  if (asked_.size() > 12) asked_.pop_front();
  EXPECT_EQ(got, refusal) << last_ << (reply ? dump(reply.assume_value()) : reply.error().to_json());
  if (!reply || got != refusal) return std::nullopt;
  if (one_in(8)) {  // the answer was lost
    if (one_in(6)) open_again();
    Caller& session = by_service ? *service_session_ : *owner_session_;
    EXPECT_EQ(accepted(session.call(command, arguments, options)), reply.assume_value()) << last_;
  }
  return reply.assume_value();
}

void TicketingGame::open_again() {
  owner_session_.reset();
  service_session_.reset();
  engine_.reset();
  core_.reset();
  auto core = api::EngineCore::open(
      options_for(folder_.path("test.ecdb")), true,
      {.random = random_.get(), .files = nullptr, .vfs = vfs_.name(), .start_us = start_us}, jwt());
  ASSERT_TRUE(core.has_value()) << core.error().to_json();
  core_ = std::move(core).assume_value();
  engine_.emplace(core_);
  ASSERT_TRUE(engine_->set_clock(now_));
  owner_session_.emplace(owner());
  service_session_.emplace(service_of(organization_));
}

std::vector<Json> TicketingGame::rows(const std::string& table, const Json& where) {
  std::vector<Json> all;
  Json request = {{"where", where}, {"columns", {"*"}}};
  for (;;) {
    const Json page = accepted(owner_session_->list(table, request));
    for (const Json& row : page["rows"]) all.push_back(row);
    if (page["cursor"].is_null()) return all;
    request["after"] = page["cursor"];
  }
}

// ---- ground ---------------------------------------------------------------------------------------------------------

void TicketingGame::new_game() {
  ++game_;
  world_ = {};
  heard_.clear();
  event_ = new_event({{"is_public", true},
                      {"start_datetime", format_rfc3339(now_ + 60 * minute_us)},
                      {"end_datetime", format_rfc3339(now_ + Micros{60} * 24 * 20 * minute_us)}});
  add_category({"", "EUR", 1'250, 10, 4});
  add_category({"", "EUR", 799, 6, 5});
  add_category({"", "JPY", 2'000, 5, 3, false, false});
  add_category({"", "KWD", 4'375, 5, 4});
  add_code({"", "TEN from three", true, 10, 3, std::nullopt, std::nullopt});
  add_code({"", "five off", false, 500, 1, 3, 1});
}

void TicketingGame::add_category(Category made) {
  made.id = id(accepted(owner_session_->insert("ticket_categories", {{"event_id", event_},
                                                                     {"name", "Place"},
                                                                     {"base_price", money(made.price, made.currency)},
                                                                     {"currency", made.currency},
                                                                     {"total_quantity", made.total},
                                                                     {"max_per_order", made.most},
                                                                     {"is_transferable", made.transferable},
                                                                     {"is_refundable", made.refundable}})));
  world_.categories.push_back(made);
}

void TicketingGame::add_code(Code made) {
  made.id = id(accepted(
      owner_session_->insert("discount_codes", {{"event_id", event_},
                                                {"code", made.text},
                                                {"discount_type", made.percent ? "percentage" : "fixed_amount"},
                                                {"discount_value", made.percent ? "10" : money(made.value, "EUR")},
                                                {"currency", "EUR"},
                                                {"min_quantity", made.from},
                                                {"max_uses", made.uses ? Json(*made.uses) : Json(nullptr)},
                                                {"max_uses_per_user", made.each ? Json(*made.each) : Json(nullptr)}})));
  world_.codes.push_back(made);
}

void TicketingGame::step() {
  using Act = void (TicketingGame::*)();
  using T = TicketingGame;
  static constexpr std::pair<int, Act> acts[] = {
      {20, &T::place},     {2, &T::import_order},    {8, &T::start},         {12, &T::pay},
      {4, &T::fail},       {12, &T::stripe_tells},   {6, &T::pass_time},     {4, &T::cancel},
      {8, &T::refund},     {6, &T::pay_out},         {2, &T::charge_back},   {3, &T::cancel_ticket},
      {6, &T::transfer},   {4, &T::reissue},         {12, &T::scan},         {4, &T::undo},
      {6, &T::search},     {5, &T::stock},           {2, &T::open_category}, {3, &T::delete_category},
      {6, &T::wait},       {2, &T::leave},           {4, &T::maintain},      {2, &T::undone},
      {1, &T::open_again}, {2, &T::refused_half_way}};
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

void TicketingGame::call_off() {
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

// ---- compare --------------------------------------------------------------------------------------------------------

void TicketingGame::compare() {
  compare_stock();
  compare_orders();
  compare_payments();
  compare_tickets();
}

void TicketingGame::compare_stock() {
  std::map<std::string, Json> stock;
  for (const int c : world_.on_the_list()) stock[category(c).id] = world_.available(c);
  std::map<std::string, Json> found;
  for (const Json& row : rows("ticket_categories", {{"event_id", event_}})) found[id(row)] = row["available_quantity"];
  ASSERT_EQ(found, stock) << last_;
  for (std::size_t c = 0; c < world_.codes.size(); ++c) {
    const Json row = accepted(owner_session_->get("discount_codes", world_.codes[c].id));
    ASSERT_EQ(row["current_uses"], Json(world_.uses(static_cast<int>(c)))) << last_;
  }
  std::map<std::string, std::string> entries;
  for (const Entry& e : world_.entries) entries[e.id] = e.status;
  std::map<std::string, std::string> waiting;
  for (const Json& row : rows("waitlist_entries", {{"event_id", event_}})) waiting[id(row)] = row["status"];
  ASSERT_EQ(waiting, entries) << last_;
}

void TicketingGame::compare_orders() {
  std::map<std::string, std::string> orders;
  for (const Order& o : world_.orders) orders[o.id] = o.order_status() + " " + o.payment_status() + " " + o.currency;
  std::map<std::string, std::string> found;
  for (const Json& row : rows("ticket_orders", {{"event_id", event_}}))
    found[id(row)] = row["order_status"].get<std::string>() + " " + row["payment_status"].get<std::string>() + " " +
                     row["currency"].get<std::string>();
  ASSERT_EQ(found, orders) << last_;
}

void TicketingGame::compare_payments() {
  std::map<std::string, std::int64_t> sums;
  for (const Order& o : world_.orders) {
    const std::pair<const char*, std::int64_t> parts[] = {
        {"payment", o.in}, {"refund", o.refunded}, {"chargeback", o.charged}, {"due", o.due}};
    for (const auto& [name, amount] : parts)
      if (amount > 0) sums[o.id + " " + name] = amount;
  }
  std::map<std::string, std::int64_t> found;
  for (const Json& row : rows("order_payments", {{"event_id", event_}})) {
    const bool due = row["status"] == "due";
    if (!due && row["status"] != "succeeded") continue;
    const std::string name = due ? "due" : row["kind"].get<std::string>();
    if (minor(row["amount"]) > 0) found[row["order_id"].get<std::string>() + " " + name] += minor(row["amount"]);
  }
  ASSERT_EQ(found, sums) << last_;
}

void TicketingGame::compare_tickets() {
  std::map<std::string, std::string> tickets;
  for (const Order& o : world_.orders) {
    for (const Place& p : o.places)
      if (!p.ticket.empty()) tickets[p.ticket] = p.status + " " + p.holder.name;
    for (const model::PassedOn& old : o.passed_on) tickets[old.ticket] = "transferred " + old.holder.name;
  }
  std::map<std::string, std::string> found;
  for (const Json& row : rows("tickets", {{"event_id", event_}}))
    found[id(row)] = row["status"].get<std::string>() + " " + row["attendee_name"].get<std::string>();
  ASSERT_EQ(found, tickets) << last_;
}

void TicketingGame::compare_report() {
  const Json revenue = accepted(owner_session_->call("event_report", {{"event_id", event_}}))["revenue"];
  std::map<std::string, std::int64_t> sums;
  for (const Order& o : world_.orders) sums[o.currency] += o.in - o.refunded;
  for (const auto& [currency, sum] : sums) ASSERT_EQ(minor(revenue.value(currency, "0")), sum) << currency << revenue;
}

}  // namespace eventcore::test
