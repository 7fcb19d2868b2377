#include "base/text.hpp"

#include <gtest/gtest.h>

#include <random>

#include "seed.hpp"

namespace eventcore {
namespace {

using Words = std::vector<std::string>;

std::string random_text(std::mt19937_64& engine) {
  static const std::vector<std::string> pieces = {"a",      "Z",          "9",      " ",      "-",      "\u00DF",
                                                  "\u0130", "\u0345",     "\u03B1", "\u0301", "\u0308", "\u1FB3",
                                                  "\u01F0", "\u212B",     "\uFB01", "\u65E5", "\uAC00", "\u1100",
                                                  "\u1161", "\U0001F600", "\u00A0", "\u3000", "\u0149"};
  std::string text;
  for (std::size_t i = engine() % 12; i-- > 0;) text += pieces[engine() % pieces.size()];
  return text;
}

TEST(TextTest, ValidTextIsStrictUtf8WithoutNul) {
  for (const char* good : {"", "plain ascii, long enough for words", "\u00E9", "\u65E5\u672C\u8A9E", "\U0001F600",
                           "\uD7FF\uE000", "\U0010FFFF", "\x7F\x01"}) {
    EXPECT_TRUE(valid_text(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "abc\xE2\x82", "12345678\xE2\x28\xA1"}) {
    EXPECT_FALSE(valid_text(bad)) << bad;
  }
  EXPECT_FALSE(valid_text(std::string_view("\0", 1)));
  EXPECT_FALSE(
      valid_text(std::string_view("01234\0"
                                  "67890123",
                                  14)));
}

TEST(TextTest, CountsAreOfCodePointsAndUtf16Units) {
  EXPECT_EQ(count_characters("Stra\u00DFe \U0001F600"), 8U);
  EXPECT_EQ(utf16_units("Stra\u00DFe \U0001F600"), 9U);
  EXPECT_EQ(utf16_units(""), 0U);
}

TEST(TextTest, TrimKnowsUnicodeBlanks) {
  EXPECT_EQ(trim(" \t\r\n\u00A0\u3000 a b \u2028\u0085"), "a b");
  EXPECT_EQ(trim("\u2003"), "");
  EXPECT_EQ(trim("\u200Bx"), "\u200Bx");
}

TEST(TextTest, FoldComparesLikePeopleDo) {
  EXPECT_EQ(fold("  Stra\u00DFe "), "strasse");
  EXPECT_EQ(fold("STRASSE"), "strasse");
  EXPECT_EQ(fold("E\u0301COLE"), fold("\u00E9cole"));
  EXPECT_EQ(fold("\u03A3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C2"), fold("\u03C3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C3"));
  EXPECT_EQ(fold("SAVE10"), "save10");
  EXPECT_NE(fold("\u00E9cole"), fold("ecole"));
  EXPECT_NE(fold("\uFB01\u2460"), fold("\uFB01"
                                       "1"));
}

TEST(TextTest, FoldIsStableAndBlindToCase) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_text(engine);
    const std::string once = fold(text);
    ASSERT_TRUE(valid_text(once));
    ASSERT_EQ(fold(once), once) << text;
  }
}

TEST(TextTest, SearchWordsDropMarksCaseAndStrokes) {
  EXPECT_EQ(search_words("\u0141ukasz M\u00FCller-\u00D8degaard"), (Words{"lukasz", "muller", "odegaard"}));
  EXPECT_EQ(search_words("\u0110or\u0111evi\u0107 stra\u00DFe \u00C6r\u00F8 \u0131\u0130"),
            (Words{"dordevic", "strasse", "aero", "ii"}));
  EXPECT_EQ(search_words("\uFB01n \u2167 \uFF21\uFF22"), (Words{"fin", "viii", "ab"}));
  EXPECT_EQ(search_words("O'Brien@x.org 42"), (Words{"o", "brien", "x", "org", "42"}));
  EXPECT_EQ(search_words("Hawai\u02BBi"), (Words{"hawaii"}));
  EXPECT_TRUE(search_words(" \u00A0--\U0001F600 ").empty());
}

TEST(TextTest, SearchWordsSplitCjkPerCharacter) {
  EXPECT_EQ(search_words("\u65E5\u672Cx\u3042\u30AB"), (Words{"\u65E5", "\u672C", "x", "\u3042", "\u30AB"}));
  EXPECT_EQ(search_words("\uAE40\uBBFC"), (Words{"\uAE40", "\uBBFC"}));
  EXPECT_EQ(search_words("\u1100\u1161"), (Words{"\uAC00"}));
}

TEST(TextTest, SearchWordsOfWordsAreThemselves) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 20'000; ++i) {
    for (const std::string& word : search_words(random_text(engine))) {
      ASSERT_TRUE(valid_text(word));
      ASSERT_EQ(search_words(word), Words{word});
    }
  }
}

