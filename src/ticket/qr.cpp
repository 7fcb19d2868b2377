#include "ticket/qr.hpp"

#include <png.h>

#include <cstdint>
#include <qrcodegen.hpp>
#include <vector>

namespace eventcore::ticket {

namespace {

using qrcodegen::QrCode;
using qrcodegen::QrSegment;

constexpr std::uint8_t white = 0xFF;

Result<QrCode> draw(std::string_view text) {
  const std::string plain(text);
  if (plain.empty() || plain.size() > qr_max_characters || plain.find('\0') != std::string::npos ||
      !QrSegment::isAlphanumeric(plain.c_str())) {
    return fail_field(Errc::invalid_argument, "text", "a QR text has 1 to 221 characters of the alphanumeric set");
  }
  // One version for all, so that every ticket of an event prints in the same size.
  return QrCode::encodeSegments({QrSegment::makeAlphanumeric(plain.c_str())}, QrCode::Ecc::MEDIUM, qr_version,
                                qr_version, -1, false);
}

// Dark modules of a row as "M x y h length v 1 h -length z".
void add_row(std::string& path, const QrCode& qr, int y) {
  int x = 0;
  while (x < qr.getSize()) {
    if (!qr.getModule(x, y)) {
      ++x;
      continue;
    }
    const int start = x;
    while (x < qr.getSize() && qr.getModule(x, y)) {
      ++x;
    }
    const std::string length = std::to_string(x - start);
    path += "M" + std::to_string(start + qr_quiet_zone) + " " + std::to_string(y + qr_quiet_zone) + "h" + length +
            "v1h-" + length + "z";
  }
}

}  // namespace

Result<std::string> qr_svg(std::string_view text) {
  EC_TRY(qr, draw(text));
  std::string path;
  for (int y = 0; y < qr.getSize(); ++y) {
    add_row(path, qr, y);
  }
  const std::string side = std::to_string(qr_modules);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + side + " " + side +
         "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h" + side + "v" + side + "h-" + side +
         "z\"/><path d=\"" + path + "\"/></svg>\n";
}

Result<Bytes> qr_png(std::string_view text, int scale) {
  if (scale < 1 || scale > qr_max_scale) {
    return fail_field(Errc::invalid_argument, "scale", "must be from 1 to 32");
  }
  EC_TRY(qr, draw(text));
  const int side = qr_modules * scale;
  std::vector<std::uint8_t> pixels;
  pixels.reserve(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      // Outside the code itself getModule is false: the quiet zone.
      pixels.push_back(qr.getModule(x / scale - qr_quiet_zone, y / scale - qr_quiet_zone) ? 0 : white);
    }
  }

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(side);
  image.height = static_cast<png_uint_32>(side);
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  Bytes png(size);
  if (png_image_write_to_memory(&image, png.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    return fail(Errc::internal, "libpng could not write the picture");
  }
  png.resize(size);
  return png;
}

}  // namespace eventcore::ticket
