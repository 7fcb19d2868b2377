// A key-slot file of any bytes: the one file that its store's key opens is the one the engine wrote. The bytes are
// tried as they are, and once more with their checksum mended, which is what a forger would do.
#include "base/hash.hpp"
#include "store/key_slots.hpp"
#include "support.hpp"

namespace {

using namespace eventcore;

const Bytes& genuine() {
  static const Bytes bytes = fuzz::file_bytes(fuzz::fixture("festival.keys"));
  return bytes;
}

void open(const Bytes& bytes) {
  fuzz::OneFile file(bytes);
  const auto opened = store::KeySlots::open(file, "any.keys", store::KeyInput::raw(fuzz::fixture_key()));
  if (opened) {
    fuzz::need(bytes == genuine() && opened.assume_value().list().size() == 1);
    return;
  }
  const Errc code = opened.error().code();
  fuzz::need(code == Errc::key_slots_tampered || code == Errc::store_newer || code == Errc::wrong_key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, data + size);
  open(bytes);
  if (size < sizeof(Digest)) return 0;
  const std::size_t checked = size - sizeof(Digest);
  const Digest sum = blake2b(ByteView(bytes).first(checked));
  std::copy(sum.begin(), sum.end(), bytes.begin() + static_cast<std::ptrdiff_t>(checked));
  open(bytes);
  return 0;
}
