// Memory for keys: guarded, locked where the system lets us, zeroed when freed.
// Invariants: a SecretBytes never copies itself silently; a moved-from one is empty.
// Thread: an object belongs to one thread at a time; the free functions serve any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace eventcore {

// Prepares libsodium once per process; ends the process if that fails, since nothing below would be safe.
void crypto_init();

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  // zeroed; throws std::bad_alloc like any other memory
  static SecretBytes copy_of(ByteView bytes);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] ByteView view() const { return {data_, size_}; }
  [[nodiscard]] std::span<std::uint8_t> writable() { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] SecretBytes clone() const { return copy_of(view()); }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// The time taken depends on the lengths only.
bool equal_constant_time(ByteView a, ByteView b);
void wipe(std::span<std::uint8_t> bytes);

}  // namespace eventcore
