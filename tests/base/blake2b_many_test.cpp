#include "base/blake2b_many.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "seed.hpp"

namespace eventcore {
namespace {

Bytes random_bytes(std::mt19937_64& engine, std::size_t size) {
  Bytes out(size);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(engine());
  return out;
}

TEST(Blake2bManyTest, EachDigestIsThatOfTheMessageAlone) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  Blake2bMany many;
  for (int batch = 0; batch < 200; ++batch) {
    std::vector<Digest> expected;
    for (std::size_t i = 0, count = engine() % 40; i < count; ++i) {
      const Bytes message = random_bytes(engine, engine() % 600);
      const Bytes key = random_bytes(engine, engine() % 3 == 0 ? 0 : engine() % 200);
      const std::size_t cut = message.empty() ? 0 : engine() % message.size();
      many.begin(key).add(ByteView(message).first(cut)).add(ByteView(message).subspan(cut));
      expected.push_back(blake2b(message, key));
    }
    const std::span<const Digest> found = many.finish();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(found[i], expected[i]) << i;
  }
}

TEST(Blake2bManyTest, MessagesOfEveryLengthAroundABlock) {
  constexpr std::size_t block = 128;
  const Bytes text(3 * block + 1, 0xA5);
  Blake2bMany many;
  for (std::size_t length = 0; length <= text.size(); ++length) many.begin().add(ByteView(text).first(length));
  const std::span<const Digest> found = many.finish();
  ASSERT_EQ(found.size(), text.size() + 1);
  for (std::size_t length = 0; length <= text.size(); ++length)
    ASSERT_EQ(found[length], blake2b(ByteView(text).first(length))) << length;
}

TEST(Blake2bManyTest, NumbersAreBigEndian) {
  Blake2bMany many;
  many.begin().add_u32(0x01020304).add_u64(0x05060708090A0B0C).add(std::string_view("!"));
  const Bytes message = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, '!'};
  EXPECT_EQ(many.size(), message.size());
  EXPECT_EQ(many.finish()[0], blake2b(message));
}

TEST(Blake2bManyTest, NothingGivesNothing) {
  Blake2bMany many;
  EXPECT_TRUE(many.finish().empty());
  many.begin();
  EXPECT_EQ(many.finish().size(), 1U);
  EXPECT_TRUE(many.finish().empty());
}

}  // namespace
}  // namespace eventcore
