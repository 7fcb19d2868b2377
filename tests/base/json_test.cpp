#include "base/json.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/text.hpp"
#include "seed.hpp"

namespace eventcore {
namespace {

std::string again(std::string_view text) {
  return dump(parse_json(text).value());
}

Json random_json(std::mt19937_64& engine, int depth) {
  switch (engine() % (depth > 0 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return engine() % 2 == 0;
    case 2: return static_cast<std::int64_t>(engine());
    case 3: return exact_number("-" + std::to_string(engine() % 100) + "." + std::to_string(engine() % 1000) + "E+7");
    case 4: return exact_number("99999999999999999999" + std::to_string(engine() % 10));
    case 5: {
      std::string text;
      for (std::size_t i = engine() % 8; i-- > 0;) text += static_cast<char>(engine() % 127 + 1);
      return text + "\u00E9\U0001F600";
    }
    case 6: {
      Json list = Json::array();
      for (std::size_t i = engine() % 4; i-- > 0;) list.push_back(random_json(engine, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (std::size_t i = engine() % 4; i-- > 0;)
        object["k\n" + std::to_string(engine() % 9)] = random_json(engine, depth - 1);
      return object;
    }
  }
}

TEST(JsonTest, KeysAreSortedAndBlanksGone) {
  EXPECT_EQ(again(" { \"b\" : [ 1 , 2 ] ,\n\"a\":{},\"\":[],\"A\":null}\t"), R"({"":[],"A":null,"a":{},"b":[1,2]})");
}

TEST(JsonTest, NumbersAreKeptExactly) {
  for (const char* text : {"1.0", "0.10", "1e5", "1E-400", "1e999", "9223372036854775807", "-9223372036854775808",
                           "9223372036854775808", "-9223372036854775809", "18446744073709551616",
                           "0.1000000000000000055511151231257827021181583404541015625", "-0.0", "0"}) {
    EXPECT_EQ(again(text), text);
    EXPECT_TRUE(is_number(parse_json(text).value()));
    EXPECT_EQ(number_text(parse_json(text).value()), text);
  }
  EXPECT_TRUE(parse_json("9223372036854775807").value().is_number_integer());
  EXPECT_FALSE(parse_json("1.0").value().is_number_integer());
  EXPECT_FALSE(is_number(parse_json("\"1.0\"").value()));
  EXPECT_EQ(number_text(parse_json("\"1.0\"").value()), "");
}

TEST(JsonTest, ExactNumbersAreMadeOnlyOfNumbers) {
  EXPECT_EQ(dump(exact_number("12.50")), "12.50");
  EXPECT_EQ(exact_number("12"), Json(12));
  for (const char* bad : {"", "1,5", "01", "1.", "+1", "1 ", "NaN", "1}"})
    EXPECT_FALSE(is_number(exact_number(bad))) << bad;
  EXPECT_EQ(dump(exact_number("1}")), "\"1}\"");
}

TEST(JsonTest, HostileTextIsRefused) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "[",
                          "]",
                          "{]",
                          "[1,]",
                          "[,1]",
                          "[1 2]",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{a:1}",
                          "{'a':1}",
                          "{\"a\":1,\"a\":1}",
                          "{\"a\":1,\"\\u0061\":2}",
                          "[{\"x\":{\"k\":1,\"k\":null}}]",
                          "01",
                          "-",
                          "1.",
                          ".5",
                          "+1",
                          "1e",
                          "0x10",
                          "NaN",
                          "Infinity",
                          "tru",
                          "nulll",
                          "True",
                          "\"",
                          "\"a",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "\"\\u12G4\"",
                          "\"\\ud800\"",
                          "\"\\udc00\"",
                          "\"\\ud800\\u0041\"",
                          "\"\\u0000\"",
                          "\"\t\"",
                          "\"\n\"",
                          "1 1",
                          "{} {}",
                          "[]x",
                          "\xEF\xBB\xBF{}",
                          "\"\xFF\"",
                          "\"\xED\xA0\x80\"",
                          "// c\n1",
                          "/**/1",
                          "\"\\"}) {
    const auto result = parse_json(bad);
    ASSERT_FALSE(result.has_value()) << bad;
    EXPECT_EQ(result.error().code(), Errc::invalid_json) << bad;
  }
  EXPECT_FALSE(parse_json(std::string_view("1\0", 2)).has_value());
  EXPECT_FALSE(parse_json(std::string_view("\"\0\"", 3)).has_value());
}

TEST(JsonTest, DepthAndSizeAreBounded) {
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(again(deep), deep);
  EXPECT_FALSE(parse_json("[" + deep + "]").has_value());
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')).has_value());
  EXPECT_FALSE(parse_json("[[1]]", {100, 1}).has_value());
  EXPECT_EQ(parse_json("12345", {4, 64}).error().code(), Errc::request_too_large);
  EXPECT_TRUE(parse_json("1234", {4, 64}).has_value());
}

TEST(JsonTest, RefusalsSayWhere) {
  EXPECT_EQ(parse_json("[1,x]").error().message(), "no value at byte 3");
}

TEST(JsonTest, StringsEscapeOnlyWhatMustBe) {
  EXPECT_EQ(again(R"("\/\u00e9\u20ac\ud83d\ude00\u0041\u001f\b\f\n\r\t\\\"")") + again("\"\x7F\""),
            "\"/\u00E9\u20AC\U0001F600A\\u001f\\b\\f\\n\\r\\t\\\\\\\"\"\"\x7F\"");
}

TEST(JsonTest, EqualityComparesDecimals) {
  const auto equal = [](const char* a, const char* b) {
    return json_equal(parse_json(a).value(), parse_json(b).value());
  };
  EXPECT_TRUE(equal("1", "1.0"));
  EXPECT_TRUE(equal("10e-1", "1"));
  EXPECT_TRUE(equal("-0", "0.000"));
  EXPECT_TRUE(equal("1e400", "10E+399"));
  EXPECT_TRUE(equal("0.00120", "12e-4"));
  EXPECT_TRUE(equal("1e99999999999999999999999", "1e99999999999999999999999"));
  EXPECT_TRUE(equal("{\"a\":[1,{\"b\":2.50}]}", "{\"a\":[1.0,{\"b\":2.5}]}"));
  EXPECT_FALSE(equal("1", "-1"));
  EXPECT_FALSE(equal("1", "\"1\""));
  EXPECT_FALSE(equal("1", "true"));
  EXPECT_FALSE(equal("0", "null"));
  EXPECT_FALSE(equal("1.0000000000000000001", "1"));
  EXPECT_FALSE(equal("9007199254740993", "9007199254740992.0"));
  EXPECT_FALSE(equal("[1,2]", "[2,1]"));
  EXPECT_FALSE(equal("[1]", "[1,1]"));
  EXPECT_FALSE(equal("{\"a\":1}", "{\"b\":1}"));
  EXPECT_TRUE(json_equal(Json(1.5), exact_number("1.50")));
  EXPECT_TRUE(json_equal(Json(7U), Json(7)));
}

TEST(JsonTest, ValuesMadeInCodePrintSafely) {
  EXPECT_EQ(dump(Json{{"d", 0.1}, {"u", 18446744073709551615ULL}, {"n", std::nan("")}}),
            R"({"d":0.1,"n":null,"u":18446744073709551615})");
  EXPECT_EQ(dump(Json::binary({0x22, 0x5D})), "\"225d\"");
}

TEST(JsonTest, PrintingAndReadingAreInverse) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 5000; ++i) {
    const Json value = random_json(engine, 5);
    const std::string text = dump(value);
    ASSERT_TRUE(valid_text(text));
    const auto read = parse_json(text);
    ASSERT_TRUE(read.has_value()) << text;
    ASSERT_EQ(read.value(), value) << text;
    ASSERT_TRUE(json_equal(read.value(), value)) << text;
    ASSERT_EQ(dump(read.value()), text);
    ASSERT_FALSE(parse_json(std::string_view(text).substr(0, text.size() - 1)).has_value() && !is_number(value))
        << text;
  }
}

TEST(JsonTest, DamagedTextNeverBreaksTheReader) {
  EC_TRACE_SEED();
  std::mt19937_64 engine(testing::seed());
  for (int i = 0; i < 20'000; ++i) {
    std::string text = dump(random_json(engine, 4));
    for (int change = 0; change < 3; ++change) {
      text[engine() % text.size()] = engine() % 2 == 0 ? "{}[],:\"\\u0e-."[engine() % 13] : static_cast<char>(engine());
    }
    if (const auto read = parse_json(text)) {
      ASSERT_EQ(again(dump(read.value())), dump(read.value()));
    }
  }
}

}  // namespace
}  // namespace eventcore
