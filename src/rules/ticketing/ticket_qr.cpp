// ticket_qr: a ticket's signed code as a QR symbol, for its holder and for the box office.
#include <algorithm>
#include <cstdint>
#include <string>

#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "ticket/qr.hpp"

namespace eventcore::rules::ticketing {

namespace {

// RFC 4648, with padding.
std::string base64(ByteView bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8U | (j < count ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= count ? alphabet[group >> (18 - 6 * j) & 0x3FU] : '=';
  }
  return text;
}

}  // namespace

Result<Json> ticket_qr(work::Reading& reading, const schema::CommandDef& command, const schema::Arguments& arguments) {
  EC_TRY(row, reading.get(schema::tables::tickets, arguments.uuid("ticket_id")));
  EC_TRYV(require(reading, command, row));
  const std::string& status = row[col::tickets::status].text();
  if (status != "valid" && status != "used") return fail_fact(Errc::wrong_state, "state", status);
  const std::string& code = row[col::tickets::qr_code_data].text();
  EC_TRY(svg, eventcore::ticket::qr_svg(code));
  EC_TRY(png, eventcore::ticket::qr_png(code, static_cast<int>(arguments.integer("module_pixels"))));
  return Json{{"code", code}, {"svg", std::move(svg)}, {"png", base64(png)}};
}

}  // namespace eventcore::rules::ticketing
