// What ticketing should do, in a few structures of its own: an order is a list of places, and everything else is
// counted from there. Written from the rules; knows nothing of the engine. Thread: one test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace eventcore::test::model {

// Amounts are whole numbers of a currency's smallest, times microseconds.
struct Category {
  std::string id;
  std::string currency;
  std::int64_t price = 0, total = 0, most = 0;
  bool transferable = true, refundable = true;
  std::int64_t withheld = 0;
  bool active = true;
  bool gone = false;  // deleted
};

struct Code {
  std::string id, text;
  bool percent = true;
  std::int64_t value = 0, from = 1;  // percent or euro cents, and from how many places on
  std::optional<std::int64_t> uses{}, each{};

  [[nodiscard]] std::int64_t off(std::int64_t sum, std::int64_t places) const {
    if (places < from) return 0;
    return percent ? (sum * value + 50) / 100 : std::min(value, sum);
  }
};

struct Holder {
  std::string name, email;
  friend bool operator==(const Holder&, const Holder&) = default;
};

struct Place {
  int category = 0;
  std::int64_t unit = 0;
  Holder holder{};
  bool returned = false;  // a refund names it
  std::string ticket{}, number{}, status{};
  std::vector<std::string> codes{};  // the last is good
  std::vector<char> scans{};         // admitted and not undone: i, o
  [[nodiscard]] bool taken() const { return status == "valid" || status == "used"; }
};

struct PassedOn {
  std::string ticket, number;
  Holder holder;
};

struct Order {
  enum class Stands { waits, paid, cancelled };
  enum class Intent { open, failed, succeeded };
  std::string id, email, currency;
  std::vector<Place> places{};
  int code = -1;
  std::int64_t total = 0;
  std::optional<std::int64_t> expires{};
  Stands stands = Stands::waits;
  bool ran_out = false, ever_paid = false;
  bool lost_lines = false;  // with a category that was deleted
  std::string attempt = "pending";
  std::int64_t in = 0, refunded = 0, charged = 0, due = 0;
  std::vector<PassedOn> passed_on{};
  std::set<std::string> references{};       // of the bank's payments
  std::map<std::string, Intent> intents{};  // Stripe's
  std::set<std::string> disputed{};         // of them
  int payments = 0;

  [[nodiscard]] bool waits() const { return stands == Stands::waits; }
  [[nodiscard]] bool cancelled() const { return stands == Stands::cancelled; }
  [[nodiscard]] std::int64_t out() const { return refunded + charged; }
  [[nodiscard]] std::string payment_status() const {
    if (in == 0) return ever_paid ? "paid" : attempt;
    return out() == 0 ? "paid" : out() < in ? "partially_refunded" : "refunded";
  }
  [[nodiscard]] std::string order_status() const {
    if (!cancelled()) return "active";
    return out() > 0 && due == 0 ? "refunded" : "cancelled";
  }
  [[nodiscard]] bool only_said_to_be_paid() const { return stands == Stands::paid && in == 0; }
  [[nodiscard]] bool sold() const { return in > 0 || ever_paid; }
  [[nodiscard]] bool of(int category) const {
    return std::any_of(places.begin(), places.end(), [&](const Place& p) { return p.category == category; });
  }
  [[nodiscard]] std::int64_t holds(int category) const {
    return std::count_if(places.begin(), places.end(), [&](const Place& p) {
      return p.category == category && (waits() || (!waits() && p.taken()));
    });
  }
  [[nodiscard]] bool has(const char* status) const {
    return std::any_of(places.begin(), places.end(), [&](const Place& p) { return p.status == status; });
  }
  void cancel() {
    stands = Stands::cancelled;
    for (Place& p : places)
      if (p.status == "valid") p.status = "cancelled";
  }
  void cancel_when_empty() {
    if (!has("valid") && !has("used")) cancel();
  }
  // Where nothing was paid no refund names the places.
  void owe_everything() {
    due = in - out();
    for (Place& p : places) p.returned = p.returned || in > 0;
  }
};

struct Entry {
  std::string id;
  Holder holder{};
  int category = 0;
  std::int64_t quantity = 0;
  std::string status = "waiting";
  int order = -1;
};

struct World {
  std::vector<Category> categories{};
  std::vector<Code> codes{};
  std::vector<Order> orders{};
  std::vector<Entry> entries{};
  bool called_off = false;

