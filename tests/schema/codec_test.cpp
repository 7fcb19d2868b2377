#include "schema/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/time.hpp"
#include "schema/all.hpp"
#include "schema/commands.hpp"

namespace eventcore::schema {
namespace {

constexpr std::string_view colour_values[] = {"red", "green"};
constexpr EnumDef colour{"colour", colour_values};

constexpr ColumnDef sample_columns[] = {
    standard::id,
    standard::organization_id,
    standard::version,
    standard::created_at,
    standard::updated_at,
    standard::created_by,
    {.id = 10,
     .name = "title",
     .type = Type::text,
     .flags = not_null,
     .length_max = name_length_max,
     .personal = not_personal,
     .doc = "A name."},
    {.id = 11,
     .name = "keyword",
     .type = Type::text,
     .length_max = indexed_text_bytes_max,
     .personal = not_personal,
     .doc = "Indexed."},
    {.id = 12,
     .name = "notes",
     .type = Type::text,
     .flags = long_column,
     .personal = not_personal,
     .doc = "Free text."},
    {.id = 13,
     .name = "email",
     .type = Type::text,
     .flags = not_null,
     .initial = "",
     .length_max = indexed_text_bytes_max,
     .personal = about("email"),
     .doc = "An e-mail."},
    {.id = 14,
     .name = "email_folded",
     .type = Type::text,
     .flags = not_null | engine_column | internal,
     .length_max = indexed_text_bytes_max,
     .folds = "email",
     .personal = about("email"),
     .doc = "Twin."},
    {.id = 15,
     .name = "active",
     .type = Type::boolean,
     .flags = not_null,
     .initial = "true",
     .personal = not_personal,
     .doc = "Flag."},
    {.id = 16,
     .name = "count",
     .type = Type::integer,
     .initial = "7",
     .min = 0,
     .max = 100,
     .personal = not_personal,
     .doc = "Number."},
    {.id = 17,
     .name = "price",
     .type = Type::money,
     .precision = 10,
     .min = 0,
     .personal = not_personal,
     .doc = "Money."},
    {.id = 18,
     .name = "score",
     .type = Type::decimal,
     .precision = 3,
     .scale = 2,
     .personal = not_personal,
     .doc = "Decimal."},
    {.id = 19, .name = "starts_at", .type = Type::timestamptz, .personal = not_personal, .doc = "Time."},
    {.id = 20, .name = "day", .type = Type::date, .personal = not_personal, .doc = "Date."},
    {.id = 21,
     .name = "hue",
     .type = Type::enumeration,
     .values = &colour,
     .initial = "red",
     .personal = not_personal,
     .doc = "Enum."},
    {.id = 22,
     .name = "settings",
     .type = Type::json,
     .flags = long_column,
     .initial = "{}",
     .personal = not_personal,
     .doc = "JSON."},
    {.id = 23, .name = "tags", .type = Type::text_array, .personal = not_personal, .doc = "Texts."},
    {.id = 24, .name = "friends", .type = Type::uuid_array, .personal = not_personal, .doc = "Ids."},
    {.id = 25, .name = "place", .type = Type::point, .personal = not_personal, .doc = "Point."},
    {.id = 26, .name = "address", .type = Type::inet, .personal = about("email"), .doc = "Address."},
    {.id = 27, .name = "secret", .type = Type::sealed, .personal = not_personal, .doc = "Sealed."},
    {.id = 28,
     .name = "digest",
     .type = Type::blob,
     .flags = engine_column,
     .personal = not_personal,
     .doc = "Digest."},
    {.id = 29, .name = "total", .type = Type::integer, .flags = derived, .personal = not_personal, .doc = "Derived."},
    {.id = 30, .name = "owner_id", .type = Type::uuid, .flags = immutable, .personal = not_personal, .doc = "Fixed."},
    {.id = 31, .name = "state", .type = Type::text, .flags = engine_column, .personal = not_personal, .doc = "Engine."},
};
constexpr TableDef sample{
    .id = 900, .name = "samples", .domain = "test", .columns = sample_columns, .doc = "For tests."};

Json json(std::string_view text) {
  Result<Json> parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(parsed).assume_value() : Json();
}

std::map<std::string, std::string> bad_fields(const Failure& failure) {
  std::map<std::string, std::string> fields;
  for (const FieldError& f : failure.detail().fields) fields[f.field] = f.reason;
  return fields;
}

std::map<std::string, std::string> bad_of(const Json& row, WriteKind kind, DecodeOptions options = {}) {
  const Result<Changes> decoded = decode_row(sample, row, kind, options);
  if (decoded) return {};
  EXPECT_EQ(decoded.assume_error().code(), Errc::invalid_argument);
  return bad_fields(decoded.assume_error());
}

// The stored form of one column, or the reason against it.
std::string stored(std::string_view column, std::string_view text) {
  const DecodedValue decoded = decode_value(*sample.find(column), json(text));
  if (!decoded.value) return "bad: " + decoded.reason;
  const Value& value = *decoded.value;
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_uuid()) return to_text(value.uuid());
  if (value.is_bytes()) return hex(value.bytes());
  return value.text();
}

struct Case {
  std::string_view column;
  std::string_view json;
  std::string_view stored;
};

TEST(CodecTest, EveryTypeTakesItsGoodValues) {
  const Case cases[] = {
      {"id", "\"0190A3C4-0000-7000-8000-000000000001\"", "0190a3c4-0000-7000-8000-000000000001"},
      {"title", "\"Jazz im Hof\"", "Jazz im Hof"},
      {"email", "\"ada@example.org\"", "ada@example.org"},
      {"email", "\"\"", ""},
      {"active", "true", "1"},
      {"active", "false", "0"},
      {"count", "0", "0"},
      {"count", "100", "100"},
      {"price", "\"12.50\"", "125000"},
      {"price", "12", "120000"},
      {"price", "\"99999999.9999\"", "999999999999"},
      {"score", "\"0.50\"", "50"},
      {"score", "0.5", "50"},
      {"score", "5e-1", "50"},
      {"score", "-9.99", "-999"},
      {"starts_at", "\"2026-05-01T12:00:00+02:00\"", "1777629600000000"},
      {"day", "\"2024-02-29\"", "2024-02-29"},
      {"hue", "\"green\"", "green"},
      {"settings", "{\"b\": 1.0, \"a\": [null, true]}", "{\"a\":[null,true],\"b\":1.0}"},
      {"settings", "3", "3"},
      {"tags", "[\"a\", \"b\"]", "[\"a\",\"b\"]"},
      {"tags", "[]", "[]"},
      {"friends", "[\"0190A3C4-0000-7000-8000-000000000001\"]", "[\"0190a3c4-0000-7000-8000-000000000001\"]"},
      {"place", "{\"x\": \"13.40\", \"y\": 52.52}", "{\"x\":\"13.4\",\"y\":\"52.52\"}"},
      {"address", "\"10.0.0.1\"", "10.0.0.1"},
      {"address", "\"10.0.0.0/8\"", "10.0.0.0/8"},
      {"address", "\"10.0.0.1/32\"", "10.0.0.1"},
      {"address", "\"2001:DB8:0::1/64\"", "2001:db8::1/64"},
      {"secret", "{\"token\": \"x\"}", "{\"token\":\"x\"}"},
      {"secret", "\"plain\"", "plain"},
      {"digest", "\"00ff\"", "00ff"},
  };
  for (const Case& c : cases) EXPECT_EQ(stored(c.column, c.json), c.stored) << c.column << " " << c.json;
}

TEST(CodecTest, EveryTypeRefusesItsBadValues) {
  const Case cases[] = {
      {"id", "\"123\"", "must be a uuid"},
      {"id", "5", "must be a uuid"},
      {"title", "5", "must be a string"},
      {"email", "\"nobody\"", "must be an e-mail address"},
      {"active", "1", "must be true or false"},
      {"count", "1.5", "must be a whole number"},
      {"count", "\"1\"", "must be a whole number"},
      {"count", "-1", "must be at least 0"},
      {"count", "101", "must be at most 100"},
      {"count", "18446744073709551615", "must be a whole number"},
      {"price", "12.5", "must be a decimal string such as \"12.50\" or a whole number"},
      {"price", "\"12.50001\"", "must be a decimal number with at most 4 decimal places"},
      {"price", "\"-0.01\"", "must be at least 0"},
      {"price", "\"100000000\"", "must be at most 99999999.9999"},
      {"price", "9223372036854775807", "is out of range"},
      {"price", "true", "must be a decimal string such as \"12.50\" or a whole number"},
      {"score", "\"0.505\"", "must be a decimal number with at most 2 decimal places"},
      {"score", "0.505", "must be a decimal number with at most 2 decimal places"},
      {"score", "10", "must be at most 9.99"},
      {"score", "1e400", "must be a decimal number with at most 2 decimal places"},
      {"score", "[]", "must be a decimal number or a string of one"},
      {"starts_at", "\"2026-05-01T12:00:00\"", "must be an RFC 3339 time such as \"2026-05-01T10:00:00Z\""},
      {"starts_at", "0", "must be an RFC 3339 time such as \"2026-05-01T10:00:00Z\""},
      {"day", "\"2023-02-29\"", "must be a date such as \"2026-05-01\""},
      {"hue", "\"blue\"", "must be one of red, green"},
      {"hue", "1", "must be one of red, green"},
      {"tags", "[\"a\", null]", "must be a list of strings"},
      {"tags", "\"a\"", "must be a list of strings"},
      {"friends", "[\"a\"]", "must be a list of uuids"},
      {"place", "{\"x\": 1}", "must be an object of two decimal numbers x and y"},
      {"place", "{\"x\": 1, \"y\": \"north\"}", "must be an object of two decimal numbers x and y"},
      {"place", "{\"x\": 1, \"y\": 2, \"z\": 3}", "must be an object of two decimal numbers x and y"},
      {"address", "\"10.0.0.256\"", "must be an IPv4 or IPv6 address, with or without a prefix length"},
      {"address", "\"10.0.0.0/33\"", "must be an IPv4 or IPv6 address, with or without a prefix length"},
      {"address", "\"10.0.0.0/\"", "must be an IPv4 or IPv6 address, with or without a prefix length"},
      {"digest", "\"0g\"", "must be a hexadecimal string"},
  };
  for (const Case& c : cases) EXPECT_EQ(stored(c.column, c.json), "bad: " + std::string(c.stored)) << c.json;
}

TEST(CodecTest, LimitsCountCharactersOrBytesAsDeclared) {
  const auto reason = [](std::string_view column, const std::string& text) {
    return decode_value(*sample.find(column), Json(text)).reason;
  };
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ü";
  EXPECT_EQ(reason("title", umlauts), "");
  EXPECT_EQ(reason("title", umlauts + "x"), "is longer than 200 characters");
  EXPECT_EQ(reason("keyword", std::string(254, 'x')), "");
  EXPECT_EQ(reason("keyword", std::string(255, 'x')), "is longer than 254 bytes");
  EXPECT_EQ(reason("notes", std::string(20'000, 'x')), "");
  EXPECT_EQ(reason("notes", std::string(20'001, 'x')), "is longer than 20000 characters");
  EXPECT_EQ(reason("title", std::string("a\0b", 3)), "must be UTF-8 without NUL");
  EXPECT_EQ(reason("title", "\xff"), "must be UTF-8 without NUL");
  EXPECT_EQ(reason("settings", std::string(300 * 1024, 'x')), "is larger than 256 KiB");
  Json deep = 1;
  for (int i = 0; i < 64; ++i) deep = Json::array({deep});
  EXPECT_EQ(decode_value(*sample.find("settings"), deep).reason, "");
  deep = Json::array({deep});
  EXPECT_EQ(decode_value(*sample.find("settings"), deep).reason, "is nested more than 64 deep");
  EXPECT_EQ(decode_value(*sample.find("settings"), Json(0.5)).reason, "holds a number that is not exact");
  EXPECT_EQ(decode_value(*sample.find("tags"), Json(std::vector<std::string>(101, "x"))).reason,
            "has more than 100 elements");
}

TEST(CodecTest, CardNumbersAreRefusedInTextAndJsonButNotInIds) {
  const std::string card = "4111 1111 1111 1111";
  const auto refused = [](std::string_view column, const Json& value) {
    return decode_value(*sample.find(column), value).reason == "must not contain a card number";
  };
  EXPECT_TRUE(refused("notes", "paid with " + card));
  EXPECT_TRUE(refused("settings", Json{{"a", Json::array({card})}}));
  EXPECT_TRUE(refused("settings", Json{{"card_number", card}}));
  EXPECT_FALSE(refused("settings", Json{{"order_id", "4111111111111111"}}));
  EXPECT_FALSE(refused("settings", Json{{"n", 4111111111111111}}));
  EXPECT_TRUE(refused("tags", Json::array({card})));
  for (std::string_view name : {"stripe_payment_intent_id", "reference", "logo_url", "customer_phone", "ticket_number"})
    EXPECT_TRUE(may_hold_digits(name)) << name;
  for (std::string_view name : {"notes", "card_number", "description", "name"}) EXPECT_FALSE(may_hold_digits(name));
}

TEST(CodecTest, AnImportMissesRequiredBlobsTogetherWithTheRest) {
  const auto given = decode_row(tables::event_keys, Json::object(), WriteKind::insert, DecodeOptions{true});
  ASSERT_FALSE(given.has_value());
  std::set<std::string> missing;
  for (const FieldError& field : given.error().detail().fields) {
    EXPECT_EQ(field.reason, "is required");
    missing.insert(field.field);
  }
  EXPECT_TRUE(missing.contains("event_id"));
  EXPECT_TRUE(missing.contains("public_key"));
  EXPECT_TRUE(decode_row(tables::event_keys, Json::object(), WriteKind::insert).error().detail().fields.size() <
              missing.size())
      << "nobody else gives blobs, so nobody else misses them";
}

TEST(CodecTest, AllBadFieldsAreReportedTogether) {
  const auto bad = bad_of(json(R"({"email": "x", "count": 500, "hue": "blue", "active": null, "colour": 1,
      "version": 3, "total": 1, "email_folded": "x", "created_by": null, "state": "x", "price": 0.5, "digest": "00"})"),
                          WriteKind::insert);
  const std::map<std::string, std::string> expected = {
      {"title", "is required"},
      {"email", "must be an e-mail address"},
      {"count", "must be at most 100"},
      {"hue", "must be one of red, green"},
      {"active", "must not be null"},
      {"colour", "there is no such column"},
      {"version", "set by the engine"},
      {"total", "set by the engine"},
      {"email_folded", "there is no such column"},
      {"created_by", "set by the engine"},
      {"state", "set by the engine"},
      {"digest", "set by the engine"},
      {"price", "must be a decimal string such as \"12.50\" or a whole number"},
  };
  EXPECT_EQ(bad, expected);
}

TEST(CodecTest, AnUpdateMayBePartialButNotTouchWhatIsFixed) {
  EXPECT_TRUE(bad_of(json(R"({"count": 3})"), WriteKind::update).empty());
  EXPECT_TRUE(bad_of(json("{}"), WriteKind::update).empty());
  const auto bad =
      bad_of(json(
                 R"({"owner_id": null, "id": "0190a3c4-0000-7000-8000-000000000001", "organization_id": null,
      "title": null})"),
             WriteKind::update);
  EXPECT_EQ(bad.at("owner_id"), "cannot be changed");
  EXPECT_EQ(bad.at("id"), "cannot be changed");
  EXPECT_EQ(bad.at("organization_id"), "cannot be changed");
  EXPECT_EQ(bad.at("title"), "must not be null");
}

TEST(CodecTest, AnImportMayGiveEngineColumnsButNoDerivedOnes) {
  const DecodeOptions import{.import = true};
  EXPECT_TRUE(bad_of(json(R"({"title": "a", "created_at": "2020-01-01T00:00:00Z", "state": "x", "digest": "00ff",
      "created_by": "0190a3c4-0000-7000-8000-000000000001"})"),
                     WriteKind::insert, import)
                  .empty());
  const auto bad = bad_of(json(R"({"title": "a", "version": 2, "updated_at": "2020-01-01T00:00:00Z", "total": 1,
      "email_folded": "x"})"),
                          WriteKind::insert, import);
  EXPECT_EQ(bad.size(), 4U);
  EXPECT_EQ(bad.at("email_folded"), "there is no such column");
  EXPECT_EQ(bad.at("version"), "set by the engine");
}

TEST(CodecTest, ARowThatIsNoObjectIsRefused) {
  EXPECT_FALSE(decode_row(sample, json("[]"), WriteKind::insert));
  EXPECT_FALSE(decode_row(sample, json("null"), WriteKind::update));
}

TEST(CodecTest, AvailableQuantityMayBeGivenAtCreationOnly) {
  const TableDef& table = *find_table("ticket_categories");
  const Json row = json(R"({"available_quantity": 3})");
  const auto reason = [&](WriteKind kind) {
    const Result<Changes> decoded = decode_row(table, row, kind);
    return decoded ? std::string() : bad_fields(decoded.assume_error())["available_quantity"];
  };
  EXPECT_EQ(reason(WriteKind::insert), "");
  EXPECT_EQ(reason(WriteKind::update), "set by the engine");
}

TEST(CodecTest, IdsOfStoreWideTablesAreMadeByTheEngine) {
  const Json row = json(R"({"id": "0190a3c4-0000-7000-8000-000000000001"})");
  const auto reason = [&](std::string_view table) {
    return bad_fields(decode_row(*find_table(table), row, WriteKind::insert).assume_error())["id"];
  };
  EXPECT_EQ(reason("users"), "set by the engine");
  EXPECT_EQ(reason("venues"), "");
}

TEST(CodecTest, DefaultsFillWhatIsStillNullUnlessNullWasGiven) {
  Record record(sample);
  record.set("title", Value("a"));
  const Changes given = {{static_cast<std::uint16_t>(sample.index_of("count")), Value()}};
  ASSERT_TRUE(apply_initials(record, 42, &given));
  EXPECT_TRUE(record.find("count")->is_null());
  EXPECT_EQ(record.find("active")->integer(), 1);
  EXPECT_EQ(record.find("created_at")->integer(), 42);
  EXPECT_EQ(record.find("hue")->text(), "red");
  EXPECT_EQ(record.find("email")->text(), "");
  EXPECT_EQ(record.find("settings")->text(), "{}");
  EXPECT_TRUE(record.find("price")->is_null());
  ASSERT_TRUE(apply_initials(record, 43));
  EXPECT_EQ(record.find("count")->integer(), 7);
  EXPECT_EQ(record.find("created_at")->integer(), 42);
}

TEST(CodecTest, EveryDeclaredDefaultIsAcceptedByItsOwnColumn) {
  for (const TableDef* table : all_tables) {
    Record record(*table);
    ASSERT_TRUE(apply_initials(record, 1)) << table->name;
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
      const ColumnDef& column = table->columns[i];
      if (!column.has_initial() || column.type == Type::sealed) continue;
      const Json json = encode_value(column, record.at(i), "USD");
      if (column.is(internal)) continue;
      const DecodedValue decoded = decode_value(column, json);
      EXPECT_TRUE(decoded.value && *decoded.value == record.at(i)) << table->name << "." << column.name;
    }
  }
}

Record sample_record() {
  Record record(sample);
  const Result<Changes> changes = decode_row(sample, json(R"({"id": "0190a3c4-0000-7000-8000-000000000001",
      "title": "Hof", "email": "ada@example.org", "price": "12.5", "score": "0.5", "starts_at": "2026-05-01T10:00:00Z",
      "settings": {"b": 1, "a": 2.50}, "tags": ["x"], "place": {"x": "1", "y": "2"}, "address": "10.0.0.1",
      "secret": "hush", "digest": "00ff"})"),
                                             WriteKind::insert, {.import = true});
  EXPECT_TRUE(changes);
  if (changes)
    for (const Assignment& a : changes.assume_value()) record.at(a.index) = a.value;
  record.set("email_folded", Value("ada@example.org"));
  return record;
}

TEST(CodecTest, AnAnswerHasNeitherSecretsNorInternalsNorUnreadColumns) {
  Record record = sample_record();
  record.set("notes", Value::unread());
  const Json row = encode_row(record, "EUR");
  EXPECT_FALSE(row.contains("secret"));
  EXPECT_FALSE(row.contains("email_folded"));
  EXPECT_FALSE(row.contains("notes"));
  EXPECT_TRUE(row.at("keyword").is_null());
  EXPECT_EQ(row.at("price"), "12.50");
  EXPECT_EQ(row.at("score"), "0.50");
  EXPECT_EQ(row.at("starts_at"), "2026-05-01T10:00:00Z");
  EXPECT_EQ(dump(row.at("settings")), R"({"a":2.50,"b":1})");
  EXPECT_EQ(dump(row.at("place")), R"({"x":"1","y":"2"})");
  EXPECT_EQ(row.at("digest"), "00ff");
  EXPECT_EQ(encode_value(*sample.find("price"), Value(125000), "JPY"), "12.5");
  EXPECT_EQ(encode_value(*sample.find("price"), Value(120000), "JPY"), "12");
  EXPECT_TRUE(encode_value(*sample.find("secret"), Value("hush"), "EUR").is_null());
}

TEST(CodecTest, AnAnswerHoldsOnlyVisibleColumns) {
  std::vector<bool> visible(sample.columns.size(), false);
  visible[0] = true;
  const Json row = encode_row(sample_record(), "EUR", visible);
  EXPECT_EQ(dump(row), R"({"id":"0190a3c4-0000-7000-8000-000000000001"})");
}

TEST(CodecTest, ImagesSplitPersonalFromOtherColumnsAndHoldNoSecret) {
  const Record record = sample_record();
  EXPECT_EQ(image(record, true), R"({"address":"10.0.0.1","email":"ada@example.org"})");
  const std::string other = image(record, false);
  EXPECT_EQ(other.find("hush"), std::string::npos);
  EXPECT_EQ(other.find("secret"), std::string::npos);
  EXPECT_EQ(other.find("ada"), std::string::npos);
  EXPECT_NE(other.find(R"("price":"12.5000")"), std::string::npos);
  EXPECT_NE(other.find(R"("score":"0.50")"), std::string::npos);
  const Changes only = {{static_cast<std::uint16_t>(sample.index_of("price")), Value(1)},
                        {static_cast<std::uint16_t>(sample.index_of("count")), Value(1)}};
  EXPECT_EQ(image(record, false, &only), R"({"count":null,"price":"12.5000"})");
  EXPECT_EQ(image(record, true, &only), "");
}

TEST(CodecTest, AnImageDoesNotRepeatWhatItsEntrySays) {
  const Json other = Json::parse(image(sample_record(), false));
  EXPECT_FALSE(other.contains("id"));
  EXPECT_FALSE(other.contains("organization_id"));
  EXPECT_TRUE(other.contains("version"));
}

TEST(CodecTest, WhatWasEncodedDecodesToTheSameValues) {
  const Record record = sample_record();
  const Json row = encode_row(record, "EUR");
  for (std::size_t i = 0; i < sample.columns.size(); ++i) {
    const ColumnDef& column = sample.columns[i];
    const auto found = row.find(column.name);
    if (found == row.end() || found->is_null()) continue;
    const DecodedValue decoded = decode_value(column, *found);
    EXPECT_TRUE(decoded.value && *decoded.value == record.at(i)) << column.name;
  }
}

TEST(ArgumentsTest, AllBadArgumentsAreReportedByPath) {
  const CommandDef& command = *find_command("place_order");
  const Result<Json> decoded = decode_arguments(command, json(R"({
      "items": [{"quantity": 1.5}, 7, {"ticket_category_id": "0190a3c4-0000-7000-8000-000000000001", "quantity": 1,
                 "attendees": [{"email": "x"}], "row": 3}],
      "customer": {"email": "x"}, "expected_total": 12.5, "payment": {"method": "cheque"}, "coupon": "x"})"));
  ASSERT_FALSE(decoded);
  const std::map<std::string, std::string> expected = {
      {"event_id", "is required"},
      {"items[0].ticket_category_id", "is required"},
      {"items[0].quantity", "must be a whole number"},
      {"items[1]", "must be an object"},
      {"items[2].attendees[0].email", "must be an e-mail address"},
      {"items[2].row", "there is no such argument"},
      {"customer.email", "must be an e-mail address"},
      {"expected_total", "must be a decimal string such as \"12.50\" or a whole number"},
      {"payment.method", "must be one of cash, card"},
      {"payment.amount", "is required"},
      {"coupon", "there is no such argument"},
  };
  EXPECT_EQ(bad_fields(decoded.assume_error()), expected);
}

TEST(ArgumentsTest, ArgumentsAreNormalisedAndDefaulted) {
  const CommandDef& command = *find_command("confirm_payment");
  const Result<Json> decoded = decode_arguments(command, json(R"({"order_id": "0190A3C4-0000-7000-8000-000000000001",
      "amount": 30, "currency": "EUR", "reference": null, "occurred_at": "2026-05-01T12:00:00+02:00"})"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(dump(decoded.assume_value()),
            R"({"amount":"30","currency":"EUR","method":"card","occurred_at":"2026-05-01T10:00:00Z",)"
            R"("order_id":"0190a3c4-0000-7000-8000-000000000001"})");
  const Arguments arguments(decoded.assume_value());
  EXPECT_FALSE(arguments.has("reference"));
  EXPECT_TRUE(arguments.optional_uuid("order_id"));
  EXPECT_FALSE(arguments.optional_text("provider"));
  EXPECT_EQ(arguments.text("method"), "card");
  EXPECT_EQ(arguments.money_units("amount", "EUR").assume_value(), 300'000);
  EXPECT_EQ(arguments.optional_time("occurred_at").value_or(0), parse_rfc3339("2026-05-01T10:00:00Z").assume_value());
}

TEST(ArgumentsTest, MoneyMustBeWholeInTheCurrencysSmallestUnits) {
  const Json decoded = json(R"({"amount": "12.5"})");
  const Arguments arguments(decoded);
  EXPECT_EQ(arguments.money_units("amount", "EUR").assume_value(), 125'000);
  EXPECT_FALSE(arguments.money_units("amount", "JPY"));
}

TEST(ArgumentsTest, NestedArgumentsAreReadThroughLists) {
  const Json decoded = json(R"({"items": [{"quantity": 2}, {"quantity": 3}], "customer": {"name": "Ada"}})");
  const Arguments arguments(decoded);
  std::int64_t sum = 0;
  for (const Arguments& item : arguments.list("items")) sum += item.integer("quantity");
  EXPECT_EQ(sum, 5);
  EXPECT_EQ(arguments.object("customer").text("name"), "Ada");
  EXPECT_EQ(arguments.object("payment").text("method"), "");
  EXPECT_TRUE(arguments.list("other").empty());
}

TEST(ArgumentsTest, ScannedCodesMayLookLikeAnything) {
  const Result<Json> decoded =
      decode_arguments(*find_command("check_in"),
                       json(R"({"event_id": "0190a3c4-0000-7000-8000-000000000001", "code": "4111111111111111"})"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded.assume_value().at("direction"), "in");
}

TEST(ArgumentsTest, LargeDocumentsFitTheImport) {
  Json arguments = {{"documents", {{"event", {{"name", "x"}, {"text", std::string(1024 * 1024, 'x')}}}}}};
  EXPECT_TRUE(decode_arguments(*find_command("import_open_event"), arguments));
  arguments["categories"] = std::string(1024 * 1024, 'x');
  EXPECT_FALSE(decode_arguments(*find_command("import_open_event"), arguments));
}

TEST(ArgumentsTest, EveryDefaultIsAcceptedByItsOwnArgument) {
  for (const CommandDef* command : all_commands)
    for (const ArgumentDef& argument : command->arguments) {
      if (argument.initial.data() == nullptr) continue;
      const Result<Json> initial = parse_json(argument.initial);
      ASSERT_TRUE(initial) << command->name << "." << argument.name;
      const Result<Json> decoded =
          decode_arguments(*command, Json{{std::string(argument.name), initial.assume_value()}});
      if (decoded) continue;
      for (const FieldError& f : decoded.assume_error().detail().fields)
        EXPECT_EQ(f.reason, "is required") << command->name << "." << f.field;
    }
}

TEST(SchemaJsonTest, ItNamesEverythingButInternals) {
  const Json all = schema_json();
  EXPECT_EQ(all.at("tables").size(), table_count);
  EXPECT_EQ(all.at("commands").size(), all_commands.size());
  EXPECT_TRUE(all.at("enums").contains("ticket_status"));
  EXPECT_TRUE(all.at("enums").contains("curve_step"));
  EXPECT_FALSE(all.at("errors").empty());
  EXPECT_FALSE(all.at("states").empty());
  EXPECT_EQ(dump(all).find("_folded"), std::string::npos);
}

Json column_told(const char* table, const char* column) {
  const Json all = schema_json();
  for (const Json& one : all.at("tables"))
    if (one.at("name") == table)
      for (const Json& told : one.at("columns"))
        if (told.at("name") == column) return told;
  return nullptr;
}

TEST(SchemaJsonTest, ColumnsTellTheirLimitsTheWayACallerWritesThem) {
  const Json price = column_told("ticket_categories", "base_price");
  EXPECT_EQ(price.at("min"), "0");
  EXPECT_TRUE(price.at("max").is_string());
  EXPECT_EQ(price.at("required"), true);
  const Json share = column_told("team_assignments", "workload_percentage");
  EXPECT_EQ(share.at("min"), 0);
  EXPECT_EQ(share.at("max"), 100);
  EXPECT_EQ(share.at("required"), false);  // it has a default
  EXPECT_EQ(column_told("venues", "name").at("characters_max"), 200);
  EXPECT_EQ(column_told("venues", "city").at("bytes_max"), 254);
  EXPECT_EQ(column_told("venues", "address").at("required"), true);
  EXPECT_EQ(column_told("events", "slug").at("required"), false);  // made of the name
}

}  // namespace
}  // namespace eventcore::schema
