#include <atomic>
#include <random>
#include <thread>

#include "clock.hpp"
#include "festival.hpp"
#include "talk.hpp"

namespace demo {

namespace {

constexpr int simulated_days = 20;
constexpr int threads_at_the_box_office = 3;
constexpr int threads_online = 3;
constexpr int orders_a_thread_a_day = 8;
constexpr long seed = 2018;

const char* const names[] = {"Ada Byron", "José Núñez", "Łukasz Nowak", "Øystein Dahl", "王小明", "Zoë Straße"};

struct Sale {
  std::string event_id;
  std::string category_id;
  int quantity;
  Json customer;
};

Sale random_sale(const Tenant& tenant, std::mt19937_64& random, long number) {
  // Few are supporters; the categories come with the dearest first.
  const std::uint64_t draw = random() % 20;
  const std::size_t category = draw == 0 ? 0 : draw < 13 ? 1 : 2;
  return {
      tenant.event_id,
      tenant.categories[category],
      1 + static_cast<int>(random() % 4),
      {{"email", "guest" + std::to_string(number) + "@mail.example"}, {"name", names[random() % std::size(names)]}}};
}

Json order_of(const Sale& sale) {
  return {{"event_id", sale.event_id},
          {"items", Json::array({{{"ticket_category_id", sale.category_id}, {"quantity", sale.quantity}}})},
          {"customer", sale.customer},
          {"referral_source", sale.quantity > 2 ? "newsletter" : "direct"}};
}

// At the counter an order is placed, paid and its tickets issued in one unit of work.
long sell_at_the_box_office(eventcore::Engine& engine, const Tenant& tenant, std::uint64_t thread_seed, long first) {
  Host clerk = user(engine, tenant.owner_id);
  std::mt19937_64 random(thread_seed);
  long sold = 0;
  for (int i = 0; i < orders_a_thread_a_day; ++i) {
    const Sale sale = random_sale(tenant, random, first + i);
    Json order = order_of(sale);
    const Json quote = clerk.call("quote_order", {{"event_id", sale.event_id}, {"items", order["items"]}});
    order["payment"] = {{"method", "cash"}, {"amount", quote["order"]["total_amount"]}};
    const Json reply =
        clerk.call("place_order", order, "box-office-" + std::to_string(thread_seed) + "-" + std::to_string(i));
    sold += static_cast<long>(reply["tickets"].size());
  }
  return sold;
}

// Online an anonymous visitor places the order, the host hears from the payment provider and confirms it.
long sell_online(eventcore::Engine& engine, const Tenant& tenant, std::uint64_t thread_seed, long first) {
  Host visitor = anonymous(engine);
  Host shop = service(engine, "online shop");
  std::mt19937_64 random(thread_seed);
  long sold = 0;
  for (int i = 0; i < orders_a_thread_a_day; ++i) {
    const std::string tag = std::to_string(thread_seed) + "-" + std::to_string(i);
    const Json placed =
        visitor.call("place_order", order_of(random_sale(tenant, random, first + i)), "online-order-key-" + tag);
    const Json& order = placed["order"];
    shop.call("start_payment", {{"order_id", order["id"]}, {"provider", "demo-pay"}, {"reference", "pay_" + tag}});
    const Json reply = shop.call("confirm_payment", {{"order_id", order["id"]},
                                                     {"amount", order["total_amount"]},
                                                     {"currency", order["currency"]},
                                                     {"provider", "demo-pay"},
                                                     {"reference", "pay_" + tag}});
    sold += static_cast<long>(reply["tickets"].size());
  }
  return sold;
}

long sell_one_day(eventcore::Engine& engine, const Tenant& tenant, int day) {
  std::atomic<long> sold{0};
  std::vector<std::thread> threads;
  constexpr int all = threads_at_the_box_office + threads_online;
  std::atomic<bool> failed{false};
  for (int t = 0; t < all; ++t) {
    threads.emplace_back([&, t] {
      const auto thread_seed = static_cast<std::uint64_t>(seed + day * all + t);
      const long first = (static_cast<long>(day) * all + t) * orders_a_thread_a_day;
      try {
        sold += t < threads_at_the_box_office ? sell_at_the_box_office(engine, tenant, thread_seed, first)
                                              : sell_online(engine, tenant, thread_seed, first);
      } catch (const std::exception& error) {
        say(error.what());
        failed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) throw std::runtime_error("a seller was refused what should have been sold");
  return sold;
}

}  // namespace

long sell(eventcore::Engine& engine, const Festival& festival) {
  step("Box office and online shop sell at once, from several threads");
  long sold = 0;
  {
    Progress progress("simulated days of sales", simulated_days);
    for (int day = 0; day < simulated_days; ++day) {
      const std::int64_t morning = festival.start_us - (simulated_days - day) * 2 * day_us + 9 * hour_us;
      if (const auto set = engine.set_clock(morning); !set) throw std::runtime_error(set.error().to_json());
      sold += sell_one_day(engine, festival.conference, day);
      progress.at(day + 1);
    }
  }
  say(std::to_string(sold) + " tickets sold and paid for " + festival.conference.name);
  return sold;
}

void expire_one_order(eventcore::Engine& engine, const Festival& festival) {
  step("An order that nobody pays expires");
  Host visitor = anonymous(engine);
  const Json placed =
      visitor.call("place_order",
                   {{"event_id", festival.concert.event_id},
                    {"items", Json::array({{{"ticket_category_id", festival.concert.categories[0]}, {"quantity", 3}}})},
                    {"customer", {{"email", "undecided@mail.example"}, {"name", "Una Sure"}}}});
  const std::string number = placed["order"]["order_number"];
  say("order " + number + " holds 3 places until " + placed["order"]["expires_at"].get<std::string>());
  if (const auto set = engine.set_clock(engine.now_us() + 16 * minute_us); !set)
    throw std::runtime_error(set.error().to_json());
  Host host = service(engine, "nightly maintenance");
  const Json swept = host.call("run_maintenance", Json::object());
  const Json order = host.get("ticket_orders", placed["order"]["id"]);
  const Json category = host.get("ticket_categories", festival.concert.categories[0]);
  say("16 minutes later: order is " + order["order_status"].get<std::string>() + " (" +
      order["cancel_reason"].get<std::string>() + "), " + category["available_quantity"].dump() + " of " +
      category["total_quantity"].dump() + " places are free; maintenance expired " + swept["expired_orders"].dump());
}

void refuse_to_oversell(eventcore::Engine& engine, const Festival& festival) {
  step("Five places are five places");
  const Tenant& tenant = festival.workshop;
  Host clerk = user(engine, tenant.owner_id);
  Json order = {{"event_id", tenant.event_id},
                {"items", Json::array({{{"ticket_category_id", tenant.categories[0]}, {"quantity", 4}}})},
                {"customer", {{"email", "class@mail.example"}, {"name", "A class"}}},
                {"payment", {{"method", "card"}, {"amount", "240.00"}}}};
  say("sold " + std::to_string(clerk.call("place_order", order)["tickets"].size()) + " of 5");
  order["items"][0]["quantity"] = 2;
  order["payment"]["amount"] = "120.00";
  Json why;
  const std::string refusal = clerk.refusal("place_order", order, &why);
  say("two more: " + refusal + ", " + why.value("message", "") + " " + why.value("detail", Json::object()).dump());
  if (refusal != "sold_out") throw std::runtime_error("the sixth place was not refused");
}

void show_isolation(eventcore::Engine& engine, const Festival& festival) {
  step("No tenant sees another's row");
  Host stranger = user(engine, festival.concert.owner_id);
  const std::string absent = "01890000-0000-7000-8000-000000000000";
  const Json orders = stranger.list("ticket_orders", {{"where", {{"event_id", festival.conference.event_id}}}});
  const std::string foreign_answer = stranger.refusal_to_get("sponsor_packages", festival.conference.event_id);
  const std::string absent_answer = stranger.refusal_to_get("sponsor_packages", absent);
  say("orders of another tenant found: " + std::to_string(orders["rows"].size()));
  say("a foreign row answers " + stranger.refusal_to_get("ticket_categories", festival.conference.categories[0]) +
      ", an absent one " + absent_answer);
  if (!orders["rows"].empty() || foreign_answer != absent_answer) throw std::runtime_error("isolation failed");
}

}  // namespace demo