TEST(TextTest, SlugsArePlainAndBounded) {
  EXPECT_EQ(slugify("  Caf\u00E9 M\u00FCnchen: 2026! "), "cafe-munchen-2026");
  EXPECT_EQ(slugify("\u65E5\u672C"), "event");
  EXPECT_EQ(slugify(""), "event");
  EXPECT_EQ(slugify(std::string(500, 'x')).size(), 200U);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "words ";
  EXPECT_LE(slugify(many).size(), 200U);
  EXPECT_EQ(slugify(many).back(), 's');
}

TEST(CardNumberTest, BrandNumbersAreFound) {
  for (const char* text :
       {"4111111111111111", "card 4111 1111 1111 1111 exp 12/30", "4111-1111-1111-1111", "5555555555554444",
        "2223003122003222", "378282246310005", "3782 822463 10005", "30569309025904", "3056 930902 5904",
        "6011111111111117", "3530111333300000", "6200000000000005", "4222222222222", "(4111111111111111)",
        "pay:4111111111111111,now", "-4111111111111111", "6759649826438453", "4111111111111111 123",
        "\u00BB"
        "4111111111111111\u00AB"}) {
    EXPECT_TRUE(contains_card_number(text)) << text;
  }
}

TEST(CardNumberTest, OtherNumbersPass) {
  for (const char* text : {"",
                           "4111111111111112",
                           "4111 1111 1111 1112",  // the sum is wrong
                           "411111111111111",
                           "41111111111111111",  // no Visa has 15 or 17 digits
                           "1234567812345670",
                           "9999999999999995",  // no brand
                           "a4111111111111111",
                           "4111111111111111b",
                           "4111111111111111.",
                           "0.4111111111111111",
                           "\u00E9"
                           "4111111111111111",
                           "84111111111111111",
                           "41111111111111111234",  // touched by digits
                           "4111  1111 1111 1111",
                           "41 11 11 11 11 11 11 11",
                           "4111_1111_1111_1111",
                           "4111111 111111111",
                           "4111/1111/1111/1111",
                           "2026-05-01 10:00:00",
                           "+49 170 1234567",
                           "01890a5d-ac96-774b-bcce-b302099a8057"}) {
    EXPECT_FALSE(contains_card_number(text)) << text;
  }
}

TEST(CardNumberTest, EveryLuhnNeighbourOfACardPasses) {
  const std::string card = "5555555555554444";
  for (std::size_t at = 4; at < card.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string other = card;
      other[at] = digit;
      EXPECT_EQ(contains_card_number(other), other == card) << other;
    }
  }
}

TEST(EmailTest, OrdinaryAddressesPass) {
  for (const char* good : {"a@b", "x@invalid", "first.last+tag@sub.example.org", "o'hara@example.com",
                           "\u00FC@b\u00FCcher.example", "erased-01890a5d@invalid", "_@1.2"}) {
    EXPECT_TRUE(valid_email(good)) << good;
  }
  EXPECT_TRUE(valid_email(std::string(64, 'a') + "@b.c"));
}

TEST(EmailTest, EverythingElseIsRefused) {
  for (const char* bad :
       {"",       "@",     "a",         "a@",         "@b",     "a@@b", "a@b@c", "a b@c",   ".a@b",        "a.@b",
        "a..b@c", "a@.b",  "a@b.",      "a@b..c",     "a@-b",   "a@b-", "a@b_c", "\"a\"@b", "a@[1.2.3.4]", "a@b\n",
        "a,b@c",  "<a@b>", "a\u00A0@b", "a@b\u3000c", "a\xFF@b"}) {
    EXPECT_FALSE(valid_email(bad)) << bad;
  }
  EXPECT_FALSE(valid_email(std::string(65, 'a') + "@b.c"));
  EXPECT_FALSE(valid_email("a@" + std::string(64, 'b')));
  std::string wide = "a@";
  while (wide.size() < 254) wide += "bbbbbbbbb.";
  EXPECT_FALSE(valid_email(wide + "b"));
}

TEST(TextTest, NothingBreaksOnArbitraryBytes) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 20'000; ++i) {
    std::string text(engine() % 40, '\0');
    for (char& c : text) c = engine() % 3 == 0 ? static_cast<char>(engine()) : "4 -1.@"[engine() % 6];
    static_cast<void>(fold(text));
    static_cast<void>(search_words(text));
    static_cast<void>(slugify(text));
    static_cast<void>(contains_card_number(text));
    static_cast<void>(count_characters(text));
    ASSERT_LE(trim(text).size(), text.size());
    if (valid_email(text)) {
      ASSERT_TRUE(valid_text(text));
    }
  }
}

}  // namespace
}  // namespace eventcore
