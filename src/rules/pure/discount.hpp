// Discount codes: what a code takes off, and whether it applies to a cart.
// Invariants: a discount is never negative and never above what it may be taken from; what a customer is told about a
// code that cannot be used does not say whether it exists.
// Thread: free functions without state, any thread.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/uuid.hpp"

namespace eventcore::rules::pure {

enum class DiscountType : std::uint8_t { percentage, fixed_amount, buy_x_get_y };

std::string_view word(DiscountType type);  // as discount_codes.discount_type spells it
std::optional<DiscountType> discount_type(std::string_view text);

// What an order keeps of a code: enough to compute it again when tickets come back.
struct DiscountTerms {
  DiscountType type = DiscountType::percentage;
  std::int64_t value = 0;         // scale 4: percent, money, or the Y of buy X get Y
  std::int64_t min_quantity = 1;  // the X of buy X get Y
  std::vector<Uuid> categories;   // empty: all

  [[nodiscard]] bool covers(const Uuid& category) const;
};

Json terms_json(const DiscountTerms& terms);
Result<DiscountTerms> parse_terms(const Json& terms);

// Why a code with these values is refused when written; `unit` is the minor unit of its currency.
std::optional<std::string> bad_discount(DiscountType type, std::int64_t value, std::int64_t min_quantity,
                                        std::int64_t unit);

// `prices` are the unit prices of the eligible tickets, one each.
Result<std::int64_t> discount_amount(const DiscountTerms& terms, std::span<const std::int64_t> prices,
                                     std::int64_t unit);

// In the order they are tested.
enum class DiscountRefusal : std::uint8_t {
  none,
  unknown,
  not_yet_valid,
  expired,
  inactive,
  other_event,
  other_currency,
  not_for_these_categories,
  min_quantity,
  exhausted,
  limit_per_customer,
};

std::string_view word(DiscountRefusal refusal);         // for those who may read the code
std::string_view public_word(DiscountRefusal refusal);  // for customers and anon: `invalid` for most

struct CodeFacts {
  bool found = false;
  bool is_active = true;
  std::optional<Micros> valid_from;   // valid_from <= now < valid_until
  std::optional<Micros> valid_until;  //
  std::optional<Uuid> event_id;       // none: every event of the organization
  std::string currency;               // looked at for fixed_amount only
  std::optional<std::int64_t> max_uses;
  std::int64_t current_uses = 0;
  std::optional<std::int64_t> max_uses_per_user;
  std::int64_t uses_by_customer = 0;  // 0 for an order without e-mail: it is not counted
  DiscountTerms terms;
};

struct CartLine {
  Uuid category_id;
  std::int64_t quantity = 0;
};

struct CartFacts {
  Micros now_us = 0;
  Uuid event_id;
  std::string currency;
  std::vector<CartLine> lines;
};

struct DiscountDecision {
  DiscountRefusal refusal = DiscountRefusal::none;         // the first that holds
  DiscountRefusal public_refusal = DiscountRefusal::none;  // what hides behind `invalid` goes first
  [[nodiscard]] bool applies() const { return refusal == DiscountRefusal::none; }
};

DiscountDecision decide_discount(const CodeFacts& code, const CartFacts& cart);

}  // namespace eventcore::rules::pure
