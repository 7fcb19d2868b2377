#include <gtest/gtest.h>

#include <array>
#include <random>
#include <utility>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "seed.hpp"

namespace eventcore {
namespace {

TEST(HashTest, Blake2bMatchesKnownDigests) {
  EXPECT_EQ(hex(blake2b({})), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  EXPECT_EQ(hex(blake2b(as_bytes("abc"))), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(HashTest, StreamingEqualsOneCall) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 500; ++i) {
    Bytes message(engine() % 700);
    for (auto& byte : message) byte = static_cast<std::uint8_t>(engine());
    const Bytes key(engine() % 100, static_cast<std::uint8_t>(engine()));
    const std::size_t cut = message.empty() ? 0 : engine() % message.size();
    Blake2b stream(key);
    stream.add(ByteView(message).first(cut)).add(as_text(ByteView(message).subspan(cut)));
    ASSERT_EQ(stream.finish(), blake2b(message, key));
  }
}

TEST(HashTest, KeyChangesTheDigest) {
  EXPECT_NE(blake2b(as_bytes("m"), as_bytes("k")), blake2b(as_bytes("m")));
  EXPECT_NE(blake2b(as_bytes("m"), Bytes(64, 1)), blake2b(as_bytes("m"), Bytes(65, 1)));
}

TEST(HashTest, HmacMatchesKnownVector) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(SecretTest, MovedFromIsEmptyAndCloneIsOwn) {
  SecretBytes first = SecretBytes::copy_of(as_bytes("key"));
  SecretBytes copy = first.clone();
  SecretBytes second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the claim
  second.writable()[0] = 'K';
  EXPECT_EQ(as_text(second.view()), "Key");
  EXPECT_EQ(as_text(copy.view()), "key");
  copy = std::move(second);
  EXPECT_EQ(as_text(copy.view()), "Key");
}

TEST(SecretTest, StartsZeroedAndMayBeEmpty) {
  const SecretBytes zeroed(64);
  for (const std::uint8_t byte : zeroed.view()) EXPECT_EQ(byte, 0);
  EXPECT_TRUE(SecretBytes(0).clone().empty());
  EXPECT_TRUE(SecretBytes().empty());
}

TEST(SecretTest, ComparisonAndWipe) {
  EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
  EXPECT_TRUE(equal_constant_time({}, {}));
  std::array<std::uint8_t, 3> bytes{1, 2, 3};
  wipe(bytes);
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 3>{}));
}

TEST(RandomTest, SeededRepeatsWhateverThePieces) {
  SeededRandom one(7);
  SeededRandom two(7);
  SeededRandom other(8);
  Bytes whole(5000);
  one.fill(whole);
  Bytes pieces(5000);
  for (std::size_t at = 0; at < pieces.size();) {
    const std::size_t count = std::min<std::size_t>(at % 37 + 1, pieces.size() - at);
    two.fill(std::span(pieces).subspan(at, count));
    at += count;
  }
  EXPECT_EQ(whole, pieces);
  Bytes different(5000);
  other.fill(different);
  EXPECT_NE(whole, different);
  EXPECT_NE(Bytes(whole.begin(), whole.begin() + 1024), Bytes(whole.begin() + 1024, whole.begin() + 2048));
}

TEST(RandomTest, UniformStaysBelowItsBoundAndReachesAll) {
  SystemRandom random;
  EXPECT_EQ(random.uniform(0), 0U);
  EXPECT_EQ(random.uniform(1), 0U);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) ++seen.at(random.uniform(6));
  for (const int count : seen) EXPECT_GT(count, 700);
}

TEST(RandomTest, UniformRefusesTheDrawsThatWouldFavourSmallResults) {
  class Fixed final : public Random {
   public:
    void fill(std::span<std::uint8_t> bytes) override {
      for (auto& byte : bytes) byte = calls_ == 0 ? 0x00 : 0xFF;
      ++calls_;
    }
    int calls_ = 0;
  } fixed;
  EXPECT_EQ(fixed.uniform(3), 0xFFFFFFFFU % 3);  // 2^32 mod 3 = 1: the draw 0 is refused
  EXPECT_EQ(fixed.calls_, 2);
}

}  // namespace
}  // namespace eventcore
