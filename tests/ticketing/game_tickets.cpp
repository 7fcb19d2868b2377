// Steps of the game with tickets, with what is for sale, and with the waiting list.
#include <map>
#include <set>

#include "ticketing/game.hpp"

namespace eventcore::test {

using model::Category;
using model::Entry;
using model::Order;
using model::PassedOn;
using model::Place;
using model::World;

namespace {

// Names, and the words they are found by.
struct Person {
  const char* name;
  std::vector<std::string> words;
};

const std::vector<Person>& people() {
  static const std::vector<Person> all{
      {"Bea Beck", {"bea", "beck"}},
      {"José Núñez", {"jose", "nunez"}},
      {"Łukasz Nowak", {"lukasz", "nowak"}},
      {"Anna Straße", {"anna", "strasse"}},
      {"İpek Yılmaz", {"ipek", "yilmaz"}},
      {"Øystein Beck", {"oystein", "beck"}},
      {"Wu Li", {"wu", "li"}},
      {"王小明", {"王", "小", "明"}},
      {"Ольга Ким", {"ольга", "ким"}},
  };
  return all;
}

// Letters and digits are words, all else divides them.
std::set<std::string> words_of(const model::Holder& holder, const std::string& number) {
  std::set<std::string> words;
  for (const Person& person : people())
    if (holder.name == person.name) words.insert(person.words.begin(), person.words.end());
  std::string word;
  for (const char c : holder.email + "@") {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word += c;
    } else if (!word.empty()) {
      words.insert(word);
      word.clear();
    }
  }
  for (const char c : number) word += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  words.insert(word);
  return words;
}

// So many whole letters of a word.
std::string beginning(const std::string& word, int letters) {
  std::size_t at = 0;
  for (; at < word.size(); ++at)
    if ((word[at] & 0xC0) != 0x80 && letters-- == 0) break;
  return word.substr(0, at);
}

}  // namespace

std::string TicketingGame::some_name() {
  return any_of(people()).name;
}

// Whoever is found must be whoever has a word that begins so, on pages of any length, each once.
void TicketingGame::search() {
  std::map<std::string, std::set<std::string>> known;
  for (const Order& o : world_.orders) {
    for (const Place& p : o.places)
      if (!p.ticket.empty()) known[p.ticket] = words_of(p.holder, p.number);
    for (const PassedOn& old : o.passed_on) known[old.ticket] = words_of(old.holder, old.number);
  }
  if (known.empty()) return;
  std::vector<std::string> wanted;
  const int terms = one_in(3) ? 2 : 1;
  auto one = known.begin();
  std::advance(one, below(static_cast<int>(known.size())));
  for (int i = 0; i < terms; ++i) {
    auto word = one->second.begin();
    std::advance(word, below(static_cast<int>(one->second.size())));
    wanted.push_back(beginning(*word, 1 + below(6)));
  }
  if (one_in(6)) wanted.emplace_back("zz");
  std::vector<std::string> expected;
  for (const auto& [ticket, said] : known)
    // By name, for clang 14 lets no lambda see what a binding names.
    if (std::all_of(wanted.begin(), wanted.end(), [&, &words = said](const std::string& start) {
          return std::any_of(words.begin(), words.end(), [&](const std::string& w) { return w.starts_with(start); });
        }))
      expected.push_back(ticket);
  Json request = {{"event_id", event_}, {"query", ""}, {"limit", 1 + below(12)}};
  std::string query;
  for (const std::string& start : wanted) query += (query.empty() ? "" : " ") + start;
  request["query"] = query;
  std::vector<std::string> found;
  do {
    const Json page = accepted(owner_session_->call("search_attendees", request));
    for (const Json& row : page["tickets"]) found.push_back(id(row));
    request["after"] = page["cursor"];
  } while (!request["after"].is_null());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected) << query;
}

// ---- tickets --------------------------------------------------------------------------------------------------------

void TicketingGame::cancel_ticket() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid) return;
  Place& p = any_of(order->places);
  if (!ask("cancel_ticket", {{"ticket_id", p.ticket}}, p.status == "valid" ? "" : "wrong_state")) return;
  p.status = "cancelled";
  if (order->in == 0) order->cancel_when_empty();  // else it stands: its money is still to be returned
}

