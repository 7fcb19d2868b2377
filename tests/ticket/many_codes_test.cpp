// Every small change of many codes is refused. EC_TICKET_CODES=<count> takes more of them (1000 is a few minutes),
// EC_TEST_SEED=<number> others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/seed.hpp"
#include "ticket/code.hpp"

namespace eventcore::ticket {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view never = "abcdefghijklmnopqrstuvwxyz0189=-_ \n";

int codes_to_try() {
  const char* given = std::getenv("EC_TICKET_CODES");
  return given != nullptr ? std::atoi(given) : 40;
}

struct Signed {
  KeyPair keys;
  std::string text;
};

Signed some_code(Random& random) {
  Signed made;
  made.keys = make_key_pair(random);
  TicketCode code;
  random.fill(code.event_id.bytes);
  random.fill(code.ticket_id.bytes);
  random.fill(code.category_id.bytes);
  code.key_id = static_cast<std::uint16_t>(random.uniform(65'536));
  code.serial = static_cast<std::uint16_t>(random.uniform(65'536));
  code.valid_from = random.uniform(0xFFFF'FFFF);
  code.valid_until = random.uniform(0xFFFF'FFFF);
  made.text = sign(code, made.keys.secret_key.view()).value();
  return made;
}

// A gate: reads the text, then asks the key.
bool admits(std::string_view text, const PublicKey& key) {
  const auto code = parse(text);
  return code.has_value() && verify(*code, key);
}

void expect_no_flipped_bit_passes(const Signed& made) {
  const Bytes good = from_base32(made.text).value();
  for (std::size_t bit = 0; bit < code_bytes * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    ASSERT_FALSE(admits(base32(bad), made.keys.public_key)) << "bit " << bit << " of " << made.text;
  }
}

void expect_no_changed_character_passes(const Signed& made, Random& random, bool all_of_the_alphabet) {
  for (std::size_t at = 0; at < code_characters; ++at) {
    const auto refused = [&](char c) {
      std::string bad = made.text;
      bad[at] = c;
      return bad == made.text || !admits(bad, made.keys.public_key);
    };
    for (const char c : never) {
      ASSERT_TRUE(refused(c)) << "character " << at << " of " << made.text;
    }
    if (all_of_the_alphabet) {
      for (const char c : alphabet) {
        ASSERT_TRUE(refused(c)) << "character " << at << " of " << made.text;
      }
    } else {
      const std::size_t was = alphabet.find(made.text[at]);
      const char other = alphabet[(was + 1 + random.uniform(31)) % 32];
      ASSERT_NE(other, made.text[at]);
      ASSERT_TRUE(refused(other)) << "character " << at << " of " << made.text;
    }
  }
}

TEST(ManyTicketCodesTest, NoFlippedBitAndNoChangedCharacterPasses) {
  const std::uint64_t seed = eventcore::testing::seed();
  std::cout << "EC_TEST_SEED=" << seed << "\n";
  SeededRandom random(seed);
  for (int i = 0; i < codes_to_try(); ++i) {
    const Signed made = some_code(random);
    ASSERT_TRUE(admits(made.text, made.keys.public_key)) << made.text;
    ASSERT_NO_FATAL_FAILURE(expect_no_flipped_bit_passes(made));
    ASSERT_NO_FATAL_FAILURE(expect_no_changed_character_passes(made, random, i % 20 == 0));
  }
}

}  // namespace
}  // namespace eventcore::ticket
