#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <random>

#include "seed.hpp"

namespace eventcore {
namespace {

Bytes random_bytes(std::mt19937_64& engine, std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine());
  return bytes;
}

TEST(BytesTest, HexWritesLowerAndReadsEither) {
  EXPECT_EQ(hex(as_bytes("\x01\xAB\xff")), "01abff");
  EXPECT_EQ(from_hex("01ABff").value(), (Bytes{1, 0xAB, 0xFF}));
  EXPECT_TRUE(from_hex("").value().empty());
}

TEST(BytesTest, HexRefusesOddLengthAndOtherCharacters) {
  for (const char* bad : {"a", "0g", "g0", "0x", " 0", "@0", "`0", "\xFF\xFF"}) {
    ASSERT_FALSE(from_hex(bad).has_value()) << bad;
    EXPECT_EQ(from_hex(bad).error().code(), Errc::invalid_argument);
  }
}

TEST(BytesTest, Base32MatchesPublishedVectors) {
  EXPECT_EQ(base32(as_bytes("fooba")), "MZXW6YTB");
  EXPECT_EQ(base32(as_bytes("foobar")), "MZXW6YTBOI");
  EXPECT_EQ(base32(as_bytes("f")), "MY");
  EXPECT_EQ(base32({}), "");
  EXPECT_EQ(as_text(from_base32("MZXW6YTBOI").value()), "foobar");
}

TEST(BytesTest, TicketAndRecoverySizesNeedNoPadding) {
  EXPECT_EQ(base32(Bytes(125, 7)).size(), 200U);
  EXPECT_EQ(base32(Bytes(32, 7)).size(), 52U);
}

TEST(BytesTest, Base32AcceptsOneSpellingOnly) {
  for (const char* bad : {"mzxw6ytb", "MZXW6YT1", "MZXW6YTB=", "MY======", "MZ", "M", "MZX", "MZXW6Y", "MZXW6YTB\n"}) {
    EXPECT_FALSE(from_base32(bad).has_value()) << bad;
  }
}

TEST(BytesTest, DecodingUndoesEncodingAndOnlyThat) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 3000; ++i) {
    const Bytes bytes = random_bytes(engine, engine() % 140);
    ASSERT_EQ(from_hex(hex(bytes)).value(), bytes);
    std::string text = base32(bytes);
    ASSERT_EQ(from_base32(text).value(), bytes);
    if (text.empty()) continue;
    text[engine() % text.size()] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[engine() % 32];
    if (const auto other = from_base32(text)) {
      ASSERT_EQ(base32(other.value()), text);
    }
  }
}

TEST(BytesTest, IntegersAreBigEndianAndReadsStayInside) {
  Bytes out;
  put_u16(out, 0x0102);
  put_u32(out, 0x03040506);
  put_u64(out, 0x0708090A0B0C0D0EULL);
  EXPECT_EQ(hex(out), "0102030405060708090a0b0c0d0e");
  EXPECT_EQ(get_u16(out, 0), 0x0102);
  EXPECT_EQ(get_u32(out, 2), 0x03040506U);
  EXPECT_EQ(get_u64(out, 6), 0x0708090A0B0C0D0EULL);
  EXPECT_EQ(get_u64(out, 7), 0U);
  EXPECT_EQ(get_u16(out, SIZE_MAX), 0U);
}

}  // namespace
}  // namespace eventcore
