// What may happen to an order that is paid through Stripe, drawn at random: the events that tell of it, and what the
// order is in the end, in whatever order they come.
// Thread: one test.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "support/stripe_news.hpp"

namespace eventcore::test::stripe {

struct Story {
  static constexpr std::int64_t price_minor = 1'000;  // of one place

  std::string intent;
  std::int64_t quantity = 1;
  bool fails = false;
  bool succeeds = false;
  bool lost = false;
  std::vector<std::int64_t> refunds;  // so far, rising
  Json placed;

  static Story random(std::mt19937_64& dice, std::string intent) {
    const auto pick = [&](std::int64_t most) {
      return static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>(most));
    };
    Story one;
    one.intent = std::move(intent);
    one.quantity = 1 + pick(3);
    one.fails = pick(2) == 1;
    one.succeeds = pick(4) != 0;
    one.lost = one.succeeds && pick(4) == 0;
    for (std::int64_t so_far = 0; !one.lost && pick(2) == 1 && so_far < one.total();) {
      so_far += pick(2) == 1 ? one.total() - so_far : 1 + pick(one.total() - so_far);
      one.refunds.push_back(so_far);
    }
    return one;
  }

  [[nodiscard]] std::int64_t total() const { return quantity * price_minor; }
  [[nodiscard]] bool paid() const { return succeeds || !refunds.empty(); }
  [[nodiscard]] bool all_back() const { return !refunds.empty() && refunds.back() == total(); }
  [[nodiscard]] std::int64_t valid_tickets() const { return paid() && !all_back() ? quantity : 0; }
  [[nodiscard]] std::int64_t cancelled_tickets() const { return all_back() ? quantity : 0; }
  [[nodiscard]] std::int64_t in() const { return paid() ? total() : 0; }
  [[nodiscard]] std::int64_t out() const {
    if (lost) return total();
    return refunds.empty() ? 0 : refunds.back();
  }
  [[nodiscard]] std::string payment_status() const {
    if (!paid()) return fails ? "failed" : "processing";
    if (out() == 0) return "paid";
    return out() < total() ? "partially_refunded" : "refunded";
  }

  [[nodiscard]] std::vector<Json> events() const {
    std::vector<Json> list;
    const auto id = [&] { return "evt_" + intent + "_" + std::to_string(list.size()); };
    if (fails) list.push_back(failed(id(), intent));
    if (succeeds) list.push_back(succeeded(id(), intent, total()));
    for (const std::int64_t so_far : refunds) list.push_back(refunded(id(), intent, total(), so_far));
    if (lost) list.push_back(dispute(id(), intent, total()));
    return list;
  }
};

}  // namespace eventcore::test::stripe
