// The demo as a newcomer runs it: it must end well, and what it leaves must be what it says. The ticket's picture is
// read back by an independent decoder.
#define ZX_USE_UTF8 1  // Result::text() answers UTF-8
#include <ZXing/ReadBarcode.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string decoded(const std::string& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  image.format = PNG_FORMAT_GRAY;
  std::vector<png_byte> pixels(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0) << image.message;
  const ZXing::ImageView view(pixels.data(), static_cast<int>(image.width), static_cast<int>(image.height),
                              ZXing::ImageFormat::Lum);
  const ZXing::Result result = ZXing::ReadBarcode(view);
  EXPECT_TRUE(result.isValid());
  return result.text();
}

TEST(DemoTest, RunsFromImportToVerifyAndLeavesWhatItSays) {
  const TestFolder folder;
  const std::string command =
      std::string(EC_TEST_PROGRAMS) + "/eventcore_demo " + folder.folder() + " > " + folder.path("said.txt") + " 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << content(folder.path("said.txt"));
  const std::string said = content(folder.path("said.txt"));
  for (const char* fact :
       {"verify_store: ok", "two more: sold_out", "order is cancelled", "already_used: 40", "forged: 1",
        "orders of another tenant found: 0", "75.00 less 7.50 is 67.50, as quoted",
        "so 17.50 of 67.50 goes back: refund due", "the order is partially_refunded",
        "delivered: paid; delivered again: duplicate; tickets issued: 2", "one byte more: signature_invalid",
        "somebody who did not wait: sold_out", "the first entry is accepted, the second is waiting",
        "searching \"q\": Quirin Holder", "the code of before: transferred; the new one: admitted"})
    EXPECT_NE(said.find(fact), std::string::npos) << fact;

  std::string code = content(folder.path("ticket.txt"));
  code.pop_back();  // the line's end
  EXPECT_EQ(decoded(content(folder.path("ticket.png"))), code);
  EXPECT_TRUE(content(folder.path("sales-curve.svg")).starts_with("<"));

  auto report = parse_json(content(folder.path("report.json")));
  ASSERT_TRUE(report.has_value());
  const Json& figures = report.assume_value();
  EXPECT_EQ(figures["checked_in"], figures["tickets"]);
  EXPECT_NE(said.find("admitted: " + figures["tickets"].dump()), std::string::npos);
}

}  // namespace
}  // namespace eventcore::test