void TicketingGame::transfer() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid || order->payment_status() != "paid") return;
  Place& p = any_of(order->places);
  const model::Holder next{some_name(), "next" + std::to_string(calls_) + "@example.org"};
  const auto reply = ask("transfer_ticket", {{"ticket_id", p.ticket}, {"name", next.name}, {"email", next.email}},
                         !category(p.category).transferable ? "not_transferable"
                         : p.status != "valid"              ? "wrong_state"
                                                            : "");
  if (!reply) return;
  order->passed_on.push_back({p.ticket, p.number, p.holder});
  p.holder = next;
  p.ticket = id((*reply)["ticket"]);
  p.number = (*reply)["ticket"]["ticket_number"];
  p.codes = {(*reply)["ticket"]["qr_code_data"]};
}

void TicketingGame::reissue() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid || order->cancelled()) return;
  if (one_in(4)) ask("rotate_event_key", {{"event_id", event_}});
  Place& p = any_of(order->places);
  const auto reply = ask("reissue_ticket", {{"ticket_id", p.ticket}}, p.taken() ? "" : "wrong_state");
  if (reply) p.codes.push_back((*reply)["ticket"]["qr_code_data"]);
}

void TicketingGame::scan() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid) return;
  Place& p = any_of(order->places);
  const bool out = !p.scans.empty() && p.scans.back() == 'i' && one_in(3);
  const bool old = p.codes.size() > 1 && one_in(3);
  const bool typed = !old && one_in(4);
  const std::string& code = old ? p.codes.front() : p.codes.back();
  Json arguments = {{"event_id", event_}, {"direction", out ? "out" : "in"}};
  arguments[typed ? "ticket_number" : "code"] = typed ? p.number : code;
  const bool unpaid = order->charged > 0 || order->payment_status() == "refunded";
  const std::string expected = !typed && code.starts_with("imported") ? "forged"
                               : old                                  ? "revoked"
                               : p.status == "cancelled"              ? "cancelled"
                               : unpaid                               ? "unpaid"
                               : out || p.status == "valid"           ? "admitted"
                                                                      : "already_used";
  const auto reply = ask("check_in", arguments);
  if (!reply) return;
  EXPECT_EQ((*reply)["outcome"], Json(expected)) << last_;
  if (expected == "admitted") {
    p.scans.push_back(out ? 'o' : 'i');
    p.status = "used";
  }
}

void TicketingGame::undo() {
  Order* order = some_order();
  if (order == nullptr || !order->ever_paid || order->cancelled()) return;
  Place& p = any_of(order->places);
  const Json arguments = {{"ticket_id", p.ticket}, {"reason", "a mistake"}};
  if (!ask("undo_check_in", arguments, p.status == "used" ? "" : "wrong_state")) return;
  if (!p.scans.empty()) p.scans.pop_back();  // an import may say "used" of a ticket that nobody scanned
  if (std::find(p.scans.begin(), p.scans.end(), 'i') == p.scans.end()) p.status = "valid";
}

// ---- stock ----------------------------------------------------------------------------------------------------------

void TicketingGame::stock() {
  const int c = some_category();
  Category& of = category(c);
  if (one_in(4)) {
    of.active = !of.active || one_in(2);
    accepted(owner_session_->update("ticket_categories", of.id, {{"is_active", of.active}}));
    return;
  }
  const bool resize = one_in(2);
  const std::int64_t value = resize ? 3 + below(14) : below(4);
  const std::int64_t change = resize ? value - of.total : of.withheld - value;
  const auto done =
      owner_session_->update("ticket_categories", of.id, {{resize ? "total_quantity" : "withheld_quantity", value}});
  ASSERT_EQ(done.has_value(), world_.available(c) + change >= 0) << (done ? "" : done.error().to_json());
  if (done) (resize ? of.total : of.withheld) = value;
}

