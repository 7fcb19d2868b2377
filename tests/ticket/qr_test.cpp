#include "ticket/qr.hpp"

#define ZX_USE_UTF8  // texts as std::string
#include <ZXing/ReadBarcode.h>
#include <gtest/gtest.h>
#include <png.h>

#include "ticket/code.hpp"

namespace eventcore::ticket {
namespace {

std::string some_code() {
  SeededRandom random(3);
  const KeyPair keys = make_key_pair(random);
  TicketCode code;
  random.fill(code.event_id.bytes);
  random.fill(code.ticket_id.bytes);
  random.fill(code.category_id.bytes);
  return sign(code, keys.secret_key.view()).value();
}

struct Picture {
  int side = 0;
  std::vector<std::uint8_t> pixels;
};

Picture read_png(const Bytes& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  image.format = PNG_FORMAT_GRAY;
  Picture picture;
  picture.side = static_cast<int>(image.width);
  EXPECT_EQ(image.width, image.height);
  picture.pixels.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr), 0) << image.message;
  return picture;
}

std::string scan(const Picture& picture) {
  const ZXing::ImageView view(picture.pixels.data(), picture.side, picture.side, ZXing::ImageFormat::Lum);
  const ZXing::Result result = ZXing::ReadBarcode(view, ZXing::DecodeHints().setFormats(ZXing::BarcodeFormat::QRCode));
  return result.isValid() ? result.text() : "";
}

TEST(QrTest, AScannerReadsTheCodeBack) {
  const std::string text = some_code();
  for (const int scale : {2, 4, 9}) {
    const Picture picture = read_png(qr_png(text, scale).value());
    EXPECT_EQ(picture.side, qr_modules * scale);
    EXPECT_EQ(scan(picture), text) << "scale " << scale;
  }
}

TEST(QrTest, ATicketCodeIsVersionEightWithMediumCorrection) {
  const Picture picture = read_png(qr_png(some_code(), 3).value());
  const ZXing::ImageView view(picture.pixels.data(), picture.side, picture.side, ZXing::ImageFormat::Lum);
  const ZXing::Result result = ZXing::ReadBarcode(view);
  EXPECT_EQ(result.ecLevel(), "M");
  EXPECT_EQ(qr_modules, 57);
  EXPECT_EQ(picture.side, 171);
}

TEST(QrTest, FourModulesAroundTheCodeAreWhite) {
  const Picture picture = read_png(qr_png(some_code(), 1).value());
  for (int y = 0; y < picture.side; ++y) {
    for (int x = 0; x < picture.side; ++x) {
      if (x < 4 || y < 4 || x >= picture.side - 4 || y >= picture.side - 4) {
        ASSERT_EQ(picture.pixels[static_cast<std::size_t>(y * picture.side + x)], 0xFF);
      }
    }
  }
  EXPECT_EQ(picture.pixels[static_cast<std::size_t>(4 * picture.side + 4)], 0);  // the corner of the finder
}

// Fills the rectangles of the path, each "Mx yh..v1h-..z".
Picture paint(const std::string& svg) {
  Picture picture;
  picture.side = qr_modules * 4;
  picture.pixels.assign(static_cast<std::size_t>(picture.side * picture.side), 0xFF);
  std::size_t at = svg.find("<path d=\"") + 9;
  int x = 0;
  int y = 0;
  int length = 0;
  int used = 0;
  while (std::sscanf(svg.c_str() + at, "M%d %dh%dv1h-%*dz%n", &x, &y, &length, &used) == 3) {
    at += static_cast<std::size_t>(used);
    for (int py = y * 4; py < y * 4 + 4; ++py) {
      for (int px = x * 4; px < (x + length) * 4; ++px) {
        picture.pixels[static_cast<std::size_t>(py * picture.side + px)] = 0;
      }
    }
  }
  EXPECT_EQ(svg[at], '"');
  return picture;
}

TEST(QrTest, TheSvgShowsTheSameCode) {
  const std::string text = some_code();
  const std::string svg = qr_svg(text).value();
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 57 57\""));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(scan(paint(svg)), text);
}

TEST(QrTest, TheSameTextGivesTheSameBytes) {
  EXPECT_EQ(qr_svg("HELLO").value(), qr_svg("HELLO").value());
  EXPECT_EQ(qr_png("HELLO", 2).value(), qr_png("HELLO", 2).value());
  EXPECT_EQ(read_png(qr_png("HELLO", 1).value()).side, qr_modules);
}

TEST(QrTest, WhatDoesNotFitIsRefused) {
  EXPECT_FALSE(qr_svg(""));
  EXPECT_FALSE(qr_svg("lower case"));
  EXPECT_FALSE(qr_svg(std::string("A\0B", 3)));
  EXPECT_FALSE(qr_svg(std::string(222, 'A')));
  EXPECT_TRUE(qr_svg(std::string(221, 'A')));
  EXPECT_FALSE(qr_png("HELLO", 0));
  EXPECT_FALSE(qr_png("HELLO", 33));
}

}  // namespace
}  // namespace eventcore::ticket
