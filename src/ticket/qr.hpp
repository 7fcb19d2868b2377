// QR pictures of ticket codes: version 8, error correction M, alphanumeric, four modules of quiet zone.
// Invariants: the same text gives the same bytes; every picture is 57 x 57 modules, quiet zone included.
// Thread: free functions without state, any thread.
#pragma once

#include <eventcore/result.hpp>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace eventcore::ticket {

inline constexpr int qr_version = 8;
inline constexpr int qr_quiet_zone = 4;
inline constexpr int qr_modules = 17 + 4 * qr_version + 2 * qr_quiet_zone;
inline constexpr std::size_t qr_max_characters = 221;
inline constexpr int qr_max_scale = 32;

// At most 221 characters out of 0-9, A-Z, space and $%*+-./: (a ticket code has 200), else `invalid_argument`.
Result<std::string> qr_svg(std::string_view text);

// `scale` pixels a module, 1 to 32; 8-bit grey.
Result<Bytes> qr_png(std::string_view text, int scale);

}  // namespace eventcore::ticket
