#include "store/sealing.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "store/side_files.hpp"

namespace eventcore::store {
namespace {

SeededRandom& random_source() {
  static SeededRandom random(7);
  return random;
}

SecretBytes some_key() {
  return make_tenant_key(random_source());
}

Uuid id(std::uint8_t n) {
  Uuid out;
  out.bytes[15] = n;
  return out;
}

Bytes copy(ByteView view) {
  return {view.begin(), view.end()};
}

TEST(SealingTest, ASealedValueOpensInItsPlace) {
  const SecretBytes key = some_key();
  const Bytes place = sealed_place(3, 4, id(1), id(2));
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("ada@example.org"), std::string(5000, 'z')}) {
    const Bytes sealed = seal(key, as_bytes(text), place, random_source());
    EXPECT_EQ(sealed.size(), text.size() + sealed_overhead);
    const auto opened = unseal(key, sealed, place);
    ASSERT_TRUE(opened);
    EXPECT_EQ(copy(opened.assume_value().view()), text_bytes(text));
  }
}

TEST(SealingTest, TheSameTextIsNeverSealedAlike) {
  const SecretBytes key = some_key();
  const Bytes place = sealed_place(3, 4, id(1), id(2));
  const Bytes first = seal(key, as_bytes("same"), place, random_source());
  EXPECT_NE(first, seal(key, as_bytes("same"), place, random_source()));
}

TEST(SealingTest, TheTextIsNotToBeSeenInTheSealedValue) {
  const Bytes sealed = seal(some_key(), as_bytes("ada@example.org"), sealed_place(3, 4, id(1), id(2)), random_source());
  EXPECT_EQ(as_text(sealed).find("ada@"), std::string_view::npos);
}

TEST(SealingTest, AnyFlippedBitIsRefused) {
  const SecretBytes key = some_key();
  const Bytes place = sealed_place(3, 4, id(1), id(2));
  const Bytes sealed = seal(key, as_bytes("ada@example.org"), place, random_source());
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    ASSERT_EQ(code(unseal(key, bad, place)), Errc::store_corrupt) << bit;
  }
}

TEST(SealingTest, AnyOtherLengthIsRefused) {
  const SecretBytes key = some_key();
  const Bytes place = sealed_place(3, 4, id(1), id(2));
  Bytes sealed = seal(key, as_bytes("ada"), place, random_source());
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(code(unseal(key, ByteView(sealed).first(size), place)), Errc::store_corrupt);
  }
  sealed.push_back(0);
  EXPECT_EQ(code(unseal(key, sealed, place)), Errc::store_corrupt);
}

TEST(SealingTest, AValueMovedToAnotherRowColumnTableOrTenantIsRefused) {
  const SecretBytes key = some_key();
  const Bytes sealed = seal(key, as_bytes("ada"), sealed_place(3, 4, id(1), id(2)), random_source());
  for (const Bytes& elsewhere : {sealed_place(3, 4, id(1), id(9)), sealed_place(3, 4, id(9), id(2)),
                                 sealed_place(3, 9, id(1), id(2)), sealed_place(9, 4, id(1), id(2)),
                                 sealed_place(4, 3, id(1), id(2)), sealed_place(3, 4, id(2), id(1)), Bytes{}}) {
    EXPECT_EQ(code(unseal(key, sealed, elsewhere)), Errc::store_corrupt);
  }
  EXPECT_EQ(code(unseal(some_key(), sealed, sealed_place(3, 4, id(1), id(2)))), Errc::store_corrupt);
}

TEST(SealingTest, ATenantKeyOpensOnlyForItsTenantInItsStore) {
  const SecretBytes root = some_key();
  const SecretBytes tenant = some_key();
  const Bytes wrapped = wrap_tenant_key(root, id(1), tenant, random_source()).assume_value();
  const auto opened = unwrap_tenant_key(root, id(1), wrapped);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(equal_constant_time(opened.assume_value().view(), tenant.view()));
  EXPECT_EQ(code(unwrap_tenant_key(root, id(2), wrapped)), Errc::store_corrupt);
  EXPECT_EQ(code(unwrap_tenant_key(some_key(), id(1), wrapped)), Errc::store_corrupt);
  EXPECT_EQ(code(unwrap_tenant_key(root, id(1), {})), Errc::store_corrupt);
  for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
    Bytes bad = wrapped;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    ASSERT_EQ(code(unwrap_tenant_key(root, id(1), bad)), Errc::store_corrupt) << bit;
  }
}

TEST(SealingTest, AKeyOfTheWrongLengthIsADefectAndNotATruncatedKey) {
  EXPECT_EQ(code(wrap_tenant_key(some_key(), id(1), SecretBytes(31), random_source())), Errc::internal);
  EXPECT_EQ(code(unwrap_tenant_key(SecretBytes(), id(1), Bytes(73))), Errc::internal);
}

TEST(SealingTest, EveryDerivedKeyDiffers) {
  const SecretBytes key = some_key();
  std::set<Bytes> seen{copy(key.view())};
  for (const auto context : {derivation::root, derivation::key_slots_mac, derivation::key_slots_signing,
                             derivation::anchor, derivation::tenant_wrap, derivation::seal, derivation::digest}) {
    EXPECT_TRUE(seen.insert(copy(derive(key, context).view())).second) << context;
  }
  EXPECT_EQ(copy(derive(key, derivation::root).view()), copy(derive(key, derivation::root).view()));
}

// The bytes are a format: stores written today must open for ever.
TEST(SealingTest, DerivedKeysAndDigestsKeepTheirBytes) {
  SecretBytes key(32);
  for (std::size_t i = 0; i < 32; ++i) key.writable()[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(hex(derive(key, derivation::root).view()),
            "f951e22c2f7ba4db43a52a8d06f111f277f3e449f164e20569ff8376aa73212b");
  EXPECT_EQ(hex(keyed_digest(key, "customer_email", "ada@example.org")),
            "82c5f00dd7bd6982a1fb2f41144f293505f2d6c676fe9cde912aff18a9601aca");
}

TEST(SealingTest, KeyedDigestsDependOnKeyPurposeAndText) {
  const SecretBytes key = some_key();
  const Digest digest = keyed_digest(key, "email", "ada@example.org");
  EXPECT_EQ(digest, keyed_digest(key, "email", "ada@example.org"));
  EXPECT_NE(digest, keyed_digest(some_key(), "email", "ada@example.org"));
  EXPECT_NE(digest, keyed_digest(key, "phone", "ada@example.org"));
  EXPECT_NE(digest, keyed_digest(key, "email", "bob@example.org"));
  EXPECT_NE(keyed_digest(key, "ab", "c"), keyed_digest(key, "a", "bc"));
}

}  // namespace
}  // namespace eventcore::store
