#include "ticket/code.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace eventcore::ticket {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

KeyPair vector_keys() {
  Bytes seed;
  for (std::uint8_t i = 0; i < seed_bytes; ++i) {
    seed.push_back(i);
  }
  return key_pair_from_seed(seed).value();
}

Uuid id_of(std::string_view text) {
  return parse_uuid(text).value();
}

TicketCode first_vector() {
  TicketCode code;
  code.key_id = 1;
  code.event_id = id_of("01920000-0000-7000-8000-000000000001");
  code.ticket_id = id_of("01920000-0000-7000-8000-000000000002");
  code.category_id = id_of("01920000-0000-7000-8000-000000000003");
  code.serial = 0;
  code.valid_from = 1'767'225'600;
  code.valid_until = 1'767'312'000;
  return code;
}

TicketCode second_vector() {
  TicketCode code;
  code.key_id = 0xFFFF;
  code.event_id = id_of("ffffffff-ffff-ffff-ffff-ffffffffffff");
  code.ticket_id = id_of("00000000-0000-0000-0000-000000000000");
  code.category_id = id_of("0123abcd-4567-89ef-0123-456789abcdef");
  code.serial = 0x0102;
  code.valid_from = 0;
  code.valid_until = 0xFFFFFFFF;
  return code;
}

std::string signed_text(const TicketCode& code) {
  return sign(code, vector_keys().secret_key.view()).value();
}

TEST(TicketCodeTest, ASignedCodeReadsBackAndVerifies) {
  for (const TicketCode& code : {first_vector(), second_vector()}) {
    const std::string text = signed_text(code);
    EXPECT_EQ(text.size(), code_characters);
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->code, code);
    EXPECT_TRUE(verify(*parsed, vector_keys().public_key));
    EXPECT_TRUE(verify(text, vector_keys().public_key));
  }
}

TEST(TicketCodeTest, TheFieldsLieWhereTheFormatSays) {
  const Bytes bytes = from_base32(signed_text(second_vector())).value();
  ASSERT_EQ(bytes.size(), code_bytes);
  EXPECT_EQ(hex(ByteView(bytes).first(signed_bytes)),
            "01"
            "ffff"
            "ffffffffffffffffffffffffffffffff"
            "00000000000000000000000000000000"
            "0123abcd456789ef0123456789abcdef"
            "0102"
            "00000000"
            "ffffffff");
}

TEST(TicketCodeTest, TheFormatPageHoldsTheseVectors) {
  std::ifstream file(std::string(EC_SOURCE_DIR) + "/docs/ticket-format.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const std::string& expected :
       {hex(vector_keys().public_key), signed_text(first_vector()), signed_text(second_vector())}) {
    EXPECT_NE(page.str().find(expected), std::string::npos) << expected;
  }
}

TEST(TicketCodeTest, EveryFlippedBitIsRefused) {
  const PublicKey key = vector_keys().public_key;
  const Bytes good = from_base32(signed_text(first_vector())).value();
  for (std::size_t bit = 0; bit < code_bytes * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(verify(base32(bad), key)) << "bit " << bit;
  }
}

TEST(TicketCodeTest, EveryChangedCharacterIsRefused) {
  const PublicKey key = vector_keys().public_key;
  const std::string good = signed_text(first_vector());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char c : alphabet) {
      std::string bad = good;
      bad[at] = c;
      EXPECT_EQ(verify(bad, key), c == good[at]) << "character " << at << " " << c;
    }
  }
}

TEST(TicketCodeTest, OnlyTheCanonicalTextIsAccepted) {
  const std::string good = signed_text(first_vector());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      if (alphabet.find(static_cast<char>(c)) == std::string_view::npos) {
        std::string bad = good;
        bad[at] = static_cast<char>(c);
        ASSERT_FALSE(parse(bad).has_value()) << "character " << at << " byte " << c;
      }
    }
  }
  std::string lower = good;
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  EXPECT_FALSE(parse(lower).has_value());
  EXPECT_FALSE(parse("").has_value());
  EXPECT_FALSE(parse(good.substr(1)).has_value());
  EXPECT_FALSE(parse(good + "A").has_value());
  EXPECT_FALSE(parse(good + "=").has_value());
  EXPECT_FALSE(parse(" " + good).has_value());
  EXPECT_FALSE(parse(good + "\n").has_value());
}

TEST(TicketCodeTest, AnotherVersionIsNoCode) {
  Bytes bytes = from_base32(signed_text(first_vector())).value();
  for (int version = 0; version < 256; ++version) {
    bytes[0] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(parse(base32(bytes)).has_value(), version == code_version);
  }
  TicketCode code = first_vector();
  code.version = 2;
  EXPECT_FALSE(sign(code, vector_keys().secret_key.view()));
}

TEST(TicketCodeTest, AnotherKeyDoesNotVerify) {
  SeededRandom random(7);
  const KeyPair other = make_key_pair(random);
  const std::string text = signed_text(first_vector());
  EXPECT_FALSE(verify(text, other.public_key));
  EXPECT_FALSE(verify(text, PublicKey{}));
  EXPECT_FALSE(verify(text, ByteView{}));
  EXPECT_FALSE(verify(text, ByteView(vector_keys().public_key).first(31)));
}

TEST(TicketCodeTest, ASignatureOfTheBareBytesIsNoTicket) {
  // The domain prefix: what the key signs without it never passes.
  const std::string text = signed_text(first_vector());
  SignedCode forged = parse(text).value();
  forged.code.serial = 1;
  EXPECT_FALSE(verify(forged, vector_keys().public_key));
}

TEST(TicketCodeTest, KeysComeFromTheGivenRandomness) {
  SeededRandom a(42);
  SeededRandom b(42);
  const KeyPair first = make_key_pair(a);
  const KeyPair again = make_key_pair(b);
  const KeyPair next = make_key_pair(a);
  EXPECT_EQ(first.public_key, again.public_key);
  EXPECT_NE(first.public_key, next.public_key);
  EXPECT_TRUE(verify(sign(first_vector(), first.secret_key.view()).value(), first.public_key));
}

TEST(TicketCodeTest, KeysOfTheWrongLengthAreRefused) {
  EXPECT_FALSE(sign(first_vector(), ByteView{}));
  EXPECT_FALSE(sign(first_vector(), vector_keys().secret_key.view().first(32)));
  EXPECT_FALSE(key_pair_from_seed(Bytes(31)));
}

TEST(TicketCodeTest, InstantsAreBroughtIntoThirtyTwoBits) {
  EXPECT_EQ(code_seconds(-5), 0U);
  EXPECT_EQ(code_seconds(1'999'999), 1U);
  EXPECT_EQ(code_seconds(Micros{4'294'967'295} * 1'000'000), 4'294'967'295U);
  EXPECT_EQ(code_seconds(Micros{4'294'967'296} * 1'000'000), 4'294'967'295U);
}

}  // namespace
}  // namespace eventcore::ticket
