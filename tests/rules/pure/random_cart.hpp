// Random carts for the tests of the money rules: inputs only, nothing is computed here.
// Cart n of a seed is always the same, whichever carts were made before it. Small prices make the ties and the zeros.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/pure/order.hpp"
#include "rules/pure/price.hpp"

namespace eventcore::testing {

struct RandomCategory {
  std::int64_t base_price = 0;
  std::vector<rules::pure::PriceRule> rules;  // in no order
  Json factors = Json::object();
};

struct RandomCart {
  std::string_view currency;
  std::int64_t unit = 0;
  std::vector<RandomCategory> categories;
  std::vector<std::pair<std::size_t, std::int64_t>> items;  // category and quantity; a category may come twice
  std::optional<rules::pure::DiscountTerms> terms;
  Json settings = Json::object();                 // taxes and fees
  std::vector<std::vector<std::size_t>> returns;  // tickets, line by line, that go back together
};

inline Uuid category_id(std::size_t number) {
  Uuid id;
  id.bytes[0] = 1;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

class RandomCarts {
 public:
  RandomCarts(std::uint64_t seed, std::uint64_t number) : state_(seed * 0x9E37'79B9'7F4A'7C15 + number) {}

  RandomCart cart() {
    static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> currencies = {
        {{"JPY", 10'000}, {"EUR", 100}, {"USD", 100}, {"KWD", 10}}};
    RandomCart cart;
    std::tie(cart.currency, cart.unit) = currencies[pick(4)];
    unit_ = cart.unit;
    const std::int64_t most = largest_price();
    const std::size_t categories = 1 + pick(3);
    for (std::size_t i = 0; i < categories; ++i) {
      cart.categories.push_back(category(most));
    }
    std::size_t tickets = 0;
    for (std::size_t i = 0; i < categories + (one_in(10) ? 1 : 0); ++i) {
      const std::int64_t quantity = one_in(40) ? 1 + up_to(30) : 1 + up_to(4);
      cart.items.emplace_back(i % categories, quantity);
      tickets += static_cast<std::size_t>(quantity);
    }
    if (!one_in(3)) {
      cart.terms = terms(categories, most);
    }
    cart.settings = settings();
    cart.returns = returns(tickets);
    return cart;
  }

 private:
  std::uint64_t next() {  // SplitMix64
    std::uint64_t z = state_ += 0x9E37'79B9'7F4A'7C15;
    z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31U);
  }
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  std::int64_t up_to(std::int64_t most) {  // 0 .. most
    return static_cast<std::int64_t>(next() % (static_cast<std::uint64_t>(most) + 1));
  }
  bool one_in(std::size_t count) { return pick(count) == 0; }
  std::int64_t money(std::int64_t most_units) { return up_to(most_units) * unit_; }

  std::int64_t largest_price() {  // in minor units
    switch (pick(8)) {
      case 0: return 3;
      case 1: return 40;
      case 2: return 100'000'000'000 / unit_;
      default: return 30'000;
    }
  }

  // At most `most` thousandths, with up to six digits.
  std::string decimal(std::int64_t most_thousandths) {
    const std::int64_t value = one_in(3) ? up_to(most_thousandths * 1'000) : up_to(most_thousandths) * 1'000;
    return format_decimal_short(value, 6);
  }

  Json json(const std::string& text) { return parse_json(text).value(); }
  std::string some_number() {
    static constexpr std::array<std::string_view, 8> numbers = {"0", "1", "1.0", "10e-1", "2", "2.50", "-1", "7"};
    return std::string(numbers[pick(numbers.size())]);
  }
  std::string some_value() {
    static constexpr std::array<std::string_view, 6> others = {"\"1\"", "\"web\"", "\"door\"", "true", "false", "\"\""};
    return one_in(2) ? some_number() : std::string(others[pick(others.size())]);
  }
  std::string some_condition() {
    switch (pick(5)) {
      case 0: return some_value();
      case 1: return "{\"min\": " + some_number() + "}";
      case 2: return "{\"max\": " + some_number() + "}";
      case 3: return "{\"equals\": " + some_value() + "}";
      default: return "{\"in\": [" + some_value() + ", " + some_value() + "], \"min\": -3, \"max\": 9.75}";
    }
  }

  RandomCategory category(std::int64_t most) {
    RandomCategory made;
    made.base_price = money(most);
    if (one_in(2)) {
      return made;
    }
    static constexpr std::array<std::string_view, 3> names = {"channel", "demand", "member"};
    for (const std::string_view name : names) {
      if (!one_in(3)) {
        made.factors[std::string(name)] = json(some_value());
      }
    }
    const std::size_t count = one_in(20) ? 1 + pick(32) : 1 + pick(3);
    for (std::size_t i = 0; i < count; ++i) {
      rules::pure::PriceRule rule;
      rule.id = category_id(i);
      rule.name = std::to_string(i);
      rule.created_at = static_cast<Micros>(i / 2);  // equal ones go by id
      rule.percentage = one_in(2);
      rule.adjustment = rule.percentage ? up_to(3'000'000) - 1'500'000 : money(2 * most) - money(2 * most);
      rule.adjustment = rule.percentage && one_in(2) ? rule.adjustment / 100'000 * 10'000 : rule.adjustment;
      rule.priority = one_in(4) ? std::nullopt : std::optional(up_to(4) - 1);
      rule.min_price = one_in(3) ? std::optional(money(most)) : std::nullopt;
      rule.max_price = one_in(3) ? std::optional(rule.min_price.value_or(0) + money(most)) : std::nullopt;
      for (const std::string_view name : names) {
        if (one_in(5)) {
          rule.conditions[std::string(name)] = json(some_condition());
        }
      }
      made.rules.insert(made.rules.begin() + static_cast<std::ptrdiff_t>(pick(made.rules.size() + 1)), rule);
    }
    return made;
  }

  rules::pure::DiscountTerms terms(std::size_t categories, std::int64_t most) {
    using rules::pure::DiscountType;
    rules::pure::DiscountTerms made;
    made.min_quantity = 1 + up_to(3);
    switch (pick(3)) {
      case 0:
        made.type = DiscountType::percentage;
        made.value = one_in(5) ? 1'000'000 : up_to(1'000'000);
        made.value = one_in(2) ? std::max<std::int64_t>(made.value / 10'000 * 10'000, 10'000) : made.value;
        break;
      case 1:
        made.type = DiscountType::fixed_amount;
        made.value = money(4 * most);
        break;
      default: made.type = DiscountType::buy_x_get_y; made.value = (1 + up_to(2)) * 10'000;
    }
    for (std::size_t i = 0; one_in(2) && i < categories; ++i) {
      made.categories.push_back(category_id(pick(categories)));
    }
    return made;
  }

  Json settings() {
    std::string taxes;
    std::string fees;
    const std::string on_fees = one_in(2) ? "true" : "false";
    for (std::size_t i = pick(4); i > 0; --i) {
      taxes += std::string(taxes.empty() ? "" : ", ") + "{\"name\": \"T" + std::to_string(i) + "\", \"rate\": \"" +
               decimal(one_in(5) ? 1'000 : 250) + "\", \"inclusive\": " + (one_in(2) ? "true" : "false") +
               ", \"on_fees\": " + on_fees + "}";
    }
    for (std::size_t i = pick(4); i > 0; --i) {
      fees += std::string(fees.empty() ? "" : ", ") + "{\"name\": \"F" + std::to_string(i) + "\", \"fixed\": \"" +
              (one_in(3) ? "0" : format_decimal_short(one_in(4) ? up_to(50'000) : money(300), 4)) +
              "\", \"percent\": \"" + (one_in(2) ? "0" : decimal(one_in(10) ? 100'000 : 15'000)) +
              "\", \"per\": " + (one_in(2) ? "\"ticket\"" : "\"order\"") +
              ", \"refundable\": " + (one_in(3) ? "false" : "true") + "}";
    }
    return json("{\"taxes\": [" + taxes + "], \"fees\": [" + fees + "]}");
  }

  // Some tickets, or all of them, in up to four steps.
  std::vector<std::vector<std::size_t>> returns(std::size_t tickets) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < tickets; ++i) {
      order.insert(order.begin() + static_cast<std::ptrdiff_t>(pick(order.size() + 1)), i);
    }
    order.resize(one_in(2) ? tickets : 1 + pick(tickets));
    std::vector<std::vector<std::size_t>> steps(1 + pick(4));
    for (const std::size_t ticket : order) {
      steps[pick(steps.size())].push_back(ticket);
    }
    std::erase_if(steps, [](const auto& step) { return step.empty(); });
    for (auto& step : steps) {
      std::sort(step.begin(), step.end());
    }
    return steps;
  }

  std::uint64_t state_;
  std::int64_t unit_ = 1;
};

}  // namespace eventcore::testing