void TicketingGame::open_category() {
  if (world_.on_the_list().size() >= 6) return;
  static constexpr std::pair<const char*, std::int64_t> prices[] = {{"EUR", 1'999}, {"JPY", 1'500}, {"KWD", 2'005}};
  const auto& [currency, price] = any_of(prices);
  add_category({"", currency, price, 2 + below(5), up_to(4), !one_in(5), !one_in(5)});
}

// Not while paid orders stand under it, nor while anybody holds places of it.
void TicketingGame::delete_category() {
  const std::vector<int> known = world_.on_the_list();
  if (known.size() < 3) return;
  const int c = one_in(2) ? known.back() : any_of(known);
  const auto& orders = world_.orders;
  const bool sold = std::any_of(orders.begin(), orders.end(), [&](const Order& o) { return o.of(c) && o.sold(); });
  const bool held = std::any_of(orders.begin(), orders.end(), [&](const Order& o) { return o.of(c) && o.waits(); });
  const auto done = owner_session_->remove("ticket_categories", category(c).id);
  last_ = "delete " + category(c).id;
  EXPECT_EQ(done ? "" : done.error().name(), sold ? "has_sales" : held ? "still_referenced" : "") << last_;
  if (done) world_.remove_category(c);
}

// ---- waiting list ---------------------------------------------------------------------------------------------------

void TicketingGame::wait() {
  const int c = some_category();
  const std::int64_t quantity = up_to(category(c).most);
  Entry entry;
  entry.holder = {some_name(), "buyer" + std::to_string(below(6)) + "@example.org"};
  entry.category = c;
  entry.quantity = quantity;
  if (quantity > category(c).total - category(c).withheld) return;
  const World before = world_;
  world_.expire(now_);
  const bool there = std::any_of(world_.entries.begin(), world_.entries.end(), [&](const Entry& e) {
    return e.category == c && e.holder.email == entry.holder.email && (e.status == "waiting" || e.status == "offered");
  });
  const auto reply = ask("join_waitlist",
                         {{"ticket_category_id", category(c).id},
                          {"quantity", quantity},
                          {"customer", {{"email", entry.holder.email}, {"name", entry.holder.name}}}},
                         world_.called_off            ? "event_not_on_sale"
                         : !category(c).active        ? "category_inactive"
                         : there                      ? "already_exists"
                         : quantity <= world_.left(c) ? "places_left"
                                                      : "");
  if (!reply) {
    world_ = before;
    return;
  }
  entry.id = id((*reply)["entry"]);
  world_.entries.push_back(entry);
}

void TicketingGame::leave() {
  if (world_.entries.empty()) return;
  Entry& entry = any_of(world_.entries);
  const bool open = entry.status == "waiting" || entry.status == "offered";
  if (!ask("leave_waitlist", {{"entry_id", entry.id}}, open ? "" : "wrong_state")) return;
  if (entry.status == "offered") world_.cancel(world_.orders[static_cast<std::size_t>(entry.order)], "withdrawn");
  entry.status = "withdrawn";
}

void TicketingGame::maintain() {
  world_.expire(now_);
  ask("run_maintenance", {{"organization_id", organization_}}, "", true);
  std::vector<bool> stuck(world_.categories.size());
  for (Entry& e : world_.entries) {
    if (e.status != "waiting" || stuck[static_cast<std::size_t>(e.category)]) continue;
    if (!category(e.category).active || e.quantity > world_.available(e.category)) {
      stuck[static_cast<std::size_t>(e.category)] = true;
      continue;
    }
    Order order;
    const Json row = accepted(owner_session_->get("waitlist_entries", e.id));
    ASSERT_TRUE(row["order_id"].is_string()) << dump(row);
    order.id = row["order_id"];
    order.email = e.holder.email;
    order.currency = category(e.category).currency;
    for (std::int64_t i = 0; i < e.quantity; ++i)
      order.places.push_back({e.category, category(e.category).price, e.holder});
    order.total = world_.worth(order);
    order.expires = now_ + 30 * minute_us;
    e.status = "offered";
    e.order = static_cast<int>(world_.orders.size());
    world_.orders.push_back(order);
  }
}

}  // namespace eventcore::test
