// An anchor of any bytes: what it says of the last commit is what one of its two genuine records says, or nothing. With
// the right authentication put to both records (which only the key's holder can) it still ends in a state or a refusal.
#include "base/hash.hpp"
#include "store/anchor.hpp"
#include "store/key_slots.hpp"
#include "store/sealing.hpp"
#include "support.hpp"

namespace {

using namespace eventcore;
using store::AnchorState;

constexpr std::size_t block_size = 4096;
constexpr std::size_t signed_size = 64;
constexpr std::size_t record_size = 96;

struct Fixture {
  Bytes bytes = fuzz::file_bytes(fuzz::fixture("festival.anchor"));
  SecretBytes key;
  Uuid store_id;

  Fixture() {
    fuzz::OneFile file(fuzz::file_bytes(fuzz::fixture("festival.keys")));
    const auto slots = store::KeySlots::open(file, "any.keys", store::KeyInput::raw(fuzz::fixture_key()));
    fuzz::need(slots.has_value());
    key = store::derive(slots.assume_value().keys().root_key, store::derivation::anchor);
    store_id = slots.assume_value().keys().store_id;
  }

  Result<std::optional<AnchorState>> read(const Bytes& given) const {
    fuzz::OneFile file(given);
    EC_TRY(anchor, store::Anchor::open(file, "any.anchor", key, store_id, false));
    return anchor->last();
  }

  // What the file says when only the record in that block is whole.
  std::optional<AnchorState> record_says(std::size_t block) const {
    Bytes one = bytes;
    one[(1 - block) * block_size] ^= 1U;
    const auto state = read(one);
    fuzz::need(state.has_value());
    return state.assume_value();
  }

  void authenticate(Bytes& given, std::size_t block) const {
    const std::size_t at = block * block_size;
    if (given.size() < at + record_size) return;
    const Digest mac = Blake2b(key.view())
                           .add("ec-anchor-record")
                           .add(ByteView(store_id.bytes))
                           .add(ByteView(given).subspan(at, signed_size))
                           .finish();
    std::copy(mac.begin(), mac.end(), given.begin() + static_cast<std::ptrdiff_t>(at + signed_size));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  static const std::optional<AnchorState> genuine[2] = {fixture.record_says(0), fixture.record_says(1)};
  // Two records, one after the other, each put where its block begins: inputs stay small.
  Bytes bytes(2 * block_size);
  std::copy_n(data, std::min(size, record_size), bytes.begin());
  if (size > record_size)
    std::copy_n(data + record_size, std::min(size - record_size, record_size), bytes.begin() + block_size);
  const auto state = fixture.read(bytes);
  if (state)
    fuzz::need(state.assume_value() == genuine[0] || state.assume_value() == genuine[1]);
  else
    fuzz::need(state.error().code() == Errc::anchor_tampered);

  fixture.authenticate(bytes, 0);
  fixture.authenticate(bytes, 1);
  const auto forged = fixture.read(bytes);
  if (forged)
    fuzz::need(!forged.assume_value() || forged.assume_value()->commit > 0);
  else
    fuzz::need(forged.error().code() == Errc::anchor_tampered || forged.error().code() == Errc::store_newer);
  return 0;
}