  [[nodiscard]] std::int64_t available(int category) const {
    const Category& c = categories[static_cast<std::size_t>(category)];
    std::int64_t left = c.total - c.withheld;
    for (const Order& order : orders) left -= order.holds(category);
    return left;
  }
  // For all but those who have an offer.
  [[nodiscard]] std::int64_t left(int category) const {
    std::int64_t left = available(category);
    for (const Entry& e : entries)
      if (e.category == category && e.status == "waiting") left -= e.quantity;
    return left;
  }
  [[nodiscard]] std::int64_t uses(int code, const std::string* email = nullptr) const {
    return std::count_if(orders.begin(), orders.end(), [&](const Order& o) {
      return o.code == code && (!o.cancelled() || o.ever_paid) && (email == nullptr || o.email == *email);
    });
  }
  [[nodiscard]] std::int64_t unpaid_of(const std::string& email, int category) const {
    std::int64_t held = 0;
    for (const Order& o : orders)
      if (o.waits() && o.email == email) held += o.holds(category);
    return held;
  }
  // What the places that were not returned come to.
  [[nodiscard]] std::int64_t worth(const Order& order) const {
    std::int64_t sum = 0;
    std::int64_t count = 0;
    for (const Place& p : order.places)
      if (!p.returned) sum += p.unit, ++count;
    return order.code < 0 ? sum : sum - codes[static_cast<std::size_t>(order.code)].off(sum, count);
  }
  void cancel(Order& order, const char* entry_becomes) {
    order.cancel();
    for (Entry& e : entries)
      if (e.status == "offered" && &orders[static_cast<std::size_t>(e.order)] == &order) e.status = entry_becomes;
  }
  std::int64_t expire(std::int64_t now) {
    std::int64_t count = 0;
    for (Order& o : orders) {
      if (!o.waits() || !o.expires || *o.expires > now) continue;
      cancel(o, "expired");
      o.ran_out = true;
      ++count;
    }
    return count;
  }
  [[nodiscard]] std::vector<int> on_the_list() const {
    std::vector<int> known;
    for (int c = 0; c < static_cast<int>(categories.size()); ++c)
      if (!categories[static_cast<std::size_t>(c)].gone) known.push_back(c);
    return known;
  }
  // With its entries on the waiting list and the lines of orders that nobody paid.
  void remove_category(int category) {
    categories[static_cast<std::size_t>(category)].gone = true;
    std::erase_if(entries, [&](const Entry& e) { return e.category == category; });
    for (Order& o : orders) o.lost_lines = o.lost_lines || o.of(category);
  }
  // What a provider gave back of its own accord, or because it was promised. Refunds of all that was paid end the
  // order; what a bank took counts to none of it.
  void give_back(Order& order, std::int64_t amount) {
    const bool unasked = amount > order.due;
    order.due -= std::min(amount, order.due);
    order.refunded += amount;
    if (!unasked || order.refunded < order.in) return;
    for (Place& p : order.places) p.returned = p.returned || p.status == "valid";
    if (order.has("used"))
      for (Place& p : order.places) p.status = p.status == "valid" ? "cancelled" : p.status;
    else if (!order.cancelled())
      cancel(order, "withdrawn");
  }
  void charge_back(Order& order, std::int64_t amount) {
    order.charged += amount;
    order.due = std::min(order.due, order.in - order.out());
  }
  // Whether a payment over the total buys the places now; otherwise it is due back, unless the order was imported as
  // paid and this is what it was paid by.
  bool pay(Order& order) {
    if (order.only_said_to_be_paid()) {
      order.in = order.total;
      ++order.payments;
      return false;
    }
    bool buys = order.waits();
    if (order.cancelled() && order.ran_out && !order.ever_paid && !called_off && !order.lost_lines) {
      buys = true;
      for (int c = 0; c < static_cast<int>(categories.size()); ++c) {
        const std::int64_t wanted =
            std::count_if(order.places.begin(), order.places.end(), [&](const Place& p) { return p.category == c; });
        buys = buys && (wanted == 0 || (categories[static_cast<std::size_t>(c)].active && wanted <= left(c)));
      }
    }
    order.in += order.total;
    ++order.payments;
    if (!buys) {
      order.due += order.total;
      return false;
    }
    order.stands = Order::Stands::paid;
    order.ever_paid = true;
    for (Entry& e : entries)
      if (e.order >= 0 && &orders[static_cast<std::size_t>(e.order)] == &order) e.status = "accepted";
    return true;
  }
};

}  // namespace eventcore::test::model
