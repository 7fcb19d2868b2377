#include "base/codes.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "seed.hpp"

namespace eventcore {
namespace {

constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

TEST(CodesTest, NumbersHaveTheirShape) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string order = make_order_number(random);
    ASSERT_EQ(order.size(), 9U);
    ASSERT_EQ(order[4], '-');
    ASSERT_TRUE(valid_order_number(order)) << order;
    const std::string ticket = make_ticket_number(random);
    ASSERT_EQ(ticket.size(), 13U);
    ASSERT_EQ(ticket.find_first_not_of(symbols), std::string::npos);
    ASSERT_TRUE(valid_ticket_number(ticket)) << ticket;
    seen.insert(ticket);
  }
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(CodesTest, EverySingleWrongSymbolIsFound) {
  EC_TRACE_SEED();
  SeededRandom random(testing::seed());
  for (int i = 0; i < 200; ++i) {
    const std::string ticket = make_ticket_number(random);
    for (std::size_t at = 0; at < ticket.size(); ++at) {
      for (const char symbol : symbols) {
        std::string other = ticket;
        other[at] = symbol;
        ASSERT_EQ(valid_ticket_number(other), other == ticket) << ticket << " " << other;
      }
    }
  }
}

TEST(CodesTest, SwappedNeighboursAreFoundExceptZeroWithZ) {
  EC_TRACE_SEED();
  SeededRandom random(testing::seed());
  for (int i = 0; i < 3000; ++i) {
    const std::string ticket = make_ticket_number(random);
    for (std::size_t at = 1; at < ticket.size(); ++at) {
      std::string other = ticket;
      std::swap(other[at - 1], other[at]);
      const std::set<char> pair{ticket[at - 1], ticket[at]};
      const bool blind = pair.size() == 1 || pair == std::set<char>{'0', 'Z'};
      ASSERT_EQ(valid_ticket_number(other), blind) << ticket << " " << other;
    }
  }
}

TEST(CodesTest, OnlyTheCanonicalSpellingIsValid) {
  EXPECT_TRUE(valid_ticket_number("0000000000000"));
  EXPECT_TRUE(valid_order_number("0000-0000"));
  for (const char* bad :
       {"", "00000000", "0000 0000", "000-00000", "0000-000", "0000-00000", "OOOO-0000", "0000-0001"}) {
    EXPECT_FALSE(valid_order_number(bad)) << bad;
  }
  for (const char* bad : {"", "000000000000", "00000000000000", "000000-000000", "000000000000O", "000000000000U"}) {
    EXPECT_FALSE(valid_ticket_number(bad)) << bad;
  }
}

TEST(CodesTest, TypedNumbersAreNormalised) {
  EXPECT_EQ(normalise_ticket_number(" 0o1-iIlL ab Cd-\t"),
            "001"
            "1111ABCD");
  EC_TRACE_SEED();
  SeededRandom random(testing::seed());
  const std::string ticket = make_ticket_number(random);
  std::string typed;
  for (const char c : ticket) typed += std::string(1, c >= 'A' ? static_cast<char>(c - 'A' + 'a') : c) + "- ";
  EXPECT_EQ(normalise_ticket_number(typed), ticket);
}

}  // namespace
}  // namespace eventcore
