// Byte strings: views, hex, base32 and big-endian integers.
// Invariants: encoders are total; decoders accept one spelling only (hex: either case) and answer
// Errc::invalid_argument. Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <eventcore/result.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventcore {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

ByteView as_bytes(std::string_view text);
std::string_view as_text(ByteView bytes);

std::string hex(ByteView bytes);  // lower case
Result<Bytes> from_hex(std::string_view text);

// RFC 4648, upper case, never padded: 125 bytes are 200 characters, 32 bytes are 52.
std::string base32(ByteView bytes);
// Only what base32() would have written: no lower case, no padding, no stray bits in the last character.
Result<Bytes> from_base32(std::string_view text);

void put_u16(Bytes& out, std::uint16_t value);
void put_u32(Bytes& out, std::uint32_t value);
void put_u64(Bytes& out, std::uint64_t value);

// The caller has checked the length; outside the bytes these read as 0 and never touch foreign memory.
std::uint16_t get_u16(ByteView bytes, std::size_t offset);
std::uint32_t get_u32(ByteView bytes, std::size_t offset);
std::uint64_t get_u64(ByteView bytes, std::size_t offset);

}  // namespace eventcore
